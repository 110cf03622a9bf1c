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
/* Of a subscriber of the past, which picture it is, as a line of JSON; of the present nothing. */
void look_past_json(PlekSubscriber *subscriber, int64_t at_ms);
/* Whether anybody speaks for it or anything is held of it: else it was mistyped, and that nothing
 * is shown of it says nothing. Returns an Exit; what was wrong has been said. @scheme: NULL, of
 * home regions. */
MUST_CHECK int look_needs_location(PlekSubscriber *subscriber, const char *location);
MUST_CHECK int look_needs_region(PlekSubscriber *subscriber, const char *scheme,
                                 const char *region);
/* The same for a question about the past that came to nothing, asked of the registry alone: who had
 * nothing to say is known. @region and @location may be NULL. */
MUST_CHECK int look_needs_known(const Common *common, const char *scheme, const char *region,
                                const char *location);
/* The same of a unit of @location, in the picture: nobody is enrolled for units. */
MUST_CHECK int look_needs_unit(const Common *common, const char *location, const char *unit);
/* Which home regions the locations of (@scheme, @region) have, as in "oost, west"; "" if nobody
 * speaks for any. Returns an Exit. */
MUST_CHECK int look_home_regions(const Common *common, const char *scheme, const char *region,
                                 char *ret_homes, size_t n_homes);
/* As an event of the link; a new reference. */
json_t *link_to_json(const PlekLinkState *link);

/* "ID", of home regions, or "SCHEME:ID"; in place. */
void region_parse(char *text, const char **ret_scheme, const char **ret_region);
