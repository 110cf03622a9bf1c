#include "derived/call.h"
#include "registry-fixture.h"

/*
 * What a call is, who is asked, who has answered; tests/model/model-call.c has the sums as a whole
 */

#define CALLED (NOW + 1000)

typedef struct World {
        Fixture fixture; /* keys, and a network */
        Picture *picture;
        Change change;
        Arena *arena;
        uint64_t seq;
        Call call;
        CallScope scope;
} World;

static int begin(void **state)
{
        static World world;

        world = (World){ .change = CHANGE_NULL };
        setup(&world.fixture);
        assert_int_equal(picture_new(&world.picture, 100), 0);
        assert_int_equal(arena_new(&world.arena, 1024 * 1024), 0);
        world.call = (Call){ .party = "zcc",
                             .asked_at_ms = CALLED,
                             .until_ms = CALLED + 60000,
                             .status = STATUS_ACTUAL,
                             .region = "west" };
        world.scope = (CallScope){ &world.call, CALLED, AUDIENCE_COORD };
        *state = &world;
        return 0;
}

static int end(void **state)
{
        World *world = *state;

        picture_free(world->picture);
        arena_free(world->arena);
        change_deinit(&world->change);
        teardown(&world->fixture);
        return 0;
}

static Update said(UpdateKind kind, const char *party, const char *unit, uint32_t care)
{
        Update update = { .party = party,
                          .instance = 1,
                          .sent_at_ms = NOW,
                          .not_after_ms = NOW + 1000,
                          .observed_at_ms = NOW,
                          .status = STATUS_ACTUAL,
                          .audience = AUDIENCE_CARE,
                          .location = "zeta",
                          .unit = unit,
                          .kind = kind };

        if (kind == UPDATE_COUNTS)
                update.counts.care = care;
        if (kind == UPDATE_DOOR)
                update.door = (Door){ .state = PLEK_DOOR_OPEN,
                                      .care = care,
                                      .patient_group = CODE_ABSENT,
                                      .urgency = CODE_ABSENT,
                                      .starts_at_ms = TIME_ABSENT,
                                      .ends_at_ms = TIME_ABSENT,
                                      .review_at_ms = TIME_ABSENT };
        if (kind == UPDATE_OFFERING)
                update.offering = (Offering){ .care = care,
                                              .holds_from_ms = TIME_ABSENT,
                                              .holds_until_ms = TIME_ABSENT };
        return update;
}

static void hear(World *world, Update *update, int64_t at_ms)
{
        CLEANUP(blob_unrefp) Blob *body = NULL, *envelope = NULL;
        WireRefusal refusal;

        update->seq = ++world->seq;
        assert_int_equal(update_encode(&body, &refusal, update), 0);
        assert_int_equal(envelope_sign(&envelope, ENVELOPE_UPDATE, &world->fixture.network,
                                       world->fixture.keys[0], body->bytes, body->n_bytes),
                         0);
        change_reset(&world->change);
        assert_int_equal(picture_report(world->picture, update, envelope, world->seq, at_ms, "west",
                                        &world->change),
                         0);
}

static const RecordGroup *group(World *world)
{
        return picture_find_group(world->picture, "a", "zeta");
}

static void assert_tally(World *world, uint32_t n_records, uint32_t n_answered, bool is_answered)
{
        CallTally tally = call_tally(&world->scope, group(world));

        assert_int_equal(tally.n_records, n_records);
        assert_int_equal(tally.n_answered, n_answered);
        assert_int_equal(call_is_answered(&tally), is_answered);
}

/* ------------------------------------------------------------------ who has answered */

static void test_whoever_never_reported_has_not_answered(void **state)
{
        World *world = *state;
        CallTally tally = call_tally(&world->scope, NULL);

        assert_int_equal(tally.n_records, 0);
        assert_true(tally.last_ms == TIME_ABSENT);
        assert_false(call_is_answered(&tally));
}

static void test_a_report_at_the_time_of_the_call_is_an_answer_and_one_before_is_not(void **state)
{
        World *world = *state;
        Update update = said(UPDATE_COUNTS, "a", NULL, PLEK_CARE_ED);

        hear(world, &update, CALLED - 1);
        assert_tally(world, 1, 0, false);
        hear(world, &update, CALLED); /* the same again */
        assert_tally(world, 1, 1, true);
        assert_int_equal(call_tally(&world->scope, group(world)).last_ms, CALLED);
}

