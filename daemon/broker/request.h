#pragma once

/*
 * Requests: what is asked on the query and control sockets, each kind in a file of its own
 *
 * A session is judged anew for each request: what it may do can have changed since it connected.
 */

#include "broker/gatekeeper.h"
#include "broker/verify.h"
#include "broker/sessions.h"

typedef struct Broker Broker;

/* Who asks, and what they may do now. */
typedef struct Caller {
        Session *session;
        bool is_control; /* the operator on this host */
        bool is_guest;
        uint32_t why;       /* of a guest: NOT_ENROLLED or EXPIRED */
        const Party *party; /* NULL: on control, or a stranger */
        KeyOwner owner;     /* if there is a party */
        Audience audience;  /* may read; 0: nothing */
} Caller;

typedef enum CallerIs {
        CALLER_GUEST = 1,
        CALLER_ENROLLED = 2,
        CALLER_READER = 4,
        CALLER_AGENT = 8,
        CALLER_OPERATOR = 16, /* on control, or by role */
        CALLER_ANYBODY = 31,
} CallerIs;

typedef int (*RequestFn)(Broker *broker, const Caller *caller, const Request *request);

int request_hello(Broker *broker, const Caller *caller, const Request *request);
int request_clock(Broker *broker, const Caller *caller, const Request *request);
int request_since(Broker *broker, const Caller *caller, const Request *request);
int request_credit(Broker *broker, const Caller *caller, const Request *request);
int request_own(Broker *broker, const Caller *caller, const Request *request);
int request_whoami(Broker *broker, const Caller *caller, const Request *request);
int request_submit(Broker *broker, const Caller *caller, const Request *request);
int request_check(Broker *broker, const Caller *caller, const Request *request);
int request_ack(Broker *broker, const Caller *caller, const Request *request);
int request_suspend(Broker *broker, const Caller *caller, const Request *request);
int request_confirm(Broker *broker, const Caller *caller, const Request *request);
int request_parties(Broker *broker, const Caller *caller, const Request *request);
int request_status(Broker *broker, const Caller *caller, const Request *request);
int request_presence(Broker *broker, const Caller *caller, const Request *request);
int request_card(Broker *broker, const Caller *caller, const Request *request);
int request_history(Broker *broker, const Caller *caller, const Request *request);
int request_call(Broker *broker, const Caller *caller, const Request *request);

/* The endpoints' callbacks. */
int requests_on_query(void *broker);
int requests_on_control(void *broker);
/* A connection has ended. */
void requests_on_lost(void *broker, const PeerLost *lost);

bool caller_is(const Caller *caller, unsigned what);
/* What the party of @session may read now; 0: nothing. */
Audience request_audience(Broker *broker, Session *session);

/* Checks the signature of an update that came in a request, and decodes it into the broker's
 * document arena. Returns why it ends here, or NONE and *ret_item is for admission; it borrows
 * @envelope. */
Drop request_read_update(Broker *broker, KeyId user, Blob *envelope, Item *ret_item);

typedef struct Answer Answer;

/* Answers with @answer, whose reference it takes over. */
MUST_CHECK int answer_send(Broker *broker, Session *session, uint64_t id, Answer *answer,
                           uint32_t credit);

enum {
        SESSION_OK,
        SESSION_E_LOST,      /* its connection is gone, or it does not read */
        SESSION_E_TOO_LARGE, /* for a frame */
};

/* Sends; nothing is remembered. Returns 0, SESSION_E_* or -errno. */
MUST_CHECK int session_tell(Broker *broker, Session *session, const Reply *reply);
/* The same where the loss needs no thought: whoever asked is not there any more. */
MUST_CHECK int session_reply(Broker *broker, Session *session, const Reply *reply);
MUST_CHECK int session_refuse(Broker *broker, Session *session, uint64_t id, uint32_t code,
                              const char *field, const char *text);
MUST_CHECK int session_done(Broker *broker, Session *session, uint64_t id);

/* To all that have said hello. */
MUST_CHECK int sessions_tell_epoch(Broker *broker);
MUST_CHECK int sessions_tell_card(Broker *broker);
MUST_CHECK int sessions_tell_agreed(Broker *broker);
/* What is agreed on how often senders report. */
Reply agreed_reply(const Broker *broker);

/* Whose answer an order will bring: a session that may be gone by then. */
typedef struct AskedBy {
        SessionKey session;
        uint64_t id;
} AskedBy;

Session *asked_by_session(Broker *broker, const AskedBy *by);
