#pragma once

/*
 * PlekPublisher: says what a party has to say, until the broker has it
 *
 * Put in what is true; the publisher keeps the latest report of each record, signs and sends what
 * changed, states it again until the broker acknowledged it, and tells what became of it. What is
 * put while the broker cannot be reached waits; only the latest of each record is ever sent. Doors
 * go before everything else.
 *
 * While the caller says that a source answers, what was accepted and did not change is affirmed, so
 * that it stays fresh. When it stops saying so, its records go stale at every reader, as they
 * should.
 *
 * Two ways to run it. With an event loop: watch plek_publisher_fd() for reading and call
 * plek_publisher_process() when it is ready. Alone: call plek_publisher_run() again and again.
 * Nothing is sent or received outside of these.
 */

#include "plek/doors.h"
#include "plek/identity.h"
#include "plek/report.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlekPublisher PlekPublisher;

typedef enum PlekPublisherLink {
        PLEK_PUBLISHER_OFFLINE,       /* no session with the broker: everything waits */
        PLEK_PUBLISHER_CONNECTED,     /* what changes is sent */
        PLEK_PUBLISHER_NOT_ACCEPTING, /* connected, but the broker takes nothing at the moment */
        PLEK_PUBLISHER_BARRED,        /* our key, enrolment or role is refused: see the text */
} PlekPublisherLink;

enum {
        PLEK_CALL_CARES_MAX = 16,
        PLEK_CALL_LOCATIONS_MAX = 32,
};

/*
 * A coordinator of the region asks for reports now: counts and doors with that status, of one of
 * these cares, at these locations. That it is one, the authority's signature says and not the
 * broker's word; it was checked. Borrowed for the callback.
 */
typedef struct PlekCall {
        const char *party;
        const char *name;             /* what people call that party; or NULL */
        const char *region;           /* NULL: locations are named */
        const char *const *locations; /* at most PLEK_CALL_LOCATIONS_MAX, not all of them ours */
        size_t n_locations;           /* 0: all of the region */
        PlekStatus status;            /* ACTUAL or EXERCISE */
        const uint32_t *cares;        /* PlekCare; at most PLEK_CALL_CARES_MAX */
        size_t n_cares;               /* 0: all */
        bool wants_triage;            /* free places by triage colour are wanted among the counts */
        const char *text;             /* or NULL */
        int64_t asked_at_ms, until_ms;
} PlekCall;

/* Each may be NULL. @key and texts are borrowed for the call. Callbacks may put, withdraw and ask,
 * but must not free the publisher nor run or process it. */
typedef struct PlekPublisherCallbacks {
        /* The broker has this report (or its withdrawal), durably, as @revision. */
        void (*accepted)(void *arg, const PlekRecordKey *key, uint64_t revision);
        /*
         * It was refused. @is_final: it will not be sent again until another report is put (or a
         * new enrolment comes); else it is tried again by itself.
         */
        void (*refused)(void *arg, const PlekRecordKey *key, const PlekFault *fault, bool is_final);
        /* How many reports are not acknowledged yet; called when that number becomes or leaves
         * zero, and at most once a second while it changes. */
        void (*waiting)(void *arg, size_t n_waiting);
        /* Another program publishes with our key at the same time. Called when it is first said,
         * and again after ten minutes. */
        void (*twins)(void *arg);
        void (*link)(void *arg, PlekPublisherLink link, const char *text);
        /* The broker handed out a newer region card; it is in use by now. */
        void (*card)(void *arg, PlekRegionCard *card);
        /* The broker contradicts what it signed before. @text says how. */
        void (*alarm)(void *arg, const char *text);
        /*
         * Somebody calls for reports. Ask the source, put what it says, and return true: what is
         * held then is stated again, as reports, where its source answers. False: it is not, or
         * later by plek_publisher_state_again(). NULL is as true: while a source answers, what
         * is held is what it says.
         */
        bool (*called)(void *arg, const PlekCall *call);
} PlekPublisherCallbacks;

