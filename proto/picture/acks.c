#include "picture/acks.h"

#include <stdlib.h>
#include <string.h>

/*
 * Found by the key of the record that they name, which need not be there: a reader may hear of the
 * one before the other. Most records are seen by nobody and cost nothing.
 */

struct Acked {
        UT_hash_handle hh;
        ListLink acks;
        size_t n_acks;
        uint16_t n_key;
        uint8_t key[];
};

typedef struct AckLink {
        ListLink link;
        Record *record;
} AckLink;

static Acked *find(const Picture *picture, const uint8_t *key, size_t n_key)
{
        Acked *acked;

        HASH_FIND(hh, picture->acked, key, n_key, acked);
        return acked;
}

static void release(Picture *picture, Acked *acked)
{
        if (acked->n_acks)
                return;
        HASH_DEL(picture->acked, acked);
        free(acked);
}

static int need(Picture *picture, const RecordKey *key, Acked **ret_acked)
{
        Acked *acked = find(picture, key->bytes, key->n_bytes);

        if (!acked) {
                acked = calloc(1, sizeof(*acked) + key->n_bytes);
                if (!acked)
                        return err_raise(-ENOMEM);
                acked->n_key = key->n_bytes;
                memcpy(acked->key, key->bytes, key->n_bytes);
                list_init(&acked->acks);
                HASH_ADD_KEYPTR(hh, picture->acked, acked->key, acked->n_key, acked);
                if (!acked->hh.tbl) {
                        free(acked);
                        return err_raise(-ENOMEM);
                }
        }
        *ret_acked = acked;
        return 0;
}

int acks_add(Picture *picture, Record *record)
{
        CLEANUP(freep) AckLink *ack = NULL;
        RecordKey named;
        Acked *acked;
        int r;

        record_ack_named(record->key, record->n_key, &named);
        ack = calloc(1, sizeof(*ack));
        if (!ack)
                return err_raise(-ENOMEM);
        r = need(picture, &named, &acked);
        if (r)
                return r;

        ack->record = record;
        list_append(&acked->acks, &ack->link);
        acked->n_acks++;
        picture->n_acks++;
        (void)STEAL(ack);
        return 0;
}

void acks_remove(Picture *picture, Record *record)
{
        RecordKey named;
        Acked *acked;

        record_ack_named(record->key, record->n_key, &named);
        acked = find(picture, named.bytes, named.n_bytes);
        assert(acked); /* acks_add() */
        list_for_each (link, &acked->acks) {
                AckLink *ack = list_entry(link, AckLink, link);

                if (ack->record != record)
                        continue;
                list_unlink(&ack->link);
                free(ack);
                acked->n_acks--;
                picture->n_acks--;
                break;
        }
        release(picture, acked);
}

size_t picture_n_acks(const Picture *picture)
{
        return picture->n_acks;
}

size_t picture_acks(const Picture *picture, const Record *named, const Record **ret_acks,
                    size_t n_acks_max)
{
        const Acked *acked = find(picture, named->key, named->n_key);
        size_t n = 0;

        if (!acked)
                return 0;
        list_for_each (link, &acked->acks)
                if (n < n_acks_max)
                        ret_acks[n++] = list_entry(link, AckLink, link)->record;
        return acked->n_acks;
}

/* ------------------------------------------------------------------ their end */

void acks_end_init(AcksEnd *end)
{
        *end = (AcksEnd){ 0 };
        list_init(&end->tombstones);
}

void acks_end_deinit(AcksEnd *end)
{
        list_for_each (link, &end->tombstones)
                tombstone_free(list_entry(link, Tombstone, in_topic));
}

int acks_end_prepare(AcksEnd *end, const Picture *picture, const Record *named)
{
        Acked *acked = find(picture, named->key, named->n_key);
        Tombstone *tombstone;
        int r;

        if (!acked)
                return 0;
        for (size_t i = 0; i < acked->n_acks; i++) {
                r = tombstone_new(&tombstone);
                if (r)
                        return r;
                list_append(&end->tombstones, &tombstone->in_topic);
        }
        end->acked = acked;
        end->n_acks = acked->n_acks;
        return 0;
}

void acks_end_apply(AcksEnd *end, Picture *picture, uint64_t revision, int64_t at_ms,
                    Change *change)
{
        Tombstone *tombstone;
        Record *record;
        Loss loss;

        list_for_each (link, &end->tombstones) {
                tombstone = list_entry(link, Tombstone, in_topic);
                list_unlink(link);
                record = list_entry(end->acked->acks.next, AckLink, link)->record;
                loss = (Loss){ record->audience, AUDIENCE_COORD, WITHDRAWN_ENDED };
                picture_lose(picture, tombstone, record, &loss, revision, at_ms, change);
                picture_drop(picture, record); /* with the last one end->acked goes */
        }
        end->acked = NULL;
}