/* As a clock that was set back leaves them, until it has passed the journal. */
static void test_where_times_of_receipt_stand_still_a_later_revision_is_an_answer(void **state)
{
        World *world = *state;
        Update update = said(UPDATE_COUNTS, "a", NULL, PLEK_CARE_ED);

        hear(world, &update, CALLED + 7200 * 1000);
        world->scope.after = world->seq;
        assert_tally(world, 1, 0, false);
        hear(world, &update, CALLED + 7200 * 1000);
        assert_tally(world, 1, 1, true);
}

static void test_all_that_was_asked_for_makes_an_answer(void **state)
{
        World *world = *state;
        Update ed = said(UPDATE_COUNTS, "a", NULL, PLEK_CARE_ED);
        Update ward = said(UPDATE_COUNTS, "a", "b2", PLEK_CARE_WARD);

        hear(world, &ed, CALLED - 1);
        hear(world, &ward, CALLED - 1);
        hear(world, &ed, CALLED + 1);
        assert_tally(world, 2, 1, false);
        world->call.cares[0] = PLEK_CARE_ED;
        world->call.n_cares = 1;
        assert_tally(world, 1, 1, true);
}

static void test_doors_answer_where_there_are_no_counts(void **state)
{
        World *world = *state;
        Update door = said(UPDATE_DOOR, "a", NULL, CODE_ABSENT);
        Update counts = said(UPDATE_COUNTS, "a", NULL, PLEK_CARE_ED);

        hear(world, &door, CALLED);
        assert_tally(world, 1, 1, true);
        hear(world, &counts, CALLED - 1);
        assert_tally(world, 1, 0, false);
}

static void test_another_status_and_what_is_not_for_the_caller_do_not_count(void **state)
{
        World *world = *state;
        Update exercise = said(UPDATE_COUNTS, "a", NULL, PLEK_CARE_ED);
        Update secret = said(UPDATE_COUNTS, "a", "b2", PLEK_CARE_ED);

        exercise.status = STATUS_EXERCISE;
        secret.audience = AUDIENCE_COORD;
        hear(world, &exercise, CALLED);
        hear(world, &secret, CALLED);
        assert_tally(world, 1, 1, true);
        world->scope.audience = AUDIENCE_CARE;
        assert_tally(world, 0, 0, false);
        world->call.status = STATUS_EXERCISE;
        assert_tally(world, 1, 1, true);
}

/* ------------------------------------------------------------------ who is asked */

static void test_all_are_asked_where_no_care_is_named(void **state)
{
        World *world = *state;

        assert_true(call_concerns(&world->scope, NULL));
        world->call.cares[0] = PLEK_CARE_ED;
        world->call.n_cares = 1;
        assert_true(call_concerns(&world->scope, NULL)); /* nobody knows that it gives none */
}

static void test_who_says_nothing_of_any_care_is_asked_for_all(void **state)
{
        World *world = *state;
        Update card = said(UPDATE_DOOR, "a", NULL, CODE_ABSENT);

        hear(world, &card, NOW);
        world->call.cares[0] = PLEK_CARE_ED;
        world->call.n_cares = 1;
        assert_true(call_concerns(&world->scope, group(world)));
}

static void test_what_was_old_when_it_came_is_no_answer(void **state)
{
        World *world = *state;
        Update update = said(UPDATE_COUNTS, "a", NULL, PLEK_CARE_ED);

        update.valid_for_s = 60;
        update.observed_at_ms = NOW - 60001;
        hear(world, &update, CALLED);
        assert_tally(world, 1, 0, false);
        update.observed_at_ms = NOW - 60000;
        hear(world, &update, CALLED);
        assert_tally(world, 1, 1, true);
}

static void test_who_gives_such_care_is_asked_and_a_door_of_all_is_not_enough(void **state)
{
        static const UpdateKind kinds[] = { UPDATE_COUNTS, UPDATE_DOOR, UPDATE_OFFERING };
        World *world = *state;
        Update door = said(UPDATE_DOOR, "a", NULL, CODE_ABSENT);
        Update other = said(UPDATE_COUNTS, "a", NULL, PLEK_CARE_PSYCHIATRY_ADULT);

        hear(world, &door, NOW);
        hear(world, &other, NOW);
        world->call.n_cares = 1;
        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                Update update = said(kinds[i], "a", NULL, PLEK_CARE_ED + (uint32_t)i);

                world->call.cares[0] = PLEK_CARE_ED + (uint32_t)i;
                assert_false(call_concerns(&world->scope, group(world)));
                hear(world, &update, NOW);
                assert_true(call_concerns(&world->scope, group(world)));
        }
}

