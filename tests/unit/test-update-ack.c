#include "update-fixture.h"

static Update ack_update(void)
{
        Update update = counts_update();

        update.unit = NULL;
        update.source = 0;
        update.kind = UPDATE_ACK;
        update.ack = (Ack){
                .party = "isala",
                .record = { .report = UPDATE_DOOR,
                            .unit = "seh",
                            .care = PLEK_CARE_ED,
                            .patient_group = CODE_ABSENT,
                            .urgency = 2,
                            .plan = 3 },
                .epoch = 77,
                .revision = 12,
                .function = "regievoerder",
        };
        return update;
}

static void test_what_cannot_be_seen_is_refused_by_name(void **state)
{
        const UpdateKind reports[] = { UPDATE_COUNTS, UPDATE_PRESSURE };
        Update update;

        for (size_t i = 0; i < N_ELEMENTS(reports); i++) {
                update = ack_update();
                update.ack.record = (RecordRef){
                        .report = reports[i],
                        .care = reports[i] == UPDATE_COUNTS ? PLEK_CARE_ED : CODE_ABSENT,
                        .patient_group = CODE_ABSENT,
                        .urgency = CODE_ABSENT,
                        .method = reports[i] == UPDATE_PRESSURE ? "nedocs" : NULL,
                };
                assert_refused(&update, PLEK_REFUSED_FIELD, "ack.record.report");
        }

        /* an acknowledgement of an acknowledgement */
        update = ack_update();
        update.ack.record.of_report = UPDATE_DOOR;
        update.ack.record.of_party = "b";
        update.ack.record.report = UPDATE_ACK;
        assert_refused(&update, PLEK_REFUSED_FIELD, "ack.record.report");
}

static void test_bounds_are_kept_and_named(void **state)
{
        char text[ACK_FUNCTION_MAX + 2];
        Update update = ack_update();

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        update.ack.function = text;
        assert_refused(&update, PLEK_REFUSED_FIELD, "ack.function");
        text[ACK_FUNCTION_MAX] = '\0';
        assert_int_equal(round_trip(&update), 0);

        update = ack_update();
        update.ack.party = "No Party";
        assert_refused(&update, PLEK_REFUSED_FIELD, "ack.party");
        update = ack_update();
        update.ack.record.unit = "a b";
        assert_refused(&update, PLEK_REFUSED_FIELD, "ack.record.unit");
        update = ack_update();
        update.unit = "seh";
        assert_refused(&update, PLEK_REFUSED_FIELD, "unit");
        update = ack_update();
        update.audience = AUDIENCE_OPEN;
        assert_refused(&update, PLEK_REFUSED_FIELD, "audience");
}

static void test_a_key_of_an_ack_has_whose_record_it_names_and_no_other_key_has(void **state)
{
        Update update = ack_update();
        RecordRef ref = update_record_ref(&update);

        update.kind = UPDATE_WITHDRAW;
        update.withdraw = ref;
        assert_int_equal(round_trip(&update), 0);
        assert_true(update_is_about_ack(&fixture.decoded));
        assert_string_equal(fixture.decoded.withdraw.of_party, "isala");

        update.withdraw.of_party = "";
        assert_refused(&update, PLEK_REFUSED_FIELD, "withdraw.of_party");
        update.withdraw = ref;
        update.withdraw.of_report = UPDATE_COUNTS;
        assert_refused(&update, PLEK_REFUSED_FIELD, "withdraw.report");
}

static void test_an_ack_says_what_it_was_made_of(void **state)
{
        Update update = ack_update();
        RecordRef ref, named;

        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(fixture.decoded.kind, UPDATE_ACK);
        assert_int_equal(fixture.decoded.ack.epoch, 77);
        assert_int_equal(fixture.decoded.ack.revision, 12);
        assert_string_equal(fixture.decoded.ack.function, "regievoerder");
        assert_int_equal(report_lane(UPDATE_ACK), LANE_STATUS);

        ref = update_record_ref(&fixture.decoded);
        assert_int_equal(ref.report, UPDATE_ACK);
        assert_int_equal(ref.of_report, UPDATE_DOOR);
        assert_string_equal(ref.of_party, "isala");
        named = ack_named(&ref);
        assert_int_equal(named.report, UPDATE_DOOR);
        assert_string_equal(named.unit, "seh");
        assert_true(named.care == PLEK_CARE_ED && named.urgency == 2 && named.plan == 3);
        assert_null(named.of_party);
}

static int run(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_what_cannot_be_seen_is_refused_by_name),
                TEST(test_bounds_are_kept_and_named),
                TEST(test_a_key_of_an_ack_has_whose_record_it_names_and_no_other_key_has),
                TEST(test_an_ack_says_what_it_was_made_of),
        };

        return cmocka_run_group_tests_name("update-ack", tests, NULL, NULL);
}

int main(void)
{
        return fixture_run(run);
}
