#include "derived/totals.h"
#include "registry-fixture.h"

/*
 * Reports as they come, and the totals that follow; tests/model/model-totals.c has the rule as a
 * whole
 */

#define HOUR (3600 * 1000)

typedef struct World {
        Fixture fixture; /* parties a and b speak for zeta and midi (west) and alpha (oost) */
        Picture *picture;
        Change change;
        uint64_t seq;
        PlekTotals *totals;
} World;

static void world_begin(World *world)
{
        Enrolment a, b;

        *world = (World){ .change = CHANGE_NULL };
        setup(&world->fixture);
        a = enrolment_of(&world->fixture, "a", 1, 0);
        b = enrolment_of(&world->fixture, "b", 1, 1);
        apply(&world->fixture, &a);
        apply(&world->fixture, &b);
        assert_int_equal(picture_new(&world->picture, 100), 0);
}

static void world_end(World *world)
{
        totals_free(world->totals);
        picture_free(world->picture);
        change_deinit(&world->change);
        teardown(&world->fixture);
}

static Update report_of(const char *party, const char *location, const char *unit, uint32_t care)
{
        Update update = {
                .party = party,
                .instance = 1,
                .sent_at_ms = NOW,
                .not_after_ms = NOW + HOUR,
                .observed_at_ms = NOW,
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = location,
                .unit = unit,
                .kind = UPDATE_COUNTS,
        };

        update.counts.care = care;
        return update;
}

static void give(Update *update, CountField field, int32_t value)
{
        update->counts.present[field] = true;
        update->counts.value[field] = value;
}

/* As if received at NOW + @after_ms and observed then. */
static void say(World *world, Update *update, int64_t after_ms)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        const char *region = !strcmp(update->location, "alpha") ? "oost" : "west";
        WireRefusal refusal;

        update->seq = ++world->seq;
        update->observed_at_ms += after_ms;
        update->sent_at_ms += after_ms;
        assert_int_equal(update_encode(&body, &refusal, update), 0);
        assert_int_equal(envelope_sign(&envelope, ENVELOPE_UPDATE, &world->fixture.network,
                                       world->fixture.keys[0], body->bytes, body->n_bytes),
                         0);
        memset(update->content_digest, (int)world->seq, sizeof(update->content_digest));
        change_reset(&world->change);
        assert_int_equal(picture_report(world->picture, update, envelope, ++world->fixture.revision,
                                        NOW + after_ms, region, &world->change),
                         0);
}

static void say_free(World *world, const char *party, const char *location, const char *unit,
                     uint32_t care, int32_t available)
{
        Update update = report_of(party, location, unit, care);

        give(&update, COUNT_AVAILABLE, available);
        say(world, &update, 0);
}

static const PlekTotals *total(World *world, const TotalsScope *scope, int64_t after_ms)
{
        static const TotalsScope actual = { .status = STATUS_ACTUAL };

        world->totals = totals_free(world->totals);
        assert_int_equal(totals_make(&world->totals, world->picture, world->fixture.registry,
                                     scope ? scope : &actual, NOW + after_ms),
                         0);
        return world->totals;
}

static const PlekTotalsLine *line(const PlekTotals *totals, const char *region, uint32_t care)
{
        for (size_t i = 0; i < totals->n_lines; i++)
                if (!strcmp(totals->lines[i].region, region) && totals->lines[i].care == care)
                        return &totals->lines[i];
        return NULL;
}

/* ------------------------------------------------------------------ sums */

static void test_nothing_reported_is_no_line_and_not_a_zero(void **state)
{
        World world;

        world_begin(&world);
        assert_int_equal(total(&world, NULL, 0)->n_lines, 0);
        world_end(&world);
}

