#include <lmdb.h>

#include "store-place.h"
#include "store/pages.h"

enum { FILE_MAX = 8 * 1024 * 1024, PAGE = 4096 };

static uint8_t file[FILE_MAX];
static size_t n_file;
static unsigned n_faults;

static void on_fault(void *arg, const char *text)
{
        n_faults++;
}

static unsigned faults(const char *directory)
{
        n_faults = 0;
        assert_int_equal(pages_check(directory, 0, on_fault, NULL), PAGES_OK);
        return n_faults;
}

static void read_file(void)
{
        int fd = open(kit_path("data/data.mdb"), O_RDONLY);
        ssize_t n = read(fd, file, sizeof(file));

        assert_in_range(n, 2 * PAGE, sizeof(file) - 1);
        n_file = (size_t)n;
        close(fd);
}

/* With one bit of the file the other way round. */
static unsigned faults_with(size_t at, unsigned bit)
{
        int fd = open(kit_path("copy/data.mdb"), O_RDWR | O_CREAT | O_TRUNC, 0600);
        unsigned result;

        file[at] ^= (uint8_t)(1u << bit);
        assert_int_equal(write(fd, file, n_file), (ssize_t)n_file);
        close(fd);
        result = faults(kit_path("copy"));
        file[at] ^= (uint8_t)(1u << bit);
        return result;
}

/* Free pages, as LMDB itself lists them: where each number lies in the file. */
static size_t find_free(size_t at[], size_t n_max, uint8_t owners[])
{
        MDB_val key, value;
        size_t n = 0;
        MDB_cursor *cursor;
        MDB_txn *txn;
        MDB_env *env;

        assert_int_equal(mdb_env_create(&env), 0);
        assert_int_equal(mdb_env_open(env, kit_path("data"), MDB_RDONLY | MDB_NOLOCK, 0600), 0);
        assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
        assert_int_equal(mdb_cursor_open(txn, 0, &cursor), 0);
        while (!mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
                const uint64_t *list = value.mv_data;

                for (uint64_t i = 1; i <= list[0]; i++)
                        owners[list[i]] = 1;
        }
        for (MDB_cursor_op op = MDB_FIRST; !mdb_cursor_get(cursor, &key, &value, op);
             op = MDB_NEXT) {
                size_t n_list = (*(const uint64_t *)value.mv_data + 1) * 8;
                uint8_t *found = memmem(file, n_file, value.mv_data, n_list);

                /* A page that is free by now may have the same list. */
                while (found && owners[(size_t)(found - file) / PAGE])
                        found = memmem(found + 8, n_file - (size_t)(found + 8 - file),
                                       value.mv_data, n_list);
                assert_non_null(found);
                for (size_t i = 8; i < n_list && n < n_max; i += 8)
                        at[n++] = (size_t)(found - file) + i;
        }
        mdb_cursor_close(cursor);
        mdb_txn_abort(txn);
        mdb_env_close(env);
        return n;
}

static void fill(Place *place)
{
        place_begin(place, "data", 400);
        place_checkpoint(place);
        place_say(place, 300);
        place_write(place, NULL);
        place_checkpoint(place);
        assert_int_equal(mkdir(kit_path("copy"), 0700), 0);
        read_file();
}

static void test_what_lmdb_wrote_holds_together(void **state)
{
        Place place;

        place_begin(&place, "data", 3);
        for (unsigned i = 0; i < 60; i++) {
                assert_int_equal(faults(kit_path("data")), 0);
                place_say(&place, i);
                place_write(&place, NULL);
                if (i % 9 == 0)
                        place_checkpoint(&place);
        }
        assert_int_equal(faults(kit_path("data")), 0);
        place_end(&place);
}

static void test_flipped_bit_in_the_list_of_free_pages_is_found(void **state)
{
        static uint8_t owners[FILE_MAX / PAGE];
        static size_t at[512];
        unsigned n_tried = 0;
        Place place;
        size_t n;

        fill(&place);
        n = find_free(at, N_ELEMENTS(at), owners);
        assert_true(n > 3);
        for (size_t i = 0; i < n; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        if (!faults_with(at[i], bit))
                                fail_msg("bit %u of free page %zu of %zu", bit, i, n);
                        n_tried++;
                }
        print_message("# %u bits of %zu free pages\n", n_tried, n);
        place_end(&place);
}

static void test_flipped_bit_in_the_head_of_a_page_in_use_is_found(void **state)
{
        static uint8_t owners[FILE_MAX / PAGE];
        static size_t at[512];
        unsigned n_tried = 0;
        Place place;

        fill(&place);
        (void)find_free(at, N_ELEMENTS(at), owners);
        for (size_t page = 2; page < n_file / PAGE; page += 3) {
                uint64_t number;

                memcpy(&number, file + page * PAGE, sizeof(number));
                if (owners[page] || number != page) /* the latter: within a value of many pages */
                        continue;
                /* The number, the flags, how many nodes there are. */
                assert_true(faults_with(page * PAGE + page % 8, page % 8));
                assert_true(faults_with(page * PAGE + 10, page % 8));
                if (!(file[page * PAGE + 10] & 4))
                        assert_true(faults_with(page * PAGE + 12, 1 + page % 7));
                n_tried++;
        }
        assert_true(n_tried > 10);
        place_end(&place);
}

static void test_meta_page_that_is_not_whole_is_found(void **state)
{
        static const size_t fields[] = {
                0,   /* its number */
                10,  /* flags */
                16,  /* magic */
                23,  /* version */
                40,  /* size of a page */
                148, /* commit */
        };
        Place place;

        fill(&place);
        for (size_t page = 0; page < 2; page++)
                for (size_t i = 0; i < N_ELEMENTS(fields); i++)
                        assert_true(faults_with(page * PAGE + fields[i], 5));
        place_end(&place);
}

static void test_verify_names_what_lmdb_passes_over_or_refuses(void **state)
{
        static uint8_t owners[FILE_MAX / PAGE];
        size_t at[1];
        Place place;

        fill(&place);
        assert_int_equal(find_free(at, 1, owners), 1);
        assert_true(faults_with(at[0], 1));
        verify(kit_path("copy"), NULL);
        assert_true(report.n_defects[VERIFY_BIT_FLIPPED] > 0);

        /* LMDB says of this one that a newer LMDB wrote it. */
        assert_true(faults_with(PAGE + 23, 5));
        verify(kit_path("copy"), NULL);
        assert_true(report.n_defects[VERIFY_BIT_FLIPPED] > 0);
        place_end(&place);
}

static void test_commit_that_is_gone_is_told(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        assert_int_equal(pages_check(kit_path("data"), 1, on_fault, NULL), PAGES_E_GONE);
        place_end(&place);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_what_lmdb_wrote_holds_together),
                TEST(test_flipped_bit_in_the_list_of_free_pages_is_found),
                TEST(test_flipped_bit_in_the_head_of_a_page_in_use_is_found),
                TEST(test_meta_page_that_is_not_whole_is_found),
                TEST(test_verify_names_what_lmdb_passes_over_or_refuses),
                TEST(test_commit_that_is_gone_is_told),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/pages", tests, NULL, NULL);
}
