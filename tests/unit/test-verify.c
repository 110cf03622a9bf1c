#include "store-kit.h"

#include "internal/endian.h"

#include "../core-world.h"
#include "store/backup.h"
#include "store/environment.h"
#include "store/journal.h"
#include "store/meta.h"
#include "store/rows.h"
#include "store/verify.h"

/* ------------------------------------------------------------------ a region on the disk */

typedef struct Place {
        World world;
        WorldParty *party;
        Ledger *ledger;
        size_t n_written; /* of the world's entries */
        const char *directory;
} Place;

static void place_open(Place *place)
{
        LedgerOptions options = { .directory = place->directory };
        const char *text = "";

        if (ledger_open(&place->ledger, &options, &text))
                fail_msg("%s", text);
}

/* What the world has said since, a commit an entry. */
static void place_write(Place *place, const Checkpoint *checkpoint)
{
        for (; place->n_written < place->world.n_ledger; place->n_written++) {
                const LedgerEntry *entry = &place->world.ledger[place->n_written];
                CLEANUP(plan_freep) Plan *plan = NULL;

                assert_int_equal(plan_new(&plan), 0);
                plan_reset(plan, entry->revision - 1);
                assert_int_equal(plan_add_digested(plan, entry->kind, entry->bytes, entry->digest),
                                 0);
                assert_int_equal(ledger_append(place->ledger, plan, entry->time_ms, checkpoint), 0);
                checkpoint = NULL;
        }
}

static Blob *card_envelope(Place *place, const SecretKey *broker, uint64_t serial)
{
        RegionCard card = {
                .network = place->world.network,
                .network_name = "test-region",
                .serial = serial,
                .n_authority = 1,
                .brokers = { *secret_key_public(broker) },
                .n_brokers = 1,
                .updates = "tcp://x:1",
                .care = "tcp://x:2",
                .query = "tcp://x:3",
                .coord = "tcp://x:4",
        };
        Blob *body;

        memcpy(card.authority[0], secret_key_public(place->world.authority)->sign, KEY_BYTES);
        if (region_card_encode(&body, &card))
                abort();
        return world_sign(&place->world, ENVELOPE_CARD, place->world.authority, body);
}

static void place_say(Place *place, unsigned n_updates)
{
        for (unsigned i = 0; i < n_updates; i++) {
                Update update = world_counts(&place->world, place->party, "loc", i % 7 + 1,
                                             (int32_t)i);

                place->world.now_ms += 10;
                world_publish(&place->world, place->party, &update);
        }
}

/* A region with a card, a party and @n_updates, in @name under the test's directory. */
static void place_begin(Place *place, const char *name, unsigned n_updates)
{
        *place = (Place){ .directory = strdup(kit_path(name)) };
        world_start(&place->world, 1000);
        world_apply(&place->world, ENTRY_CARD, card_envelope(place, place->world.broker, 1));
        place->party = world_add_party(&place->world, "a", "loc", "noord");
        place_say(place, n_updates);
        place_open(place);
        place_write(place, NULL);
}

static void place_end(Place *place)
{
        ledger_close(place->ledger);
        world_deinit(&place->world);
        free((char *)place->directory);
}

static void place_checkpoint(Place *place)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;
        CLEANUP(plan_freep) Plan *plan = NULL;

        assert_int_equal(state_checkpoint(place->world.state, &checkpoint), 0);
        assert_int_equal(plan_new(&plan), 0);
        plan_reset(plan, place->world.revision);
        assert_int_equal(ledger_append(place->ledger, plan, place->world.now_ms, checkpoint), 0);
}

/* An older copy is what cp had made then. */
static void copy_directory(const char *from, const char *to)
{
        char command[1024];

        snprintf(command, sizeof(command), "rm -rf '%s' && cp -r '%s' '%s' && rm -f '%s/lock.mdb'",
                 to, from, to, to);
        assert_int_equal(system(command), 0);
}

/* ------------------------------------------------------------------ what verify says */

static VerifyReport report;

