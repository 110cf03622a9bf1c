/*
 * Admission
 *
 * A candidate is held against the state and what the plan holds already, and leaves one outcome. A
 * refusal leaves nothing else: neither floor nor record moves, so that it can be refused again, or
 * accepted when what stood against it is gone.
 *
 * The party's last accepted envelope, byte for byte, is not a replay but a receipt that got lost:
 * it is answered with the revision that it has.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "core/admission-internal.h"
#include "core/state-internal.h"

const char *time_text(char text[TIME_TEXT_MAX], int64_t at_ms)
{
        time_t second = (time_t)(at_ms / 1000);
        size_t n_text = 0;
        struct tm tm;

        if (at_ms >= 0 && gmtime_r(&second, &tm))
                n_text = strftime(text, TIME_TEXT_MAX - 8, "%FT%T", &tm);
        if (n_text)
                snprintf(text + n_text, TIME_TEXT_MAX - n_text, ".%03uZ", (unsigned)(at_ms % 1000));
        else /* before 1970, or a year of too many digits: no clock says that */
                snprintf(text, TIME_TEXT_MAX, "%" PRId64 " ms", at_ms);
        return text;
}

bool judge_refuse(Judgement *judgement, PlekRefusal code, const char *field, const char *format,
                  ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(judgement->words->text, sizeof(judgement->words->text), format, arguments);
        va_end(arguments);

        judgement->refusal =
                (WireRefusal){ .code = code, .field = field, .text = judgement->words->text };
        return true;
}

/* A worker's words are in its arena, which does not live as long as the plan. */
static bool judge_verified(Judgement *judgement)
{
        const WireRefusal *refusal = &judgement->candidate->refusal;

        if (!refusal->code)
                return false;

        judge_refuse(judgement, (PlekRefusal)refusal->code, NULL, "%s",
                     refusal->text ? refusal->text : "this could not be read");
        if (refusal->field) {
                snprintf(judgement->words->field, sizeof(judgement->words->field), "%s",
                         refusal->field);
                judgement->refusal.field = judgement->words->field;
        }
        return true;
}

static bool judge_open(Judgement *judgement)
{
        switch (judgement->options->closed) {
        case 0:
                return false;
        case PLEK_REFUSED_CLOCK:
                return judge_refuse(judgement, PLEK_REFUSED_CLOCK, NULL,
                                    "this broker does not trust its own clock at the moment and "
                                    "takes no updates; keep the latest state and send it again");
        default:
                return judge_refuse(judgement, (PlekRefusal)judgement->options->closed, NULL,
                                    "this broker cannot write at the moment; keep the latest "
                                    "state and send it again");
        }
}

/* Whom an outcome concerns. Where nothing could be read, that is the connection's party. */
static void outcome_address(PlanOutcome *outcome, const State *state, const Candidate *candidate)
{
        const Update *update = candidate->update;
        KeyOwner owner;

        if (update && update->party) {
                snprintf(outcome->party, sizeof(outcome->party), "%s", update->party);
                outcome->instance = update->instance;
                outcome->seq = update->seq;
        } else if (registry_find_transport(state_registry(state), candidate->connection, &owner)) {
                snprintf(outcome->party, sizeof(outcome->party), "%s", owner.party->id);
        }
}

/* What was accepted of @party so far; the plan's word, where it has one, is later. */
static void judgement_look_up(Judgement *judgement, const char *party)
{
        judgement->party = state_party(judgement->state, party);
        judgement->planned = judgement->plan ? plan_find_floor(judgement->plan, party) : NULL;
        judgement->floor = judgement->state->epoch_floor;
        if (judgement->party)
                judgement->floor = MAX(judgement->floor, judgement->party->floor);
        if (judgement->planned)
                judgement->floor = MAX(judgement->floor, judgement->planned->floor);
}

static bool judge_repeat(Judgement *judgement)
{
        const Candidate *candidate = judgement->candidate;
        const uint8_t *digest = NULL;

        if (judgement->planned)
                digest = judgement->planned->digest;
        else if (judgement->party)
                digest = judgement->party->digest;

        judgement->is_repeat = digest && memcmp(digest, candidate->digest, DIGEST_BYTES) == 0;
        return judgement->is_repeat;
}

/* Returns whether it is accepted as something new. */
static bool judge(Judgement *judgement)
{
        return !judge_verified(judgement) && !judge_open(judgement) && !judge_origin(judgement) &&
               !judge_repeat(judgement) && !judge_order(judgement) && !judge_content(judgement);
}

static void plan_accept(Plan *plan, const Judgement *judgement, PlanOutcome *outcome)
{
        const Candidate *candidate = judgement->candidate;
        PlanFloor *floor = plan_need_floor(plan, candidate->update->party);
        int r;

        outcome->entry = plan->n_entries;
        outcome->floor = candidate->update->seq;

        floor->floor = candidate->update->seq;
        floor->entry = outcome->entry;
        floor->n_new_records += judgement->is_new_record;
        memcpy(floor->digest, candidate->digest, DIGEST_BYTES);

        plan_note_event(plan, candidate->update);
        r = plan_add_digested(plan, ENTRY_UPDATE, candidate->envelope, candidate->digest);
        assert(!r); /* the caller's plan is not full */
}

void admission_plan(const State *state, const AdmissionOptions *options, Plan *plan,
                    const Candidate *candidate, size_t number, int64_t now_ms)
{
        size_t index = plan->n_outcomes;
        PlanOutcome *outcome = &plan->outcomes[index];
        Judgement judgement = { .state = state,
                                .options = options,
                                .plan = plan,
                                .candidate = candidate,
                                .now_ms = now_ms,
                                .words = &plan->words[index] };

        assert(!plan_is_full(plan));
        plan->n_outcomes++;

        *outcome = (PlanOutcome){ .entry = SIZE_MAX, .candidate = number };
        outcome_address(outcome, state, candidate);
        judgement_look_up(&judgement, outcome->party);
        outcome->floor = judgement.floor;

        if (judge(&judgement))
                plan_accept(plan, &judgement, outcome);
        else if (judgement.is_repeat && judgement.planned)
                outcome->entry = judgement.planned->entry;
        else if (judgement.is_repeat)
                outcome->revision = judgement.party->revision;
        outcome->refusal = judgement.refusal;
}

void admission_check(const State *state, const AdmissionOptions *options,
                     const Candidate *candidate, int64_t now_ms, PlanWords *words,
                     WireRefusal *ret_refusal)
{
        Judgement judgement = { .state = state,
                                .options = options,
                                .candidate = candidate,
                                .now_ms = now_ms,
                                .words = words };

        if (candidate->update && candidate->update->party)
                judgement_look_up(&judgement, candidate->update->party);
        (void)judge(&judgement);
        *ret_refusal = judgement.refusal;
}