static void test_numbers_are_added_by_region_and_over_all(void **state)
{
        const PlekTotals *totals;
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", "ic", PLEK_CARE_ICU_ADULT, 3);
        say_free(&world, "a", "midi", "ic", PLEK_CARE_ICU_ADULT, 4);
        say_free(&world, "a", "alpha", "ic", PLEK_CARE_ICU_ADULT, 5);
        say_free(&world, "a", "alpha", "b2", PLEK_CARE_WARD, 6);
        totals = total(&world, NULL, 0);

        assert_int_equal(totals->n_lines, 5); /* two regions, all; the ward in one, and all */
        assert_int_equal(line(totals, "west", PLEK_CARE_ICU_ADULT)->free.sum, 7);
        assert_int_equal(line(totals, "west", PLEK_CARE_ICU_ADULT)->n_locations, 2);
        assert_int_equal(line(totals, "oost", PLEK_CARE_ICU_ADULT)->free.sum, 5);
        assert_int_equal(line(totals, "", PLEK_CARE_ICU_ADULT)->free.sum, 12);
        assert_int_equal(line(totals, "", PLEK_CARE_WARD)->free.sum, 6);
        assert_null(line(totals, "west", PLEK_CARE_WARD));
        world_end(&world);
}

static bool is_icu_of_zeta(const void *arg, const char *location, const char *unit, uint32_t care)
{
        return !strcmp(location, arg) && unit && !strcmp(unit, "ic") && care == PLEK_CARE_ICU_ADULT;
}

static void test_what_is_free_behind_a_shut_door_counts_and_is_told_apart(void **state)
{
        TotalsScope scope = { .status = STATUS_ACTUAL, .is_shut = is_icu_of_zeta, .arg = "zeta" };
        const PlekTotalsLine *all;
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", "ic", PLEK_CARE_ICU_ADULT, 3);
        say_free(&world, "a", "zeta", "mc", PLEK_CARE_ICU_ADULT, 1);
        say_free(&world, "a", "midi", "ic", PLEK_CARE_ICU_ADULT, 4);
        all = line(total(&world, &scope, 0), "", PLEK_CARE_ICU_ADULT);
        assert_int_equal(all->free.sum, 8);
        assert_int_equal(all->n_shut, 1);
        assert_int_equal(all->sum_shut, 3);

        /* Who has no place to hide hides none. */
        say_free(&world, "a", "zeta", "ic", PLEK_CARE_ICU_ADULT, 0);
        all = line(total(&world, &scope, 0), "", PLEK_CARE_ICU_ADULT);
        assert_int_equal(all->n_shut, 0);
        assert_int_equal(all->sum_shut, 0);
        all = line(total(&world, NULL, 0), "", PLEK_CARE_ICU_ADULT);
        assert_int_equal(all->n_shut, 0);
        world_end(&world);
}

static void test_absent_and_withheld_are_counted_and_are_no_zeros(void **state)
{
        Update given, withheld, unknown, silent;
        const PlekTotalsLine *all;
        World world;

        world_begin(&world);
        given = report_of("a", "zeta", "1", PLEK_CARE_WARD);
        give(&given, COUNT_STAFFED, 10);
        give(&given, COUNT_OCCUPIED, 0);
        withheld = report_of("a", "zeta", "2", PLEK_CARE_WARD);
        give(&withheld, COUNT_STAFFED, 10);
        withheld.counts.missing[COUNT_OCCUPIED] = PLEK_MISSING_SUPPRESSED;
        unknown = report_of("a", "zeta", "3", PLEK_CARE_WARD);
        unknown.counts.missing[COUNT_OCCUPIED] = PLEK_MISSING_UNKNOWN;
        silent = report_of("a", "zeta", "4", PLEK_CARE_WARD);
        say(&world, &given, 0);
        say(&world, &withheld, 0);
        say(&world, &unknown, 0);
        say(&world, &silent, 0);
        all = line(total(&world, NULL, 0), "", PLEK_CARE_WARD);

        assert_int_equal(all->n_places, 4);
        assert_int_equal(all->n_locations, 1);
        assert_int_equal(all->fields[COUNT_OCCUPIED].n_given, 1);
        assert_int_equal(all->fields[COUNT_OCCUPIED].sum, 0);
        assert_int_equal(all->fields[COUNT_OCCUPIED].n_withheld, 1);
        assert_int_equal(all->fields[COUNT_OCCUPIED].n_unknown, 1);
        assert_int_equal(all->fields[COUNT_STAFFED].sum, 20);
        assert_int_equal(all->fields[COUNT_PHYSICAL].n_given, 0);
        assert_int_equal(all->free.sum, 10); /* of the first alone, worked out */
        assert_int_equal(all->free.n_given, 1);
        assert_int_equal(all->n_computed, 1);
        assert_int_equal(all->sum_computed, 10);
        assert_int_equal(all->free.n_withheld, 1);
        assert_int_equal(all->free.n_unknown, 1);
        world_end(&world);
}

