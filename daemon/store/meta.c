#include "store/meta.h"

#include <string.h>

#include "internal/endian.h"
#include "store/environment.h"
#include "store/error.h"
#include "store/rows.h"

static const char schema_key[] = "plek.schema";
static const char tail_key[] = "plek.tail";
static const char checkpoint_key[] = "plek.checkpoint";
static const char thinned_key[] = "plek.thinned";
static const char cut_key[] = "plek.cut";

enum {
        OFFSET_VERSION = ROW_CHECKSUM_BYTES,
        OFFSET_WRITTEN_BY = OFFSET_VERSION + 4,

        OFFSET_REVISION = ROW_CHECKSUM_BYTES,
        OFFSET_TIME = OFFSET_REVISION + 8,
        OFFSET_HEAD = OFFSET_TIME + 8,
        N_TAIL = OFFSET_HEAD + DIGEST_BYTES,
        N_CHECKPOINT = OFFSET_REVISION + 8,
        N_THINNED = OFFSET_TIME + 8,
        OFFSET_SWEPT = OFFSET_TIME + 8,
        OFFSET_ENVELOPE = OFFSET_SWEPT + 8,
};

/* Its value, checksum included, of at least @n_least bytes. */
static int meta_get_sized(Transaction *transaction, const char *key, size_t n_least,
                          const uint8_t **ret_value, size_t *ret_n_value)
{
        const uint8_t *value;
        size_t n_value;
        int r;

        r = transaction_get(transaction, transaction->environment->root, key, strlen(key), &value,
                            &n_value);
        if (r)
                return r;
        if (n_value < n_least || !row_is_sealed(ROW_TAG_META, key, strlen(key), value, n_value))
                return STORE_E_DAMAGED;

        *ret_value = value;
        *ret_n_value = n_value;
        return 0;
}

static int meta_get(Transaction *transaction, const char *key, size_t n_least,
                    const uint8_t **ret_value)
{
        size_t n_value;

        return meta_get_sized(transaction, key, n_least, ret_value, &n_value);
}

static void meta_put(Transaction *transaction, const char *key, uint8_t *value, size_t n_value)
{
        uint8_t *to;

        row_seal(ROW_TAG_META, key, strlen(key), value, n_value);
        to = transaction_reserve(transaction, transaction->environment->root, key, strlen(key),
                                 n_value, TRANSACTION_REPLACE);
        if (to)
                memcpy(to, value, n_value);
}

int meta_get_schema(Transaction *transaction, uint32_t *ret_version)
{
        const uint8_t *value;
        int r;

        r = meta_get(transaction, schema_key, OFFSET_WRITTEN_BY, &value);
        if (r)
                return r;

        *ret_version = be32_get(value + OFFSET_VERSION);
        return *ret_version > SCHEMA_VERSION ? STORE_E_NEWER : 0;
}

void meta_put_schema(Transaction *transaction)
{
        static const char written_by[] = "plekd " PLEK_VERSION;
        uint8_t value[OFFSET_WRITTEN_BY + sizeof(written_by) - 1];

        be32_put(value + OFFSET_VERSION, SCHEMA_VERSION);
        memcpy(value + OFFSET_WRITTEN_BY, written_by, sizeof(written_by) - 1);
        meta_put(transaction, schema_key, value, sizeof(value));
}

int meta_get_tail(Transaction *transaction, Tail *ret_tail)
{
        const uint8_t *value;
        int r;

        r = meta_get(transaction, tail_key, N_TAIL, &value);
        if (r == STORE_E_NONE) {
                *ret_tail = (Tail){ 0 };
                return 0;
        }
        if (r)
                return r;

        ret_tail->revision = be64_get(value + OFFSET_REVISION);
        ret_tail->time_ms = (int64_t)be64_get(value + OFFSET_TIME);
        memcpy(ret_tail->head, value + OFFSET_HEAD, DIGEST_BYTES);
        return 0;
}

void meta_put_tail(Transaction *transaction, const Tail *tail)
{
        uint8_t value[N_TAIL];

        be64_put(value + OFFSET_REVISION, tail->revision);
        be64_put(value + OFFSET_TIME, (uint64_t)tail->time_ms);
        memcpy(value + OFFSET_HEAD, tail->head, DIGEST_BYTES);
        meta_put(transaction, tail_key, value, sizeof(value));
}

int meta_get_checkpoint(Transaction *transaction, uint64_t *ret_revision)
{
        const uint8_t *value;
        int r;

        r = meta_get(transaction, checkpoint_key, N_CHECKPOINT, &value);
        if (r == STORE_E_NONE) {
                *ret_revision = 0;
                return 0;
        }
        if (r)
                return r;

        *ret_revision = be64_get(value + OFFSET_REVISION);
        return 0;
}

void meta_put_checkpoint(Transaction *transaction, uint64_t revision)
{
        uint8_t value[N_CHECKPOINT];

        be64_put(value + OFFSET_REVISION, revision);
        meta_put(transaction, checkpoint_key, value, sizeof(value));
}

int meta_get_thinned(Transaction *transaction, Thinned *ret_thinned)
{
        const uint8_t *value;
        int r;

        r = meta_get(transaction, thinned_key, N_THINNED, &value);
        if (r == STORE_E_NONE) {
                *ret_thinned = (Thinned){ 0 };
                return 0;
        }
        if (r)
                return r;

        ret_thinned->revision = be64_get(value + OFFSET_REVISION);
        ret_thinned->time_ms = (int64_t)be64_get(value + OFFSET_TIME);
        return 0;
}

void meta_put_thinned(Transaction *transaction, const Thinned *thinned)
{
        uint8_t value[N_THINNED];

        be64_put(value + OFFSET_REVISION, thinned->revision);
        be64_put(value + OFFSET_TIME, (uint64_t)thinned->time_ms);
        meta_put(transaction, thinned_key, value, sizeof(value));
}

int meta_get_cut(Transaction *transaction, CutRow *ret_cut)
{
        const uint8_t *value;
        size_t n_value;
        int r;

        *ret_cut = (CutRow){ 0 };
        r = meta_get_sized(transaction, cut_key, OFFSET_ENVELOPE, &value, &n_value);
        if (r)
                return r == STORE_E_NONE ? 0 : r;
        if (n_value - OFFSET_ENVELOPE > sizeof(ret_cut->envelope))
                return STORE_E_DAMAGED;

        ret_cut->revision = be64_get(value + OFFSET_REVISION);
        ret_cut->time_ms = (int64_t)be64_get(value + OFFSET_TIME);
        ret_cut->swept = be64_get(value + OFFSET_SWEPT);
        ret_cut->n_envelope = n_value - OFFSET_ENVELOPE;
        memcpy(ret_cut->envelope, value + OFFSET_ENVELOPE, ret_cut->n_envelope);
        return 0;
}

void meta_put_cut(Transaction *transaction, const CutRow *cut)
{
        uint8_t value[OFFSET_ENVELOPE + sizeof(cut->envelope)];

        be64_put(value + OFFSET_REVISION, cut->revision);
        be64_put(value + OFFSET_TIME, (uint64_t)cut->time_ms);
        be64_put(value + OFFSET_SWEPT, cut->swept);
        memcpy(value + OFFSET_ENVELOPE, cut->envelope, cut->n_envelope);
        meta_put(transaction, cut_key, value, OFFSET_ENVELOPE + cut->n_envelope);
}
