#include "internal/endian.h"
#include "store-place.h"
#include "store/error.h"
#include "store/journal.h"
#include "store/meta.h"
#include "store/past.h"
#include "store/retain.h"
#include "store/rows.h"
#include "store/scrub.h"

#include <sched.h>

enum {
        N_UPDATES = 1000, /* one in ten milliseconds */
        N_REGISTRY = 4,   /* genesis, epoch, card, enrolment */
        N_RECORDS = 7,
};

static RetainPolicy policy_of(const Place *place)
{
        return (RetainPolicy){ .resolution_ms = 60 * 1000,
                               .past_ms = RETAIN_PAST_MIN_MS,
                               .key = place->world.broker,
                               .network = place->world.network };
}

/* Until nothing is to go. Returns why, and how many entries were deleted. */
static int retain(Ledger *ledger, const RetainPolicy *policy, int64_t now_ms, size_t *ret_n)
{
        *ret_n = 0;
        for (;;) {
                CLEANUP(retain_freep) RetainStep *step = NULL;
                bool more = true;
                int r = retain_make(&step, ledger, policy, now_ms);

                if (r)
                        return r;
                while (more)
                        assert_int_equal(retain_put(step, ledger, &more), 0);
                *ret_n += retain_kind(step) == RETAIN_SWEEP ? retain_n_entries(step) : 0;
        }
}

/* A region whose first half is cut off; returns where. */
static uint64_t begin_cut(Place *place)
{
        RetainPolicy policy;
        uint64_t revision;
        int64_t time_ms;
        size_t n;

        place_begin(place, "data", N_UPDATES);
        place_checkpoint(place);
        policy = policy_of(place);
        assert_int_equal(retain(place->ledger, &policy,
                                place->world.now_ms + policy.past_ms - N_UPDATES * 10 / 2, &n),
                         RETAIN_E_NOTHING);
        assert_int_equal(past_begin(place->ledger, &revision, &time_ms), 0);
        assert_in_range(revision, N_UPDATES / 3, N_UPDATES / 2 + N_REGISTRY);
        /* The entry at the cut is kept, as is what the picture there rests on. */
        assert_int_equal(n, revision - N_REGISTRY - N_RECORDS);
        return revision;
}

/* Changes what the broker left behind, as whoever has LMDB's tools can. */
typedef void (*ChangeFunc)(Transaction *transaction, CutRow *cut, const Place *place);

