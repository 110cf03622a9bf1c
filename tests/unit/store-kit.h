#pragma once

/*
 * What the tests of the store share: a directory of their own, plans, a small file system
 */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/ledger.h"

enum {
        KIT_NOW_MS = 1000000,
};

static char kit_directory[64];

static inline int kit_remove_one(const char *path, const struct stat *status, int type,
                                 struct FTW *ftw)
{
        return remove(path);
}

/*
 * These tests look at what is written. That a disk keeps it through a crash is for tests/crash, and
 * some 40,000 syncs would take minutes of a slow disk: memory will do where there is enough.
 */
static inline const char *kit_parent(void)
{
        struct statvfs room;

        if (!statvfs("/dev/shm", &room) && !access("/dev/shm", W_OK) &&
            (uint64_t)room.f_bavail * room.f_frsize >= (uint64_t)1 << 30)
                return "/dev/shm";
        return "/tmp";
}

static inline int kit_make_directory(void **state)
{
        snprintf(kit_directory, sizeof(kit_directory), "%s/plek-store-XXXXXX", kit_parent());
        return mkdtemp(kit_directory) ? 0 : -1;
}

static inline int kit_remove_directory(void **state)
{
        return nftw(kit_directory, kit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Good until the eighth next call. */
static inline const char *kit_path(const char *name)
{
        static char paths[8][128];
        static unsigned next;
        char *path = paths[next++ % 8];

        snprintf(path, sizeof(paths[0]), "%s/%s", kit_directory, name);
        return path;
}

static inline LedgerOptions kit_options(void)
{
        return (LedgerOptions){ .directory = kit_directory };
}

static inline Ledger *kit_open(void)
{
        LedgerOptions options = kit_options();
        Ledger *ledger = NULL;
        const char *text = "";
        int r;

        r = ledger_open(&ledger, &options, &text);
        if (r)
                fail_msg("ledger_open: %d, %s", r, text);
        return ledger;
}

/* A plan of @n_entries after @base, each @n_bytes long and unlike any other. */
static inline Plan *kit_plan(uint64_t base, size_t n_entries, size_t n_bytes)
{
        Plan *plan;

        assert_int_equal(plan_new(&plan), 0);
        plan_reset(plan, base);
        for (size_t i = 0; i < n_entries; i++) {
                Blob *blob;

                if (blob_new(&blob, n_bytes))
                        abort();
                memset(blob->bytes, (int)i, n_bytes);
                snprintf((char *)blob->bytes, n_bytes, "entry %llu",
                         (unsigned long long)(base + i + 1));
                assert_int_equal(plan_add(plan, ENTRY_UPDATE, blob), 0);
                blob_unref(blob);
        }
        return plan;
}

/* Appends such a plan after what is there. */
static inline int kit_append(Ledger *ledger, size_t n_entries, size_t n_bytes)
{
        Plan *plan = kit_plan(ledger_last_revision(ledger), n_entries, n_bytes);
        int r;

        r = ledger_append(ledger, plan, KIT_NOW_MS, NULL);
        plan_free(plan);
        return r;
}

/* Takes all that next() has and checks that it is whole and in order. Returns how many. */
static inline size_t kit_drain(Ledger *ledger, uint64_t first)
{
        static uint8_t head[DIGEST_BYTES];
        LedgerEntry entry;
        size_t n = 0;
        int r;

        if (first == 1)
                memset(head, 0, sizeof(head));
        while (!(r = ledger_next(ledger, &entry))) {
                char expected[64];

                snprintf(expected, sizeof(expected), "entry %llu", (unsigned long long)(first + n));
                assert_int_equal(entry.revision, first + n);
                assert_string_equal((char *)entry.bytes->bytes, expected);
                head_chain(head, head, entry.revision, entry.time_ms, (uint8_t)entry.kind,
                           entry.digest);
                assert_memory_equal(entry.head, head, sizeof(head));
                blob_unref(entry.bytes);
                n++;
        }
        assert_int_equal(r, LEDGER_E_END);
        return n;
}

static inline void kit_write_file(const char *name, const char *text)
{
        int fd = open(kit_path(name), O_CREAT | O_TRUNC | O_WRONLY, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

/* A file system of @n_bytes on the test's directory, for this process only. False: not allowed. */
static inline bool kit_small_disk(size_t n_bytes)
{
        char options[64];

        snprintf(options, sizeof(options), "size=%zu,mode=0700", n_bytes);
        return unshare(CLONE_NEWNS) == 0 &&
               mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("plek-test", kit_directory, "tmpfs", 0, options) == 0;
}

static inline int kit_drop_small_disk(void **state)
{
        umount2(kit_directory, MNT_DETACH);
        return kit_remove_directory(state);
}

/* Leaves @n_free bytes, with a file that can be removed. */
static inline void kit_fill_disk(const char *name, size_t n_free)
{
        static const char piece[4096] = { 1 };
        int fd;

        fd = open(kit_path(name), O_CREAT | O_WRONLY | O_APPEND, 0600);
        assert_true(fd >= 0);
        while (write(fd, piece, sizeof(piece)) == (ssize_t)sizeof(piece))
                continue;
        if (n_free) {
                struct stat status;

                assert_int_equal(fstat(fd, &status), 0);
                assert_int_equal(ftruncate(fd, status.st_size - (off_t)n_free), 0);
        }
        close(fd);
}
