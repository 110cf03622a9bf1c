#include "store/past.h"

#include "store/error.h"
#include "store/extract.h"
#include "store/journal.h"
#include "store/keyframe.h"
#include "store/ledger-private.h"
#include "store/postings.h"

struct Past {
        Environment *environment;
        PastFilter filter;
        State *state;
        Change change;
        bool is_thinned;

        uint64_t next, until; /* without a filter */
        Postings postings;    /* with one */
        size_t at;
        Extract extract;
        size_t at_entry;
};

static int fold(int r)
{
        switch (r) {
        case STORE_E_NONE:
        case STORE_E_DAMAGED:
                return err_raise(-EBADMSG);
        default:
                return r > 0 ? err_raise(-EIO) : r;
        }
}

int past_revision_at(Ledger *ledger, int64_t time_ms, uint64_t *ret_revision)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CutRow cut;
        int r;

        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = meta_get_cut(&transaction, &cut);
        if (!r && cut.revision && time_ms < cut.time_ms)
                return PAST_E_CUT;
        if (!r)
                r = journal_at(&transaction, time_ms, ret_revision);
        return fold(r);
}

static int first_time(Transaction *transaction, int64_t *ret_time_ms)
{
        JournalRow row;
        int r = journal_get(transaction, 1, &row);

        *ret_time_ms = r ? 0 : row.time_ms;
        return r == STORE_E_NONE ? 0 : r;
}

int past_begin(Ledger *ledger, uint64_t *ret_revision, int64_t *ret_time_ms)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CutRow cut;
        int r;

        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = meta_get_cut(&transaction, &cut);
        if (r)
                return fold(r);
        *ret_revision = cut.revision;
        *ret_time_ms = cut.time_ms;
        return cut.revision ? 0 : fold(first_time(&transaction, ret_time_ms));
}

static bool tells_all(const Past *past)
{
        return !past->filter.location && !past->filter.doors_only && !past->filter.events_only;
}

static PostingTag tag_of(const Past *past)
{
        return past->filter.location      ? POSTING_LOCATION
               : past->filter.events_only ? POSTING_EVENT
                                          : POSTING_DOOR;
}

/* ------------------------------------------------------------------ the next entry */

/* Some entries more. One that is not there was cut off while this was told. */
static int read_ahead(Past *past)
{
        uint64_t next = past->next;
        size_t n;
        int r;

        extract_clear(&past->extract);
        past->at_entry = 0;
        if (tells_all(past)) {
                if (next > past->until)
                        return PAST_E_END;
                r = extract_range(&past->extract, past->environment, next, past->until,
                                  &past->next);
                n = (size_t)(past->next - next);
        } else {
                if (past->at == past->postings.n)
                        return PAST_E_END;
                r = extract_read(&past->extract, past->environment,
                                 past->postings.revisions + past->at, past->postings.n - past->at,
                                 &n);
                past->at += n;
        }
        if (r)
                return fold(r);
        return past->extract.n_entries == n ? 0 : PAST_E_CUT;
}

/* Up to @until. @past->change is empty if the entry's bytes are gone. */
static int step(Past *past, uint64_t until, const LedgerEntry **ret_entry)
{
        const LedgerEntry *entry;
        int r;

        while (past->at_entry == past->extract.n_entries) {
                r = read_ahead(past);
                if (r)
                        return r;
        }
        entry = &past->extract.entries[past->at_entry];
        if (entry->revision > until)
                return PAST_E_END;
        past->at_entry++;

        if (entry->bytes) {
                r = state_apply(past->state, entry, &past->change);
        } else {
                change_reset(&past->change);
                past->is_thinned = true;
                r = state_pass(past->state, entry->revision, entry->time_ms, entry->head);
        }
        *ret_entry = entry;
        return r;
}

int past_next(Past *past, const LedgerEntry **ret_entry, const Change **ret_change)
{
        int r;

        r = step(past, past->until, ret_entry);
        if (!r)
                *ret_change = &past->change;
        return r;
}

/* ------------------------------------------------------------------ its life */

static int find_entries(Past *past, uint64_t first)
{
        int r;

        past->next = first;
        if (tells_all(past))
                return 0;
        r = postings_find(&past->postings, past->environment, first, past->until, tag_of(past),
                          past->filter.location);
        return r == POSTINGS_E_TOO_MANY ? PAST_E_TOO_MANY : r;
}

static int begin(Past *past, Ledger *ledger, uint64_t revision)
{
        KeyframeFilter filter = {
                .has_location = past->filter.location,
                .location = past->filter.location ? location_hash(past->filter.location) : 0,
                .doors_only = past->filter.doors_only,
                .events_only = past->filter.events_only,
        };
        uint64_t keyframe = 0, cut;
        int64_t cut_ms;
        int r;

        r = past_begin(ledger, &cut, &cut_ms);
        if (!r && revision < cut)
                return PAST_E_CUT;
        if (r)
                return r;
        r = keyframe_restore(past->environment, revision, &filter, past->state, &keyframe);
        if (!r)
                r = state_restore_done(past->state);
        else if (r == KEYFRAME_E_NOTHING)
                r = 0;
        return r ? r : find_entries(past, keyframe + 1);
}

/* From @revision on is what is asked about. Of one location the entries that went are in no list.
 */
static int look_for_thinned(Past *past, uint64_t revision)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        Thinned thinned;
        int r;

        past->is_thinned = false;
        if (!past->filter.location)
                return 0;
        r = transaction_read(&transaction, past->environment);
        if (!r)
                r = meta_get_thinned(&transaction, &thinned);
        if (!r)
                past->is_thinned = revision < thinned.revision;
        return fold(r);
}

int past_open(Past **ret_past, Ledger *ledger, uint64_t revision, uint64_t until,
              const PastFilter *filter)
{
        CLEANUP(past_freep) Past *past = NULL;
        const LedgerEntry *entry;
        int r;

        past = calloc(1, sizeof(*past));
        if (!past)
                return err_raise(-ENOMEM);
        past->environment = ledger->environment;
        past->until = until;
        if (filter)
                past->filter = *filter;
        r = state_new(&past->state, &(StateOptions){ .n_tombstones = 0 });
        if (!r)
                r = begin(past, ledger, revision);
        while (!r)
                r = step(past, revision, &entry);
        if (r != PAST_E_END)
                return r;

        r = until > revision ? look_for_thinned(past, revision) : 0;
        if (!r)
                *ret_past = STEAL(past);
        return r;
}

Past *past_free(Past *past)
{
        if (!past)
                return NULL;

        extract_clear(&past->extract);
        postings_deinit(&past->postings);
        change_deinit(&past->change);
        state_free(past->state);
        free(past);
        return NULL;
}

State *past_state(Past *past)
{
        return past->state;
}

bool past_is_thinned(const Past *past)
{
        return past->is_thinned;
}
