#include <sodium.h>
#include <stdlib.h>

/*
 * Each operation with its nth allocation failing, for every n until it succeeds: it must say
 * -ENOMEM and have changed nothing. The modules are compiled in here, with an allocator of ours.
 */

static size_t n_allocations_left = SIZE_MAX;

static void *allocated(void *memory)
{
        if (n_allocations_left != SIZE_MAX)
                n_allocations_left--;
        return memory;
}

static void *failing_malloc(size_t n_bytes)
{
        return n_allocations_left ? allocated(malloc(n_bytes)) : NULL;
}

static void *failing_calloc(size_t n, size_t n_bytes)
{
        return n_allocations_left ? allocated(calloc(n, n_bytes)) : NULL;
}

static void *failing_realloc(void *memory, size_t n_bytes)
{
        return n_allocations_left ? allocated(realloc(memory, n_bytes)) : NULL;
}

#define malloc  failing_malloc
#define calloc  failing_calloc
#define realloc failing_realloc

#include "picture/apply.c"
#include "picture/change.c"
#include "picture/enrolment-version.c"
#include "picture/picture.c"
#include "picture/record.c"
#include "picture/registry.c"
#include "picture/restore.c"
#include "picture/suspension.c"

#include "picture-fixture.h"

/* ------------------------------------------------------------------ all that a picture says */

typedef struct Print {
        crypto_generichash_state state;
} Print;

static void print_bytes(Print *print, const void *bytes, size_t n_bytes)
{
        crypto_generichash_update(&print->state, bytes, n_bytes);
}

static void print_number(Print *print, uint64_t number)
{
        print_bytes(print, &number, sizeof(number));
}

static void print_record(Print *print, const Record *record)
{
        print_bytes(print, record->key, record->n_key);
        print_bytes(print, record->topic->text, strlen(record->topic->text));
        print_number(print, record->revision);
        print_number(print, record->changed_revision);
        print_number(print, (uint64_t)record->since_ms);
        print_number(print, record->affirmation ? record->affirmation->revision : 0);
        print_number(print, record->audience);
        print_number(print, record->flags);
        print_number(print, record->apart);
        print_number(print, record->group->n_records);
        print_number(print, record->group->party->n_groups);
}

static void print_topic(Print *print, const PictureTopic *topic)
{
        print_bytes(print, topic->last, sizeof(topic->last));
        print_number(print, topic->n_records);
        list_for_each (link, &topic->records)
                print_record(print, list_entry(link, Record, in_topic));
        list_for_each (link, &topic->tombstones)
                print_number(print, list_entry(link, Tombstone, in_topic)->revision);
}

/* Topics that are empty and always were are not told apart from none. */
static void picture_print(const Picture *picture, uint8_t ret_print[32])
{
        const PictureTopic *topic = NULL;
        const Record *record = NULL;
        Print print;

        crypto_generichash_init(&print.state, NULL, 0, 32);
        while ((record = picture_next(picture, record)))
                print_record(&print, record);
        while ((topic = picture_next_topic(picture, topic)))
                if (topic->last[AUDIENCE_COORD])
                        print_topic(&print, topic);
        print_number(&print, picture->n_tombstones);
        print_number(&print, HASH_COUNT(picture->groups));
        print_number(&print, HASH_COUNT(picture->parties));
        print_number(&print, picture->n_acks);
        crypto_generichash_final(&print.state, ret_print, 32);
}

/* ------------------------------------------------------------------ the picture */

typedef int (*Operation)(Fixture *fixture);

/* Returns how often it failed before it succeeded. */
static size_t fail_until_done(Fixture *fixture, Operation operation)
{
        uint8_t before[32], after[32];
        size_t n = 0;
        int r;

        picture_print(fixture->picture, before);
        for (;; n++) {
                change_deinit(&fixture->change);
                n_allocations_left = n;
                r = operation(fixture);
                n_allocations_left = SIZE_MAX;
                if (!r)
                        break;
                assert_int_equal(r, -ENOMEM);
                assert_int_equal(fixture->change.n_items, 0);
                picture_print(fixture->picture, after);
                assert_memory_equal(before, after, sizeof(before));
        }
        picture_print(fixture->picture, after);
        assert_memory_not_equal(before, after, sizeof(before));
        return n;
}

