#include "alert-told.h"

#include <stdio.h>
#include <string.h>

#include "clean.h"
#include "door-json.h"
#include "door-rows.h"
#include "door-words.h"
#include "json-set.h"
#include "seen.h"
#include "when.h"
#include "words.h"
#include "zone.h"

static const PlekNeighbourRule nearest = { .clock = zone_minute };

static const char *const saying_names[] = {
        [PLEK_ALERT_RAISED] = "RAISED",       [PLEK_ALERT_REPEATED] = "REPEATED",
        [PLEK_ALERT_ESCALATED] = "ESCALATED", [PLEK_ALERT_ACKNOWLEDGED] = "ACKNOWLEDGED",
        [PLEK_ALERT_ENDED] = "ENDED",         [PLEK_ALERT_FLAPPING] = "FLAPPING",
        [PLEK_ALERT_STEADY] = "STEADY",
};

static const char *const saying_words[] = {
        [PLEK_ALERT_RAISED] = "ALERT",
        [PLEK_ALERT_REPEATED] = "ALERT, again",
        [PLEK_ALERT_ESCALATED] = "*** NOBODY HAS SEEN",
        [PLEK_ALERT_ACKNOWLEDGED] = "seen",
        [PLEK_ALERT_FLAPPING] = "changes too often, quiet until it is steady",
        [PLEK_ALERT_STEADY] = "steady again",
};

static const char *const cause_names[] = {
        [PLEK_ALERT_NONE] = NULL,         [PLEK_ALERT_STATE] = "STATE",
        [PLEK_ALERT_EXPIRED] = "EXPIRED", [PLEK_ALERT_ANNOUNCED] = "ANNOUNCED",
        [PLEK_ALERT_SOON] = "SOON",
};

static const char *const end_names[] = {
        [PLEK_ALERT_END_SAID] = "SAID",           [PLEK_ALERT_END_WITHDRAWN] = "WITHDRAWN",
        [PLEK_ALERT_END_NOT_SHARED] = "AUDIENCE", [PLEK_ALERT_END_DISTRUSTED] = "DISTRUSTED",
        [PLEK_ALERT_END_ENROLMENT] = "ENROLMENT", [PLEK_ALERT_END_GONE] = "GONE",
};

static const char *const end_words[] = {
        [PLEK_ALERT_END_SAID] = "over",
        [PLEK_ALERT_END_WITHDRAWN] = "withdrawn",
        [PLEK_ALERT_END_NOT_SHARED] = "no longer shared with you",
        [PLEK_ALERT_END_DISTRUSTED] = "not trusted any more",
        [PLEK_ALERT_END_ENROLMENT] = "no longer said by who speaks for it",
        [PLEK_ALERT_END_GONE] = "no longer held",
};

/* Only what somebody said instead, or what came by itself, is over. */
static const char *end_word(const PlekAlert *alert)
{
        bool is_by_party =
                alert->end == PLEK_ALERT_END_SAID || alert->end == PLEK_ALERT_END_WITHDRAWN;

        return alert->plan && is_by_party ? "called off" : end_words[alert->end];
}

static const char *saying_word(const PlekAlert *alert)
{
        if (alert->saying == PLEK_ALERT_ENDED)
                return end_word(alert);
        if (alert->saying == PLEK_ALERT_RAISED && alert->cause == PLEK_ALERT_ANNOUNCED)
                return "announced";
        if (alert->saying == PLEK_ALERT_RAISED && alert->cause == PLEK_ALERT_SOON)
                return "begins soon";
        return saying_words[alert->saying];
}

static bool is_loud(const PlekAlert *alert)
{
        return alert->saying == PLEK_ALERT_RAISED || alert->saying == PLEK_ALERT_REPEATED ||
               alert->saying == PLEK_ALERT_ESCALATED || alert->saying == PLEK_ALERT_FLAPPING;
}

