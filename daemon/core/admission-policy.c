/*
 * What a region allows of its doors
 *
 * A bound on how long a state may last would mean little if it could be stated anew for ever, or
 * announced piece by piece. So it holds for a run: what the party says of one scope, now and in its
 * plans, goes on as long as it is said again, or begins anew, before a pause has passed. What plans
 * there were is known as long as they are held.
 */

#include <inttypes.h>
#include <string.h>

#include "core/admission-internal.h"
#include "wire/codes.h"

typedef struct Span {
        int64_t from_ms, to_ms;
} Span;

/* ------------------------------------------------------------------ one door */

/* When @state of plan 0 of @key would have begun, if it were said now. */
static int64_t begun_at(const Judgement *judgement, const RecordKey *key, const DoorPolicy *policy)
{
        CLEANUP(runs_deinit) DoorRuns held_only = DOOR_RUNS_NULL;
        const DoorRuns *runs = state_runs(judgement->state);
        const Record *held = picture_find(state_picture(judgement->state), key);
        int64_t begun_ms;

        if (held && !runs_know(runs, key)) {
                runs_note_held(&held_only, held);
                runs = &held_only;
        }
        (void)runs_find(runs, key, policy->state, policy->pause_ms, judgement->now_ms, &begun_ms);
        return begun_ms;
}

static RecordKey key_of(const Update *update, RecordRef ref, uint32_t plan)
{
        RecordKey key;

        ref.plan = plan;
        record_key_make(&key, update->status, update->party, update->location, &ref);
        return key;
}

static Span span_of(const Judgement *judgement, const Door *door, const RecordKey *key,
                    const DoorPolicy *policy)
{
        Span span = { .from_ms = door->starts_at_ms, .to_ms = door->ends_at_ms };

        if (!door->plan)
                span.from_ms = begun_at(judgement, key, policy);
        else if (span.from_ms == TIME_ABSENT)
                span.from_ms = judgement->now_ms;
        if (span.to_ms == TIME_ABSENT)
                span.to_ms = INT64_MAX;
        return span;
}

static int64_t span_ms(const Span *span)
{
        int64_t ms;

        return __builtin_sub_overflow(span->to_ms, span->from_ms, &ms) ? INT64_MAX : ms;
}

/* ------------------------------------------------------------------ with the others of its scope
 */

/* What @record says of the same scope and state, if it is another door than the candidate's; of the
 * candidate's own plan, what is over of it. */
static bool span_beside(const Judgement *judgement, const Record *record, const DoorPolicy *policy,
                        Arena *arena, Span *ret_span)
{
        const Update *update = judgement->candidate->update;
        RecordRef ref = update_record_ref(update);
        RecordKey scope = key_of(update, ref, 0), key;
        Update held;

        arena_reset(arena);
        if (record->report != UPDATE_DOOR || record->status != update->status ||
            record_decode(record, arena, &held) || held.door.state != policy->state)
                return false;
        ref = update_record_ref(&held);
        key = key_of(update, ref, 0);
        if (key.n_bytes != scope.n_bytes || memcmp(key.bytes, scope.bytes, key.n_bytes) != 0)
                return false;
        if (held.door.plan == update->door.plan && !held.door.plan)
                return false; /* its run is in the candidate's own span */

        key = key_of(update, ref, held.door.plan);
        *ret_span = span_of(judgement, &held.door, &key, policy);
        if (!held.door.plan)
                ret_span->from_ms = MIN(ret_span->from_ms, record->since_ms);
        if (held.door.plan == update->door.plan)
                ret_span->to_ms = MIN(ret_span->to_ms, judgement->now_ms);
        return ret_span->from_ms < ret_span->to_ms;
}

static bool is_near(const Span *a, const Span *b, int64_t pause_ms)
{
        int64_t gap_ms;

        return __builtin_sub_overflow(MAX(a->from_ms, b->from_ms), MIN(a->to_ms, b->to_ms),
                                      &gap_ms) ||
               gap_ms < MAX(pause_ms, 1);
}

