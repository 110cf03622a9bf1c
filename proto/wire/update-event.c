/*
 * What happened: flows, and requests that could not be taken
 *
 * Nobody is to be found in a number, so what is said to more than coordination centres is not about
 * a few: not by itself, and not as the difference of two. What can be known of that from one report
 * is looked at here; what depends on the others, at admission.
 */

#include <string.h>

#include "wire/codes.h"
#include "wire/update-check.h"

typedef Plek__V1__Flow PbFlow;
typedef Plek__V1__CareRefusal PbRefusal;

/* No words, and nothing that ages. */
static int check_event(const Update *update, UpdateCheck *check, const char *what)
{
        if (update->label)
                return check_refuse(check, PLEK_REFUSED_FIELD, "label", "%s has no text at all",
                                    what);
        if (update->valid_for_s)
                return check_refuse(check, PLEK_REFUSED_FIELD, "valid_for_s",
                                    "%s says what happened, and does not age", what);
        return 0;
}

static int check_count(UpdateCheck *check, const char *field, int64_t count, int64_t least)
{
        if (count >= least && count <= COUNT_MAX)
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field, "%s is %lld; it must be %lld to %d",
                            field, (long long)count, (long long)least, COUNT_MAX);
}

/* ------------------------------------------------------------------ flows */

static int check_period(UpdateCheck *check, const char *prefix, int64_t from_ms, int64_t until_ms)
{
        bool is_key = !*prefix;
        const char *from = is_key ? "from_ms" : "flow.from_ms";
        const char *until = is_key ? "until_ms" : "flow.until_ms";

        if (check_time(check, from, from_ms) || check_time(check, until, until_ms))
                return UPDATE_E_REFUSED;
        if (from_ms % FLOW_STEP_MS || until_ms % FLOW_STEP_MS)
                return check_refuse(check, PLEK_REFUSED_PERIOD,
                                    from_ms % FLOW_STEP_MS ? from : until,
                                    "a period begins and ends with a whole minute");
        if (until_ms <= from_ms || until_ms - from_ms > FLOW_MAX_MS)
                return check_refuse(check, PLEK_REFUSED_PERIOD, until,
                                    "a period is 1 minute to 31 days, not %lld s",
                                    (long long)((until_ms - from_ms) / 1000));
        return 0;
}

static int check_links(const Update *update, UpdateCheck *check, const PbFlow *pb)
{
        if (check_open(check, "flow.from", pb->from) || check_open(check, "flow.to", pb->to) ||
            (pb->other && check_name(check, "flow.other", NAME_LOCATION, pb->other)))
                return UPDATE_E_REFUSED;
        if (!flow_leaves(pb->to))
                return 0;
        if (flow_leaves(pb->from))
                return check_refuse(check, PLEK_REFUSED_FIELD, "flow.to",
                                    "from %s to %s nobody passes %s",
                                    code_name(CODES_CHAIN, pb->from),
                                    code_name(CODES_CHAIN, pb->to), update->location);
        if (pb->other)
                return check_refuse(check, PLEK_REFUSED_FIELD, "flow.other",
                                    "who goes to %s comes from the location itself",
                                    code_name(CODES_CHAIN, pb->to));
        return 0;
}

/* What is said to others than coordination centres. */
static int check_wide(const Update *update, UpdateCheck *check)
{
        const Flow *flow = &update->flow;

        if (update->audience == AUDIENCE_COORD)
                return 0;
        if (flow->has_count && count_is_small(flow->count))
                return check_refuse(check, PLEK_REFUSED_POLICY, "flow.count",
                                    "a count of 1 to %d is for coordination centres only: say it "
                                    "with audience COORD, or add up a longer period",
                                    SMALL_COUNT_MAX);
        if (flow->until_ms - flow->from_ms < FLOW_WIDE_MIN_MS)
                return check_refuse(check, PLEK_REFUSED_POLICY, "flow.until_ms",
                                    "a period of less than an hour is for coordination centres "
                                    "only: say it with audience COORD");
        if (flow->care == PLEK_CARE_ISOLATION_NEGATIVE || flow->care == PLEK_CARE_ISOLATION_OTHER)
                return check_refuse(check, PLEK_REFUSED_POLICY, "flow.care",
                                    "isolation is a part of other kinds of care, and for "
                                    "coordination centres only: say it with audience COORD");
        return 0;
}