static void test_how_much_of_a_sum_is_old_stands_beside_it(void **state)
{
        Update fresh, stale, silent;
        const PlekTotalsLine *all;
        World world;

        world_begin(&world);
        fresh = report_of("a", "zeta", "1", PLEK_CARE_WARD);
        stale = report_of("a", "zeta", "2", PLEK_CARE_WARD);
        silent = report_of("a", "zeta", "3", PLEK_CARE_WARD);
        give(&fresh, COUNT_AVAILABLE, 100);
        give(&stale, COUNT_AVAILABLE, 14);
        give(&silent, COUNT_AVAILABLE, 6);
        fresh.valid_for_s = 24 * 3600;
        stale.valid_for_s = 1800;
        silent.valid_for_s = 60;
        say(&world, &fresh, 0);
        say(&world, &stale, 0);
        say(&world, &silent, 0);
        all = line(total(&world, NULL, HOUR), "", PLEK_CARE_WARD);

        assert_int_equal(all->free.sum, 120);
        assert_int_equal(all->free.sum_stale, 14);
        assert_int_equal(all->free.sum_silent, 6);
        assert_int_equal(all->free.n_stale, 1);
        assert_int_equal(all->free.n_silent, 1);
        assert_int_equal(all->n_stale, 1);
        assert_int_equal(all->n_silent, 1);
        world_end(&world);
}

static void test_definitions_that_are_mixed_are_named(void **state)
{
        static const char *const names[] = { "lcps", NULL, "divi", "lcps", "aa", "zz", "mm" };
        const PlekTotalsLine *all;
        World world;

        world_begin(&world);
        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                const char unit[] = { (char)('a' + i), '\0' };
                Update update = report_of("a", "zeta", unit, PLEK_CARE_WARD);

                update.definition = names[i];
                say(&world, &update, 0);
        }
        all = line(total(&world, NULL, 0), "", PLEK_CARE_WARD);
        assert_int_equal(all->n_definitions, 6);
        assert_string_equal(all->definitions[0], "");
        assert_string_equal(all->definitions[1], "aa");
        assert_string_equal(all->definitions[2], "divi");
        assert_string_equal(all->definitions[3], "lcps");
        world_end(&world);
}

static void test_flags_are_counted(void **state)
{
        const PlekTotalsLine *all;
        Update update;
        World world;

        world_begin(&world);
        update = report_of("a", "zeta", "1", PLEK_CARE_WARD);
        give(&update, COUNT_STAFFED, 10);
        give(&update, COUNT_OCCUPIED, 12);
        give(&update, COUNT_AVAILABLE, 1);
        say(&world, &update, 0);
        all = line(total(&world, NULL, 0), "", PLEK_CARE_WARD);
        assert_int_equal(all->n_overcrowded, 1);
        assert_int_equal(all->n_inconsistent, 1);
        world_end(&world);
}

/* ------------------------------------------------------------------ what is not in them */

static void test_isolation_rooms_are_in_no_total(void **state)
{
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", "1", PLEK_CARE_ISOLATION_NEGATIVE, 3);
        say_free(&world, "a", "zeta", "2", PLEK_CARE_ISOLATION_OTHER, 4);
        assert_int_equal(total(&world, NULL, 0)->n_lines, 0);
        assert_int_equal(world.totals->n_isolation, 2);
        assert_true(care_overlaps(PLEK_CARE_ISOLATION_OTHER));
        assert_false(care_overlaps(PLEK_CARE_WARD));
        world_end(&world);
}

