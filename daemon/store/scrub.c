#include "store/scrub.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal/endian.h"
#include "store/error.h"
#include "store/journal.h"
#include "store/ledger-private.h"
#include "store/signatures.h"

/*
 * Pieces of work, and pauses in proportion
 *
 * A piece copies a few entries out of a short transaction, since main waits for its own while that
 * lasts, and judges them after it. Then the thread rests for as long as its share demands.
 */

enum {
        PIECE_ENTRIES = 64,
        PIECE_BYTES = 256 * 1024,
        NICE_MOST = 19,
};

struct Scrub {
        Ledger *ledger;
        unsigned percent;
        pthread_t thread;
        bool started;

        /* The thread's. */
        Signatures signatures;
        uint64_t next;
        uint8_t head[DIGEST_BYTES];

        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t wake;
        bool stopping;
        ScrubProgress progress;
};

typedef struct Piece {
        struct {
                JournalRow row;
                size_t at;    /* of its bytes */
                bool follows; /* the one before; else those between were cut off */
        } entries[PIECE_ENTRIES];
        size_t n_entries;
        uint8_t *bytes;
        size_t n_bytes, n_room;
} Piece;

static int64_t thread_cpu_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void scrub_found(Scrub *scrub, uint64_t revision, const char *what)
{
        pthread_mutex_lock(&scrub->mutex);
        scrub->progress.damaged_revision = revision;
        scrub->progress.what = what;
        pthread_mutex_unlock(&scrub->mutex);
}

/* ------------------------------------------------------------------ a piece */

static int piece_take(Piece *piece, const JournalRow *row, bool follows)
{
        size_t n_needed = piece->n_bytes + row->n_bytes;

        if (n_needed > piece->n_room) {
                uint8_t *grown = realloc(piece->bytes, n_needed);

                if (!grown)
                        return err_raise(-ENOMEM);
                piece->bytes = grown;
                piece->n_room = n_needed;
        }

        memcpy(piece->bytes + piece->n_bytes, row->bytes, row->n_bytes);
        piece->entries[piece->n_entries].row = *row;
        piece->entries[piece->n_entries].follows = follows;
        piece->entries[piece->n_entries++].at = piece->n_bytes;
        piece->n_bytes = n_needed;
        return 0;
}

/* The next one, which is @revision's, unless that was cut off. */
static int piece_next(Piece *piece, Transaction *transaction, MDB_cursor *cursor,
                      uint64_t *revision)
{
        JournalRow row;
        CutRow cut;
        int r;

        r = journal_seek(cursor, *revision, &row);
        if (!r && row.revision != *revision) {
                r = meta_get_cut(transaction, &cut);
                if (!r && row.revision > cut.revision)
                        return STORE_E_DAMAGED;
        }
        if (!r)
                r = piece_take(piece, &row, row.revision == *revision);
        if (!r)
                *revision = row.revision + 1;
        return r;
}

/* Up to PIECE_BYTES and one entry more. Returns 0, STORE_E_DAMAGED (of the entry after those) or
 * -errno. */
static int piece_read(Piece *piece, Scrub *scrub)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        uint64_t revision = scrub->next;
        int r;

        piece->n_entries = piece->n_bytes = 0;
        r = transaction_read(&transaction, scrub->ledger->environment);
        if (!r)
                r = transaction_cursor(&transaction, scrub->ledger->environment->journal, &cursor);
        while (!r && revision <= scrub->progress.n_all && piece->n_entries < PIECE_ENTRIES &&
               piece->n_bytes < PIECE_BYTES)
                r = piece_next(piece, &transaction, cursor, &revision);
        return r == STORE_E_NONE ? STORE_E_DAMAGED : r;
}

static int scrub_judge(Scrub *scrub, const JournalRow *row, bool follows, const char **ret_what)
{
        *ret_what = "its bytes are not those of its digest";
        if (!journal_row_is_whole(row))
                return 0;

        *ret_what = "the chain is broken";
        if (follows && !journal_row_follows(row, scrub->head))
                return 0;

        memcpy(scrub->head, row->head, DIGEST_BYTES);
        *ret_what = NULL;
        if (row->is_thinned)
                return 0;
        return signatures_check(&scrub->signatures, row, ret_what);
}

