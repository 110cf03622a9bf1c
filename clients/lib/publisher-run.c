#include "lib/publisher-internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/report.h"
#include "plek/plek.h"

/*
 * The publisher's work: a session for receipts, an XPUB for updates, and the outbox between them
 *
 * Updates go out only while there is both a session and the broker's subscription on the XPUB: what
 * is sent before is lost or, worse, delivered late.
 */

enum {
        ROUNDS_MAX = 64, /* before the caller's loop has its turn */
        LOST_MAX = 4,    /* flights without any answer: the XPUB's connection is dead */
};

#define TWINS_AGAIN_US INT64_C(600000000)
#define WAITING_US     INT64_C(1000000)
#define STORE_HEAD_US  INT64_C(60000000)

/* ------------------------------------------------------------------ telling */

void publisher_set_link(PlekPublisher *publisher, PlekPublisherLink link, const char *text)
{
        if (publisher->link_told && publisher->link == link && !strcmp(publisher->trouble, text))
                return;
        publisher->link = link;
        publisher->link_told = true;
        (void)snprintf(publisher->trouble, sizeof(publisher->trouble), "%s", text);
        if (publisher->callbacks.link)
                publisher->callbacks.link(publisher->arg, link, publisher->trouble);
}

static void tell_link_up(PlekPublisher *publisher, const char *text)
{
        if (!session_is_up(publisher->session))
                return;
        if (publisher->is_barred)
                publisher_set_link(publisher, PLEK_PUBLISHER_BARRED, text);
        else if (!publisher->is_accepting)
                publisher_set_link(publisher, PLEK_PUBLISHER_NOT_ACCEPTING, text);
        else if (publisher->is_subscribed)
                publisher_set_link(publisher, PLEK_PUBLISHER_CONNECTED, "connected");
}

static void tell_waiting(PlekPublisher *publisher, int64_t now_us)
{
        size_t n_waiting = outbox_n_waiting(publisher->outbox);
        bool was_zero = !publisher->n_waiting_told;

        if (n_waiting == publisher->n_waiting_told)
                return;
        if (n_waiting && !was_zero && now_us < publisher->waiting_told_us + WAITING_US)
                return;
        publisher->n_waiting_told = n_waiting;
        publisher->waiting_told_us = now_us;
        if (publisher->callbacks.waiting)
                publisher->callbacks.waiting(publisher->arg, n_waiting);
}

static void tell_twins(PlekPublisher *publisher, int64_t now_us)
{
        if (publisher->twins_told_us && now_us < publisher->twins_told_us + TWINS_AGAIN_US)
                return;
        publisher->twins_told_us = now_us;
        if (publisher->callbacks.twins)
                publisher->callbacks.twins(publisher->arg);
}

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const Blob *evidence,
                     const Blob *other_evidence)
{
        PlekPublisher *publisher = arg;

        context_log(publisher->context, PLEK_LOG_WARNING, "%s", text);
        if (publisher->callbacks.alarm)
                publisher->callbacks.alarm(publisher->arg, text);
}

/* ------------------------------------------------------------------ receipts */

static void tell_outcome(PlekPublisher *publisher, const OutboxNews *news, const Refusal *refusal)
{
        PlekRecordKey key;
        PlekFault fault;

        record_key_from(&news->ref, news->status, NULL, news->location, &key);
        if (news->verdict == OUTBOX_ACCEPTED) {
                if (publisher->callbacks.accepted)
                        publisher->callbacks.accepted(publisher->arg, &key, news->revision);
                return;
        }
        fault_set(&fault, refusal->code, refusal->field, refusal->text);
        if (publisher->callbacks.refused)
                publisher->callbacks.refused(publisher->arg, &key, &fault,
                                             news->verdict == OUTBOX_REFUSED);
}

static bool is_not_accepting(uint32_t code)
{
        return code == PLEK_REFUSED_RETRY || code == PLEK_REFUSED_CLOCK ||
               code == PLEK_REFUSED_NO_AUTHORITY;
}

static void take_outcome(PlekPublisher *publisher, const Outcome *outcome, int64_t now_us)
{
        const Refusal *refusal = &outcome->refusal;
        OutboxNews news;

        outbox_outcome(publisher->outbox, outcome, now_us / 1000, &news);
        if (news.ask_clock)
                session_ask_clock(publisher->session);
        if (outcome->revision) {
                publisher->last_revision = MAX(publisher->last_revision, outcome->revision);
                publisher->is_barred = false;
                publisher->is_accepting = true;
        } else if (news.is_barred) {
                publisher->is_barred = true;
        } else if (is_not_accepting(refusal->code)) {
                publisher->is_accepting = false;
        }
        tell_link_up(publisher, refusal->text ? refusal->text : "refused");
        if (news.verdict != OUTBOX_STRAY && news.verdict != OUTBOX_AFFIRMED)
                tell_outcome(publisher, &news, refusal);
}

