#include <string.h>

#include "cmocka-all.h"
#include "derived/alert.h"
#include "internal/cleanup.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static const AlertRules rules = {
        .states = 1u << PLEK_DOOR_STOP | 1u << PLEK_DOOR_CLOSED,
        .tell_expired = true,
        .tell_announced = true,
        .soon_ms = 30 * MINUTE,
        .repeat_ms = MINUTE,
        .escalate_ms = 5 * MINUTE,
        .n_flaps = 4,
        .flap_window_ms = 10 * MINUTE,
        .flap_steady_ms = 10 * MINUTE,
};

/* One scope, looked at in simulated time; what was said is "R", "r", "E", "A", "-", "F", "S", and
 * of plans "p" (announced), "s" (soon), "o" (called off) and the same for the rest. */
typedef struct Desk {
        AlertScope scope;
        AlertView view;
        int64_t now_ms;
        char said[256];
} Desk;

static void note(Desk *desk, const AlertSaid *said)
{
        static const char letters[] = " RrEA-FS";
        char letter = letters[said->saying];
        size_t n = strlen(desk->said);

        if (said->saying == ALERT_RAISED && said->cause == ALERT_ANNOUNCED)
                letter = 'p';
        else if (said->saying == ALERT_RAISED && said->cause == ALERT_SOON)
                letter = 's';
        else if (said->saying == ALERT_ENDED &&
                 (said->cause == ALERT_ANNOUNCED || said->cause == ALERT_SOON))
                letter = 'o';
        assert_true(n + 1 < sizeof(desk->said));
        desk->said[n] = letter;
        desk->said[n + 1] = '\0';
}

static void look(Desk *desk)
{
        AlertSaid said[ALERT_SAYINGS_MAX];
        size_t n = alert_look(&desk->scope, &rules, &desk->view, desk->now_ms, said);

        for (size_t i = 0; i < n; i++)
                note(desk, &said[i]);
}

/* Looks only when it is due, up to and with @until_ms. */
static void pass(Desk *desk, int64_t until_ms)
{
        int64_t due_ms;

        while ((due_ms = alert_due_ms(&desk->scope, &rules)) <= until_ms) {
                assert_true(due_ms >= desk->now_ms);
                desk->now_ms = due_ms;
                look(desk);
                assert_true(alert_due_ms(&desk->scope, &rules) > due_ms);
        }
        desk->now_ms = until_ms;
}

static void state(Desk *desk, uint32_t state)
{
        desk->view.state = state;
        desk->view.since_ms = desk->now_ms;
        desk->view.is_expired = desk->view.is_seen = false;
        look(desk);
}

static void assert_said(Desk *desk, const char *said)
{
        assert_string_equal(desk->said, said);
        *desk->said = '\0';
}

static void start(Desk *desk, uint32_t state)
{
        *desk = (Desk){ .view = { .state = state }, .now_ms = 1000 * MINUTE };
        desk->view.since_ms = desk->now_ms;
        look(desk);
}

static void test_an_open_door_is_no_news_and_never_due(void **unused)
{
        Desk desk;

        start(&desk, PLEK_DOOR_OPEN);
        assert_said(&desk, "");
        assert_true(alert_due_ms(&desk.scope, &rules) == INT64_MAX);
        state(&desk, PLEK_DOOR_RESTRICTED); /* not watched */
        assert_said(&desk, "");
}

static void test_a_stop_is_repeated_and_escalates_once_until_it_is_lifted(void **unused)
{
        Desk desk;

        start(&desk, PLEK_DOOR_OPEN);
        state(&desk, PLEK_DOOR_STOP);
        assert_said(&desk, "R");
        pass(&desk, desk.now_ms + 7 * MINUTE);
        assert_said(&desk, "rrrrErrr");
        state(&desk, PLEK_DOOR_OPEN);
        assert_said(&desk, "-");
        pass(&desk, desk.now_ms + 60 * MINUTE);
        assert_said(&desk, "");
}

static void test_a_stop_that_stands_at_the_start_is_told(void **unused)
{
        Desk desk;

        start(&desk, PLEK_DOOR_STOP);
        assert_said(&desk, "R");
}

