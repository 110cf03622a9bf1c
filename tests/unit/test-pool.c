/* The worker pool and the one-job worker: every item once, rounds in order, nobody left waiting */

#include "internal/err.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/pool.h"
#include "net/worker.h"

enum {
        N_ITEMS = 1021, /* not a multiple of the chunk */
        N_ROUNDS = 200,
};

typedef struct Item {
        unsigned number;
        unsigned square;
        unsigned n_visits;
} Item;

typedef struct Fixture {
        Loop *loop;
        Pool *pool;
        unsigned n_reported;
        unsigned n_submitted;
} Fixture;

typedef struct Round {
        PoolRound round;
        Fixture *fixture;
        unsigned number;
        Item items[N_ITEMS];
} Round;

static void square(void *item, void *context, void *arg)
{
        Item *one = item;

        one->square = one->number * one->number;
        one->n_visits++;
}

static void start(Round *round);

static int on_done(void *arg)
{
        Round *round = arg;
        Fixture *fixture = round->fixture;

        assert_int_equal(round->number, fixture->n_reported);
        fixture->n_reported++;
        for (unsigned i = 0; i < round->round.n_items; i++) {
                assert_int_equal(round->items[i].square, i * i);
                assert_int_equal(round->items[i].n_visits, 1);
        }

        /* The round is ours again as soon as it was reported. */
        if (fixture->n_submitted < N_ROUNDS)
                start(round);
        else if (fixture->n_reported == fixture->n_submitted)
                loop_stop(fixture->loop, 0);
        return 0;
}

static void start(Round *round)
{
        Fixture *fixture = round->fixture;
        size_t n_items = fixture->n_submitted % 3 ? N_ITEMS : fixture->n_submitted % 7;

        *round = (Round){ .fixture = fixture, .number = fixture->n_submitted++ };
        for (unsigned i = 0; i < N_ITEMS; i++)
                round->items[i].number = i;
        round->round = (PoolRound){ .items = round->items,
                                    .n_items = n_items,
                                    .item_size = sizeof(Item),
                                    .fn = square,
                                    .done = on_done,
                                    .arg = round };
        pool_run(fixture->pool, &round->round);
}

static void test_every_item_is_done_once_and_rounds_are_reported_in_order(void **state)
{
        CLEANUP(loop_freep) Loop *loop = NULL;
        CLEANUP(pool_freep) Pool *pool = NULL;
        CLEANUP(freep) Round *rounds = calloc(2, sizeof(*rounds));
        Fixture fixture = {};

        assert_non_null(rounds);
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(pool_new(&pool, loop, "test", 3, NULL), 0);
        fixture = (Fixture){ .loop = loop, .pool = pool };

        for (unsigned i = 0; i < 2; i++) {
                rounds[i].fixture = &fixture;
                start(&rounds[i]);
        }
        assert_int_equal(pool_n_outstanding(pool), 2);
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(fixture.n_reported, N_ROUNDS);
        assert_int_equal(pool_n_outstanding(pool), 0);
}

typedef struct Context {
        pthread_t thread;
        bool is_used;
} Context;

typedef struct Contexts {
        unsigned n_made;
        unsigned n_freed;
        unsigned fails_at; /* the nth, from 1 */
} Contexts;

static Contexts contexts_seen;

static int context_make(void **ret_context, void *arg)
{
        Contexts *contexts = arg;

        if (contexts->n_made + 1 == contexts->fails_at)
                return -ENOMEM;
        *ret_context = calloc(1, sizeof(Context));
        contexts->n_made++;
        return *ret_context ? 0 : -ENOMEM;
}

static void context_free(void *context)
{
        contexts_seen.n_freed++;
        free(context);
}

/* Not cmocka's asserts: those belong to the test's own thread. */
static void check_thread(void *item, void *context, void *arg)
{
        Context *own = context;
        sigset_t blocked;
        char name[16];

        assert(!own->is_used || pthread_equal(own->thread, pthread_self()));
        own->thread = pthread_self();
        own->is_used = true;

        assert(pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0);
        assert(sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGCHLD));
        assert(pthread_getname_np(pthread_self(), name, sizeof(name)) == 0);
        assert(strncmp(name, "plek-verify-", 12) == 0);
}

static int stop_loop(void *arg)
{
        loop_stop(arg, 0);
        return 0;
}

