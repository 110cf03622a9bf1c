/*
 * clients/plek/receipt.c
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plek/receipt.h" /* first: fail() is a macro of cmocka.h, too */

#include <cmocka.h>

/* Monday 2026-11-23 01:15 UTC. */
static const int64_t NOW_MS = 1795396500LL * 1000;
enum { HOUR_MS = 3600 * 1000 };

static const char *said(const PutOptions *o, void (*fn)(const PutOptions *, Text *))
{
        static char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        line[0] = '\0';
        fn(o, &text);
        return line;
}

static PutOptions stop(const char *until, int64_t ends_at_ms)
{
        PutOptions o = { .report = { .kind = PLEK_REPORT_DOOR, .door = PLEK_DOOR_INIT },
                         .now_ms = NOW_MS,
                         .until = until };

        o.report.door.state = PLEK_DOOR_STOP;
        o.report.door.ends_at_ms = ends_at_ms;
        return o;
}

static void test_an_end_that_is_far_off_says_so_if_only_a_clock_time_was_typed(void **state)
{
        PutOptions o = stop("01:00", NOW_MS + 23 * HOUR_MS + 45 * 60 * 1000);

        assert_string_equal(said(&o, receipt_door_end), ", tomorrow, in 23 h 45");
        o.common.language = LANGUAGE_NL;
        assert_string_equal(said(&o, receipt_door_end), ", morgen, over 23 h 45");
        o = stop("18:15", NOW_MS + 17 * HOUR_MS);
        assert_string_equal(said(&o, receipt_door_end), ", in 17 h 00");
        o = stop("08:15", NOW_MS + 7 * HOUR_MS);
        assert_string_equal(said(&o, receipt_door_end), "");
        o = stop("2026-11-24 01:00", NOW_MS + 23 * HOUR_MS);
        assert_string_equal(said(&o, receipt_door_end), "");
        o = stop("23h", NOW_MS + 23 * HOUR_MS);
        assert_string_equal(said(&o, receipt_door_end), "");
}

static void test_a_stop_without_an_end_is_said_to_have_none(void **state)
{
        PutOptions o = stop(NULL, PLEK_NO_TIME);

        assert_string_equal(said(&o, receipt_door_end), " · no end is said");
        o.report.door.state = PLEK_DOOR_OPEN;
        assert_string_equal(said(&o, receipt_door_end), "");
}

static PutOptions counts(int32_t staffed, int32_t occupied)
{
        PutOptions o = { .report = { .kind = PLEK_REPORT_COUNTS,
                                     .status = PLEK_STATUS_ACTUAL,
                                     .location = "duin",
                                     .unit = "ic" },
                         .now_ms = NOW_MS };
        PlekCounts *counts = &o.report.counts;

        counts->care = PLEK_CARE_ICU_ADULT;
        counts->present[PLEK_COUNT_STAFFED] = counts->present[PLEK_COUNT_OCCUPIED] = true;
        counts->value[PLEK_COUNT_STAFFED] = staffed;
        counts->value[PLEK_COUNT_OCCUPIED] = occupied;
        return o;
}

static void test_counts_are_said_back_with_what_follows_from_them(void **state)
{
        PutOptions o = counts(12, 10);

        assert_string_equal(said(&o, receipt_counts),
                            "duin ic, ICU: staffed 12, occupied 10 · 2 free");
        assert_false(receipt_is_odd(&o.report.counts));
        o = counts(8, 18);
        assert_string_equal(said(&o, receipt_counts),
                            "duin ic, ICU: staffed 8, occupied 18 · 0 free");
        assert_true(receipt_is_odd(&o.report.counts));
        o = counts(0, 2);
        assert_false(receipt_is_odd(&o.report.counts));
        o = counts(20, 25);
        assert_false(receipt_is_odd(&o.report.counts));
        o.report.counts.present[PLEK_COUNT_OCCUPIED] = false;
        o.report.counts.missing[PLEK_COUNT_OCCUPIED] = PLEK_MISSING_UNKNOWN;
        assert_string_equal(said(&o, receipt_counts), "duin ic, ICU: staffed 20, occupied unknown");
}

static void test_a_refusal_is_said_back_with_its_day(void **state)
{
        PutOptions o = { .report = { .kind = PLEK_REPORT_REFUSAL,
                                     .status = PLEK_STATUS_ACTUAL,
                                     .location = "duin" },
                         .now_ms = NOW_MS };

        o.report.refusal = (PlekCareRefusal){ .care = PLEK_CARE_ED,
                                              .reason = PLEK_REASON_BEDS_FULL,
                                              .from = PLEK_CHAIN_AMBULANCE,
                                              .at_ms = NOW_MS - 16 * HOUR_MS - 15 * 60 * 1000 };
        assert_string_equal(said(&o, receipt_refusal),
                            "duin, ED: 1 could not be taken · beds full · asked by ambulance · "
                            "2026-11-22 09:00, 16 h 15 ago");
        o.report.refusal = (PlekCareRefusal){ .care = PLEK_CARE_ED, .count = 12 };
        assert_string_equal(said(&o, receipt_refusal),
                            "duin, ED: 12 could not be taken · 2026-11-23 01:15");
        memset(o.report.refusal.id, 0xa7, PLEK_EVENT_ID_BYTES);
        assert_string_equal(said(&o, receipt_undo),
                            "plek refuse --undo a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7");
}

static void test_an_id_is_what_was_printed_or_nothing(void **state)
{
        uint8_t id[PLEK_EVENT_ID_BYTES], read[PLEK_EVENT_ID_BYTES] = { 0 };
        char text[RECEIPT_ID_TEXT_BYTES];

        for (size_t i = 0; i < sizeof(id); i++)
                id[i] = (uint8_t)(i * 17 + 3);
        receipt_id_format(id, text);
        assert_int_equal(receipt_id_parse(read, text), 0);
        assert_memory_equal(read, id, sizeof(id));
        text[31] = '\0';
        assert_int_equal(receipt_id_parse(read, text), -EINVAL);
        assert_int_equal(receipt_id_parse(read, "0x3344556677889900112233445566778"), -EINVAL);
        assert_int_equal(receipt_id_parse(read, " 1334455667788990011223344556677"), -EINVAL);
        assert_memory_equal(read, id, sizeof(id));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_an_end_that_is_far_off_says_so_if_only_a_clock_time_was_typed),
                cmocka_unit_test(test_a_stop_without_an_end_is_said_to_have_none),
                cmocka_unit_test(test_counts_are_said_back_with_what_follows_from_them),
                cmocka_unit_test(test_a_refusal_is_said_back_with_its_day),
                cmocka_unit_test(test_an_id_is_what_was_printed_or_nothing),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
