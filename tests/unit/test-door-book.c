#include <stdio.h>
#include <string.h>

#include "cmocka-all.h"
#include "lib/door-book.h"
#include "plek/plek.h"

#define NOW  INT64_C(1767225600000)
#define HOUR 3600000

/* A picture, and the book that is told of what happens in it. */
typedef struct Library {
        Picture *picture;
        Registry *registry;
        DoorBook book;
        SecretKey *key;
        Change change;
        uint64_t revision;
        char told[512]; /* scopes and states, as they were told */
} Library;

static void on_record_free(Record *record, void *arg)
{
        Library *library = arg;

        door_book_record(&library->book, library->registry, record, PLEK_CHANGE_DROPPED);
}

static void setup(Library *library)
{
        uint8_t secret[KEY_BYTES] = { 1 };

        assert_true(sodium_init() >= 0);
        *library = (Library){ .revision = 1 };
        assert_int_equal(picture_new(&library->picture, 10), 0);
        assert_int_equal(registry_new(&library->registry), 0);
        assert_int_equal(secret_key_from_bytes(&library->key, secret), 0);
        assert_int_equal(door_book_init(&library->book), 0);
        picture_on_record_free(library->picture, on_record_free, library);
}

static void teardown(Library *library)
{
        assert_false(library->book.is_short);
        door_book_deinit(&library->book);
        picture_on_record_free(library->picture, NULL, NULL);
        picture_free(library->picture);
        registry_free(library->registry);
        secret_key_free(library->key);
        change_deinit(&library->change);
}

static Blob *envelope_of(Library *library, const Update *update)
{
        NetworkId network = { { 1 } };
        WireRefusal refusal;
        Blob *body, *envelope;

        if (update_encode(&body, &refusal, update))
                fail_msg("%s: %s", refusal.field, refusal.text);
        assert_int_equal(envelope_sign(&envelope, ENVELOPE_UPDATE, &network, library->key,
                                       body->bytes, body->n_bytes),
                         0);
        blob_unref(body);
        return envelope;
}

static const Record *say(Library *library, const char *location, Update *update, int64_t at_ms)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        bool is_new = true;

        update->party = update->party ? update->party : "duin";
        update->location = location;
        update->instance = 7;
        update->seq = library->revision;
        update->sent_at_ms = update->observed_at_ms = at_ms;
        update->not_after_ms = at_ms + 1000;
        update->status = update->status ? update->status : STATUS_ACTUAL;
        update->audience = AUDIENCE_CARE;
        envelope = envelope_of(library, update);
        update->content_digest[0] = (uint8_t)library->revision;

        change_reset(&library->change);
        assert_int_equal(picture_report(library->picture, update, envelope, library->revision++,
                                        at_ms, "oost", &library->change),
                         0);
        for (size_t i = 0; i < library->change.n_items; i++) {
                const ChangeItem *item = &library->change.items[i];

                if (item->kind != CHANGE_REPORT)
                        continue;
                is_new = item->content_changed;
                door_book_record(&library->book, library->registry, item->record,
                                 is_new ? PLEK_CHANGE_CONTENT : PLEK_CHANGE_RENEWED);
                return item->record;
        }
        fail_msg("nothing was reported");
        return NULL;
}

static Update door(const char *unit, uint32_t care, uint32_t state)
{
        return (Update){
                .kind = UPDATE_DOOR,
                .unit = unit,
                .door = { .state = state,
                          .care = care,
                          .patient_group = CODE_ABSENT,
                          .urgency = CODE_ABSENT,
                          .starts_at_ms = TIME_ABSENT,
                          .ends_at_ms = TIME_ABSENT,
                          .review_at_ms = TIME_ABSENT,
                          .on_expiry = PLEK_ON_EXPIRY_KEEP },
        };
}

static const Record *say_door(Library *library, const char *location, const char *unit,
                              uint32_t care, uint32_t state, int64_t at_ms)
{
        Update update = door(unit, care, state);

        return say(library, location, &update, at_ms);
}

static const Record *say_card(Library *library, const char *location, const char *kind)
{
        Update update = {
                .kind = UPDATE_CARD,
                .card = { .name = location,
                          .kind = kind,
                          .has_position = true,
                          .latitude_e7 = 520000000,
                          .longitude_e7 = 40000000 },
        };

        return say(library, location, &update, NOW);
}

static void withdraw(Library *library, const Record *record, int64_t at_ms)
{
        Withdrawn withdrawn = { .revision = library->revision++, .at_ms = at_ms };

        withdrawn.key.n_bytes = record->n_key;
        memcpy(withdrawn.key.bytes, record->key, record->n_key);
        picture_on_record_free(library->picture, NULL, NULL);
        picture_drop(library->picture, (Record *)record);
        picture_on_record_free(library->picture, on_record_free, library);
        door_book_withdrawn(&library->book, &withdrawn);
}

