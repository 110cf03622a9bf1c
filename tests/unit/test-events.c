#include "picture-fixture.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static Update flow_of(Audience audience, int64_t days_ago, int32_t count)
{
        Update update = update_of(UPDATE_FLOW, "loc", 1);

        update.audience = audience;
        update.flow = (Flow){ .from = PLEK_CHAIN_GP,
                              .to = PLEK_CHAIN_ED,
                              .care = PLEK_CARE_ED,
                              .has_count = true,
                              .count = count,
                              .from_ms = NOW - (days_ago + 1) * DAY_MS,
                              .until_ms = NOW - days_ago * DAY_MS };
        memset(update.content_digest, count, sizeof(update.content_digest));
        return update;
}

static void test_an_event_that_is_known_changes_nothing_and_tells_nobody(void **state)
{
        Update update = flow_of(AUDIENCE_CARE, 1, 9);
        uint64_t revision;
        Fixture fixture;

        setup(&fixture, 10);
        revision = report(&fixture, &update);
        update.seq++;
        report(&fixture, &update);
        assert_int_equal(fixture.change.n_items, 0);
        assert_int_equal(held(&fixture, &update)->revision, revision);
        assert_int_equal(held(&fixture, &update)->changed_revision, revision);
        teardown(&fixture);
}

static void test_an_affirm_does_not_renew_an_event(void **state)
{
        Update update = flow_of(AUDIENCE_CARE, 1, 9), renews = affirm_of("loc", LANE_COUNTS, 5);
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &update);
        affirm(&fixture, &renews);
        assert_int_equal(fixture.change.n_items, 0);
        assert_null(held(&fixture, &update)->affirmation);
        teardown(&fixture);
}

static void test_what_is_taken_back_is_marked_for_good(void **state)
{
        Update wide = flow_of(AUDIENCE_CARE, 1, 9), narrow = flow_of(AUDIENCE_COORD, 1, 9);
        Update corrected = flow_of(AUDIENCE_COORD, 1, 8), never = flow_of(AUDIENCE_COORD, 2, 9);
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &wide);
        assert_int_equal(held(&fixture, &wide)->flags, 0);
        report(&fixture, &narrow);
        assert_int_equal(fixture.change.n_items, 2);
        assert_item(&fixture.change.items[0], CHANGE_WITHDRAWN, AUDIENCE_CARE, AUDIENCE_CARE);
        assert_int_equal(held(&fixture, &wide)->flags, ENTRY_SAID_WIDER);
        report(&fixture, &corrected);
        assert_int_equal(held(&fixture, &wide)->flags, ENTRY_SAID_WIDER);
        report(&fixture, &never);
        assert_int_equal(held(&fixture, &never)->flags, 0);
        teardown(&fixture);
}

static void test_flows_of_one_place_are_found_together(void **state)
{
        Update a = flow_of(AUDIENCE_CARE, 1, 9), b = flow_of(AUDIENCE_COORD, 2, 3);
        Update other = flow_of(AUDIENCE_CARE, 1, 9);
        EventPlace place = { STATUS_ACTUAL, "loc", PLEK_CARE_ED, PLEK_CHAIN_GP, PLEK_CHAIN_ED };
        const EventCell *cell;
        size_t n = 0;
        Fixture fixture;

        setup(&fixture, 10);
        other.flow.from = PLEK_CHAIN_HOME;
        report(&fixture, &a);
        report(&fixture, &b);
        report(&fixture, &other);
        cell = events_find_cell(picture_events(fixture.picture), &place);
        assert_non_null(cell);
        list_for_each (link, &cell->events)
                n++;
        assert_int_equal(n, 2);
        withdraw(&fixture, &a);
        withdraw(&fixture, &b);
        assert_null(events_find_cell(picture_events(fixture.picture), &place));
        teardown(&fixture);
}

static void test_each_leaves_when_its_day_has_come(void **state)
{
        Fixture fixture;
        size_t n_left;

        setup(&fixture, 10);
        for (int64_t day = 1; day <= 30; day++) {
                Update update = flow_of(AUDIENCE_CARE, day, 9);

                report(&fixture, &update);
        }
        for (int64_t days = 0; days <= EVENT_DAYS + 4; days++) {
                while (picture_next_over(fixture.picture, NOW + days * DAY_MS))
                        picture_drop(fixture.picture,
                                     picture_next_over(fixture.picture, NOW + days * DAY_MS));
                n_left = (size_t)(days <= EVENT_DAYS - 30 ? 30
                                  : days >= EVENT_DAYS    ? 0
                                                          : EVENT_DAYS - days);
                assert_int_equal(picture_n_records(fixture.picture), n_left);
        }
        teardown(&fixture);
}

/* A broker that was not started for months, and then is. */
static void test_what_is_long_over_leaves_at_once_and_what_is_new_stays(void **state)
{
        Update old = flow_of(AUDIENCE_CARE, 1, 9),
               new = flow_of(AUDIENCE_CARE, 1 - EVENT_BUCKETS, 9);
        Fixture fixture;
        Record *over;

        setup(&fixture, 10);
        report(&fixture, &old);
        report(&fixture, &new); /* in the same bucket */
        over = picture_next_over(fixture.picture, NOW + EVENT_BUCKETS * DAY_MS);
        assert_ptr_equal(over, held(&fixture, &old));
        picture_drop(fixture.picture, over);
        assert_null(picture_next_over(fixture.picture, NOW + EVENT_BUCKETS * DAY_MS));
        assert_non_null(held(&fixture, &new));
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_event_that_is_known_changes_nothing_and_tells_nobody),
                cmocka_unit_test(test_an_affirm_does_not_renew_an_event),
                cmocka_unit_test(test_what_is_taken_back_is_marked_for_good),
                cmocka_unit_test(test_flows_of_one_place_are_found_together),
                cmocka_unit_test(test_each_leaves_when_its_day_has_come),
                cmocka_unit_test(test_what_is_long_over_leaves_at_once_and_what_is_new_stays),
        };

        return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
