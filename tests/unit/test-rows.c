#include <locale.h>
#include <string.h>

#include "plek/bands.h"
#include "plek/row.h"
#include "plek/text.h"

#include "cmocka-all.h" /* it has a fail() of its own */

/*
 * What people see of facts that must never look alike, word for word
 */

static PlekRecord counts_of(const char *unit)
{
        PlekRecord record = {
                .id = unit,
                .party = "duin",
                .region = "oost",
                .freshness = PLEK_FRESH,
                .age_ms = 12000,
                .report = {
                        .status = PLEK_STATUS_ACTUAL,
                        .location = "duin-ed",
                        .unit = unit,
                        .source = PLEK_SOURCE_AUTOMATIC,
                        .kind = PLEK_REPORT_COUNTS,
                },
                .available_known = true,
                .available = 2,
                .available_computed = true,
        };
        PlekCounts *counts = &record.report.counts;

        counts->care = PLEK_CARE_ICU_ADULT;
        counts->present[PLEK_COUNT_STAFFED] = counts->present[PLEK_COUNT_OCCUPIED] = true;
        counts->value[PLEK_COUNT_STAFFED] = 12;
        counts->value[PLEK_COUNT_OCCUPIED] = 10;
        return record;
}

static PlekRecord zero(void)
{
        PlekRecord record = counts_of("zero");

        record.available = 0;
        record.report.counts.value[PLEK_COUNT_OCCUPIED] = 12;
        return record;
}

static PlekRecord aged(const char *unit, PlekFreshness freshness)
{
        PlekRecord record = counts_of(unit);

        record.freshness = freshness;
        record.age_ms = 3600000;
        return record;
}

static PlekRecord stop_of(const char *unit, PlekStanding standing)
{
        PlekRecord record = counts_of(unit);

        record.available_known = false;
        record.report.kind = PLEK_REPORT_DOOR;
        record.report.door = (PlekDoor)PLEK_DOOR_INIT;
        record.report.door.care = PLEK_CARE_ED;
        record.report.door.state = PLEK_DOOR_STOP;
        record.since_ms = PLEK_NO_TIME;
        record.standing = standing;
        return record;
}

static void assert_row(const PlekRecord *record, Language language, const char *expected)
{
        Row row;

        row_make(&row, record, language, -1, 0);
        assert_string_equal(row.text, expected);
}

static void assert_never(Language language, const char *expected)
{
        Row row;

        row_make_never(&row, "oost", "duin-ed", false, language);
        assert_string_equal(row.text, expected);
}

static void test_never_stale_silent_expired_withdrawn_and_zero_in_english(void **state)
{
        PlekRecord fresh = counts_of("fresh"), nothing = zero();
        PlekRecord stale = aged("stale", PLEK_STALE), silent = aged("silent", PLEK_SILENT);
        PlekRecord gone = aged("gone", PLEK_WITHDRAWN);
        PlekRecord stop = stop_of("stop", PLEK_STANDS), expired = stop_of("stop", PLEK_EXPIRED);

        assert_row(&fresh, LANGUAGE_EN,
                   "    ICU fresh                   2 free of 12                                  "
                   "12 s     automatic");
        assert_row(&nothing, LANGUAGE_EN,
                   "  0 ICU zero                    0 free of 12                                  "
                   "12 s     automatic");
        assert_row(&stale, LANGUAGE_EN,
                   "  ~ ICU stale                   2 free of 12                                  "
                   "60 min   automatic  stale");
        assert_row(&silent, LANGUAGE_EN,
                   "  ? ICU silent                  2 free of 12                                  "
                   "60 min   automatic  silent");
        assert_row(&gone, LANGUAGE_EN,
                   "  x ICU gone                    withdrawn                                     "
                   "         ");
        assert_row(&stop, LANGUAGE_EN,
                   "    ED stop                     stop                                          "
                   "12 s     automatic");
        assert_row(&expired, LANGUAGE_EN,
                   "  ! ED stop                     stop (expired)                                "
                   "12 s     automatic");
        assert_never(LANGUAGE_EN, "  - no report");
}

