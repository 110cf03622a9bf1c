#pragma once

#include "lib/replica.h"
#include "lib/session.h"
#include "plek/client.h"

/* Copies what is wanted of an answer into the client's arena. Returns 0, PLEK_E_UNTRUSTED,
 * PLEK_E_CARD or -ENOMEM. */
typedef int (*ClientTakeFn)(PlekClient *client, const Reply *reply, void *ret);

typedef struct ClientFetch ClientFetch;
typedef struct ClientCall ClientCall;

struct PlekClient {
        PlekContext *context;
        Peer peer;
        char *control; /* NULL: over the card's query endpoint */
        bool is_guest; /* a random key */
        int timeout_ms;

        Poller poller;
        Heads *heads;
        Session *session;
        bool session_is_guest;
        uint64_t instance;
        Arena *arena; /* of the last answer */

        uint64_t request; /* under way; 0: none */
        ReplyKind wanted;
        ClientTakeFn take;
        void *ret;
        int result; /* of taking it */
        bool is_answered;
        PlekFault fault;

        Audience audience;  /* as greeted; 0: none, or not yet */
        Epoch epoch;        /* without its cause */
        ClientFetch *fetch; /* what chunks are for; NULL: nothing */
        ClientCall *call;   /* under way; NULL: none */
};

enum {
        ASK_GREETED,  /* needs a hello */
        ASK_AS_GUEST, /* may be asked by anybody */
};

/* Asks and waits. @wanted is the kind of reply that answers it. */
MUST_CHECK int client_ask(PlekClient *client, int how, Request *request, ReplyKind wanted,
                          ClientTakeFn take, void *ret, PlekFault *ret_fault);
/* What has come for a transfer; true: it was that. */
bool client_fetch_takes(PlekClient *client, const Reply *reply, int *ret_result);
/* The same for how a call stands. */
bool client_call_takes(PlekClient *client, const Reply *reply, int *ret_result);
/* Does what can be done, or waits, until @end_us at most. Returns 0 or -errno. */
MUST_CHECK int client_step(PlekClient *client, int64_t end_us);
/* Why there is no answer. Always PLEK_E_TIMEOUT. */
int client_give_up(PlekClient *client, PlekFault *ret_fault);

/* Fills in who and when, and signs as a publisher would now. The session is greeted. Returns 0,
 * PLEK_E_INVALID or -errno. */
MUST_CHECK int client_sign_update(PlekClient *client, Update *update, Blob **ret_envelope,
                                  PlekFault *ret_fault);

/* The session is greeted, so that the party, floor and clock are known. */
MUST_CHECK int client_greet(PlekClient *client, PlekFault *ret_fault);
