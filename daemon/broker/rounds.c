#include "broker/rounds.h"

#include <stdlib.h>

int round_new(Round **ret_round, unsigned n_threads)
{
        CLEANUP(round_freep) Round *round = NULL;
        int r;

        round = calloc(1, sizeof(*round));
        if (!round)
                return err_raise(-ENOMEM);

        round->job.is_round = true;
        for (; round->n_arenas <= n_threads; round->n_arenas++) {
                r = arena_new(&round->arenas[round->n_arenas], ROUND_ARENA_BYTES);
                if (r)
                        return err_fold(r);
        }

        *ret_round = STEAL(round);
        return 0;
}

void round_reset(Round *round)
{
        for (size_t i = 0; i < round->n_items; i++)
                item_deinit(&round->items[i]);
        for (size_t i = 0; i < round->n_arenas; i++)
                arena_reset(round->arenas[i]);
        round->n_items = 0;
        round->n_bytes = 0;
        round->is_verified = false;
}

Round *round_free(Round *round)
{
        if (!round)
                return NULL;

        round_reset(round);
        for (size_t i = 0; i < round->n_arenas; i++)
                arena_free(round->arenas[i]);
        free(round);
        return NULL;
}

void round_verify(Round *round)
{
        for (size_t i = 0; i < round->n_items; i++)
                item_verify(&round->items[i], round->arenas[round->n_arenas - 1]);
        round->is_verified = true;
}

void round_verify_item(void *item, void *context, void *arg)
{
        const unsigned *number = context;
        Round *round = arg;

        item_verify(item, round->arenas[*number]);
}

static int context_make(void **ret_context, void *arg)
{
        unsigned *counter = arg;
        unsigned *number = malloc(sizeof(*number));

        if (!number)
                return err_raise(-ENOMEM);
        *number = (*counter)++;
        *ret_context = number;
        return 0;
}

PoolContexts round_contexts(unsigned *counter)
{
        *counter = 0;
        return (PoolContexts){ .make = context_make, .free = free, .arg = counter };
}
