#pragma once

/*
 * A judgement in the making: what is asked, what it is held against, and the words for a no
 */

#include "core/admission.h"
#include "internal/cleanup.h"

typedef struct Judgement {
        const State *state;
        const AdmissionOptions *options;
        Plan *plan; /* NULL: a question without consequences */
        const Candidate *candidate;
        int64_t now_ms;

        PlanWords *words;
        WireRefusal refusal; /* code 0: nothing against it so far */

        const PartyState *party;  /* whose update it says it is; NULL: has never published */
        const PlanFloor *planned; /* what the plan has of it; NULL: nothing */
        uint64_t floor;           /* state, epoch and plan together */

        const LocationGrant *grant; /* once the location is known to be the party's */
        Audience audience;          /* of an acknowledgement: what its party may read */
        bool is_repeat;             /* of the party's last accepted envelope */
        bool is_new_record;         /* only looked for near the quota */
} Judgement;

/*
 * Each returns whether it refused. They run in this order, and what one has shown the next relies
 * on.
 */
MUST_CHECK bool judge_origin(Judgement *judgement);  /* network, key, party, connection, location */
MUST_CHECK bool judge_order(Judgement *judgement);   /* seq and the clocks */
MUST_CHECK bool judge_content(Judgement *judgement); /* plans, policies, quota */
/* Part of the last: what the region of the location allows of its doors. */
MUST_CHECK bool judge_policies(Judgement *judgement, const Door *door);

/* Parts of judge_content(). */
MUST_CHECK bool judge_flow(Judgement *judgement);
MUST_CHECK bool judge_care_refusal(Judgement *judgement);
MUST_CHECK bool judge_withdrawal(Judgement *judgement);

/* The parts of these two that are about acknowledgements. */
MUST_CHECK bool judge_ack_way(Judgement *judgement);
MUST_CHECK bool judge_ack(Judgement *judgement);
MUST_CHECK bool judge_quota(Judgement *judgement);

/* Writes the sentence; always true, so that a check can end with it. */
PRINTF(4, 5)
bool judge_refuse(Judgement *judgement, PlekRefusal code, const char *field, const char *format,
                  ...);

enum {
        TIME_TEXT_MAX = 32,
};

/* "2026-02-03T04:05:06.789Z" */
const char *time_text(char text[TIME_TEXT_MAX], int64_t at_ms);
