#include "update-fixture.h"

static Update card_update(void)
{
        Update update = counts_update();

        update.unit = NULL;
        update.kind = UPDATE_CARD;
        update.card = (LocationCard){
                .name = "Huisartsenpost Zwolle",
                .kind = "N6",
                .contacts = { { "receptie", "038 000 0000" },
                              { "regiearts", "038 000 0001", PLEK_CARE_GP_POST } },
                .n_contacts = 2,
                .hours = "Mo-Fr 17:00-08:00; Sa,Su 00:00-24:00",
                .time_zone = "Europe/Amsterdam",
                .identifiers = { { "agb", "01234567" }, { "local", "hap-zwolle" } },
                .n_identifiers = 2,
        };
        return update;
}

static Update offering_update(void)
{
        Update update = counts_update();

        update.unit = NULL;
        update.kind = UPDATE_OFFERING;
        update.offering = (Offering){
                .care = PLEK_CARE_ED,
                .level = "1",
                .hours = "24/7",
                .holds_from_ms = TIME_ABSENT,
                .holds_until_ms = TIME_ABSENT,
        };
        return update;
}

/* ------------------------------------------------------------------ cards */

static void test_hours_without_a_time_zone_are_refused(void **state)
{
        Update update = card_update();

        update.card.time_zone = NULL;
        assert_refused(&update, PLEK_REFUSED_FIELD, "card.time_zone");
}

static void test_a_card_with_what_cannot_be_read_is_refused_by_name(void **state)
{
        Update update = card_update();

        update.card.hours = "ma-vr 8-17";
        assert_refused(&update, PLEK_REFUSED_FIELD, "card.hours");
        assert_non_null(strstr(fixture.refusal.text, "at character 1: days are Mo"));

        update = card_update();
        update.card.time_zone = "../etc/passwd";
        assert_refused(&update, PLEK_REFUSED_FIELD, "card.time_zone");
        update.card.time_zone = "/etc/localtime";
        assert_refused(&update, PLEK_REFUSED_FIELD, "card.time_zone");

        update = card_update();
        update.card.identifiers[1].scheme = "AGB";
        assert_refused(&update, PLEK_REFUSED_FIELD, "card.identifiers.scheme");
        update.card.identifiers[1] = (Identifier){ "local", "a b" };
        assert_refused(&update, PLEK_REFUSED_FIELD, "card.identifiers.id");

        update = card_update();
        update.card.n_identifiers = IDENTIFIERS_MAX + 1;
        assert_refused(&update, PLEK_REFUSED_FIELD, "card.identifiers");
}

static void test_an_identifier_of_a_known_register_has_its_digits(void **state)
{
        static const Identifier wrong[] = {
                { "agb", "1234567" }, { "agb", "012345678" },           { "agb", "0123456x" },
                { "ura", "1" },       { "oin", "0000000100000000000" }, { "oin", "x" },
        };
        Update update = card_update();

        for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
                update.card.identifiers[0] = wrong[i];
                assert_refused(&update, PLEK_REFUSED_FIELD, "card.identifiers.id");
        }
        update.card.identifiers[0] = (Identifier){ "oin", "00000001003214345000" };
        assert_int_equal(round_trip(&update), 0);
        update.card.identifiers[0] = (Identifier){ "vektis-new", "x" };
        assert_int_equal(round_trip(&update), 0);
}

static void test_everything_on_a_card_arrives(void **state)
{
        Update update = card_update();
        const LocationCard *card = &fixture.decoded.card;

        assert_int_equal(round_trip(&update), 0);
        assert_string_equal(card->hours, "Mo-Fr 17:00-08:00; Sa,Su 00:00-24:00");
        assert_string_equal(card->time_zone, "Europe/Amsterdam");
        assert_int_equal(card->n_contacts, 2);
        assert_int_equal(card->contacts[0].care, 0);
        assert_int_equal(card->contacts[1].care, PLEK_CARE_GP_POST);
        assert_int_equal(card->n_identifiers, 2);
        assert_string_equal(card->identifiers[0].scheme, "agb");
        assert_string_equal(card->identifiers[0].id, "01234567");
}

