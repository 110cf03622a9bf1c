#pragma once

/*
 * PlekSubscriber: a local copy of the picture that can be trusted
 *
 * It follows the broker's blocks, notices what it missed and asks for it, checks the signature of
 * the broker and of each party, and knows how old everything is by the broker's time. Records that
 * are held may be looked at at any time, also while the broker is away: they then age, and the link
 * says that the picture is not fed.
 *
 * Five facts that never look alike: a record that was never reported is not there (PLEK_E_NOT_FOUND
 * from plek_subscriber_get()); one that was withdrawn has freshness WITHDRAWN and a cause; an old
 * one is STALE or SILENT; a stop past its end has standing EXPIRED (or LAPSED, REOPENED); and zero
 * is a number that is present.
 *
 * Run it as a publisher: plek_subscriber_fd() with plek_subscriber_process(), or
 * plek_subscriber_run() alone.
 */

#include "plek/identity.h"
#include "plek/report.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlekSubscriber PlekSubscriber;
struct PlekAck;         /* plek/alerts.h */
struct PlekLeadingDoor; /* plek/doors.h */

/* ------------------------------------------------------------------ what is shown */

typedef enum PlekFreshness {
        PLEK_NEVER, /* never reported */
        PLEK_FRESH,
        PLEK_STALE,  /* older than its sender said it would be */
        PLEK_SILENT, /* three times as old */
        PLEK_WITHDRAWN,
        /* In a past that was thinned: it may have been said again since, and that is not kept. It
         * is as old as is told, or less. */
        PLEK_THINNED,
} PlekFreshness;

/* What a door, or an offering, is now, by itself. */
typedef enum PlekStanding {
        PLEK_STANDS,    /* as stated; also of everything else */
        PLEK_ANNOUNCED, /* a plan before its start */
        PLEK_EXPIRED,   /* past its end: shown as an expired stop, never as open */
        PLEK_LAPSED,    /* past its end, unknown since then */
        PLEK_REOPENED,  /* past its end, open since then, unconfirmed */
        PLEK_OVER,      /* a plan, or an offering, past its end */
} PlekStanding;

/* Whether the party of a record is still enrolled; its records stay, marked. */
typedef enum PlekEnrolled {
        PLEK_ENROLLED,
        PLEK_NO_LONGER_ENROLLED, /* expired, revoked or suspended */
        PLEK_DISTRUSTED,         /* its key was compromised at the time of the report */
} PlekEnrolled;

enum {
        PLEK_FLAG_OVERCROWDED = 1,  /* more occupied than staffed */
        PLEK_FLAG_INCONSISTENT = 2, /* more available than staffed, occupied, ... leave */
};

/* A region that a location belongs to, by scheme: rav, veiligheidsregio, ggz, province, sub, ... */
typedef struct PlekRegion {
        const char *scheme;
        const char *id;
} PlekRegion;

/* One record as it is now. Pointers stay valid until the next call on its subscriber. */
typedef struct PlekRecord {
        /* The record's key as text, unique and stable:
         * "ACTUAL/party/location/counts/unit/ICU_ADULT". */
        const char *id;
        const char *party;
        const char *party_name; /* what people call it, from its enrolment; or NULL */
        const char *region;
        PlekReport report;      /* of a withdrawn record: only what its key says */
        uint64_t revision;      /* at which the broker accepted it */
        int64_t received_at_ms; /* by the broker, in its time */
        int64_t sent_at_ms;
        int64_t since_ms; /* since when its content has been this */
        int64_t age_ms;   /* since it was observed or affirmed; never negative */
        PlekFreshness freshness;
        PlekStanding standing;
        PlekWithdrawn withdrawn; /* 0: it was not */
        PlekEnrolled enrolled;
        uint32_t flags; /* PLEK_FLAG_* */
        /* How often the region has agreed that it is reported (0: nothing is agreed), and for how
         * long that has passed (0: it is not overdue). Not the same as stale, which is older than
         * its own sender said. */
        uint32_t agreed_s;
        int64_t overdue_ms;
        bool available_known; /* counts: free places, as given or computed */
        bool available_computed;
        int32_t available;

        /* The other regions that its location belongs to, as its party's enrolment says; none: of
         * one that its party does not speak for any more. */
        const PlekRegion *regions;
        size_t n_regions;
} PlekRecord;

typedef enum PlekLink {
        PLEK_LINK_NOT_FED,       /* the picture may have changed without our knowing */
        PLEK_LINK_NOT_ACCEPTING, /* fed, but the broker takes no updates */
        PLEK_LINK_LIVE,
        PLEK_LINK_PAST, /* a picture of the past: it is whole, and does not change any more */
} PlekLink;

typedef struct PlekLinkState {
        PlekLink link;
        bool in_sync;     /* everything that the broker had has been received */
        int64_t since_ms; /* of this link, in the broker's time as far as known, else ours */
        /* A sentence: what is missing, why nothing is accepted, or why we are refused. NULL while
         * live. Borrowed until the next call. */
        const char *why;
} PlekLinkState;

