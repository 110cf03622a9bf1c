#include "lib/subscriber-internal.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

#include "lib/report.h"
#include "plek/plek.h"

enum {
        WITHDRAWN_DEFAULT = 10000,
        ROOM_BYTES = ARENA_MESSAGE_BYTES,
};

/* ------------------------------------------------------------------ its life */

static int make_replica(PlekSubscriber *subscriber, const PlekSubscriberOptions *options)
{
        ReplicaOptions replica = {
                .regions = options->regions,
                .n_regions = options->n_regions,
                .all_doors = options->all_doors,
                .with_test = options->with_test,
                .at_ms = options->at_ms,
                .n_withdrawn_max =
                        options->n_withdrawn_max ? options->n_withdrawn_max : WITHDRAWN_DEFAULT,
        };

        return replica_new(&subscriber->replica, subscriber->peer.card, subscriber->heads, &replica,
                           &subscriber_replica_events, subscriber);
}

static int make_session(PlekSubscriber *subscriber)
{
        SessionOptions session = {
                .context = subscriber->context,
                .poller = &subscriber->poller,
                .peer = &subscriber->peer,
                .heads = subscriber->heads,
                .kind = PEER_READER,
        };

        randombytes_buf(&session.instance, sizeof(session.instance));
        return session_new(&subscriber->session, &session, &subscriber_session_events, subscriber);
}

static int make_parts(PlekSubscriber *subscriber, const PlekPeer *peer,
                      const PlekSubscriberOptions *options)
{
        int r;

        r = peer_init(&subscriber->peer, peer);
        if (!r)
                r = poller_init(&subscriber->poller);
        for (size_t i = 0; i < N_LANES_READ; i++) {
                LaneFeed *feed = &subscriber->feeds[i];

                connection_init(&feed->connection, subscriber->context, &subscriber->poller,
                                &subscriber->peer, TO_CARE);
                feed->lane = i == LINK_STATUS ? LANE_STATUS : LANE_COUNTS;
        }
        if (!r)
                r = heads_new(&subscriber->heads, subscriber->peer.head_path);
        if (!r)
                r = make_replica(subscriber, options);
        if (!r)
                r = door_book_init(&subscriber->doors);
        if (!r)
                r = make_session(subscriber);
        if (!r)
                r = arena_new(&subscriber->looked_up.arena, ROOM_BYTES);
        if (!r)
                r = arena_new(&subscriber->told.arena, ROOM_BYTES);
        return err_fold(r);
}

int plek_subscriber_new(PlekSubscriber **ret_subscriber, PlekContext *context, const PlekPeer *peer,
                        const PlekSubscriberOptions *options,
                        const PlekSubscriberCallbacks *callbacks, void *arg)
{
        static const PlekSubscriberOptions defaults;
        PlekSubscriber *subscriber;
        int r;

        if (!options)
                options = &defaults;
        if (!peer || !peer->key)
                return err_raise(-EINVAL);

        subscriber = calloc(1, sizeof(*subscriber));
        if (!subscriber)
                return err_raise(-ENOMEM);
        subscriber->context = context;
        subscriber->arg = arg;
        subscriber->tell_renewed = options->tell_renewed;
        subscriber->at_ms = options->at_ms;
        if (callbacks)
                subscriber->callbacks = *callbacks;
        subscriber->poller = POLLER_NULL;
        r = make_parts(subscriber, peer, options);
        if (r) {
                plek_subscriber_free(subscriber);
                return r;
        }

        poller_arm(&subscriber->poller, 0);
        *ret_subscriber = subscriber;
        return 0;
}

PlekSubscriber *plek_subscriber_free(PlekSubscriber *subscriber)
{
        if (!subscriber)
                return NULL;

        if (subscriber->heads)
                (void)!heads_store(subscriber->heads, subscriber->peer.card);
        for (size_t i = 0; i < N_LANES_READ; i++)
                connection_close(&subscriber->feeds[i].connection);
        session_free(subscriber->session);
        door_book_deinit(&subscriber->doors);
        replica_free(subscriber->replica);
        heads_free(subscriber->heads);
        presence_free(subscriber);
        arena_free(subscriber->looked_up.arena);
        arena_free(subscriber->told.arena);
        neighbour_map_deinit(&subscriber->neighbour_map);
        poller_deinit(&subscriber->poller);
        peer_deinit(&subscriber->peer);
        free(subscriber);
        return NULL;
}

/* ------------------------------------------------------------------ running */

int plek_subscriber_fd(const PlekSubscriber *subscriber)
{
        return subscriber->poller.epoll_fd;
}

int plek_subscriber_run(PlekSubscriber *subscriber, int timeout_ms)
{
        int r;

        r = poller_wait(&subscriber->poller, timeout_ms);
        return r ? r : plek_subscriber_process(subscriber);
}

