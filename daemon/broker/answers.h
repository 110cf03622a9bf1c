#pragma once

/*
 * Answers: a topic's changes since a revision, encoded once for everybody who asks the same
 *
 * After a restart of the broker, or of a network, thousands ask in the same second. An answer is
 * kept while its topic does not change and handed to all of them: its chunks are whole frames, the
 * same bytes for every reader. While the topic does change, a whole answer is kept all the same,
 * and the few changes since are put behind it.
 *
 * Bound: answer-bytes over all answers, in use or kept. What nobody is reading goes first, the
 * longest unused.
 */

#include "core/state.h"
#include "internal/hash.h"

typedef struct Broker Broker;

typedef struct AnswerKey {
        const PictureTopic *topic; /* NULL: reg/ */
        uint64_t level;
        uint64_t from; /* 0: whole */
} AnswerKey;

typedef struct Answer {
        UT_hash_handle hh;
        ListLink by_use; /* the longest unused first */
        AnswerKey key;
        uint32_t n_references;
        bool is_kept;      /* in the table */
        uint64_t transfer; /* what its chunks are called; shared by answers that share chunks */
        uint64_t epoch;
        uint64_t topic_last; /* where the topic stood: while it stands there the answer is right */
        size_t n_entries;
        Blob *manifest;
        Blob **chunks; /* frames: Reply with id 0 */
        uint8_t (*digests)[DIGEST_BYTES];
        size_t n_chunks;
        size_t n_bytes;           /* of its own; shared chunks are counted once */
        struct Answer *extension; /* the newest that shares its chunks; owned */
        int64_t used_at_ns;
} Answer;

typedef struct Answers {
        Broker *broker;
        Answer *kept;
        ListLink by_use;
        BlockBuilder *builder;
        uint64_t next_transfer;
        size_t n_bytes;
} Answers;

enum { ANSWER_KEPT_MS = 15 * 1000 };

enum {
        ANSWER_OK,
        ANSWER_E_NO_ROOM, /* ask later */
};

/* What is asked, by somebody who may read @level. */
typedef struct AnswerQuestion {
        const char *topic;                 /* as named, for the manifest */
        const PictureTopic *picture_topic; /* NULL: reg/, or nothing was ever said there */
        bool is_registry;
        Audience level;
        uint64_t from; /* already judged: 0 if the position cannot be answered with changes */
} AnswerQuestion;

MUST_CHECK int answers_init(Answers *answers, Broker *broker);
void answers_deinit(Answers *answers);

/* A reference for the caller. Returns 0, ANSWER_E_NO_ROOM or -errno. */
MUST_CHECK int answers_get(Answers *answers, const AnswerQuestion *question, Answer **ret_answer);
/* All records of @party (at @location, or NULL), whatever their topic; not kept. */
MUST_CHECK int answers_get_own(Answers *answers, const Party *party, const char *location,
                               Answer **ret_answer);
/* Whether there may be more; what nobody reads is forgotten for it. */
bool answers_have_room(Answers *answers);
Answer *answer_unref(Answers *answers, Answer *answer);

/* Any thread: an empty one, to be built there. Returns 0 or -ENOMEM. */
MUST_CHECK int answer_make(Answer **ret_answer, Audience level);
/* One that was not adopted. */
Answer *answer_discard(Answers *answers, Answer *answer);
/* What was built in another thread becomes one of ours: its chunks become frames, and what
 * @manifest says beside them is signed. The reference stays the caller's. Returns 0 or -errno. */
MUST_CHECK int answers_adopt(Answers *answers, Answer *answer, Manifest *manifest);

/* Each second: forgets what was not used for a while. */
void answers_tick(Answers *answers);
