#include "lib/link.h"

#include <stdio.h>

#include "internal/cleanup.h"

void link_init(Link *link, int64_t now_ms)
{
        *link = (Link){ .is_accepting = true, .kind = LINK_NOT_FED, .since_ms = now_ms };
}

bool link_beat(Link *link, const LinkBeat *beat, int64_t now_ms)
{
        if (beat->time_ms < now_ms - LINK_FED_MS)
                return false;

        /* One from the future is worth no more than one of now. */
        link->beat_ms[beat->lane] = MAX(link->beat_ms[beat->lane], MIN(beat->time_ms, now_ms));
        if (beat->is_accepting) {
                link->is_accepting = true;
                return true;
        }
        link->is_accepting = false;
        link->not_accepting_ms = beat->since_ms;
        (void)snprintf(link->why_not, sizeof(link->why_not), "%s",
                       beat->why_not ? beat->why_not : "");
        return true;
}

static int64_t fed_until_ms(const Link *link)
{
        int64_t oldest_ms = MIN(link->beat_ms[LINK_STATUS], link->beat_ms[LINK_COUNTS]);

        return oldest_ms ? oldest_ms + LINK_FED_MS : 0;
}

bool link_update(Link *link, int64_t now_ms)
{
        LinkKind kind = LINK_LIVE;
        int64_t since_ms = now_ms;

        if (now_ms >= fed_until_ms(link)) {
                kind = LINK_NOT_FED;
        } else if (!link->is_accepting) {
                kind = LINK_NOT_ACCEPTING;
                since_ms = link->not_accepting_ms;
        }
        if (kind == link->kind)
                return false;

        link->kind = kind;
        link->since_ms = since_ms;
        return true;
}

int64_t link_due(const Link *link)
{
        return link->kind == LINK_NOT_FED ? INT64_MAX : fed_until_ms(link);
}
