#pragma once

/*
 * Building an answer: entries into chunks, chunks into frames
 */

#include "broker/answers.h"
#include "wire/block.h"

typedef struct AnswerBuild {
        Answers *answers; /* NULL: in another thread; then its chunks are bodies, not yet frames */
        Answer *answer;
        BlockBuilder *builder;
        const Blob *narrow; /* what readers below COORD may not see any more; NULL: all that they
                               could then */
        size_t n_bytes_max; /* 0: any */
        int error;          /* the first; further calls then do nothing */
} AnswerBuild;

enum {
        BUILD_OK,
        BUILD_E_TOO_LARGE, /* more than n_bytes_max */
};

/* Everything that changed on @topic after @from for readers of @level; of 0, only what is there. */
void build_topic(AnswerBuild *build, const PictureTopic *topic, Audience level, uint64_t from,
                 bool with_tombstones);
void build_registry(AnswerBuild *build, const Registry *registry, uint64_t from);
/* What one item of a change told readers of @level. */
void build_item(AnswerBuild *build, const LedgerEntry *entry, const ChangeItem *item,
                Audience level);
/* A record as it stands. */
void build_record(AnswerBuild *build, const Record *record, Audience level);
void build_own(AnswerBuild *build, const Party *party, const char *location);
/* Another's chunks in front of one's own. */
void build_share(AnswerBuild *build, const Answer *base);
/* Closes the last chunk and signs the manifest. Returns 0 or the first error. */
MUST_CHECK int build_finish(AnswerBuild *build, const char *topic);
/* With what @manifest says beside the chunks. Returns 0 or -errno. */
MUST_CHECK int answer_sign(Answers *answers, Answer *answer, Manifest *manifest);
/* A chunk's body as it is sent. */
MUST_CHECK int chunk_frame(Blob **ret_frame, uint64_t transfer, size_t index, const Blob *body);
/* In another thread: closes the last chunk. Returns 0, BUILD_E_TOO_LARGE or -errno. */
MUST_CHECK int build_close(AnswerBuild *build);
