#include "broker/batch.h"

#include <sched.h>

#include "broker/apply.h"
#include "broker/parts.h"
#include "internal/crashpoint.h"

enum {
        NUMBER_SHIFT = 10, /* a candidate's number is its round's and its own */
        CHECKPOINT_ROWS = 32768,
};

static_assert(ROUND_ITEMS_MAX <= 1 << NUMBER_SHIFT, "an item's number fits");

static Item *item_of(const Batch *batch, size_t number)
{
        return &batch->rounds[number >> NUMBER_SHIFT]->items[number & ((1 << NUMBER_SHIFT) - 1)];
}

/* ------------------------------------------------------------------ admission */

static void plan_rounds(Broker *broker, Batch *batch)
{
        for (size_t i = 0; i < batch->n_rounds; i++) {
                Round *round = batch->rounds[i];

                for (size_t j = 0; j < round->n_items; j++) {
                        Item *item = &round->items[j];

                        if (!item->drop)
                                admission_plan(broker->state, &broker->admission, batch->plan,
                                               &item->candidate, i << NUMBER_SHIFT | j,
                                               batch->time_ms);
                }
        }
}

static bool checkpoint_is_due(const Pipeline *pipeline)
{
        const Broker *broker = pipeline->broker;
        size_t n_dirty = state_n_dirty(broker->state);

        if (!n_dirty || health_closed(&broker->health) == PLEK_REFUSED_RETRY)
                return false;
        return n_dirty >= CHECKPOINT_ROWS ||
               loop_now_ns(broker->loop) - pipeline->checkpoint_at_ns >=
                       (int64_t)broker->config->checkpoint_ms * 1000000;
}

/* Without one the commit goes all the same: rows may lag. */
static void take_checkpoint(Pipeline *pipeline)
{
        Batch *batch = &pipeline->batch;

        if (state_checkpoint(pipeline->broker->state, &batch->checkpoint))
                batch->checkpoint = NULL;
        pipeline->checkpoint_at_ns = loop_now_ns(pipeline->broker->loop);
}

/* ------------------------------------------------------------------ outcomes */

static void tell_dropped(Broker *broker, Batch *batch)
{
        for (size_t i = 0; i < batch->n_rounds; i++) {
                Round *round = batch->rounds[i];

                for (size_t j = 0; j < round->n_items; j++) {
                        Item *item = &round->items[j];

                        item->sender->n_in_pipeline--;
                        if (item->drop)
                                ingress_drop(broker, item->sender, item->drop);
                }
        }
}

static void tell_outcome(Broker *broker, Batch *batch, const PlanOutcome *planned,
                         const WireRefusal *failure)
{
        const WireRefusal *refusal = failure ? failure : &planned->refusal;
        Item *item = item_of(batch, planned->candidate);
        Activity *activity = item->sender->activity;
        Outcome outcome = { .seq = planned->seq };

        if (refusal->code) {
                outcome.refusal = (Refusal){ refusal->code, refusal->field, refusal->text };
                broker->counters.n_refused[MIN(refusal->code, N_REFUSALS - 1)]++;
                activity->n_refused++;
        } else if (planned->revision) {
                outcome.revision = planned->revision;
                broker->counters.n_repeated++;
        } else {
                outcome.revision = batch->plan->base_revision + 1 + planned->entry;
                broker->counters.n_accepted++;
                activity->n_accepted++;
        }

        receipts_add(&broker->receipts, item->sender, planned->party, planned->instance, &outcome,
                     failure ? state_floor(broker->state, planned->party) : planned->floor);
}

/* Something was published, and nobody else waits. */
static bool is_quiet(const Pipeline *pipeline, uint32_t refused)
{
        const Plan *plan = pipeline->batch.plan;

        return !refused && plan->n_entries && plan->n_outcomes <= INLINE_ITEMS_MAX &&
               list_is_empty(&pipeline->queue);
}

