/*
 * Test vectors: what the wire looks like, byte by byte
 *
 * tests/vectors/ has a file for each subject, for whoever writes a client in another language. They
 * are what this program makes of fixed secrets and times; the test makes them again and compares,
 * then reads the files back and checks what it finds there. After a change that is meant:
 *
 *         build/tests/unit/test-vectors --write tests/vectors
 *
 * A line is a name, a blank and a value in hex, or in quotes if it is text.
 */

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/block.h"
#include "wire/query.h"

#define FOLDER  "tests/vectors"
#define TIME_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct World {
        SecretKey *authority, *broker, *agent;
        NetworkId network;
        Arena *arena;
        Blob *head; /* HEAD envelope */
        Blob *epoch;
        Blob *update; /* UPDATE envelope, counts */
        Blob *affirm;
} World;

static World world;

/* ------------------------------------------------------------------ writing */

static void put_hex(FILE *out, const char *name, const void *bytes, size_t n_bytes)
{
        fprintf(out, "%s ", name);
        for (size_t i = 0; i < n_bytes; i++)
                fprintf(out, "%02x", ((const uint8_t *)bytes)[i]);
        fputc('\n', out);
}

static void put_text(FILE *out, const char *name, const char *text)
{
        fprintf(out, "%s \"%s\"\n", name, text);
}

/* Signs @body, writes what is signed and the whole, and hands the envelope over. */
static Blob *put_envelope(FILE *out, const char *name, EnvelopeKind kind, const SecretKey *key,
                          const Blob *body)
{
        char line[64];
        Blob *envelope;

        assert_int_equal(envelope_sign(&envelope, kind, &world.network, key, body->bytes,
                                       body->n_bytes),
                         0);
        snprintf(line, sizeof(line), "%s.body", name);
        put_hex(out, line, body->bytes, body->n_bytes);
        snprintf(line, sizeof(line), "%s.signed", name);
        fprintf(out, "%s ", line);
        for (const char *at = envelope_context(kind); *at; at++)
                fprintf(out, "%02x", (uint8_t)*at);
        fprintf(out, "00");
        for (size_t i = 0; i < envelope->n_bytes; i++)
                if (i < ENVELOPE_HEADER_BYTES || i >= ENVELOPE_OVERHEAD_BYTES)
                        fprintf(out, "%02x", envelope->bytes[i]);
        fputc('\n', out);
        snprintf(line, sizeof(line), "%s.signature", name);
        put_hex(out, line, envelope->bytes + ENVELOPE_HEADER_BYTES, SIGNATURE_BYTES);
        snprintf(line, sizeof(line), "%s.envelope", name);
        put_hex(out, line, envelope->bytes, envelope->n_bytes);
        return envelope;
}

/* ------------------------------------------------------------------ keys */

static void write_key(FILE *out, const char *name, const SecretKey *key, uint8_t first)
{
        const PublicKey *public = secret_key_public(key);
        char line[64], text[KEY_TEXT_BYTES], id[KEY_ID_TEXT_BYTES];
        uint8_t secret[KEY_BYTES], seed[KEY_BYTES];

        for (size_t i = 0; i < KEY_BYTES; i++)
                secret[i] = (uint8_t)(first + i);
        crypto_kdf_derive_from_key(seed, KEY_BYTES, 1, "plek-key", secret);

#define NAMED(_part) (snprintf(line, sizeof(line), "%s.%s", name, _part), line)
        put_hex(out, NAMED("secret"), secret, KEY_BYTES);
        put_hex(out, NAMED("sign.seed"), seed, KEY_BYTES);
        put_hex(out, NAMED("sign.public"), public->sign, KEY_BYTES);
        put_hex(out, NAMED("transport.secret"), secret_key_transport(key), KEY_BYTES);
        put_hex(out, NAMED("transport.public"), public->transport, KEY_BYTES);
        public_key_format(public, text);
        put_text(out, NAMED("public.text"), text);
        key_id_format(key_id_of(public->sign), id);
        put_text(out, NAMED("sign.id"), id);
        key_id_format(key_id_of(public->transport), id);
        put_text(out, NAMED("transport.id"), id);
#undef NAMED
}

