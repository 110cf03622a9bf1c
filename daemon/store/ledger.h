#pragma once

/*
 * Ledger: the order of everything, durable
 *
 * append() makes one durable transaction of a whole plan; next() hands back what is committed, in
 * order, its own entries included. The daemon applies only that. This implementation is local, in
 * LMDB; one that is replicated among several daemons may answer LEDGER_E_CONFLICT, and hand back
 * other daemons' entries in between.
 *
 * Threads: append() and checkpoint writes belong to the commit thread; everything else to main.
 * One append at a time; next() may be called while it runs.
 */

#include "core/checkpoint.h"
#include "core/plan.h"

typedef struct Ledger Ledger;

typedef struct LedgerOptions {
        const char *directory;
        size_t map_bytes_initial; /* grows by itself */
        size_t map_bytes_max;     /* 0: what the address space allows */
        /* Called at named points ("after-put", "after-meta-sync", and before and after what goes of
         * the past is put: "before-thin", "after-thin", -cut, -sweep; what LMDB does between them
         * is its own), so that a test can die there. May be NULL. */
        void (*crash_point)(const char *name);
} LedgerOptions;

enum {
        LEDGER_OK,
        LEDGER_E_CONFLICT, /* base revision is not the last: admit again */
        LEDGER_E_FULL,     /* no room on the disk (ENOSPC, or EIO with no room), or it is read-only:
                              try later */
        LEDGER_E_BROKEN,   /* EIO with room, or MDB_PANIC: the end (exit 74) */
        LEDGER_E_END,      /* next(): nothing more at the moment */
        LEDGER_E_LOCKED,   /* open: another plekd has it */
        LEDGER_E_NEWER,    /* open: written by a newer version; untouched */
        LEDGER_E_DAMAGED,  /* open or read: a row's checksum or form is wrong */
};

/* Creates the directory's files if there are none. On an error *ret_text (if not NULL) is a
 * sentence for the operator (static or until the next call). A directory that cannot be written is
 * opened for reading; ledger_is_writable() says so, and append() tries again each time. */
MUST_CHECK int ledger_open(Ledger **ret_ledger, const LedgerOptions *options,
                           const char **ret_text);
Ledger *ledger_close(Ledger *ledger);
DEFINE_FREEP(Ledger, ledger_close);
bool ledger_is_writable(const Ledger *ledger);
/* The directory is a backup's copy (store/backup.h): the epoch to be opened must not continue. True
 * until an EPOCH entry has been appended. */
bool ledger_is_restored(const Ledger *ledger);

/* Loads the checkpoint into @state and sets next() behind it. Returns 0, LEDGER_E_DAMAGED,
 * LEDGER_E_NEWER or -errno. */
MUST_CHECK int ledger_load(Ledger *ledger, State *state, const char **ret_text);

/*
 * Commit thread. Appends @plan's entries at @time_ms (never below the last one's: then the last
 * one's is used) and, in the same transaction, the rows of @checkpoint (may be NULL; its rows are
 * of before this plan). Revisions are the next in sequence. Durable when it returns 0.
 */
MUST_CHECK int ledger_append(Ledger *ledger, const Plan *plan, int64_t time_ms,
                             const Checkpoint *checkpoint);
/* Commit thread. Whether there is room for @n_bytes more, by trying. Returns 0, FULL or BROKEN. */
MUST_CHECK int ledger_probe(Ledger *ledger, size_t n_bytes);

/* Main. *ret_entry->bytes is a reference for the caller. Returns 0, LEDGER_E_END,
 * LEDGER_E_DAMAGED or -errno. What was just appended comes from memory. */
MUST_CHECK int ledger_next(Ledger *ledger, LedgerEntry *ret_entry);

uint64_t ledger_last_revision(const Ledger *ledger);
/* The head of the chain at @revision, if it is still held. Returns 0, LEDGER_E_END or DAMAGED. */
MUST_CHECK int ledger_head_at(Ledger *ledger, uint64_t revision, uint8_t ret_head[DIGEST_BYTES],
                              int64_t *ret_time_ms);

typedef struct LedgerStats {
        uint64_t n_commits, n_entries;
        uint64_t file_bytes, used_bytes, map_bytes, free_disk_bytes;
        int64_t last_commit_us;
} LedgerStats;

void ledger_stats(Ledger *ledger, LedgerStats *ret_stats);
