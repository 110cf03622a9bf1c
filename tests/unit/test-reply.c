#include "query-fixture.h"

static void test_refusal_arrives_as_it_was_given(void **state)
{
        Reply reply = { .id = 3,
                        .kind = REPLY_REFUSED,
                        .refusal = { PLEK_REFUSED_FIELD, "door.text", "is too long" } };

        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.id, 3);
        assert_int_equal(answered.kind, REPLY_REFUSED);
        assert_int_equal(answered.refusal.code, PLEK_REFUSED_FIELD);
        assert_string_equal(answered.refusal.field, "door.text");
        assert_string_equal(answered.refusal.text, "is too long");
}

static void test_hello_reply_arrives_as_it_was_given(void **state)
{
        static const TopicPosition topics[] = { { "reg/", 3 }, { "pic/oost/counts/", 8 } };
        Reply reply = { .id = 1, .kind = REPLY_HELLO };

        reply.hello.time_us = 123456789;
        memset(&reply.hello.network, 4, NETWORK_BYTES);
        reply.hello.party = "isala";
        reply.hello.epoch = some_bytes(250);
        reply.hello.head = some_bytes(160);
        reply.hello.audience = AUDIENCE_CARE;
        reply.hello.roles = ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_RELAY);
        reply.hello.floor = 41;
        reply.hello.enrolment_serial = 2;
        reply.hello.card_serial = 5;
        reply.hello.topics = topics;
        reply.hello.n_topics = 2;
        reply.hello.accepting = true;
        reply.hello.valid_until_ms = 1000;
        reply.hello.read_until_ms = TIME_ABSENT;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.kind, REPLY_HELLO);
        assert_int_equal(answered.hello.time_us, 123456789);
        assert_memory_equal(&answered.hello.network, &reply.hello.network, NETWORK_BYTES);
        assert_string_equal(answered.hello.party, "isala");
        assert_int_equal(answered.hello.epoch.n_bytes, 250);
        assert_int_equal(answered.hello.head.n_bytes, 160);
        assert_int_equal(answered.hello.audience, AUDIENCE_CARE);
        assert_int_equal(answered.hello.roles, reply.hello.roles);
        assert_int_equal(answered.hello.floor, 41);
        assert_int_equal(answered.hello.enrolment_serial, 2);
        assert_int_equal(answered.hello.card_serial, 5);
        assert_int_equal(answered.hello.n_topics, 2);
        assert_string_equal(answered.hello.topics[1].topic, "pic/oost/counts/");
        assert_true(answered.hello.accepting);
        assert_int_equal(answered.hello.valid_until_ms, 1000);
        assert_int_equal(answered.hello.read_until_ms, TIME_ABSENT);
}

static void test_receipt_arrives_as_it_was_given(void **state)
{
        const Outcome outcomes[] = {
                { .seq = 40, .revision = 7 },
                { .seq = 41, .refusal = { PLEK_REFUSED_REPLAY, "seq", "under the floor of 41" } },
        };
        Reply reply = { .kind = REPLY_RECEIPT };

        reply.receipt.head = some_bytes(160);
        reply.receipt.outcomes = outcomes;
        reply.receipt.n_outcomes = 2;
        reply.receipt.floor = 41;
        reply.receipt.twins = true;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.id, 0);
        assert_int_equal(answered.receipt.n_outcomes, 2);
        assert_int_equal(answered.receipt.outcomes[0].seq, 40);
        assert_int_equal(answered.receipt.outcomes[0].revision, 7);
        assert_int_equal(answered.receipt.outcomes[0].refusal.code, 0);
        assert_int_equal(answered.receipt.outcomes[1].revision, 0);
        assert_int_equal(answered.receipt.outcomes[1].refusal.code, PLEK_REFUSED_REPLAY);
        assert_string_equal(answered.receipt.outcomes[1].refusal.field, "seq");
        assert_int_equal(answered.receipt.floor, 41);
        assert_true(answered.receipt.twins);
}

static void test_outcome_is_accepted_or_refused_and_not_both(void **state)
{
        /* Receipts with one outcome: neither, then both. */
        static const char neither[] = "\x08\x00\x62\x09\x0a\x01h\x12\x02\x08\x01\x18\x00";
        static const char both[] =
                "\x08\x00\x62\x0f\x0a\x01h\x12\x08\x08\x01\x10\x01\x1a\x02\x08\x01\x18\x00";

        assert_int_equal(
                reply_decode(&answered, arena, (const uint8_t *)neither, sizeof(neither) - 1),
                QUERY_E_MALFORMED);
        assert_int_equal(reply_decode(&answered, arena, (const uint8_t *)both, sizeof(both) - 1),
                         QUERY_E_MALFORMED);
}

