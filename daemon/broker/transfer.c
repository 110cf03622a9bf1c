#include "broker/transfer.h"

#include "broker/parts.h"

enum { RETRY_MS = 2 };

static int on_timer(void *arg)
{
        return transfers_pump(arg);
}

int transfers_init(Transfers *transfers, Broker *broker)
{
        *transfers = (Transfers){ .broker = broker };
        list_init(&transfers->turns);
        return err_fold(loop_timer_add(&transfers->timer, broker->loop, on_timer, transfers));
}

void transfers_deinit(Transfers *transfers)
{
        if (!transfers->broker)
                return;
        assert(list_is_empty(&transfers->turns));
        loop_timer_remove(&transfers->timer);
        *transfers = (Transfers){};
}

static void transfer_end(Transfers *transfers, Transfer *transfer)
{
        list_unlink(&transfer->turn);
        list_unlink(&transfer->of_session);
        transfer->session->n_transfers--;
        answer_unref(&transfers->broker->answers, transfer->answer);
        free(transfer);
}

static Transfer *find(const Session *session, uint64_t number)
{
        list_for_each (link, &session->transfers) {
                Transfer *transfer = list_entry(link, Transfer, of_session);

                if (transfer->answer->transfer == number)
                        return transfer;
        }
        return NULL;
}

static void take_turn(Transfers *transfers, Transfer *transfer)
{
        if (transfer->credit && !list_is_linked(&transfer->turn))
                list_append(&transfers->turns, &transfer->turn);
}

int transfer_start(Transfers *transfers, Session *session, Answer *answer, uint32_t credit)
{
        Transfer *transfer = find(session, answer->transfer);

        if (transfer)
                transfer_end(transfers, transfer);
        if (session->n_transfers >= TRANSFERS_MAX)
                return TRANSFER_E_TOO_MANY;
        if (!answer->n_chunks) {
                answer_unref(&transfers->broker->answers, answer);
                return 0;
        }

        transfer = calloc(1, sizeof(*transfer));
        if (!transfer)
                return err_raise(-ENOMEM);
        transfer->session = session;
        transfer->answer = answer;
        transfer->credit = MIN(credit, CREDIT_MAX);
        session->n_transfers++;
        list_append(&session->transfers, &transfer->of_session);
        take_turn(transfers, transfer);
        return 0;
}

int transfer_credit(Transfers *transfers, Session *session, uint64_t number, uint32_t credit)
{
        Transfer *transfer = find(session, number);

        if (!transfer)
                return TRANSFER_E_UNKNOWN;
        transfer->credit = MIN(transfer->credit + MIN(credit, CREDIT_MAX), CREDIT_MAX);
        take_turn(transfers, transfer);
        return 0;
}

void transfers_end(Transfers *transfers, Session *session)
{
        list_for_each (link, &session->transfers)
                transfer_end(transfers, list_entry(link, Transfer, of_session));
}

/* One chunk. Returns 0, ENDPOINT_E_FULL or -errno; the transfer may be gone afterwards. */
static int send_chunk(Transfers *transfers, Transfer *transfer)
{
        Broker *broker = transfers->broker;
        Session *session = transfer->session;
        int r;

        r = endpoint_send(broker->endpoints[session->key.endpoint], &session->key.routing,
                          transfer->answer->chunks[transfer->n_sent]);
        if (r == ENDPOINT_E_UNROUTABLE) {
                transfer_end(transfers, transfer); /* its connection ends soon, or has */
                return 0;
        }
        list_unlink(&transfer->turn);
        if (r == ENDPOINT_E_FULL) {
                take_turn(transfers, transfer);
                return r;
        }
        if (r)
                return err_fold(r);

        broker->counters.n_chunks_sent++;
        transfer->credit--;
        if (++transfer->n_sent == transfer->answer->n_chunks)
                transfer_end(transfers, transfer);
        else
                take_turn(transfers, transfer);
        return 0;
}

int transfers_pump(Transfers *transfers)
{
        Broker *broker = transfers->broker;
        size_t n_max = broker->queue_limits[ENDPOINT_QUERY] / TRANSFER_QUEUE_SHARE;
        size_t n_full = 0;
        int r;

        while (!list_is_empty(&transfers->turns)) {
                Transfer *transfer = list_entry(transfers->turns.next, Transfer, turn);

                if (n_full > broker->sessions.n_by_endpoint[ENDPOINT_QUERY] ||
                    endpoint_queued_bytes(broker->endpoints[ENDPOINT_QUERY]) > n_max) {
                        loop_timer_arm_in_ms(&transfers->timer, RETRY_MS);
                        return 0;
                }
                r = send_chunk(transfers, transfer);
                if (r == ENDPOINT_E_FULL)
                        n_full++;
                else if (r)
                        return r;
        }
        return 0;
}
