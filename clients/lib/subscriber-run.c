#include "lib/subscriber-internal.h"

#include <stdio.h>
#include <string.h>

#include "plek/plek.h"

/*
 * The subscriber's work: a session, a SUB for each lane, and the replica between them
 *
 * Subscribe first, ask second. The lane with the doors is always emptied before the one with the
 * counts is looked at again.
 */

enum {
        ROUNDS_MAX = 64, /* before the caller's loop has its turn */
        DOORS_AT_ONCE = 1024,
        COUNTS_AT_ONCE = 64, /* frames of counts between two looks at the doors */
};

#define LANES_US      INT64_C(1000000) /* for how long asking waits for the lanes */
#define HEAD_US       INT64_C(1000000)
#define STORE_HEAD_US INT64_C(60000000)

/* ------------------------------------------------------------------ telling */

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const Blob *evidence,
                     const Blob *other_evidence)
{
        PlekSubscriber *subscriber = arg;
        const void *const bytes[2] = {
                evidence ? evidence->bytes : NULL,
                other_evidence ? other_evidence->bytes : NULL,
        };
        const size_t n_bytes[2] = {
                evidence ? evidence->n_bytes : 0,
                other_evidence ? other_evidence->n_bytes : 0,
        };

        context_log(subscriber->context, PLEK_LOG_WARNING, "%s", text);
        if (subscriber->callbacks.alarm)
                subscriber->callbacks.alarm(subscriber->arg, alarm, text, bytes, n_bytes);
}

static void on_record(void *arg, const Record *record, PlekChange change)
{
        PlekSubscriber *subscriber = arg;
        PlekRecord spelled;

        if (record->report == UPDATE_ACK) {
                subscriber_tell_ack(subscriber, record, change);
                return;
        }
        door_book_record(&subscriber->doors, replica_registry(subscriber->replica), record, change);
        if (!subscriber->callbacks.record ||
            (change == PLEK_CHANGE_RENEWED && !subscriber->tell_renewed))
                return;
        if (record_spell(subscriber, &subscriber->told, record, &spelled) == 0)
                subscriber->callbacks.record(subscriber->arg, &spelled, change);
}

static void on_withdrawn(void *arg, const Withdrawn *withdrawn)
{
        PlekSubscriber *subscriber = arg;
        PlekRecord spelled;

        door_book_withdrawn(&subscriber->doors, withdrawn);
        if (subscriber->callbacks.record &&
            withdrawn_spell(subscriber, &subscriber->told, withdrawn, &spelled) == 0)
                subscriber->callbacks.record(subscriber->arg, &spelled, PLEK_CHANGE_WITHDRAWN);
}

static void on_overdue(void *arg, const Record *record, bool is_overdue)
{
        PlekSubscriber *subscriber = arg;
        PlekRecord spelled;

        if (subscriber->callbacks.overdue &&
            record_spell(subscriber, &subscriber->told, record, &spelled) == 0)
                subscriber->callbacks.overdue(subscriber->arg, &spelled, is_overdue);
}

static void on_topic(void *arg, const char *topic, Lane lane)
{
        PlekSubscriber *subscriber = arg;

        for (size_t i = 0; i < N_LANES_READ; i++) {
                LaneFeed *feed = &subscriber->feeds[i];

                /* Without memory for it the beat will show what is missing. */
                if (feed->lane == lane && feed->connection.socket)
                        (void)!socket_subscribe(feed->connection.socket, topic);
        }
}

const ReplicaEvents subscriber_replica_events = {
        .record = on_record,
        .withdrawn = on_withdrawn,
        .overdue = on_overdue,
        .topic = on_topic,
        .alarm = on_alarm,
};

/* ------------------------------------------------------------------ the link */

/* A picture of the past is fed by nothing: it is there, or not yet. */
static PlekLink link_now(const PlekSubscriber *subscriber, bool in_sync)
{
        if (subscriber->at_ms)
                return in_sync ? PLEK_LINK_PAST : PLEK_LINK_NOT_FED;
        return subscriber->has_link ? (PlekLink)subscriber->link.kind : PLEK_LINK_NOT_FED;
}

static bool has_no_why(PlekLink link)
{
        return link == PLEK_LINK_LIVE || link == PLEK_LINK_PAST;
}