static void test_whoami_and_parties_arrive_as_they_were_given(void **state)
{
        static const Region regions[] = { { "rav", "ijsselland" } };
        static const LocationGrant locations[] = { { "isala-zwolle", "zwolle", regions, 1 } };
        static const PublicKey keys[] = { { .sign = { 1 }, .transport = { 2 } } };
        PartyInfo parties[2] = {
                { .party = "isala",
                  .name = "Isala",
                  .roles = ROLE_BIT(ROLE_AGENT),
                  .audience = AUDIENCE_CARE,
                  .serial = 4,
                  .valid_from_ms = 1,
                  .valid_until_ms = 2,
                  .suspended = true,
                  .keys = keys,
                  .n_keys = 1,
                  .locations = locations,
                  .n_locations = 1,
                  .floor = 5,
                  .n_records = 6,
                  .connected = true,
                  .since_ms = 7,
                  .n_accepted = 8,
                  .n_refused = 9,
                  .twins = true },
                { .party = "deventer",
                  .serial = 1,
                  .valid_from_ms = 1,
                  .valid_until_ms = 2,
                  .revoked = true,
                  .since_ms = TIME_ABSENT },
        };
        Reply reply = { .id = 1, .kind = REPLY_WHOAMI };

        reply.whoami.text = "party isala";
        memset(reply.whoami.transport_key, 3, KEY_BYTES);
        reply.whoami.enrolled = true;
        reply.whoami.party = "isala";
        reply.whoami.roles = ROLE_BIT(ROLE_OPERATOR);
        reply.whoami.audience = AUDIENCE_COORD;
        reply.whoami.locations = locations;
        reply.whoami.n_locations = 1;
        reply.whoami.valid_from_ms = 1;
        reply.whoami.valid_until_ms = 2;
        reply.whoami.suspended = true;
        reply.whoami.serial = 4;
        assert_int_equal(recode_reply(&reply), 0);
        assert_string_equal(answered.whoami.text, "party isala");
        assert_memory_equal(answered.whoami.transport_key, reply.whoami.transport_key, KEY_BYTES);
        assert_true(answered.whoami.enrolled);
        assert_string_equal(answered.whoami.party, "isala");
        assert_int_equal(answered.whoami.roles, ROLE_BIT(ROLE_OPERATOR));
        assert_int_equal(answered.whoami.audience, AUDIENCE_COORD);
        assert_string_equal(answered.whoami.locations[0].regions[0].id, "ijsselland");
        assert_true(answered.whoami.suspended);
        assert_false(answered.whoami.revoked);
        assert_int_equal(answered.whoami.serial, 4);

        reply = (Reply){ .id = 1, .kind = REPLY_PARTIES };
        reply.parties.parties = parties;
        reply.parties.n_parties = 2;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.parties.n_parties, 2);
        assert_string_equal(answered.parties.parties[0].name, "Isala");
        assert_int_equal(answered.parties.parties[0].roles, ROLE_BIT(ROLE_AGENT));
        assert_memory_equal(answered.parties.parties[0].keys, keys, sizeof(keys));
        assert_string_equal(answered.parties.parties[0].locations[0].location, "isala-zwolle");
        assert_int_equal(answered.parties.parties[0].floor, 5);
        assert_int_equal(answered.parties.parties[0].n_records, 6);
        assert_true(answered.parties.parties[0].connected);
        assert_int_equal(answered.parties.parties[0].since_ms, 7);
        assert_int_equal(answered.parties.parties[0].n_accepted, 8);
        assert_int_equal(answered.parties.parties[0].n_refused, 9);
        assert_true(answered.parties.parties[0].twins);
        assert_true(answered.parties.parties[1].revoked);
        assert_int_equal(answered.parties.parties[1].roles, 0);
        assert_int_equal(answered.parties.parties[1].since_ms, TIME_ABSENT);
}

static void test_status_arrives_as_it_was_given(void **state)
{
        static const char *warnings[] = { "the disk is 91 % full" };
        static const Metric metrics[] = { { "plek_updates_total", "outcome=\"accepted\"", 12.5 } };
        Reply reply = { .id = 1, .kind = REPLY_STATUS };

        reply.status.version = "0.1.0";
        reply.status.epoch = 1;
        reply.status.revision = 2;
        reply.status.time_ms = 3;
        reply.status.started_at_ms = 4;
        reply.status.why_not = "clock";
        reply.status.since_ms = 5;
        reply.status.warnings = warnings;
        reply.status.n_warnings = 1;
        reply.status.metrics = metrics;
        reply.status.n_metrics = 1;
        reply.status.head = some_bytes(160);
        reply.status.network_name = "zwolle";
        reply.status.epoch_envelope = some_bytes(250);
        assert_int_equal(recode_reply(&reply), 0);
        assert_string_equal(answered.status.version, "0.1.0");
        assert_int_equal(answered.status.revision, 2);
        assert_false(answered.status.accepting);
        assert_string_equal(answered.status.why_not, "clock");
        assert_int_equal(answered.status.since_ms, 5);
        assert_string_equal(answered.status.warnings[0], warnings[0]);
        assert_string_equal(answered.status.metrics[0].name, "plek_updates_total");
        assert_string_equal(answered.status.metrics[0].label, "outcome=\"accepted\"");
        assert_true(answered.status.metrics[0].value == 12.5);
        assert_int_equal(answered.status.head.n_bytes, 160);
        assert_string_equal(answered.status.network_name, "zwolle");
        assert_int_equal(answered.status.epoch_envelope.n_bytes, 250);
}

