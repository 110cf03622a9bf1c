#include "core/narrow.h"

#include <stdlib.h>

void narrow_init(Narrow *narrow)
{
        *narrow = (Narrow){ 0 };
        list_init(&narrow->dirty);
}

static void drop(Narrow *narrow, NarrowKey *key)
{
        if (list_is_linked(&key->dirty))
                narrow->n_dirty--;
        list_unlink(&key->dirty);
        HASH_DEL(narrow->keys, key);
        free(key);
}

void narrow_deinit(Narrow *narrow)
{
        NarrowKey *key, *next;

        HASH_ITER (hh, narrow->keys, key, next) {
                drop(narrow, key);
        }
        blob_unref(narrow->digests);
        *narrow = (Narrow){ 0 };
}

static NarrowKey *find(const Narrow *narrow, const uint8_t *bytes, size_t n_bytes)
{
        NarrowKey *key;

        HASH_FIND(hh, narrow->keys, bytes, n_bytes, key);
        return key;
}

static int add(Narrow *narrow, const uint8_t *bytes, size_t n_bytes, NarrowKey **ret_key)
{
        NarrowKey *key;

        key = calloc(1, sizeof(*key) + n_bytes);
        if (!key)
                return err_raise(-ENOMEM);
        key->n_key = (uint16_t)n_bytes;
        memcpy(key->key, bytes, n_bytes);
        HASH_ADD_KEYPTR(hh, narrow->keys, key->key, n_bytes, key);
        if (!key->hh.tbl) {
                free(key);
                return err_raise(-ENOMEM);
        }
        *ret_key = key;
        return 0;
}

static void mark(Narrow *narrow, NarrowKey *key)
{
        if (list_is_linked(&key->dirty))
                return;
        list_append(&narrow->dirty, &key->dirty);
        narrow->n_dirty++;
}

static void changed(Narrow *narrow, NarrowKey *key, bool is_wide)
{
        key->is_wide = is_wide;
        mark(narrow, key);
        narrow->digests = blob_unref(narrow->digests);
}

int narrow_note(Narrow *narrow, const Record *record)
{
        bool is_narrow = record_is_narrow(record);
        NarrowKey *key;
        int r;

        if (!is_narrow && !narrow->keys)
                return 0;

        key = find(narrow, record->key, record->n_key);
        if (!key) {
                if (!is_narrow)
                        return 0;
                r = add(narrow, record->key, record->n_key, &key);
                if (r)
                        return r;
                changed(narrow, key, false);
        } else if (key->is_wide == is_narrow) {
                changed(narrow, key, !is_narrow);
        }
        return 0;
}

int narrow_restore(Narrow *narrow, const uint8_t *bytes, size_t n_bytes, bool is_dirty)
{
        NarrowKey *key;
        int r;

        if (find(narrow, bytes, n_bytes))
                return 0;
        r = add(narrow, bytes, n_bytes, &key);
        if (!r && is_dirty)
                mark(narrow, key);
        return r;
}

int narrow_mark(Narrow *narrow, const uint8_t *bytes, size_t n_bytes)
{
        NarrowKey *key = find(narrow, bytes, n_bytes);
        int r;

        if (!key) {
                r = add(narrow, bytes, n_bytes, &key);
                if (r)
                        return r;
                key->is_wide = true;
        }
        mark(narrow, key);
        return 0;
}

void narrow_take(Narrow *narrow)
{
        list_for_each (link, &narrow->dirty) {
                NarrowKey *key = list_entry(link, NarrowKey, dirty);

                if (key->is_wide) {
                        drop(narrow, key);
                } else {
                        list_unlink(link);
                        narrow->n_dirty--;
                }
        }
}

/* ------------------------------------------------------------------ for another thread */

static void digest(uint8_t ret_digest[NARROW_DIGEST_BYTES], const uint8_t *key, size_t n_key)
{
        crypto_generichash(ret_digest, NARROW_DIGEST_BYTES, key, n_key, NULL, 0);
}

static int compare(const void *a, const void *b)
{
        return memcmp(a, b, NARROW_DIGEST_BYTES);
}

int narrow_digests(Narrow *narrow, Blob **ret_digests)
{
        size_t n = 0;
        int r;

        if (!narrow->digests) {
                for (NarrowKey *key = narrow->keys; key; key = key->hh.next)
                        n += !key->is_wide;
                r = blob_new(&narrow->digests, n * NARROW_DIGEST_BYTES);
                if (r)
                        return r;
                n = 0;
                for (NarrowKey *key = narrow->keys; key; key = key->hh.next)
                        if (!key->is_wide)
                                digest(narrow->digests->bytes + n++ * NARROW_DIGEST_BYTES, key->key,
                                       key->n_key);
                if (n)
                        qsort(narrow->digests->bytes, n, NARROW_DIGEST_BYTES, compare);
        }
        *ret_digests = blob_ref(narrow->digests);
        return 0;
}

bool narrow_holds(const Blob *digests, const uint8_t *key, size_t n_key)
{
        uint8_t wanted[NARROW_DIGEST_BYTES];

        if (!digests->n_bytes)
                return false;
        digest(wanted, key, n_key);
        return bsearch(wanted, digests->bytes, digests->n_bytes / NARROW_DIGEST_BYTES,
                       NARROW_DIGEST_BYTES, compare);
}

bool narrow_hides(const Blob *digests, const uint8_t *key, size_t n_key)
{
        RecordKey named;

        if (!digests->n_bytes)
                return false;
        if (narrow_holds(digests, key, n_key))
                return true;
        if (!record_key_is_ack(key, n_key))
                return false;
        record_ack_named(key, n_key, &named);
        return narrow_holds(digests, named.bytes, named.n_bytes);
}
