#pragma once

/*
 * Map: which care is given where, at what level and when; not whether there is room
 *
 * A place is a location with its card (in an exercise or a test the actual one, where there is none
 * of that status), its regions as the authority says them, and its offerings. Of one party's
 * offerings of a care that one holds which has begun, has not ended, and began last; others are
 * announced, or over.
 *
 * Hours are read off the wall clock of the card's time zone:
 *
 *         Mo-Fr 08:00-17:00; Sa 09:00-12:00
 *         Mo-Fr 17:00-08:00; Sa,Su 00:00-24:00
 *         24/7
 *
 * Days are Mo Tu We Th Fr Sa Su; rules add up; a span that ends before it begins runs into the next
 * day. On the night that clocks go back an hour comes twice and is twice as the hours say; an hour
 * that is skipped is not there. What those clocks show is asked of the program (PlekClockFn), since
 * there is no way to ask the C library that is safe beside other threads.
 */

#include "plek/subscriber.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the clocks of @time_zone ("Europe/Amsterdam", as it stands on a card) show at @at_ms: the
 * minute of the week, where Monday 00:00 is 0. False: not known.
 */
typedef bool (*PlekClockFn)(void *arg, const char *time_zone, int64_t at_ms, int *ret_minute);

typedef enum PlekOpening {
        PLEK_OPENING_UNKNOWN, /* no hours are said, or what the clock shows is not known */
        PLEK_OPENING_OPEN,
        PLEK_OPENING_SHUT,
} PlekOpening;

typedef struct PlekOffer {
        const char *party;
        PlekOffering offering;
        PlekStanding standing; /* ANNOUNCED, STANDS or OVER */
        bool holds;            /* it is what its party says now */
        PlekEnrolled enrolled;
        int64_t since_ms; /* when it was stated */
        uint64_t revision;
        PlekOpening opening; /* by its own hours, or else those of the card */
        int changes_in_min;  /* by the wall clock; -1: never, or unknown */
} PlekOffer;

typedef struct PlekPlace {
        const char *location;
        const char *region; /* home */
        const PlekRegion *regions;
        size_t n_regions;
        const char *party;      /* whose card it is, or else who speaks for the location */
        const char *party_name; /* or NULL */
        bool has_card;
        PlekLocationCard card; /* zeroed without one */
        PlekEnrolled enrolled; /* the card's party */
        PlekOpening opening;   /* by the card's hours */
        int changes_in_min;
        const PlekOffer *offers; /* by care, party, plan */
        size_t n_offers;
} PlekPlace;

typedef struct PlekMap {
        const PlekPlace *places; /* by location */
        size_t n_places;
        int64_t now_ms; /* the broker's time for which it holds */
} PlekMap;

/* All zero: everything that is ACTUAL. */
typedef struct PlekMapOptions {
        PlekStatus status;
        uint32_t care;      /* only what says something of this care; 0: all */
        const char *scheme; /* of @region; NULL: its home region */
        const char *region; /* NULL: all */
        PlekClockFn clock;  /* for opening hours; NULL: those are unknown */
        void *clock_arg;
} PlekMapOptions;

/*
 * The care map as we may read it now. Without a care it also has those of whom nothing is known but
 * that they are enrolled. The caller's to free; it does not depend on the subscriber any more.
 * @options may be NULL. Returns 0 or -ENOMEM.
 */
PLEK_PUBLIC int plek_subscriber_map(const PlekSubscriber *subscriber, const PlekMapOptions *options,
                                    PlekMap **ret_map);
/* Returns NULL. */
PLEK_PUBLIC PlekMap *plek_map_free(PlekMap *map);

/*
 * Whether @hours are open at @minute of the week, of the wall clock there; any thread. Returns 0,
 * or PLEK_E_INVALID (*ret_fault, which may be NULL, says where they cannot be read).
 */
PLEK_PUBLIC int plek_hours_at(const char *hours, int minute, bool *ret_open,
                              int *ret_changes_in_min, PlekFault *ret_fault);

#ifdef __cplusplus
}
#endif
