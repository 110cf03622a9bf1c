#pragma once

/*
 * The past, as it is asked for: jobs for a thread of their own
 *
 * What was is told again from the journal (store/past.h), which takes a while: so a thread does it,
 * one question after the other, and main goes on. The thread has its own copy of what it needs of
 * the present: who asks with which audience, and what has since been narrowed. It also makes the
 * archive's rows when nobody asks.
 *
 * The picture at a time is asked for topic by topic, and made for all of them at once; it is kept
 * for a while, since the other topics are asked for next.
 *
 * A time is over when nothing can be received in it any more: until then a picture of it waits, so
 * that everybody who asks for one time, whenever that is, gets the same.
 *
 * Nobody has the desk alone: the keys that ask take turns, and after each question what looks after
 * the past has one.
 *
 * Bounds: PAST_JOBS_MAX jobs, PAST_JOBS_OF_ONE_MAX of one key; PAST_VIEWS_MAX pictures kept;
 * answer-bytes, with all other answers.
 */

#include <string.h>

#include "broker/answers.h"
#include "broker/request.h"
#include "net/worker.h"
#include "store/archive.h"
#include "store/past.h"
#include "store/retain.h"

enum {
        PAST_JOBS_MAX = 32,
        PAST_JOBS_OF_ONE_MAX = 8, /* of one key */
        PAST_WAITERS_MAX = 256,   /* of one job: sessions that ask for topics of one picture */
        PAST_VIEWS_MAX = 2,
        PAST_VIEW_KEPT_MS = 15 * 1000,
        PAST_AHEAD_MS = 5 * 1000, /* a reader's clock may be, and so long a time is waited for */
};

static inline void past_topic_copy(char to[TOPIC_MAX], const char *topic)
{
        size_t n = strnlen(topic, TOPIC_MAX - 1);

        memcpy(to, topic, n);
        to[n] = '\0';
}

/* Who gets which part of what a job makes. */
typedef struct PastWaiter {
        AskedBy by;
        char topic[TOPIC_MAX]; /* of a picture */
        uint32_t credit;
} PastWaiter;

/* The part of a picture that is one topic's. */
typedef struct PastPart {
        char topic[TOPIC_MAX];
        Answer *answer;
} PastPart;

typedef struct PastHistory {
        char location[LOCATION_MAX + 1]; /* "": all, of doors and cards */
        char unit[UNIT_MAX + 1];         /* "": all */
        uint32_t care;                   /* CODE_ABSENT: all */
        uint32_t reports;
        int64_t from_ms, to_ms;
        bool restated;
} PastHistory;

/* A question, its answer when it is there, and those who wait for it. */
typedef struct PastJob {
        ListLink link;
        Broker *broker;
        Ledger *ledger;

        bool is_history; /* else a picture */
        Audience level;
        Blob *narrow;
        int64_t at_ms;
        size_t n_bytes_max;
        PastHistory history;

        KeyId by; /* who asked first */
        PastWaiter *waiters;
        size_t n_waiters;

        int result;      /* 0, PAST_E_*, PAST_JOB_E_* or -errno */
        PastPart *parts; /* of a history, one */
        size_t n_parts;
        uint64_t first; /* of a history: the last revision before its time; of a picture, 0 */
        Head head;
        uint64_t reg_revision;
        bool is_thinned;
        int64_t kept_from_ms; /* of a history, and where it is too early: what is kept begins here
                               */
        int64_t made_at_ns;   /* of a view */
} PastJob;

enum {
        PAST_JOB_E_TOO_LARGE = 100, /* beside those of store/past.h */
        PAST_JOB_E_BEFORE,          /* the journal begins later */
};

typedef struct PastDesk {
        Broker *broker;
        Worker *worker;
        LoopTimer settles; /* a time that is waited for may be over */
        ListLink queue;
        size_t n_queued;
        KeyId last_by; /* who had the last turn */
        bool look_is_due;
        PastJob *running;
        ListLink views; /* the oldest first */
        size_t n_views;
        Checkpoint *rows;     /* the archive's, to be written; NULL: none */
        uint64_t archived_at; /* the journal's end when there was nothing to do */
        int64_t archived_at_ns;
        bool archive_has_failed; /* and that was said */
        RetainPolicy policy;     /* the thread's copy */
        int64_t policy_at_ms;
        RetainStep *step;      /* to be put, a little with each commit; NULL: none */
        RetainStep *step_made; /* by the thread */
        int retain_result;     /* the same: RETAIN_E_NOTHING or _OVER; 0: it was not asked */
        bool is_over;          /* more than keep-bytes is used, and nothing can go */
        uint64_t n_thinned, n_deleted; /* entries, since the start */
        Checkpoint *made;              /* by the thread */
} PastDesk;

MUST_CHECK int past_desk_init(PastDesk *desk, Broker *broker);
void past_desk_deinit(PastDesk *desk);

/* What is received next is of this time or later: a clock may be behind the journal. */
int64_t past_desk_now_ms(const PastDesk *desk);
/* A topic as it was held at @at_ms, for @caller. Answers, now or later. */
MUST_CHECK int past_desk_picture(PastDesk *desk, const Caller *caller, uint64_t id,
                                 const char *topic, int64_t at_ms, uint32_t credit);
MUST_CHECK int past_desk_history(PastDesk *desk, const Caller *caller, uint64_t id,
                                 const PastHistory *history, uint32_t credit);

/* Each second: forgets, and looks whether the archive has something to make. */
MUST_CHECK int past_desk_tick(PastDesk *desk);
/* When nobody asks: the archive, and what is to go. */
void past_desk_look_after(PastDesk *desk);
/* What is_over means, for the operator. */
const char *past_over_sentence(void);
/* Whether the commit thread has something to write for us. */
bool past_desk_has_writes(const PastDesk *desk);
/* What is to go, for the commit thread; it stays the desk's. NULL: nothing. */
RetainStep *past_desk_step(PastDesk *desk);
/* Some of it was put, or @result says why not; @more is to be put. Returns 0 or -errno. */
MUST_CHECK int past_desk_stepped(PastDesk *desk, int result, bool more);
/* Rows for the commit thread, to be freed by the caller; NULL: none. */
Checkpoint *past_desk_take_rows(PastDesk *desk);

/* The thread's side: fills in the job's result. */
void past_job_run(PastJob *job);
