#include <sodium.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/block.h"

static Arena *arena;
static SecretKey *key;
static BlockBuilder *builder;
static NetworkId network = { { 1, 2, 3 } };
static uint8_t payload[240 * 1024];

static const WithdrawnRecord withdrawn = {
        .status = STATUS_EXERCISE,
        .party = "isala",
        .location = "isala-zwolle",
        .ref = { .report = UPDATE_DOOR,
                 .unit = "seh",
                 .care = PLEK_CARE_ED,
                 .patient_group = CODE_ABSENT,
                 .urgency = 3,
                 .plan = 2 },
        .cause = WITHDRAWN_REGION,
};

static int setup(void **state)
{
        arena_reset(arena);
        builder = block_builder_free(builder);
        return block_builder_new(&builder, BLOCK_FRAME_MAX);
}

static Entry an_entry(uint64_t revision, size_t n_envelope)
{
        return (Entry){
                .revision = revision,
                .changed_revision = revision,
                .received_at_ms = 1000,
                .since_ms = 1000,
                .envelope = payload,
                .n_envelope = n_envelope,
        };
}

static Block a_block(void)
{
        return (Block){
                .head = payload,
                .n_head = 160,
                .first = 10,
                .last = 20,
                .previous = 9,
                .reg_revision = 3,
        };
}

/* Seals what is in the builder and reads it back; the frame is the caller's. */
static Blob *seal_and_decode(Block *ret_block, const Block *block)
{
        Topic topic = topic_of(STATUS_ACTUAL, "zwolle", LANE_STATUS), parsed;
        Envelope envelope;
        Blob *frame;

        assert_int_equal(block_builder_seal(builder, &frame, &topic, block, &network, key), 0);
        assert_int_equal(block_frame_parse(&parsed, &envelope, frame->bytes, frame->n_bytes), 0);
        assert_string_equal(parsed.region, "zwolle");
        assert_int_equal(parsed.lane, LANE_STATUS);
        assert_memory_equal(&envelope.network, &network, sizeof(network));
        assert_int_equal(envelope_verify(&envelope, secret_key_public(key)->sign), 0);
        assert_int_equal(block_decode(ret_block, arena, envelope.body, envelope.n_body), 0);
        return frame;
}

static void test_entries_arrive_as_they_were_added(void **state)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Entry plain = an_entry(10, 200), moved = an_entry(11, 300), gone = an_entry(12, 0);
        Entry cut = an_entry(13, 0), affirm = an_entry(8, 120);
        Block block = a_block(), decoded;

        moved.changed_revision = 15;
        moved.since_ms = 900;
        moved.flags = ENTRY_MOVED | ENTRY_OVERCROWDED;
        moved.rests_on = 8;
        gone.envelope = NULL;
        gone.withdrawn = &withdrawn;
        cut.envelope = NULL;
        cut.suspension = payload;
        cut.n_suspension = 30;
        assert_int_equal(block_builder_add_affirm(builder, &affirm), 0);
        assert_int_equal(block_builder_add(builder, &plain), 0);
        assert_int_equal(block_builder_add(builder, &moved), 0);
        assert_int_equal(block_builder_add(builder, &gone), 0);
        assert_int_equal(block_builder_add(builder, &cut), 0);
        assert_int_equal(block_builder_n_entries(builder), 4);

        frame = seal_and_decode(&decoded, &block);
        assert_int_equal(decoded.n_head, 160);
        assert_int_equal(decoded.first, 10);
        assert_int_equal(decoded.last, 20);
        assert_int_equal(decoded.previous, 9);
        assert_int_equal(decoded.reg_revision, 3);
        assert_null(decoded.beat);
        assert_int_equal(decoded.n_entries, 4);
        assert_int_equal(decoded.n_affirms, 1);

        assert_int_equal(decoded.entries[0].revision, 10);
        assert_int_equal(decoded.entries[0].changed_revision, 10);
        assert_int_equal(decoded.entries[0].since_ms, 1000);
        assert_int_equal(decoded.entries[0].rests_on, 0);
        assert_int_equal(decoded.entries[0].n_envelope, 200);
        assert_memory_equal(decoded.entries[0].envelope, payload, 200);
        assert_int_equal(decoded.entries[1].changed_revision, 15);
        assert_int_equal(decoded.entries[1].since_ms, 900);
        assert_int_equal(decoded.entries[1].received_at_ms, 1000);
        assert_int_equal(decoded.entries[1].flags, ENTRY_MOVED | ENTRY_OVERCROWDED);
        assert_int_equal(decoded.entries[1].rests_on, 8);
        assert_null(decoded.entries[2].envelope);
        assert_int_equal(decoded.entries[2].withdrawn->status, STATUS_EXERCISE);
        assert_int_equal(decoded.entries[2].withdrawn->cause, WITHDRAWN_REGION);
        assert_string_equal(decoded.entries[2].withdrawn->party, "isala");
        assert_string_equal(decoded.entries[2].withdrawn->ref.unit, "seh");
        assert_int_equal(decoded.entries[2].withdrawn->ref.urgency, 3);
        assert_int_equal(decoded.entries[2].withdrawn->ref.plan, 2);
        assert_int_equal(decoded.entries[2].withdrawn->ref.patient_group, CODE_ABSENT);
        assert_int_equal(decoded.entries[3].n_suspension, 30);
        assert_int_equal(decoded.affirms[0].revision, 8);
        assert_int_equal(decoded.affirms[0].n_envelope, 120);
}

