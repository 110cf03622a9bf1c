#include "picture/acks.h"

#include <string.h>

/*
 * Picture
 *
 * Four hashes and the lists through them. A record is in the hash of all, in the group of its
 * (party, location) for affirms, and on its topic, there by the revision at which it last changed.
 * In the broker that is always the end, since revisions only grow; a reader may be told in another
 * order, so a record's place is looked for from the end, or from where the one before it went.
 */

/* ------------------------------------------------------------------ its life */

int picture_new(Picture **ret_picture, size_t n_tombstones)
{
        Picture *picture;

        picture = calloc(1, sizeof(*picture));
        if (!picture)
                return err_raise(-ENOMEM);

        list_init(&picture->tombstones);
        events_init(&picture->events);
        picture->n_tombstones_max = n_tombstones;
        *ret_picture = picture;
        return 0;
}

Picture *picture_free(Picture *picture)
{
        PictureTopic *topic, *next;

        if (!picture)
                return NULL;

        while (picture->records)
                picture_drop(picture, picture->records);
        assert(!picture->groups && !picture->parties && !picture->acked);
        events_deinit(&picture->events);
        list_for_each (link, &picture->tombstones)
                tombstone_free(list_entry(link, Tombstone, in_picture));
        HASH_ITER (hh, picture->topics, topic, next) {
                HASH_DEL(picture->topics, topic);
                free(topic);
        }
        free(picture);
        return NULL;
}

void picture_on_record_free(Picture *picture, void (*func)(Record *record, void *arg), void *arg)
{
        picture->on_record_free = func;
        picture->on_record_free_arg = arg;
}

void picture_on_forget(Picture *picture, void (*func)(const Tombstone *tombstone, void *arg),
                       void *arg)
{
        picture->on_forget = func;
        picture->on_forget_arg = arg;
}

/* ------------------------------------------------------------------ topics */

PictureTopic *picture_find_topic(const Picture *picture, const char *text)
{
        PictureTopic *topic;

        HASH_FIND(hh, picture->topics, text, strlen(text), topic);
        return topic;
}

int picture_need_topic(Picture *picture, const Topic *topic, PictureTopic **ret_topic)
{
        char text[TOPIC_MAX];
        PictureTopic *found;
        size_t n_text;

        n_text = topic_format(topic, text);
        found = picture_find_topic(picture, text);
        if (found) {
                *ret_topic = found;
                return 0;
        }

        found = calloc(1, sizeof(*found));
        if (!found)
                return err_raise(-ENOMEM);
        found->topic = *topic;
        memcpy(found->text, text, sizeof(text));
        list_init(&found->records);
        list_init(&found->tombstones);
        HASH_ADD_KEYPTR(hh, picture->topics, found->text, n_text, found);
        if (!found->hh.tbl) {
                free(found);
                return err_raise(-ENOMEM);
        }
        *ret_topic = found;
        return 0;
}

PictureTopic *picture_next_topic(const Picture *picture, const PictureTopic *topic)
{
        return topic ? topic->hh.next : picture->topics;
}

/* ------------------------------------------------------------------ parties and groups */

static int picture_need_party(Picture *picture, const char *id, RecordParty **ret_party)
{
        size_t n_id = strlen(id);
        RecordParty *party;

        HASH_FIND(hh, picture->parties, id, n_id, party);
        if (party) {
                *ret_party = party;
                return 0;
        }

        party = malloc(sizeof(*party) + n_id + 1);
        if (!party)
                return err_raise(-ENOMEM);
        memcpy(party->party, id, n_id + 1);
        list_init(&party->groups);
        party->n_groups = 0;
        HASH_ADD_KEYPTR(hh, picture->parties, party->party, n_id, party);
        if (!party->hh.tbl) {
                free(party);
                return err_raise(-ENOMEM);
        }
        *ret_party = party;
        return 0;
}

static void picture_release_party(Picture *picture, RecordParty *party)
{
        if (party->n_groups)
                return;
        HASH_DEL(picture->parties, party);
        free(party);
}

/* party, NUL, location, NUL */
static size_t group_key(char *ret_key, const char *party, const char *location)
{
        size_t n_party = strlen(party) + 1, n_location = strlen(location) + 1;

        if (n_party > PARTY_MAX + 1 || n_location > LOCATION_MAX + 1)
                return 0;
        memcpy(ret_key, party, n_party);
        memcpy(ret_key + n_party, location, n_location);
        return n_party + n_location;
}

RecordGroup *picture_find_group(const Picture *picture, const char *party, const char *location)
{
        char key[PARTY_MAX + 1 + LOCATION_MAX + 1];
        size_t n_key = group_key(key, party, location);
        RecordGroup *group;

        HASH_FIND(hh, picture->groups, key, n_key, group);
        return group;
}

