#include <math.h>
#include <string.h>

#include "cmocka-all.h"
#include "derived/pressure.h"
#include "plek/pressure.h"

/* 31 patients in 24 beds, 4 of 320 wait, 1 ventilated, 6 h, 0.5 h. */
static Pressure nedocs(void)
{
        return (Pressure){
                .method = "nedocs",
                .inputs = { { "patients", 31 },
                            { "ed_beds", 24 },
                            { "admitted_waiting", 4 },
                            { "hospital_beds", 320 },
                            { "ventilated", 1 },
                            { "longest_boarding_h", 6 },
                            { "last_door_to_bed_h", 0.5 } },
                .n_inputs = 7,
        };
}

static void assert_near(double a, double b)
{
        assert_true(fabs(a - b) < 0.001);
}

static void test_nedocs_is_the_published_formula(void **state)
{
        Pressure pressure = nedocs();
        double score = 0;

        assert_true(pressure_compute(&pressure, &score));
        assert_near(score, -20 + 110.825 + 7.5 + 13.4 + 5.58 + 2.82);
}

static void test_an_empty_department_is_at_the_floor(void **state)
{
        Pressure pressure = nedocs();
        double score = 0;

        for (size_t i = 0; i < pressure.n_inputs; i++)
                if (i != 1 && i != 3)
                        pressure.inputs[i].value = 0;
        assert_true(pressure_compute(&pressure, &score));
        assert_near(score, -20);
}

static void test_what_passes_200_is_200(void **state)
{
        Pressure pressure = nedocs();
        double score = 0;

        pressure.inputs[4].value = 20;
        assert_true(pressure_compute(&pressure, &score));
        assert_near(score, 200);
        pressure.inputs[0].value = 1e308;
        pressure.inputs[1].value = 1e-300; /* and infinity is */
        assert_true(pressure_compute(&pressure, &score));
        assert_near(score, 200);
}

static void test_without_an_input_there_is_no_score(void **state)
{
        for (size_t i = 0; i < 7; i++) {
                Pressure pressure = nedocs();
                double score = 7;

                pressure.inputs[i] = pressure.inputs[--pressure.n_inputs];
                assert_false(pressure_compute(&pressure, &score));
                assert_near(score, 7);
        }
}

static void test_absurd_inputs_give_no_score(void **state)
{
        Pressure pressure = nedocs();
        double score;

        pressure.inputs[0].value = -1;
        assert_false(pressure_compute(&pressure, &score));
        pressure = nedocs();
        pressure.inputs[1].value = 0;
        assert_false(pressure_compute(&pressure, &score));
        pressure = nedocs();
        pressure.inputs[3].value = 0;
        assert_false(pressure_compute(&pressure, &score));
        pressure = nedocs();
        pressure.inputs[pressure.n_inputs++] = (PressureInput){ "patients", 32 };
        assert_false(pressure_compute(&pressure, &score));
}

static void test_another_method_is_not_computed(void **state)
{
        Pressure pressure = nedocs();
        double score;

        pressure.method = "mnedocs";
        assert_false(pressure_compute(&pressure, &score));
        assert_near(pressure_shown("mnedocs", 230), 230);
        assert_near(pressure_shown("nedocs", 230), 200);
        assert_near(pressure_shown("nedocs", -40), -20);
}

/* ------------------------------------------------------------------ as programs read it */

static PlekPressure given(double score)
{
        Pressure wire = nedocs();
        PlekPressure pressure = { .method = "nedocs", .has_score = true, .score = score };

        for (; pressure.n_inputs < wire.n_inputs; pressure.n_inputs++) {
                pressure.inputs[pressure.n_inputs].name = wire.inputs[pressure.n_inputs].name;
                pressure.inputs[pressure.n_inputs].value = wire.inputs[pressure.n_inputs].value;
        }
        return pressure;
}

static void test_a_given_score_is_shown_and_checked_against_its_inputs(void **state)
{
        PlekPressure pressure = given(120);
        PlekPressureReading reading;

        plek_pressure_read(&pressure, &reading);
        assert_true(reading.is_known && !reading.is_computed && reading.has_computed);
        assert_near(reading.score, 120);
        assert_false(reading.differs);

        pressure.score = 80;
        plek_pressure_read(&pressure, &reading);
        assert_near(reading.score, 80);
        assert_near(reading.computed, 120.125);
        assert_true(reading.differs);
}

static void test_inputs_alone_are_a_computed_score(void **state)
{
        PlekPressure pressure = given(0);
        PlekPressureReading reading;

        pressure.has_score = false;
        plek_pressure_read(&pressure, &reading);
        assert_true(reading.is_known && reading.is_computed && !reading.differs);
        assert_near(reading.score, 120.125);

        pressure.n_inputs--;
        plek_pressure_read(&pressure, &reading);
        assert_false(reading.is_known || reading.has_computed);
}

static const char *band(const PlekPressureBand *bands, size_t n, const char *method, double score)
{
        const PlekPressureBand *found = plek_pressure_band(bands, n, method, score);

        return found ? found->name : "none";
}

static void test_built_in_bands_are_the_method_authors(void **state)
{
        assert_string_equal(band(NULL, 0, "nedocs", -20), "not busy");
        assert_string_equal(band(NULL, 0, "nedocs", 20), "not busy");
        assert_string_equal(band(NULL, 0, "nedocs", 20.1), "busy");
        assert_string_equal(band(NULL, 0, "nedocs", 100), "extremely busy");
        assert_string_equal(band(NULL, 0, "nedocs", 101), "overcrowded");
        assert_string_equal(band(NULL, 0, "nedocs", 180), "severely overcrowded");
        assert_string_equal(band(NULL, 0, "nedocs", 200), "dangerously overcrowded");
        assert_string_equal(band(NULL, 0, "mnedocs", 200), "none");
}

static void test_a_readers_bands_are_used_instead(void **state)
{
        static const PlekPressureBand bands[] = {
                { "nedocs", 75, "druk" },
                { "nedocs", 0, "rustig" },
                { "mnedocs", 50, "vol" },
        };

        assert_string_equal(band(bands, 3, "nedocs", 75), "rustig");
        assert_string_equal(band(bands, 3, "nedocs", 76), "druk");
        assert_string_equal(band(bands, 3, "nedocs", -3), "none");
        assert_string_equal(band(bands, 3, "mnedocs", 60), "vol");
        assert_string_equal(band(bands, 0, "nedocs", 76), "none");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nedocs_is_the_published_formula),
                cmocka_unit_test(test_an_empty_department_is_at_the_floor),
                cmocka_unit_test(test_what_passes_200_is_200),
                cmocka_unit_test(test_without_an_input_there_is_no_score),
                cmocka_unit_test(test_absurd_inputs_give_no_score),
                cmocka_unit_test(test_another_method_is_not_computed),
                cmocka_unit_test(test_a_given_score_is_shown_and_checked_against_its_inputs),
                cmocka_unit_test(test_inputs_alone_are_a_computed_score),
                cmocka_unit_test(test_built_in_bands_are_the_method_authors),
                cmocka_unit_test(test_a_readers_bands_are_used_instead),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