/* @refused: nothing was appended, and whatever rested on it falls with it. */
static int batch_finish(Pipeline *pipeline, uint32_t refused)
{
        Broker *broker = pipeline->broker;
        Batch *batch = &pipeline->batch;
        WireRefusal failure = {
                .code = refused,
                .text = "the broker cannot write at the moment; keep it and send it again",
        };
        Order *order = batch->order;
        int r = 0;

        tell_dropped(broker, batch);
        if (!order)
                for (size_t i = 0; i < batch->plan->n_outcomes; i++)
                        tell_outcome(broker, batch, &batch->plan->outcomes[i],
                                     refused ? &failure : NULL);

        for (size_t i = 0; i < batch->n_rounds; i++)
                pipeline_return_round(pipeline, batch->rounds[i]);
        batch->n_rounds = 0;
        batch->order = NULL;

        if (order) {
                r = order->done(broker, order, refused ? 0 : state_revision(broker->state),
                                refused);
                order->free(order);
        }

        crash_point("before-receipt");
        if (r || !is_quiet(pipeline, refused))
                return r ? r : receipts_flush(&broker->receipts);
        receipts_flush_soon(&broker->receipts);
        return 0;
}

/* ------------------------------------------------------------------ the commit */

/* The past's rows are made again if there was no room for them. */
static int commit(void *arg)
{
        Batch *batch = &((Pipeline *)arg)->batch;
        int r;

        r = ledger_append(batch->ledger, batch->plan, batch->time_ms, batch->checkpoint);
        if (!r && batch->archive && archive_put(batch->ledger, batch->archive) == LEDGER_E_BROKEN)
                return LEDGER_E_BROKEN;
        if (!r && batch->retain) {
                batch->retain_result =
                        retain_put(batch->retain, batch->ledger, &batch->retain_has_more);
                if (batch->retain_result == LEDGER_E_BROKEN)
                        return LEDGER_E_BROKEN;
        }
        return r;
}

static void checkpoint_ended(Pipeline *pipeline, int result)
{
        Batch *batch = &pipeline->batch;

        if (batch->checkpoint && result)
                state_checkpoint_failed(pipeline->broker->state, STEAL(batch->checkpoint));
        batch->checkpoint = checkpoint_free(batch->checkpoint);
}

static int on_committed(void *arg, int result)
{
        Pipeline *pipeline = arg;
        Broker *broker = pipeline->broker;
        int r;

        pipeline->batch.in_flight = false;
        pipeline->n_progress++;
        checkpoint_ended(pipeline, result);
        if (pipeline->batch.archive) {
                pipeline->batch.archive = checkpoint_free(pipeline->batch.archive);
                r = past_desk_tick(&broker->past);
                if (r)
                        return r;
        }

        if (pipeline->batch.retain) {
                pipeline->batch.retain = NULL;
                r = past_desk_stepped(&broker->past,
                                      result ? result : pipeline->batch.retain_result,
                                      pipeline->batch.retain_has_more);
                if (r)
                        return r;
        }

        switch (result) {
        case LEDGER_OK:
                broker->counters.n_batches++;
                health_disk_wrote(&broker->health);
                r = apply_committed(broker);
                r = r ? r : batch_finish(pipeline, 0);
                break;
        case LEDGER_E_CONFLICT:
                r = apply_committed(broker);
                r = r ? r : batch_start(pipeline);
                break;
        case LEDGER_E_FULL:
                broker->counters.n_failed_appends++;
                health_disk_full(&broker->health);
                r = batch_finish(pipeline, PLEK_REFUSED_RETRY);
                break;
        case LEDGER_E_BROKEN:
                log_error("the disk failed while there is room on it: %s; what is on it is read "
                          "anew at the next start",
                          broker->config->directory);
                loop_stop(broker->loop, EXIT_STORE_BROKEN);
                return 0;
        default:
                return err_fold(result);
        }
        r = r ? r : pipeline_go_on(pipeline);
        /* What the past has to write goes on when nobody else has anything. */
        return r || !past_desk_has_writes(&broker->past) ? r : pipeline_tick(pipeline);
}

/* The update of a commit that has no other entry, which a quiet one is. */
static const Update *only_update(const Batch *batch)
{
        const Plan *plan = batch->plan;

        if (batch->order || plan->n_entries != 1)
                return NULL;
        for (size_t i = 0; i < plan->n_outcomes; i++)
                if (plan->outcomes[i].entry == 0)
                        return item_of(batch, plan->outcomes[i].candidate)->candidate.update;
        return NULL;
}

