#include <stdio.h>
#include <string.h>

#include "link-voice.h"

void link_voice_init(LinkVoice *voice, int64_t now_ms)
{
        *voice = (LinkVoice){ .link = PLEK_PUBLISHER_OFFLINE, .since_ms = now_ms };
}

void link_voice_hear(LinkVoice *voice, PlekPublisherLink link, const char *trouble, int64_t now_ms)
{
        if (link != voice->link)
                voice->since_ms = now_ms;
        voice->link = link;
        snprintf(voice->trouble, sizeof(voice->trouble), "%s", trouble ? trouble : "");
}

static bool speak_well(LinkVoice *voice, const LinkWork *work, char *ret_text)
{
        const char *again = voice->said == LINK_SAID_NOTHING ? "" : " again";

        /* Also after an outage: what waited has its answers. */
        if (voice->said == LINK_SAID_WELL || !work->has_begun || work->n_waiting)
                return false;
        voice->said = LINK_SAID_WELL;
        snprintf(ret_text, LINK_VOICE_TEXT_BYTES,
                 "connected%s as %s; nothing waits, %lu accepted, %lu refused since the start",
                 again, work->party ? work->party : "?", work->n_accepted, work->n_refused);
        return true;
}

static bool speak_away(LinkVoice *voice, const LinkWork *work, int64_t now_ms, char *ret_text)
{
        if (voice->said == LINK_SAID_AWAY || now_ms < voice->since_ms + LINK_VOICE_AWAY_MS)
                return false;
        voice->said = LINK_SAID_AWAY;
        snprintf(ret_text, LINK_VOICE_TEXT_BYTES, "not connected: %s; %zu waiting, sent when it is",
                 *voice->trouble ? voice->trouble : "the broker does not answer", work->n_waiting);
        return true;
}

static bool speak_no(LinkVoice *voice, char *ret_text)
{
        if (voice->said == LINK_SAID_NO && !strcmp(voice->said_trouble, voice->trouble))
                return false;
        voice->said = LINK_SAID_NO;
        memcpy(voice->said_trouble, voice->trouble, sizeof(voice->said_trouble));
        snprintf(ret_text, LINK_VOICE_TEXT_BYTES, "%s",
                 *voice->trouble ? voice->trouble : "the broker takes nothing from us");
        return true;
}

bool link_voice_speak(LinkVoice *voice, const LinkWork *work, int64_t now_ms,
                      char ret_text[LINK_VOICE_TEXT_BYTES])
{
        switch (voice->link) {
        case PLEK_PUBLISHER_CONNECTED:
                return speak_well(voice, work, ret_text);
        case PLEK_PUBLISHER_NOT_ACCEPTING:
        case PLEK_PUBLISHER_BARRED:
                return speak_no(voice, ret_text);
        default:
                return speak_away(voice, work, now_ms, ret_text);
        }
}