static int report_new(Fixture *fixture)
{
        Update update = counts_of("new", 9, 20, 'z');

        update.party = "newcomer";
        return picture_report(fixture->picture, &update, fixture->envelope, 10, NOW, "noord",
                              &fixture->change);
}

static int report_narrower(Fixture *fixture)
{
        Update update = counts_of("here", 1, 20, 'z');

        update.audience = AUDIENCE_COORD;
        return picture_report(fixture->picture, &update, fixture->envelope, 10, NOW, "west",
                              &fixture->change);
}

static int report_elsewhere(Fixture *fixture)
{
        Update update = counts_of("here", 1, 20, 'z');

        return picture_report(fixture->picture, &update, fixture->envelope, 10, NOW, "noord",
                              &fixture->change);
}

static int affirm_all_but_one(Fixture *fixture)
{
        Update apart = counts_of("here", 2, 0, ' '), update = affirm_of("here", LANE_COUNTS, 19);
        RecordRef ref = update_record_ref(&apart);

        update.affirm.apart_from = &ref;
        update.affirm.n_apart_from = 1;
        return picture_affirm(fixture->picture, &update, fixture->envelope, 10, NOW, "west",
                              &fixture->change);
}

static int withdraw_one(Fixture *fixture)
{
        Update reported = counts_of("here", 1, 0, ' ');
        Update update = update_of(UPDATE_WITHDRAW, "here", 20);

        update.withdraw = update_record_ref(&reported);
        return picture_withdraw(fixture->picture, &update, 10, NOW, &fixture->change);
}

static const char *move_here_only(const char *location, void *arg)
{
        return strcmp(location, "here") == 0 ? "noord" : NULL;
}

static int regrant_all(Fixture *fixture)
{
        return picture_regrant(fixture->picture, "party", move_here_only, NULL, 10, NOW,
                               &fixture->change);
}

static int restore_new(Fixture *fixture)
{
        Update update = counts_of("new", 9, 20, 'z');
        Entry entry = { .revision = 10, .changed_revision = 10 };
        PictureTopic *where = picture_find_topic(fixture->picture, "pic/west/counts/");

        update.party = "newcomer";
        return picture_restore(fixture->picture, where, &update, fixture->envelope, &entry, NULL,
                               NULL);
}

static int acknowledge(Fixture *fixture)
{
        Update seen = door_of("there", 13, 'd'), update = update_of(UPDATE_ACK, "there", 20);

        update.party = fixture->revision ? "second" : "first";
        update.ack.party = seen.party;
        update.ack.record = update_record_ref(&seen);
        update.ack.revision = 4;
        return picture_ack(fixture->picture, &update, fixture->envelope, fixture->revision ? 10 : 9,
                           NOW, &fixture->change);
}

static int say_something_else(Fixture *fixture)
{
        Update update = door_of("there", 20, 'e');

        return picture_report(fixture->picture, &update, fixture->envelope, 10, NOW, "west",
                              &fixture->change);
}

static int withdraw_seen(Fixture *fixture)
{
        Update reported = door_of("there", 0, ' ');
        Update update = update_of(UPDATE_WITHDRAW, "there", 20);

        update.withdraw = update_record_ref(&reported);
        return picture_withdraw(fixture->picture, &update, 10, NOW, &fixture->change);
}

static void test_a_picture_without_memory_is_as_it_was(void **state)
{
        static const struct {
                Operation operation;
                size_t n_failures_min;
        } cases[] = {
                { report_new, 5 },         { report_narrower, 2 }, { report_elsewhere, 3 },
                { affirm_all_but_one, 2 }, { withdraw_one, 2 },    { regrant_all, 6 },
                { restore_new, 3 },        { acknowledge, 4 },     { say_something_else, 2 },
                { withdraw_seen, 3 },
        };
        Update updates[] = { counts_of("here", 1, 10, 'a'), counts_of("here", 2, 11, 'b'),
                             counts_of("here", 3, 12, 'c'), door_of("there", 13, 'd') };
        Fixture fixture;

        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                setup(&fixture, 10);
                for (size_t j = 0; j < N_ELEMENTS(updates); j++)
                        report(&fixture, &updates[j]);
                fixture.revision = 0;
                assert_int_equal(acknowledge(&fixture), 0);
                fixture.revision = 9;
                assert_true(fail_until_done(&fixture, cases[i].operation) >=
                            cases[i].n_failures_min);
                teardown(&fixture);
        }
}

