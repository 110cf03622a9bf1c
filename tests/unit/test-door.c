#include "door-fixture.h"

/* ------------------------------------------------------------------ unknown */

static void test_a_door_of_which_nothing_was_said_is_unknown_for_ever(void **state)
{
        Said said = { 0 };
        const DoorLead *lead = lead_at(&said, PLEK_CARE_ED, NOW);

        assert_int_equal(lead->state, DOOR_UNKNOWN);
        assert_int_equal(lead->why, DOOR_WHY_NEVER);
        assert_true(lead->since_ms == TIME_ABSENT);
        assert_null(lead->word);
}

static void test_a_withdrawn_door_is_unknown_since_it_was_withdrawn(void **state)
{
        Said said = { 0 };
        const DoorLead *lead;

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - HOUR);
        said.words[0].withdrawn_ms = NOW - 5;
        lead = lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(lead->why, DOOR_WHY_WITHDRAWN);
        said.words[0].is_narrowed = true; /* for others it holds */
        assert_int_equal(lead_at(&said, PLEK_CARE_ED, NOW)->why, DOOR_WHY_AUDIENCE);
        said.words[0].is_narrowed = false;
        lead = lead_at(&said, PLEK_CARE_ED, NOW);
        assert_true(lead->since_ms == NOW - 5);
        assert_int_equal(part(&said, 0, PLEK_CARE_ED), DOOR_PAST);
}

static void test_a_plan_that_is_over_leaves_the_door_unknown_since_its_end(void **state)
{
        Said said = { 0 };
        const DoorLead *lead;

        plan(&said, PLEK_CARE_ED, PLEK_DOOR_CLOSED, NOW - 9 * HOUR, NOW - 3 * HOUR, NOW - HOUR);
        lead = lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(lead->why, DOOR_WHY_EXPIRED);
        assert_true(lead->since_ms == NOW - HOUR);
        assert_int_equal(part(&said, 0, PLEK_CARE_ED), DOOR_PAST);
}

static void test_what_is_distrusted_is_shown_and_does_not_count(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - 5);
        said.words[0].is_distrusted = true;
        assert_int_equal(lead_at(&said, PLEK_CARE_ED, NOW)->why, DOOR_WHY_DISTRUSTED);
        assert_int_equal(part(&said, 0, PLEK_CARE_ED), DOOR_DISCARDED);

        say(&said, "rav", NULL, CODE_ABSENT, PLEK_DOOR_STOP, NOW - HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_STOP);
}

static void test_a_narrower_door_says_nothing_about_the_whole(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - 5);
        assert_int_equal(lead_at(&said, CODE_ABSENT, NOW)->why, DOOR_WHY_NEVER);
        assert_int_equal(part(&said, 0, CODE_ABSENT), DOOR_ELSEWHERE);
        assert_int_equal(lead_at(&said, PLEK_CARE_WARD, NOW)->why, DOOR_WHY_NEVER);
}

/* ------------------------------------------------------------------ scopes */

static void test_todays_stop_of_the_house_leads_over_yesterdays_open_ward(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_WARD, PLEK_DOOR_OPEN, NOW - 24 * HOUR);
        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_STOP, NOW - HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_WARD, NOW), PLEK_DOOR_STOP);
        assert_ptr_equal(said.lead.word, &said.words[1]);
        assert_true(said.lead.since_ms == NOW - HOUR);
        assert_int_equal(part(&said, 0, PLEK_CARE_WARD), DOOR_HOLDS);
}

static void test_a_ward_that_opens_after_the_stop_of_the_house_is_open(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_STOP, NOW - 2 * HOUR);
        say(&said, "duin", NULL, PLEK_CARE_WARD, PLEK_DOOR_OPEN, NOW - HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_WARD, NOW), PLEK_DOOR_OPEN);
        assert_int_equal(part(&said, 0, PLEK_CARE_WARD), DOOR_OVERRULED);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_STOP);
        assert_int_equal(state_at(&said, CODE_ABSENT, NOW), PLEK_DOOR_STOP);
}