int update_take_flow(Update *update, UpdateCheck *check, const PbFlow *pb)
{
        Flow *flow = &update->flow;

        if (check_event(update, check, "a flow") || check_links(update, check, pb) ||
            check_open(check, "flow.care", pb->care) ||
            (pb->has_count && check_count(check, "flow.count", pb->count, 0)) ||
            check_period(check, "flow.", pb->from_ms, pb->until_ms))
                return UPDATE_E_REFUSED;
        *flow = (Flow){
                .from = pb->from,
                .to = pb->to,
                .other = pb->other,
                .care = pb->care,
                .has_count = pb->has_count,
                .count = pb->has_count ? (int32_t)pb->count : 0,
                .from_ms = pb->from_ms,
                .until_ms = pb->until_ms,
        };
        return check_wide(update, check);
}

/* ------------------------------------------------------------------ refusals */

static int check_id(UpdateCheck *check, const char *field, const ProtobufCBinaryData *id)
{
        if (id->len == EVENT_ID_BYTES)
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field, "an id has %d random bytes, not %zu",
                            EVENT_ID_BYTES, id->len);
}

int update_take_refusal(Update *update, UpdateCheck *check, const PbRefusal *pb)
{
        CareRefusal *refusal = &update->care_refusal;

        if (check_event(update, check, "a refusal") || check_id(check, "refusal.id", &pb->id) ||
            check_open(check, "refusal.care", pb->care) ||
            (pb->has_reason && check_open(check, "refusal.reason", pb->reason)) ||
            (pb->has_from && check_open(check, "refusal.from", pb->from)) ||
            check_time(check, "refusal.at_ms", pb->at_ms) ||
            check_count(check, "refusal.count", pb->count, 1))
                return UPDATE_E_REFUSED;
        if (update->audience != AUDIENCE_COORD)
                return check_refuse(check, PLEK_REFUSED_POLICY, "audience",
                                    "a refusal is about a few, and for coordination centres only: "
                                    "say it with audience COORD");

        *refusal = (CareRefusal){
                .care = pb->care,
                .reason = pb->has_reason ? pb->reason : 0,
                .from = pb->has_from ? pb->from : 0,
                .at_ms = pb->at_ms,
                .count = (int32_t)pb->count,
        };
        memcpy(refusal->id, pb->id.data, EVENT_ID_BYTES);
        return 0;
}

/* ------------------------------------------------------------------ keys */

int update_take_event_key(RecordRef *ret_ref, UpdateCheck *check, const Plek__V1__RecordKey *pb)
{
        ret_ref->link_from = ret_ref->link_to = 0;
        ret_ref->other = NULL;
        ret_ref->from_ms = ret_ref->until_ms = 0;
        memset(ret_ref->id, 0, sizeof(ret_ref->id));
        if (pb->has_id) {
                if (check_id(check, "id", &pb->id))
                        return UPDATE_E_REFUSED;
                memcpy(ret_ref->id, pb->id.data, EVENT_ID_BYTES);
        }
        if (!pb->has_link_from)
                return 0;
        if (check_open(check, "link_from", pb->link_from) ||
            check_open(check, "link_to", pb->link_to) ||
            (pb->other && check_name(check, "other", NAME_LOCATION, pb->other)) ||
            check_period(check, "", pb->from_ms, pb->until_ms))
                return UPDATE_E_REFUSED;
        ret_ref->link_from = pb->link_from;
        ret_ref->link_to = pb->link_to;
        ret_ref->other = pb->other;
        ret_ref->from_ms = pb->from_ms;
        ret_ref->until_ms = pb->until_ms;
        return 0;
}