static const char *why_not_fed(const PlekSubscriber *subscriber)
{
        if (!session_is_up(subscriber->session) && !subscriber->trouble[0])
                return "connecting";
        if (subscriber->trouble[0])
                return subscriber->trouble;
        if (subscriber->at_ms)
                return "the past is being told";
        return "no beat of the broker within the last 3 s";
}

void subscriber_update_link(PlekSubscriber *subscriber, int64_t now_us)
{
        int64_t now_ms = subscriber_now_ms(subscriber, now_us);
        PlekLinkState *state = &subscriber->state;
        PlekLinkState next = { .in_sync = replica_is_in_sync(subscriber->replica) };
        const char *why;

        if (!subscriber->has_link && session_clock(subscriber->session)->is_known) {
                subscriber->has_link = true;
                link_init(&subscriber->link, now_ms);
        }
        if (subscriber->has_link)
                (void)link_update(&subscriber->link, now_ms);
        next.link = link_now(subscriber, next.in_sync);
        next.since_ms = subscriber->has_link     ? subscriber->link.since_ms
                        : subscriber->state_told ? state->since_ms
                                                 : now_ms;

        why = has_no_why(next.link)            ? ""
              : next.link == PLEK_LINK_NOT_FED ? why_not_fed(subscriber)
                                               : subscriber->link.why_not;
        if (subscriber->state_told && next.link == state->link && next.in_sync == state->in_sync &&
            !strcmp(why, subscriber->why))
                return;
        if (why != subscriber->why)
                (void)snprintf(subscriber->why, sizeof(subscriber->why), "%s", why);
        next.why = has_no_why(next.link) ? NULL : subscriber->why;
        *state = next;
        subscriber->state_told = true;
        if (subscriber->callbacks.link)
                subscriber->callbacks.link(subscriber->arg, state);
}

void subscriber_set_trouble(PlekSubscriber *subscriber, const char *text)
{
        (void)snprintf(subscriber->trouble, sizeof(subscriber->trouble), "%s", text);
}

ReplicaTime subscriber_time(const PlekSubscriber *subscriber, int64_t now_us)
{
        return (ReplicaTime){ now_us / 1000, subscriber_now_ms(subscriber, now_us) };
}

/* ------------------------------------------------------------------ asking */

static int send_asks(PlekSubscriber *subscriber, const ReplicaTime *time)
{
        Request request = { .kind = REQUEST_SINCE };
        ReplicaAsk ask;
        uint64_t id;
        int r;

        while (replica_next_ask(subscriber->replica, time, &ask)) {
                request.since.topic = ask.topic;
                request.since.epoch = ask.epoch;
                request.since.audience = ask.audience;
                request.since.revision = ask.revision;
                request.since.credit = TRANSFER_CREDIT;
                request.since.at_ms = ask.at_ms;
                r = session_send(subscriber->session, &request, &id);
                if (r)
                        return r == SESSION_E_DOWN ? 0 : r;
                replica_asked(subscriber->replica, ask.topic, id, time);
        }
        return 0;
}

static int send_grants(PlekSubscriber *subscriber)
{
        Request request = { .kind = REQUEST_CREDIT };
        uint64_t id;
        int r;

        while (replica_next_grant(subscriber->replica, &request.credit.transfer,
                                  &request.credit.credit)) {
                r = session_send(subscriber->session, &request, &id);
                if (r)
                        return r == SESSION_E_DOWN ? 0 : r;
        }
        return 0;
}

static int process_asks(PlekSubscriber *subscriber, int64_t now_us)
{
        ReplicaTime time = subscriber_time(subscriber, now_us);
        int r;

        if (!subscriber->may_read || !session_is_up(subscriber->session))
                return 0;
        if (subscriber->wants_presence && !subscriber->presence_request) {
                r = session_send(subscriber->session, &(Request){ .kind = REQUEST_PRESENCE },
                                 &subscriber->presence_request);
                if (r)
                        return r == SESSION_E_DOWN ? 0 : r;
                subscriber->wants_presence = false;
        }
        if (!subscriber->at_ms && !lanes_are_up(subscriber) &&
            now_us < subscriber->up_us + LANES_US)
                return 0;
        r = send_asks(subscriber, &time);
        return r ? r : send_grants(subscriber);
}

/* ------------------------------------------------------------------ the session */

