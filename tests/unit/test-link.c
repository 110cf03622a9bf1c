#include "cmocka-all.h"

#include "lib/link.h"

#define NOW INT64_C(1000000)

static void take(Link *link, LinkLane lane, int64_t time_ms, int64_t now_ms, bool is_young)
{
        LinkBeat beat = { .lane = lane, .time_ms = time_ms, .is_accepting = true };

        assert_int_equal(link_beat(link, &beat, now_ms), is_young);
}

static void both(Link *link, int64_t now_ms)
{
        take(link, LINK_STATUS, now_ms, now_ms, true);
        take(link, LINK_COUNTS, now_ms, now_ms, true);
}

static void test_nothing_is_fed_before_the_first_beat(void **state)
{
        Link link;

        link_init(&link, NOW);
        assert_int_equal(link.kind, LINK_NOT_FED);
        assert_int_equal(link.since_ms, NOW);
        assert_false(link_update(&link, NOW + 10));
        assert_int_equal(link_due(&link), INT64_MAX);
}

static void test_each_lane_needs_beats_of_its_own(void **state)
{
        Link link;

        link_init(&link, NOW);
        take(&link, LINK_STATUS, NOW, NOW, true);
        assert_false(link_update(&link, NOW));
        take(&link, LINK_COUNTS, NOW, NOW, true);
        assert_true(link_update(&link, NOW));
        assert_int_equal(link.kind, LINK_LIVE);

        take(&link, LINK_STATUS, NOW + 2000, NOW + 2000, true);
        assert_true(link_update(&link, NOW + 3000));
        assert_int_equal(link.kind, LINK_NOT_FED);
}

static void test_a_feed_that_stops_shows_within_three_seconds(void **state)
{
        Link link;

        link_init(&link, NOW);
        both(&link, NOW);
        assert_true(link_update(&link, NOW));
        assert_int_equal(link_due(&link), NOW + 3000);
        assert_false(link_update(&link, NOW + 2999));
        assert_true(link_update(&link, NOW + 3000));
        assert_int_equal(link.kind, LINK_NOT_FED);
        assert_int_equal(link.since_ms, NOW + 3000);
}

static void test_an_old_beat_does_not_feed(void **state)
{
        Link link;

        link_init(&link, NOW);
        take(&link, LINK_STATUS, NOW - 3001, NOW, false);
        take(&link, LINK_COUNTS, NOW - 3001, NOW, false);
        assert_false(link_update(&link, NOW));
        /* A stream that is late by two seconds feeds for one. */
        take(&link, LINK_STATUS, NOW - 2000, NOW, true);
        take(&link, LINK_COUNTS, NOW - 2000, NOW, true);
        assert_true(link_update(&link, NOW));
        assert_int_equal(link_due(&link), NOW + 1000);
}

static void test_a_beat_from_the_future_is_worth_no_more_than_one_of_now(void **state)
{
        Link link;

        link_init(&link, NOW);
        take(&link, LINK_STATUS, NOW + 100000, NOW, true);
        take(&link, LINK_COUNTS, NOW + 100000, NOW, true);
        assert_true(link_update(&link, NOW));
        assert_int_equal(link_due(&link), NOW + 3000);
}

static void test_not_accepting_is_live_with_a_reason_and_since_when(void **state)
{
        LinkBeat full = {
                .lane = LINK_STATUS, .time_ms = NOW, .why_not = "disk-full", .since_ms = NOW - 60000
        };
        Link link;

        link_init(&link, NOW);
        both(&link, NOW);
        assert_true(link_beat(&link, &full, NOW));
        assert_true(link_update(&link, NOW));
        assert_int_equal(link.kind, LINK_NOT_ACCEPTING);
        assert_int_equal(link.since_ms, NOW - 60000);
        assert_string_equal(link.why_not, "disk-full");

        both(&link, NOW + 1000);
        assert_true(link_update(&link, NOW + 1000));
        assert_int_equal(link.kind, LINK_LIVE);
        assert_int_equal(link.since_ms, NOW + 1000);
}

static void test_not_fed_is_worse_than_not_accepting(void **state)
{
        LinkBeat full = { .lane = LINK_STATUS, .time_ms = NOW, .why_not = "clock" };
        Link link;

        link_init(&link, NOW);
        both(&link, NOW);
        assert_true(link_beat(&link, &full, NOW));
        assert_true(link_update(&link, NOW));
        assert_true(link_update(&link, NOW + 3000));
        assert_int_equal(link.kind, LINK_NOT_FED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_fed_before_the_first_beat),
                cmocka_unit_test(test_each_lane_needs_beats_of_its_own),
                cmocka_unit_test(test_a_feed_that_stops_shows_within_three_seconds),
                cmocka_unit_test(test_an_old_beat_does_not_feed),
                cmocka_unit_test(test_a_beat_from_the_future_is_worth_no_more_than_one_of_now),
                cmocka_unit_test(test_not_accepting_is_live_with_a_reason_and_since_when),
                cmocka_unit_test(test_not_fed_is_worse_than_not_accepting),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
