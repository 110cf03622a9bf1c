#include "broker/epoch.h"

#include <sodium.h>
#include <string.h>

#include "broker/apply.h"
#include "broker/order.h"
#include "broker/parts.h"

typedef enum Shown {
        SHOWN_KNOWN,       /* ours, and we have it */
        SHOWN_NOTHING,     /* proves nothing either way */
        SHOWN_ROLLED_BACK, /* ours, and we do not have it any more */
} Shown;

const char *epoch_sentence(void)
{
        return "the ledger was rolled back, everybody sends anew, and the registry may be older "
               "than "
               "the authority's last word: hand in recent enrolments again (`plek admit`), then "
               "`plek confirm epoch`";
}

static int encode_epoch(Broker *broker, bool continues, const char *cause, Blob **ret_envelope)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Epoch epoch = {
                .opened_at_ms =
                        MAX(broker_clock_now_ms(&broker->clock), state_time_ms(broker->state)),
                .continues = continues,
                .previous_epoch = state_epoch(broker->state),
                .previous_revision = state_revision(broker->state),
                .cause = cause,
                .broker = *secret_key_public(broker->key),
        };
        int r;

        while (!epoch.epoch)
                randombytes_buf(&epoch.epoch, sizeof(epoch.epoch));
        memcpy(epoch.previous_head, state_head(broker->state), DIGEST_BYTES);

        r = epoch_encode(&body, &epoch);
        if (r)
                return err_fold(r);
        return err_fold(envelope_sign(ret_envelope, ENVELOPE_EPOCH, &broker->network, broker->key,
                                      body->bytes, body->n_bytes));
}

/* ------------------------------------------------------------------ at start */

static int add_genesis(Broker *broker, Plan *plan)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        Genesis genesis = { .network = broker->network, .network_name = broker->config->network };
        int r;

        memcpy(genesis.authority, broker->config->authority.sign, KEY_BYTES);
        r = genesis_encode(&bytes, &genesis);
        if (r)
                return err_fold(r);
        return err_fold(plan_add(plan, ENTRY_GENESIS, bytes));
}

int epoch_open_at_start(Broker *broker)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        Plan *plan = broker->pipeline.batch.plan;
        bool is_first = !state_has_genesis(broker->state);
        bool is_restored = ledger_is_restored(broker->ledger);
        bool continues = !is_first && !is_restored && state_epoch(broker->state);
        int r;

        plan_reset(plan, state_revision(broker->state));
        if (is_first) {
                r = add_genesis(broker, plan);
                if (r)
                        return r;
        }
        r = encode_epoch(broker, continues, is_restored ? "restored" : "start", &envelope);
        if (!r)
                r = plan_add(plan, ENTRY_EPOCH, envelope);
        if (r)
                return err_fold(r);

        r = ledger_append(broker->ledger, plan, broker_clock_now_ms(&broker->clock), NULL);
        if (r == LEDGER_E_FULL)
                return EPOCH_E_UNWRITABLE;
        if (r)
                return err_fold(r);
        return apply_replay(broker);
}

/* ------------------------------------------------------------------ heads that are shown */

/* Ours, or another's of the card: a broker host that was replaced has left heads behind. */
static bool is_broker_key(Broker *broker, const Envelope *envelope)
{
        Blob *card = registry_card(state_registry(broker->state), NULL, NULL);
        Envelope parsed;
        RegionCard named;

        if (!envelope_verify(envelope, secret_key_public(broker->key)->sign))
                return true;
        arena_reset(broker->document_arena);
        arena_limit(broker->document_arena, DOCUMENT_ARENA_BYTES);
        if (!card || envelope_parse(&parsed, card->bytes, card->n_bytes) ||
            region_card_decode(&named, NULL, broker->document_arena, parsed.body, parsed.n_body))
                return false;
        for (size_t i = 0; i < named.n_brokers; i++)
                if (!envelope_verify(envelope, named.brokers[i].sign))
                        return true;
        return false;
}

/* Compares with what the ledger still has. */
static int compare(Broker *broker, const Head *head, Shown *ret_shown)
{
        uint8_t ours[DIGEST_BYTES];
        int64_t time_ms;
        int r;

        r = ledger_head_at(broker->ledger, head->revision, ours, &time_ms);
        if (r == LEDGER_E_END) {
                *ret_shown = SHOWN_NOTHING;
                return 0;
        }
        if (r)
                return err_fold(r);
        *ret_shown = memcmp(ours, head->head, DIGEST_BYTES) ? SHOWN_ROLLED_BACK : SHOWN_KNOWN;
        return 0;
}

static int judge_head(Broker *broker, const Head *head, Shown *ret_shown)
{
        uint64_t end = state_revision(broker->state);
        const EpochSpan *spans;
        size_t n_spans;

        spans = state_epochs(broker->state, &n_spans);
        for (size_t i = n_spans; i > 0; i--) {
                const EpochSpan *span = &spans[i - 1];

                if (span->epoch == head->epoch) {
                        *ret_shown = SHOWN_ROLLED_BACK;
                        return head->revision > end ? 0 : compare(broker, head, ret_shown);
                }
                /* It was settled by this epoch's opening; no second one for the same loss. */
                if (!span->continues && head->time_ms <= span->opened_at_ms) {
                        *ret_shown = SHOWN_NOTHING;
                        return 0;
                }
                end = span->first_revision - 1;
        }

        *ret_shown = n_spans == EPOCH_SPANS_MAX && head->time_ms < spans[0].opened_at_ms
                             ? SHOWN_NOTHING
                             : SHOWN_ROLLED_BACK;
        return 0;
}

/* ------------------------------------------------------------------ rolled back */

static Order *epoch_free(Order *order)
{
        free(order);
        return NULL;
}

static int epoch_plan(Broker *broker, Order *order, Plan *plan)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        int r;

        r = encode_epoch(broker, false, "rolled-back", &envelope);
        return r ? r : err_fold(plan_add(plan, ENTRY_EPOCH, envelope));
}

static int epoch_done(Broker *broker, Order *order, uint64_t revision, uint32_t refused)
{
        broker->is_opening_epoch = false;
        if (refused)
                return 0; /* the next who shows such a head brings it about */
        log_warning("a peer showed a later head that this broker had signed: %s", epoch_sentence());
        return 0;
}

int epoch_show_head(Broker *broker, const uint8_t *bytes, size_t n_bytes)
{
        Envelope envelope;
        Shown shown;
        Order *order;
        Head head;
        int r;

        if (broker->is_opening_epoch || envelope_parse(&envelope, bytes, n_bytes) ||
            envelope.kind != ENVELOPE_HEAD ||
            memcmp(&envelope.network, &broker->network, sizeof(NetworkId)) != 0 ||
            !is_broker_key(broker, &envelope) ||
            head_decode(&head, broker->document_arena, envelope.body, envelope.n_body))
                return 0;

        r = judge_head(broker, &head, &shown);
        if (r || shown != SHOWN_ROLLED_BACK)
                return r;

        order = calloc(1, sizeof(*order));
        if (!order)
                return err_raise(-ENOMEM);
        *order = (Order){ .plan = epoch_plan, .done = epoch_done, .free = epoch_free };
        broker->is_opening_epoch = true;
        r = pipeline_submit_order(&broker->pipeline, order);
        if (r == PIPELINE_E_TOO_MANY) {
                broker->is_opening_epoch = false;
                epoch_free(order);
                return 0;
        }
        return r;
}