static void test_who_has_seen_it_ends_the_noise_and_taking_that_back_begins_it(void **unused)
{
        Desk desk;

        start(&desk, PLEK_DOOR_STOP);
        desk.now_ms += 10 * SECOND;
        desk.view.is_seen = true;
        look(&desk);
        assert_said(&desk, "RA");
        pass(&desk, desk.now_ms + 60 * MINUTE);
        assert_said(&desk, "");
        desk.view.is_seen = false;
        look(&desk);
        assert_said(&desk, "R");
        state(&desk, PLEK_DOOR_OPEN);
        assert_said(&desk, "-");
}

static void test_a_stop_that_says_something_else_is_told_anew(void **unused)
{
        Desk desk;

        start(&desk, PLEK_DOOR_STOP);
        desk.view.is_seen = true;
        look(&desk);
        desk.now_ms += MINUTE;
        state(&desk, PLEK_DOOR_STOP);
        assert_said(&desk, "RAR");
        state(&desk, PLEK_DOOR_STOP); /* the same again, at the same time */
        assert_said(&desk, "");
}

static void test_a_stop_past_its_end_is_told_and_one_that_was_seen_before_it_came_is_not(void **s)
{
        Desk desk;

        start(&desk, PLEK_DOOR_STOP);
        desk.now_ms += MINUTE / 2;
        desk.view.is_expired = true;
        look(&desk);
        assert_said(&desk, "RR");
        assert_int_equal(desk.scope.cause, ALERT_EXPIRED);

        desk = (Desk){ .view = { .state = PLEK_DOOR_STOP, .is_seen = true }, .now_ms = MINUTE };
        look(&desk);
        assert_said(&desk, "");
}

static void test_what_a_wider_scope_says_is_told_there(void **unused)
{
        Desk desk;

        start(&desk, PLEK_DOOR_OPEN);
        desk.view.is_elsewhere = true;
        state(&desk, PLEK_DOOR_CLOSED);
        assert_said(&desk, "");
}

static void announce(Desk *desk, int64_t in_ms)
{
        *desk = (Desk){ .now_ms = 1000 * MINUTE };
        desk->view = (AlertView){ .is_plan = true,
                                  .state = PLEK_DOOR_CLOSED,
                                  .since_ms = desk->now_ms,
                                  .starts_at_ms = desk->now_ms + in_ms };
        look(desk);
}

static void see(Desk *desk, bool is_seen)
{
        desk->view.is_seen = is_seen;
        look(desk);
}

static void test_a_plan_is_repeated_until_it_is_seen_and_told_again_before_it_begins(void **unused)
{
        Desk desk;

        announce(&desk, 120 * MINUTE);
        look(&desk);
        pass(&desk, desk.now_ms + 2 * MINUTE);
        assert_said(&desk, "prr");
        see(&desk, true);
        assert_said(&desk, "A");
        pass(&desk, desk.view.starts_at_ms - 30 * MINUTE - 1);
        assert_said(&desk, "");
        desk.view.is_seen = false; /* that it begins nobody has seen */
        pass(&desk, desk.view.starts_at_ms - 29 * MINUTE);
        assert_said(&desk, "sr");
        see(&desk, true);
        pass(&desk, desk.view.starts_at_ms - 1);
        assert_said(&desk, "A");
        assert_true(alert_due_ms(&desk.scope, &rules) == desk.view.starts_at_ms);

        /* it begins: what leads is told elsewhere */
        desk.now_ms++;
        look(&desk);
        assert_said(&desk, "");
        assert_false(desk.scope.has_view);
}

