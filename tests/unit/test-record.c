#include <string.h>

#include "cmocka-all.h"
#include "picture/record.h"

static RecordKey key_of(Status status, const char *party, const char *location, RecordRef ref)
{
        RecordKey key;

        memset(&key, 0xaa, sizeof(key));
        record_key_make(&key, status, party, location, &ref);
        return key;
}

static bool is_same(const RecordKey *a, const RecordKey *b)
{
        return a->n_bytes == b->n_bytes && memcmp(a->bytes, b->bytes, a->n_bytes) == 0;
}

static RecordRef door(const char *unit, uint32_t care, uint32_t group, uint32_t urgency,
                      uint32_t plan)
{
        return (RecordRef){
                .report = UPDATE_DOOR,
                .unit = unit,
                .care = care,
                .patient_group = group,
                .urgency = urgency,
                .plan = plan,
        };
}

static RecordRef counts(const char *unit, uint32_t care)
{
        return (RecordRef){
                .report = UPDATE_COUNTS,
                .unit = unit,
                .care = care,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };
}

static RecordRef pressure(const char *unit, const char *method)
{
        return (RecordRef){
                .report = UPDATE_PRESSURE,
                .unit = unit,
                .care = CODE_ABSENT,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .method = method,
        };
}

static RecordRef offering(uint32_t care, uint32_t plan)
{
        return (RecordRef){
                .report = UPDATE_OFFERING,
                .care = care,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .plan = plan,
        };
}

static RecordRef card(void)
{
        return (RecordRef){
                .report = UPDATE_CARD,
                .care = CODE_ABSENT,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };
}

static void assert_string_or_null(const char *a, const char *b)
{
        if (b)
                assert_string_equal(a, b);
        else
                assert_null(a);
}

static void assert_back(RecordRef ref)
{
        RecordKey key = key_of(STATUS_EXERCISE, "party.nl", "Loc_1", ref);
        const char *party, *location;
        RecordRef back;
        Status status;

        assert_int_equal(record_key_parse(&key, &status, &party, &location, &back), 0);
        assert_int_equal(status, STATUS_EXERCISE);
        assert_string_equal(party, "party.nl");
        assert_string_equal(location, "Loc_1");
        assert_int_equal(back.report, ref.report);
        assert_string_or_null(back.unit, ref.unit);
        assert_string_or_null(back.method, ref.method);
        assert_true(back.care == ref.care && back.patient_group == ref.patient_group);
        assert_true(back.urgency == ref.urgency && back.plan == ref.plan);
        assert_true((const uint8_t *)party > key.bytes &&
                    (const uint8_t *)party < key.bytes + key.n_bytes);
}

static void test_a_key_says_what_it_was_made_of(void **state)
{
        assert_back(counts(NULL, PLEK_CARE_ICU_ADULT));
        assert_back(counts("IC-1", 4000000000u));
        assert_back(door(NULL, CODE_ABSENT, CODE_ABSENT, CODE_ABSENT, 0));
        assert_back(door("SEH", PLEK_CARE_ED, PLEK_GROUP_WALK_IN, 2, 7));
        assert_back(pressure("SEH", "nedocs"));
        assert_back(pressure(NULL, "mnedocs"));
        assert_back(card());
        assert_back(offering(PLEK_CARE_ED, 0));
        assert_back(offering(4000000000u, 7));
}

static void test_each_part_that_differs_makes_another_key(void **state)
{
        const RecordKey keys[] = {
                key_of(STATUS_ACTUAL, "a", "x", counts(NULL, 1)),
                key_of(STATUS_TEST, "a", "x", counts(NULL, 1)),
                key_of(STATUS_ACTUAL, "b", "x", counts(NULL, 1)),
                key_of(STATUS_ACTUAL, "a", "y", counts(NULL, 1)),
                key_of(STATUS_ACTUAL, "ax", "x", counts(NULL, 1)),
                key_of(STATUS_ACTUAL, "a", "x", counts("u", 1)),
                key_of(STATUS_ACTUAL, "a", "x", counts(NULL, 2)),
                key_of(STATUS_ACTUAL, "a", "x", door(NULL, 1, 0, 0, 0)),
                key_of(STATUS_ACTUAL, "a", "x", door(NULL, CODE_ABSENT, 0, 0, 0)),
                key_of(STATUS_ACTUAL, "a", "x", door(NULL, 1, CODE_ABSENT, 0, 0)),
                key_of(STATUS_ACTUAL, "a", "x", door(NULL, 1, 0, CODE_ABSENT, 0)),
                key_of(STATUS_ACTUAL, "a", "x", door(NULL, 1, 0, 0, 1)),
                key_of(STATUS_ACTUAL, "a", "x", pressure(NULL, "nedocs")),
                key_of(STATUS_ACTUAL, "a", "x", pressure(NULL, "mnedocs")),
                key_of(STATUS_ACTUAL, "a", "x", pressure("nedocs", "nedocs")),
                key_of(STATUS_ACTUAL, "a", "x", card()),
                key_of(STATUS_ACTUAL, "a", "x", offering(1, 0)),
                key_of(STATUS_ACTUAL, "a", "x", offering(2, 0)),
                key_of(STATUS_ACTUAL, "a", "x", offering(1, 1)),
        };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++)
                for (size_t j = 0; j < i; j++)
                        assert_false(is_same(&keys[i], &keys[j]));
}

