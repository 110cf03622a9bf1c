#pragma once

/*
 * DoorBook: the doors and cards of a replica, by location, and which doors lead
 *
 * A replica is a heap of records by their keys; who asks about doors asks by place. The book is
 * told of each record that comes, changes or goes, keeps what doors say in its decoded form, and
 * knows of every scope that a door is held of what led there when it was settled last. Time changes
 * what leads only when it changes what one of the doors is, of which the book is told too.
 */

#include "derived/door.h"
#include "derived/neighbours.h"
#include "internal/hash.h"
#include "internal/list.h"
#include "lib/replica.h"

typedef struct DoorPlace DoorPlace;

/* What was last found to lead for a scope, as far as it is told. */
typedef struct DoorSeen {
        DoorScope scope; /* its unit is its owner's */
        uint32_t state;
        DoorWhy why;
        DoorStanding standing;
        int64_t since_ms, ends_at_ms;
        uint32_t exceptions[EXCEPTIONS_MAX];
        size_t n_exceptions;
        DoorNarrower narrower[DOOR_NARROWER_MAX];
        size_t n_narrower;
        uint32_t plan_state; /* DOOR_UNKNOWN: none is ahead */
        int64_t plan_starts_at_ms, plan_ends_at_ms;
        const Record *record; /* that leads; NULL: none does. Of a settled book only */
} DoorSeen;

typedef struct DoorScopeSeen {
        ListLink in_place;
        DoorSeen seen;
        bool is_untold; /* it differs from what was told */
        bool is_held;   /* there is a door of exactly this scope */
        char unit[UNIT_MAX + 1];
} DoorScopeSeen;

/* One door or card. */
typedef struct DoorEntry {
        UT_hash_handle hh;
        DoorPlace *place;
        const Record *record; /* NULL: withdrawn */
        UpdateKind kind;
        size_t at;         /* of a door: among the place's words */
        Door door;         /* without its texts */
        ListLink in_place; /* of a card */
        bool has_position;
        double latitude, longitude;
        char location_kind[LOCATION_KIND_MAX + 1];
        RecordKey key;
} DoorEntry;

/* A location, of one status. */
struct DoorPlace {
        UT_hash_handle hh;
        ListLink in_changed;
        Status status;
        DoorWord *words;
        DoorEntry **entries; /* of the words */
        size_t n_words, n_allocated, n_withdrawn;
        ListLink scopes; /* DoorScopeSeen.in_place */
        ListLink cards;  /* DoorEntry.in_place */
        bool is_settled;
        char location[LOCATION_MAX + 1];
        uint16_t n_key;
        char key[LOCATION_MAX + 2]; /* the status, then the location */
};

typedef struct DoorBook {
        DoorPlace *places;  /* by key */
        DoorEntry *entries; /* by key */
        ListLink changed;   /* places to be settled, or told of */
        Arena *arena;
        uint64_t n_changes; /* to any door, card or offering */
        bool is_short;      /* of memory: something is missing */
} DoorBook;

/* Returns 0 or -ENOMEM. */
MUST_CHECK int door_book_init(DoorBook *book);
void door_book_deinit(DoorBook *book); /* safe on one that is all zero */

/* As ReplicaEvents tells; @registry is the replica's of that moment. What fails for want of memory
 * sets is_short. */
void door_book_record(DoorBook *book, const Registry *registry, const Record *record,
                      PlekChange change);
void door_book_withdrawn(DoorBook *book, const Withdrawn *withdrawn);

/* Brings what leads up to date, wherever something changed. */
void door_book_settle(DoorBook *book, int64_t now_ms);

DoorPlace *door_book_find(const DoorBook *book, Status status, const char *location);
/* NULL gives the first, and comes after the last. */
DoorPlace *door_book_next(const DoorBook *book, const DoorPlace *place);

/* The next scope whose leading door differs from what was told; it counts as told then. False: none
 * is left. Settled books only. */
bool door_book_next_untold(DoorBook *book, DoorPlace **ret_place, DoorSeen *ret_seen);

/* The card of a location that leads: of the same status, or the actual one. NULL: none, or none
 * that is to be trusted. */
const DoorEntry *door_book_card(const DoorBook *book, const Registry *registry,
                                const DoorPlace *place);
/* What leads at @place for @care (or CODE_ABSENT: the location as a whole); where that is only said
 * of its units, the most lenient of these. NULL: it has no such door. */
const DoorSeen *door_place_for_care(const DoorPlace *place, uint32_t care);
/* The same for the patients of @asked, of which the unit is not looked at. False: it has no such
 * door. */
bool door_place_look(const DoorPlace *place, const DoorScope *asked, int64_t now_ms,
                     DoorSeen *ret_seen);
/* What leads at @place for just @scope. */
void door_place_see(const DoorPlace *place, const DoorScope *scope, int64_t now_ms,
                    DoorSeen *ret_seen);
