#include "lib/publisher-internal.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

#include "lib/report.h"
#include "plek/plek.h"

/*
 * The publisher's face: what its caller gives and asks. Nothing here touches a socket; what is put
 * waits in the outbox, and the timer wakes whoever runs the publisher.
 */

enum {
        ARENA_BYTES = 2 * ARENA_MESSAGE_BYTES, /* an update, decoded and encoded */
        IN_FLIGHT_DEFAULT = 32,
        IN_FLIGHT_MAX = 64, /* PROTOCOL.md, chapter 8 */
        RECORDS_DEFAULT = 100000,
};

/* ------------------------------------------------------------------ its life */

static int make_parts(PlekPublisher *publisher, const PlekPublisherOptions *options)
{
        SessionOptions session = {
                .context = publisher->context,
                .poller = &publisher->poller,
                .peer = &publisher->peer,
                .kind = options->is_hand ? PEER_HAND : PEER_FEED,
        };
        OutboxOptions outbox = {
                .n_flights_max =
                        options->n_in_flight_max ? options->n_in_flight_max : IN_FLIGHT_DEFAULT,
                .n_items_max = options->n_records_max ? options->n_records_max : RECORDS_DEFAULT,
                .is_hand = options->is_hand,
                .seed = randombytes_random(),
        };
        int r;

        randombytes_buf(&session.instance, sizeof(session.instance));
        outbox.instance = session.instance;
        r = heads_new(&publisher->heads, publisher->peer.head_path);
        session.heads = publisher->heads;
        if (!r)
                r = session_new(&publisher->session, &session, &publisher_session_events,
                                publisher);
        if (!r)
                r = outbox_new(&publisher->outbox, &outbox);
        if (!r)
                r = arena_new(&publisher->arena, ARENA_BYTES);
        return err_fold(r);
}

int plek_publisher_new(PlekPublisher **ret_publisher, PlekContext *context, const PlekPeer *peer,
                       const PlekPublisherOptions *options, const PlekPublisherCallbacks *callbacks,
                       void *arg)
{
        static const PlekPublisherOptions defaults;
        PlekPublisher *publisher;
        int r;

        if (!options)
                options = &defaults;
        if (!peer || !peer->key || options->n_in_flight_max > IN_FLIGHT_MAX)
                return err_raise(-EINVAL);

        publisher = calloc(1, sizeof(*publisher));
        if (!publisher)
                return err_raise(-ENOMEM);
        publisher->context = context;
        publisher->arg = arg;
        publisher->options = *options;
        if (callbacks)
                publisher->callbacks = *callbacks;
        publisher->poller = POLLER_NULL;
        r = peer_init(&publisher->peer, peer);
        if (!r)
                r = poller_init(&publisher->poller);
        connection_init(&publisher->updates, context, &publisher->poller, &publisher->peer,
                        TO_UPDATES);
        if (!r)
                r = make_parts(publisher, options);
        if (r) {
                plek_publisher_free(publisher);
                return r;
        }

        poller_arm(&publisher->poller, 0);
        *ret_publisher = publisher;
        return 0;
}

PlekPublisher *plek_publisher_free(PlekPublisher *publisher)
{
        if (!publisher)
                return NULL;

        publisher->head_stored_us = INT64_MIN / 2;
        if (publisher->heads)
                publisher_store_head(publisher, 0);
        reconcile_end(publisher);
        connection_close(&publisher->updates);
        session_free(publisher->session);
        outbox_free(publisher->outbox);
        heads_free(publisher->heads);
        arena_free(publisher->arena);
        poller_deinit(&publisher->poller);
        peer_deinit(&publisher->peer);
        free(publisher);
        return NULL;
}

/* ------------------------------------------------------------------ putting */

static void wake(PlekPublisher *publisher)
{
        poller_arm(&publisher->poller, 0);
}

static int64_t wall_ms(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / (1000 * 1000);
}

static int result_of(int r, const WireRefusal *refusal, PlekFault *ret_fault)
{
        switch (r) {
        case OUTBOX_OK:
                return 0;
        case OUTBOX_E_INVALID:
                fault_from(ret_fault, refusal);
                return PLEK_E_INVALID;
        case OUTBOX_E_FULL:
                return err_raise(-ENOBUFS);
        default:
                return err_fold(r);
        }
}

static int64_t best_now_ms(const PlekPublisher *publisher)
{
        int64_t now_ms = plek_publisher_now_ms(publisher);

        return now_ms >= 0 ? now_ms : wall_ms();
}

/* What the caller leaves to us: then it is said once, however often it is sent. */
static void complete_refusal(const PlekPublisher *publisher, CareRefusal *refusal)
{
        static const uint8_t none[EVENT_ID_BYTES];

        if (!memcmp(refusal->id, none, sizeof(none)))
                randombytes_buf(refusal->id, sizeof(refusal->id));
        if (!refusal->at_ms)
                refusal->at_ms = best_now_ms(publisher);
}

/* What only the time can say. */
static int check_now(const PlekPublisher *publisher, const Update *update, WireRefusal *ret_refusal)
{
        if (update->kind != UPDATE_OFFERING ||
            !offering_begins_later(&update->offering, best_now_ms(publisher)))
                return 0;
        *ret_refusal = (WireRefusal){ PLEK_REFUSED_PERIOD, "offering.holds_from_ms",
                                      OFFERING_BEGINS_LATER };
        return OUTBOX_E_INVALID;
}

