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
 *
 * Order. A topic's answer to "since R" is its withdrawals and its records after R, merged by
 * revision, a withdrawal before a record of the same revision. It may as well send all withdrawals
 * first: a record that a level can see is always newer than every withdrawal of its key for that
 * level, so a withdrawal only ever ends what the reader had before.
 */

#include "picture/events.h"
#include "wire/topic.h"

typedef struct Picture Picture;

struct PictureTopic {
        Topic topic;
        char text[TOPIC_MAX];
        ListLink records;                  /* Record.in_topic */
        ListLink tombstones;               /* Tombstone.in_topic, by revision */
        uint64_t last[AUDIENCE_COORD + 1]; /* by level: the last revision that a reader saw here */
        uint64_t forgotten;                /* tombstones up to this revision may be gone */
        size_t n_records;
        uint32_t whole;     /* counts picture_whole_begin() */
        ListLink *restored; /* where the last restored record went, or NULL: the next is near */
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

/* All groups of a party. */
typedef struct RecordParty {
        UT_hash_handle hh;
        ListLink groups; /* RecordGroup.in_party */
        size_t n_groups;
        char party[];
} RecordParty;

struct RecordGroup {
        UT_hash_handle hh;
        RecordParty *party;
        ListLink in_party;
        ListLink records; /* Record.in_group */
        size_t n_records;
        uint16_t n_key;
        char key[]; /* party, NUL, location, NUL */
};

/* One thing that readers of levels [from, to] of a topic are to be told. */
typedef enum ChangeKind {
        CHANGE_REPORT, /* a report's envelope: new, changed or restated */
        CHANGE_AFFIRM, /* an affirm's envelope */
        CHANGE_MOVED,  /* a record shown again: its region or audience moved */
        CHANGE_WITHDRAWN,
        CHANGE_REGISTRY, /* an enrolment's or card's envelope, or a suspension: on reg/ */
} ChangeKind;

typedef struct ChangeItem {
        ChangeKind kind;
        PictureTopic *topic; /* NULL: reg/ */
        Audience from, to;
        uint64_t revision;
        int64_t received_at_ms;
        bool content_changed;       /* REPORT: not a mere restatement */
        Record *record;             /* REPORT, MOVED */
        Affirmation *affirmation;   /* AFFIRM; borrowed */
        const Tombstone *tombstone; /* WITHDRAWN */
        size_t n_renewed;           /* AFFIRM */
} ChangeItem;

typedef struct Change {
        ChangeItem *items;
        size_t n_items;
        size_t n_allocated;
} Change;

/* What an item points to is the picture's, and good until the picture changes again. */
#define CHANGE_NULL ((Change){ 0 })
void change_reset(Change *change); /* keeps the memory */
void change_deinit(Change *change);
MUST_CHECK int change_add(Change *change, const ChangeItem *item);
/* Room for @n_items more, so that adding those cannot fail. */
MUST_CHECK int change_reserve(Change *change, size_t n_items);

/* @n_tombstones are kept at the most, over all topics; those of the last change always. */
MUST_CHECK int picture_new(Picture **ret_picture, size_t n_tombstones);
Picture *picture_free(Picture *picture);
DEFINE_FREEP(Picture, picture_free);
/* Called before a record's memory goes, for whoever put something into record->user. */
void picture_on_record_free(Picture *picture, void (*func)(Record *record, void *arg), void *arg);

/* Called before a tombstone's memory goes, when there are too many; not when the picture ends. */
void picture_on_forget(Picture *picture, void (*func)(const Tombstone *tombstone, void *arg),
                       void *arg);

/*
 * Each is given the decoded update and its envelope, of which it takes a reference of its own, and
 * adds what readers are to be told to @change: a withdrawal before what comes in its place. Returns
 * 0 or -ENOMEM (nothing done, but that an empty topic may have come).
 *
 * A report with the content of the record that it replaces, for the same audience, is a
 * restatement: its age is new, since_ms stays, content_changed is false. An event that is known is
 * not even that: nobody is told, nothing changes.
 */
MUST_CHECK int picture_report(Picture *picture, const Update *update, Blob *envelope,
                              uint64_t revision, int64_t received_at_ms, const char *region,
                              Change *change);
/*
 * An acknowledgement, on the topic of the record that it names. Of one that is not held, or says
 * something else by now, nothing is kept: admission has seen to it that it is there, but a past
 * that was thinned may lack it.
 */
MUST_CHECK int picture_ack(Picture *picture, const Update *update, Blob *envelope,
                           uint64_t revision, int64_t received_at_ms, Change *change);
/* The entry that care and coordination alike will be told of such a report, and its topic, where
 * that is all that it comes to: the topic is there, and nobody loses anything. Changes nothing.
 * *ret_entry borrows @envelope. Returns whether it can be said. */
bool picture_foresee(const Picture *picture, const Update *update, const Blob *envelope,
                     uint64_t revision, int64_t received_at_ms, const char *region,
                     const PictureTopic **ret_topic, Entry *ret_entry);
/* Renews what @update affirms: of this party and location the records that its instance set last,
 * up to seq S, with its audience, lane and status, but for apart_from. Readers are told once, of
 * the affirm; nobody is told of one that renews nothing. */
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
/* How many of these are acknowledgements. */
size_t picture_n_acks(const Picture *picture);
/* The acknowledgements of @named: how many there are, and as many of them as there is room for. */
size_t picture_acks(const Picture *picture, const Record *named, const Record **ret_acks,
                    size_t n_acks_max);
/* Walk all; NULL gives the first, and comes after the last. Nothing may change meanwhile. */
Record *picture_next(const Picture *picture, const Record *record);
PictureTopic *picture_next_topic(const Picture *picture, const PictureTopic *topic);

/* A record that has had its time by @now_ms, or NULL. The caller drops it, and asks again. */
Record *picture_next_over(Picture *picture, int64_t now_ms);
const Events *picture_events(const Picture *picture);

/* Whether a position on @topic can be answered with changes, or must be answered whole. */
bool picture_remembers(const PictureTopic *topic, uint64_t revision);
/* The first record, or tombstone, that changed after @revision, in order; NULL: none. Go on with
 * list_entry(x->in_topic.next) until the topic's own link. Costs what comes after @revision. */
Record *picture_records_since(const PictureTopic *topic, uint64_t revision);
Tombstone *picture_tombstones_since(const PictureTopic *topic, uint64_t revision);

/* ------------------------------------------------------------------ as a reader, or at start */

/*
 * Puts back what somebody else derived: an entry of a chunk, of a block, or a row of the store.
 * @update is the decoded envelope of @entry, a report; @affirmation is what it rests on, or NULL;
 * of both it takes references of its own. Replaces what has the same key, on whatever topic, unless
 * that is newer. *ret_record (if asked) is what is held then. Returns 0 or -ENOMEM (nothing done).
 */
MUST_CHECK int picture_restore(Picture *picture, PictureTopic *topic, const Update *update,
                               Blob *envelope, const Entry *entry, Affirmation *affirmation,
                               Record **ret_record);
/* At start. A record with that key stays: it may be newer, or for other levels. */
MUST_CHECK int picture_restore_tombstone(Picture *picture, PictureTopic *topic,
                                         const RecordKey *key, uint64_t revision, int64_t at_ms,
                                         Audience from, Audience to, WithdrawnCause cause);
/* What a withdrawal at @revision on @topic ends for a reader: the record with that key if it is
 * held on that topic and has not changed since; NULL: nothing. It is the caller's to drop. */
Record *picture_find_withdrawn(const Picture *picture, const PictureTopic *topic,
                               const RecordKey *key, uint64_t revision);
/* Removes without a tombstone. */
void picture_drop(Picture *picture, Record *record);
/* Removes everything on @topic without a tombstone. */
void picture_drop_topic(Picture *picture, PictureTopic *topic);
/* A whole answer: begin, restore each of its entries, end. What it did not list is dropped. */
void picture_whole_begin(PictureTopic *topic);
void picture_whole_end(Picture *picture, PictureTopic *topic);

/* As each goes into a block or chunk for readers of a topic; all borrowed. */
void record_to_entry(const Record *record, Entry *ret_entry);
void affirmation_to_entry(const Affirmation *affirmation, Entry *ret_entry);
/* @ret_withdrawn is what the entry points to. */
void tombstone_to_entry(const Tombstone *tombstone, WithdrawnRecord *ret_withdrawn,
                        Entry *ret_entry);
