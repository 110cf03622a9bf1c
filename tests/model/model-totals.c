/*
 * Totals against a slow, obvious count: after each random report or withdrawal, and at a random
 * later time, every report is compared with every other to say whether it counts
 */

#include <sodium.h>
#include <string.h>

#include "chance.h"
#include "derived/totals.h"
#include "wire/document.h"

#define NOW 1700000000000

enum {
        N_STEPS = 1500,
        N_PARTIES = 3,
        N_LOCATIONS = 3,
        N_UNITS = 4, /* the first is the location as a whole */
        N_CARES = 3, /* the last is isolation */
        N_RAVS = 3,  /* regions of another scheme: a location lies in some of them */
        N_SAID = N_PARTIES * N_LOCATIONS * N_UNITS * N_CARES * 2,
};

static const char *const parties[] = { "p", "q", "r" };
static const char *const locations[] = { "duin", "strand", "zee" };
static const char *const regions[] = { "west", "west", "oost" };
static const char *const ravs[N_RAVS] = { "noord", "zuid", "midden" };
static const char *const units[] = { NULL, "a", "b", "c" };
static const uint32_t cares[] = { PLEK_CARE_ICU_ADULT, PLEK_CARE_WARD,
                                  PLEK_CARE_ISOLATION_NEGATIVE };

/* What one party said last of one place. */
typedef struct Said {
        bool is_there;
        unsigned party, location, unit, care;
        Status status;
        int64_t at_ms, since_ms, valid_for_ms;
        int32_t available; /* -1: withheld, -2: not said */
} Said;

typedef struct World {
        Chance chance;
        int64_t now_ms;
        uint64_t revision;
        Picture *picture;
        Registry *registry;
        SecretKey *key;
        Change change;
        Said said[N_SAID];
        bool lies_in[N_LOCATIONS][N_RAVS];
} World;

/* ------------------------------------------------------------------ the slow, obvious count */

static int staleness(const World *world, const Said *said)
{
        int64_t age_ms = world->now_ms - said->at_ms;

        return (age_ms > said->valid_for_ms) + (age_ms > 3 * said->valid_for_ms);
}

static bool is_same(const Said *a, const Said *b)
{
        return b->is_there && a->status == b->status && a->care == b->care &&
               a->location == b->location;
}

/* Whether @a goes before @b, of one place. */
static bool goes_before(const World *world, const Said *a, const Said *b)
{
        if (staleness(world, a) != staleness(world, b))
                return staleness(world, a) < staleness(world, b);
        if (a->since_ms != b->since_ms)
                return a->since_ms > b->since_ms;
        return a->party < b->party;
}

static bool is_doubled(const World *world, const Said *said)
{
        for (size_t i = 0; i < N_SAID; i++) {
                const Said *other = &world->said[i];

                if (other != said && is_same(said, other) && other->unit == said->unit &&
                    goes_before(world, other, said))
                        return true;
        }
        return false;
}

/* Of the reports that are not doubled: whether the whole is there, and whether it stands. */
static bool whole_stands(const World *world, const Said *said, bool *ret_stands)
{
        const Said *whole = NULL;
        unsigned n_units = 0;

        for (size_t i = 0; i < N_SAID; i++)
                if (is_same(said, &world->said[i]) && !world->said[i].unit &&
                    !is_doubled(world, &world->said[i]))
                        whole = &world->said[i];
        if (!whole)
                return false;

        *ret_stands = false;
        for (size_t i = 0; i < N_SAID; i++) {
                const Said *unit = &world->said[i];

                if (!is_same(said, unit) || !unit->unit || is_doubled(world, unit))
                        continue;
                n_units++;
                *ret_stands |= staleness(world, unit) >= staleness(world, whole);
        }
        *ret_stands |= !n_units;
        return true;
}

static bool is_in(const World *world, unsigned location, const char *scheme, const char *region)
{
        if (!*region)
                return true;
        if (!scheme)
                return !strcmp(regions[location], region);
        for (unsigned i = 0; i < N_RAVS; i++)
                if (world->lies_in[location][i] && !strcmp(ravs[i], region))
                        return true;
        return false;
}

/* Of every third place; what makes it so is another model's. */
static bool is_shut(const void *arg, const char *location, const char *unit, uint32_t care)
{
        return (strlen(location) + (unit ? strlen(unit) : 0) + care + (unsigned char)location[0]) %
                       3 ==
               0;
}

