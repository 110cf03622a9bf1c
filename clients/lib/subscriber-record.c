#include "lib/subscriber-internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/report.h"
#include "derived/overdue.h"
#include "plek/plek.h"
#include "wire/codes.h"

static_assert((int)PLEK_NEVER == (int)FRESHNESS_NEVER &&
                      (int)PLEK_WITHDRAWN == (int)FRESHNESS_WITHDRAWN,
              "freshness");
static_assert((int)PLEK_STANDS == (int)DOOR_STANDS && (int)PLEK_OVER == (int)DOOR_OVER, "standing");
static_assert((int)PLEK_NO_LONGER_ENROLLED == (int)PARTY_NO_LONGER_ENROLLED &&
                      (int)PLEK_DISTRUSTED == (int)PARTY_DISTRUSTED,
              "trust");
static_assert((int)PLEK_FLAG_OVERCROWDED == (int)ENTRY_OVERCROWDED &&
                      (int)PLEK_FLAG_INCONSISTENT == (int)ENTRY_INCONSISTENT,
              "flags");

/* ------------------------------------------------------------------ ids */

typedef struct IdWriter {
        char *at, *end;
} IdWriter;

static void id_add(IdWriter *writer, const char *format, ...) PRINTF(2, 3);

static void id_add(IdWriter *writer, const char *format, ...)
{
        size_t n_left = (size_t)(writer->end - writer->at);
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vsnprintf(writer->at, n_left, format, arguments);
        va_end(arguments);
        if (n > 0)
                writer->at += MIN((size_t)n, n_left - 1);
}

/* Lists grow: a code without a name is its number. */
static void id_add_code(IdWriter *writer, CodeList list, uint32_t code)
{
        const char *name = code == CODE_ABSENT ? "-" : code_name(list, code);

        if (name)
                id_add(writer, "/%s", name);
        else
                id_add(writer, "/%u", code);
}

static void id_add_door(IdWriter *writer, const RecordRef *ref)
{
        id_add_code(writer, CODES_CARE, ref->care);
        if (ref->patient_group == CODE_ABSENT && ref->urgency == CODE_ABSENT && !ref->plan)
                return;
        id_add_code(writer, CODES_PATIENT_GROUP, ref->patient_group);
        if (ref->urgency == CODE_ABSENT)
                id_add(writer, "/-");
        else
                id_add(writer, "/u%u", ref->urgency);
        if (ref->plan)
                id_add(writer, "/plan%u", ref->plan);
}

static void id_add_flow(IdWriter *writer, const RecordRef *ref)
{
        id_add_code(writer, CODES_CARE, ref->care);
        id_add_code(writer, CODES_CHAIN, ref->link_from);
        id_add_code(writer, CODES_CHAIN, ref->link_to);
        id_add(writer, "/%s/%lld-%lld", ref->other ? ref->other : "-", (long long)ref->from_ms,
               (long long)ref->until_ms);
}

static void id_write(char ret_id[RECORD_ID_MAX], Status status, const char *party,
                     const char *location, const RecordRef *ref)
{
        IdWriter writer = { ret_id, ret_id + RECORD_ID_MAX };

        id_add(&writer, "%s/%s/%s/%s", code_name(CODES_STATUS, status), party, location,
               code_name(CODES_REPORT, ref->report));
        if (ref->report == UPDATE_CARD)
                return;
        if (ref->report == UPDATE_OFFERING) {
                id_add_code(&writer, CODES_CARE, ref->care);
                if (ref->plan)
                        id_add(&writer, "/plan%u", ref->plan);
                return;
        }
        if (ref->report == UPDATE_REFUSAL) {
                id_add(&writer, "/");
                for (size_t i = 0; i < sizeof(ref->id); i++)
                        id_add(&writer, "%02x", ref->id[i]);
                return;
        }
        id_add(&writer, "/%s", ref->unit ? ref->unit : "-");
        if (ref->report == UPDATE_COUNTS)
                id_add_code(&writer, CODES_CARE, ref->care);
        else if (ref->report == UPDATE_FLOW)
                id_add_flow(&writer, ref);
        else if (ref->report == UPDATE_DOOR)
                id_add_door(&writer, ref);
        else
                id_add(&writer, "/%s", ref->method ? ref->method : "-");
}

