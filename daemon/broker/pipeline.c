#include "broker/pipeline.h"

#include "broker/batch.h"
#include "broker/parts.h"
#include "internal/crashpoint.h"

int pipeline_init(Pipeline *pipeline, Broker *broker)
{
        unsigned n_workers = (unsigned)broker->config->workers;
        unsigned counter;
        PoolContexts contexts = round_contexts(&counter);
        Round *round;
        int r;

        *pipeline = (Pipeline){ .broker = broker };
        list_init(&pipeline->free_rounds);
        list_init(&pipeline->queue);

        r = plan_new(&pipeline->batch.plan);
        if (r)
                return err_fold(r);
        for (size_t i = 0; i < N_ROUNDS; i++) {
                r = round_new(&round, n_workers);
                if (r)
                        return err_fold(r);
                list_append(&pipeline->free_rounds, &round->job.link);
        }

        r = pool_new(&pipeline->pool, broker->loop, "verify", n_workers, &contexts);
        if (r)
                return err_fold(r);
        r = worker_new(&pipeline->committer, broker->loop, "commit");
        if (r)
                return err_fold(r);

        pipeline->batch.ledger = broker->ledger;
        pipeline->checkpoint_at_ns = loop_now_ns(broker->loop);
        return 0;
}

static void job_free(Job *job)
{
        Order *order;

        list_unlink(&job->link);
        if (job->is_round) {
                round_free(list_entry(job, Round, job));
        } else {
                order = list_entry(job, Order, job);
                order->free(order);
        }
}

void pipeline_deinit(Pipeline *pipeline)
{
        if (!pipeline->broker)
                return;

        /* Threads first: they still write into what is freed below. */
        pipeline->committer = worker_free(pipeline->committer);
        pipeline->pool = pool_free(pipeline->pool);
        list_for_each (link, &pipeline->queue)
                job_free(list_entry(link, Job, link));
        list_for_each (link, &pipeline->free_rounds)
                job_free(list_entry(link, Job, link));
        batch_deinit(&pipeline->batch);
        *pipeline = (Pipeline){};
}

Round *pipeline_take_round(Pipeline *pipeline)
{
        Round *round;

        if (pipeline->n_unverified >= UNVERIFIED_ROUNDS_MAX ||
            list_is_empty(&pipeline->free_rounds))
                return NULL;

        /* The one that was used last: its pages are warm. */
        round = list_entry(pipeline->free_rounds.previous, Round, job.link);
        list_unlink(&round->job.link);
        return round;
}

void pipeline_return_round(Pipeline *pipeline, Round *round)
{
        round_reset(round);
        list_append(&pipeline->free_rounds, &round->job.link);
}

void pipeline_stop(Pipeline *pipeline)
{
        Endpoint *updates = pipeline->broker->endpoints[ENDPOINT_UPDATES];

        pipeline->is_stopping = true;
        if (updates)
                endpoint_pause(updates);
}

bool pipeline_has_work(const Pipeline *pipeline)
{
        return pipeline->batch.in_flight || pipeline->n_unverified;
}

bool pipeline_is_idle(const Pipeline *pipeline)
{
        return !pipeline->batch.in_flight;
}

/* All consecutive verified rounds that fit one plan. */
static void take_rounds(Pipeline *pipeline)
{
        Batch *batch = &pipeline->batch;
        size_t n_items = 0;

        list_for_each (link, &pipeline->queue) {
                Job *job = list_entry(link, Job, link);
                Round *round;

                if (!job->is_round)
                        return;
                round = list_entry(job, Round, job);
                if (!round->is_verified || n_items + round->n_items > PLAN_ENTRIES_MAX)
                        return;

                n_items += round->n_items;
                list_unlink(&job->link);
                batch->rounds[batch->n_rounds++] = round;
        }
}

static void take_order(Pipeline *pipeline)
{
        Job *job = list_entry(pipeline->queue.next, Job, link);

        list_unlink(&job->link);
        pipeline->n_orders--;
        pipeline->batch.order = list_entry(job, Order, job);
}

static int pipeline_turn(Pipeline *pipeline)
{
        Batch *batch = &pipeline->batch;
        Job *first;
        int r;

        while (!batch->in_flight && !pipeline->is_stopping && !list_is_empty(&pipeline->queue)) {
                first = list_entry(pipeline->queue.next, Job, link);
                if (!first->is_round)
                        take_order(pipeline);
                else
                        take_rounds(pipeline);
                if (!batch->order && !batch->n_rounds)
                        return 0; /* the first round is still being verified */

                r = batch_start(pipeline);
                if (r)
                        return r;
        }
        return 0;
}

/* A round is free again, or one fewer waits to be verified: there may be more in the socket. */
static void resume(Pipeline *pipeline)
{
        if (!pipeline->is_paused || pipeline->is_stopping ||
            pipeline->n_unverified >= UNVERIFIED_ROUNDS_MAX ||
            list_is_empty(&pipeline->free_rounds))
                return;

        pipeline->is_paused = false;
        endpoint_resume(pipeline->broker->endpoints[ENDPOINT_UPDATES]);
}

int pipeline_go_on(Pipeline *pipeline)
{
        int r = pipeline_turn(pipeline);

        resume(pipeline);
        return r;
}

static int on_round_verified(void *arg)
{
        Round *round = arg;
        Pipeline *pipeline = round->pipeline;

        round->is_verified = true;
        pipeline->n_unverified--;
        pipeline->n_progress++;
        return pipeline_go_on(pipeline);
}

int pipeline_submit_round(Pipeline *pipeline, Round *round)
{
        Counters *counters = &pipeline->broker->counters;
        bool is_quiet = !pipeline->batch.in_flight && list_is_empty(&pipeline->queue);

        crash_point("after-receive");
        counters->n_rounds++;
        list_append(&pipeline->queue, &round->job.link);

        /* A hand-off to the pool costs more than verifying a few here. */
        if (is_quiet && round->n_items <= INLINE_ITEMS_MAX) {
                counters->n_rounds_inline++;
                round_verify(round);
                return pipeline_go_on(pipeline);
        }

        round->pipeline = pipeline;
        round->pool = (PoolRound){
                .items = round->items,
                .n_items = round->n_items,
                .item_size = sizeof(round->items[0]),
                .fn = round_verify_item,
                .done = on_round_verified,
                .arg = round,
        };
        pipeline->n_unverified++;
        pool_run(pipeline->pool, &round->pool);
        return 0;
}

int pipeline_submit_order(Pipeline *pipeline, Order *order)
{
        if (pipeline->n_orders >= ORDERS_MAX)
                return PIPELINE_E_TOO_MANY;

        pipeline->n_orders++;
        list_append(&pipeline->queue, &order->job.link);
        return pipeline_go_on(pipeline);
}

int pipeline_tick(Pipeline *pipeline)
{
        if (pipeline->batch.in_flight || pipeline->is_stopping || !list_is_empty(&pipeline->queue))
                return 0;
        if (health_closed(&pipeline->broker->health) == PLEK_REFUSED_RETRY)
                return batch_start_probe(pipeline);
        return batch_start_checkpoint(pipeline);
}
