#include <string.h>

#include "cmocka-all.h"
#include "derived/flows.h"

#define HOUR  ((int64_t)3600 * 1000)
#define BEGIN (1000 * 24 * HOUR)

static FlowWord words[16];
static size_t n_words;
static Flows flows;
static FlowsQuestion question;

static int setup(void **state)
{
        n_words = 0;
        question = (FlowsQuestion){
                .from_ms = BEGIN,
                .to_ms = BEGIN + 240 * HOUR,
                .audience = AUDIENCE_COORD,
        };
        return 0;
}

static int teardown(void **state)
{
        flows_deinit(&flows);
        return 0;
}

/* Arrivals by ambulance in a day, as the @n-th word. */
static FlowWord *say(unsigned day, int32_t count)
{
        FlowWord *word = &words[n_words++];

        *word = (FlowWord){
                .revision = n_words,
                .audience = AUDIENCE_CARE,
                .party = "duin",
                .region = "oost",
                .location = "duin-ed",
                .care = PLEK_CARE_ED,
                .from = PLEK_CHAIN_AMBULANCE,
                .to = PLEK_CHAIN_ED,
                .has_count = true,
                .count = count,
                .from_ms = BEGIN + day * 24 * HOUR,
                .until_ms = BEGIN + (day + 1) * 24 * HOUR,
        };
        return word;
}

static FlowWord *refuse(uint8_t id, int32_t count)
{
        FlowWord *word = say(0, count);

        word->is_refusal = true;
        word->audience = AUDIENCE_COORD;
        word->care = PLEK_CARE_ICU_ADULT;
        word->to = 0;
        word->unit = "ic";
        word->reason = PLEK_REASON_BEDS_FULL;
        word->until_ms = word->from_ms;
        word->id[0] = id;
        return word;
}

static void make(void)
{
        flows_deinit(&flows);
        assert_int_equal(flows_make(&flows, words, n_words, &question), 0);
}

static void test_nothing_said_is_no_cell(void **state)
{
        make();
        assert_int_equal(flows.n_cells, 0);
        assert_int_equal(flows.n_refusals, 0);
        assert_true(flows_load_of(&flows).per_hour < 0);
}

static void test_the_last_word_on_a_record_counts(void **state)
{
        say(1, 12);
        say(1, 13);
        say(2, 20);
        say(2, 20)->is_withdrawn = true;
        say(3, 2)->audience = AUDIENCE_COORD;
        make();
        assert_int_equal(flows.n_cells, 1);
        assert_int_equal(flows.cells[0].count, 15);
        assert_int_equal(flows.cells[0].n_reports, 2);
}

static void test_a_period_that_crosses_the_edge_is_in_no_number(void **state)
{
        say(9, 12);
        say(9, 30)->until_ms += 24 * HOUR;
        say(10, 7);
        say(0, 8)->from_ms -= HOUR;
        make();
        assert_int_equal(flows.cells[0].count, 12);
        assert_int_equal(flows.n_crossing, 2);
}

static void test_days_of_23_and_25_hours_are_days(void **state)
{
        say(1, 12)->until_ms -= HOUR; /* spring */
        say(2, 9)->from_ms -= HOUR;   /* begins where it ended */
        say(5, 20)->until_ms += HOUR; /* autumn */
        say(6, 7)->from_ms += HOUR;
        make();
        assert_int_equal(flows.cells[0].count, 48);
        assert_int_equal(flows.cells[0].covered_ms, 4 * 24 * HOUR);
        assert_int_equal(flows.n_overlapping + flows.n_crossing, 0);

        question.from_ms = BEGIN + 24 * HOUR; /* that day alone, and then a day that is too short */
        question.to_ms = BEGIN + 47 * HOUR;
        make();
        assert_int_equal(flows.cells[0].count, 12);
        question.from_ms = BEGIN + 5 * 24 * HOUR;
        question.to_ms = BEGIN + 6 * 24 * HOUR;
        make();
        assert_int_equal(flows.n_cells, 0);
        assert_int_equal(flows.n_crossing, 1);
}

static void test_a_refusal_at_the_edge_is_in_one_of_two_periods(void **state)
{
        refuse(1, 1)->from_ms = BEGIN + 24 * HOUR;
        question.to_ms = BEGIN + 24 * HOUR;
        make();
        assert_int_equal(flows.n_refusals, 0);
        question.from_ms = question.to_ms;
        question.to_ms += HOUR;
        make();
        assert_int_equal(flows.n_refusals, 1);
        assert_int_equal(flows.n_crossing, 0);
}

static void test_a_crossing_report_that_is_not_told_is_not_counted_either(void **state)
{
        say(9, 30)->until_ms += 24 * HOUR;
        say(0, 40)->from_ms -= HOUR;
        words[1].audience = AUDIENCE_COORD;
        question.audience = AUDIENCE_CARE;
        make();
        assert_int_equal(flows.n_crossing, 1);
        assert_false(flows.is_suppressed);
}

