#include "broker/overdue.h"

#include <string.h>

#include "broker/parts.h"
#include "derived/overdue.h"

enum {
        EVERY_MS = 10 * 1000,
        /* Of one turn: a record is some arithmetic, a location a card to be decoded. */
        COST_MAX = 10000,
        COST_OF_RECORD = 1,
        COST_OF_LOCATION = 10,
};

int overdue_init(Overdue *overdue, Broker *broker)
{
        *overdue = (Overdue){ .broker = broker, .begun_at_ms = -EVERY_MS };
        return err_fold(arena_new(&overdue->arena, ARENA_MESSAGE_BYTES));
}

void overdue_deinit(Overdue *overdue)
{
        arena_free(overdue->arena);
        *overdue = (Overdue){};
}

static OverdueRegion *region_need(OverdueCount *count, const char *region)
{
        for (size_t i = 0; i < count->n_regions; i++)
                if (!strcmp(count->regions[i].region, region))
                        return &count->regions[i];
        if (count->n_regions == OVERDUE_REGIONS_MAX) {
                count->n_regions++;
                strcpy(count->regions[OVERDUE_REGIONS_MAX].region, "other");
        }
        if (count->n_regions > OVERDUE_REGIONS_MAX)
                return &count->regions[OVERDUE_REGIONS_MAX];
        count->regions[count->n_regions] = (OverdueRegion){ 0 };
        strcpy(count->regions[count->n_regions].region, region);
        return &count->regions[count->n_regions++];
}

/* The kind on the party's own card of the location, in the arena; NULL: it has none. */
static const char *kind_of(Overdue *overdue, const char *party, const char *location)
{
        const RecordRef ref = { .report = UPDATE_CARD };
        const Record *record;
        WireRefusal refusal;
        Envelope envelope;
        RecordKey key;
        Update update;

        record_key_make(&key, STATUS_ACTUAL, party, location, &ref);
        record = picture_find(state_picture(overdue->broker->state), &key);
        arena_reset(overdue->arena);
        if (!record ||
            envelope_parse(&envelope, record->envelope->bytes, record->envelope->n_bytes) ||
            update_decode(&update, &refusal, overdue->arena, envelope.body, envelope.n_body))
                return NULL;
        return update.card.kind;
}

/* Returns what it cost. */
static unsigned look_at_location(Overdue *overdue, const Party *party, const LocationGrant *grant,
                                 int64_t now_ms)
{
        const Config *config = overdue->broker->config;
        OverdueRegion *region = region_need(&overdue->counting, grant->region);
        RecordGroup *group = picture_find_group(state_picture(overdue->broker->state), party->id,
                                                grant->location);
        unsigned cost = COST_OF_LOCATION;
        const char *kind;

        if (!group_reports(group)) {
                region->n_never++;
                return cost;
        }
        kind = kind_of(overdue, party->id, grant->location);
        list_for_each (link, &group->records) {
                const Record *record = list_entry(link, Record, in_group);
                uint32_t interval_s = agreed_interval_s(config->agreed_intervals,
                                                        config->n_agreed_intervals, record, kind);

                region->n_overdue += record_overdue_ms(record, interval_s, now_ms) > 0;
                cost += COST_OF_RECORD;
        }
        return cost;
}

/* Nobody is waiting for a party that may not report. */
static bool may_report(const Party *party, int64_t now_ms)
{
        const Enrolment *enrolment = party->newest ? party->newest->enrolment : NULL;

        return enrolment && party_has_role(party, ROLE_AGENT) && !party_is_suspended(party) &&
               enrolment->valid_from_ms <= now_ms && now_ms < enrolment->valid_until_ms;
}

void overdue_look(Overdue *overdue)
{
        const Registry *registry = state_registry(overdue->broker->state);
        int64_t now_ms = broker_clock_now_ms(&overdue->broker->clock);
        unsigned cost = 0;

        if (!overdue->is_looking) {
                if (now_ms < overdue->begun_at_ms + EVERY_MS && now_ms >= overdue->begun_at_ms)
                        return;
                overdue->is_looking = true;
                overdue->begun_at_ms = now_ms;
                overdue->counting.n_regions = 0;
        }
        while (cost < COST_MAX) {
                overdue->at = registry_next(registry, overdue->at);
                if (!overdue->at) {
                        overdue->counted = overdue->counting;
                        overdue->is_looking = false;
                        return;
                }
                cost += COST_OF_RECORD;
                if (!may_report(overdue->at, now_ms))
                        continue;
                for (size_t i = 0; i < overdue->at->newest->enrolment->n_locations; i++)
                        cost += look_at_location(overdue, overdue->at,
                                                 &overdue->at->newest->enrolment->locations[i],
                                                 now_ms);
        }
}
