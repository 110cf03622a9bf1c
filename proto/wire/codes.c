/*
 * The lists as they stand in plek.proto, one row a code: number, wire name, English, Dutch. Dutch
 * words are those of LPZ, LCPS and ROAZ where these have one. The numbers are checked against
 * plek.proto by tests/unit/test-codes.c.
 */

#include "wire/codes.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wire/block.h"

typedef struct Code {
        uint32_t code;
        const char *name;
        const char *labels[2]; /* by Language; NULL: the name */
} Code;

static const Code statuses[] = {
        { STATUS_ACTUAL, "ACTUAL", { "actual", "werkelijk" } },
        { STATUS_EXERCISE, "EXERCISE", { "EXERCISE", "OEFENING" } },
        { STATUS_TEST, "TEST", { "TEST", "TEST" } },
};

static const Code audiences[] = {
        { AUDIENCE_OPEN, "OPEN", { "public", "openbaar" } },
        { AUDIENCE_CARE, "CARE", { "care parties", "zorgpartijen" } },
        { AUDIENCE_COORD, "COORD", { "coordination centres", "coördinatiecentra" } },
};

static const Code lanes[] = {
        { LANE_STATUS, "STATUS", { "status", "status" } },
        { LANE_COUNTS, "COUNTS", { "counts", "capaciteit" } },
};

static const Code sources[] = {
        { PLEK_SOURCE_AUTOMATIC, "AUTOMATIC", { "automatic", "automatisch" } },
        { PLEK_SOURCE_DERIVED, "DERIVED", { "derived", "afgeleid" } },
        { PLEK_SOURCE_MANUAL, "MANUAL", { "by hand", "handmatig" } },
        { PLEK_SOURCE_RELAYED, "RELAYED", { "relayed", "doorgegeven" } },
};

static const Code door_states[] = {
        { PLEK_DOOR_OPEN, "OPEN", { "open", "open" } },
        { PLEK_DOOR_RESTRICTED, "RESTRICTED", { "restricted", "dreigende stop" } },
        { PLEK_DOOR_STOP, "STOP", { "stop", "stop" } },
        { PLEK_DOOR_CLOSED, "CLOSED", { "closed", "gesloten" } },
        { PLEK_DOOR_NOT_APPLICABLE, "NOT_APPLICABLE", { "not applicable", "n.v.t." } },
};

static const Code exceptions[] = {
        { PLEK_EXCEPTION_LIFE_THREATENING,
          "LIFE_THREATENING",
          { "life-threatening", "levensbedreigend" } },
        { PLEK_EXCEPTION_MULTITRAUMA, "MULTITRAUMA", { "multitrauma", "multitrauma" } },
        { PLEK_EXCEPTION_STEMI, "STEMI", { "STEMI", "STEMI" } },
        { PLEK_EXCEPTION_STROKE, "STROKE", { "stroke", "CVA" } },
        { PLEK_EXCEPTION_OBSTETRIC_EMERGENCY,
          "OBSTETRIC_EMERGENCY",
          { "obstetric emergency", "acute verloskunde" } },
        { PLEK_EXCEPTION_CHILD, "CHILD", { "child", "kind" } },
        { PLEK_EXCEPTION_OWN_PATIENT, "OWN_PATIENT", { "own patient", "eigen patiënt" } },
};

static const Code reasons[] = {
        { PLEK_REASON_STAFF, "STAFF", { "staff", "personeel" } },
        { PLEK_REASON_BEDS_FULL, "BEDS_FULL", { "beds full", "bedden vol" } },
        { PLEK_REASON_ED_CROWDING, "ED_CROWDING", { "ED crowding", "drukte op de SEH" } },
        { PLEK_REASON_EQUIPMENT, "EQUIPMENT", { "equipment", "apparatuur" } },
        { PLEK_REASON_MATERIAL, "MATERIAL", { "material", "materiaal" } },
        { PLEK_REASON_SPACE, "SPACE", { "space", "ruimte" } },
        { PLEK_REASON_INFECTION, "INFECTION", { "infection", "infectie" } },
        { PLEK_REASON_IT_OUTAGE, "IT_OUTAGE", { "IT outage", "ICT-storing" } },
        { PLEK_REASON_FACILITY_DAMAGE,
          "FACILITY_DAMAGE",
          { "damage to the building", "schade aan gebouw" } },
        { PLEK_REASON_PLANNED_CLOSURE,
          "PLANNED_CLOSURE",
          { "planned closure", "geplande sluiting" } },
        { PLEK_REASON_SPECIALIST_UNAVAILABLE,
          "SPECIALIST_UNAVAILABLE",
          { "specialist unavailable", "specialist niet beschikbaar" } },
        { PLEK_REASON_MASS_CASUALTY,
          "MASS_CASUALTY",
          { "mass casualties", "ramp, veel gewonden" } },
        { PLEK_REASON_OTHER, "OTHER", { "other", "anders" } },
};

