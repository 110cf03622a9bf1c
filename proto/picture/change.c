#include <stdlib.h>

#include "picture/picture.h"

void change_reset(Change *change)
{
        change->n_items = 0;
}

void change_deinit(Change *change)
{
        free(change->items);
        *change = CHANGE_NULL;
}

int change_reserve(Change *change, size_t n_items)
{
        size_t n_allocated = MAX(change->n_allocated, (size_t)8);
        ChangeItem *items;

        if (n_items <= change->n_allocated - change->n_items)
                return 0;
        if (n_items > SIZE_MAX / sizeof(*items) / 2 - change->n_items)
                return err_raise(-ENOMEM);

        while (n_allocated < change->n_items + n_items)
                n_allocated *= 2;
        items = realloc(change->items, n_allocated * sizeof(*items));
        if (!items)
                return err_raise(-ENOMEM);

        change->items = items;
        change->n_allocated = n_allocated;
        return 0;
}

int change_add(Change *change, const ChangeItem *item)
{
        int r;

        r = change_reserve(change, 1);
        if (r)
                return r;

        change->items[change->n_items++] = *item;
        return 0;
}
