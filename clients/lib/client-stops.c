#include <string.h>

#include "derived/stops.h"
#include "lib/client-internal.h"
#include "lib/report.h"
#include "plek/plek.h"

static_assert((int)PLEK_NEIGHBOURS_MAX == (int)NEIGHBOURS_MAX, "neighbours");

/* The moments as the rule wants them. */
typedef struct Told {
        StopsEvent *events;
        Update *updates; /* what the events' doors point into */
        size_t n;
} Told;

static void told_deinit(Told *told)
{
        free(told->events);
        free(told->updates);
}

static void tell_card(const PlekMoment *moment, StopsEvent *event)
{
        const PlekLocationCard *card = &moment->report.card;

        event->is_card = true;
        if (moment->kind == PLEK_MOMENT_WITHDRAWN)
                return;
        event->has_position = card->has_position;
        event->latitude = card->latitude_e7 / 1e7;
        event->longitude = card->longitude_e7 / 1e7;
}

/* No exercise's. Of who was distrusted later, too: it was believed then, and is counted apart. */
static void tell(Told *told, const PlekMoment *moment)
{
        StopsEvent *event = &told->events[told->n];
        Update *update = &told->updates[told->n];
        WireRefusal refusal;

        if (moment->report.status != PLEK_STATUS_ACTUAL)
                return;
        *event = (StopsEvent){
                .at_ms = moment->received_at_ms,
                .location = moment->report.location,
                .region = moment->region,
                .is_withdrawn = moment->kind == PLEK_MOMENT_WITHDRAWN,
                .party = moment->party,
                .unit = moment->report.unit,
                .since_ms = moment->since_ms,
                .is_distrusted = moment->is_distrusted,
        };
        if (moment->report.kind == PLEK_REPORT_CARD)
                tell_card(moment, event);
        else if (moment->report.kind == PLEK_REPORT_DOOR &&
                 report_to_update(&moment->report, update, &refusal))
                event->door = &update->door;
        else
                return;
        told->n++;
}

static int tell_all(Told *told, const PlekHistory *history)
{
        told->events = calloc(history->n_moments + 1, sizeof(*told->events));
        told->updates = calloc(history->n_moments + 1, sizeof(*told->updates));
        if (!told->events || !told->updates)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < history->n_moments; i++)
                tell(told, &history->moments[i]);
        return 0;
}

/* What stood when the time began comes first, in whatever order it was said. */
static int by_time(const void *a, const void *b)
{
        const StopsEvent *x = a, *y = b;

        if (x->at_ms != y->at_ms)
                return x->at_ms < y->at_ms ? -1 : 1;
        return x->door < y->door ? -1 : x->door > y->door;
}

/* ------------------------------------------------------------------ the answer */

static PlekStopsOf spell(const StopsOf *of)
{
        return (PlekStopsOf){
                .region = of->region ? of->region : "",
                .location = of->location,
                .n_locations = 1,
                .n_begun = of->n_begun,
                .n_stood = of->n_stood,
                .stopped_ms = of->stopped_ms,
                .longest_ms = of->longest_ms,
                .n_standing = of->is_standing,
                .located_ms = of->has_neighbours ? of->stopped_ms : 0,
                .all_stopped_ms = of->all_stopped_ms,
                .n_partly = of->n_partly,
                .partly_ms = of->partly_ms,
                .n_distrusted = of->n_distrusted,
                .distrusted_ms = of->distrusted_ms,
        };
}

static void add_up(PlekStopsOf *region, const PlekStopsOf *of)
{
        region->n_locations++;
        region->n_begun += of->n_begun;
        region->n_stood += of->n_stood;
        region->n_standing += of->n_standing;
        region->stopped_ms += of->stopped_ms;
        region->longest_ms = MAX(region->longest_ms, of->longest_ms);
        region->located_ms += of->located_ms;
        region->all_stopped_ms += of->all_stopped_ms;
        region->n_partly += of->n_partly;
        region->partly_ms += of->partly_ms;
        region->n_distrusted += of->n_distrusted;
        region->distrusted_ms += of->distrusted_ms;
}