static void test_another_party_on_the_same_counts_once(void **state)
{
        say(1, 12);
        say(1, 14)->party = "ambulancedienst"; /* later */
        say(2, 9)->other = "rav-1";
        say(2, 8)->other = "rav-2";
        make();
        assert_int_equal(flows.cells[0].count, 14 + 9 + 8);
        assert_int_equal(flows.n_overlapping, 1);
}

static void test_parts_of_two_parties_add_up_only_if_they_are_seen_to_be_apart(void **state)
{
        say(1, 30); /* all of them, as the hospital counts */
        say(1, 12)->other = "hap";
        words[1].party = "hap";
        say(2, 11)->unit = "seh";
        say(2, 9)->other = "hap";
        words[3].party = "hap"; /* who may be in the unit, or not */
        say(3, 8)->unit = "seh";
        say(3, 7)->unit = "eerste-hart-hulp";
        words[5].party = "hart"; /* nobody is in two units */
        make();
        assert_int_equal(flows.cells[0].count, 30 + 9 + 8 + 7);
        assert_int_equal(flows.n_overlapping, 2);
}

static void test_parts_of_one_party_with_and_without_an_origin_are_one_whole(void **state)
{
        say(1, 5); /* of whom it is not said where they came from */
        say(1, 12)->other = "hap";
        say(1, 13)->other = "hap"; /* later, and not apart from the five */
        words[2].party = "hap";
        make();
        assert_int_equal(flows.cells[0].count, 17);
        assert_int_equal(flows.n_overlapping, 1);
}

static void test_what_is_not_told_does_not_take_the_place_of_what_is(void **state)
{
        say(1, 30)->audience = AUDIENCE_COORD;
        say(1, 12)->other = "hap";
        words[1].party = "hap";
        question.audience = AUDIENCE_CARE;
        make();
        assert_int_equal(flows.cells[0].count, 12);
        assert_true(flows.is_suppressed);
}

static void test_of_periods_that_overlap_the_first_and_longest_counts(void **state)
{
        FlowWord *week = say(1, 70);

        week->until_ms = week->from_ms + 7 * 24 * HOUR;
        say(1, 11)->audience = AUDIENCE_COORD;
        say(4, 12)->audience = AUDIENCE_COORD;
        say(8, 9);
        make();
        assert_int_equal(flows.cells[0].count, 79);
        assert_int_equal(flows.n_overlapping, 2);
}

static void test_others_see_whole_reports_that_are_theirs_and_not_small(void **state)
{
        say(1, 12);
        say(2, 3)->audience = AUDIENCE_COORD;
        say(3, 4); /* no broker of ours lets it through */
        say(4, 40)->audience = AUDIENCE_COORD;
        say(5, 0);
        refuse(1, 50);
        question.audience = AUDIENCE_CARE;
        make();
        assert_int_equal(flows.cells[0].count, 12);
        assert_int_equal(flows.cells[0].n_reports, 2);
        assert_true(flows.cells[0].is_suppressed && flows.is_suppressed);
        assert_int_equal(flows.n_refusals, 1);
        assert_true(flows.refusals[0].is_suppressed);
        assert_int_equal(flows.refusals[0].count, 0);

        question.audience = AUDIENCE_OPEN;
        make();
        assert_int_equal(flows.cells[0].n_reports, 0);
        assert_int_equal(flows.cells[0].count, 0);
        assert_true(flows.cells[0].is_suppressed);
}

static void test_by_location_arrivals_and_departures_have_their_place(void **state)
{
        FlowWord *home;

        say(1, 12)->other = "rav-1";
        say(1, 9);
        home = say(1, 20);
        home->from = PLEK_CHAIN_ED;
        home->to = PLEK_CHAIN_HOME;
        question.by_location = true;
        make();
        assert_int_equal(flows.n_cells, 3);
        assert_null(flows.cells[0].from_location);
        assert_string_equal(flows.cells[0].to_location, "duin-ed");
        assert_string_equal(flows.cells[1].from_location, "rav-1");
        assert_string_equal(flows.cells[2].from_location, "duin-ed");
        assert_null(flows.cells[2].to_location);
}

static void test_a_question_about_one_place_and_care_is_about_no_other(void **state)
{
        say(1, 12);
        say(1, 13)->location = "berg-ed";
        say(1, 14)->care = PLEK_CARE_WARD;
        say(1, 15)->region = "west";
        question.region = "oost";
        question.location = "duin-ed";
        question.care = PLEK_CARE_ED;
        n_words = 3;
        make();
        assert_int_equal(flows.n_cells, 1);
        assert_int_equal(flows.cells[0].count, 12);
}

