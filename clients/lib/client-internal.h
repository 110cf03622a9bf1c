#pragma once

#include "lib/session.h"
#include "plek/client.h"

/* Copies what is wanted of an answer into the client's arena. Returns 0, PLEK_E_UNTRUSTED,
 * PLEK_E_CARD or -ENOMEM. */
typedef int (*ClientTakeFn)(PlekClient *client, const Reply *reply, void *ret);

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
};

enum {
        ASK_GREETED,  /* needs a hello */
        ASK_AS_GUEST, /* may be asked by anybody */
};

/* Asks and waits. @wanted is the kind of reply that answers it. */
MUST_CHECK int client_ask(PlekClient *client, int how, Request *request, ReplyKind wanted,
                          ClientTakeFn take, void *ret, PlekFault *ret_fault);
/* The session is greeted, so that the party, floor and clock are known. */
MUST_CHECK int client_greet(PlekClient *client, PlekFault *ret_fault);