/* What is told now: "location unit care=STATE" of each scope, in a line. */
static const char *told(Library *library, int64_t now_ms)
{
        DoorPlace *place;
        DoorSeen seen;
        size_t n = 0;

        door_book_settle(&library->book, now_ms);
        library->told[0] = '\0';
        while (door_book_next_untold(&library->book, &place, &seen))
                n += (size_t)snprintf(
                        library->told + n, sizeof(library->told) - n, "%s%s %s %s=%s",
                        n ? ", " : "", place->location, seen.scope.unit ? seen.scope.unit : "-",
                        seen.scope.care == CODE_ABSENT
                                ? "-"
                                : plek_code_name(PLEK_CODES_CARE, seen.scope.care),
                        seen.state ? plek_code_name(PLEK_CODES_DOOR_STATE, seen.state) : "?");
        return library->told;
}

/* ------------------------------------------------------------------ telling */

static void test_each_scope_is_told_once_and_again_when_it_is_another(void **state)
{
        Library library;

        setup(&library);
        say_door(&library, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW);
        say_door(&library, "duin", "ic", CODE_ABSENT, PLEK_DOOR_RESTRICTED, NOW);
        assert_string_equal(told(&library, NOW), "duin - ED=OPEN, duin ic -=RESTRICTED");
        assert_string_equal(told(&library, NOW), "");
        say_door(&library, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW + 1);
        assert_string_equal(told(&library, NOW + 1), "duin - ED=STOP");
        teardown(&library);
}

static void test_a_wider_stop_is_told_of_every_scope_that_it_leads_in(void **state)
{
        Library library;

        setup(&library);
        say_door(&library, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW);
        say_door(&library, "duin", "ic", CODE_ABSENT, PLEK_DOOR_OPEN, NOW);
        told(&library, NOW);
        say_door(&library, "duin", NULL, CODE_ABSENT, PLEK_DOOR_STOP, NOW + 1);
        assert_string_equal(told(&library, NOW + 1),
                            "duin - ED=STOP, duin ic -=STOP, duin - -=STOP");
        teardown(&library);
}

static void test_an_affirm_is_not_told(void **state)
{
        const Record *record;
        Library library;

        setup(&library);
        record = say_door(&library, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW);
        told(&library, NOW);
        door_book_record(&library.book, library.registry, record, PLEK_CHANGE_RENEWED);
        assert_string_equal(told(&library, NOW + HOUR), "");
        teardown(&library);
}

static void test_what_time_alone_changes_is_told(void **state)
{
        Update update = door(NULL, PLEK_CARE_ED, PLEK_DOOR_STOP);
        const Record *record;
        Library library;

        setup(&library);
        update.door.ends_at_ms = NOW + HOUR;
        update.door.on_expiry = PLEK_ON_EXPIRY_TO_UNKNOWN;
        record = say(&library, "duin", &update, NOW);
        assert_string_equal(told(&library, NOW), "duin - ED=STOP");
        door_book_record(&library.book, library.registry, record, PLEK_CHANGE_TIME);
        assert_string_equal(told(&library, NOW + HOUR - 1), "");
        door_book_record(&library.book, library.registry, record, PLEK_CHANGE_TIME);
        assert_string_equal(told(&library, NOW + HOUR), "duin - ED=?");
        teardown(&library);
}

static void test_an_announcement_is_told_though_the_state_stays(void **state)
{
        Update update = door(NULL, PLEK_CARE_ED, PLEK_DOOR_CLOSED);
        const DoorSeen *seen;
        Library library;

        setup(&library);
        say_door(&library, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW);
        told(&library, NOW);
        update.door.plan = 1;
        update.door.starts_at_ms = NOW + HOUR;
        update.door.ends_at_ms = NOW + 2 * HOUR;
        say(&library, "duin", &update, NOW);
        assert_string_equal(told(&library, NOW), "duin - ED=OPEN");
        seen = door_place_for_care(door_book_find(&library.book, STATUS_ACTUAL, "duin"),
                                   PLEK_CARE_ED);
        assert_int_equal(seen->plan_state, PLEK_DOOR_CLOSED);
        assert_true(seen->plan_starts_at_ms == NOW + HOUR);
        teardown(&library);
}

