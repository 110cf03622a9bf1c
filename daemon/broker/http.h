#pragma once

/*
 * Http: /metrics, /healthz and /readyz, on loopback only, in the main loop
 */

#include "net/loop.h"

typedef struct Broker Broker;

typedef struct Http {
        Broker *broker;
        struct MHD_Daemon *daemon;
        LoopWatch watch;
} Http;

enum {
        HTTP_OK,
        HTTP_E_REFUSED, /* *ret_text says why */
};

/* @address: host:port; NULL or "": none. Returns 0, HTTP_E_REFUSED or -errno. */
MUST_CHECK int http_init(Http *http, Broker *broker, const char *address, const char **ret_text);
/* Each second: ends connections that have said nothing for too long. */
void http_tick(Http *http);
void http_deinit(Http *http);
