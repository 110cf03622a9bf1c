#pragma once

/*
 * Http: /metrics, /healthz and /readyz, on loopback only, in the main loop
 */

#include "internal/list.h"
#include "net/loop.h"

typedef struct Broker Broker;

enum {
        HTTP_VISITS_MAX = 32,
};

/* A connection: how long has it owed us a request, or not taken our answer? */
typedef struct HttpVisit {
        ListLink in_http; /* linked while it is there */
        int fd;
        bool is_leaving;
        int64_t since_ms;
} HttpVisit;

typedef struct Http {
        Broker *broker;
        struct MHD_Daemon *daemon;
        LoopWatch watch;
        ListLink waiting; /* the one that has owed longest first */
        size_t n_waiting;
        ListLink leaving; /* ended by us, and not gone yet */
        size_t n_ended;   /* that have gone, ever */
        HttpVisit visits[HTTP_VISITS_MAX];
} Http;

enum {
        HTTP_OK,
        HTTP_E_REFUSED, /* *ret_text says why */
};

/* @address: host:port; NULL or "": none. Returns 0, HTTP_E_REFUSED or -errno. */
MUST_CHECK int http_init(Http *http, Broker *broker, const char *address, const char **ret_text);
/* Each second: ends connections that have taken too long over a request. */
void http_tick(Http *http);
void http_deinit(Http *http);
