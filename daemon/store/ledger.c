#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/disk.h"
#include "store/error.h"
#include "store/journal.h"
#include "store/ledger-private.h"
#include "store/rows.h"

/*
 * The local ledger
 *
 * A plan becomes rows of the journal in one transaction. What was committed goes to main through
 * memory; at a start, or when main lags so far that it does not fit there, through the journal.
 * Either way it is handed out in order of revision, and the chain is followed while it is read.
 *
 * Memory changes only after the commit has returned. A transaction that failed has changed nothing,
 * in memory or on the disk, and the same plan may be appended again.
 */

enum {
        WINDOW_BYTES_MAX = 1024 * 1024, /* or one entry */
        WINDOW_ENTRIES_MAX = 256,
        ROW_COST_BYTES = 4096, /* a row of a checkpoint may dirty a page of its own */
};

int ledger_fold(int r)
{
        switch (r) {
        case STORE_OK:
                return LEDGER_OK;
        case STORE_E_GROW:
        case STORE_E_FULL:
                return LEDGER_E_FULL;
        case STORE_E_IO:
        case STORE_E_BROKEN:
                return LEDGER_E_BROKEN;
        case STORE_E_NONE:
        case STORE_E_DAMAGED:
                return LEDGER_E_DAMAGED;
        case STORE_E_NEWER:
                return LEDGER_E_NEWER;
        case STORE_E_LOCKED:
                return LEDGER_E_LOCKED;
        default:
                return err_fold(r);
        }
}

/* ------------------------------------------------------------------ open */

/* The journal itself must end where its tail says: both are of one transaction. */
static int ledger_read_tail(Ledger *ledger, const char **ret_text)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint64_t last;
        int r;

        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = meta_get_tail(&transaction, &ledger->tail);
        if (!r)
                r = journal_last(&transaction, &last);
        if (r)
                return r;
        if (last != ledger->tail.revision) {
                *ret_text = store_text("%s: the journal ends at revision %llu, and should at %llu. "
                                       "Restore a backup",
                                       ledger->environment->directory, (unsigned long long)last,
                                       (unsigned long long)ledger->tail.revision);
                return STORE_E_DAMAGED;
        }
        return 0;
}

int ledger_open(Ledger **ret_ledger, const LedgerOptions *options, const char **ret_text)
{
        CLEANUP(ledger_closep) Ledger *ledger = NULL;
        const char *text = "";
        int r;

        ledger = calloc(1, sizeof(*ledger));
        if (!ledger)
                return err_raise(-ENOMEM);

        pthread_mutex_init(&ledger->mutex, NULL);
        ledger->crash_point = options->crash_point;
        ledger->next_revision = 1;
        ledger->window = calloc(1, sizeof(*ledger->window));
        ledger->committed = calloc(1, sizeof(*ledger->committed));
        if (!ledger->window || !ledger->committed)
                return err_raise(-ENOMEM);

        r = environment_open(&ledger->environment, options->directory, options->map_bytes_initial,
                             options->map_bytes_max, &text);
        if (!r) {
                text = store_text("%s: the journal's tail cannot be read. Restore a backup",
                                  options->directory);
                r = ledger_read_tail(ledger, &text);
        }
        if (r) {
                if (ret_text)
                        *ret_text = text;
                return ledger_fold(r);
        }

        ledger->restored = environment_is_restored(ledger->environment);
        ledger->last_revision = ledger->tail.revision;
        *ret_ledger = STEAL(ledger);
        return 0;
}

Ledger *ledger_close(Ledger *ledger)
{
        if (!ledger)
                return NULL;

        if (ledger->window)
                handover_clear(ledger->window);
        if (ledger->committed)
                handover_clear(ledger->committed);
        free(ledger->window);
        free(ledger->committed);
        environment_close(ledger->environment);
        pthread_mutex_destroy(&ledger->mutex);
        free(ledger);
        return NULL;
}

bool ledger_is_writable(const Ledger *ledger)
{
        return ledger->environment->writable;
}

bool ledger_is_restored(const Ledger *ledger)
{
        return ledger->restored;
}

/* ------------------------------------------------------------------ append */

void ledger_pass(const Ledger *ledger, const char *point)
{
        if (ledger->crash_point)
                ledger->crash_point(point);
}

