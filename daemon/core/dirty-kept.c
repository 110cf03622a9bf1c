/*
 * Rows that outlive what they are about: affirmations and tombstones
 *
 * An affirmation is shared by all that it renewed, and nobody says when the last of them lets go;
 * so one reference is held here, and each checkpoint looks at a few of them, in turn, for those
 * where it is the only one left. It looks at twice as many as came, so the rows that linger never
 * outnumber those in use.
 *
 * Tombstones go in the order in which they came, and the picture says when. Their rows are made at
 * once: one may be forgotten before the next checkpoint, and then never has a row.
 */

#include <stdlib.h>

#include "core/dirty.h"
#include "core/row.h"

/* ------------------------------------------------------------------ affirmations */

KeptAffirm *dirty_find_affirm(Dirty *dirty, uint64_t revision)
{
        KeptAffirm *found;

        HASH_FIND(hh, dirty->affirms, &revision, sizeof(revision), found);
        return found;
}

int dirty_keep_affirm(Dirty *dirty, Affirmation *affirmation, bool written)
{
        KeptAffirm *affirm;

        affirm = calloc(1, sizeof(*affirm));
        if (!affirm)
                return err_raise(-ENOMEM);

        affirm->revision = affirmation->revision;
        HASH_ADD(hh, dirty->affirms, revision, sizeof(affirm->revision), affirm);
        if (!affirm->hh.tbl) {
                free(affirm);
                return err_raise(-ENOMEM);
        }

        affirm->affirmation = affirmation_ref(affirmation);
        if (!written)
                dirty_unwrite_affirm(dirty, affirm);
        return 0;
}

void dirty_unwrite_affirm(Dirty *dirty, KeptAffirm *affirm)
{
        if (!list_is_linked(&affirm->fresh)) {
                list_append(&dirty->fresh, &affirm->fresh);
                dirty->n_fresh++;
        }
}

static int affirm_let_go(Dirty *dirty, KeptAffirm *affirm)
{
        Blob *key;
        int r;

        if (list_is_linked(&affirm->fresh)) {
                list_unlink(&affirm->fresh);
                dirty->n_fresh--;
        } else {
                r = row_key_of_revision(&key, affirm->revision);
                if (r)
                        return r;
                r = row_list_add(&dirty->ready, CHECKPOINT_AFFIRMS, key, NULL);
                if (r)
                        return r;
        }

        HASH_DEL(dirty->affirms, affirm);
        affirmation_unref(affirm->affirmation);
        free(affirm);
        return 0;
}

int dirty_sweep_affirms(Dirty *dirty)
{
        size_t n_looks = MIN((size_t)HASH_COUNT(dirty->affirms), 2 * dirty->n_fresh + 64);
        KeptAffirm *affirm;
        int r;

        for (; n_looks; n_looks--) {
                affirm = dirty->sweep ? dirty->sweep : dirty->affirms;
                dirty->sweep = affirm->hh.next;
                if (affirm->affirmation->n_references > 1)
                        continue;
                r = affirm_let_go(dirty, affirm);
                if (r)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ tombstones */

KeptTombstone *dirty_tombstone(Dirty *dirty, size_t index)
{
        return &dirty->tombstones[(dirty->first + index) % dirty->n_tombstones_room];
}

static int tombstones_grow(Dirty *dirty)
{
        size_t n_room = dirty->n_tombstones_room ? dirty->n_tombstones_room * 2 : 64;
        KeptTombstone *grown;

        if (dirty->n_tombstones < dirty->n_tombstones_room)
                return 0;
        grown = reallocarray(NULL, n_room, sizeof(*grown));
        if (!grown)
                return err_raise(-ENOMEM);

        for (size_t i = 0; i < dirty->n_tombstones; i++)
                grown[i] = *dirty_tombstone(dirty, i);
        free(dirty->tombstones);
        dirty->tombstones = grown;
        dirty->n_tombstones_room = n_room;
        dirty->first = 0;
        return 0;
}

int dirty_keep_tombstone(Dirty *dirty, uint64_t revision, uint32_t number, Blob *value)
{
        if (tombstones_grow(dirty)) {
                blob_unref(value);
                return err_raise(-ENOMEM);
        }
        dirty->n_tombstones++;
        dirty->n_unwritten += !!value;
        *dirty_tombstone(dirty, dirty->n_tombstones - 1) =
                (KeptTombstone){ .revision = revision, .number = number, .value = value };
        return 0;
}

int dirty_forget_tombstone(Dirty *dirty, uint64_t revision)
{
        KeptTombstone *oldest = dirty_tombstone(dirty, 0);
        Blob *key;
        int r;

        assert(dirty->n_tombstones && oldest->revision == revision);
        if (oldest->value) {
                oldest->value = blob_unref(oldest->value);
                dirty->n_unwritten--;
        } else {
                r = row_key_of_tombstone(&key, oldest->revision, oldest->number);
                if (r)
                        return r;
                r = row_list_add(&dirty->ready, CHECKPOINT_TOMBSTONES, key, NULL);
                if (r)
                        return r;
        }
        dirty->first = (dirty->first + 1) % dirty->n_tombstones_room;
        dirty->n_tombstones--;
        return 0;
}

KeptTombstone *dirty_find_tombstone(Dirty *dirty, uint64_t revision, uint32_t number)
{
        size_t low = 0, high = dirty->n_tombstones, middle;
        KeptTombstone *at;

        while (low < high) {
                middle = low + (high - low) / 2;
                at = dirty_tombstone(dirty, middle);
                if (at->revision < revision || (at->revision == revision && at->number < number))
                        low = middle + 1;
                else
                        high = middle;
        }
        at = low < dirty->n_tombstones ? dirty_tombstone(dirty, low) : NULL;
        return at && at->revision == revision && at->number == number ? at : NULL;
}