static int take_receipt(PlekPublisher *publisher, const Reply *reply)
{
        int64_t now_us = monotonic_us();

        outbox_raise(publisher->outbox, reply->receipt.floor);
        for (size_t i = 0; i < reply->receipt.n_outcomes; i++)
                take_outcome(publisher, &reply->receipt.outcomes[i], now_us);
        if (reply->receipt.twins)
                tell_twins(publisher, now_us);
        return 0;
}

static int on_reply(void *arg, const Reply *reply)
{
        PlekPublisher *publisher = arg;
        bool taken;

        if (reply->kind == REPLY_RECEIPT)
                return take_receipt(publisher, reply);
        if (reply->kind == REPLY_ASKED)
                return call_take(publisher, reply);
        return reconcile_reply(publisher, reply, &taken);
}

/* ------------------------------------------------------------------ the session */

static int on_epoch(void *arg, const Epoch *epoch)
{
        PlekPublisher *publisher = arg;
        bool leads = epoch->continues && epoch->previous_epoch == publisher->epoch &&
                     publisher->last_revision <= epoch->previous_revision;

        if (publisher->epoch && publisher->epoch != epoch->epoch && !leads) {
                context_log(publisher->context, PLEK_LOG_WARNING,
                            "the broker began a new history: everything is stated again");
                outbox_state_all(publisher->outbox, monotonic_us() / 1000);
                publisher->last_revision = 0;
        }
        publisher->epoch = epoch->epoch;
        return 0;
}

static int on_up(void *arg, const Reply *hello, const Epoch *epoch)
{
        PlekPublisher *publisher = arg;
        bool is_enrolled_anew = publisher->enrolment_serial != hello->hello.enrolment_serial;
        int r;

        r = on_epoch(publisher, epoch);
        if (r)
                return r;
        outbox_raise(publisher->outbox, hello->hello.floor);
        outbox_retry(publisher->outbox, is_enrolled_anew);
        publisher->enrolment_serial = hello->hello.enrolment_serial;
        publisher->is_accepting = hello->hello.accepting;
        publisher->is_barred =
                !(hello->hello.roles & (ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_RELAY)));
        tell_link_up(publisher, publisher->is_barred
                                        ? "our enrolment does not have the role of an agent"
                                        : "the broker is not accepting updates at the moment");
        return connection_open(&publisher->updates);
}

static void on_down(void *arg)
{
        PlekPublisher *publisher = arg;

        outbox_disconnected(publisher->outbox, monotonic_us() / 1000);
        reconcile_lost(publisher);
        publisher_set_link(publisher, PLEK_PUBLISHER_OFFLINE, "the connection was lost");
}

static void on_trouble(void *arg, const char *text, bool is_refused)
{
        PlekPublisher *publisher = arg;

        publisher_set_link(publisher, is_refused ? PLEK_PUBLISHER_BARRED : PLEK_PUBLISHER_OFFLINE,
                           text);
}

static int on_card(void *arg)
{
        PlekPublisher *publisher = arg;

        if (publisher->callbacks.card)
                publisher->callbacks.card(publisher->arg, publisher->peer.card);
        if (!connection_is_outdated(&publisher->updates))
                return 0;
        publisher->is_subscribed = false;
        return connection_reopen(&publisher->updates);
}

/* ------------------------------------------------------------------ the XPUB */

static void not_subscribed(PlekPublisher *publisher)
{
        if (!publisher->is_subscribed)
                return;
        publisher->is_subscribed = false;
        outbox_disconnected(publisher->outbox, monotonic_us() / 1000);
        if (session_is_up(publisher->session))
                publisher_set_link(publisher, PLEK_PUBLISHER_OFFLINE,
                                   "the broker does not listen on the port for updates");
}

static int process_edges(PlekPublisher *publisher, int64_t now_us, bool *ret_progress)
{
        ConnectionEdge edge;
        char text[256];
        int r;

        for (;;) {
                r = connection_poll(&publisher->updates, now_us, &edge);
                if (r || edge == EDGE_NONE)
                        return r;
                *ret_progress = true;
                if (edge == EDGE_UP)
                        continue;
                not_subscribed(publisher);
                if (edge != EDGE_TROUBLE || !session_is_up(publisher->session))
                        continue;
                connection_trouble(&publisher->updates, text, sizeof(text));
                publisher_set_link(publisher,
                                   publisher->updates.trouble == SOCKET_DOWN
                                           ? PLEK_PUBLISHER_OFFLINE
                                           : PLEK_PUBLISHER_BARRED,
                                   text);
        }
}

static int process_subscriptions(PlekPublisher *publisher, bool *ret_progress)
{
        const uint8_t *bytes;
        size_t n_bytes;
        int r;

        while (publisher->updates.socket) {
                r = socket_receive(publisher->updates.socket, &bytes, &n_bytes);
                if (r == SOCKET_E_AGAIN)
                        return 0;
                if (r)
                        return err_fold(r);
                *ret_progress = true;
                if (!n_bytes)
                        continue;
                if (bytes[0] == 1) {
                        publisher->is_subscribed = true;
                        tell_link_up(publisher, "not accepting");
                } else if (bytes[0] == 0) {
                        not_subscribed(publisher);
                }
        }
        return 0;
}