/* Where somebody hears it, and not into a script's input. */
static void ring(const Told *told, int n)
{
        if (!told->has_bell || told->common->json || !isatty(STDOUT_FILENO))
                return;
        while (n--)
                putchar('\a');
}

/* ------------------------------------------------------------------ words */

static void lead_words(const PlekLeadingDoor *door, Language language, Text *text)
{
        if (door->state == PLEK_DOOR_UNKNOWN)
                unknown_door_words(door->why, door->since_ms, language, text);
        else
                leading_words(door, language, text);
}

/* A plan, and what leads until it begins. */
static void announced_words(const PlekAlert *alert, Language language, Text *text)
{
        const PlekAlertPlan *plan = alert->plan;

        plan_at_words(plan->state, plan->starts_at_ms, plan->ends_at_ms, language, text);
        exceptions_words(plan->exceptions, plan->n_exceptions, language, text);
        text_add(text, "  (%s: ", word(language, "now"));
        lead_words(alert->door, language, text);
        text_add(text, ")");
}

static void door_line(const PlekAlert *alert, Language language, Text *text)
{
        const PlekLeadingDoor *door = alert->door;

        if (door->scope.status != PLEK_STATUS_ACTUAL)
                text_add(text, "[%s] ", label(PLEK_CODES_STATUS, door->scope.status, language));
        text_add(text, "%s, ", door->name ? door->name : door->scope.location);
        scope_words(&door->scope, language, text);
        text_add(text, ": ");
        if (alert->plan)
                announced_words(alert, language, text);
        else
                lead_words(door, language, text);
        if (!alert->plan && door->plan_state != PLEK_DOOR_UNKNOWN) {
                text_add(text, "  ");
                plan_words(door, language, text);
        }
        if (door->phone)
                text_add(text, "  %s %s", door->phone_function, door->phone);
}

/* Who is next nearest, of what keeps patients out. These look-ups end what the alert points to. */
static int neighbours_line(Told *told, const PlekDoorScope *scope, Text *text)
{
        PlekNeighbours neighbours;
        int r;

        r = plek_subscriber_neighbours(told->subscriber, scope, &nearest, &neighbours);
        if (!r)
                neighbours_words(&neighbours, told->common->language, text);
        return r;
}

/* The scope of @door, to be looked up again. */
typedef struct ScopeCopy {
        PlekDoorScope scope;
        char location[72], unit[72];
} ScopeCopy;

static void scope_copy(ScopeCopy *ret_copy, const PlekDoorScope *scope)
{
        ret_copy->scope = *scope;
        snprintf(ret_copy->location, sizeof(ret_copy->location), "%s", scope->location);
        snprintf(ret_copy->unit, sizeof(ret_copy->unit), "%s", scope->unit ? scope->unit : "");
        ret_copy->scope.location = ret_copy->location;
        ret_copy->scope.unit = scope->unit ? ret_copy->unit : NULL;
}

/* The record that it is about. These look-ups, too, end what @alert->door points to. */
static bool get_record(const Told *told, const PlekAlert *alert, PlekRecord *ret_record)
{
        if (alert->plan)
                return !plek_subscriber_get(told->subscriber, &alert->plan->key, ret_record);
        *ret_record = alert->door->record;
        return alert->door->has_record;
}

static void print_text(Told *told, const PlekAlert *alert)
{
        const PlekLeadingDoor *door = alert->door;
        Language language = told->common->language;
        char line[1024], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };
        bool wants_neighbours = is_loud(alert) && door_asks_for_neighbours(door);
        PlekRecord record;
        ScopeCopy copy;

        scope_copy(&copy, &door->scope);
        when_format_near(plek_subscriber_now_ms(told->subscriber), when);
        text_add(&text, "%s  %s  ", when, word(language, saying_word(alert)));
        door_line(alert, language, &text);
        if (get_record(told, alert, &record))
                (void)!seen_words(told->subscriber, &record, language, &text);
        clean(line);
        ring(told, alert->saying == PLEK_ALERT_ESCALATED ? 3 : is_loud(alert) ? 1 : 0);
        puts(line);

        if (wants_neighbours) {
                text = (Text){ line, sizeof(line) };
                if (neighbours_line(told, &copy.scope, &text) == 0 && text.at != line) {
                        clean(line);
                        printf("       %s\n", line);
                }
        }
        fflush(stdout);
}

