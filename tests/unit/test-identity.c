#include "replica-fixture.h"

#include <sys/stat.h>

#include "lib/file.h"
#include "lib/identity.h"
#include "lib/paper.h"

/* Keys, region cards, and the files that they are in. */

static char directory[] = "/tmp/plek-test-XXXXXX";

static const char *path_of(const char *name)
{
        static char path[2][128];
        static unsigned n;

        snprintf(path[++n % 2], sizeof(path[0]), "%s/%s", directory, name);
        return path[n % 2];
}

static int make_directory(void **state)
{
        assert_true(sodium_init() >= 0);
        return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
        static const char *const names[] = { "key", "open", "card", "head", "text" };

        for (size_t i = 0; i < N_ELEMENTS(names); i++)
                (void)unlink(path_of(names[i]));
        return rmdir(directory);
}

/* ------------------------------------------------------------------ keys */

static void test_a_key_is_the_same_after_it_was_saved(void **state)
{
        char text[PLEK_KEY_TEXT_BYTES], again_text[PLEK_KEY_TEXT_BYTES];
        PlekKey *key, *again;

        assert_int_equal(plek_key_new(&key), 0);
        assert_int_equal(plek_key_save(key, path_of("key")), 0);
        assert_int_equal(plek_key_save(key, path_of("key")), -EEXIST);
        assert_int_equal(plek_key_load(&again, path_of("key")), 0);
        plek_key_text(key, text);
        plek_key_text(again, again_text);
        assert_string_equal(text, again_text);
        assert_int_equal(strncmp(text, "plek1-", 6), 0);
        plek_key_free(key);
        plek_key_free(again);
}

static void test_a_key_that_others_may_read_is_not_used(void **state)
{
        PlekKey *key;

        assert_int_equal(plek_key_new(&key), 0);
        assert_int_equal(plek_key_save(key, path_of("open")), 0);
        plek_key_free(key);
        assert_int_equal(chmod(path_of("open"), 0644), 0);
        assert_int_equal(plek_key_load(&key, path_of("open")), PLEK_E_KEY_MODE);
        assert_int_equal(plek_key_load(&key, path_of("none")), -ENOENT);
}

/* ------------------------------------------------------------------ papers */

static void test_a_paper_is_the_same_envelope_as_text_and_as_bytes(void **state)
{
        Blob *envelope, *again;
        Voice voice;
        char *text;

        voice_setup(&voice, NULL);
        envelope = card_of(&voice);
        assert_int_equal(paper_format(&text, envelope, "Oost\nconfirm it by telephone"), 0);
        assert_non_null(strstr(text, "plek card 1\n# Oost\n# confirm it by telephone\n"));
        assert_int_equal(paper_parse(&again, text, strlen(text)), 0);
        assert_int_equal(again->n_bytes, envelope->n_bytes);
        assert_memory_equal(again->bytes, envelope->bytes, envelope->n_bytes);
        blob_unref(again);
        assert_int_equal(paper_parse(&again, envelope->bytes, envelope->n_bytes), 0);
        assert_memory_equal(again->bytes, envelope->bytes, envelope->n_bytes);
        blob_unref(again);

        assert_int_equal(paper_save(envelope, NULL, path_of("text")), 0);
        assert_int_equal(paper_save(envelope, "again", path_of("text")), 0);
        assert_int_equal(paper_load(&again, path_of("text")), 0);
        assert_memory_equal(again->bytes, envelope->bytes, envelope->n_bytes);
        blob_unref(again);
        blob_unref(envelope);
        free(text);
        voice_teardown(&voice);
}

static void test_what_is_no_paper_is_refused(void **state)
{
        static const char *const texts[] = {
                "",
                "plek card 1",
                "plek card 1\n",
                "plek card 1\n!!!!\n",
                "plek card 1\nUExFSw==\n",
                "# plek card 1\nUExFSw==\n",
                "PLEK",
        };
        Blob *envelope;

        for (size_t i = 0; i < N_ELEMENTS(texts); i++)
                assert_int_equal(paper_parse(&envelope, texts[i], strlen(texts[i])),
                                 PAPER_E_FORMAT);
        assert_int_equal(paper_load(&envelope, path_of("none")), -ENOENT);
}

