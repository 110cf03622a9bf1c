#include <string.h>

#include "cmocka-all.h"
#include "lib/own-doors.h"

#define NOW  INT64_C(1767225600000)
#define HOUR 3600000

/* What was told last; texts that are borrowed are compared in the callback. */
typedef struct Told {
        PlekOwnDoor doors[8];
        char units[8][UNIT_MAX + 1];
        size_t n;
        unsigned n_calls;
} Told;

static void on_doors(void *arg, const PlekOwnDoor *doors, size_t n_doors)
{
        Told *told = arg;

        told->n_calls++;
        told->n = n_doors;
        assert_true(n_doors <= 8);
        for (size_t i = 0; i < n_doors; i++) {
                told->doors[i] = doors[i];
                assert_string_equal(doors[i].scope.location, "duin");
                strcpy(told->units[i], doors[i].scope.unit ? doors[i].scope.unit : "");
        }
}

static Update door_of(uint32_t state, uint32_t care, const char *unit)
{
        return (Update){
                .kind = UPDATE_DOOR,
                .status = STATUS_ACTUAL,
                .party = "duin",
                .location = "duin",
                .unit = unit,
                .door = { .state = state,
                          .care = care,
                          .patient_group = CODE_ABSENT,
                          .urgency = CODE_ABSENT,
                          .starts_at_ms = TIME_ABSENT,
                          .ends_at_ms = TIME_ABSENT,
                          .review_at_ms = TIME_ABSENT },
        };
}

static OwnDoors *ask(Told *told, uint32_t care)
{
        PlekDoorScope scope = PLEK_DOOR_SCOPE_INIT;
        OwnDoors *doors;

        memset(told, 0, sizeof(*told));
        scope.location = "duin";
        scope.care = care;
        assert_int_equal(own_doors_new(&doors, &scope, on_doors, told), 0);
        return doors;
}

static void add(OwnDoors *doors, const Update *update, int64_t since_ms)
{
        assert_int_equal(own_doors_add(doors, update, since_ms), 0);
}

static void test_the_whole_house_that_stopped_later_leads_and_says_what_it_is_about(void **state)
{
        Update ed = door_of(PLEK_DOOR_OPEN, PLEK_CARE_ED, NULL);
        Update all = door_of(PLEK_DOOR_STOP, CODE_ABSENT, NULL);
        OwnDoors *doors;
        Told told;

        all.door.ends_at_ms = NOW + HOUR;
        all.door.reason = PLEK_REASON_IT_OUTAGE;
        doors = ask(&told, PLEK_CARE_ED);
        add(doors, &ed, NOW - HOUR);
        add(doors, &all, NOW - 1);
        assert_int_equal(own_doors_tell(doors, NOW), 0);
        assert_int_equal(told.n, 1);
        assert_int_equal(told.doors[0].state, PLEK_DOOR_STOP);
        assert_int_equal(told.doors[0].scope.care, PLEK_CARE_ED);
        assert_int_equal(told.doors[0].said_of.care, PLEK_ANY);
        assert_int_equal(told.doors[0].ends_at_ms, NOW + HOUR);
        assert_int_equal(told.doors[0].reason, PLEK_REASON_IT_OUTAGE);
        own_doors_free(doors);
}