static void write_secret_text(FILE *out)
{
        char path[] = "/tmp/test-vectors-XXXXXX", text[128] = "";
        FILE *file;
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        close(fd);
        unlink(path);
        assert_int_equal(secret_key_save(world.agent, path), 0);
        file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(text, sizeof(text), file));
        fclose(file);
        unlink(path);
        text[strcspn(text, "\n")] = '\0';
        put_text(out, "agent.secret.text", text);
}

static void write_keys(FILE *out)
{
        fprintf(out, "# Three parties, from fixed secrets, and the network's id.\n");
        write_key(out, "agent", world.agent, 0x00);
        write_secret_text(out);
        write_key(out, "authority", world.authority, 0x20);
        write_key(out, "broker", world.broker, 0x40);
        put_text(out, "network.name", "voorbeeld");
        put_hex(out, "network.id", world.network.bytes, NETWORK_BYTES);
}

/* ------------------------------------------------------------------ updates */

static Update an_update(UpdateKind kind, uint64_t seq)
{
        return (Update){
                .party = "isala",
                .instance = 0x0123456789abcdef,
                .seq = (uint64_t)TIME_MS * 1000 + seq,
                .sent_at_ms = TIME_MS,
                .not_after_ms = TIME_MS + 3600000,
                .status = STATUS_EXERCISE,
                .audience = AUDIENCE_CARE,
                .location = "isala-zwolle",
                .observed_at_ms = TIME_MS - 5000,
                .valid_for_s = 300,
                .kind = kind,
        };
}

static Blob *put_update(FILE *out, const char *name, const Update *update)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        char line[64];
        WireRefusal refusal;
        Update decoded;
        Blob *envelope;

        assert_int_equal(update_encode(&body, &refusal, update), 0);
        envelope = put_envelope(out, name, ENVELOPE_UPDATE, world.agent, body);
        assert_int_equal(update_decode(&decoded, &refusal, world.arena, body->bytes,
                                       body->n_bytes),
                         0);
        snprintf(line, sizeof(line), "%s.content-digest", name);
        put_hex(out, line, decoded.content_digest, CONTENT_DIGEST_BYTES);
        return envelope;
}

