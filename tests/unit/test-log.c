#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/log.h"
#include "cmocka-all.h"

static int setup(void **state)
{
        return log_limiter_new((LogLimiter **)state);
}

static int teardown(void **state)
{
        log_limiter_free(*state);
        return 0;
}

static void test_the_first_is_said_and_further_ones_are_counted(void **state)
{
        assert_true(log_limited(*state, 0, "wrong signature", "duin"));
        for (int64_t now_ms = 1; now_ms < 1000; now_ms++)
                assert_false(log_limited(*state, now_ms, "wrong signature", "duin"));
}

static void test_causes_and_parties_are_counted_apart(void **state)
{
        assert_true(log_limited(*state, 0, "wrong signature", "duin"));
        assert_true(log_limited(*state, 0, "wrong signature", "meer"));
        assert_true(log_limited(*state, 0, "not an envelope", "duin"));
        assert_int_equal(log_limiter_n_causes(*state), 3);
}

static void test_what_has_ended_is_forgotten_after_a_minute(void **state)
{
        log_limited(*state, 0, "wrong signature", "duin");
        log_limiter_turn(*state, LOG_SUMMARY_MS - 1);
        assert_int_equal(log_limiter_n_causes(*state), 1);
        log_limiter_turn(*state, LOG_SUMMARY_MS);
        assert_int_equal(log_limiter_n_causes(*state), 0);
        assert_true(log_limited(*state, LOG_SUMMARY_MS, "wrong signature", "duin"));
}

static void test_what_goes_on_is_said_once_a_minute(void **state)
{
        log_limited(*state, 0, "wrong signature", "duin");
        log_limited(*state, 5, "wrong signature", "duin");
        log_limiter_turn(*state, LOG_SUMMARY_MS);
        assert_int_equal(log_limiter_n_causes(*state), 1);
        assert_false(log_limited(*state, LOG_SUMMARY_MS + 1, "wrong signature", "duin"));
        log_limiter_turn(*state, LOG_SUMMARY_MS + 2);
        assert_int_equal(log_limiter_n_causes(*state), 1);
}

static void test_many_who_misbehave_are_one_line(void **state)
{
        size_t n_said = 0;
        char who[32];

        for (int i = 0; i < 3 * LOG_CAUSES_MAX; i++) {
                snprintf(who, sizeof(who), "party-%d", i);
                n_said += log_limited(*state, 0, "wrong signature", who);
        }
        assert_int_equal(n_said, LOG_CAUSES_MAX + 1);
        assert_int_equal(log_limiter_n_causes(*state), LOG_CAUSES_MAX + 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_the_first_is_said_and_further_ones_are_counted,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(test_causes_and_parties_are_counted_apart, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_what_has_ended_is_forgotten_after_a_minute,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_goes_on_is_said_once_a_minute, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_many_who_misbehave_are_one_line, setup,
                                                teardown),
        };

        /* What is said goes to standard error, and is not this test's to show. */
        if (!freopen("/dev/null", "w", stderr))
                return 1;
        return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