int plek_subscriber_sync(PlekSubscriber *subscriber, int timeout_ms)
{
        int64_t end_us = monotonic_us() + (int64_t)timeout_ms * 1000, left_us;
        int r;

        r = plek_subscriber_process(subscriber);
        while (!r && !replica_is_in_sync(subscriber->replica)) {
                left_us = timeout_ms < 0 ? 1000 * 1000 : end_us - monotonic_us();
                if (subscriber->past_is_refused)
                        return PLEK_E_REFUSED;
                if (left_us <= 0)
                        return PLEK_E_TIMEOUT;
                r = plek_subscriber_run(subscriber,
                                        (int)MIN((left_us + 999) / 1000, (int64_t)60000));
        }
        return r;
}

/* ------------------------------------------------------------------ looking */

int64_t subscriber_now_ms(const PlekSubscriber *subscriber, int64_t now_us)
{
        int64_t broker_ms = clock_ms(session_clock(subscriber->session), now_us);
        struct timespec now;

        if (subscriber->at_ms)
                return subscriber->at_ms;
        if (broker_ms >= 0)
                return broker_ms;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / (1000 * 1000);
}

void plek_subscriber_link_state(const PlekSubscriber *subscriber, PlekLinkState *ret_link)
{
        *ret_link = subscriber->state;
}

size_t plek_subscriber_n_records(const PlekSubscriber *subscriber)
{
        const Picture *picture = replica_picture(subscriber->replica);

        return picture_n_records(picture) - picture_n_acks(picture);
}

/* The rules of a key are those of the wire; one that breaks them is nobody's. */
static bool key_of(const PlekRecordKey *given, RecordKey *ret_key)
{
        RecordRef ref = record_ref_of(given);

        if (!given->party || !given->location || !party_is_valid(given->party) ||
            !location_is_valid(given->location) || (ref.unit && !unit_is_valid(ref.unit)) ||
            (ref.method && strlen(ref.method) > METHOD_MAX))
                return false;
        record_key_make(ret_key, (Status)given->status, given->party, given->location, &ref);
        return true;
}

int plek_subscriber_get(PlekSubscriber *subscriber, const PlekRecordKey *key,
                        PlekRecord *ret_record)
{
        const Withdrawn *withdrawn;
        const Record *record;
        RecordKey wire_key;

        if (!key_of(key, &wire_key))
                return PLEK_E_NOT_FOUND;
        record = picture_find(replica_picture(subscriber->replica), &wire_key);
        if (record)
                return record_spell(subscriber, &subscriber->looked_up, record, ret_record);
        withdrawn = replica_find_withdrawn(subscriber->replica, &wire_key);
        if (withdrawn)
                return withdrawn_spell(subscriber, &subscriber->looked_up, withdrawn, ret_record);
        return PLEK_E_NOT_FOUND;
}

enum { PART_START, PART_RECORDS, PART_END };

int plek_subscriber_next(PlekSubscriber *subscriber, PlekCursor *cursor, PlekRecord *ret_record)
{
        const Record *record = cursor->at;

        if (cursor->part == PART_END)
                return PLEK_E_END;
        do
                record = picture_next(replica_picture(subscriber->replica), record);
        while (record && record->report == UPDATE_ACK);
        cursor->part = record ? PART_RECORDS : PART_END;
        cursor->at = record;
        if (!record)
                return PLEK_E_END;
        return record_spell(subscriber, &subscriber->looked_up, record, ret_record);
}

int plek_subscriber_next_withdrawn(PlekSubscriber *subscriber, PlekCursor *cursor,
                                   PlekRecord *ret_record)
{
        const Withdrawn *withdrawn = cursor->at;

        if (cursor->part == PART_END)
                return PLEK_E_END;
        withdrawn = replica_next_withdrawn(subscriber->replica, withdrawn);
        cursor->part = withdrawn ? PART_RECORDS : PART_END;
        cursor->at = withdrawn;
        if (!withdrawn)
                return PLEK_E_END;
        return withdrawn_spell(subscriber, &subscriber->looked_up, withdrawn, ret_record);
}

const char *plek_subscriber_party(const PlekSubscriber *subscriber)
{
        return session_party(subscriber->session);
}

int64_t plek_subscriber_now_ms(const PlekSubscriber *subscriber)
{
        if (subscriber->at_ms)
                return subscriber->at_ms;
        return clock_ms(session_clock(subscriber->session), monotonic_us());
}

int plek_subscriber_past(const PlekSubscriber *subscriber, uint64_t *ret_revision,
                         int64_t *ret_time_ms, uint8_t ret_head[32], bool *ret_is_thinned)
{
        const Head *head = replica_past_head(subscriber->replica);

        if (!head)
                return PLEK_E_NOT_FOUND;
        *ret_revision = head->revision;
        *ret_time_ms = head->time_ms;
        if (ret_head)
                memcpy(ret_head, head->head, DIGEST_BYTES);
        *ret_is_thinned = replica_is_thinned(subscriber->replica);
        return 0;
}

void plek_subscriber_position(const PlekSubscriber *subscriber, uint64_t *ret_epoch,
                              uint64_t *ret_revision)
{
        *ret_epoch = subscriber->head_epoch;
        *ret_revision = subscriber->head_revision;
}