static void write_updates(FILE *out)
{
        static const RecordRef apart[] = {
                { .report = UPDATE_PRESSURE, .unit = "seh", .care = CODE_ABSENT,
                  .patient_group = CODE_ABSENT, .urgency = CODE_ABSENT, .method = "nedocs" },
        };
        Update counts = an_update(UPDATE_COUNTS, 1), door = an_update(UPDATE_DOOR, 2);
        Update plan = an_update(UPDATE_DOOR, 3), pressure = an_update(UPDATE_PRESSURE, 4);
        Update card = an_update(UPDATE_CARD, 5), affirm = an_update(UPDATE_AFFIRM, 6);
        Update withdraw = an_update(UPDATE_WITHDRAW, 7);

        fprintf(out, "# One update of each kind, signed by agent.\n");
        counts.unit = "ic-1";
        counts.label = "IC volwassenen";
        counts.source = PLEK_SOURCE_AUTOMATIC;
        counts.definition = "lcps";
        counts.counts.care = PLEK_CARE_ICU_ADULT;
        counts.counts.present[COUNT_STAFFED] = counts.counts.present[COUNT_OCCUPIED] = true;
        counts.counts.value[COUNT_STAFFED] = 20;
        counts.counts.value[COUNT_OCCUPIED] = 17;
        counts.counts.missing[COUNT_RESERVED] = PLEK_MISSING_NOT_ASKED;
        world.update = put_update(out, "counts", &counts);

        door.unit = "seh";
        door.door = (Door){ .state = PLEK_DOOR_STOP, .care = PLEK_CARE_ED,
                            .patient_group = CODE_ABSENT, .urgency = CODE_ABSENT,
                            .exceptions = { PLEK_EXCEPTION_MULTITRAUMA }, .n_exceptions = 1,
                            .reason = PLEK_REASON_ED_CROWDING, .text = "wachttijd loopt op",
                            .authorised_by = "dienstdoend manager", .starts_at_ms = TIME_ABSENT,
                            .ends_at_ms = TIME_MS + 7200000, .review_at_ms = TIME_MS + 3600000,
                            .on_expiry = PLEK_ON_EXPIRY_KEEP };
        blob_unref(put_update(out, "door", &door));

        plan.valid_for_s = 0;
        plan.door = (Door){ .state = PLEK_DOOR_CLOSED, .care = CODE_ABSENT,
                            .patient_group = PLEK_GROUP_WALK_IN, .urgency = 4, .plan = 2,
                            .reason = PLEK_REASON_PLANNED_CLOSURE,
                            .starts_at_ms = TIME_MS + 86400000,
                            .ends_at_ms = TIME_MS + 172800000, .review_at_ms = TIME_ABSENT };
        blob_unref(put_update(out, "plan", &plan));

        pressure.unit = "seh";
        pressure.pressure = (Pressure){ .method = "nedocs", .has_score = true, .score = 123.5,
                                        .inputs = { { "patients", 31 }, { "ed_beds", 24 } },
                                        .n_inputs = 2 };
        blob_unref(put_update(out, "pressure", &pressure));

        card.card = (LocationCard){ .name = "Isala Zwolle", .kind = "V6", .has_position = true,
                                    .latitude_e7 = 525142000, .longitude_e7 = 61163000,
                                    .contacts = { { "SEH-arts", "+31 38 000 00 00" } },
                                    .n_contacts = 1 };
        blob_unref(put_update(out, "card", &card));

        affirm.affirm = (Affirm){ LANE_COUNTS, (uint64_t)TIME_MS * 1000 + 5, apart, 1 };
        world.affirm = put_update(out, "affirm", &affirm);

        withdraw.withdraw = (RecordRef){ .report = UPDATE_COUNTS, .unit = "ic-1",
                                         .care = PLEK_CARE_ICU_ADULT,
                                         .patient_group = CODE_ABSENT, .urgency = CODE_ABSENT };
        blob_unref(put_update(out, "withdraw", &withdraw));
}

/* A body that must be refused: head of an update, then @tail, both in hex. */
static void put_refused(FILE *out, const char *name, const char *tail)
{
        static const char head[] = "0a056973616c61"     /* party isala */
                                   "110100000000000000" /* instance */
                                   "182a20c0843d2880897a3001" /* seq, times, status */
                                   "420c6973616c612d7a776f6c6c65";
        uint8_t body[512];
        size_t n_head, n_tail;
        WireRefusal refusal;
        Update update;

        assert_int_equal(sodium_hex2bin(body, sizeof(body), head, strlen(head), NULL, &n_head,
                                        NULL), 0);
        assert_int_equal(sodium_hex2bin(body + n_head, sizeof(body) - n_head, tail, strlen(tail),
                                        NULL, &n_tail, NULL), 0);
        assert_int_equal(update_decode(&update, &refusal, world.arena, body, n_head + n_tail),
                         UPDATE_E_REFUSED);
        fprintf(out, "# refused with %u", refusal.code);
        fprintf(out, ", %s: %s\n", refusal.field ? refusal.field : "-", refusal.text);
        put_hex(out, name, body, n_head + n_tail);
}

static void write_refused(FILE *out)
{
        fprintf(out, "# Bodies of updates that must be refused, whoever signed them.\n");
        put_refused(out, "no-body", "");
        put_refused(out, "two-bodies", "a201020801aa01020801");
        put_refused(out, "count-negative", "a2010408013805");
        put_refused(out, "count-too-large", "a20106080110c29a0c");
        put_refused(out, "care-missing", "a20100");
        put_refused(out, "seq-twice", "182ba201020801");
        put_refused(out, "audience-wider-than-32-bits", "388180808010a201020801");
        put_refused(out, "label-with-nul", "5203610062a201020801");
        put_refused(out, "label-not-utf-8", "5201ffa201020801");
        put_refused(out, "label-with-escape", "52041b5b324aa201020801");
        put_refused(out, "door-unknown-state", "aa01020806");
        put_refused(out, "plan-without-times", "aa010408032801");
        put_refused(out, "now-with-a-start", "aa0106080350c0843d");
        put_refused(out, "key-of-counts-without-care", "ca01020814");
}

