#pragma once

/*
 * Look: the picture for one command, once it is whole
 */

#include <jansson.h>

#include "peer.h"

/* A subscriber over the card and key of @common; @peer must outlive it. Returns an Exit; what was
 * wrong has been said. */
MUST_CHECK int look_open(Peer *peer, PlekSubscriber **ret_subscriber, const Common *common,
                         const PlekSubscriberOptions *options,
                         const PlekSubscriberCallbacks *callbacks, void *arg);
/* Runs it until the picture is whole and the broker has said how it is. Returns an Exit; who does
 * not answer, or that we may not read, has been said. */
MUST_CHECK int look_ready(Peer *peer, PlekSubscriber *subscriber, const Common *common);
/* Says on standard error, and with --json also in a first line, if what follows is not to be relied
 * on as it stands. */
void look_warn(const PlekSubscriber *subscriber, const Common *common);
/* Whether anybody speaks for it or anything is held of it: else it was mistyped, and that nothing is
 * shown of it says nothing. Returns an Exit; what was wrong has been said. @scheme: NULL, of home
 * regions. */
MUST_CHECK int look_needs_location(PlekSubscriber *subscriber, const char *location);
MUST_CHECK int look_needs_region(PlekSubscriber *subscriber, const char *scheme,
                                 const char *region);
/* As an event of the link; a new reference. */
json_t *link_to_json(const PlekLinkState *link);

/* "ID", of home regions, or "SCHEME:ID"; in place. */
void region_parse(char *text, const char **ret_scheme, const char **ret_region);