/* Makes @span the whole run that it is a part of. */
static void span_widen(const Judgement *judgement, const DoorPolicy *policy, Span *span)
{
        const Update *update = judgement->candidate->update;
        const RecordGroup *group = picture_find_group(state_picture(judgement->state),
                                                      update->party, update->location);
        CLEANUP(arena_freep) Arena *arena = NULL;
        Span beside, before;

        if (!group || arena_new(&arena, ARENA_MESSAGE_BYTES))
                return;
        do {
                before = *span;
                list_for_each (link, &group->records) {
                        const Record *record = list_entry(link, Record, in_group);

                        if (!span_beside(judgement, record, policy, arena, &beside) ||
                            !is_near(span, &beside, policy->pause_ms))
                                continue;
                        span->from_ms = MIN(span->from_ms, beside.from_ms);
                        span->to_ms = MAX(span->to_ms, beside.to_ms);
                }
        } while (span->from_ms != before.from_ms || span->to_ms != before.to_ms);
}

/* ------------------------------------------------------------------ the policy */

static bool refuse_run(Judgement *judgement, const DoorPolicy *policy, const Span *run)
{
        const char *name = code_name(CODES_DOOR_STATE, policy->state);
        char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

        return judge_refuse(
                judgement, PLEK_REFUSED_POLICY, "door.ends_at_ms",
                "region %s allows the state %s for %" PRId64 " minutes at the longest, "
                "and with what is announced it would be %s from %s to %s: leave %" PRId64
                " minutes between",
                policy->region, name, policy->longest_ms / 60000, name,
                time_text(from, run->from_ms), time_text(to, run->to_ms), policy->pause_ms / 60000);
}

static bool judge_length(Judgement *judgement, const Door *door, const DoorPolicy *policy)
{
        const Update *update = judgement->candidate->update;
        RecordKey key = key_of(update, update_record_ref(update), door->plan);
        const char *name = code_name(CODES_DOOR_STATE, door->state);
        Span span = span_of(judgement, door, &key, policy);
        char since[TIME_TEXT_MAX];

        if (door->ends_at_ms != TIME_ABSENT && span_ms(&span) <= policy->longest_ms) {
                span_widen(judgement, policy, &span);
                return span_ms(&span) > policy->longest_ms && refuse_run(judgement, policy, &span);
        }
        if (door->plan || span.from_ms >= judgement->now_ms)
                return judge_refuse(judgement, PLEK_REFUSED_POLICY, "door.ends_at_ms",
                                    "region %s allows the state %s for %" PRId64
                                    " minutes at the longest; say when it ends, within that",
                                    policy->region, name, policy->longest_ms / 60000);
        return judge_refuse(judgement, PLEK_REFUSED_POLICY, "door.ends_at_ms",
                            "region %s allows the state %s for %" PRId64 " minutes at the longest, "
                            "and this is %s since %s: let it end, or open it, and after %" PRId64
                            " minutes it may begin anew",
                            policy->region, name, policy->longest_ms / 60000, name,
                            time_text(since, span.from_ms), policy->pause_ms / 60000);
}

static bool judge_policy(Judgement *judgement, const Door *door, const DoorPolicy *policy)
{
        if (policy->state != door->state || strcmp(policy->region, judgement->grant->region) != 0)
                return false;
        if (policy->forbidden)
                return judge_refuse(judgement, PLEK_REFUSED_POLICY, "door.state",
                                    "region %s does not allow the state %s", policy->region,
                                    code_name(CODES_DOOR_STATE, door->state));
        return policy->longest_ms && judge_length(judgement, door, policy);
}

bool judge_policies(Judgement *judgement, const Door *door)
{
        for (size_t i = 0; i < judgement->options->n_policies; i++)
                if (judge_policy(judgement, door, &judgement->options->policies[i]))
                        return true;
        return false;
}