static void picture_release_group(Picture *picture, RecordGroup *group)
{
        RecordParty *party = group->party;

        if (group->n_records)
                return;
        HASH_DEL(picture->groups, group);
        list_unlink(&group->in_party);
        party->n_groups--;
        free(group);
        picture_release_party(picture, party);
}

static int picture_add_group(Picture *picture, const char *party_id, const char *location,
                             RecordGroup **ret_group)
{
        char key[PARTY_MAX + 1 + LOCATION_MAX + 1];
        size_t n_key = group_key(key, party_id, location);
        RecordGroup *group;
        RecordParty *party;
        int r;

        assert(n_key); /* decoded updates are within their bounds */
        r = picture_need_party(picture, party_id, &party);
        if (r)
                return r;

        group = malloc(sizeof(*group) + n_key);
        if (!group) {
                picture_release_party(picture, party);
                return err_raise(-ENOMEM);
        }
        *group = (RecordGroup){ .party = party, .n_key = (uint16_t)n_key };
        memcpy(group->key, key, n_key);
        list_init(&group->records);
        HASH_ADD_KEYPTR(hh, picture->groups, group->key, n_key, group);
        if (!group->hh.tbl) {
                free(group);
                picture_release_party(picture, party);
                return err_raise(-ENOMEM);
        }
        list_append(&party->groups, &group->in_party);
        party->n_groups++;
        *ret_group = group;
        return 0;
}

/* ------------------------------------------------------------------ records */

Record *picture_find(const Picture *picture, const RecordKey *key)
{
        Record *record;

        HASH_FIND(hh, picture->records, key->bytes, key->n_bytes, record);
        return record;
}

size_t picture_n_records(const Picture *picture)
{
        return HASH_COUNT(picture->records);
}

Record *picture_next(const Picture *picture, const Record *record)
{
        return record ? record->hh.next : picture->records;
}

int picture_add_record(Picture *picture, const RecordKey *key, const char *party,
                       const char *location, Record **ret_record)
{
        CLEANUP(freep) Record *record = NULL;
        RecordGroup *group;
        int r;

        /* Never less than the struct, whose end may lie behind a short key. */
        record = malloc(MAX(sizeof(*record), offsetof(Record, key) + key->n_bytes));
        if (!record)
                return err_raise(-ENOMEM);
        *record = (Record){ .n_key = key->n_bytes };
        memcpy(record->key, key->bytes, key->n_bytes);

        group = picture_find_group(picture, party, location);
        if (!group) {
                r = picture_add_group(picture, party, location, &group);
                if (r)
                        return r;
        }

        r = events_add(&picture->events, record, location);
        if (!r)
                HASH_ADD_KEYPTR(hh, picture->records, record->key, record->n_key, record);
        if (r || !record->hh.tbl) {
                events_drop(&picture->events, record->event);
                picture_release_group(picture, group);
                return err_raise(-ENOMEM);
        }
        if (record_key_is_ack(record->key, record->n_key)) {
                r = acks_add(picture, record);
                if (r) {
                        HASH_DEL(picture->records, record);
                        picture_release_group(picture, group);
                        return r;
                }
        }
        record->group = group;
        list_append(&group->records, &record->in_group);
        group->n_records++;
        *ret_record = STEAL(record);
        return 0;
}

uint32_t report_flags(const Update *update)
{
        return update->kind == UPDATE_COUNTS ? counts_flags(&update->counts) : 0;
}

void record_fill(Picture *picture, Record *record, const Update *update, Blob *envelope,
                 uint64_t revision, int64_t received_at_ms)
{
        Blob *old = record->envelope;

        record->envelope = blob_ref(envelope);
        blob_unref(old);
        record->affirmation = affirmation_unref(record->affirmation);
        record->revision = record->changed_revision = revision;
        record->received_at_ms = received_at_ms;
        record->instance = update->instance;
        record->seq = update->seq;
        record->sent_at_ms = update->sent_at_ms;
        record->observed_at_ms = update->observed_at_ms;
        record->valid_for_s = update->valid_for_s;
        record->flags = report_flags(update);
        record->status = update->status;
        record->audience = update->audience;
        record->report = update->kind;
        memcpy(record->content_digest, update->content_digest, sizeof(record->content_digest));
        if (record->event)
                events_fill(&picture->events, record->event, update);
}

static void record_unplace(Record *record)
{
        PictureTopic *topic = record->topic;
        ListLink *link = &record->in_topic;

        if (!topic)
                return;
        if (topic->restored == link)
                topic->restored = link->previous == &topic->records ? NULL : link->previous;
        list_unlink(link);
        topic->n_records--;
        record->topic = NULL;
}

