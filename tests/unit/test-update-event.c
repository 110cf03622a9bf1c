#include "update-fixture.h"

#define HOUR ((int64_t)3600 * 1000)

static Update flow_update(Audience audience, int32_t count)
{
        Update update = counts_update();

        update.label = NULL;
        update.valid_for_s = 0;
        update.audience = audience;
        update.kind = UPDATE_FLOW;
        update.flow = (Flow){
                .from = PLEK_CHAIN_AMBULANCE,
                .to = PLEK_CHAIN_ED,
                .other = "rav-ijsselland",
                .care = PLEK_CARE_ED,
                .has_count = true,
                .count = count,
                .from_ms = 10 * HOUR,
                .until_ms = 34 * HOUR,
        };
        return update;
}

static Update refusal_update(void)
{
        Update update = flow_update(AUDIENCE_COORD, 0);

        update.kind = UPDATE_REFUSAL;
        update.care_refusal = (CareRefusal){
                .id = { 1, 2, 3 },
                .care = PLEK_CARE_ICU_ADULT,
                .reason = PLEK_REASON_BEDS_FULL,
                .from = PLEK_CHAIN_AMBULANCE,
                .at_ms = 800000,
                .count = 1,
        };
        return update;
}

/* ------------------------------------------------------------------ flows */

static void test_a_count_of_one_to_four_is_refused_but_for_coordination_centres(void **state)
{
        for (int32_t count = 0; count <= 6; count++) {
                Update care = flow_update(AUDIENCE_CARE, count);
                Update open = flow_update(AUDIENCE_OPEN, count);
                Update coord = flow_update(AUDIENCE_COORD, count);

                if (count >= 1 && count <= 4) {
                        assert_refused(&care, PLEK_REFUSED_POLICY, "flow.count");
                        assert_refused(&open, PLEK_REFUSED_POLICY, "flow.count");
                        assert_non_null(strstr(fixture.refusal.text, "audience COORD"));
                } else {
                        assert_int_equal(round_trip(&care), 0);
                        assert_int_equal(round_trip(&open), 0);
                }
                assert_int_equal(round_trip(&coord), 0);
                assert_int_equal(fixture.decoded.flow.count, count);
        }
}

static void test_a_short_period_and_isolation_are_for_coordination_centres(void **state)
{
        Update update = flow_update(AUDIENCE_CARE, 12);

        update.flow.until_ms = update.flow.from_ms + HOUR - 60000;
        assert_refused(&update, PLEK_REFUSED_POLICY, "flow.until_ms");
        update.flow.until_ms = update.flow.from_ms + HOUR;
        assert_int_equal(round_trip(&update), 0);
        update.flow.care = PLEK_CARE_ISOLATION_OTHER;
        assert_refused(&update, PLEK_REFUSED_POLICY, "flow.care");
        update.audience = AUDIENCE_COORD;
        update.flow.until_ms = update.flow.from_ms + 60000;
        assert_int_equal(round_trip(&update), 0);
}

static void test_a_flow_out_of_bounds_is_refused_by_name(void **state)
{
        static const struct {
                int64_t from_ms, until_ms;
                const char *field;
        } periods[] = {
                { HOUR + 1, 2 * HOUR, "flow.from_ms" },
                { HOUR, 2 * HOUR + 1000, "flow.until_ms" },
                { HOUR, HOUR, "flow.until_ms" },
                { 2 * HOUR, HOUR, "flow.until_ms" },
                { 0, 31 * 24 * HOUR + HOUR + 60000, "flow.until_ms" },
        };
        Update update;

        for (size_t i = 0; i < N_ELEMENTS(periods); i++) {
                update = flow_update(AUDIENCE_COORD, 9);
                update.flow.from_ms = periods[i].from_ms;
                update.flow.until_ms = periods[i].until_ms;
                assert_refused(&update, PLEK_REFUSED_PERIOD, periods[i].field);
        }

        update = flow_update(AUDIENCE_COORD, 100001);
        assert_refused(&update, PLEK_REFUSED_FIELD, "flow.count");
        update = flow_update(AUDIENCE_COORD, -1);
        assert_refused(&update, PLEK_REFUSED_FIELD, "flow.count");
        update = flow_update(AUDIENCE_COORD, 9);
        update.flow.from = 0;
        assert_refused(&update, PLEK_REFUSED_FIELD, "flow.from");
        update = flow_update(AUDIENCE_COORD, 9);
        update.flow.care = 0;
        assert_refused(&update, PLEK_REFUSED_FIELD, "flow.care");
        update = flow_update(AUDIENCE_COORD, 9);
        update.flow.other = "no spaces";
        assert_refused(&update, PLEK_REFUSED_FIELD, "flow.other");
}

static void test_what_leaves_the_chain_left_the_location_itself(void **state)
{
        Update update = flow_update(AUDIENCE_CARE, 12);

        update.flow.to = PLEK_CHAIN_HOME;
        assert_refused(&update, PLEK_REFUSED_FIELD, "flow.other");
        update.flow.other = NULL;
        assert_int_equal(round_trip(&update), 0);
        update.flow.from = PLEK_CHAIN_ELSEWHERE;
        assert_refused(&update, PLEK_REFUSED_FIELD, "flow.to");
}

static void test_an_event_has_no_words_and_does_not_age(void **state)
{
        Update update = flow_update(AUDIENCE_COORD, 9);

        update.label = "mevrouw De Vries";
        assert_refused(&update, PLEK_REFUSED_FIELD, "label");
        update.label = NULL;
        update.valid_for_s = 60;
        assert_refused(&update, PLEK_REFUSED_FIELD, "valid_for_s");
        update = refusal_update();
        update.label = "mevrouw De Vries";
        assert_refused(&update, PLEK_REFUSED_FIELD, "label");
}

