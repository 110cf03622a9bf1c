#include "registry-fixture.h"

static RegionCard card_of(const Fixture *fixture, uint64_t serial)
{
        RegionCard card = {
                .network = fixture->network,
                .network_name = "test",
                .serial = serial,
                .n_authority = 2,
                .brokers = { *public_key(fixture, 3) },
                .n_brokers = 1,
                .updates = "tcp://plek:7301",
                .care = "tcp://plek:7302",
                .query = "tcp://plek:7303",
                .coord = "tcp://plek:7304",
        };

        memcpy(card.authority[0], public_key(fixture, 0)->sign, KEY_BYTES);
        memcpy(card.authority[1], public_key(fixture, 1)->sign, KEY_BYTES);
        return card;
}

static Blob *card_envelope(const Fixture *fixture, const RegionCard *card)
{
        Blob *body = NULL;

        assert_int_equal(region_card_encode(&body, card), 0);
        return signed_by(fixture, ENVELOPE_CARD, body);
}

static int check_card(const Fixture *fixture, const RegionCard *card, uint32_t *ret_code)
{
        CLEANUP(blob_unrefp) Blob *envelope = card_envelope(fixture, card);
        WireRefusal refusal = { 0 };
        uint8_t digest[DIGEST_BYTES];
        int r;

        digest_of(digest, envelope->bytes, envelope->n_bytes);
        r = registry_check_card(fixture->registry, card, digest, &refusal);
        *ret_code = refusal.code;
        return r;
}

static void apply_card(Fixture *fixture, const RegionCard *card, uint64_t revision)
{
        CLEANUP(blob_unrefp) Blob *envelope = card_envelope(fixture, card);

        assert_int_equal(registry_apply_card(fixture->registry, revision, NOW, envelope), 0);
}

static void test_the_newest_card_names_the_authority(void **state)
{
        const uint8_t *genesis, *next;
        uint64_t serial, revision;
        RegionCard card, older;
        Fixture fixture;

        setup(&fixture);
        genesis = secret_key_public(fixture.authority)->sign;
        next = public_key(&fixture, 1)->sign;
        assert_true(registry_has_authority(fixture.registry));
        assert_true(registry_is_authority(fixture.registry, genesis));
        assert_false(registry_is_authority(fixture.registry, next));
        assert_memory_equal(registry_authority_key(fixture.registry, key_id_of(genesis)), genesis,
                            KEY_BYTES);
        assert_null(registry_card(fixture.registry, NULL, NULL));

        card = card_of(&fixture, 3);
        apply_card(&fixture, &card, 5);
        assert_false(registry_is_authority(fixture.registry, genesis));
        assert_true(registry_is_authority(fixture.registry, public_key(&fixture, 0)->sign));
        assert_true(registry_is_authority(fixture.registry, next));
        assert_memory_equal(registry_authority_key(fixture.registry, key_id_of(next)), next,
                            KEY_BYTES);
        assert_null(registry_authority_key(fixture.registry, key_id_of(genesis)));

        assert_memory_equal(registry_past_authority_key(fixture.registry, key_id_of(genesis)),
                            genesis, KEY_BYTES);

        older = card_of(&fixture, 2);
        older.n_authority = 1;
        apply_card(&fixture, &older, 4);
        assert_true(registry_is_authority(fixture.registry, next));
        assert_non_null(registry_card(fixture.registry, &serial, &revision));
        assert_int_equal(serial, 3);
        assert_int_equal(revision, 5);
        teardown(&fixture);
}

static void test_an_old_card_vouches_for_the_key_of_its_time_and_no_more(void **state)
{
        const uint8_t *retired;
        RegionCard card;
        Fixture fixture;

        setup(&fixture);
        retired = public_key(&fixture, 2)->sign;
        card = card_of(&fixture, 3);
        apply_card(&fixture, &card, 5);
        assert_null(registry_past_authority_key(fixture.registry, key_id_of(retired)));

        card.serial = 2;
        memcpy(card.authority[0], retired, KEY_BYTES);
        apply_card(&fixture, &card, 4);
        assert_non_null(registry_past_authority_key(fixture.registry, key_id_of(retired)));
        assert_null(registry_authority_key(fixture.registry, key_id_of(retired)));
        assert_false(registry_is_authority(fixture.registry, retired));
        assert_int_equal(registry_cards(fixture.registry)->older->serial, 2);
        teardown(&fixture);
}

static void test_only_the_first_key_of_the_network_founds_it(void **state)
{
        RegionCard card;
        Fixture fixture;

        setup(&fixture);
        card = card_of(&fixture, 1);
        assert_false(region_card_is_founding(&card));
        memcpy(card.authority[0], secret_key_public(fixture.authority)->sign, KEY_BYTES);
        assert_true(region_card_is_founding(&card));
        card.network_name = "other";
        assert_false(region_card_is_founding(&card));
        teardown(&fixture);
}

static void test_a_card_that_does_not_follow_is_refused(void **state)
{
        RegionCard card, other;
        Fixture fixture;
        uint32_t code;

        setup(&fixture);
        card = card_of(&fixture, 3);
        assert_int_equal(check_card(&fixture, &card, &code), 0);
        apply_card(&fixture, &card, 5);
        assert_int_equal(check_card(&fixture, &card, &code), REGISTRY_E_REPEATED);
        other = card;
        other.title = "Other bytes";
        assert_int_equal(check_card(&fixture, &other, &code), REGISTRY_E_REFUSED);
        assert_int_equal(code, PLEK_REFUSED_SERIAL);
        other.serial = 2;
        assert_int_equal(check_card(&fixture, &other, &code), REGISTRY_E_REFUSED);
        assert_int_equal(code, PLEK_REFUSED_SERIAL);
        other.serial = 4;
        assert_int_equal(check_card(&fixture, &other, &code), 0);
        other.network.bytes[0] ^= 1;
        assert_int_equal(check_card(&fixture, &other, &code), REGISTRY_E_REFUSED);
        assert_int_equal(code, PLEK_REFUSED_NETWORK);
        other = card;
        other.serial = 4;
        memset(other.brokers[0].sign, 0, KEY_BYTES);
        assert_int_equal(check_card(&fixture, &other, &code), REGISTRY_E_REFUSED);
        assert_int_equal(code, PLEK_REFUSED_KEY);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_newest_card_names_the_authority),
                cmocka_unit_test(test_an_old_card_vouches_for_the_key_of_its_time_and_no_more),
                cmocka_unit_test(test_only_the_first_key_of_the_network_founds_it),
                cmocka_unit_test(test_a_card_that_does_not_follow_is_refused),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