static uint64_t changed_at(const ListLink *link)
{
        return list_entry(link, const Record, in_topic)->changed_revision;
}

/* The link after which @revision goes: of equals the last. */
static ListLink *topic_place(PictureTopic *topic, uint64_t revision)
{
        ListLink *end = &topic->records, *at = end->previous;

        if (at == end || changed_at(at) <= revision)
                return at;
        if (!topic->restored || changed_at(topic->restored) > revision) {
                while (at != end && changed_at(at) > revision)
                        at = at->previous;
                return at;
        }
        for (at = topic->restored; changed_at(at->next) <= revision;)
                at = at->next; /* stops before the end: the last is newer */
        return at;
}

void record_place(Record *record, PictureTopic *topic)
{
        record_unplace(record);
        list_insert_before(topic_place(topic, record->changed_revision)->next, &record->in_topic);
        record->topic = topic;
        record->whole = topic->whole;
        topic->n_records++;
}

void picture_drop(Picture *picture, Record *record)
{
        if (record->topic && picture->on_record_free)
                picture->on_record_free(record, picture->on_record_free_arg);

        if (record_key_is_ack(record->key, record->n_key))
                acks_remove(picture, record);
        record_unplace(record);
        events_drop(&picture->events, record->event);
        HASH_DEL(picture->records, record);
        list_unlink(&record->in_group);
        record->group->n_records--;
        picture_release_group(picture, record->group);
        affirmation_unref(record->affirmation);
        blob_unref(record->envelope);
        free(record);
}

Record *picture_next_over(Picture *picture, int64_t now_ms)
{
        return events_next_over(&picture->events, now_ms);
}

const Events *picture_events(const Picture *picture)
{
        return &picture->events;
}

/* ------------------------------------------------------------------ tombstones */

int tombstone_new(Tombstone **ret_tombstone)
{
        *ret_tombstone = calloc(1, sizeof(**ret_tombstone));
        return *ret_tombstone ? 0 : err_raise(-ENOMEM);
}

Tombstone *tombstone_free(Tombstone *tombstone)
{
        if (tombstone) {
                list_unlink(&tombstone->in_topic);
                list_unlink(&tombstone->in_picture);
                free(tombstone);
        }
        return NULL;
}

void picture_bury(Picture *picture, Tombstone *tombstone, PictureTopic *topic)
{
        ListLink *at;

        tombstone->topic = topic;
        for (at = topic->tombstones.previous; at != &topic->tombstones; at = at->previous)
                if (list_entry(at, Tombstone, in_topic)->revision <= tombstone->revision)
                        break;
        list_insert_before(at->next, &tombstone->in_topic);

        for (at = picture->tombstones.previous; at != &picture->tombstones; at = at->previous)
                if (list_entry(at, Tombstone, in_picture)->revision <= tombstone->revision)
                        break;
        list_insert_before(at->next, &tombstone->in_picture);
        picture->n_tombstones++;
}

static void picture_forget(Picture *picture, Tombstone *tombstone)
{
        PictureTopic *topic = tombstone->topic;

        if (picture->on_forget)
                picture->on_forget(tombstone, picture->on_forget_arg);
        topic->forgotten = MAX(topic->forgotten, tombstone->revision);
        picture->n_tombstones--;
        tombstone_free(tombstone);
}

/*
 * Whole revisions go: of one that is remembered in part nobody could be told, and which part would
 * depend on the order in which an enrolment met its party's records.
 */
void picture_trim(Picture *picture)
{
        Tombstone *oldest;
        uint64_t revision = 0;

        while (!list_is_empty(&picture->tombstones)) {
                oldest = list_entry(picture->tombstones.next, Tombstone, in_picture);
                if (picture->n_tombstones <= picture->n_tombstones_max &&
                    oldest->revision != revision)
                        break;
                revision = oldest->revision;
                picture_forget(picture, oldest);
        }
}

/* ------------------------------------------------------------------ changes since */

bool picture_remembers(const PictureTopic *topic, uint64_t revision)
{
        return revision >= topic->forgotten;
}

Record *picture_records_since(const PictureTopic *topic, uint64_t revision)
{
        Record *first = NULL;

        list_for_each_reverse(link, &topic->records)
        {
                if (changed_at(link) <= revision)
                        break;
                first = list_entry(link, Record, in_topic);
        }
        return first;
}

Tombstone *picture_tombstones_since(const PictureTopic *topic, uint64_t revision)
{
        Tombstone *first = NULL, *tombstone;

        list_for_each_reverse(link, &topic->tombstones)
        {
                tombstone = list_entry(link, Tombstone, in_topic);
                if (tombstone->revision <= revision)
                        break;
                first = tombstone;
        }
        return first;
}
