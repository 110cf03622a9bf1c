#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/block.h"
#include "wire/update.h"

/*
 * Bodies that no encoder of ours would make are put together by hand: a field is its key, then its
 * value. Those below 16 have a key of one byte.
 */
typedef struct Body {
        uint8_t bytes[128 * 1024];
        size_t n_bytes;
} Body;

static Arena *arena;
static Body body;
static WireRefusal refusal;
static Update decoded;

static int setup(void **state)
{
        memset(&body, 0, sizeof(body));
        memset(&refusal, 0, sizeof(refusal));
        return arena ? (arena_reset(arena), 0) : arena_new(&arena, 4 * ARENA_MESSAGE_BYTES);
}

static void put(Body *to, const void *bytes, size_t n_bytes)
{
        assert_true(n_bytes <= sizeof(to->bytes) - to->n_bytes);
        memcpy(to->bytes + to->n_bytes, bytes, n_bytes);
        to->n_bytes += n_bytes;
}

static void put_varint(Body *to, uint64_t value)
{
        uint8_t byte;

        for (; value >= 0x80; value >>= 7) {
                byte = (uint8_t)(value | 0x80);
                put(to, &byte, 1);
        }
        byte = (uint8_t)value;
        put(to, &byte, 1);
}

static void put_number(Body *to, uint32_t tag, uint64_t value)
{
        put_varint(to, tag << 3);
        put_varint(to, value);
}

static void put_bytes(Body *to, uint32_t tag, const void *bytes, size_t n_bytes)
{
        put_varint(to, tag << 3 | 2);
        put_varint(to, n_bytes);
        put(to, bytes, n_bytes);
}

/* What stands before every body: a party's statement about a location, made at t = 1,000,000. */
static void put_head(Body *to)
{
        put_bytes(to, 1, "isala", 5);
        put_varint(to, 2 << 3 | 1);
        put(to, "\1\2\3\4\5\6\7\10", 8);
        put_number(to, 3, 42);
        put_number(to, 4, 1000000);
        put_number(to, 5, 2000000);
        put_number(to, 6, STATUS_ACTUAL);
        put_bytes(to, 8, "isala-zwolle", 12);
}

static int decode(void)
{
        return update_decode(&decoded, &refusal, arena, body.bytes, body.n_bytes);
}

/* A head and a body of @tag with @n_bytes of content. */
static int decode_with(uint32_t tag, const void *bytes, size_t n_bytes)
{
        body.n_bytes = 0;
        put_head(&body);
        put_bytes(&body, tag, bytes, n_bytes);
        return decode();
}

static Update counts_update(void)
{
        Update update = {
                .party = "isala",
                .instance = 7,
                .seq = 42,
                .sent_at_ms = 1000000,
                .not_after_ms = 2000000,
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "isala-zwolle",
                .unit = "ic-1",
                .label = "IC volwassenen",
                .source = PLEK_SOURCE_AUTOMATIC,
                .definition = "lcps",
                .observed_at_ms = 900000,
                .valid_for_s = 300,
                .kind = UPDATE_COUNTS,
                .counts = { .care = PLEK_CARE_ICU_ADULT },
        };

        update.counts.present[COUNT_STAFFED] = true;
        update.counts.value[COUNT_STAFFED] = 20;
        update.counts.present[COUNT_OCCUPIED] = true;
        update.counts.value[COUNT_OCCUPIED] = 17;
        update.counts.missing[COUNT_RESERVED] = PLEK_MISSING_NOT_ASKED;
        return update;
}

static Update door_update(void)
{
        Update update = counts_update();

        update.kind = UPDATE_DOOR;
        update.door = (Door){
                .state = PLEK_DOOR_STOP,
                .care = PLEK_CARE_ED,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .exceptions = { PLEK_EXCEPTION_MULTITRAUMA, 99 },
                .n_exceptions = 2,
                .reason = PLEK_REASON_ED_CROWDING,
                .text = "tot de avonddienst er is",
                .authorised_by = "dienstdoend manager",
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = 4000000,
                .review_at_ms = 3000000,
                .on_expiry = PLEK_ON_EXPIRY_KEEP,
        };
        return update;
}

