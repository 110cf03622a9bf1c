/*
 * Admission, second half: is it new, and is it sane?
 *
 * What can be known from the bytes alone was checked when they were decoded. Here is what depends
 * on the clock and on how much the party holds already; the region's policy is
 * admission-policy.c's.
 */

#include <inttypes.h>

#include "core/admission-internal.h"

/* What several messages under way at once may be apart: each is one more than the one before. */
enum { SEQ_ROOM = 1000 * 1000 };

/*
 * Ahead of the clock nobody gets by himself. Who is, as the clock was wrong once and has been set
 * right since, goes on from his floor: until the clock has passed that he could say nothing else.
 */
static bool is_ahead(const Judgement *judgement, uint64_t seq, int64_t ahead_ms)
{
        if (ahead_ms < 0 || seq / 1000 <= (uint64_t)ahead_ms)
                return false;
        return judgement->floor / 1000 <= (uint64_t)ahead_ms || seq - judgement->floor > SEQ_ROOM;
}

bool judge_order(Judgement *judgement)
{
        const Update *update = judgement->candidate->update;
        int64_t now_ms = judgement->now_ms, ahead_ms = now_ms + judgement->options->skew_ms;
        char ours[TIME_TEXT_MAX], theirs[TIME_TEXT_MAX];

        if (update->seq <= judgement->floor)
                return judge_refuse(judgement, PLEK_REFUSED_REPLAY, "seq",
                                    "seq %" PRIu64 " is not above this party's floor %" PRIu64
                                    "; take the floor from this receipt, go on above it and send "
                                    "the latest state again",
                                    update->seq, judgement->floor);

        if (is_ahead(judgement, update->seq, ahead_ms))
                return judge_refuse(judgement, PLEK_REFUSED_SEQ_AHEAD, "seq",
                                    "seq %" PRIu64 " stands for %s, but this broker's clock says "
                                    "%s; learn its time again and go on from there",
                                    update->seq, time_text(theirs, (int64_t)(update->seq / 1000)),
                                    time_text(ours, now_ms));

        if (update->sent_at_ms > ahead_ms)
                return judge_refuse(judgement, PLEK_REFUSED_SENT_AHEAD, "sent_at_ms",
                                    "sent_at is %s, but this broker's clock says %s; learn its "
                                    "time again and send anew",
                                    time_text(theirs, update->sent_at_ms), time_text(ours, now_ms));

        if (update->not_after_ms < now_ms)
                return judge_refuse(judgement, PLEK_REFUSED_TOO_LATE, "not_after_ms",
                                    "this was not to be used after %s, and this broker's clock "
                                    "says %s; send the latest state anew",
                                    time_text(theirs, update->not_after_ms),
                                    time_text(ours, now_ms));
        return false;
}

/* A stop whose end has passed is still news; an announcement of what is over is a mistake. */
static bool judge_plan(Judgement *judgement, const Door *door)
{
        char ours[TIME_TEXT_MAX], theirs[TIME_TEXT_MAX];

        if (!door->plan || door->ends_at_ms == TIME_ABSENT || door->ends_at_ms > judgement->now_ms)
                return false;

        return judge_refuse(judgement, PLEK_REFUSED_PERIOD, "door.ends_at_ms",
                            "plan %" PRIu32 " ended at %s, before this broker's time %s; announce "
                            "what is still to come, or withdraw it",
                            door->plan, time_text(theirs, door->ends_at_ms),
                            time_text(ours, judgement->now_ms));
}

static bool judge_door(Judgement *judgement, const Door *door)
{
        return judge_plan(judgement, door) || judge_policies(judgement, door);
}

static bool update_makes_record(const Judgement *judgement)
{
        const Update *update = judgement->candidate->update;
        RecordRef ref = update_record_ref(update);
        RecordKey key;

        record_key_make(&key, update->status, update->party, update->location, &ref);
        return !picture_find(state_picture(judgement->state), &key);
}

/*
 * A plan adds no more than PLAN_ENTRIES_MAX records, so a party further than that from its quota is
 * not looked at. Near it, what the plan adds already counts, also where two of its entries are
 * about one new record: at the edge this refuses a little early, never late.
 */
bool judge_quota(Judgement *judgement)
{
        size_t n_held = judgement->party ? judgement->party->n_records : 0;
        size_t n_max = judgement->options->n_records_max;

        if (n_held + PLAN_ENTRIES_MAX <= n_max)
                return false;

        judgement->is_new_record = update_makes_record(judgement);
        n_held += judgement->planned ? judgement->planned->n_new_records : 0;
        if (!judgement->is_new_record || n_held < n_max)
                return false;

        return judge_refuse(judgement, PLEK_REFUSED_QUOTA, NULL,
                            "%s holds %zu records, and this broker keeps %zu of one party; "
                            "withdraw what no longer exists, or ask the operator for more",
                            judgement->candidate->update->party, n_held, n_max);
}

static size_t count_doors(const RecordGroup *group)
{
        size_t n_doors = 0;

        list_for_each (link, &group->records)
                n_doors += list_entry(link, Record, in_group)->report == UPDATE_DOOR;
        return n_doors;
}

/*
 * Which door leads costs a reader the square of a location's doors. What the plan adds is not
 * counted, so that one batch may pass the bound: it keeps readers safe, and is no party's due.
 */
static bool judge_doors_quota(Judgement *judgement)
{
        const Update *update = judgement->candidate->update;
        size_t n_max = judgement->options->n_doors_max, n_doors;
        const RecordGroup *group;

        group = picture_find_group(state_picture(judgement->state), update->party,
                                   update->location);
        if (!n_max || !group || group->n_records < n_max || !update_makes_record(judgement))
                return false;
        n_doors = count_doors(group);
        if (n_doors < n_max)
                return false;

        return judge_refuse(judgement, PLEK_REFUSED_QUOTA, "door",
                            "%s holds %zu doors of %s, and this broker keeps %zu of one location, "
                            "plans included; withdraw plans that are over and what no longer "
                            "exists",
                            update->party, n_doors, update->location, n_max);
}

bool judge_content(Judgement *judgement)
{
        const Update *update = judgement->candidate->update;

        switch (update->kind) {
        case UPDATE_AFFIRM:
                return false; /* adds nothing */
        case UPDATE_WITHDRAW:
                return judge_withdrawal(judgement);
        case UPDATE_FLOW:
                if (judge_flow(judgement))
                        return true;
                break;
        case UPDATE_REFUSAL:
                if (judge_care_refusal(judgement))
                        return true;
                break;
        case UPDATE_DOOR:
                if (judge_door(judgement, &update->door) || judge_doors_quota(judgement))
                        return true;
                break;
        case UPDATE_ACK:
                if (judge_ack(judgement))
                        return true;
                break;
        case UPDATE_COUNTS:
        case UPDATE_PRESSURE:
        case UPDATE_CARD:
        case UPDATE_OFFERING:
                break;
        }
        return judge_quota(judgement);
}
