/*
 * Stops against a clock that ticks
 *
 * Locations open, stop and close by units and parties, with ends, policies and plans. The model
 * looks at every second what leads at each location and whether its neighbours have stopped, and
 * counts. What goes from change to change must come to the same.
 */

#include <string.h>

#include "chance.h"
#include "derived/door.h"
#include "derived/stops.h"

enum {
        N_ROUNDS = 60,
        N_LOCATIONS = 5,
        N_EVENTS = 120,
        LENGTH_S = 3000,
        BEGIN_S = 1000000,
        WORDS_MAX = 64,
};

static const char *const names[N_LOCATIONS] = { "a", "b", "c", "d", "e" };
static const char *const units[] = { NULL, "u", "v" };
static const char *const parties[] = { "p", "q" };

typedef struct Said {
        StopsEvent events[N_EVENTS];
        Door doors[N_EVENTS];
} Said;

/* ------------------------------------------------------------------ what is said */

static int64_t any_time(Chance *chance, int64_t after_ms)
{
        return after_ms + (int64_t)chance_below(chance, 600) * 1000;
}

static Door any_door(Chance *chance, int64_t now_ms)
{
        Door door = {
                .state = 1 + chance_below(chance, 5),
                .care = chance_percent(chance, 75) ? PLEK_CARE_ED : CODE_ABSENT,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = TIME_ABSENT,
                .review_at_ms = TIME_ABSENT,
                .on_expiry = 1 + chance_below(chance, 3),
        };

        if (chance_percent(chance, 40))
                door.ends_at_ms = any_time(chance, now_ms);
        if (chance_percent(chance, 15)) {
                door.plan = 1 + chance_below(chance, 2);
                door.on_expiry = PLEK_ON_EXPIRY_KEEP;
                door.starts_at_ms = any_time(chance, now_ms);
                door.ends_at_ms = any_time(chance, door.starts_at_ms + 1000);
        }
        if (chance_percent(chance, 10))
                door.urgency = 3;
        return door;
}

static void say(Said *said, Chance *chance)
{
        int64_t now_ms = (int64_t)BEGIN_S * 1000 - 500 * 1000;

        for (size_t i = 0; i < N_EVENTS; i++) {
                StopsEvent *event = &said->events[i];

                now_ms += (int64_t)chance_below(chance, 60) * 1000;
                said->doors[i] = any_door(chance, now_ms);
                *event = (StopsEvent){
                        .at_ms = now_ms,
                        .location = names[chance_below(chance, N_LOCATIONS)],
                        .region = "r",
                        .is_withdrawn = chance_percent(chance, 10),
                        .door = &said->doors[i],
                        .party = parties[chance_below(chance, 2)],
                        .unit = units[chance_below(chance, 3)],
                        .since_ms = now_ms,
                        .is_distrusted = chance_percent(chance, 30),
                };
                if (i >= N_LOCATIONS && !chance_percent(chance, 4))
                        continue;
                event->is_card = true;
                event->location = i < N_LOCATIONS ? names[i] : event->location;
                event->has_position = chance_percent(chance, 80);
                event->latitude = 52 + chance_below(chance, 100) / 100.0;
                event->longitude = 5;
        }
}

/* ------------------------------------------------------------------ second by second */

typedef struct Seen {
        DoorWord words[WORDS_MAX];
        bool is_distrusted[WORDS_MAX];
        size_t n_words;
        bool is_resting, has_rested;
        bool has_position, has_door, is_stopped, was_stopped, is_partly, was_partly, is_expired;
        double latitude, longitude;
        uint32_t state;
        int64_t run_ms;
        StopsOf of;
} Seen;

static bool is_same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

