/*
 * Building a block
 *
 * Protobuf messages can be put one behind the other: a repeated field is its elements, each with
 * its key and length. So every entry is packed once, as it is added, and the size is known all the
 * time. At the end come the fields that are only known then. A ChunkBody is the same list under
 * other field numbers, and since all of these are below 16 only one byte of each element differs.
 */

#include <string.h>

#include "wire/parts.h"
#include "wire/update-check.h"

enum {
        BLOCK_ENTRIES_KEY = 6 << 3 | 2,
        BLOCK_AFFIRMS_KEY = 7 << 3 | 2,
        CHUNK_ENTRIES_KEY = 1 << 3 | 2,
        CHUNK_AFFIRMS_KEY = 2 << 3 | 2,

        LENGTH_MAX_BYTES = 5,
        /* What a frame has beside its entries: topic, envelope, head, four numbers. */
        FRAME_ROOM_BYTES = 512,
        FIRST_BYTES = 4096,
};

typedef struct List {
        uint8_t *bytes;
        size_t n_bytes;
        size_t n_allocated;
        size_t n_elements;
} List;

struct BlockBuilder {
        size_t max_bytes;
        List entries;
        List affirms;
        uint64_t *affirmed; /* revisions of what is in affirms, sorted */
        size_t n_affirmed_allocated;
};

int block_builder_new(BlockBuilder **ret_builder, size_t max_bytes)
{
        BlockBuilder *builder;

        builder = calloc(1, sizeof(*builder));
        if (!builder)
                return err_raise(-ENOMEM);

        builder->max_bytes = MIN(max_bytes, BLOCK_FRAME_MAX);
        *ret_builder = builder;
        return 0;
}

BlockBuilder *block_builder_free(BlockBuilder *builder)
{
        if (!builder)
                return NULL;

        free(builder->entries.bytes);
        free(builder->affirms.bytes);
        free(builder->affirmed);
        free(builder);
        return NULL;
}

size_t block_builder_n_entries(const BlockBuilder *builder)
{
        return builder->entries.n_elements;
}

static void builder_reset(BlockBuilder *builder)
{
        builder->entries.n_bytes = builder->entries.n_elements = 0;
        builder->affirms.n_bytes = builder->affirms.n_elements = 0;
}

/* ------------------------------------------------------------------ adding */

static size_t put_varint(uint8_t *at, uint64_t value)
{
        size_t n = 0;

        for (; value >= 0x80; value >>= 7)
                at[n++] = (uint8_t)(value | 0x80);
        at[n++] = (uint8_t)value;
        return n;
}

static int list_reserve(List *list, size_t n_more)
{
        size_t n_wanted = list->n_bytes + n_more, n_new = MAX(list->n_allocated, FIRST_BYTES);
        uint8_t *bytes;

        if (n_wanted <= list->n_allocated)
                return 0;
        while (n_new < n_wanted)
                n_new *= 2;
        bytes = realloc(list->bytes, n_new);
        if (!bytes)
                return err_raise(-ENOMEM);
        list->bytes = bytes;
        list->n_allocated = n_new;
        return 0;
}

/* An element may pass the caller's maximum if it is alone: an enrolment of 4,096 locations is. */
static bool has_room(const BlockBuilder *builder, size_t n_more)
{
        size_t n_bytes = builder->entries.n_bytes + builder->affirms.n_bytes;
        size_t max = builder->entries.n_elements ? builder->max_bytes : BLOCK_FRAME_MAX;

        return builder->entries.n_elements + builder->affirms.n_elements < BLOCK_ENTRIES_MAX &&
               n_bytes + n_more + FRAME_ROOM_BYTES <= max;
}

static int list_add(BlockBuilder *builder, List *list, uint8_t key, const Plek__V1__Entry *pb)
{
        size_t n_packed = plek__v1__entry__get_packed_size(pb);
        int r;

        if (!has_room(builder, 1 + LENGTH_MAX_BYTES + n_packed))
                return BLOCK_E_FULL;
        r = list_reserve(list, 1 + LENGTH_MAX_BYTES + n_packed);
        if (r)
                return r;

        list->bytes[list->n_bytes++] = key;
        list->n_bytes += put_varint(list->bytes + list->n_bytes, n_packed);
        list->n_bytes += plek__v1__entry__pack(pb, list->bytes + list->n_bytes);
        list->n_elements++;
        return 0;
}

typedef struct PbEntry {
        Plek__V1__Entry entry;
        Plek__V1__WithdrawnRecord withdrawn;
        Plek__V1__RecordKey key;
} PbEntry;

