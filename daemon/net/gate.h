#pragma once

/*
 * Gate: who may connect (ZeroMQ's authentication protocol, ZAP)
 *
 * libzmq asks it once a handshake, after the peer has proved that it holds the key. A CURVE server
 * without such a handler admits everybody, so endpoints can't be made without a gate.
 */

#include <stdint.h>

#include "internal/err.h"
#include "net/context.h"
#include "net/loop.h"
#include "wire/key.h"

typedef struct Gate Gate;

typedef enum GateVerdict {
        GATE_ADMIT,
        GATE_LATER, /* 300: unknown, suspended, expired, or we cannot tell yet; the peer retries */
        GATE_NEVER, /* 400: revoked; ends the peer's session for good */
} GateVerdict;

typedef struct GateRequest {
        const char *domain;               /* endpoint_domain() */
        uint8_t transport_key[KEY_BYTES]; /* proved */
        KeyId user;                       /* of that key: the User-Id of all its messages */
        const char *address;              /* an IP address, for the log and for limits */
} GateRequest;

typedef struct GateCounters {
        uint64_t n_admitted;
        uint64_t n_later;
        uint64_t n_never;
        uint64_t n_malformed; /* not CURVE, or not a request; refused */
} GateCounters;

typedef GateVerdict (*GateFn)(void *arg, const GateRequest *request);

/* @decide is called in the loop's thread. The loop and the context outlive the gate. */
MUST_CHECK int gate_new(Gate **ret_gate, NetContext *context, Loop *loop, GateFn decide, void *arg);
/* After every endpoint has been freed. */
Gate *gate_free(Gate *gate);
DEFINE_FREEP(Gate, gate_free);

const GateCounters *gate_counters(const Gate *gate);
