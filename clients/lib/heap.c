#include "lib/heap.h"

void heap_deinit(Heap *heap)
{
        free(heap->nodes);
        *heap = HEAP_NULL;
}

int heap_reserve(Heap *heap, size_t n_nodes)
{
        size_t n_allocated = MAX(heap->n_allocated, (size_t)64);
        HeapNode **nodes;

        if (n_nodes <= heap->n_allocated)
                return 0;
        if (n_nodes > SIZE_MAX / sizeof(HeapNode *) / 2)
                return err_raise(-ENOMEM);

        while (n_allocated < n_nodes)
                n_allocated *= 2;
        nodes = realloc(heap->nodes, n_allocated * sizeof(HeapNode *));
        if (!nodes)
                return err_raise(-ENOMEM);

        heap->nodes = nodes;
        heap->n_allocated = n_allocated;
        return 0;
}

static void heap_put(Heap *heap, HeapNode *node, size_t place)
{
        heap->nodes[place - 1] = node;
        node->place = place;
}

static void heap_rise(Heap *heap, HeapNode *node, size_t place)
{
        while (place > 1 && heap->nodes[place / 2 - 1]->due > node->due) {
                heap_put(heap, heap->nodes[place / 2 - 1], place);
                place /= 2;
        }
        heap_put(heap, node, place);
}

static void heap_sink(Heap *heap, HeapNode *node, size_t place)
{
        size_t child;

        while ((child = place * 2) <= heap->n_nodes) {
                if (child < heap->n_nodes && heap->nodes[child]->due < heap->nodes[child - 1]->due)
                        child++;
                if (heap->nodes[child - 1]->due >= node->due)
                        break;
                heap_put(heap, heap->nodes[child - 1], place);
                place = child;
        }
        heap_put(heap, node, place);
}

void heap_set(Heap *heap, HeapNode *node, int64_t due)
{
        if (!node->place) {
                assert(heap->n_nodes < heap->n_allocated);
                node->place = ++heap->n_nodes;
        }
        node->due = due;
        heap_rise(heap, node, node->place);
        heap_sink(heap, node, node->place);
}

void heap_remove(Heap *heap, HeapNode *node)
{
        size_t place = node->place;
        HeapNode *last;

        if (!place)
                return;

        node->place = 0;
        last = heap->nodes[--heap->n_nodes];
        if (last == node)
                return;
        heap_rise(heap, last, place);
        heap_sink(heap, last, last->place);
}

HeapNode *heap_first(const Heap *heap)
{
        return heap->n_nodes ? heap->nodes[0] : NULL;
}

int64_t heap_due(const Heap *heap)
{
        return heap->n_nodes ? heap->nodes[0]->due : INT64_MAX;
}
