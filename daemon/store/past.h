#pragma once

/*
 * Past: the state as it was, told again from the journal
 *
 * The keyframe before a revision, and the entries since, applied by the code that applied them
 * then. With a filter only what is about one location, or about doors, is told: then nothing else
 * of the state means anything.
 *
 * For any thread, one at a time; it reads beside the writer, in transactions of a moment. It has
 * memory for a picture of its own.
 */

#include "core/state.h"
#include "store/ledger.h"

typedef struct Past Past;

typedef struct PastFilter {
        const char *location; /* NULL: all */
        bool doors_only;      /* doors and location cards; not with a location */
        bool events_only;     /* flows and refusals; not with a location */
} PastFilter;

enum {
        PAST_OK,
        PAST_E_END,
        PAST_E_TOO_MANY, /* entries for one question */
        PAST_E_CUT,      /* the past begins later */
};

/* The last revision of the last commit at @time_ms or before; 0: it had not begun. Returns 0,
 * PAST_E_CUT, -EBADMSG (damaged) or -errno. */
MUST_CHECK int past_revision_at(Ledger *ledger, int64_t time_ms, uint64_t *ret_revision);
/* Where the kept past begins, and when: the entry up to which all was cut, 0: with the journal, of
 * which *ret_time_ms is 0 while it is empty. Returns 0, -EBADMSG or -errno. */
MUST_CHECK int past_begin(Ledger *ledger, uint64_t *ret_revision, int64_t *ret_time_ms);

/*
 * The state at @revision; past_next() then goes on to @until. @filter is copied but for its string.
 * Returns 0, PAST_E_CUT, PAST_E_TOO_MANY, -EBADMSG (damaged, or thinned meanwhile) or -errno.
 */
MUST_CHECK int past_open(Past **ret_past, Ledger *ledger, uint64_t revision, uint64_t until,
                         const PastFilter *filter);
Past *past_free(Past *past);
DEFINE_FREEP(Past, past_free);

/*
 * Applies the next entry. What is returned is good until the next call. Returns 0, PAST_E_END,
 * PAST_E_CUT (meanwhile), -EBADMSG or -errno.
 */
MUST_CHECK int past_next(Past *past, const LedgerEntry **ret_entry, const Change **ret_change);

State *past_state(Past *past);
/* Whether entries whose bytes are gone were passed over, by past_next() or, if @until was
 * @revision, since the keyframe. Of one location: whether that time is one of which numbers went,
 * be they this location's or not. */
bool past_is_thinned(const Past *past);