static void test_a_door_that_was_withdrawn_is_told_unknown_once_and_its_scope_goes(void **state)
{
        const Record *record;
        Library library;

        setup(&library);
        record = say_door(&library, "duin", "seh", PLEK_CARE_ED, PLEK_DOOR_STOP, NOW);
        told(&library, NOW);
        withdraw(&library, record, NOW + 1);
        assert_string_equal(told(&library, NOW + 1), "duin seh ED=?");
        assert_null(door_place_for_care(door_book_find(&library.book, STATUS_ACTUAL, "duin"),
                                        PLEK_CARE_ED));
        say_door(&library, "duin", "seh", PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW + 2);
        assert_string_equal(told(&library, NOW + 2), "duin seh ED=OPEN");
        teardown(&library);
}

static void test_of_withdrawn_doors_only_the_last_few_are_remembered(void **state)
{
        Library library;

        setup(&library);
        for (int i = 0; i < 100; i++) {
                char unit[16];

                snprintf(unit, sizeof(unit), "u%d", i);
                withdraw(&library,
                         say_door(&library, "duin", unit, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW + i),
                         NOW + i);
        }
        told(&library, NOW + 200);
        assert_int_equal(door_book_find(&library.book, STATUS_ACTUAL, "duin")->n_words, 16);
        assert_int_equal(HASH_COUNT(library.book.entries), 16);
        teardown(&library);
}

static void test_what_is_dropped_leaves_nothing_behind(void **state)
{
        const Record *record, *card;
        Library library;

        setup(&library);
        card = say_card(&library, "duin", "V6");
        record = say_door(&library, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW);
        told(&library, NOW);
        picture_drop(library.picture, (Record *)record);
        picture_drop(library.picture, (Record *)card);
        assert_string_equal(told(&library, NOW), "duin - ED=?");
        assert_null(door_book_find(&library.book, STATUS_ACTUAL, "duin"));
        assert_null(library.book.entries);
        teardown(&library);
}

/* ------------------------------------------------------------------ looking */

static void test_an_exercise_is_a_place_of_its_own_with_the_card_of_the_real_one(void **state)
{
        Update update = door(NULL, PLEK_CARE_ED, PLEK_DOOR_STOP);
        const DoorPlace *exercise;
        Library library;

        setup(&library);
        say_card(&library, "duin", "V6");
        say_door(&library, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW);
        update.status = STATUS_EXERCISE;
        say(&library, "duin", &update, NOW);
        assert_string_equal(told(&library, NOW), "duin - ED=OPEN, duin - ED=STOP");
        exercise = door_book_find(&library.book, STATUS_EXERCISE, "duin");
        assert_int_equal(door_place_for_care(exercise, PLEK_CARE_ED)->state, PLEK_DOOR_STOP);
        assert_string_equal(
                door_book_card(&library.book, library.registry, exercise)->location_kind, "V6");
        teardown(&library);
}

static void test_a_care_said_of_units_only_is_as_open_as_the_most_lenient(void **state)
{
        const DoorPlace *place;
        Library library;

        setup(&library);
        say_door(&library, "duin", "b1", PLEK_CARE_WARD, PLEK_DOOR_STOP, NOW);
        say_door(&library, "duin", "b2", PLEK_CARE_WARD, PLEK_DOOR_RESTRICTED, NOW);
        told(&library, NOW);
        place = door_book_find(&library.book, STATUS_ACTUAL, "duin");
        assert_int_equal(door_place_for_care(place, PLEK_CARE_WARD)->state, PLEK_DOOR_RESTRICTED);
        assert_null(door_place_for_care(place, PLEK_CARE_ED));
        assert_null(door_place_for_care(place, CODE_ABSENT));
        say_door(&library, "duin", NULL, PLEK_CARE_WARD, PLEK_DOOR_CLOSED, NOW);
        told(&library, NOW);
        assert_int_equal(door_place_for_care(place, PLEK_CARE_WARD)->state, PLEK_DOOR_CLOSED);
        teardown(&library);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_scope_is_told_once_and_again_when_it_is_another),
                cmocka_unit_test(test_a_wider_stop_is_told_of_every_scope_that_it_leads_in),
                cmocka_unit_test(test_an_affirm_is_not_told),
                cmocka_unit_test(test_what_time_alone_changes_is_told),
                cmocka_unit_test(test_an_announcement_is_told_though_the_state_stays),
                cmocka_unit_test(
                        test_a_door_that_was_withdrawn_is_told_unknown_once_and_its_scope_goes),
                cmocka_unit_test(test_of_withdrawn_doors_only_the_last_few_are_remembered),
                cmocka_unit_test(test_what_is_dropped_leaves_nothing_behind),
                cmocka_unit_test(
                        test_an_exercise_is_a_place_of_its_own_with_the_card_of_the_real_one),
                cmocka_unit_test(test_a_care_said_of_units_only_is_as_open_as_the_most_lenient),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
