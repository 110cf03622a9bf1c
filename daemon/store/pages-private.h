#pragma once

/*
 * What the parts of pages share: LMDB's layout, and a walk over it
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/pages.h"

/* The layout of LMDB 0.9 on 64 bits, in this machine's order of bytes. */
enum {
        META_MAGIC = 0xBEEFC0DE,
        META_VERSION = 1,
        PAGE_BRANCH = 0x01,
        PAGE_LEAF = 0x02,
        PAGE_OVERFLOW = 0x04,
        PAGE_META = 0x08,
        NODE_BIG = 0x01,
        NODE_SUB = 0x02,
        TREE_INTEGER_KEYS = 0x08,
        N_METAS = 2,
};

#define NO_PAGE UINT64_MAX

typedef struct PageHead {
        uint64_t number;
        uint16_t pad, flags;
        union {
                struct {
                        uint16_t lower, upper;
                };
                uint32_t n_pages; /* of an overflow */
        };
} PageHead;

typedef struct Node {
        uint16_t low, high, flags, n_key;
} Node;

typedef struct Tree {
        uint32_t pad;
        uint16_t flags, depth;
        uint64_t n_branches, n_leaves, n_overflows, n_entries;
        uint64_t root;
} Tree;

typedef struct Meta {
        uint32_t magic, version;
        uint64_t address, map_bytes;
        Tree free, main;
        uint64_t last_page, txn;
} Meta;

static_assert(sizeof(PageHead) == 16 && sizeof(Node) == 8, "as they lie in the file");
static_assert(sizeof(Tree) == 48 && sizeof(Meta) == 136, "as they lie in the file");

typedef struct Key {
        const uint8_t *bytes;
        size_t n;
} Key;

typedef enum Owner { NOBODY, IN_USE, FREE } Owner;

typedef struct Walk {
        const uint8_t *file;
        size_t page_bytes;
        uint64_t n_pages;
        uint8_t *owners; /* of each page */
        PagesFaultFn fault;
        void *arg;

        const char *tree_name;
        Tree counted;   /* what was found of the tree */
        bool is_broken; /* the tree */
        bool has_faults;
} Walk;

typedef void (*ValueFn)(Walk *walk, Key key, const Node *node, const uint8_t *value, size_t n);

PRINTF(2, 3)
void walk_found(Walk *walk, const char *format, ...);
/* False: it is no page, or somebody else's; that has been told. */
bool walk_claim(Walk *walk, uint64_t page, Owner owner);
/* @value may be NULL. */
void walk_tree(Walk *walk, const char *name, const Tree *tree, ValueFn value);