static void test_an_exercise_is_never_added_to_what_is_real(void **state)
{
        const TotalsScope exercise = { .status = STATUS_EXERCISE };
        const TotalsScope test = { .status = STATUS_TEST };
        Update update;
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", "1", PLEK_CARE_WARD, 3);
        update = report_of("a", "zeta", "1", PLEK_CARE_WARD);
        update.status = STATUS_EXERCISE;
        give(&update, COUNT_AVAILABLE, 50);
        say(&world, &update, 0);
        update = report_of("a", "zeta", "1", PLEK_CARE_WARD);
        update.status = STATUS_TEST;
        give(&update, COUNT_AVAILABLE, 700);
        say(&world, &update, 0);

        assert_int_equal(line(total(&world, NULL, 0), "", PLEK_CARE_WARD)->free.sum, 3);
        assert_int_equal(line(total(&world, &exercise, 0), "", PLEK_CARE_WARD)->free.sum, 50);
        assert_int_equal(line(total(&world, &test, 0), "", PLEK_CARE_WARD)->free.sum, 700);
        world_end(&world);
}

static void test_one_unit_of_two_parties_counts_once_by_who_is_fresher(void **state)
{
        const PlekTotalsLine *all;
        Update old, new;
        World world;

        world_begin(&world);
        old = report_of("a", "zeta", "1", PLEK_CARE_WARD);
        old.valid_for_s = 60;
        give(&old, COUNT_AVAILABLE, 9);
        new = report_of("b", "zeta", "1", PLEK_CARE_WARD);
        new.valid_for_s = 24 * 3600;
        give(&new, COUNT_AVAILABLE, 4);
        say(&world, &new, 0);
        say(&world, &old, 1000); /* stated later, and stale first */

        all = line(total(&world, NULL, 2000), "", PLEK_CARE_WARD);
        assert_int_equal(all->free.sum, 9);
        assert_int_equal(all->n_places, 1);
        assert_int_equal(all->n_doubled, 1);
        all = line(total(&world, NULL, HOUR), "", PLEK_CARE_WARD);
        assert_int_equal(all->free.sum, 4);
        assert_int_equal(all->n_doubled, 1);
        world_end(&world);
}

static void test_a_location_as_a_whole_stands_for_its_units(void **state)
{
        const PlekTotalsLine *all;
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", NULL, PLEK_CARE_WARD, 20);
        say_free(&world, "a", "zeta", "1", PLEK_CARE_WARD, 9);
        say_free(&world, "b", "zeta", "2", PLEK_CARE_WARD, 8);
        all = line(total(&world, NULL, 0), "", PLEK_CARE_WARD);
        assert_int_equal(all->free.sum, 20);
        assert_int_equal(all->n_places, 1);
        assert_int_equal(all->n_covered, 2);
        world_end(&world);
}

static void test_units_that_are_all_fresher_count_instead(void **state)
{
        const PlekTotalsLine *all;
        Update whole, unit;
        World world;

        world_begin(&world);
        whole = report_of("a", "zeta", NULL, PLEK_CARE_WARD);
        whole.valid_for_s = 60;
        give(&whole, COUNT_AVAILABLE, 20);
        unit = report_of("a", "zeta", "1", PLEK_CARE_WARD);
        unit.valid_for_s = 7200;
        give(&unit, COUNT_AVAILABLE, 9);
        say(&world, &whole, 0);
        say(&world, &unit, 0);
        all = line(total(&world, NULL, HOUR), "", PLEK_CARE_WARD);
        assert_int_equal(all->free.sum, 9);
        assert_int_equal(all->n_covered, 1);

        unit = report_of("a", "zeta", "2", PLEK_CARE_WARD); /* as silent as the whole */
        unit.valid_for_s = 60;
        give(&unit, COUNT_AVAILABLE, 1);
        say(&world, &unit, 0);
        all = line(total(&world, NULL, HOUR), "", PLEK_CARE_WARD);
        assert_int_equal(all->free.sum, 20);
        assert_int_equal(all->n_covered, 2);
        world_end(&world);
}

