#include "wire/topic.h"

#include <string.h>

static const char *const lane_names[] = {
        [LANE_STATUS] = "status",
        [LANE_COUNTS] = "counts",
};

static const char *const kind_names[] = {
        [TOPIC_PICTURE] = "pic",
        [TOPIC_TEST] = "test",
        [TOPIC_REGISTRY] = "reg",
        [TOPIC_BEAT] = "beat",
};

Topic topic_of(Status status, const char *region, Lane lane)
{
        Topic topic = {
                .kind = status == STATUS_TEST ? TOPIC_TEST : TOPIC_PICTURE,
                .lane = lane,
        };

        assert(region_is_valid(region));
        strcpy(topic.region, region);
        return topic;
}

static char *put_level(char *at, const char *level)
{
        at = stpcpy(at, level);
        *at++ = '/';
        return at;
}

/* By hand: it is done for every update, and printf() costs more than finding the record. */
size_t topic_format(const Topic *topic, char ret_text[TOPIC_MAX])
{
        char *at = put_level(ret_text, kind_names[topic->kind]);

        static_assert(REGION_MAX + sizeof("test//status/") <= TOPIC_MAX, "the longest topic fits");

        if (topic->kind == TOPIC_PICTURE || topic->kind == TOPIC_TEST)
                at = put_level(at, topic->region);
        if (topic->kind != TOPIC_REGISTRY)
                at = put_level(at, lane_names[topic->lane]);
        *at = '\0';
        return (size_t)(at - ret_text);
}

/* Takes the next level off @at; NULL when there is none that ends in a slash. */
static const char *next_level(char **at)
{
        char *level = *at, *slash = strchr(level, '/');

        if (!slash)
                return NULL;
        *slash = '\0';
        *at = slash + 1;
        return level;
}

static int parse_lane(Lane *ret_lane, const char *name)
{
        for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++) {
                if (name && !strcmp(name, lane_names[lane])) {
                        *ret_lane = lane;
                        return 0;
                }
        }
        return err_raise(-EINVAL);
}

static int parse_kind(TopicKind *ret_kind, const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(kind_names); i++) {
                if (name && !strcmp(name, kind_names[i])) {
                        *ret_kind = (TopicKind)i;
                        return 0;
                }
        }
        return err_raise(-EINVAL);
}

int topic_parse(Topic *ret_topic, const char *text, size_t n_text)
{
        char copy[TOPIC_MAX], *at = copy;
        Topic topic = { .lane = LANE_STATUS };
        const char *region;

        if (n_text >= sizeof(copy) || memchr(text, '\0', n_text))
                return err_raise(-EINVAL);
        memcpy(copy, text, n_text);
        copy[n_text] = '\0';

        if (parse_kind(&topic.kind, next_level(&at)))
                return err_raise(-EINVAL);
        if (topic.kind == TOPIC_PICTURE || topic.kind == TOPIC_TEST) {
                region = next_level(&at);
                if (!region || !region_is_valid(region))
                        return err_raise(-EINVAL);
                strcpy(topic.region, region);
        }
        if (topic.kind != TOPIC_REGISTRY && parse_lane(&topic.lane, next_level(&at)))
                return err_raise(-EINVAL);
        if (*at)
                return err_raise(-EINVAL);

        *ret_topic = topic;
        return 0;
}