static void test_each_thread_has_a_context_and_a_name_of_its_own_and_takes_no_signals(void **state)
{
        CLEANUP(loop_freep) Loop *loop = NULL;
        Pool *pool = NULL;
        PoolContexts contexts = { context_make, context_free, &contexts_seen };
        PoolRound round = POOL_ROUND_NULL;
        char items[N_ITEMS];

        contexts_seen = (Contexts){};
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(pool_new(&pool, loop, "plek-verify", 2, &contexts), 0);
        round = (PoolRound){ .items = items,
                             .n_items = sizeof(items),
                             .item_size = 1,
                             .fn = check_thread,
                             .done = stop_loop,
                             .arg = loop };
        pool_run(pool, &round);
        assert_int_equal(loop_run(loop), 0);
        pool = pool_free(pool);
        assert_int_equal(contexts_seen.n_made, 2);
        assert_int_equal(contexts_seen.n_freed, 2);
}

static void test_a_pool_that_cannot_be_made_leaves_nothing_behind(void **state)
{
        CLEANUP(loop_freep) Loop *loop = NULL;
        Pool *pool = NULL;
        PoolContexts contexts = { context_make, context_free, &contexts_seen };

        contexts_seen = (Contexts){ .fails_at = 3 };
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(pool_new(&pool, loop, "test", 4, &contexts), -ENOMEM);
        assert_null(pool);
        assert_int_equal(contexts_seen.n_freed, 2);
}

static void test_a_pool_can_be_freed_with_rounds_that_nobody_waits_for(void **state)
{
        CLEANUP(loop_freep) Loop *loop = NULL;
        CLEANUP(freep) Round *rounds = calloc(2, sizeof(*rounds));
        Fixture fixture = {};

        assert_non_null(rounds);
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(pool_new(&fixture.pool, loop, "test", 2, NULL), 0);
        for (unsigned i = 0; i < 2; i++) {
                rounds[i].fixture = &fixture;
                start(&rounds[i]);
        }
        pool_free(fixture.pool);
        assert_int_equal(fixture.n_reported, 0);
}

typedef struct Job {
        Worker *worker;
        Loop *loop;
        pthread_t main_thread;
        int value;
        int n_done;
} Job;

static int add_one(void *arg)
{
        Job *job = arg;

        assert(!pthread_equal(job->main_thread, pthread_self()));
        return ++job->value;
}

static int on_added(void *arg, int result)
{
        Job *job = arg;

        assert_true(pthread_equal(job->main_thread, pthread_self()));
        assert_false(worker_is_busy(job->worker));
        assert_int_equal(result, job->value);
        assert_int_equal(result, ++job->n_done);

        if (job->n_done == N_ROUNDS)
                loop_stop(job->loop, 0);
        else
                worker_submit(job->worker, add_one, on_added, job);
        return 0;
}

static void test_a_worker_does_one_job_after_the_other_and_says_what_came_of_it(void **state)
{
        CLEANUP(loop_freep) Loop *loop = NULL;
        CLEANUP(worker_freep) Worker *worker = NULL;
        Job job = { .main_thread = pthread_self() };

        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(worker_new(&worker, loop, "plek-commit"), 0);
        job.worker = worker;
        job.loop = loop;
        worker_submit(worker, add_one, on_added, &job);
        assert_true(worker_is_busy(worker));
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(job.value, N_ROUNDS);
}

static int on_refused(void *arg, int result)
{
        return result;
}

static int refuse(void *arg)
{
        return -EIO;
}

static void test_what_the_workers_caller_returns_can_end_the_loop(void **state)
{
        CLEANUP(loop_freep) Loop *loop = NULL;
        CLEANUP(worker_freep) Worker *worker = NULL;

        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(worker_new(&worker, loop, "plek-commit"), 0);
        worker_submit(worker, refuse, on_refused, NULL);
        assert_int_equal(loop_run(loop), -EIO);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_item_is_done_once_and_rounds_are_reported_in_order),
                cmocka_unit_test(
                        test_each_thread_has_a_context_and_a_name_of_its_own_and_takes_no_signals),
                cmocka_unit_test(test_a_pool_that_cannot_be_made_leaves_nothing_behind),
                cmocka_unit_test(test_a_pool_can_be_freed_with_rounds_that_nobody_waits_for),
                cmocka_unit_test(
                        test_a_worker_does_one_job_after_the_other_and_says_what_came_of_it),
                cmocka_unit_test(test_what_the_workers_caller_returns_can_end_the_loop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
