#pragma once

/*
 * Outbox: which update is to be sent next
 *
 * It keeps the latest state of each record and knows what the broker has of it. Time is given: our
 * monotonic clock for when to try again, the broker's for what is said. It sends nothing itself.
 *
 * An item is one record. Its *version* counts what was put; a *flight* is one update that was sent
 * and not answered. An item may have several flights, for older versions, but only the answer to
 * its newest version settles it.
 */

#include "internal/list.h"
#include "lib/heap.h"
#include "picture/record.h"
#include "wire/call.h"
#include "wire/query.h"

typedef struct Outbox Outbox;
typedef struct OutboxItem OutboxItem;
typedef struct OutboxGroup OutboxGroup;

typedef struct OutboxOptions {
        uint64_t instance;
        size_t n_flights_max;
        size_t n_items_max;
        bool is_hand;  /* never affirms */
        uint32_t seed; /* of jitter */
} OutboxOptions;

typedef struct OutboxTime {
        int64_t now_ms;    /* ours, monotonic */
        int64_t broker_us; /* the broker's */
} OutboxTime;

enum {
        OUTBOX_OK,
        OUTBOX_E_INVALID, /* *ret_refusal says why; nothing changed */
        OUTBOX_E_FULL,    /* n_items_max */
        OUTBOX_E_NOTHING, /* nothing is to be sent now */
};

/* What an outcome meant. */
typedef enum OutboxVerdict {
        OUTBOX_STRAY,    /* of nothing that we know, or of an older version */
        OUTBOX_ACCEPTED, /* the record's newest state */
        OUTBOX_AGAIN,    /* refused; tried again by itself */
        OUTBOX_REFUSED,  /* refused for good */
        OUTBOX_AFFIRMED, /* an affirm was answered, whatever the answer */
} OutboxVerdict;

typedef struct OutboxNews {
        OutboxVerdict verdict;
        /* ACCEPTED, AGAIN, REFUSED: which record; strings are good until the outbox changes. The
         * party is a placeholder. */
        Status status;
        const char *location;
        RecordRef ref;
        uint64_t revision;
        bool ask_clock; /* the broker's clock must be learnt again before anything is sent */
        bool is_barred; /* the party itself is refused, not this record */
        RecordKey key;
} OutboxNews;

MUST_CHECK int outbox_new(Outbox **ret_outbox, const OutboxOptions *options);
Outbox *outbox_free(Outbox *outbox);
DEFINE_FREEP(Outbox, outbox_free);

/*
 * Takes the report in @update, of which who says it when is not used, as observed at @observed_ms
 * of our clock. Returns 0, OUTBOX_E_INVALID, OUTBOX_E_FULL or -ENOMEM.
 */
MUST_CHECK int outbox_put(Outbox *outbox, const Update *update, int64_t observed_ms, int64_t now_ms,
                          WireRefusal *ret_refusal);
/* Returns as outbox_put(). */
MUST_CHECK int outbox_withdraw(Outbox *outbox, Status status, const char *location,
                               const RecordRef *ref, int64_t now_ms, WireRefusal *ret_refusal);
/* Says nothing of a record any more, until it is put again: neither sent nor affirmed. Returns 0 or
 * OUTBOX_E_NOTHING (it is not held). */
MUST_CHECK int outbox_forget(Outbox *outbox, Status status, const char *location,
                             const RecordRef *ref);
/* @location NULL: all, also those that come. Returns 0 or -ENOMEM. */
MUST_CHECK int outbox_source_answers(Outbox *outbox, const char *location, bool answers,
                                     int64_t now_ms);
/* Whether a record is held and not being withdrawn. */
bool outbox_holds(const Outbox *outbox, Status status, const char *location, const RecordRef *ref);

/*
 * The next update: a record, doors first, or an affirm. It counts as sent from then on. Everything
 * but the party is filled in; strings are in @arena. Returns 0, OUTBOX_E_NOTHING or -ENOMEM.
 */
MUST_CHECK int outbox_next(Outbox *outbox, const OutboxTime *time, Arena *arena,
                           Update *ret_update);
/* The update with this seq was not sent after all, and is to be sent again. */
void outbox_unsent(Outbox *outbox, uint64_t seq, int64_t now_ms);

/* One outcome of a receipt. */
void outbox_outcome(Outbox *outbox, const Outcome *outcome, int64_t now_ms, OutboxNews *ret_news);
/* seq goes on above the party's floor. */
void outbox_raise(Outbox *outbox, uint64_t floor);
/* The broker is gone: nothing is in flight any more. */
void outbox_disconnected(Outbox *outbox, int64_t now_ms);
/* The broker does not have what it acknowledged: everything is to be stated. */
void outbox_state_all(Outbox *outbox, int64_t now_ms);
/*
 * Counts and doors of now, with @call's status and of its cares and locations (none: all), of
 * locations whose source answers, are to be said again as reports: somebody asked, and an affirm is
 * no answer. Returns how many there are of them, those apart that are on their way as it is.
 */
size_t outbox_state_again(Outbox *outbox, const Call *call);
/* What waits need not; with @refused_too, what was refused for good may be allowed by now. */
void outbox_retry(Outbox *outbox, bool refused_too);

/* When outbox_next() may have something that it has not now; INT64_MAX: when something is put or
 * answered. */
int64_t outbox_due(const Outbox *outbox);
/* Records neither accepted nor refused for good. */
size_t outbox_n_waiting(const Outbox *outbox);
size_t outbox_n_refused(const Outbox *outbox);
/* Sent, and neither answered nor given up. */
size_t outbox_n_flights(const Outbox *outbox);
/* Flights that were given up one after another without any answer between them. */
unsigned outbox_n_lost(const Outbox *outbox);
