#include "store-kit.h"

#include "internal/endian.h"
#include "store/environment.h"

/*
 * The state's side of loading is played here: it takes the rows down as they come. How a row is
 * restored is tested with the core.
 */
struct State {
        uint64_t revision;
        uint8_t head[DIGEST_BYTES];
        size_t n_rows;
        size_t n_of_table[N_CHECKPOINT_TABLES];
        CheckpointTable order[N_CHECKPOINT_TABLES];
        size_t n_order;
        uint8_t last_key[TRANSACTION_KEY_MAX];
        size_t n_last_key;
        bool out_of_order;
        int refuse; /* what restoring a record gives */
};

static void note_table(State *state, CheckpointTable table)
{
        if (state->n_order && state->order[state->n_order - 1] == table)
                return;
        assert_true(state->n_order < N_ELEMENTS(state->order));
        state->order[state->n_order++] = table;
        state->n_last_key = 0;
}

int state_restore_row(State *state, CheckpointTable table, const uint8_t *key, size_t n_key,
                      const uint8_t *value, size_t n_value)
{
        char expected[64];

        note_table(state, table);
        if (n_key <= state->n_last_key && memcmp(key, state->last_key, n_key) <= 0)
                state->out_of_order = true;
        memcpy(state->last_key, key, n_key);
        state->n_last_key = n_key;
        state->n_of_table[table]++;
        state->n_rows++;

        if (table == CHECKPOINT_META) {
                assert_int_equal(n_value, 8 + DIGEST_BYTES);
                state->revision = be64_get(value);
                memcpy(state->head, value + 8, DIGEST_BYTES);
                return 0;
        }
        snprintf(expected, sizeof(expected), "value of %.*s", (int)n_key, (const char *)key);
        assert_int_equal(n_value, strlen(expected));
        assert_memory_equal(value, expected, n_value);
        return table == CHECKPOINT_RECORDS ? state->refuse : 0;
}

int state_restore_done(State *state)
{
        return 0;
}

uint64_t state_revision(const State *state)
{
        return state->revision;
}

const uint8_t *state_head(const State *state)
{
        return state->head;
}

enum {
        ROWS_MAX = 4096,
};

typedef struct Rows {
        Checkpoint checkpoint;
        CheckpointRow rows[ROWS_MAX];
} Rows;

static void add_row(Rows *rows, CheckpointTable table, const void *key, size_t n_key,
                    const void *value, size_t n_value)
{
        CheckpointRow *row = &rows->rows[rows->checkpoint.n_rows++];

        row->table = table;
        if (blob_copy(&row->key, key, n_key) || (value && blob_copy(&row->value, value, n_value)))
                abort();
        rows->checkpoint.rows = rows->rows;
        rows->checkpoint.n_bytes += n_key + n_value;
}

static void add_text_row(Rows *rows, CheckpointTable table, const char *key)
{
        char value[64];

        snprintf(value, sizeof(value), "value of %s", key);
        add_row(rows, table, key, strlen(key), value, strlen(value));
}

static Rows *rows_new(Ledger *ledger, uint64_t revision)
{
        Rows *rows = calloc(1, sizeof(*rows));
        uint8_t value[8 + DIGEST_BYTES];
        int64_t time_ms;

        assert_non_null(rows);
        rows->checkpoint.revision = revision;
        be64_put(value, revision);
        assert_int_equal(ledger_head_at(ledger, revision, value + 8, &time_ms), 0);
        add_row(rows, CHECKPOINT_META, "state", 5, value, sizeof(value));
        return rows;
}

static Rows *rows_free(Rows *rows)
{
        for (size_t i = 0; rows && i < rows->checkpoint.n_rows; i++) {
                blob_unref(rows->rows[i].key);
                blob_unref(rows->rows[i].value);
        }
        free(rows);
        return NULL;
}
DEFINE_FREEP(Rows, rows_free);

/* A commit of nothing but rows. */
static void write_rows(Ledger *ledger, const Rows *rows)
{
        CLEANUP(plan_freep) Plan *plan = kit_plan(ledger_last_revision(ledger), 0, 1);

        assert_int_equal(ledger_append(ledger, plan, KIT_NOW_MS, &rows->checkpoint), 0);
}

static void check_load(State *state, uint64_t n_after)
{
        CLEANUP(ledger_closep) Ledger *ledger = kit_open();
        const char *text = "";
        LedgerEntry entry;

        assert_int_equal(ledger_load(ledger, state, &text), 0);
        for (uint64_t i = 0; i < n_after; i++) {
                assert_int_equal(ledger_next(ledger, &entry), 0);
                assert_int_equal(entry.revision, state->revision + 1 + i);
                blob_unref(entry.bytes);
        }
        assert_int_equal(ledger_next(ledger, &entry), LEDGER_E_END);
}