static void put_entry(PbEntry *pb, const Entry *entry)
{
        Plek__V1__Entry *to = &pb->entry;

        plek__v1__entry__init(to);
        to->revision = entry->revision;
        to->received_at_ms = entry->received_at_ms;
        to->has_flags = entry->flags != 0;
        to->flags = entry->flags;
        to->has_since_ms = entry->since_ms != entry->received_at_ms;
        to->since_ms = entry->since_ms;
        to->has_rests_on = entry->rests_on != 0;
        to->rests_on = entry->rests_on;
        to->has_changed_revision = entry->changed_revision != entry->revision;
        to->changed_revision = entry->changed_revision;
        to->has_envelope = entry->envelope != NULL;
        to->envelope = pb_bytes(entry->envelope, entry->n_envelope);
        to->has_suspension = entry->suspension != NULL;
        to->suspension = pb_bytes(entry->suspension, entry->n_suspension);
        if (!entry->withdrawn)
                return;

        plek__v1__withdrawn_record__init(&pb->withdrawn);
        plek__v1__record_key__init(&pb->key);
        update_put_key(&pb->key, &entry->withdrawn->ref);
        pb->withdrawn.status = entry->withdrawn->status;
        pb->withdrawn.party = pb_text(entry->withdrawn->party);
        pb->withdrawn.location = pb_text(entry->withdrawn->location);
        pb->withdrawn.cause = entry->withdrawn->cause;
        pb->withdrawn.key = &pb->key;
        to->withdrawn = &pb->withdrawn;
}

int block_builder_add(BlockBuilder *builder, const Entry *entry)
{
        PbEntry pb;

        assert(!!entry->envelope + !!entry->withdrawn + !!entry->suspension == 1);
        put_entry(&pb, entry);
        return list_add(builder, &builder->entries, BLOCK_ENTRIES_KEY, &pb.entry);
}

/* Where @revision is in affirmed, or would be. */
static size_t find_affirmed(const BlockBuilder *builder, uint64_t revision, bool *ret_found)
{
        size_t low = 0, high = builder->affirms.n_elements;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (builder->affirmed[middle] < revision)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_found = low < builder->affirms.n_elements && builder->affirmed[low] == revision;
        return low;
}

static int reserve_affirmed(BlockBuilder *builder)
{
        size_t n_new = MAX(2 * builder->n_affirmed_allocated, 16);
        uint64_t *affirmed;

        if (builder->affirms.n_elements < builder->n_affirmed_allocated)
                return 0;
        affirmed = realloc(builder->affirmed, n_new * sizeof(*affirmed));
        if (!affirmed)
                return err_raise(-ENOMEM);
        builder->affirmed = affirmed;
        builder->n_affirmed_allocated = n_new;
        return 0;
}

int block_builder_add_affirm(BlockBuilder *builder, const Entry *affirm)
{
        PbEntry pb;
        bool found;
        size_t at;
        int r;

        assert(affirm->envelope);
        at = find_affirmed(builder, affirm->revision, &found);
        if (found)
                return 0;
        r = reserve_affirmed(builder);
        if (r)
                return r;

        put_entry(&pb, affirm);
        r = list_add(builder, &builder->affirms, BLOCK_AFFIRMS_KEY, &pb.entry);
        if (r)
                return r;

        memmove(builder->affirmed + at + 1, builder->affirmed + at,
                (builder->affirms.n_elements - 1 - at) * sizeof(*builder->affirmed));
        builder->affirmed[at] = affirm->revision;
        return 0;
}

/* ------------------------------------------------------------------ sealing */

/* What a block has beside its lists. */
static int put_rest(Plek__V1__Block *pb, Plek__V1__Beat *beat, PbScratch *scratch,
                    const Block *block)
{
        pb->head = pb_bytes(block->head, block->n_head);
        pb->first = block->first;
        pb->last = block->last;
        pb->previous = block->previous;
        pb->reg_revision = block->reg_revision;
        if (!block->beat)
                return 0;

        plek__v1__beat__init(beat);
        beat->topics = put_positions(scratch, block->beat->topics, block->beat->n_topics);
        beat->presence = put_presence(scratch, block->beat->presence, block->beat->n_presence);
        if (!beat->topics || !beat->presence)
                return err_raise(-ENOMEM);

        beat->time_ms = block->beat->time_ms;
        beat->epoch = pb_bytes(block->beat->epoch, block->beat->n_epoch);
        beat->n_topics = block->beat->n_topics;
        beat->n_presence = block->beat->n_presence;
        beat->accepting = block->beat->accepting;
        beat->why_not = pb_text(block->beat->accepting ? NULL : block->beat->why_not);
        beat->has_since_ms = !block->beat->accepting && block->beat->since_ms > 0;
        beat->since_ms = block->beat->since_ms;
        beat->beat = block->beat->beat;
        pb->beat = beat;
        return 0;
}

