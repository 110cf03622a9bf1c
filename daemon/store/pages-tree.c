#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal/cleanup.h"
#include "store/pages-private.h"

enum {
        DEPTH_MAX = 32,
        TEXT_MAX = 200,
};

PRINTF(2, 3)
void walk_found(Walk *walk, const char *format, ...)
{
        char text[TEXT_MAX];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        walk->is_broken = walk->has_faults = true;
        walk->fault(walk->arg, text);
}

/* ------------------------------------------------------------------ owners */

bool walk_claim(Walk *walk, uint64_t page, Owner owner)
{
        if (page < N_METAS || page >= walk->n_pages) {
                walk_found(walk, "%s names page %llu, which there is not", walk->tree_name,
                           (unsigned long long)page);
                return false;
        }
        if (walk->owners[page] != NOBODY) {
                walk_found(walk, "page %llu is %s, and %s has it too", (unsigned long long)page,
                           walk->owners[page] == FREE ? "free" : "in use", walk->tree_name);
                return false;
        }
        walk->owners[page] = owner;
        return true;
}

static const PageHead *page_at(const Walk *walk, uint64_t page)
{
        return (const PageHead *)(walk->file + page * walk->page_bytes);
}

/* Claims it; NULL: it is not what it should be. */
static const PageHead *enter(Walk *walk, uint64_t page, uint16_t kind)
{
        const PageHead *head;

        if (!walk_claim(walk, page, IN_USE))
                return NULL;
        head = page_at(walk, page);
        if (head->number == page && head->flags == kind)
                return head;
        walk_found(walk, "page %llu is not the one that %s means", (unsigned long long)page,
                   walk->tree_name);
        return NULL;
}

/* ------------------------------------------------------------------ keys */

