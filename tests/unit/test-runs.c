#include <string.h>

#include "cmocka-all.h"
#include "core/runs.h"

/*
 * Since when a door has been in a state; tests/model/model-runs.c has the rule as a whole
 */

#define MINUTE 60000

static RecordKey key_of(uint32_t number)
{
        RecordKey key = { .n_bytes = sizeof(number) };

        memcpy(key.bytes, &number, sizeof(number));
        return key;
}

static int64_t begun(const DoorRuns *runs, const RecordKey *key, int64_t now_ms)
{
        int64_t begun_ms;

        (void)runs_find(runs, key, PLEK_DOOR_STOP, 30 * MINUTE, now_ms, &begun_ms);
        return begun_ms;
}

static void test_a_stop_that_is_said_again_goes_on(void **state)
{
        CLEANUP(runs_deinit) DoorRuns runs = DOOR_RUNS_NULL;
        RecordKey key = key_of(1);

        runs_note(&runs, &key, PLEK_DOOR_STOP, 0, 60 * MINUTE);
        runs_note(&runs, &key, PLEK_DOOR_STOP, 50 * MINUTE, 110 * MINUTE);
        assert_true(begun(&runs, &key, 100 * MINUTE) == 0);
        assert_true(begun(&runs, &key, 139 * MINUTE) == 0);
        assert_true(begun(&runs, &key, 140 * MINUTE) ==
                    140 * MINUTE); /* it ended, and that long ago */
}

static void test_a_door_that_is_opened_for_a_moment_goes_on(void **state)
{
        CLEANUP(runs_deinit) DoorRuns runs = DOOR_RUNS_NULL;
        RecordKey key = key_of(1);

        runs_note(&runs, &key, PLEK_DOOR_STOP, 0, TIME_ABSENT);
        runs_note(&runs, &key, PLEK_DOOR_OPEN, 10 * MINUTE, TIME_ABSENT);
        assert_true(begun(&runs, &key, 39 * MINUTE) == 0);
        assert_true(begun(&runs, &key, 40 * MINUTE) == 40 * MINUTE);
        runs_note(&runs, &key, PLEK_DOOR_STOP, 39 * MINUTE, TIME_ABSENT);
        runs_note(&runs, &key, 0, 45 * MINUTE, TIME_ABSENT); /* withdrawn is no stop either */
        assert_true(begun(&runs, &key, 74 * MINUTE) == 0);
        assert_true(begun(&runs, &key, 75 * MINUTE) == 75 * MINUTE);
}

static void test_who_comes_and_goes_all_day_is_remembered_in_bounded_memory(void **state)
{
        CLEANUP(runs_deinit) DoorRuns runs = DOOR_RUNS_NULL;
        RecordKey key = key_of(1);

        for (int64_t i = 0; i < 1000; i++) {
                runs_note(&runs, &key, PLEK_DOOR_STOP, (2 * i) * MINUTE, TIME_ABSENT);
                runs_note(&runs, &key, PLEK_DOOR_OPEN, (2 * i + 1) * MINUTE, TIME_ABSENT);
        }
        assert_true(begun(&runs, &key, 2000 * MINUTE) == 0);
}

static void test_only_what_was_no_open_door_is_remembered(void **state)
{
        CLEANUP(runs_deinit) DoorRuns runs = DOOR_RUNS_NULL;
        RecordKey key = key_of(1);

        runs_note(&runs, &key, PLEK_DOOR_OPEN, 0, TIME_ABSENT);
        assert_false(runs_know(&runs, &key));
        runs_note(&runs, &key, PLEK_DOOR_STOP, 0, TIME_ABSENT);
        assert_true(runs_know(&runs, &key));
}

static void test_of_too_many_doors_the_one_that_changed_longest_ago_is_forgotten(void **state)
{
        CLEANUP(runs_deinit) DoorRuns runs = DOOR_RUNS_NULL;
        RecordKey first = key_of(0), second = key_of(1);

        for (uint32_t i = 0; i < 20000; i++) {
                RecordKey key = key_of(i);

                runs_note(&runs, &key, PLEK_DOOR_STOP, i, TIME_ABSENT);
        }
        runs_note(&runs, &first, PLEK_DOOR_STOP, 20000, TIME_ABSENT);
        assert_true(runs_know(&runs, &second));
        runs_note(&runs, &(RecordKey){ .n_bytes = 1 }, PLEK_DOOR_STOP, 20001, TIME_ABSENT);
        assert_true(runs_know(&runs, &first));
        assert_false(runs_know(&runs, &second));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_stop_that_is_said_again_goes_on),
                cmocka_unit_test(test_a_door_that_is_opened_for_a_moment_goes_on),
                cmocka_unit_test(test_who_comes_and_goes_all_day_is_remembered_in_bounded_memory),
                cmocka_unit_test(test_only_what_was_no_open_door_is_remembered),
                cmocka_unit_test(
                        test_of_too_many_doors_the_one_that_changed_longest_ago_is_forgotten),
        };

        return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
