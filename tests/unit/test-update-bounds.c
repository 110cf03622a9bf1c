/*
 * What is out of bounds is refused, by name
 */

#include <math.h>

#include "update-fixture.h"

static void test_counts_out_of_bounds_are_refused_by_name(void **state)
{
        for (CountField field = COUNT_PHYSICAL; field < N_COUNT_FIELDS; field++) {
                Update update = counts_update();

                memset(update.counts.missing, 0, sizeof(update.counts.missing));
                update.counts.present[field] = true;
                update.counts.value[field] = -1;
                assert_int_equal(round_trip(&update), UPDATE_E_REFUSED);
                assert_int_equal(fixture.refusal.code, PLEK_REFUSED_FIELD);
                update.counts.value[field] = COUNT_MAX + 1;
                assert_int_equal(round_trip(&update), UPDATE_E_REFUSED);
                update.counts.value[field] = COUNT_MAX;
                assert_int_equal(round_trip(&update), 0);
        }
}

static void test_refusal_is_a_sentence_about_the_field(void **state)
{
        Update update = counts_update();

        update.counts.present[COUNT_AVAILABLE] = true;
        update.counts.value[COUNT_AVAILABLE] = -3;
        assert_refused(&update, PLEK_REFUSED_FIELD, "counts.available");
        assert_string_equal(fixture.refusal.text, "available is -3; counts are 0 to 100000");
}

static void test_count_wider_than_32_bits_is_not_cut(void **state)
{
        Body counts = { 0 };

        put_number(&counts, 1, PLEK_CARE_WARD);
        put_number(&counts, 3, (UINT64_C(1) << 33) * 2); /* zigzag of 2^33 */
        assert_int_equal(decode_with(20, counts.bytes, counts.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "counts.staffed");

        fixture.body.n_bytes = 0;
        put_head(&fixture.body);
        put_number(&fixture.body, 7, (UINT64_C(1) << 32) + 1);
        put_bytes(&fixture.body, 20, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "audience");
}

static void test_missing_counts_must_make_sense(void **state)
{
        static const struct {
                const char *bytes;
                size_t n_bytes;
                const char *field;
        } cases[] = {
                { "\x08\x01\xa2\x01\x04\x08\x01\x10\x01", 9, "counts.missing.field" },
                { "\x08\x01\xa2\x01\x04\x08\x11\x10\x01", 9, "counts.missing.field" },
                { "\x08\x01\xa2\x01\x04\x08\x02\x10\x04", 9, "counts.missing.why" },
                { "\x08\x01\xa2\x01\x02\x08\x02", 7, "counts.missing.why" },
                { "\x08\x01\x10\x02\xa2\x01\x04\x08\x02\x10\x01", 11, "counts.missing.field" },
                { "\x08\x01\xa2\x01\x04\x08\x02\x10\x01\xa2\x01\x04\x08\x02\x10\x01", 16,
                  "counts.missing.field" },
        };

        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                assert_int_equal(decode_with(20, cases[i].bytes, cases[i].n_bytes),
                                 UPDATE_E_REFUSED);
                assert_int_equal(fixture.refusal.code, PLEK_REFUSED_FIELD);
                assert_string_equal(fixture.refusal.field, cases[i].field);
        }
        assert_int_equal(decode_with(20, "\x08\x01\xa2\x01\x04\x08\x10\x10\x02", 9), 0);
        assert_int_equal(fixture.decoded.counts.missing[COUNT_TRIAGE_BLACK],
                         PLEK_MISSING_SUPPRESSED);
}

static void test_times_that_contradict_each_other_are_refused(void **state)
{
        Update update = counts_update();

        update.not_after_ms = update.sent_at_ms;
        assert_refused(&update, PLEK_REFUSED_PERIOD, "not_after_ms");
        update.not_after_ms = update.sent_at_ms + NOT_AFTER_MAX_MS + 1;
        assert_refused(&update, PLEK_REFUSED_PERIOD, "not_after_ms");
        update.not_after_ms = update.sent_at_ms + NOT_AFTER_MAX_MS;
        assert_int_equal(round_trip(&update), 0);
        update.observed_at_ms = update.sent_at_ms + 1;
        assert_refused(&update, PLEK_REFUSED_PERIOD, "observed_at_ms");
        update.observed_at_ms = 0;
        assert_int_equal(round_trip(&update), 0);
        update.observed_at_ms = -1;
        assert_refused(&update, PLEK_REFUSED_FIELD, "observed_at_ms");
        update = counts_update();
        update.sent_at_ms = INT64_MAX;
        update.not_after_ms = INT64_MIN;
        assert_refused(&update, PLEK_REFUSED_FIELD, "sent_at_ms");
        update = counts_update();
        update.valid_for_s = VALID_FOR_MAX_S + 1;
        assert_refused(&update, PLEK_REFUSED_FIELD, "valid_for_s");
}

