#include "lib/session-internal.h"

#include <stdio.h>
#include <string.h>

/*
 * What the broker answers, and what it tells without being asked
 */

static void alarm_broker(Session *session, Bytes evidence, const char *text)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;

        if (!session->events.alarm)
                return;
        if (evidence.n_bytes)
                (void)!blob_copy(&blob, evidence.bytes, evidence.n_bytes);
        session->events.alarm(session->arg, PLEK_ALARM_BROKER, text, blob, NULL);
}

/* ------------------------------------------------------------------ greeting */

static void see_head(Session *session, Bytes head)
{
        CLEANUP(blob_unrefp) Blob *evidence = NULL;
        const HeadSeen *other;

        if (!session->options.heads || !head.n_bytes ||
            heads_see(session->options.heads, session->options.peer->card, head.bytes, head.n_bytes,
                      &other) != HEADS_E_EQUIVOCATION)
                return;
        (void)!blob_copy(&evidence, head.bytes, head.n_bytes);
        if (session->events.alarm)
                session->events.alarm(session->arg, PLEK_ALARM_EQUIVOCATION,
                                      "the broker signed two heads of one revision that differ",
                                      other->envelope, evidence);
}

/* Whether the opening of an epoch is the broker's. */
static bool read_epoch(Session *session, Bytes bytes, Epoch *ret_epoch)
{
        Envelope envelope;

        return envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) == 0 &&
               envelope.kind == ENVELOPE_EPOCH &&
               region_card_signed_by_broker(session->options.peer->card, &envelope) &&
               epoch_decode(ret_epoch, session->arena, envelope.body, envelope.n_body) == 0;
}

static bool is_signed_head(const Session *session, Bytes bytes)
{
        Envelope envelope;

        return envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) == 0 &&
               envelope.kind == ENVELOPE_HEAD &&
               region_card_signed_by_broker(session->options.peer->card, &envelope);
}

static void tell_refusal(Session *session, const char *text)
{
        (void)snprintf(session->refusal, sizeof(session->refusal), "%s", text);
        if (session->events.trouble)
                session->events.trouble(session->arg, session->refusal, true);
}

static int take_hello(Session *session, const Reply *reply, int64_t now_us)
{
        const Peer *peer = session->options.peer;
        Epoch epoch;
        int r;

        if (memcmp(&reply->hello.network, &peer->card->card.network, sizeof(NetworkId)) ||
            !read_epoch(session, reply->hello.epoch, &epoch) ||
            !is_signed_head(session, reply->hello.head)) {
                alarm_broker(session, reply->hello.head,
                             "the greeting is not signed by a broker of our region card");
                session->state = STATE_REFUSED;
                session->retry_us = now_us + REFUSED_US;
                tell_refusal(session,
                             "the broker that answers is not the one of our region card, which is "
                             "of another network or authority, or of a broker that is no more");
                return 0;
        }

        (void)clock_learn(&session->clock, session->hello_us, now_us, reply->hello.time_us);
        (void)snprintf(session->party, sizeof(session->party), "%s", reply->hello.party);
        session->epoch = epoch.epoch;
        session->state = STATE_UP;
        session->n_refused = 0;
        session->refusal[0] = '\0';
        session->refusal_code = 0;
        session->floor = reply->hello.floor;
        session->clock_sent_us = now_us;
        session->clock_due_us = now_us + SOON_US; /* the first round trip was slow, as firsts are */
        see_head(session, reply->hello.head);
        if (reply->hello.card_serial > peer->card->card.serial) {
                r = session_send_card(session);
                if (r)
                        return r;
        }
        return session->events.up ? session->events.up(session->arg, reply, &epoch) : 0;
}

static int take_refused_hello(Session *session, const Reply *reply, int64_t now_us)
{
        session->refusal_code = reply->refusal.code ? reply->refusal.code : PLEK_REFUSED_MALFORMED;
        tell_refusal(session, reply->refusal.text ? reply->refusal.text : "refused");
        session->state = STATE_REFUSED;
        session->retry_us = now_us + (REFUSED_US << MIN(session->n_refused, REFUSED_MAX));
        session->n_refused++;
        return session_send_whoami(session);
}

/* ------------------------------------------------------------------ replies */

static int take_card(Session *session, Bytes bytes)
{
        int r;

        r = peer_take_card(session->options.peer, session->options.context, bytes.bytes,
                           bytes.n_bytes);
        if (r == PLEK_E_NOT_FOUND)
                return 0;
        if (r > 0) {
                alarm_broker(session, bytes,
                             "the broker hands out a region card that is not our "
                             "authority's");
                return 0;
        }
        if (r)
                return r;
        if (session->events.card) {
                r = session->events.card(session->arg);
                if (r)
                        return r;
        }
        return connection_is_outdated(&session->connection) ? session_reconnect(session) : 0;
}

static int take_epoch(Session *session, Bytes bytes)
{
        Epoch epoch;

        if (session->state != STATE_UP)
                return 0;
        if (!read_epoch(session, bytes, &epoch)) {
                alarm_broker(session, bytes, "the opening of an epoch is not signed by a broker");
                return 0;
        }
        if (epoch.epoch == session->epoch)
                return 0;
        session->epoch = epoch.epoch;
        return session->events.epoch ? session->events.epoch(session->arg, &epoch) : 0;
}

/* Returns whether it was one that we asked for ourselves; *ret_result is what came of it. */
static bool take_own(Session *session, const Reply *reply, int64_t now_us, int *ret_result)
{
        *ret_result = 0;
        if (session->options.is_guest)
                return false; /* it was not greeted, and has no card to compare with */
        if (reply->id && reply->id == session->hello_id) {
                session->hello_id = 0;
                if (reply->kind == REPLY_HELLO)
                        *ret_result = take_hello(session, reply, now_us);
                else
                        *ret_result = take_refused_hello(session, reply, now_us);
                return true;
        }
        if (reply->id && reply->id == session->whoami_id) {
                session->whoami_id = 0;
                if (reply->kind == REPLY_WHOAMI && session->state == STATE_REFUSED)
                        tell_refusal(session, reply->whoami.text);
                return true;
        }
        if (reply->id && reply->id == session->card_id) {
                session->card_id = 0;
                if (reply->kind == REPLY_CARD)
                        *ret_result = take_card(session, reply->envelope);
                return true;
        }

        if (reply->kind == REPLY_CLOCK) {
                if (session->nonce && reply->clock.nonce == session->nonce) {
                        session->nonce = 0;
                        (void)clock_learn(&session->clock, session->clock_sent_us, now_us,
                                          reply->clock.time_us);
                }
                return true;
        }
        if (!reply->id && reply->kind == REPLY_CARD) {
                *ret_result = take_card(session, reply->envelope);
                return true;
        }
        if (!reply->id && reply->kind == REPLY_EPOCH) {
                *ret_result = take_epoch(session, reply->envelope);
                return true;
        }
        return false;
}

int session_take_reply(Session *session, const uint8_t *bytes, size_t n_bytes, int64_t now_us)
{
        Reply reply;
        int r;

        arena_reset(session->arena);
        if (reply_decode(&reply, session->arena, bytes, n_bytes)) {
                alarm_broker(session, (Bytes){ NULL, 0 }, "a reply cannot be decoded");
                return 0;
        }
        if (reply.kind == REPLY_RECEIPT)
                see_head(session, reply.receipt.head);
        if (take_own(session, &reply, now_us, &r))
                return r;
        if (session->state != STATE_UP || !session->events.reply)
                return 0;
        return session->events.reply(session->arg, &reply);
}
