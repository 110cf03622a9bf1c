/*
 * EDXL-HAVE: code lists, and the words of EMSTrafficReason
 *
 * HAVE has four states of traffic, and one reason as free text. Everything else that a door says is
 * put there in a fixed order, so that a person who reads only HAVE sees the exceptions and the end
 * of a stop, and so that we read back what we wrote.
 *
 * The lists are those of the standard's schema (OASIS, EDXL-HAVE 1.0 incorporating approved errata,
 * 2009): fourteen BedTypes, four EMSTrafficStatus, CapacityStatus VacantAvailable or NotAvailable.
 */

#include <stdio.h>
#include <string.h>

#include "formats/field.h"
#include "formats/have-internal.h"

static const HaveBed beds[] = {
        { PLEK_CARE_ICU_ADULT, "AdultICU", false },
        { PLEK_CARE_MEDIUM_CARE, "AdultICU", true },
        { PLEK_CARE_ECMO, "AdultICU", true },
        { PLEK_CARE_CCU, "AdultICU", true },
        { PLEK_CARE_STROKE_UNIT, "AdultICU", true },
        { PLEK_CARE_PICU, "PediatricICU", false },
        { PLEK_CARE_NICU, "NeonatalICU", false },
        { PLEK_CARE_ED, "EmergencyDepartment", false },
        { PLEK_CARE_ED_CHILD, "EmergencyDepartment", true },
        { PLEK_CARE_WARD, "MedicalSurgical", false },
        { PLEK_CARE_OBSERVATION, "MedicalSurgical", true },
        { PLEK_CARE_WARD_CHILD, "Pediatrics", false },
        { PLEK_CARE_OBSTETRICS, "MedicalSurgical", true },
        { PLEK_CARE_NURSERY, "NurseryBeds", false },
        { PLEK_CARE_BURN, "Burn", false },
        { PLEK_CARE_PSYCHIATRY_ADULT, "AdultPsychiatric", false },
        { PLEK_CARE_PSYCHIATRY_CHILD, "PediatricPsychiatric", false },
        { PLEK_CARE_PSYCHIATRY_SECURED, "AdultPsychiatric", true },
        { PLEK_CARE_ISOLATION_NEGATIVE, "NegativeFlowIsolation", false },
        { PLEK_CARE_ISOLATION_OTHER, "OtherIsolation", false },
        { PLEK_CARE_OPERATING_ROOM, "OperatingRooms", false },
        { PLEK_CARE_REHABILITATION, "RehabLongTermCare", false },
        { PLEK_CARE_SHORT_STAY, "RehabLongTermCare", true },
        { PLEK_CARE_NURSING_HOME, "RehabLongTermCare", true },
};

const HaveBed *have_bed_of(uint32_t care)
{
        for (size_t i = 0; i < N_ELEMENTS(beds); i++)
                if (beds[i].care == care)
                        return &beds[i];
        return NULL;
}

uint32_t have_care_of(const char *type)
{
        for (size_t i = 0; i < N_ELEMENTS(beds); i++)
                if (!beds[i].is_sub && !strcmp(beds[i].type, type))
                        return beds[i].care;
        return 0;
}

const HaveCount have_counts[HAVE_N_COUNTS] = {
        { "AvailableCount", PLEK_COUNT_AVAILABLE, "available" },
        { "BaselineCount", PLEK_COUNT_STAFFED, "staffed" },
        { "AdditionalCapacityCount24Hr", PLEK_COUNT_SURGE_24H, "surge_24h" },
        { "AdditionalCapacityCount72Hr", PLEK_COUNT_SURGE_72H, "surge_72h" },
};

const HaveCount have_triage[HAVE_N_TRIAGE] = {
        { "Red", PLEK_COUNT_TRIAGE_RED, "triage_red" },
        { "Yellow", PLEK_COUNT_TRIAGE_YELLOW, "triage_yellow" },
        { "Green", PLEK_COUNT_TRIAGE_GREEN, "triage_green" },
        { "Black", PLEK_COUNT_TRIAGE_BLACK, "triage_black" },
};

static bool has_triage(const PlekCounts *counts)
{
        for (size_t i = 0; i < HAVE_N_TRIAGE; i++)
                if (counts->present[have_triage[i].field])
                        return true;
        return false;
}