static int scrub_judge_piece(Scrub *scrub, Piece *piece)
{
        for (size_t i = 0; i < piece->n_entries; i++) {
                JournalRow *row = &piece->entries[i].row;
                const char *what;
                int r;

                row->bytes = piece->bytes + piece->entries[i].at;
                r = scrub_judge(scrub, row, piece->entries[i].follows, &what);
                if (r)
                        return r;
                if (what) {
                        scrub_found(scrub, row->revision, what);
                        return STORE_E_DAMAGED;
                }
                scrub->next = row->revision + 1;
        }
        return 0;
}

/* Returns 0, STORE_E_DAMAGED (it has been said) or -errno. */
static int scrub_piece(Scrub *scrub, Piece *piece)
{
        int read_result, r;

        read_result = piece_read(piece, scrub);
        if (read_result < 0)
                return read_result;

        r = scrub_judge_piece(scrub, piece);
        if (!r && read_result) {
                scrub_found(scrub, scrub->next, "its row is damaged, or gone");
                r = STORE_E_DAMAGED;
        }
        return r;
}

/* ------------------------------------------------------------------ the thread */

/* Rests after @worked_us of work. False: it is to stop. */
static bool scrub_rest(Scrub *scrub, int64_t worked_us)
{
        int64_t rest_ns = worked_us * 1000 * (100 - (int64_t)scrub->percent) / scrub->percent;
        struct timespec until;
        bool go_on;

        clock_gettime(CLOCK_MONOTONIC, &until);
        rest_ns += until.tv_nsec;
        until.tv_sec += (time_t)(rest_ns / 1000000000);
        until.tv_nsec = (long)(rest_ns % 1000000000);

        pthread_mutex_lock(&scrub->mutex);
        scrub->progress.n_done = scrub->next - 1;
        while (!scrub->stopping &&
               pthread_cond_timedwait(&scrub->wake, &scrub->mutex, &until) != ETIMEDOUT)
                continue;
        go_on = !scrub->stopping;
        pthread_mutex_unlock(&scrub->mutex);
        return go_on;
}

static void *scrub_run(void *arg)
{
        Scrub *scrub = arg;
        Piece piece = { 0 };
        bool go_on = true;
        int r = 0;

        /* Behind everything else on this machine, where that is allowed. */
        (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE_MOST);

        while (!r && go_on && scrub->next <= scrub->progress.n_all) {
                int64_t started_us = thread_cpu_us();

                r = scrub_piece(scrub, &piece);
                go_on = scrub_rest(scrub, r ? 0 : thread_cpu_us() - started_us);
        }
        free(piece.bytes);

        pthread_mutex_lock(&scrub->mutex);
        scrub->progress.ended = go_on && r >= 0;
        pthread_mutex_unlock(&scrub->mutex);
        return NULL;
}

/* Signals are the loop's. */
static int scrub_start(Scrub *scrub)
{
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&scrub->thread, NULL, scrub_run, scrub);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r)
                return err_raise(-r);

        scrub->started = true;
        pthread_setname_np(scrub->thread, "scrub");
        return 0;
}

int scrub_new(Scrub **ret_scrub, Ledger *ledger, unsigned percent)
{
        CLEANUP(scrub_freep) Scrub *scrub = NULL;
        pthread_condattr_t attributes;
        int r;

        assert(percent >= 1 && percent <= 100);
        scrub = calloc(1, sizeof(*scrub));
        if (!scrub)
                return err_raise(-ENOMEM);

        pthread_mutex_init(&scrub->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&scrub->wake, &attributes);
        pthread_condattr_destroy(&attributes);

        scrub->ledger = ledger;
        scrub->percent = percent;
        scrub->next = 1;
        scrub->progress.n_all = ledger_last_revision(ledger);
        r = signatures_init(&scrub->signatures);
        if (!r)
                r = scrub_start(scrub);
        if (r)
                return err_fold(r);

        *ret_scrub = STEAL(scrub);
        return 0;
}

Scrub *scrub_free(Scrub *scrub)
{
        if (!scrub)
                return NULL;

        if (scrub->started) {
                pthread_mutex_lock(&scrub->mutex);
                scrub->stopping = true;
                pthread_cond_signal(&scrub->wake);
                pthread_mutex_unlock(&scrub->mutex);
                pthread_join(scrub->thread, NULL);
        }
        signatures_deinit(&scrub->signatures);
        pthread_cond_destroy(&scrub->wake);
        pthread_mutex_destroy(&scrub->mutex);
        free(scrub);
        return NULL;
}

void scrub_progress(Scrub *scrub, ScrubProgress *ret_progress)
{
        pthread_mutex_lock(&scrub->mutex);
        *ret_progress = scrub->progress;
        pthread_mutex_unlock(&scrub->mutex);
}
