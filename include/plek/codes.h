#pragma once

/*
 * Code lists of the wire, as plek.proto has them
 *
 * Lists grow: a code without a name here is kept and shown by its number. Sources of the terms are
 * in PROTOCOL.md.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* Required in every report, so that an exercise is never mistaken for the real thing. */
typedef enum PlekStatus {
        PLEK_STATUS_ACTUAL = 1,
        PLEK_STATUS_EXERCISE = 2, /* on the same topics, marked, never in totals */
        PLEK_STATUS_TEST = 3,     /* on topics of its own */
} PlekStatus;

/* Who may read. A reader of one level also reads what stands above it here. */
typedef enum PlekAudience {
        PLEK_AUDIENCE_OPEN = 1,  /* the public subset */
        PLEK_AUDIENCE_CARE = 2,  /* any enrolled care party; the default */
        PLEK_AUDIENCE_COORD = 3, /* coordination centres only */
} PlekAudience;

typedef enum PlekRole {
        PLEK_ROLE_AGENT = 1,      /* may publish */
        PLEK_ROLE_SUBSCRIBER = 2, /* may read */
        PLEK_ROLE_COORDINATOR = 3,
        PLEK_ROLE_OPERATOR = 4, /* may suspend and ask for the broker's status */
        PLEK_ROLE_RELAY = 5,
} PlekRole;

#define PLEK_ROLE_BIT(role) (1u << (role))

/* What a report is about; the numbers are those of the fields of an Update. */
typedef enum PlekReportKind {
        PLEK_REPORT_COUNTS = 20,
        PLEK_REPORT_DOOR = 21,
        PLEK_REPORT_PRESSURE = 22,
        PLEK_REPORT_CARD = 23,
        PLEK_REPORT_OFFERING = 26,
        PLEK_REPORT_FLOW = 28,
        PLEK_REPORT_REFUSAL = 29,
} PlekReportKind;

/* The numbers of counts; those of the fields of a Counts. */
typedef enum PlekCountField {
        PLEK_COUNT_PHYSICAL = 2,
        PLEK_COUNT_STAFFED,
        PLEK_COUNT_OCCUPIED,
        PLEK_COUNT_RESERVED,
        PLEK_COUNT_BLOCKED,
        PLEK_COUNT_AVAILABLE,
        PLEK_COUNT_EXPECTED_IN,
        PLEK_COUNT_EXPECTED_OUT,
        PLEK_COUNT_SURGE_24H,
        PLEK_COUNT_SURGE_72H,
        PLEK_COUNT_SURGE_7D,
        PLEK_COUNT_TRIAGE_RED, /* free for patients of this triage colour */
        PLEK_COUNT_TRIAGE_YELLOW,
        PLEK_COUNT_TRIAGE_GREEN,
        PLEK_COUNT_TRIAGE_BLACK,
        PLEK_N_COUNT_FIELDS, /* one past the last */
} PlekCountField;

/* Why a record left. */
typedef enum PlekWithdrawn {
        PLEK_WITHDRAWN_BY_PARTY = 1,
        PLEK_WITHDRAWN_AUDIENCE = 2,  /* no longer for this reader */
        PLEK_WITHDRAWN_REGION = 3,    /* its location has moved to another region */
        PLEK_WITHDRAWN_ENROLMENT = 4, /* its party no longer speaks for the location */
        PLEK_WITHDRAWN_ENDED = 5,     /* an acknowledgement: what it named is not said any more */
} PlekWithdrawn;

typedef enum PlekDoorState {
        PLEK_DOOR_OPEN = 1,
        PLEK_DOOR_RESTRICTED = 2,
        PLEK_DOOR_STOP = 3,
        PLEK_DOOR_CLOSED = 4,
        PLEK_DOOR_NOT_APPLICABLE = 5,
} PlekDoorState;

typedef enum PlekException {
        PLEK_EXCEPTION_LIFE_THREATENING = 1,
        PLEK_EXCEPTION_MULTITRAUMA = 2,
        PLEK_EXCEPTION_STEMI = 3,
        PLEK_EXCEPTION_STROKE = 4,
        PLEK_EXCEPTION_OBSTETRIC_EMERGENCY = 5,
        PLEK_EXCEPTION_CHILD = 6,
        PLEK_EXCEPTION_OWN_PATIENT = 7,
} PlekException;

