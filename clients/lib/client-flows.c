#include <string.h>

#include "derived/flows.h"
#include "lib/client-internal.h"
#include "plek/plek.h"

/* A report of a period may come so long after its end. */
#define LATE_MS (EVENTS_LATE_MAX_MS + (int64_t)24 * 3600 * 1000)

/* ------------------------------------------------------------------ what was said */

static void take_flow(const PlekFlow *flow, FlowWord *word)
{
        word->other = flow->other;
        word->care = flow->care;
        word->from = flow->from;
        word->to = flow->to;
        word->has_count = flow->has_count;
        word->count = flow->count;
        word->from_ms = flow->from_ms;
        word->until_ms = flow->until_ms;
}

static void take_refusal(const PlekCareRefusal *refusal, FlowWord *word)
{
        word->is_refusal = true;
        word->care = refusal->care;
        word->from = refusal->from;
        word->reason = refusal->reason;
        word->has_count = true;
        word->count = refusal->count;
        word->from_ms = word->until_ms = refusal->at_ms;
        memcpy(word->id, refusal->id, sizeof(word->id));
}

/* What left since its party lost the location did happen. */
static bool is_taken_back(const PlekMoment *moment)
{
        return moment->kind == PLEK_MOMENT_WITHDRAWN &&
               (moment->withdrawn == PLEK_WITHDRAWN_BY_PARTY ||
                moment->withdrawn == PLEK_WITHDRAWN_AUDIENCE);
}

/* As the location lay then; home regions are looked at where the words are put together. */
static bool is_in_region(const PlekFlowsQuestion *question, const PlekMoment *moment)
{
        return !question->scheme || !question->region ||
               plek_regions_have(moment->regions, moment->n_regions, question->scheme,
                                 question->region);
}

static int take(FlowWords *words, const PlekMoment *moment, PlekStatus status)
{
        const PlekReport *report = &moment->report;
        FlowWord word = {
                .is_withdrawn = moment->kind == PLEK_MOMENT_WITHDRAWN,
                .revision = moment->revision,
                .audience = (Audience)report->audience,
                .party = moment->party,
                .region = moment->region ? moment->region : "",
                .location = report->location,
                .unit = report->unit,
        };

        if (report->status != status || (word.is_withdrawn && !is_taken_back(moment)))
                return 0;
        if (report->kind == PLEK_REPORT_FLOW)
                take_flow(&report->flow, &word);
        else if (report->kind == PLEK_REPORT_REFUSAL)
                take_refusal(&report->refusal, &word);
        else
                return 0;
        return flow_words_add(words, &word);
}

/* ------------------------------------------------------------------ the answer */

static PlekFlowCell spell_cell(const FlowCell *cell)
{
        return (PlekFlowCell){
                .region = cell->region,
                .care = cell->care,
                .from = cell->from,
                .to = cell->to,
                .from_location = cell->from_location,
                .to_location = cell->to_location,
                .count = cell->count,
                .n_reports = cell->n_reports,
                .n_withheld = cell->n_withheld,
                .is_suppressed = cell->is_suppressed,
        };
}

static PlekRefusalCell spell_refusal(const FlowCell *cell)
{
        return (PlekRefusalCell){
                .region = cell->region,
                .care = cell->care,
                .location = cell->to_location,
                .unit = cell->unit,
                .reason = cell->reason,
                .from = cell->from,
                .count = cell->count,
                .is_suppressed = cell->is_suppressed,
        };
}

static int spell(PlekClient *client, const Flows *flows, PlekFlows *ret_flows)
{
        PlekRefusalCell *refusals =
                arena_alloc(client->arena, (flows->n_refusals + 1) * sizeof(*refusals));
        PlekFlowCell *cells = arena_alloc(client->arena, (flows->n_cells + 1) * sizeof(*cells));

        if (!refusals || !cells)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < flows->n_cells; i++)
                cells[i] = spell_cell(&flows->cells[i]);
        for (size_t i = 0; i < flows->n_refusals; i++)
                refusals[i] = spell_refusal(&flows->refusals[i]);
        *ret_flows = (PlekFlows){
                .cells = cells,
                .n_cells = flows->n_cells,
                .refusals = refusals,
                .n_refusals = flows->n_refusals,
                .n_crossing = flows->n_crossing,
                .n_overlapping = flows->n_overlapping,
                .is_suppressed = flows->is_suppressed,
        };
        return 0;
}

static int ask(PlekClient *client, const PlekFlowsQuestion *question, PlekHistory *ret_history,
               PlekFault *ret_fault)
{
        PlekHistoryQuestion history = {
                .location = question->location,
                .care = question->care,
                .reports = PLEK_REPORT_SET(PLEK_REPORT_FLOW) | PLEK_REPORT_SET(PLEK_REPORT_REFUSAL),
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
        };
        int r = client_greet(client, ret_fault);

        if (r)
                return r;
        /* Later words on that time, as far as there are any yet. */
        history.to_ms += LATE_MS;
        history.to_ms =
                MIN(history.to_ms, clock_ms(session_clock(client->session), monotonic_us()));
        history.to_ms = MAX(history.to_ms, question->to_ms);
        return plek_client_history(client, &history, ret_history, ret_fault);
}

int plek_client_flows(PlekClient *client, const PlekFlowsQuestion *question, PlekFlows *ret_flows,
                      PlekFault *ret_fault)
{
        CLEANUP(flow_words_deinit) FlowWords words = FLOW_WORDS_NULL;
        CLEANUP(flows_deinit) Flows flows = FLOWS_NULL;
        FlowsQuestion flows_question = {
                .region = question->scheme ? NULL : question->region,
                .location = question->location,
                .care = question->care,
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
                .by_location = question->by_location,
        };
        PlekHistory history;
        int r;

        if (client->control || client->is_guest)
                return err_raise(-EINVAL);
        r = ask(client, question, &history, ret_fault);
        for (size_t i = 0; !r && i < history.n_moments; i++)
                if (is_in_region(question, &history.moments[i]))
                        r = take(&words, &history.moments[i],
                                 question->status ? question->status : PLEK_STATUS_ACTUAL);
        if (r)
                return r;
        flows_question.audience = question->audience
                                          ? MIN((Audience)question->audience, client->audience)
                                          : client->audience;
        r = flows_make(&flows, words.words, words.n_words, &flows_question);
        if (!r)
                r = spell(client, &flows, ret_flows);
        if (r)
                return r;
        ret_flows->n_doubtful = history.n_doubtful;
        ret_flows->is_cut = history.is_thinned;
        ret_flows->kept_from_ms = history.kept_from_ms;
        ret_flows->audience = (PlekAudience)flows_question.audience;
        return 0;
}
