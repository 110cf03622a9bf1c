#pragma once

/*
 * A small world in which random parties meet often: few names, many collisions
 */

#include <string.h>

#include "chance.h"
#include "picture/picture.h"

#define NOW 1700000000000

static const char *const parties[] = { "alpha", "beta", "gamma" };
static const char *const locations[] = { "north", "south", "east" };
static const char *const units[] = { NULL, "a", "b" };
static const char *const methods[] = { "nedocs", "mnedocs" };
static const char *const regions[] = { "oost", "west", "zwolle" };

enum {
        N_PARTIES = N_ELEMENTS(parties),
        N_LOCATIONS = N_ELEMENTS(locations),
        N_REGIONS = N_ELEMENTS(regions),
        NOWHERE = N_REGIONS, /* what an enrolment does not list */
        N_NARROWINGS = 2,    /* cares, or none and a care, or methods */
        N_INSTANCES = 2,
        N_CONTENTS = 3,
};

/* ------------------------------------------------------------------ what can be said */

/* A record's key by numbers, in its one canonical form. */
typedef struct Name {
        Status status;
        unsigned party, location, unit, narrowing;
        UpdateKind report;
} Name;

static inline bool name_is(const Name *a, const Name *b)
{
        return a->status == b->status && a->party == b->party && a->location == b->location &&
               a->unit == b->unit && a->narrowing == b->narrowing && a->report == b->report;
}

static inline Name name_any(Chance *chance)
{
        Name name = {
                .status = chance_percent(chance, 70) ? STATUS_ACTUAL
                                                     : 1 + chance_below(chance, STATUS_TEST),
                .party = chance_below(chance, N_PARTIES),
                .location = chance_below(chance, N_LOCATIONS),
                .unit = chance_below(chance, N_ELEMENTS(units)),
                .narrowing = chance_below(chance, N_NARROWINGS),
                .report = chance_percent(chance, 80) ? UPDATE_COUNTS + chance_below(chance, 4)
                                                     : UPDATE_OFFERING,
        };

        if (name.report == UPDATE_CARD)
                name.unit = name.narrowing = 0;
        if (name.report == UPDATE_OFFERING)
                name.unit = 0;
        return name;
}

static inline RecordRef name_ref(const Name *name)
{
        RecordRef ref = {
                .report = name->report,
                .unit = units[name->unit],
                .care = CODE_ABSENT,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };

        if (name->report == UPDATE_COUNTS || (name->report == UPDATE_DOOR && name->narrowing) ||
            name->report == UPDATE_OFFERING)
                ref.care = PLEK_CARE_ICU_ADULT + name->narrowing;
        if (name->report == UPDATE_PRESSURE)
                ref.method = methods[name->narrowing];
        return ref;
}

static inline RecordKey name_key(const Name *name)
{
        RecordRef ref = name_ref(name);
        RecordKey key;

        record_key_make(&key, name->status, parties[name->party], locations[name->location], &ref);
        return key;
}

static inline Update update_about(const Name *name, UpdateKind kind, uint64_t seq)
{
        return (Update){
                .party = parties[name->party],
                .location = locations[name->location],
                .status = name->status,
                .audience = AUDIENCE_CARE,
                .seq = seq,
                .sent_at_ms = NOW + (int64_t)seq,
                .observed_at_ms = NOW + (int64_t)seq,
                .not_after_ms = NOW + (int64_t)seq + 1000,
                .kind = kind,
        };
}

/* A report on @name that says one of N_CONTENTS things. */
static inline Update report_about(const Name *name, unsigned content, uint64_t seq)
{
        RecordRef ref = name_ref(name);
        Update update = update_about(name, name->report, seq);

        update.unit = ref.unit;
        switch (name->report) {
        case UPDATE_COUNTS:
                update.counts.care = ref.care;
                update.counts.present[COUNT_STAFFED] = update.counts.present[COUNT_OCCUPIED] = true;
                update.counts.value[COUNT_STAFFED] = 1;
                update.counts.value[COUNT_OCCUPIED] = (int32_t)content;
                break;
        case UPDATE_DOOR:
                update.door.state = PLEK_DOOR_OPEN + content;
                update.door.care = ref.care;
                update.door.patient_group = update.door.urgency = CODE_ABSENT;
                update.door.starts_at_ms = update.door.ends_at_ms = update.door.review_at_ms =
                        TIME_ABSENT;
                update.door.on_expiry = PLEK_ON_EXPIRY_KEEP;
                break;
        case UPDATE_PRESSURE:
                update.pressure.method = ref.method;
                update.pressure.has_score = true;
                update.pressure.score = content;
                break;
        case UPDATE_OFFERING:
                update.offering.care = ref.care;
                update.offering.not_offered = content == 0;
                update.offering.level = content == 1 ? "1" : NULL;
                update.offering.holds_from_ms = update.offering.holds_until_ms = TIME_ABSENT;
                break;
        default:
                update.card.name = content == 0 ? "A" : content == 1 ? "B" : "C";
                update.card.kind = "V4";
        }
        memset(update.content_digest, (int)content + 1, sizeof(update.content_digest));
        return update;
}

static inline Audience audience_any(Chance *chance)
{
        return chance_percent(chance, 60) ? AUDIENCE_CARE
                                          : 1 + chance_below(chance, AUDIENCE_COORD);
}

/* What a party's enrolment says, its regions by the number of the location. */
static inline const char *region_of(const char *location, void *party_regions)
{
        const unsigned *numbers = party_regions;
        unsigned i = 0;

        while (strcmp(locations[i], location) != 0)
                i++;
        return numbers[i] == NOWHERE ? NULL : regions[numbers[i]];
}
