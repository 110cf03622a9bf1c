/*
 * What is said in an update arrives, and equal content has equal digests
 */

#include "update-fixture.h"

/* ------------------------------------------------------------------ what is said arrives */

static void test_counts_arrive_as_they_were_sent(void **state)
{
        Update update = counts_update();

        assert_int_equal(round_trip(&update), 0);
        assert_string_equal(fixture.decoded.party, "isala");
        assert_int_equal(fixture.decoded.instance, 7);
        assert_int_equal(fixture.decoded.seq, 42);
        assert_int_equal(fixture.decoded.sent_at_ms, 1000000);
        assert_int_equal(fixture.decoded.not_after_ms, 2000000);
        assert_int_equal(fixture.decoded.status, STATUS_ACTUAL);
        assert_int_equal(fixture.decoded.audience, AUDIENCE_CARE);
        assert_string_equal(fixture.decoded.location, "isala-zwolle");
        assert_string_equal(fixture.decoded.unit, "ic-1");
        assert_string_equal(fixture.decoded.label, "IC volwassenen");
        assert_int_equal(fixture.decoded.source, PLEK_SOURCE_AUTOMATIC);
        assert_string_equal(fixture.decoded.definition, "lcps");
        assert_int_equal(fixture.decoded.observed_at_ms, 900000);
        assert_int_equal(fixture.decoded.valid_for_s, 300);
        assert_int_equal(fixture.decoded.kind, UPDATE_COUNTS);
        assert_memory_equal(&fixture.decoded.counts, &update.counts, sizeof(Counts));
}

static void test_absent_is_not_zero(void **state)
{
        Update update = counts_update();

        update.counts.value[COUNT_OCCUPIED] = 0;
        assert_int_equal(round_trip(&update), 0);
        assert_true(fixture.decoded.counts.present[COUNT_OCCUPIED]);
        assert_int_equal(fixture.decoded.counts.value[COUNT_OCCUPIED], 0);
        assert_false(fixture.decoded.counts.present[COUNT_PHYSICAL]);
        assert_int_equal(fixture.decoded.counts.missing[COUNT_PHYSICAL], 0);
        assert_int_equal(fixture.decoded.counts.missing[COUNT_RESERVED], PLEK_MISSING_NOT_ASKED);
}

static void test_door_arrives_as_it_was_sent(void **state)
{
        Update update = door_update();

        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(fixture.decoded.door.state, PLEK_DOOR_STOP);
        assert_int_equal(fixture.decoded.door.care, PLEK_CARE_ED);
        assert_int_equal(fixture.decoded.door.patient_group, CODE_ABSENT);
        assert_int_equal(fixture.decoded.door.urgency, CODE_ABSENT);
        assert_int_equal(fixture.decoded.door.plan, 0);
        assert_int_equal(fixture.decoded.door.n_exceptions, 2);
        assert_int_equal(fixture.decoded.door.exceptions[1], 99);
        assert_int_equal(fixture.decoded.door.reason, PLEK_REASON_ED_CROWDING);
        assert_string_equal(fixture.decoded.door.text, update.door.text);
        assert_string_equal(fixture.decoded.door.authorised_by, update.door.authorised_by);
        assert_int_equal(fixture.decoded.door.starts_at_ms, TIME_ABSENT);
        assert_int_equal(fixture.decoded.door.ends_at_ms, 4000000);
        assert_int_equal(fixture.decoded.door.review_at_ms, 3000000);
        assert_int_equal(fixture.decoded.door.on_expiry, PLEK_ON_EXPIRY_KEEP);
}

static void test_plan_arrives_as_it_was_sent(void **state)
{
        Update update = door_update();
        RecordRef ref;

        update.door.plan = 3;
        update.door.urgency = 0;
        update.door.patient_group = PLEK_GROUP_WALK_IN;
        update.door.starts_at_ms = 3000000;
        assert_int_equal(round_trip(&update), 0);
        ref = update_record_ref(&fixture.decoded);
        assert_int_equal(ref.report, UPDATE_DOOR);
        assert_string_equal(ref.unit, "ic-1");
        assert_int_equal(ref.care, PLEK_CARE_ED);
        assert_int_equal(ref.patient_group, PLEK_GROUP_WALK_IN);
        assert_int_equal(ref.urgency, 0);
        assert_int_equal(ref.plan, 3);
        assert_null(ref.method);
}