static json_t *plan_to_json(const PlekAlertPlan *plan)
{
        json_t *object = json_object();

        json_set_code(object, "state", PLEK_CODES_DOOR_STATE, plan->state);
        json_set_time(object, "starts_at_ms", plan->starts_at_ms);
        json_set_time(object, "ends_at_ms", plan->ends_at_ms);
        json_object_set_new(object, "exceptions",
                            exceptions_to_json(plan->exceptions, plan->n_exceptions));
        return object;
}

/* The record is the one that is to be acknowledged. */
static void set_record(json_t *object, const Told *told, const PlekAlert *alert)
{
        PlekRecord record;

        if (!get_record(told, alert, &record)) {
                json_object_del(object, "record");
                return;
        }
        if (alert->plan)
                json_object_set_new(object, "record", record_to_json(&record));
        (void)!seen_json(object, told->subscriber, &record);
}

static void print_json(Told *told, const PlekAlert *alert)
{
        json_t *object = leading_to_json(alert->door);
        PlekNeighbours neighbours;
        ScopeCopy copy;
        bool wants_neighbours = door_asks_for_neighbours(alert->door);

        scope_copy(&copy, &alert->door->scope);
        json_object_set_new(object, "event", json_string("alert"));
        json_object_set_new(object, "alert", json_string(saying_names[alert->saying]));
        if (cause_names[alert->cause])
                json_object_set_new(object, "cause", json_string(cause_names[alert->cause]));
        if (alert->raised_at_ms != PLEK_NO_TIME)
                json_object_set_new(object, "raised_at_ms", json_integer(alert->raised_at_ms));
        if (alert->saying == PLEK_ALERT_ENDED)
                json_object_set_new(object, "ended", json_string(end_names[alert->end]));
        if (alert->plan)
                json_object_set_new(object, "plan", plan_to_json(alert->plan));
        set_record(object, told, alert);
        if (wants_neighbours &&
            !plek_subscriber_neighbours(told->subscriber, &copy.scope, &nearest, &neighbours))
                json_object_set_new(object, "neighbours", neighbours_to_json(&neighbours));
        print_json_line(object);
}

/* ------------------------------------------------------------------ programs */

static const char *time_or_none(int64_t ms, char text[32])
{
        if (ms == PLEK_NO_TIME)
                return NULL;
        snprintf(text, 32, "%lld", (long long)ms);
        return text;
}

static const char *code_or_none(PlekCodeList list, uint32_t code)
{
        return code == PLEK_ANY ? NULL : plek_code_name(list, code);
}

static void set_exceptions(RunnerVariables *set, const uint32_t *exceptions, size_t n_exceptions)
{
        char names[256] = "";
        Text text = { names, sizeof(names) };

        for (size_t i = 0; i < n_exceptions; i++) {
                const char *name = plek_code_name(PLEK_CODES_EXCEPTION, exceptions[i]);

                text_add(&text, "%s%s", i ? "," : "", name ? name : "?");
        }
        runner_set(set, "PLEK_ALERT_EXCEPTIONS", names);
}

static void set_scope(RunnerVariables *set, const PlekLeadingDoor *door)
{
        runner_set(set, "PLEK_ALERT_STATUS", plek_code_name(PLEK_CODES_STATUS, door->scope.status));
        runner_set(set, "PLEK_ALERT_LOCATION", door->scope.location);
        runner_set(set, "PLEK_ALERT_NAME", door->name);
        runner_set(set, "PLEK_ALERT_UNIT", door->scope.unit);
        runner_set(set, "PLEK_ALERT_CARE", code_or_none(PLEK_CODES_CARE, door->scope.care));
        runner_set(set, "PLEK_ALERT_PHONE_FUNCTION", door->phone_function);
        runner_set(set, "PLEK_ALERT_PHONE", door->phone);
}