typedef enum PlekReason {
        PLEK_REASON_STAFF = 1,
        PLEK_REASON_BEDS_FULL = 2,
        PLEK_REASON_ED_CROWDING = 3,
        PLEK_REASON_EQUIPMENT = 4,
        PLEK_REASON_MATERIAL = 5,
        PLEK_REASON_SPACE = 6,
        PLEK_REASON_INFECTION = 7,
        PLEK_REASON_IT_OUTAGE = 8,
        PLEK_REASON_FACILITY_DAMAGE = 9,
        PLEK_REASON_PLANNED_CLOSURE = 10,
        PLEK_REASON_SPECIALIST_UNAVAILABLE = 11,
        PLEK_REASON_MASS_CASUALTY = 12,
        PLEK_REASON_OTHER = 13,
} PlekReason;

typedef enum PlekOnExpiry {
        PLEK_ON_EXPIRY_KEEP = 1, /* shown as an expired stop; the default */
        PLEK_ON_EXPIRY_TO_UNKNOWN = 2,
        PLEK_ON_EXPIRY_REOPEN = 3, /* shown as open since expiry, unconfirmed */
} PlekOnExpiry;

/* Why a number is absent. */
typedef enum PlekMissing {
        PLEK_MISSING_NOT_ASKED = 1,
        PLEK_MISSING_SUPPRESSED = 2, /* a small number withheld */
        PLEK_MISSING_UNKNOWN = 3,
} PlekMissing;

/* Whom a door is about, where it is not about everybody. A list of ours. */
typedef enum PlekPatientGroup {
        PLEK_GROUP_WALK_IN = 1,
        PLEK_GROUP_REFERRED = 2,
        PLEK_GROUP_AMBULANCE = 3,
        PLEK_GROUP_ADULT = 4,
        PLEK_GROUP_CHILD = 5,
} PlekPatientGroup;

/* Links of the chain that patients go along. A list of ours. */
typedef enum PlekChain {
        PLEK_CHAIN_HOME = 1,
        PLEK_CHAIN_GP = 2, /* a practice in the daytime */
        PLEK_CHAIN_GP_POST = 3,
        PLEK_CHAIN_AMBULANCE = 4,
        PLEK_CHAIN_AIR_AMBULANCE = 5,
        PLEK_CHAIN_ED = 6,
        PLEK_CHAIN_WARD = 7, /* admitted in a hospital, whatever the ward */
        PLEK_CHAIN_OUTPATIENT = 8,
        PLEK_CHAIN_MENTAL_HEALTH = 9,
        PLEK_CHAIN_PSYCHIATRIC_CRISIS = 10,
        PLEK_CHAIN_NURSING_HOME = 11,
        PLEK_CHAIN_SHORT_STAY = 12,
        PLEK_CHAIN_REHABILITATION = 13,
        PLEK_CHAIN_HOME_CARE = 14,
        PLEK_CHAIN_HOSPICE = 15,
        PLEK_CHAIN_BIRTH_CARE = 16,
        PLEK_CHAIN_ELSEWHERE = 17, /* abroad, the police, or not known */
} PlekChain;