static void test_nothing_to_load_is_an_empty_state(void **unused)
{
        State state = { 0 };
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 3, 50), 0);
        ledger_close(ledger);
        check_load(&state, 3);
        assert_int_equal(state.n_rows, 0);
}

static void test_tables_come_in_the_order_in_which_they_rest_on_each_other(void **unused)
{
        static const CheckpointTable order[] = {
                CHECKPOINT_META,   CHECKPOINT_REGISTRY, CHECKPOINT_TOPICS,     CHECKPOINT_AFFIRMS,
                CHECKPOINT_NARROW, CHECKPOINT_RECORDS,  CHECKPOINT_TOMBSTONES, CHECKPOINT_PARTIES,
        };
        CLEANUP(rows_freep) Rows *rows = NULL;
        State state = { 0 };
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 5, 50), 0);
        rows = rows_new(ledger, 5);
        for (CheckpointTable table = 1; table < CHECKPOINT_KEYFRAMES; table++) {
                if (table == CHECKPOINT_META)
                        continue;
                for (unsigned i = 0; i < 100; i++) {
                        char key[32];

                        /* In no order at all. */
                        snprintf(key, sizeof(key), "row %u", i * 7919 % 10007);
                        add_text_row(rows, table, key);
                }
        }
        write_rows(ledger, rows);
        assert_int_equal(kit_append(ledger, 2, 50), 0);
        ledger_close(ledger);

        check_load(&state, 2);
        assert_int_equal(state.n_rows, 701);
        assert_int_equal(state.n_order, N_ELEMENTS(order));
        assert_memory_equal(state.order, order, sizeof(order));
        assert_false(state.out_of_order);
}

static void test_rows_are_replaced_and_deleted_by_later_checkpoints(void **unused)
{
        State state = { 0 };
        Ledger *ledger = kit_open();

        for (unsigned round = 1; round <= 3; round++) {
                CLEANUP(rows_freep) Rows *rows = NULL;

                assert_int_equal(kit_append(ledger, 1, 50), 0);
                rows = rows_new(ledger, round);
                for (unsigned i = 0; i < 300; i++) {
                        char key[32];

                        snprintf(key, sizeof(key), "row %03u", i);
                        if (round == 2 && i % 3 == 0)
                                add_row(rows, CHECKPOINT_RECORDS, key, strlen(key), NULL, 0);
                        else if (round != 3 || i > 250)
                                add_text_row(rows, CHECKPOINT_RECORDS, key);
                }
                add_row(rows, CHECKPOINT_RECORDS, "never there", 11, NULL, 0);
                write_rows(ledger, rows);
        }
        ledger_close(ledger);

        check_load(&state, 0);
        /* 300 less each third, of which those above 250 came back. */
        assert_int_equal(state.n_of_table[CHECKPOINT_RECORDS], 200 + 16);
        assert_int_equal(state.revision, 3);
}

static void test_checkpoint_goes_with_the_entries_of_its_commit(void **unused)
{
        CLEANUP(rows_freep) Rows *rows = NULL;
        CLEANUP(plan_freep) Plan *plan = NULL;
        State state = { 0 };
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 4, 50), 0);
        rows = rows_new(ledger, 4);
        plan = kit_plan(4, 3, 50);
        assert_int_equal(ledger_append(ledger, plan, KIT_NOW_MS, &rows->checkpoint), 0);
        assert_int_equal(kit_drain(ledger, 1), 7);
        ledger_close(ledger);

        check_load(&state, 3);
        assert_int_equal(state.revision, 4);
}

/* ------------------------------------------------------------------ damage */

/* Flips one bit of the file where @text stands. Returns how often it stood there. */
static unsigned flip_in_file(const char *text)
{
        static uint8_t bytes[16 * 1024 * 1024];
        size_t n_text = strlen(text);
        unsigned n_found = 0;
        ssize_t n_bytes;
        int fd;

        fd = open(kit_path("data.mdb"), O_RDWR);
        assert_true(fd >= 0);
        n_bytes = read(fd, bytes, sizeof(bytes));
        for (ssize_t i = 0; i + (ssize_t)n_text <= n_bytes; i++) {
                uint8_t flipped = bytes[i] ^ 1;

                if (memcmp(bytes + i, text, n_text) != 0)
                        continue;
                assert_int_equal(pwrite(fd, &flipped, 1, i), 1);
                n_found++;
        }
        close(fd);
        return n_found;
}

