#pragma once

/*
 * Reports: what a party says about one thing, as it is put into a publisher and got from a
 * subscriber
 *
 * A report is one record: counts of one care in one unit, one door, one crowding score, the card of
 * a location, or one kind of care that it offers. It replaces the record with the same key whole:
 * what it leaves out is not reported any more. A flow or a refusal says what happened: it does not
 * age, is not affirmed, and leaves by itself after some 68 days; the past keeps it. All of it may
 * be zeroed first; zero or NULL is "not said" everywhere, except where a field says otherwise.
 * Pointers are the caller's; libplek copies what it keeps.
 */

#include "plek/codes.h"
#include "plek/context.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
        PLEK_EXCEPTIONS_MAX = 16,
        PLEK_CONTACTS_MAX = 16,
        PLEK_IDENTIFIERS_MAX = 8,
        PLEK_PRESSURE_INPUTS_MAX = 16,
};

/* A scope that is not narrowed to one care, patient group or urgency. */
#define PLEK_ANY UINT32_MAX

/* A time that is not said. */
#define PLEK_NO_TIME INT64_MIN

/* Indexed by PlekCountField; each 0 to 100,000. Absent is not zero. */
typedef struct PlekCounts {
        uint32_t care; /* PlekCare; required */
        bool present[PLEK_N_COUNT_FIELDS];
        int32_t value[PLEK_N_COUNT_FIELDS];
        uint8_t missing[PLEK_N_COUNT_FIELDS]; /* PlekMissing: why it is absent; 0: not said */
} PlekCounts;

/* Set it with PLEK_DOOR_INIT first: a zero is a value in some of these. */
typedef struct PlekDoor {
        uint32_t state;                           /* PlekDoorState; required */
        uint32_t care, patient_group, urgency;    /* scope; PLEK_ANY: not narrowed */
        uint32_t plan;                            /* 0: now; others are announced ahead */
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX]; /* PlekException */
        size_t n_exceptions;
        uint32_t reason;                  /* PlekReason */
        const char *text;                 /* at most 280 bytes; no patient data */
        const char *authorised_by;        /* a function, not a name; at most 64 bytes */
        int64_t starts_at_ms;             /* plans only; or PLEK_NO_TIME */
        int64_t ends_at_ms, review_at_ms; /* or PLEK_NO_TIME */
        uint32_t on_expiry;               /* PlekOnExpiry; 0: KEEP */
} PlekDoor;

#define PLEK_DOOR_INIT                                                                             \
        {                                                                                          \
                .care = PLEK_ANY, .patient_group = PLEK_ANY, .urgency = PLEK_ANY,                  \
                .starts_at_ms = PLEK_NO_TIME, .ends_at_ms = PLEK_NO_TIME,                          \
                .review_at_ms = PLEK_NO_TIME                                                       \
        }

typedef struct PlekPressureInput {
        const char *name; /* [a-z0-9_-]{1,32} */
        double value;
} PlekPressureInput;

/* A crowding score. */
typedef struct PlekPressure {
        const char *method; /* nedocs, mnedocs, ...: [a-z0-9-]{1,32}; required */
        bool has_score;
        double score;
        PlekPressureInput inputs[PLEK_PRESSURE_INPUTS_MAX];
        size_t n_inputs;
} PlekPressure;

typedef struct PlekContact {
        const char *function; /* "dienstdoende SEH-arts"; at most 64 bytes */
        const char *phone;    /* at most 32 bytes */
        uint32_t care;        /* PlekCare: whom to call about this; 0: about all */
} PlekContact;

typedef struct PlekIdentifier {
        const char *scheme; /* agb, ura, oin, local or another: [a-z0-9-]{1,32} */
        const char *id;     /* [A-Za-z0-9._-]{1,64}; agb and ura 8 digits, oin 20 */
} PlekIdentifier;

