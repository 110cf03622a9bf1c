#pragma once

/*
 * NetContext: ZeroMQ's own threads and sockets, one for the process
 *
 * It is made first and freed last: freeing waits until every socket made from it is closed.
 */

#include <stdint.h>

#include "internal/err.h"

typedef struct NetContext NetContext;

/*
 * Checks that this libzmq has CURVE and enforces ZAP domains: without that it would admit
 * everybody. @n_connections_max is over all sockets.
 *
 * Returns 0, -EOPNOTSUPP if libzmq can't be trusted with that, -EMFILE when the limit on
 * descriptors is under four a connection (at the limit libzmq's thread spins), or -errno.
 */
MUST_CHECK int net_context_new(NetContext **ret_context, unsigned n_io_threads,
                               uint32_t n_connections_max);
NetContext *net_context_free(NetContext *context);
DEFINE_FREEP(NetContext, net_context_free);
