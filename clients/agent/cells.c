#include "cells.h"

#include <sodium.h>
#include <string.h>

#include "wire/update.h"

void cells_deinit(Cells *cells)
{
        Cell *cell, *next;

        HASH_ITER (hh, cells->all, cell, next) {
                HASH_DEL(cells->all, cell);
                free(cell);
        }
}

/* ------------------------------------------------------------------ counting */

typedef struct CellNumbers {
        uint32_t kind, status, audience, care, from, to, reason;
        int32_t count; /* of a refusal: each is one of its own */
        int64_t from_ms, until_ms;
} CellNumbers;

static CellNumbers numbers_of(const PlekReport *report)
{
        bool is_flow = report->kind == PLEK_REPORT_FLOW;
        const PlekFlow *flow = &report->flow;
        const PlekCareRefusal *refusal = &report->refusal;
        CellNumbers numbers;

        memset(&numbers, 0, sizeof(numbers)); /* compared as bytes */
        numbers.kind = report->kind;
        numbers.status = report->status;
        numbers.audience = report->audience;
        numbers.care = is_flow ? flow->care : refusal->care;
        numbers.from = is_flow ? flow->from : refusal->from;
        numbers.to = is_flow ? flow->to : 0;
        numbers.reason = is_flow ? 0 : refusal->reason;
        numbers.count = is_flow ? 0 : refusal->count;
        numbers.from_ms = is_flow ? flow->from_ms : refusal->at_ms;
        numbers.until_ms = is_flow ? flow->until_ms : refusal->at_ms;
        return numbers;
}

/* Absent is not empty, but no name is empty. */
static const char *keep_text(char *text, size_t *at, const char *from)
{
        char *kept = text + *at;
        size_t n = from ? strlen(from) + 1 : 1;

        memcpy(kept, from ? from : "", n);
        *at += n;
        return from ? kept : NULL;
}

static size_t text_bytes(const char *text)
{
        return text ? strlen(text) + 1 : 1;
}

static Cell *cell_new(const MappedReport *mapped, const PlekReport *report, unsigned long line)
{
        const char *other = report->kind == PLEK_REPORT_FLOW ? report->flow.other : NULL;
        CellNumbers numbers = numbers_of(report);
        size_t n_text = sizeof(numbers) + text_bytes(report->location) + text_bytes(report->unit) +
                        text_bytes(other) + text_bytes(report->definition);
        Cell *cell = malloc(sizeof(*cell) + n_text);
        size_t at = sizeof(numbers);

        if (!cell)
                return NULL;
        *cell = (Cell){ .mapped = mapped, .line = line, .report = *report, .n_text = n_text };
        memcpy(cell->text, &numbers, sizeof(numbers));
        cell->report.location = keep_text(cell->text, &at, report->location);
        cell->report.unit = keep_text(cell->text, &at, report->unit);
        other = keep_text(cell->text, &at, other);
        if (report->kind == PLEK_REPORT_FLOW)
                cell->report.flow.other = other;
        cell->report.definition = keep_text(cell->text, &at, report->definition);
        return cell;
}

int cells_add(Cells *cells, const MappedReport *mapped, const PlekReport *report,
              unsigned long line)
{
        bool is_flow = report->kind == PLEK_REPORT_FLOW;
        Cell *cell = cell_new(mapped, report, line), *known;

        if (!cell)
                return err_raise(-ENOMEM);
        HASH_FIND(hh, cells->all, cell->text, cell->n_text, known);
        if (known) {
                free(cell);
                cell = known;
        } else {
                HASH_ADD(hh, cells->all, text, cell->n_text, cell);
                if (!cell->hh.tbl) {
                        free(cell);
                        return err_raise(-ENOMEM);
                }
        }
        cell->n_rows++;
        cell->count += is_flow ? report->flow.count : report->refusal.count;
        cell->is_withheld |= is_flow && !report->flow.has_count;
        return 0;
}

/* ------------------------------------------------------------------ telling */

static int tell_flow(const Cell *cell, CellsFn tell, void *arg)
{
        PlekReport report = cell->report;
        PlekFlow *flow = &report.flow;

        flow->has_count = !cell->is_withheld;
        flow->count = flow->has_count ? (int32_t)MIN(cell->count, (int64_t)INT32_MAX) : 0;
        if (flow->has_count && count_is_small(flow->count))
                report.audience = PLEK_AUDIENCE_COORD;
        return tell(arg, cell, &report);
}

static int tell_refusals(const Cell *cell, CellsFn tell, void *arg)
{
        PlekReport report = cell->report;
        crypto_generichash_state state;
        int r = 0;

        for (uint64_t n = 0; !r && n < cell->n_rows; n++) {
                crypto_generichash_init(&state, NULL, 0, sizeof(report.refusal.id));
                crypto_generichash_update(&state, (const uint8_t *)cell->text, cell->n_text);
                crypto_generichash_update(&state, (const uint8_t *)&n, sizeof(n));
                crypto_generichash_final(&state, report.refusal.id, sizeof(report.refusal.id));
                r = tell(arg, cell, &report);
        }
        return r;
}

static bool is_to_be_told(const Cell *cell, int64_t now_ms, int64_t complete_after_ms,
                          CellsLeft *left)
{
        bool is_flow = cell->report.kind == PLEK_REPORT_FLOW;
        int64_t over_ms = is_flow ? cell->report.flow.until_ms : cell->report.refusal.at_ms;
        int64_t due_ms = over_ms + (is_flow ? complete_after_ms : 0);

        if (over_ms < now_ms - EVENTS_LATE_MAX_MS) {
                left->n_too_old++;
                return false;
        }
        if (due_ms <= now_ms)
                return true;
        left->n_to_come++;
        left->next_at_ms = MIN(left->next_at_ms, due_ms);
        return false;
}

int cells_tell(const Cells *cells, int64_t now_ms, int64_t complete_after_ms, CellsFn tell,
               void *arg, CellsLeft *ret_left)
{
        CellsLeft left = { .next_at_ms = INT64_MAX };
        Cell *cell, *next;
        int r = 0;

        HASH_ITER (hh, cells->all, cell, next) {
                if (!is_to_be_told(cell, now_ms, complete_after_ms, &left))
                        continue;
                r = cell->report.kind == PLEK_REPORT_FLOW ? tell_flow(cell, tell, arg)
                                                          : tell_refusals(cell, tell, arg);
                if (r)
                        return r;
        }
        *ret_left = left;
        return 0;
}