static void verify(const char *directory, const VerifyOptions *options)
{
        static const VerifyOptions none;
        const char *text = "";
        int r;

        memset(&report, 0, sizeof(report));
        r = ledger_verify(directory, options ? options : &none, &report, &text);
        if (r)
                fail_msg("ledger_verify: %d, %s", r, text);
}

static void tell(void)
{
        for (size_t i = 0; i < MIN(report.n_findings, VERIFY_FINDINGS_MAX); i++)
                print_message("# %s: %s\n", verify_defect_name(report.findings[i].defect),
                              report.findings[i].text);
}

static void assert_clean(void)
{
        if (report.n_findings)
                tell();
        assert_int_equal(report.n_findings, 0);
}

/* One kind of defect, first seen at @revision. */
static void assert_found(VerifyDefect defect, uint64_t revision, const char *words)
{
        if (report.n_findings != report.n_defects[defect] || !report.n_findings ||
            !strstr(report.findings[0].text, words))
                tell();
        assert_true(report.n_findings > 0);
        assert_int_equal(report.n_findings, report.n_defects[defect]);
        assert_int_equal(report.findings[0].defect, defect);
        assert_int_equal(report.findings[0].revision, revision);
        assert_non_null(strstr(report.findings[0].text, words));
}

/* ------------------------------------------------------------------ whole */

static unsigned n_progress;

static void count_progress(void *arg, uint64_t n_done, uint64_t n_all)
{
        assert_true(n_done <= n_all);
        n_progress++;
}

static void test_whole_directory_is_found_whole(void **state)
{
        VerifyOptions options = { .progress = count_progress };
        Place place;

        place_begin(&place, "data", 40);
        place_checkpoint(&place);
        place_say(&place, 5);
        place_write(&place, NULL);
        world_open_epoch(&place.world, true);
        place_write(&place, NULL);
        options.authority = secret_key_public(place.world.authority)->sign;
        verify(place.directory, &options);
        assert_clean();
        assert_string_equal(report.network, "test-region");
        assert_int_equal(report.n_entries, 50);
        assert_int_equal(report.last_revision, 50);
        assert_memory_equal(report.head, place.world.head, DIGEST_BYTES);
        assert_int_equal(report.n_signatures, 49); /* all but the genesis */
        assert_int_equal(report.n_epochs, 2);
        assert_int_equal(report.n_cuts, 0);
        assert_true(report.n_rows > 8);
        assert_true(report.has_card);
        assert_true(report.checkpoint_compared);
        assert_int_equal(report.unchecked_after, 0);
        assert_true(n_progress > 0);
        place_end(&place);
}

static void test_empty_directory_is_whole(void **state)
{
        Place place = { .directory = kit_path("data") };

        place_open(&place);
        verify(place.directory, NULL);
        assert_clean();
        assert_int_equal(report.n_entries, 0);
        ledger_close(place.ledger);
}

static void test_everything_that_a_ledger_may_hold_is_whole(void **state)
{
        Suspension suspension;
        Enrolment enrolment;
        Update update;
        Place place;
        uint8_t confirm = CONFIRM_EPOCH;
        Blob *bytes = NULL;

        place_begin(&place, "data", 3);
        update = world_affirm(&place.world, place.party, "loc", LANE_COUNTS);
        world_publish(&place.world, place.party, &update);
        update = world_withdraw(&place.world, place.party, "loc", 2);
        world_publish(&place.world, place.party, &update);
        suspension = world_suspension(place.party, true);
        world_suspend(&place.world, &suspension);
        suspension = world_suspension(place.party, false);
        world_suspend(&place.world, &suspension);
        place_say(&place, 3);
        enrolment = world_enrolment(&place.world, place.party, NULL, 0);
        enrolment.roles = 0;
        enrolment.audience = 0;
        enrolment.cause = "lost";
        world_enrol(&place.world, place.party, &enrolment);
        world_open_epoch(&place.world, false);
        assert_int_equal(blob_copy(&bytes, &confirm, 1), 0);
        world_apply(&place.world, ENTRY_CONFIRM, bytes);
        place_write(&place, NULL);
        place_checkpoint(&place);
        verify(place.directory, NULL);
        assert_clean();
        assert_int_equal(report.n_cuts, 1);
        assert_true(report.checkpoint_compared);
        place_end(&place);
}

