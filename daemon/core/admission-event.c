/*
 * Admission of flows and refusals: nobody is to be found as the difference of two numbers
 *
 * A count of 1 to 4 never leaves the coordination centres. That each report by itself keeps to that
 * was seen when it was decoded; here it is what several of one cell would give away together. Those
 * that were ever said to others than coordination centres ("wide") are
 *
 *   - disjoint: the periods of two of them are the same, or have nothing in common; of one period
 *     they are about different units, or different origins, and all of them say which;
 *   - final: the count stays as it was said. It may be kept for coordination centres from then on,
 *     and then stays theirs; it is not withdrawn, since what is not held cannot be held against
 *     what is said next.
 *
 * So no sum of some of them contains another of them, and there is nothing to take a difference of.
 * Several parties may say the same of one place, if it is the same: who counts a day later has
 * those in it who were registered late.
 */

#include <inttypes.h>

#include "core/admission-internal.h"

/* A wide flow, in the state or in the plan. */
typedef struct WideFlow {
        RecordRef ref;
        bool has_count;
        int32_t count; /* what others read, unless it was taken back: that may be another */
        bool is_taken_back;
} WideFlow;

static EventPlace place_of(Status status, const char *location, const RecordRef *ref)
{
        return (EventPlace){ status, location, ref->care, ref->link_from, ref->link_to };
}

/* ------------------------------------------------------------------ one against another */

static bool is_same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static bool is_same_count(const Flow *flow, const WideFlow *held)
{
        return flow->has_count == held->has_count &&
               (!flow->has_count || flow->count == held->count);
}

static bool is_same_cell(const RecordRef *a, const RecordRef *b)
{
        return is_same_text(a->unit, b->unit) && is_same_text(a->other, b->other);
}

/* Of one period: parts that exclude each other, or another party that says the same of the same. */
static bool is_disjoint(const WideFlow *flow, const Update *update, const RecordRef *ref)
{
        const RecordRef *held = &flow->ref;

        if (held->until_ms <= ref->from_ms || ref->until_ms <= held->from_ms)
                return true;
        if (held->from_ms != ref->from_ms || held->until_ms != ref->until_ms)
                return false;
        if (!held->unit != !ref->unit || !held->other != !ref->other)
                return false;
        return !is_same_cell(held, ref) ||
               (!flow->is_taken_back && is_same_count(&update->flow, flow));
}

static bool refuse_overlap(Judgement *judgement, const WideFlow *flow)
{
        char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX];

        return judge_refuse(judgement, PLEK_REFUSED_POLICY, "flow.from_ms",
                            "it overlaps what was said of %s to %s: outside coordination centres "
                            "the periods of one flow are the same or apart, with the same parts "
                            "named. Say it with audience COORD",
                            time_text(from, flow->ref.from_ms),
                            time_text(until, flow->ref.until_ms));
}

static bool refuse_correction(Judgement *judgement, const Flow *flow)
{
        char from[TIME_TEXT_MAX];

        return judge_refuse(judgement, PLEK_REFUSED_POLICY, "flow.count",
                            "the count of the period from %s was said to more than coordination "
                            "centres and stays as it was; say the right one with audience COORD, "
                            "which takes the old one back",
                            time_text(from, flow->from_ms));
}

/* The same record: only the same number may be said again. */
static bool judge_again(Judgement *judgement, const WideFlow *held)
{
        const Flow *flow = &judgement->candidate->update->flow;

        return !is_same_count(flow, held) && refuse_correction(judgement, flow);
}

/* ------------------------------------------------------------------ against the state */

static bool was_wide(const Record *record)
{
        return record->audience < AUDIENCE_COORD || record->flags & ENTRY_SAID_WIDER;
}

static bool judge_held(Judgement *judgement, const Record *record)
{
        const RecordEvent *event = record->event;

        if (record->flags & ENTRY_SAID_WIDER)
                return judge_refuse(judgement, PLEK_REFUSED_POLICY, "audience",
                                    "this was taken back for coordination centres, and stays "
                                    "theirs: say it with audience COORD");
        return record->audience < AUDIENCE_COORD &&
               judge_again(judgement,
                           &(WideFlow){ .has_count = event->has_count, .count = event->count });
}