static const Code on_expiries[] = {
        { PLEK_ON_EXPIRY_KEEP, "KEEP", { "stays, as expired", "blijft, als verlopen" } },
        { PLEK_ON_EXPIRY_TO_UNKNOWN, "TO_UNKNOWN", { "becomes unknown", "wordt onbekend" } },
        { PLEK_ON_EXPIRY_REOPEN, "REOPEN", { "reopens, unconfirmed", "gaat open, onbevestigd" } },
};

static const Code missings[] = {
        { PLEK_MISSING_NOT_ASKED, "NOT_ASKED", { "not asked", "niet gevraagd" } },
        { PLEK_MISSING_SUPPRESSED, "SUPPRESSED", { "withheld", "afgeschermd" } },
        { PLEK_MISSING_UNKNOWN, "UNKNOWN", { "unknown", "onbekend" } },
};

static const Code patient_groups[] = {
        { PLEK_GROUP_WALK_IN, "WALK_IN", { "walk-in", "zelfverwijzers" } },
        { PLEK_GROUP_REFERRED, "REFERRED", { "referred", "verwezen" } },
        { PLEK_GROUP_AMBULANCE, "AMBULANCE", { "by ambulance", "per ambulance" } },
        { PLEK_GROUP_ADULT, "ADULT", { "adults", "volwassenen" } },
        { PLEK_GROUP_CHILD, "CHILD", { "children", "kinderen" } },
};

static const Code cares[] = {
        { PLEK_CARE_ICU_ADULT, "ICU_ADULT", { "ICU", "IC" } },
        { PLEK_CARE_MEDIUM_CARE, "MEDIUM_CARE", { "medium care", "MC, HC" } },
        { PLEK_CARE_ECMO, "ECMO", { "ECMO", "ECMO" } },
        { PLEK_CARE_CCU, "CCU", { "CCU", "CCU, EHH" } },
        { PLEK_CARE_STROKE_UNIT, "STROKE_UNIT", { "stroke unit", "stroke unit" } },
        { PLEK_CARE_PICU, "PICU", { "PICU", "kinder-IC" } },
        { PLEK_CARE_NICU, "NICU", { "NICU", "NICU" } },
        { PLEK_CARE_ED, "ED", { "ED", "SEH" } },
        { PLEK_CARE_ED_CHILD, "ED_CHILD", { "ED, children", "SEH kind" } },
        { PLEK_CARE_WARD, "WARD", { "ward", "kliniek" } },
        { PLEK_CARE_OBSERVATION, "OBSERVATION", { "observation", "AOA" } },
        { PLEK_CARE_WARD_CHILD, "WARD_CHILD", { "ward, children", "kinderafdeling" } },
        { PLEK_CARE_OBSTETRICS, "OBSTETRICS", { "obstetrics", "verloskunde" } },
        { PLEK_CARE_NURSERY, "NURSERY", { "nursery", "couveuse, kraam" } },
        { PLEK_CARE_BURN, "BURN", { "burns", "brandwonden" } },
        { PLEK_CARE_PSYCHIATRY_ADULT, "PSYCHIATRY_ADULT", { "psychiatry", "GGZ, PAAZ, HIC" } },
        { PLEK_CARE_PSYCHIATRY_CHILD, "PSYCHIATRY_CHILD", { "psychiatry, children", "jeugd-GGZ" } },
        { PLEK_CARE_PSYCHIATRY_SECURED,
          "PSYCHIATRY_SECURED",
          { "psychiatry, secured", "beveiligd 2, 3" } },
        { PLEK_CARE_ISOLATION_NEGATIVE,
          "ISOLATION_NEGATIVE",
          { "isolation, negative pressure", "isolatie, onderdruk" } },
        { PLEK_CARE_ISOLATION_OTHER,
          "ISOLATION_OTHER",
          { "isolation, other", "isolatie, overig" } },
        { PLEK_CARE_OPERATING_ROOM, "OPERATING_ROOM", { "operating room", "OK" } },
        { PLEK_CARE_REHABILITATION, "REHABILITATION", { "rehabilitation", "revalidatie, GRZ" } },
        { PLEK_CARE_SHORT_STAY, "SHORT_STAY", { "short stay", "ELV" } },
        { PLEK_CARE_NURSING_HOME, "NURSING_HOME", { "nursing home", "VVT" } },
        { PLEK_CARE_HOME_CARE, "HOME_CARE", { "home care", "thuiszorg" } },
        { PLEK_CARE_GP_POST, "GP_POST", { "GP post", "HAP" } },
        { PLEK_CARE_PSYCHIATRIC_CRISIS,
          "PSYCHIATRIC_CRISIS",
          { "psychiatric crisis", "crisisdienst GGZ" } },
        { PLEK_CARE_AMBULANCE, "AMBULANCE", { "ambulance", "ambulance" } },
        { PLEK_CARE_AIR_AMBULANCE, "AIR_AMBULANCE", { "air ambulance", "MMT" } },
        { PLEK_CARE_DIAGNOSTICS_CT, "DIAGNOSTICS_CT", { "CT", "CT" } },
        { PLEK_CARE_DIAGNOSTICS_MRI, "DIAGNOSTICS_MRI", { "MRI", "MRI" } },
        { PLEK_CARE_DIAGNOSTICS_LAB, "DIAGNOSTICS_LAB", { "laboratory", "laboratorium" } },
        { PLEK_CARE_CATH_LAB, "CATH_LAB", { "cath lab", "hartkatheterisatie" } },
        { PLEK_CARE_VENTILATOR, "VENTILATOR", { "ventilator", "beademing" } },
};

