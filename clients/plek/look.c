#include <stdio.h>
#include <string.h>

#include "look.h"
#include "sentences.h"
#include "text.h"
#include "when.h"
#include "words.h"

int look_open(Peer *peer, PlekSubscriber **ret_subscriber, const Common *common,
              const PlekSubscriberOptions *options, const PlekSubscriberCallbacks *callbacks,
              void *arg)
{
        int r;

        r = peer_open(peer, common);
        if (r)
                return r;
        r = plek_subscriber_new(ret_subscriber, peer->context, &peer->peer, options, callbacks,
                                arg);
        return r ? fail(EXIT_FILE, "cannot connect: %s.", spoken(plek_result_text(r))) : EXIT_DONE;
}

static int not_whole(Peer *peer, const Common *common, PlekSubscriber *subscriber)
{
        PlekLinkState link;
        char text[512];

        plek_subscriber_link_state(subscriber, &link);
        snprintf(text, sizeof(text), "the picture is not whole: %s",
                 link.why ? link.why : "the broker does not answer.");
        return fail_unanswered(
                peer, common,
                PLEK_ROLE_BIT(PLEK_ROLE_SUBSCRIBER) | PLEK_ROLE_BIT(PLEK_ROLE_COORDINATOR), text);
}

int look_ready(Peer *peer, PlekSubscriber *subscriber, const Common *common)
{
        int64_t until_ms;
        PlekLinkState link;
        int r;

        r = plek_subscriber_sync(subscriber, common_wait_ms(common));
        /* A beat comes each second. */
        until_ms = steady_clock_ms() + (r ? 0 : MIN(common_left_ms(common, 1000), 3000));
        plek_subscriber_link_state(subscriber, &link);
        while (!r && link.link == PLEK_LINK_NOT_FED && steady_clock_ms() < until_ms) {
                r = plek_subscriber_run(subscriber, 100);
                plek_subscriber_link_state(subscriber, &link);
        }
        if (r == PLEK_E_REFUSED) {
                plek_subscriber_link_state(subscriber, &link);
                return fail(EXIT_REFUSED, "refused: %s.", link.why ? spoken(link.why) : "");
        }
        if (r == PLEK_E_TIMEOUT)
                return not_whole(peer, common, subscriber);
        return r ? fail(EXIT_FILE, "%s.", spoken(plek_result_text(r))) : EXIT_DONE;
}

json_t *link_to_json(const PlekLinkState *link)
{
        static const char *const names[] = {
                [PLEK_LINK_NOT_FED] = "NOT_FED",
                [PLEK_LINK_NOT_ACCEPTING] = "NOT_ACCEPTING",
                [PLEK_LINK_LIVE] = "LIVE",
                [PLEK_LINK_PAST] = "PAST",
        };

        return json_pack("{s:s, s:s, s:b, s:I, s:s?}", "event", "link", "link", names[link->link],
                         "in_sync", link->in_sync, "since_ms", (json_int_t)link->since_ms, "why",
                         link->why);
}

void look_past_json(PlekSubscriber *subscriber, int64_t at_ms)
{
        uint8_t head[32];
        char text[2 * sizeof(head) + 1];
        uint64_t revision;
        int64_t time_ms;
        bool is_thinned;

        if (plek_subscriber_past(subscriber, &revision, &time_ms, head, &is_thinned))
                return;
        for (size_t i = 0; i < sizeof(head); i++)
                snprintf(text + 2 * i, 3, "%02x", head[i]);
        print_json_line(json_pack("{s:s, s:I, s:I, s:I, s:s, s:b}", "event", "past", "at_ms",
                                  (json_int_t)at_ms, "revision", (json_int_t)revision, "time_ms",
                                  (json_int_t)time_ms, "head", text, "thinned", is_thinned));
}

void look_warn(const PlekSubscriber *subscriber, const Common *common)
{
        PlekLinkState link;

        plek_subscriber_link_state(subscriber, &link);
        if (link.link == PLEK_LINK_LIVE || link.link == PLEK_LINK_PAST)
                return;
        fail(EXIT_DONE, "*** %s: %s",
             word(common->language, link.link == PLEK_LINK_NOT_FED ? "not fed" : "not accepting"),
             link.why ? spoken(link.why) : "");
        if (common->json)
                print_json_line(link_to_json(&link));
}

