#pragma once

/*
 * Places: what a reader's picture says of each location, put together
 *
 * The map, find and impact all begin here. A place is a location with the card of whoever speaks
 * for it, what it offers, and, for one kind of care, its counts and the words about its doors.
 * Several parties may have said them. Where only one can be shown (a card, a unit's counts) it is,
 * in this order: one that is not distrusted; for counts the fresher; the one stated last; the first
 * by its party's name. In an exercise, and in a test, a place that has no card of that status has
 * its actual one: it stands where it stands, and is called by its own number.
 *
 * Which of one party's offerings of a care holds: of those that have begun and not ended the one
 * that began last, and of those the highest plan.
 *
 * Pure: the time is given, and what clocks show elsewhere is asked of the caller. Everything in it
 * is copied, so that it outlives the picture.
 */

#include "derived/card.h"
#include "derived/door.h"
#include "derived/keep.h"
#include "internal/hash.h"
#include "picture/picture.h"
#include "picture/registry.h"

typedef enum PlaceOpening {
        PLACE_OPENING_UNKNOWN, /* no hours are said, or nobody knows what the clock shows there */
        PLACE_IS_OPEN,
        PLACE_IS_SHUT,
} PlaceOpening;

/* The minute of the week that the clocks of @time_zone show at @at_ms; Monday 00:00 is 0. False:
 * not known. */
typedef bool (*PlaceClockFn)(void *arg, const char *time_zone, int64_t at_ms, int *ret_minute);

/* A record that left, as far as somebody remembers. */
typedef struct PlacesGone {
        const RecordKey *key;
        const char *region; /* home */
        int64_t at_ms;
} PlacesGone;

/* Goes through them in any order, the same each time; a cursor of NULL begins. False: no more. */
typedef struct PlacesMemory {
        bool (*next)(void *arg, const void **cursor, PlacesGone *ret_gone); /* NULL: no memory */
        void *arg;
} PlacesMemory;

typedef struct PlacesScope {
        Status status;
        uint32_t care;      /* 0: all; then only cards and offerings are gathered */
        const char *scheme; /* NULL: home regions */
        const char *region; /* NULL: all */
        int64_t now_ms;
        int64_t at_ms;      /* when offerings and hours are to hold; 0: now */
        PlaceClockFn clock; /* may be NULL */
        void *clock_arg;
        PlacesMemory memory; /* of doors and counts; with a care only */
} PlacesScope;

typedef struct PlaceOffer {
        const char *party;
        Offering offering;
        DoorStanding standing;
        bool holds; /* it is what its party says now */
        PartyTrust trust;
        int64_t since_ms; /* stated */
        uint64_t revision;
        PlaceOpening opening; /* by its own hours, or else those of the card */
        int changes_in_min;   /* by the wall clock; -1: never, or unknown */
} PlaceOffer;

/* One unit's counts, by one party. */
typedef struct PlaceCounts {
        const char *party;
        const char *unit, *label; /* or NULL */
        const char *definition;
        PartyTrust trust;
        Freshness freshness;
        int64_t age_ms, since_ms;
        uint32_t source, flags;
        bool free_known, free_computed;
        int32_t free;
        bool is_doubled; /* another party's counts of the same unit are shown */
} PlaceCounts;

/* Beside each word: what is known of its record. */
typedef struct PlaceDoor {
        PartyTrust trust;
        Freshness freshness;
        int64_t age_ms;
        uint32_t source;
        const char *text, *authorised_by;
} PlaceDoor;

typedef struct Place {
        UT_hash_handle hh;
        const char *location;
        const char *region; /* home */
        const Region *regions;
        size_t n_regions;

        bool has_card;
        const char *party; /* whose card it is, or else whoever speaks for the location */
        const char *party_name;
        PartyTrust trust; /* of the card; of one that is distrusted only name and kind are here */
        CardWord card_word;
        bool card_is_of_status; /* else it is the actual one */
        LocationCard card;
        PlaceOpening opening; /* by the card's hours */
        int changes_in_min;

        PlaceOffer *offers; /* by care, party, plan */
        size_t n_offers;
        PlaceCounts *counts; /* by unit; of one unit the one that is shown first */
        size_t n_counts;
        int64_t counts_gone_ms; /* when some were withdrawn last, or TIME_ABSENT */
        DoorWord *words;        /* those withdrawn too */
        PlaceDoor *doors;       /* of each word that is held */
        size_t n_words;
} Place;

typedef struct Places {
        Keep keep;
        Place *by_location;
        Place **places; /* by location */
        size_t n_places;
} Places;

#define PLACES_NULL ((Places){ 0 })

/*
 * Every location of which something is said within @scope. With a care: every one that says
 * anything of that care (counts, an offering, a door of just that care), or withdrew it. Returns 0
 * or -ENOMEM.
 */
MUST_CHECK int places_make(Places *ret_places, const Picture *picture, const Registry *registry,
                           const PlacesScope *scope);
void places_deinit(Places *places);

/* NULL: nothing is said of it. */
const Place *places_find(const Places *places, const char *location);

/* Whether @care is given, as far as those say who are not distrusted: by anybody now (true), or by
 * nobody though somebody speaks of it (false, *ret_said). */
bool place_offers(const Place *place, uint32_t care, bool *ret_said);
/* Whether a door for just @care is held, and not distrusted; *ret_said: one is held at all. */
bool place_has_door(const Place *place, uint32_t care, bool *ret_said);
/* Looks anew which of its offerings hold: those of @at_ms. Hours stay those of then. */
void place_hold_at(Place *place, int64_t at_ms);
/* Of @care: those of what it offers, else the card's. */
PlaceOpening place_opening(const Place *place, uint32_t care);
/* By its card. */
/* The same, of the card that is believed. */
const Contact *place_contact(const Place *place, uint32_t care);
/* Whether the authority has it in a region; @scheme NULL: its home. */
bool place_is_in(const Place *place, const char *scheme, const char *region);