/* Lines of locations, by region and then location. */
typedef struct Lines {
        PlekStopsOf *lines;
        size_t n;
} Lines;

static void add_line(Lines *lines, const PlekStopsQuestion *question, const StopsOf *of,
                     const char *region)
{
        if (question->region && strcmp(question->region, region) != 0)
                return;
        for (size_t i = lines->n; i > 0 && lines->lines[i - 1].location == of->location; i--)
                if (!strcmp(lines->lines[i - 1].region, region))
                        return; /* its enrolment names it twice */
        lines->lines[lines->n] = spell(of);
        lines->lines[lines->n++].region = region;
}

/* As was said with the last word about it. */
static const PlekMoment *last_moment(const PlekHistory *history, const char *location)
{
        for (size_t i = history->n_moments; i > 0; i--)
                if (!strcmp(history->moments[i - 1].report.location, location))
                        return &history->moments[i - 1];
        return NULL;
}

static void add_lines(Lines *lines, const PlekStopsQuestion *question, const StopsOf *of,
                      const PlekHistory *history)
{
        const PlekMoment *moment;

        if (!question->scheme) {
                add_line(lines, question, of, of->region ? of->region : "");
                return;
        }
        moment = last_moment(history, of->location);
        for (size_t i = 0; moment && i < moment->n_regions; i++)
                if (!strcmp(moment->regions[i].scheme, question->scheme))
                        add_line(lines, question, of, moment->regions[i].id);
}

static int by_region(const void *a, const void *b)
{
        const PlekStopsOf *x = a, *y = b;
        int order = strcmp(x->region, y->region);

        return order ? order : strcmp(x->location, y->location);
}

static int spell_all(PlekClient *client, const Stops *stops, const PlekStopsQuestion *question,
                     const PlekHistory *history, PlekStops *ret_stops)
{
        size_t n, n_regions = 0, n_each = question->scheme ? LOCATION_REGIONS_MAX : 1;
        PlekStopsOf *regions;
        Lines lines = { 0 };
        const StopsOf *all;

        all = stops_all(stops, &n);
        lines.lines = arena_alloc(client->arena, (n * n_each + 1) * sizeof(*lines.lines));
        if (!lines.lines)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < n; i++)
                add_lines(&lines, question, &all[i], history);
        qsort(lines.lines, lines.n, sizeof(*lines.lines), by_region);

        regions = arena_alloc(client->arena, (lines.n + 1) * sizeof(*regions));
        if (!regions)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < lines.n; i++) {
                const PlekStopsOf *line = &lines.lines[i];

                if (!i || strcmp(line->region, line[-1].region))
                        regions[n_regions++] = (PlekStopsOf){ .region = line->region };
                add_up(&regions[n_regions - 1], line);
        }
        ret_stops->regions = regions;
        ret_stops->n_regions = n_regions;
        ret_stops->locations = lines.lines;
        ret_stops->n_locations = lines.n;
        return 0;
}

int plek_client_stops(PlekClient *client, const PlekStopsQuestion *question, PlekStops *ret_stops,
                      PlekFault *ret_fault)
{
        PlekHistoryQuestion history_question = {
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
        };
        StopsQuestion stops_question = {
                .care = question->care ? question->care : PLEK_CARE_ED,
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
                .rule = { question->rule.n_nearest, question->rule.within_m },
        };
        CLEANUP(told_deinit) Told told = { 0 };
        CLEANUP(stops_freep) Stops *stops = NULL;
        PlekHistory history;
        int r;

        r = plek_client_history(client, &history_question, &history, ret_fault);
        if (!r)
                r = tell_all(&told, &history);
        if (r)
                return r;
        if (told.n)
                qsort(told.events, told.n, sizeof(*told.events), by_time);
        r = stops_count(&stops, told.events, told.n, &stops_question);
        if (r)
                return r;
        *ret_stops = (PlekStops){
                .n_doubtful = history.n_doubtful,
                .is_thinned = history.is_thinned,
                .kept_from_ms = history.kept_from_ms,
        };
        return spell_all(client, stops, question, &history, ret_stops);
}