static void test_what_is_about_a_part_is_told_after_the_whole_and_once(void **state)
{
        Update all = door_of(PLEK_DOOR_OPEN, CODE_ABSENT, NULL);
        Update ed = door_of(PLEK_DOOR_STOP, PLEK_CARE_ED, NULL), plan = ed;
        Update unit = door_of(PLEK_DOOR_CLOSED, PLEK_CARE_ED, "seh");
        OwnDoors *doors;
        Told told;

        plan.door.plan = 3;
        plan.door.starts_at_ms = NOW + HOUR;
        plan.door.ends_at_ms = NOW + 2 * HOUR;
        doors = ask(&told, CODE_ABSENT);
        add(doors, &ed, NOW - 1);
        add(doors, &plan, NOW - 1);
        add(doors, &unit, NOW - 1);
        add(doors, &all, NOW - HOUR);
        assert_int_equal(own_doors_tell(doors, NOW), 0);
        assert_int_equal(told.n, 3);
        assert_int_equal(told.doors[0].state, PLEK_DOOR_OPEN);
        assert_int_equal(told.doors[0].scope.care, PLEK_ANY);
        assert_int_equal(told.doors[1].state, PLEK_DOOR_STOP);
        assert_int_equal(told.doors[1].scope.care, PLEK_CARE_ED);
        assert_int_equal(told.doors[2].state, PLEK_DOOR_CLOSED);
        assert_string_equal(told.units[2], "seh");
        own_doors_free(doors);

        doors = ask(&told, PLEK_CARE_WARD); /* the ED's are no part of it */
        add(doors, &ed, NOW - 1);
        add(doors, &all, NOW - HOUR);
        assert_int_equal(own_doors_tell(doors, NOW), 0);
        assert_int_equal(told.n, 1);
        assert_int_equal(told.doors[0].state, PLEK_DOOR_OPEN);
        own_doors_free(doors);
}

static void test_what_is_no_door_of_that_place_and_status_is_passed_over(void **state)
{
        Update away = door_of(PLEK_DOOR_STOP, PLEK_CARE_ED, NULL), exercise = away, counts = away;
        OwnDoors *doors;
        Told told;

        away.location = "vliet";
        exercise.status = STATUS_EXERCISE;
        counts.kind = UPDATE_COUNTS;
        doors = ask(&told, PLEK_CARE_ED);
        add(doors, &away, NOW);
        add(doors, &exercise, NOW);
        add(doors, &counts, NOW);
        assert_int_equal(own_doors_tell(doors, NOW), 0);
        assert_int_equal(told.n, 1);
        assert_int_equal(told.doors[0].state, PLEK_DOOR_UNKNOWN);
        assert_int_equal(told.doors[0].why, PLEK_DOOR_NEVER_REPORTED);
        own_doors_free(doors);
}

static void test_told_again_from_the_beginning_nothing_counts_twice(void **state)
{
        Update stop = door_of(PLEK_DOOR_STOP, PLEK_CARE_ED, NULL);
        Update open = door_of(PLEK_DOOR_OPEN, PLEK_CARE_ED, NULL);
        OwnDoors *doors;
        Told told;

        doors = ask(&told, PLEK_CARE_ED);
        add(doors, &stop, NOW);
        own_doors_reset(doors); /* it was lifted while the connection was away */
        add(doors, &open, NOW);
        assert_int_equal(own_doors_tell(doors, NOW), 0);
        assert_int_equal(told.doors[0].state, PLEK_DOOR_OPEN);
        own_doors_free(doors);
}

static void test_of_too_many_it_is_not_said_what_leads(void **state)
{
        Update stop = door_of(PLEK_DOOR_STOP, PLEK_CARE_ED, NULL);
        OwnDoors *doors;
        Told told;

        stop.door.starts_at_ms = NOW + HOUR;
        stop.door.ends_at_ms = NOW + 2 * HOUR;
        doors = ask(&told, PLEK_CARE_ED);
        for (uint32_t i = 0; i < OWN_DOORS_MAX + 1; i++) {
                stop.door.plan = i + 1;
                add(doors, &stop, NOW);
        }
        assert_int_equal(own_doors_tell(doors, NOW), 0);
        assert_int_equal(told.n_calls, 1);
        assert_int_equal(told.n, 0);
        own_doors_free(doors);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_the_whole_house_that_stopped_later_leads_and_says_what_it_is_about),
                cmocka_unit_test(test_what_is_about_a_part_is_told_after_the_whole_and_once),
                cmocka_unit_test(test_what_is_no_door_of_that_place_and_status_is_passed_over),
                cmocka_unit_test(test_told_again_from_the_beginning_nothing_counts_twice),
                cmocka_unit_test(test_of_too_many_it_is_not_said_what_leads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
