#include "query-fixture.h"

static void test_hello_arrives_as_it_was_asked(void **state)
{
        Request request = { .id = 7, .kind = REQUEST_HELLO };

        request.hello.instance = UINT64_MAX;
        request.hello.kind = PEER_READER;
        assert_int_equal(recode_request(&request), 0);
        assert_int_equal(asked.id, 7);
        assert_int_equal(asked.kind, REQUEST_HELLO);
        assert_true(asked.hello.instance == UINT64_MAX);
        assert_int_equal(asked.hello.kind, PEER_READER);
        assert_null(asked.hello.head.bytes);
        assert_int_equal(asked.hello.card_serial, 0);
        assert_null(asked.hello.program);

        request.hello.head = some_bytes(160);
        request.hello.card_serial = 3;
        request.hello.program = "plek 0.1.0";
        assert_int_equal(recode_request(&request), 0);
        assert_int_equal(asked.hello.head.n_bytes, 160);
        assert_memory_equal(asked.hello.head.bytes, payload, 160);
        assert_int_equal(asked.hello.card_serial, 3);
        assert_string_equal(asked.hello.program, "plek 0.1.0");
}

static void test_history_arrives_as_it_was_asked(void **state)
{
        Request request = { .id = 1, .kind = REQUEST_HISTORY };

        request.history.location = "isala-zwolle";
        request.history.unit = "seh";
        request.history.care = 8;
        request.history.reports = REPORT_BIT(UPDATE_DOOR) | REPORT_BIT(UPDATE_CARD);
        request.history.from_ms = 1000;
        request.history.to_ms = 2000;
        request.history.restated = true;
        request.history.credit = 4;
        assert_int_equal(recode_request(&request), 0);
        assert_string_equal(asked.history.location, "isala-zwolle");
        assert_string_equal(asked.history.unit, "seh");
        assert_int_equal(asked.history.care, 8);
        assert_int_equal(asked.history.reports, request.history.reports);
        assert_int_equal(asked.history.from_ms, 1000);
        assert_int_equal(asked.history.to_ms, 2000);
        assert_true(asked.history.restated);

        request.history.location = request.history.unit = NULL;
        request.history.care = CODE_ABSENT;
        request.history.reports = REPORT_BITS_ALL;
        assert_int_equal(recode_request(&request), 0);
        assert_null(asked.history.location);
        assert_int_equal(asked.history.care, CODE_ABSENT);
        assert_int_equal(asked.history.reports, REPORT_BITS_ALL);

        request.history.location = "not a location";
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
        request.history.location = NULL;
        request.history.unit = "not a unit";
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
        request.history.unit = NULL;
        request.history.credit = 0;
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
        request.history.credit = 1;
        request.history.from_ms = INT64_MAX;
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
}

static void test_since_and_credit_arrive_as_they_were_asked(void **state)
{
        Request request = { .id = 1, .kind = REQUEST_SINCE };

        request.since.topic = "pic/zwolle/status/";
        request.since.epoch = 9;
        request.since.audience = AUDIENCE_COORD;
        request.since.revision = 12;
        request.since.credit = CREDIT_MAX;
        assert_int_equal(recode_request(&request), 0);
        assert_string_equal(asked.since.topic, "pic/zwolle/status/");
        assert_int_equal(asked.since.epoch, 9);
        assert_int_equal(asked.since.audience, AUDIENCE_COORD);
        assert_int_equal(asked.since.revision, 12);
        assert_int_equal(asked.since.credit, CREDIT_MAX);

        request.since.credit = CREDIT_MAX + 1;
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
        request.since.credit = 0;
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
        request.since.credit = 1;
        request.since.topic = "pic/zwolle";
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
        request.since.topic = "reg/";
        request.since.audience = 4;
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);

        request.since.audience = AUDIENCE_CARE;
        request.since.at_ms = 1770000000000;
        assert_int_equal(recode_request(&request), 0);
        assert_int_equal(asked.since.at_ms, 1770000000000);
        request.since.at_ms = INT64_MAX;
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);

        request = (Request){ .id = 2, .kind = REQUEST_CREDIT };
        request.credit.transfer = 5;
        request.credit.credit = 6;
        assert_int_equal(recode_request(&request), 0);
        assert_int_equal(asked.credit.transfer, 5);
        assert_int_equal(asked.credit.credit, 6);
}