/* All zero is a sensible default. */
typedef struct PlekPublisherOptions {
        /* One report by a person rather than a feed: two of these, or one beside a feed, are not
         * twins; a hand never affirms. */
        bool is_hand;
        unsigned n_in_flight_max; /* sent and not acknowledged; 0: 32; at most 64 */
        size_t n_records_max;     /* kept; 0: 100,000 */
} PlekPublisherOptions;

/*
 * Makes a publisher for the party that @peer's key is enrolled for, which the broker tells. It
 * connects when it is first run. @peer, @options (may be NULL) and @callbacks (may be NULL) are
 * copied; @arg is handed to callbacks.
 *
 * Returns 0, -EINVAL, -ENOMEM or -errno of making descriptors.
 */
PLEK_PUBLIC int plek_publisher_new(PlekPublisher **ret_publisher, PlekContext *context,
                                   const PlekPeer *peer, const PlekPublisherOptions *options,
                                   const PlekPublisherCallbacks *callbacks, void *arg);

/* Closes its connections at once; what waits is lost. Returns NULL. */
PLEK_PUBLIC PlekPublisher *plek_publisher_free(PlekPublisher *publisher);

/*
 * Replaces what is known of @report's record. A report equal to the one held is not sent again
 * while its source answers (affirming renews its age), else it is. Checks everything that can be
 * known without the broker.
 *
 * Returns 0, PLEK_E_INVALID (*ret_fault, which may be NULL, says why; nothing changed), -ENOBUFS
 * (n_records_max) or -ENOMEM.
 */
PLEK_PUBLIC int plek_publisher_put(PlekPublisher *publisher, const PlekReport *report,
                                   PlekFault *ret_fault);

/*
 * Says that a record no longer exists, whether this publisher knows it or not. Acknowledged like a
 * report.
 *
 * Returns 0, PLEK_E_INVALID (*ret_fault says why), -ENOBUFS or -ENOMEM.
 */
PLEK_PUBLIC int plek_publisher_withdraw(PlekPublisher *publisher, const PlekRecordKey *key,
                                        PlekFault *ret_fault);

/*
 * Lets go of a record without saying that it no longer exists: it is neither sent nor affirmed any
 * more, and goes stale at every reader. For a source that no longer speaks of it.
 *
 * Returns 0, PLEK_E_NOT_FOUND (this publisher does not hold it), PLEK_E_INVALID or -ENOMEM.
 */
PLEK_PUBLIC int plek_publisher_forget(PlekPublisher *publisher, const PlekRecordKey *key);

/*
 * Says whether the source of @location's reports answers, from now on until said otherwise; NULL:
 * of all locations, also of those that come later. At first none does.
 *
 * Returns 0 or -ENOMEM.
 */
PLEK_PUBLIC int plek_publisher_source_answers(PlekPublisher *publisher, const char *location,
                                              bool answers);

/*
 * States again, as reports, what is held of these cares (none: all) with @status, of locations
 * whose source answers: the answer to a call by a program whose source takes its time.
 */
PLEK_PUBLIC void plek_publisher_state_again(PlekPublisher *publisher, PlekStatus status,
                                            const uint32_t *cares, size_t n_cares);

/* Asked of each record that the broker holds of our party and this publisher does not. True: it is
 * withdrawn. @key is borrowed for the call. Must not call plek_publisher_reconcile(). */
typedef bool (*PlekIsGoneFn)(void *arg, const PlekRecordKey *key);

/*
 * Asks the broker, as soon as it can be reached, which records it holds of our party, at @location
 * or (NULL) anywhere, and withdraws those that this publisher does not hold and @is_gone (NULL:
 * yes, each) agrees to. Put everything that exists first. A second call replaces one that has not
 * been answered.
 *
 * Returns 0 or -ENOMEM.
 */
PLEK_PUBLIC int plek_publisher_reconcile(PlekPublisher *publisher, const char *location,
                                         PlekIsGoneFn is_gone, void *arg);