/* Encodes and decodes into @decoded; the body is freed, the strings are in the arena. */
static int round_trip(const Update *update)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        int r;

        r = update_encode(&blob, &refusal, update);
        if (r)
                return r;
        return update_decode(&decoded, &refusal, arena, blob->bytes, blob->n_bytes);
}

static void assert_refused(const Update *update, PlekRefusal code, const char *field)
{
        assert_int_equal(round_trip(update), UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, code);
        assert_string_equal(refusal.field, field);
        assert_non_null(refusal.text);
}

/* ------------------------------------------------------------------ what is said arrives */

static void test_counts_arrive_as_they_were_sent(void **state)
{
        Update update = counts_update();

        assert_int_equal(round_trip(&update), 0);
        assert_string_equal(decoded.party, "isala");
        assert_int_equal(decoded.instance, 7);
        assert_int_equal(decoded.seq, 42);
        assert_int_equal(decoded.sent_at_ms, 1000000);
        assert_int_equal(decoded.not_after_ms, 2000000);
        assert_int_equal(decoded.status, STATUS_ACTUAL);
        assert_int_equal(decoded.audience, AUDIENCE_CARE);
        assert_string_equal(decoded.location, "isala-zwolle");
        assert_string_equal(decoded.unit, "ic-1");
        assert_string_equal(decoded.label, "IC volwassenen");
        assert_int_equal(decoded.source, PLEK_SOURCE_AUTOMATIC);
        assert_string_equal(decoded.definition, "lcps");
        assert_int_equal(decoded.observed_at_ms, 900000);
        assert_int_equal(decoded.valid_for_s, 300);
        assert_int_equal(decoded.kind, UPDATE_COUNTS);
        assert_memory_equal(&decoded.counts, &update.counts, sizeof(Counts));
}

static void test_absent_is_not_zero(void **state)
{
        Update update = counts_update();

        update.counts.value[COUNT_OCCUPIED] = 0;
        assert_int_equal(round_trip(&update), 0);
        assert_true(decoded.counts.present[COUNT_OCCUPIED]);
        assert_int_equal(decoded.counts.value[COUNT_OCCUPIED], 0);
        assert_false(decoded.counts.present[COUNT_PHYSICAL]);
        assert_int_equal(decoded.counts.missing[COUNT_PHYSICAL], 0);
        assert_int_equal(decoded.counts.missing[COUNT_RESERVED], PLEK_MISSING_NOT_ASKED);
}