static void test_submit_and_suspend_arrive_as_they_were_asked(void **state)
{
        Request request = { .id = 1, .kind = REQUEST_SUBMIT };

        request.submit.envelope = some_bytes(300);
        request.submit.check = true;
        assert_int_equal(recode_request(&request), 0);
        assert_int_equal(asked.submit.envelope.n_bytes, 300);
        assert_memory_equal(asked.submit.envelope.bytes, payload, 300);
        assert_true(asked.submit.check);
        request.submit.envelope.n_bytes = 0;
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);

        request = (Request){ .id = 1, .kind = REQUEST_SUSPEND };
        request.suspend = (Suspension){
                .party = "isala", .has_key_id = true, .suspended = true, .reason = "storing"
        };
        memset(&request.suspend.key_id, 5, KEY_ID_BYTES);
        assert_int_equal(recode_request(&request), 0);
        assert_string_equal(asked.suspend.party, "isala");
        assert_true(asked.suspend.has_key_id);
        assert_memory_equal(&asked.suspend.key_id, &request.suspend.key_id, KEY_ID_BYTES);
        assert_true(asked.suspend.suspended);
        assert_string_equal(asked.suspend.reason, "storing");
        assert_null(asked.suspend.by);
        request.suspend.party = "I";
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);
}

static void test_small_requests_arrive_as_they_were_asked(void **state)
{
        static const RequestKind kinds[] = { REQUEST_WHOAMI, REQUEST_STATUS, REQUEST_PRESENCE,
                                             REQUEST_CARD };
        Request request = { .id = UINT64_MAX, .kind = REQUEST_CLOCK };

        request.clock.nonce = 99;
        assert_int_equal(recode_request(&request), 0);
        assert_true(asked.id == UINT64_MAX);
        assert_int_equal(asked.clock.nonce, 99);

        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                request = (Request){ .id = i, .kind = kinds[i] };
                assert_int_equal(recode_request(&request), 0);
                assert_int_equal(asked.kind, kinds[i]);
        }

        request = (Request){ .id = 1, .kind = REQUEST_PARTIES };
        assert_int_equal(recode_request(&request), 0);
        assert_null(asked.parties.party);
        request.parties.party = "isala";
        assert_int_equal(recode_request(&request), 0);
        assert_string_equal(asked.parties.party, "isala");

        request = (Request){ .id = 1, .kind = REQUEST_OWN };
        request.own.credit = 3;
        assert_int_equal(recode_request(&request), 0);
        assert_null(asked.own.location);
        request.own.location = "isala-zwolle";
        assert_int_equal(recode_request(&request), 0);
        assert_string_equal(asked.own.location, "isala-zwolle");
        assert_int_equal(asked.own.credit, 3);

        request = (Request){ .id = 1, .kind = REQUEST_CONFIRM };
        request.confirm.what = CONFIRM_CLOCK;
        assert_int_equal(recode_request(&request), 0);
        assert_int_equal(asked.confirm.what, CONFIRM_CLOCK);
}

static void test_request_of_a_newer_peer_keeps_its_id(void **state)
{
        assert_int_equal(request_decode(&asked, arena, (const uint8_t *)"\x08\x05\xfa\x01\x00", 5),
                         0);
        assert_int_equal(asked.id, 5);
        assert_int_equal(asked.kind, 0);
}

static void test_requests_that_are_none_are_refused(void **state)
{
        CLEANUP(freep) uint8_t *large = calloc(1, REQUEST_MAX_BYTES + 1);

        assert_int_equal(request_decode(&asked, arena, large, 0), QUERY_E_MALFORMED);
        assert_int_equal(request_decode(&asked, arena, (const uint8_t *)"\x2a\x00", 2),
                         QUERY_E_MALFORMED);
        assert_int_equal(
                request_decode(&asked, arena, (const uint8_t *)"\x08\x05\x32\x00\x52\x00", 6),
                QUERY_E_MALFORMED);

        memcpy(large, "\x08\x01\xa2\x06", 4); /* an unknown field that fills the rest */
        large[4] = 0xf8;
        large[5] = 0xff;
        large[6] = 0x3f;
        assert_int_equal(request_decode(&asked, arena, large, REQUEST_MAX_BYTES + 1),
                         QUERY_E_MALFORMED);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_hello_arrives_as_it_was_asked),
                TEST(test_history_arrives_as_it_was_asked),
                TEST(test_since_and_credit_arrive_as_they_were_asked),
                TEST(test_submit_and_suspend_arrive_as_they_were_asked),
                TEST(test_small_requests_arrive_as_they_were_asked),
                TEST(test_request_of_a_newer_peer_keeps_its_id),
                TEST(test_requests_that_are_none_are_refused),
        };

        return run_group(tests, N_ELEMENTS(tests));
}