static void test_the_same_in_dutch(void **state)
{
        PlekRecord nothing = zero(), stale = aged("oud", PLEK_STALE);
        PlekRecord silent = aged("stil", PLEK_SILENT), gone = aged("weg", PLEK_WITHDRAWN);
        PlekRecord expired = stop_of("seh", PLEK_EXPIRED);

        assert_row(&nothing, LANGUAGE_NL,
                   "  0 IC zero                     0 vrij van 12                                 "
                   "12 s     automatisch");
        assert_row(&stale, LANGUAGE_NL,
                   "  ~ IC oud                      2 vrij van 12                                 "
                   "60 min   automatisch  verouderd");
        assert_row(&silent, LANGUAGE_NL,
                   "  ? IC stil                     2 vrij van 12                                 "
                   "60 min   automatisch  zwijgt");
        assert_row(&gone, LANGUAGE_NL,
                   "  x IC weg                      ingetrokken                                   "
                   "         ");
        assert_row(&expired, LANGUAGE_NL,
                   "  ! SEH seh                     stop (verlopen)                               "
                   "12 s     automatisch");
        assert_never(LANGUAGE_NL, "  - geen melding");
}

static void test_a_door_says_since_when_and_until_when_and_for_whom_not(void **state)
{
        PlekRecord stop = stop_of("seh", PLEK_STANDS), reopened, open;
        PlekDoor *door = &stop.report.door;

        stop.since_ms = 1767261600000;
        door->ends_at_ms = 1767268800000;
        door->reason = PLEK_REASON_ED_CROWDING;
        door->exceptions[door->n_exceptions++] = PLEK_EXCEPTION_MULTITRAUMA;
        assert_row(&stop, LANGUAGE_EN,
                   "    ED seh                      stop except multitrauma · ED crowding · since "
                   "2026-01-01 10:00 · until 2026-01-01 12:00  12 s     automatic");
        /* What it became by itself, and since when. */
        reopened = stop;
        reopened.standing = PLEK_REOPENED;
        reopened.report.door.reason = reopened.report.door.n_exceptions = 0;
        assert_row(&reopened, LANGUAGE_NL,
                   "    SEH seh                     open (weer open, onbevestigd) · sinds "
                   "2026-01-01 12:00  12 s     automatisch");
        open = reopened;
        open.standing = PLEK_EXPIRED;
        open.report.door.state = PLEK_DOOR_OPEN;
        assert_row(&open, LANGUAGE_NL,
                   "  ! SEH seh                     onbekend (verlopen) · sinds 2026-01-01 10:00 · "
                   "tot 2026-01-01 12:00  12 s     automatisch");
}

static void test_what_is_distrusted_says_so_before_it_says_anything(void **state)
{
        PlekRecord open = stop_of("seh", PLEK_STANDS), counts = counts_of("ic");
        Row row;

        open.report.door.state = PLEK_DOOR_OPEN;
        open.enrolled = counts.enrolled = PLEK_DISTRUSTED;
        assert_row(&open, LANGUAGE_EN,
                   "  # ED seh                      does not count: distrusted · open             "
                   "12 s     automatic");
        assert_row(&counts, LANGUAGE_NL,
                   "  # IC ic                       telt niet: niet te vertrouwen · 2 vrij van 12  "
                   "12 s     automatisch");
        /* Not green, in no column, and below what leads. */
        row_make(&row, &open, LANGUAGE_EN, -1, 0);
        assert_int_equal(row.style, TABLE_GREY);
        assert_int_equal(row.order[row.order_at], ROW_DOES_NOT_LEAD);
        row_make(&row, &open, LANGUAGE_EN, -1, 60);
        assert_non_null(strstr(row.text, "distrusted"));
        assert_true(strstr(row.text, "distrusted") < strstr(row.text, "open"));
        /* Who is only no longer enrolled is believed. */
        open.enrolled = PLEK_NO_LONGER_ENROLLED;
        row_make(&row, &open, LANGUAGE_EN, -1, 0);
        assert_int_equal(row.style, TABLE_GREEN);
        assert_non_null(strstr(row.text, "no longer enrolled"));
}