static void test_door_arrives_as_it_was_sent(void **state)
{
        Update update = door_update();

        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(decoded.door.state, PLEK_DOOR_STOP);
        assert_int_equal(decoded.door.care, PLEK_CARE_ED);
        assert_int_equal(decoded.door.patient_group, CODE_ABSENT);
        assert_int_equal(decoded.door.urgency, CODE_ABSENT);
        assert_int_equal(decoded.door.plan, 0);
        assert_int_equal(decoded.door.n_exceptions, 2);
        assert_int_equal(decoded.door.exceptions[1], 99);
        assert_int_equal(decoded.door.reason, PLEK_REASON_ED_CROWDING);
        assert_string_equal(decoded.door.text, update.door.text);
        assert_string_equal(decoded.door.authorised_by, update.door.authorised_by);
        assert_int_equal(decoded.door.starts_at_ms, TIME_ABSENT);
        assert_int_equal(decoded.door.ends_at_ms, 4000000);
        assert_int_equal(decoded.door.review_at_ms, 3000000);
        assert_int_equal(decoded.door.on_expiry, PLEK_ON_EXPIRY_KEEP);
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
        ref = update_record_ref(&decoded);
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
        assert_string_equal(decoded.pressure.method, "nedocs");
        assert_true(decoded.pressure.has_score);
        assert_true(decoded.pressure.score == 123.5);
        assert_int_equal(decoded.pressure.n_inputs, 2);
        assert_string_equal(decoded.pressure.inputs[1].name, "ed_beds");
        assert_true(decoded.pressure.inputs[1].value == 24);
        assert_string_equal(update_record_ref(&decoded).method, "nedocs");
        assert_int_equal(update_record_ref(&decoded).care, CODE_ABSENT);
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
        assert_string_equal(decoded.card.name, "Isala Zwolle");
        assert_string_equal(decoded.card.kind, "V6");
        assert_true(decoded.card.has_position);
        assert_int_equal(decoded.card.latitude_e7, 525142000);
        assert_int_equal(decoded.card.longitude_e7, -61163000);
        assert_int_equal(decoded.card.n_contacts, 1);
        assert_string_equal(decoded.card.contacts[0].phone, "+31 (0)38-424 50 00");

        update.unit = "seh";
        assert_refused(&update, PLEK_REFUSED_FIELD, "unit");
}

static void test_affirm_and_withdraw_arrive_as_they_were_sent(void **state)
{
        RecordRef refs[] = {
                { .report = UPDATE_COUNTS, .unit = "a", .care = 4711,
                  .patient_group = CODE_ABSENT, .urgency = CODE_ABSENT },
                { .report = UPDATE_PRESSURE, .care = CODE_ABSENT, .patient_group = CODE_ABSENT,
                  .urgency = CODE_ABSENT, .method = "nedocs" },
        };
        Update update = counts_update();

        update.kind = UPDATE_AFFIRM;
        update.affirm = (Affirm){ LANE_COUNTS, 41, refs, 2 };
        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(decoded.affirm.lane, LANE_COUNTS);
        assert_int_equal(decoded.affirm.up_to_seq, 41);
        assert_int_equal(decoded.affirm.n_apart_from, 2);
        assert_int_equal(decoded.affirm.apart_from[0].care, 4711);
        assert_string_equal(decoded.affirm.apart_from[0].unit, "a");
        assert_string_equal(decoded.affirm.apart_from[1].method, "nedocs");
        assert_null(decoded.unit);
        assert_true(sodium_is_zero(decoded.content_digest, CONTENT_DIGEST_BYTES));

        update.kind = UPDATE_WITHDRAW;
        update.withdraw = refs[0];
        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(decoded.withdraw.report, UPDATE_COUNTS);
        assert_int_equal(decoded.withdraw.care, 4711);
        assert_int_equal(decoded.withdraw.patient_group, CODE_ABSENT);
        assert_true(sodium_is_zero(decoded.content_digest, CONTENT_DIGEST_BYTES));
}

static void test_defaults_are_those_of_the_schema(void **state)
{
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        assert_int_equal(decoded.audience, AUDIENCE_CARE);
        assert_int_equal(decoded.observed_at_ms, 1000000);
        assert_int_equal(decoded.valid_for_s, 0);
        assert_int_equal(decoded.source, 0);
        assert_null(decoded.unit);
        assert_null(decoded.label);
}

/* ------------------------------------------------------------------ bounds */

