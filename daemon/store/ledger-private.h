#pragma once

/*
 * What ledger.c and load.c share
 */

#include <stdatomic.h>

#include "store/environment.h"
#include "store/handover.h"
#include "store/ledger.h"
#include "store/meta.h"

struct Ledger {
        Environment *environment;
        void (*crash_point)(const char *name);
        atomic_bool restored;

        /* Main's. */
        uint64_t next_revision;          /* what next() hands out */
        uint8_t next_head[DIGEST_BYTES]; /* of the chain before it */
        Handover *window;                /* read from the journal, not handed out yet */

        /* The commit thread's. */
        Tail tail;
        LedgerEntry staged[PLAN_ENTRIES_MAX];

        pthread_mutex_t mutex; /* guards what follows */
        Handover *committed;
        uint64_t last_revision;
        LedgerStats stats;
};

/* Where a test may have it die. */
void ledger_pass(const Ledger *ledger, const char *point);
/* The store's codes as the ledger's. */
int ledger_fold(int r);
