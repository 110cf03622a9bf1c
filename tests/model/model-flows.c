/*
 * Somebody who wants to find a patient in the numbers
 *
 * Patients arrive at one ED, by unit and by where they come from. Two parties count them truly,
 * over whatever periods they like, in whole or in part, for whomever; they count again when
 * somebody was registered late, and take things back. What the broker accepts for more than
 * coordination centres is remembered for good by a reader, who takes every statement from every
 * other that holds it, and up to three at a time: a difference of 1 to 4 has found somebody. The
 * same search over what was refused must find many, or it would prove nothing.
 *
 * And the matrix: that of the product against one that goes through hours, one by one.
 */

#include <string.h>

#include "../core-world.h"
#include "chance.h"
#include "core/admission.h"
#include "derived/flows.h"

enum {
        N_ROUNDS = 60,
        N_TRIES = 120,
        N_PATIENTS = 400,
        N_HOURS = 72,
        N_PARTS = 3, /* units, and origins; a statement names one or none */
        N_STATED_MAX = 1024,
        ALL = N_PARTS, /* not named */
};

#define HOUR  ((int64_t)3600 * 1000)
#define BEGIN (WORLD_START_MS / HOUR * HOUR - N_HOURS * HOUR)

static const char *const units[] = { "a", "b", "c", NULL };
static const char *const others[] = { "x", "y", "z", NULL };

typedef struct Patient {
        unsigned hour, unit, other;
} Patient;

/* What is counted. */
typedef struct Box {
        unsigned from, until; /* hours */
        unsigned unit, other; /* or ALL */
} Box;

typedef struct Stated {
        Box box;
        int32_t count;
} Stated;

typedef struct StatedList {
        Stated all[N_STATED_MAX];
        size_t n;
} StatedList;

typedef struct Hospital {
        Chance *chance;
        World world;
        WorldParty *parties[2];
        Plan *plan;
        Patient patients[N_PATIENTS];
        size_t n_patients;
        StatedList read;  /* by somebody outside coordination centres, ever */
        StatedList tried; /* the same, had everything been accepted */
        size_t n_accepted, n_refused;
} Hospital;

static bool is_within(const Box *box, const Patient *patient)
{
        return patient->hour >= box->from && patient->hour < box->until &&
               (box->unit == ALL || box->unit == patient->unit) &&
               (box->other == ALL || box->other == patient->other);
}

static int32_t count_patients(const Hospital *hospital, const Box *box)
{
        int32_t count = 0;

        for (size_t i = 0; i < hospital->n_patients; i++)
                count += is_within(box, &hospital->patients[i]);
        return count;
}

static void arrive(Hospital *hospital)
{
        hospital->patients[hospital->n_patients++] = (Patient){
                .hour = chance_below(hospital->chance, N_HOURS),
                .unit = chance_below(hospital->chance, N_PARTS),
                .other = chance_below(hospital->chance, N_PARTS),
        };
}

/* ------------------------------------------------------------------ the reader */

static bool holds(const Box *outer, const Box *inner)
{
        return outer->from <= inner->from && outer->until >= inner->until &&
               (outer->unit == ALL || outer->unit == inner->unit) &&
               (outer->other == ALL || outer->other == inner->other);
}

static bool is_apart(const Box *a, const Box *b)
{
        return a->until <= b->from || b->until <= a->from ||
               (a->unit != ALL && b->unit != ALL && a->unit != b->unit) ||
               (a->other != ALL && b->other != ALL && a->other != b->other);
}

static size_t take_away(const StatedList *list, const Box *outer, int32_t left, const size_t *taken,
                        size_t n_taken, size_t next)
{
        size_t n_found = 0;

        for (size_t i = next; n_taken < 3 && i < list->n; i++) {
                const Stated *inner = &list->all[i];
                size_t more[3];
                bool fits = holds(outer, &inner->box);

                for (size_t k = 0; fits && k < n_taken; k++)
                        fits = is_apart(&list->all[taken[k]].box, &inner->box);
                if (!fits)
                        continue;
                n_found += count_is_small(left - inner->count) ||
                           (!n_taken && count_is_small(inner->count - left));
                for (size_t k = 0; k < n_taken; k++)
                        more[k] = taken[k];
                more[n_taken] = i;
                n_found += take_away(list, outer, left - inner->count, more, n_taken + 1, i + 1);
                if (n_found)
                        return n_found;
        }
        return n_found;
}

static size_t search(const StatedList *list)
{
        size_t n_found = 0;

        for (size_t i = 0; i < list->n; i++) {
                n_found += count_is_small(list->all[i].count);
                n_found += take_away(list, &list->all[i].box, list->all[i].count, NULL, 0, 0);
        }
        return n_found;
}

static void remember(StatedList *list, const Stated *stated)
{
        assert(list->n < N_STATED_MAX);
        list->all[list->n++] = *stated;
}

/* ------------------------------------------------------------------ the parties */

