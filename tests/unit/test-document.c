#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/document.h"

static Arena *arena;
static Blob *blob;

static int setup(void **state)
{
        blob = blob_unref(blob);
        return arena ? (arena_reset(arena), 0) : arena_new(&arena, 8 * 1024 * 1024);
}

static Enrolment an_enrolment(void)
{
        static const Region regions[] = { { "rav", "ijsselland" }, { "province", "overijssel" } };
        static const LocationGrant locations[] = {
                { "isala-zwolle", "zwolle", regions, 2 },
                { "isala-meppel", "zwolle", NULL, 0 },
        };
        Enrolment enrolment = {
                .party = "isala",
                .serial = 3,
                .name = "Isala",
                .n_keys = 2,
                .roles = ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER),
                .locations = locations,
                .n_locations = 2,
                .audience = AUDIENCE_CARE,
                .valid_from_ms = 1000,
                .valid_until_ms = 2000,
                .distrusted_since_ms = TIME_ABSENT,
        };

        memset(enrolment.keys[0].sign, 1, KEY_BYTES);
        memset(enrolment.keys[0].transport, 2, KEY_BYTES);
        memset(enrolment.keys[1].sign, 3, KEY_BYTES);
        memset(enrolment.keys[1].transport, 4, KEY_BYTES);
        return enrolment;
}

static RegionCard a_card(void)
{
        RegionCard card = {
                .network_name = "zwolle",
                .serial = 1,
                .n_authority = 2,
                .n_brokers = 1,
                .updates = "tcp://plek.zwolle.example:7301",
                .care = "tcp://plek.zwolle.example:7302",
                .query = "tcp://plek.zwolle.example:7303",
                .coord = "tcp://plek.zwolle.example:7304",
                .title = "Acute zorg regio Zwolle",
        };

        memset(&card.network, 9, sizeof(card.network));
        memset(card.authority[1], 5, KEY_BYTES);
        memset(card.brokers[0].transport, 6, KEY_BYTES);
        return card;
}

static int recode_enrolment(Enrolment *ret, const Enrolment *enrolment)
{
        int r;

        blob = blob_unref(blob);
        r = enrolment_encode(&blob, enrolment);
        if (!r)
                r = enrolment_decode(ret, NULL, arena, blob->bytes, blob->n_bytes);
        return r;
}

static void test_enrolment_arrives_as_it_was_signed(void **state)
{
        Enrolment enrolment = an_enrolment(), decoded;

        assert_int_equal(recode_enrolment(&decoded, &enrolment), 0);
        assert_string_equal(decoded.party, "isala");
        assert_int_equal(decoded.serial, 3);
        assert_string_equal(decoded.name, "Isala");
        assert_int_equal(decoded.n_keys, 2);
        assert_memory_equal(decoded.keys, enrolment.keys, sizeof(enrolment.keys));
        assert_int_equal(decoded.roles, enrolment.roles);
        assert_int_equal(decoded.audience, AUDIENCE_CARE);
        assert_int_equal(decoded.n_locations, 2);
        assert_string_equal(decoded.locations[0].location, "isala-zwolle");
        assert_string_equal(decoded.locations[0].region, "zwolle");
        assert_int_equal(decoded.locations[0].n_regions, 2);
        assert_string_equal(decoded.locations[0].regions[1].scheme, "province");
        assert_string_equal(decoded.locations[0].regions[1].id, "overijssel");
        assert_string_equal(decoded.locations[1].location, "isala-meppel");
        assert_int_equal(decoded.locations[1].n_regions, 0);
        assert_int_equal(decoded.valid_from_ms, 1000);
        assert_int_equal(decoded.valid_until_ms, 2000);
        assert_null(decoded.cause);
        assert_int_equal(decoded.distrusted_since_ms, TIME_ABSENT);
}

static void test_revocation_has_no_roles_and_may_say_why(void **state)
{
        Enrolment enrolment = an_enrolment(), decoded;

        enrolment.roles = 0;
        enrolment.audience = 0;
        enrolment.n_locations = 0;
        enrolment.cause = "key stolen";
        enrolment.distrusted_since_ms = 1500;
        assert_int_equal(recode_enrolment(&decoded, &enrolment), 0);
        assert_int_equal(decoded.roles, 0);
        assert_int_equal(decoded.audience, 0);
        assert_string_equal(decoded.cause, "key stolen");
        assert_int_equal(decoded.distrusted_since_ms, 1500);

        enrolment.roles = ROLE_BIT(ROLE_AGENT);
        assert_int_equal(recode_enrolment(&decoded, &enrolment), -EINVAL);
}

