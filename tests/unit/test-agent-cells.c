/*
 * clients/agent: cells.c
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/cells.h"

#define NOW  INT64_C(1767225600000)
#define HOUR ((int64_t)3600 * 1000)
#define DAY  (24 * HOUR)

enum { TOLD_MAX = 16 };

typedef struct Told {
        PlekReport reports[TOLD_MAX];
        unsigned long lines[TOLD_MAX];
        size_t n;
        CellsLeft left;
} Told;

static int take(void *arg, const Cell *cell, const PlekReport *report)
{
        Told *told = arg;

        assert_true(told->n < TOLD_MAX);
        told->lines[told->n] = cell->line;
        told->reports[told->n++] = *report;
        return 0;
}

static void tell(const Cells *cells, int64_t now_ms, int64_t complete_after_ms, Told *ret_told)
{
        memset(ret_told, 0, sizeof(*ret_told));
        assert_int_equal(
                cells_tell(cells, now_ms, complete_after_ms, take, ret_told, &ret_told->left), 0);
}

static PlekReport flow_of(const char *other, int64_t from_ms, int32_t count)
{
        return (PlekReport){
                .status = PLEK_STATUS_ACTUAL,
                .audience = PLEK_AUDIENCE_CARE,
                .location = "duin-ed",
                .kind = PLEK_REPORT_FLOW,
                .flow = { .from = PLEK_CHAIN_AMBULANCE,
                          .to = PLEK_CHAIN_ED,
                          .other = other,
                          .care = PLEK_CARE_ED,
                          .has_count = true,
                          .count = count,
                          .from_ms = from_ms,
                          .until_ms = from_ms + DAY },
        };
}

static void add(Cells *cells, const PlekReport *report, unsigned long line)
{
        assert_int_equal(cells_add(cells, NULL, report, line), 0);
}

static void test_rows_of_one_cell_are_added_up(void **state)
{
        PlekReport a = flow_of("post", NOW - 2 * DAY, 1), b = flow_of(NULL, NOW - 2 * DAY, 7);
        Cells cells = { 0 };
        Told told;

        for (unsigned long line = 2; line < 8; line++)
                add(&cells, &a, line);
        add(&cells, &b, 8);
        add(&cells, &b, 9);
        tell(&cells, NOW, 0, &told);
        assert_int_equal(told.n, 2);
        assert_int_equal(told.reports[0].flow.count, 6);
        assert_string_equal(told.reports[0].flow.other, "post");
        assert_int_equal(told.lines[0], 2);
        assert_int_equal(told.reports[1].flow.count, 14);
        assert_null(told.reports[1].flow.other);
        cells_deinit(&cells);
}

static void test_a_small_count_is_for_coordination_centres_only(void **state)
{
        const struct {
                int32_t count;
                PlekAudience audience;
        } cases[] = { { 0, PLEK_AUDIENCE_CARE },
                      { 1, PLEK_AUDIENCE_COORD },
                      { 4, PLEK_AUDIENCE_COORD },
                      { 5, PLEK_AUDIENCE_CARE } };

        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                PlekReport report = flow_of(NULL, NOW - 2 * DAY, cases[i].count);
                Cells cells = { 0 };
                Told told;

                add(&cells, &report, 2);
                tell(&cells, NOW, 0, &told);
                assert_int_equal(told.n, 1);
                assert_int_equal(told.reports[0].audience, cases[i].audience);
                cells_deinit(&cells);
        }
}

static void test_one_withheld_row_withholds_the_sum(void **state)
{
        PlekReport a = flow_of(NULL, NOW - 2 * DAY, 20), b = a;
        Cells cells = { 0 };
        Told told;

        b.flow.has_count = false;
        b.flow.count = 0;
        add(&cells, &a, 2);
        add(&cells, &b, 3);
        tell(&cells, NOW, 0, &told);
        assert_int_equal(told.n, 1);
        assert_false(told.reports[0].flow.has_count);
        assert_int_equal(told.reports[0].flow.count, 0);
        cells_deinit(&cells);
}

static void test_a_period_that_is_not_over_waits_and_what_is_too_old_is_left(void **state)
{
        PlekReport open = flow_of(NULL, NOW - HOUR, 9), over = flow_of(NULL, NOW - DAY, 9);
        PlekReport old = flow_of(NULL, NOW - 37 * DAY, 9);
        Cells cells = { 0 };
        Told told;

        add(&cells, &open, 2);
        add(&cells, &over, 3);
        add(&cells, &old, 4);
        tell(&cells, NOW, 0, &told);
        assert_int_equal(told.n, 1);
        assert_int_equal(told.lines[0], 3);
        assert_int_equal(told.left.n_to_come, 1);
        assert_int_equal(told.left.n_too_old, 1);
        assert_true(told.left.next_at_ms == NOW + 23 * HOUR);

        tell(&cells, NOW, 2 * HOUR, &told);
        assert_int_equal(told.n, 0);
        assert_true(told.left.next_at_ms == NOW + 2 * HOUR);
        tell(&cells, NOW + 23 * HOUR, 2 * HOUR, &told);
        assert_int_equal(told.n, 1);
        cells_deinit(&cells);
}

static PlekReport refusal_of(int64_t at_ms)
{
        return (PlekReport){
                .status = PLEK_STATUS_ACTUAL,
                .audience = PLEK_AUDIENCE_COORD,
                .location = "duin-ed",
                .kind = PLEK_REPORT_REFUSAL,
                .refusal = { .care = PLEK_CARE_ICU_ADULT, .at_ms = at_ms, .count = 1 },
        };
}

static void test_equal_refusals_are_each_one_and_the_same_when_read_again(void **state)
{
        PlekReport a = refusal_of(NOW - HOUR), b = refusal_of(NOW - 2 * HOUR);
        Cells cells = { 0 }, again = { 0 };
        Told first, second;

        add(&cells, &a, 2);
        add(&cells, &a, 3);
        add(&cells, &b, 4);
        tell(&cells, NOW, 0, &first);
        assert_int_equal(first.n, 3);
        for (size_t i = 0; i < 3; i++)
                for (size_t k = 0; k < i; k++)
                        assert_memory_not_equal(first.reports[i].refusal.id,
                                                first.reports[k].refusal.id, PLEK_EVENT_ID_BYTES);

        add(&again, &b, 2); /* in another order, and one more */
        for (unsigned long line = 3; line < 6; line++)
                add(&again, &a, line);
        tell(&again, NOW, 0, &second);
        assert_int_equal(second.n, 4);
        assert_memory_equal(first.reports[2].refusal.id, second.reports[0].refusal.id,
                            PLEK_EVENT_ID_BYTES);
        assert_memory_equal(first.reports[0].refusal.id, second.reports[1].refusal.id,
                            PLEK_EVENT_ID_BYTES);
        assert_memory_equal(first.reports[1].refusal.id, second.reports[2].refusal.id,
                            PLEK_EVENT_ID_BYTES);
        cells_deinit(&cells);
        cells_deinit(&again);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows_of_one_cell_are_added_up),
                cmocka_unit_test(test_a_small_count_is_for_coordination_centres_only),
                cmocka_unit_test(test_one_withheld_row_withholds_the_sum),
                cmocka_unit_test(test_a_period_that_is_not_over_waits_and_what_is_too_old_is_left),
                cmocka_unit_test(test_equal_refusals_are_each_one_and_the_same_when_read_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