static void test_of_two_said_at_once_the_stricter_leads(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_STOP, NOW - HOUR);
        say(&said, "duin", NULL, PLEK_CARE_WARD, PLEK_DOOR_OPEN, NOW - HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_WARD, NOW), PLEK_DOOR_STOP);
}

static void test_a_narrow_stop_leads_over_a_later_open_of_the_house(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - 2 * HOUR);
        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_OPEN, NOW - HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_STOP);
        assert_int_equal(state_at(&said, CODE_ABSENT, NOW), PLEK_DOOR_OPEN);
}

static void test_of_two_scopes_neither_inside_the_other_the_stricter_leads(void **state)
{
        DoorQuestion question = about(PLEK_CARE_ED);
        Said said = { 0 };
        DoorLead lead;

        question.scope.unit = "seh";
        say(&said, "duin", "seh", CODE_ABSENT, PLEK_DOOR_STOP, NOW - 2 * HOUR);
        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - HOUR);
        door_lead(said.words, said.n_words, &question, NOW, &lead);
        assert_int_equal(lead.state, PLEK_DOOR_STOP);
        said.words[0].since_ms = NOW - 5;
        door_lead(said.words, said.n_words, &question, NOW, &lead);
        assert_int_equal(lead.state, PLEK_DOOR_STOP);
}

static void test_of_several_parties_on_one_scope_the_stricter_leads_however_old(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_RESTRICTED, NOW - 99 * HOUR);
        say(&said, "zcc", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_RESTRICTED);
        assert_string_equal(said.lead.word->party, "duin");
        assert_int_equal(part(&said, 1, PLEK_CARE_ED), DOOR_HOLDS);
}

static void test_walk_in_patients_may_find_closed_what_others_find_open(void **state)
{
        DoorQuestion walk_in = about(PLEK_CARE_ED), urgent = about(PLEK_CARE_ED);
        Said said = { 0 };
        DoorLead lead;

        walk_in.scope.patient_group = PLEK_GROUP_WALK_IN;
        urgent.scope.urgency = 1;
        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - HOUR);
        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_CLOSED, NOW - HOUR);
        said.doors[1].patient_group = PLEK_GROUP_WALK_IN;

        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_OPEN);
        door_lead(said.words, said.n_words, &walk_in, NOW, &lead);
        assert_int_equal(lead.state, PLEK_DOOR_CLOSED);
        door_lead(said.words, said.n_words, &urgent, NOW, &lead);
        assert_int_equal(lead.state, PLEK_DOOR_OPEN);
}

static void test_who_fares_worse_than_the_rest_is_named_the_worst_off_first(void **state)
{
        static const struct {
                uint32_t group, urgency, state;
        } said_of[] = {
                { PLEK_GROUP_WALK_IN, CODE_ABSENT, PLEK_DOOR_RESTRICTED },
                { PLEK_GROUP_AMBULANCE, CODE_ABSENT, PLEK_DOOR_STOP },
                { CODE_ABSENT, 3, PLEK_DOOR_CLOSED },
                { PLEK_GROUP_REFERRED, CODE_ABSENT, PLEK_DOOR_OPEN },
        };
        DoorQuestion question = about(PLEK_CARE_ED);
        DoorNarrower narrower[DOOR_NARROWER_MAX];
        Said said = { 0 };
        Door *door;

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - 9);
        for (size_t i = 0; i < N_ELEMENTS(said_of); i++) {
                door = say(&said, "duin", NULL, i % 2 ? CODE_ABSENT : PLEK_CARE_ED,
                           said_of[i].state, NOW - 5);
                door->patient_group = said_of[i].group;
                door->urgency = said_of[i].urgency;
        }
        lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(
                door_narrower(said.words, said.n_words, &question, NOW, &said.lead, narrower), 3);
        assert_int_equal(narrower[0].urgency, 3);
        assert_int_equal(narrower[1].patient_group, PLEK_GROUP_AMBULANCE);
        assert_int_equal(narrower[1].state, PLEK_DOOR_STOP);
        assert_int_equal(narrower[2].patient_group, PLEK_GROUP_WALK_IN);

        question.scope.patient_group = PLEK_GROUP_AMBULANCE;
        door_lead(said.words, said.n_words, &question, NOW, &said.lead);
        assert_int_equal(said.lead.state, PLEK_DOOR_STOP);
        assert_int_equal(
                door_narrower(said.words, said.n_words, &question, NOW, &said.lead, narrower), 1);
        assert_int_equal(narrower[0].patient_group, PLEK_GROUP_AMBULANCE);
        assert_int_equal(narrower[0].urgency, 3);
}

