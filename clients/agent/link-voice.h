#pragma once

/*
 * LinkVoice: says how it goes between a feed and its broker, one line a change of state
 *
 * A feed that is well says so once, and is silent then; an outage is said once when it has lasted a
 * while, and once when it is over. What the broker says no to is said at once.
 */

#include <stdint.h>

#include "plek/plek.h"

#include "internal/err.h"

enum { LINK_VOICE_TEXT_BYTES = 320, LINK_VOICE_AWAY_MS = 5000 };

typedef enum LinkSaid { LINK_SAID_NOTHING, LINK_SAID_WELL, LINK_SAID_AWAY, LINK_SAID_NO } LinkSaid;

typedef struct LinkVoice {
        PlekPublisherLink link;
        char trouble[256];
        int64_t since_ms; /* @link is what it is */
        LinkSaid said;
        char said_trouble[256];
} LinkVoice;

/* What the voice is told about, beside the link. */
typedef struct LinkWork {
        const char *party; /* NULL: not known yet */
        bool has_begun;    /* the source was looked at: that nothing waits means something */
        size_t n_waiting;
        unsigned long n_accepted, n_refused;
} LinkWork;

/* Times are of a clock that nobody sets. */
void link_voice_init(LinkVoice *voice, int64_t now_ms);
void link_voice_hear(LinkVoice *voice, PlekPublisherLink link, const char *trouble, int64_t now_ms);

/* Whether there is something to be said now: the line, in @ret_text. */
bool link_voice_speak(LinkVoice *voice, const LinkWork *work, int64_t now_ms,
                      char ret_text[LINK_VOICE_TEXT_BYTES]);
