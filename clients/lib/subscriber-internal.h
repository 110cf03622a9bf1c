#pragma once

#include "derived/places.h"
#include "lib/door-book.h"
#include "lib/link.h"
#include "lib/replica.h"
#include "lib/session.h"
#include "plek/doors.h"
#include "plek/subscriber.h"

enum {
        N_LANES_READ = N_LINK_LANES,
        RECORD_ID_MAX = 512,
        WHY_MAX = 256,
};

/* Whether a party's agent is connected. */
typedef struct PresenceSeen {
        UT_hash_handle hh;
        bool is_connected;
        int64_t since_ms;
        char party[];
} PresenceSeen;

/* One lane of the picture. */
typedef struct LaneFeed {
        Connection connection;
        Lane lane;
        int64_t heard_us; /* of the last beat, or of when the connection came up */
} LaneFeed;

/* What is shown of a location's card beside its door. */
typedef struct PlaceNames {
        char name[129]; /* as long as the wire allows; empty: it has no card */
        char function[65], phone[33];
        char party[PARTY_MAX + 1]; /* whose card it is */
} PlaceNames;

/* Where a record is spelled out; a callback has its own, so that it may look up others. */
typedef struct RecordRoom {
        Arena *arena;
        char id[RECORD_ID_MAX];
        RecordKey key;
        PlaceNames names;
} RecordRoom;

/* What is where, as it was made last to look for neighbours. */
typedef struct NeighbourMap {
        Places places;
        PlacesScope scope;
        uint64_t n_changes; /* of the doors then */
        bool is_made;
} NeighbourMap;

void neighbour_map_deinit(NeighbourMap *map);

struct PlekSubscriber {
        PlekContext *context;
        Peer peer;
        bool tell_renewed;
        int64_t at_ms;        /* 0: now */
        bool past_is_refused; /* the broker does not have it; trouble says why */
        PlekSubscriberCallbacks callbacks;
        void *arg;

        Poller poller;
        Heads *heads;
        Session *session;
        LaneFeed feeds[N_LANES_READ];
        Replica *replica;
        RecordRoom looked_up, told;
        DoorBook doors;
        bool doors_whole; /* the picture was whole once: which doors lead may be told */
        NeighbourMap neighbour_map;

        bool may_read; /* as greeted */
        int64_t up_us;
        Link link;
        bool has_link;       /* the broker's time is known */
        PlekLinkState state; /* as last told */
        bool state_told;
        char why[WHY_MAX];
        char trouble[WHY_MAX]; /* of the session or a lane; empty: none */

        PresenceSeen *presence;
        uint64_t presence_request;
        bool wants_presence;
        uint64_t last_beat;

        uint64_t head_epoch, head_revision; /* as last told */
        int64_t head_told_us, head_stored_us;
};

/* ------------------------------------------------------------------ records */

/* Spells @record out. Returns 0 or -ENOMEM. */
/* The other regions of its location, borrowed from @party's enrolment. */
void record_spell_regions(const Party *party, const char *location, PlekRecord *record);
MUST_CHECK int record_spell(const PlekSubscriber *subscriber, RecordRoom *room,
                            const Record *record, PlekRecord *ret_record);
MUST_CHECK int withdrawn_spell(const PlekSubscriber *subscriber, RecordRoom *room,
                               const Withdrawn *withdrawn, PlekRecord *ret_record);

/* An acknowledgement came, changed or went. */
void subscriber_tell_ack(PlekSubscriber *subscriber, const Record *record, PlekChange change);

/* The broker's time now; ours where it is not known. */
int64_t subscriber_now_ms(const PlekSubscriber *subscriber, int64_t now_us);

/* Both clocks, for the replica. */
ReplicaTime subscriber_time(const PlekSubscriber *subscriber, int64_t now_us);
/* Tells of the link, if that is new. */
void subscriber_update_link(PlekSubscriber *subscriber, int64_t now_us);
/* Why the picture is not fed, for a person; "": it is. */
void subscriber_set_trouble(PlekSubscriber *subscriber, const char *text);

/* ------------------------------------------------------------------ lanes */

#define LANE_DEAD_US INT64_C(10000000) /* up and silent for so long: connected anew */

/* Connects where it is not yet, and subscribes. Return 0 or -errno. */
MUST_CHECK int lane_open(PlekSubscriber *subscriber, LaneFeed *feed, ConnectionTo to);
MUST_CHECK int lanes_open(PlekSubscriber *subscriber, Audience audience);
void lanes_close(PlekSubscriber *subscriber);
bool lanes_are_up(const PlekSubscriber *subscriber);
/* What happened to its connection; then at most @n_max of its frames. Return 0 or -errno. */
MUST_CHECK int lane_process_edges(PlekSubscriber *subscriber, LaneFeed *feed, int64_t now_us,
                                  bool *ret_progress);
MUST_CHECK int lane_process_frames(PlekSubscriber *subscriber, LaneFeed *feed, size_t n_max,
                                   bool *ret_progress);

/* ------------------------------------------------------------------ doors */

/* The card's name, and whom to call about @care (or CODE_ABSENT). @card NULL: empty. Returns 0 or
 * -ENOMEM. */
DoorScope door_scope_of(const PlekDoorScope *scope);
/* Returns how many: all. */
size_t narrower_spell(const DoorNarrower *narrower, size_t n_narrower,
                      PlekNarrowerDoor ret_narrower[PLEK_NARROWER_MAX]);
MUST_CHECK int place_names(PlekSubscriber *subscriber, const DoorEntry *card, uint32_t care,
                           PlaceNames *ret_names);
/* Tells of leading doors that are others than was told. Returns 0 or -ENOMEM. */
MUST_CHECK int doors_tell(PlekSubscriber *subscriber, int64_t now_us);

/* ------------------------------------------------------------------ presence */

MUST_CHECK int presence_take(PlekSubscriber *subscriber, const Presence *presence, size_t n,
                             bool is_whole);
void presence_free(PlekSubscriber *subscriber);

/* ------------------------------------------------------------------ making */

extern const SessionEvents subscriber_session_events;
extern const ReplicaEvents subscriber_replica_events;
