#pragma once

/*
 * A region whose past is asked about: what it says, and the ledger that it goes into
 *
 * It says, affirms, withdraws, narrows and widens; locations move and are lost. All goes into a
 * ledger, with checkpoints and the archive's rows at odd moments.
 */

#include "../core-world.h"
#include "chance.h"
#include "store/ledger.h"
#include "store/past.h"

enum {
        N_PARTIES = 6,
        N_LOCATIONS = 4, /* of a party */
        N_COMMITS = 700,
        N_BATCH_MAX = 120,
};

/* What a reader was told once. */
typedef struct Told {
        uint64_t revision;
        ChangeKind kind;
        Audience from, to;
        bool changed, is_door;
        char location[LOCATION_MAX + 1];
        RecordKey key; /* of an affirm, none */
} Told;

typedef struct Model {
        Chance chance;
        World world;
        WorldParty *parties[N_PARTIES];
        unsigned n_left[N_PARTIES]; /* locations that it still has */
        unsigned region[N_PARTIES];
        const char *directory;
        Ledger *ledger;
        size_t n_written;
        Told *told;
        size_t n_told, n_told_room;
        size_t n_archived;
} Model;

void model_begin(Model *model);
/* All of its life. */
void model_live(Model *model);
void model_checkpoint(Model *model);
void model_end(Model *model);

/* @is must be what @was is, as far as @filter has it told. */
void pictures_compare(State *was, State *is, const PastFilter *filter);

/*
 * What is old goes: numbers are thinned, and then all of it is cut off, bit by bit; what is kept
 * must be what it was. Returns the time up to which it was thinned.
 */
int64_t model_grow_old(Model *model);
/* Closes the ledger. */
void model_grow_older(Model *model, int64_t end_ms);
