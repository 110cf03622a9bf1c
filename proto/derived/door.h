#pragma once

/*
 * Door: which of all that is said about a location's doors holds, for whom, since when
 *
 * A *word* is one door record, of any party, scope and plan. The question is about a scope within
 * one location and status: what is the door for this unit, this care, this patient? Those words
 * apply whose own scope has the question's inside it, and then:
 *
 *     A word is overruled by a narrower one that was stated later. Of those that are not overruled
 *     the strictest leads.
 *
 * So a narrower one overrules a wider, stricter one only if it was stated later; a stricter wider
 * one stated later leads; of two scopes neither inside the other, and of several parties on one
 * scope, the stricter leads. From lenient to strict: OPEN, RESTRICTED, unknown, STOP, CLOSED,
 * NOT_APPLICABLE. How old a word is does not matter: a stale stop still leads.
 *
 * Stated means by somebody. An affirm is not a statement, and what a word became at its end nobody
 * stated: it overrules nothing any more. Past its end a stop is an expired stop, or unknown, or
 * open unconfirmed, as its sender wished; an open door past its end is unknown. A plan counts from
 * its start to its end. It is overruled by what is stated after its start: who announces on Monday
 * that the house closes on Friday is not overruled by what a ward says on Wednesday. It overrules
 * what was stated before the announcement: the ward of which was announced on Monday that it opens
 * on Friday stays shut if the house closes on Wednesday.
 *
 * Pure: the time is given. Everything is borrowed. Costs what the words of one location cost.
 */

#include "picture/freshness.h"

/* What a reader has without a valid statement; never sent. */
#define DOOR_UNKNOWN 0

typedef struct DoorScope {
        const char *unit;                      /* NULL: the location as a whole */
        uint32_t care, patient_group, urgency; /* or CODE_ABSENT: not narrowed */
} DoorScope;

#define DOOR_SCOPE_ALL                                                                             \
        ((DoorScope){ .care = CODE_ABSENT, .patient_group = CODE_ABSENT, .urgency = CODE_ABSENT })

/* A record of a door. Of one that was withdrawn only its scope, plan and party are known. */
typedef struct DoorWord {
        const Door *door; /* texts in it are not looked at */
        const char *unit;
        const char *party;
        int64_t since_ms;     /* when it was stated */
        int64_t withdrawn_ms; /* TIME_ABSENT: it is held */
        bool is_narrowed;     /* withdrawn from this reader only */
        bool is_distrusted;   /* its party's key was in other hands: shown, but does not count */
} DoorWord;

typedef struct DoorQuestion {
        DoorScope scope;
        uint32_t exception; /* PlekException of the patient: who is excepted finds it open; 0: none
                             */
} DoorQuestion;

/* Why a door is unknown. */
typedef enum DoorWhy {
        DOOR_WHY_KNOWN, /* it is not */
        DOOR_WHY_NEVER, /* nothing was reported */
        DOOR_WHY_EXPIRED,
        DOOR_WHY_WITHDRAWN,
        DOOR_WHY_DISTRUSTED, /* all that is said of it is distrusted */
        DOOR_WHY_AUDIENCE,   /* what was said of it is not shared with this reader any more */
} DoorWhy;

typedef struct DoorLead {
        uint32_t state; /* PlekDoorState or DOOR_UNKNOWN */
        DoorWhy why;
        DoorStanding standing; /* of the word that leads */
        const DoorWord *word;  /* that leads; NULL: none does */
        int64_t since_ms;      /* TIME_ABSENT: of what was never reported */
        int64_t ends_at_ms;    /* expected and still to come, or TIME_ABSENT */
        /* Who can be brought all the same: excepted by everything that would keep them out. */
        uint32_t exceptions[EXCEPTIONS_MAX];
        size_t n_exceptions;
        const DoorWord *plan; /* the next one announced that has not started; NULL: none */
} DoorLead;

enum { DOOR_NARROWER_MAX = 8 };

/* What leads for some of the patients that a question is about, where it is stricter. */
typedef struct DoorNarrower {
        uint32_t patient_group, urgency; /* or CODE_ABSENT */
        uint32_t state;                  /* PlekDoorState or DOOR_UNKNOWN */
        DoorStanding standing;
} DoorNarrower;

/* What a word is to a question. */
typedef enum DoorPart {
        DOOR_ELSEWHERE, /* about another scope, or a narrower one */
        DOOR_LEADS,
        DOOR_HOLDS,     /* as well, but something stricter leads */
        DOOR_OVERRULED, /* by a narrower one stated later */
        DOOR_AHEAD,     /* a plan that has not started */
        DOOR_PAST,      /* a plan that has ended, or withdrawn */
        DOOR_DISCARDED, /* distrusted */
} DoorPart;

bool door_scope_is_equal(const DoorScope *a, const DoorScope *b);
/* Whether @inner is @outer or a part of it. */
bool door_scope_contains(const DoorScope *outer, const DoorScope *inner);
DoorScope door_word_scope(const DoorWord *word);

/* OPEN is least. */
int door_strictness(uint32_t state);
/* Whether patients are asked not to be brought: STOP, CLOSED, NOT_APPLICABLE. */
bool door_is_stopped(uint32_t state);

/* @words are those of one location and status, in any order; the answer does not depend on it. */
void door_lead(const DoorWord *words, size_t n_words, const DoorQuestion *question, int64_t now_ms,
               DoorLead *ret_lead);

/*
 * Who fares worse than @lead, the answer to @question, says: the groups and urgencies that words
 * name, each with what leads for it. An ED that is open, but not for ambulances, is not open to who
 * drives one. The strictest come first, and of more than DOOR_NARROWER_MAX they are the ones.
 */
size_t door_narrower(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                     int64_t now_ms, const DoorLead *lead,
                     DoorNarrower ret_narrower[DOOR_NARROWER_MAX]);

/* What words[@i] is to the question whose answer @lead is. */
DoorPart door_part(const DoorWord *words, size_t n_words, size_t i, const DoorQuestion *question,
                   int64_t now_ms, const DoorLead *lead);

/*
 * When the answer will next be another by time alone, and what it is then; INT64_MAX: never. Of a
 * location with absurdly many plans that change nothing it may be a time at which the answer is the
 * same still.
 */
int64_t door_next_lead(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                       int64_t now_ms, DoorLead *ret_next);
