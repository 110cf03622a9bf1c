#include "lib/replica-internal.h"

#include <string.h>

/*
 * Affirms that entries rest on
 *
 * Which one a record rests on is the broker's word; whether that one says anything of the record is
 * its party's. An affirm of another, of another time or of other records would make what nobody
 * feeds any more look fresh.
 */

typedef struct ApartKey {
        uint16_t n_bytes;
        const uint8_t *bytes;
} ApartKey;

typedef struct AffirmSaid {
        Affirmation *affirmation;
        Status status;
        Audience audience;
        Lane lane;
        const char *party, *location;
        uint64_t instance, up_to_seq;
        ApartKey *apart;
        size_t n_apart;
} AffirmSaid;

void affirms_deinit(Affirms *affirms)
{
        for (size_t i = 0; i < affirms->n_said; i++)
                affirmation_unref(affirms->said[i].affirmation);
}

/* ------------------------------------------------------------------ taking */

static bool copy_apart(Arena *arena, const Update *update, AffirmSaid *said)
{
        RecordKey key;
        uint8_t *bytes;

        said->n_apart = update->affirm.n_apart_from;
        said->apart = arena_alloc(arena, (said->n_apart + 1) * sizeof(*said->apart));
        for (size_t i = 0; said->apart && i < said->n_apart; i++) {
                record_key_make(&key, update->status, update->party, update->location,
                                &update->affirm.apart_from[i]);
                bytes = arena_alloc(arena, key.n_bytes);
                if (!bytes)
                        return false;
                memcpy(bytes, key.bytes, key.n_bytes);
                said->apart[i] = (ApartKey){ key.n_bytes, bytes };
        }
        return said->apart;
}

/* Returns whether there was room: a message may be full of what its parties made large. */
static bool copy_said(Arena *arena, const Update *update, AffirmSaid *ret_said)
{
        *ret_said = (AffirmSaid){
                .status = update->status,
                .audience = update->audience,
                .lane = update->affirm.lane,
                .party = arena_strdup(arena, update->party),
                .location = arena_strdup(arena, update->location),
                .instance = update->instance,
                .up_to_seq = update->affirm.up_to_seq,
        };
        return ret_said->party && ret_said->location && copy_apart(arena, update, ret_said);
}

static int take_one(Affirms *affirms, Replica *replica, const ReplicaTopic *topic,
                    const Entry *entry)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        AffirmSaid *said = &affirms->said[affirms->n_said];
        Update update;
        int r;

        r = entry_believe(replica, topic, entry, NULL, &update);
        if (r == ENTRY_E_DOUBTFUL)
                return 0;
        if (update.kind != UPDATE_AFFIRM) {
                (void)entry_doubt(replica, topic, entry, "is not the affirm that it stands for");
                return 0;
        }
        if (!copy_said(replica->arena, &update, said))
                return 0; /* what rests on it looks older */
        r = blob_copy(&envelope, entry->envelope, entry->n_envelope);
        if (!r)
                r = affirmation_new(&said->affirmation, entry->revision,
                                    entry_received_at(entry, &update), update.sent_at_ms, envelope);
        if (!r)
                affirms->n_said++;
        return r;
}

int affirms_take(Affirms *affirms, Replica *replica, const ReplicaTopic *topic,
                 const EntryList *list)
{
        int r = 0;

        if (!list->n_affirms)
                return 0;
        affirms->said = arena_alloc(replica->arena, list->n_affirms * sizeof(*affirms->said));
        if (!affirms->said)
                return err_raise(-ENOMEM);
        for (size_t i = 0; !r && i < list->n_affirms; i++)
                r = take_one(affirms, replica, topic, &list->affirms[i]);
        return r;
}

/* ------------------------------------------------------------------ resting on one */

/* As picture_affirm() has it. */
static bool renews(const AffirmSaid *said, const Update *update, const RecordKey *key)
{
        if (update->status != said->status || update->audience != said->audience ||
            update->instance != said->instance || update->seq > said->up_to_seq ||
            report_is_event(update->kind) || report_lane(update->kind) != said->lane ||
            strcmp(update->party, said->party) || strcmp(update->location, said->location))
                return false;
        for (size_t i = 0; i < said->n_apart; i++)
                if (said->apart[i].n_bytes == key->n_bytes &&
                    !memcmp(said->apart[i].bytes, key->bytes, key->n_bytes))
                        return false;
        return true;
}

int affirms_find(const Affirms *affirms, uint64_t revision, const Update *update,
                 const RecordKey *key, Affirmation **ret_affirmation)
{
        *ret_affirmation = NULL;
        for (size_t i = 0; i < affirms->n_said; i++) {
                const AffirmSaid *said = &affirms->said[i];

                if (said->affirmation->revision != revision)
                        continue;
                if (!renews(said, update, key))
                        return AFFIRMS_E_OTHER;
                *ret_affirmation = said->affirmation;
                return AFFIRMS_FOUND;
        }
        return AFFIRMS_FOUND;
}