/* Kinds of care. Mapped to EDXL-HAVE 1.0, HL7 v3 RoleCode, CDC HSLOC and SAFR in PROTOCOL.md. */
typedef enum PlekCare {
        PLEK_CARE_ICU_ADULT = 1,
        PLEK_CARE_MEDIUM_CARE = 2,
        PLEK_CARE_ECMO = 3,
        PLEK_CARE_CCU = 4,
        PLEK_CARE_STROKE_UNIT = 5,
        PLEK_CARE_PICU = 6,
        PLEK_CARE_NICU = 7,
        PLEK_CARE_ED = 8,
        PLEK_CARE_ED_CHILD = 9,
        PLEK_CARE_WARD = 10,
        PLEK_CARE_OBSERVATION = 11,
        PLEK_CARE_WARD_CHILD = 12,
        PLEK_CARE_OBSTETRICS = 13,
        PLEK_CARE_NURSERY = 14,
        PLEK_CARE_BURN = 15,
        PLEK_CARE_PSYCHIATRY_ADULT = 16,
        PLEK_CARE_PSYCHIATRY_CHILD = 17,
        PLEK_CARE_PSYCHIATRY_SECURED = 18,
        PLEK_CARE_ISOLATION_NEGATIVE = 19,
        PLEK_CARE_ISOLATION_OTHER = 20,
        PLEK_CARE_OPERATING_ROOM = 21,
        PLEK_CARE_REHABILITATION = 22,
        PLEK_CARE_SHORT_STAY = 23,
        PLEK_CARE_NURSING_HOME = 24,
        PLEK_CARE_HOME_CARE = 25,
        PLEK_CARE_GP_POST = 26,
        PLEK_CARE_PSYCHIATRIC_CRISIS = 27,
        PLEK_CARE_AMBULANCE = 28,
        PLEK_CARE_AIR_AMBULANCE = 29,
        PLEK_CARE_DIAGNOSTICS_CT = 30,
        PLEK_CARE_DIAGNOSTICS_MRI = 31,
        PLEK_CARE_DIAGNOSTICS_LAB = 32,
        PLEK_CARE_CATH_LAB = 33,
        PLEK_CARE_VENTILATOR = 34,
} PlekCare;

typedef enum PlekSource {
        PLEK_SOURCE_AUTOMATIC = 1, /* from a record system */
        PLEK_SOURCE_DERIVED = 2,   /* counted from ADT events */
        PLEK_SOURCE_MANUAL = 3,
        PLEK_SOURCE_RELAYED = 4,
} PlekSource;

/* Why an update or a request was refused. PROTOCOL.md says what an agent does about each. */
typedef enum PlekRefusal {
        PLEK_REFUSED_MALFORMED = 1,    /* cannot be decoded, or over a bound */
        PLEK_REFUSED_FIELD = 2,        /* one field has a value that is not allowed */
        PLEK_REFUSED_NETWORK = 3,      /* signed for another network */
        PLEK_REFUSED_NOT_ENROLLED = 4, /* the key is not enrolled here */
        PLEK_REFUSED_EXPIRED = 5,      /* the enrolment is not valid at this time */
        PLEK_REFUSED_REVOKED = 6,
        PLEK_REFUSED_SUSPENDED = 7,
        PLEK_REFUSED_ROLE = 8,       /* the party's roles do not allow it */
        PLEK_REFUSED_LOCATION = 9,   /* the party does not speak for this location */
        PLEK_REFUSED_PARTY = 10,     /* the key is another party's */
        PLEK_REFUSED_REPLAY = 11,    /* seq under the floor, or at it with other bytes */
        PLEK_REFUSED_SEQ_AHEAD = 12, /* seq ahead of the broker's clock by more than the skew */
        PLEK_REFUSED_SENT_AHEAD =
                13,                  /* sent_at ahead of the broker's clock by more than the skew */
        PLEK_REFUSED_TOO_LATE = 14,  /* not_after has passed */
        PLEK_REFUSED_PERIOD = 15,    /* times that contradict each other */
        PLEK_REFUSED_POLICY = 16,    /* the region's policy does not allow it */
        PLEK_REFUSED_QUOTA = 17,     /* the party holds or sends too much */
        PLEK_REFUSED_RETRY = 18,     /* the broker cannot write at the moment */
        PLEK_REFUSED_CLOCK = 19,     /* the broker does not trust its own clock */
        PLEK_REFUSED_SIGNATURE = 20, /* the signature does not verify */
        PLEK_REFUSED_SERIAL = 21,    /* an enrolment or a card with a serial that is not newer */
        PLEK_REFUSED_KEY = 22,       /* a public key that is unfit, or is another party's */
        PLEK_REFUSED_UNKNOWN_REQUEST = 23,
        PLEK_REFUSED_NOT_ALLOWED = 24, /* not on this socket, or not for this role */
        PLEK_REFUSED_NOT_FOUND = 25,
        PLEK_REFUSED_NO_AUTHORITY = 26, /* the broker has no authority configured yet */
        PLEK_REFUSED_STATEMENT = 27,    /* what is acknowledged is not what is said now */
} PlekRefusal;

#ifdef __cplusplus
}
#endif