static bool judge_cell(Judgement *judgement, const RecordKey *key, const RecordRef *ref)
{
        const Update *update = judgement->candidate->update;
        EventPlace place = place_of(update->status, update->location, ref);
        const EventCell *cell;

        cell = events_find_cell(picture_events(state_picture(judgement->state)), &place);
        if (!cell)
                return false;
        list_for_each (link, &cell->events) {
                const RecordEvent *event = list_entry(link, RecordEvent, in_cell);
                const Record *record = event->record;
                const char *party, *location;
                WideFlow flow;

                if (!was_wide(record))
                        continue;
                if (record->n_key == key->n_bytes && !memcmp(record->key, key->bytes, key->n_bytes))
                        continue;
                record_describe(record, &party, &location, &flow.ref);
                flow.has_count = event->has_count;
                flow.count = event->count;
                flow.is_taken_back = record->flags & ENTRY_SAID_WIDER;
                if (!is_disjoint(&flow, update, ref))
                        return refuse_overlap(judgement, &flow);
        }
        return false;
}

/* ------------------------------------------------------------------ against the plan */

static bool judge_planned(Judgement *judgement, const RecordKey *key, const RecordRef *ref)
{
        const Update *update = judgement->candidate->update;
        const Plan *plan = judgement->plan;

        for (size_t i = 0; plan && i < plan->n_flows; i++) {
                const PlanFlow *planned = &plan->flows[i];
                WideFlow flow = { .has_count = planned->has_count, .count = planned->count };
                const char *party, *location;
                Status status;

                if (planned->key.n_bytes == key->n_bytes &&
                    !memcmp(planned->key.bytes, key->bytes, key->n_bytes)) {
                        if (judge_again(judgement, &flow))
                                return true;
                        continue;
                }
                if (planned->until_ms <= ref->from_ms || ref->until_ms <= planned->from_ms ||
                    record_key_parse(&planned->key, &status, &party, &location, &flow.ref))
                        continue;
                if (status == update->status && !strcmp(location, update->location) &&
                    flow.ref.care == ref->care && flow.ref.link_from == ref->link_from &&
                    flow.ref.link_to == ref->link_to && !is_disjoint(&flow, update, ref))
                        return refuse_overlap(judgement, &flow);
        }
        return false;
}

static void note_flow(Plan *plan, const Update *update)
{
        PlanFlow *planned = &plan->flows[plan->n_flows];
        RecordRef ref = update_record_ref(update);

        record_key_make(&planned->key, update->status, update->party, update->location, &ref);
        planned->from_ms = update->flow.from_ms;
        planned->until_ms = update->flow.until_ms;
        planned->has_count = update->flow.has_count;
        planned->count = update->flow.count;
        plan->n_flows++; /* as many as there are entries */
}

static void note_refusal(Plan *plan, const Update *update)
{
        PlanCareRefusal *planned = &plan->refusals[plan->n_refusals++];
        RecordRef ref =
                update->kind == UPDATE_WITHDRAW ? update->withdraw : update_record_ref(update);

        record_key_make(&planned->key, update->status, update->party, update->location, &ref);
        planned->is_withdrawn = update->kind == UPDATE_WITHDRAW;
        memcpy(planned->content_digest, update->content_digest, CONTENT_DIGEST_BYTES);
}

void plan_note_event(Plan *plan, const Update *update)
{
        if (update->kind == UPDATE_FLOW && update->audience != AUDIENCE_COORD)
                note_flow(plan, update);
        else if (update->kind == UPDATE_REFUSAL ||
                 (update->kind == UPDATE_WITHDRAW && update->withdraw.report == UPDATE_REFUSAL))
                note_refusal(plan, update);
}

