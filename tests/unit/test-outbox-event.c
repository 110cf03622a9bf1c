#include "outbox-fixture.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define NOW_MS (EPOCH_US / 1000)

static Update refusal_of(uint8_t id, int64_t at_ms)
{
        return (Update){
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_COORD,
                .location = "noord",
                .kind = UPDATE_REFUSAL,
                .care_refusal = { .id = { id },
                                  .care = PLEK_CARE_WARD,
                                  .at_ms = at_ms,
                                  .count = 1 },
        };
}

static void assert_sends_refusal(Fixture *fixture, uint8_t id)
{
        assert_int_equal(next(fixture), 0);
        assert_int_equal(fixture->update.kind, UPDATE_REFUSAL);
        assert_int_equal(fixture->update.care_refusal.id[0], id);
}

static void test_what_is_sent_again_keeps_its_id_and_its_time(void **state)
{
        Update update = refusal_of(5, NOW_MS - 1000);
        Fixture fixture;
        uint64_t seq;

        setup(&fixture, 8);
        put(&fixture, &update);
        assert_sends_refusal(&fixture, 5);
        seq = fixture.update.seq;
        pass_ms(&fixture, 10000); /* no receipt */
        assert_sends_refusal(&fixture, 5);
        assert_true(fixture.update.seq > seq);
        assert_int_equal(fixture.update.care_refusal.at_ms, NOW_MS - 1000);
        answer(&fixture, fixture.update.seq, 100, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_ACCEPTED);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 0);
        put(&fixture, &update); /* once is enough */
        assert_sends_nothing(&fixture);
        teardown(&fixture);
}

static void test_another_refusal_under_a_known_id_is_refused_at_once(void **state)
{
        Update first = refusal_of(5, NOW_MS - 1000), other = refusal_of(5, NOW_MS - 2000);
        WireRefusal refusal = { 0 };
        Fixture fixture;

        setup(&fixture, 8);
        put(&fixture, &first);
        for (unsigned i = 0; i < 2; i++) { /* before it is sent, and after its receipt */
                assert_int_equal(outbox_put(fixture.outbox, &other, 0, 0, &refusal),
                                 OUTBOX_E_INVALID);
                assert_string_equal(refusal.field, "refusal.id");
                put(&fixture, &first);
                if (i)
                        break;
                assert_sends_refusal(&fixture, 5);
                assert_int_equal(fixture.update.care_refusal.at_ms, NOW_MS - 1000);
                answer(&fixture, fixture.update.seq, 100, 0);
        }
        teardown(&fixture);
}

static void test_a_refusal_that_was_not_taken_gives_its_id_to_the_right_one(void **state)
{
        Update first = refusal_of(5, NOW_MS + 1000000), other = refusal_of(5, NOW_MS - 2000);
        Fixture fixture;

        setup(&fixture, 8);
        put(&fixture, &first);
        assert_sends_refusal(&fixture, 5);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_PERIOD);
        put(&fixture, &other);
        assert_sends_refusal(&fixture, 5);
        assert_int_equal(fixture.update.care_refusal.at_ms, NOW_MS - 2000);
        teardown(&fixture);
}

static void test_what_happened_is_not_affirmed(void **state)
{
        Update update = refusal_of(5, NOW_MS);
        Fixture fixture;

        setup(&fixture, 8);
        assert_int_equal(outbox_source_answers(fixture.outbox, NULL, true, 0), 0);
        put(&fixture, &update);
        accept_all(&fixture);
        for (unsigned i = 0; i < 100; i++) {
                pass_ms(&fixture, 3600 * 1000);
                assert_sends_nothing(&fixture);
        }
        teardown(&fixture);
}

static void test_what_happened_is_stated_to_a_broker_that_lost_it(void **state)
{
        Update update = refusal_of(5, NOW_MS);
        Fixture fixture;

        setup(&fixture, 8);
        put(&fixture, &update);
        accept_all(&fixture);
        outbox_state_all(fixture.outbox, fixture.time.now_ms);
        assert_sends_refusal(&fixture, 5);
        teardown(&fixture);
}

static void test_what_the_broker_takes_no_more_is_let_go_of(void **state)
{
        Fixture fixture;

        setup(&fixture, 8);
        for (unsigned day = 0; day < 5000; day++) { /* of 1,000 that may be kept */
                Update update = refusal_of((uint8_t)day, NOW_MS + day * DAY_MS);

                update.care_refusal.id[1] = (uint8_t)(day >> 8);
                put(&fixture, &update);
                accept_all(&fixture);
        }
        outbox_state_all(fixture.outbox, fixture.time.now_ms);
        assert_in_range(outbox_n_waiting(fixture.outbox), 35, 37);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_sent_again_keeps_its_id_and_its_time),
                cmocka_unit_test(test_another_refusal_under_a_known_id_is_refused_at_once),
                cmocka_unit_test(test_a_refusal_that_was_not_taken_gives_its_id_to_the_right_one),
                cmocka_unit_test(test_what_happened_is_not_affirmed),
                cmocka_unit_test(test_what_happened_is_stated_to_a_broker_that_lost_it),
                cmocka_unit_test(test_what_the_broker_takes_no_more_is_let_go_of),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
