#include <string.h>

#include "vectors.h"

/* ------------------------------------------------------------------ what the authority signs */

/* What a coordinator asks, what its agents are told, and how it stands. */
void write_calls(FILE *out)
{
        static const CallLine lines[] = {
                { "isala", "isala-zwolle", CALL_ANSWERED, 2, 2, TIME_MS + 5000, "Isala Zwolle",
                  "+31 38 000 00 00" },
                { "isala", "isala-meppel", CALL_UNREACHABLE, 1, 0, TIME_MS - 60000, NULL, NULL },
        };
        CLEANUP(blob_unrefp) Blob *body = NULL, *envelope = NULL, *request = NULL, *reply = NULL;
        Call call = { .party = "isala",
                      .asked_at_ms = TIME_MS,
                      .until_ms = TIME_MS + 600000,
                      .status = STATUS_ACTUAL,
                      .region = "zwolle",
                      .cares = { PLEK_CARE_ED },
                      .n_cares = 1,
                      .text = "aanrijding met bus, A28",
                      .wants_triage = true };
        Reply progress = { .id = 9, .kind = REPLY_PROGRESS };

        for (size_t i = 0; i < CALL_ID_BYTES; i++)
                call.id.bytes[i] = (uint8_t)(0xc0 + i);
        fprintf(out, "# A call, signed by agent, as it is handed in, and how it stands.\n");
        assert_int_equal(call_encode(&body, &call), 0);
        envelope = put_envelope(out, "call", ENVELOPE_CALL, world.agent, body);
        assert_int_equal(request_encode(&request,
                                        &(Request){
                                                .id = 9,
                                                .kind = REQUEST_CALL,
                                                .call = { .envelope = { envelope->bytes,
                                                                        envelope->n_bytes } },
                                        }),
                         0);
        put_hex(out, "call.request", request->bytes, request->n_bytes);
        progress.progress.id = call.id;
        progress.progress.lines = lines;
        progress.progress.n_lines = progress.progress.n_lines_of_call = N_ELEMENTS(lines);
        progress.progress.triage = (CallTriage){ .is_there = true,
                                                 .present = { true, false, true },
                                                 .value = { 3, 0, 0 },
                                                 .n_places = 1 };
        assert_int_equal(reply_encode(&reply, &progress), 0);
        put_hex(out, "progress.reply", reply->bytes, reply->n_bytes);
}

void write_documents(FILE *out)
{
        static const Region regions[] = { { "rav", "ijsselland" } };
        static const LocationGrant locations[] = { { "isala-zwolle", "zwolle", regions, 1 },
                                                   { "isala-meppel", "zwolle", NULL, 0 } };
        CLEANUP(blob_unrefp) Blob *enrolment_body = NULL, *revoked_body = NULL, *card_body = NULL;
        Enrolment enrolment = { .party = "isala",
                                .serial = 1,
                                .name = "Isala",
                                .keys = { *secret_key_public(world.agent) },
                                .n_keys = 1,
                                .roles = ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER),
                                .locations = locations,
                                .n_locations = 2,
                                .audience = AUDIENCE_CARE,
                                .valid_from_ms = TIME_MS,
                                .valid_until_ms = TIME_MS + INT64_C(31536000000),
                                .distrusted_since_ms = TIME_ABSENT };
        RegionCard card = { .network = world.network,
                            .network_name = "voorbeeld",
                            .serial = 1,
                            .n_authority = 1,
                            .brokers = { *secret_key_public(world.broker) },
                            .n_brokers = 1,
                            .updates = "tcp://plek.example:7301",
                            .care = "tcp://plek.example:7302",
                            .query = "tcp://plek.example:7303",
                            .coord = "tcp://plek.example:7304",
                            .title = "Voorbeeldregio" };

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
        blob_unref(
                put_envelope(out, "revocation", ENVELOPE_ENROLMENT, world.authority, revoked_body));

        memcpy(card.authority[0], secret_key_public(world.authority)->sign, KEY_BYTES);
        assert_int_equal(region_card_encode(&card_body, &card), 0);
        blob_unref(put_envelope(out, "card", ENVELOPE_CARD, world.authority, card_body));
}

/* ------------------------------------------------------------------ what the broker signs */