static int compare_keys(uint16_t tree_flags, Key a, Key b)
{
        int order;

        if (tree_flags & TREE_INTEGER_KEYS) {
                uint64_t x, y;

                memcpy(&x, a.bytes, sizeof(x));
                memcpy(&y, b.bytes, sizeof(y));
                return (x > y) - (x < y);
        }
        order = memcmp(a.bytes, b.bytes, MIN(a.n, b.n));
        return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* Between @from and @to, which is out already; either may be open. */
static bool is_between(uint16_t tree_flags, Key key, Key from, Key to)
{
        if (tree_flags & TREE_INTEGER_KEYS && key.n != sizeof(uint64_t))
                return false;
        return (!from.bytes || compare_keys(tree_flags, from, key) <= 0) &&
               (!to.bytes || compare_keys(tree_flags, key, to) < 0);
}

/* ------------------------------------------------------------------ a tree */

typedef struct Nodes {
        const uint8_t *page;
        size_t page_bytes, n;
} Nodes;

static bool nodes_of(Walk *walk, const PageHead *head, Nodes *ret_nodes)
{
        if (head->lower < sizeof(*head) || head->lower > head->upper ||
            head->upper > walk->page_bytes || head->lower % 2 || head->lower == sizeof(*head)) {
                walk_found(walk, "page %llu of %s has no sensible number of nodes",
                           (unsigned long long)head->number, walk->tree_name);
                return false;
        }
        *ret_nodes = (Nodes){
                .page = (const uint8_t *)head,
                .page_bytes = walk->page_bytes,
                .n = (head->lower - sizeof(*head)) / sizeof(uint16_t),
        };
        return true;
}

/* Its key must lie within the page; what a leaf's node carries, the caller looks at. */
static bool node_at(Walk *walk, const Nodes *nodes, size_t i, Node *ret_node, Key *ret_key,
                    size_t *ret_data)
{
        uint16_t at;

        memcpy(&at, nodes->page + sizeof(PageHead) + i * sizeof(at), sizeof(at));
        if (at < sizeof(PageHead) + nodes->n * sizeof(at) ||
            at + sizeof(Node) > nodes->page_bytes) {
                walk_found(walk, "a node of %s lies outside its page", walk->tree_name);
                return false;
        }
        memcpy(ret_node, nodes->page + at, sizeof(*ret_node));
        *ret_data = at + sizeof(Node) + ret_node->n_key;
        if (*ret_data > nodes->page_bytes) {
                walk_found(walk, "a key of %s reaches beyond its page", walk->tree_name);
                return false;
        }
        *ret_key = (Key){ nodes->page + at + sizeof(Node), ret_node->n_key };
        return true;
}

static void take_overflow(Walk *walk, uint64_t first, size_t n_value, Key key, const Node *node,
                          ValueFn value)
{
        const PageHead *head = enter(walk, first, PAGE_OVERFLOW);
        uint64_t n_needed = (sizeof(*head) + n_value + walk->page_bytes - 1) / walk->page_bytes;

        if (!head)
                return;
        if (head->n_pages != n_needed || head->n_pages > walk->n_pages - first) {
                walk_found(walk, "page %llu of %s says that %u pages follow, and %llu do",
                           (unsigned long long)first, walk->tree_name, head->n_pages,
                           (unsigned long long)n_needed);
                return;
        }
        for (uint64_t i = 1; i < head->n_pages; i++)
                if (!walk_claim(walk, first + i, IN_USE))
                        return;
        walk->counted.n_overflows += head->n_pages;
        if (value)
                value(walk, key, node, (const uint8_t *)(head + 1), n_value);
}

static void walk_leaf(Walk *walk, const Nodes *nodes, uint16_t tree_flags, Key from, Key to,
                      ValueFn value)
{
        for (size_t i = 0; i < nodes->n && !walk->is_broken; i++) {
                size_t data, n_value;
                uint64_t big;
                Node node;
                Key key;

                if (!node_at(walk, nodes, i, &node, &key, &data))
                        return;
                if (!is_between(tree_flags, key, from, to)) {
                        walk_found(walk, "a key of %s is out of order", walk->tree_name);
                        return;
                }
                from = key;
                n_value = node.low | (size_t)node.high << 16;
                walk->counted.n_entries++;
                if (node.flags & ~(NODE_BIG | NODE_SUB) ||
                    data + (node.flags & NODE_BIG ? sizeof(big) : n_value) > nodes->page_bytes) {
                        walk_found(walk, "a value of %s reaches beyond its page", walk->tree_name);
                        return;
                }
                if (node.flags & NODE_BIG) {
                        memcpy(&big, nodes->page + data, sizeof(big));
                        take_overflow(walk, big, n_value, key, &node, value);
                } else if (value) {
                        value(walk, key, &node, nodes->page + data, n_value);
                }
        }
}

static void walk_page(Walk *walk, uint64_t page, unsigned depth, uint16_t tree_flags, Key from,
                      Key to, ValueFn value);

static void walk_branch(Walk *walk, const Nodes *nodes, unsigned depth, uint16_t tree_flags,
                        Key from, Key to, ValueFn value)
{
        Key key = { 0 }, next;
        size_t data;
        Node node, node_next = { 0 };

        if (!node_at(walk, nodes, 0, &node, &key, &data))
                return;
        key = from; /* the first is not written out */
        for (size_t i = 0; i < nodes->n && !walk->is_broken; i++) {
                bool is_last = i + 1 == nodes->n;

                next = to;
                if (!is_last && !node_at(walk, nodes, i + 1, &node_next, &next, &data))
                        return;
                if (!is_last && !is_between(tree_flags, next, key, to)) {
                        walk_found(walk, "a branch of %s is out of order", walk->tree_name);
                        return;
                }
                walk_page(walk, node.low | (uint64_t)node.high << 16 | (uint64_t)node.flags << 32,
                          depth - 1, tree_flags, key, next, value);
                node = node_next;
                key = next;
        }
}

static void walk_page(Walk *walk, uint64_t page, unsigned depth, uint16_t tree_flags, Key from,
                      Key to, ValueFn value)
{
        const PageHead *head = enter(walk, page, depth > 1 ? PAGE_BRANCH : PAGE_LEAF);
        Nodes nodes;

        if (!head || !nodes_of(walk, head, &nodes))
                return;
        if (depth > 1) {
                walk->counted.n_branches++;
                walk_branch(walk, &nodes, depth, tree_flags, from, to, value);
        } else {
                walk->counted.n_leaves++;
                walk_leaf(walk, &nodes, tree_flags, from, to, value);
        }
}

void walk_tree(Walk *walk, const char *name, const Tree *tree, ValueFn value)
{
        const Tree *counted = &walk->counted;

        walk->tree_name = name;
        walk->counted = (Tree){ 0 };
        walk->is_broken = false;
        if (tree->flags & ~TREE_INTEGER_KEYS || tree->depth > DEPTH_MAX ||
            (tree->root == NO_PAGE) != (tree->depth == 0)) {
                walk_found(walk, "the record of %s makes no sense", name);
                return;
        }
        if (tree->root != NO_PAGE)
                walk_page(walk, tree->root, tree->depth, tree->flags, (Key){ 0 }, (Key){ 0 },
                          value);
        if (!walk->is_broken &&
            (counted->n_branches != tree->n_branches || counted->n_leaves != tree->n_leaves ||
             counted->n_overflows != tree->n_overflows || counted->n_entries != tree->n_entries))
                walk_found(walk, "%s has not as many pages or rows as it says", name);
}
