/* The event loop: what runs when, and what may be removed while it runs */

#include "internal/err.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "net/loop.h"
#include "net/thread.h"

typedef struct Fixture {
        Loop *loop;
        char order[32];
        size_t n_order;
} Fixture;

static int setup(void **state)
{
        Fixture *fixture = calloc(1, sizeof(*fixture));

        assert_non_null(fixture);
        *state = fixture;
        return loop_new(&fixture->loop);
}

static int teardown(void **state)
{
        Fixture *fixture = *state;

        loop_free(fixture->loop);
        free(fixture);
        return 0;
}

static void note(Fixture *fixture, char what)
{
        assert_true(fixture->n_order < sizeof(fixture->order) - 1);
        fixture->order[fixture->n_order++] = what;
}

static int note_timer_a(void *arg)
{
        note(arg, 'a');
        return 0;
}

static int note_timer_b(void *arg)
{
        note(arg, 'b');
        return 0;
}

static int note_deferred(void *arg)
{
        note(arg, 'd');
        return 0;
}

static int note_source(void *arg)
{
        note(arg, 's');
        return 0;
}

static int note_turned(void *arg)
{
        note(arg, 't');
        return 0;
}

static int note_watch(void *arg, uint32_t epoll_events)
{
        assert_true(epoll_events & EPOLLIN);
        note(arg, 'w');
        return 0;
}

static bool is_ready(void *arg)
{
        return true;
}

static bool is_not_ready(void *arg)
{
        return false;
}

static int ready_fd(void)
{
        int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

        assert_true(fd >= 0);
        return fd;
}

static void test_a_turn_runs_watches_timers_sources_deferred_and_then_the_hook(void **state)
{
        Fixture *fixture = *state;
        CLEANUP(closep) int fd = ready_fd();
        LoopWatch watch = LOOP_WATCH_NULL;
        LoopTimer timer = LOOP_TIMER_NULL;
        LoopSource source = LOOP_SOURCE_NULL;
        LoopDeferred deferred = LOOP_DEFERRED_NULL;

        assert_int_equal(loop_watch_add(&watch, fixture->loop, fd, EPOLLIN, note_watch, fixture),
                         0);
        assert_int_equal(loop_timer_add(&timer, fixture->loop, note_timer_a, fixture), 0);
        loop_timer_arm(&timer, 0);
        loop_source_add(&source, fixture->loop, is_ready, note_source, fixture);
        loop_deferred_init(&deferred, note_deferred, fixture);
        loop_defer(fixture->loop, &deferred);
        loop_defer(fixture->loop, &deferred);
        loop_on_turned(fixture->loop, note_turned, fixture);

        assert_int_equal(loop_turn(fixture->loop, -1), 0);
        assert_string_equal(fixture->order, "wasdt");

        /* The timer and the deferred work were for once; the rest comes again. */
        assert_int_equal(loop_turn(fixture->loop, -1), 0);
        assert_string_equal(fixture->order, "wasdtwst");

        loop_watch_remove(&watch);
        loop_source_remove(&source);
        loop_timer_remove(&timer);
        assert_int_equal(loop_turn(fixture->loop, 0), 0);
        assert_string_equal(fixture->order, "wasdtwstt");
}

static void test_timers_run_in_the_order_of_their_times(void **state)
{
        Fixture *fixture = *state;
        LoopTimer timers[64];
        uint32_t random = 12345;

        for (size_t i = 0; i < N_ELEMENTS(timers); i++) {
                assert_int_equal(loop_timer_add(&timers[i], fixture->loop, note_timer_a, fixture),
                                 0);
                random = random * 1664525 + 1013904223;
                loop_timer_arm(&timers[i], INT64_MAX / 2 + random);
        }
        for (size_t i = 0; i < N_ELEMENTS(timers); i += 3)
                loop_timer_disarm(&timers[i]);
        assert_false(loop_timer_is_armed(&timers[0]));
        assert_true(loop_timer_is_armed(&timers[1]));

        /* Far ahead, none of them runs; moved to the past, two do, the earlier one first. */
        assert_int_equal(loop_turn(fixture->loop, 0), 0);
        assert_string_equal(fixture->order, "");
        timers[40].fn = note_timer_b;
        loop_timer_arm(&timers[10], 2);
        loop_timer_arm(&timers[40], 1);
        assert_int_equal(loop_turn(fixture->loop, 0), 0);
        assert_string_equal(fixture->order, "ba");

        for (size_t i = 0; i < N_ELEMENTS(timers); i++)
                loop_timer_remove(&timers[i]);
}

static void test_a_timer_wakes_the_loop_when_it_is_due_and_not_before(void **state)
{
        Fixture *fixture = *state;
        LoopTimer timer = LOOP_TIMER_NULL;
        int64_t due_ns;

        assert_int_equal(loop_timer_add(&timer, fixture->loop, note_timer_a, fixture), 0);
        loop_timer_arm_in_ms(&timer, 5);
        due_ns = timer.due_ns;
        while (fixture->n_order == 0)
                assert_int_equal(loop_turn(fixture->loop, -1), 0);
        assert_true(loop_now_ns(fixture->loop) >= due_ns);
        loop_timer_remove(&timer);
}

static int remove_source(void *arg)
{
        loop_source_remove(arg);
        return 0;
}

static int remove_watch(void *arg, uint32_t epoll_events)
{
        LoopWatch **watches = arg;

        loop_watch_remove(watches[0]);
        loop_watch_remove(watches[1]);
        return 0;
}

