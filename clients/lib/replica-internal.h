#pragma once

#include "lib/heap.h"
#include "lib/replica.h"
#include "derived/overdue.h"

enum {
        HELD_MAX_BYTES = 8 * 1024 * 1024, /* of one topic: more, and asking is cheaper */
        ASKING_MAX = 4,                   /* answers under way at once */
        ANSWER_MAX_MS = 15 * 1000,        /* for the next part of one */
        ASK_AGAIN_MS = 1000,              /* doubles */
        ASK_AGAIN_MAX_MS = 30 * 1000,
        GAP_MS = 20,     /* what is missing may be right behind */
        BEHIND_MS = 250, /* the registry and openings of epochs come by themselves */
        /* A block of as many entries as there may be, decoded, and as much again. */
        MESSAGE_ARENA_BYTES = 8 * 1024 * 1024,
};

/* A frame that has to wait, or a chunk of an answer that has to. */
typedef struct Held {
        ListLink link;
        Blob *bytes;
} Held;

typedef struct ReplicaTopic {
        UT_hash_handle hh;
        Topic topic;
        char text[TOPIC_MAX];
        PictureTopic *picture; /* NULL: reg/ */

        bool is_known; /* there is a position */
        /* The position; without one, of what history and up to where the records are, if any is
         * held. Epoch 0: none can be. */
        uint64_t epoch, revision;
        uint64_t suspect; /* what the last beat named, if that is ahead of us; else 0 */

        bool wants;   /* to be asked for, at ask_at_ms */
        bool is_soft; /* ... unless it comes by itself before */
        int64_t ask_at_ms;
        unsigned n_failures;
        bool is_asking;
        uint64_t request;
        uint64_t asked_revision;
        int64_t answer_by_ms;
        Transfer transfer;
        bool is_begun;   /* the transfer's entries may be applied */
        ListLink chunks; /* that came before they might be */

        ListLink held;
        size_t n_held_bytes;
} ReplicaTopic;

/* What a record's user pointer is. */
typedef struct Shown {
        HeapNode due; /* in the broker's time */
        Record *record;
        Freshness freshness; /* as last told */
        DoorStanding standing;
        bool has_period; /* a door or an offering */
        uint32_t plan, on_expiry;
        int64_t starts_at_ms, ends_at_ms;
        uint32_t agreed_s;                /* how often it is to be reported; 0: nothing is agreed */
        bool is_overdue;                  /* as last told */
        char kind[LOCATION_KIND_MAX + 1]; /* of a card: the kind of its location */
} Shown;

struct Replica {
        const PlekRegionCard *card;
        Heads *heads;
        ReplicaEvents events;
        void *arg;
        char (*regions)[REGION_MAX + 1];
        size_t n_regions;
        bool all_regions, all_doors, with_test;
        int64_t at_ms; /* 0: now */
        bool is_thinned;
        bool has_past_head;
        Head past_head;

        Picture *picture;
        Registry *registry;
        Change change;
        Arena *arena;   /* of the message that is being read */
        Arena *scratch; /* of one entry in it */
        ReplicaTopic *topics;
        ReplicaTopic *reg;
        Heap due; /* Shown, by the broker's time */

        AgreedInterval *agreed; /* as the broker told */
        size_t n_agreed;

        Audience audience; /* 0: not said yet */
        bool is_up;
        bool has_epoch;
        Epoch epoch; /* the newest opening; its cause is not kept */

        bool may_drain;  /* an epoch's opening may have made held frames fit */
        bool is_leaving; /* what leaves the picture was told of otherwise */
        Withdrawn *withdrawn;
        ListLink withdrawals;
        size_t n_withdrawn_max;
};

/* ------------------------------------------------------------------ topics and epochs */

ReplicaTopic *replica_find_topic(const Replica *replica, const char *text);
/* Asks for @topic, not before @delay_ms from now. */
void topic_want(ReplicaTopic *topic, const ReplicaTime *time, int64_t delay_ms);
/* The same, if what is missing has not come by itself until then. */
void topic_want_softly(ReplicaTopic *topic, const ReplicaTime *time, int64_t delay_ms);
void topic_came(ReplicaTopic *topic);
/* The answer will not come, or was not one. */
void topic_give_up(ReplicaTopic *topic);
void topic_failed(ReplicaTopic *topic, const ReplicaTime *time);
void topic_drop_held(ReplicaTopic *topic);
/* If the newest opening leads from the topic's epoch to another, its position follows. */
void topic_follow(Replica *replica, ReplicaTopic *topic);
/* Forgets everything but @except's position (or NULL): the broker's history is another one. Returns
 * 0 or -ENOMEM. */
MUST_CHECK int replica_forget(Replica *replica, const ReplicaTopic *except,
                              const ReplicaTime *time);
