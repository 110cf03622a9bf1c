#pragma once

/*
 * What a Broker consists of, for the files of this folder
 */

#include "broker/activity.h"
#include "broker/answers.h"
#include "broker/beat.h"
#include "broker/broker.h"
#include "broker/calls.h"
#include "broker/clock.h"
#include "broker/counters.h"
#include "broker/gatekeeper.h"
#include "broker/head.h"
#include "broker/health.h"
#include "broker/http.h"
#include "broker/ingress.h"
#include "broker/log.h"
#include "broker/metrics.h"
#include "broker/open.h"
#include "broker/order.h"
#include "broker/overdue.h"
#include "broker/past.h"
#include "broker/pipeline.h"
#include "broker/publisher.h"
#include "broker/receipts.h"
#include "broker/request.h"
#include "broker/service.h"
#include "broker/sessions.h"
#include "broker/transfer.h"
#include "store/scrub.h"

enum {
        /* Decoding a request, or an enrolment of 4,096 locations. */
        REQUEST_ARENA_BYTES = 8 * 1024 * 1024,
        DOCUMENT_ARENA_BYTES = 16 * 1024 * 1024,
};

struct Broker {
        Config *config;
        const char *config_path;
        BucketRate update_rate;  /* of one transport key */
        BucketRate ack_rate;     /* of one transport key: each is a commit of its own */
        BucketRate request_rate; /* of one session */
        BucketRate guest_rate;   /* handshakes of all strangers together */
        NetworkId network;
        SecretKey *key;

        State *state;
        Ledger *ledger; /* NULL without an authority */
        Scrub *scrub;   /* NULL: none */
        Change change;  /* reused */
        SignedHead head;
        bool is_opening_epoch;

        Loop *loop;
        NetContext *context;
        uint32_t n_connections_max;
        Peers *peers;
        Gate *gate;
        Endpoint *endpoints[N_ENDPOINTS];
        size_t queue_limits[N_ENDPOINTS];
        size_t frame_limits[N_ENDPOINTS];
        LoopTimer second;

        BrokerClock clock;
        int64_t started_at_ms;
        AdmissionOptions admission;
        Counters counters;
        LogLimiter *log;
        Arena *arena;          /* of the request at hand */
        Arena *document_arena; /* of what is looked at meanwhile */

        ActivityTable activities;
        Sessions sessions;
        Health health;
        Pipeline pipeline;
        Publisher publisher;
        Receipts receipts;
        Beats beats;
        Overdue overdue;
        Calls calls;
        OpenDocument open;
        Gatekeeper gatekeeper;
        Answers answers;
        Transfers transfers;
        PastDesk past;
        Http http;
        Service service;
};

/* The sentence in *ret_text is valid until the next one. Always BROKER_E_REFUSED. */
PRINTF(2, 3) int broker_refuse(const char **ret_text, const char *format, ...);
/* Without an authority only query and control. */
MUST_CHECK int broker_bind(Broker *broker, const char **ret_text);
/* What the configuration, read again, allows of one key. */
void broker_limit_keys(Broker *broker);
void broker_update_clock(Broker *broker);
void broker_confirm_clock(Broker *broker);
/* SIGHUP. What cannot be read, or needs a restart, is said and changes nothing. */
MUST_CHECK int broker_reload(Broker *broker);
/* To the sockets whose level is in @levels. */
MUST_CHECK int broker_publish(Broker *broker, unsigned levels, Blob *frame);