static void test_more_identifiers_or_a_contact_of_no_care_are_refused(void **state)
{
        Body part = { 0 };

        put_bytes(&part, 1, "x", 1);
        put_bytes(&part, 2, "V6", 2);
        for (unsigned i = 0; i < IDENTIFIERS_MAX + 1; i++)
                put_bytes(&part, 8, "\x0a\x01z\x12\x01z", 6);
        assert_int_equal(decode_with(23, part.bytes, part.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "card.identifiers");
        assert_int_equal(decode_with(23, part.bytes, part.n_bytes - 8), 0);

        part.n_bytes = 0;
        put_bytes(&part, 1, "x", 1);
        put_bytes(&part, 2, "V6", 2);
        put_bytes(&part, 5,
                  "\x0a\x01z\x12\x01"
                  "1\x18\x00",
                  8);
        assert_int_equal(decode_with(23, part.bytes, part.n_bytes), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "card.contacts.care");
}

/* ------------------------------------------------------------------ offerings */

static void test_an_offering_out_of_bounds_is_refused_by_name(void **state)
{
        Update update = offering_update();

        update.unit = "ic-1";
        assert_refused(&update, PLEK_REFUSED_FIELD, "unit");
        update = offering_update();
        update.offering.care = 0;
        assert_refused(&update, PLEK_REFUSED_FIELD, "offering.care");
        update = offering_update();
        update.offering.level = "niveau 1";
        assert_refused(&update, PLEK_REFUSED_FIELD, "offering.level");
        update = offering_update();
        update.offering.hours = "always";
        assert_refused(&update, PLEK_REFUSED_FIELD, "offering.hours");
        update = offering_update();
        update.offering.holds_from_ms = -1;
        assert_refused(&update, PLEK_REFUSED_FIELD, "offering.holds_from_ms");
        update = offering_update();
        update.offering.holds_until_ms = INT64_MAX;
        assert_refused(&update, PLEK_REFUSED_FIELD, "offering.holds_until_ms");
}

static void test_an_announced_offering_says_from_when_it_holds(void **state)
{
        Update update = offering_update();

        update.offering.plan = 1;
        assert_refused(&update, PLEK_REFUSED_FIELD, "offering.holds_from_ms");
        update.offering.holds_from_ms = 5000000;
        assert_int_equal(round_trip(&update), 0);
        update.offering.holds_until_ms = 5000000;
        assert_refused(&update, PLEK_REFUSED_PERIOD, "offering.holds_until_ms");
}

static void test_plan_0_of_an_offering_does_not_begin_later(void **state)
{
        Update update = offering_update();

        update.offering.holds_from_ms = update.sent_at_ms + 120000;
        assert_int_equal(round_trip(&update), 0); /* as much as clocks may differ */
        update.offering.holds_from_ms = update.sent_at_ms + 120001;
        assert_refused(&update, PLEK_REFUSED_PERIOD, "offering.holds_from_ms");
}

static void test_an_offering_arrives_as_it_was_sent(void **state)
{
        Update update = offering_update();
        const Offering *offering = &fixture.decoded.offering;
        RecordRef ref;

        assert_int_equal(round_trip(&update), 0);
        assert_int_equal(offering->care, PLEK_CARE_ED);
        assert_false(offering->not_offered);
        assert_string_equal(offering->level, "1");
        assert_string_equal(offering->hours, "24/7");
        assert_true(offering->holds_from_ms == TIME_ABSENT);

        update.offering.plan = 4000000000u;
        update.offering.not_offered = true;
        update.offering.holds_from_ms = 5000000;
        update.offering.holds_until_ms = 6000000;
        assert_int_equal(round_trip(&update), 0);
        assert_true(offering->not_offered);
        assert_true(offering->holds_from_ms == 5000000 && offering->holds_until_ms == 6000000);
        ref = update_record_ref(&fixture.decoded);
        assert_int_equal(ref.report, UPDATE_OFFERING);
        assert_null(ref.unit);
        assert_int_equal(ref.care, PLEK_CARE_ED);
        assert_true(ref.plan == 4000000000u);
        assert_int_equal(report_lane(UPDATE_OFFERING), LANE_STATUS);
}

static void test_an_offering_is_withdrawn_by_care_and_plan(void **state)
{
        static const struct {
                const char *bytes;
                size_t n_bytes;
                bool fits;
        } keys[] = {
                { "\x08\x1a\x18\x08", 4, true },           /* care */
                { "\x08\x1a\x18\x08\x30\x02", 6, true },   /* and plan */
                { "\x08\x1a", 2, false },                  /* without care */
                { "\x08\x1a\x18\x08\x12\x01x", 7, false }, /* of a unit */
                { "\x08\x1a\x18\x08\x20\x01", 6, false },  /* of a group */
                { "\x08\x18\x18\x08", 4, false },          /* an affirm is no record */
                { "\x08\x1b\x18\x08", 4, false },          /* not known */
        };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++)
                assert_int_equal(decode_with(25, keys[i].bytes, keys[i].n_bytes),
                                 keys[i].fits ? 0 : UPDATE_E_REFUSED);
}

static int run(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_hours_without_a_time_zone_are_refused),
                TEST(test_a_card_with_what_cannot_be_read_is_refused_by_name),
                TEST(test_an_identifier_of_a_known_register_has_its_digits),
                TEST(test_everything_on_a_card_arrives),
                TEST(test_more_identifiers_or_a_contact_of_no_care_are_refused),
                TEST(test_an_offering_out_of_bounds_is_refused_by_name),
                TEST(test_an_announced_offering_says_from_when_it_holds),
                TEST(test_plan_0_of_an_offering_does_not_begin_later),
                TEST(test_an_offering_arrives_as_it_was_sent),
                TEST(test_an_offering_is_withdrawn_by_care_and_plan),
        };

        return cmocka_run_group_tests_name("update-place", tests, NULL, NULL);
}

int main(void)
{
        return fixture_run(run);
}
