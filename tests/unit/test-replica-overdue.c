#include "replica-fixture.h"

/*
 * Who is later than agreed: told when that begins and when it ends, whatever came first
 */

#define COUNTS "pic/oost/counts/"
#define STATUS "pic/oost/status/"

static const AgreedInterval five_minutes = { UPDATE_COUNTS, "V6", 0, 300 };

static Blob *card_of_kind(Voice *voice, const char *kind)
{
        Update update = { .kind = UPDATE_CARD, .card = { .name = "Noord", .kind = kind } };

        return update_of(voice, &update, voice->party);
}

static void agree(Voice *voice, const AgreedInterval *intervals, size_t n)
{
        assert_int_equal(replica_agreed(voice->replica, intervals, n, &voice->time), 0);
}

/* At revisions 3 and 4, in a region that agreed on five minutes for a V6. */
static void begin(Voice *voice)
{
        voice_setup(voice, NULL);
        voice_sync(voice);
        agree(voice, &five_minutes, 1);
        assert_int_equal(publish(voice, STATUS, card_of_kind(voice, "V6"), 2), 0);
        assert_int_equal(publish(voice, COUNTS, counts_of(voice, "ic", 3), 2), 0);
}

static void assert_told(const Voice *voice, size_t n_overdue, size_t n_in_time)
{
        assert_int_equal(voice->n_overdue, n_overdue);
        assert_int_equal(voice->n_in_time, n_in_time);
}

static void test_it_is_told_when_the_tolerance_has_passed_and_once(void **state)
{
        Voice voice;

        begin(&voice);
        pass_ms(&voice, 360000);
        assert_told(&voice, 0, 0);
        assert_true(replica_due(voice.replica, &voice.time) <= voice.time.now_ms + 1);
        pass_ms(&voice, 1);
        assert_told(&voice, 1, 0);
        pass_ms(&voice, 3600000);
        assert_told(&voice, 1, 0);
        voice_teardown(&voice);
}

static void test_a_report_or_an_affirm_ends_it_and_it_begins_again(void **state)
{
        Voice voice;

        begin(&voice);
        pass_ms(&voice, 400000);
        assert_told(&voice, 1, 0);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "ic", 4), 4), 0);
        assert_told(&voice, 1, 1);
        pass_ms(&voice, 400000);
        assert_told(&voice, 2, 1);
        assert_int_equal(publish(&voice, COUNTS, affirm_of(&voice), 5), 0);
        assert_told(&voice, 2, 2);
        pass_ms(&voice, 400000);
        assert_told(&voice, 3, 2);
        voice_teardown(&voice);
}

static void test_a_card_that_comes_later_or_changes_decides(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        agree(&voice, &five_minutes, 1);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "ic", 3), 2), 0);
        pass_ms(&voice, 400000);
        assert_told(&voice, 0, 0); /* of what kind it is nobody has said */
        assert_int_equal(publish(&voice, STATUS, card_of_kind(&voice, "V6"), 2), 0);
        assert_told(&voice, 1, 0);
        assert_int_equal(publish(&voice, STATUS, card_of_kind(&voice, "G5"), 4), 0);
        assert_told(&voice, 1, 1);
        voice_teardown(&voice);
}

static void test_another_agreement_judges_what_is_held(void **state)
{
        const AgreedInterval hour = { UPDATE_COUNTS, "", 0, 3600 };
        Voice voice;

        begin(&voice);
        pass_ms(&voice, 400000);
        assert_told(&voice, 1, 0);
        agree(&voice, &hour, 1);
        assert_told(&voice, 1, 1);
        pass_ms(&voice, 3600000);
        assert_told(&voice, 2, 1);
        agree(&voice, NULL, 0);
        assert_told(&voice, 2, 2);
        voice_teardown(&voice);
}

static void test_a_sender_that_claims_a_week_is_overdue_all_the_same(void **state)
{
        Update update = {
                .unit = "ic",
                .valid_for_s = VALID_FOR_MAX_S,
                .kind = UPDATE_COUNTS,
                .counts = { .care = PLEK_CARE_WARD },
        };
        Voice voice;

        begin(&voice);
        assert_int_equal(publish(&voice, COUNTS, update_of(&voice, &update, voice.party), 4), 0);
        pass_ms(&voice, 360001);
        assert_told(&voice, 1, 0);
        assert_int_equal(publish(&voice, COUNTS, affirm_of(&voice), 5), 0);
        assert_told(&voice, 1, 1);
        pass_ms(&voice, 360001); /* long before it is stale */
        assert_told(&voice, 2, 1);
        voice_teardown(&voice);
}

static void test_a_stale_record_that_is_affirmed_is_stale_again_in_time(void **state)
{
        Voice voice;
        size_t n_told;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "ic", 3), 2), 0);
        pass_ms(&voice, 60001);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_STALE);
        assert_int_equal(publish(&voice, COUNTS, affirm_of(&voice), 3), 0);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_FRESH);
        n_told = voice.n_told;
        pass_ms(&voice, 60001);
        assert_int_equal(voice.n_told, n_told + 1);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_STALE);
        voice_teardown(&voice);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_it_is_told_when_the_tolerance_has_passed_and_once),
                cmocka_unit_test(test_a_report_or_an_affirm_ends_it_and_it_begins_again),
                cmocka_unit_test(test_a_card_that_comes_later_or_changes_decides),
                cmocka_unit_test(test_another_agreement_judges_what_is_held),
                cmocka_unit_test(test_a_sender_that_claims_a_week_is_overdue_all_the_same),
                cmocka_unit_test(test_a_stale_record_that_is_affirmed_is_stale_again_in_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
