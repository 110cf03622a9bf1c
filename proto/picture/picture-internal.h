#pragma once

/*
 * What picture.c, apply.c and restore.c share of a picture's inside
 */

#include "picture/events.h"
#include "picture/picture.h"

struct Picture {
        Record *records;      /* hash by key */
        PictureTopic *topics; /* hash by text */
        RecordGroup *groups;  /* hash by key */
        RecordParty *parties; /* hash by party */
        Events events;
        struct Acked *acked;  /* hash by key of the record that is named */
        size_t n_acks;
        ListLink tombstones; /* Tombstone.in_picture */
        size_t n_tombstones;
        size_t n_tombstones_max;
        void (*on_record_free)(Record *record, void *arg);
        void *on_record_free_arg;
        void (*on_forget)(const Tombstone *tombstone, void *arg);
        void *on_forget_arg;
};

/* A record with its key alone, in its group but on no topic yet. Returns 0 or -ENOMEM. */
MUST_CHECK int picture_add_record(Picture *picture, const RecordKey *key, const char *party,
                                  const char *location, Record **ret_record);
/* Takes what the update says, and a reference of its envelope; no affirmation renews it yet. */
void record_fill(Picture *picture, Record *record, const Update *update, Blob *envelope,
                 uint64_t revision, int64_t received_at_ms);
uint32_t report_flags(const Update *update);
/* Says the same to the same. */
bool record_is_restated(const Record *record, const Update *update);
/* Puts a record onto @topic, from wherever it is, by its changed_revision. */
void record_place(Record *record, PictureTopic *topic);

/* A tombstone that is nowhere yet. Returns 0 or -ENOMEM. */
MUST_CHECK int tombstone_new(Tombstone **ret_tombstone);
Tombstone *tombstone_free(Tombstone *tombstone);
DEFINE_FREEP(Tombstone, tombstone_free);
/* Says on @topic that what @key names is gone for [from, to]. */
void picture_bury(Picture *picture, Tombstone *tombstone, PictureTopic *topic);
/* Who is to forget what, and why. */
typedef struct Loss {
        Audience from, to;
        WithdrawnCause cause;
} Loss;

/* Buries @record's key for the readers that @loss names, on the topic where it is now, and tells:
 * @change has room. Takes over @tombstone. */
void picture_lose(Picture *picture, Tombstone *tombstone, const Record *record, const Loss *loss,
                  uint64_t revision, int64_t at_ms, Change *change);
/* Forgets tombstones that are too many. Called before a change, so that what the change before it
 * handed out stays good until then. */
void picture_trim(Picture *picture);