/* ------------------------------------------------------------------ callbacks */

typedef enum PlekChange {
        PLEK_CHANGE_NEW,
        PLEK_CHANGE_CONTENT,   /* something else is said */
        PLEK_CHANGE_RENEWED,   /* the same is said again; only if options ask for it */
        PLEK_CHANGE_TIME,      /* freshness or standing changed; nobody said anything */
        PLEK_CHANGE_ENROLMENT, /* of its party */
        PLEK_CHANGE_WITHDRAWN, /* by its party or by the broker; withdrawn says why */
        PLEK_CHANGE_DROPPED, /* it is not held any more, because we may not read it or because what
                                the broker has does not list it */
} PlekChange;

typedef enum PlekAlarm {
        PLEK_ALARM_EQUIVOCATION, /* two heads of one epoch and revision that differ */
        PLEK_ALARM_SIGNATURE,    /* the broker relayed what its party did not sign */
        PLEK_ALARM_BROKER,       /* a block or answer that none of the broker's keys signed */
        PLEK_ALARM_ROLLED_BACK,  /* the broker does not have what it signed before */
} PlekAlarm;

/* Each may be NULL. What they are given is borrowed for the call. They may look up and iterate, but
 * must not free, run or process the subscriber. */
typedef struct PlekSubscriberCallbacks {
        void (*record)(void *arg, const PlekRecord *record, PlekChange change);
        /* A record is older than agreed, or no longer; a tolerance of half the interval, a minute
         * at the most, has passed then. One that is withdrawn or dropped is not told of again. */
        void (*overdue)(void *arg, const PlekRecord *record, bool is_overdue);
        void (*link)(void *arg, const PlekLinkState *link);
        void (*presence)(void *arg, const char *party, bool is_connected, int64_t since_ms);
        /* @evidence: up to two signed envelopes, to be kept; may be NULL. */
        void (*alarm)(void *arg, PlekAlarm alarm, const char *text, const void *const evidence[2],
                      const size_t n_evidence[2]);
        void (*card)(void *arg, PlekRegionCard *card); /* a newer one, in use by now */
        /* A newer signed head, about once a second: what a witness writes down. */
        void (*head)(void *arg, uint64_t epoch, uint64_t revision, int64_t time_ms,
                     const uint8_t digest[32], const void *envelope, size_t n_envelope);
        /* Which door leads for a scope, or what it says, or what is announced for it, is another
         * than before, because somebody said so or because its time has come. Told after all
         * records of the same moment, for the first time when the picture is whole. */
        void (*door)(void *arg, const struct PlekLeadingDoor *door);
        /* A party says that it has seen a record, for the first time or again, or that has ended:
         * with what was seen, or because it took that back. May come before the record that it names. */
        void (*ack)(void *arg, const struct PlekAck *ack, bool has_ended);
} PlekSubscriberCallbacks;

/* All zero is a sensible default. */
typedef struct PlekSubscriberOptions {
        /* Ids of home regions, which name the topics; NULL: all that we may read. Copied. For a
         * region of another scheme follow all, and look at each record's regions: where its
         * locations have their home only the registry says, and it may change. */
        const char *const *regions;
        size_t n_regions;
        /* Beside @regions also the doors, cards, offerings and acknowledgements of all others: a
         * patient is brought across a border, so neighbours are not known without them. */
        bool all_doors;
        bool with_test; /* also what is marked TEST */
        bool tell_renewed;
        size_t n_withdrawn_max; /* remembered as withdrawn; 0: 10,000 */
        /* The picture as the broker held it at this time, by when it received things, instead of
         * the present one; every age, and what is stale, is as it was then. 0: the present. */
        int64_t at_ms;
} PlekSubscriberOptions;

/* ------------------------------------------------------------------ life */

/*
 * Makes a subscriber; it connects when it is first run. What is given is copied; @options and
 * @callbacks may be NULL; @arg is handed to callbacks.
 *
 * Returns 0, -EINVAL, -ENOMEM or -errno of making descriptors.
 */
PLEK_PUBLIC int plek_subscriber_new(PlekSubscriber **ret_subscriber, PlekContext *context,
                                    const PlekPeer *peer, const PlekSubscriberOptions *options,
                                    const PlekSubscriberCallbacks *callbacks, void *arg);

/* Closes its connections at once. Returns NULL. */
PLEK_PUBLIC PlekSubscriber *plek_subscriber_free(PlekSubscriber *subscriber);

/* One descriptor for any event loop: readable when plek_subscriber_process() has something to do,
 * also when only time has passed. It stays the same; do not read from it. */
PLEK_PUBLIC int plek_subscriber_fd(const PlekSubscriber *subscriber);

/* Does what can be done now, without waiting. Returns 0 or -errno, which is the end of this
 * subscriber: what cannot be reached is not an error. */