static void hear(Seen *seen, const StopsEvent *event)
{
        size_t i = 0;

        if (event->is_card) {
                seen->has_position = !event->is_withdrawn && event->has_position;
                seen->latitude = event->latitude;
                seen->longitude = event->longitude;
                return;
        }
        while (i < seen->n_words && !(seen->words[i].door->plan == event->door->plan &&
                                      seen->words[i].door->care == event->door->care &&
                                      seen->words[i].door->urgency == event->door->urgency &&
                                      is_same_text(seen->words[i].unit, event->unit) &&
                                      !strcmp(seen->words[i].party, event->party)))
                i++;
        if (event->is_withdrawn) {
                if (i < seen->n_words) {
                        seen->words[i] = seen->words[--seen->n_words];
                        seen->is_distrusted[i] = seen->is_distrusted[seen->n_words];
                }
                return;
        }
        assert(i < WORDS_MAX);
        seen->n_words = MAX(seen->n_words, i + 1);
        seen->is_distrusted[i] = event->is_distrusted;
        seen->words[i] = (DoorWord){
                .door = event->door,
                .unit = event->unit,
                .party = event->party,
                .since_ms = event->since_ms,
                .withdrawn_ms = TIME_ABSENT,
        };
}

static void look(Seen *seen, int64_t now_ms)
{
        DoorLead best = { 0 };
        bool stands = false, some = false;

        seen->has_door = false;
        for (size_t u = 0; u < N_ELEMENTS(units); u++) {
                DoorQuestion question = { .scope = DOOR_SCOPE_ALL };
                bool is_said = false;
                DoorLead lead;

                for (size_t i = 0; i < seen->n_words; i++)
                        is_said |= seen->words[i].door->care == PLEK_CARE_ED &&
                                   is_same_text(seen->words[i].unit, units[u]);
                if (!is_said)
                        continue;
                question.scope.unit = units[u];
                question.scope.care = PLEK_CARE_ED;
                door_lead(seen->words, seen->n_words, &question, now_ms, &lead);
                for (uint32_t urgency = 0; urgency <= 5; urgency++) {
                        DoorLead narrow;

                        question.scope.urgency = urgency;
                        door_lead(seen->words, seen->n_words, &question, now_ms, &narrow);
                        some |= narrow.state == PLEK_DOOR_STOP && narrow.standing == DOOR_STANDS &&
                                door_strictness(narrow.state) > door_strictness(lead.state);
                }
                if (!seen->has_door || door_strictness(lead.state) < door_strictness(best.state)) {
                        best = lead;
                        stands = false;
                }
                if (lead.state == best.state)
                        stands |= lead.standing == DOOR_STANDS;
                seen->has_door = true;
        }
        seen->was_stopped = seen->is_stopped;
        seen->state = best.state;
        seen->is_stopped = seen->has_door && best.state == PLEK_DOOR_STOP && stands;
        seen->is_expired = !stands;
        seen->was_partly = seen->is_partly;
        seen->is_partly = some && !seen->is_stopped;
}

/* A look at what is left when nobody distrusted had said anything. */
static void look_without(Seen *seen, int64_t now_ms)
{
        Seen bare = *seen;

        bare.n_words = 0;
        for (size_t i = 0; i < seen->n_words; i++)
                if (!seen->is_distrusted[i])
                        bare.words[bare.n_words++] = seen->words[i];
        look(&bare, now_ms);
        seen->is_resting = seen->is_stopped && !bare.is_stopped;
        seen->has_rested &= seen->is_stopped && seen->was_stopped;
        seen->of.n_distrusted += seen->is_resting && !seen->has_rested;
        seen->has_rested |= seen->is_resting;
        seen->of.distrusted_ms += seen->is_resting ? 1000 : 0;
}