void write_heads(FILE *out)
{
        CLEANUP(blob_unrefp) Blob *head_body = NULL, *epoch_body = NULL;
        uint8_t zero[DIGEST_BYTES] = { 0 }, digest[DIGEST_BYTES];
        Head head = { .epoch = 0x1122334455667788, .revision = 7, .time_ms = TIME_MS };
        Epoch epoch = { .epoch = head.epoch,
                        .opened_at_ms = TIME_MS,
                        .broker = *secret_key_public(world.broker),
                        .cause = "start" };

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

        assert_int_equal(
                block_builder_seal(builder, &frame, topic, block, &world.network, world.broker), 0);
        put_hex(out, name, frame->bytes, frame->n_bytes);
}

static void put_manifest(FILE *out, const Blob *chunk)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        uint8_t digests[1][DIGEST_BYTES];
        Manifest manifest = { .head = world.head->bytes,
                              .n_head = world.head->n_bytes,
                              .topic = "pic/zwolle/counts/",
                              .audience = AUDIENCE_CARE,
                              .to = 7,
                              .whole = true,
                              .digests = (const uint8_t(*)[DIGEST_BYTES])digests,
                              .n_digests = 1,
                              .n_entries = 1,
                              .reg_revision = 3 };

        digest_of(digests[0], chunk->bytes, chunk->n_bytes);
        assert_int_equal(manifest_encode(&body, &manifest), 0);
        blob_unref(put_envelope(out, "manifest", ENVELOPE_MANIFEST, world.broker, body));
}

void write_blocks(FILE *out)
{
        static const TopicPosition topics[] = { { "pic/zwolle/counts/", 7 } };
        static const Presence presence[] = { { "isala", true, TIME_MS - 60000 } };
        CLEANUP(block_builder_freep) BlockBuilder *builder = NULL;
        CLEANUP(blob_unrefp) Blob *chunk = NULL;
        WithdrawnRecord withdrawn = { STATUS_EXERCISE,
                                      "isala",
                                      "isala-zwolle",
                                      { .report = UPDATE_CARD,
                                        .care = CODE_ABSENT,
                                        .patient_group = CODE_ABSENT,
                                        .urgency = CODE_ABSENT },
                                      WITHDRAWN_AUDIENCE };
        Entry entry = { .revision = 7,
                        .changed_revision = 7,
                        .received_at_ms = TIME_MS,
                        .since_ms = TIME_MS - 300000,
                        .rests_on = 6,
                        .envelope = world.update->bytes,
                        .n_envelope = world.update->n_bytes };
        Entry gone = { .revision = 7,
                       .changed_revision = 7,
                       .received_at_ms = TIME_MS,
                       .since_ms = TIME_MS,
                       .withdrawn = &withdrawn };
        Entry affirm = { .revision = 6,
                         .changed_revision = 6,
                         .received_at_ms = TIME_MS,
                         .since_ms = TIME_MS,
                         .envelope = world.affirm->bytes,
                         .n_envelope = world.affirm->n_bytes };
        Block block = { .head = world.head->bytes,
                        .n_head = world.head->n_bytes,
                        .first = 7,
                        .last = 7,
                        .previous = 5,
                        .reg_revision = 3 };
        Beat beat = { .time_ms = TIME_MS,
                      .epoch = world.epoch->bytes,
                      .n_epoch = world.epoch->n_bytes,
                      .topics = topics,
                      .n_topics = 1,
                      .presence = presence,
                      .n_presence = 1,
                      .accepting = false,
                      .why_not = "disk-full",
                      .since_ms = TIME_MS - 1000,
                      .beat = 42 };
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

void write_queries(FILE *out)
{
        CLEANUP(blob_unrefp) Blob *hello_blob = NULL, *since_blob = NULL, *receipt_blob = NULL;
        const Outcome outcomes[] = {
                { .seq = (uint64_t)TIME_MS * 1000 + 1, .revision = 7 },
                { .seq = (uint64_t)TIME_MS * 1000 + 2,
                  .refusal = { PLEK_REFUSED_FIELD, "door.text",
                               "door.text has 300 bytes; 0 to 280 are allowed" } },
        };
        Request hello = { .id = 1, .kind = REQUEST_HELLO },
                since = { .id = 2, .kind = REQUEST_SINCE };
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
