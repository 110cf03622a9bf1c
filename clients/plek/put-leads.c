#include "put-leads.h"

#include <stdio.h>
#include <string.h>

#include "derived/door.h"
#include "door-json.h"
#include "door-words.h"
#include "json-set.h"
#include "text.h"
#include "when.h"
#include "words.h"

enum { ASK_LEAST_MS = 1000 };

#define KEEP(_to, _from) ((void)snprintf(_to, sizeof(_to), "%s", (_from) ? (_from) : ""))

/* What is asked about: of a report of a door, or of its withdrawal. */
static PlekDoorScope scope_of(const PutOptions *o)
{
        const PlekDoor *door = &o->report.door;

        return (PlekDoorScope){
                .status = o->report.status,
                .location = o->report.location,
                .unit = o->report.unit,
                .care = door->care,
                .patient_group = door->patient_group,
                .urgency = door->urgency,
        };
}

/* ------------------------------------------------------------------ gathering */

static void keep_scope(PlekDoorScope *to, char *unit, size_t n_unit, const PlekDoorScope *from)
{
        *to = *from;
        to->location = NULL; /* it is the report's */
        to->unit = NULL;
        if (!from->unit)
                return;
        (void)snprintf(unit, n_unit, "%s", from->unit);
        to->unit = unit;
}

/* The next one, or NULL: there is no room, or it is not stricter than what leads for all of it. */
static PutLead *need_lead(PutLeads *leads, const PlekDoorScope *scope, const PlekDoorScope *said_of,
                          uint32_t state)
{
        PutLead *lead = &leads->leads[leads->n_leads];

        if (leads->n_leads == PUT_LEADS_MAX ||
            (leads->n_leads && door_strictness(state) <= door_strictness(leads->leads[0].state)))
                return NULL;
        leads->n_leads++;
        *lead = (PutLead){ .state = state };
        keep_scope(&lead->scope, lead->unit, sizeof(lead->unit), scope);
        keep_scope(&lead->said_of, lead->said_unit, sizeof(lead->said_unit), said_of);
        return lead;
}

static void keep_exceptions(PutLead *lead, const uint32_t *exceptions, size_t n_exceptions)
{
        memcpy(lead->exceptions, exceptions, n_exceptions * sizeof(*exceptions));
        lead->n_exceptions = n_exceptions;
}

/* ------------------------------------------------------------------ as a reader */

static void add_seen(PutLeads *leads, PlekSubscriber *subscriber, const PlekDoorScope *scope)
{
        PlekDoorScope said_of = *scope;
        PlekLeadingDoor door;
        const PlekDoor *said;
        PutLead *lead;

        if (plek_subscriber_leading_door(subscriber, scope, &door))
                return;
        if (door.has_record) {
                said = &door.record.report.door;
                said_of.unit = door.record.report.unit;
                said_of.care = said->care;
                said_of.patient_group = said->patient_group;
                said_of.urgency = said->urgency;
        }
        lead = need_lead(leads, scope, &said_of, door.state);
        if (!lead)
                return;
        lead->why = door.why;
        lead->standing = door.standing;
        lead->since_ms = door.since_ms;
        lead->ends_at_ms = door.ends_at_ms;
        keep_exceptions(lead, door.exceptions, door.n_exceptions);
        if (!door.has_record)
                return;
        lead->reason = door.record.report.door.reason;
        KEEP(lead->party, door.record.party);
        KEEP(lead->party_name, door.record.party_name);
}

static bool is_within(const PlekDoorScope *asked, const PlekDoorScope *scope)
{
        const DoorScope outer = { asked->unit, asked->care, asked->patient_group, asked->urgency };
        const DoorScope inner = { scope->unit, scope->care, scope->patient_group, scope->urgency };

        return scope->status == asked->status && !strcmp(scope->location, asked->location) &&
               door_scope_contains(&outer, &inner) && !door_scope_is_equal(&outer, &inner);
}