static void test_a_number_that_is_not_there_is_no_zero(void **state)
{
        PlekRecord record = counts_of("none");

        record.available_known = false;
        record.report.counts.present[PLEK_COUNT_OCCUPIED] = false;
        record.report.counts.missing[PLEK_COUNT_OCCUPIED] = PLEK_MISSING_SUPPRESSED;
        assert_row(&record, LANGUAGE_EN,
                   "    ICU none                    occupied suppressed, staffed 12               "
                   "12 s     automatic");
        record.report.counts.missing[PLEK_COUNT_OCCUPIED] = 0;
        record.report.counts.present[PLEK_COUNT_STAFFED] = false;
        assert_row(&record, LANGUAGE_EN,
                   "    ICU none                    occupied -, staffed -                         "
                   "12 s     automatic");
}

static void test_flags_and_definition_are_said(void **state)
{
        PlekRecord record = zero();

        record.flags = PLEK_FLAG_OVERCROWDED | PLEK_FLAG_INCONSISTENT;
        record.report.definition = "lcps";
        assert_row(&record, LANGUAGE_EN,
                   "  0 ICU zero                    0 free of 12 · overcrowded · contradicts "
                   "itself · lcps  12 s     automatic");
}

static void test_who_is_later_than_agreed_is_marked_though_fresh(void **state)
{
        PlekRecord record = counts_of("late");

        record.agreed_s = 300;
        assert_row(&record, LANGUAGE_EN,
                   "    ICU late                    2 free of 12                                  "
                   "12 s     automatic");
        record.overdue_ms = 12 * 60000;
        assert_row(&record, LANGUAGE_EN,
                   "    ICU late                    2 free of 12                                  "
                   "12 s     automatic  > overdue 12 min");
        assert_row(&record, LANGUAGE_NL,
                   "    IC late                     2 vrij van 12                                 "
                   "12 s     automatisch  > te laat 12 min");
}

/* ------------------------------------------------------------------ pressure */

static PlekRecord pressure_of(const char *method, bool has_score, double score)
{
        PlekRecord record = counts_of("seh");

        record.available_known = false;
        record.report.kind = PLEK_REPORT_PRESSURE;
        record.report.pressure =
                (PlekPressure){ .method = method, .has_score = has_score, .score = score };
        return record;
}

static void assert_value(const PlekRecord *record, Language language, const char *expected)
{
        Row row;

        row_make(&row, record, language, -1, 0);
        if (!strstr(row.text, expected))
                fail_msg("\"%s\" is not in \"%s\"", expected, row.text);
}

static void test_a_score_stands_behind_its_method(void **state)
{
        PlekRecord record = pressure_of("nedocs", true, 112.5);

        assert_value(&record, LANGUAGE_EN,
                     "pressure seh                nedocs 112.5 · overcrowded  ");
        assert_value(&record, LANGUAGE_NL, "nedocs 112.5 · overvol  ");
        record = pressure_of("nedocs", true, 240);
        assert_value(&record, LANGUAGE_EN, "nedocs 200 · dangerously overcrowded");
        record = pressure_of("cedocs", true, 240);
        assert_value(&record, LANGUAGE_EN, "cedocs 240  ");
        record = pressure_of("nedocs", false, 0);
        assert_value(&record, LANGUAGE_EN, "nedocs -  ");
}

static void test_a_computed_score_says_so_and_a_wrong_one_too(void **state)
{
        static const PlekPressureInput inputs[] = {
                { "patients", 12 },       { "ed_beds", 24 },           { "admitted_waiting", 0 },
                { "ventilated", 0 },      { "longest_boarding_h", 0 }, { "last_door_to_bed_h", 0 },
                { "hospital_beds", 300 },
        };
        PlekRecord record = pressure_of("nedocs", false, 0);

        memcpy(record.report.pressure.inputs, inputs, sizeof(inputs));
        record.report.pressure.n_inputs = N_ELEMENTS(inputs);
        assert_value(&record, LANGUAGE_EN, "nedocs 22.9 (computed) · busy  ");
        assert_value(&record, LANGUAGE_NL, "nedocs 22.9 (berekend) · druk  ");
        record.report.pressure.has_score = true;
        record.report.pressure.score = 90;
        assert_value(&record, LANGUAGE_EN, "nedocs 90 · extremely busy · its inputs say 22.9");
}

