#pragma once

/*
 * Admission: may this party say this, is it new, is it sane?
 *
 * Verification only said which key signed. Here it is decided whether that key, role and location
 * are allowed, against all that is ordered before it: the state and what the plan holds already.
 * Pure: the time is given. A refusal has a code, the field and a sentence that its reader can act
 * on.
 */

#include "core/plan.h"
#include "wire/call.h"

/* One envelope whose signature was checked (or found wanting) by a worker. */
typedef struct Candidate {
        Blob *envelope;
        uint8_t digest[DIGEST_BYTES];
        KeyId key_id;
        uint8_t signer[KEY_BYTES]; /* the key that verified it */
        KeyId connection;          /* User-Id: the transport key that brought it */
        bool is_request;           /* handed in over the query session */
        const Update *update; /* NULL: the signature did not verify, or nothing could be read */
        WireRefusal refusal;  /* code != 0: verification's or decoding's answer */
} Candidate;

/* A region's policy on a door state. */
typedef struct DoorPolicy {
        char region[REGION_MAX + 1];
        uint32_t state;
        bool forbidden;
        int64_t longest_ms; /* 0: any */
        int64_t pause_ms;   /* a shorter break does not begin it anew */
} DoorPolicy;

typedef struct AdmissionOptions {
        int64_t skew_ms;      /* 120 s */
        size_t n_records_max; /* of one party */
        size_t n_doors_max;   /* of one party, of one location; 0: any */
        const DoorPolicy *policies;
        size_t n_policies;
        uint32_t closed; /* PLEK_REFUSED_RETRY or _CLOCK while nothing can be taken; 0: open */
} AdmissionOptions;

/* Accepts or refuses @candidate into @plan, which must not be full. Says so as an outcome. Cannot
 * fail. @number comes back in the outcome. */
void admission_plan(const State *state, const AdmissionOptions *options, Plan *plan,
                    const Candidate *candidate, size_t number, int64_t now_ms);

/* The same question without a plan's consequences: plek put --check. Code 0: it would be accepted.
 * The refusal's strings are static or in @words. */
void admission_check(const State *state, const AdmissionOptions *options,
                     const Candidate *candidate, int64_t now_ms, PlanWords *words,
                     WireRefusal *ret_refusal);

enum {
        ADMISSION_OK,
        ADMISSION_E_REFUSED,
        ADMISSION_E_REPEATED, /* in force already, with *ret_revision */
};

/* An ENROLMENT or CARD envelope handed in by anybody; checks the authority's signature, too.
 * No party may have the key of @broker. Adds it to @plan, which must be empty, or else -ENOBUFS: it
 * is judged against the state alone. The refusal's strings are static or in @arena. Returns 0,
 * ADMISSION_E_*, -ENOBUFS or -ENOMEM. */
MUST_CHECK int admission_document(const State *state, const PublicKey *broker, Plan *plan,
                                  Blob *envelope, Arena *arena, uint64_t *ret_revision,
                                  WireRefusal *ret_refusal);

/*
 * A CALL envelope that @party, which is not suspended, handed in itself: the role, the key, the
 * times. Strings of the call and of the refusal are static or in @arena. Returns 0 or
 * ADMISSION_E_REFUSED.
 */
MUST_CHECK int admission_call(const State *state, const AdmissionOptions *options,
                              const Party *party, const uint8_t *bytes, size_t n_bytes,
                              int64_t now_ms, Arena *arena, Call *ret_call,
                              WireRefusal *ret_refusal);
