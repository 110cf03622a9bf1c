#include "wire/parts.h"

#include <string.h>

void *take_array(Arena *arena, size_t n_elements, size_t n_bytes)
{
        void *array;

        if (__builtin_mul_overflow(n_elements, n_bytes, &n_bytes))
                return NULL;
        array = arena_alloc(arena, n_bytes);
        if (array)
                memset(array, 0, n_bytes);
        return array;
}

int take_positions(const TopicPosition **ret_positions, Arena *arena, Plek__V1__TopicPosition **pb,
                   size_t n_positions)
{
        TopicPosition *positions = take_array(arena, n_positions, sizeof(*positions));
        Topic topic;

        if (!positions)
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < n_positions; i++) {
                if (topic_parse(&topic, pb[i]->topic, strlen(pb[i]->topic)))
                        return err_raise(-EBADMSG);
                positions[i] = (TopicPosition){ pb[i]->topic, pb[i]->revision };
        }
        *ret_positions = positions;
        return 0;
}

int take_presence(const Presence **ret_presence, Arena *arena, Plek__V1__Presence **pb,
                  size_t n_presence)
{
        Presence *presence = take_array(arena, n_presence, sizeof(*presence));

        if (!presence)
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < n_presence; i++) {
                if (!party_is_valid(pb[i]->party) || !time_is_valid(pb[i]->since_ms))
                        return err_raise(-EBADMSG);
                presence[i] = (Presence){ pb[i]->party, pb[i]->connected, pb[i]->since_ms };
        }
        *ret_presence = presence;
        return 0;
}

Plek__V1__TopicPosition **put_positions(PbScratch *scratch, const TopicPosition *positions,
                                        size_t n_positions)
{
        Plek__V1__TopicPosition **pb;

        pb = pb_scratch_messages(scratch, &plek__v1__topic_position__descriptor, n_positions);
        for (size_t i = 0; pb && i < n_positions; i++) {
                pb[i]->topic = pb_text(positions[i].topic);
                pb[i]->revision = positions[i].revision;
        }
        return pb;
}

Plek__V1__Presence **put_presence(PbScratch *scratch, const Presence *presence, size_t n_presence)
{
        Plek__V1__Presence **pb;

        pb = pb_scratch_messages(scratch, &plek__v1__presence__descriptor, n_presence);
        for (size_t i = 0; pb && i < n_presence; i++) {
                pb[i]->party = pb_text(presence[i].party);
                pb[i]->connected = presence[i].connected;
                pb[i]->since_ms = presence[i].since_ms;
        }
        return pb;
}
