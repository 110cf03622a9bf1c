#pragma once

/*
 * Counters: what the broker did, for metrics and status
 */

#include <stdint.h>

#include "plek/codes.h"

/* Why an update was dropped before admission could refuse it. */
typedef enum Drop {
        DROP_NONE,
        DROP_MALFORMED, /* not an envelope, or too large */
        DROP_KIND,      /* an envelope, but not an update */
        DROP_NETWORK,
        DROP_STRANGER, /* brought by a connection whose key is nobody's any more */
        DROP_SIGNER,   /* signed by a key that is not enrolled */
        DROP_PARTY,    /* another party's than the connection's, which is no relay */
        DROP_RATE,
        DROP_SIGNATURE,
        N_DROPS,
} Drop;

enum { N_REFUSALS = PLEK_REFUSED_STATEMENT + 1 };

typedef struct Counters {
        uint64_t n_updates; /* received */
        uint64_t n_dropped[N_DROPS];
        uint64_t n_accepted;
        uint64_t n_repeated;
        uint64_t n_refused[N_REFUSALS];
        uint64_t n_batches;
        uint64_t n_rounds;
        uint64_t n_rounds_inline;
        uint64_t n_failed_appends;
        uint64_t n_blocks, n_blocks_ahead, n_block_bytes, n_blocks_left_out;
        uint64_t n_beats;
        uint64_t n_receipts, n_receipts_lost;
        uint64_t n_requests, n_requests_refused;
        uint64_t n_answers, n_answers_shared, n_answer_bytes, n_chunks_sent;
        uint64_t n_cut;
        int64_t longest_cut_ns; /* from the commit on */
        uint64_t n_guests_refused;
        uint64_t n_keys_refused; /* that had as many connections as one may */
} Counters;

/* For a metric's label and the log. */
const char *drop_name(Drop drop);
/* What its sender is told, where it is known. */
uint32_t drop_refusal(Drop drop);
/* The same as a sentence. */
const char *drop_sentence(Drop drop);