static int64_t monotonic_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Revisions, time and heads; the same however often the transaction is done again. */
static void ledger_stage(Ledger *ledger, const Plan *plan, int64_t time_ms, Tail *ret_tail)
{
        Tail tail = ledger->tail;

        if (!tail.revision || time_ms > tail.time_ms)
                tail.time_ms = time_ms;

        for (size_t i = 0; i < plan->n_entries; i++) {
                const PlanEntry *from = &plan->entries[i];
                LedgerEntry *to = &ledger->staged[i];

                head_chain(tail.head, tail.head, ++tail.revision, tail.time_ms, (uint8_t)from->kind,
                           from->digest);
                *to = (LedgerEntry){
                        .revision = tail.revision,
                        .time_ms = tail.time_ms,
                        .kind = from->kind,
                        .bytes = from->bytes,
                        .ends_commit = i + 1 == plan->n_entries,
                };
                memcpy(to->digest, from->digest, DIGEST_BYTES);
                memcpy(to->head, tail.head, DIGEST_BYTES);
        }

        *ret_tail = tail;
}

static void ledger_put(Transaction *transaction, const LedgerEntry *entry)
{
        JournalRow row = {
                .revision = entry->revision,
                .time_ms = entry->time_ms,
                .kind = entry->kind,
                .ends_commit = entry->ends_commit,
                .bytes = entry->bytes->bytes,
                .n_bytes = entry->bytes->n_bytes,
        };

        memcpy(row.digest, entry->digest, DIGEST_BYTES);
        memcpy(row.head, entry->head, DIGEST_BYTES);
        journal_put(transaction, &row);
}

static int ledger_commit(Ledger *ledger, size_t n_entries, const Tail *tail,
                         const Checkpoint *checkpoint)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        int r;

        r = transaction_write(&transaction, ledger->environment);
        if (r)
                return r;

        for (size_t i = 0; i < n_entries; i++)
                ledger_put(&transaction, &ledger->staged[i]);
        if (checkpoint) {
                r = rows_put(&transaction, checkpoint);
                if (r)
                        return r;
                meta_put_checkpoint(&transaction, checkpoint->revision);
        }
        if (n_entries)
                meta_put_tail(&transaction, tail);

        ledger_pass(ledger, "after-put");
        r = transaction_commit(&transaction);
        if (!r)
                ledger_pass(ledger, "after-meta-sync");
        return r;
}

/* A map that is too small may show in a put or in the commit: either way all is done again. */
static int ledger_commit_growing(Ledger *ledger, size_t n_entries, const Tail *tail,
                                 const Checkpoint *checkpoint)
{
        for (;;) {
                int r = ledger_commit(ledger, n_entries, tail, checkpoint);

                if (r != STORE_E_GROW)
                        return r;
                r = environment_grow(ledger->environment);
                if (r)
                        return r;
        }
}

/* What is committed is main's. */
static void ledger_hand_over(Ledger *ledger, size_t n_entries, int64_t took_us)
{
        bool fits;

        pthread_mutex_lock(&ledger->mutex);
        fits = handover_room(ledger->committed) >= n_entries;
        for (size_t i = 0; fits && i < n_entries; i++) {
                blob_ref(ledger->staged[i].bytes);
                handover_push(ledger->committed, &ledger->staged[i]);
        }
        ledger->last_revision = ledger->tail.revision;
        ledger->stats.n_commits++;
        ledger->stats.n_entries += n_entries;
        ledger->stats.last_commit_us = took_us;
        pthread_mutex_unlock(&ledger->mutex);
}

/*
 * An epoch has been opened on a backup's copy: from here on it is a history of its own. If the mark
 * stays after all, the next start opens one more epoch that does not continue, which harms nobody.
 */
static void ledger_settle(Ledger *ledger, const Plan *plan)
{
        for (size_t i = 0; ledger->restored && i < plan->n_entries; i++)
                if (plan->entries[i].kind == ENTRY_EPOCH)
                        ledger->restored = environment_settle(ledger->environment) != 0;
}

/* About what the transaction writes, to know whether a disk had room for it. */
static size_t commit_cost(const Plan *plan, const Checkpoint *checkpoint)
{
        size_t n_bytes = 0;

        for (size_t i = 0; i < plan->n_entries; i++)
                n_bytes += plan->entries[i].bytes->n_bytes + 256;
        if (checkpoint)
                n_bytes += checkpoint->n_bytes + checkpoint->n_rows * ROW_COST_BYTES;
        return n_bytes;
}

int ledger_append(Ledger *ledger, const Plan *plan, int64_t time_ms, const Checkpoint *checkpoint)
{
        int64_t started_us = monotonic_us();
        Tail tail;
        int r;

        if (plan->base_revision != ledger->tail.revision)
                return LEDGER_E_CONFLICT;
        if (!plan->n_entries && !checkpoint)
                return 0;

        if (!ledger->environment->writable) {
                r = environment_reopen(ledger->environment);
                if (r)
                        return ledger_fold(r);
        }

        ledger_stage(ledger, plan, time_ms, &tail);
        r = ledger_commit_growing(ledger, plan->n_entries, &tail, checkpoint);
        if (r)
                return ledger_fold(
                        environment_judge(ledger->environment, r, commit_cost(plan, checkpoint)));

        if (plan->n_entries)
                ledger->tail = tail;
        ledger_settle(ledger, plan);
        ledger_hand_over(ledger, plan->n_entries, monotonic_us() - started_us);
        return 0;
}