static void change_cut(const Place *place, const char *copy, ChangeFunc change)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        Transaction transaction;
        const char *text;
        CutRow cut;

        copy_directory(place->directory, copy);
        assert_int_equal(environment_open(&environment, copy, 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        assert_int_equal(meta_get_cut(&transaction, &cut), 0);
        change(&transaction, &cut, place);
        assert_int_equal(transaction_commit(&transaction), 0);
        environment = environment_close(environment);
        verify(copy, NULL);
}

/* ------------------------------------------------------------------ by age */

static void test_what_is_left_after_a_cut_proves_itself(void **state)
{
        Place place;
        uint64_t cut = begin_cut(&place);

        ledger_close(STEAL(place.ledger));
        verify(place.directory, NULL);
        assert_clean();
        assert_int_equal(report.cut_revision, cut);
        assert_int_equal(report.n_entries, N_REGISTRY + N_RECORDS + N_UPDATES + N_REGISTRY - cut);
        assert_int_equal(report.n_unswept, 0);
        assert_true(report.checkpoint_compared);
        place_end(&place);
}

static void test_what_is_younger_is_not_cut(void **state)
{
        RetainPolicy policy;
        Place place;
        size_t n;

        place_begin(&place, "data", N_UPDATES);
        place_checkpoint(&place);
        policy = policy_of(&place);
        assert_int_equal(retain(place.ledger, &policy, place.world.now_ms, &n), RETAIN_E_NOTHING);
        policy.past_ms = 1; /* a slip of the pen does not empty it */
        assert_int_equal(retain(place.ledger, &policy, place.world.now_ms, &n), RETAIN_E_NOTHING);
        assert_int_equal(n, 0);
        place_end(&place);
}

static void test_what_no_checkpoint_has_yet_is_not_cut(void **state)
{
        RetainPolicy policy;
        Place place;
        size_t n;

        place_begin(&place, "data", N_UPDATES);
        policy = policy_of(&place);
        assert_int_equal(
                retain(place.ledger, &policy, place.world.now_ms + 10 * policy.past_ms, &n),
                RETAIN_E_NOTHING);
        assert_int_equal(n, 0);
        place_end(&place);
}

static void test_a_start_after_a_cut_holds_the_same_picture(void **state)
{
        State *loaded = world_new_state(1000);
        const char *text = "";
        Place place;

        begin_cut(&place);
        ledger_close(STEAL(place.ledger));
        place_open(&place);
        assert_int_equal(ledger_load(place.ledger, loaded, &text), 0);
        assert_int_equal(state_revision(loaded), place.world.revision);
        assert_int_equal(picture_n_records(state_picture(loaded)), N_RECORDS);
        state_free(loaded);
        place_end(&place);
}

static void test_scrub_goes_over_a_cut(void **state)
{
        ScrubProgress progress;
        Scrub *scrub;
        Place place;

        begin_cut(&place);
        assert_int_equal(scrub_new(&scrub, place.ledger, 100), 0);
        do {
                sched_yield();
                scrub_progress(scrub, &progress);
        } while (!progress.ended);
        scrub_free(scrub);
        assert_int_equal(progress.damaged_revision, 0);
        assert_int_equal(progress.n_done, place.world.revision);
        place_end(&place);
}

/* ------------------------------------------------------------------ by size */

static void test_size_cuts_as_far_as_the_live_state_and_then_says_so(void **state)
{
        RetainPolicy policy;
        uint64_t revision;
        int64_t time_ms;
        Place place;
        size_t n;

        place_begin(&place, "data", N_UPDATES);
        place_checkpoint(&place);
        policy = policy_of(&place);
        policy.past_ms = 0;
        policy.n_bytes_max = 4096;
        assert_int_equal(retain(place.ledger, &policy, place.world.now_ms, &n), RETAIN_E_OVER);
        assert_int_equal(past_begin(place.ledger, &revision, &time_ms), 0);
        assert_int_equal(revision, place.world.revision);
        assert_true(n >= N_UPDATES - N_RECORDS - 1);

        policy.n_bytes_max = 1024 * 1024 * 1024;
        assert_int_equal(retain(place.ledger, &policy, place.world.now_ms, &n), RETAIN_E_NOTHING);
        place_end(&place);
}

/* The pages that it frees are written to again. */
static void test_file_stays_within_its_limit_however_much_is_said(void **state)
{
        enum { LIMIT = 1024 * 1024, ROUNDS = 12 };
        RetainPolicy policy;
        LedgerStats stats;
        Place place;
        size_t n, n_all = 0;

        place_begin(&place, "data", N_UPDATES);
        policy = policy_of(&place);
        policy.past_ms = 0;
        policy.n_bytes_max = LIMIT;
        for (unsigned i = 0; i < ROUNDS; i++) {
                place_say(&place, N_UPDATES / 2);
                place_write(&place, NULL);
                place_checkpoint(&place);
                assert_int_equal(retain(place.ledger, &policy, place.world.now_ms, &n),
                                 RETAIN_E_NOTHING);
                n_all += n;
                ledger_stats(place.ledger, &stats);
                assert_true(stats.used_bytes <= LIMIT);
        }
        assert_true(n_all > N_UPDATES);
        assert_true(stats.file_bytes < 2 * LIMIT);
        ledger_close(STEAL(place.ledger));
        verify(place.directory, NULL);
        assert_clean();
        place_end(&place);
}

/* ------------------------------------------------------------------ what verify tells */

static void forget_it(Transaction *transaction, CutRow *cut, const Place *place)
{
        transaction_delete(transaction, transaction->environment->root, "plek.cut", 8);
}

static void test_cut_that_nobody_signed_for_is_a_hole(void **state)
{
        Place place;

        begin_cut(&place);
        change_cut(&place, kit_path("copy"), forget_it);
        assert_true(report.n_defects[VERIFY_TRUNCATED] > 0);
        assert_non_null(strstr(report.findings[0].text, "missing"));
        place_end(&place);
}

/* Whoever has no key of the broker's signs with one of his own. */
static void sign_it_anew(Transaction *transaction, CutRow *cut, const Place *place)
{
        SecretKey *stranger = world_key(9, 9);
        Envelope envelope;
        Blob *made;

        assert_int_equal(envelope_parse(&envelope, cut->envelope, cut->n_envelope), 0);
        assert_int_equal(envelope_sign(&made, ENVELOPE_CUT, &place->world.network, stranger,
                                       envelope.body, envelope.n_body),
                         0);
        memcpy(cut->envelope, made->bytes, made->n_bytes);
        meta_put_cut(transaction, cut);
        blob_unref(made);
        secret_key_free(stranger);
}

static void test_cut_that_a_stranger_signed_is_told(void **state)
{
        Place place;
        uint64_t cut = begin_cut(&place);

        change_cut(&place, kit_path("copy"), sign_it_anew);
        assert_found(VERIFY_RE_SIGNED, cut, "not signed with a key that opened an epoch");
        place_end(&place);
}

static void bend_it(Transaction *transaction, CutRow *cut, const Place *place)
{
        cut->envelope[cut->n_envelope - 1] ^= 1; /* of the picture's digest */
        meta_put_cut(transaction, cut);
}

static void test_cut_whose_picture_is_another_is_told(void **state)
{
        Place place;
        uint64_t cut = begin_cut(&place);

        change_cut(&place, kit_path("copy"), bend_it);
        assert_true(report.n_defects[VERIFY_RE_SIGNED] == 2); /* and the signature */
        assert_int_equal(report.findings[0].revision, cut);
        assert_non_null(strstr(report.findings[0].text, "its picture is not the one"));
        place_end(&place);
}

static void move_it(Transaction *transaction, CutRow *cut, const Place *place)
{
        cut->revision++;
        meta_put_cut(transaction, cut);
}

static void test_cut_that_says_another_place_than_was_signed_is_told(void **state)
{
        Place place;
        uint64_t cut = begin_cut(&place);

        change_cut(&place, kit_path("copy"), move_it);
        assert_int_equal(report.findings[0].defect, VERIFY_RE_SIGNED);
        assert_int_equal(report.findings[0].revision, cut + 1);
        assert_non_null(strstr(report.findings[0].text, "signed is about another one"));
        place_end(&place);
}

static void lose_the_enrolment(Transaction *transaction, CutRow *cut, const Place *place)
{
        journal_delete(transaction, N_REGISTRY);
}

static void lose_a_record(Transaction *transaction, CutRow *cut, const Place *place)
{
        journal_delete(transaction, cut->revision - 1);
}

static void test_kept_entry_that_is_gone_is_told(void **state)
{
        Place place;
        uint64_t cut = begin_cut(&place);

        change_cut(&place, kit_path("copy"), lose_a_record);
        assert_true(report.n_defects[VERIFY_TRUNCATED] == 1);
        assert_non_null(strstr(report.findings[0].text, "1 entries that were kept"));
        assert_int_equal(report.findings[0].revision, cut);
        change_cut(&place, kit_path("copy2"), lose_the_enrolment);
        assert_true(report.n_findings > 0);
        place_end(&place);
}

/* As store/journal.h has it. */
static void put_row(Transaction *transaction, uint64_t revision, int64_t time_ms,
                    const uint8_t digest[DIGEST_BYTES], const uint8_t head[DIGEST_BYTES],
                    const uint8_t *bytes, size_t n_bytes)
{
        uint8_t key[8], row[2048] = { [8] = 1, [9] = ENTRY_UPDATE, [10] = 1 };
        uint8_t *value;

        be64_put(key, revision);
        be64_put(row + 12, (uint64_t)time_ms);
        memcpy(row + 20, digest, DIGEST_BYTES);
        memcpy(row + 52, head, DIGEST_BYTES);
        row_seal(ROW_TAG_JOURNAL, key, sizeof(key), row, 84);
        memcpy(row + 84, bytes, n_bytes);
        value = transaction_reserve(transaction, transaction->environment->journal, key,
                                    sizeof(key), 84 + n_bytes, TRANSACTION_REPLACE);
        assert_non_null(value);
        memcpy(value, row, 84 + n_bytes);
}

static void put_one_back(Transaction *transaction, CutRow *cut, const Place *place)
{
        const LedgerEntry *entry = &place->world.ledger[N_REGISTRY + 10];

        put_row(transaction, entry->revision, entry->time_ms, entry->digest, entry->head,
                entry->bytes->bytes, entry->bytes->n_bytes);
}

static void test_entry_that_was_cut_off_and_is_here_again_is_told(void **state)
{
        Place place;

        begin_cut(&place);
        change_cut(&place, kit_path("copy"), put_one_back);
        assert_found(VERIFY_RE_SIGNED, N_REGISTRY + 11, "was cut off, and is here again");
        place_end(&place);
}

/* The row's own word for the chain at the cut: all later ones follow from it. */
static void change_the_head(Transaction *transaction, CutRow *cut, const Place *place)
{
        const LedgerEntry *entry = &place->world.ledger[cut->revision - 1];
        uint8_t head[DIGEST_BYTES];

        memcpy(head, entry->head, sizeof(head));
        head[0] ^= 1;
        put_row(transaction, entry->revision, entry->time_ms, entry->digest, head,
                entry->bytes->bytes, entry->bytes->n_bytes);
}

static void test_chain_that_does_not_go_on_from_what_was_signed_is_told(void **state)
{
        Place place;
        uint64_t cut = begin_cut(&place);

        change_cut(&place, kit_path("copy"), change_the_head);
        assert_true(report.n_defects[VERIFY_RE_SIGNED] > 0);
        assert_int_equal(report.findings[report.n_findings > 1 ? 1 : 0].defect, VERIFY_RE_SIGNED);
        assert_in_range(report.findings[0].revision, cut, cut + 1);
        place_end(&place);
}

/* Marked, and killed before it was swept. */
static void test_cut_that_is_not_swept_yet_is_whole(void **state)
{
        CLEANUP(retain_freep) RetainStep *step = NULL;
        RetainPolicy policy;
        uint64_t revision;
        int64_t time_ms;
        bool more;
        Place place;
        size_t n;

        place_begin(&place, "data", N_UPDATES);
        place_checkpoint(&place);
        policy = policy_of(&place);
        assert_int_equal(retain_make(&step, place.ledger, &policy,
                                     place.world.now_ms + policy.past_ms - 5000),
                         0);
        assert_int_equal(retain_kind(step), RETAIN_CUT);
        assert_int_equal(retain_put(step, place.ledger, &more), 0);
        assert_false(more);
        assert_int_equal(past_revision_at(place.ledger, place.world.ledger[50].time_ms, &revision),
                         PAST_E_CUT);
        assert_int_equal(past_begin(place.ledger, &revision, &time_ms), 0);
        ledger_close(STEAL(place.ledger));
        verify(place.directory, NULL);
        assert_clean();
        assert_int_equal(report.n_unswept, revision - 1 - N_REGISTRY - N_RECORDS + 1);

        place_open(&place);
        assert_int_equal(retain(place.ledger, &policy, place.world.now_ms, &n), RETAIN_E_NOTHING);
        assert_int_equal(n, report.n_unswept);
        place_end(&place);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_what_is_left_after_a_cut_proves_itself),
                TEST(test_what_is_younger_is_not_cut),
                TEST(test_what_no_checkpoint_has_yet_is_not_cut),
                TEST(test_a_start_after_a_cut_holds_the_same_picture),
                TEST(test_scrub_goes_over_a_cut),
                TEST(test_size_cuts_as_far_as_the_live_state_and_then_says_so),
                TEST(test_file_stays_within_its_limit_however_much_is_said),
                TEST(test_cut_that_nobody_signed_for_is_a_hole),
                TEST(test_cut_that_a_stranger_signed_is_told),
                TEST(test_cut_whose_picture_is_another_is_told),
                TEST(test_cut_that_says_another_place_than_was_signed_is_told),
                TEST(test_kept_entry_that_is_gone_is_told),
                TEST(test_entry_that_was_cut_off_and_is_here_again_is_told),
                TEST(test_chain_that_does_not_go_on_from_what_was_signed_is_told),
                TEST(test_cut_that_is_not_swept_yet_is_whole),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/retain", tests, NULL, NULL);
}