/* ------------------------------------------------------------------ parties */

static void spell_party(const PlekSubscriber *subscriber, const char *location, PlekRecord *record,
                        int64_t now_ms)
{
        const Party *party = registry_find(replica_registry(subscriber->replica), record->party);

        record->party_name = party ? party->newest->enrolment->name : NULL;
        record->enrolled =
                (PlekEnrolled)party_trust(party, record->revision, record->received_at_ms, now_ms);
        record_spell_regions(party, location, record);
}

/* ------------------------------------------------------------------ records */

/* What went with the numbers in between may have been newer, and on time. */
static void spell_thinned(PlekRecord *record)
{
        if (record->freshness != PLEK_FRESH)
                record->freshness = PLEK_THINNED;
        record->overdue_ms = 0;
}

int record_spell(const PlekSubscriber *subscriber, RecordRoom *room, const Record *record,
                 PlekRecord *ret_record)
{
        int64_t now_ms = subscriber_now_ms(subscriber, monotonic_us());
        const char *party, *location;
        RecordRef ref;
        Update update;
        int r;

        r = record_decode(record, room->arena, &update);
        if (r)
                return r;
        record_describe(record, &party, &location, &ref);
        id_write(room->id, record->status, party, location, &ref);

        *ret_record = (PlekRecord){
                .id = room->id,
                .party = party,
                .region = record->topic->topic.region,
                .revision = record->revision,
                .received_at_ms = record->received_at_ms,
                .sent_at_ms = record->sent_at_ms,
                .since_ms = record->since_ms,
                .age_ms = record_age_ms(record, now_ms),
                .freshness = (PlekFreshness)record_freshness(record, now_ms),
                .agreed_s = replica_agreed_s(record),
                .overdue_ms = record_overdue_ms(record, replica_agreed_s(record), now_ms),
                .flags = record->flags & (PLEK_FLAG_OVERCROWDED | PLEK_FLAG_INCONSISTENT),
        };
        if (replica_is_thinned(subscriber->replica))
                spell_thinned(ret_record);
        report_from_update(&update, &ret_record->report);
        if (update.kind == UPDATE_DOOR)
                ret_record->standing = (PlekStanding)door_standing(&update.door, now_ms);
        if (update.kind == UPDATE_OFFERING)
                ret_record->standing = (PlekStanding)offering_standing(&update.offering, now_ms);
        if (update.kind == UPDATE_COUNTS)
                ret_record->available_known = counts_available(
                        &update.counts, &ret_record->available, &ret_record->available_computed);
        spell_party(subscriber, location, ret_record, now_ms);
        return 0;
}

int withdrawn_spell(const PlekSubscriber *subscriber, RecordRoom *room, const Withdrawn *withdrawn,
                    PlekRecord *ret_record)
{
        int64_t now_ms = subscriber_now_ms(subscriber, monotonic_us());
        const char *party, *location;
        RecordRef ref;
        Status status;
        int r;

        room->key = withdrawn->key;
        r = record_key_parse(&room->key, &status, &party, &location, &ref);
        if (r)
                return err_fold(r);
        id_write(room->id, status, party, location, &ref);

        *ret_record = (PlekRecord){
                .id = room->id,
                .party = party,
                .region = withdrawn->region,
                .revision = withdrawn->revision,
                .received_at_ms = withdrawn->at_ms,
                .sent_at_ms = withdrawn->at_ms,
                .since_ms = withdrawn->at_ms,
                .age_ms = MAX(now_ms - withdrawn->at_ms, (int64_t)0),
                .freshness = PLEK_WITHDRAWN,
                .withdrawn = (PlekWithdrawn)withdrawn->cause,
        };
        report_from_ref(&ref, status, location, &ret_record->report);
        spell_party(subscriber, location, ret_record, now_ms);
        return 0;
}