/* What must be known to reach a location. Its regions are the authority's to say: PlekLocation. */
typedef struct PlekLocationCard {
        const char *name; /* at most 128 bytes; required */
        const char *kind; /* Nictiz RoleCodeNL: V6, N6, R5, ...; required */
        bool has_position;
        int32_t latitude_e7, longitude_e7; /* WGS 84, degrees times 10^7 */
        PlekContact contacts[PLEK_CONTACTS_MAX];
        size_t n_contacts;
        const char *hours;     /* "Mo-Fr 08:00-17:00; Sa 09:00-12:00": plek/map.h; needs a zone */
        const char *time_zone; /* "Europe/Amsterdam" */
        PlekIdentifier identifiers[PLEK_IDENTIFIERS_MAX];
        size_t n_identifiers;
} PlekLocationCard;

/*
 * Whether a location gives a kind of care, at what level and when: the care map. Not whether there
 * is room. Set it with PLEK_OFFERING_INIT first. What changes is announced ahead, as a plan; of
 * several that hold at one time the one that began last does.
 */
typedef struct PlekOffering {
        uint32_t care;                         /* PlekCare; required */
        uint32_t plan;                         /* 0: what holds now; others are announced ahead */
        bool not_offered;                      /* it is said that this care is not given */
        const char *level;                     /* a trauma centre's 1 to 3: [A-Za-z0-9._-]{1,32} */
        const char *hours;                     /* in the time zone of the location's card */
        int64_t holds_from_ms, holds_until_ms; /* or PLEK_NO_TIME; plans: from is required */
} PlekOffering;

#define PLEK_OFFERING_INIT                                                                         \
        {                                                                                          \
                .holds_from_ms = PLEK_NO_TIME, .holds_until_ms = PLEK_NO_TIME                      \
        }

/*
 * How many went from one link of the chain to the next in a period; never who. The location of the
 * report is where they arrived; where @to is HOME or ELSEWHERE, what they left. A count of 1 to 4
 * is for audience COORD only; and what was said to others is said once: it may be kept from them
 * later (the same with audience COORD), and neither changed nor withdrawn. Periods of one flow that
 * others may read do not overlap. Older than 35 days it is not taken any more.
 */
typedef struct PlekFlow {
        uint32_t from, to;         /* PlekChain; required */
        const char *other;         /* the location that they came from; NULL: not said */
        uint32_t care;             /* PlekCare; required */
        bool has_count;            /* or it is withheld */
        int32_t count;             /* 0 to 100,000 */
        int64_t from_ms, until_ms; /* whole minutes, at most 31 days, in the past; required */
} PlekFlow;

enum { PLEK_EVENT_ID_BYTES = 16 };

/*
 * A request that a unit could not take; never whose. Its audience is always COORD (0 is that here),
 * and it has neither label nor text.
 */
typedef struct PlekCareRefusal {
        /* What is known already is not counted again, and stands for nothing else: another report
         * with its id is refused. All zero in a publisher: one is drawn. */
        uint8_t id[PLEK_EVENT_ID_BYTES];
        uint32_t care;   /* PlekCare; required */
        uint32_t reason; /* PlekReason; 0: not said */
        uint32_t from;   /* PlekChain: where it was asked from; 0: not said */
        int64_t at_ms;   /* 0 in a publisher: now */
        int32_t count;   /* 0: 1 */
} PlekCareRefusal;

typedef struct PlekReport {
        PlekStatus status;      /* required */
        PlekAudience audience;  /* 0: CARE */
        const char *location;   /* [A-Za-z0-9._-]{1,64}; required */
        const char *unit;       /* stable id, the same characters; NULL: the location as a whole */
        const char *label;      /* what people call the unit, at most 128 bytes */
        uint32_t source;        /* PlekSource */
        const char *definition; /* which definition of "bed": [A-Za-z0-9._-]{1,32} */
        /*
         * When it was true. In a publisher by this host's clock: libplek converts it to the
         * broker's time, so that a clock that is wrong spoils no age. 0: when it is put. From a
         * subscriber: in the broker's time.
         */
        int64_t observed_at_ms;
        uint32_t valid_for_s; /* how long it holds, 1 s to 7 days; 0: as agreed for its kind */

        PlekReportKind kind; /* required */
        union {
                PlekCounts counts;
                PlekDoor door;
                PlekPressure pressure;
                PlekLocationCard card;
                PlekOffering offering;
                PlekFlow flow;
                PlekCareRefusal refusal;
        };
} PlekReport;