/* ------------------------------------------------------------------ what the authority signs */

static void write_documents(FILE *out)
{
        static const Region regions[] = { { "rav", "ijsselland" } };
        static const LocationGrant locations[] = { { "isala-zwolle", "zwolle", regions, 1 },
                                                   { "isala-meppel", "zwolle", NULL, 0 } };
        CLEANUP(blob_unrefp) Blob *enrolment_body = NULL, *revoked_body = NULL, *card_body = NULL;
        Enrolment enrolment = { .party = "isala", .serial = 1, .name = "Isala",
                                .keys = { *secret_key_public(world.agent) }, .n_keys = 1,
                                .roles = ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER),
                                .locations = locations, .n_locations = 2,
                                .audience = AUDIENCE_CARE, .valid_from_ms = TIME_MS,
                                .valid_until_ms = TIME_MS + INT64_C(31536000000),
                                .distrusted_since_ms = TIME_ABSENT };
        RegionCard card = { .network = world.network, .network_name = "voorbeeld", .serial = 1,
                            .n_authority = 1, .brokers = { *secret_key_public(world.broker) },
                            .n_brokers = 1, .updates = "tcp://plek.example:7301",
                            .care = "tcp://plek.example:7302", .query = "tcp://plek.example:7303",
                            .coord = "tcp://plek.example:7304", .title = "Voorbeeldregio" };

        fprintf(out, "# An enrolment, its revocation and a region card, signed by authority.\n");
        assert_int_equal(enrolment_encode(&enrolment_body, &enrolment), 0);
        blob_unref(put_envelope(out, "enrolment", ENVELOPE_ENROLMENT, world.authority,
                                enrolment_body));

        enrolment.serial = 2;
        enrolment.roles = 0;
        enrolment.audience = 0;
        enrolment.n_locations = 0;
        enrolment.cause = "sleutel gestolen";
        enrolment.distrusted_since_ms = TIME_MS + 60000;
        assert_int_equal(enrolment_encode(&revoked_body, &enrolment), 0);
        blob_unref(put_envelope(out, "revocation", ENVELOPE_ENROLMENT, world.authority,
                                revoked_body));

        memcpy(card.authority[0], secret_key_public(world.authority)->sign, KEY_BYTES);
        assert_int_equal(region_card_encode(&card_body, &card), 0);
        blob_unref(put_envelope(out, "card", ENVELOPE_CARD, world.authority, card_body));
}

/* ------------------------------------------------------------------ what the broker signs */

static void write_heads(FILE *out)
{
        CLEANUP(blob_unrefp) Blob *head_body = NULL, *epoch_body = NULL;
        uint8_t zero[DIGEST_BYTES] = { 0 }, digest[DIGEST_BYTES];
        Head head = { .epoch = 0x1122334455667788, .revision = 7, .time_ms = TIME_MS };
        Epoch epoch = { .epoch = head.epoch, .opened_at_ms = TIME_MS,
                        .broker = *secret_key_public(world.broker), .cause = "start" };

        fprintf(out, "# The chain: an update as the first entry of a journal (kind 6, revision 7)."
                     "\n");
        digest_of(digest, world.update->bytes, world.update->n_bytes);
        head_chain(head.head, zero, head.revision, head.time_ms, ENTRY_UPDATE, digest);
        put_hex(out, "entry.digest", digest, DIGEST_BYTES);
        put_hex(out, "entry.head", head.head, DIGEST_BYTES);
        fprintf(out, "# That head and the opening of its epoch, signed by broker.\n");
        assert_int_equal(head_encode(&head_body, &head), 0);
        world.head = put_envelope(out, "head", ENVELOPE_HEAD, world.broker, head_body);
        assert_int_equal(epoch_encode(&epoch_body, &epoch), 0);
        world.epoch = put_envelope(out, "epoch", ENVELOPE_EPOCH, world.broker, epoch_body);
}

