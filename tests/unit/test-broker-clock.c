#include "broker/clock.h"
#include "cmocka-all.h"

#define SECOND_US INT64_C(1000000)
#define START_US  (INT64_C(1770000000) * SECOND_US)

enum { SKEW_MS = 120 * 1000, JUMP_MS = 600 * 1000 };

/* The host's two clocks, and the ledger's last entry. */
typedef struct Host {
        BrokerClock clock;
        int64_t realtime_us, boottime_us, last_entry_ms;
} Host;

static Host host_new(int64_t last_entry_ms)
{
        Host host = { .realtime_us = START_US,
                      .boottime_us = 5000 * SECOND_US,
                      .last_entry_ms = last_entry_ms };

        broker_clock_init(&host.clock, SKEW_MS, JUMP_MS);
        broker_clock_update(&host.clock, host.realtime_us, host.boottime_us, last_entry_ms);
        return host;
}

static void host_pass(Host *host, int64_t seconds, int64_t jump_seconds)
{
        host->boottime_us += seconds * SECOND_US;
        host->realtime_us += (seconds + jump_seconds) * SECOND_US;
        broker_clock_update(&host->clock, host->realtime_us, host->boottime_us,
                            host->last_entry_ms);
}

static void test_the_hosts_clock_is_the_time(void **state)
{
        Host host = host_new(0);

        assert_true(broker_clock_is_sane(&host.clock));
        assert_int_equal(host.clock.now_us, START_US);
        host_pass(&host, 10, 0);
        assert_int_equal(host.clock.now_us, START_US + 10 * SECOND_US);
        assert_null(broker_clock_sentence(&host.clock));
}

static void test_a_small_step_is_followed(void **state)
{
        Host host = host_new(0);

        host_pass(&host, 1, 599);
        assert_true(broker_clock_is_sane(&host.clock));
        assert_int_equal(host.clock.now_us, host.realtime_us);
}

static void test_a_jump_is_not_believed(void **state)
{
        Host host = host_new(0);

        host_pass(&host, 1, 3600);
        assert_int_equal(host.clock.fault, CLOCK_JUMPED);
        assert_int_equal(host.clock.now_us, START_US + SECOND_US);
        assert_int_equal(host.clock.fault_since_ms, (START_US + SECOND_US) / 1000);
        assert_non_null(broker_clock_sentence(&host.clock));

        host_pass(&host, 20, 0);
        assert_false(broker_clock_is_sane(&host.clock));
        assert_int_equal(host.clock.now_us, START_US + 21 * SECOND_US);
}

static void test_a_jump_backwards_is_not_believed_either(void **state)
{
        Host host = host_new(0);

        host_pass(&host, 1, -3600);
        assert_int_equal(host.clock.fault, CLOCK_JUMPED);
}

static void test_it_is_sane_again_when_the_host_is(void **state)
{
        Host host = host_new(0);

        host_pass(&host, 1, 3600);
        host_pass(&host, 1, -3600);
        assert_true(broker_clock_is_sane(&host.clock));
        assert_int_equal(host.clock.now_us, host.realtime_us);
}

static void test_an_operator_accepts_a_jump(void **state)
{
        Host host = host_new(0);

        host_pass(&host, 1, 3600);
        broker_clock_confirm(&host.clock, host.realtime_us, host.boottime_us, 0);
        assert_true(broker_clock_is_sane(&host.clock));
        assert_int_equal(host.clock.now_us, host.realtime_us);
        host_pass(&host, 1, 0);
        assert_true(broker_clock_is_sane(&host.clock));
}

static void test_a_little_behind_the_last_entry_is_sane(void **state)
{
        Host host = host_new(START_US / 1000 + SKEW_MS);

        assert_true(broker_clock_is_sane(&host.clock));
        host = host_new(START_US / 1000 + SKEW_MS + 1);
        assert_false(broker_clock_is_sane(&host.clock));
}

static void test_far_behind_the_last_entry_is_not(void **state)
{
        int64_t last_ms = START_US / 1000 + 86400 * INT64_C(1000);
        Host host = host_new(last_ms);

        assert_int_equal(host.clock.fault, CLOCK_BEHIND);
        assert_int_equal(broker_clock_now_ms(&host.clock), last_ms);
        host_pass(&host, 5, 0);
        assert_int_equal(broker_clock_now_ms(&host.clock), last_ms + 5000);
}

static void test_a_clock_set_right_from_behind_is_no_jump(void **state)
{
        int64_t last_ms = START_US / 1000 + 86400 * INT64_C(1000);
        Host host = host_new(last_ms);

        assert_false(broker_clock_is_sane(&host.clock));
        host_pass(&host, 1, 3 * 86400);
        assert_true(broker_clock_is_sane(&host.clock));
        assert_int_equal(host.clock.now_us, host.realtime_us);
}

static void test_being_behind_is_accepted_for_what_is_there_already(void **state)
{
        int64_t last_ms = START_US / 1000 + 86400 * INT64_C(1000);
        Host host = host_new(last_ms);

        assert_null(broker_clock_warning(&host.clock));
        broker_clock_confirm(&host.clock, host.realtime_us, host.boottime_us, last_ms);
        assert_true(broker_clock_is_sane(&host.clock));
        assert_non_null(broker_clock_warning(&host.clock));
        host_pass(&host, 1, 0);
        assert_true(broker_clock_is_sane(&host.clock));

        host.last_entry_ms = last_ms + 1;
        host_pass(&host, 1, 0);
        assert_int_equal(host.clock.fault, CLOCK_BEHIND);
        assert_null(broker_clock_warning(&host.clock));
        host_pass(&host, 1, 86400);
        assert_null(broker_clock_warning(&host.clock)); /* past it, nothing is odd */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_hosts_clock_is_the_time),
                cmocka_unit_test(test_a_small_step_is_followed),
                cmocka_unit_test(test_a_jump_is_not_believed),
                cmocka_unit_test(test_a_jump_backwards_is_not_believed_either),
                cmocka_unit_test(test_it_is_sane_again_when_the_host_is),
                cmocka_unit_test(test_an_operator_accepts_a_jump),
                cmocka_unit_test(test_a_little_behind_the_last_entry_is_sane),
                cmocka_unit_test(test_far_behind_the_last_entry_is_not),
                cmocka_unit_test(test_a_clock_set_right_from_behind_is_no_jump),
                cmocka_unit_test(test_being_behind_is_accepted_for_what_is_there_already),
        };

        return cmocka_run_group_tests_name("broker-clock", tests, NULL, NULL);
}
