#pragma once

/*
 * What commands that speak to a broker begin with: a context, a card, a key, a client
 */

#include "plek/plek.h"

#include "command.h"

typedef struct Peer {
        PlekContext *context;
        PlekKey *key;
        PlekRegionCard *card;
        char *head_path;
        PlekPeer peer;
} Peer;

#define PEER_NULL ((Peer){ 0 })

/* With card and key. Returns an Exit; what was wrong has been said. */
MUST_CHECK int peer_open(Peer *ret_peer, const Common *common);
void peer_close(Peer *peer);

DEFINE_FREEP(PlekRegionCard, plek_region_card_free);
DEFINE_FREEP(PlekClient, plek_client_free);
DEFINE_FREEP(PlekPublisher, plek_publisher_free);
DEFINE_FREEP(PlekSubscriber, plek_subscriber_free);

/*
 * Over the control socket if one is named, else as the party. @or_guest: without a key, as a guest.
 * @peer must outlive the client. Returns an Exit.
 */
MUST_CHECK int peer_client(Peer *peer, PlekClient **ret_client, const Common *common,
                           bool or_guest);

/* Says what a question came to, with what to do. Returns the Exit for @result, which is not 0. */
int fail_answer(int result, const PlekFault *fault);
/* The same, of one thing among several. */
int fail_answer_about(const char *about, int result, const PlekFault *fault);

/*
 * Nothing came in time. Says so with @what, unless the broker itself says that we are not enrolled,
 * or in none of @roles (PLEK_ROLE_BIT()s). Returns EXIT_UNREACHABLE or EXIT_REFUSED.
 */
int fail_unanswered(Peer *peer, const Common *common, uint32_t roles, const char *what);