static void count_second(Seen *all, bool is_first)
{
        NeighbourPlace places[N_LOCATIONS];
        Neighbours neighbours;
        size_t n = 0;

        for (size_t i = 0; i < N_LOCATIONS; i++)
                if (all[i].has_position && all[i].has_door)
                        places[n++] = (NeighbourPlace){
                                .location = names[i],
                                .latitude = all[i].latitude,
                                .longitude = all[i].longitude,
                                .state = all[i].state,
                                .is_expired = all[i].is_expired,
                        };
        for (size_t i = 0; i < N_LOCATIONS; i++) {
                Seen *seen = &all[i];

                seen->of.partly_ms += seen->is_partly ? 1000 : 0;
                seen->of.n_partly += seen->is_partly && (is_first || !seen->was_partly);
                if (!seen->is_stopped) {
                        seen->run_ms = 0;
                        continue;
                }
                if (is_first)
                        seen->of.n_stood++;
                else if (!seen->was_stopped)
                        seen->of.n_begun++;
                seen->run_ms += 1000;
                seen->of.longest_ms = MAX(seen->of.longest_ms, seen->run_ms);
                seen->of.stopped_ms += 1000;
                if (!seen->has_position)
                        continue;
                neighbours_find(places, n, names[i], seen->latitude, seen->longitude,
                                &(NeighbourRule){ .n_nearest = 2 }, &neighbours);
                seen->of.all_stopped_ms +=
                        neighbours.n_nearest && neighbours.n_stopped == neighbours.n_nearest ? 1000
                                                                                             : 0;
        }
}

static void tick(Seen *all, const Said *said)
{
        size_t at = 0;

        for (int64_t s = BEGIN_S; s < BEGIN_S + LENGTH_S; s++) {
                for (; at < N_EVENTS && said->events[at].at_ms <= s * 1000; at++)
                        hear(&all[said->events[at].location[0] - 'a'], &said->events[at]);
                for (size_t i = 0; i < N_LOCATIONS; i++) {
                        look(&all[i], s * 1000);
                        look_without(&all[i], s * 1000);
                }
                count_second(all, s == BEGIN_S);
        }
}

int main(int argc, char **argv)
{
        Chance chance = chance_new(argc, argv);
        uint64_t n_begun = 0;
        int64_t all_stopped_ms = 0, partly_ms = 0, distrusted_ms = 0;

        for (unsigned round = 0; round < N_ROUNDS; round++) {
                StopsQuestion question = {
                        .care = PLEK_CARE_ED,
                        .from_ms = (int64_t)BEGIN_S * 1000,
                        .to_ms = (int64_t)(BEGIN_S + LENGTH_S) * 1000,
                        .rule = { .n_nearest = 2 },
                };
                CLEANUP(stops_freep) Stops *stops = NULL;
                Seen all[N_LOCATIONS] = { 0 };
                const StopsOf *rows;
                Said said;
                size_t n;

                say(&said, &chance);
                tick(all, &said);
                must(stops_count(&stops, said.events, N_EVENTS, &question));
                rows = stops_all(stops, &n);
                for (size_t i = 0; i < n; i++) {
                        const StopsOf *of = &all[rows[i].location[0] - 'a'].of;

                        assert(rows[i].n_begun == of->n_begun && rows[i].n_stood == of->n_stood);
                        assert(rows[i].stopped_ms == of->stopped_ms);
                        assert(rows[i].longest_ms == of->longest_ms);
                        assert(rows[i].is_standing == all[rows[i].location[0] - 'a'].is_stopped);
                        assert(rows[i].all_stopped_ms == of->all_stopped_ms);
                        assert(rows[i].n_partly == of->n_partly &&
                               rows[i].partly_ms == of->partly_ms);
                        assert(rows[i].n_distrusted == of->n_distrusted &&
                               rows[i].distrusted_ms == of->distrusted_ms);
                        partly_ms += of->partly_ms;
                        distrusted_ms += of->distrusted_ms;
                        n_begun += of->n_begun;
                        all_stopped_ms += of->all_stopped_ms;
                }
        }
        printf("%llu stops\n", (unsigned long long)n_begun);
        assert(n_begun && all_stopped_ms && partly_ms && distrusted_ms);
        return 0;
}