/* ------------------------------------------------------------------ bits */

static size_t file_size(const char *path)
{
        struct stat status;

        assert_int_equal(stat(path, &status), 0);
        return (size_t)status.st_size;
}

static void flip(const char *path, off_t at, uint8_t mask)
{
        int fd = open(path, O_RDWR);
        uint8_t byte;

        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= mask;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
}

/* Wherever @bytes stand: LMDB leaves older copies of a page behind. Flips one bit @at after. */
static void flip_where(const char *path, const void *bytes, size_t n_bytes, size_t at)
{
        static uint8_t file[8 * 1024 * 1024];
        int fd = open(path, O_RDONLY);
        unsigned n_found = 0;
        ssize_t n;

        assert_true(fd >= 0);
        n = read(fd, file, sizeof(file));
        close(fd);
        for (ssize_t i = 0; i + (ssize_t)n_bytes <= n; i++) {
                if (memcmp(file + i, bytes, n_bytes) != 0)
                        continue;
                flip(path, i + (off_t)at, 4);
                n_found++;
        }
        assert_true(n_found > 0);
}

static void test_flipped_bit_in_an_entry_is_named(void **state)
{
        const LedgerEntry *entry;
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        entry = &place.world.ledger[11];
        flip_where(kit_path("copy/data.mdb"), entry->bytes->bytes, entry->bytes->n_bytes, 120);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_BIT_FLIPPED, 12, "entry 12: its bytes are not those of its digest");
        assert_int_equal(report.n_findings, 1);
        assert_int_equal(report.n_entries, 24);
        assert_int_equal(report.n_signatures, 22);
        place_end(&place);
}

static void test_flipped_bit_in_a_journal_row_is_named(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        flip_where(kit_path("copy/data.mdb"), place.world.ledger[11].head, DIGEST_BYTES, 0);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_BIT_FLIPPED, 12, "entry 12: its row is damaged");
        assert_int_equal(report.unchecked_after, 12);
        place_end(&place);
}

