#include "receipt.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json-set.h"
#include "when.h"
#include "wire/update.h"
#include "words.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define FAR_MS                                                                                     \
        (12 * HOUR_MS) /* a clock time that far off may have been meant for the other day          \
                        */
#define AGO_MS ((int64_t)120 * 1000)

/* ------------------------------------------------------------------ counts */

static bool free_places(const PlekCounts *said, int32_t *ret_free)
{
        Counts counts = { 0 };
        bool is_computed;

        for (size_t i = 0; i < PLEK_N_COUNT_FIELDS; i++) {
                counts.present[i] = said->present[i];
                counts.value[i] = said->value[i];
                counts.missing[i] = said->missing[i];
        }
        return counts_available(&counts, ret_free, &is_computed);
}

static void about(const PutOptions *o, uint32_t care, Text *text)
{
        Language language = o->common.language;

        text_add(text, "%s", o->report.location);
        if (o->report.unit)
                text_add(text, " %s", o->report.unit);
        if (care)
                text_add(text, ", %s", label(PLEK_CODES_CARE, care, language));
        text_add(text, ": ");
}

void receipt_counts(const PutOptions *o, Text *text)
{
        const PlekCounts *counts = &o->report.counts;
        Language language = o->common.language;
        const char *separator = "";
        int32_t n_free;

        about(o, counts->care, text);
        for (uint32_t i = 0; i < PLEK_N_COUNT_FIELDS; i++) {
                if (!counts->present[i] && !counts->missing[i])
                        continue;
                text_add(text, "%s%s ", separator,
                         word(language, label(PLEK_CODES_COUNT_FIELD, i, language)));
                if (counts->present[i])
                        text_add(text, "%d", counts->value[i]);
                else
                        text_add(text, "%s",
                                 label(PLEK_CODES_MISSING, counts->missing[i], language));
                separator = ", ";
        }
        if (!counts->present[PLEK_COUNT_AVAILABLE] && free_places(counts, &n_free))
                text_add(text, " · %d %s", n_free, word(language, "free"));
        text_add(text, "%s", status_mark(o->report.status, language));
}

void receipt_counts_json(const PutOptions *o, json_t *object)
{
        const PlekCounts *counts = &o->report.counts;
        int32_t n_free;

        for (uint32_t i = 0; i < PLEK_N_COUNT_FIELDS; i++)
                if (counts->present[i])
                        json_object_set_new(object, plek_code_name(PLEK_CODES_COUNT_FIELD, i),
                                            json_integer(counts->value[i]));
        if (free_places(counts, &n_free))
                json_object_set_new(object, "free", json_integer(n_free));
        if (receipt_is_odd(counts))
                json_object_set_new(object, "odd", json_true());
}

bool receipt_is_odd(const PlekCounts *counts)
{
        int32_t staffed = counts->value[PLEK_COUNT_STAFFED];

        return counts->present[PLEK_COUNT_STAFFED] && counts->present[PLEK_COUNT_OCCUPIED] &&
               counts->value[PLEK_COUNT_OCCUPIED] - staffed > MAX(2, staffed / 2);
}

/* ------------------------------------------------------------------ refusals */

void receipt_refusal(const PutOptions *o, Text *text)
{
        const PlekCareRefusal *refusal = &o->report.refusal;
        Language language = o->common.language;
        int64_t at_ms = refusal->at_ms ? refusal->at_ms : o->now_ms;
        char when[WHEN_TEXT_BYTES], ago[DURATION_TEXT_BYTES];

        about(o, refusal->care, text);
        text_add(text, "%d %s", MAX(refusal->count, 1), word(language, "could not be taken"));
        if (refusal->reason)
                text_add(text, " · %s", label(PLEK_CODES_REASON, refusal->reason, language));
        if (refusal->from)
                text_add(text, " · %s %s", word(language, "asked by"),
                         label(PLEK_CODES_CHAIN, refusal->from, language));
        when_format(at_ms, when);
        text_add(text, " · %s", when);
        if (o->now_ms - at_ms > AGO_MS) {
                duration_format(o->now_ms - at_ms, ago);
                text_add(text, language == LANGUAGE_NL ? ", %s geleden" : ", %s ago", ago);
        }
        text_add(text, "%s", status_mark(o->report.status, language));
}