static void test_enrolments_that_say_nonsense_are_not_made(void **state)
{
        LocationGrant twice[] = { { "a", "zwolle", NULL, 0 },
                                  { "b", "zwolle", NULL, 0 },
                                  { "a", "oost", NULL, 0 } };
        LocationGrant badly[] = { { "a b", "zwolle", NULL, 0 } };
        LocationGrant nowhere[] = { { "a", "Zwolle", NULL, 0 } };
        Enrolment decoded;

#define REFUSED(_change)                                                                           \
        do {                                                                                       \
                Enrolment enrolment = an_enrolment();                                              \
                enrolment._change;                                                                 \
                assert_int_equal(recode_enrolment(&decoded, &enrolment), -EINVAL);                 \
        } while (0)

        REFUSED(party = "Isala");
        REFUSED(party = NULL);
        REFUSED(serial = 0);
        REFUSED(n_keys = 0);
        REFUSED(roles |= 1u << 6);
        REFUSED(audience = AUDIENCE_OPEN);
        REFUSED(valid_until_ms = 1000);
        REFUSED(valid_from_ms = -1);
        REFUSED(valid_until_ms = INT64_MAX);
        REFUSED(name = "a\nb");
        REFUSED(locations = twice; enrolment.n_locations = 3);
        REFUSED(locations = badly; enrolment.n_locations = 1);
        REFUSED(locations = nowhere; enrolment.n_locations = 1);
#undef REFUSED
}

static void test_enrolment_of_as_many_locations_as_allowed_fits(void **state)
{
        static LocationGrant grants[ENROLMENT_LOCATIONS_MAX + 1];
        static char names[ENROLMENT_LOCATIONS_MAX + 1][16];
        static const Region regions[] = { { "rav", "ijsselland" } };
        Enrolment enrolment = an_enrolment(), decoded;

        for (size_t i = 0; i < N_ELEMENTS(grants); i++) {
                snprintf(names[i], sizeof(names[i]), "agb-%08zu", i);
                grants[i] = (LocationGrant){ names[i], "zwolle", regions, 1 };
        }
        enrolment.locations = grants;
        enrolment.n_locations = ENROLMENT_LOCATIONS_MAX;
        assert_int_equal(recode_enrolment(&decoded, &enrolment), 0);
        assert_int_equal(decoded.n_locations, ENROLMENT_LOCATIONS_MAX);
        assert_string_equal(decoded.locations[4095].location, "agb-00004095");
        assert_true(blob->n_bytes + ENVELOPE_OVERHEAD_BYTES <=
                    envelope_max_bytes(ENVELOPE_ENROLMENT));

        enrolment.n_locations = ENROLMENT_LOCATIONS_MAX + 1;
        assert_int_equal(recode_enrolment(&decoded, &enrolment), -EINVAL);
}

static void test_fault_is_told_in_a_sentence(void **state)
{
        const char *text = NULL;
        Enrolment enrolment;

        assert_int_equal(
                enrolment_decode(&enrolment, &text, arena, (const uint8_t *)"\x0a\x01X", 3),
                DOCUMENT_E_MALFORMED);
        assert_string_equal(text, "serial: missing");
        assert_int_equal(enrolment_decode(&enrolment, NULL, arena, (const uint8_t *)"\xff", 1),
                         DOCUMENT_E_MALFORMED);
}

static void test_card_arrives_as_it_was_signed(void **state)
{
        RegionCard card = a_card(), decoded;

        assert_int_equal(region_card_encode(&blob, &card), 0);
        assert_int_equal(region_card_decode(&decoded, NULL, arena, blob->bytes, blob->n_bytes), 0);
        assert_memory_equal(&decoded.network, &card.network, sizeof(card.network));
        assert_string_equal(decoded.network_name, "zwolle");
        assert_int_equal(decoded.serial, 1);
        assert_int_equal(decoded.n_authority, 2);
        assert_memory_equal(decoded.authority, card.authority, sizeof(card.authority));
        assert_int_equal(decoded.n_brokers, 1);
        assert_memory_equal(decoded.brokers, card.brokers, sizeof(card.brokers));
        assert_string_equal(decoded.updates, card.updates);
        assert_string_equal(decoded.care, card.care);
        assert_string_equal(decoded.query, card.query);
        assert_string_equal(decoded.coord, card.coord);
        assert_string_equal(decoded.title, card.title);
}