/* ------------------------------------------------------------------ presence */

static int presence_need(PlekSubscriber *subscriber, const char *party, PresenceSeen **ret_seen)
{
        PresenceSeen *seen;

        HASH_FIND_STR(subscriber->presence, party, seen);
        if (!seen) {
                seen = calloc(1, sizeof(*seen) + strlen(party) + 1);
                if (!seen)
                        return err_raise(-ENOMEM);
                strcpy(seen->party, party);
                HASH_ADD_STR(subscriber->presence, party, seen);
                if (!seen->hh.tbl) {
                        free(seen);
                        return err_raise(-ENOMEM);
                }
                seen->since_ms = INT64_MIN; /* differs from whatever is told now */
        }
        *ret_seen = seen;
        return 0;
}

void presence_free(PlekSubscriber *subscriber)
{
        PresenceSeen *seen, *next;

        HASH_ITER (hh, subscriber->presence, seen, next) {
                HASH_DEL(subscriber->presence, seen);
                free(seen);
        }
}

static bool is_listed(const Presence *presence, size_t n, const char *party)
{
        for (size_t i = 0; i < n; i++)
                if (!strcmp(presence[i].party, party))
                        return true;
        return false;
}

int presence_take(PlekSubscriber *subscriber, const Presence *presence, size_t n, bool is_whole)
{
        PresenceSeen *seen, *next;
        int r;

        if (is_whole) {
                /* The broker has started anew, and has not seen these since. */
                HASH_ITER (hh, subscriber->presence, seen, next) {
                        if (is_listed(presence, n, seen->party))
                                continue;
                        HASH_DEL(subscriber->presence, seen);
                        free(seen);
                }
        }
        for (size_t i = 0; i < n; i++) {
                r = presence_need(subscriber, presence[i].party, &seen);
                if (r)
                        return r;
                if (seen->is_connected == presence[i].connected &&
                    seen->since_ms == presence[i].since_ms)
                        continue;
                seen->is_connected = presence[i].connected;
                seen->since_ms = presence[i].since_ms;
                if (subscriber->callbacks.presence)
                        subscriber->callbacks.presence(subscriber->arg, seen->party,
                                                       seen->is_connected, seen->since_ms);
        }
        return 0;
}

int plek_subscriber_presence(const PlekSubscriber *subscriber, const char *party,
                             bool *ret_is_connected, int64_t *ret_since_ms)
{
        PresenceSeen *seen;

        HASH_FIND_STR(subscriber->presence, party, seen);
        if (!seen)
                return PLEK_E_NOT_FOUND;
        *ret_is_connected = seen->is_connected;
        *ret_since_ms = seen->since_ms;
        return 0;
}

/* ------------------------------------------------------------------ who might say something */

static bool publishes(const Party *party)
{
        return party->newest && party_has_role(party, ROLE_AGENT);
}

int plek_subscriber_next_location(PlekSubscriber *subscriber, PlekCursor *cursor,
                                  PlekLocation *ret_location)
{
        const Registry *registry = replica_registry(subscriber->replica);
        Party *party = (Party *)cursor->at;
        const LocationGrant *grant;
        const RecordGroup *group;

        /* part is the number of the next location of the party at which the iteration is. */
        while (!party || !publishes(party) ||
               cursor->part >= party->newest->enrolment->n_locations) {
                party = registry_next(registry, party);
                cursor->at = party;
                cursor->part = 0;
                if (!party)
                        return PLEK_E_END;
        }

        grant = &party->newest->enrolment->locations[cursor->part++];
        group = picture_find_group(replica_picture(subscriber->replica), party->id,
                                   grant->location);
        *ret_location = (PlekLocation){
                .location = grant->location,
                .region = grant->region,
                .party = party->id,
                .party_name = party->newest->enrolment->name,
                .n_records = group ? group->n_records : 0,
                .reports = group_reports(group),
                .regions = (const PlekRegion *)grant->regions,
                .n_regions = grant->n_regions,
        };
        return 0;
}