static const Code roles[] = {
        { ROLE_AGENT, "AGENT", { "agent", "aanleveraar" } },
        { ROLE_SUBSCRIBER, "SUBSCRIBER", { "subscriber", "lezer" } },
        { ROLE_COORDINATOR, "COORDINATOR", { "coordinator", "coördinator" } },
        { ROLE_OPERATOR, "OPERATOR", { "operator", "beheerder" } },
        { ROLE_RELAY, "RELAY", { "relay", "doorgeefluik" } },
};

static const Code refusals[] = {
        { PLEK_REFUSED_MALFORMED, "MALFORMED", { NULL } },
        { PLEK_REFUSED_FIELD, "FIELD", { NULL } },
        { PLEK_REFUSED_NETWORK, "NETWORK", { NULL } },
        { PLEK_REFUSED_NOT_ENROLLED, "NOT_ENROLLED", { NULL } },
        { PLEK_REFUSED_EXPIRED, "EXPIRED", { NULL } },
        { PLEK_REFUSED_REVOKED, "REVOKED", { NULL } },
        { PLEK_REFUSED_SUSPENDED, "SUSPENDED", { NULL } },
        { PLEK_REFUSED_ROLE, "ROLE", { NULL } },
        { PLEK_REFUSED_LOCATION, "LOCATION", { NULL } },
        { PLEK_REFUSED_PARTY, "PARTY", { NULL } },
        { PLEK_REFUSED_REPLAY, "REPLAY", { NULL } },
        { PLEK_REFUSED_SEQ_AHEAD, "SEQ_AHEAD", { NULL } },
        { PLEK_REFUSED_SENT_AHEAD, "SENT_AHEAD", { NULL } },
        { PLEK_REFUSED_TOO_LATE, "TOO_LATE", { NULL } },
        { PLEK_REFUSED_PERIOD, "PERIOD", { NULL } },
        { PLEK_REFUSED_POLICY, "POLICY", { NULL } },
        { PLEK_REFUSED_QUOTA, "QUOTA", { NULL } },
        { PLEK_REFUSED_RETRY, "RETRY", { NULL } },
        { PLEK_REFUSED_CLOCK, "CLOCK", { NULL } },
        { PLEK_REFUSED_SIGNATURE, "SIGNATURE", { NULL } },
        { PLEK_REFUSED_SERIAL, "SERIAL", { NULL } },
        { PLEK_REFUSED_KEY, "KEY", { NULL } },
        { PLEK_REFUSED_UNKNOWN_REQUEST, "UNKNOWN_REQUEST", { NULL } },
        { PLEK_REFUSED_NOT_ALLOWED, "NOT_ALLOWED", { NULL } },
        { PLEK_REFUSED_NOT_FOUND, "NOT_FOUND", { NULL } },
        { PLEK_REFUSED_NO_AUTHORITY, "NO_AUTHORITY", { NULL } },
        { PLEK_REFUSED_STATEMENT, "STATEMENT", { NULL } },
};