/* ------------------------------------------------------------------ cards */

static void test_a_card_says_what_was_signed(void **state)
{
        char checksum[PLEK_CHECKSUM_BYTES];
        PlekRegionCardInfo info;
        PlekRegionCard *card;
        Voice voice;

        voice_setup(&voice, NULL);
        assert_int_equal(plek_region_card_save(voice.card, path_of("card")), 0);
        assert_int_equal(plek_region_card_load(&card, path_of("card")), 0);
        plek_region_card_info(card, &info);
        assert_string_equal(info.network_name, "oost-test");
        assert_string_equal(info.coord, "tcp://127.0.0.1:7304");
        assert_int_equal(info.serial, 1);
        assert_int_equal(info.n_brokers, 1);
        plek_region_card_checksum(card, checksum);
        assert_int_equal(strlen(checksum), 4 * 5 + 3);
        plek_region_card_free(card);
        voice_teardown(&voice);
}

static void test_a_card_with_one_bit_changed_is_refused(void **state)
{
        PlekRegionCard *card;
        Blob *envelope;
        Voice voice;

        voice_setup(&voice, NULL);
        envelope = card_of(&voice);
        for (size_t i = 0; i < envelope->n_bytes * 8; i += 37) {
                envelope->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
                if (i / 8 < 24 || i / 8 >= 32) /* the key id is a hint, and signed as well */
                        assert_int_equal(
                                plek_region_card_parse(&card, envelope->bytes, envelope->n_bytes),
                                PLEK_E_CARD);
                envelope->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        assert_int_equal(plek_region_card_parse(&card, envelope->bytes, envelope->n_bytes), 0);
        plek_region_card_free(card);
        blob_unref(envelope);
        voice_teardown(&voice);
}

/* A card like the voice's, but for its serial and who signs it. */
static PlekRegionCard *another_card(Voice *voice, uint64_t serial, const SecretKey *authority,
                                    const SecretKey *signer)
{
        RegionCard card = voice->card->card;
        PlekRegionCard *result;
        Blob *envelope;

        card.serial = serial;
        memcpy(card.authority[0], secret_key_public(signer)->sign, KEY_BYTES);
        memcpy(card.authority[1], secret_key_public(authority)->sign, KEY_BYTES);
        card.n_authority = 2;
        assert_int_equal(paper_sign_card(&envelope, signer, &card), 0);
        assert_int_equal(region_card_new(&result, envelope), 0);
        blob_unref(envelope);
        return result;
}

static void assert_follows(Voice *voice, PlekRegionCard *card, int result)
{
        assert_int_equal(region_card_may_follow(voice->card, card), result);
        plek_region_card_free(card);
}

static void test_only_a_newer_card_of_the_same_authority_follows(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        assert_follows(&voice, another_card(&voice, 2, voice.authority, voice.authority), 0);
        assert_follows(&voice, another_card(&voice, 1, voice.authority, voice.authority),
                       PLEK_E_NOT_FOUND);
        /* It lists our authority, but another key signed it. */
        assert_follows(&voice, another_card(&voice, 2, voice.authority, voice.other),
                       PLEK_E_CARD_OTHER);
        voice_teardown(&voice);
}

static void test_a_newer_card_is_used_and_stored(void **state)
{
        PlekPeer given = { .card_path = path_of("card") };
        PlekContext *context;
        PlekRegionCardInfo info;
        PlekRegionCard *card;
        Voice voice;
        Peer peer;

        voice_setup(&voice, NULL);
        assert_int_equal(plek_context_new(&context, NULL), 0);
        assert_int_equal(peer_init(&peer, &given), -EINVAL);
        given.card = voice.card;
        assert_int_equal(peer_init(&peer, &given), 0);
        card = another_card(&voice, 5, voice.authority, voice.authority);
        assert_int_equal(
                peer_take_card(&peer, context, card->envelope->bytes, card->envelope->n_bytes), 0);
        assert_int_equal(peer.card->card.serial, 5);
        assert_int_equal(
                peer_take_card(&peer, context, card->envelope->bytes, card->envelope->n_bytes),
                PLEK_E_NOT_FOUND);
        plek_region_card_free(card);
        assert_int_equal(plek_region_card_load(&card, path_of("card")), 0);
        plek_region_card_info(card, &info);
        assert_int_equal(info.serial, 5);
        plek_region_card_free(card);
        peer_deinit(&peer);
        plek_context_free(context);
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ heads */

static void see(Voice *voice, Heads *heads, uint64_t revision, int result)
{
        Blob *head = head_at(voice, revision);
        const HeadSeen *other;

        assert_int_equal(heads_see(heads, voice->card, head->bytes, head->n_bytes, &other), result);
        blob_unref(head);
}

static void test_the_newest_head_is_kept_over_restarts(void **state)
{
        Heads *heads;
        Voice voice;

        voice_setup(&voice, NULL);
        assert_int_equal(heads_new(&heads, path_of("head")), 0);
        assert_null(heads_newest(heads, voice.card));
        see(&voice, heads, 5, 0);
        see(&voice, heads, 7, 0);
        see(&voice, heads, 6, 0); /* of the other lane */
        assert_int_equal(heads_newest(heads, voice.card)->head.revision, 7);
        assert_int_equal(heads_store(heads, voice.card), 0);
        heads_free(heads);

        assert_int_equal(heads_new(&heads, path_of("head")), 0);
        assert_int_equal(heads_newest(heads, voice.card)->head.revision, 7);
        voice.head[31] = 1;
        see(&voice, heads, 7, HEADS_E_EQUIVOCATION); /* caught across the restart */
        heads_free(heads);
        voice_teardown(&voice);
}

static void test_a_head_that_the_broker_did_not_sign_is_no_evidence(void **state)
{
        const HeadSeen *other;
        Heads *heads;
        Voice voice;
        Blob *head;

        voice_setup(&voice, NULL);
        assert_int_equal(heads_new(&heads, NULL), 0);
        see(&voice, heads, 5, 0);
        voice.head[31] = 1;
        head = head_at(&voice, 5);
        head->bytes[ENVELOPE_HEADER_BYTES] ^= 1;
        assert_int_equal(heads_see(heads, voice.card, head->bytes, head->n_bytes, &other),
                         HEADS_E_MALFORMED);
        assert_int_equal(heads_see(heads, voice.card, head->bytes, 10, &other), HEADS_E_MALFORMED);
        blob_unref(head);
        heads_free(heads);
        voice_teardown(&voice);
}

static void test_hundreds_of_heads_do_not_pile_up(void **state)
{
        Heads *heads;
        Voice voice;

        voice_setup(&voice, NULL);
        assert_int_equal(heads_new(&heads, NULL), 0);
        for (uint64_t i = 1; i <= 600; i++)
                see(&voice, heads, i, 0);
        assert_int_equal(heads_newest(heads, voice.card)->head.revision, 600);
        voice.head[31] = 1;
        see(&voice, heads, 500, HEADS_E_EQUIVOCATION);
        see(&voice, heads, 10, 0); /* forgotten */
        heads_free(heads);
        voice_teardown(&voice);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_key_is_the_same_after_it_was_saved),
                cmocka_unit_test(test_a_key_that_others_may_read_is_not_used),
                cmocka_unit_test(test_a_paper_is_the_same_envelope_as_text_and_as_bytes),
                cmocka_unit_test(test_what_is_no_paper_is_refused),
                cmocka_unit_test(test_a_card_says_what_was_signed),
                cmocka_unit_test(test_a_card_with_one_bit_changed_is_refused),
                cmocka_unit_test(test_only_a_newer_card_of_the_same_authority_follows),
                cmocka_unit_test(test_a_newer_card_is_used_and_stored),
                cmocka_unit_test(test_the_newest_head_is_kept_over_restarts),
                cmocka_unit_test(test_a_head_that_the_broker_did_not_sign_is_no_evidence),
                cmocka_unit_test(test_hundreds_of_heads_do_not_pile_up),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
