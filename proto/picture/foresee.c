#include "picture/picture-internal.h"

/*
 * Foreseeing what a report will be to readers
 *
 * Only the plain case, which nearly all are: one entry, told to both levels alike, on a topic that
 * is there. Whoever builds on it compares with what comes of the report, so this may say less than
 * it could.
 */

static bool is_state(UpdateKind kind)
{
        return kind == UPDATE_COUNTS || kind == UPDATE_DOOR || kind == UPDATE_PRESSURE ||
               kind == UPDATE_CARD || kind == UPDATE_OFFERING;
}

/* Neither who could see it nor who has acknowledged it loses anything. */
static bool takes_nothing(const Picture *picture, const Record *record, const PictureTopic *topic,
                          const Update *update)
{
        return !record || (record->topic == topic && update->audience <= record->audience &&
                           !picture_acks(picture, record, NULL, 0));
}

bool picture_foresee(const Picture *picture, const Update *update, const Blob *envelope,
                     uint64_t revision, int64_t received_at_ms, const char *region,
                     const PictureTopic **ret_topic, Entry *ret_entry)
{
        const PictureTopic *found;
        const Record *record;
        char text[TOPIC_MAX];
        RecordKey key;
        RecordRef ref;
        Topic topic;

        if (!is_state(update->kind) || update->audience > AUDIENCE_CARE)
                return false;
        topic = topic_of(update->status, region, report_lane(update->kind));
        (void)topic_format(&topic, text);
        found = picture_find_topic(picture, text);
        ref = update_record_ref(update);
        record_key_make(&key, update->status, update->party, update->location, &ref);
        record = picture_find(picture, &key);
        if (!found || !takes_nothing(picture, record, found, update))
                return false;

        *ret_entry = (Entry){
                .revision = revision,
                .changed_revision = revision,
                .received_at_ms = received_at_ms,
                .since_ms = record && record_is_restated(record, update) ? record->since_ms
                                                                         : received_at_ms,
                .flags = report_flags(update),
                .envelope = envelope->bytes,
                .n_envelope = envelope->n_bytes,
        };
        *ret_topic = found;
        return true;
}
