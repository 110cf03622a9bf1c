#pragma once

/*
 * A picture, updates for it as if decoded, and each operation at the next revision, received as
 * many milliseconds after NOW
 */

#include <string.h>

#include "cmocka-all.h"
#include "picture/picture.h"

#define NOW 1700000000000

typedef struct Fixture {
        Picture *picture;
        Change change;
        Blob *envelope;
        uint64_t revision;
} Fixture;

static inline void setup(Fixture *fixture, size_t n_tombstones)
{
        *fixture = (Fixture){ .change = CHANGE_NULL };
        assert_int_equal(picture_new(&fixture->picture, n_tombstones), 0);
        assert_int_equal(blob_copy(&fixture->envelope, "envelope", 8), 0);
}

static inline void teardown(Fixture *fixture)
{
        picture_free(fixture->picture);
        change_deinit(&fixture->change);
        assert_int_equal(fixture->envelope->n_references, 1); /* nobody else holds one any more */
        blob_unref(fixture->envelope);
}

/* ------------------------------------------------------------------ updates */

static inline Update update_of(UpdateKind kind, const char *location, uint64_t seq)
{
        return (Update){
                .party = "party",
                .instance = 1,
                .seq = seq,
                .sent_at_ms = NOW - 100,
                .observed_at_ms = NOW - 200,
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = location,
                .kind = kind,
        };
}

static inline Update counts_of(const char *location, uint32_t care, uint64_t seq, char content)
{
        Update update = update_of(UPDATE_COUNTS, location, seq);

        update.counts.care = care;
        memset(update.content_digest, content, sizeof(update.content_digest));
        return update;
}

static inline Update door_of(const char *location, uint64_t seq, char content)
{
        Update update = update_of(UPDATE_DOOR, location, seq);

        update.door.state = PLEK_DOOR_STOP;
        update.door.care = update.door.patient_group = update.door.urgency = CODE_ABSENT;
        memset(update.content_digest, content, sizeof(update.content_digest));
        return update;
}

static inline Update affirm_of(const char *location, Lane lane, uint64_t up_to_seq)
{
        Update update = update_of(UPDATE_AFFIRM, location, up_to_seq + 1);

        update.affirm.lane = lane;
        update.affirm.up_to_seq = up_to_seq;
        return update;
}

/* ------------------------------------------------------------------ operations */

static inline uint64_t report_in(Fixture *fixture, const Update *update, const char *region)
{
        change_reset(&fixture->change);
        fixture->revision++;
        assert_int_equal(picture_report(fixture->picture, update, fixture->envelope,
                                        fixture->revision, NOW + (int64_t)fixture->revision, region,
                                        &fixture->change),
                         0);
        return fixture->revision;
}

static inline uint64_t report(Fixture *fixture, const Update *update)
{
        return report_in(fixture, update, "west");
}

static inline uint64_t affirm(Fixture *fixture, const Update *update)
{
        change_reset(&fixture->change);
        fixture->revision++;
        assert_int_equal(picture_affirm(fixture->picture, update, fixture->envelope,
                                        fixture->revision, NOW + (int64_t)fixture->revision, "west",
                                        &fixture->change),
                         0);
        return fixture->revision;
}

static inline uint64_t withdraw(Fixture *fixture, const Update *reported)
{
        Update update = update_of(UPDATE_WITHDRAW, reported->location, reported->seq + 1);

        update.party = reported->party;
        update.status = reported->status;
        update.withdraw = update_record_ref(reported);
        change_reset(&fixture->change);
        fixture->revision++;
        assert_int_equal(picture_withdraw(fixture->picture, &update, fixture->revision,
                                          NOW + (int64_t)fixture->revision, &fixture->change),
                         0);
        return fixture->revision;
}

static inline uint64_t regrant(Fixture *fixture, const char *(*region_of)(const char *, void *))
{
        change_reset(&fixture->change);
        fixture->revision++;
        assert_int_equal(picture_regrant(fixture->picture, "party", region_of, NULL,
                                         fixture->revision, NOW + (int64_t)fixture->revision,
                                         &fixture->change),
                         0);
        return fixture->revision;
}

static inline RecordKey key_of(const Update *update)
{
        RecordRef ref = update_record_ref(update);
        RecordKey key;

        record_key_make(&key, update->status, update->party, update->location, &ref);
        return key;
}

static inline Record *held(const Fixture *fixture, const Update *update)
{
        RecordKey key = key_of(update);

        return picture_find(fixture->picture, &key);
}

static inline const PictureTopic *topic(const Fixture *fixture, const char *text)
{
        const PictureTopic *found = picture_find_topic(fixture->picture, text);

        assert_non_null(found);
        return found;
}

static inline void assert_last(const PictureTopic *where, uint64_t open, uint64_t care,
                               uint64_t coord)
{
        assert_int_equal(where->last[AUDIENCE_OPEN], open);
        assert_int_equal(where->last[AUDIENCE_CARE], care);
        assert_int_equal(where->last[AUDIENCE_COORD], coord);
}

static inline void assert_item(const ChangeItem *item, ChangeKind kind, Audience from, Audience to)
{
        assert_int_equal(item->kind, kind);
        assert_int_equal(item->from, from);
        assert_int_equal(item->to, to);
}

/* The records of a topic, oldest change first, by their content. */
static inline void assert_order(const PictureTopic *where, uint64_t since, const char *contents)
{
        const Record *record = picture_records_since(where, since);
        uint64_t last = since;

        for (const char *at = contents; *at; at++) {
                assert_non_null(record);
                assert_int_equal(record->content_digest[0], *at);
                assert_true(record->changed_revision >= last && record->changed_revision > since);
                last = record->changed_revision;
                record = record->in_topic.next == &where->records
                                 ? NULL
                                 : list_entry(record->in_topic.next, Record, in_topic);
        }
        assert_null(record);
}