int plek_publisher_put(PlekPublisher *publisher, const PlekReport *report, PlekFault *ret_fault)
{
        int64_t now_ms = monotonic_us() / 1000, age_ms = 0;
        WireRefusal refusal = { 0 };
        Update update;
        int r = OUTBOX_E_INVALID;

        /* How long ago, by the clock that it was read from. */
        if (report->observed_at_ms)
                age_ms = MAX(wall_ms() - report->observed_at_ms, (int64_t)0);
        if (report_to_update(report, &update, &refusal)) {
                if (update.kind == UPDATE_REFUSAL)
                        complete_refusal(publisher, &update.care_refusal);
                r = check_now(publisher, &update, &refusal);
                if (!r)
                        r = outbox_put(publisher->outbox, &update, now_ms - age_ms, now_ms,
                                       &refusal);
        }
        wake(publisher);
        return result_of(r, &refusal, ret_fault);
}

int plek_publisher_withdraw(PlekPublisher *publisher, const PlekRecordKey *key,
                            PlekFault *ret_fault)
{
        RecordRef ref = record_ref_of(key);
        WireRefusal refusal = { PLEK_REFUSED_FIELD, "location", "a record names its location" };
        int r = OUTBOX_E_INVALID;

        if (key->location)
                r = outbox_withdraw(publisher->outbox, (Status)key->status, key->location, &ref,
                                    monotonic_us() / 1000, &refusal);
        wake(publisher);
        return result_of(r, &refusal, ret_fault);
}

int plek_publisher_forget(PlekPublisher *publisher, const PlekRecordKey *key)
{
        RecordRef ref = record_ref_of(key);

        if (!key->location)
                return PLEK_E_INVALID;
        return outbox_forget(publisher->outbox, (Status)key->status, key->location, &ref)
                       ? PLEK_E_NOT_FOUND
                       : 0;
}

int plek_publisher_source_answers(PlekPublisher *publisher, const char *location, bool answers)
{
        int r;

        r = outbox_source_answers(publisher->outbox, location, answers, monotonic_us() / 1000);
        wake(publisher);
        return r;
}

int plek_publisher_reconcile(PlekPublisher *publisher, const char *location, PlekIsGoneFn is_gone,
                             void *arg)
{
        Reconcile *reconcile = &publisher->reconcile;
        char *copy = NULL;

        if (location) {
                copy = strdup(location);
                if (!copy)
                        return err_raise(-ENOMEM);
        }
        reconcile_end(publisher);
        reconcile->location = copy;
        reconcile->is_gone = is_gone;
        reconcile->arg = arg;
        reconcile->is_wanted = true;
        wake(publisher);
        return 0;
}

int plek_publisher_end_plans(PlekPublisher *publisher, const PlekRecordKey *door)
{
        RecordRef ref = record_ref_of(door);
        int r;

        if (door->kind != PLEK_REPORT_DOOR || !door->location ||
            !location_is_valid(door->location) || (door->unit && !unit_is_valid(door->unit)))
                return PLEK_E_INVALID;
        r = plek_publisher_reconcile(publisher, door->location, NULL, NULL);
        if (r)
                return r;
        ref.plan = 0;
        record_key_make(&publisher->reconcile.door, (Status)door->status, "", door->location, &ref);
        publisher->reconcile.only_plans = true;
        return 0;
}

int plek_publisher_own_doors(PlekPublisher *publisher, const PlekDoorScope *scope,
                             PlekOwnDoorsFn func, void *arg)
{
        CLEANUP(own_doors_freep) OwnDoors *doors = NULL;
        int r;

        if (!scope->location || !location_is_valid(scope->location) ||
            (scope->unit && !unit_is_valid(scope->unit)))
                return PLEK_E_INVALID;
        r = own_doors_new(&doors, scope, func, arg);
        if (!r)
                r = plek_publisher_reconcile(publisher, scope->location, NULL, NULL);
        if (r)
                return r;
        publisher->reconcile.doors = STEAL(doors);
        return 0;
}

bool plek_publisher_is_reconciling(const PlekPublisher *publisher)
{
        return publisher->reconcile.is_wanted;
}

/* ------------------------------------------------------------------ looking */

size_t plek_publisher_n_waiting(const PlekPublisher *publisher)
{
        return outbox_n_waiting(publisher->outbox);
}

const char *plek_publisher_party(const PlekPublisher *publisher)
{
        return session_party(publisher->session);
}

int64_t plek_publisher_now_ms(const PlekPublisher *publisher)
{
        return clock_ms(session_clock(publisher->session), monotonic_us());
}

int plek_publisher_fd(const PlekPublisher *publisher)
{
        return publisher->poller.epoll_fd;
}

/* ------------------------------------------------------------------ running */

int plek_publisher_run(PlekPublisher *publisher, int timeout_ms)
{
        int r;

        r = poller_wait(&publisher->poller, timeout_ms);
        return r ? r : plek_publisher_process(publisher);
}

int plek_publisher_flush(PlekPublisher *publisher, int timeout_ms)
{
        int64_t end_us = monotonic_us() + (int64_t)timeout_ms * 1000, left_us;
        int r;

        r = plek_publisher_process(publisher);
        while (!r && outbox_n_waiting(publisher->outbox)) {
                left_us = timeout_ms < 0 ? 1000 * 1000 : end_us - monotonic_us();
                if (left_us <= 0)
                        return PLEK_E_TIMEOUT;
                r = plek_publisher_run(publisher, (int)MIN((left_us + 999) / 1000, (int64_t)60000));
        }
        if (r)
                return r;
        return outbox_n_refused(publisher->outbox) ? PLEK_E_REFUSED : 0;
}
