#pragma once

/*
 * Link: whether the picture is being fed
 *
 * Each lane needs beats of its own, and only one that is young by the clock that a round trip
 * taught counts: a reader that was paused is handed old beats on resume, and a stream that somebody
 * delays would look fresh. Pure; times are the broker's unless they say otherwise.
 */

#include <stdbool.h>
#include <stdint.h>

enum {
        LINK_FED_MS = 3 * 1000, /* for how long a beat feeds */
        LINK_WHY_MAX = 160,
};

typedef enum LinkLane { LINK_STATUS, LINK_COUNTS, N_LINK_LANES } LinkLane;
typedef enum LinkKind { LINK_NOT_FED, LINK_NOT_ACCEPTING, LINK_LIVE } LinkKind;

typedef struct Link {
        int64_t beat_ms[N_LINK_LANES]; /* of the last beat that was young when it came; 0: none */
        bool is_accepting;
        int64_t not_accepting_ms;
        char why_not[LINK_WHY_MAX];
        LinkKind kind; /* as last told */
        int64_t since_ms;
} Link;

typedef struct LinkBeat {
        LinkLane lane;
        int64_t time_ms;
        bool is_accepting;
        const char *why_not;
        int64_t since_ms;
} LinkBeat;

void link_init(Link *link, int64_t now_ms);
/* Takes a beat; false: it looks old, and the clock should be asked. */
bool link_beat(Link *link, const LinkBeat *beat, int64_t now_ms);
/* What the link is now. True: that is new. Call it after a beat, and when due. */
bool link_update(Link *link, int64_t now_ms);
/* When it will change if nothing comes; INT64_MAX: not by itself. */
int64_t link_due(const Link *link);
