#pragma once

/*
 * For tests of admission: a world with one party, a plan, and what a refusal must look like
 */

#include "../core-world.h"
#include "cmocka-all.h"

static World world;
static WorldParty *party; /* "a", which speaks for "loc" in noord */
static Plan *plan;
static AdmissionOptions options;

static inline int setup(void **state)
{
        world_start(&world, 100);
        party = world_add_party(&world, "a", "loc", "noord");
        options = (AdmissionOptions){ .skew_ms = WORLD_SKEW_MS, .n_records_max = 100000 };
        assert_int_equal(plan_new(&plan), 0);
        plan_reset(plan, world.revision);
        return 0;
}

static inline int teardown(void **state)
{
        plan_free(plan);
        world_deinit(&world);
        return 0;
}

/* Plans @candidate and returns what came of it. */
static inline const PlanOutcome *admit(const Candidate *candidate)
{
        size_t n_outcomes = plan->n_outcomes, n_entries = plan->n_entries;
        const PlanOutcome *outcome;

        admission_plan(world.state, &options, plan, candidate, 7, world.now_ms);
        assert_int_equal(plan->n_outcomes, n_outcomes + 1);
        outcome = &plan->outcomes[n_outcomes];
        assert_int_equal(outcome->candidate, 7);
        if (outcome->refusal.code)
                assert_int_equal(plan->n_entries, n_entries);
        return outcome;
}

static inline const PlanOutcome *admit_of(const WorldParty *sender, const Update *update)
{
        CLEANUP(blob_unrefp) Blob *envelope = world_update_envelope(&world, sender, update);
        Candidate candidate;
        Update decoded;

        candidate = world_candidate(&world, sender, envelope, &decoded);
        return admit(&candidate);
}

/* Refused with that code and field, in a sentence, with the floor, and without a trace. */
static inline const PlanOutcome *assert_refused(const PlanOutcome *outcome, uint32_t code,
                                                const char *field)
{
        assert_int_equal(outcome->refusal.code, code);
        assert_int_equal(outcome->entry, SIZE_MAX);
        assert_int_equal(outcome->revision, 0);
        if (field)
                assert_string_equal(outcome->refusal.field, field);
        else
                assert_null(outcome->refusal.field);
        assert_true(strlen(outcome->refusal.text) > 20);
        assert_true(strlen(outcome->refusal.text) < PLAN_TEXT_MAX - 1);
        return outcome;
}

static inline const PlanOutcome *assert_accepted(const PlanOutcome *outcome)
{
        if (outcome->refusal.code)
                print_error("%s\n", outcome->refusal.text);
        assert_int_equal(outcome->refusal.code, 0);
        return outcome;
}

static inline bool says(const PlanOutcome *outcome, const char *words)
{
        return strstr(outcome->refusal.text, words);
}
