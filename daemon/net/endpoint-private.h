#pragma once

/*
 * What an Endpoint is. For endpoint.c, which makes it, and transfer.c, which uses it
 */

#include "net/endpoint.h"
#include "net/monitor.h"
#include "net/outgoing.h"
#include "net/socket.h"

struct Endpoint {
        Socket socket;
        Monitor monitor;
        EndpointKind kind;
        EndpointSettings settings;
        Peers *peers;
        bool is_known; /* to the peers */
        char address[ENDPOINT_ADDRESS_MAX];
        Outgoing *outgoing; /* the context's: frames outlive the endpoint */
        LoopFn readable;
        void *arg;
        EndpointCounters counters;
};

static inline bool endpoint_is_xpub(EndpointKind kind)
{
        return kind == ENDPOINT_CARE || kind == ENDPOINT_COORD;
}

static inline bool endpoint_is_router(EndpointKind kind)
{
        return kind == ENDPOINT_QUERY || kind == ENDPOINT_CONTROL;
}

/* The socket's: hands on to the endpoint's own, or reads an XPUB's upstream. */
int endpoint_on_readable(void *arg);
