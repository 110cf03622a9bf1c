#include <sodium.h>
#include <string.h>

#include "vectors.h"

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

void write_keys(FILE *out)
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
        assert_int_equal(update_decode(&decoded, &refusal, world.arena, body->bytes, body->n_bytes),
                         0);
        snprintf(line, sizeof(line), "%s.content-digest", name);
        put_hex(out, line, decoded.content_digest, CONTENT_DIGEST_BYTES);
        return envelope;
}

/* What happened. */
static void write_events(FILE *out)
{
        Update flow = an_update(UPDATE_FLOW, 20), refusal = an_update(UPDATE_REFUSAL, 21);
        Update withdraw = an_update(UPDATE_WITHDRAW, 22);

        flow.valid_for_s = refusal.valid_for_s = 0;
        flow.flow = (Flow){ .from = PLEK_CHAIN_AMBULANCE,
                            .to = PLEK_CHAIN_ED,
                            .other = "rav-ijsselland",
                            .care = PLEK_CARE_ED,
                            .has_count = true,
                            .count = 41,
                            .from_ms = TIME_MS - 86400000,
                            .until_ms = TIME_MS };
        blob_unref(put_update(out, "flow", &flow));

        refusal.audience = AUDIENCE_COORD;
        refusal.unit = "ic-1";
        refusal.care_refusal =
                (CareRefusal){ .id = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
                               .care = PLEK_CARE_ICU_ADULT,
                               .reason = PLEK_REASON_BEDS_FULL,
                               .from = PLEK_CHAIN_AMBULANCE,
                               .at_ms = TIME_MS - 60000,
                               .count = 1 };
        blob_unref(put_update(out, "refusal", &refusal));

        withdraw.withdraw = update_record_ref(&flow);
        blob_unref(put_update(out, "withdraw-flow", &withdraw));
}

/* That somebody else's door was seen, and that it was not. */
static void write_acks(FILE *out)
{
        Update ack = an_update(UPDATE_ACK, 23), withdraw = an_update(UPDATE_WITHDRAW, 24);

        ack.valid_for_s = 0;
        ack.ack = (Ack){ .party = "rav-ijsselland",
                         .record = { .report = UPDATE_DOOR,
                                     .unit = "seh",
                                     .care = PLEK_CARE_ED,
                                     .patient_group = CODE_ABSENT,
                                     .urgency = CODE_ABSENT },
                         .epoch = TIME_MS,
                         .revision = 42,
                         .function = "regievoerder" };
        blob_unref(put_update(out, "ack", &ack));
        withdraw.withdraw = update_record_ref(&ack);
        blob_unref(put_update(out, "withdraw-ack", &withdraw));
}

static void put_doors(FILE *out)
{
        Update door = an_update(UPDATE_DOOR, 2), plan = an_update(UPDATE_DOOR, 3);

        door.unit = "seh";
        door.door = (Door){ .state = PLEK_DOOR_STOP,
                            .care = PLEK_CARE_ED,
                            .patient_group = CODE_ABSENT,
                            .urgency = CODE_ABSENT,
                            .exceptions = { PLEK_EXCEPTION_MULTITRAUMA },
                            .n_exceptions = 1,
                            .reason = PLEK_REASON_ED_CROWDING,
                            .text = "wachttijd loopt op",
                            .authorised_by = "dienstdoend manager",
                            .starts_at_ms = TIME_ABSENT,
                            .ends_at_ms = TIME_MS + 7200000,
                            .review_at_ms = TIME_MS + 3600000,
                            .on_expiry = PLEK_ON_EXPIRY_KEEP };
        blob_unref(put_update(out, "door", &door));

        plan.valid_for_s = 0;
        plan.door = (Door){ .state = PLEK_DOOR_CLOSED,
                            .care = CODE_ABSENT,
                            .patient_group = PLEK_GROUP_WALK_IN,
                            .urgency = 4,
                            .plan = 2,
                            .reason = PLEK_REASON_PLANNED_CLOSURE,
                            .starts_at_ms = TIME_MS + 86400000,
                            .ends_at_ms = TIME_MS + 172800000,
                            .review_at_ms = TIME_ABSENT };
        blob_unref(put_update(out, "plan", &plan));
}