static Box draw_box(Hospital *hospital)
{
        Chance *chance = hospital->chance;
        unsigned from = chance_below(chance, N_HOURS / 6) * 6;
        unsigned length = (1 + chance_below(chance, 4)) * 6;

        return (Box){
                .from = from,
                .until = MIN(from + length, (unsigned)N_HOURS),
                .unit = chance_percent(chance, 60) ? ALL : chance_below(chance, N_PARTS),
                .other = chance_percent(chance, 60) ? ALL : chance_below(chance, N_PARTS),
        };
}

static Update update_of(Hospital *hospital, WorldParty *party, const Stated *stated,
                        Audience audience)
{
        Update update = world_update(&hospital->world, party, "loc");

        update.kind = UPDATE_FLOW;
        update.audience = audience;
        update.unit = units[stated->box.unit];
        update.flow = (Flow){
                .from = PLEK_CHAIN_AMBULANCE,
                .to = PLEK_CHAIN_ED,
                .other = others[stated->box.other],
                .care = PLEK_CARE_ED,
                .has_count = true,
                .count = stated->count,
                .from_ms = BEGIN + stated->box.from * HOUR,
                .until_ms = BEGIN + stated->box.until * HOUR,
        };
        return update;
}

/* Returns whether it was accepted; into the plan, or (@at_once) into the state. */
static bool admit(Hospital *hospital, WorldParty *party, const Update *update)
{
        static const AdmissionOptions options = { .skew_ms = WORLD_SKEW_MS,
                                                  .n_records_max = 100000 };
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        size_t n_outcomes = hospital->plan->n_outcomes;
        Candidate candidate;
        Update decoded;

        envelope = world_update_envelope(&hospital->world, party, update);
        candidate = world_candidate(&hospital->world, party, envelope, &decoded);
        admission_plan(hospital->world.state, &options, hospital->plan, &candidate, 0,
                       hospital->world.now_ms);
        return !hospital->plan->outcomes[n_outcomes].refusal.code;
}

static void commit(Hospital *hospital)
{
        for (size_t i = 0; i < hospital->plan->n_entries; i++)
                world_apply(&hospital->world, ENTRY_UPDATE,
                            blob_ref(hospital->plan->entries[i].bytes));
        plan_reset(hospital->plan, hospital->world.revision);
}

static void say(Hospital *hospital, WorldParty *party, const Box *box)
{
        Stated stated = { *box, count_patients(hospital, box) };
        Audience audience = chance_percent(hospital->chance, 30)   ? AUDIENCE_COORD
                            : chance_percent(hospital->chance, 20) ? AUDIENCE_OPEN
                                                                   : AUDIENCE_CARE;
        Update update = update_of(hospital, party, &stated, audience);
        bool accepted;

        if (audience != AUDIENCE_COORD && count_is_small(stated.count))
                return; /* its own library would not sign it */
        accepted = admit(hospital, party, &update);
        hospital->n_accepted += accepted;
        hospital->n_refused += !accepted;
        if (audience == AUDIENCE_COORD)
                return;
        remember(&hospital->tried, &stated);
        if (accepted)
                remember(&hospital->read, &stated);
}

static void take_back(Hospital *hospital, WorldParty *party, const Box *box)
{
        Stated stated = { *box, 0 };
        Update said = update_of(hospital, party, &stated, AUDIENCE_CARE);
        Update update = world_update(&hospital->world, party, "loc");

        update.kind = UPDATE_WITHDRAW;
        update.withdraw = update_record_ref(&said);
        (void)admit(hospital, party, &update);
}

static void something(Hospital *hospital)
{
        Chance *chance = hospital->chance;
        WorldParty *party = hospital->parties[chance_below(chance, 2)];
        const StatedList *read = &hospital->read;
        Box box = draw_box(hospital);

        if (read->n && chance_percent(chance, 40))
                box = read->all[chance_below(chance, (unsigned)read->n)].box;
        if (hospital->n_patients < N_PATIENTS && chance_percent(chance, 30))
                arrive(hospital);
        hospital->world.now_ms += 1000;
        if (chance_percent(chance, 15))
                take_back(hospital, party, &box);
        else
                say(hospital, party, &box);
        if (chance_percent(chance, 50) || plan_is_full(hospital->plan))
                commit(hospital);
}

/* ------------------------------------------------------------------ the matrix */

/* What names less comes first; of the same parts the later. */
static bool goes_before(const FlowWord *a, const FlowWord *b)
{
        if (a->unit != b->unit)
                return !a->unit || (b->unit && strcmp(a->unit, b->unit) < 0);
        if (a->other != b->other)
                return !a->other || (b->other && strcmp(a->other, b->other) < 0);
        return a->revision > b->revision;
}

/* Whether somebody may be in both. */
static bool may_meet(const FlowWord *a, const FlowWord *b)
{
        return strcmp(a->party, b->party) != 0 && (!a->unit || !b->unit || a->unit == b->unit) &&
               (!a->other || !b->other || a->other == b->other);
}

