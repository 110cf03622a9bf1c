#include <string.h>

#include "broker/parts.h"
#include "broker/past.h"

/*
 * When nobody asks about the past: rows that make asking quick, and what is to go of it
 *
 * The thread finds out what is due, the commit thread puts it, a little with each commit.
 */

/* So often it is looked at again what has grown old, though nothing was said. */
#define LOOK_EVERY_NS (INT64_C(10) * 1000000000)

/* In the thread. What is old enough goes when nothing else is to be made. */
static int make_rows(void *arg)
{
        PastDesk *desk = arg;
        Ledger *ledger = desk->broker->ledger;
        int r;

        desk->retain_result = RETAIN_OK;
        r = archive_make(ledger, &desk->made);
        if (r != ARCHIVE_E_NOTHING || desk->step)
                return r;
        r = retain_make(&desk->step_made, ledger, &desk->policy, desk->policy_at_ms);
        if (r < 0 || r == RETAIN_OK)
                return r;
        desk->retain_result = r;
        return ARCHIVE_E_NOTHING;
}

/* Loudly, but once. */
static void note_size(PastDesk *desk)
{
        bool was_over = desk->is_over;

        if (desk->retain_result == RETAIN_OK)
                return; /* it was not asked, or something goes */
        desk->is_over = desk->retain_result == RETAIN_E_OVER;
        if (desk->is_over && !was_over)
                log_warning("%s", past_over_sentence());
}

const char *past_over_sentence(void)
{
        return "the database uses more than keep-bytes, and all of the past that may go is gone: "
               "what is left is the picture itself. Raise keep-bytes, and see that the disk has "
               "room";
}

static int on_rows(void *arg, int result)
{
        PastDesk *desk = arg;

        note_size(desk);
        if (!result) {
                desk->rows = STEAL(desk->made);
                if (desk->step_made)
                        desk->step = STEAL(desk->step_made);
                desk->archived_at = 0; /* there may be more */
                return pipeline_tick(&desk->broker->pipeline);
        } else if (result < 0 && !desk->archive_has_failed) {
                desk->archive_has_failed = true;
                log_warning("the past cannot be indexed (%s); questions about it take longer, and "
                            "nothing of it goes",
                            strerror(-result));
        }
        return past_desk_tick(desk);
}

static bool is_wanted(const PastDesk *desk)
{
        const Broker *broker = desk->broker;

        return broker->ledger && !desk->rows && !desk->step && !desk->archive_has_failed &&
               ledger_is_writable(broker->ledger) &&
               (desk->archived_at != state_revision(broker->state) ||
                loop_now_ns(broker->loop) - desk->archived_at_ns >= LOOK_EVERY_NS);
}

static void take_policy(PastDesk *desk)
{
        const Broker *broker = desk->broker;
        const Config *config = broker->config;

        desk->policy = (RetainPolicy){
                .full_ms = (int64_t)config->keep_full_ms,
                .resolution_ms = (int64_t)config->keep_resolution_ms,
                .past_ms = (int64_t)config->keep_past_ms,
                .n_bytes_max = config->keep_bytes,
                .key = broker->key,
                .network = broker->network,
        };
        desk->policy_at_ms = broker_clock_now_ms(&broker->clock);
}

void past_desk_look_after(PastDesk *desk)
{
        if (!is_wanted(desk))
                return;
        desk->archived_at = state_revision(desk->broker->state);
        desk->archived_at_ns = loop_now_ns(desk->broker->loop);
        take_policy(desk);
        worker_submit(desk->worker, make_rows, on_rows, desk);
}

/* ------------------------------------------------------------------ for the commit thread */

bool past_desk_has_writes(const PastDesk *desk)
{
        return desk->rows || desk->step;
}

RetainStep *past_desk_step(PastDesk *desk)
{
        return desk->step;
}

int past_desk_stepped(PastDesk *desk, int result, bool more)
{
        if (!result && more)
                return 0;
        if (!result && retain_kind(desk->step) == RETAIN_THIN)
                desk->n_thinned += retain_n_entries(desk->step);
        else if (!result)
                desk->n_deleted += retain_n_entries(desk->step);
        desk->step = retain_free(desk->step); /* what failed is worked out again */
        return past_desk_tick(desk);
}

Checkpoint *past_desk_take_rows(PastDesk *desk)
{
        return STEAL(desk->rows);
}