static void test_pressure_arrives_as_it_was_sent(void **state)
{
        Update update = counts_update();

        update.kind = UPDATE_PRESSURE;
        update.pressure = (Pressure){
                .method = "nedocs",
                .has_score = true,
                .score = 123.5,
                .inputs = { { "patients", 31 }, { "ed_beds", 24 } },
                .n_inputs = 2,
        };
        assert_int_equal(round_trip(&update), 0);
        assert_string_equal(fixture.decoded.pressure.method, "nedocs");
        assert_true(fixture.decoded.pressure.has_score);
        assert_true(fixture.decoded.pressure.score == 123.5);
        assert_int_equal(fixture.decoded.pressure.n_inputs, 2);
        assert_string_equal(fixture.decoded.pressure.inputs[1].name, "ed_beds");
        assert_true(fixture.decoded.pressure.inputs[1].value == 24);
        assert_string_equal(update_record_ref(&fixture.decoded).method, "nedocs");
        assert_int_equal(update_record_ref(&fixture.decoded).care, CODE_ABSENT);
}

static void test_card_arrives_as_it_was_sent(void **state)
{
        Update update = counts_update();

        update.unit = NULL;
        update.kind = UPDATE_CARD;
        update.card = (LocationCard){
                .name = "Isala Zwolle",
                .kind = "V6",
                .has_position = true,
                .latitude_e7 = 525142000,
                .longitude_e7 = -61163000,
                .contacts = { { "dienstdoende SEH-arts", "+31 (0)38-424 50 00" } },
                .n_contacts = 1,
        };
        assert_int_equal(round_trip(&update), 0);
        assert_string_equal(fixture.decoded.card.name, "Isala Zwolle");
        assert_string_equal(fixture.decoded.card.kind, "V6");
        assert_true(fixture.decoded.card.has_position);
        assert_int_equal(fixture.decoded.card.latitude_e7, 525142000);
        assert_int_equal(fixture.decoded.card.longitude_e7, -61163000);
        assert_int_equal(fixture.decoded.card.n_contacts, 1);
        assert_string_equal(fixture.decoded.card.contacts[0].phone, "+31 (0)38-424 50 00");

        update.unit = "seh";
        assert_refused(&update, PLEK_REFUSED_FIELD, "unit");
}

static void test_affirm_and_withdraw_arrive_as_they_were_sent(void **state)
{
        RecordRef refs[] = {
                { .report = UPDATE_COUNTS,
                  .unit = "a",
                  .care = 4711,
                  .patient_group = CODE_ABSENT,
                  .urgency = CODE_ABSENT },
                { .report = UPDATE_PRESSURE,
                  .care = CODE_ABSENT,
                  .patient_group = CODE_ABSENT,
                  .urgency = CODE_ABSENT,
                  .method = "nedocs" },
        };
        Update update = counts_update();

        update.kind = UPDATE_AFFIRM;
        update.affirm = (Affirm){ LANE_COUNTS, 41, refs, 2 };
        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(fixture.decoded.affirm.lane, LANE_COUNTS);
        assert_int_equal(fixture.decoded.affirm.up_to_seq, 41);
        assert_int_equal(fixture.decoded.affirm.n_apart_from, 2);
        assert_int_equal(fixture.decoded.affirm.apart_from[0].care, 4711);
        assert_string_equal(fixture.decoded.affirm.apart_from[0].unit, "a");
        assert_string_equal(fixture.decoded.affirm.apart_from[1].method, "nedocs");
        assert_null(fixture.decoded.unit);
        assert_true(sodium_is_zero(fixture.decoded.content_digest, CONTENT_DIGEST_BYTES));

        update.kind = UPDATE_WITHDRAW;
        update.withdraw = refs[0];
        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(fixture.decoded.withdraw.report, UPDATE_COUNTS);
        assert_int_equal(fixture.decoded.withdraw.care, 4711);
        assert_int_equal(fixture.decoded.withdraw.patient_group, CODE_ABSENT);
        assert_true(sodium_is_zero(fixture.decoded.content_digest, CONTENT_DIGEST_BYTES));
}