static void test_sealing_empties_the_builder(void **state)
{
        CLEANUP(blob_unrefp) Blob *first = NULL, *second = NULL;
        Entry entry = an_entry(10, 200);
        Block block = a_block(), decoded;

        assert_int_equal(block_builder_add(builder, &entry), 0);
        assert_int_equal(block_builder_add_affirm(builder, &entry), 0);
        first = seal_and_decode(&decoded, &block);
        assert_int_equal(block_builder_n_entries(builder), 0);
        second = seal_and_decode(&decoded, &block);
        assert_int_equal(decoded.n_entries, 0);
        assert_int_equal(decoded.n_affirms, 0);
}

static void test_affirm_is_added_once_however_many_rest_on_it(void **state)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Block block = a_block(), decoded;

        for (unsigned i = 0; i < 300; i++) {
                Entry affirm = an_entry(1 + i * 7 % 50, 100);

                assert_int_equal(block_builder_add_affirm(builder, &affirm), 0);
        }
        frame = seal_and_decode(&decoded, &block);
        assert_int_equal(decoded.n_affirms, 50);
        for (size_t i = 0; i < 50; i++)
                for (size_t j = 0; j < i; j++)
                        assert_true(decoded.affirms[i].revision != decoded.affirms[j].revision);
}

static void test_full_block_is_within_its_bound_and_close_to_it(void **state)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Block block = a_block(), decoded;
        size_t n_added = 0;
        int r;

        do {
                Entry entry = an_entry(10 + n_added, 1000);

                r = block_builder_add(builder, &entry);
                n_added += !r;
        } while (!r);
        assert_int_equal(r, BLOCK_E_FULL);
        assert_int_equal(block_builder_n_entries(builder), n_added);
        frame = seal_and_decode(&decoded, &block);
        assert_int_equal(decoded.n_entries, n_added);
        assert_in_range(frame->n_bytes, BLOCK_FRAME_MAX - 2048, BLOCK_FRAME_MAX);
}

static void test_block_has_at_most_so_many_entries(void **state)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Block block = a_block(), decoded;
        Entry entry = an_entry(1, 1);

        for (unsigned i = 0; i < BLOCK_ENTRIES_MAX; i++)
                assert_int_equal(block_builder_add(builder, &entry), 0);
        assert_int_equal(block_builder_add(builder, &entry), BLOCK_E_FULL);
        frame = seal_and_decode(&decoded, &block);
        assert_int_equal(decoded.n_entries, BLOCK_ENTRIES_MAX);
}

static void test_large_entry_goes_alone(void **state)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Entry large = an_entry(10, sizeof(payload)), small = an_entry(11, 100);
        ChunkBody chunk;

        builder = block_builder_free(builder);
        assert_int_equal(block_builder_new(&builder, CHUNK_BODY_MAX), 0);
        assert_int_equal(block_builder_add(builder, &small), 0);
        assert_int_equal(block_builder_add(builder, &large), BLOCK_E_FULL);
        assert_int_equal(block_builder_chunk(builder, &body), 0);
        body = blob_unref(body);

        assert_int_equal(block_builder_add(builder, &large), 0);
        assert_int_equal(block_builder_add(builder, &small), BLOCK_E_FULL);
        assert_int_equal(block_builder_chunk(builder, &body), 0);
        assert_int_equal(chunk_body_decode(&chunk, arena, body->bytes, body->n_bytes), 0);
        assert_int_equal(chunk.n_entries, 1);
        assert_int_equal(chunk.entries[0].n_envelope, sizeof(payload));
}