static void put_care_map(FILE *out)
{
        Update offering = an_update(UPDATE_OFFERING, 8), gp_post = an_update(UPDATE_CARD, 9);

        offering.valid_for_s = 0;
        offering.offering = (Offering){ .care = PLEK_CARE_ED,
                                        .plan = 1,
                                        .level = "1",
                                        .hours = "24/7",
                                        .holds_from_ms = TIME_MS + 86400000,
                                        .holds_until_ms = TIME_ABSENT };
        blob_unref(put_update(out, "offering", &offering));

        gp_post.valid_for_s = 0;
        gp_post.card =
                (LocationCard){ .name = "Huisartsenpost Zwolle",
                                .kind = "N6",
                                .contacts = { { "regiearts", "038 000 0001", PLEK_CARE_GP_POST } },
                                .n_contacts = 1,
                                .hours = "Mo-Fr 17:00-08:00; Sa,Su 00:00-24:00",
                                .time_zone = "Europe/Amsterdam",
                                .identifiers = { { "agb", "01234567" } },
                                .n_identifiers = 1 };
        blob_unref(put_update(out, "card-with-hours", &gp_post));
}

void write_updates(FILE *out)
{
        static const RecordRef apart[] = {
                { .report = UPDATE_PRESSURE,
                  .unit = "seh",
                  .care = CODE_ABSENT,
                  .patient_group = CODE_ABSENT,
                  .urgency = CODE_ABSENT,
                  .method = "nedocs" },
        };
        Update counts = an_update(UPDATE_COUNTS, 1), pressure = an_update(UPDATE_PRESSURE, 4);
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

        put_doors(out);

        pressure.unit = "seh";
        pressure.pressure = (Pressure){ .method = "nedocs",
                                        .has_score = true,
                                        .score = 123.5,
                                        .inputs = { { "patients", 31 }, { "ed_beds", 24 } },
                                        .n_inputs = 2 };
        blob_unref(put_update(out, "pressure", &pressure));

        card.card = (LocationCard){ .name = "Isala Zwolle",
                                    .kind = "V6",
                                    .has_position = true,
                                    .latitude_e7 = 525142000,
                                    .longitude_e7 = 61163000,
                                    .contacts = { { "SEH-arts", "+31 38 000 00 00" } },
                                    .n_contacts = 1 };
        blob_unref(put_update(out, "card", &card));

        affirm.affirm = (Affirm){ LANE_COUNTS, (uint64_t)TIME_MS * 1000 + 5, apart, 1 };
        world.affirm = put_update(out, "affirm", &affirm);

        withdraw.withdraw = (RecordRef){ .report = UPDATE_COUNTS,
                                         .unit = "ic-1",
                                         .care = PLEK_CARE_ICU_ADULT,
                                         .patient_group = CODE_ABSENT,
                                         .urgency = CODE_ABSENT };
        blob_unref(put_update(out, "withdraw", &withdraw));

        put_care_map(out);
        write_events(out);
        write_acks(out);
}

/* A body that must be refused: head of an update, then @tail, both in hex. */
static void put_refused(FILE *out, const char *name, const char *tail)
{
        static const char head[] = "0a056973616c61"           /* party isala */
                                   "110100000000000000"       /* instance */
                                   "182a20c0843d2880897a3001" /* seq, times, status */
                                   "420c6973616c612d7a776f6c6c65";
        uint8_t body[512];
        size_t n_head, n_tail;
        WireRefusal refusal;
        Update update;

        assert_int_equal(
                sodium_hex2bin(body, sizeof(body), head, strlen(head), NULL, &n_head, NULL), 0);
        assert_int_equal(sodium_hex2bin(body + n_head, sizeof(body) - n_head, tail, strlen(tail),
                                        NULL, &n_tail, NULL),
                         0);
        assert_int_equal(update_decode(&update, &refusal, world.arena, body, n_head + n_tail),
                         UPDATE_E_REFUSED);
        fprintf(out, "# refused with %u", refusal.code);
        fprintf(out, ", %s: %s\n", refusal.field ? refusal.field : "-", refusal.text);
        put_hex(out, name, body, n_head + n_tail);
}

void write_refused(FILE *out)
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
        put_refused(out, "flow-of-three-for-care", "e2010f080410062008280630003880dddb01");
        put_refused(out, "refusal-for-care", "ea01160a100000000000000000000000000000000010012800");
        put_refused(out, "hours-unreadable", "d20107080c2a036d612d");
        put_refused(out, "announced-offering-without-a-begin", "d20104080c1001");
}
