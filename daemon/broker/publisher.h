#pragma once

/*
 * Publisher: what is committed, as blocks on the care and coord sockets
 *
 * Entries are collected while they are applied and go out when their commit is complete: one block
 * per topic and socket, more where one would pass a frame. A block names the last revision that its
 * topic had at its level before: taken from the state, not from what was sent, so that what a
 * killed broker did not publish shows as a gap.
 *
 * Nothing of a commit is sent before it is durable; signing it may be done before.
 *
 * Nearly always both sockets are to be told the same: then one block is built, signed and shared.
 *
 * Bounds: a commit is a plan of updates, ROUND_BYTES_MAX a round; a new enrolment moves or
 * withdraws at most the records that its party may have.
 */

#include "core/state.h"
#include "internal/hash.h"

typedef struct Broker Broker;
typedef struct PendingBlock PendingBlock;

enum { N_LEVELS = AUDIENCE_COORD + 1 };

/* A topic as readers know it. */
typedef struct PublishedTopic {
        UT_hash_handle hh;
        const PictureTopic *topic; /* NULL: reg/ */
        uint64_t last[N_LEVELS];   /* before the commit that is being collected */
        uint64_t collected;        /* the last revision that was looked at */
        bool is_split;             /* care and coord are told different things in this commit */
        ListLink blocks;           /* PendingBlock, in order */
        ListLink in_commit;
} PublishedTopic;

typedef struct Publisher {
        Broker *broker;
        PublishedTopic *topics;
        PublishedTopic registry;
        ListLink in_commit[N_LANES + 1]; /* PublishedTopic, by lane: status goes out first */
        ListLink spare;                  /* PendingBlock */
        size_t n_spare;
        BlockBuilder *foreseer; /* of @ahead */
        Blob *ahead;            /* a frame that may be the next commit's; NULL: none */
} Publisher;

MUST_CHECK int publisher_init(Publisher *publisher, Broker *broker);
void publisher_deinit(Publisher *publisher);

/* What @change, of @entry, means for readers. Returns 0 or -ENOMEM. */
MUST_CHECK int publisher_add(Publisher *publisher, const LedgerEntry *entry, const Change *change);
/*
 * The commit that is being made durable has one entry, @update in @envelope. What its block will be
 * can be told as a rule, and is signed meanwhile; it is sent if the block comes to just that. What
 * cannot be told or signed now is signed then.
 */
void publisher_seal_ahead(Publisher *publisher, const Update *update, const Blob *envelope);
/* The commit is complete and @head is its head. */
MUST_CHECK int publisher_flush(Publisher *publisher, Blob *head);
/* At start, after the ledger was replayed: where topics stand. */
MUST_CHECK int publisher_sync(Publisher *publisher);