static void test_chunk_has_the_same_entries(void **state)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        ChunkBody chunk;

        for (unsigned i = 0; i < 5; i++) {
                Entry entry = an_entry(10 + i, 50 + i * 100), affirm = an_entry(1 + i, 30);

                assert_int_equal(block_builder_add_affirm(builder, &affirm), 0);
                assert_int_equal(block_builder_add(builder, &entry), 0);
        }
        assert_int_equal(block_builder_chunk(builder, &body), 0);
        assert_int_equal(block_builder_n_entries(builder), 0);
        assert_int_equal(chunk_body_decode(&chunk, arena, body->bytes, body->n_bytes), 0);
        assert_int_equal(chunk.n_entries, 5);
        assert_int_equal(chunk.n_affirms, 5);
        for (unsigned i = 0; i < 5; i++) {
                assert_int_equal(chunk.entries[i].revision, 10 + i);
                assert_int_equal(chunk.entries[i].n_envelope, 50 + i * 100);
                assert_int_equal(chunk.affirms[i].revision, 1 + i);
        }
}

static void test_empty_chunk_is_nothing(void **state)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        ChunkBody chunk;

        assert_int_equal(block_builder_chunk(builder, &body), 0);
        assert_int_equal(body->n_bytes, 0);
        assert_int_equal(chunk_body_decode(&chunk, arena, body->bytes, 0), 0);
        assert_int_equal(chunk.n_entries, 0);
}

static void test_beat_arrives_as_it_was_sent(void **state)
{
        static const TopicPosition topics[] = { { "pic/zwolle/status/", 10 }, { "reg/", 3 } };
        static const Presence presence[] = { { "isala", true, 900 }, { "deventer", false, 950 } };
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Beat beat = {
                .time_ms = 1000,
                .epoch = payload,
                .n_epoch = 250,
                .topics = topics,
                .n_topics = 2,
                .presence = presence,
                .n_presence = 2,
                .accepting = false,
                .why_not = "disk-full",
                .since_ms = 800,
                .beat = 77,
        };
        Block block = a_block(), decoded;

        block.beat = &beat;
        frame = seal_and_decode(&decoded, &block);
        assert_non_null(decoded.beat);
        assert_int_equal(decoded.beat->time_ms, 1000);
        assert_int_equal(decoded.beat->n_epoch, 250);
        assert_int_equal(decoded.beat->n_topics, 2);
        assert_string_equal(decoded.beat->topics[1].topic, "reg/");
        assert_int_equal(decoded.beat->topics[0].revision, 10);
        assert_int_equal(decoded.beat->n_presence, 2);
        assert_string_equal(decoded.beat->presence[1].party, "deventer");
        assert_false(decoded.beat->presence[1].connected);
        assert_true(decoded.beat->presence[0].connected);
        assert_int_equal(decoded.beat->presence[0].since_ms, 900);
        assert_false(decoded.beat->accepting);
        assert_string_equal(decoded.beat->why_not, "disk-full");
        assert_int_equal(decoded.beat->since_ms, 800);
        assert_int_equal(decoded.beat->beat, 77);
}

static void test_beat_that_is_too_large_is_not_sealed(void **state)
{
        Topic topic = { .kind = TOPIC_BEAT, .lane = LANE_STATUS };
        Beat beat = { .epoch = payload, .n_epoch = 230 * 1024, .accepting = true };
        Block block = a_block();
        Blob *frame = NULL;

        block.beat = &beat;
        block.n_head = 40 * 1024;
        assert_int_equal(block_builder_seal(builder, &frame, &topic, &block, &network, key),
                         -E2BIG);
        assert_null(frame);
}