static void write_bands(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void test_a_readers_own_bands_replace_those_built_in(void **state)
{
        char path[] = "/tmp/plek-bands-XXXXXX";
        PlekRecord record = pressure_of("nedocs", true, 112.5);
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        close(fd);
        write_bands(path, "# ours\n\n  nedocs - rustig\nnedocs 100 code oranje\nmnedocs 7 vol\n");
        assert_int_equal(bands_use(path), EXIT_DONE);
        assert_string_equal(bands_name("nedocs", 112.5, LANGUAGE_EN), "code oranje");
        assert_string_equal(bands_name("nedocs", -20, LANGUAGE_EN), "rustig");
        assert_string_equal(bands_name("mnedocs", 8, LANGUAGE_NL), "vol");
        assert_null(bands_name("mnedocs", 7, LANGUAGE_NL));
        assert_null(bands_name("cedocs", 7, LANGUAGE_NL));
        assert_value(&record, LANGUAGE_EN, "nedocs 112.5 · code oranje");

        write_bands(path, "nedocs sixty busy\n");
        assert_int_equal(bands_use(path), EXIT_FILE);
        write_bands(path, "nedocs 60\n");
        assert_int_equal(bands_use(path), EXIT_FILE);
        write_bands(path,
                    "nedocs 60 a name that goes on for much longer than any column has room\n");
        assert_int_equal(bands_use(path), EXIT_FILE);
        unlink(path);
        assert_int_equal(bands_use(path), EXIT_FILE);
}

static int locale(void **state)
{
        setenv("TZ", "UTC", 1);
        return !setlocale(LC_ALL, "C.UTF-8");
}

static void test_a_label_cannot_turn_a_line_round_or_break_it(void **state)
{
        char room[64];
        Text text = { room, sizeof(room) };

        text_add(&text, "%s", "IC \u202e1 jirv\u2066\u2028\ufeff \u200f\u00e9\u2030");
        assert_string_equal(room, "IC ?1 jirv??? ?\u00e9\u2030");
        text = (Text){ room, sizeof(room) };
        text_add(&text, "%s", "\u061c\u200b\u2060\u00ad\U000e0041\u00e9\U0001f691");
        assert_string_equal(room, "?????\u00e9\U0001f691");
        text = (Text){ room, sizeof(room) };
        text_add(&text, "%s", "IC ?1 jirv??? ?\u00e9\u2030");
        text_add(&text, " %d", 12);
        assert_string_equal(room, "IC ?1 jirv??? ?\u00e9\u2030 12");
        assert_int_equal(text.n_left, sizeof(room) - strlen(room));
}

static void test_what_does_not_fit_ends_with_a_whole_character(void **state)
{
        char room[6];

        text_add(&(Text){ room, sizeof(room) }, "%s", "abcd\u00e9f");
        assert_string_equal(room, "abcd");
        text_add(&(Text){ room, sizeof(room) }, "%s", "abc\u00e9f");
        assert_string_equal(room, "abc\u00e9");
        text_add(&(Text){ room, sizeof(room) }, "%s", "abcdefg");
        assert_string_equal(room, "abcde");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_never_stale_silent_expired_withdrawn_and_zero_in_english),
                cmocka_unit_test(test_the_same_in_dutch),
                cmocka_unit_test(test_a_door_says_since_when_and_until_when_and_for_whom_not),
                cmocka_unit_test(test_what_is_distrusted_says_so_before_it_says_anything),
                cmocka_unit_test(test_a_number_that_is_not_there_is_no_zero),
                cmocka_unit_test(test_flags_and_definition_are_said),
                cmocka_unit_test(test_who_is_later_than_agreed_is_marked_though_fresh),
                cmocka_unit_test(test_a_score_stands_behind_its_method),
                cmocka_unit_test(test_a_computed_score_says_so_and_a_wrong_one_too),
                cmocka_unit_test(test_a_readers_own_bands_replace_those_built_in),
                cmocka_unit_test(test_a_label_cannot_turn_a_line_round_or_break_it),
                cmocka_unit_test(test_what_does_not_fit_ends_with_a_whole_character),
        };

        return cmocka_run_group_tests(tests, locale, NULL);
}