static void put_frame(FILE *out, const char *name, BlockBuilder *builder, const Topic *topic,
                      const Block *block)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;

        assert_int_equal(block_builder_seal(builder, &frame, topic, block, &world.network,
                                            world.broker),
                         0);
        put_hex(out, name, frame->bytes, frame->n_bytes);
}

static void put_manifest(FILE *out, const Blob *chunk)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        uint8_t digests[1][DIGEST_BYTES];
        Manifest manifest = { .head = world.head->bytes, .n_head = world.head->n_bytes,
                              .topic = "pic/zwolle/counts/", .audience = AUDIENCE_CARE, .to = 7,
                              .whole = true, .digests = (const uint8_t(*)[DIGEST_BYTES])digests,
                              .n_digests = 1, .n_entries = 1, .reg_revision = 3 };

        digest_of(digests[0], chunk->bytes, chunk->n_bytes);
        assert_int_equal(manifest_encode(&body, &manifest), 0);
        blob_unref(put_envelope(out, "manifest", ENVELOPE_MANIFEST, world.broker, body));
}

static void write_blocks(FILE *out)
{
        static const TopicPosition topics[] = { { "pic/zwolle/counts/", 7 } };
        static const Presence presence[] = { { "isala", true, TIME_MS - 60000 } };
        CLEANUP(block_builder_freep) BlockBuilder *builder = NULL;
        CLEANUP(blob_unrefp) Blob *chunk = NULL;
        WithdrawnRecord withdrawn = { STATUS_EXERCISE, "isala", "isala-zwolle",
                                      { .report = UPDATE_CARD, .care = CODE_ABSENT,
                                        .patient_group = CODE_ABSENT, .urgency = CODE_ABSENT },
                                      WITHDRAWN_AUDIENCE };
        Entry entry = { .revision = 7, .changed_revision = 7, .received_at_ms = TIME_MS,
                        .since_ms = TIME_MS - 300000, .rests_on = 6,
                        .envelope = world.update->bytes, .n_envelope = world.update->n_bytes };
        Entry gone = { .revision = 7, .changed_revision = 7, .received_at_ms = TIME_MS,
                       .since_ms = TIME_MS, .withdrawn = &withdrawn };
        Entry affirm = { .revision = 6, .changed_revision = 6, .received_at_ms = TIME_MS,
                         .since_ms = TIME_MS, .envelope = world.affirm->bytes,
                         .n_envelope = world.affirm->n_bytes };
        Block block = { .head = world.head->bytes, .n_head = world.head->n_bytes, .first = 7,
                        .last = 7, .previous = 5, .reg_revision = 3 };
        Beat beat = { .time_ms = TIME_MS, .epoch = world.epoch->bytes,
                      .n_epoch = world.epoch->n_bytes, .topics = topics, .n_topics = 1,
                      .presence = presence, .n_presence = 1, .accepting = false,
                      .why_not = "disk-full", .since_ms = TIME_MS - 1000, .beat = 42 };
        Topic counts = topic_of(STATUS_ACTUAL, "zwolle", LANE_COUNTS);
        Topic beats = { .kind = TOPIC_BEAT, .lane = LANE_COUNTS };

        fprintf(out, "# A block with an update, a withdrawal and an affirm; a beat; the same "
                     "entries as a chunk.\n");
        assert_int_equal(block_builder_new(&builder, BLOCK_FRAME_MAX), 0);
        assert_int_equal(block_builder_add_affirm(builder, &affirm), 0);
        assert_int_equal(block_builder_add(builder, &entry), 0);
        assert_int_equal(block_builder_add(builder, &gone), 0);
        put_frame(out, "block.frame", builder, &counts, &block);

        block.beat = &beat;
        block.first = block.last = block.previous = 7;
        put_frame(out, "beat.frame", builder, &beats, &block);

        assert_int_equal(block_builder_add_affirm(builder, &affirm), 0);
        assert_int_equal(block_builder_add(builder, &entry), 0);
        assert_int_equal(block_builder_chunk(builder, &chunk), 0);
        put_hex(out, "chunk.body", chunk->bytes, chunk->n_bytes);
        put_manifest(out, chunk);
}