static void set_lead(RunnerVariables *set, const PlekLeadingDoor *door)
{
        char number[32];

        runner_set(set, "PLEK_ALERT_STATE",
                   door->state ? plek_code_name(PLEK_CODES_DOOR_STATE, door->state) : "UNKNOWN");
        runner_set(set, "PLEK_ALERT_STANDING", standing_name(door->standing));
        set_exceptions(set, door->exceptions, door->n_exceptions);
        runner_set(set, "PLEK_ALERT_SINCE_MS", time_or_none(door->since_ms, number));
        runner_set(set, "PLEK_ALERT_ENDS_MS", time_or_none(door->ends_at_ms, number));
        if (door->plan_state)
                runner_set(set, "PLEK_ALERT_PLAN_STARTS_MS",
                           time_or_none(door->plan_starts_at_ms, number));
}

static void set_plan(RunnerVariables *set, const PlekAlertPlan *plan)
{
        char number[32];

        runner_set(set, "PLEK_ALERT_STATE", plek_code_name(PLEK_CODES_DOOR_STATE, plan->state));
        runner_set(set, "PLEK_ALERT_STANDING", standing_name(PLEK_ANNOUNCED));
        set_exceptions(set, plan->exceptions, plan->n_exceptions);
        runner_set(set, "PLEK_ALERT_PLAN_STARTS_MS", time_or_none(plan->starts_at_ms, number));
        runner_set(set, "PLEK_ALERT_ENDS_MS", time_or_none(plan->ends_at_ms, number));
}

static void set_said(RunnerVariables *set, const PlekRecord *record)
{
        runner_set(set, "PLEK_ALERT_PARTY", record->party);
        runner_set(set, "PLEK_ALERT_RECORD", record->id);
        if (record->withdrawn)
                return;
        runner_set(set, "PLEK_ALERT_LABEL", record->report.label);
        runner_set(set, "PLEK_ALERT_TEXT", record->report.door.text);
}

static void set_alert(const Told *told, RunnerVariables *set, const PlekAlert *alert)
{
        PlekRecord record;

        runner_set(set, "PLEK_ALERT_EVENT", saying_names[alert->saying]);
        runner_set(set, "PLEK_ALERT_CAUSE", cause_names[alert->cause]);
        if (alert->saying == PLEK_ALERT_ENDED)
                runner_set(set, "PLEK_ALERT_ENDED", end_names[alert->end]);
        set_scope(set, alert->door);
        if (alert->plan)
                set_plan(set, alert->plan);
        else
                set_lead(set, alert->door);
        if (get_record(told, alert, &record))
                set_said(set, &record);
}

static void start(Told *told, const char *program, RunnerTask *task, RunnerVariables *variables)
{
        char *argv[TOLD_ARGUMENTS_MAX + 2] = { (char *)program };

        memcpy(argv + 1, told->arguments, told->n_arguments * sizeof(*argv));
        task->argv = argv;
        runner_run(&told->runner, task, variables, steady_clock_ms());
}

/* What nobody has seen before what somebody has. */
static unsigned urgency_of(PlekAlertSaying saying)
{
        switch (saying) {
        case PLEK_ALERT_ESCALATED:
                return 3;
        case PLEK_ALERT_RAISED:
                return 2;
        default:
                return 1;
        }
}

/* Escalation has a program of its own, or the same. Who has seen it and that it is over are told,
 * too: a lamp that was lit must go out. */
