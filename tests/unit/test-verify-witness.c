#include "store-place.h"

static void witness(const char *name, Place *place, uint64_t revision)
{
        const LedgerEntry *entry = &place->world.ledger[revision - 1];
        Head head = {
                .epoch = place->world.epoch,
                .revision = revision,
                .time_ms = entry->time_ms,
        };
        FILE *file = fopen(kit_path(name), "a");
        Blob *body, *envelope;

        assert_non_null(file);
        memcpy(head.head, entry->head, DIGEST_BYTES);
        assert_int_equal(head_encode(&body, &head), 0);
        envelope = world_sign(&place->world, ENVELOPE_HEAD, place->world.broker, body);
        fprintf(file, "%lld %016llx %llu abc ", (long long)head.time_ms,
                (unsigned long long)head.epoch, (unsigned long long)revision);
        for (size_t i = 0; i < envelope->n_bytes; i++)
                fprintf(file, "%02x", envelope->bytes[i]);
        fputc('\n', file);
        fclose(file);
        blob_unref(envelope);
}

static const VerifyOptions *witnessed(void)
{
        static VerifyOptions options;
        static char path[128];

        snprintf(path, sizeof(path), "%s", kit_path("heads"));
        options = (VerifyOptions){ .witness = path };
        return &options;
}

static void test_heads_that_agree_are_whole(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        kit_write_file("heads", "# kept by the province\n\n");
        witness("heads", &place, 4);
        witness("heads", &place, 24);
        verify(place.directory, witnessed());
        assert_clean();
        assert_int_equal(report.n_heads, 2);
        place_end(&place);
}

static void test_older_copy_is_rolled_back(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        witness("heads", &place, 24);
        place_say(&place, 6);
        place_write(&place, NULL);
        witness("heads", &place, 30);
        verify(kit_path("copy"), witnessed());
        assert_found(VERIFY_ROLLED_BACK, 30, "revision 30 was witnessed, and this ends at 24");
        assert_int_equal(report.n_findings, 1);
        place_end(&place);
}

/* The same region up to @n_updates, then as somebody else would have it. */
static void place_fork(Place *fork, const char *name, unsigned n_updates)
{
        place_begin(fork, name, n_updates);
        fork->world.now_ms += 5000;
}

static void test_older_copy_that_went_on_is_rolled_back(void **state)
{
        Place place, fork;

        place_begin(&place, "data", 20);
        world_open_epoch(&place.world, true);
        place_say(&place, 3);
        witness("heads", &place, 27);

        place_fork(&fork, "fork", 20);
        world_apply(&fork.world, ENTRY_EPOCH, world_epoch(&fork.world, 700, true));
        fork.world.epoch = 700;
        place_say(&fork, 5);
        place_write(&fork, NULL);
        verify(fork.directory, witnessed());
        assert_found(VERIFY_ROLLED_BACK, 27, "an older copy that went on");
        place_end(&place);
        place_end(&fork);
}

static void test_roll_back_that_the_broker_noticed_is_no_defect(void **state)
{
        Place place, fork;

        place_begin(&place, "data", 20);
        world_open_epoch(&place.world, true);
        place_say(&place, 3);
        witness("heads", &place, 27);

        place_fork(&fork, "fork", 20);
        fork.world.epoch = 700;
        world_open_epoch(&fork.world, false);
        fork.party->seq = (uint64_t)fork.world.now_ms * 1000;
        place_say(&fork, 5);
        place_write(&fork, NULL);
        verify(fork.directory, witnessed());
        assert_clean();
        assert_int_equal(report.n_cuts, 1);
        place_end(&place);
        place_end(&fork);
}

/* By the broker's own hand, or by whoever has its key: only the witness knows. */
static void test_history_that_was_written_anew_is_re_signed(void **state)
{
        Place place, fork;

        place_begin(&place, "data", 20);
        witness("heads", &place, 10);
        witness("heads", &place, 24);

        place_fork(&fork, "fork", 15);
        place_say(&fork, 9);
        place_write(&fork, NULL);
        verify(fork.directory, witnessed());
        assert_found(VERIFY_RE_SIGNED, 24, "revision 24 was witnessed to be another");
        assert_int_equal(report.n_findings, 1);
        place_end(&place);
        place_end(&fork);
}

static void test_heads_of_another_brokers_key_are_re_signed(void **state)
{
        CLEANUP(secret_key_freep) SecretKey *own = NULL;
        Place place;

        place_begin(&place, "data", 20);
        own = place.world.broker;
        place.world.broker = world_key(2, 77);
        witness("heads", &place, 24);
        verify(place.directory, witnessed());
        assert_found(VERIFY_RE_SIGNED, 24, "a key that opened no epoch here");
        place_end(&place);
}

static void test_witness_that_cannot_be_read_is_told_by_line(void **state)
{
        Place place;

        place_begin(&place, "data", 3);
        assert_unreadable(place.directory, witnessed(), "heads: No such file");
        kit_write_file("heads", "# fine\n1 2 3 xyz\n");
        assert_unreadable(place.directory, witnessed(), "heads:2: this line does not end in");
        kit_write_file("heads", "504c454b\n");
        assert_unreadable(place.directory, witnessed(), "heads:1: ");
        kit_write_file("heads", "");
        place.world.network.bytes[0] ^= 1;
        witness("heads", &place, 3);
        assert_unreadable(place.directory, witnessed(), "heads:1: this head is of another network");
        place_end(&place);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_heads_that_agree_are_whole),
                TEST(test_older_copy_is_rolled_back),
                TEST(test_older_copy_that_went_on_is_rolled_back),
                TEST(test_roll_back_that_the_broker_noticed_is_no_defect),
                TEST(test_history_that_was_written_anew_is_re_signed),
                TEST(test_heads_of_another_brokers_key_are_re_signed),
                TEST(test_witness_that_cannot_be_read_is_told_by_line),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/verify-witness", tests, NULL, NULL);
}