void receipt_undo(const PutOptions *o, Text *text)
{
        char id[RECEIPT_ID_TEXT_BYTES];

        receipt_id_format(o->report.refusal.id, id);
        text_add(text, "plek refuse --undo %s", id);
}

void receipt_refusal_json(const PutOptions *o, json_t *object)
{
        const PlekCareRefusal *refusal = &o->report.refusal;
        char id[RECEIPT_ID_TEXT_BYTES];

        receipt_id_format(refusal->id, id);
        json_set_string(object, "id", id);
        json_set_code(object, "care", PLEK_CODES_CARE, refusal->care);
        if (o->withdraw)
                return;
        json_set_string(object, "location", o->report.location);
        json_object_set_new(object, "count", json_integer(MAX(refusal->count, 1)));
        if (refusal->reason)
                json_set_code(object, "reason", PLEK_CODES_REASON, refusal->reason);
        if (refusal->from)
                json_set_code(object, "from", PLEK_CODES_CHAIN, refusal->from);
        json_set_time(object, "at_ms", refusal->at_ms ? refusal->at_ms : o->now_ms);
}

void receipt_id_format(const uint8_t id[PLEK_EVENT_ID_BYTES], char ret_text[RECEIPT_ID_TEXT_BYTES])
{
        for (size_t i = 0; i < PLEK_EVENT_ID_BYTES; i++)
                snprintf(ret_text + 2 * i, 3, "%02x", id[i]);
}

int receipt_id_parse(uint8_t ret_id[PLEK_EVENT_ID_BYTES], const char *text)
{
        uint8_t id[PLEK_EVENT_ID_BYTES];

        if (strlen(text) != 2 * PLEK_EVENT_ID_BYTES ||
            strspn(text, "0123456789abcdefABCDEF") != 2 * PLEK_EVENT_ID_BYTES)
                return -EINVAL;
        for (size_t i = 0; i < PLEK_EVENT_ID_BYTES; i++) {
                const char digits[] = { text[2 * i], text[2 * i + 1], '\0' };

                id[i] = (uint8_t)strtoul(digits, NULL, 16);
        }
        memcpy(ret_id, id, sizeof(id));
        return 0;
}

/* ------------------------------------------------------------------ doors */

static bool is_other_day(int64_t a_ms, int64_t b_ms)
{
        time_t a = (time_t)(a_ms / 1000), b = (time_t)(b_ms / 1000);
        struct tm x, y;

        return localtime_r(&a, &x) && localtime_r(&b, &y) && x.tm_yday != y.tm_yday;
}

void receipt_door_end(const PutOptions *o, Text *text)
{
        const PlekDoor *door = &o->report.door;
        Language language = o->common.language;
        char left[DURATION_TEXT_BYTES];
        bool is_clock_time;
        int64_t left_ms;

        if (door->ends_at_ms == PLEK_NO_TIME) {
                if (door->state == PLEK_DOOR_STOP || door->state == PLEK_DOOR_CLOSED)
                        text_add(text, " · %s", word(language, "no end is said"));
                return;
        }
        left_ms = door->ends_at_ms - o->now_ms;
        is_clock_time = o->until && strchr(o->until, ':') && strlen(o->until) <= strlen("00:00");
        if (!is_clock_time || door->starts_at_ms != PLEK_NO_TIME || left_ms <= FAR_MS)
                return;
        duration_format(left_ms, left);
        text_add(text, ", ");
        if (is_other_day(o->now_ms, door->ends_at_ms))
                text_add(text, "%s, ", word(language, "tomorrow"));
        text_add(text, language == LANGUAGE_NL ? "over %s" : "in %s", left);
}
