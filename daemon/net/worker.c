/*
 * Worker
 *
 * The job's fields change hands with its stage: the loop's thread owns them when IDLE or DONE, the
 * worker's when SUBMITTED or RUNNING.
 */

#include "net/worker.h"

#include <pthread.h>

#include "net/thread.h"

typedef enum Stage { IDLE, SUBMITTED, RUNNING, DONE } Stage;

struct Worker {
        pthread_t thread;
        bool has_thread;
        pthread_mutex_t lock;
        pthread_cond_t has_job;
        bool is_stopping;
        bool is_busy; /* as the loop's thread sees it */
        Stage stage;

        WorkerFn fn;
        WorkerDoneFn done;
        void *arg;
        int result;
        Notifier notifier;
};

static void *worker_thread(void *arg)
{
        Worker *worker = arg;
        int result;

        pthread_mutex_lock(&worker->lock);
        while (!worker->is_stopping) {
                if (worker->stage != SUBMITTED) {
                        pthread_cond_wait(&worker->has_job, &worker->lock);
                        continue;
                }

                worker->stage = RUNNING;
                pthread_mutex_unlock(&worker->lock);
                result = worker->fn(worker->arg);
                pthread_mutex_lock(&worker->lock);

                worker->result = result;
                worker->stage = DONE;
                notifier_signal(&worker->notifier);
        }
        pthread_mutex_unlock(&worker->lock);
        return NULL;
}

static int on_done(void *arg)
{
        Worker *worker = arg;
        bool is_done;

        pthread_mutex_lock(&worker->lock);
        is_done = worker->stage == DONE;
        if (is_done)
                worker->stage = IDLE;
        pthread_mutex_unlock(&worker->lock);

        if (!is_done)
                return 0;

        worker->is_busy = false;
        return worker->done(worker->arg, worker->result);
}

int worker_new(Worker **ret_worker, Loop *loop, const char *name)
{
        CLEANUP(worker_freep) Worker *worker = NULL;
        int r;

        worker = calloc(1, sizeof(*worker));
        if (!worker)
                return err_raise(-ENOMEM);

        pthread_mutex_init(&worker->lock, NULL);
        pthread_cond_init(&worker->has_job, NULL);
        worker->notifier = NOTIFIER_NULL;

        r = notifier_init(&worker->notifier, loop, on_done, worker);
        if (!r)
                r = thread_start(&worker->thread, name, worker_thread, worker);
        if (r)
                return r;

        worker->has_thread = true;
        *ret_worker = STEAL(worker);
        return 0;
}

Worker *worker_free(Worker *worker)
{
        if (!worker)
                return NULL;

        if (worker->has_thread) {
                pthread_mutex_lock(&worker->lock);
                worker->is_stopping = true;
                pthread_cond_signal(&worker->has_job);
                pthread_mutex_unlock(&worker->lock);
                pthread_join(worker->thread, NULL);
        }

        notifier_deinit(&worker->notifier);
        pthread_cond_destroy(&worker->has_job);
        pthread_mutex_destroy(&worker->lock);
        free(worker);
        return NULL;
}

void worker_submit(Worker *worker, WorkerFn fn, WorkerDoneFn done, void *arg)
{
        assert(!worker->is_busy);

        worker->is_busy = true;
        pthread_mutex_lock(&worker->lock);
        worker->fn = fn;
        worker->done = done;
        worker->arg = arg;
        worker->stage = SUBMITTED;
        pthread_cond_signal(&worker->has_job);
        pthread_mutex_unlock(&worker->lock);
}

bool worker_is_busy(const Worker *worker)
{
        return worker->is_busy;
}
