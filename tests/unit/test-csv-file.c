#include "cmocka-all.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "plek/csv-file.h"

/*
 * clients/plek/csv-file: what a file has that is no CSV
 */

/* Cut off at the NUL it would be 1 bed. */
static void test_a_field_with_a_nul_is_no_row(void **state)
{
        static const char text[] = "a,b\n1\0000,2\n3,4\n5,6\0\n7,8";
        FILE *file = fmemopen((void *)text, sizeof(text) - 1, "r");
        CsvFile *csv;
        CsvRow row;

        assert_int_equal(csv_file_new(&csv, file, ','), 0);
        assert_int_equal(csv_file_next(csv, &row), CSV_FILE_E_ROW);
        assert_int_equal(row.line, 2);
        assert_int_equal(csv_file_next(csv, &row), 0);
        assert_string_equal(row.fields[0], "3");
        assert_int_equal(csv_file_next(csv, &row), CSV_FILE_E_ROW);
        assert_int_equal(csv_file_next(csv, &row), 0);
        assert_string_equal(row.fields[1], "8");
        assert_int_equal(csv_file_next(csv, &row), CSV_FILE_E_END);
        csv_file_free(csv);
        fclose(file);
}

/* A file with one line that is longer than it has any use to be. */
typedef struct Long {
        const char *before;
        size_t n_line;
        const char *after;
} Long;

static size_t take(char *to, size_t n, const char **from)
{
        n = MIN(n, strlen(*from));
        memcpy(to, *from, n);
        *from += n;
        return n;
}

static ssize_t read_long(void *cookie, char *to, size_t n)
{
        Long *file = cookie;

        if (*file->before)
                return (ssize_t)take(to, n, &file->before);
        if (!file->n_line)
                return (ssize_t)take(to, n, &file->after);
        n = MIN(n, file->n_line);
        memset(to, '7', n);
        file->n_line -= n;
        return (ssize_t)n;
}

static long memory_kib(void)
{
        struct rusage usage;

        assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
        return usage.ru_maxrss;
}

static void test_of_a_line_without_an_end_no_more_is_kept_than_a_line_may_be(void **state)
{
        Long content = { "a,b\n1,", (size_t)256 * CSV_FILE_LINE_MAX, "\n3,4\n" };
        FILE *file = fopencookie(&content, "r", (cookie_io_functions_t){ .read = read_long });
        long before_kib = memory_kib();
        CsvFile *csv;
        CsvRow row;

        assert_int_equal(csv_file_new(&csv, file, ','), 0);
        assert_int_equal(csv_file_next(csv, &row), CSV_FILE_E_ROW);
        assert_int_equal(row.line, 2);
        assert_int_equal(csv_file_next(csv, &row), 0);
        assert_int_equal(row.line, 3);
        assert_string_equal(row.fields[1], "4");
        assert_in_range(memory_kib() - before_kib, 0, 64 * 1024);
        csv_file_free(csv);
        fclose(file);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_field_with_a_nul_is_no_row),
                cmocka_unit_test(test_of_a_line_without_an_end_no_more_is_kept_than_a_line_may_be),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