const FormatRecord *have_triage_of(const FormatRecord *const *records, size_t n, PlekStatus status)
{
        const FormatRecord *found = NULL;
        bool is_of_all = false, is_one = true;

        for (size_t i = 0; i < n && !is_of_all; i++) {
                const PlekReport *report = &records[i]->report;

                if (report->kind != PLEK_REPORT_COUNTS || report->status != status ||
                    report->counts.care != PLEK_CARE_ED)
                        continue;
                is_one = !found;
                is_of_all = !report->unit;
                found = records[i];
        }
        return found && (is_of_all || is_one) && has_triage(&found->report.counts) ? found : NULL;
}

/* ------------------------------------------------------------------ the door */

static const struct {
        const char *status;
        PlekDoorState state;
} traffics[] = {
        { "Normal", PLEK_DOOR_OPEN },
        { "Advisory", PLEK_DOOR_RESTRICTED },
        { "Closed", PLEK_DOOR_STOP },
        { "NotApplicable", PLEK_DOOR_NOT_APPLICABLE },
};

const char *have_traffic(const FormatRecord *record)
{
        uint32_t state = record->report.door.state;

        if (record->standing == PLEK_REOPENED)
                return "Advisory"; /* nobody confirmed that it is open again */
        if (state == PLEK_DOOR_CLOSED)
                return "Closed";
        for (size_t i = 0; i < N_ELEMENTS(traffics); i++)
                if (traffics[i].state == state)
                        return traffics[i].status;
        return NULL;
}

/* What stands before a value, in the order in which they are written. "by" and "text" are free. */
static const struct {
        const char *word;
        const char *field;
} words[] = {
        { "unit ", "unit" },        { "group ", "patient_group" }, { "urgency ", "urgency" },
        { "plan ", "plan" },        { "from ", "starts_at" },      { "until ", "ends_at" },
        { "review ", "review_at" }, { "on expiry ", "on_expiry" }, { "reason ", "reason" },
};

/* Marks what would end it: ';' and '\'. */
static size_t add_marked(char *at, size_t n_at, const char *text)
{
        size_t n = 0;

        for (; *text && n + 3 < n_at; text++) {
                if (strchr("\\;", *text))
                        at[n++] = '\\';
                at[n++] = *text;
        }
        at[n] = '\0';
        return n;
}

/* Exceptions are separated as people do it. */
static size_t add_exceptions(char *at, size_t n_at, const PlekDoor *door)
{
        char number[16];
        size_t n = 0;

        for (size_t i = 0; i < door->n_exceptions && n < n_at; i++)
                n += (size_t)snprintf(
                        at + n, n_at - n, "%s%s", i ? ", " : "; except ",
                        format_code(PLEK_CODES_EXCEPTION, door->exceptions[i], number));
        return n;
}

bool have_reason_write(const FormatRecord *record, char ret_text[HAVE_REASON_BYTES])
{
        static const char *const standings[] = {
                [PLEK_EXPIRED] = " (expired)", [PLEK_REOPENED] = " (reopened, unconfirmed)"
        };
        const PlekDoor *door = &record->report.door;
        const char *standing =
                record->standing < N_ELEMENTS(standings) ? standings[record->standing] : NULL;
        char value[FIELD_TEXT_BYTES], number[16];
        size_t n, n_plain;

#define ADD(...) n += (size_t)snprintf(ret_text + n, (size_t)HAVE_REASON_BYTES - n, __VA_ARGS__)
        n = 0;
        ADD("%s%s", format_code(PLEK_CODES_DOOR_STATE, door->state, number),
            standing ? standing : "");
        n_plain = standing || door->state == PLEK_DOOR_CLOSED ? 0 : n;
        if (door->care == PLEK_ANY)
                ADD("; whole location");
        else if (door->care != PLEK_CARE_ED)
                ADD("; care %s", format_code(PLEK_CODES_CARE, door->care, number));
        for (size_t i = 0; i < N_ELEMENTS(words); i++)
                if (field_get(&record->report, words[i].field, value))
                        ADD("; %s%s", words[i].word, value);
        n += add_exceptions(ret_text + n, HAVE_REASON_BYTES - n, door);
        if (door->authorised_by && *door->authorised_by) {
                ADD("; by ");
                n += add_marked(ret_text + n, HAVE_REASON_BYTES - n, door->authorised_by);
        }
        if (door->text && *door->text)
                ADD("; text: %s", door->text);
#undef ADD
        return n != n_plain;
}