/* The plan's last word on a refusal; NULL: it has none. */
static const PlanCareRefusal *find_refusal(const Plan *plan, const RecordKey *key)
{
        for (size_t i = plan ? plan->n_refusals : 0; i > 0; i--) {
                const PlanCareRefusal *planned = &plan->refusals[i - 1];

                if (planned->key.n_bytes == key->n_bytes &&
                    !memcmp(planned->key.bytes, key->bytes, key->n_bytes))
                        return planned;
        }
        return NULL;
}

static bool is_planned(const Plan *plan, const RecordKey *key)
{
        for (size_t i = 0; plan && i < plan->n_flows; i++)
                if (plan->flows[i].key.n_bytes == key->n_bytes &&
                    !memcmp(plan->flows[i].key.bytes, key->bytes, key->n_bytes))
                        return true;
        return false;
}

/* ------------------------------------------------------------------ what is asked */

static bool judge_time(Judgement *judgement, const char *field, int64_t at_ms)
{
        int64_t now_ms = judgement->now_ms;
        char ours[TIME_TEXT_MAX], theirs[TIME_TEXT_MAX];

        if (at_ms > now_ms + judgement->options->skew_ms)
                return judge_refuse(judgement, PLEK_REFUSED_PERIOD, field,
                                    "%s is %s, and this broker's clock says %s: what has not "
                                    "happened yet cannot be counted",
                                    field, time_text(theirs, at_ms), time_text(ours, now_ms));
        if (at_ms < now_ms - EVENTS_LATE_MAX_MS)
                return judge_refuse(judgement, PLEK_REFUSED_PERIOD, field,
                                    "%s is %s, more than 35 days before this broker's %s: it is "
                                    "not taken any more",
                                    field, time_text(theirs, at_ms), time_text(ours, now_ms));
        return false;
}

bool judge_flow(Judgement *judgement)
{
        const Update *update = judgement->candidate->update;
        RecordRef ref = update_record_ref(update);
        const Record *held;
        RecordKey key;

        if (judge_time(judgement, "flow.until_ms", update->flow.until_ms))
                return true;
        if (update->audience == AUDIENCE_COORD)
                return false;

        record_key_make(&key, update->status, update->party, update->location, &ref);
        held = picture_find(state_picture(judgement->state), &key);
        return (held && judge_held(judgement, held)) || judge_cell(judgement, &key, &ref) ||
               judge_planned(judgement, &key, &ref);
}

bool judge_care_refusal(Judgement *judgement)
{
        const Update *update = judgement->candidate->update;
        RecordRef ref = update_record_ref(update);
        const uint8_t *known = NULL;
        const PlanCareRefusal *planned;
        const Record *held;
        RecordKey key;

        if (judge_time(judgement, "refusal.at_ms", update->care_refusal.at_ms))
                return true;

        record_key_make(&key, update->status, update->party, update->location, &ref);
        planned = find_refusal(judgement->plan, &key);
        held = picture_find(state_picture(judgement->state), &key);
        if (planned)
                known = planned->is_withdrawn ? NULL : planned->content_digest;
        else if (held)
                known = held->content_digest;
        if (!known || !memcmp(known, update->content_digest, CONTENT_DIGEST_BYTES))
                return false;
        return judge_refuse(judgement, PLEK_REFUSED_FIELD, "refusal.id",
                            "this id stands for another refusal already; each has one of its own");
}

bool judge_withdrawal(Judgement *judgement)
{
        const Update *update = judgement->candidate->update;
        const Record *held;
        RecordKey key;

        if (update->withdraw.report != UPDATE_FLOW)
                return false;
        record_key_make(&key, update->status, update->party, update->location, &update->withdraw);
        held = picture_find(state_picture(judgement->state), &key);
        if (!(held && was_wide(held)) && !is_planned(judgement->plan, &key))
                return false;
        return judge_refuse(judgement, PLEK_REFUSED_POLICY, "withdraw",
                            "a flow that was said to more than coordination centres is not "
                            "withdrawn; say it again with audience COORD, and nobody else has it "
                            "any more");
}
