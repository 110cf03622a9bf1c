#include "wire/block.h"

#include <string.h>

#include "wire/parts.h"
#include "wire/update-check.h"

enum {
        WHY_NOT_MAX = 64,
        DIGESTS_MAX = 65536,
};

/* ------------------------------------------------------------------ entries */

static int take_withdrawn(const WithdrawnRecord **ret_withdrawn, Arena *arena,
                          const Plek__V1__WithdrawnRecord *pb)
{
        WithdrawnRecord *withdrawn = take_array(arena, 1, sizeof(*withdrawn));
        WireRefusal ignored;
        UpdateCheck check = { .refusal = &ignored, .arena = arena };

        if (!withdrawn || pb->status < STATUS_ACTUAL || pb->status > STATUS_TEST ||
            pb->cause < WITHDRAWN_BY_PARTY || pb->cause > WITHDRAWN_ENDED ||
            !party_is_valid(pb->party) || !location_is_valid(pb->location) ||
            update_take_key(&withdrawn->ref, &check, pb->key))
                return err_raise(-EBADMSG);

        withdrawn->status = (Status)pb->status;
        withdrawn->cause = (WithdrawnCause)pb->cause;
        withdrawn->party = pb->party;
        withdrawn->location = pb->location;
        *ret_withdrawn = withdrawn;
        return 0;
}

static int take_entry(Entry *entry, Arena *arena, const Plek__V1__Entry *pb)
{
        entry->revision = pb->revision;
        entry->changed_revision = pb->has_changed_revision ? pb->changed_revision : pb->revision;
        entry->received_at_ms = pb->received_at_ms;
        entry->since_ms = pb->has_since_ms ? pb->since_ms : pb->received_at_ms;
        entry->flags = pb->flags;
        entry->rests_on = pb->rests_on;

        if (!pb->revision || entry->changed_revision < entry->revision ||
            !time_is_valid(entry->received_at_ms) || !time_is_valid(entry->since_ms))
                return err_raise(-EBADMSG);
        if (pb->has_envelope + pb->has_suspension + !!pb->withdrawn != 1)
                return err_raise(-EBADMSG);
        if (pb->withdrawn)
                return take_withdrawn(&entry->withdrawn, arena, pb->withdrawn);

        if (pb->has_envelope) {
                entry->envelope = pb->envelope.data;
                entry->n_envelope = pb->envelope.len;
        } else {
                entry->suspension = pb->suspension.data;
                entry->n_suspension = pb->suspension.len;
        }
        return entry->n_envelope || entry->n_suspension ? 0 : err_raise(-EBADMSG);
}

static int take_entries(const Entry **ret_entries, Arena *arena, Plek__V1__Entry **pb,
                        size_t n_entries)
{
        Entry *entries = take_array(arena, n_entries, sizeof(*entries));
        int r;

        if (!entries)
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < n_entries; i++) {
                r = take_entry(&entries[i], arena, pb[i]);
                if (r)
                        return r;
        }
        *ret_entries = entries;
        return 0;
}

static int take_affirms(const Entry **ret_affirms, Arena *arena, Plek__V1__Entry **pb,
                        size_t n_affirms)
{
        int r;

        r = take_entries(ret_affirms, arena, pb, n_affirms);
        for (size_t i = 0; !r && i < n_affirms; i++)
                if (!(*ret_affirms)[i].envelope)
                        r = err_raise(-EBADMSG);
        return r;
}

/* ------------------------------------------------------------------ blocks */

static int take_beat(const Beat **ret_beat, Arena *arena, const Plek__V1__Beat *pb)
{
        Beat *beat = take_array(arena, 1, sizeof(*beat));

        if (!beat || !time_is_valid(pb->time_ms) || !pb_text_fits(pb->why_not, WHY_NOT_MAX) ||
            (pb->has_since_ms && !time_is_valid(pb->since_ms)) ||
            take_positions(&beat->topics, arena, pb->topics, pb->n_topics) ||
            take_presence(&beat->presence, arena, pb->presence, pb->n_presence))
                return err_raise(-EBADMSG);

        beat->time_ms = pb->time_ms;
        beat->epoch = pb->epoch.data;
        beat->n_epoch = pb->epoch.len;
        beat->n_topics = pb->n_topics;
        beat->n_presence = pb->n_presence;
        beat->accepting = pb->accepting;
        beat->why_not = pb->accepting ? NULL : pb->why_not;
        beat->since_ms = pb->since_ms;
        beat->beat = pb->beat;
        *ret_beat = beat;
        return 0;
}

static int take_block(Block *block, Arena *arena, const uint8_t *body, size_t n_body)
{
        ProtobufCMessage *message;
        const Plek__V1__Block *pb;
        PbFault fault;

        if (pb_unpack(&message, &fault, &plek__v1__block__descriptor, arena, body, n_body,
                      BLOCK_ENTRIES_MAX))
                return err_raise(-EBADMSG);

        pb = (const Plek__V1__Block *)message;
        if (!pb->head.len || pb->first > pb->last || pb->previous > pb->last ||
            (pb->beat && (pb->n_entries || pb->n_affirms)))
                return err_raise(-EBADMSG);
        if (take_entries(&block->entries, arena, pb->entries, pb->n_entries) ||
            take_affirms(&block->affirms, arena, pb->affirms, pb->n_affirms) ||
            (pb->beat && take_beat(&block->beat, arena, pb->beat)))
                return err_raise(-EBADMSG);

        block->head = pb->head.data;
        block->n_head = pb->head.len;
        block->first = pb->first;
        block->last = pb->last;
        block->previous = pb->previous;
        block->reg_revision = pb->reg_revision;
        block->n_entries = pb->n_entries;
        block->n_affirms = pb->n_affirms;
        return 0;
}