static void model_line(const World *world, const char *scheme, const char *region, unsigned care,
                       Status status, PlekTotalsLine *ret_line)
{
        *ret_line = (PlekTotalsLine){ 0 };
        for (size_t i = 0; i < N_SAID; i++) {
                const Said *said = &world->said[i];
                bool stands;

                if (!said->is_there || said->care != care || said->status != status ||
                    !is_in(world, said->location, scheme, region))
                        continue;
                if (is_doubled(world, said)) {
                        ret_line->n_doubled++;
                        continue;
                }
                if (whole_stands(world, said, &stands) && stands != !said->unit) {
                        ret_line->n_covered++;
                        continue;
                }
                ret_line->n_places++;
                ret_line->n_stale += staleness(world, said) == 1;
                ret_line->n_silent += staleness(world, said) == 2;
                if (said->available == -1)
                        ret_line->free.n_withheld++;
                if (said->available < 0)
                        continue;
                ret_line->free.n_given++;
                ret_line->free.sum += said->available;
                if (is_shut(NULL, locations[said->location], units[said->unit], cares[care])) {
                        ret_line->n_shut += said->available > 0;
                        ret_line->sum_shut += said->available;
                }
                if (staleness(world, said) == 1)
                        ret_line->free.sum_stale += said->available;
                if (staleness(world, said) == 2)
                        ret_line->free.sum_silent += said->available;
        }
}

/* ------------------------------------------------------------------ comparing */

static const PlekTotalsLine *find_line(const PlekTotals *totals, const char *region, uint32_t care)
{
        for (size_t i = 0; i < totals->n_lines; i++)
                if (!strcmp(totals->lines[i].region, region) && totals->lines[i].care == care)
                        return &totals->lines[i];
        return NULL;
}

static void compare_line(const World *world, const PlekTotals *totals, const char *scheme,
                         const char *region, unsigned care, Status status)
{
        const PlekTotalsLine *line = find_line(totals, region, cares[care]);
        PlekTotalsLine model;

        model_line(world, scheme, region, care, status, &model);
        if (care_overlaps(cares[care]) || !(model.n_places + model.n_doubled + model.n_covered)) {
                assert(!line);
                return;
        }
        assert(line);
        assert(line->n_places == model.n_places);
        assert(line->n_doubled == model.n_doubled && line->n_covered == model.n_covered);
        assert(line->n_stale == model.n_stale && line->n_silent == model.n_silent);
        assert(line->free.n_given == model.free.n_given && line->free.sum == model.free.sum);
        assert(line->free.n_withheld == model.free.n_withheld);
        assert(line->free.sum_stale == model.free.sum_stale);
        assert(line->free.sum_silent == model.free.sum_silent);
        assert(line->n_shut == model.n_shut && line->sum_shut == model.sum_shut);
        assert(line->fields[COUNT_AVAILABLE].sum == line->free.sum && !line->n_computed);
}

static void compare_scheme(const World *world, const char *scheme, const char *const *all,
                           size_t n_all)
{
        for (Status status = STATUS_ACTUAL; status <= STATUS_EXERCISE; status++) {
                TotalsScope scope = { .status = status, .scheme = scheme, .is_shut = is_shut };
                PlekTotals *totals = NULL;

                must(totals_make(&totals, world->picture, world->registry, &scope, world->now_ms));
                for (unsigned care = 0; care < N_CARES; care++) {
                        compare_line(world, totals, scheme, "", care, status);
                        for (size_t i = 0; i < n_all; i++)
                                compare_line(world, totals, scheme, all[i], care, status);
                }
                totals_free(totals);
        }
}

static void compare(const World *world)
{
        static const char *const homes[] = { "west", "oost" };

        compare_scheme(world, NULL, homes, N_ELEMENTS(homes));
        compare_scheme(world, "rav", ravs, N_RAVS);
}

/* ------------------------------------------------------------------ operations */

static Said *draw_place(World *world)
{
        unsigned n = chance_below(&world->chance, N_SAID);
        Said *said = &world->said[n];

        said->status = n % 2 ? STATUS_EXERCISE : STATUS_ACTUAL;
        n /= 2;
        said->party = n % N_PARTIES;
        n /= N_PARTIES;
        said->location = n % N_LOCATIONS;
        n /= N_LOCATIONS;
        said->unit = n % N_UNITS;
        said->care = n / N_UNITS;
        return said;
}

static Update update_of(World *world, const Said *said)
{
        return (Update){
                .party = parties[said->party],
                .instance = 1,
                .seq = world->revision,
                .sent_at_ms = world->now_ms,
                .not_after_ms = world->now_ms + 1000,
                .observed_at_ms = world->now_ms,
                .status = said->status,
                .audience = AUDIENCE_CARE,
                .location = locations[said->location],
                .unit = units[said->unit],
                .kind = UPDATE_COUNTS,
        };
}

