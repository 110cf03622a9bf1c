/*
 * Free places by triage colour against a slow, obvious count: every report is compared with every
 * other to say whether it counts
 */

#include <sodium.h>
#include <string.h>

#include "chance.h"
#include "derived/call.h"

#define NOW 1700000000000

enum {
        N_ROUNDS = 300,
        N_SAID_MAX = 60,
        N_PARTIES = 3,
        N_LOCATIONS = 3,
};

static const char *const parties[] = { "p", "q", "r" };
static const char *const locations[] = { "duin", "strand", "zee" };
static const char *const units[] = { NULL, "a", "b" };
static const uint32_t cares[] = { PLEK_CARE_ED, PLEK_CARE_WARD, PLEK_CARE_ISOLATION_OTHER };

/* What one party said last of one place. */
typedef struct Said {
        unsigned party, location, unit, care;
        Status status;
        Audience audience;
        int64_t at_ms;
        int32_t value[N_TRIAGE_COLOURS]; /* -1: not said */
        bool was_old;                    /* when it came */
} Said;

/* Of a location as a whole, by the first party; tests/model/model-door.c has which one leads. */
typedef struct SaidDoor {
        bool is_said, is_shut;
        Audience audience;
} SaidDoor;

typedef struct World {
        Chance chance;
        Picture *picture;
        SecretKey *key;
        NetworkId network;
        Arena *arena;
        Change change;
        uint64_t seq;
        Said said[N_SAID_MAX];
        size_t n_said;
        SaidDoor doors[N_LOCATIONS][2]; /* ACTUAL, EXERCISE */
} World;

/* ------------------------------------------------------------------ the slow, obvious count */

static bool speaks(const Said *said)
{
        for (size_t i = 0; i < N_TRIAGE_COLOURS; i++)
                if (said->value[i] >= 0)
                        return true;
        return false;
}

static bool is_asked(const CallScope *scope, const Said *said)
{
        bool cared = !scope->call->n_cares;

        for (size_t i = 0; i < scope->call->n_cares; i++)
                cared |= scope->call->cares[i] == cares[said->care];
        return cared && said->status == scope->call->status && said->audience <= scope->audience &&
               said->at_ms >= scope->since_ms && !said->was_old &&
               cares[said->care] != PLEK_CARE_ISOLATION_OTHER && speaks(said);
}

static bool is_overruled(const Said *said, const Said *by)
{
        if (said->location != by->location || said->care != by->care || said->unit != by->unit)
                return false;
        return by->at_ms > said->at_ms || (by->at_ms == said->at_ms && by->party < said->party);
}

static bool leads(const World *world, const CallScope *scope, size_t i)
{
        if (!is_asked(scope, &world->said[i]))
                return false;
        for (size_t j = 0; j < world->n_said; j++)
                if (j != i && is_asked(scope, &world->said[j]) &&
                    is_overruled(&world->said[i], &world->said[j]))
                        return false;
        return true;
}

/* The location as a whole has said this colour. */
static bool is_in_whole(const World *world, const CallScope *scope, const Said *unit, size_t colour)
{
        for (size_t i = 0; i < world->n_said; i++) {
                const Said *whole = &world->said[i];

                if (!whole->unit && whole->location == unit->location &&
                    whole->care == unit->care && whole->value[colour] >= 0 &&
                    leads(world, scope, i))
                        return true;
        }
        return false;
}

static bool is_shut(const World *world, const CallScope *scope, const Said *said)
{
        const SaidDoor *door = &world->doors[said->location][said->status == STATUS_EXERCISE];

        return door->is_said && door->is_shut && door->audience <= scope->audience;
}

static CallTriage count(const World *world, const CallScope *scope)
{
        CallTriage triage = { .is_there = true };

        for (size_t i = 0; i < world->n_said; i++) {
                const Said *said = &world->said[i];
                bool counts = false;

                if (!leads(world, scope, i))
                        continue;
                for (size_t c = 0; c < N_TRIAGE_COLOURS; c++)
                        if (said->value[c] >= 0 &&
                            (!said->unit || !is_in_whole(world, scope, said, c))) {
                                counts = true;
                                triage.present[c] = true;
                                triage.value[c] += said->value[c];
                                if (is_shut(world, scope, said))
                                        triage.shut[c] += said->value[c];
                        }
                triage.n_places += counts;
        }
        return triage;
}

/* ------------------------------------------------------------------ what is said */

static void put(World *world, const Said *said)
{
        CLEANUP(blob_unrefp) Blob *body = NULL, *envelope = NULL;
        Update update = { .party = parties[said->party],
                          .instance = 1,
                          .seq = ++world->seq,
                          .sent_at_ms = NOW,
                          .not_after_ms = NOW + 1000,
                          .observed_at_ms = said->was_old ? NOW - 61000 : NOW - 59000,
                          .valid_for_s = 60,
                          .status = said->status,
                          .audience = said->audience,
                          .location = locations[said->location],
                          .unit = units[said->unit],
                          .kind = UPDATE_COUNTS };
        WireRefusal refusal;

        update.counts.care = cares[said->care];
        for (size_t i = 0; i < N_TRIAGE_COLOURS; i++) {
                update.counts.present[COUNT_TRIAGE_RED + i] = said->value[i] >= 0;
                update.counts.value[COUNT_TRIAGE_RED + i] = MAX(said->value[i], 0);
        }
        must(update_encode(&body, &refusal, &update));
        must(envelope_sign(&envelope, ENVELOPE_UPDATE, &world->network, world->key, body->bytes,
                           body->n_bytes));
        change_reset(&world->change);
        must(picture_report(world->picture, &update, envelope, world->seq, said->at_ms, "west",
                            &world->change));
}

