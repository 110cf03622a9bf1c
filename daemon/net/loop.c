/*
 * Loop
 *
 * An epoll set, a heap of timers, and two lists. What makes it more than that is removal: any
 * callback may remove any watch, timer, source or deferred work, also one whose turn would come
 * next, and free the memory that it was embedded in. So nothing that was fetched before a callback
 * is trusted after it: pending events of a removed watch are blanked, and the walk over the sources
 * keeps its place in the loop, where removal can move it on.
 */

#include "net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

enum {
        EVENTS_MAX = 64,
        HEAP_ROOM_MIN = 16,
};

static const int64_t NS_PER_MS = 1000 * 1000;
static const int64_t NS_PER_S = 1000 * 1000 * 1000;

struct Loop {
        int epoll;
        int64_t now_ns;
        bool is_stopping;
        int result;

        struct epoll_event events[EVENTS_MAX];
        int n_events;

        LoopTimer **heap; /* from 1; the earliest first */
        size_t n_heap;
        size_t n_heap_room;
        size_t n_timers; /* added, armed or not */

        ListLink sources;
        ListLink *next_source;
        ListLink deferred;

        LoopFn turned;
        void *turned_arg;
};

int64_t loop_clock_ns(void)
{
        struct timespec now;
        int r;

        r = clock_gettime(CLOCK_MONOTONIC, &now);
        assert(r == 0);
        return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int loop_new(Loop **ret_loop)
{
        CLEANUP(loop_freep) Loop *loop = NULL;

        loop = calloc(1, sizeof(*loop));
        if (!loop)
                return err_raise(-ENOMEM);

        list_init(&loop->sources);
        list_init(&loop->deferred);
        loop->now_ns = loop_clock_ns();

        loop->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (loop->epoll < 0)
                return err_raise(-errno);

        *ret_loop = STEAL(loop);
        return 0;
}

Loop *loop_free(Loop *loop)
{
        if (!loop)
                return NULL;

        assert(list_is_empty(&loop->sources));
        assert(list_is_empty(&loop->deferred));
        assert(loop->n_timers == 0);

        if (loop->epoll >= 0)
                close(loop->epoll);
        free(loop->heap);
        free(loop);
        return NULL;
}

int64_t loop_now_ns(const Loop *loop)
{
        return loop->now_ns;
}

void loop_on_turned(Loop *loop, LoopFn turned, void *arg)
{
        loop->turned = turned;
        loop->turned_arg = arg;
}

void loop_stop(Loop *loop, int result)
{
        loop->is_stopping = true;
        loop->result = result;
}

static int64_t wait_at_most_ns(Loop *loop, int timeout_ms)
{
        int64_t wait_ns = LOOP_TURN_MAX_MS * NS_PER_MS;
        int64_t due_in_ns;

        if (timeout_ms >= 0)
                wait_ns = MIN(wait_ns, timeout_ms * NS_PER_MS);
        if (loop->n_heap > 0) {
                /* Looked at once: MAX() would look at the clock again, and it may be past by then. */
                due_in_ns = loop->heap[1]->due_ns - loop_clock_ns();
                wait_ns = MIN(wait_ns, MAX(due_in_ns, 0));
        }
        if (loop->is_stopping || !list_is_empty(&loop->deferred))
                wait_ns = 0;

        /* Each is asked, though the first that is ready would do: it may have to look by itself. */
        list_for_each (link, &loop->sources) {
                LoopSource *source = list_entry(link, LoopSource, link);

                if (source->prepare(source->arg))
                        wait_ns = 0;
        }
        return wait_ns;
}

static int wait_for_events(Loop *loop, int64_t wait_ns)
{
        struct timespec timeout = { wait_ns / NS_PER_S, wait_ns % NS_PER_S };
        int n;

        n = epoll_pwait2(loop->epoll, loop->events, EVENTS_MAX, &timeout, NULL);
        if (n < 0 && errno != EINTR)
                return err_raise(-errno);

        loop->n_events = MAX(n, 0);
        loop->now_ns = loop_clock_ns();
        return 0;
}

static int dispatch_watches(Loop *loop)
{
        int r;

        for (int i = 0; i < loop->n_events; i++) {
                LoopWatch *watch = loop->events[i].data.ptr;

                if (!watch)
                        continue;
                r = watch->fn(watch->arg, loop->events[i].events);
                if (r < 0)
                        return r;
        }
        loop->n_events = 0;
        return 0;
}

static int dispatch_timers(Loop *loop)
{
        int r;

        /* As many as are armed now: one that arms itself again at once does not keep the turn. */
        for (size_t n = loop->n_heap; n > 0; n--) {
                LoopTimer *timer = loop->heap[1];

                if (loop->n_heap == 0 || timer->due_ns > loop->now_ns)
                        break;

                loop_timer_disarm(timer);
                r = timer->fn(timer->arg);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int dispatch_sources(Loop *loop)
{
        int r;

        for (ListLink *link = loop->sources.next; link != &loop->sources;
             link = loop->next_source) {
                LoopSource *source = list_entry(link, LoopSource, link);

                loop->next_source = link->next;
                r = source->dispatch(source->arg);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int dispatch_deferred(Loop *loop)
{
        ListLink last = {};
        int r = 0;

        list_append(&loop->deferred, &last);
        while (loop->deferred.next != &last) {
                LoopDeferred *deferred = list_entry(loop->deferred.next, LoopDeferred, link);

                list_unlink(&deferred->link);
                r = deferred->fn(deferred->arg);
                if (r < 0)
                        break;
        }
        list_unlink(&last);
        return MIN(r, 0);
}

int loop_turn(Loop *loop, int timeout_ms)
{
        int r;

        r = wait_for_events(loop, wait_at_most_ns(loop, timeout_ms));
        if (!r)
                r = dispatch_watches(loop);
        if (!r)
                r = dispatch_timers(loop);
        if (!r)
                r = dispatch_sources(loop);
        if (!r)
                r = dispatch_deferred(loop);
        if (!r && loop->turned)
                r = MIN(loop->turned(loop->turned_arg), 0);
        return r;
}

int loop_run(Loop *loop)
{
        int r;

        while (!loop->is_stopping) {
                r = loop_turn(loop, -1);
                if (r < 0)
                        return r;
        }
        loop->is_stopping = false;
        return loop->result;
}

int loop_watch_add(LoopWatch *watch, Loop *loop, int fd, uint32_t epoll_events, LoopWatchFn fn,
                   void *arg)
{
        struct epoll_event event = { .events = epoll_events, .data.ptr = watch };

        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
                return err_raise(-errno);

        *watch = (LoopWatch){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
        return 0;
}

int loop_watch_change(LoopWatch *watch, uint32_t epoll_events)
{
        struct epoll_event event = { .events = epoll_events, .data.ptr = watch };

        if (epoll_ctl(watch->loop->epoll, EPOLL_CTL_MOD, watch->fd, &event) < 0)
                return err_raise(-errno);
        return 0;
}

void loop_watch_remove(LoopWatch *watch)
{
        Loop *loop = watch->loop;

        if (!loop)
                return;

        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
        for (int i = 0; i < loop->n_events; i++)
                if (loop->events[i].data.ptr == watch)
                        loop->events[i].data.ptr = NULL;
        *watch = LOOP_WATCH_NULL;
}

static void heap_put(Loop *loop, size_t place, LoopTimer *timer)
{
        loop->heap[place] = timer;
        timer->place = place;
}

static void heap_rise(Loop *loop, size_t place)
{
        LoopTimer *timer = loop->heap[place];

        for (; place > 1 && loop->heap[place / 2]->due_ns > timer->due_ns; place /= 2)
                heap_put(loop, place, loop->heap[place / 2]);
        heap_put(loop, place, timer);
}

static void heap_sink(Loop *loop, size_t place)
{
        LoopTimer *timer = loop->heap[place];

        for (size_t child; (child = 2 * place) <= loop->n_heap; place = child) {
                if (child < loop->n_heap &&
                    loop->heap[child + 1]->due_ns < loop->heap[child]->due_ns)
                        child++;
                if (loop->heap[child]->due_ns >= timer->due_ns)
                        break;
                heap_put(loop, place, loop->heap[child]);
        }
        heap_put(loop, place, timer);
}

int loop_timer_add(LoopTimer *timer, Loop *loop, LoopFn fn, void *arg)
{
        if (loop->n_timers + 1 >= loop->n_heap_room) {
                size_t n_room = MAX(2 * loop->n_heap_room, HEAP_ROOM_MIN);
                LoopTimer **heap = reallocarray(loop->heap, n_room, sizeof(*heap));

                if (!heap)
                        return err_raise(-ENOMEM);
                loop->heap = heap;
                loop->n_heap_room = n_room;
        }

        *timer = (LoopTimer){ .loop = loop, .fn = fn, .arg = arg };
        loop->n_timers++;
        return 0;
}

void loop_timer_arm(LoopTimer *timer, int64_t due_ns)
{
        Loop *loop = timer->loop;

        loop_timer_disarm(timer);
        timer->due_ns = due_ns;
        loop->n_heap++;
        heap_put(loop, loop->n_heap, timer);
        heap_rise(loop, loop->n_heap);
}

void loop_timer_arm_in_ms(LoopTimer *timer, int64_t in_ms)
{
        loop_timer_arm(timer, loop_clock_ns() + in_ms * NS_PER_MS);
}

void loop_timer_disarm(LoopTimer *timer)
{
        Loop *loop = timer->loop;
        size_t place = timer->place;
        LoopTimer *last;

        if (!place)
                return;

        timer->place = 0;
        last = loop->heap[loop->n_heap--];
        if (last == timer)
                return;

        heap_put(loop, place, last);
        heap_sink(loop, place);
        heap_rise(loop, last->place);
}

bool loop_timer_is_armed(const LoopTimer *timer)
{
        return timer->place != 0;
}

void loop_timer_remove(LoopTimer *timer)
{
        if (!timer->loop)
                return;

        loop_timer_disarm(timer);
        timer->loop->n_timers--;
        *timer = LOOP_TIMER_NULL;
}

void loop_deferred_init(LoopDeferred *deferred, LoopFn fn, void *arg)
{
        *deferred = (LoopDeferred){ .fn = fn, .arg = arg };
}

void loop_defer(Loop *loop, LoopDeferred *deferred)
{
        if (!list_is_linked(&deferred->link))
                list_append(&loop->deferred, &deferred->link);
}

void loop_deferred_cancel(LoopDeferred *deferred)
{
        list_unlink(&deferred->link);
}

void loop_source_add(LoopSource *source, Loop *loop, bool (*prepare)(void *arg), LoopFn dispatch,
                     void *arg)
{
        *source =
                (LoopSource){ .loop = loop, .prepare = prepare, .dispatch = dispatch, .arg = arg };
        list_append(&loop->sources, &source->link);
}

void loop_source_remove(LoopSource *source)
{
        if (!source->loop)
                return;

        if (source->loop->next_source == &source->link)
                source->loop->next_source = source->link.next;
        list_unlink(&source->link);
        *source = LOOP_SOURCE_NULL;
}

static int on_notified(void *arg, uint32_t epoll_events)
{
        Notifier *notifier = arg;
        uint64_t n;

        if (read(notifier->fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
                return err_raise(-errno);

        /*
         * Cleared before @fn looks at what it is about: a signal from here on is a new wake-up. An
         * exchange, not a store, so that what preceded a signal that found the flag set is seen.
         */
        atomic_exchange(&notifier->is_signalled, false);
        return notifier->fn(notifier->arg);
}

int notifier_init(Notifier *notifier, Loop *loop, LoopFn fn, void *arg)
{
        int r;

        *notifier = NOTIFIER_NULL;
        notifier->fn = fn;
        notifier->arg = arg;
        notifier->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (notifier->fd < 0)
                return err_raise(-errno);

        r = loop_watch_add(&notifier->watch, loop, notifier->fd, EPOLLIN, on_notified, notifier);
        if (r)
                notifier_deinit(notifier);
        return r;
}

void notifier_deinit(Notifier *notifier)
{
        loop_watch_remove(&notifier->watch);
        if (notifier->fd >= 0)
                close(notifier->fd);
        notifier->fd = -1;
}

void notifier_signal(Notifier *notifier)
{
        const uint64_t one = 1;
        ssize_t n;

        if (atomic_exchange(&notifier->is_signalled, true))
                return;
        n = write(notifier->fd, &one, sizeof(one));
        assert(n == sizeof(one));
}
