#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka-all.h"
#include "plek/outlet.h"

enum { N_LINES = 40000, LINE_BYTES = 70 }; /* more than is kept */

static_assert((size_t)N_LINES * LINE_BYTES > 2 * (size_t)OUTLET_BYTES_MAX, "some are left out");

/* Prints as fast as it can to whoever does not read until all of it is printed. Does not return. */
static void print_all(bool is_json, int to, int printed)
{
        char fill[LINE_BYTES + 1];

        memset(fill, 'x', LINE_BYTES);
        fill[LINE_BYTES] = '\0';
        if (dup2(to, STDOUT_FILENO) < 0 || outlets_open(is_json))
                _exit(2);
        for (int i = 0; i < N_LINES; i++)
                printf("{\"number\":%d,\"fill\":\"%s\"}\n", i, fill);
        if (write(printed, "p", 1) != 1)
                _exit(3);
        outlets_finish();
        _exit(0);
}

/* What somebody reads who began when everything was printed. */
typedef struct Reader {
        FILE *file;
        pid_t pid;
} Reader;

static void read_late(Reader *reader, bool is_json)
{
        int to[2], printed[2];
        char byte;

        assert_int_equal(pipe(to), 0);
        assert_int_equal(pipe(printed), 0);
        reader->pid = fork();
        if (!reader->pid) {
                close(to[0]);
                print_all(is_json, to[1], printed[1]);
        }
        close(to[1]);
        close(printed[1]);
        assert_int_equal(read(printed[0], &byte, 1), 1); /* it waited for nobody */
        close(printed[0]);
        reader->file = fdopen(to[0], "r");
        assert_non_null(reader->file);
}

static void reader_end(Reader *reader)
{
        int status;

        fclose(reader->file);
        assert_int_equal(waitpid(reader->pid, &status, 0), reader->pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_lines_that_nobody_reads_are_left_out_whole_and_counted_in_a_line_of_json(void **s)
{
        json_int_t n_told = 0, n_left_out = 0, next = 0;
        char line[4096];
        Reader reader;

        read_late(&reader, true);
        while (fgets(line, sizeof(line), reader.file)) {
                json_t *object = json_loads(line, 0, NULL), *number;

                assert_non_null(object);
                number = json_object_get(object, "number");
                if (number) {
                        assert_int_equal(json_integer_value(number), next++);
                        n_told++;
                } else {
                        assert_string_equal(json_string_value(json_object_get(object, "event")),
                                            "left_out");
                        n_left_out += json_integer_value(json_object_get(object, "n_lines"));
                        next += n_left_out;
                }
                json_decref(object);
        }
        assert_true(n_told > 0 && n_left_out > 0);
        assert_int_equal(n_told + n_left_out, N_LINES);
        reader_end(&reader);
}

static void test_people_are_told_in_words(void **s)
{
        size_t n_told = 0, n_left_out = 0;
        char line[4096];
        Reader reader;

        read_late(&reader, false);
        while (fgets(line, sizeof(line), reader.file)) {
                if (*line == '{')
                        n_told++;
                else
                        assert_int_equal(sscanf(line, "*** %zu lines are missing", &n_left_out), 1);
        }
        assert_int_equal(n_told + n_left_out, N_LINES);
        assert_true(n_left_out > 0);
        reader_end(&reader);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_lines_that_nobody_reads_are_left_out_whole_and_counted_in_a_line_of_json),
                cmocka_unit_test(test_people_are_told_in_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
