#pragma once

/*
 * Pages: whether each page of the database file has exactly one owner
 *
 * LMDB trusts its pages, and reads its list of free ones only when it writes: a bit that flips
 * there harms nobody who reads, and then hands a page that is in use to the next commit. So the
 * file is walked as LMDB 0.9 lays it out (lmdb.h, mdb.c: pages of a header and nodes, two meta
 * pages, a tree of free pages by transaction), and not through LMDB.
 */

#include <stdint.h>

#include "internal/err.h"

typedef void (*PagesFaultFn)(void *arg, const char *text);

enum {
        PAGES_OK,       /* it was walked; @fault has been told what is wrong */
        PAGES_E_GONE,   /* @txn is not among the last two commits: look at a newer one */
        PAGES_E_ABSENT, /* no such file, no database, or shorter than what it says it holds */
};

/*
 * @txn: the transaction whose pages these are, which must have a reader while a writer lives; 0:
 * the last one. After the first fault in a tree the rest of that tree is not looked at. Returns 0,
 * PAGES_E_* or -errno.
 */
MUST_CHECK int pages_check(const char *directory, uint64_t txn, PagesFaultFn fault, void *arg);
