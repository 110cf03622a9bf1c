/*
 * Rows that are no good: told from those of a newer daemon, and never the end of this one
 */

#include "checkpoint-fixture.h"
#include "core/row.h"

static int restore_result(void)
{
        CLEANUP(state_freep) State *restored = world_new_state(N_TOMBSTONES);

        return row_store_restore(&rows, restored);
}

static void fill(void)
{
        Update door;

        report("one", 1, 10);
        report("one", 2, 10);
        withdraw("one", 2);
        affirm("one");
        door = world_door(&world, party, "two", PLEK_DOOR_STOP);
        world_publish(&world, party, &door);
        save();
}

static StoredRow *first_row(CheckpointTable table)
{
        for (size_t i = 0; i < rows.n_rows; i++)
                if (rows.rows[i].table == table)
                        return &rows.rows[i];
        fail();
        return NULL;
}

static void drop(StoredRow *row)
{
        CheckpointRow delete = { .table = row->table, .key = blob_ref(row->key) };

        row_store_put(&rows, &delete);
        blob_unref(delete.key);
}

static void test_a_row_of_a_newer_daemon_is_known_for_what_it_is(void **state)
{
        fill();
        for (size_t i = 0; i < rows.n_rows; i++) {
                rows.rows[i].value->bytes[0]++;
                assert_int_equal(restore_result(), -EPROTO);
                rows.rows[i].value->bytes[0]--;
        }
        assert_int_equal(restore_result(), 0);
}

static void test_a_row_that_is_cut_short_is_damage(void **state)
{
        fill();
        for (size_t i = 0; i < rows.n_rows; i++) {
                rows.rows[i].value->n_bytes--;
                assert_int_equal(restore_result(),
                                 rows.rows[i].table == CHECKPOINT_AFFIRMS ||
                                                 rows.rows[i].key->bytes[0] == META_EPOCH
                                         ? 0 /* its envelope is not decoded */
                                         : -EBADMSG);
                rows.rows[i].value->n_bytes++;
        }
}

/* Whatever a flipped bit makes of a row, it is damage or another state, never a crash. */
static void test_no_flipped_bit_ends_the_daemon(void **state)
{
        size_t n_damaged = 0, n_tried = 0;
        int r;

        fill();
        for (size_t i = 0; i < rows.n_rows; i++) {
                for (size_t at = 0; at < rows.rows[i].value->n_bytes; at++) {
                        rows.rows[i].value->bytes[at] ^= (uint8_t)(1 << (at + i) % 8);
                        r = restore_result();
                        assert_true(r == 0 || r == -EBADMSG || r == -EPROTO);
                        n_damaged += r != 0;
                        n_tried++;
                        rows.rows[i].value->bytes[at] ^= (uint8_t)(1 << (at + i) % 8);
                }
        }
        assert_true(n_tried > 1000);
        assert_true(n_damaged > n_tried / 20);
        assert_int_equal(restore_result(), 0);
}

static void test_a_record_under_anothers_key_is_damage(void **state)
{
        StoredRow *row;

        fill();
        row = first_row(CHECKPOINT_RECORDS);
        row->key->bytes[row->key->n_bytes - 1] ^= 1;
        assert_int_equal(restore_result(), -EBADMSG);
}

static void test_a_record_whose_affirm_is_missing_is_damage(void **state)
{
        fill();
        drop(first_row(CHECKPOINT_AFFIRMS));
        assert_int_equal(restore_result(), -EBADMSG);
}

static void test_rows_without_a_genesis_are_damage(void **state)
{
        Blob *key = NULL;

        fill();
        assert_int_equal(blob_copy(&key, &(uint8_t){ META_GENESIS }, 1), 0);
        drop(row_store_find(&rows, CHECKPOINT_META, key));
        blob_unref(key);
        assert_int_equal(restore_result(), -EBADMSG);
}

static void test_a_record_from_after_the_checkpoint_is_damage(void **state)
{
        CheckpointRow position = { .table = CHECKPOINT_META };
        Blob *key = NULL;

        save();
        assert_int_equal(blob_copy(&key, &(uint8_t){ META_POSITION }, 1), 0);
        position.key = key;
        position.value = blob_ref(row_store_find(&rows, CHECKPOINT_META, key)->value);
        fill();
        row_store_put(&rows, &position);
        assert_int_equal(restore_result(), -EBADMSG);
        blob_unref(position.value);
        blob_unref(key);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_row_of_a_newer_daemon_is_known_for_what_it_is),
                TEST(test_a_row_that_is_cut_short_is_damage),
                TEST(test_no_flipped_bit_ends_the_daemon),
                TEST(test_a_record_under_anothers_key_is_damage),
                TEST(test_a_record_whose_affirm_is_missing_is_damage),
                TEST(test_rows_without_a_genesis_are_damage),
                TEST(test_a_record_from_after_the_checkpoint_is_damage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