static void say(World *world, Said *said)
{
        Blob *body = NULL, *envelope = NULL;
        Update update = update_of(world, said);
        NetworkId network = { { 0 } };
        WireRefusal refusal;

        said->is_there = true;
        said->at_ms = said->since_ms = world->now_ms;
        said->valid_for_ms = 1000 * (1 + chance_below(&world->chance, 120));
        said->available = (int32_t)chance_below(&world->chance, 40) - 2;
        update.valid_for_s = (uint32_t)(said->valid_for_ms / 1000);
        update.counts.care = cares[said->care];
        if (said->available >= 0) {
                update.counts.present[COUNT_AVAILABLE] = true;
                update.counts.value[COUNT_AVAILABLE] = said->available;
        } else if (said->available == -1) {
                update.counts.missing[COUNT_AVAILABLE] = PLEK_MISSING_SUPPRESSED;
        }
        memcpy(update.content_digest, &world->revision, sizeof(world->revision));

        must(update_encode(&body, &refusal, &update));
        must(envelope_sign(&envelope, ENVELOPE_UPDATE, &network, world->key, body->bytes,
                           body->n_bytes));
        change_reset(&world->change);
        must(picture_report(world->picture, &update, envelope, world->revision, world->now_ms,
                            regions[said->location], &world->change));
        blob_unref(body);
        blob_unref(envelope);
}

static void withdraw(World *world, Said *said)
{
        Update update = update_of(world, said);

        update.counts.care = cares[said->care];
        update.withdraw = update_record_ref(&update);
        update.kind = UPDATE_WITHDRAW;
        change_reset(&world->change);
        must(picture_withdraw(world->picture, &update, world->revision, world->now_ms,
                              &world->change));
        said->is_there = false;
}

/* Where each location lies is drawn; it may be named twice, and another scheme's region of the same
 * name is another one. */
static size_t draw_regions(World *world, unsigned location, Region *ret_regions)
{
        size_t n = 0;

        ret_regions[n++] = (Region){ "province", ravs[location % N_RAVS] };
        for (unsigned i = 0; i < N_RAVS; i++) {
                world->lies_in[location][i] = chance_percent(&world->chance, 50);
                for (unsigned k = 0; world->lies_in[location][i] && k < 2; k++)
                        if (!k || chance_percent(&world->chance, 30))
                                ret_regions[n++] = (Region){ "rav", ravs[i] };
        }
        return n;
}

static void enrol(World *world, unsigned number, const LocationGrant *grants)
{
        const uint8_t secret[KEY_BYTES] = { 2, (uint8_t)number };
        NetworkId network = { { 0 } };
        Blob *body = NULL, *envelope = NULL;
        SecretKey *key;
        Party *party;
        Enrolment enrolment = {
                .party = parties[number],
                .serial = 1,
                .n_keys = 1,
                .roles = ROLE_BIT(ROLE_AGENT),
                .locations = grants,
                .n_locations = N_LOCATIONS,
                .valid_from_ms = NOW - 1000,
                .valid_until_ms = NOW + 1000000000,
                .distrusted_since_ms = TIME_ABSENT,
        };

        must(secret_key_from_bytes(&key, secret));
        enrolment.keys[0] = *secret_key_public(key);
        must(enrolment_encode(&body, &enrolment));
        must(envelope_sign(&envelope, ENVELOPE_ENROLMENT, &network, world->key, body->bytes,
                           body->n_bytes));
        must(registry_apply_enrolment(world->registry, ++world->revision, world->now_ms, envelope,
                                      &party));
        blob_unref(body);
        blob_unref(envelope);
        secret_key_free(key);
}

static void enrol_all(World *world)
{
        Region others[N_LOCATIONS][1 + 2 * N_RAVS];
        LocationGrant grants[N_LOCATIONS];

        for (unsigned i = 0; i < N_LOCATIONS; i++)
                grants[i] = (LocationGrant){ locations[i], regions[i], others[i],
                                             draw_regions(world, i, others[i]) };
        for (unsigned i = 0; i < N_PARTIES; i++)
                enrol(world, i, grants);
}

int main(int argc, char **argv)
{
        static const uint8_t secret[KEY_BYTES] = { 1 };
        World world = { .chance = chance_new(argc, argv), .now_ms = NOW, .change = CHANGE_NULL };

        assert(sodium_init() >= 0);
        must(picture_new(&world.picture, 1000));
        must(registry_new(&world.registry));
        must(secret_key_from_bytes(&world.key, secret));
        enrol_all(&world);
        for (unsigned i = 0; i < N_STEPS; i++) {
                Said *said = draw_place(&world);

                world.revision++;
                world.now_ms +=
                        chance_below(&world.chance, 2) ? 0 : chance_below(&world.chance, 4000);
                if (said->is_there && chance_percent(&world.chance, 30))
                        withdraw(&world, said);
                else
                        say(&world, said);
                compare(&world);
        }
        printf("%d operations\n", N_STEPS);

        secret_key_free(world.key);
        registry_free(world.registry);
        picture_free(world.picture);
        change_deinit(&world.change);
        return 0;
}
