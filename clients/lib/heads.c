#include "lib/heads.h"

#include <string.h>

#include "lib/file.h"

enum {
        N_REMEMBERED = 256,
        HEAD_FILE_MAX = 4096,
        HEAD_ARENA_BYTES = 16 * 1024,
};

struct Heads {
        char *path;
        Arena *arena;
        HeadSeen seen[N_REMEMBERED]; /* a ring */
        size_t next;
        HeadSeen newest;  /* signed, checked */
        size_t newest_at; /* up to which of the ring that was looked for */
        bool is_stored;
};

static void seen_drop(HeadSeen *seen)
{
        seen->envelope = blob_unref(seen->envelope);
}

static int seen_make(HeadSeen *ret_seen, Arena *arena, const PlekRegionCard *card,
                     const uint8_t *bytes, size_t n_bytes)
{
        Envelope envelope;
        Head head;
        int r;

        if (envelope_parse(&envelope, bytes, n_bytes) || envelope.kind != ENVELOPE_HEAD)
                return HEADS_E_MALFORMED;
        if (card && memcmp(&envelope.network, &card->card.network, sizeof(NetworkId)))
                return HEADS_E_MALFORMED;
        arena_reset(arena);
        if (head_decode(&head, arena, envelope.body, envelope.n_body))
                return HEADS_E_MALFORMED;

        r = blob_copy(&ret_seen->envelope, bytes, n_bytes);
        if (r)
                return r;
        ret_seen->head = head;
        return 0;
}

static bool seen_is_signed(const HeadSeen *seen, const PlekRegionCard *card)
{
        Envelope envelope;

        return envelope_parse(&envelope, seen->envelope->bytes, seen->envelope->n_bytes) == 0 &&
               region_card_signed_by_broker(card, &envelope);
}

/* What was kept is only evidence: if it cannot be read there is none. */
static int load(Heads *heads)
{
        CLEANUP(blob_unrefp) Blob *file = NULL;
        int r;

        r = file_load(&file, heads->path, HEAD_FILE_MAX);
        if (r)
                return r == -ENOMEM ? r : 0;
        r = seen_make(&heads->newest, heads->arena, NULL, file->bytes, file->n_bytes);
        if (r == 0)
                heads->is_stored = true;
        return r < 0 ? r : 0;
}

int heads_new(Heads **ret_heads, const char *path)
{
        CLEANUP(heads_freep) Heads *heads = NULL;
        int r;

        heads = calloc(1, sizeof(*heads));
        if (!heads)
                return err_raise(-ENOMEM);
        r = arena_new(&heads->arena, HEAD_ARENA_BYTES);
        if (r)
                return r;
        if (path) {
                heads->path = strdup(path);
                if (!heads->path)
                        return err_raise(-ENOMEM);
                r = load(heads);
                if (r)
                        return r;
        }
        *ret_heads = STEAL(heads);
        return 0;
}

Heads *heads_free(Heads *heads)
{
        if (!heads)
                return NULL;
        for (size_t i = 0; i < N_REMEMBERED; i++)
                seen_drop(&heads->seen[i]);
        seen_drop(&heads->newest);
        arena_free(heads->arena);
        free(heads->path);
        free(heads);
        return NULL;
}

static const HeadSeen *find(const Heads *heads, const Head *head)
{
        for (size_t i = 0; i < N_REMEMBERED; i++) {
                const HeadSeen *seen = &heads->seen[i];

                if (seen->envelope && seen->head.epoch == head->epoch &&
                    seen->head.revision == head->revision)
                        return seen;
        }
        if (heads->newest.envelope && heads->newest.head.epoch == head->epoch &&
            heads->newest.head.revision == head->revision)
                return &heads->newest;
        return NULL;
}

int heads_see(Heads *heads, const PlekRegionCard *card, const uint8_t *envelope, size_t n_envelope,
              const HeadSeen **ret_other)
{
        HeadSeen seen = { 0 };
        const HeadSeen *other;
        int r;

        r = seen_make(&seen, heads->arena, card, envelope, n_envelope);
        if (r)
                return r;

        other = find(heads, &seen.head);
        if (other && memcmp(other->head.head, seen.head.head, DIGEST_BYTES)) {
                /* Only what the broker put its name to twice is evidence against it. */
                r = seen_is_signed(other, card) && seen_is_signed(&seen, card)
                            ? HEADS_E_EQUIVOCATION
                            : HEADS_E_MALFORMED;
                *ret_other = other;
                seen_drop(&seen);
                return r;
        }
        if (other) {
                seen_drop(&seen);
                return 0;
        }

        seen_drop(&heads->seen[heads->next % N_REMEMBERED]);
        heads->seen[heads->next++ % N_REMEMBERED] = seen;
        return 0;
}

/* Lanes are not in step, so what came last is not always the latest. */
static bool is_later(const Head *head, const HeadSeen *than)
{
        return !than->envelope || head->epoch != than->head.epoch ||
               head->revision > than->head.revision;
}

const HeadSeen *heads_newest(Heads *heads, const PlekRegionCard *card)
{
        const HeadSeen *seen;

        for (size_t i = heads->next; i > heads->newest_at && i + N_REMEMBERED > heads->next; i--) {
                seen = &heads->seen[(i - 1) % N_REMEMBERED];
                if (!seen->envelope || !is_later(&seen->head, &heads->newest) ||
                    !seen_is_signed(seen, card))
                        continue;
                seen_drop(&heads->newest);
                heads->newest = (HeadSeen){ seen->head, blob_ref(seen->envelope) };
                heads->is_stored = false;
        }
        heads->newest_at = heads->next;
        return heads->newest.envelope ? &heads->newest : NULL;
}

int heads_store(Heads *heads, const PlekRegionCard *card)
{
        const HeadSeen *newest = heads_newest(heads, card);
        int r;

        if (!newest || !heads->path || heads->is_stored)
                return 0;
        r = file_replace(heads->path, newest->envelope->bytes, newest->envelope->n_bytes);
        if (r)
                return r;
        heads->is_stored = true;
        return 0;
}