static void test_frames_that_are_none_are_refused(void **state)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Block block = a_block(), decoded;
        Envelope envelope;
        Topic topic;

        frame = seal_and_decode(&decoded, &block);
        assert_int_equal(block_frame_parse(&topic, &envelope, frame->bytes, 0), BLOCK_E_MALFORMED);
        for (size_t n = 0; n < 18 + 1 + ENVELOPE_OVERHEAD_BYTES; n++)
                assert_int_equal(block_frame_parse(&topic, &envelope, frame->bytes, n),
                                 BLOCK_E_MALFORMED);
        frame->bytes[18] = '/';
        assert_int_equal(block_frame_parse(&topic, &envelope, frame->bytes, frame->n_bytes),
                         BLOCK_E_MALFORMED);
        frame->bytes[18] = 0;
        frame->bytes[19 + 5] = ENVELOPE_UPDATE;
        assert_int_equal(block_frame_parse(&topic, &envelope, frame->bytes, frame->n_bytes),
                         BLOCK_E_MALFORMED);
}

static void test_bodies_that_contradict_themselves_are_refused(void **state)
{
        static const struct {
                const char *bytes;
                size_t n_bytes;
        } bodies[] = {
                { "\x0a\x00\x10\x01\x18\x01\x20\x00\x28\x00", 10 },  /* no head */
                { "\x0a\x01h\x10\x02\x18\x01\x20\x00\x28\x00", 11 }, /* first > last */
                { "\x0a\x01h\x10\x01\x18\x01\x20\x02\x28\x00", 11 }, /* previous > last */
                { "\x0a\x01h\x10\x01\x18\x01\x20\x00", 9 },          /* no reg revision */
                { "\x0a\x01h\x10\x01\x18\x01\x20\x00\x28\x00\x32\x04\x08\x01\x10\x01", 17 },
                { "\x0a\x01h\x10\x01\x18\x01\x20\x00\x28\x00\x32\x07\x08\x00\x10\x01\x1a\x01x",
                  20 },
                { "\x0a\x01h\x10\x01\x18\x01\x20\x00\x28\x00\x32\x0a\x08\x01\x10\x01\x1a\x01x\x4a"
                  "\x01y",
                  23 },
                { "\x0a\x01h\x10\x01\x18\x01\x20\x00\x28\x00\x3a\x07\x08\x01\x10\x01\x4a\x01y",
                  20 },
        };
        static const char good[] =
                "\x0a\x01h\x10\x01\x18\x01\x20\x00\x28\x00\x32\x07\x08\x01\x10\x01\x1a\x01x";
        Block block;

        assert_int_equal(block_decode(&block, arena, (const uint8_t *)good, sizeof(good) - 1), 0);
        assert_int_equal(block.n_entries, 1);
        for (size_t i = 0; i < N_ELEMENTS(bodies); i++)
                assert_int_equal(block_decode(&block, arena, (const uint8_t *)bodies[i].bytes,
                                              bodies[i].n_bytes),
                                 BLOCK_E_MALFORMED);
}

static void test_manifest_arrives_as_it_was_signed(void **state)
{
        static const uint8_t digests[2][DIGEST_BYTES] = { { 1 }, { 2 } };
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Manifest manifest = {
                .head = payload,
                .n_head = 160,
                .topic = "pic/zwolle/counts/",
                .audience = AUDIENCE_CARE,
                .from = 5,
                .to = 9,
                .whole = false,
                .digests = digests,
                .n_digests = 2,
                .n_entries = 44,
                .reg_revision = 3,
        };
        Manifest decoded;

        assert_int_equal(manifest_encode(&body, &manifest), 0);
        assert_int_equal(manifest_decode(&decoded, arena, body->bytes, body->n_bytes), 0);
        assert_int_equal(decoded.n_head, 160);
        assert_string_equal(decoded.topic, "pic/zwolle/counts/");
        assert_int_equal(decoded.audience, AUDIENCE_CARE);
        assert_int_equal(decoded.from, 5);
        assert_int_equal(decoded.to, 9);
        assert_false(decoded.whole);
        assert_int_equal(decoded.n_digests, 2);
        assert_memory_equal(decoded.digests, digests, sizeof(digests));
        assert_int_equal(decoded.n_entries, 44);
        assert_int_equal(decoded.reg_revision, 3);
        for (size_t n = 0; n < body->n_bytes; n++)
                assert_int_equal(manifest_decode(&decoded, arena, body->bytes, n),
                                 BLOCK_E_MALFORMED);

        blob_unref(STEAL(body));
        manifest.at_ms = 1770000000000;
        manifest.is_thinned = true;
        manifest.kept_from_ms = 1760000000000;
        assert_false(decoded.at_ms || decoded.is_thinned || decoded.kept_from_ms);
        assert_int_equal(manifest_encode(&body, &manifest), 0);
        assert_int_equal(manifest_decode(&decoded, arena, body->bytes, body->n_bytes), 0);
        assert_int_equal(decoded.at_ms, 1770000000000);
        assert_true(decoded.is_thinned);
        assert_int_equal(decoded.kept_from_ms, 1760000000000);
}

