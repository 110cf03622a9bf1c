/*
 * What counts say together: what is free, and what contradicts itself
 */

#include "update-fixture.h"
#include "wire/block.h"

static void test_available_is_given_or_computed(void **state)
{
        Counts counts = counts_update().counts;
        int32_t available;
        bool computed;

        assert_true(counts_available(&counts, &available, &computed));
        assert_true(computed);
        assert_int_equal(available, 3);

        counts.present[COUNT_BLOCKED] = true;
        counts.value[COUNT_BLOCKED] = 1;
        assert_true(counts_available(&counts, &available, &computed));
        assert_int_equal(available, 2);

        counts.present[COUNT_AVAILABLE] = true;
        counts.value[COUNT_AVAILABLE] = 1;
        assert_true(counts_available(&counts, &available, &computed));
        assert_false(computed);
        assert_int_equal(available, 1);
}

static void test_what_cannot_be_known_is_not_computed(void **state)
{
        Counts counts = counts_update().counts;
        int32_t available = 99;
        bool computed;

        counts.missing[COUNT_RESERVED] = PLEK_MISSING_SUPPRESSED;
        assert_false(counts_available(&counts, &available, &computed));
        counts.missing[COUNT_RESERVED] = 0;
        counts.missing[COUNT_AVAILABLE] = PLEK_MISSING_SUPPRESSED;
        assert_false(counts_available(&counts, &available, &computed));
        counts.missing[COUNT_AVAILABLE] = 0;
        counts.present[COUNT_OCCUPIED] = false;
        assert_false(counts_available(&counts, &available, &computed));
        assert_int_equal(available, 99);
}

static void test_contradicting_counts_are_flagged(void **state)
{
        Counts counts = counts_update().counts;
        int32_t available;
        bool computed;

        assert_int_equal(counts_flags(&counts), 0);
        counts.present[COUNT_AVAILABLE] = true;
        counts.value[COUNT_AVAILABLE] = 3;
        assert_int_equal(counts_flags(&counts), 0);
        counts.value[COUNT_AVAILABLE] = 4;
        assert_int_equal(counts_flags(&counts), ENTRY_INCONSISTENT);

        counts.value[COUNT_OCCUPIED] = 23;
        counts.value[COUNT_AVAILABLE] = 0;
        assert_int_equal(counts_flags(&counts), ENTRY_OVERCROWDED);
        counts.present[COUNT_AVAILABLE] = false;
        assert_true(counts_available(&counts, &available, &computed));
        assert_int_equal(available, 0);
}

static void test_doors_and_cards_travel_in_the_status_lane(void **state)
{
        assert_int_equal(report_lane(UPDATE_DOOR), LANE_STATUS);
        assert_int_equal(report_lane(UPDATE_CARD), LANE_STATUS);
        assert_int_equal(report_lane(UPDATE_COUNTS), LANE_COUNTS);
        assert_int_equal(report_lane(UPDATE_PRESSURE), LANE_COUNTS);
}

static int run(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_available_is_given_or_computed),
                TEST(test_what_cannot_be_known_is_not_computed),
                TEST(test_contradicting_counts_are_flagged),
                TEST(test_doors_and_cards_travel_in_the_status_lane),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
        return fixture_run(run);
}