/* Changes one row of a table, as whoever has LMDB's tools can. */
static void change_row(const char *directory, CheckpointTable table, const void *key, size_t n_key,
                       const uint8_t *row, size_t n_row)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        Transaction transaction;
        const char *text;
        uint8_t *value;

        assert_int_equal(environment_open(&environment, directory, 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        value = transaction_reserve(&transaction, environment->tables[table], key, n_key, n_row,
                                    TRANSACTION_REPLACE);
        assert_non_null(value);
        memcpy(value, row, n_row);
        assert_int_equal(transaction_commit(&transaction), 0);
}

static void test_flipped_bit_in_a_checkpoint_row_is_told(void **state)
{
        uint8_t row[ROW_CHECKSUM_BYTES + 49] = { 0 };
        Place place;

        place_begin(&place, "data", 20);
        place_checkpoint(&place);
        copy_directory(place.directory, kit_path("copy"));
        row_seal(CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        row[20] ^= 1;
        change_row(kit_path("copy"), CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_BIT_FLIPPED, 0, "in table parties, is damaged");
        place_end(&place);
}

/* Of some LMDB can only die. Whatever is flipped, there is an answer; mostly it is a finding: not in
 * the empty middle of a page, nor in numbers that nobody reads. */
static void test_every_flipped_bit_gets_an_answer(void **state)
{
        unsigned n_found = 0, n_tried = 0;
        char compact[128];
        const char *text;
        uint64_t revision;
        size_t n_bytes;
        Place place;

        place_begin(&place, "data", 250);
        place_checkpoint(&place);
        snprintf(compact, sizeof(compact), "%s", kit_path("compact"));
        assert_int_equal(ledger_backup(place.directory, compact, &revision, &text), 0);
        n_bytes = file_size(kit_path("compact/data.mdb"));
        for (size_t at = 0; at < n_bytes; at += 1021) {
                copy_directory(compact, kit_path("copy"));
                flip(kit_path("copy/data.mdb"), (off_t)at, (uint8_t)(1 << at % 8));
                verify(kit_path("copy"), NULL);
                n_found += report.n_findings > 0;
                n_tried++;
        }
        print_message("# %u of %u flipped bits were found\n", n_found, n_tried);
        assert_true(n_tried > 100);
        assert_true(n_found * 2 > n_tried);
        place_end(&place);
}

static void test_page_that_lmdb_dies_of_is_damage(void **state)
{
        unsigned n_found = 0;
        size_t n_bytes;
        Place place;

        place_begin(&place, "data", 60);
        n_bytes = file_size(kit_path("data/data.mdb"));
        copy_directory(place.directory, kit_path("copy"));
        /* The flags in every page's head: none is a leaf or a branch any more. */
        for (size_t at = 2 * 4096; at < n_bytes; at += 4096)
                flip(kit_path("copy/data.mdb"), (off_t)at + 10, 0xff);
        verify(kit_path("copy"), NULL);
        n_found += report.n_defects[VERIFY_BIT_FLIPPED];
        assert_int_equal(n_found, report.n_findings);
        assert_true(n_found > 0);
        place_end(&place);
}

static void test_file_that_is_no_database_is_damage(void **state)
{
        char garbage[20000];

        memset(garbage, 'x', sizeof(garbage) - 1);
        garbage[sizeof(garbage) - 1] = '\0';
        kit_write_file("data.mdb", garbage);
        verify(kit_directory, NULL);
        assert_found(VERIFY_BIT_FLIPPED, 0, "do not hold together");
}

/* ------------------------------------------------------------------ truncated */

static void test_file_that_is_cut_is_truncated(void **state)
{
        static const unsigned percents[] = { 0, 1, 20, 50, 90 };
        Place place;

        place_begin(&place, "data", 100);
        place_checkpoint(&place);
        for (size_t i = 0; i < N_ELEMENTS(percents); i++) {
                copy_directory(place.directory, kit_path("copy"));
                assert_int_equal(truncate(kit_path("copy/data.mdb"),
                                          (off_t)(file_size(kit_path("data/data.mdb")) *
                                                  percents[i] / 100 + (percents[i] ? 0 : 100))),
                                 0);
                verify(kit_path("copy"), NULL);
                assert_found(VERIFY_TRUNCATED, 0, "shorter than its last commit");
        }
        place_end(&place);
}

/* With LMDB's own tools: what is left is a whole database. */
static void delete_entries(const char *directory, uint64_t from, uint64_t to)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        Transaction transaction;
        const char *text;

        assert_int_equal(environment_open(&environment, directory, 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        for (uint64_t revision = from; revision <= to; revision++) {
                uint8_t key[8];

                be64_put(key, revision);
                transaction_delete(&transaction, environment->journal, key, sizeof(key));
        }
        assert_int_equal(transaction_commit(&transaction), 0);
}

static void test_journal_without_its_last_entries_is_truncated(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        delete_entries(kit_path("copy"), 20, 24);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_TRUNCATED, 20, "entries 20 to 24 are missing");
        place_end(&place);
}

static void test_journal_with_a_hole_is_truncated(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        delete_entries(kit_path("copy"), 9, 9);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_TRUNCATED, 9, "entry 9 is missing");
        assert_int_equal(report.n_findings, 1);
        place_end(&place);
}

/* The tail was put right as well; the checkpoint still knows. */
static void test_checkpoint_ahead_of_its_journal_is_truncated(void **state)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        Transaction transaction;
        const char *text;
        Tail tail;
        Place place;

        place_begin(&place, "data", 20);
        place_checkpoint(&place);
        copy_directory(place.directory, kit_path("copy"));
        delete_entries(kit_path("copy"), 23, 24);
        assert_int_equal(environment_open(&environment, kit_path("copy"), 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        tail = (Tail){ .revision = 22, .time_ms = place.world.ledger[21].time_ms };
        memcpy(tail.head, place.world.ledger[21].head, DIGEST_BYTES);
        meta_put_tail(&transaction, &tail);
        assert_int_equal(transaction_commit(&transaction), 0);
        environment = environment_close(environment);

        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_TRUNCATED, 24, "the checkpoint is of revision 24");
        place_end(&place);
}

/* ------------------------------------------------------------------ re-signed */

static void test_update_that_another_key_signed_is_told(void **state)
{
        Place place;
        Update update;
        Blob *body;
        WireRefusal refusal;
        CLEANUP(secret_key_freep) SecretKey *forger = world_key(9, 9);

        place_begin(&place, "data", 5);
        update = world_counts(&place.world, place.party, "loc", 1, 99);
        assert_int_equal(update_encode(&body, &refusal, &update), 0);
        world_append(&place.world, ENTRY_UPDATE,
                     world_sign(&place.world, ENVELOPE_UPDATE, forger, body));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "entry 10: its key was nobody's then");
        place_end(&place);
}

