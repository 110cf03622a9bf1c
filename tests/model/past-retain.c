#include "past-world.h"
#include "store/retain.h"
#include "store/verify.h"

/* ------------------------------------------------------------------ thinning */

/* At the end of each step of the resolution the picture is what it was; of doors, always. */
static void look_at_thinned(Model *model, int64_t resolution_ms, uint64_t thinned_to)
{
        State *state = world_new_state(0);
        Change change = CHANGE_NULL;
        const PastFilter all = { 0 }, doors = { .doors_only = true };
        const LedgerEntry *ledger = model->world.ledger;
        size_t n_steps = 0, n_between = 0;

        for (size_t at = 0; at < model->world.n_ledger; at++) {
                bool ends_step = at + 1 == model->world.n_ledger ||
                                 ledger[at].time_ms / resolution_ms !=
                                         ledger[at + 1].time_ms / resolution_ms;

                must(state_apply(state, &ledger[at], &change));
                if (!ends_step && chance_below(&model->chance, 1000))
                        continue;
                for (size_t f = 0; f < 2; f++) {
                        CLEANUP(past_freep) Past *past = NULL;

                        if (!f && !ends_step && at < thinned_to)
                                continue; /* numbers are not kept at this moment */
                        must(past_open(&past, model->ledger, at + 1, at + 1, f ? &doors : &all));
                        pictures_compare(state, past_state(past), f ? &doors : &all);
                }
                n_steps += ends_step;
                n_between += !ends_step;
        }
        assert(n_steps > 10 && n_between > 10);
        change_deinit(&change);
        state_free(state);
}

/* Until nothing is to go any more; returns why. */
static int retain(Model *model, const RetainPolicy *policy, int64_t now_ms,
                  size_t n_entries[RETAIN_SWEEP + 1])
{
        for (;;) {
                CLEANUP(retain_freep) RetainStep *step = NULL;
                bool more = true;
                int r = retain_make(&step, model->ledger, policy, now_ms);

                if (r == RETAIN_E_NOTHING || r == RETAIN_E_OVER)
                        return r;
                must(r);
                while (more && !chance_percent(&model->chance, 10)) /* or it is killed, halfway */
                        must(retain_put(step, model->ledger, &more));
                n_entries[retain_kind(step)] += more ? 0 : retain_n_entries(step);
        }
}

static void verify(Model *model, size_t n_thinned, uint64_t cut)
{
        static const VerifyOptions options;
        static VerifyReport report;
        LedgerOptions reopen = { .directory = model->directory };
        const char *text = "";

        ledger_close(model->ledger);
        must(ledger_verify(model->directory, &options, &report, &text));
        for (size_t i = 0; i < report.n_findings && i < VERIFY_FINDINGS_MAX; i++)
                fprintf(stderr, "%s\n", report.findings[i].text);
        assert(!report.n_findings && report.checkpoint_compared);
        assert(report.n_thinned >= n_thinned && report.cut_revision == cut && !report.n_unswept);
        assert(cut ? report.n_entries < model->world.n_ledger
                   : report.n_entries == model->world.n_ledger);
        must(ledger_open(&model->ledger, &reopen, &text));
}

/* The world's whole life takes some six minutes: its age is told to the one who thins. */
int64_t model_grow_old(Model *model)
{
        const RetainPolicy policy = { .full_ms = RETAIN_YOUNGEST_MS, .resolution_ms = 7000 };
        int64_t end_ms = model->world.now_ms - 60 * 1000;
        size_t n_entries[RETAIN_SWEEP + 1] = { 0 };
        uint64_t thinned_to;

        model_checkpoint(model);
        assert(retain(model, &policy, end_ms + RETAIN_YOUNGEST_MS, n_entries) == RETAIN_E_NOTHING);
        must(past_revision_at(model->ledger, end_ms, &thinned_to));
        printf("%zu thinned\n", n_entries[RETAIN_THIN]);
        assert(n_entries[RETAIN_THIN] > model->world.n_ledger / 4);
        look_at_thinned(model, policy.resolution_ms, thinned_to);
        verify(model, n_entries[RETAIN_THIN], 0);
        return end_ms;
}

/* ------------------------------------------------------------------ cutting */

/* From the cut on the picture is what it was; what was before is not kept, and said not to be. */
static void look_at_cut(Model *model, uint64_t cut, uint64_t thinned_to)
{
        State *state = world_new_state(0);
        Change change = CHANGE_NULL;
        const LedgerEntry *ledger = model->world.ledger;
        size_t n_kept = 0, n_gone = 0;

        for (size_t at = 0; at < model->world.n_ledger; at++) {
                CLEANUP(past_freep) Past *past = NULL;
                uint64_t revision;
                int r;

                must(state_apply(state, &ledger[at], &change));
                if (at + 1 != cut && chance_below(&model->chance, 500))
                        continue;
                r = past_open(&past, model->ledger, at + 1, at + 1, NULL);
                assert((r == PAST_E_CUT) == (at + 1 < cut));
                r = past_revision_at(model->ledger, ledger[at].time_ms, &revision);
                assert((r == PAST_E_CUT) == (ledger[at].time_ms < ledger[cut - 1].time_ms));
                n_gone += at + 1 < cut;
                if (at + 1 < cut || (at + 1 > cut && at + 1 <= thinned_to))
                        continue;
                pictures_compare(state, past_state(past), &(PastFilter){ 0 });
                n_kept++;
        }
        assert(n_gone && n_kept);
        change_deinit(&change);
        state_free(state);
}

static uint64_t cut_revision(Model *model)
{
        uint64_t revision;
        int64_t time_ms;

        must(past_begin(model->ledger, &revision, &time_ms));
        return revision;
}

/* By age, into what is thinned and past it; then by size, as far as it goes. */
void model_grow_older(Model *model, int64_t end_ms)
{
        RetainPolicy policy = { .resolution_ms = 7000,
                                .past_ms = 90 * 1000,
                                .key = model->world.broker,
                                .network = model->world.network };
        size_t n_entries[RETAIN_SWEEP + 1] = { 0 };
        uint64_t thinned_to, before = 0;

        must(past_revision_at(model->ledger, end_ms, &thinned_to));
        for (unsigned i = 1; i <= 3; i++) {
                int64_t start_ms = model->world.ledger[0].time_ms;
                int64_t to_ms = start_ms + (end_ms + 30 * 1000 - start_ms) * i / 3;

                assert(retain(model, &policy, to_ms + policy.past_ms, n_entries) ==
                       RETAIN_E_NOTHING);
                assert(cut_revision(model) > before);
                before = cut_revision(model);
                look_at_cut(model, before, thinned_to);
                verify(model, 0, before);
        }
        assert(before > thinned_to);

        policy.past_ms = 0;
        policy.n_bytes_max = 4096;
        assert(retain(model, &policy, model->world.now_ms, n_entries) == RETAIN_E_OVER);
        assert(cut_revision(model) == model->world.n_ledger);
        verify(model, 0, model->world.n_ledger);
        printf("%zu cut off\n", n_entries[RETAIN_SWEEP]);
        assert(n_entries[RETAIN_SWEEP] > 0);
        ledger_close(model->ledger);
}