static void test_of_very_many_that_fare_worse_the_worst_off_are_named(void **state)
{
        DoorQuestion question = about(PLEK_CARE_ED);
        DoorNarrower narrower[DOOR_NARROWER_MAX];
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - 9);
        for (uint32_t i = 1; i <= 12; i++)
                say(&said, "duin", NULL, PLEK_CARE_ED, i == 12 ? PLEK_DOOR_CLOSED : PLEK_DOOR_STOP,
                    NOW - 5)
                        ->patient_group = 100 + i;
        lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(
                door_narrower(said.words, said.n_words, &question, NOW, &said.lead, narrower),
                DOOR_NARROWER_MAX);
        assert_int_equal(narrower[0].patient_group, 112);
        assert_int_equal(narrower[1].patient_group, 101);
        assert_int_equal(narrower[7].patient_group, 107);
}

static void test_a_door_that_is_not_there_is_not_opened_by_the_house(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_NOT_APPLICABLE, NOW - 9 * HOUR);
        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_OPEN, NOW - HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_NOT_APPLICABLE);
}

/* ------------------------------------------------------------------ exceptions */

static void test_who_is_excepted_finds_it_open(void **state)
{
        Said said = { 0 };

        except(say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR),
               PLEK_EXCEPTION_MULTITRAUMA);
        assert_int_equal(state_for(&said, PLEK_CARE_ED, 0), PLEK_DOOR_STOP);
        assert_int_equal(state_for(&said, PLEK_CARE_ED, PLEK_EXCEPTION_MULTITRAUMA),
                         PLEK_DOOR_OPEN);
        assert_int_equal(state_for(&said, PLEK_CARE_ED, PLEK_EXCEPTION_STROKE), PLEK_DOOR_STOP);
}

static void test_an_exception_counts_if_everything_that_keeps_out_makes_it(void **state)
{
        Said said = { 0 };
        const DoorLead *lead;
        Door *door;

        door = say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR);
        except(door, PLEK_EXCEPTION_MULTITRAUMA);
        except(door, PLEK_EXCEPTION_STROKE);
        door = say(&said, "zcc", NULL, CODE_ABSENT, PLEK_DOOR_STOP, NOW - 5);
        except(door, PLEK_EXCEPTION_STROKE);
        say(&said, "rav", NULL, CODE_ABSENT, PLEK_DOOR_RESTRICTED, NOW - 5);

        lead = lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(lead->n_exceptions, 1);
        assert_int_equal(lead->exceptions[0], PLEK_EXCEPTION_STROKE);
        assert_int_equal(state_for(&said, PLEK_CARE_ED, PLEK_EXCEPTION_MULTITRAUMA),
                         PLEK_DOOR_STOP);
        assert_int_equal(state_for(&said, PLEK_CARE_ED, PLEK_EXCEPTION_STROKE),
                         PLEK_DOOR_RESTRICTED);
}

