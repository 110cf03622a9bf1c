#include "store/revisions.h"

#include <stdlib.h>

void revisions_deinit(Revisions *list)
{
        free(list->revisions);
        *list = REVISIONS_NULL;
}

int revisions_add(Revisions *list, uint64_t revision)
{
        size_t n_room = list->n_room ? 2 * list->n_room : 1024;
        uint64_t *grown;

        if (list->n == list->n_room) {
                grown = reallocarray(list->revisions, n_room, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                list->revisions = grown;
                list->n_room = n_room;
        }
        list->revisions[list->n++] = revision;
        return 0;
}

static int by_number(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

void revisions_sort(Revisions *list)
{
        if (list->n)
                qsort(list->revisions, list->n, sizeof(*list->revisions), by_number);
}

bool revisions_have(const Revisions *list, uint64_t revision)
{
        return list->n && bsearch(&revision, list->revisions, list->n, sizeof(revision), by_number);
}

int revisions_of_picture(Revisions *list, State *state)
{
        const Picture *picture = state_picture(state);
        int r = 0;

        for (const Record *record = picture_next(picture, NULL); !r && record;
             record = picture_next(picture, record)) {
                r = revisions_add(list, record->revision);
                if (!r && record->affirmation)
                        r = revisions_add(list, record->affirmation->revision);
        }
        revisions_sort(list);
        return r;
}