static void test_everything_in_a_flow_arrives(void **state)
{
        Update update = flow_update(AUDIENCE_OPEN, 12);
        const Flow *flow = &fixture.decoded.flow;
        RecordRef ref;

        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(flow->from, PLEK_CHAIN_AMBULANCE);
        assert_int_equal(flow->to, PLEK_CHAIN_ED);
        assert_string_equal(flow->other, "rav-ijsselland");
        assert_int_equal(flow->care, PLEK_CARE_ED);
        assert_true(flow->has_count);
        assert_int_equal(flow->count, 12);
        assert_int_equal(flow->from_ms, 10 * HOUR);
        assert_int_equal(flow->until_ms, 34 * HOUR);
        ref = update_record_ref(&fixture.decoded);
        assert_string_equal(ref.unit, "ic-1");
        assert_int_equal(ref.link_to, PLEK_CHAIN_ED);
        assert_int_equal(ref.until_ms, 34 * HOUR);
        assert_int_equal(report_lane(UPDATE_FLOW), LANE_COUNTS);

        update.flow.has_count = false;
        update.flow.other = NULL;
        update.flow.from = 99; /* a link that is still to come */
        assert_int_equal(round_trip(&update), 0);
        assert_false(flow->has_count);
        assert_null(flow->other);
        assert_int_equal(flow->from, 99);
}

/* ------------------------------------------------------------------ refusals */

static void test_a_refusal_is_for_coordination_centres_whatever_its_count(void **state)
{
        Update update = refusal_update();

        update.audience = AUDIENCE_CARE;
        assert_refused(&update, PLEK_REFUSED_POLICY, "audience");
        update.care_refusal.count = 50;
        assert_refused(&update, PLEK_REFUSED_POLICY, "audience");
}

static void test_a_refusal_out_of_bounds_is_refused_by_name(void **state)
{
        Update update = refusal_update();

        update.care_refusal.count = 0;
        assert_refused(&update, PLEK_REFUSED_FIELD, "refusal.count");
        update = refusal_update();
        update.care_refusal.care = 0;
        assert_refused(&update, PLEK_REFUSED_FIELD, "refusal.care");

        /* id of one byte; care 1; at 0 */
        assert_int_equal(decode_with(29, "\x0a\x01\xff\x10\x01\x28\x00", 7), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_FIELD);
        assert_string_equal(fixture.refusal.field, "refusal.id");
}

static void test_everything_in_a_refusal_arrives(void **state)
{
        Update update = refusal_update();
        const CareRefusal *refusal = &fixture.decoded.care_refusal;
        RecordRef ref;

        assert_int_equal(round_trip(&update), 0);
        assert_memory_equal(refusal->id, update.care_refusal.id, EVENT_ID_BYTES);
        assert_int_equal(refusal->care, PLEK_CARE_ICU_ADULT);
        assert_int_equal(refusal->reason, PLEK_REASON_BEDS_FULL);
        assert_int_equal(refusal->from, PLEK_CHAIN_AMBULANCE);
        assert_int_equal(refusal->at_ms, 800000);
        assert_int_equal(refusal->count, 1);
        ref = update_record_ref(&fixture.decoded);
        assert_null(ref.unit); /* the id is enough */
        assert_memory_equal(ref.id, update.care_refusal.id, EVENT_ID_BYTES);
        assert_int_equal(ref.care, PLEK_CARE_ICU_ADULT);
}

/* ------------------------------------------------------------------ keys */

static void test_events_are_withdrawn_by_their_whole_key(void **state)
{
        Update flow = flow_update(AUDIENCE_COORD, 9), refusal = refusal_update();
        Update update = counts_update();
        RecordRef *ref = &update.withdraw;

        update.kind = UPDATE_WITHDRAW;
        *ref = update_record_ref(&flow);
        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(fixture.decoded.withdraw.from_ms, 10 * HOUR);
        assert_string_equal(fixture.decoded.withdraw.other, "rav-ijsselland");
        ref->until_ms = ref->from_ms;
        assert_refused(&update, PLEK_REFUSED_PERIOD, "withdraw.until_ms");

        *ref = update_record_ref(&refusal);
        assert_int_equal(round_trip(&update), 0);
        assert_memory_equal(fixture.decoded.withdraw.id, refusal.care_refusal.id, EVENT_ID_BYTES);
        ref->unit = "ic-1";
        assert_refused(&update, PLEK_REFUSED_FIELD, "withdraw.report");

        /* a key of counts with a refusal's id */
        assert_int_equal(decode_with(25, "\x08\x14\x18\x01\x8a\x01\x01\x00", 8), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "withdraw.report");
}

static int run(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_count_of_one_to_four_is_refused_but_for_coordination_centres),
                TEST(test_a_short_period_and_isolation_are_for_coordination_centres),
                TEST(test_a_flow_out_of_bounds_is_refused_by_name),
                TEST(test_what_leaves_the_chain_left_the_location_itself),
                TEST(test_an_event_has_no_words_and_does_not_age),
                TEST(test_everything_in_a_flow_arrives),
                TEST(test_a_refusal_is_for_coordination_centres_whatever_its_count),
                TEST(test_a_refusal_out_of_bounds_is_refused_by_name),
                TEST(test_everything_in_a_refusal_arrives),
                TEST(test_events_are_withdrawn_by_their_whole_key),
        };

        return cmocka_run_group_tests_name("update-event", tests, NULL, NULL);
}

int main(void)
{
        return fixture_run(run);
}
