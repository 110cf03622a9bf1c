#pragma once

/*
 * A row of a file, as a mapping has it said
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/row-field.h"
#include "agent/row-report.h"
#include "cmocka-all.h"

/* What a row of @csv_text says by the mapping's first report; of its row number @n, from 0. */
typedef struct Reading {
        Mapping *mapping;
        CsvFile *csv;
        FILE *file;
        RowScratch scratch;
        char fault[ROW_FAULT_BYTES];
        PlekReport report;
        int result;
} Reading;

static inline void read_nth(Reading *ret, const char *mapping_text, const char *csv_text,
                            unsigned n)
{
        char text[MAPPING_TEXT_BYTES] = "";
        CsvRow row;

        memset(ret, 0, sizeof(*ret));
        assert_int_equal(mapping_parse(&ret->mapping, mapping_text, "test.map", text), 0);
        ret->file = fmemopen((void *)csv_text, strlen(csv_text), "r");
        assert_non_null(ret->file);
        assert_int_equal(csv_file_new(&ret->csv, ret->file, ret->mapping->separator), 0);
        for (unsigned i = 0; i <= n; i++)
                assert_int_equal(csv_file_next(ret->csv, &row), 0);
        ret->result = row_report(&ret->report, ret->mapping, &ret->mapping->reports[0], ret->csv,
                                 &row, 1000, &ret->scratch, ret->fault);
}

static inline void reading_deinit(Reading *reading)
{
        csv_file_free(reading->csv);
        mapping_free(reading->mapping);
        fclose(reading->file);
}

static inline void assert_mapping_wrong(const char *mapping_text, const char *part)
{
        char text[MAPPING_TEXT_BYTES] = "";
        Mapping *mapping = NULL;

        assert_int_equal(mapping_parse(&mapping, mapping_text, "test.map", text), MAPPING_E_WRONG);
        assert_null(mapping);
        if (!strstr(text, part))
                fail_msg("'%s' does not say '%s'", text, part);
}