static void test_counts_out_of_bounds_are_refused_by_name(void **state)
{
        for (CountField field = COUNT_PHYSICAL; field < N_COUNT_FIELDS; field++) {
                Update update = counts_update();

                memset(update.counts.missing, 0, sizeof(update.counts.missing));
                update.counts.present[field] = true;
                update.counts.value[field] = -1;
                assert_int_equal(round_trip(&update), UPDATE_E_REFUSED);
                assert_int_equal(refusal.code, PLEK_REFUSED_FIELD);
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
        assert_string_equal(refusal.text, "available is -3; counts are 0 to 100000");
}

static void test_count_wider_than_32_bits_is_not_cut(void **state)
{
        Body counts = { 0 };

        put_number(&counts, 1, PLEK_CARE_WARD);
        put_number(&counts, 3, (UINT64_C(1) << 33) * 2); /* zigzag of 2^33 */
        assert_int_equal(decode_with(20, counts.bytes, counts.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(refusal.field, "counts.staffed");

        body.n_bytes = 0;
        put_head(&body);
        put_number(&body, 7, (UINT64_C(1) << 32) + 1);
        put_bytes(&body, 20, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_string_equal(refusal.field, "audience");
}

static void test_missing_counts_must_make_sense(void **state)
{
        static const struct {
                const char *bytes;
                size_t n_bytes;
                const char *field;
        } cases[] = {
                { "\x08\x01\xa2\x01\x04\x08\x01\x10\x01", 9, "counts.missing.field" },
                { "\x08\x01\xa2\x01\x04\x08\x0d\x10\x01", 9, "counts.missing.field" },
                { "\x08\x01\xa2\x01\x04\x08\x02\x10\x04", 9, "counts.missing.why" },
                { "\x08\x01\xa2\x01\x02\x08\x02", 7, "counts.missing.why" },
                { "\x08\x01\x10\x02\xa2\x01\x04\x08\x02\x10\x01", 11, "counts.missing.field" },
                { "\x08\x01\xa2\x01\x04\x08\x02\x10\x01\xa2\x01\x04\x08\x02\x10\x01", 16,
                  "counts.missing.field" },
        };

        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                assert_int_equal(decode_with(20, cases[i].bytes, cases[i].n_bytes),
                                 UPDATE_E_REFUSED);
                assert_int_equal(refusal.code, PLEK_REFUSED_FIELD);
                assert_string_equal(refusal.field, cases[i].field);
        }
        assert_int_equal(decode_with(20, "\x08\x01\xa2\x01\x04\x08\x0c\x10\x02", 9), 0);
        assert_int_equal(decoded.counts.missing[COUNT_SURGE_7D], PLEK_MISSING_SUPPRESSED);
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
        assert_int_equal(decoded.door.care, 4711);
        assert_int_equal(decoded.door.reason, 4712);
        assert_int_equal(decoded.door.patient_group, 4713);

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
        update.pressure = (Pressure){ .method = "nedocs", .inputs = { { "a b", 1 } }, .n_inputs = 1 };
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
        assert_string_equal(refusal.field, "card.longitude_e7");
}

static void test_numbers_that_are_none_are_refused(void **state)
{
        Update update = counts_update();

        update.kind = UPDATE_PRESSURE;
        update.pressure = (Pressure){ .method = "nedocs", .has_score = true, .score = NAN };
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.score");
        update.pressure.score = INFINITY;
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.score");
        update.pressure = (Pressure){ .method = "nedocs", .inputs = { { "x", -INFINITY } },
                                      .n_inputs = 1 };
        assert_refused(&update, PLEK_REFUSED_FIELD, "pressure.inputs.value");
}

static void test_more_than_the_schema_allows_is_refused(void **state)
{
        Body part = { 0 };

        put_number(&part, 1, PLEK_DOOR_STOP);
        for (unsigned i = 0; i < EXCEPTIONS_MAX + 1; i++)
                put_number(&part, 6, 1);
        assert_int_equal(decode_with(21, part.bytes, part.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(refusal.field, "door.exceptions");
        assert_int_equal(decode_with(21, part.bytes, part.n_bytes - 2), 0);
        assert_int_equal(decoded.door.n_exceptions, EXCEPTIONS_MAX);

        part.n_bytes = 0;
        put_number(&part, 1, LANE_STATUS);
        put_number(&part, 2, 1);
        for (unsigned i = 0; i < APART_FROM_MAX; i++)
                put_bytes(&part, 3, "\x08\x15", 2);
        assert_int_equal(decode_with(24, part.bytes, part.n_bytes), 0);
        assert_int_equal(decoded.affirm.n_apart_from, APART_FROM_MAX);
        put_bytes(&part, 3, "\x08\x15", 2);
        assert_int_equal(decode_with(24, part.bytes, part.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(refusal.field, "affirm.apart_from");
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
                        assert_memory_equal(refusal.field, "withdraw.", 9);
        }
}

/* ------------------------------------------------------------------ what has two readings */

static void test_strings_that_are_not_text_are_refused(void **state)
{
        static const struct {
                const char *bytes;
                size_t n_bytes;
                bool is_text;
        } texts[] = {
                { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x91", 14, true },
                { "", 0, true },
                { "a\0b", 3, false },
                { "a\nb", 3, false },
                { "\x1b[2J", 4, false },
                { "\x7f", 1, false },
                { "\xc2\x9b", 2, false },         /* CSI, as UTF-8 */
                { "\xff", 1, false },
                { "\xc3", 1, false },             /* cut short */
                { "\xc0\xaf", 2, false },         /* overlong */
                { "\xe0\x80\xaf", 3, false },
                { "\xed\xa0\x80", 3, false },     /* surrogate */
                { "\xf4\x90\x80\x80", 4, false }, /* past the last */
                { "\x80", 1, false },
        };

        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                body.n_bytes = 0;
                put_head(&body);
                put_bytes(&body, 10, texts[i].bytes, texts[i].n_bytes);
                put_bytes(&body, 20, "\x08\x01", 2);
                assert_int_equal(decode(), texts[i].is_text ? 0 : UPDATE_E_REFUSED);
                if (!texts[i].is_text) {
                        assert_int_equal(refusal.code, PLEK_REFUSED_FIELD);
                        assert_string_equal(refusal.field, "label");
                }
        }
}

static void test_what_is_given_twice_is_refused(void **state)
{
        put_head(&body);
        put_number(&body, 3, 43);
        put_bytes(&body, 20, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);
        assert_string_equal(refusal.field, "seq");

        assert_int_equal(decode_with(20, "\x08\x01\x08\x01", 4), UPDATE_E_REFUSED);
        assert_string_equal(refusal.field, "counts.care");
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        put_bytes(&body, 20, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_string_equal(refusal.field, "counts");
}

static void test_two_bodies_and_none_are_refused(void **state)
{
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        put_bytes(&body, 21, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);

        body.n_bytes = 0;
        put_head(&body);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);
        assert_null(refusal.field);
}

static void test_missing_required_field_is_named(void **state)
{
        assert_int_equal(decode_with(21, "", 0), UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_FIELD);
        assert_string_equal(refusal.field, "door.state");
        body.n_bytes = 0;
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_string_equal(refusal.field, "party");
}

static void test_sender_of_what_is_refused_is_known_if_it_can_be_read(void **state)
{
        assert_int_equal(decode_with(21, "", 0), UPDATE_E_REFUSED);
        assert_string_equal(decoded.party, "isala");
        assert_int_equal(decoded.seq, 42);
        assert_true(decoded.instance == UINT64_C(0x0807060504030201));

        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        put(&body, "\xff\xff\xff", 3);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);
        assert_string_equal(decoded.party, "isala");

        assert_int_equal(update_decode(&decoded, &refusal, arena, (const uint8_t *)"\xff", 1),
                         UPDATE_E_REFUSED);
        assert_null(decoded.party);
        assert_int_equal(decoded.seq, 0);
        assert_int_equal(update_decode(&decoded, &refusal, arena,
                                       (const uint8_t *)"\x0a\x03i\0a\x18\x07", 7),
                         UPDATE_E_REFUSED);
        assert_null(decoded.party);
        assert_int_equal(decoded.seq, 7);
}

static void test_every_truncation_is_refused(void **state)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        Update update = door_update();

        assert_int_equal(update_encode(&blob, &refusal, &update), 0);
        for (size_t n = 0; n < blob->n_bytes; n++) {
                CLEANUP(freep) uint8_t *copy = malloc(n ? n : 1);

                memcpy(copy, blob->bytes, n);
                assert_int_equal(update_decode(&decoded, &refusal, arena, copy, n),
                                 UPDATE_E_REFUSED);
                arena_reset(arena);
        }
}

static void test_body_of_tiny_fields_is_refused_cheaply(void **state)
{
        put_head(&body);
        put_bytes(&body, 20, "\x08\x01", 2);
        while (body.n_bytes < ENVELOPE_UPDATE_MAX_BYTES - ENVELOPE_OVERHEAD_BYTES - 8)
                put_number(&body, 15, 0);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);
        /* What is left is all but a few bytes: nothing was unpacked. */
        assert_non_null(arena_alloc(arena, 4 * ARENA_MESSAGE_BYTES - 4096));
}

static void test_what_takes_too_much_memory_is_refused(void **state)
{
        CLEANUP(arena_freep) Arena *small = NULL;

        assert_int_equal(arena_new(&small, 256), 0);
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        assert_int_equal(update_decode(&decoded, &refusal, small, body.bytes, body.n_bytes),
                         UPDATE_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);
}

/* ------------------------------------------------------------------ restatements */

static void test_digest_is_of_what_is_said_not_when(void **state)
{
        Update update = counts_update();
        uint8_t first[CONTENT_DIGEST_BYTES];

        assert_int_equal(round_trip(&update), 0);
        memcpy(first, decoded.content_digest, sizeof(first));
        assert_false(sodium_is_zero(first, sizeof(first)));

        update.seq++;
        update.instance++;
        update.sent_at_ms += 1000;
        update.not_after_ms += 1000;
        update.observed_at_ms += 1000;
        update.valid_for_s = 600;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_equal(decoded.content_digest, first, sizeof(first));

        update.label = "IC";
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(decoded.content_digest, first, sizeof(first));
        update = counts_update();
        update.source = PLEK_SOURCE_MANUAL;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(decoded.content_digest, first, sizeof(first));
        update = counts_update();
        update.definition = NULL;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(decoded.content_digest, first, sizeof(first));
        update = counts_update();
        update.counts.value[COUNT_OCCUPIED]++;
        assert_int_equal(round_trip(&update), 0);
        assert_memory_not_equal(decoded.content_digest, first, sizeof(first));
}

static void test_digest_is_the_same_however_it_is_encoded(void **state)
{
        uint8_t first[CONTENT_DIGEST_BYTES];

        assert_int_equal(decode_with(21, "\x08\x03\x32\x02\x01\x02\x38\x01", 8), 0);
        memcpy(first, decoded.content_digest, sizeof(first));
        /* Another order, exceptions not packed, a number longer than it need be. */
        assert_int_equal(decode_with(21, "\x38\x81\x00\x30\x01\x30\x02\x08\x03", 9), 0);
        assert_memory_equal(decoded.content_digest, first, sizeof(first));
}

static void test_unknown_field_of_a_report_is_part_of_what_is_said(void **state)
{
        uint8_t first[CONTENT_DIGEST_BYTES], second[CONTENT_DIGEST_BYTES];

        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        memcpy(first, decoded.content_digest, sizeof(first));
        assert_int_equal(decode_with(20, "\x08\x01\xf8\x07\x05", 5), 0);
        memcpy(second, decoded.content_digest, sizeof(second));
        assert_memory_not_equal(second, first, sizeof(first));
        assert_int_equal(decode_with(20, "\x08\x01\xf8\x07\x06", 5), 0);
        assert_memory_not_equal(decoded.content_digest, second, sizeof(second));
}

/* ------------------------------------------------------------------ counts */

static void test_available_is_given_or_computed(void **state)
{
        Counts counts = counts_update().counts;
        int32_t available;
        bool computed;

        assert_true(counts_available(&counts, &available, &computed));
        assert_true(computed);
        assert_int_equal(available, 3);

        counts.present[COUNT_BLOCKED] = true;
        counts.value[COUNT_BLOCKED] = 1;
        assert_true(counts_available(&counts, &available, &computed));
        assert_int_equal(available, 2);

        counts.present[COUNT_AVAILABLE] = true;
        counts.value[COUNT_AVAILABLE] = 1;
        assert_true(counts_available(&counts, &available, &computed));
        assert_false(computed);
        assert_int_equal(available, 1);
}

static void test_what_cannot_be_known_is_not_computed(void **state)
{
        Counts counts = counts_update().counts;
        int32_t available = 99;
        bool computed;

        counts.missing[COUNT_RESERVED] = PLEK_MISSING_SUPPRESSED;
        assert_false(counts_available(&counts, &available, &computed));
        counts.missing[COUNT_RESERVED] = 0;
        counts.missing[COUNT_AVAILABLE] = PLEK_MISSING_SUPPRESSED;
        assert_false(counts_available(&counts, &available, &computed));
        counts.missing[COUNT_AVAILABLE] = 0;
        counts.present[COUNT_OCCUPIED] = false;
        assert_false(counts_available(&counts, &available, &computed));
        assert_int_equal(available, 99);
}

static void test_contradicting_counts_are_flagged(void **state)
{
        Counts counts = counts_update().counts;
        int32_t available;
        bool computed;

        assert_int_equal(counts_flags(&counts), 0);
        counts.present[COUNT_AVAILABLE] = true;
        counts.value[COUNT_AVAILABLE] = 3;
        assert_int_equal(counts_flags(&counts), 0);
        counts.value[COUNT_AVAILABLE] = 4;
        assert_int_equal(counts_flags(&counts), ENTRY_INCONSISTENT);

        counts.value[COUNT_OCCUPIED] = 23;
        counts.value[COUNT_AVAILABLE] = 0;
        assert_int_equal(counts_flags(&counts), ENTRY_OVERCROWDED);
        counts.present[COUNT_AVAILABLE] = false;
        assert_true(counts_available(&counts, &available, &computed));
        assert_int_equal(available, 0);
}

static void test_doors_and_cards_travel_in_the_status_lane(void **state)
{
        assert_int_equal(report_lane(UPDATE_DOOR), LANE_STATUS);
        assert_int_equal(report_lane(UPDATE_CARD), LANE_STATUS);
        assert_int_equal(report_lane(UPDATE_COUNTS), LANE_COUNTS);
        assert_int_equal(report_lane(UPDATE_PRESSURE), LANE_COUNTS);
}

#define TEST(_name) cmocka_unit_test_setup(_name, setup)

int main(void)
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
                TEST(test_strings_that_are_not_text_are_refused),
                TEST(test_what_is_given_twice_is_refused),
                TEST(test_two_bodies_and_none_are_refused),
                TEST(test_missing_required_field_is_named),
                TEST(test_sender_of_what_is_refused_is_known_if_it_can_be_read),
                TEST(test_every_truncation_is_refused),
                TEST(test_body_of_tiny_fields_is_refused_cheaply),
                TEST(test_what_takes_too_much_memory_is_refused),
                TEST(test_digest_is_of_what_is_said_not_when),
                TEST(test_digest_is_the_same_however_it_is_encoded),
                TEST(test_unknown_field_of_a_report_is_part_of_what_is_said),
                TEST(test_available_is_given_or_computed),
                TEST(test_what_cannot_be_known_is_not_computed),
                TEST(test_contradicting_counts_are_flagged),
                TEST(test_doors_and_cards_travel_in_the_status_lane),
        };
        int r;

        if (sodium_init() < 0)
                return 1;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        arena_free(arena);
        return r;
}
