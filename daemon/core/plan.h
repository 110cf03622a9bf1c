#pragma once

/*
 * Plan: what a batch would add to the ledger, and what its senders will be told
 *
 * A plan rests on a base revision and holds what it changes beside the state, never in it: if the
 * ledger answers conflict, it is thrown away and the batch is admitted again. What changes who may
 * speak (an enrolment, a card, a suspension) is a batch of its own, so that everything after it is
 * admitted against it.
 */

#include "core/state.h"

enum {
        PLAN_ENTRIES_MAX = 1024,
        PLAN_FLOOR_SLOTS = 4096, /* a power of two: at most a quarter of them is used */
        PLAN_FIELD_MAX = 96,
        PLAN_TEXT_MAX = 320,
};

typedef struct PlanEntry {
        EntryKind kind;
        Blob *bytes;
        uint8_t digest[DIGEST_BYTES];
} PlanEntry;

/* The answer to one candidate, in the order in which they came. */
typedef struct PlanOutcome {
        char party[PARTY_MAX + 1];
        uint64_t instance;
        uint64_t seq;
        uint64_t floor;      /* the party's, after this */
        uint64_t revision;   /* of a repeat: the original's. Else 0: fixed by the entry below */
        size_t entry;        /* index among entries, SIZE_MAX: none (refused, or a repeat) */
        WireRefusal refusal; /* code 0: accepted. Strings are static or in the plan's words */
        size_t candidate;    /* the caller's number of the candidate: which connection */
} PlanOutcome;

/* A party's floor as the plan would leave it. */
typedef struct PlanFloor {
        uint64_t floor;
        uint8_t digest[DIGEST_BYTES];
        size_t entry;
        size_t n_new_records; /* at the most; counted only of a party that is near its quota */
        uint16_t slot;
        char party[PARTY_MAX + 1];
} PlanFloor;

/* A flow for others than coordination centres: what comes after it is held against it. */
typedef struct PlanFlow {
        int64_t from_ms, until_ms;
        bool has_count;
        int32_t count;
        RecordKey key;
} PlanFlow;

/* A request that could not be taken, or that it is taken back: an id stands for one of them. */
typedef struct PlanCareRefusal {
        RecordKey key;
        bool is_withdrawn;
        uint8_t content_digest[CONTENT_DIGEST_BYTES];
} PlanCareRefusal;

/* What a refusal says, where it had to be put into words. */
typedef struct PlanWords {
        char field[PLAN_FIELD_MAX];
        char text[PLAN_TEXT_MAX];
} PlanWords;

typedef struct Plan {
        uint64_t base_revision;
        PlanEntry entries[PLAN_ENTRIES_MAX];
        size_t n_entries;
        PlanOutcome outcomes[PLAN_ENTRIES_MAX];
        size_t n_outcomes;
        PlanWords words[PLAN_ENTRIES_MAX]; /* by outcome; until the next reset */
        PlanFloor floors[PLAN_ENTRIES_MAX];
        size_t n_floors;
        PlanFlow flows[PLAN_ENTRIES_MAX];
        size_t n_flows;
        PlanCareRefusal refusals[PLAN_ENTRIES_MAX]; /* in the order of their entries */
        size_t n_refusals;
        uint16_t floor_slots[PLAN_FLOOR_SLOTS]; /* index + 1 into floors, by hash of the party */
} Plan;

/* Plans are large and reused: allocate once, reset often. */
MUST_CHECK int plan_new(Plan **ret_plan);
Plan *plan_free(Plan *plan);
DEFINE_FREEP(Plan, plan_free);
/* Drops what it holds and bases it on @revision. */
void plan_reset(Plan *plan, uint64_t revision);
bool plan_is_full(const Plan *plan);
/* Adds an entry that needs no admission (an epoch, a suspension). Takes a reference. Returns 0 or
 * -ENOBUFS. */
MUST_CHECK int plan_add(Plan *plan, EntryKind kind, Blob *bytes);
/* The same with the digest known already. */
MUST_CHECK int plan_add_digested(Plan *plan, EntryKind kind, Blob *bytes,
                                 const uint8_t digest[DIGEST_BYTES]);

/* Takes note of an accepted update if what follows is held against it; the plan is not full. */
void plan_note_event(Plan *plan, const Update *update);

/* What the plan has changed of @party; NULL: nothing yet. */
PlanFloor *plan_find_floor(Plan *plan, const char *party);
/* The same, made if there is none. Cannot fail in a plan that is not full: no batch has more
 * parties than candidates. */
PlanFloor *plan_need_floor(Plan *plan, const char *party);