static void test_what_is_overruled_takes_no_exception_away(void **state)
{
        Said said = { 0 };
        Door *stop;

        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_CLOSED, NOW - 9);
        stop = say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - 5);
        except(stop, PLEK_EXCEPTION_MULTITRAUMA);
        lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(said.lead.state, PLEK_DOOR_STOP);
        assert_int_equal(said.lead.n_exceptions, 1);
        assert_int_equal(said.lead.exceptions[0], PLEK_EXCEPTION_MULTITRAUMA);
        assert_int_equal(state_for(&said, PLEK_CARE_ED, PLEK_EXCEPTION_MULTITRAUMA),
                         PLEK_DOOR_OPEN);
}

static void test_nobody_is_excepted_from_what_is_unknown_or_not_there(void **state)
{
        Said said = { 0 };
        Door *door;

        door = say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR);
        except(door, PLEK_EXCEPTION_CHILD);
        door->ends_at_ms = NOW - 5;
        door->on_expiry = PLEK_ON_EXPIRY_TO_UNKNOWN;
        assert_int_equal(state_for(&said, PLEK_CARE_ED, PLEK_EXCEPTION_CHILD), DOOR_UNKNOWN);
        assert_int_equal(lead_at(&said, PLEK_CARE_ED, NOW)->n_exceptions, 0);

        door->ends_at_ms = TIME_ABSENT;
        door->state = PLEK_DOOR_NOT_APPLICABLE;
        assert_int_equal(state_for(&said, PLEK_CARE_ED, PLEK_EXCEPTION_CHILD),
                         PLEK_DOOR_NOT_APPLICABLE);
}

static void test_the_order_of_words_makes_no_difference(void **state)
{
        static const char *const parties[] = { "a", "b", "c" };
        Said said = { 0 }, other = { 0 };

        for (size_t i = 0; i < 3; i++)
                say(&said, parties[i], NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR);
        for (size_t i = 3; i-- > 0;)
                say(&other, parties[i], NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR);
        assert_string_equal(lead_at(&said, PLEK_CARE_ED, NOW)->word->party, "a");
        assert_string_equal(lead_at(&other, PLEK_CARE_ED, NOW)->word->party, "a");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_door_of_which_nothing_was_said_is_unknown_for_ever),
                cmocka_unit_test(test_a_withdrawn_door_is_unknown_since_it_was_withdrawn),
                cmocka_unit_test(test_a_plan_that_is_over_leaves_the_door_unknown_since_its_end),
                cmocka_unit_test(test_what_is_distrusted_is_shown_and_does_not_count),
                cmocka_unit_test(test_a_narrower_door_says_nothing_about_the_whole),
                cmocka_unit_test(test_todays_stop_of_the_house_leads_over_yesterdays_open_ward),
                cmocka_unit_test(test_a_ward_that_opens_after_the_stop_of_the_house_is_open),
                cmocka_unit_test(test_of_two_said_at_once_the_stricter_leads),
                cmocka_unit_test(test_a_narrow_stop_leads_over_a_later_open_of_the_house),
                cmocka_unit_test(test_of_two_scopes_neither_inside_the_other_the_stricter_leads),
                cmocka_unit_test(
                        test_of_several_parties_on_one_scope_the_stricter_leads_however_old),
                cmocka_unit_test(test_walk_in_patients_may_find_closed_what_others_find_open),
                cmocka_unit_test(test_who_fares_worse_than_the_rest_is_named_the_worst_off_first),
                cmocka_unit_test(test_of_very_many_that_fare_worse_the_worst_off_are_named),
                cmocka_unit_test(test_a_door_that_is_not_there_is_not_opened_by_the_house),
                cmocka_unit_test(test_who_is_excepted_finds_it_open),
                cmocka_unit_test(test_an_exception_counts_if_everything_that_keeps_out_makes_it),
                cmocka_unit_test(test_what_is_overruled_takes_no_exception_away),
                cmocka_unit_test(test_nobody_is_excepted_from_what_is_unknown_or_not_there),
                cmocka_unit_test(test_the_order_of_words_makes_no_difference),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