static void write_queries(FILE *out)
{
        CLEANUP(blob_unrefp) Blob *hello_blob = NULL, *since_blob = NULL, *receipt_blob = NULL;
        const Outcome outcomes[] = {
                { .seq = (uint64_t)TIME_MS * 1000 + 1, .revision = 7 },
                { .seq = (uint64_t)TIME_MS * 1000 + 2,
                  .refusal = { PLEK_REFUSED_FIELD, "door.text",
                               "door.text has 300 bytes; 0 to 280 are allowed" } },
        };
        Request hello = { .id = 1, .kind = REQUEST_HELLO }, since = { .id = 2,
                                                                      .kind = REQUEST_SINCE };
        Reply receipt = { .kind = REPLY_RECEIPT };

        fprintf(out, "# Frames of the query session.\n");
        hello.hello.instance = 0x0123456789abcdef;
        hello.hello.kind = PEER_FEED;
        hello.hello.head = (Bytes){ world.head->bytes, world.head->n_bytes };
        hello.hello.card_serial = 1;
        hello.hello.program = "voorbeeld 1.0";
        assert_int_equal(request_encode(&hello_blob, &hello), 0);
        put_hex(out, "hello.request", hello_blob->bytes, hello_blob->n_bytes);

        since.since.topic = "pic/zwolle/counts/";
        since.since.epoch = 0x1122334455667788;
        since.since.audience = AUDIENCE_CARE;
        since.since.revision = 5;
        since.since.credit = 8;
        assert_int_equal(request_encode(&since_blob, &since), 0);
        put_hex(out, "since.request", since_blob->bytes, since_blob->n_bytes);

        receipt.receipt.head = (Bytes){ world.head->bytes, world.head->n_bytes };
        receipt.receipt.outcomes = outcomes;
        receipt.receipt.n_outcomes = 2;
        receipt.receipt.floor = (uint64_t)TIME_MS * 1000 + 1;
        assert_int_equal(reply_encode(&receipt_blob, &receipt), 0);
        put_hex(out, "receipt.reply", receipt_blob->bytes, receipt_blob->n_bytes);
}

/* ------------------------------------------------------------------ the files */

/* In this order: later ones use envelopes of earlier ones. */
static const struct {
        const char *name;
        void (*write)(FILE *out);
} files[] = {
        { "keys.txt", write_keys },           { "updates.txt", write_updates },
        { "refused.txt", write_refused },     { "documents.txt", write_documents },
        { "heads.txt", write_heads },         { "blocks.txt", write_blocks },
        { "queries.txt", write_queries },
};

static void world_deinit(void)
{
        secret_key_free(world.authority);
        secret_key_free(world.broker);
        secret_key_free(world.agent);
        arena_free(world.arena);
        blob_unref(world.head);
        blob_unref(world.epoch);
        blob_unref(world.update);
        blob_unref(world.affirm);
        world = (World){ 0 };
}

static void world_init(void)
{
        uint8_t secret[KEY_BYTES];
        SecretKey **keys[] = { &world.agent, &world.authority, &world.broker };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
                for (size_t j = 0; j < KEY_BYTES; j++)
                        secret[j] = (uint8_t)(0x20 * i + j);
                assert_int_equal(secret_key_from_bytes(keys[i], secret), 0);
        }
        world.network = network_id_of("voorbeeld", secret_key_public(world.authority)->sign);
        assert_int_equal(arena_new(&world.arena, 4 * 1024 * 1024), 0);
}

static char *read_file(const char *name)
{
        char path[128], *text = calloc(1, 256 * 1024);
        FILE *file;

        snprintf(path, sizeof(path), FOLDER "/%s", name);
        file = fopen(path, "r");
        assert_non_null(file);
        assert_true(fread(text, 1, 256 * 1024 - 1, file) > 0);
        fclose(file);
        return text;
}

static void test_wire_is_what_it_was(void **state)
{
        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                CLEANUP(freep) char *made = NULL, *saved = read_file(files[i].name);
                size_t n_made;
                FILE *out = open_memstream(&made, &n_made);

                files[i].write(out);
                fclose(out);
                assert_string_equal(made, saved);
        }
}

