/*
 * What a region allows of its doors
 *
 * A bound on how long a state may last would mean little if it could be stated anew for ever. So it
 * holds from when the state began: saying it again before its end, or before a pause has passed
 * since, goes on with it. The party's own door of that scope counts, plans apart: each of those is
 * measured from its start to its end.
 */

#include <inttypes.h>

#include "core/admission-internal.h"
#include "wire/codes.h"

/* When what @door says would have begun. */
static int64_t begun_at(const Judgement *judgement, const Door *door, const DoorPolicy *policy)
{
        CLEANUP(runs_deinit) DoorRuns held_only = DOOR_RUNS_NULL;
        const Update *update = judgement->candidate->update;
        const DoorRuns *runs = state_runs(judgement->state);
        RecordRef ref = update_record_ref(update);
        const Record *held;
        int64_t begun_ms;
        RecordKey key;

        if (door->plan)
                return door->starts_at_ms != TIME_ABSENT ? door->starts_at_ms : judgement->now_ms;

        record_key_make(&key, update->status, update->party, update->location, &ref);
        held = picture_find(state_picture(judgement->state), &key);
        if (held && !runs_know(runs, &key)) {
                runs_note_held(&held_only, held);
                runs = &held_only;
        }
        (void)runs_find(runs, &key, door->state, policy->pause_ms, judgement->now_ms, &begun_ms);
        return begun_ms;
}

static bool judge_length(Judgement *judgement, const Door *door, const DoorPolicy *policy)
{
        int64_t begun_ms = begun_at(judgement, door, policy), lasts_ms;
        const char *name = code_name(CODES_DOOR_STATE, door->state);
        char since[TIME_TEXT_MAX];

        if (door->ends_at_ms != TIME_ABSENT &&
            !__builtin_sub_overflow(door->ends_at_ms, begun_ms, &lasts_ms) &&
            lasts_ms <= policy->longest_ms)
                return false;
        if (door->plan || begun_ms >= judgement->now_ms)
                return judge_refuse(judgement, PLEK_REFUSED_POLICY, "door.ends_at_ms",
                                    "region %s allows the state %s for %" PRId64
                                    " minutes at the longest; say when it ends, within that",
                                    policy->region, name, policy->longest_ms / 60000);
        return judge_refuse(judgement, PLEK_REFUSED_POLICY, "door.ends_at_ms",
                            "region %s allows the state %s for %" PRId64 " minutes at the longest, "
                            "and this is %s since %s: let it end, or open it, and after %" PRId64
                            " minutes it may begin anew",
                            policy->region, name, policy->longest_ms / 60000, name,
                            time_text(since, begun_ms), policy->pause_ms / 60000);
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
