#pragma once

/*
 * Replica: a reader's copy of the picture
 *
 * Signed frames and answers go in; a picture whose every record was checked, and decisions about
 * what to ask for, come out. It has neither sockets nor a clock: time is given, and whoever has the
 * sockets asks replica_next_ask() what to send. The rules are those of PROTOCOL.md, chapters 10,
 * 11 and 13.
 *
 * A topic's *position* is (epoch, revision): everything up to there is in the picture. Frames that
 * cannot be applied yet, because something before them is missing or they rest on a later registry,
 * are held in their order, and so is everything after them.
 */

#include "lib/heads.h"
#include "lib/transfer.h"
#include "picture/picture.h"
#include "picture/registry.h"
#include "plek/subscriber.h"
#include "wire/agreed.h"
#include "wire/proof.h"

typedef struct Replica Replica;

typedef struct ReplicaTime {
        int64_t now_ms;    /* ours, monotonic: for when to ask */
        int64_t broker_ms; /* the broker's: for how old things are */
} ReplicaTime;

/* A record that left, as long as it is remembered. */
typedef struct Withdrawn {
        UT_hash_handle hh;
        ListLink link; /* oldest first */
        uint64_t revision;
        uint64_t seq; /* of what left; 0: it may be of another history */
        int64_t at_ms;
        WithdrawnCause cause;
        char region[REGION_MAX + 1];
        RecordKey key;
} Withdrawn;

/* Told while something is applied. The replica must not be changed from here. */
typedef struct ReplicaEvents {
        void (*record)(void *arg, const Record *record, PlekChange change);
        void (*withdrawn)(void *arg, const Withdrawn *withdrawn);
        /* It is older than agreed, or no longer. One that leaves is not told of again. */
        void (*overdue)(void *arg, const Record *record, bool is_overdue);
        /* A topic is to be subscribed to, on its lane. */
        void (*topic)(void *arg, const char *topic, Lane lane);
        void (*alarm)(void *arg, PlekAlarm alarm, const char *text, const Blob *evidence,
                      const Blob *other_evidence);
} ReplicaEvents;

typedef struct ReplicaOptions {
        const char *const *regions; /* NULL: all */
        size_t n_regions;
        bool all_doors; /* the status lane of all */
        bool with_test;
        size_t n_withdrawn_max;
        int64_t at_ms; /* the picture as it was held then, which does not change any more; 0: now */
} ReplicaOptions;

enum {
        REPLICA_OK,
        REPLICA_E_REFUSED, /* the frame or answer was not applied, and the events said why */
};

/* Everything given is the caller's and outlives the replica; the options are copied. */
MUST_CHECK int replica_new(Replica **ret_replica, const PlekRegionCard *card, Heads *heads,
                           const ReplicaOptions *options, const ReplicaEvents *events, void *arg);
Replica *replica_free(Replica *replica);
DEFINE_FREEP(Replica, replica_free);
/* Whether the doors of every region are followed. */
bool replica_has_all_doors(const Replica *replica);
/* A newer card of the same network. */
void replica_set_card(Replica *replica, const PlekRegionCard *card);

/* ------------------------------------------------------------------ what comes in */

/* The session is up: what we may read today, the epoch, and where each topic is. Topics that we
 * have no position on, or that are ahead of it, will be asked for. Returns 0 or -ENOMEM. */
MUST_CHECK int replica_hello(Replica *replica, Audience audience, const Epoch *epoch,
                             const TopicPosition *topics, size_t n_topics, const ReplicaTime *time);
/* Nothing that was asked will be answered. */
void replica_session_lost(Replica *replica, const ReplicaTime *time);
/* How often senders have agreed to report; copied. Until it is told nobody is overdue. Returns 0 or
 * -ENOMEM. */
MUST_CHECK int replica_agreed(Replica *replica, const AgreedInterval *intervals, size_t n_intervals,
                              const ReplicaTime *time);
/* A signed opening of an epoch, already checked. */
void replica_epoch(Replica *replica, const Epoch *epoch, const ReplicaTime *time);