static void test_what_was_said_with_a_stolen_key_does_not_count(void **state)
{
        const PlekTotalsLine *all;
        Enrolment revocation;
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", "1", PLEK_CARE_WARD, 9);
        say_free(&world, "b", "zeta", "1", PLEK_CARE_WARD, 4);
        say_free(&world, "b", "midi", "1", PLEK_CARE_WARD, 5);
        revocation = revocation_of(&world.fixture, "b", 2, 1, NOW - HOUR);
        apply(&world.fixture, &revocation);
        all = line(total(&world, NULL, 0), "", PLEK_CARE_WARD);
        assert_int_equal(all->free.sum, 9);
        assert_int_equal(all->n_distrusted, 2);
        assert_int_equal(all->n_doubled, 0);
        world_end(&world);
}

/* ------------------------------------------------------------------ scopes */

static void test_one_region_and_one_care_are_asked_for(void **state)
{
        const TotalsScope scope = { STATUS_ACTUAL, NULL, "west", PLEK_CARE_WARD };
        const PlekTotals *totals;
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", "1", PLEK_CARE_WARD, 1);
        say_free(&world, "a", "alpha", "1", PLEK_CARE_WARD, 10);
        say_free(&world, "a", "zeta", "2", PLEK_CARE_ICU_ADULT, 100);
        totals = total(&world, &scope, 0);
        assert_int_equal(totals->n_lines, 2);
        assert_int_equal(line(totals, "west", PLEK_CARE_WARD)->free.sum, 1);
        assert_int_equal(line(totals, "", PLEK_CARE_WARD)->free.sum, 1);
        world_end(&world);
}

static void test_regions_of_another_scheme_are_lines_too(void **state)
{
        const TotalsScope scope = { .status = STATUS_ACTUAL, .scheme = "province" };
        const PlekTotals *totals;
        World world;

        world_begin(&world);
        say_free(&world, "a", "zeta", "1", PLEK_CARE_WARD, 1);   /* rav and province */
        say_free(&world, "a", "midi", "1", PLEK_CARE_WARD, 10);  /* rav */
        say_free(&world, "a", "alpha", "1", PLEK_CARE_WARD, 50); /* neither */
        totals = total(&world, &scope, 0);
        assert_int_equal(line(totals, "zuid-holland", PLEK_CARE_WARD)->free.sum, 1);
        assert_int_equal(line(totals, "", PLEK_CARE_WARD)->free.sum, 61);
        assert_int_equal(totals->n_lines, 2);
        world_end(&world);
}

static int sodium(void **state)
{
        return sodium_init() < 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_reported_is_no_line_and_not_a_zero),
                cmocka_unit_test(test_numbers_are_added_by_region_and_over_all),
                cmocka_unit_test(test_what_is_free_behind_a_shut_door_counts_and_is_told_apart),
                cmocka_unit_test(test_absent_and_withheld_are_counted_and_are_no_zeros),
                cmocka_unit_test(test_how_much_of_a_sum_is_old_stands_beside_it),
                cmocka_unit_test(test_definitions_that_are_mixed_are_named),
                cmocka_unit_test(test_flags_are_counted),
                cmocka_unit_test(test_isolation_rooms_are_in_no_total),
                cmocka_unit_test(test_an_exercise_is_never_added_to_what_is_real),
                cmocka_unit_test(test_one_unit_of_two_parties_counts_once_by_who_is_fresher),
                cmocka_unit_test(test_a_location_as_a_whole_stands_for_its_units),
                cmocka_unit_test(test_units_that_are_all_fresher_count_instead),
                cmocka_unit_test(test_what_was_said_with_a_stolen_key_does_not_count),
                cmocka_unit_test(test_one_region_and_one_care_are_asked_for),
                cmocka_unit_test(test_regions_of_another_scheme_are_lines_too),
        };

        return cmocka_run_group_tests(tests, sodium, NULL);
}