/* The key's id is a hint: here it is the party's, and the signature is not. */
static void test_update_whose_signature_is_not_its_partys_is_told(void **state)
{
        Place place;
        Update update;
        Blob *envelope;

        place_begin(&place, "data", 5);
        update = world_counts(&place.world, place.party, "loc", 1, 99);
        envelope = world_update_envelope(&place.world, place.party, &update);
        envelope->bytes[ENVELOPE_HEADER_BYTES + 3] ^= 1;
        world_append(&place.world, ENTRY_UPDATE, envelope);
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "entry 10: its signature is not its party's");
        place_end(&place);
}

static void test_enrolment_that_the_authority_did_not_sign_is_told(void **state)
{
        LocationGrant grant = { .location = "elsewhere", .region = "noord" };
        Enrolment enrolment;
        WorldParty *party;
        Blob *body;
        Place place;

        place_begin(&place, "data", 5);
        party = world_new_party(&place.world, "b");
        enrolment = world_enrolment(&place.world, party, &grant, 1);
        assert_int_equal(enrolment_encode(&body, &enrolment), 0);
        world_append(&place.world, ENTRY_ENROLMENT,
                     world_sign(&place.world, ENVELOPE_ENROLMENT, place.world.broker, body));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "entry 10: it was not signed by the authority");
        assert_int_equal(report.unchecked_after, 10);
        place_end(&place);
}

static void test_update_of_a_place_that_is_not_its_partys_is_told(void **state)
{
        Update update;
        Place place;

        place_begin(&place, "data", 5);
        update = world_counts(&place.world, place.party, "elsewhere", 1, 99);
        world_append(&place.world, ENTRY_UPDATE,
                     world_update_envelope(&place.world, place.party, &update));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "no broker would have taken it");
        place_end(&place);
}

static void test_epoch_of_a_broker_that_no_card_lists_is_told(void **state)
{
        CLEANUP(secret_key_freep) SecretKey *listed = NULL;
        Place place;

        place_begin(&place, "data", 5);
        listed = place.world.broker;
        place.world.broker = world_key(2, 77);
        world_open_epoch(&place.world, true);
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "a broker's key that no card of the authority lists");

        /* A card that comes later lists it. */
        world_apply(&place.world, ENTRY_CARD, card_envelope(&place, place.world.broker, 2));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_clean();
        place_end(&place);
}

static void test_epoch_that_continues_another_history_is_told(void **state)
{
        Place place;

        place_begin(&place, "data", 5);
        place.world.head[0] ^= 1;
        world_append(&place.world, ENTRY_EPOCH, world_epoch(&place.world, 9, true));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "continues a history that is not this one");
        place_end(&place);
}