static void test_defaults_are_those_of_the_schema(void **state)
{
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        assert_int_equal(fixture.decoded.audience, AUDIENCE_CARE);
        assert_int_equal(fixture.decoded.observed_at_ms, 1000000);
        assert_int_equal(fixture.decoded.valid_for_s, 0);
        assert_int_equal(fixture.decoded.source, 0);
        assert_null(fixture.decoded.unit);
        assert_null(fixture.decoded.label);
}

/* ------------------------------------------------------------------ restatements */

static void test_digest_is_of_what_is_said_not_when(void **state)
{
        Update update = counts_update();
        uint8_t first[CONTENT_DIGEST_BYTES];

        assert_int_equal(round_trip(&update), 0);
        memcpy(first, fixture.decoded.content_digest, sizeof(first));
        assert_false(sodium_is_zero(first, sizeof(first)));

        update.seq++;
        update.instance++;
        update.sent_at_ms += 1000;
        update.not_after_ms += 1000;
        update.observed_at_ms += 1000;
        update.valid_for_s = 600;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_equal(fixture.decoded.content_digest, first, sizeof(first));

        update.label = "IC";
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(fixture.decoded.content_digest, first, sizeof(first));
        update = counts_update();
        update.source = PLEK_SOURCE_MANUAL;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(fixture.decoded.content_digest, first, sizeof(first));
        update = counts_update();
        update.definition = NULL;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(fixture.decoded.content_digest, first, sizeof(first));
        update = counts_update();
        update.counts.value[COUNT_OCCUPIED]++;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(fixture.decoded.content_digest, first, sizeof(first));
}

static void test_digest_is_the_same_however_it_is_encoded(void **state)
{
        uint8_t first[CONTENT_DIGEST_BYTES];

        assert_int_equal(decode_with(21, "\x08\x03\x32\x02\x01\x02\x38\x01", 8), 0);
        memcpy(first, fixture.decoded.content_digest, sizeof(first));
        /* Another order, exceptions not packed, a number longer than it need be. */
        assert_int_equal(decode_with(21, "\x38\x81\x00\x30\x01\x30\x02\x08\x03", 9), 0);
        assert_memory_equal(fixture.decoded.content_digest, first, sizeof(first));
}

static void test_unknown_field_of_a_report_is_part_of_what_is_said(void **state)
{
        uint8_t first[CONTENT_DIGEST_BYTES], second[CONTENT_DIGEST_BYTES];

        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        memcpy(first, fixture.decoded.content_digest, sizeof(first));
        assert_int_equal(decode_with(20, "\x08\x01\xf8\x07\x05", 5), 0);
        memcpy(second, fixture.decoded.content_digest, sizeof(second));
        assert_memory_not_equal(second, first, sizeof(first));
        assert_int_equal(decode_with(20, "\x08\x01\xf8\x07\x06", 5), 0);
        assert_memory_not_equal(fixture.decoded.content_digest, second, sizeof(second));
}

static int run(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_counts_arrive_as_they_were_sent),
                TEST(test_absent_is_not_zero),
                TEST(test_door_arrives_as_it_was_sent),
                TEST(test_plan_arrives_as_it_was_sent),
                TEST(test_pressure_arrives_as_it_was_sent),
                TEST(test_card_arrives_as_it_was_sent),
                TEST(test_affirm_and_withdraw_arrive_as_they_were_sent),
                TEST(test_defaults_are_those_of_the_schema),
                TEST(test_digest_is_of_what_is_said_not_when),
                TEST(test_digest_is_the_same_however_it_is_encoded),
                TEST(test_unknown_field_of_a_report_is_part_of_what_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
        return fixture_run(run);
}