static void test_cards_that_lead_nowhere_are_not_made(void **state)
{
#define REFUSED(_change)                                                                           \
        do {                                                                                       \
                RegionCard card = a_card();                                                        \
                card._change;                                                                      \
                assert_int_equal(region_card_encode(&blob, &card), -EINVAL);                       \
        } while (0)

        REFUSED(updates = "http://plek.example");
        REFUSED(care = "tcp://");
        REFUSED(query = "tcp://*:7303");
        REFUSED(coord = NULL);
        REFUSED(n_brokers = 0);
        REFUSED(n_authority = 0);
        REFUSED(n_authority = 3);
        REFUSED(serial = 0);
        REFUSED(network_name = "");
#undef REFUSED
}

static void test_genesis_and_suspension_are_read_back(void **state)
{
        Genesis genesis = { .network_name = "zwolle", .authority = { 1, 2, 3 } }, genesis_back;
        Suspension suspension = { .party = "isala",
                                  .has_key_id = true,
                                  .suspended = true,
                                  .reason = "gestolen laptop",
                                  .by = "uid 0" };
        Suspension suspension_back;

        memset(&genesis.network, 7, sizeof(genesis.network));
        assert_int_equal(genesis_encode(&blob, &genesis), 0);
        assert_int_equal(genesis_decode(&genesis_back, arena, blob->bytes, blob->n_bytes), 0);
        assert_memory_equal(&genesis_back.network, &genesis.network, NETWORK_BYTES);
        assert_memory_equal(genesis_back.authority, genesis.authority, KEY_BYTES);
        assert_string_equal(genesis_back.network_name, "zwolle");

        blob = blob_unref(blob);
        memset(&suspension.key_id, 8, sizeof(suspension.key_id));
        assert_int_equal(suspension_encode(&blob, &suspension), 0);
        assert_int_equal(suspension_decode(&suspension_back, arena, blob->bytes, blob->n_bytes), 0);
        assert_string_equal(suspension_back.party, "isala");
        assert_true(suspension_back.has_key_id);
        assert_memory_equal(&suspension_back.key_id, &suspension.key_id, KEY_ID_BYTES);
        assert_true(suspension_back.suspended);
        assert_string_equal(suspension_back.reason, "gestolen laptop");
        assert_string_equal(suspension_back.by, "uid 0");
        suspension.party = "";
        assert_int_equal(suspension_encode(&blob, &suspension), -EINVAL);
}

static void test_epoch_and_head_are_read_back(void **state)
{
        Epoch epoch = { .epoch = UINT64_MAX,
                        .opened_at_ms = 5,
                        .continues = true,
                        .previous_epoch = 6,
                        .previous_revision = 7,
                        .previous_head = { 8 },
                        .cause = "start" };
        Head head = { .epoch = 1, .revision = 2, .time_ms = 3, .head = { 4 } }, head_back;
        Epoch epoch_back;

        memset(&epoch.broker, 9, sizeof(epoch.broker));
        assert_int_equal(epoch_encode(&blob, &epoch), 0);
        assert_int_equal(epoch_decode(&epoch_back, arena, blob->bytes, blob->n_bytes), 0);
        assert_true(epoch_back.epoch == UINT64_MAX);
        assert_int_equal(epoch_back.opened_at_ms, 5);
        assert_true(epoch_back.continues);
        assert_int_equal(epoch_back.previous_epoch, 6);
        assert_int_equal(epoch_back.previous_revision, 7);
        assert_memory_equal(epoch_back.previous_head, epoch.previous_head, DIGEST_BYTES);
        assert_string_equal(epoch_back.cause, "start");
        assert_memory_equal(&epoch_back.broker, &epoch.broker, sizeof(epoch.broker));

        blob = blob_unref(blob);
        epoch.continues = false;
        assert_int_equal(epoch_encode(&blob, &epoch), 0);
        assert_int_equal(epoch_decode(&epoch_back, arena, blob->bytes, blob->n_bytes), 0);
        assert_false(epoch_back.continues);
        assert_int_equal(epoch_back.previous_revision, 0);

        blob = blob_unref(blob);
        assert_int_equal(head_encode(&blob, &head), 0);
        assert_int_equal(head_decode(&head_back, arena, blob->bytes, blob->n_bytes), 0);
        assert_memory_equal(&head_back, &head, sizeof(head));
        for (size_t n = 0; n < blob->n_bytes; n++)
                assert_int_equal(head_decode(&head_back, arena, blob->bytes, n),
                                 DOCUMENT_E_MALFORMED);
}