/*
 * Withdraws the plans of @door that are under way at this moment: whoever opens a door does not
 * leave a closure in force that was announced for it before. Its own plan is not looked at. The
 * broker is asked which there are, as soon as it can be reached; replaces what reconciling was
 * under way.
 *
 * Returns 0, PLEK_E_INVALID (not a door) or -ENOMEM.
 */
PLEK_PUBLIC int plek_publisher_end_plans(PlekPublisher *publisher, const PlekRecordKey *door);

/* What leads for a scope among the doors of our own party. */
typedef struct PlekOwnDoor {
        PlekDoorScope scope;
        PlekDoorScope said_of; /* what the door that leads is about: this scope, or a wider one */
        uint32_t state;        /* PlekDoorState or PLEK_DOOR_UNKNOWN */
        PlekDoorWhy why;
        PlekStanding standing;
        int64_t since_ms;   /* when it was stated, began or ended; or PLEK_NO_TIME */
        int64_t ends_at_ms; /* or PLEK_NO_TIME */
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX];
        size_t n_exceptions;
        uint32_t reason; /* PlekReason, or 0 */
} PlekOwnDoor;

/* The first of @doors is of the scope that was asked about; the others are of each narrower one
 * that a door of ours is about. All is borrowed. NULL: the broker does not say what it holds, or it
 * is too much. Must not free the publisher nor run or process it. */
typedef void (*PlekOwnDoorsFn)(void *arg, const PlekOwnDoor *doors, size_t n_doors);

/*
 * Asks the broker which doors it holds of our party at @scope's location, as soon as it can be
 * reached, and tells @func once which of them leads: who opens a door learns that their own stop of
 * the whole house keeps it shut. What others say of it is not among them: an agent may read its own
 * records only. Who may read asks a subscriber (plek/doors.h). What is put and was not accepted yet
 * is not among them either.
 *
 * Replaces what reconciling was under way, and is replaced by it: @func is not called then.
 *
 * Returns 0, PLEK_E_INVALID (no such location or unit) or -ENOMEM.
 */
PLEK_PUBLIC int plek_publisher_own_doors(PlekPublisher *publisher, const PlekDoorScope *scope,
                                         PlekOwnDoorsFn func, void *arg);

/* Whether the answer to plek_publisher_reconcile(), plek_publisher_end_plans() or
 * plek_publisher_own_doors() is awaited still. Withdrawals that follow from it are among those that
 * wait. */
PLEK_PUBLIC bool plek_publisher_is_reconciling(const PlekPublisher *publisher);

/* Reports and withdrawals not acknowledged yet, those that were refused for good apart. */
PLEK_PUBLIC size_t plek_publisher_n_waiting(const PlekPublisher *publisher);

/* The party that our key is enrolled for; NULL before the broker first told. Borrowed. */
PLEK_PUBLIC const char *plek_publisher_party(const PlekPublisher *publisher);

/* The broker's time now; -1 before it is first known. */
PLEK_PUBLIC int64_t plek_publisher_now_ms(const PlekPublisher *publisher);

/* One descriptor for any event loop: readable when plek_publisher_process() has something to do,
 * also when only time has passed. It stays the same; do not read from it. */
PLEK_PUBLIC int plek_publisher_fd(const PlekPublisher *publisher);

/* Does what can be done now, without waiting. Returns 0 or -errno, which is the end of this
 * publisher: what cannot be reached is not an error. */
PLEK_PUBLIC int plek_publisher_process(PlekPublisher *publisher);

/* Waits at most @timeout_ms (-1: for ever) until there is something to do, and does it. Returns as
 * plek_publisher_process(); a signal ends the wait early. */
PLEK_PUBLIC int plek_publisher_run(PlekPublisher *publisher, int timeout_ms);

/* Runs until nothing waits any more. Returns 0, PLEK_E_TIMEOUT, PLEK_E_REFUSED (all is answered
 * and the last answer to some report was no) or -errno. */
PLEK_PUBLIC int plek_publisher_flush(PlekPublisher *publisher, int timeout_ms);

#ifdef __cplusplus
}
#endif
