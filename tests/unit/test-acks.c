#include "picture-fixture.h"

/* That @by has seen @seen, as said at @revision. */
static Update ack_of(const Update *seen, const char *by, uint64_t revision)
{
        Update update = update_of(UPDATE_ACK, seen->location, 1000 + revision);

        update.party = by;
        update.status = seen->status;
        update.audience = MAX(seen->audience, AUDIENCE_CARE);
        update.ack = (Ack){ .party = seen->party,
                            .record = update_record_ref(seen),
                            .epoch = 1,
                            .revision = revision };
        memset(update.content_digest, (int)revision, sizeof(update.content_digest));
        return update;
}

static uint64_t acknowledge(Fixture *fixture, const Update *ack)
{
        change_reset(&fixture->change);
        fixture->revision++;
        assert_int_equal(picture_ack(fixture->picture, ack, fixture->envelope, fixture->revision,
                                     NOW + (int64_t)fixture->revision, &fixture->change),
                         0);
        return fixture->revision;
}

static size_t n_acks(const Fixture *fixture, const Update *seen)
{
        const Record *named = held(fixture, seen);

        return named ? picture_acks(fixture->picture, named, NULL, 0) : 0;
}

static void test_one_of_what_is_not_said_any_more_leaves_nothing(void **state)
{
        Fixture fixture;
        Update door = door_of("here", 1, 'a'), ack;

        setup(&fixture, 10);
        ack = ack_of(&door, "rav", 1);
        acknowledge(&fixture, &ack); /* of nothing */
        assert_int_equal(picture_n_records(fixture.picture), 0);
        assert_int_equal(fixture.change.n_items, 0);

        ack.ack.revision = report(&fixture, &door) + 1; /* of another statement */
        acknowledge(&fixture, &ack);
        assert_int_equal(n_acks(&fixture, &door), 0);
        assert_int_equal(fixture.change.n_items, 0);
        teardown(&fixture);
}

static void test_it_is_told_where_and_to_whom_the_record_is(void **state)
{
        Fixture fixture;
        Update door = door_of("here", 1, 'a'), ack;

        setup(&fixture, 10);
        door.audience = AUDIENCE_COORD;
        ack = ack_of(&door, "rav", report(&fixture, &door));
        acknowledge(&fixture, &ack);
        assert_int_equal(fixture.change.n_items, 1);
        assert_item(&fixture.change.items[0], CHANGE_REPORT, AUDIENCE_COORD, AUDIENCE_COORD);
        assert_ptr_equal(held(&fixture, &ack)->topic, held(&fixture, &door)->topic);
        assert_int_equal(n_acks(&fixture, &door), 1);
        assert_int_equal(picture_n_acks(fixture.picture), 1);
        teardown(&fixture);
}

/* A door that two parties have seen. */
static Update seen_by_two(Fixture *fixture, Audience audience)
{
        const char *const readers[] = { "rav", "zcc" };
        Update door = door_of("here", 1, 'a'), ack;
        uint64_t revision;

        door.audience = audience;
        revision = report(fixture, &door);
        for (size_t i = 0; i < 2; i++) {
                ack = ack_of(&door, readers[i], revision);
                acknowledge(fixture, &ack);
        }
        assert_int_equal(n_acks(fixture, &door), 2);
        return door;
}

static void test_an_affirm_and_a_restatement_keep_it(void **state)
{
        Fixture fixture;
        Update door, affirmed;

        setup(&fixture, 10);
        door = seen_by_two(&fixture, AUDIENCE_CARE);
        affirmed = affirm_of("here", LANE_STATUS, 50);
        affirm(&fixture, &affirmed);
        door.seq = 60;
        report(&fixture, &door);
        assert_int_equal(n_acks(&fixture, &door), 2);
        teardown(&fixture);
}

/* The two acknowledgements end first, for whom they were. */
static void assert_ended(Fixture *fixture, const Update *door)
{
        for (size_t i = 0; i < 2; i++) {
                assert_item(&fixture->change.items[i], CHANGE_WITHDRAWN, AUDIENCE_CARE,
                            AUDIENCE_COORD);
                assert_int_equal(fixture->change.items[i].tombstone->cause, WITHDRAWN_ENDED);
        }
        assert_int_equal(picture_n_acks(fixture->picture), 0);
        assert_int_equal(n_acks(fixture, door), 0);
}

static const char *to_oost(const char *location, void *arg)
{
        return "oost";
}

static const char *to_nowhere(const char *location, void *arg)
{
        return NULL;
}

static void test_it_ends_in_the_change_that_ends_what_was_seen(void **state)
{
        Update door;

        for (int how = 0; how < 6; how++) {
                Fixture fixture;

                setup(&fixture, 20);
                door = seen_by_two(&fixture, AUDIENCE_CARE);
                door.seq = 60;
                switch (how) {
                case 0: /* says something else */
                        memset(door.content_digest, 'b', sizeof(door.content_digest));
                        report(&fixture, &door);
                        break;
                case 1: /* to fewer */
                        door.audience = AUDIENCE_COORD;
                        report(&fixture, &door);
                        break;
                case 2: /* to more: nobody has seen that it is public */
                        door.audience = AUDIENCE_OPEN;
                        report(&fixture, &door);
                        break;
                case 3:
                        withdraw(&fixture, &door);
                        break;
                case 4:
                        regrant(&fixture, to_oost);
                        break;
                case 5:
                        regrant(&fixture, to_nowhere);
                        break;
                }
                assert_ended(&fixture, &door);
                teardown(&fixture);
        }
}

static void test_a_new_enrolment_of_who_has_seen_it_keeps_it(void **state)
{
        Fixture fixture;
        Update door;

        setup(&fixture, 10);
        door = seen_by_two(&fixture, AUDIENCE_CARE);
        change_reset(&fixture.change);
        assert_int_equal(picture_regrant(fixture.picture, "rav", to_nowhere, NULL,
                                         ++fixture.revision, NOW, &fixture.change),
                         0);
        assert_int_equal(fixture.change.n_items, 0);
        assert_int_equal(n_acks(&fixture, &door), 2);
        teardown(&fixture);
}

static void test_a_key_names_the_record_that_was_seen(void **state)
{
        Update door = door_of("here", 1, 'a'), ack = ack_of(&door, "rav", 1);
        RecordKey key = key_of(&ack), seen = key_of(&door), named;

        assert_true(record_key_is_ack(key.bytes, key.n_bytes));
        assert_false(record_key_is_ack(seen.bytes, seen.n_bytes));
        record_ack_named(key.bytes, key.n_bytes, &named);
        assert_int_equal(named.n_bytes, seen.n_bytes);
        assert_memory_equal(named.bytes, seen.bytes, seen.n_bytes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_of_what_is_not_said_any_more_leaves_nothing),
                cmocka_unit_test(test_it_is_told_where_and_to_whom_the_record_is),
                cmocka_unit_test(test_an_affirm_and_a_restatement_keep_it),
                cmocka_unit_test(test_it_ends_in_the_change_that_ends_what_was_seen),
                cmocka_unit_test(test_a_new_enrolment_of_who_has_seen_it_keeps_it),
                cmocka_unit_test(test_a_key_names_the_record_that_was_seen),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