/* The same block with one entry, sealed as @ahead if it is that. */
static Blob *seal_as(const Topic *topic, const Block *block, uint64_t revision, Blob *ahead)
{
        Entry entry = an_entry(revision, 200);
        Blob *frame;

        assert_int_equal(block_builder_add(builder, &entry), 0);
        assert_int_equal(block_builder_seal_as(builder, &frame, topic, block, &network, key, ahead),
                         0);
        assert_int_equal(block_builder_n_entries(builder), 0);
        return frame;
}

static void test_what_says_the_same_as_a_frame_sealed_ahead_is_that_frame(void **state)
{
        Topic topic = topic_of(STATUS_ACTUAL, "zwolle", LANE_STATUS);
        CLEANUP(blob_unrefp) Blob *ahead = NULL, *frame = NULL;
        Block block = a_block();

        ahead = seal_as(&topic, &block, 10, NULL);
        frame = seal_as(&topic, &block, 10, ahead);
        assert_ptr_equal(frame, ahead);
        assert_int_equal(ahead->n_references, 2);
}

static void test_what_says_anything_else_is_signed_for_itself(void **state)
{
        Topic topic = topic_of(STATUS_ACTUAL, "zwolle", LANE_STATUS), parsed;
        Topic elsewhere = topic_of(STATUS_ACTUAL, "zwolla", LANE_STATUS);
        CLEANUP(blob_unrefp) Blob *ahead = NULL, *frame = NULL;
        Block block = a_block(), later = a_block();
        const struct {
                const Topic *topic;
                const Block *block;
                uint64_t revision;
        } others[] = { { &elsewhere, &block, 10 }, { &topic, &later, 10 }, { &topic, &block, 11 } };
        Envelope envelope;

        later.previous--;
        ahead = seal_as(&topic, &block, 10, NULL);
        for (size_t i = 0; i < N_ELEMENTS(others); i++) {
                blob_unref(frame);
                frame = seal_as(others[i].topic, others[i].block, others[i].revision, ahead);
                assert_ptr_not_equal(frame, ahead);
                assert_int_equal(frame->n_bytes, ahead->n_bytes); /* nothing but what it says */
                assert_int_equal(
                        block_frame_parse(&parsed, &envelope, frame->bytes, frame->n_bytes), 0);
                assert_int_equal(envelope_verify(&envelope, secret_key_public(key)->sign), 0);
        }
}

#define TEST(_name) cmocka_unit_test_setup(_name, setup)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_entries_arrive_as_they_were_added),
                TEST(test_sealing_empties_the_builder),
                TEST(test_affirm_is_added_once_however_many_rest_on_it),
                TEST(test_full_block_is_within_its_bound_and_close_to_it),
                TEST(test_block_has_at_most_so_many_entries),
                TEST(test_large_entry_goes_alone),
                TEST(test_chunk_has_the_same_entries),
                TEST(test_empty_chunk_is_nothing),
                TEST(test_beat_arrives_as_it_was_sent),
                TEST(test_beat_that_is_too_large_is_not_sealed),
                TEST(test_frames_that_are_none_are_refused),
                TEST(test_bodies_that_contradict_themselves_are_refused),
                TEST(test_manifest_arrives_as_it_was_signed),
                TEST(test_what_says_the_same_as_a_frame_sealed_ahead_is_that_frame),
                TEST(test_what_says_anything_else_is_signed_for_itself),
        };
        int r;

        if (sodium_init() < 0 || arena_new(&arena, 8 * 1024 * 1024) || secret_key_new(&key))
                return 1;
        for (size_t i = 0; i < sizeof(payload); i++)
                payload[i] = (uint8_t)(i * 131);
        r = cmocka_run_group_tests(tests, NULL, NULL);
        block_builder_free(builder);
        secret_key_free(key);
        arena_free(arena);
        return r;
}
