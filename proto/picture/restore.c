#include "picture/picture-internal.h"

#include <string.h>

/*
 * Putting back what somebody else derived
 *
 * A reader and a start are told what a record is and since when, and decide nothing. What they are
 * told may come twice, or late, or in any order; the newest word on a key stays.
 */

static int restore_find(Picture *picture, const Update *update, Record **ret_record)
{
        RecordRef ref = update_record_ref(update);
        RecordKey key;

        record_key_make(&key, update->status, update->party, update->location, &ref);
        *ret_record = picture_find(picture, &key);
        if (*ret_record)
                return 0;
        return picture_add_record(picture, &key, update->party, update->location, ret_record);
}

static void restore_put(Picture *picture, Record *record, PictureTopic *topic, const Update *update,
                        Blob *envelope, const Entry *entry, Affirmation *affirmation)
{
        bool stays = record->topic == topic && record->changed_revision == entry->changed_revision;

        affirmation_ref(affirmation); /* it may be the record's own, which filling lets go */
        record_fill(picture, record, update, envelope, entry->revision, entry->received_at_ms);
        record->affirmation = affirmation;
        record->changed_revision = entry->changed_revision;
        record->since_ms = entry->since_ms;
        record->flags = entry->flags;
        record->whole = topic->whole;
        if (!stays)
                record_place(record, topic);
        topic->restored = &record->in_topic;
        for (unsigned level = record->audience; level <= AUDIENCE_COORD; level++)
                topic->last[level] = MAX(topic->last[level], record->changed_revision);
}

int picture_restore(Picture *picture, PictureTopic *topic, const Update *update, Blob *envelope,
                    const Entry *entry, Affirmation *affirmation, Record **ret_record)
{
        Record *record;
        int r;

        r = restore_find(picture, update, &record);
        if (r)
                return r;

        if (!record->topic || record->changed_revision <= entry->changed_revision)
                restore_put(picture, record, topic, update, envelope, entry, affirmation);
        else if (record->topic == topic)
                record->whole = topic->whole;
        if (ret_record)
                *ret_record = record;
        return 0;
}

static bool tombstone_is(const Tombstone *tombstone, const RecordKey *key, Audience from,
                         Audience to)
{
        return tombstone->from == from && tombstone->to == to &&
               tombstone->key.n_bytes == key->n_bytes &&
               memcmp(tombstone->key.bytes, key->bytes, key->n_bytes) == 0;
}

static bool topic_has_tombstone(const PictureTopic *topic, const RecordKey *key, uint64_t revision,
                                Audience from, Audience to)
{
        const Tombstone *tombstone;

        list_for_each_reverse(link, &topic->tombstones)
        {
                tombstone = list_entry(link, Tombstone, in_topic);
                if (tombstone->revision < revision)
                        break;
                if (tombstone->revision == revision && tombstone_is(tombstone, key, from, to))
                        return true;
        }
        return false;
}

int picture_restore_tombstone(Picture *picture, PictureTopic *topic, const RecordKey *key,
                              uint64_t revision, int64_t at_ms, Audience from, Audience to,
                              WithdrawnCause cause)
{
        Tombstone *tombstone;
        int r;

        if (topic_has_tombstone(topic, key, revision, from, to))
                return 0;
        r = tombstone_new(&tombstone);
        if (r)
                return r;

        tombstone->revision = revision;
        tombstone->at_ms = at_ms;
        tombstone->from = from;
        tombstone->to = to;
        tombstone->cause = cause;
        tombstone->key = *key;
        picture_bury(picture, tombstone, topic);
        for (unsigned level = from; level <= (unsigned)to; level++)
                topic->last[level] = MAX(topic->last[level], revision);
        picture_trim(picture);
        return 0;
}

Record *picture_find_withdrawn(const Picture *picture, const PictureTopic *topic,
                               const RecordKey *key, uint64_t revision)
{
        Record *record = picture_find(picture, key);

        if (!record || record->topic != topic || record->changed_revision > revision)
                return NULL;
        return record;
}

void picture_drop_topic(Picture *picture, PictureTopic *topic)
{
        list_for_each (link, &topic->records)
                picture_drop(picture, list_entry(link, Record, in_topic));
}

void picture_whole_begin(PictureTopic *topic)
{
        topic->whole++;
        topic->restored = NULL;
}

void picture_whole_end(Picture *picture, PictureTopic *topic)
{
        Record *record;

        list_for_each (link, &topic->records) {
                record = list_entry(link, Record, in_topic);
                if (record->whole != topic->whole)
                        picture_drop(picture, record);
        }
        topic->restored = NULL;
}

/* ------------------------------------------------------------------ as entries */

void record_to_entry(const Record *record, Entry *ret_entry)
{
        *ret_entry = (Entry){
                .revision = record->revision,
                .changed_revision = record->changed_revision,
                .received_at_ms = record->received_at_ms,
                .since_ms = record->since_ms,
                .flags = record->flags,
                .rests_on = record->affirmation ? record->affirmation->revision : 0,
                .envelope = record->envelope->bytes,
                .n_envelope = record->envelope->n_bytes,
        };
}

void affirmation_to_entry(const Affirmation *affirmation, Entry *ret_entry)
{
        *ret_entry = (Entry){
                .revision = affirmation->revision,
                .changed_revision = affirmation->revision,
                .received_at_ms = affirmation->received_at_ms,
                .since_ms = affirmation->received_at_ms,
                .envelope = affirmation->envelope->bytes,
                .n_envelope = affirmation->envelope->n_bytes,
        };
}

void tombstone_to_entry(const Tombstone *tombstone, WithdrawnRecord *ret_withdrawn,
                        Entry *ret_entry)
{
        int r;

        ret_withdrawn->cause = tombstone->cause;
        r = record_key_parse(&tombstone->key, &ret_withdrawn->status, &ret_withdrawn->party,
                             &ret_withdrawn->location, &ret_withdrawn->ref);
        assert(r == 0); /* made by record_key_make() */

        *ret_entry = (Entry){
                .revision = tombstone->revision,
                .changed_revision = tombstone->revision,
                .received_at_ms = tombstone->at_ms,
                .since_ms = tombstone->at_ms,
                .withdrawn = ret_withdrawn,
        };
}