static void test_journal_of_another_authority_is_told(void **state)
{
        CLEANUP(secret_key_freep) SecretKey *other = world_key(8, 8);
        VerifyOptions options = { .authority = secret_key_public(other)->sign };
        Place place;

        place_begin(&place, "data", 5);
        verify(place.directory, &options);
        assert_found(VERIFY_RE_SIGNED, 1, "the authority that it names is not the one");
        place_end(&place);
}

/* Whoever can write a row can write its checksum. */
static void test_checkpoint_that_the_journal_does_not_give_is_told(void **state)
{
        uint8_t row[ROW_CHECKSUM_BYTES + 49] = { 0 };
        Place place;

        place_begin(&place, "data", 5);
        place_checkpoint(&place);
        copy_directory(place.directory, kit_path("copy"));
        row_seal(CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        change_row(kit_path("copy"), CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_RE_SIGNED, 9, "table parties is not what the journal amounts to");
        place_end(&place);
}

/* ------------------------------------------------------------------ witnessed */

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

/* ------------------------------------------------------------------ what cannot be judged */

static void assert_unreadable(const char *directory, const VerifyOptions *options,
                              const char *words)
{
        const char *text = "";

        assert_int_equal(ledger_verify(directory, options, &report, &text), VERIFY_E_FILE);
        if (!strstr(text, words))
                fail_msg("%s", text);
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

static void test_directory_that_is_not_there_is_told(void **state)
{
        static const VerifyOptions none;

        assert_unreadable(kit_path("nowhere"), &none, "nowhere cannot be opened");
        assert_unreadable(kit_directory, &none, "cannot be opened");
}

static void test_looking_writes_nothing(void **state)
{
        Place place;

        place_begin(&place, "data", 3);
        copy_directory(place.directory, kit_path("copy"));
        assert_int_equal(unlink(kit_path("copy/plekd.lock")), 0);
        verify(kit_path("copy"), NULL);
        assert_clean();
        assert_int_equal(access(kit_path("copy/lock.mdb"), F_OK), -1);
        assert_int_equal(access(kit_path("copy/plekd.lock"), F_OK), -1);
        place_end(&place);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_whole_directory_is_found_whole),
                TEST(test_empty_directory_is_whole),
                TEST(test_everything_that_a_ledger_may_hold_is_whole),
                TEST(test_flipped_bit_in_an_entry_is_named),
                TEST(test_flipped_bit_in_a_journal_row_is_named),
                TEST(test_flipped_bit_in_a_checkpoint_row_is_told),
                TEST(test_every_flipped_bit_gets_an_answer),
                TEST(test_page_that_lmdb_dies_of_is_damage),
                TEST(test_file_that_is_no_database_is_damage),
                TEST(test_file_that_is_cut_is_truncated),
                TEST(test_journal_without_its_last_entries_is_truncated),
                TEST(test_journal_with_a_hole_is_truncated),
                TEST(test_checkpoint_ahead_of_its_journal_is_truncated),
                TEST(test_update_that_another_key_signed_is_told),
                TEST(test_update_whose_signature_is_not_its_partys_is_told),
                TEST(test_enrolment_that_the_authority_did_not_sign_is_told),
                TEST(test_update_of_a_place_that_is_not_its_partys_is_told),
                TEST(test_epoch_of_a_broker_that_no_card_lists_is_told),
                TEST(test_epoch_that_continues_another_history_is_told),
                TEST(test_journal_of_another_authority_is_told),
                TEST(test_checkpoint_that_the_journal_does_not_give_is_told),
                TEST(test_heads_that_agree_are_whole),
                TEST(test_older_copy_is_rolled_back),
                TEST(test_older_copy_that_went_on_is_rolled_back),
                TEST(test_roll_back_that_the_broker_noticed_is_no_defect),
                TEST(test_history_that_was_written_anew_is_re_signed),
                TEST(test_heads_of_another_brokers_key_are_re_signed),
                TEST(test_witness_that_cannot_be_read_is_told_by_line),
                TEST(test_directory_that_is_not_there_is_told),
                TEST(test_looking_writes_nothing),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/verify", tests, NULL, NULL);
}
