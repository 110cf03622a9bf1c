#include "lib/poller.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

enum { EVENTS_MAX = 16 }; /* a subscriber has seven; of more, the rest is there at the next look */

static int add(const Poller *poller, int fd, PollerWatch *watch)
{
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

        return epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? err_raise(-errno) : 0;
}

int poller_init(Poller *poller)
{
        int r;

        *poller = POLLER_NULL;
        poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (poller->epoll_fd < 0)
                return err_raise(-errno);
        poller->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (poller->timer_fd < 0) {
                r = err_raise(-errno);
                poller_deinit(poller);
                return r;
        }
        r = add(poller, poller->timer_fd, NULL);
        if (r)
                poller_deinit(poller);
        return r;
}

void poller_deinit(Poller *poller)
{
        closep(&poller->timer_fd);
        closep(&poller->epoll_fd);
        *poller = POLLER_NULL;
}

int poller_add(Poller *poller, PollerWatch *watch, int fd)
{
        int r;

        r = add(poller, fd, watch);
        if (r)
                return r;
        *watch = (PollerWatch){ .fd = fd, .is_ready = true };
        return 0;
}

void poller_remove(Poller *poller, PollerWatch *watch)
{
        if (watch->fd >= 0)
                (void)epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
        *watch = POLLER_WATCH_NULL;
}

void poller_arm(Poller *poller, int64_t due_us)
{
        struct itimerspec when = { 0 };

        /* Setting it also takes back that it went off. Zero would disarm it. */
        if (due_us != INT64_MAX) {
                due_us = MAX(due_us, (int64_t)1);
                when.it_value.tv_sec = due_us / (1000 * 1000);
                when.it_value.tv_nsec = due_us % (1000 * 1000) * 1000;
        }
        (void)timerfd_settime(poller->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

int poller_wait(const Poller *poller, int timeout_ms)
{
        struct epoll_event events[EVENTS_MAX];
        PollerWatch *watch;
        int n;

        n = epoll_wait(poller->epoll_fd, events, EVENTS_MAX, timeout_ms);
        if (n < 0 && errno != EINTR)
                return err_raise(-errno);
        for (int i = 0; i < n; i++) {
                watch = events[i].data.ptr;
                if (watch)
                        watch->is_ready = true;
        }
        return 0;
}