static const Code withdrawns[] = {
        { WITHDRAWN_BY_PARTY, "BY_PARTY", { "by its party", "door de partij" } },
        { WITHDRAWN_AUDIENCE, "AUDIENCE", { "no longer for you", "niet meer voor u" } },
        { WITHDRAWN_REGION, "REGION", { "moved to another region", "andere regio" } },
        { WITHDRAWN_ENROLMENT,
          "ENROLMENT",
          { "its party no longer speaks for it", "partij niet meer bevoegd" } },
        { WITHDRAWN_ENDED, "ENDED", { "about what is no longer said", "over wat niet meer geldt" } },
};

static const Code count_fields[] = {
        { COUNT_PHYSICAL, "physical", { "physical", "fysiek" } },
        { COUNT_STAFFED, "staffed", { "staffed", "geopend" } },
        { COUNT_OCCUPIED, "occupied", { "occupied", "bezet" } },
        { COUNT_RESERVED, "reserved", { "reserved", "gereserveerd" } },
        { COUNT_BLOCKED, "blocked", { "blocked", "geblokkeerd" } },
        { COUNT_AVAILABLE, "available", { "available", "beschikbaar" } },
        { COUNT_EXPECTED_IN, "expected_in", { "expected in", "verwacht in" } },
        { COUNT_EXPECTED_OUT, "expected_out", { "expected out", "verwacht uit" } },
        { COUNT_SURGE_24H, "surge_24h", { "surge 24 h", "opschaling 24 u" } },
        { COUNT_SURGE_72H, "surge_72h", { "surge 72 h", "opschaling 72 u" } },
        { COUNT_SURGE_7D, "surge_7d", { "surge 7 d", "opschaling 7 d" } },
        { COUNT_TRIAGE_RED, "triage_red", { "triage red", "triage rood" } },
        { COUNT_TRIAGE_YELLOW, "triage_yellow", { "triage yellow", "triage geel" } },
        { COUNT_TRIAGE_GREEN, "triage_green", { "triage green", "triage groen" } },
        { COUNT_TRIAGE_BLACK, "triage_black", { "triage black", "triage zwart" } },
};

static const Code reports[] = {
        { UPDATE_COUNTS, "counts", { "counts", "capaciteit" } },
        { UPDATE_DOOR, "door", { "door", "opnamestatus" } },
        { UPDATE_PRESSURE, "pressure", { "pressure", "druk" } },
        { UPDATE_CARD, "card", { "card", "gegevens" } },
        { UPDATE_OFFERING, "offering", { "offering", "zorgaanbod" } },
        { UPDATE_ACK, "ack", { "seen", "gezien" } },
        { UPDATE_FLOW, "flow", { "flow", "patiëntenstroom" } },
        { UPDATE_REFUSAL, "refusal", { "refusal", "weigering" } },
};

static const Code chain_links[] = {
        { PLEK_CHAIN_HOME, "HOME", { "home", "thuis" } },
        { PLEK_CHAIN_GP, "GP", { "GP", "huisarts" } },
        { PLEK_CHAIN_GP_POST, "GP_POST", { "GP post", "HAP" } },
        { PLEK_CHAIN_AMBULANCE, "AMBULANCE", { "ambulance", "ambulance" } },
        { PLEK_CHAIN_AIR_AMBULANCE, "AIR_AMBULANCE", { "air ambulance", "MMT" } },
        { PLEK_CHAIN_ED, "ED", { "ED", "SEH" } },
        { PLEK_CHAIN_WARD, "WARD", { "ward", "kliniek" } },
        { PLEK_CHAIN_OUTPATIENT, "OUTPATIENT", { "outpatient clinic", "polikliniek" } },
        { PLEK_CHAIN_MENTAL_HEALTH, "MENTAL_HEALTH", { "mental health", "GGZ" } },
        { PLEK_CHAIN_PSYCHIATRIC_CRISIS,
          "PSYCHIATRIC_CRISIS",
          { "psychiatric crisis", "crisisdienst GGZ" } },
        { PLEK_CHAIN_NURSING_HOME, "NURSING_HOME", { "nursing home", "VVT" } },
        { PLEK_CHAIN_SHORT_STAY, "SHORT_STAY", { "short stay", "ELV" } },
        { PLEK_CHAIN_REHABILITATION, "REHABILITATION", { "rehabilitation", "revalidatie, GRZ" } },
        { PLEK_CHAIN_HOME_CARE, "HOME_CARE", { "home care", "thuiszorg" } },
        { PLEK_CHAIN_HOSPICE, "HOSPICE", { "hospice", "hospice" } },
        { PLEK_CHAIN_BIRTH_CARE, "BIRTH_CARE", { "birth care", "geboortezorg" } },
        { PLEK_CHAIN_ELSEWHERE, "ELSEWHERE", { "elsewhere", "elders" } },
};