/* ------------------------------------------------------------------ sending */

static bool can_send(const PlekPublisher *publisher)
{
        return publisher->is_subscribed && publisher->updates.socket &&
               session_is_up(publisher->session);
}

/* What was put was checked, but for what the broker's clock says at this moment. */
static int not_sent(PlekPublisher *publisher, const Update *update, const WireRefusal *refusal)
{
        const Outcome outcome = {
                .seq = update->seq,
                .refusal = { refusal->code, refusal->field, refusal->text },
        };

        take_outcome(publisher, &outcome, monotonic_us());
        return 0;
}

static int send_update(PlekPublisher *publisher, Update *update)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        CLEANUP(blob_unrefp) Blob *body = NULL;
        WireRefusal refusal = { 0 };
        int r;

        update->party = session_party(publisher->session);
        r = update_encode(&body, &refusal, update);
        if (r == UPDATE_E_REFUSED)
                return not_sent(publisher, update, &refusal);
        if (!r)
                r = envelope_sign(&envelope, ENVELOPE_UPDATE, &publisher->peer.card->card.network,
                                  publisher->peer.key->secret, body->bytes, body->n_bytes);
        if (r)
                return err_fold(r);
        return socket_send(publisher->updates.socket, envelope->bytes, envelope->n_bytes);
}

static int process_outbox(PlekPublisher *publisher, bool *ret_progress)
{
        const Clock *clock = session_clock(publisher->session);
        int64_t now_us = monotonic_us();
        Update update;
        int r;

        while (can_send(publisher)) {
                OutboxTime time = { now_us / 1000, clock_us(clock, now_us) };

                arena_reset(publisher->arena);
                r = outbox_next(publisher->outbox, &time, publisher->arena, &update);
                if (r == OUTBOX_E_NOTHING)
                        break;
                if (r)
                        return err_fold(r);
                *ret_progress = true;
                r = send_update(publisher, &update);
                if (r < 0)
                        return r;
                if (r == SOCKET_E_AGAIN) {
                        /* Its peer is gone, or its queue full; an event will tell. */
                        outbox_unsent(publisher->outbox, update.seq, now_us / 1000);
                        break;
                }
        }
        if (outbox_n_lost(publisher->outbox) < LOST_MAX || !can_send(publisher))
                return 0;
        *ret_progress = true;
        not_subscribed(publisher);
        return connection_reopen(&publisher->updates);
}

/* ------------------------------------------------------------------ all of it */

/* @is_busy: there was still something to do. */
static void arm(PlekPublisher *publisher, int64_t now_us, bool is_busy)
{
        int64_t due_us =
                MIN(session_due_us(publisher->session), connection_due_us(&publisher->updates));
        int64_t outbox_ms = can_send(publisher) ? outbox_due(publisher->outbox) : INT64_MAX;

        if (outbox_ms == INT64_MIN)
                outbox_ms = now_us / 1000 + 10; /* the socket did not take it */
        if (outbox_ms != INT64_MAX)
                due_us = MIN(due_us, outbox_ms * 1000);
        if (outbox_n_waiting(publisher->outbox) != publisher->n_waiting_told)
                due_us = MIN(due_us, publisher->waiting_told_us + WAITING_US);
        poller_arm(&publisher->poller, is_busy ? 0 : due_us);
}

void publisher_store_head(PlekPublisher *publisher, int64_t now_us)
{
        int r;

        if (!publisher->peer.head_path || now_us < publisher->head_stored_us + STORE_HEAD_US)
                return;
        publisher->head_stored_us = now_us;
        r = heads_store(publisher->heads, publisher->peer.card);
        if (r)
                context_log(publisher->context, PLEK_LOG_WARNING,
                            "cannot keep the broker's head in %s: %s", publisher->peer.head_path,
                            plek_result_text(r));
}

int plek_publisher_process(PlekPublisher *publisher)
{
        bool progress = true;
        int64_t now_us = 0;
        int r;

        /* ZeroMQ's descriptor tells of what is new only: whoever stops early has to come back. */
        for (unsigned i = 0; progress && i < ROUNDS_MAX; i++) {
                progress = false;
                now_us = monotonic_us();
                r = poller_wait(&publisher->poller, 0);
                if (!r)
                        r = session_process(publisher->session, now_us, &progress);
                if (!r)
                        r = process_edges(publisher, now_us, &progress);
                if (!r)
                        r = process_subscriptions(publisher, &progress);
                if (!r)
                        r = reconcile_ask(publisher);
                if (!r)
                        r = process_outbox(publisher, &progress);
                if (r)
                        return err_fold(r);
        }

        tell_waiting(publisher, now_us);
        publisher_store_head(publisher, now_us);
        arm(publisher, now_us, progress);
        return 0;
}

const SessionEvents publisher_session_events = {
        .up = on_up,
        .down = on_down,
        .reply = on_reply,
        .epoch = on_epoch,
        .card = on_card,
        .trouble = on_trouble,
        .alarm = on_alarm,
};
