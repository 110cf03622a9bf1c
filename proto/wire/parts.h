#pragma once

/*
 * Parts that blocks and replies share: positions, presence, lists in the arena
 *
 * take_ functions return 0, or -EBADMSG, which says nothing more: their senders are brokers, not
 * people who want to know which field it was.
 */

#include "wire/block.h"
#include "wire/grants.h"

/* An array of @n_elements in @arena; NULL: too large. What is empty is not NULL. */
void *take_array(Arena *arena, size_t n_elements, size_t n_bytes);

MUST_CHECK int take_positions(const TopicPosition **ret_positions, Arena *arena,
                              Plek__V1__TopicPosition **pb, size_t n_positions);
MUST_CHECK int take_presence(const Presence **ret_presence, Arena *arena, Plek__V1__Presence **pb,
                             size_t n_presence);

/* NULL: out of memory. */
Plek__V1__TopicPosition **put_positions(PbScratch *scratch, const TopicPosition *positions,
                                        size_t n_positions);
Plek__V1__Presence **put_presence(PbScratch *scratch, const Presence *presence, size_t n_presence);
