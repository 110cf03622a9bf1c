#pragma once

/*
 * Scrub: the journal looked through again while the daemon serves
 *
 * A start reads the checkpoint and what comes after it. All that is older is looked at here, on a
 * thread of its own and with a share of one CPU: checksums, digests, the chain, and each signature
 * by the registry of its moment. It finds what rots; plek verify finds more, and says what it was.
 */

#include "store/ledger.h"

typedef struct Scrub Scrub;

typedef struct ScrubProgress {
        uint64_t n_done;
        uint64_t n_all;            /* as many as there were when it began */
        bool ended;                /* at the last of them, or at the first that is wrong */
        uint64_t damaged_revision; /* 0: none so far */
        const char *what;          /* about that one; static */
} ScrubProgress;

/* Starts it. The ledger outlives it. Returns 0 or -errno. */
MUST_CHECK int scrub_new(Scrub **ret_scrub, Ledger *ledger, unsigned percent);
/* Stops it, at once. */
Scrub *scrub_free(Scrub *scrub);
DEFINE_FREEP(Scrub, scrub_free);

void scrub_progress(Scrub *scrub, ScrubProgress *ret_progress);
