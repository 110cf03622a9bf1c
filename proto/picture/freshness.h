#pragma once

/*
 * Freshness: how old a record is, by the broker's time
 *
 * Nothing here is stored. How old a record is depends on when it is looked at, so every reader
 * derives it, and the picture of a reader whose broker has died goes stale by itself.
 */

#include "picture/record.h"

typedef enum Freshness {
        FRESHNESS_NEVER, /* never reported */
        FRESHNESS_FRESH,
        FRESHNESS_STALE,  /* past valid_for */
        FRESHNESS_SILENT, /* past three times that */
        FRESHNESS_WITHDRAWN,
} Freshness;

/*
 * Of a report that does not say: a bound for its kind under which most agreed intervals (ED
 * pressure 1 min, hospital counts 5 min, GP posts 15 min) fit a few times, so that a sender that
 * says nothing is not shown as dead after one missed report. Pressure: 10 min. Counts: 1 h; who
 * reports more seldom says so. Door: 24 h. A card, an offering: for ever (0).
 */
uint32_t freshness_default_valid_for_s(UpdateKind report);

/* (sent_at - observed_at) + (now - received_at), of the record or of the affirmation it rests on:
 * then its observation counts as made when the affirm was sent. Never negative. */
int64_t record_age_ms(const Record *record, int64_t now_ms);
/* FRESH, STALE or SILENT. A plan has no freshness: FRESH, its standing says what it is. */
Freshness record_freshness(const Record *record, int64_t now_ms);
/* When it will be next different by time alone; INT64_MAX: never. */
int64_t record_next_change_ms(const Record *record, int64_t now_ms);

/* What a door, or an offering, is now, by itself (which of several leads is not its question). */
typedef enum DoorStanding {
        DOOR_STANDS,    /* as stated */
        DOOR_ANNOUNCED, /* a plan before its start */
        DOOR_EXPIRED,   /* past its end and KEEP: the stop is shown, as expired */
        DOOR_LAPSED,    /* past its end and TO_UNKNOWN: unknown */
        DOOR_REOPENED,  /* past its end and REOPEN: open since then, unconfirmed */
        DOOR_OVER,      /* a plan past its end; an offering past its */
} DoorStanding;

DoorStanding door_standing(const Door *door, int64_t now_ms);
/* The next time at which that changes; INT64_MAX: never. */
int64_t door_next_change_ms(const Door *door, int64_t now_ms);

/* STANDS, ANNOUNCED or OVER. Which of several that stand holds: the one that began last. */
DoorStanding offering_standing(const Offering *offering, int64_t now_ms);
int64_t offering_next_change_ms(const Offering *offering, int64_t now_ms);
