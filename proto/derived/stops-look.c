#include "derived/stops-look.h"

#include <string.h>

static bool is_same_unit(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* One of a place's doors for the care: that of a unit, or of all of it. */
static bool is_first_of_its_unit(const DoorWord *words, size_t n, uint32_t care)
{
        if (words[n].door->care != care)
                return false;
        for (size_t i = 0; i < n; i++)
                if (words[i].door->care == care && is_same_unit(words[i].unit, words[n].unit))
                        return false;
        return true;
}

/* For some of those whom the door is for there is a stop that stands. */
static bool stops_some(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                       int64_t now_ms, const DoorLead *lead)
{
        DoorNarrower narrower[DOOR_NARROWER_MAX];
        size_t n = door_narrower(words, n_words, question, now_ms, lead, narrower);

        for (size_t i = 0; i < n; i++)
                if (narrower[i].state == PLEK_DOOR_STOP && narrower[i].standing == DOOR_STANDS)
                        return true;
        return false;
}

static void look_at_unit(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                         int64_t now_ms, StopsLook *look)
{
        DoorLead lead, next;

        door_lead(words, n_words, question, now_ms, &lead);
        look->next_ms = MIN(look->next_ms, door_next_lead(words, n_words, question, now_ms, &next));
        look->is_partly |= stops_some(words, n_words, question, now_ms, &lead);
        if (!look->has_door || door_strictness(lead.state) < door_strictness(look->state))
                look->stands = false;
        else if (lead.state != look->state)
                return;
        look->has_door = true;
        look->state = lead.state;
        /* Of several that have a stop, one that is not past its end is enough. */
        look->stands |= lead.standing == DOOR_STANDS;
}

/* When time will touch any word, of a place where something is said of some patients only. */
static int64_t next_of_some(const DoorWord *words, size_t n_words, int64_t now_ms)
{
        int64_t next_ms = INT64_MAX;
        bool has_some = false;

        for (size_t i = 0; i < n_words; i++) {
                const Door *door = words[i].door;

                has_some |= door->patient_group != CODE_ABSENT || door->urgency != CODE_ABSENT;
                next_ms = MIN(next_ms, door_next_change_ms(door, now_ms));
        }
        return has_some ? next_ms : INT64_MAX;
}

StopsLook stops_look(const DoorWord *words, size_t n_words, uint32_t care, int64_t now_ms)
{
        StopsLook look = { .next_ms = next_of_some(words, n_words, now_ms) };

        for (size_t i = 0; i < n_words; i++) {
                const DoorQuestion question = {
                        .scope = { .unit = words[i].unit,
                                   .care = care,
                                   .patient_group = CODE_ABSENT,
                                   .urgency = CODE_ABSENT },
                };

                if (is_first_of_its_unit(words, i, care))
                        look_at_unit(words, n_words, &question, now_ms, &look);
        }
        return look;
}
