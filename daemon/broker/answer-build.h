#pragma once

/*
 * Building an answer: entries into chunks, chunks into frames
 */

#include "broker/answers.h"

typedef struct AnswerBuild {
        Answers *answers;
        Answer *answer;
        int error; /* the first; further calls then do nothing */
} AnswerBuild;

/* Everything that changed on @topic after @from for readers of @level; of 0, only what is there. */
void build_topic(AnswerBuild *build, const PictureTopic *topic, Audience level, uint64_t from,
                 bool with_tombstones);
void build_registry(AnswerBuild *build, uint64_t from);
void build_own(AnswerBuild *build, const Party *party, const char *location);
/* Another's chunks in front of one's own. */
void build_share(AnswerBuild *build, const Answer *base);
/* Closes the last chunk and signs the manifest. Returns 0 or the first error. */
MUST_CHECK int build_finish(AnswerBuild *build, const char *topic);
