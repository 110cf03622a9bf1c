#pragma once

/*
 * StopsWords: what is said of the doors of one location at some time in a past
 */

#include "derived/door.h"
#include "derived/stops.h"

typedef struct StopsWords {
        DoorWord *words; /* each with a door of its own; in no order */
        size_t n_words;
        size_t n_distrusted; /* of these */
} StopsWords;

/* In the place of what was said of the same before; of a withdrawal, nothing. Returns 0 or -ENOMEM.
 */
MUST_CHECK int stops_words_put(StopsWords *words, const StopsEvent *event);
/* Brings those that are not distrusted to the front, and returns how many there are. */
size_t stops_words_trusted(StopsWords *words);
void stops_words_deinit(StopsWords *words); /* safe on one that is all zero */
