/*
 * Pool
 *
 * A thread picks the first round that has unclaimed items, under the lock, and says that it is at
 * work on it; then it claims chunks with an atomic add until there are none, and leaves under the
 * lock. A round is finished when it is all claimed and nobody is at work on it: not when the last
 * item is done, since a thread that comes too late still looks at the round's counter, and the
 * round is its owner's to free as soon as it was reported.
 *
 * Two locks a thread and round; nothing a message but the function itself.
 */

#include "net/pool.h"

#include <pthread.h>
#include <stdio.h>

#include "net/thread.h"

typedef struct PoolThread {
        Pool *pool;
        pthread_t thread;
        void *context;
} PoolThread;

struct Pool {
        pthread_mutex_t lock;
        pthread_cond_t has_work;
        bool is_stopping;
        ListLink rounds; /* submitted and not reported, in that order */
        size_t n_rounds;

        Notifier notifier;
        void (*free_context)(void *context);
        unsigned n_threads;
        PoolThread threads[];
};

static bool round_is_claimed(PoolRound *round)
{
        return atomic_load_explicit(&round->n_claimed, memory_order_relaxed) >= round->n_items;
}

static PoolRound *next_round(Pool *pool)
{
        list_for_each (link, &pool->rounds) {
                PoolRound *round = list_entry(link, PoolRound, link);

                if (!round_is_claimed(round))
                        return round;
        }
        return NULL;
}

static void work_on(PoolRound *round, void *context)
{
        size_t first;

        for (;;) {
                first = atomic_fetch_add_explicit(&round->n_claimed, POOL_CHUNK,
                                                  memory_order_relaxed);
                if (first >= round->n_items)
                        return;

                for (size_t i = first; i < MIN(first + POOL_CHUNK, round->n_items); i++)
                        round->fn((char *)round->items + i * round->item_size, context, round->arg);
        }
}

static void *pool_thread(void *arg)
{
        PoolThread *thread = arg;
        Pool *pool = thread->pool;
        PoolRound *round;

        pthread_mutex_lock(&pool->lock);
        while (!pool->is_stopping) {
                round = next_round(pool);
                if (!round) {
                        pthread_cond_wait(&pool->has_work, &pool->lock);
                        continue;
                }

                round->n_threads++;
                pthread_mutex_unlock(&pool->lock);
                work_on(round, thread->context);
                pthread_mutex_lock(&pool->lock);

                if (--round->n_threads == 0) {
                        round->is_finished = true;
                        notifier_signal(&pool->notifier);
                }
        }
        pthread_mutex_unlock(&pool->lock);
        return NULL;
}

/* The first round, taken off the list, if it is finished. */
static PoolRound *take_finished(Pool *pool)
{
        PoolRound *round = NULL;

        pthread_mutex_lock(&pool->lock);
        if (!list_is_empty(&pool->rounds)) {
                round = list_entry(pool->rounds.next, PoolRound, link);
                if (round->is_finished) {
                        list_unlink(&round->link);
                        pool->n_rounds--;
                } else {
                        round = NULL;
                }
        }
        pthread_mutex_unlock(&pool->lock);
        return round;
}

static int on_finished(void *arg)
{
        Pool *pool = arg;
        PoolRound *round;
        int r;

        while ((round = take_finished(pool))) {
                r = round->done(round->arg);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int start_thread(Pool *pool, const char *name, const PoolContexts *contexts)
{
        PoolThread *thread = &pool->threads[pool->n_threads];
        char thread_name[16];
        void *context = NULL;
        int r;

        if (contexts && contexts->make) {
                r = contexts->make(&context, contexts->arg);
                if (r)
                        return err_fold(r);
        }

        snprintf(thread_name, sizeof(thread_name), "%s-%u", name, pool->n_threads);
        *thread = (PoolThread){ .pool = pool, .context = context };
        r = thread_start(&thread->thread, thread_name, pool_thread, thread);
        if (r) {
                if (context)
                        contexts->free(context);
                return r;
        }

        pool->n_threads++;
        return 0;
}

int pool_new(Pool **ret_pool, Loop *loop, const char *name, unsigned n_threads,
             const PoolContexts *contexts)
{
        CLEANUP(pool_freep) Pool *pool = NULL;
        int r;

        assert(n_threads > 0 && n_threads <= POOL_THREADS_MAX);

        pool = calloc(1, sizeof(*pool) + n_threads * sizeof(pool->threads[0]));
        if (!pool)
                return err_raise(-ENOMEM);

        pthread_mutex_init(&pool->lock, NULL);
        pthread_cond_init(&pool->has_work, NULL);
        list_init(&pool->rounds);
        pool->notifier = NOTIFIER_NULL;
        pool->free_context = contexts ? contexts->free : NULL;

        r = notifier_init(&pool->notifier, loop, on_finished, pool);
        for (unsigned i = 0; !r && i < n_threads; i++)
                r = start_thread(pool, name, contexts);
        if (r)
                return r;

        *ret_pool = STEAL(pool);
        return 0;
}

Pool *pool_free(Pool *pool)
{
        if (!pool)
                return NULL;

        pthread_mutex_lock(&pool->lock);
        pool->is_stopping = true;
        pthread_cond_broadcast(&pool->has_work);
        pthread_mutex_unlock(&pool->lock);

        for (unsigned i = 0; i < pool->n_threads; i++) {
                pthread_join(pool->threads[i].thread, NULL);
                if (pool->free_context)
                        pool->free_context(pool->threads[i].context);
        }

        list_for_each (link, &pool->rounds)
                list_unlink(link);
        notifier_deinit(&pool->notifier);
        pthread_cond_destroy(&pool->has_work);
        pthread_mutex_destroy(&pool->lock);
        free(pool);
        return NULL;
}

void pool_run(Pool *pool, PoolRound *round)
{
        assert(!list_is_linked(&round->link));

        atomic_init(&round->n_claimed, 0);
        round->n_threads = 0;
        round->is_finished = round->n_items == 0;

        pthread_mutex_lock(&pool->lock);
        list_append(&pool->rounds, &round->link);
        pool->n_rounds++;
        if (round->is_finished)
                notifier_signal(&pool->notifier);
        else if (round->n_items <= POOL_CHUNK)
                pthread_cond_signal(&pool->has_work);
        else
                pthread_cond_broadcast(&pool->has_work);
        pthread_mutex_unlock(&pool->lock);
}

size_t pool_n_outstanding(const Pool *pool)
{
        /* Changed by the loop's thread alone, which is the one that asks. */
        return pool->n_rounds;
}