int ledger_probe(Ledger *ledger, size_t n_bytes)
{
        int r;

        if (!ledger->environment->writable) {
                r = environment_reopen(ledger->environment);
                if (r)
                        return ledger_fold(r);
        }
        return ledger_fold(environment_probe(ledger->environment, n_bytes));
}

/* ------------------------------------------------------------------ next */

static int entry_from_row(const JournalRow *row, LedgerEntry *ret_entry)
{
        int r;

        *ret_entry = (LedgerEntry){
                .revision = row->revision,
                .time_ms = row->time_ms,
                .kind = row->kind,
                .ends_commit = row->ends_commit,
        };
        memcpy(ret_entry->digest, row->digest, DIGEST_BYTES);
        memcpy(ret_entry->head, row->head, DIGEST_BYTES);

        r = blob_copy(&ret_entry->bytes, row->bytes, row->n_bytes);
        return r ? err_fold(r) : 0;
}

/* The next rows of the journal into the window, each checked against the one before. */
static int ledger_read_ahead(Ledger *ledger)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint64_t revision = ledger->next_revision;
        uint8_t head[DIGEST_BYTES];
        size_t n_bytes = 0;
        int r;

        memcpy(head, ledger->next_head, sizeof(head));
        r = transaction_read(&transaction, ledger->environment);
        if (r)
                return r;

        for (size_t i = 0; i < WINDOW_ENTRIES_MAX && n_bytes < WINDOW_BYTES_MAX; i++) {
                JournalRow row;
                LedgerEntry entry;

                r = journal_get(&transaction, revision, &row);
                if (r == STORE_E_NONE && i > 0)
                        break;
                if (r)
                        return r;
                if (!journal_row_is_whole(&row) || !journal_row_follows(&row, head))
                        return STORE_E_DAMAGED;

                r = entry_from_row(&row, &entry);
                if (r)
                        return r;
                handover_push(ledger->window, &entry);
                memcpy(head, row.head, sizeof(head));
                n_bytes += row.n_bytes;
                revision++;
        }

        return 0;
}

static void ledger_handed_out(Ledger *ledger, const LedgerEntry *entry)
{
        ledger->next_revision = entry->revision + 1;
        memcpy(ledger->next_head, entry->head, sizeof(ledger->next_head));
}

int ledger_next(Ledger *ledger, LedgerEntry *ret_entry)
{
        uint64_t revision = ledger->next_revision;
        bool found, at_end;
        int r;

        if (!handover_pop(ledger->window, revision, ret_entry)) {
                pthread_mutex_lock(&ledger->mutex);
                found = handover_pop(ledger->committed, revision, ret_entry);
                at_end = revision > ledger->last_revision;
                pthread_mutex_unlock(&ledger->mutex);

                if (!found && at_end)
                        return LEDGER_E_END;
                if (!found) {
                        r = ledger_read_ahead(ledger);
                        if (r) {
                                handover_clear(ledger->window);
                                return ledger_fold(r);
                        }
                        found = handover_pop(ledger->window, revision, ret_entry);
                        assert(found);
                }
        }

        ledger_handed_out(ledger, ret_entry);
        return 0;
}

/* ------------------------------------------------------------------ questions */

uint64_t ledger_last_revision(const Ledger *ledger)
{
        pthread_mutex_t *mutex = (pthread_mutex_t *)&ledger->mutex;
        uint64_t revision;

        pthread_mutex_lock(mutex);
        revision = ledger->last_revision;
        pthread_mutex_unlock(mutex);
        return revision;
}

int ledger_head_at(Ledger *ledger, uint64_t revision, uint8_t ret_head[DIGEST_BYTES],
                   int64_t *ret_time_ms)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        JournalRow row;
        int r;

        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = journal_get(&transaction, revision, &row);
        if (r == STORE_E_NONE)
                return LEDGER_E_END;
        if (r)
                return ledger_fold(r);

        memcpy(ret_head, row.head, DIGEST_BYTES);
        *ret_time_ms = row.time_ms;
        return 0;
}

void ledger_stats(Ledger *ledger, LedgerStats *ret_stats)
{
        EnvironmentSize size;

        pthread_mutex_lock(&ledger->mutex);
        *ret_stats = ledger->stats;
        pthread_mutex_unlock(&ledger->mutex);

        environment_measure(ledger->environment, &size);
        ret_stats->file_bytes = size.file_bytes;
        ret_stats->used_bytes = size.used_bytes;
        ret_stats->map_bytes = size.map_bytes;
        ret_stats->free_disk_bytes = disk_free_bytes(ledger->environment->directory_fd);
}