/* All but the envelope's header and signature, which are before its body. */
static int put_frame(const BlockBuilder *builder, Blob **ret_frame, const Topic *topic,
                     const Block *block, size_t *ret_n_topic)
{
        CLEANUP(pb_scratch_deinit) PbScratch scratch = PB_SCRATCH_NULL;
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Plek__V1__Block pb = PLEK__V1__BLOCK__INIT;
        Plek__V1__Beat beat;
        char text[TOPIC_MAX];
        size_t n_before, n_body;
        uint8_t *at;
        int r;

        r = put_rest(&pb, &beat, &scratch, block);
        if (r)
                return r;

        n_before = topic_format(topic, text) + 1 + ENVELOPE_OVERHEAD_BYTES;
        n_body = plek__v1__block__get_packed_size(&pb) + builder->entries.n_bytes +
                 builder->affirms.n_bytes;
        if (n_before + n_body > BLOCK_FRAME_MAX)
                return err_raise(-E2BIG);
        r = blob_new(&frame, n_before + n_body);
        if (r)
                return r;

        memcpy(frame->bytes, text, n_before - ENVELOPE_OVERHEAD_BYTES);
        at = frame->bytes + n_before;
        at += plek__v1__block__pack(&pb, at);
        if (builder->entries.n_bytes)
                at = mempcpy(at, builder->entries.bytes, builder->entries.n_bytes);
        if (builder->affirms.n_bytes)
                memcpy(at, builder->affirms.bytes, builder->affirms.n_bytes);

        *ret_n_topic = n_before - ENVELOPE_OVERHEAD_BYTES;
        *ret_frame = STEAL(frame);
        return 0;
}

static bool says_the_same(const Blob *frame, const Blob *other, size_t n_topic)
{
        size_t n_before = n_topic + ENVELOPE_OVERHEAD_BYTES;

        return frame->n_bytes == other->n_bytes &&
               memcmp(frame->bytes, other->bytes, n_topic) == 0 &&
               memcmp(frame->bytes + n_before, other->bytes + n_before,
                      frame->n_bytes - n_before) == 0;
}

int block_builder_seal_as(BlockBuilder *builder, Blob **ret_frame, const Topic *topic,
                          const Block *block, const NetworkId *network, const SecretKey *key,
                          Blob *ahead)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        size_t n_topic;
        int r;

        r = put_frame(builder, &frame, topic, block, &n_topic);
        if (r)
                return r;

        builder_reset(builder);
        if (ahead && says_the_same(frame, ahead, n_topic)) {
                *ret_frame = blob_ref(ahead);
                return 0;
        }
        envelope_seal(frame->bytes + n_topic, ENVELOPE_BLOCK, network, key,
                      frame->n_bytes - n_topic - ENVELOPE_OVERHEAD_BYTES);
        *ret_frame = STEAL(frame);
        return 0;
}

int block_builder_seal(BlockBuilder *builder, Blob **ret_frame, const Topic *topic,
                       const Block *block, const NetworkId *network, const SecretKey *key)
{
        return block_builder_seal_as(builder, ret_frame, topic, block, network, key, NULL);
}

/* Copies @list with another key before each element. */
static uint8_t *copy_as(uint8_t *to, const List *list, uint8_t key)
{
        const uint8_t *at = to, *end;
        uint8_t *element = to;
        PbRaw raw;

        if (!list->n_bytes)
                return to; /* its bytes may be NULL */

        end = mempcpy(to, list->bytes, list->n_bytes);
        while (element < end) {
                *element = key;
                if (pb_next_raw(&raw, &at, end))
                        assert(!"a list of our own making that cannot be read");
                element = to + (at - to);
        }
        return element;
}

int block_builder_chunk(BlockBuilder *builder, Blob **ret_body)
{
        Blob *blob;
        int r;

        r = blob_new(&blob, builder->entries.n_bytes + builder->affirms.n_bytes);
        if (r)
                return r;

        copy_as(copy_as(blob->bytes, &builder->entries, CHUNK_ENTRIES_KEY), &builder->affirms,
                CHUNK_AFFIRMS_KEY);
        builder_reset(builder);
        *ret_body = blob;
        return 0;
}
