#pragma once

/*
 * Acks: which acknowledgements name a record
 *
 * An acknowledgement is a record of the party that has seen something, kept on the topic of the
 * record that it names and for the same readers. When that one says something else, leaves, moves
 * or is for other readers, its acknowledgements end with it, in the same change: nobody is to learn
 * from one that there was something to be seen.
 */

#include "picture/picture-internal.h"

typedef struct Acked Acked;

/* @record, whose key is of an acknowledgement, comes or goes. Returns 0 or -ENOMEM. */
MUST_CHECK int acks_add(Picture *picture, Record *record);
void acks_remove(Picture *picture, Record *record);
void acks_deinit(Picture *picture);

/* Room for the end of all that name a record; nothing has happened yet. */
typedef struct AcksEnd {
        Acked *acked; /* NULL: nobody has seen it */
        size_t n_acks;
        ListLink tombstones;
} AcksEnd;

void acks_end_init(AcksEnd *end);
void acks_end_deinit(AcksEnd *end);
/* Returns 0 or -ENOMEM. */
MUST_CHECK int acks_end_prepare(AcksEnd *end, const Picture *picture, const Record *named);
/* Ends them, and tells: @change has room for end->n_acks. */
void acks_end_apply(AcksEnd *end, Picture *picture, uint64_t revision, int64_t at_ms,
                    Change *change);