/* What makes two reports one record. Set it with PLEK_RECORD_KEY_INIT first. */
typedef struct PlekRecordKey {
        PlekStatus status;
        const char *party; /* NULL in a publisher: our own */
        const char *location;
        PlekReportKind kind;
        const char *unit;                /* or NULL */
        uint32_t care;                   /* doors: or PLEK_ANY; required where there is one */
        uint32_t patient_group, urgency; /* doors, or PLEK_ANY */
        uint32_t plan;                   /* doors, offerings */
        const char *method;              /* pressure */
        uint32_t link_from, link_to;     /* flows: PlekChain */
        const char *other;               /* flows, or NULL */
        int64_t from_ms, until_ms;       /* flows */
        uint8_t id[PLEK_EVENT_ID_BYTES]; /* refusals */
} PlekRecordKey;

#define PLEK_RECORD_KEY_INIT                                                                       \
        {                                                                                          \
                .care = PLEK_ANY, .patient_group = PLEK_ANY, .urgency = PLEK_ANY                   \
        }

/* Which record @report is; strings are borrowed from it. The party is left NULL. Any thread. */
PLEK_PUBLIC void plek_report_key(const PlekReport *report, PlekRecordKey *ret_key);

/* Places that are free: as given, or staffed - occupied - reserved - blocked, which *ret_computed
 * says. False: it cannot be known. Any thread. */
PLEK_PUBLIC bool plek_counts_available(const PlekCounts *counts, int32_t *ret_available,
                                       bool *ret_computed);

/* ------------------------------------------------------------------ names of codes */

typedef enum PlekCodeList {
        PLEK_CODES_STATUS,
        PLEK_CODES_AUDIENCE,
        PLEK_CODES_SOURCE,
        PLEK_CODES_DOOR_STATE,
        PLEK_CODES_EXCEPTION,
        PLEK_CODES_REASON,
        PLEK_CODES_ON_EXPIRY,
        PLEK_CODES_MISSING,
        PLEK_CODES_PATIENT_GROUP,
        PLEK_CODES_CARE,
        PLEK_CODES_ROLE,
        PLEK_CODES_REFUSAL,
        PLEK_CODES_WITHDRAWN,
        PLEK_CODES_COUNT_FIELD,
        PLEK_CODES_REPORT,
        PLEK_CODES_CHAIN,
} PlekCodeList;

typedef enum PlekLanguage {
        PLEK_ENGLISH,
        PLEK_DUTCH,
} PlekLanguage;

/* The name on the wire ("ICU_ADULT"), or NULL where a list has no such code. Static. Any thread. */
PLEK_PUBLIC const char *plek_code_name(PlekCodeList list, uint32_t code);

/* What people see, in a language; the wire's name where there is no word for it. NULL: no such
 * code. Static. Any thread. */
PLEK_PUBLIC const char *plek_code_label(PlekCodeList list, uint32_t code, PlekLanguage language);

/* Back from a name, in any case; "-" and "_" are one. In a list that may grow, a number is itself.
 * Returns 0 or PLEK_E_NOT_FOUND. Any thread. */
PLEK_PUBLIC int plek_code_parse(uint32_t *ret_code, PlekCodeList list, const char *name);

/* The @n-th code of a list, or 0 past its end. Any thread. */
PLEK_PUBLIC uint32_t plek_code_nth(PlekCodeList list, size_t n);

#ifdef __cplusplus
}
#endif