static void look_around(PutLeads *leads, PlekSubscriber *subscriber, const PlekDoorScope *asked)
{
        PlekCursor cursor = { 0 };
        PlekDoorScope scope;

        add_seen(leads, subscriber, asked);
        while (!plek_subscriber_next_scope(subscriber, &cursor, &scope))
                if (is_within(asked, &scope)) {
                        char unit[sizeof(leads->leads->unit)];

                        KEEP(unit, scope.unit);
                        scope.unit = scope.unit ? unit : NULL;
                        scope.location = asked->location;
                        add_seen(leads, subscriber, &scope);
                }
}

/* Whether the picture has what was just said; who reads another region only never will. */
static bool has_own(PlekSubscriber *subscriber, const PutOptions *o, uint64_t revision)
{
        PlekRecordKey key;
        PlekRecord record;

        plek_report_key(&o->report, &key);
        key.party = plek_subscriber_party(subscriber);
        return key.party && !plek_subscriber_get(subscriber, &key, &record) &&
               record.revision >= revision;
}

/* False: it cannot be seen so, or not in time. */
static bool see(PutLeads *leads, Peer *peer, const PutOptions *o, uint64_t revision)
{
        static const char *const none[] = { NULL };
        const PlekSubscriberOptions options = {
                .regions = none,
                .all_doors = true,
                .with_test = o->report.status == PLEK_STATUS_TEST,
        };
        const int64_t until_ms = steady_clock_ms() + common_left_ms(&o->common, ASK_LEAST_MS);
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        PlekDoorScope asked = scope_of(o);
        uint64_t epoch, seen;
        int r;

        r = plek_subscriber_new(&subscriber, peer->context, &peer->peer, &options, NULL, NULL);
        if (!r)
                r = plek_subscriber_sync(subscriber, (int)(until_ms - steady_clock_ms()));
        while (!r) {
                plek_subscriber_position(subscriber, &epoch, &seen);
                if (seen >= revision || steady_clock_ms() >= until_ms)
                        break;
                r = plek_subscriber_run(subscriber, (int)(until_ms - steady_clock_ms()));
        }
        if (r || seen < revision || (!o->withdraw && !has_own(subscriber, o, revision)))
                return false;
        look_around(leads, subscriber, &asked);
        return leads->n_leads;
}

/* ------------------------------------------------------------------ as an agent */

typedef struct Own {
        PutLeads *leads;
        const char *party;
} Own;

static void on_own_doors(void *arg, const PlekOwnDoor *doors, size_t n_doors)
{
        const Own *own = arg;

        for (size_t i = 0; i < n_doors; i++) {
                const PlekOwnDoor *door = &doors[i];
                PutLead *lead = need_lead(own->leads, &door->scope, &door->said_of, door->state);

                if (!lead)
                        continue;
                lead->why = door->why;
                lead->standing = door->standing;
                lead->since_ms = door->since_ms;
                lead->ends_at_ms = door->ends_at_ms;
                lead->reason = door->reason;
                keep_exceptions(lead, door->exceptions, door->n_exceptions);
                if (door->state != PLEK_DOOR_UNKNOWN)
                        KEEP(lead->party, own->party);
        }
}

static bool look_at_own(PutLeads *leads, PlekPublisher *publisher, const PutOptions *o)
{
        const int64_t until_ms = steady_clock_ms() + common_left_ms(&o->common, ASK_LEAST_MS);
        const PlekDoorScope asked = scope_of(o);
        Own own = { leads, plek_publisher_party(publisher) };
        int r;

        r = plek_publisher_own_doors(publisher, &asked, on_own_doors, &own);
        while (!r && plek_publisher_is_reconciling(publisher)) {
                const int64_t left_ms = until_ms - steady_clock_ms();

                if (left_ms <= 0)
                        return false;
                r = plek_publisher_run(publisher, (int)left_ms);
        }
        return !r && leads->n_leads;
}

static bool is_reader(Peer *peer, const PutOptions *o)
{
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        PlekFault fault = { 0 };
        PlekWhoami who;

        if (plek_client_new(&client, peer->context, &peer->peer))
                return false;
        plek_client_set_timeout(client, common_left_ms(&o->common, ASK_LEAST_MS));
        return !plek_client_whoami(client, &who, &fault) &&
               who.roles &
                       (PLEK_ROLE_BIT(PLEK_ROLE_SUBSCRIBER) | PLEK_ROLE_BIT(PLEK_ROLE_COORDINATOR));
}