static void run_program(Told *told, const PlekAlert *alert)
{
        CLEANUP(runner_variables_deinit) RunnerVariables variables = RUNNER_VARIABLES_NULL;
        const char *program = alert->saying == PLEK_ALERT_ESCALATED && told->escalate_program
                                      ? told->escalate_program
                                      : told->program;
        const PlekLeadingDoor *door = alert->door;
        const PlekAlertPlan *plan = alert->plan;
        char summary[1024], about[512], whose[72];
        Text text = { summary, sizeof(summary) };
        RunnerTask task;

        if (!program)
                return;
        *summary = '\0';
        door_line(alert, told->common->language, &text);
        runner_set(&variables, "PLEK_ALERT_SUMMARY", summary);
        snprintf(about, sizeof(about), "%u/%s/%s/%u/%u/%u/%s/%u", door->scope.status,
                 door->scope.location, door->scope.unit ? door->scope.unit : "", door->scope.care,
                 door->scope.patient_group, door->scope.urgency, plan ? plan->key.party : "",
                 plan ? plan->key.plan : 0);
        snprintf(whose, sizeof(whose), "%s",
                 plan               ? plan->key.party
                 : door->has_record ? door->record.party
                                    : door->scope.location);
        set_alert(told, &variables, alert);
        task.about = about;
        task.whose = whose;
        task.urgency = urgency_of(alert->saying);
        start(told, program, &task, &variables);
}

void told_alert(Told *told, const PlekAlert *alert)
{
        PlekAlert again = *alert;
        PlekLeadingDoor door;

        told->n_alerts += alert->saying == PLEK_ALERT_RAISED;
        run_program(told, alert);
        /* That looked things up, which ends what @alert points to. */
        if (plek_subscriber_leading_door(told->subscriber, &alert->door->scope, &door))
                return; /* without memory, which is told of where the next is looked for */
        again.door = &door;
        if (told->common->json)
                print_json(told, &again);
        else
                print_text(told, &again);
}

/* ------------------------------------------------------------------ the link */

static const char *const link_names[] = {
        [PLEK_LINK_NOT_FED] = "NOT_FED",
        [PLEK_LINK_NOT_ACCEPTING] = "NOT_ACCEPTING",
        [PLEK_LINK_LIVE] = "LIVE",
        [PLEK_LINK_PAST] = "PAST",
};

static void print_link(Told *told, const PlekLinkState *link)
{
        static const char *const words[] = {
                [PLEK_LINK_NOT_FED] =
                        "*** THE PICTURE IS NOT FED: no alert does not mean that all is well",
                [PLEK_LINK_NOT_ACCEPTING] =
                        "*** THE BROKER ACCEPTS NOTHING: no alert does not mean that all is well",
                [PLEK_LINK_LIVE] = "the picture is fed again",
                [PLEK_LINK_PAST] = "",
        };
        char line[1024], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };

        when_format_near(wall_clock_ms(), when);
        text_add(&text, "%s  %s", when, word(told->common->language, words[link->link]));
        if (link->why)
                text_add(&text, " (%s)", link->why);
        clean(line);
        ring(told, link->link == PLEK_LINK_LIVE ? 0 : 1);
        puts(line);
        fflush(stdout);
}

void told_link(Told *told, const PlekLinkState *link, bool is_known)
{
        CLEANUP(runner_variables_deinit) RunnerVariables variables = RUNNER_VARIABLES_NULL;

        if (told->common->json)
                print_json_line(json_pack("{s:s, s:s, s:I, s:s?}", "event", "link", "link",
                                          link_names[link->link], "since_ms",
                                          (json_int_t)link->since_ms, "why", link->why));
        else
                print_link(told, link);
        if (is_known || !told->program)
                return;
        runner_set(&variables, "PLEK_ALERT_EVENT", link_names[link->link]);
        runner_set(&variables, "PLEK_ALERT_SUMMARY", link->why);
        start(told, told->program, &(RunnerTask){ .about = "link", .whose = "", .urgency = 4 },
              &variables);
}