static void say_door(World *world)
{
        CLEANUP(blob_unrefp) Blob *body = NULL, *envelope = NULL;
        Chance *chance = &world->chance;
        unsigned location = chance_below(chance, N_LOCATIONS), exercise = chance_below(chance, 2);
        SaidDoor *door = &world->doors[location][exercise];
        Update update = { .party = parties[0],
                          .instance = 1,
                          .seq = ++world->seq,
                          .sent_at_ms = NOW,
                          .not_after_ms = NOW + 1000,
                          .observed_at_ms = NOW,
                          .status = exercise ? STATUS_EXERCISE : STATUS_ACTUAL,
                          .location = locations[location],
                          .kind = UPDATE_DOOR };
        WireRefusal refusal;

        *door = (SaidDoor){ .is_said = true,
                            .is_shut = chance_below(chance, 2),
                            .audience = chance_below(chance, 2) ? AUDIENCE_CARE : AUDIENCE_COORD };
        update.audience = door->audience;
        update.door = (Door){ .state = door->is_shut ? PLEK_DOOR_STOP : PLEK_DOOR_OPEN,
                              .care = CODE_ABSENT,
                              .patient_group = CODE_ABSENT,
                              .urgency = CODE_ABSENT,
                              .starts_at_ms = TIME_ABSENT,
                              .ends_at_ms = TIME_ABSENT,
                              .review_at_ms = TIME_ABSENT,
                              .on_expiry = PLEK_ON_EXPIRY_KEEP };
        must(update_encode(&body, &refusal, &update));
        must(envelope_sign(&envelope, ENVELOPE_UPDATE, &world->network, world->key, body->bytes,
                           body->n_bytes));
        change_reset(&world->change);
        must(picture_report(world->picture, &update, envelope, world->seq, NOW, "west",
                            &world->change));
}

static bool is_same(const Said *a, const Said *b)
{
        return a->party == b->party && a->location == b->location && a->unit == b->unit &&
               a->care == b->care && a->status == b->status;
}

static void say(World *world)
{
        Chance *chance = &world->chance;
        Said said = { .party = chance_below(chance, N_PARTIES),
                      .location = chance_below(chance, N_LOCATIONS),
                      .unit = chance_below(chance, 3),
                      .care = chance_below(chance, 3),
                      .status = chance_percent(chance, 80) ? STATUS_ACTUAL : STATUS_EXERCISE,
                      .audience = chance_percent(chance, 80) ? AUDIENCE_CARE : AUDIENCE_COORD,
                      .at_ms = NOW + chance_below(chance, 6),
                      .was_old = chance_percent(chance, 15) };
        size_t at = 0;

        for (size_t i = 0; i < N_TRIAGE_COLOURS; i++)
                said.value[i] = chance_percent(chance, 60) ? (int32_t)chance_below(chance, 9) : -1;
        while (at < world->n_said && !is_same(&world->said[at], &said))
                at++;
        if (at == N_SAID_MAX)
                return;
        if (at == world->n_said)
                world->n_said++;
        world->said[at] = said;
        put(world, &said);
}

static CallPlace place_at(const void *arg, size_t index)
{
        return (CallPlace){ parties[index / N_LOCATIONS], locations[index % N_LOCATIONS] };
}

static void compare(World *world)
{
        Call call = { .status = chance_percent(&world->chance, 80) ? STATUS_ACTUAL
                                                                   : STATUS_EXERCISE };
        CallScope scope = { &call, NOW + chance_below(&world->chance, 7),
                            chance_percent(&world->chance, 50) ? AUDIENCE_CARE : AUDIENCE_COORD };
        CallTriage expected, got;

        for (size_t i = 0; i < N_ELEMENTS(cares); i++)
                if (chance_percent(&world->chance, 40))
                        call.cares[call.n_cares++] = cares[i];
        expected = count(world, &scope);
        arena_reset(world->arena);
        must(call_triage(&got, &scope, world->picture, place_at, NULL, N_PARTIES * N_LOCATIONS,
                         NOW + 10, world->arena));
        assert(got.is_there && got.n_places == expected.n_places);
        for (size_t i = 0; i < N_TRIAGE_COLOURS; i++)
                assert(got.present[i] == expected.present[i] && got.value[i] == expected.value[i] &&
                       got.shut[i] == expected.shut[i]);
}

int main(int argc, char **argv)
{
        static const uint8_t secret[KEY_BYTES] = { 1 };
        World world = { .chance = chance_new(argc, argv), .change = CHANGE_NULL };

        assert(sodium_init() >= 0);
        must(secret_key_from_bytes(&world.key, secret));
        must(arena_new(&world.arena, 4 * 1024 * 1024));
        for (unsigned i = 0; i < N_ROUNDS; i++) {
                must(picture_new(&world.picture, 100));
                world.n_said = 0;
                memset(world.doors, 0, sizeof(world.doors));
                for (unsigned j = chance_below(&world.chance, 60); j; j--) {
                        if (chance_percent(&world.chance, 25))
                                say_door(&world);
                        else
                                say(&world);
                        compare(&world);
                }
                picture_free(world.picture);
        }
        printf("%d rounds\n", N_ROUNDS);

        arena_free(world.arena);
        secret_key_free(world.key);
        change_deinit(&world.change);
        return 0;
}
