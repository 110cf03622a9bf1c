#pragma once

/*
 * A region on the disk: what a world of the core says, in a ledger; and what verify says about it
 */

#include "../core-world.h"
#include "store-kit.h"
#include "store/environment.h"
#include "store/verify.h"

/* ------------------------------------------------------------------ a region on the disk */

typedef struct Place {
        World world;
        WorldParty *party;
        Ledger *ledger;
        size_t n_written; /* of the world's entries */
        const char *directory;
} Place;

static inline void place_open(Place *place)
{
        LedgerOptions options = { .directory = place->directory };
        const char *text = "";

        if (ledger_open(&place->ledger, &options, &text))
                fail_msg("%s", text);
}

/* What the world has said since, a commit an entry. */
static inline void place_write(Place *place, const Checkpoint *checkpoint)
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

static inline Blob *card_envelope(Place *place, const SecretKey *broker, uint64_t serial)
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

static inline void place_say(Place *place, unsigned n_updates)
{
        for (unsigned i = 0; i < n_updates; i++) {
                Update update =
                        world_counts(&place->world, place->party, "loc", i % 7 + 1, (int32_t)i);

                place->world.now_ms += 10;
                world_publish(&place->world, place->party, &update);
        }
}

/* A region with a card, a party and @n_updates, in @name under the test's directory. */
static inline void place_begin(Place *place, const char *name, unsigned n_updates)
{
        *place = (Place){ .directory = strdup(kit_path(name)) };
        world_start(&place->world, 1000);
        world_apply(&place->world, ENTRY_CARD, card_envelope(place, place->world.broker, 1));
        place->party = world_add_party(&place->world, "a", "loc", "noord");
        place_say(place, n_updates);
        place_open(place);
        place_write(place, NULL);
}

static inline void place_end(Place *place)
{
        ledger_close(place->ledger);
        world_deinit(&place->world);
        free((char *)place->directory);
}

static inline void place_checkpoint(Place *place)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;
        CLEANUP(plan_freep) Plan *plan = NULL;

        assert_int_equal(state_checkpoint(place->world.state, &checkpoint), 0);
        assert_int_equal(plan_new(&plan), 0);
        plan_reset(plan, place->world.revision);
        assert_int_equal(ledger_append(place->ledger, plan, place->world.now_ms, checkpoint), 0);
}

/* An older copy is what cp had made then. */
static inline void copy_directory(const char *from, const char *to)
{
        char command[1024];

        snprintf(command, sizeof(command), "rm -rf '%s' && cp -r '%s' '%s' && rm -f '%s/lock.mdb'",
                 to, from, to, to);
        assert_int_equal(system(command), 0);
}

/* ------------------------------------------------------------------ what verify says */

static VerifyReport report;

static inline void verify(const char *directory, const VerifyOptions *options)
{
        static const VerifyOptions none;
        const char *text = "";
        int r;

        memset(&report, 0, sizeof(report));
        r = ledger_verify(directory, options ? options : &none, &report, &text);
        if (r)
                fail_msg("ledger_verify: %d, %s", r, text);
}

static inline void tell(void)
{
        for (size_t i = 0; i < MIN(report.n_findings, VERIFY_FINDINGS_MAX); i++)
                print_message("# %s: %s\n", verify_defect_name(report.findings[i].defect),
                              report.findings[i].text);
}

static inline void assert_clean(void)
{
        if (report.n_findings)
                tell();
        assert_int_equal(report.n_findings, 0);
}

/* One kind of defect, first seen at @revision. */
static inline void assert_found(VerifyDefect defect, uint64_t revision, const char *words)
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

static inline void assert_unreadable(const char *directory, const VerifyOptions *options,
                                     const char *words)
{
        const char *text = "";

        assert_int_equal(ledger_verify(directory, options, &report, &text), VERIFY_E_FILE);
        if (!strstr(text, words))
                fail_msg("%s", text);
}

/* Changes one row of a table, as whoever has LMDB's tools can. */
static inline void change_row(const char *directory, CheckpointTable table, const void *key,
                              size_t n_key, const uint8_t *row, size_t n_row)
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

static inline size_t file_size(const char *path)
{
        struct stat status;

        assert_int_equal(stat(path, &status), 0);
        return (size_t)status.st_size;
}
