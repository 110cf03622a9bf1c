#include "seen.h"

#include <string.h>

#include "json-set.h"
#include "when.h"
#include "words.h"

static int acks_of(PlekSubscriber *subscriber, const PlekRecord *record,
                   PlekAck ret_acks[PLEK_ACKS_MAX], size_t *ret_n)
{
        PlekRecordKey key;
        int r;

        plek_report_key(&record->report, &key);
        key.party = record->party;
        r = plek_subscriber_acks(subscriber, &key, ret_acks, PLEK_ACKS_MAX, ret_n);
        return r == PLEK_E_NOT_FOUND ? 0 : r;
}

int seen_words(PlekSubscriber *subscriber, const PlekRecord *record, Language language, Text *text)
{
        PlekAck acks[PLEK_ACKS_MAX];
        char when[WHEN_TEXT_BYTES];
        size_t n_acks;
        int r;

        r = acks_of(subscriber, record, acks, &n_acks);
        if (r)
                return r;
        for (size_t i = 0; i < n_acks; i++) {
                const PlekAck *ack = &acks[i];

                when_format_near(ack->at_ms, when);
                text_add(text, "%s%s %s", i ? ", " : "  ", i ? "" : word(language, "seen by"),
                         ack->by_name ? ack->by_name : ack->by);
                if (ack->function)
                        text_add(text, " (%s)", ack->function);
                text_add(text, " %s", when);
                if (ack->enrolled == PLEK_DISTRUSTED)
                        text_add(text, " (%s)", word(language, "does not count: distrusted"));
                else if (ack->enrolled == PLEK_NO_LONGER_ENROLLED)
                        text_add(text, " (%s)", word(language, "no longer enrolled"));
        }
        return 0;
}

json_t *ack_to_json(const PlekAck *ack)
{
        json_t *object = json_object();

        json_set_string(object, "by", ack->by);
        json_set_string(object, "by_name", ack->by_name);
        json_set_string(object, "function", ack->function);
        json_object_set_new(object, "at_ms", json_integer(ack->at_ms));
        json_set_string(object, "enrolled", enrolled_name(ack->enrolled));
        return object;
}

int seen_json(json_t *object, PlekSubscriber *subscriber, const PlekRecord *record)
{
        PlekAck acks[PLEK_ACKS_MAX];
        json_t *array;
        size_t n_acks;
        int r;

        r = acks_of(subscriber, record, acks, &n_acks);
        if (r || !n_acks)
                return r;
        array = json_array();
        for (size_t i = 0; i < n_acks; i++)
                json_array_append_new(array, ack_to_json(&acks[i]));
        json_object_set_new(object, "acks", array);
        return 0;
}

bool seen_is_watched(uint32_t state)
{
        return state == PLEK_DOOR_STOP || state == PLEK_DOOR_CLOSED ||
               state == PLEK_DOOR_RESTRICTED;
}

bool seen_is_said_of(const PlekDoorScope *scope, const PlekReport *report)
{
        return !strcmp(scope->unit ? scope->unit : "", report->unit ? report->unit : "") &&
               scope->care == report->door.care &&
               scope->patient_group == report->door.patient_group &&
               scope->urgency == report->door.urgency;
}

bool seen_is_due(const PlekLeadingDoor *door)
{
        return door->has_record && door->record.report.kind == PLEK_REPORT_DOOR &&
               seen_is_watched(door->record.report.door.state) &&
               seen_is_said_of(&door->scope, &door->record.report);
}

/* A stop that has passed its end says something else without a word. */
int seen_by_us(PlekSubscriber *subscriber, const PlekLeadingDoor *door, bool *ret_is)
{
        const char *us = plek_subscriber_party(subscriber);
        PlekAck acks[PLEK_ACKS_MAX];
        size_t n_acks;
        int r;

        r = acks_of(subscriber, &door->record, acks, &n_acks);
        if (r)
                return r;
        *ret_is = false;
        for (size_t i = 0; us && i < n_acks; i++)
                if (!strcmp(acks[i].by, us) && acks[i].at_ms >= door->since_ms)
                        *ret_is = true;
        return 0;
}