void put_leads_ask(PutLeads *ret_leads, Peer *peer, PlekPublisher *publisher, const PutOptions *o,
                   uint64_t revision)
{
        *ret_leads = (PutLeads){ 0 };
        if (o->report.kind != PLEK_REPORT_DOOR)
                return;
        if (is_reader(peer, o))
                ret_leads->sees_others = see(ret_leads, peer, o, revision);
        ret_leads->is_known = ret_leads->sees_others || look_at_own(ret_leads, publisher, o);
}

/* ------------------------------------------------------------------ saying */

static PlekLeadingDoor as_leading(const PutLead *lead)
{
        PlekLeadingDoor door = {
                .scope = lead->scope,
                .state = lead->state,
                .why = lead->why,
                .standing = lead->standing,
                .since_ms = lead->since_ms,
                .ends_at_ms = lead->ends_at_ms,
                .n_exceptions = lead->n_exceptions,
        };

        memcpy(door.exceptions, lead->exceptions, sizeof(door.exceptions));
        return door;
}

static bool is_same_scope(const PlekDoorScope *a, const PlekDoorScope *b)
{
        return a->care == b->care && a->patient_group == b->patient_group &&
               a->urgency == b->urgency && !a->unit == !b->unit &&
               (!a->unit || !strcmp(a->unit, b->unit));
}

/* What was said is that it is open, and it is not. */
static bool is_contrary(const PutLead *lead, const PutOptions *o)
{
        return !o->withdraw && !o->report.door.plan && door_is_stopped(lead->state) &&
               !door_is_stopped(o->report.door.state);
}

static void say_lead(const PutLead *lead, const PutOptions *o)
{
        const PlekLeadingDoor door = as_leading(lead);
        Language language = o->common.language;
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        *line = '\0';
        text_add(&text, "%s%s, ", is_contrary(lead, o) ? "*** " : "", word(language, "leads now"));
        scope_words(&lead->scope, language, &text);
        text_add(&text, ": ");
        leading_words(&door, language, &text);
        if (lead->reason)
                text_add(&text, " · %s", label(PLEK_CODES_REASON, lead->reason, language));
        if (!is_same_scope(&lead->scope, &lead->said_of)) {
                text_add(&text, " · %s ", word(language, "said of"));
                scope_words(&lead->said_of, language, &text);
        }
        if (*lead->party)
                text_add(&text, "  [%s]", *lead->party_name ? lead->party_name : lead->party);
        puts(line);
}

void put_leads_say(const PutLeads *leads, const PutOptions *o)
{
        Language language = o->common.language;

        if (o->report.kind != PLEK_REPORT_DOOR)
                return;
        if (!leads->is_known) {
                puts(word(language, "what leads now is not known: there was no answer in time"));
                return;
        }
        for (size_t i = 0; i < leads->n_leads; i++)
                say_lead(&leads->leads[i], o);
        if (!leads->sees_others)
                puts(word(language, "this key sees its own party's doors only: what others say of "
                                    "it is not among them"));
}

static json_t *lead_object(const PutLead *lead)
{
        const PlekLeadingDoor door = as_leading(lead);
        json_t *object = scope_to_json(&lead->scope);

        json_object_update_new(object, lead_to_json(&door));
        json_object_set_new(object, "said_of", scope_to_json(&lead->said_of));
        json_set_string(object, "why", door_why_name(lead->why));
        json_set_time(object, "since_ms", lead->since_ms);
        if (lead->reason)
                json_set_code(object, "reason", PLEK_CODES_REASON, lead->reason);
        json_set_string(object, "party", *lead->party ? lead->party : NULL);
        return object;
}

void put_leads_json(const PutLeads *leads, json_t *object)
{
        json_t *within;

        if (!leads->is_known)
                return;
        json_object_set_new(object, "leads", lead_object(&leads->leads[0]));
        json_object_set_new(object, "sees_others", json_boolean(leads->sees_others));
        within = json_array();
        for (size_t i = 1; i < leads->n_leads; i++)
                json_array_append_new(within, lead_object(&leads->leads[i]));
        json_object_set_new(object, "stricter_within", within);
}
