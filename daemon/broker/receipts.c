#include "broker/receipts.h"

#include <string.h>

#include "broker/parts.h"

enum {
        HOLD_NS = RECEIPT_HOLD_MS * 1000 * 1000,
        AFTER_NS = RECEIPT_AFTER_US * 1000,
};

static int on_timer(void *arg)
{
        return receipts_flush(arg);
}

int receipts_init(Receipts *receipts, Broker *broker)
{
        *receipts = (Receipts){ .broker = broker };
        list_init(&receipts->held);
        return err_fold(loop_timer_add(&receipts->timer, broker->loop, on_timer, receipts));
}

void receipts_deinit(Receipts *receipts)
{
        if (receipts->broker)
                loop_timer_remove(&receipts->timer);
        *receipts = (Receipts){};
}

bool receipt_is_due(const PendingReceipt *receipt, size_t n_in_pipeline, int64_t now_ns)
{
        return !n_in_pipeline || receipt->n_outcomes >= RECEIPT_OUTCOMES_MAX ||
               now_ns - receipt->held_since_ns >= HOLD_NS;
}

static void forget_outcomes(PendingReceipt *receipt)
{
        for (size_t i = 0; i < receipt->n_outcomes; i++) {
                free((char *)receipt->outcomes[i].refusal.field);
                free((char *)receipt->outcomes[i].refusal.text);
        }
        receipt->n_outcomes = 0;
        list_unlink(&receipt->held);
}

static int send_receipt(Receipts *receipts, Session *session)
{
        PendingReceipt *pending = &session->receipt;
        Broker *broker = receipts->broker;
        Reply reply = {
                .kind = REPLY_RECEIPT,
                .receipt = {
                        .head = { broker->head.current->bytes, broker->head.current->n_bytes },
                        .outcomes = pending->outcomes,
                        .n_outcomes = pending->n_outcomes,
                        .floor = pending->floor,
                        .twins = session_has_twin(session),
                },
        };
        int r;

        r = session_tell(broker, session, &reply);
        if (r > 0)
                broker->counters.n_receipts_lost++;
        else if (r)
                return r;
        else
                broker->counters.n_receipts++;
        forget_outcomes(pending);
        return 0;
}

static Session *addressee(Receipts *receipts, Sender *sender, uint64_t instance)
{
        Session *session = NULL;

        if (instance)
                session = session_of_instance(&receipts->broker->sessions, sender->user, instance);
        if (!session && (!instance || sender->is_relay))
                session = session_of_sender(sender);
        return session;
}

/* What was dropped unread has no number of its own: once a receipt is enough. */
static bool is_said_already(const PendingReceipt *receipt, const Outcome *outcome)
{
        if (outcome->seq)
                return false;
        for (size_t i = 0; i < receipt->n_outcomes; i++)
                if (!receipt->outcomes[i].seq &&
                    receipt->outcomes[i].refusal.code == outcome->refusal.code)
                        return true;
        return false;
}

static bool make_room(PendingReceipt *receipt)
{
        size_t n = receipt->n_allocated ? receipt->n_allocated * 2 : 8;
        Outcome *grown;

        if (receipt->n_outcomes < receipt->n_allocated)
                return true;
        grown = reallocarray(receipt->outcomes, n, sizeof(*grown));
        if (!grown)
                return false;
        receipt->outcomes = grown;
        receipt->n_allocated = n;
        return true;
}

void receipts_add(Receipts *receipts, Sender *sender, const char *party, uint64_t instance,
                  const Outcome *outcome, uint64_t floor)
{
        Session *session = addressee(receipts, sender, instance);
        PendingReceipt *pending;
        Outcome *added;

        if (!session) {
                receipts->broker->counters.n_receipts_lost++;
                return;
        }

        pending = &session->receipt;
        /* A receipt is about one party; a relay has many. */
        if (pending->n_outcomes &&
            (pending->n_outcomes >= RECEIPT_OUTCOMES_MAX || strcmp(pending->party, party) != 0))
                if (send_receipt(receipts, session))
                        receipts->broker->counters.n_receipts_lost++;
        if (is_said_already(pending, outcome) || !make_room(pending))
                return;

        if (!pending->n_outcomes) {
                strcpy(pending->party, party);
                pending->floor = 0;
                pending->held_since_ns = loop_now_ns(receipts->broker->loop);
                list_append(&receipts->held, &pending->held);
        }

        added = &pending->outcomes[pending->n_outcomes++];
        *added = *outcome;
        added->refusal.field = outcome->refusal.field ? strdup(outcome->refusal.field) : NULL;
        added->refusal.text = outcome->refusal.text ? strdup(outcome->refusal.text) : NULL;
        pending->floor = MAX(pending->floor, floor);
}

int receipts_flush(Receipts *receipts)
{
        int64_t now_ns = loop_now_ns(receipts->broker->loop);
        int r;

        list_for_each (link, &receipts->held) {
                Session *session = list_entry(link, Session, receipt.held);

                if (!receipt_is_due(&session->receipt, session->sender->n_in_pipeline, now_ns))
                        continue;
                r = send_receipt(receipts, session);
                if (r)
                        return r;
        }

        loop_timer_disarm(&receipts->timer);
        if (!list_is_empty(&receipts->held))
                loop_timer_arm(&receipts->timer,
                               list_entry(receipts->held.next, Session, receipt.held)
                                               ->receipt.held_since_ns +
                                       HOLD_NS);
        return 0;
}

void receipts_flush_soon(Receipts *receipts)
{
        int64_t due_ns = loop_clock_ns() + AFTER_NS;

        if (list_is_empty(&receipts->held) ||
            (loop_timer_is_armed(&receipts->timer) && receipts->timer.due_ns <= due_ns))
                return;
        loop_timer_arm(&receipts->timer, due_ns);
}