PLEK_PUBLIC int plek_subscriber_process(PlekSubscriber *subscriber);

/* Waits at most @timeout_ms (-1: for ever) until there is something to do, and does it. Returns as
 * plek_subscriber_process(); a signal ends the wait early. */
PLEK_PUBLIC int plek_subscriber_run(PlekSubscriber *subscriber, int timeout_ms);

/* Runs until the picture is whole. Returns 0, PLEK_E_TIMEOUT, PLEK_E_REFUSED (of the past: the
 * broker does not have it; the link says why) or -errno. */
PLEK_PUBLIC int plek_subscriber_sync(PlekSubscriber *subscriber, int timeout_ms);

/* ------------------------------------------------------------------ looking */

/* How far the picture can be trusted now, as the last call of the link callback said. Its text is
 * borrowed until the subscriber is next run. */
PLEK_PUBLIC void plek_subscriber_link_state(const PlekSubscriber *subscriber,
                                            PlekLinkState *ret_link);

/* Records held, those withdrawn apart. */
PLEK_PUBLIC size_t plek_subscriber_n_records(const PlekSubscriber *subscriber);

/* One record. *@key must name its party. Withdrawn ones are found as long as they are remembered.
 * Returns 0, PLEK_E_NOT_FOUND (never reported, as far as we may know) or -ENOMEM. */
PLEK_PUBLIC int plek_subscriber_get(PlekSubscriber *subscriber, const PlekRecordKey *key,
                                    PlekRecord *ret_record);

/* Where an iteration is; zero it to begin. Processing ends all iterations. */
typedef struct PlekCursor {
        const void *at;
        unsigned part;
} PlekCursor;

/* Every record once, in no order. Returns 0, PLEK_E_END or -ENOMEM. */
PLEK_PUBLIC int plek_subscriber_next(PlekSubscriber *subscriber, PlekCursor *cursor,
                                     PlekRecord *ret_record);

/* Every record that was withdrawn and is remembered. Returns 0, PLEK_E_END or -ENOMEM. */
PLEK_PUBLIC int plek_subscriber_next_withdrawn(PlekSubscriber *subscriber, PlekCursor *cursor,
                                               PlekRecord *ret_record);

/* A location that somebody speaks for, whether or not anything was ever said of it. */
typedef struct PlekLocation {
        const char *location;
        const char *region;
        const char *party;
        const char *party_name; /* or NULL */
        size_t n_records;       /* held of it */
        bool reports; /* counts, doors or pressure are; else it never reported, unless some
                       * are remembered as withdrawn */
        const PlekRegion *regions; /* the others that it belongs to, as the authority says */
        size_t n_regions;
} PlekLocation;

/* Every location of every party that is enrolled to publish, once a party. Strings are borrowed
 * until the next call. Returns 0 or PLEK_E_END. */
PLEK_PUBLIC int plek_subscriber_next_location(PlekSubscriber *subscriber, PlekCursor *cursor,
                                              PlekLocation *ret_location);

/* Whether (@scheme, @id) is among @regions. Any thread. */
PLEK_PUBLIC bool plek_regions_have(const PlekRegion *regions, size_t n_regions, const char *scheme,
                                   const char *id);
/* Whether anybody who is enrolled to speak for @location has it in that region; @scheme NULL: as
 * its home. It looks through all parties: for a few questions, not for each of many records. */
PLEK_PUBLIC bool plek_subscriber_location_is_in(const PlekSubscriber *subscriber,
                                                const char *location, const char *scheme,
                                                const char *id);

/* Whether a party's agent is connected, and since when or lost since when. Returns 0 or
 * PLEK_E_NOT_FOUND (nothing is known of it since the broker's start). */
PLEK_PUBLIC int plek_subscriber_presence(const PlekSubscriber *subscriber, const char *party,
                                         bool *ret_is_connected, int64_t *ret_since_ms);

/* The party that our key is enrolled for, NULL before the broker first told; borrowed. */
PLEK_PUBLIC const char *plek_subscriber_party(const PlekSubscriber *subscriber);

/* The broker's time now; -1 before it is first known. */
PLEK_PUBLIC int64_t plek_subscriber_now_ms(const PlekSubscriber *subscriber);

/* Of a picture of the past: the signed head of the journal that it was told from, and whether not
 * everything of that time is kept any more. @ret_head may be NULL. Returns 0 or PLEK_E_NOT_FOUND
 * (it is not there yet, or this is no picture of the past). */
PLEK_PUBLIC int plek_subscriber_past(const PlekSubscriber *subscriber, uint64_t *ret_revision,
                                     int64_t *ret_time_ms, uint8_t ret_head[32],
                                     bool *ret_is_thinned);

/* The broker's journal as far as we follow it: 0, 0 before the first head. */
PLEK_PUBLIC void plek_subscriber_position(const PlekSubscriber *subscriber, uint64_t *ret_epoch,
                                          uint64_t *ret_revision);

#ifdef __cplusplus
}
#endif
