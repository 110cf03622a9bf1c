#include <string.h>

#include "cmocka-all.h"
#include "wire/topic.h"

static void assert_text(Topic topic, const char *expected)
{
        char text[TOPIC_MAX];
        Topic parsed;

        assert_int_equal(topic_format(&topic, text), strlen(expected));
        assert_string_equal(text, expected);
        assert_int_equal(topic_parse(&parsed, text, strlen(text)), 0);
        assert_int_equal(parsed.kind, topic.kind);
        assert_int_equal(parsed.lane, topic.lane);
        assert_string_equal(parsed.region, topic.region);
}

static void test_topics_are_written_and_read_back(void **state)
{
        assert_text(topic_of(STATUS_ACTUAL, "zwolle", LANE_STATUS), "pic/zwolle/status/");
        assert_text(topic_of(STATUS_EXERCISE, "nh-flevoland", LANE_COUNTS),
                    "pic/nh-flevoland/counts/");
        assert_text(topic_of(STATUS_TEST, "zwolle", LANE_STATUS), "test/zwolle/status/");
        assert_text((Topic){ .kind = TOPIC_REGISTRY, .lane = LANE_STATUS }, "reg/");
        assert_text((Topic){ .kind = TOPIC_BEAT, .lane = LANE_STATUS }, "beat/status/");
        assert_text((Topic){ .kind = TOPIC_BEAT, .lane = LANE_COUNTS }, "beat/counts/");
}

static void test_longest_region_fits(void **state)
{
        char region[REGION_MAX + 1];

        memset(region, 'r', REGION_MAX);
        region[REGION_MAX] = '\0';
        assert_text(topic_of(STATUS_TEST, region, LANE_COUNTS),
                    "test/rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr/counts/");
}

static void test_no_topic_is_a_prefix_of_another(void **state)
{
        Topic a = topic_of(STATUS_ACTUAL, "oost", LANE_STATUS);
        Topic b = topic_of(STATUS_ACTUAL, "oost-2", LANE_STATUS);
        char left[TOPIC_MAX], right[TOPIC_MAX];

        topic_format(&a, left);
        topic_format(&b, right);
        assert_null(strstr(right, left));
}

static void test_what_is_no_topic_is_refused(void **state)
{
        static const char *const texts[] = {
                "",
                "/",
                "pic",
                "pic/",
                "pic/zwolle",
                "pic/zwolle/",
                "pic/zwolle/status",
                "pic/zwolle/status/x",
                "pic/zwolle/status//",
                "pic//status/",
                "pic/Zwolle/status/",
                "pic/zwolle/doors/",
                "pic/zwolle-zwolle-zwolle-zwolle-zwolle/status/",
                "reg",
                "reg//",
                "reg/status/",
                "beat/",
                "beat/status",
                "beat/doors/",
                "pics/zwolle/status/",
        };
        Topic topic;

        for (size_t i = 0; i < N_ELEMENTS(texts); i++)
                assert_int_equal(topic_parse(&topic, texts[i], strlen(texts[i])), -EINVAL);
        assert_int_equal(topic_parse(&topic, "reg/\0", 5), -EINVAL);
        assert_int_equal(topic_parse(&topic, "pic/a\0b/status/", 15), -EINVAL);
}

static void test_parsing_reads_no_further_than_told(void **state)
{
        Topic topic;

        assert_int_equal(topic_parse(&topic, "reg/tail", 4), 0);
        assert_int_equal(topic.kind, TOPIC_REGISTRY);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_topics_are_written_and_read_back),
                cmocka_unit_test(test_longest_region_fits),
                cmocka_unit_test(test_no_topic_is_a_prefix_of_another),
                cmocka_unit_test(test_what_is_no_topic_is_refused),
                cmocka_unit_test(test_parsing_reads_no_further_than_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
