#pragma once

/*
 * Heap: what is due next
 *
 * The node sits in the object; its owner finds itself by heap_entry(). An object is in at most one
 * place of one heap.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

typedef struct HeapNode {
        int64_t due;
        size_t place; /* from 1; 0: not in a heap */
} HeapNode;

typedef struct Heap {
        HeapNode **nodes;
        size_t n_nodes;
        size_t n_allocated;
} Heap;

#define HEAP_NULL                         ((Heap){ 0 })
#define heap_entry(_node, _type, _member) ((_type *)((char *)(_node)-offsetof(_type, _member)))

void heap_deinit(Heap *heap); /* forgets its nodes; they are others' */
/* Makes room for @n_nodes in all, so that setting cannot fail. Returns 0 or -ENOMEM. */
MUST_CHECK int heap_reserve(Heap *heap, size_t n_nodes);

/* Puts it in, or where it belongs now. There must be room. */
void heap_set(Heap *heap, HeapNode *node, int64_t due);
void heap_remove(Heap *heap, HeapNode *node); /* also of what is not in it */
/* What is due first; NULL: nothing. */
HeapNode *heap_first(const Heap *heap);
/* INT64_MAX: nothing. */
int64_t heap_due(const Heap *heap);
