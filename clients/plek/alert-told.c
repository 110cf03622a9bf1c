#include "alert-told.h"

#include <stdio.h>
#include <string.h>

#include "clean.h"
#include "door-json.h"
#include "door-rows.h"
#include "door-words.h"
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
        [PLEK_ALERT_ENDED] = "over",
        [PLEK_ALERT_FLAPPING] = "changes too often, quiet until it is steady",
        [PLEK_ALERT_STEADY] = "steady again",
};

static const char *const cause_names[] = {
        [PLEK_ALERT_NONE] = NULL,         [PLEK_ALERT_STATE] = "STATE",
        [PLEK_ALERT_EXPIRED] = "EXPIRED", [PLEK_ALERT_ANNOUNCED] = "ANNOUNCED",
        [PLEK_ALERT_SOON] = "SOON",
};

static const char *saying_word(const PlekAlert *alert)
{
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

static void door_line(const PlekAlert *alert, Language language, Text *text)
{
        const PlekLeadingDoor *door = alert->door;

        if (door->scope.status != PLEK_STATUS_ACTUAL)
                text_add(text, "[%s] ", label(PLEK_CODES_STATUS, door->scope.status, language));
        text_add(text, "%s, ", door->name ? door->name : door->scope.location);
        scope_words(&door->scope, language, text);
        text_add(text, ": ");
        if (door->state == PLEK_DOOR_UNKNOWN)
                unknown_door_words(door->why, door->since_ms, language, text);
        else
                leading_words(door, language, text);
        if (door->plan_state != PLEK_DOOR_UNKNOWN) {
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

static void print_text(Told *told, const PlekAlert *alert)
{
        const PlekLeadingDoor *door = alert->door;
        Language language = told->common->language;
        char line[1024], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };
        bool wants_neighbours = is_loud(alert) && door_asks_for_neighbours(door);
        ScopeCopy copy;

        scope_copy(&copy, &door->scope);
        when_format_near(plek_subscriber_now_ms(told->subscriber), when);
        text_add(&text, "%s  %s  ", when, word(language, saying_word(alert)));
        door_line(alert, language, &text);
        if (door->has_record)
                (void)!seen_words(told->subscriber, &door->record, language, &text);
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
        if (alert->door->has_record)
                (void)!seen_json(object, told->subscriber, &alert->door->record);
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

static void set_door(RunnerVariables *set, const PlekLeadingDoor *door)
{
        char exceptions[256] = "", number[32];
        Text text = { exceptions, sizeof(exceptions) };

        runner_set(set, "PLEK_ALERT_STATUS", plek_code_name(PLEK_CODES_STATUS, door->scope.status));
        runner_set(set, "PLEK_ALERT_LOCATION", door->scope.location);
        runner_set(set, "PLEK_ALERT_NAME", door->name);
        runner_set(set, "PLEK_ALERT_UNIT", door->scope.unit);
        runner_set(set, "PLEK_ALERT_CARE", code_or_none(PLEK_CODES_CARE, door->scope.care));
        runner_set(set, "PLEK_ALERT_STATE",
                   door->state ? plek_code_name(PLEK_CODES_DOOR_STATE, door->state) : "UNKNOWN");
        runner_set(set, "PLEK_ALERT_STANDING", standing_name(door->standing));
        for (size_t i = 0; i < door->n_exceptions; i++) {
                const char *name = plek_code_name(PLEK_CODES_EXCEPTION, door->exceptions[i]);

                text_add(&text, "%s%s", i ? "," : "", name ? name : "?");
        }
        runner_set(set, "PLEK_ALERT_EXCEPTIONS", exceptions);
        runner_set(set, "PLEK_ALERT_SINCE_MS", time_or_none(door->since_ms, number));
        runner_set(set, "PLEK_ALERT_ENDS_MS", time_or_none(door->ends_at_ms, number));
        if (door->plan_state)
                runner_set(set, "PLEK_ALERT_PLAN_STARTS_MS",
                           time_or_none(door->plan_starts_at_ms, number));
        runner_set(set, "PLEK_ALERT_PHONE_FUNCTION", door->phone_function);
        runner_set(set, "PLEK_ALERT_PHONE", door->phone);
        if (!door->has_record)
                return;
        runner_set(set, "PLEK_ALERT_PARTY", door->record.party);
        runner_set(set, "PLEK_ALERT_RECORD", door->record.id);
        runner_set(set, "PLEK_ALERT_LABEL", door->record.report.label);
        runner_set(set, "PLEK_ALERT_TEXT", door->record.report.door.text);
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
        char summary[1024], about[512];
        Text text = { summary, sizeof(summary) };
        RunnerTask task;

        if (!program)
                return;
        *summary = '\0';
        door_line(alert, told->common->language, &text);
        runner_set(&variables, "PLEK_ALERT_EVENT", saying_names[alert->saying]);
        runner_set(&variables, "PLEK_ALERT_CAUSE", cause_names[alert->cause]);
        runner_set(&variables, "PLEK_ALERT_SUMMARY", summary);
        set_door(&variables, alert->door);
        snprintf(about, sizeof(about), "%u/%s/%s/%u/%u/%u/%d", door->scope.status,
                 door->scope.location, door->scope.unit ? door->scope.unit : "", door->scope.care,
                 door->scope.patient_group, door->scope.urgency,
                 alert->cause == PLEK_ALERT_ANNOUNCED || alert->cause == PLEK_ALERT_SOON);
        task.about = about;
        task.whose = door->has_record ? door->record.party : door->scope.location;
        task.urgency = urgency_of(alert->saying);
        start(told, program, &task, &variables);
}

void told_alert(Told *told, const PlekAlert *alert)
{
        told->n_alerts += alert->saying == PLEK_ALERT_RAISED;
        run_program(told, alert); /* printing looks things up, which ends what @alert points to */
        if (told->common->json)
                print_json(told, alert);
        else
                print_text(told, alert);
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
