#include <stdio.h>
#include <string.h>

#include "cmocka-all.h"
#include "core/plan.h"

static int setup(void **state)
{
        Plan *plan;

        assert_int_equal(plan_new(&plan), 0);
        *state = plan;
        return 0;
}

static int teardown(void **state)
{
        plan_free(*state);
        return 0;
}

static void test_an_entry_holds_its_bytes_until_the_plan_is_reset(void **state)
{
        Plan *plan = *state;
        Blob *blob = NULL;

        assert_int_equal(blob_copy(&blob, "epoch", 5), 0);
        assert_int_equal(plan_add(plan, ENTRY_EPOCH, blob), 0);
        assert_int_equal(atomic_load(&blob->n_references), 2);
        assert_ptr_equal(plan->entries[0].bytes, blob);

        plan_reset(plan, 7);
        assert_int_equal(atomic_load(&blob->n_references), 1);
        assert_int_equal(plan->base_revision, 7);
        assert_int_equal(plan->n_entries, 0);
        blob_unref(blob);
}

static void test_an_entry_knows_the_digest_of_its_bytes(void **state)
{
        uint8_t digest[DIGEST_BYTES];
        Plan *plan = *state;
        Blob *blob = NULL;

        assert_int_equal(blob_copy(&blob, "epoch", 5), 0);
        assert_int_equal(plan_add(plan, ENTRY_EPOCH, blob), 0);
        digest_of(digest, "epoch", 5);
        assert_memory_equal(plan->entries[0].digest, digest, DIGEST_BYTES);
        blob_unref(blob);
}

static void test_a_full_plan_takes_no_more(void **state)
{
        Plan *plan = *state;
        Blob *blob = NULL;

        assert_int_equal(blob_copy(&blob, "x", 1), 0);
        for (size_t i = 0; i < PLAN_ENTRIES_MAX; i++) {
                assert_false(plan_is_full(plan));
                assert_int_equal(plan_add(plan, ENTRY_EPOCH, blob), 0);
        }
        assert_true(plan_is_full(plan));
        assert_int_equal(plan_add(plan, ENTRY_EPOCH, blob), -ENOBUFS);
        assert_int_equal(atomic_load(&blob->n_references), PLAN_ENTRIES_MAX + 1);
        blob_unref(blob);
}

/* As many parties as a plan can have, twice, so that the second time meets what was cleared. */
static void test_each_party_of_a_full_plan_has_a_floor_of_its_own(void **state)
{
        Plan *plan = *state;
        char party[PARTY_MAX + 1];

        for (unsigned round = 0; round < 2; round++) {
                for (unsigned i = 0; i < PLAN_ENTRIES_MAX; i++) {
                        snprintf(party, sizeof(party), "party-%u-%u", round, i);
                        assert_null(plan_find_floor(plan, party));
                        plan_need_floor(plan, party)->floor = i + 1;
                }
                for (unsigned i = 0; i < PLAN_ENTRIES_MAX; i++) {
                        snprintf(party, sizeof(party), "party-%u-%u", round, i);
                        assert_int_equal(plan_find_floor(plan, party)->floor, i + 1);
                        assert_ptr_equal(plan_need_floor(plan, party),
                                         plan_find_floor(plan, party));
                }
                plan_reset(plan, 0);
                assert_null(plan_find_floor(plan, party));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_an_entry_holds_its_bytes_until_the_plan_is_reset, setup, teardown),
                cmocka_unit_test_setup_teardown(test_an_entry_knows_the_digest_of_its_bytes, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_full_plan_takes_no_more, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_each_party_of_a_full_plan_has_a_floor_of_its_own, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
