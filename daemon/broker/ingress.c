#include "broker/ingress.h"

#include <string.h>

#include "broker/parts.h"

/* Of garbage, too: so that a flood of it does not keep the loop from turning. */
enum { RECEIVE_MAX = 4 * ROUND_ITEMS_MAX };

void ingress_drop(Broker *broker, Sender *sender, Drop drop)
{
        Outcome outcome = { .refusal = { .code = drop_refusal(drop),
                                         .text = drop_sentence(drop) } };
        const char *who = sender ? sender->activity->party : "somebody";

        broker->counters.n_dropped[drop]++;
        log_limited(broker->log, broker_clock_now_ms(&broker->clock), drop_sentence(drop), who);
        if (!sender)
                return;

        sender->activity->n_dropped++;
        receipts_add(&broker->receipts, sender, who, 0, &outcome, state_floor(broker->state, who));
}

/* Looks at the envelope's header, and whose key it names. */
static Drop inspect(Broker *broker, Sender *sender, Item *item)
{
        Registry *registry = state_registry(broker->state);
        const Party *party;

        if (item->envelope->n_bytes > ENVELOPE_UPDATE_MAX_BYTES ||
            envelope_parse(&item->parsed, item->envelope->bytes, item->envelope->n_bytes))
                return DROP_MALFORMED;
        if (item->parsed.kind != ENVELOPE_UPDATE)
                return DROP_KIND;
        if (memcmp(&item->parsed.network, &broker->network, sizeof(NetworkId)) != 0)
                return DROP_NETWORK;

        party = sender_find_signer(sender, registry, item->parsed.key_id, item->candidate.signer);
        if (!party)
                return DROP_SIGNER;
        if (party != sender->owner.party && !sender->is_relay)
                return DROP_PARTY;
        return DROP_NONE;
}

/* Returns why it ends here. Else @item is a candidate for verification. */
static Drop take_in(Broker *broker, const Received *received, Item *item, Sender **ret_sender)
{
        Registry *registry = state_registry(broker->state);
        Sender *sender;
        Drop drop;

        sender = sender_find_or_add(&broker->activities, registry, received->user);
        *ret_sender = sender;
        if (!sender || !sender_resolve(sender, registry))
                return DROP_STRANGER;
        if (!bucket_draw(&sender->updates, &broker->update_rate, 1, loop_now_ns(broker->loop)))
                return DROP_RATE;

        memset(&item->candidate, 0, sizeof(item->candidate));
        item->envelope = received->body;
        item->drop = DROP_NONE;
        drop = inspect(broker, sender, item);
        if (drop)
                return drop;

        item->sender = sender;
        item->candidate.envelope = received->body;
        item->candidate.key_id = item->parsed.key_id;
        item->candidate.connection = received->user;
        return DROP_NONE;
}

/* Returns 0 or -errno. Stops when the socket is empty or the round is full. */
static int fill(Broker *broker, Round *round)
{
        Endpoint *endpoint = broker->endpoints[ENDPOINT_UPDATES];
        int r;

        for (size_t n = 0; n < RECEIVE_MAX && round->n_items < ROUND_ITEMS_MAX &&
                           round->n_bytes < ROUND_BYTES_MAX;
             n++) {
                CLEANUP(received_deinit) Received received = RECEIVED_NULL;
                Item *item = &round->items[round->n_items];
                Sender *sender;
                Drop drop;

                r = endpoint_receive(endpoint, &received);
                if (r == ENDPOINT_E_EMPTY)
                        return 0;
                if (r)
                        return err_fold(r);

                broker->counters.n_updates++;
                drop = take_in(broker, &received, item, &sender);
                if (drop) {
                        ingress_drop(broker, sender, drop);
                        continue;
                }

                sender->n_in_pipeline++;
                round->n_bytes += received.body->n_bytes;
                round->n_items++;
                received.body = NULL; /* the item's now */
        }
        return 0;
}

int ingress_on_readable(void *arg)
{
        Broker *broker = arg;
        Pipeline *pipeline = &broker->pipeline;
        Round *round;
        int r;

        round = pipeline_take_round(pipeline);
        if (!round) {
                pipeline->is_paused = true;
                endpoint_pause(broker->endpoints[ENDPOINT_UPDATES]);
                return 0;
        }

        r = fill(broker, round);
        if (r || !round->n_items) {
                pipeline_return_round(pipeline, round);
                return r ? r : receipts_flush(&broker->receipts);
        }
        return pipeline_submit_round(pipeline, round);
}