/* P20: LMDB itself notices nothing. */
static void test_flipped_bit_in_a_row_is_found_at_load(void **unused)
{
        CLEANUP(rows_freep) Rows *rows = NULL;
        State state = { 0 };
        const char *text = "";
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 1, 50), 0);
        rows = rows_new(ledger, 1);
        add_text_row(rows, CHECKPOINT_RECORDS, "hospital");
        write_rows(ledger, rows);
        ledger_close(ledger);
        assert_true(flip_in_file("value of hospital") >= 1);

        ledger = kit_open();
        assert_int_equal(ledger_load(ledger, &state, &text), LEDGER_E_DAMAGED);
        assert_non_null(strstr(text, "damaged"));
        ledger_close(ledger);
}

static void test_flipped_bit_in_a_rows_key_is_found_at_load(void **unused)
{
        CLEANUP(rows_freep) Rows *rows = NULL;
        State state = { 0 };
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 1, 50), 0);
        rows = rows_new(ledger, 1);
        add_row(rows, CHECKPOINT_RECORDS, "hospital", 8, "door open", 9);
        write_rows(ledger, rows);
        ledger_close(ledger);
        assert_true(flip_in_file("hospital") >= 1);

        ledger = kit_open();
        assert_int_equal(ledger_load(ledger, &state, NULL), LEDGER_E_DAMAGED);
        ledger_close(ledger);
}

static void test_flipped_bit_in_an_entry_is_found_when_it_is_read(void **unused)
{
        Ledger *ledger = kit_open();
        LedgerEntry entry;

        assert_int_equal(kit_append(ledger, 9, 50), 0);
        ledger_close(ledger);
        assert_int_equal(flip_in_file("entry 6"), 1);

        ledger = kit_open();
        for (unsigned i = 1; i < 3; i++)
                assert_int_equal(ledger_next(ledger, &entry), LEDGER_E_DAMAGED);
        ledger_close(ledger);
}

static void test_row_that_the_state_refuses_is_damage(void **unused)
{
        CLEANUP(rows_freep) Rows *rows = NULL;
        State state = { .refuse = -EBADMSG };
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 1, 50), 0);
        rows = rows_new(ledger, 1);
        add_text_row(rows, CHECKPOINT_RECORDS, "hospital");
        write_rows(ledger, rows);
        assert_int_equal(ledger_load(ledger, &state, NULL), LEDGER_E_DAMAGED);
        state.refuse = -EPROTO;
        assert_int_equal(ledger_load(ledger, &state, NULL), LEDGER_E_NEWER);
        state.refuse = -ENOMEM;
        assert_int_equal(ledger_load(ledger, &state, NULL), -ENOMEM);
        ledger_close(ledger);
}

static void test_checkpoint_of_another_history_is_not_put_to_this_journal(void **unused)
{
        CLEANUP(rows_freep) Rows *rows = NULL;
        State state = { 0 };
        const char *text = "";
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 3, 50), 0);
        rows = rows_new(ledger, 2);
        rows->rows[0].value->bytes[8] ^= 1; /* its head */
        write_rows(ledger, rows);
        assert_int_equal(ledger_load(ledger, &state, &text), LEDGER_E_DAMAGED);
        assert_non_null(strstr(text, "do not belong together"));
        ledger_close(ledger);
}

static void test_state_that_stands_elsewhere_than_its_checkpoint_is_damage(void **unused)
{
        CLEANUP(rows_freep) Rows *rows = NULL;
        State state = { 0 };
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 3, 50), 0);
        rows = rows_new(ledger, 2);
        rows->checkpoint.revision = 3;
        write_rows(ledger, rows);
        assert_int_equal(ledger_load(ledger, &state, NULL), LEDGER_E_DAMAGED);
        ledger_close(ledger);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_nothing_to_load_is_an_empty_state),
                TEST(test_tables_come_in_the_order_in_which_they_rest_on_each_other),
                TEST(test_rows_are_replaced_and_deleted_by_later_checkpoints),
                TEST(test_checkpoint_goes_with_the_entries_of_its_commit),
                TEST(test_flipped_bit_in_a_row_is_found_at_load),
                TEST(test_flipped_bit_in_a_rows_key_is_found_at_load),
                TEST(test_flipped_bit_in_an_entry_is_found_when_it_is_read),
                TEST(test_row_that_the_state_refuses_is_damage),
                TEST(test_checkpoint_of_another_history_is_not_put_to_this_journal),
                TEST(test_state_that_stands_elsewhere_than_its_checkpoint_is_damage),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/load", tests, NULL, NULL);
}