#define LIST(_codes, _is_open)                                                                     \
        {                                                                                          \
                (_codes), N_ELEMENTS(_codes), (_is_open)                                           \
        }

static const struct {
        const Code *codes;
        size_t n_codes;
        bool is_open;
} lists[N_CODE_LISTS] = {
        [CODES_STATUS] = LIST(statuses, false),
        [CODES_AUDIENCE] = LIST(audiences, false),
        [CODES_LANE] = LIST(lanes, false),
        [CODES_SOURCE] = LIST(sources, false),
        [CODES_DOOR_STATE] = LIST(door_states, false),
        [CODES_EXCEPTION] = LIST(exceptions, true),
        [CODES_REASON] = LIST(reasons, true),
        [CODES_ON_EXPIRY] = LIST(on_expiries, false),
        [CODES_MISSING] = LIST(missings, false),
        [CODES_PATIENT_GROUP] = LIST(patient_groups, true),
        [CODES_CARE] = LIST(cares, true),
        [CODES_ROLE] = LIST(roles, false),
        [CODES_REFUSAL] = LIST(refusals, false),
        [CODES_WITHDRAWN] = LIST(withdrawns, false),
        [CODES_COUNT_FIELD] = LIST(count_fields, false),
        [CODES_REPORT] = LIST(reports, false),
        [CODES_CHAIN] = LIST(chain_links, true),
};

static const Code *find_code(CodeList list, uint32_t code)
{
        for (size_t i = 0; i < lists[list].n_codes; i++)
                if (lists[list].codes[i].code == code)
                        return &lists[list].codes[i];
        return NULL;
}

const char *code_name(CodeList list, uint32_t code)
{
        const Code *found = find_code(list, code);

        return found ? found->name : NULL;
}

const char *code_label(CodeList list, uint32_t code, Language language)
{
        const Code *found = find_code(list, code);

        if (!found)
                return NULL;
        return found->labels[language] ? found->labels[language] : found->name;
}

uint32_t code_nth(CodeList list, size_t n)
{
        return n < lists[list].n_codes ? lists[list].codes[n].code : 0;
}

static bool names_equal(const char *a, const char *b)
{
        for (; *a && *b; a++, b++) {
                int left = *a == '-' ? '_' : toupper((unsigned char)*a);
                int right = toupper((unsigned char)*b);

                if (left != right)
                        return false;
        }
        return !*a && !*b;
}

/* Codes of an open list that have no name here: 1 and up; CODE_ABSENT is none. */
static int parse_number(uint32_t *ret_code, const char *text)
{
        unsigned long long value = 0;

        if (!*text)
                return CODES_E_UNKNOWN;
        for (; *text; text++) {
                if (*text < '0' || *text > '9')
                        return CODES_E_UNKNOWN;
                value = value * 10 + (unsigned)(*text - '0');
                if (value >= CODE_ABSENT)
                        return CODES_E_UNKNOWN;
        }
        if (!value)
                return CODES_E_UNKNOWN;

        *ret_code = (uint32_t)value;
        return 0;
}

int code_parse(uint32_t *ret_code, CodeList list, const char *name)
{
        for (size_t i = 0; i < lists[list].n_codes; i++) {
                if (names_equal(name, lists[list].codes[i].name)) {
                        *ret_code = lists[list].codes[i].code;
                        return 0;
                }
        }
        return lists[list].is_open ? parse_number(ret_code, name) : CODES_E_UNKNOWN;
}
