#include <sodium.h>

#include "internal/endian.h"
#include "store/error.h"
#include "store/keyframe-private.h"

/*
 * What a keyframe is of, without its picture being told
 */

static void digest_part(crypto_generichash_state *digest, const uint8_t *bytes, size_t n_bytes)
{
        uint8_t n[8];

        be64_put(n, n_bytes);
        crypto_generichash_update(digest, n, sizeof(n));
        crypto_generichash_update(digest, bytes, n_bytes);
}

int keyframe_digest(Environment *environment, uint64_t revision, uint8_t ret_digest[DIGEST_BYTES])
{
        crypto_generichash_state digest;
        int r = 0;

        crypto_generichash_init(&digest, NULL, 0, DIGEST_BYTES);
        for (uint32_t number = 0; !r; number++) {
                CLEANUP(blob_unrefp) Blob *part = NULL;

                r = keyframe_read_part(environment, revision, number, &part);
                if (r == STORE_E_NONE && number)
                        break;
                if (r)
                        return keyframe_fold(r);
                digest_part(&digest, part->bytes, part->n_bytes);
        }
        crypto_generichash_final(&digest, ret_digest, DIGEST_BYTES);
        return 0;
}

/* A value begins with its version. */
void keyframe_digest_of(const Checkpoint *rows, uint8_t ret_digest[DIGEST_BYTES])
{
        crypto_generichash_state digest;

        crypto_generichash_init(&digest, NULL, 0, DIGEST_BYTES);
        for (size_t i = 0; i < rows->n_rows; i++)
                digest_part(&digest, rows->rows[i].value->bytes + 1,
                            rows->rows[i].value->n_bytes - 1);
        crypto_generichash_final(&digest, ret_digest, DIGEST_BYTES);
}

static int take_entries(const Blob *part, const char **topics, Revisions *list)
{
        const uint8_t *at;
        size_t n_topics;
        int r;

        r = keyframe_read_topics(part, topics, &n_topics, &at);
        for (; !r && at < part->bytes + part->n_bytes; at += KEYFRAME_RECORD_BYTES) {
                r = revisions_add(list, be64_get(at + 8));
                if (!r && be64_get(at + 32))
                        r = revisions_add(list, be64_get(at + 32));
        }
        return r;
}

int keyframe_entries(Environment *environment, uint64_t revision, Revisions *list)
{
        CLEANUP(freep) const char **topics = calloc(KEYFRAME_TOPICS_MAX, sizeof(*topics));
        int r = 0;

        if (!topics)
                return err_raise(-ENOMEM);
        for (uint32_t number = 1; !r; number++) {
                CLEANUP(blob_unrefp) Blob *part = NULL;

                r = keyframe_read_part(environment, revision, number, &part);
                if (!r)
                        r = take_entries(part, topics, list);
        }
        if (r != STORE_E_NONE)
                return keyframe_fold(r);
        revisions_sort(list);
        return 0;
}