/* The value of the line that begins with @name and a blank. */
static size_t find_value(const char *text, const char *name, uint8_t *ret_bytes, size_t n_max)
{
        char start[64];
        const char *at;
        size_t n_bytes;

        snprintf(start, sizeof(start), "\n%s ", name);
        at = strstr(text, start);
        assert_non_null(at);
        at += strlen(start);
        assert_int_equal(sodium_hex2bin(ret_bytes, n_max, at, strcspn(at, "\n"), NULL, &n_bytes,
                                        NULL),
                         0);
        return n_bytes;
}

static void test_envelopes_in_the_files_verify(void **state)
{
        static const struct {
                const char *file, *name;
                EnvelopeKind kind;
        } envelopes[] = {
                { "updates.txt", "counts.envelope", ENVELOPE_UPDATE },
                { "updates.txt", "door.envelope", ENVELOPE_UPDATE },
                { "updates.txt", "affirm.envelope", ENVELOPE_UPDATE },
                { "documents.txt", "enrolment.envelope", ENVELOPE_ENROLMENT },
                { "documents.txt", "revocation.envelope", ENVELOPE_ENROLMENT },
                { "documents.txt", "card.envelope", ENVELOPE_CARD },
                { "heads.txt", "head.envelope", ENVELOPE_HEAD },
                { "heads.txt", "epoch.envelope", ENVELOPE_EPOCH },
                { "blocks.txt", "manifest.envelope", ENVELOPE_MANIFEST },
        };
        static uint8_t bytes[64 * 1024];
        const SecretKey *signers[] = {
                [ENVELOPE_UPDATE] = world.agent,      [ENVELOPE_ENROLMENT] = world.authority,
                [ENVELOPE_CARD] = world.authority,    [ENVELOPE_HEAD] = world.broker,
                [ENVELOPE_EPOCH] = world.broker,      [ENVELOPE_MANIFEST] = world.broker,
        };

        for (size_t i = 0; i < N_ELEMENTS(envelopes); i++) {
                CLEANUP(freep) char *text = read_file(envelopes[i].file);
                size_t n_bytes = find_value(text, envelopes[i].name, bytes, sizeof(bytes));
                const SecretKey *signer = signers[envelopes[i].kind];
                Envelope envelope;

                assert_int_equal(envelope_parse(&envelope, bytes, n_bytes), 0);
                assert_int_equal(envelope.kind, envelopes[i].kind);
                assert_int_equal(envelope_verify(&envelope, secret_key_public(signer)->sign), 0);
        }
}

static void test_block_in_the_file_is_read(void **state)
{
        CLEANUP(freep) char *text = read_file("blocks.txt");
        static uint8_t bytes[64 * 1024];
        size_t n_bytes = find_value(text, "block.frame", bytes, sizeof(bytes));
        Envelope envelope;
        Block block;
        Topic topic;

        assert_int_equal(block_frame_parse(&topic, &envelope, bytes, n_bytes), 0);
        assert_int_equal(envelope_verify(&envelope, secret_key_public(world.broker)->sign), 0);
        assert_int_equal(block_decode(&block, world.arena, envelope.body, envelope.n_body), 0);
        assert_int_equal(block.n_entries, 2);
        assert_int_equal(block.n_affirms, 1);
        assert_int_equal(block.entries[0].rests_on, 6);
}

static int write_all(const char *folder)
{
        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                char path[4096];
                FILE *out;

                snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
                out = fopen(path, "w");
                if (!out) {
                        perror(path);
                        return 1;
                }
                files[i].write(out);
                fclose(out);
        }
        return 0;
}

int main(int argc, char **argv)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_wire_is_what_it_was),
                cmocka_unit_test(test_envelopes_in_the_files_verify),
                cmocka_unit_test(test_block_in_the_file_is_read),
        };
        int r;

        if (sodium_init() < 0)
                return 1;
        world_init();
        r = argc == 3 && !strcmp(argv[1], "--write") ? write_all(argv[2])
                                                      : cmocka_run_group_tests(tests, NULL, NULL);
        world_deinit();
        return r;
}