static void test_small_replies_arrive_as_they_were_given(void **state)
{
        static const Presence presence[] = { { "isala", true, 5 } };
        Reply reply = { .id = 1, .kind = REPLY_CLOCK };

        reply.clock.nonce = 5;
        reply.clock.time_us = -6;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.clock.nonce, 5);
        assert_int_equal(answered.clock.time_us, -6);

        reply = (Reply){ .id = 1, .kind = REPLY_SINCE };
        reply.since.manifest = some_bytes(300);
        reply.since.transfer = 6;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.since.manifest.n_bytes, 300);
        assert_int_equal(answered.since.transfer, 6);

        reply = (Reply){ .id = 1, .kind = REPLY_CHUNK };
        reply.chunk.transfer = 6;
        reply.chunk.index = 7;
        reply.chunk.body = some_bytes(299);
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.chunk.transfer, 6);
        assert_int_equal(answered.chunk.index, 7);
        assert_int_equal(answered.chunk.body.n_bytes, 299);

        reply = (Reply){ .id = 1, .kind = REPLY_SUBMIT };
        reply.submit.revision = 8;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.submit.revision, 8);

        reply = (Reply){ .id = 1, .kind = REPLY_DONE };
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.kind, REPLY_DONE);

        for (ReplyKind kind = REPLY_EPOCH; kind <= REPLY_CARD; kind++) {
                reply = (Reply){ .id = 1, .kind = kind, .envelope = some_bytes(298) };
                assert_int_equal(recode_reply(&reply), 0);
                assert_int_equal(answered.kind, kind);
                assert_int_equal(answered.envelope.n_bytes, 298);
                assert_memory_equal(answered.envelope.bytes, payload, 298);
        }

        reply = (Reply){ .id = 1, .kind = REPLY_PRESENCE };
        reply.presence.presence = presence;
        reply.presence.n_presence = 1;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.presence.n_presence, 1);
        assert_string_equal(answered.presence.presence[0].party, "isala");
}

static void test_what_is_agreed_is_told_as_it_is(void **state)
{
        static const AgreedInterval intervals[] = {
                { UPDATE_COUNTS, "V6", PLEK_CARE_GP_POST, 900 },
                { UPDATE_PRESSURE, "", 0, AGREED_INTERVAL_MAX_S },
                { 4711, "", 99, 1 }, /* a report and a care that nobody knows yet */
        };
        Reply reply = { .kind = REPLY_AGREED };

        reply.agreed.intervals = intervals;
        reply.agreed.n_intervals = N_ELEMENTS(intervals);
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.kind, REPLY_AGREED);
        assert_int_equal(answered.agreed.n_intervals, 3);
        for (size_t i = 0; i < N_ELEMENTS(intervals); i++) {
                const AgreedInterval *got = &answered.agreed.intervals[i];

                assert_int_equal(got->report, intervals[i].report);
                assert_string_equal(got->kind, intervals[i].kind);
                assert_int_equal(got->care, intervals[i].care);
                assert_int_equal(got->interval_s, intervals[i].interval_s);
        }

        reply.agreed.n_intervals = 0;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.agreed.n_intervals, 0);
}

static void assert_not_agreed(AgreedInterval interval, size_t n)
{
        AgreedInterval intervals[AGREED_MAX + 1];
        Reply reply = { .kind = REPLY_AGREED };

        for (size_t i = 0; i < n; i++)
                intervals[i] = interval;
        reply.agreed.intervals = intervals;
        reply.agreed.n_intervals = n;
        assert_int_equal(recode_reply(&reply), QUERY_E_MALFORMED);
}

static void test_agreements_past_their_bounds_are_malformed(void **state)
{
        const AgreedInterval fine = { UPDATE_COUNTS, "V6", 0, 60 };

        assert_not_agreed(fine, AGREED_MAX + 1);
        assert_not_agreed((AgreedInterval){ UPDATE_COUNTS, "v6", 0, 60 }, 1);
        assert_not_agreed((AgreedInterval){ UPDATE_COUNTS, "", 0, 0 }, 1);
        assert_not_agreed((AgreedInterval){ UPDATE_COUNTS, "", 0, AGREED_INTERVAL_MAX_S + 1 }, 1);
}