static void test_what_does_not_apply_is_not_in_the_key(void **state)
{
        RecordRef noisy = counts("u", 3);
        RecordRef quiet = counts("u", 3);
        RecordKey a, b;

        noisy.plan = 9;
        noisy.method = "nedocs";
        noisy.urgency = 1;
        a = key_of(STATUS_ACTUAL, "p", "l", noisy);
        b = key_of(STATUS_ACTUAL, "p", "l", quiet);
        assert_true(is_same(&a, &b));

        noisy = card();
        noisy.unit = "u";
        a = key_of(STATUS_ACTUAL, "p", "l", noisy);
        b = key_of(STATUS_ACTUAL, "p", "l", card());
        assert_true(is_same(&a, &b));
}

static void test_no_key_is_the_front_of_another(void **state)
{
        const RecordKey keys[] = {
                key_of(STATUS_ACTUAL, "a", "x", card()),
                key_of(STATUS_ACTUAL, "a", "x", counts("", 1)),
                key_of(STATUS_ACTUAL, "a", "x", door(NULL, 1, 0, 0, 0)),
                key_of(STATUS_ACTUAL, "a", "x", pressure(NULL, "a")),
                key_of(STATUS_ACTUAL, "a", "x", pressure(NULL, "ab")),
        };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++)
                for (size_t j = 0; j < N_ELEMENTS(keys); j++)
                        assert_true(i == j || keys[i].n_bytes > keys[j].n_bytes ||
                                    memcmp(keys[i].bytes, keys[j].bytes, keys[i].n_bytes) != 0);
}

static void test_longest_key_fits(void **state)
{
        char party[PARTY_MAX + 1], unit[UNIT_MAX + 1], method[METHOD_MAX + 1];
        RecordKey key;

        memset(party, 'p', PARTY_MAX);
        memset(unit, 'u', UNIT_MAX);
        memset(method, 'm', METHOD_MAX);
        party[PARTY_MAX] = unit[UNIT_MAX] = method[METHOD_MAX] = '\0';
        key = key_of(STATUS_ACTUAL, party, unit, pressure(unit, method));
        assert_int_equal(key.n_bytes, 1 + 65 + 65 + 1 + 65 + 33);
        assert_true(key.n_bytes <= RECORD_KEY_MAX);
}

static void test_bytes_that_are_not_a_key_are_refused(void **state)
{
        RecordKey key = key_of(STATUS_ACTUAL, "p", "l", door("u", 1, 2, 3, 4)), bad;
        const char *party, *location;
        Status status;
        RecordRef ref;

        for (uint16_t n = 0; n < key.n_bytes; n++) {
                bad = key;
                bad.n_bytes = n;
                assert_int_equal(record_key_parse(&bad, &status, &party, &location, &ref),
                                 -EBADMSG);
        }
        bad = key;
        bad.bytes[bad.n_bytes++] = 0;
        assert_int_equal(record_key_parse(&bad, &status, &party, &location, &ref), -EBADMSG);
        bad = key;
        bad.bytes[0] = 9;
        assert_int_equal(record_key_parse(&bad, &status, &party, &location, &ref), -EBADMSG);
        bad = key;
        bad.bytes[5] = UPDATE_AFFIRM;
        assert_int_equal(record_key_parse(&bad, &status, &party, &location, &ref), -EBADMSG);
        bad = key;
        bad.n_bytes = RECORD_KEY_MAX + 1;
        assert_int_equal(record_key_parse(&bad, &status, &party, &location, &ref), -EBADMSG);
}

static void test_an_affirmation_lives_as_long_as_somebody_holds_it(void **state)
{
        Affirmation *affirmation;
        Blob *blob = NULL;

        assert_int_equal(blob_copy(&blob, "bytes", 5), 0);
        assert_int_equal(affirmation_new(&affirmation, 7, 1000, 990, blob), 0);
        assert_int_equal(blob->n_references, 2);
        assert_ptr_equal(affirmation_ref(affirmation), affirmation);
        assert_null(affirmation_unref(affirmation));
        assert_int_equal(blob->n_references, 2);
        assert_null(affirmation_unref(affirmation));
        assert_int_equal(blob->n_references, 1);
        assert_null(affirmation_unref(NULL));
        blob_unref(blob);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_key_says_what_it_was_made_of),
                cmocka_unit_test(test_each_part_that_differs_makes_another_key),
                cmocka_unit_test(test_what_does_not_apply_is_not_in_the_key),
                cmocka_unit_test(test_no_key_is_the_front_of_another),
                cmocka_unit_test(test_longest_key_fits),
                cmocka_unit_test(test_bytes_that_are_not_a_key_are_refused),
                cmocka_unit_test(test_an_affirmation_lives_as_long_as_somebody_holds_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