/* What is known before it is durable is signed while the disk syncs. */
static void sign_ahead(Broker *broker, const Batch *batch)
{
        const Update *update = only_update(batch);

        head_sign_ahead(broker, batch->plan, batch->time_ms);
        if (update)
                publisher_seal_ahead(&broker->publisher, update, batch->plan->entries[0].bytes);
}

static void submit(Pipeline *pipeline)
{
        pipeline->batch.in_flight = true;
        pipeline->batch.archive = past_desk_take_rows(&pipeline->broker->past);
        pipeline->batch.retain = past_desk_step(&pipeline->broker->past);
        pipeline->batch.submitted_ns = loop_clock_ns();
        worker_submit(pipeline->committer, commit, on_committed, pipeline);
        /* On a virtual machine it is often woken on this processor, and would wait for the signatures
         * that are made while it waits for the disk. */
        sched_yield();
        sign_ahead(pipeline->broker, &pipeline->batch);
}

static int start_order(Pipeline *pipeline)
{
        Broker *broker = pipeline->broker;
        Batch *batch = &pipeline->batch;
        Order *order = batch->order;
        uint32_t closed = broker->admission.closed;
        int r;

        if (closed == PLEK_REFUSED_RETRY)
                return batch_finish(pipeline, closed);

        r = order->plan(broker, order, batch->plan);
        if (r == ORDER_E_ANSWERED) {
                batch->order = NULL;
                order->free(order);
                return 0;
        }
        if (r)
                return err_fold(r);
        submit(pipeline);
        return 0;
}

int batch_start(Pipeline *pipeline)
{
        Broker *broker = pipeline->broker;
        Batch *batch = &pipeline->batch;

        broker_update_clock(broker);
        broker->admission.closed = health_closed(&broker->health);
        batch->time_ms = broker_clock_now_ms(&broker->clock);
        plan_reset(batch->plan, state_revision(broker->state));

        if (batch->order)
                return start_order(pipeline);

        plan_rounds(broker, batch);
        if (!batch->plan->n_entries)
                return batch_finish(pipeline, 0);
        if (checkpoint_is_due(pipeline))
                take_checkpoint(pipeline);
        submit(pipeline);
        return 0;
}

int batch_start_checkpoint(Pipeline *pipeline)
{
        Batch *batch = &pipeline->batch;

        if (checkpoint_is_due(pipeline))
                take_checkpoint(pipeline);
        if (!batch->checkpoint && !past_desk_has_writes(&pipeline->broker->past))
                return 0;

        batch->time_ms = broker_clock_now_ms(&pipeline->broker->clock);
        plan_reset(batch->plan, state_revision(pipeline->broker->state));
        submit(pipeline);
        return 0;
}

static int probe(void *arg)
{
        Batch *batch = &((Pipeline *)arg)->batch;

        return ledger_probe(batch->ledger, BATCH_BYTES);
}

int batch_start_probe(Pipeline *pipeline)
{
        plan_reset(pipeline->batch.plan, state_revision(pipeline->broker->state));
        pipeline->batch.in_flight = true;
        worker_submit(pipeline->committer, probe, on_committed, pipeline);
        return 0;
}

void pipeline_write_last_checkpoint(Pipeline *pipeline)
{
        Batch *batch = &pipeline->batch;
        int r;

        if (!state_n_dirty(pipeline->broker->state))
                return;
        take_checkpoint(pipeline);
        if (!batch->checkpoint)
                return;

        batch->time_ms = broker_clock_now_ms(&pipeline->broker->clock);
        plan_reset(batch->plan, state_revision(pipeline->broker->state));
        r = commit(pipeline);
        checkpoint_ended(pipeline, r);
        if (r)
                log_warning("the last checkpoint could not be written; the next start takes "
                            "longer");
}

void batch_deinit(Batch *batch)
{
        for (size_t i = 0; i < batch->n_rounds; i++)
                round_free(batch->rounds[i]);
        if (batch->order)
                batch->order->free(batch->order);
        plan_free(batch->plan);
        checkpoint_free(batch->checkpoint);
        checkpoint_free(batch->archive);
        *batch = (Batch){};
}
