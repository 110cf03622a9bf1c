#pragma once

/*
 * Card: which of a location's cards leads, and whom to call by it
 *
 * The authority may have two parties speak for one location, a hospital and the coordination centre
 * of its region, say. Name, place and telephone numbers are then those of one of them: of whoever
 * speaks for fewer locations, since that is the one who answers there, and of two such whoever
 * stated last. A card that came while its party's key was in other hands never goes before another.
 *
 * Pure.
 */

#include "picture/picture.h"
#include "picture/registry.h"
#include "wire/update.h"

typedef struct CardWord {
        const char *party;
        bool is_distrusted;
        size_t n_locations; /* for which the party speaks; SIZE_MAX: not for this one any more */
        int64_t since_ms;   /* when it was stated */
} CardWord;

/* @record is a card. */
CardWord card_word(const Registry *registry, const Record *record);
/* Of two parties' cards of one status. */
bool card_leads(const CardWord *word, const CardWord *other);

/* Whom to call about @care (CODE_ABSENT: whatever it is): the first contact that is about it, else
 * the first about all, else the first: somebody there picks up. NULL: none. */
const Contact *card_contact(const LocationCard *card, uint32_t care);