static void test_plans_say_when_and_now_does_not(void **state)
{
        Update update = door_update();

        update.door.starts_at_ms = 3000000;
        assert_refused(&update, PLEK_REFUSED_FIELD, "door.starts_at_ms");
        update.door.plan = 1;
        assert_int_equal(round_trip(&update), 0);
        update.door.ends_at_ms = 3000000;
        assert_refused(&update, PLEK_REFUSED_PERIOD, "door.ends_at_ms");
        update.door.ends_at_ms = TIME_ABSENT;
        assert_refused(&update, PLEK_REFUSED_FIELD, "door.ends_at_ms");
        update.door.ends_at_ms = 4000000;
        update.door.on_expiry = PLEK_ON_EXPIRY_REOPEN;
        assert_refused(&update, PLEK_REFUSED_FIELD, "door.on_expiry");
        update.door.on_expiry = PLEK_ON_EXPIRY_KEEP;
        update.door.starts_at_ms = TIME_ABSENT;
        assert_refused(&update, PLEK_REFUSED_FIELD, "door.starts_at_ms");
}

static void test_closed_codes_are_refused_and_open_ones_kept(void **state)
{
        Update update = door_update();

        update.door.care = 4711;
        update.door.reason = 4712;
        update.door.patient_group = 4713;
        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(fixture.decoded.door.care, 4711);
        assert_int_equal(fixture.decoded.door.reason, 4712);
        assert_int_equal(fixture.decoded.door.patient_group, 4713);

        update.door.state = PLEK_DOOR_NOT_APPLICABLE + 1;
        assert_refused(&update, PLEK_REFUSED_FIELD, "door.state");
        update = door_update();
        update.status = 0;
        assert_refused(&update, PLEK_REFUSED_FIELD, "status");
        update = door_update();
        update.audience = 4;
        assert_refused(&update, PLEK_REFUSED_FIELD, "audience");
        update = door_update();
        update.source = 5;
        assert_refused(&update, PLEK_REFUSED_FIELD, "source");
        update = door_update();
        update.door.urgency = 6;
        assert_refused(&update, PLEK_REFUSED_FIELD, "door.urgency");
        update = counts_update();
        update.counts.care = 0;
        assert_refused(&update, PLEK_REFUSED_FIELD, "counts.care");
}

static void test_names_outside_their_characters_are_refused(void **state)
{
        Update update = counts_update();

        update.party = "Isala";
        assert_refused(&update, PLEK_REFUSED_FIELD, "party");
        update = counts_update();
        update.location = "";
        assert_refused(&update, PLEK_REFUSED_FIELD, "location");
        update = counts_update();
        update.unit = "ic 1";
        assert_refused(&update, PLEK_REFUSED_FIELD, "unit");
        update = counts_update();
        update.definition = "123456789012345678901234567890123";
        assert_refused(&update, PLEK_REFUSED_FIELD, "definition");
        update = counts_update();
        update.kind = UPDATE_PRESSURE;
        update.pressure = (Pressure){ .method = "NEDOCS" };
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.method");
        update.pressure =
                (Pressure){ .method = "nedocs", .inputs = { { "a b", 1 } }, .n_inputs = 1 };
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.inputs.name");
}

static void test_card_out_of_bounds_is_refused_by_name(void **state)
{
        static const struct {
                LocationCard card;
                const char *field;
        } cases[] = {
                { { .name = "", .kind = "V6" }, "card.name" },
                { { .name = "x", .kind = "v6" }, "card.kind" },
                { { .name = "x", .kind = "V6", .has_position = true, .latitude_e7 = 900000001 },
                  "card.latitude_e7" },
                { { .name = "x", .kind = "V6", .has_position = true, .longitude_e7 = -1800000001 },
                  "card.longitude_e7" },
                { { .name = "x", .kind = "V6", .contacts = { { "", "1" } }, .n_contacts = 1 },
                  "card.contacts.function" },
                { { .name = "x", .kind = "V6", .contacts = { { "x", "bel 1" } }, .n_contacts = 1 },
                  "card.contacts.phone" },
                { { .name = "x", .kind = "V6", .contacts = { { "x", "" } }, .n_contacts = 1 },
                  "card.contacts.phone" },
        };

        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                Update update = counts_update();

                update.unit = NULL;
                update.kind = UPDATE_CARD;
                update.card = cases[i].card;
                assert_refused(&update, PLEK_REFUSED_FIELD, cases[i].field);
        }
        assert_int_equal(decode_with(23, "\x0a\x01x\x12\x02V6\x18\x02", 9), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "card.longitude_e7");
}