static int on_up(void *arg, const Reply *hello, const Epoch *epoch)
{
        PlekSubscriber *subscriber = arg;
        int64_t now_us = monotonic_us();
        ReplicaTime time = subscriber_time(subscriber, now_us);
        int r;

        subscriber->up_us = now_us;
        subscriber->may_read = hello->hello.audience != 0;
        subscriber->presence_request = 0;
        subscriber->wants_presence = !subscriber->at_ms;
        subscriber->trouble[0] = '\0';
        if (!subscriber->may_read) {
                subscriber_set_trouble(subscriber, "our enrolment does not allow reading");
                lanes_close(subscriber);
                return 0;
        }
        r = replica_hello(subscriber->replica, hello->hello.audience, epoch, hello->hello.topics,
                          hello->hello.n_topics, &time);
        if (r || subscriber->at_ms)
                return err_fold(r);
        return lanes_open(subscriber, hello->hello.audience);
}

static void on_down(void *arg)
{
        PlekSubscriber *subscriber = arg;
        ReplicaTime time = subscriber_time(subscriber, monotonic_us());

        subscriber->presence_request = 0;
        replica_session_lost(subscriber->replica, &time);
}

static int take_chunk(PlekSubscriber *subscriber, const Reply *reply, const ReplicaTime *time)
{
        int r = replica_chunk(subscriber->replica, reply->chunk.transfer, reply->chunk.index,
                              reply->chunk.body.bytes, reply->chunk.body.n_bytes, time);

        return r == REPLICA_E_REFUSED ? 0 : err_fold(r);
}

static int take_answer(PlekSubscriber *subscriber, const Reply *reply, const ReplicaTime *time)
{
        int r;

        if (subscriber->at_ms && reply->kind == REPLY_REFUSED &&
            reply->refusal.code != PLEK_REFUSED_RETRY) {
                subscriber->past_is_refused = true;
                subscriber_set_trouble(subscriber, reply->refusal.text ? reply->refusal.text : "");
        }
        if (reply->kind != REPLY_SINCE) {
                replica_ask_refused(subscriber->replica, reply->id, time);
                return 0;
        }
        r = replica_manifest(subscriber->replica, reply->id, reply->since.transfer,
                             reply->since.manifest.bytes, reply->since.manifest.n_bytes, time);
        return r == REPLICA_E_REFUSED ? 0 : err_fold(r);
}

static int on_reply(void *arg, const Reply *reply)
{
        PlekSubscriber *subscriber = arg;
        ReplicaTime time = subscriber_time(subscriber, monotonic_us());

        if (reply->kind == REPLY_CHUNK)
                return take_chunk(subscriber, reply, &time);
        if (!reply->id && reply->kind == REPLY_AGREED)
                return replica_agreed(subscriber->replica, reply->agreed.intervals,
                                      reply->agreed.n_intervals, &time);
        if (reply->id && reply->id == subscriber->presence_request) {
                subscriber->presence_request = 0;
                if (reply->kind != REPLY_PRESENCE)
                        return 0;
                return presence_take(subscriber, reply->presence.presence,
                                     reply->presence.n_presence, true);
        }
        if (replica_is_asking(subscriber->replica, reply->id))
                return take_answer(subscriber, reply, &time);
        return 0;
}

static int on_epoch(void *arg, const Epoch *epoch)
{
        PlekSubscriber *subscriber = arg;
        ReplicaTime time = subscriber_time(subscriber, monotonic_us());

        replica_epoch(subscriber->replica, epoch, &time);
        return 0;
}

static int on_card(void *arg)
{
        PlekSubscriber *subscriber = arg;
        int r;

        replica_set_card(subscriber->replica, subscriber->peer.card);
        for (size_t i = 0; i < N_LANES_READ && !subscriber->at_ms; i++) {
                LaneFeed *feed = &subscriber->feeds[i];

                if (!connection_is_outdated(&feed->connection))
                        continue;
                r = lane_open(subscriber, feed, feed->connection.to);
                if (r)
                        return r;
        }
        if (subscriber->callbacks.card)
                subscriber->callbacks.card(subscriber->arg, subscriber->peer.card);
        return 0;
}

static void on_trouble(void *arg, const char *text, bool is_refused)
{
        subscriber_set_trouble(arg, text);
}

const SessionEvents subscriber_session_events = {
        .up = on_up,
        .down = on_down,
        .reply = on_reply,
        .epoch = on_epoch,
        .card = on_card,
        .trouble = on_trouble,
        .alarm = on_alarm,
};

/* ------------------------------------------------------------------ heads */