static void test_what_was_not_said_is_withheld_and_no_zero(void **state)
{
        say(1, 12);
        say(2, 0)->has_count = false;
        make();
        assert_int_equal(flows.cells[0].n_withheld, 1);
        assert_int_equal(flows.cells[0].n_reports, 2);
}

static void test_refusals_add_up_by_unit_care_and_reason(void **state)
{
        refuse(1, 1);
        refuse(2, 2);
        refuse(2, 2); /* the same again */
        refuse(3, 4)->reason = PLEK_REASON_STAFF;
        make();
        assert_int_equal(flows.n_refusals, 2);
        assert_int_equal(flows.refusals[0].reason, PLEK_REASON_STAFF);
        assert_int_equal(flows.refusals[0].count, 4);
        assert_int_equal(flows.refusals[1].count, 3);
        assert_string_equal(flows.refusals[1].unit, "ic");
        assert_string_equal(flows.refusals[1].to_location, "duin-ed");
}

static void assert_load(double per_hour, size_t n_withheld)
{
        FlowsLoad load = flows_load_of(&flows);

        assert_true(load.per_hour > per_hour - 0.001 && load.per_hour < per_hour + 0.001);
        assert_int_equal(load.n_withheld, n_withheld);
}

static void test_load_is_each_flow_by_the_time_that_it_covers(void **state)
{
        FlowWord *half, *home;

        say(1, 24); /* 1 an hour */
        say(2, 72); /* 3 */
        half = say(1, 24);
        half->from = PLEK_CHAIN_GP;
        half->until_ms -= 12 * HOUR; /* 2 */
        home = say(1, 240);          /* leaves */
        home->from = PLEK_CHAIN_ED;
        home->to = PLEK_CHAIN_HOME;
        say(3, 24)->other = "rav-1";
        say(3, 24)->other = "rav-2"; /* 2 together */
        make();
        assert_load(4, 0);
}

static void test_load_without_a_number_is_not_zero(void **state)
{
        say(1, 240); /* 10 an hour */
        say(2, 0)->has_count = false;
        make();
        assert_load(10, 1);
}

static void test_load_of_no_number_at_all_is_not_known(void **state)
{
        say(1, 0)->has_count = false;
        make();
        assert_true(flows_load_of(&flows).per_hour < 0);
        assert_int_equal(flows_load_of(&flows).n_withheld, 1);
}

static void test_period_of_parts_is_covered_by_any_that_has_a_number(void **state)
{
        FlowWord *word = say(1, 0); /* from nobody known, and first in order */

        word->has_count = false;
        say(1, 24)->other = "rav-1";
        say(1, 24)->other = "rav-2";
        make();
        assert_load(2, 1);
}

static void test_those_who_left_without_a_number_are_no_load(void **state)
{
        FlowWord *home = say(1, 0);

        home->has_count = false;
        home->from = PLEK_CHAIN_ED;
        home->to = PLEK_CHAIN_HOME;
        make();
        assert_int_equal(flows_load_of(&flows).n_withheld, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define FLOWS(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)
                FLOWS(test_nothing_said_is_no_cell),
                FLOWS(test_the_last_word_on_a_record_counts),
                FLOWS(test_a_period_that_crosses_the_edge_is_in_no_number),
                FLOWS(test_days_of_23_and_25_hours_are_days),
                FLOWS(test_a_refusal_at_the_edge_is_in_one_of_two_periods),
                FLOWS(test_a_crossing_report_that_is_not_told_is_not_counted_either),
                FLOWS(test_another_party_on_the_same_counts_once),
                FLOWS(test_parts_of_two_parties_add_up_only_if_they_are_seen_to_be_apart),
                FLOWS(test_parts_of_one_party_with_and_without_an_origin_are_one_whole),
                FLOWS(test_what_is_not_told_does_not_take_the_place_of_what_is),
                FLOWS(test_of_periods_that_overlap_the_first_and_longest_counts),
                FLOWS(test_others_see_whole_reports_that_are_theirs_and_not_small),
                FLOWS(test_by_location_arrivals_and_departures_have_their_place),
                FLOWS(test_a_question_about_one_place_and_care_is_about_no_other),
                FLOWS(test_what_was_not_said_is_withheld_and_no_zero),
                FLOWS(test_refusals_add_up_by_unit_care_and_reason),
                FLOWS(test_load_is_each_flow_by_the_time_that_it_covers),
                FLOWS(test_load_without_a_number_is_not_zero),
                FLOWS(test_load_of_no_number_at_all_is_not_known),
                FLOWS(test_period_of_parts_is_covered_by_any_that_has_a_number),
                FLOWS(test_those_who_left_without_a_number_are_no_load),
        };

        return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