int look_needs_location(PlekSubscriber *subscriber, const char *location)
{
        PlekCursor cursor = { 0 };
        PlekLocation known;
        PlekRecord record;

        while (!plek_subscriber_next_location(subscriber, &cursor, &known))
                if (!strcmp(known.location, location))
                        return EXIT_DONE;
        cursor = (PlekCursor){ 0 };
        while (!plek_subscriber_next(subscriber, &cursor, &record))
                if (!strcmp(record.report.location, location))
                        return EXIT_DONE;
        return fail(EXIT_REFUSED,
                    "there is no location '%s': nobody speaks for one. plek map "
                    "shows them.",
                    location);
}

static bool is_of_region(const PlekLocation *known, const char *scheme, const char *region)
{
        if (!scheme)
                return !strcmp(known->region, region);
        for (size_t i = 0; i < known->n_regions; i++)
                if (!strcmp(known->regions[i].scheme, scheme) &&
                    !strcmp(known->regions[i].id, region))
                        return true;
        return false;
}

int look_needs_region(PlekSubscriber *subscriber, const char *scheme, const char *region)
{
        PlekCursor cursor = { 0 };
        PlekLocation known;
        PlekRecord record;

        if (!region)
                return EXIT_DONE;
        while (!plek_subscriber_next_location(subscriber, &cursor, &known))
                if (is_of_region(&known, scheme, region))
                        return EXIT_DONE;
        cursor = (PlekCursor){ 0 };
        while (!scheme && !plek_subscriber_next(subscriber, &cursor, &record))
                if (!strcmp(record.region, region))
                        return EXIT_DONE;
        return fail(EXIT_REFUSED,
                    "there is no region '%s%s%s': nobody speaks for a location in it.",
                    scheme ? scheme : "", scheme ? ":" : "", region);
}

/* Follows no region: who is enrolled for what, and nothing else. */
static int open_registry(Peer *peer, PlekSubscriber **ret_subscriber, const Common *common)
{
        static const char *const none[] = { NULL };
        const PlekSubscriberOptions options = { .regions = none };
        int r;

        r = look_open(peer, ret_subscriber, common, &options, NULL, NULL);
        return r ? r : look_ready(peer, *ret_subscriber, common);
}

int look_needs_known(const Common *common, const char *scheme, const char *region,
                     const char *location)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        int r;

        if (!region && !location)
                return EXIT_DONE;
        r = open_registry(&peer, &subscriber, common);
        if (!r)
                r = look_needs_region(subscriber, scheme, region);
        if (!r && location)
                r = look_needs_location(subscriber, location);
        return r;
}

static bool is_of_unit(const PlekRecord *record, const char *location, const char *unit)
{
        return record->report.unit && !strcmp(record->report.unit, unit) &&
               !strcmp(record->report.location, location);
}

int look_needs_unit(const Common *common, const char *location, const char *unit)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        PlekCursor cursor = { 0 };
        PlekRecord record;
        int r;

        r = look_open(&peer, &subscriber, common, NULL, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, common);
        if (r)
                return r;
        while (!plek_subscriber_next(subscriber, &cursor, &record))
                if (is_of_unit(&record, location, unit))
                        return EXIT_DONE;
        return fail(EXIT_REFUSED, "nothing is held of a unit '%s' of '%s', and nothing was said.",
                    unit, location);
}

static bool has_name(const char *names, const char *name)
{
        size_t n = strlen(name);

        for (const char *at = names; (at = strstr(at, name)); at += n)
                if ((at == names || at[-1] == ' ') && (!at[n] || at[n] == ','))
                        return true;
        return false;
}

int look_home_regions(const Common *common, const char *scheme, const char *region, char *ret_homes,
                      size_t n_homes)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        Text text = { ret_homes, n_homes };
        PlekCursor cursor = { 0 };
        PlekLocation known;
        int r;

        *ret_homes = '\0';
        r = open_registry(&peer, &subscriber, common);
        while (!r && !plek_subscriber_next_location(subscriber, &cursor, &known))
                if (is_of_region(&known, scheme, region) && !has_name(ret_homes, known.region))
                        text_add(&text, "%s%s", *ret_homes ? ", " : "", known.region);
        return r;
}

void region_parse(char *text, const char **ret_scheme, const char **ret_region)
{
        char *region = text;

        *ret_scheme = strsep(&region, ":");
        *ret_region = region;
        if (!region) {
                *ret_region = *ret_scheme;
                *ret_scheme = NULL;
        }
}