static void tell_head(PlekSubscriber *subscriber, int64_t now_us)
{
        const HeadSeen *newest;
        int r;

        if (now_us < subscriber->head_told_us + HEAD_US)
                return;
        newest = heads_newest(subscriber->heads, subscriber->peer.card);
        if (!newest || !subscriber->may_read)
                return;
        subscriber->head_told_us = now_us;
        if (newest->head.epoch != subscriber->head_epoch ||
            newest->head.revision != subscriber->head_revision) {
                subscriber->head_epoch = newest->head.epoch;
                subscriber->head_revision = newest->head.revision;
                if (subscriber->callbacks.head)
                        subscriber->callbacks.head(subscriber->arg, newest->head.epoch,
                                                   newest->head.revision, newest->head.time_ms,
                                                   newest->head.head, newest->envelope->bytes,
                                                   newest->envelope->n_bytes);
        }
        if (now_us < subscriber->head_stored_us + STORE_HEAD_US)
                return;
        subscriber->head_stored_us = now_us;
        r = heads_store(subscriber->heads, subscriber->peer.card);
        if (r)
                context_log(subscriber->context, PLEK_LOG_WARNING,
                            "cannot keep the broker's head in %s: %s", subscriber->peer.head_path,
                            plek_result_text(r));
}

/* ------------------------------------------------------------------ all of it */

/* @is_busy: there was still something to do. */
static void arm(PlekSubscriber *subscriber, int64_t now_us, bool is_busy)
{
        ReplicaTime time = subscriber_time(subscriber, now_us);
        int64_t due_us = session_due_us(subscriber->session), due_ms;

        for (size_t i = 0; i < N_LANES_READ; i++) {
                const LaneFeed *feed = &subscriber->feeds[i];

                due_us = MIN(due_us, connection_due_us(&feed->connection));
                if (feed->connection.is_up)
                        due_us = MIN(due_us, feed->heard_us + LANE_DEAD_US);
        }
        due_ms = replica_due(subscriber->replica, &time);
        if (due_ms != INT64_MAX) {
                /* What is due and could not be sent has to wait for the socket. */
                due_us = MIN(due_us, MAX(due_ms * 1000, now_us + 2000));
                if (!subscriber->at_ms && !lanes_are_up(subscriber) &&
                    session_is_up(subscriber->session))
                        due_us = MAX(due_us, MIN(now_us + LANES_US, subscriber->up_us + LANES_US));
        }
        if (subscriber->has_link) {
                due_ms = link_due(&subscriber->link);
                if (due_ms != INT64_MAX)
                        due_us = MIN(due_us, now_us + (due_ms - time.broker_ms + 1) * 1000);
        }
        poller_arm(&subscriber->poller, is_busy ? 0 : due_us);
}

static int process_once(PlekSubscriber *subscriber, int64_t now_us, bool *ret_progress)
{
        int r;

        r = poller_wait(&subscriber->poller, 0);
        if (!r)
                r = session_process(subscriber->session, now_us, ret_progress);
        for (size_t i = 0; !r && i < N_LANES_READ; i++)
                r = lane_process_edges(subscriber, &subscriber->feeds[i], now_us, ret_progress);
        if (!r)
                r = lane_process_frames(subscriber, &subscriber->feeds[LINK_STATUS], DOORS_AT_ONCE,
                                        ret_progress);
        if (!r)
                r = lane_process_frames(subscriber, &subscriber->feeds[LINK_COUNTS], COUNTS_AT_ONCE,
                                        ret_progress);
        return r ? r : process_asks(subscriber, now_us);
}

int plek_subscriber_process(PlekSubscriber *subscriber)
{
        ReplicaTime time;
        bool progress = true;
        int64_t now_us = 0;
        int r;

        /* ZeroMQ's descriptor tells of what is new only: whoever stops early has to come back. */
        for (unsigned i = 0; progress && i < ROUNDS_MAX; i++) {
                progress = false;
                now_us = monotonic_us();
                r = process_once(subscriber, now_us, &progress);
                if (r)
                        return err_fold(r);
                time = subscriber_time(subscriber, now_us);
                r = replica_tick(subscriber->replica, &time);
                if (!r)
                        r = doors_tell(subscriber, now_us);
                if (r)
                        return err_fold(r);
                subscriber_update_link(subscriber, now_us);
        }

        tell_head(subscriber, now_us);
        arm(subscriber, now_us, progress);
        return 0;
}
