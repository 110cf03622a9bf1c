#pragma once

/*
 * Accounts: what one key holds of all sockets together. For net/ alone
 *
 * A connection is on its key's account from when the gate has admitted it until it is lost; what it
 * is subscribed to is as well. An account lives as long as it has connections.
 */

#include "net/peers-private.h"

/* Puts @connection on @user's account, taking it from another's. False: no memory. */
MUST_CHECK bool account_charge(Peers *peers, Connection *connection, const KeyId *user);
/* Takes it off, with its topics. Safe if it is on none. */
void account_give_back(Peers *peers, Connection *connection);

/* One topic more. False: the key has as many as one may. */
MUST_CHECK bool account_take_topic(Peers *peers, Connection *connection, size_t n_topic);
void account_drop_topic(Peers *peers, Connection *connection, size_t n_topic);
/* Nothing of it can be read any more. */
void account_drop_topics(Peers *peers, Connection *connection);
/* While all topics together are too much, the key with most of them loses its connections. */
void accounts_cut_largest(Peers *peers);

/*
 * Cuts those that the gate has refused, which have heard it by now and would keep their place until
 * the handshake's time is up; and those that have had that time and were never seen at the gate.
 */
void accounts_sweep(Peers *peers, EndpointKind endpoint);