static void test_what_a_callback_removes_does_not_run_in_the_same_turn(void **state)
{
        Fixture *fixture = *state;
        CLEANUP(closep) int fd_a = ready_fd();
        CLEANUP(closep) int fd_b = ready_fd();
        LoopWatch a = LOOP_WATCH_NULL, b = LOOP_WATCH_NULL;
        LoopWatch *a_and_b[] = { &a, &b };
        LoopSource first = LOOP_SOURCE_NULL, second = LOOP_SOURCE_NULL;

        /* Whichever comes first removes both: if the other one ran, it would find it gone. */
        assert_int_equal(loop_watch_add(&a, fixture->loop, fd_a, EPOLLIN, remove_watch, a_and_b),
                         0);
        assert_int_equal(loop_watch_add(&b, fixture->loop, fd_b, EPOLLIN, remove_watch, a_and_b),
                         0);
        loop_source_add(&first, fixture->loop, is_not_ready, remove_source, &second);
        loop_source_add(&second, fixture->loop, is_not_ready, note_source, fixture);

        assert_int_equal(loop_turn(fixture->loop, -1), 0);
        assert_string_equal(fixture->order, "");
        assert_int_equal(a.fd, -1);
        assert_int_equal(b.fd, -1);
        loop_source_remove(&first);
}

static int return_error(void *arg)
{
        return -EIO;
}

static void test_a_callback_that_fails_ends_the_run_with_its_error(void **state)
{
        Fixture *fixture = *state;
        LoopDeferred deferred = LOOP_DEFERRED_NULL;

        loop_deferred_init(&deferred, return_error, NULL);
        loop_defer(fixture->loop, &deferred);
        loop_on_turned(fixture->loop, note_turned, fixture);
        assert_int_equal(loop_run(fixture->loop), -EIO);

        /* A turn that did not come to its end was no whole turn. */
        assert_string_equal(fixture->order, "");
}

typedef struct Again {
        Fixture *fixture;
        LoopDeferred deferred;
        unsigned n;
} Again;

static int defer_again(void *arg)
{
        Again *again = arg;

        if (++again->n == 3)
                loop_stop(again->fixture->loop, 42);
        else
                loop_defer(again->fixture->loop, &again->deferred);
        return 0;
}

static void test_work_deferred_by_deferred_work_waits_for_the_next_turn(void **state)
{
        Again again = { .fixture = *state };

        loop_deferred_init(&again.deferred, defer_again, &again);
        loop_defer(again.fixture->loop, &again.deferred);
        assert_int_equal(loop_turn(again.fixture->loop, -1), 0);
        assert_int_equal(again.n, 1);
        assert_int_equal(loop_run(again.fixture->loop), 42);
        assert_int_equal(again.n, 3);
}

enum {
        N_SIGNALS = 2000,
};

typedef struct Signals {
        Notifier notifier;
        Loop *loop;
        _Atomic unsigned n_written;
        unsigned n_seen;
        unsigned n_calls;
} Signals;

static int on_signal(void *arg)
{
        Signals *signals = arg;

        signals->n_calls++;
        signals->n_seen = atomic_load(&signals->n_written);
        if (signals->n_seen == 2 * N_SIGNALS)
                loop_stop(signals->loop, 0);
        return 0;
}

static void *signal_often(void *arg)
{
        Signals *signals = arg;

        for (unsigned i = 0; i < N_SIGNALS; i++) {
                atomic_fetch_add(&signals->n_written, 1);
                notifier_signal(&signals->notifier);
        }
        return NULL;
}

static void test_no_signal_of_another_thread_is_lost(void **state)
{
        Fixture *fixture = *state;
        Signals signals = { .loop = fixture->loop };
        pthread_t threads[2];

        assert_int_equal(notifier_init(&signals.notifier, fixture->loop, on_signal, &signals), 0);
        for (size_t i = 0; i < N_ELEMENTS(threads); i++)
                assert_int_equal(thread_start(&threads[i], "signals", signal_often, &signals), 0);

        /* If the last one were lost, this would not return. */
        assert_int_equal(loop_run(fixture->loop), 0);
        assert_true(signals.n_calls <= 2 * N_SIGNALS);

        for (size_t i = 0; i < N_ELEMENTS(threads); i++)
                pthread_join(threads[i], NULL);
        notifier_deinit(&signals.notifier);
}

static void test_many_signals_between_two_turns_are_one_call(void **state)
{
        Fixture *fixture = *state;
        Signals signals = { .loop = fixture->loop };

        assert_int_equal(notifier_init(&signals.notifier, fixture->loop, on_signal, &signals), 0);
        for (unsigned i = 0; i < 100; i++)
                notifier_signal(&signals.notifier);
        assert_int_equal(loop_turn(fixture->loop, -1), 0);
        assert_int_equal(loop_turn(fixture->loop, 0), 0);
        assert_int_equal(signals.n_calls, 1);
        notifier_deinit(&signals.notifier);
}

#define TEST(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_turn_runs_watches_timers_sources_deferred_and_then_the_hook),
                TEST(test_timers_run_in_the_order_of_their_times),
                TEST(test_a_timer_wakes_the_loop_when_it_is_due_and_not_before),
                TEST(test_what_a_callback_removes_does_not_run_in_the_same_turn),
                TEST(test_a_callback_that_fails_ends_the_run_with_its_error),
                TEST(test_work_deferred_by_deferred_work_waits_for_the_next_turn),
                TEST(test_no_signal_of_another_thread_is_lost),
                TEST(test_many_signals_between_two_turns_are_one_call),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
