/*
 * clients/agent/link-voice.c
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/link-voice.h"

static const LinkWork idle = { .party = "duin", .has_begun = true, .n_accepted = 3 };

/* What it says at @now_ms; "": nothing. */
static const char *said(LinkVoice *voice, const LinkWork *work, int64_t now_ms)
{
        static char text[LINK_VOICE_TEXT_BYTES];

        text[0] = '\0';
        (void)link_voice_speak(voice, work, now_ms, text);
        return text;
}

static void test_a_feed_that_is_well_says_so_once_its_reports_are_answered(void **state)
{
        const LinkWork busy = { .party = "duin", .has_begun = true, .n_waiting = 1 };
        LinkVoice voice;

        link_voice_init(&voice, 0);
        link_voice_hear(&voice, PLEK_PUBLISHER_CONNECTED, "connected", 10);
        assert_string_equal(said(&voice, &(LinkWork){ .party = "duin" }, 15), "");
        assert_string_equal(said(&voice, &busy, 20), "");
        assert_non_null(strstr(said(&voice, &idle, 30), "connected as duin"));
        assert_string_equal(said(&voice, &idle, 40), "");
}

static void test_an_outage_is_said_once_when_it_has_lasted_and_once_when_it_is_over(void **state)
{
        LinkVoice voice;

        link_voice_init(&voice, 0);
        link_voice_hear(&voice, PLEK_PUBLISHER_OFFLINE, "nobody listens at tcp://x:1", 100);
        assert_string_equal(said(&voice, &idle, LINK_VOICE_AWAY_MS - 1), "");
        assert_non_null(strstr(said(&voice, &idle, LINK_VOICE_AWAY_MS), "nobody listens"));
        assert_string_equal(said(&voice, &idle, 10 * LINK_VOICE_AWAY_MS), "");
        link_voice_hear(&voice, PLEK_PUBLISHER_CONNECTED, "connected", 60000);
        assert_non_null(strstr(said(&voice, &idle, 60000), "connected again"));

        /* A moment's loss is nobody's business. */
        link_voice_hear(&voice, PLEK_PUBLISHER_OFFLINE, "the connection was lost", 70000);
        assert_string_equal(said(&voice, &idle, 71000), "");
        link_voice_hear(&voice, PLEK_PUBLISHER_CONNECTED, "connected", 72000);
        assert_string_equal(said(&voice, &idle, 72000), "");
}

static void test_a_broker_that_never_answers_is_said_too(void **state)
{
        LinkVoice voice;

        link_voice_init(&voice, 0);
        assert_non_null(strstr(said(&voice, &idle, LINK_VOICE_AWAY_MS), "does not answer"));
}

static void test_what_the_broker_says_no_to_is_said_at_once_and_once(void **state)
{
        LinkVoice voice;

        link_voice_init(&voice, 0);
        link_voice_hear(&voice, PLEK_PUBLISHER_BARRED, "not enrolled here", 10);
        assert_string_equal(said(&voice, &idle, 10), "not enrolled here");
        link_voice_hear(&voice, PLEK_PUBLISHER_OFFLINE, "lost", 20);
        assert_string_equal(said(&voice, &idle, 20), "");
        link_voice_hear(&voice, PLEK_PUBLISHER_BARRED, "not enrolled here", 30);
        assert_string_equal(said(&voice, &idle, 30), "");
        link_voice_hear(&voice, PLEK_PUBLISHER_BARRED, "suspended", 40);
        assert_string_equal(said(&voice, &idle, 40), "suspended");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_feed_that_is_well_says_so_once_its_reports_are_answered),
                cmocka_unit_test(
                        test_an_outage_is_said_once_when_it_has_lasted_and_once_when_it_is_over),
                cmocka_unit_test(test_a_broker_that_never_answers_is_said_too),
                cmocka_unit_test(test_what_the_broker_says_no_to_is_said_at_once_and_once),
        };

        return cmocka_run_group_tests_name("clients/agent/link-voice.c", tests, NULL, NULL);
}