/* ------------------------------------------------------------------ triage */

static CallPlace place_at(const void *arg, size_t index)
{
        return (CallPlace){ index ? "b" : "a", "zeta" };
}

/* How many places for red there are, and how many of them behind a shut door. */
static void assert_red(World *world, int64_t value, int64_t shut)
{
        CallTriage triage;

        arena_reset(world->arena);
        assert_int_equal(call_triage(&triage, &world->scope, world->picture, place_at, NULL, 2,
                                     CALLED + 1000, world->arena),
                         0);
        assert_int_equal(triage.value[0], value);
        assert_int_equal(triage.shut[0], shut);
}

static void say_red(World *world, const char *unit, int32_t value)
{
        Update update = said(UPDATE_COUNTS, "a", unit, PLEK_CARE_ED);

        update.counts.present[COUNT_TRIAGE_RED] = true;
        update.counts.value[COUNT_TRIAGE_RED] = value;
        hear(world, &update, CALLED);
}

static void test_places_behind_a_shut_door_are_told_apart(void **state)
{
        World *world = *state;
        Update stop = said(UPDATE_DOOR, "b", "x", PLEK_CARE_ED);

        say_red(world, "x", 4);
        say_red(world, "y", 8);
        assert_red(world, 12, 0);
        stop.door.state = PLEK_DOOR_STOP;
        hear(world, &stop, NOW); /* before the call, and by another who was asked */
        assert_red(world, 12, 4);
        stop.door.ends_at_ms = CALLED; /* past its end: nobody has opened it */
        stop.door.on_expiry = PLEK_ON_EXPIRY_KEEP;
        hear(world, &stop, NOW);
        assert_red(world, 12, 4);
        stop.door.state = PLEK_DOOR_RESTRICTED;
        hear(world, &stop, NOW);
        assert_red(world, 12, 0);
}

static void test_a_closure_that_is_under_way_shuts_the_places_behind_it(void **state)
{
        World *world = *state;
        Update plan = said(UPDATE_DOOR, "a", NULL, CODE_ABSENT);

        say_red(world, NULL, 5);
        plan.door.state = PLEK_DOOR_CLOSED;
        plan.door.plan = 1;
        plan.door.starts_at_ms = CALLED + 1001;
        plan.door.ends_at_ms = CALLED + 9000;
        hear(world, &plan, NOW);
        assert_red(world, 5, 0);
        plan.door.starts_at_ms = CALLED + 1000;
        hear(world, &plan, NOW);
        assert_red(world, 5, 5);
}

static void test_a_door_that_the_caller_may_not_read_shuts_nothing(void **state)
{
        World *world = *state;
        Update stop = said(UPDATE_DOOR, "a", NULL, PLEK_CARE_ED);

        say_red(world, NULL, 5);
        stop.door.state = PLEK_DOOR_STOP;
        stop.audience = AUDIENCE_COORD;
        hear(world, &stop, NOW);
        assert_red(world, 5, 5);
        world->scope.audience = AUDIENCE_CARE;
        assert_red(world, 5, 0);
}

/* ------------------------------------------------------------------ its body */

static WireRefusal recode(World *world, const Call *call, Call *ret)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        WireRefusal refusal = { 0 };

        arena_reset(world->arena);
        assert_int_equal(call_encode(&body, call), 0);
        if (!call_decode(ret, &refusal, world->arena, body->bytes, body->n_bytes))
                refusal.code = 0;
        return refusal;
}

static void test_a_call_arrives_as_it_was_made(void **state)
{
        World *world = *state;
        Call call = world->call, got;

        call.cares[0] = 4711; /* a care that nobody knows yet */
        call.n_cares = CALL_CARES_MAX;
        for (size_t i = 1; i < CALL_CARES_MAX; i++)
                call.cares[i] = (uint32_t)i;
        call.id.bytes[7] = 9;
        call.text = "bus";
        call.wants_triage = true;
        call.until_ms = CALLED + CALL_LONGEST_MS;
        assert_int_equal(recode(world, &call, &got).code, 0);
        assert_string_equal(got.party, "zcc");
        assert_string_equal(got.region, "west");
        assert_string_equal(got.text, "bus");
        assert_memory_equal(&got.id, &call.id, sizeof(call.id));
        assert_memory_equal(got.cares, call.cares, sizeof(call.cares));
        assert_int_equal(got.n_cares, CALL_CARES_MAX);
        assert_int_equal(got.until_ms, call.until_ms);
        assert_true(got.wants_triage);
        assert_int_equal(got.status, STATUS_ACTUAL);
}