/* Cuts @at at the next "; " that is not marked, in place. */
static char *cut(char **at)
{
        char *start = *at, *to = start;

        if (!start)
                return NULL;
        for (char *from = start;; from++) {
                if (*from == '\\' && from[1]) {
                        *to++ = *++from;
                } else if (!*from || !strncmp(from, "; ", 2)) {
                        *at = *from ? from + 2 : NULL;
                        *to = '\0';
                        return start;
                } else {
                        *to++ = *from;
                }
        }
}

static int take_exceptions(PlekDoor *door, char *text)
{
        for (char *at = text, *name; (name = strsep(&at, ","));)
                if (door->n_exceptions == PLEK_EXCEPTIONS_MAX ||
                    plek_code_parse(&door->exceptions[door->n_exceptions++], PLEK_CODES_EXCEPTION,
                                    name + strspn(name, " ")))
                        return FIELD_E_VALUE;
        return 0;
}

/* One word and its value. Returns 0, FIELD_E_VALUE or -ENOMEM. */
static int take_word(PlekReport *report, char *word, FormatPicture *picture)
{
        if (!strcmp(word, "whole location")) {
                report->door.care = PLEK_ANY;
                return 0;
        }
        if (!strncmp(word, "care ", 5))
                return field_set(report, "care", word + 5, picture);
        if (!strncmp(word, "except ", 7))
                return take_exceptions(&report->door, word + 7);
        if (!strncmp(word, "by ", 3))
                return field_set(report, "authorised_by", word + 3, picture);
        for (size_t i = 0; i < N_ELEMENTS(words); i++)
                if (!strncmp(word, words[i].word, strlen(words[i].word)))
                        return field_set(report, words[i].field, word + strlen(words[i].word),
                                         picture);
        return FIELD_E_VALUE;
}

/* Where the free text begins; NULL: there is none. */
static char *find_text(char *reason)
{
        for (char *at = reason; *at; at++) {
                if (*at == '\\' && at[1])
                        at++;
                else if (!strncmp(at, "; text: ", 8))
                        return at;
        }
        return NULL;
}

/* In our words: 0, else FIELD_E_VALUE or -ENOMEM, and *report is undefined. */
static int take_reason(PlekReport *report, char *reason, FormatPicture *picture)
{
        char *at = reason, *word, *text;
        int r;

        text = find_text(reason);
        if (text) {
                *text = '\0';
                r = field_set(report, "text", text + 8, picture);
                if (r)
                        return r;
        }
        word = cut(&at);
        word[strcspn(word, " ")] = '\0';
        r = field_set(report, "state", word, picture);
        while (!r && (word = cut(&at)))
                r = take_word(report, word, picture);
        return r;
}

/* Free text of others, as far as it fits. */
static int take_free(PlekReport *report, const char *reason, FormatPicture *picture,
                     const FormatNotes *notes)
{
        enum { TEXT_BYTES = 280 };
        size_t n = strlen(reason);

        if (n > TEXT_BYTES) {
                for (n = TEXT_BYTES; n && ((unsigned char)reason[n] & 0xc0) == 0x80;)
                        n--;
                format_notef(notes, NULL, "text",
                             "EMSTrafficReason has %zu bytes; the first %zu are taken",
                             strlen(reason), n);
        }
        report->door.text = format_keep(picture, reason, n);
        return report->door.text ? 0 : err_raise(-ENOMEM);
}

int have_reason_read(PlekReport *ret_report, const char *status, const char *reason,
                     FormatPicture *picture, const FormatNotes *notes)
{
        CLEANUP(freep) char *copy = NULL;
        PlekReport plain, worded;
        int r;

        field_report_init(&plain, PLEK_REPORT_DOOR);
        plain.door.care = PLEK_CARE_ED;
        for (size_t i = 0; i < N_ELEMENTS(traffics); i++)
                if (!strcmp(status, traffics[i].status))
                        plain.door.state = traffics[i].state;
        if (!plain.door.state)
                return FORMAT_E_DOCUMENT;
        if (!reason || !*reason) {
                *ret_report = plain;
                return 0;
        }

        copy = strdup(reason);
        if (!copy)
                return err_raise(-ENOMEM);
        worded = plain;
        r = take_reason(&worded, copy, picture);
        if (r < 0)
                return r;
        if (r)
                r = take_free(&plain, reason, picture, notes);
        *ret_report = worded.door.state && !r && plain.door.text == NULL ? worded : plain;
        return r;
}