static void test_numbers_that_are_none_are_refused(void **state)
{
        Update update = counts_update();

        update.kind = UPDATE_PRESSURE;
        update.pressure = (Pressure){ .method = "nedocs", .has_score = true, .score = NAN };
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.score");
        update.pressure.score = INFINITY;
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.score");
        update.pressure =
                (Pressure){ .method = "nedocs", .inputs = { { "x", -INFINITY } }, .n_inputs = 1 };
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.inputs.value");
}

static void test_more_than_the_schema_allows_is_refused(void **state)
{
        Body part = { 0 };

        put_number(&part, 1, PLEK_DOOR_STOP);
        for (unsigned i = 0; i < EXCEPTIONS_MAX + 1; i++)
                put_number(&part, 6, 1);
        assert_int_equal(decode_with(21, part.bytes, part.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "door.exceptions");
        assert_int_equal(decode_with(21, part.bytes, part.n_bytes - 2), 0);
        assert_int_equal(fixture.decoded.door.n_exceptions, EXCEPTIONS_MAX);

        part.n_bytes = 0;
        put_number(&part, 1, LANE_STATUS);
        put_number(&part, 2, 1);
        for (unsigned i = 0; i < APART_FROM_MAX; i++)
                put_bytes(&part, 3, "\x08\x15", 2);
        assert_int_equal(decode_with(24, part.bytes, part.n_bytes), 0);
        assert_int_equal(fixture.decoded.affirm.n_apart_from, APART_FROM_MAX);
        put_bytes(&part, 3, "\x08\x15", 2);
        assert_int_equal(decode_with(24, part.bytes, part.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "affirm.apart_from");
}

static void test_keys_have_the_parts_of_their_report_and_no_others(void **state)
{
        static const struct {
                const char *bytes;
                size_t n_bytes;
                bool fits;
        } keys[] = {
                { "\x08\x14\x18\x01", 4, true },          /* counts, care */
                { "\x08\x14", 2, false },                 /* counts without care */
                { "\x08\x14\x18\x01\x20\x01", 6, false }, /* counts of a group */
                { "\x08\x15", 2, true },                  /* the door as a whole */
                { "\x08\x15\x30\x02", 4, true },          /* a plan */
                { "\x08\x15\x3a\x01x", 5, false },        /* a door with a method */
                { "\x08\x16\x3a\x01x", 5, true },         /* pressure */
                { "\x08\x16", 2, false },                 /* pressure without its method */
                { "\x08\x17", 2, true },                  /* card */
                { "\x08\x17\x12\x01x", 5, false },        /* a unit's card */
                { "\x08\x18", 2, false },                 /* affirm is no report */
                { "\x08\x15\x28\x06", 4, false },         /* urgency 6 */
        };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
                int r = decode_with(25, keys[i].bytes, keys[i].n_bytes);

                assert_int_equal(r, keys[i].fits ? 0 : UPDATE_E_REFUSED);
                if (r)
                        assert_memory_equal(fixture.refusal.field, "withdraw.", 9);
        }
}

static int run(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_counts_out_of_bounds_are_refused_by_name),
                TEST(test_refusal_is_a_sentence_about_the_field),
                TEST(test_count_wider_than_32_bits_is_not_cut),
                TEST(test_missing_counts_must_make_sense),
                TEST(test_times_that_contradict_each_other_are_refused),
                TEST(test_plans_say_when_and_now_does_not),
                TEST(test_closed_codes_are_refused_and_open_ones_kept),
                TEST(test_names_outside_their_characters_are_refused),
                TEST(test_card_out_of_bounds_is_refused_by_name),
                TEST(test_numbers_that_are_none_are_refused),
                TEST(test_more_than_the_schema_allows_is_refused),
                TEST(test_keys_have_the_parts_of_their_report_and_no_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
        return fixture_run(run);
}
