#pragma once

/*
 * Intrusive doubly linked list: the link sits in the object
 *
 * Linking cannot fail, unlinking needs no search, and an unlinked link may be unlinked again.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct ListLink ListLink;

struct ListLink {
        ListLink *next;
        ListLink *previous;
};

/* The list's own link: a ring that starts and ends at itself. */
#define LIST_INIT(_list) ((ListLink){ .next = &(_list), .previous = &(_list) })

static inline void list_init(ListLink *list)
{
        list->next = list->previous = list;
}

static inline bool list_is_linked(const ListLink *link)
{
        return link->next && link->next != link;
}

static inline bool list_is_empty(const ListLink *list)
{
        return !list_is_linked(list);
}

static inline void list_insert_before(ListLink *where, ListLink *link)
{
        link->next = where;
        link->previous = where->previous;
        where->previous->next = link;
        where->previous = link;
}

static inline void list_append(ListLink *list, ListLink *link)
{
        list_insert_before(list, link);
}

static inline void list_unlink(ListLink *link)
{
        if (link->next) {
                link->next->previous = link->previous;
                link->previous->next = link->next;
        }
        link->next = link->previous = NULL;
}

#define list_entry(_link, _type, _member) ((_type *)((char *)(_link) - offsetof(_type, _member)))

/* @_link may be unlinked in the body. */
#define list_for_each(_link, _list)                                                                \
        for (ListLink *_link = (_list)->next, *_link##_next = _link->next; _link != (_list);       \
             _link = _link##_next, _link##_next = _link->next)

#define list_for_each_reverse(_link, _list)                                                        \
        for (ListLink *_link = (_list)->previous, *_link##_next = _link->previous;                 \
             _link != (_list); _link = _link##_next, _link##_next = _link->previous)