/* Far enough for every hash to grow more than once. */
static void test_a_growing_picture_without_memory_is_as_it_was(void **state)
{
        Fixture fixture;
        Update update;
        char unit[8];
        int r;

        setup(&fixture, 10);
        for (uint32_t i = 0; i < 2000; i++) {
                update = counts_of("here", i, 100 + i, 'a');
                (void)snprintf(unit, sizeof(unit), "u%u", i);
                update.location = unit;
                for (size_t n = 0;; n++) {
                        n_allocations_left = n;
                        r = picture_report(fixture.picture, &update, fixture.envelope, i + 1, NOW,
                                           "west", &fixture.change);
                        n_allocations_left = SIZE_MAX;
                        assert_int_equal(picture_n_records(fixture.picture), r ? i : i + 1);
                        if (!r)
                                break;
                        assert_int_equal(r, -ENOMEM);
                }
                assert_ptr_equal(held(&fixture, &update), fixture.change.items[0].record);
                change_reset(&fixture.change);
        }
        teardown(&fixture);
}

/* ------------------------------------------------------------------ the registry */

static Blob *enrolment_blob(const SecretKey *key, uint64_t serial)
{
        static const LocationGrant grants[] = { { "here", "west", NULL, 0 } };
        const NetworkId network = { { 1 } };
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Enrolment enrolment = {
                .party = "clinic",
                .serial = serial,
                .keys = { *secret_key_public(key) },
                .n_keys = 1,
                .roles = ROLE_BIT(ROLE_AGENT),
                .locations = grants,
                .n_locations = 1,
                .valid_from_ms = NOW,
                .valid_until_ms = NOW + 1,
                .distrusted_since_ms = TIME_ABSENT,
        };
        Blob *envelope = NULL;

        assert_int_equal(enrolment_encode(&body, &enrolment), 0);
        assert_int_equal(envelope_sign(&envelope, ENVELOPE_ENROLMENT, &network, key, body->bytes,
                                       body->n_bytes),
                         0);
        return envelope;
}

static void test_a_registry_without_memory_is_as_it_was(void **state)
{
        static const uint8_t seed[KEY_BYTES] = { 1 };
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        CLEANUP(blob_unrefp) Blob *suspension = NULL;
        const Suspension word = { .party = "clinic", .suspended = true };
        Registry *registry = NULL;
        Party *party = NULL;
        SecretKey *key = NULL;
        KeyOwner owner;
        size_t n;
        int r;

        assert_int_equal(secret_key_from_bytes(&key, seed), 0);
        envelope = enrolment_blob(key, 1);
        assert_int_equal(suspension_encode(&suspension, &word), 0);
        assert_int_equal(registry_new(&registry), 0);
        for (n = 0;; n++) {
                n_allocations_left = n;
                r = registry_apply_enrolment(registry, 1, NOW, envelope, &party);
                n_allocations_left = SIZE_MAX;
                if (!r)
                        break;
                assert_int_equal(r, -ENOMEM);
                assert_int_equal(registry_n_parties(registry), 0);
                assert_int_equal(registry_revision(registry), 0);
                assert_int_equal(envelope->n_references, 1);
                assert_false(registry_find_signer(registry, key_id_of(secret_key_public(key)->sign),
                                                  &owner));
                assert_false(registry_find_transport(
                        registry, key_id_of(secret_key_public(key)->transport), &owner));
        }
        assert_true(n >= 9); /* version, copy, party and two keys, three hashes */
        assert_ptr_equal(registry_find(registry, "clinic"), party);

        n_allocations_left = 0;
        assert_int_equal(registry_apply_suspension(registry, 2, NOW, suspension, &party), -ENOMEM);
        n_allocations_left = SIZE_MAX;
        assert_null(party->suspensions);
        assert_int_equal(registry_revision(registry), 1);
        registry_free(registry);
        secret_key_free(key);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_picture_without_memory_is_as_it_was),
                cmocka_unit_test(test_a_growing_picture_without_memory_is_as_it_was),
                cmocka_unit_test(test_a_registry_without_memory_is_as_it_was),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
