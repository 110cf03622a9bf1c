/*
 * An enrolment or a card, signed by the authority and handed in by anybody
 *
 * It is judged when its turn comes, against everything that is ordered before it, and answered when
 * it is durable.
 */

#include "broker/parts.h"
#include "broker/request.h"

enum {
        /* A chunk, and a block, must be able to carry it to readers. */
        DOCUMENT_MAX_BYTES = BLOCK_FRAME_MAX - 4096,
};

typedef struct SubmitOrder {
        Order order;
        AskedBy by;
        Blob *envelope;
} SubmitOrder;

static Order *submit_free(Order *order)
{
        SubmitOrder *submit = list_entry(order, SubmitOrder, order);

        blob_unref(submit->envelope);
        free(submit);
        return NULL;
}

static int submit_plan(Broker *broker, Order *order, Plan *plan)
{
        SubmitOrder *submit = list_entry(order, SubmitOrder, order);
        Session *session = asked_by_session(broker, &submit->by);
        WireRefusal refusal;
        uint64_t revision;
        int r;

        arena_reset(broker->document_arena);
        arena_limit(broker->document_arena, DOCUMENT_ARENA_BYTES);
        r = admission_document(broker->state, secret_key_public(broker->key), plan,
                               submit->envelope, broker->document_arena, &revision, &refusal);
        switch (r) {
        case ADMISSION_OK:
                return 0;
        case ADMISSION_E_REPEATED:
                r = order_accepted(broker, &submit->by, revision);
                break;
        case ADMISSION_E_REFUSED:
                r = session ? session_refuse(broker, session, submit->by.id, refusal.code,
                                             refusal.field, refusal.text)
                            : 0;
                break;
        default:
                break;
        }
        return r ? err_fold(r) : ORDER_E_ANSWERED;
}

static int submit_done(Broker *broker, Order *order, uint64_t revision, uint32_t refused)
{
        SubmitOrder *submit = list_entry(order, SubmitOrder, order);

        if (refused)
                return order_refused(broker, &submit->by, refused);
        return order_accepted(broker, &submit->by, revision);
}

int request_submit(Broker *broker, const Caller *caller, const Request *request)
{
        const Bytes *envelope = &request->submit.envelope;
        SubmitOrder *submit;
        Envelope parsed;
        int r;

        if (request->submit.check)
                return request_check(broker, caller, request);
        if (!envelope_parse(&parsed, envelope->bytes, envelope->n_bytes) &&
            parsed.kind == ENVELOPE_UPDATE)
                return request_ack(broker, caller, request);
        if (health_closed(&broker->health) == PLEK_REFUSED_NO_AUTHORITY)
                return session_refuse(broker, caller->session, request->id,
                                      PLEK_REFUSED_NO_AUTHORITY, NULL,
                                      health_sentence(&broker->health));
        if (envelope->n_bytes > DOCUMENT_MAX_BYTES)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_MALFORMED,
                                      "submit.envelope",
                                      "this is larger than readers can be told; spread its "
                                      "locations over several parties");

        submit = calloc(1, sizeof(*submit));
        if (!submit)
                return err_raise(-ENOMEM);
        submit->order = (Order){ .plan = submit_plan, .done = submit_done, .free = submit_free };
        submit->by = (AskedBy){ caller->session->key, request->id };
        r = blob_copy(&submit->envelope, envelope->bytes, envelope->n_bytes);
        if (r) {
                free(submit);
                return err_fold(r);
        }
        return order_submit(broker, &submit->order, &submit->by);
}
