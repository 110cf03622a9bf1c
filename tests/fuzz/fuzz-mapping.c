/*
 * The mapping file of plek-agent csv, and a row read by it
 *
 * The input is a mapping, a line with "====", and a CSV file.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "agent/row-report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data);

static void read_rows(const Mapping *mapping, FILE *file)
{
        static RowScratch scratch;
        char fault[ROW_FAULT_BYTES];
        PlekReport report;
        CsvFile *csv;
        CsvRow row;
        int r;

        if (csv_file_new(&csv, file, mapping->separator))
                return;
        while ((r = csv_file_next(csv, &row)) >= 0 && r != CSV_FILE_E_END)
                for (size_t i = 0; !r && i < mapping->n_reports; i++)
                        if (row_report(&report, mapping, &mapping->reports[i], csv, &row, 0,
                                       &scratch, fault) == ROW_REPORT_E_WRONG)
                                assert(memchr(fault, '\0', sizeof(fault)));
        csv_file_free(csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        char *text = calloc(1, n_data + 1), said[MAPPING_TEXT_BYTES] = "";
        Mapping *mapping = NULL;
        char *rows;
        int r;

        memcpy(text, data, n_data);
        rows = strstr(text, "\n====\n");
        if (rows) {
                rows[1] = '\0';
                rows += 6;
        }
        r = mapping_parse(&mapping, text, "fuzz.map", said);
        assert(r != MAPPING_E_WRONG || *said);
        if (!r && rows && *rows) {
                FILE *file = fmemopen(rows, strlen(rows), "r");

                read_rows(mapping, file);
                fclose(file);
        }
        mapping_free(mapping);
        free(text);
        return 0;
}