static void test_a_call_over_its_bounds_is_refused_by_field(void **state)
{
        static const char long_text[282] = { [0 ... 280] = 'x' };
        World *world = *state;
        Call good = world->call, bad[6], got;
        static const char *const fields[] = { "until_ms", "until_ms", "status",
                                              "text",     "region",   "cares" };

        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                bad[i] = good;
        bad[0].until_ms = good.asked_at_ms;
        bad[1].until_ms = good.asked_at_ms + CALL_LONGEST_MS + 1;
        bad[2].status = STATUS_TEST;
        bad[3].text = long_text;
        bad[4].region = "West!";
        bad[5].n_cares = 1; /* care 0 */
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                WireRefusal refusal = recode(world, &bad[i], &got);

                assert_int_equal(refusal.code, i < 2 ? PLEK_REFUSED_PERIOD : PLEK_REFUSED_FIELD);
                assert_string_equal(refusal.field, fields[i]);
        }
}

static void test_a_call_is_of_a_region_or_of_locations(void **state)
{
        World *world = *state;
        Call call = world->call, got;

        for (size_t i = 0; i < CALL_LOCATIONS_MAX; i++)
                call.locations[i] = "zeta";
        call.n_locations = 1;
        assert_string_equal(recode(world, &call, &got).field, "region");
        call.region = "";
        call.n_locations = CALL_LOCATIONS_MAX;
        assert_int_equal(recode(world, &call, &got).code, 0);
        assert_int_equal(got.n_locations, CALL_LOCATIONS_MAX);
        assert_string_equal(got.locations[CALL_LOCATIONS_MAX - 1], "zeta");
        assert_true(call_is_at(&got, "", "zeta"));
        assert_true(call_is_at(&got, "east", "zeta"));
        assert_false(call_is_at(&got, "", "beta"));
        call.locations[3] = "no location";
        assert_string_equal(recode(world, &call, &got).field, "locations");
        call.n_locations = 0;
        assert_string_equal(recode(world, &call, &got).field, "region");

        assert_true(call_is_at(&world->call, "west", "beta"));
        assert_false(call_is_at(&world->call, "east", "zeta"));
}

static void test_a_call_names_so_many_locations_and_no_more(void **state)
{
        enum { TAG = 10 << 3 | 2 };
        World *world = *state;
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Call call = world->call, got;
        uint8_t bytes[1024];
        WireRefusal refusal;
        size_t n;

        call.region = "";
        assert_int_equal(call_encode(&body, &call), 0);
        n = body->n_bytes;
        memcpy(bytes, body->bytes, n);
        for (size_t i = 0; i <= CALL_LOCATIONS_MAX; i++) {
                memcpy(&bytes[n], (uint8_t[]){ TAG, 1, 'z' }, 3);
                n += 3;
        }
        arena_reset(world->arena);
        assert_int_equal(call_decode(&got, &refusal, world->arena, bytes, n), CALL_E_REFUSED);
        arena_reset(world->arena);
        assert_int_equal(call_decode(&got, &refusal, world->arena, bytes, n - 3), 0);
}

#define TEST(_name) cmocka_unit_test_setup_teardown(_name, begin, end)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_whoever_never_reported_has_not_answered),
                TEST(test_a_report_at_the_time_of_the_call_is_an_answer_and_one_before_is_not),
                TEST(test_where_times_of_receipt_stand_still_a_later_revision_is_an_answer),
                TEST(test_all_that_was_asked_for_makes_an_answer),
                TEST(test_doors_answer_where_there_are_no_counts),
                TEST(test_another_status_and_what_is_not_for_the_caller_do_not_count),
                TEST(test_all_are_asked_where_no_care_is_named),
                TEST(test_who_says_nothing_of_any_care_is_asked_for_all),
                TEST(test_what_was_old_when_it_came_is_no_answer),
                TEST(test_who_gives_such_care_is_asked_and_a_door_of_all_is_not_enough),
                TEST(test_places_behind_a_shut_door_are_told_apart),
                TEST(test_a_closure_that_is_under_way_shuts_the_places_behind_it),
                TEST(test_a_door_that_the_caller_may_not_read_shuts_nothing),
                TEST(test_a_call_is_of_a_region_or_of_locations),
                TEST(test_a_call_names_so_many_locations_and_no_more),
                TEST(test_a_call_arrives_as_it_was_made),
                TEST(test_a_call_over_its_bounds_is_refused_by_field),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
