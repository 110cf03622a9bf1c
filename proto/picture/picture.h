#pragma once

/*
 * Picture: the latest of everything, by topic and by revision
 *
 * The broker's state and a reader's replica are the same code. A topic's records form a list in the
 * order in which they last changed: a change goes to its end, so "changes since R" is the tail.
 * What left a topic is remembered there as a tombstone, for as many as the picture was told to.
 *
 * Levels. A record with audience A is for readers of level A and above. A tombstone is for readers
 * of levels [from, to]: when a record's audience narrows from CARE to COORD, readers of level CARE
 * are told that it is gone and readers of level COORD see it change.
 *
 * Pure: revisions and times are given. Applying never refuses what admission let through; the only
 * error is -ENOMEM. Not thread-safe.
 */

#include "picture/record.h"
#include "wire/topic.h"

typedef struct Picture Picture;

struct PictureTopic {
        Topic topic;
        char text[TOPIC_MAX];
        ListLink records;    /* Record.in_topic */
        ListLink tombstones; /* Tombstone.in_topic, by revision */
        uint64_t last[AUDIENCE_COORD + 1]; /* by level: the last revision that a reader saw here */
        uint64_t forgotten; /* tombstones up to this revision may be gone */
        size_t n_records;
        UT_hash_handle hh;
};

typedef struct Tombstone {
        ListLink in_topic;
        ListLink in_picture; /* all, oldest first */
        uint64_t revision;
        int64_t at_ms;
        Audience from, to;
        WithdrawnCause cause;
        PictureTopic *topic;
        RecordKey key;
} Tombstone;

struct RecordGroup {
        UT_hash_handle hh;
        ListLink records; /* Record.in_group */
        size_t n_records;
        uint16_t n_key;
        char key[]; /* party, NUL, location, NUL */
};

/* One thing that readers of levels [from, to] of a topic are to be told. */
typedef enum ChangeKind {
        CHANGE_REPORT,   /* a report's envelope: new, changed or restated */
        CHANGE_AFFIRM,   /* an affirm's envelope */
        CHANGE_MOVED,    /* a record shown again: its region or audience moved */
        CHANGE_WITHDRAWN,
        CHANGE_REGISTRY, /* an enrolment's or card's envelope, or a suspension: on reg/ */
} ChangeKind;

typedef struct ChangeItem {
        ChangeKind kind;
        PictureTopic *topic; /* NULL: reg/ */
        Audience from, to;
        uint64_t revision;
        int64_t received_at_ms;
        bool content_changed;      /* REPORT: not a mere restatement */
        Record *record;            /* REPORT, MOVED */
        Affirmation *affirmation;  /* AFFIRM; borrowed */
        const Tombstone *tombstone; /* WITHDRAWN */
        size_t n_renewed;          /* AFFIRM */
} ChangeItem;

typedef struct Change {
        ChangeItem *items;
        size_t n_items;
        size_t n_allocated;
} Change;

#define CHANGE_NULL ((Change){ 0 })
void change_reset(Change *change); /* keeps the memory */
void change_deinit(Change *change);
MUST_CHECK int change_add(Change *change, const ChangeItem *item);

/* @n_tombstones are kept at the most, over all topics. */
MUST_CHECK int picture_new(Picture **ret_picture, size_t n_tombstones);
Picture *picture_free(Picture *picture);
DEFINE_FREEP(Picture, picture_free);
/* Called before a record's memory goes, for whoever put something into record->user. */
void picture_on_record_free(Picture *picture, void (*func)(Record *record, void *arg), void *arg);

/*
 * Each takes the decoded update and a reference of its envelope, and adds what readers are to be
 * told to @change. Returns 0 or -ENOMEM (nothing done).
 */
MUST_CHECK int picture_report(Picture *picture, const Update *update, Blob *envelope,
                              uint64_t revision, int64_t received_at_ms, const char *region,
                              Change *change);
/* Renews what @update affirms (DESIGN: this instance's, up to seq S, this audience, lane, status). */
MUST_CHECK int picture_affirm(Picture *picture, const Update *update, Blob *envelope,
                              uint64_t revision, int64_t received_at_ms, const char *region,
                              Change *change);
/* Withdrawing what is not there is done already. */
MUST_CHECK int picture_withdraw(Picture *picture, const Update *update, uint64_t revision,
                                int64_t received_at_ms, Change *change);
/*
 * What a new enrolment of @party does to its records: locations that @region_of() has no region
 * for (NULL) are withdrawn, those whose region is another move.
 */
MUST_CHECK int picture_regrant(Picture *picture, const char *party,
                               const char *(*region_of)(const char *location, void *arg), void *arg,
                               uint64_t revision, int64_t at_ms, Change *change);

Record *picture_find(const Picture *picture, const RecordKey *key);
PictureTopic *picture_find_topic(const Picture *picture, const char *text);
MUST_CHECK int picture_need_topic(Picture *picture, const Topic *topic, PictureTopic **ret_topic);
RecordGroup *picture_find_group(const Picture *picture, const char *party, const char *location);
size_t picture_n_records(const Picture *picture);
/* Walk all; NULL gives the first, and comes after the last. Nothing may change meanwhile. */
Record *picture_next(const Picture *picture, const Record *record);
PictureTopic *picture_next_topic(const Picture *picture, const PictureTopic *topic);

/* Whether a position on @topic can be answered with changes, or must be answered whole. */
bool picture_remembers(const PictureTopic *topic, uint64_t revision);
/* The first record, or tombstone, that changed after @revision, in order; NULL: none. Go on with
 * list_entry(x->in_topic.next) until the topic's own link. */
Record *picture_records_since(const PictureTopic *topic, uint64_t revision);
Tombstone *picture_tombstones_since(const PictureTopic *topic, uint64_t revision);

/* ------------------------------------------------------------------ as a reader, or at start */

/*
 * Puts back what somebody else derived: an entry of a chunk, of a block, or a row of the store.
 * @update is the decoded envelope of @entry; @affirmation may be NULL. Replaces what has the same
 * key on this topic, unless it is newer. Returns 0 or -ENOMEM.
 */
MUST_CHECK int picture_restore(Picture *picture, PictureTopic *topic, const Update *update,
                               Blob *envelope, const Entry *entry, Affirmation *affirmation,
                               Record **ret_record);
MUST_CHECK int picture_restore_tombstone(Picture *picture, PictureTopic *topic,
                                         const RecordKey *key, uint64_t revision, int64_t at_ms,
                                         Audience from, Audience to, WithdrawnCause cause);
/* Removes without a tombstone. */
void picture_drop(Picture *picture, Record *record);
/* Everything on @topic that last changed before @revision: what a whole answer did not list. */
void picture_drop_topic(Picture *picture, PictureTopic *topic);

/* The entry as it goes into a block or chunk for readers of a topic; borrowed from the record. */
void record_to_entry(const Record *record, Entry *ret_entry);