static void test_a_call_and_how_it_stands_arrive_as_they_are(void **state)
{
        static const CallLine lines[] = {
                { "isala", "zwolle", CALL_ANSWERED, 2, 2, 5, "Isala", "038" },
                { "isala", "meppel", CALL_UNREACHABLE, 1, 0, TIME_ABSENT, NULL, NULL },
        };
        Request request = { .id = 1, .kind = REQUEST_CALL };
        Reply reply = { .kind = REPLY_ASKED };

        request.call.envelope = some_bytes(120);
        assert_int_equal(recode_request(&request), 0);
        assert_int_equal(asked.call.envelope.n_bytes, 120);
        request.call.envelope = some_bytes(0);
        assert_int_equal(recode_request(&request), QUERY_E_MALFORMED);

        reply.asked.envelope = some_bytes(130);
        reply.asked.enrolment = some_bytes(140);
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.asked.envelope.n_bytes, 130);
        assert_int_equal(answered.asked.enrolment.n_bytes, 140);

        reply = (Reply){ .kind = REPLY_PROGRESS };
        reply.progress.id.bytes[15] = 9;
        reply.progress.lines = lines;
        reply.progress.n_lines = 2;
        reply.progress.n_lines_of_call = 7;
        reply.progress.is_final = true;
        assert_int_equal(recode_reply(&reply), 0);
        assert_int_equal(answered.progress.id.bytes[15], 9);
        assert_int_equal(answered.progress.n_lines, 2);
        assert_int_equal(answered.progress.n_lines_of_call, 7);
        assert_true(answered.progress.is_final && !answered.progress.triage.is_there);
        assert_string_equal(answered.progress.lines[0].phone, "038");
        assert_int_equal(answered.progress.lines[0].since_ms, 5);
        assert_null(answered.progress.lines[1].name);
        assert_true(answered.progress.lines[1].since_ms == TIME_ABSENT);

        reply.progress.triage = (CallTriage){ .is_there = true, .n_places = 3 };
        reply.progress.triage.present[3] = true;
        reply.progress.triage.value[3] = 4;
        reply.progress.triage.shut[3] = 4;
        assert_int_equal(recode_reply(&reply), 0);
        assert_memory_equal(&answered.progress.triage, &reply.progress.triage, sizeof(CallTriage));
        reply.progress.triage.shut[3] = 5; /* more than there are */
        assert_int_equal(recode_reply(&reply), QUERY_E_MALFORMED);
        reply.progress.triage.shut[3] = 0;
        reply.progress.triage.value[3] = -1;
        assert_int_equal(recode_reply(&reply), QUERY_E_MALFORMED);
}

static void test_lines_of_a_call_that_contradict_themselves_are_malformed(void **state)
{
        const CallLine good = { "isala", "zwolle", CALL_ASKED, 2, 1, TIME_ABSENT, NULL, NULL };
        CallLine bad[] = { good, good, good, good };
        Reply reply = { .kind = REPLY_PROGRESS };

        bad[0].n_answered = 3;
        bad[1].state = 0;
        bad[2].state = CALL_BARRED + 1;
        bad[3].party = "IS ALA";
        reply.progress.n_lines = 1;
        reply.progress.lines = &good;
        assert_int_equal(recode_reply(&reply), 0);
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                reply.progress.lines = &bad[i];
                assert_int_equal(recode_reply(&reply), QUERY_E_MALFORMED);
        }
}

static void test_reply_of_a_newer_broker_keeps_its_id(void **state)
{
        assert_int_equal(reply_decode(&answered, arena, (const uint8_t *)"\x08\x05\xfa\x03\x00", 5),
                         0);
        assert_int_equal(answered.id, 5);
        assert_int_equal(answered.kind, 0);
        assert_int_equal(reply_decode(&answered, arena, (const uint8_t *)"\x08", 1),
                         QUERY_E_MALFORMED);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_refusal_arrives_as_it_was_given),
                TEST(test_hello_reply_arrives_as_it_was_given),
                TEST(test_receipt_arrives_as_it_was_given),
                TEST(test_outcome_is_accepted_or_refused_and_not_both),
                TEST(test_whoami_and_parties_arrive_as_they_were_given),
                TEST(test_status_arrives_as_it_was_given),
                TEST(test_small_replies_arrive_as_they_were_given),
                TEST(test_what_is_agreed_is_told_as_it_is),
                TEST(test_agreements_past_their_bounds_are_malformed),
                TEST(test_a_call_and_how_it_stands_arrive_as_they_are),
                TEST(test_lines_of_a_call_that_contradict_themselves_are_malformed),
                TEST(test_reply_of_a_newer_broker_keeps_its_id),
        };

        return run_group(tests, N_ELEMENTS(tests));
}