/* A topic named by the broker, if we want it: subscribed to and asked for. Returns 0 or -ENOMEM. */
MUST_CHECK int replica_learn_topic(Replica *replica, const char *text, const ReplicaTime *time,
                                   ReplicaTopic **ret_topic);
void replica_alarm(Replica *replica, PlekAlarm alarm, const Blob *evidence, const Blob *other,
                   const char *format, ...) PRINTF(5, 6);

/* Topics that an answer is awaited of. */
size_t replica_n_asking(const Replica *replica);

/* ------------------------------------------------------------------ blocks */

/* Applies what is held on all topics and may be by now. Returns 0 or -ENOMEM. */
MUST_CHECK int replica_drain(Replica *replica, const ReplicaTime *time);
/* Drops what is held on @topic of other epochs than its own: an answer has gone past it. */
void replica_drop_strangers(Replica *replica, ReplicaTopic *topic);

/* ------------------------------------------------------------------ entries */

enum {
        ENTRY_BELIEVED,
        ENTRY_E_DOUBTFUL,
};

/* Says what is wrong with @entry, which is the broker's fault. Returns ENTRY_E_DOUBTFUL. */
int entry_doubt(Replica *replica, const ReplicaTopic *topic, const Entry *entry, const char *what);
/* Whether its party said it; @proof as in replica_judge(). Strings of *ret_update are good until
 * the next one. Returns ENTRY_BELIEVED or ENTRY_E_DOUBTFUL, which was told. */
MUST_CHECK int entry_believe(Replica *replica, const ReplicaTopic *topic, const Entry *entry,
                             const Proof *proof, Update *ret_update);
/*
 * When it was received is the broker's word, how long it is good its party's: what was accepted was
 * good until then. So what is played again looks as old as it is, and so does what is stamped by a
 * journal that is ahead of the broker's clock.
 */
int64_t entry_received_at(const Entry *entry, const Update *update);

typedef struct EntryList {
        const Entry *entries;
        size_t n_entries;
        const Entry *affirms;
        size_t n_affirms;
} EntryList;

/* The affirms that a block or an answer has for its entries to rest on. */
typedef struct Affirms {
        struct AffirmSaid *said;
        size_t n_said;
} Affirms;

/* From @list, into the arena of the message. Returns 0 or -ENOMEM; what cannot be believed is left
 * out, and told. */
MUST_CHECK int affirms_take(Affirms *affirms, Replica *replica, const ReplicaTopic *topic,
                            const EntryList *list);
void affirms_deinit(Affirms *affirms);

enum {
        AFFIRMS_FOUND,
        AFFIRMS_E_OTHER, /* the one of that revision says nothing of the record */
};

/* Borrows the affirm of @revision, if it is there and renews @update, which has the key @key; NULL
 * if it is not there. Returns AFFIRMS_FOUND or AFFIRMS_E_OTHER. */
MUST_CHECK int affirms_find(const Affirms *affirms, uint64_t revision, const Update *update,
                            const RecordKey *key, Affirmation **ret_affirmation);

/* Applies those that changed after @after. Returns 0 or -ENOMEM; what cannot be believed is left
 * out, and told. */
MUST_CHECK int replica_apply(Replica *replica, ReplicaTopic *topic, const EntryList *list,
                             uint64_t after, const ReplicaTime *time);

/* ------------------------------------------------------------------ records */

/* After it came or changed: @change is told, or, where it was only renewed, what that made of its
 * freshness. @door is NULL if nothing new is said. Returns 0 or -ENOMEM. */
MUST_CHECK int record_show(Replica *replica, Record *record, const Update *update,
                           PlekChange change, const ReplicaTime *time);
/* Puts it where it belongs among what will change by time alone. There must be room. */
void shown_schedule(Replica *replica, Shown *shown, int64_t now_ms);
/* What was stated may be about who is to report how often: finds out what is agreed. */
void overdue_stated(Replica *replica, Shown *shown, const Update *update, int64_t now_ms);
/* Tells if it is overdue now and was not, or the other way round; returns that. */
bool overdue_judge(Replica *replica, Shown *shown, int64_t now_ms);
/* As the picture frees it. */
void record_gone(Record *record, void *arg);
/* Tells of @record, which left for @cause, remembers it, and drops it. Returns 0 or -ENOMEM. */
MUST_CHECK int record_withdraw(Replica *replica, Record *record, uint64_t revision, int64_t at_ms,
                               WithdrawnCause cause);
/* Whether it is known to be of the broker's present history: where there is no position, it may be
 * of one that was rolled back. */
bool record_is_current(const Replica *replica, const Record *record);
void withdrawn_forget(Replica *replica, const RecordKey *key);
/* The same of what left: no number is too low any more. */
void withdrawn_forget_seqs(Replica *replica);
void withdrawn_forget_all(Replica *replica);