/* A word counts unless one that counts goes before it, by another party, in which somebody of it
 * may be: by its definition, over and over. */
static bool counts(const FlowWord *words, size_t n_words, size_t i)
{
        for (size_t k = 0; k < n_words; k++)
                if (k != i && words[k].from_ms == words[i].from_ms &&
                    words[k].until_ms == words[i].until_ms && goes_before(&words[k], &words[i]) &&
                    may_meet(&words[k], &words[i]) && counts(words, n_words, k))
                        return false;
        return true;
}

/* What a coordination centre's matrix should have: hour by hour, each flow's first and longest. */
static int64_t count_slowly(const FlowWord *words, size_t n_words, size_t *ret_n_overlapping)
{
        int64_t sum = 0, until_ms = INT64_MIN;

        *ret_n_overlapping = 0;
        for (int64_t at_ms = BEGIN; at_ms < BEGIN + N_HOURS * HOUR; at_ms += HOUR) {
                const FlowWord *longest = NULL;

                for (size_t i = 0; i < n_words; i++)
                        if (words[i].from_ms == at_ms &&
                            (!longest || words[i].until_ms > longest->until_ms))
                                longest = &words[i];
                for (size_t i = 0; longest && i < n_words; i++) {
                        bool is_counted = at_ms >= until_ms &&
                                          words[i].until_ms == longest->until_ms &&
                                          counts(words, n_words, i);

                        if (words[i].from_ms != at_ms)
                                continue;
                        *ret_n_overlapping += !is_counted;
                        sum += is_counted ? words[i].count : 0;
                }
                if (longest && at_ms >= until_ms)
                        until_ms = longest->until_ms;
        }
        return sum;
}

static const char *same_text(const char *text, const char *const *texts)
{
        for (size_t i = 0; text && i < N_PARTS; i++)
                if (!strcmp(text, texts[i]))
                        return texts[i];
        return NULL;
}

static void check_matrix(Hospital *hospital)
{
        CLEANUP(flow_words_deinit) FlowWords words = FLOW_WORDS_NULL;
        CLEANUP(flows_deinit) Flows all = FLOWS_NULL, care = FLOWS_NULL;
        FlowsQuestion question = { .from_ms = BEGIN,
                                   .to_ms = BEGIN + N_HOURS * HOUR,
                                   .audience = AUDIENCE_COORD };
        size_t n_overlapping;
        int64_t sum;

        must(flow_words_gather(&words, state_picture(hospital->world.state),
                               state_registry(hospital->world.state), STATUS_ACTUAL, NULL,
                               hospital->world.now_ms));
        for (size_t i = 0; i < words.n_words; i++) {
                words.words[i].unit = same_text(words.words[i].unit, units);
                words.words[i].other = same_text(words.words[i].other, others);
        }
        sum = count_slowly(words.words, words.n_words, &n_overlapping);
        must(flows_make(&all, words.words, words.n_words, &question));
        assert(all.n_cells == (words.n_words != 0));
        assert(!all.n_cells || all.cells[0].count == sum);
        assert(all.n_overlapping == n_overlapping);

        question.audience = AUDIENCE_CARE;
        must(flows_make(&care, words.words, words.n_words, &question));
        for (size_t i = 0; i < care.n_cells; i++)
                assert(!count_is_small(care.cells[i].count));
}

/* ------------------------------------------------------------------ */

int main(int argc, char **argv)
{
        Chance chance = chance_new(argc, argv);
        size_t n_accepted = 0, n_refused = 0, n_would_be = 0, n_read = 0;
        Hospital *hospital = calloc(1, sizeof(*hospital));

        assert(hospital);
        must(plan_new(&hospital->plan));
        for (unsigned round = 0; round < N_ROUNDS; round++) {
                *hospital = (Hospital){ .chance = &chance, .plan = hospital->plan };
                world_start(&hospital->world, 100);
                hospital->parties[0] = world_add_party(&hospital->world, "p", "loc", "noord");
                hospital->parties[1] = world_add_party(&hospital->world, "q", "loc", "noord");
                plan_reset(hospital->plan, hospital->world.revision);
                while (hospital->n_patients < N_PATIENTS / 2)
                        arrive(hospital);
                for (unsigned i = 0; i < N_TRIES; i++)
                        something(hospital);
                commit(hospital);

                check_matrix(hospital);
                assert(!search(&hospital->read));
                n_would_be += search(&hospital->tried);
                n_accepted += hospital->n_accepted;
                n_refused += hospital->n_refused;
                n_read += hospital->read.n;
                world_deinit(&hospital->world);
        }
        printf("%zu accepted, %zu of them read by all; %zu refused, which would have shown %zu\n",
               n_accepted, n_read, n_refused, n_would_be);
        assert(n_read > N_ROUNDS && n_would_be > N_ROUNDS);
        plan_free(hospital->plan);
        free(hospital);
        return 0;
}
