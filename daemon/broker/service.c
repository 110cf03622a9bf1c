#include "broker/service.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include "broker/epoch.h"
#include "broker/parts.h"

enum {
        /* A disk may be slow for long, and a restart would not make it faster. */
        COMMIT_STUCK_S = 300,
        VERIFY_STUCK_S = 10,
};

static void signals(sigset_t *set)
{
        sigemptyset(set);
        sigaddset(set, SIGTERM);
        sigaddset(set, SIGINT);
        sigaddset(set, SIGHUP);
}

int service_block_signals(void)
{
        sigset_t set;

        signals(&set);
        if (sigprocmask(SIG_BLOCK, &set, NULL))
                return err_raise(-errno);
        signal(SIGPIPE, SIG_IGN);
        return 0;
}

static int on_stop(Service *service)
{
        service->is_stopping = true;
        pipeline_stop(&service->broker->pipeline);
        if (pipeline_is_idle(&service->broker->pipeline))
                loop_stop(service->broker->loop, 0);
        return 0;
}

/* READY=1 says that it is over, not that it went well: that is in the log. */
static int on_reload(Service *service)
{
        int r;

        sd_notify(0, "RELOADING=1");
        r = broker_reload(service->broker);
        sd_notify(0, "READY=1");
        return r;
}

static int on_signal(void *arg, uint32_t events)
{
        Service *service = arg;
        struct signalfd_siginfo info;

        if (read(service->fd, &info, sizeof(info)) != sizeof(info))
                return 0;
        switch (info.ssi_signo) {
        case SIGHUP:
                return on_reload(service);
        default:
                return on_stop(service);
        }
}

/* Whether each thread that has work has got on with it. */
static bool all_threads_turn(Service *service)
{
        const Pipeline *pipeline = &service->broker->pipeline;
        int64_t now_ns = loop_now_ns(service->broker->loop);
        int64_t stuck_s = pipeline->n_unverified ? VERIFY_STUCK_S : COMMIT_STUCK_S;

        if (pipeline->n_progress != service->n_progress || !pipeline_has_work(pipeline)) {
                service->n_progress = pipeline->n_progress;
                service->busy_since_ns = now_ns;
        }
        return now_ns - service->busy_since_ns < stuck_s * INT64_C(1000000000);
}

static int on_turned(void *arg)
{
        Service *service = arg;
        int64_t now_ns = loop_now_ns(service->broker->loop);

        if (service->is_stopping && pipeline_is_idle(&service->broker->pipeline))
                loop_stop(service->broker->loop, 0);
        if (!service->watchdog_ns || now_ns - service->fed_at_ns < service->watchdog_ns / 4 ||
            !all_threads_turn(service))
                return 0;
        service->fed_at_ns = now_ns;
        sd_notify(0, "WATCHDOG=1");
        return 0;
}

int service_init(Service *service, Broker *broker)
{
        uint64_t watchdog_us = 0;
        sigset_t set;
        int r;

        *service = (Service){ .broker = broker, .fd = -1, .watch = LOOP_WATCH_NULL };
        signals(&set);
        service->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
        if (service->fd < 0)
                return err_raise(-errno);
        r = loop_watch_add(&service->watch, broker->loop, service->fd, EPOLLIN, on_signal, service);
        if (r)
                return err_fold(r);

        if (sd_watchdog_enabled(0, &watchdog_us) > 0)
                service->watchdog_ns = (int64_t)watchdog_us * 1000;
        loop_on_turned(broker->loop, on_turned, service);
        return 0;
}

void service_deinit(Service *service)
{
        if (!service->broker)
                return;
        loop_on_turned(service->broker->loop, NULL, NULL);
        loop_watch_remove(&service->watch);
        closep(&service->fd);
        *service = (Service){};
}

static void write_status(Service *service)
{
        const Broker *broker = service->broker;
        const char *sentence = health_sentence(&broker->health);
        char status[sizeof(service->status)];

        if (sentence)
                snprintf(status, sizeof(status), "STATUS=%s", sentence);
        else if (state_epoch_is_unconfirmed(broker->state))
                snprintf(status, sizeof(status), "STATUS=%s", epoch_sentence());
        else
                snprintf(status, sizeof(status),
                         "STATUS=%zu parties, %zu sessions; accepting updates",
                         registry_n_parties(state_registry(broker->state)),
                         broker->sessions.n_by_endpoint[ENDPOINT_QUERY]);

        if (strcmp(status, service->status) == 0)
                return;
        strcpy(service->status, status);
        sd_notify(0, status);
}

int service_ready(Service *service)
{
        const char *sentence = health_sentence(&service->broker->health);

        write_status(service);
        sd_notify(0, "READY=1");
        log_info("plekd " PLEK_VERSION " is ready: network %s, revision %llu",
                 service->broker->config->has_authority ? service->broker->config->network
                                                        : "none yet",
                 (unsigned long long)state_revision(service->broker->state));
        if (sentence)
                log_warning("%s", sentence);
        if (state_epoch_is_unconfirmed(service->broker->state))
                log_warning("%s", epoch_sentence());
        return 0;
}

void service_stopping(Service *service)
{
        sd_notify(0, "STOPPING=1");
        log_info("plekd stops at revision %llu",
                 (unsigned long long)state_revision(service->broker->state));
}

int service_tick(Service *service)
{
        write_status(service);
        return 0;
}
