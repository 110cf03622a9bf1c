#pragma once

/*
 * Session: a conversation with the broker on its query endpoint
 *
 * It says hello, keeps the clock, shows the last head, takes newer region cards, and begins again
 * when the connection is lost. What it does not deal with itself it hands on.
 */

#include "lib/clock.h"
#include "lib/connection.h"
#include "lib/heads.h"
#include "plek/subscriber.h"
#include "wire/query.h"

typedef struct Session Session;

/* What is given is good for the call. The functions return 0, or -errno, which ends the session's
 * owner. */
typedef struct SessionEvents {
        /* Greeted; the epoch and head are signed by a broker of the card. */
        int (*up)(void *arg, const Reply *hello, const Epoch *epoch);
        void (*down)(void *arg); /* nothing that was asked will be answered */
        int (*reply)(void *arg, const Reply *reply);
        int (*epoch)(void *arg, const Epoch *epoch); /* a new one, while up */
        int (*card)(void *arg);                      /* the peer has a newer one, and uses it */
        /* Why there is no session, for a person; also when the broker refuses to greet us. */
        void (*trouble)(void *arg, const char *text, bool is_refused);
        void (*alarm)(void *arg, PlekAlarm alarm, const char *text, const Blob *evidence,
                      const Blob *other_evidence);
} SessionEvents;

typedef struct SessionOptions {
        PlekContext *context;
        Poller *poller;
        Peer *peer;
        Heads *heads;        /* NULL: none to show */
        const char *control; /* the control socket's endpoint; NULL: the card's query endpoint */
        PeerKind kind;
        uint64_t instance;
        size_t reply_bytes; /* the largest reply, decoded; 0: what a publisher or subscriber gets */
        bool is_guest;      /* says no hello: up as soon as it is connected, with hello NULL */
} SessionOptions;

enum {
        SESSION_OK,
        SESSION_E_DOWN, /* not up, or the broker is not reading */
};

MUST_CHECK int session_new(Session **ret_session, const SessionOptions *options,
                           const SessionEvents *events, void *arg);
Session *session_free(Session *session);
DEFINE_FREEP(Session, session_free);

/* Does what can be done now. *ret_progress is set if that was anything. Returns 0 or -errno. */
MUST_CHECK int session_process(Session *session, int64_t now_us, bool *ret_progress);
int64_t session_due_us(const Session *session);

bool session_is_up(const Session *session);
/* Its id is chosen here. Returns 0, SESSION_E_DOWN, -ENOMEM or -errno. */
MUST_CHECK int session_send(Session *session, Request *request, uint64_t *ret_id);
/* A round trip soon, but not more than one a second. */
void session_ask_clock(Session *session);
const Clock *session_clock(const Session *session);
/* The party that greeted us knows us as; NULL before. */
const char *session_party(const Session *session);
uint64_t session_floor(const Session *session); /* as greeted */
/* Whether the broker has said that it will not have us: its code, 0: it has not (yet). */
uint32_t session_refusal(const Session *session);
/* Why it is not up, for a person. */
void session_trouble(const Session *session, char *ret_text, size_t n_text);
