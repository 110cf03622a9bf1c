#include "broker/order.h"

#include "broker/parts.h"

typedef struct EntryOrder {
        Order order;
        AskedBy by;
        EntryKind kind;
        Blob *bytes;
} EntryOrder;

int order_accepted(Broker *broker, const AskedBy *by, uint64_t revision)
{
        Session *session = asked_by_session(broker, by);

        if (!session)
                return 0;
        return session_reply(
                broker, session,
                &(Reply){ .id = by->id, .kind = REPLY_SUBMIT, .submit = { .revision = revision } });
}

int order_refused(Broker *broker, const AskedBy *by, uint32_t refused)
{
        Session *session = asked_by_session(broker, by);

        if (!session)
                return 0;
        return session_refuse(broker, session, by->id, refused, NULL,
                              "the broker cannot write at the moment; ask again");
}

static int refuse_for_now(Broker *broker, const AskedBy *by, const char *text)
{
        Session *session = asked_by_session(broker, by);

        return session ? session_refuse(broker, session, by->id, PLEK_REFUSED_RETRY, NULL, text)
                       : 0;
}

int order_submit(Broker *broker, Order *order, const AskedBy *by)
{
        int r;

        r = pipeline_submit_order(&broker->pipeline, order);
        if (r != PIPELINE_E_TOO_MANY)
                return r;
        r = refuse_for_now(broker, by,
                           "more documents and acknowledgements than the broker can write wait "
                           "already; ask again");
        order->free(order); /* @by may be part of it */
        return r;
}

static Order *entry_free(Order *order)
{
        EntryOrder *entry = list_entry(order, EntryOrder, order);

        blob_unref(entry->bytes);
        free(entry);
        return NULL;
}

static int entry_plan(Broker *broker, Order *order, Plan *plan)
{
        EntryOrder *entry = list_entry(order, EntryOrder, order);

        return plan_add(plan, entry->kind, entry->bytes);
}

static int entry_done(Broker *broker, Order *order, uint64_t revision, uint32_t refused)
{
        EntryOrder *entry = list_entry(order, EntryOrder, order);
        Session *session = asked_by_session(broker, &entry->by);

        if (refused)
                return order_refused(broker, &entry->by, refused);
        return session ? session_done(broker, session, entry->by.id) : 0;
}

int order_entry(Broker *broker, const Caller *caller, uint64_t id, EntryKind kind, Blob *bytes)
{
        EntryOrder *entry = calloc(1, sizeof(*entry));

        if (!entry)
                return err_raise(-ENOMEM);
        entry->order = (Order){ .plan = entry_plan, .done = entry_done, .free = entry_free };
        entry->by = (AskedBy){ caller->session->key, id };
        entry->kind = kind;
        entry->bytes = blob_ref(bytes);
        return order_submit(broker, &entry->order, &entry->by);
}