int block_frame_parse(Topic *ret_topic, Envelope *ret_envelope, const uint8_t *frame,
                      size_t n_frame)
{
        const uint8_t *zero = memchr(frame, '\0', MIN(n_frame, TOPIC_MAX));
        size_t n_topic = zero ? (size_t)(zero - frame) : 0;

        if (!zero || topic_parse(ret_topic, (const char *)frame, n_topic) ||
            envelope_parse(ret_envelope, zero + 1, n_frame - n_topic - 1) ||
            ret_envelope->kind != ENVELOPE_BLOCK)
                return BLOCK_E_MALFORMED;
        return 0;
}

int block_decode(Block *ret_block, Arena *arena, const uint8_t *body, size_t n_body)
{
        memset(ret_block, 0, sizeof(*ret_block));
        return take_block(ret_block, arena, body, n_body) ? BLOCK_E_MALFORMED : 0;
}

int chunk_body_decode(ChunkBody *ret_chunk, Arena *arena, const uint8_t *body, size_t n_body)
{
        ProtobufCMessage *message;
        const Plek__V1__ChunkBody *pb;
        PbFault fault;

        memset(ret_chunk, 0, sizeof(*ret_chunk));
        if (pb_unpack(&message, &fault, &plek__v1__chunk_body__descriptor, arena, body, n_body,
                      BLOCK_ENTRIES_MAX))
                return BLOCK_E_MALFORMED;

        pb = (const Plek__V1__ChunkBody *)message;
        if (take_entries(&ret_chunk->entries, arena, pb->entries, pb->n_entries) ||
            take_affirms(&ret_chunk->affirms, arena, pb->affirms, pb->n_affirms))
                return BLOCK_E_MALFORMED;
        ret_chunk->n_entries = pb->n_entries;
        ret_chunk->n_affirms = pb->n_affirms;
        return 0;
}

/* ------------------------------------------------------------------ manifests */

static int take_digests(Manifest *manifest, Arena *arena, const Plek__V1__Manifest *pb)
{
        uint8_t(*digests)[DIGEST_BYTES] = take_array(arena, pb->n_digests, sizeof(*digests));

        if (!digests)
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_digests; i++)
                if (take_bytes(digests[i], DIGEST_BYTES, pb->digests[i]))
                        return err_raise(-EBADMSG);
        manifest->digests = (const uint8_t(*)[DIGEST_BYTES])digests;
        manifest->n_digests = pb->n_digests;
        return 0;
}

/* What an answer is about: a topic, the asker's own records wherever they are, or the past. */
static bool can_be_answered(const char *text)
{
        Topic topic;

        return topic_parse(&topic, text, strlen(text)) == 0 || !strcmp(text, MANIFEST_OWN) ||
               !strcmp(text, MANIFEST_HISTORY);
}

int manifest_decode(Manifest *ret_manifest, Arena *arena, const uint8_t *body, size_t n_body)
{
        ProtobufCMessage *message;
        const Plek__V1__Manifest *pb;
        PbFault fault;

        memset(ret_manifest, 0, sizeof(*ret_manifest));
        if (pb_unpack(&message, &fault, &plek__v1__manifest__descriptor, arena, body, n_body,
                      DIGESTS_MAX))
                return BLOCK_E_MALFORMED;

        pb = (const Plek__V1__Manifest *)message;
        if (!pb->head.len || !can_be_answered(pb->topic) || pb->audience < AUDIENCE_OPEN ||
            pb->audience > AUDIENCE_COORD || pb->from > pb->to ||
            (pb->has_at_ms && (!pb->at_ms || !time_is_valid(pb->at_ms))) ||
            (pb->has_kept_from_ms && (!pb->kept_from_ms || !time_is_valid(pb->kept_from_ms))) ||
            take_digests(ret_manifest, arena, pb))
                return BLOCK_E_MALFORMED;

        ret_manifest->head = pb->head.data;
        ret_manifest->n_head = pb->head.len;
        ret_manifest->topic = pb->topic;
        ret_manifest->audience = (Audience)pb->audience;
        ret_manifest->from = pb->from;
        ret_manifest->to = pb->to;
        ret_manifest->whole = pb->whole;
        ret_manifest->n_entries = pb->n_entries;
        ret_manifest->reg_revision = pb->reg_revision;
        ret_manifest->at_ms = pb->at_ms;
        ret_manifest->is_thinned = pb->thinned;
        ret_manifest->kept_from_ms = pb->kept_from_ms;
        return 0;
}

int manifest_encode(Blob **ret_body, const Manifest *manifest)
{
        CLEANUP(pb_scratch_deinit) PbScratch scratch = PB_SCRATCH_NULL;
        Plek__V1__Manifest pb = PLEK__V1__MANIFEST__INIT;

        pb.digests = pb_scratch_alloc(&scratch, manifest->n_digests, sizeof(*pb.digests));
        if (!pb.digests)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < manifest->n_digests; i++)
                pb.digests[i] = pb_bytes(manifest->digests[i], DIGEST_BYTES);

        pb.head = pb_bytes(manifest->head, manifest->n_head);
        pb.topic = pb_text(manifest->topic);
        pb.audience = manifest->audience;
        pb.from = manifest->from;
        pb.to = manifest->to;
        pb.whole = manifest->whole;
        pb.n_digests = manifest->n_digests;
        pb.n_entries = manifest->n_entries;
        pb.reg_revision = manifest->reg_revision;
        pb.has_at_ms = manifest->at_ms != 0;
        pb.at_ms = manifest->at_ms;
        pb.has_thinned = pb.thinned = manifest->is_thinned;
        pb.has_kept_from_ms = manifest->kept_from_ms != 0;
        pb.kept_from_ms = manifest->kept_from_ms;
        return pb_pack(ret_body, &pb.base);
}
