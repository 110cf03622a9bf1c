#pragma once

/*
 * The publisher that bench-fanout compares with: libzmq's XPUB with CURVE and nothing else
 *
 * A process of its own, so that its processor time is its own. It sends what it is given a trace
 * of: frames of those sizes at those times.
 */

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/broker.h"
#include "common/measure.h"
#include "common/sockets.h"
#include "wire/block.h"

enum {
        N_SUBSCRIBERS = 50,
        RATE = 500,
        PACED_S = 4,
        SETTLE_MS = 300,
        FRAMES_MAX = 2 * RATE * PACED_S,
        BARE_ENDPOINT_MAX = 64,
};

/* What a subscriber saw: when, since the run began, and how large. */
typedef struct Trace {
        size_t n;
        struct {
                int64_t at_ns;
                size_t n_bytes;
        } frames[FRAMES_MAX];
} Trace;

typedef struct Bare {
        SecretKey *server, *client;
        int order[2], answer[2];
        char endpoint[BARE_ENDPOINT_MAX];
        pid_t pid;
} Bare;

/* Its subscribers, on a thread of their own while a trace is sent to them. */
typedef struct BareFollowers {
        const Bare *bare;
        const Trace *trace;
        void *zmq, *sockets[N_SUBSCRIBERS];
        size_t n_subscribers, n; /* frames that arrived */
        Crowd crowd;
        CpuUse before;
        pthread_t thread;
} BareFollowers;

void bare_start(Bare *bare);
void bare_stop(Bare *bare);

/* Subscribes, waits until one frame gets to all of them, and has @trace sent. */
void bare_followers_start(BareFollowers *followers, const Bare *bare, const Trace *trace,
                          size_t n_subscribers);
/* Waits until it was. The bare one's processor time for it; ->n says how many frames arrived. */
double bare_followers_stop(BareFollowers *followers);
