#include <stdlib.h>
#include <string.h>

#include "broker/metrics.h"
#include "cmocka-all.h"

static void put(MetricSet *set, const char *name, const char *label, double value, bool is_counter)
{
        set->metrics[set->n] = (Metric){ .name = name, .label = label, .value = value };
        set->help[set->n] = "what it says";
        set->is_counter[set->n++] = is_counter;
}

static void assert_text(const MetricSet *set, const char *expected)
{
        char *text = NULL;
        size_t n_text;

        assert_int_equal(metrics_format(set, &text, &n_text), 0);
        assert_string_equal(text, expected);
        assert_int_equal(n_text, strlen(expected));
        free(text);
}

static void test_a_metric_has_its_help_its_type_and_its_value(void **state)
{
        static MetricSet set;

        set.n = 0;
        put(&set, "plek_revision", NULL, 41, false);
        assert_text(&set, "# HELP plek_revision what it says\n"
                          "# TYPE plek_revision gauge\n"
                          "plek_revision 41\n");
}

static void test_all_of_one_name_stand_together_under_one_type(void **state)
{
        static MetricSet set;

        set.n = 0;
        put(&set, "plek_a_total", "socket=\"care\"", 1, true);
        put(&set, "plek_b_total", NULL, 2.5, true);
        put(&set, "plek_a_total", "socket=\"coord\"", 3, true);
        assert_text(&set, "# HELP plek_a_total what it says\n"
                          "# TYPE plek_a_total counter\n"
                          "plek_a_total{socket=\"care\"} 1\n"
                          "plek_a_total{socket=\"coord\"} 3\n"
                          "# HELP plek_b_total what it says\n"
                          "# TYPE plek_b_total counter\n"
                          "plek_b_total 2.5\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_metric_has_its_help_its_type_and_its_value),
                cmocka_unit_test(test_all_of_one_name_stand_together_under_one_type),
        };

        return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