static void test_cut_is_read_back_and_must_be_about_something(void **state)
{
        Cut cut = { .epoch = 1,
                    .revision = 20,
                    .time_ms = 3,
                    .head = { 4 },
                    .cut_at_ms = 5,
                    .n_kept = 6,
                    .kept = { 7 },
                    .keyframe = { 8 } };
        Cut back;

        assert_int_equal(cut_encode(&blob, &cut), 0);
        assert_true(blob->n_bytes + ENVELOPE_OVERHEAD_BYTES <= envelope_max_bytes(ENVELOPE_CUT));
        assert_int_equal(cut_decode(&back, arena, blob->bytes, blob->n_bytes), 0);
        assert_memory_equal(&back, &cut, sizeof(cut));
        for (size_t n = 0; n < blob->n_bytes; n++)
                assert_int_equal(cut_decode(&back, arena, blob->bytes, n), DOCUMENT_E_MALFORMED);

        blob = blob_unref(blob);
        cut.n_kept = 20; /* of nineteen before it */
        assert_int_equal(cut_encode(&blob, &cut), -EINVAL);
        cut.n_kept = 0;
        cut.revision = 0;
        assert_int_equal(cut_encode(&blob, &cut), -EINVAL);
        cut.revision = 1;
        cut.cut_at_ms = -1;
        assert_int_equal(cut_encode(&blob, &cut), -EINVAL);
}

static void test_chain_depends_on_everything_it_names(void **state)
{
        uint8_t zero[DIGEST_BYTES] = { 0 }, digest[DIGEST_BYTES] = { 1 };
        uint8_t first[DIGEST_BYTES], other[DIGEST_BYTES], expected[DIGEST_BYTES];
        uint8_t bytes[81] = { 0 };

        head_chain(first, zero, 1, 2, 6, digest);
        bytes[39] = 1;
        bytes[47] = 2;
        bytes[48] = 6;
        bytes[49] = 1;
        crypto_generichash(expected, sizeof(expected), bytes, sizeof(bytes), NULL, 0);
        assert_memory_equal(first, expected, sizeof(first));

        head_chain(other, first, 1, 2, 6, digest);
        assert_memory_not_equal(other, first, sizeof(first));
        head_chain(other, zero, 2, 2, 6, digest);
        assert_memory_not_equal(other, first, sizeof(first));
        head_chain(other, zero, 1, 3, 6, digest);
        assert_memory_not_equal(other, first, sizeof(first));
        head_chain(other, zero, 1, 2, 7, digest);
        assert_memory_not_equal(other, first, sizeof(first));
        head_chain(other, zero, 1, 2, 6, zero);
        assert_memory_not_equal(other, first, sizeof(first));
}

#define TEST(_name) cmocka_unit_test_setup(_name, setup)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_enrolment_arrives_as_it_was_signed),
                TEST(test_revocation_has_no_roles_and_may_say_why),
                TEST(test_enrolments_that_say_nonsense_are_not_made),
                TEST(test_enrolment_of_as_many_locations_as_allowed_fits),
                TEST(test_fault_is_told_in_a_sentence),
                TEST(test_card_arrives_as_it_was_signed),
                TEST(test_cards_that_lead_nowhere_are_not_made),
                TEST(test_genesis_and_suspension_are_read_back),
                TEST(test_epoch_and_head_are_read_back),
                TEST(test_cut_is_read_back_and_must_be_about_something),
                TEST(test_chain_depends_on_everything_it_names),
        };
        int r;

        if (sodium_init() < 0)
                return 1;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        blob_unref(blob);
        arena_free(arena);
        return r;
}
