#include "store/pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/environment.h"
#include "store/pages-private.h"

/* ------------------------------------------------------------------ trees */

/* A list of free pages: how many, then each. */
static void take_free(Walk *walk, Key key, const Node *node, const uint8_t *value, size_t n_value)
{
        uint64_t n, page;

        if (n_value < sizeof(n) || n_value % sizeof(n)) {
                walk_found(walk, "a list of free pages is no list");
                return;
        }
        memcpy(&n, value, sizeof(n));
        if (n > n_value / sizeof(n) - 1) {
                walk_found(walk, "a list of free pages is longer than its row");
                return;
        }
        for (uint64_t i = 1; i <= n; i++) {
                memcpy(&page, value + i * sizeof(page), sizeof(page));
                if (!walk_claim(walk, page, FREE))
                        return;
        }
}

/* The tables are trees of their own: their records are the values of the main tree. */
static void take_table(Walk *walk, Key key, const Node *node, const uint8_t *value, size_t n_value)
{
        const Walk outer = *walk;
        char name[64];
        Tree table;

        if (!(node->flags & NODE_SUB))
                return;
        if (n_value != sizeof(table)) {
                walk_found(walk, "the record of a table makes no sense");
                return;
        }
        memcpy(&table, value, sizeof(table));
        snprintf(name, sizeof(name), "table %.*s", (int)MIN(key.n, (size_t)40),
                 (const char *)key.bytes);
        walk_tree(walk, name, &table, NULL);
        walk->tree_name = outer.tree_name;
        walk->counted = outer.counted;
        walk->is_broken = false; /* each is looked at */
}

static void look_for_lost(Walk *walk)
{
        uint64_t first = 0, n = 0;

        for (uint64_t page = N_METAS; page < walk->n_pages; page++)
                if (walk->owners[page] == NOBODY) {
                        first = n ? first : page;
                        n++;
                }
        if (n)
                walk_found(walk, "%llu pages are neither in use nor free, the first is %llu",
                           (unsigned long long)n, (unsigned long long)first);
}

static int walk_all(Walk *walk, const Meta *meta)
{
        Tree free_pages = meta->free;

        walk->owners = calloc(walk->n_pages, 1);
        if (!walk->owners)
                return err_raise(-ENOMEM);

        free_pages.flags &= TREE_INTEGER_KEYS; /* the environment's flags stand there as well */
        if (!free_pages.flags)
                walk_found(walk, "the record of the free pages makes no sense");
        else
                walk_tree(walk, "the list of free pages", &free_pages, take_free);
        walk_tree(walk, "the list of tables", &meta->main, take_table);
        if (!walk->has_faults)
                look_for_lost(walk);
        free(walk->owners);
        return 0;
}

/* ------------------------------------------------------------------ the meta pages */

typedef struct File {
        const uint8_t *bytes;
        size_t n_bytes;
} File;

static void file_unmap(File *file)
{
        if (file->bytes)
                munmap((void *)file->bytes, file->n_bytes);
}

static int file_map(File *ret_file, const char *directory)
{
        CLEANUP(closep) int fd = -1;
        char path[4096];
        struct stat status;
        void *bytes;

        if (snprintf(path, sizeof(path), "%s/%s", directory, ENVIRONMENT_DATA_NAME) >=
            (int)sizeof(path))
                return -ENAMETOOLONG;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status) < 0)
                return errno == ENOENT ? PAGES_E_ABSENT : err_raise(-errno);
        if (status.st_size < N_METAS * sysconf(_SC_PAGESIZE))
                return PAGES_E_ABSENT;
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (bytes == MAP_FAILED)
                return err_raise(-errno);

        *ret_file = (File){ bytes, (size_t)status.st_size };
        return 0;
}

static bool meta_read(const File *file, size_t page_bytes, unsigned i, Meta *ret_meta)
{
        PageHead head;

        if (i * page_bytes + sizeof(head) + sizeof(*ret_meta) > file->n_bytes)
                return false;
        memcpy(&head, file->bytes + i * page_bytes, sizeof(head));
        memcpy(ret_meta, file->bytes + i * page_bytes + sizeof(head), sizeof(*ret_meta));
        return head.number == i && head.flags == PAGE_META && ret_meta->magic == META_MAGIC &&
               ret_meta->version == META_VERSION && ret_meta->free.pad == page_bytes &&
               (!ret_meta->txn || ret_meta->txn % N_METAS == i);
}

/* A commit writes one of them at a time: twice the same is what was there at one moment. */
static void metas_read(const File *file, size_t page_bytes, Meta ret_metas[N_METAS],
                       bool ret_whole[N_METAS])
{
        Meta before[N_METAS];

        do {
                for (unsigned i = 0; i < N_METAS; i++)
                        ret_whole[i] = meta_read(file, page_bytes, i, &before[i]);
                for (unsigned i = 0; i < N_METAS; i++)
                        ret_whole[i] = meta_read(file, page_bytes, i, &ret_metas[i]);
        } while (ret_whole[0] && ret_whole[1] && memcmp(before, ret_metas, sizeof(before)) != 0);
}

/* Commits take turns: the two are of one commit and the one before. At least one is whole. */
static const Meta *metas_check(Walk *walk, const Meta metas[N_METAS], const bool whole[N_METAS])
{
        unsigned newer;

        for (unsigned i = 0; i < N_METAS; i++)
                if (!whole[i])
                        walk_found(walk, "meta page %u is not as it was written", i);
        if (!whole[0] || !whole[1])
                return &metas[whole[1]];

        newer = metas[1].txn > metas[0].txn;
        if (metas[newer].txn - metas[!newer].txn > 1)
                walk_found(walk,
                           "the meta pages are of commits %llu and %llu, which do not follow each "
                           "other",
                           (unsigned long long)metas[!newer].txn,
                           (unsigned long long)metas[newer].txn);
        return &metas[newer];
}

int pages_check(const char *directory, uint64_t txn, PagesFaultFn fault, void *arg)
{
        CLEANUP(file_unmap) File file = { 0 };
        Walk walk = { .page_bytes = (size_t)sysconf(_SC_PAGESIZE), .fault = fault, .arg = arg };
        const Meta *meta;
        Meta metas[N_METAS];
        bool whole[N_METAS];
        int r;

        r = file_map(&file, directory);
        if (r)
                return r;

        walk.file = file.bytes;
        metas_read(&file, walk.page_bytes, metas, whole);
        if (txn && whole[0] && whole[1] && metas[0].txn != txn && metas[1].txn != txn)
                return PAGES_E_GONE;
        if (!whole[0] && !whole[1])
                return PAGES_E_ABSENT;
        meta = metas_check(&walk, metas, whole);
        if (txn && whole[0] && whole[1])
                meta = &metas[metas[1].txn == txn];

        walk.n_pages = meta->last_page + 1;
        if (meta->last_page < 1 || walk.n_pages > file.n_bytes / walk.page_bytes)
                return PAGES_E_ABSENT;
        return walk_all(&walk, meta);
}
