/*
 * An acknowledgement handed in by a reader, or one taken back: a signed update that is answered
 *
 * It is ordered like a document, in a commit of its own: people acknowledge, a few a minute, and an
 * agent's feed has its own way.
 */

#include <string.h>

#include "broker/parts.h"

typedef struct AckOrder {
        Order order;
        AskedBy by;
        KeyId user;
        Blob *envelope;
} AckOrder;

static Order *ack_free(Order *order)
{
        AckOrder *ack = list_entry(order, AckOrder, order);

        blob_unref(ack->envelope);
        free(ack);
        return NULL;
}

static int answer_refused(Broker *broker, const AskedBy *by, const WireRefusal *refusal)
{
        Session *session = asked_by_session(broker, by);
        int r;

        broker->counters.n_refused[MIN(refusal->code, N_REFUSALS - 1)]++;
        r = session ? session_refuse(broker, session, by->id, refusal->code, refusal->field,
                                     refusal->text)
                    : 0;
        return r ? err_fold(r) : ORDER_E_ANSWERED;
}

static int ack_plan(Broker *broker, Order *order, Plan *plan)
{
        AckOrder *ack = list_entry(order, AckOrder, order);
        const PlanOutcome *outcome;
        Item item = {};
        Drop drop;
        int r;

        arena_reset(broker->document_arena);
        drop = request_read_update(broker, ack->user, ack->envelope, &item);
        if (drop)
                return answer_refused(
                        broker, &ack->by,
                        &(WireRefusal){ .code = drop_refusal(drop), .text = drop_sentence(drop) });
        if (!item.candidate.refusal.code && !update_is_about_ack(item.candidate.update))
                return answer_refused(
                        broker, &ack->by,
                        &(WireRefusal){ .code = PLEK_REFUSED_NOT_ALLOWED,
                                        .field = "submit.envelope",
                                        .text = "of updates only an acknowledgement is handed in "
                                                "here; a report travels on the updates socket" });

        admission_plan(broker->state, &broker->admission, plan, &item.candidate, 0,
                       broker_clock_now_ms(&broker->clock));
        outcome = &plan->outcomes[0];
        if (outcome->refusal.code)
                return answer_refused(broker, &ack->by, &outcome->refusal);
        if (outcome->entry != SIZE_MAX)
                return 0;
        r = order_accepted(broker, &ack->by, outcome->revision);
        return r ? err_fold(r) : ORDER_E_ANSWERED;
}

static int ack_done(Broker *broker, Order *order, uint64_t revision, uint32_t refused)
{
        AckOrder *ack = list_entry(order, AckOrder, order);

        if (refused)
                return order_refused(broker, &ack->by, refused);
        broker->counters.n_accepted++;
        return order_accepted(broker, &ack->by, revision);
}

/* A key that acknowledges without end would have a commit each, before everybody's updates. */
static bool comes_too_soon(Broker *broker, const Session *session)
{
        return session->sender && !bucket_draw(&session->sender->acks, &broker->ack_rate, 1,
                                               loop_now_ns(broker->loop));
}

int request_ack(Broker *broker, const Caller *caller, const Request *request)
{
        const Bytes *envelope = &request->submit.envelope;
        AckOrder *ack;
        int r;

        if (caller->is_control)
                return session_refuse(broker, caller->session, request->id,
                                      PLEK_REFUSED_NOT_ALLOWED, NULL,
                                      "an acknowledgement is handed in over its own party's "
                                      "session");
        if (envelope->n_bytes > ENVELOPE_UPDATE_MAX_BYTES)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_MALFORMED,
                                      "submit.envelope", "an update has at most 64 KiB");

        if (comes_too_soon(broker, caller->session)) {
                broker->counters.n_refused[PLEK_REFUSED_QUOTA]++;
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_QUOTA,
                                      "submit.envelope",
                                      "more acknowledgements than a key may hand in at a time; "
                                      "hand it in again in some seconds");
        }

        ack = calloc(1, sizeof(*ack));
        if (!ack)
                return err_raise(-ENOMEM);
        ack->order = (Order){ .plan = ack_plan, .done = ack_done, .free = ack_free };
        ack->by = (AskedBy){ caller->session->key, request->id };
        ack->user = caller->session->user;
        r = blob_copy(&ack->envelope, envelope->bytes, envelope->n_bytes);
        if (r) {
                free(ack);
                return err_fold(r);
        }
        return order_submit(broker, &ack->order, &ack->by);
}