static void test_a_plan_that_is_called_off_is_over_and_one_that_moves_is_told_again(void **unused)
{
        Desk desk;

        announce(&desk, 120 * MINUTE);
        see(&desk, true);
        desk.view.is_seen = false;
        desk.view.starts_at_ms += MINUTE;
        look(&desk);
        assert_said(&desk, "pAp");
        see(&desk, true);
        desk.now_ms += MINUTE;
        desk.view.is_seen = false;
        desk.view.since_ms = desk.now_ms; /* it ends at another time */
        look(&desk);
        assert_said(&desk, "Ap");
        desk.view.state = 0;
        look(&desk);
        assert_said(&desk, "o");
        pass(&desk, desk.now_ms + 300 * MINUTE);
        assert_said(&desk, "");

        /* one about to begin, too */
        announce(&desk, 20 * MINUTE);
        assert_said(&desk, "s");
        desk.view.state = 0;
        look(&desk);
        assert_said(&desk, "o");
}

static void test_a_plan_that_stood_already_is_no_news_but_that_it_begins_is(void **unused)
{
        Desk desk = { .now_ms = 1000 * MINUTE };

        desk.view = (AlertView){ .is_plan = true,
                                 .is_old = true,
                                 .state = PLEK_DOOR_STOP,
                                 .starts_at_ms = desk.now_ms + 60 * MINUTE };
        look(&desk);
        pass(&desk, desk.view.starts_at_ms - 30 * MINUTE - 1);
        assert_said(&desk, "");
        pass(&desk, desk.view.starts_at_ms - 30 * MINUTE);
        assert_said(&desk, "s");

        desk.scope = (AlertScope){ 0 };
        look(&desk); /* it is so far already */
        assert_said(&desk, "s");

        desk.scope = (AlertScope){ 0 };
        desk.view.starts_at_ms += 60 * MINUTE;
        look(&desk);
        desk.view.state = 0;
        look(&desk);
        assert_said(&desk, "o");
}

static void test_what_changes_too_often_is_told_once_and_is_quiet_until_it_is_steady(void **unused)
{
        Desk desk;

        start(&desk, PLEK_DOOR_OPEN);
        for (int i = 0; i < 4; i++) {
                desk.now_ms += 30 * SECOND;
                state(&desk, i % 2 ? PLEK_DOOR_OPEN : PLEK_DOOR_STOP);
        }
        assert_said(&desk, "R-R-");
        for (int i = 0; i < 9; i++) {
                desk.now_ms += 30 * SECOND;
                state(&desk, i % 2 ? PLEK_DOOR_OPEN : PLEK_DOOR_STOP);
        }
        assert_said(&desk, "F"); /* it ends as a stop */
        pass(&desk, desk.now_ms + 10 * MINUTE - 1);
        assert_said(&desk, "");
        pass(&desk, desk.now_ms + 1);
        assert_said(&desk, "SR");

        /* slower than that is no flapping, however long it goes on */
        start(&desk, PLEK_DOOR_OPEN);
        for (int i = 0; i < 60; i++) {
                pass(&desk, desk.now_ms + 3 * MINUTE);
                desk.view.is_seen = true;
                state(&desk, i % 2 ? PLEK_DOOR_OPEN : PLEK_DOOR_STOP);
                assert_null(strchr(desk.said, 'F'));
                *desk.said = '\0';
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_open_door_is_no_news_and_never_due),
                cmocka_unit_test(test_a_stop_is_repeated_and_escalates_once_until_it_is_lifted),
                cmocka_unit_test(test_a_stop_that_stands_at_the_start_is_told),
                cmocka_unit_test(
                        test_who_has_seen_it_ends_the_noise_and_taking_that_back_begins_it),
                cmocka_unit_test(test_a_stop_that_says_something_else_is_told_anew),
                cmocka_unit_test(
                        test_a_stop_past_its_end_is_told_and_one_that_was_seen_before_it_came_is_not),
                cmocka_unit_test(test_what_a_wider_scope_says_is_told_there),
                cmocka_unit_test(
                        test_a_plan_is_repeated_until_it_is_seen_and_told_again_before_it_begins),
                cmocka_unit_test(
                        test_a_plan_that_is_called_off_is_over_and_one_that_moves_is_told_again),
                cmocka_unit_test(test_a_plan_that_stood_already_is_no_news_but_that_it_begins_is),
                cmocka_unit_test(
                        test_what_changes_too_often_is_told_once_and_is_quiet_until_it_is_steady),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