/*
 * A frame from a lane. *ret_beat is the beat in it, good until the next call; NULL: none. Returns
 * 0, REPLICA_E_REFUSED or -ENOMEM.
 */
MUST_CHECK int replica_frame(Replica *replica, Lane lane, const uint8_t *frame, size_t n_frame,
                             const ReplicaTime *time, const Beat **ret_beat);

/* ------------------------------------------------------------------ what to ask */

typedef struct ReplicaAsk {
        const char *topic; /* good until the topic is asked for again */
        uint64_t epoch;
        uint64_t revision; /* 0: everything */
        Audience audience;
        int64_t at_ms; /* 0: as it is now */
} ReplicaAsk;

/* The next question, if there is one to be sent now. It must then be said as what it was sent. */
bool replica_next_ask(Replica *replica, const ReplicaTime *time, ReplicaAsk *ret_ask);
void replica_asked(Replica *replica, const char *topic, uint64_t request, const ReplicaTime *time);
/* Credit to be given now. */
bool replica_next_grant(Replica *replica, uint64_t *ret_transfer, uint32_t *ret_credit);

/* Whether a reply's id is that of one of our questions. */
bool replica_is_asking(const Replica *replica, uint64_t request);
/* Its answer. Returns 0, REPLICA_E_REFUSED or -ENOMEM. */
MUST_CHECK int replica_manifest(Replica *replica, uint64_t request, uint64_t transfer,
                                const uint8_t *envelope, size_t n_envelope,
                                const ReplicaTime *time);
/* The broker refused to answer. */
void replica_ask_refused(Replica *replica, uint64_t request, const ReplicaTime *time);
/* A chunk of any transfer; of one that was given up it is ignored. Returns as above. */
MUST_CHECK int replica_chunk(Replica *replica, uint64_t transfer, uint32_t index,
                             const uint8_t *body, size_t n_body, const ReplicaTime *time);

/* ------------------------------------------------------------------ time */

/* Tells of records whose freshness or standing time has changed, gives up on answers, and applies
 * what was held for an epoch's opening. Returns 0 or -ENOMEM. */
MUST_CHECK int replica_tick(Replica *replica, const ReplicaTime *time);
/* When the next of that is due, on our clock; INT64_MAX: nothing. */
int64_t replica_due(const Replica *replica, const ReplicaTime *time);

/* ------------------------------------------------------------------ looking */

const Picture *replica_picture(const Replica *replica);
const Registry *replica_registry(const Replica *replica);
/* How often @record, which it holds, is to be reported; 0: nothing is agreed. */
uint32_t replica_agreed_s(const Record *record);
/* Whether the broker said that of a picture of the past not everything is kept any more. */
bool replica_is_thinned(const Replica *replica);
/* The head that a picture of the past was taken at; NULL: it is not there yet. */
const Head *replica_past_head(const Replica *replica);
/* Whether an entry's update is its party's word, by the enrolment in force at its revision. NULL,
 * and *ret_update with its strings in @arena; or what is wrong with it. @proof is what
 * replica_claim() gave for it, checked; or NULL. */
const char *replica_judge(const Replica *replica, const Entry *entry, const Proof *proof,
                          Arena *arena, Update *ret_update);
/* Which key has to have signed an entry's update; without a key, if that cannot be said. */
void replica_claim(const Replica *replica, const Entry *entry, Proof *ret_proof);
/* Whether everything that we know to exist is there. */
bool replica_is_in_sync(const Replica *replica);
const Withdrawn *replica_find_withdrawn(const Replica *replica, const RecordKey *key);
/* Oldest first; NULL gives the first, and comes after the last. */
const Withdrawn *replica_next_withdrawn(const Replica *replica, const Withdrawn *withdrawn);
/* Walks the topics to be subscribed to: NULL gives the first, and comes after the last. */
const char *replica_next_topic(const Replica *replica, const char *topic, Lane *ret_lane);
/* (0, 0): unknown. */
void replica_position(const Replica *replica, const char *topic, uint64_t *ret_epoch,
                      uint64_t *ret_revision);
