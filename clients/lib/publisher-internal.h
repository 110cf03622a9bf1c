#pragma once

#include "lib/outbox.h"
#include "lib/own-doors.h"
#include "lib/session.h"
#include "lib/transfer.h"
#include "plek/publisher.h"
#include "wire/call.h"

/* What a caller asked to be compared with the broker's records. */
typedef struct Reconcile {
        bool is_wanted;
        uint64_t request; /* 0: not asked yet */
        char *location;   /* NULL: all */
        PlekIsGoneFn is_gone;
        void *arg;
        bool only_plans; /* of the door: those that are under way */
        RecordKey door;  /* of plan 0, without its party */
        OwnDoors *doors; /* only these are looked at, and nothing is withdrawn; or NULL */
        Transfer transfer;
} Reconcile;

enum { CALLS_SEEN_MAX = 16 };

/* The calls that were followed last: after a reconnection the broker asks again. */
typedef struct CallsSeen {
        CallId ids[CALLS_SEEN_MAX];
        size_t n; /* ever */
} CallsSeen;

struct PlekPublisher {
        PlekContext *context;
        Peer peer;
        PlekPublisherOptions options;
        PlekPublisherCallbacks callbacks;
        void *arg;

        Poller poller;
        Heads *heads;
        Session *session;
        Connection updates;
        bool is_subscribed; /* the broker listens at the other end of updates */
        Outbox *outbox;
        Arena *arena;
        Reconcile reconcile;
        CallsSeen calls;

        uint64_t epoch;         /* 0: none yet */
        uint64_t last_revision; /* of what was accepted in it */
        uint64_t enrolment_serial;
        bool is_accepting; /* as far as the last answer tells */
        bool is_barred;
        PlekPublisherLink link; /* as last told */
        bool link_told;
        char trouble[256];

        size_t n_waiting_told;
        int64_t waiting_told_us;
        int64_t twins_told_us; /* 0: never */
        int64_t head_stored_us;
};

void publisher_set_link(PlekPublisher *publisher, PlekPublisherLink link, const char *text);

void publisher_store_head(PlekPublisher *publisher, int64_t now_us);
extern const SessionEvents publisher_session_events;

/* Asks, if it was asked for and can be. Returns 0 or -errno. */
MUST_CHECK int reconcile_ask(PlekPublisher *publisher);
/* A reply that may be about it; *ret_taken says whether it was. Returns 0 or -errno. */
MUST_CHECK int reconcile_reply(PlekPublisher *publisher, const Reply *reply, bool *ret_taken);
void reconcile_lost(PlekPublisher *publisher);
void reconcile_end(PlekPublisher *publisher);

/* A coordinator's call that the broker handed on: checked, and followed once. Returns 0 or
 * -ENOMEM. */
MUST_CHECK int call_take(PlekPublisher *publisher, const Reply *reply);
