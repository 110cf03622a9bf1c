#pragma once

/*
 * Topics: what ZeroMQ matches by prefix, hence the slash at every end
 *
 *         pic/<region>/status/    pic/<region>/counts/    actual and exercise
 *         test/<region>/status/   test/<region>/counts/
 *         reg/                    the registry, on the status lane
 *         beat/status/            beat/counts/
 */

#include "wire/document.h"

enum {
        TOPIC_MAX = 64, /* with its NUL */
};

typedef enum TopicKind { TOPIC_PICTURE, TOPIC_TEST, TOPIC_REGISTRY, TOPIC_BEAT } TopicKind;

typedef struct Topic {
        TopicKind kind;
        char region[REGION_MAX + 1]; /* "" for the registry and beats */
        Lane lane;
} Topic;

Topic topic_of(Status status, const char *region, Lane lane);
/* Returns the length. */
size_t topic_format(const Topic *topic, char ret_text[TOPIC_MAX]);
/* @n_text bytes without a NUL. Returns 0 or -EINVAL. */
MUST_CHECK int topic_parse(Topic *ret_topic, const char *text, size_t n_text);
