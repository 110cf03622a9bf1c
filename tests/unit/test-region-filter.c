#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plek/region-filter.h"

static const PlekRegion regions[] = { { "rav", "noordkust" }, { "ggz", "kust" } };

static RegionFilter filter_of(const char *first, const char *second)
{
        static char texts[2][64];
        RegionFilter filter = { .n = 0 };

        snprintf(texts[0], sizeof(texts[0]), "%s", first);
        region_filter_add(&filter, texts[0], NULL);
        if (second) {
                snprintf(texts[1], sizeof(texts[1]), "%s", second);
                region_filter_add(&filter, texts[1], NULL);
        }
        return filter;
}

static bool has(const RegionFilter *filter)
{
        return region_filter_has(filter, "oost", regions, 2);
}

static void test_an_id_alone_is_a_home_region(void **state)
{
        RegionFilter filter = filter_of("oost", NULL);

        assert_true(has(&filter));
        filter = filter_of("noordkust", NULL);
        assert_false(has(&filter));
        assert_false(region_filter_has(&filter, NULL, NULL, 0));
}

static void test_a_scheme_and_an_id_must_both_be_those(void **state)
{
        RegionFilter filter = filter_of("rav:noordkust", NULL);

        assert_true(has(&filter));
        assert_false(region_filter_has(&filter, "noordkust", NULL, 0));
        filter = filter_of("ggz:noordkust", NULL);
        assert_false(has(&filter));
        filter = filter_of("rav:oost", NULL);
        assert_false(has(&filter));
}

static void test_several_add_up_and_none_asks_for_all(void **state)
{
        RegionFilter filter = filter_of("west", "ggz:kust");

        assert_true(has(&filter));
        filter = filter_of("west", "ggz:binnen");
        assert_false(has(&filter));
        filter = (RegionFilter){ .n = 0 };
        assert_true(has(&filter));
}

/* Where the locations of another scheme's region have their home nobody knows beforehand. */
static void test_home_regions_alone_narrow_what_is_followed(void **state)
{
        RegionFilter filter = filter_of("oost", "west");
        PlekSubscriberOptions options = { 0 };

        region_filter_follow(&filter, false, &options);
        assert_int_equal(options.n_regions, 2);
        assert_string_equal(options.regions[1], "west");

        filter = (RegionFilter){ .n = 0 };
        region_filter_follow(&filter, false, &options);
        assert_null(options.regions);

        filter = filter_of("oost", "rav:noordkust");
        region_filter_follow(&filter, false, &options);
        assert_int_equal(options.n_regions, 0);
        assert_null(options.regions);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_id_alone_is_a_home_region),
                cmocka_unit_test(test_a_scheme_and_an_id_must_both_be_those),
                cmocka_unit_test(test_several_add_up_and_none_asks_for_all),
                cmocka_unit_test(test_home_regions_alone_narrow_what_is_followed),
        };

        return cmocka_run_group_tests_name("plek/region-filter", tests, NULL, NULL);
}
