#include "broker/head.h"

#include <string.h>

#include "broker/parts.h"

/* Chaining costs a hash an entry, and the ledger does it anyway: only where latency is what counts.
 */
enum { AHEAD_ENTRIES_MAX = 16 };

void signed_head_deinit(SignedHead *head)
{
        blob_unref(head->current);
        blob_unref(head->ahead);
        *head = (SignedHead){};
}

static int sign(Broker *broker, const Head *head, Blob **ret_envelope)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        int r;

        r = head_encode(&body, head);
        if (r)
                return err_fold(r);
        return err_fold(envelope_sign(ret_envelope, ENVELOPE_HEAD, &broker->network, broker->key,
                                      body->bytes, body->n_bytes));
}

static bool is_expected(const SignedHead *signed_head, const Head *head)
{
        const Head *expected = &signed_head->expected;

        return signed_head->ahead && expected->epoch == head->epoch &&
               expected->revision == head->revision && expected->time_ms == head->time_ms &&
               memcmp(expected->head, head->head, DIGEST_BYTES) == 0;
}

int head_sign(Broker *broker)
{
        SignedHead *signed_head = &broker->head;
        Blob *envelope = NULL;
        Head head = {
                .epoch = state_epoch(broker->state),
                .revision = state_revision(broker->state),
                .time_ms = state_time_ms(broker->state),
        };
        int r;

        memcpy(head.head, state_head(broker->state), DIGEST_BYTES);
        if (is_expected(signed_head, &head)) {
                envelope = STEAL(signed_head->ahead);
        } else {
                r = sign(broker, &head, &envelope);
                if (r)
                        return r;
        }

        blob_unref(signed_head->current);
        signed_head->current = envelope;
        return 0;
}

void head_sign_ahead(Broker *broker, const Plan *plan, int64_t time_ms)
{
        SignedHead *signed_head = &broker->head;
        Head *expected = &signed_head->expected;

        signed_head->ahead = blob_unref(signed_head->ahead);
        if (!plan->n_entries || plan->n_entries > AHEAD_ENTRIES_MAX)
                return;

        *expected = (Head){
                .epoch = state_epoch(broker->state),
                .revision = plan->base_revision,
                .time_ms = MAX(time_ms, state_time_ms(broker->state)),
        };
        memcpy(expected->head, state_head(broker->state), DIGEST_BYTES);
        for (size_t i = 0; i < plan->n_entries; i++) {
                const PlanEntry *entry = &plan->entries[i];

                head_chain(expected->head, expected->head, ++expected->revision, expected->time_ms,
                           (uint8_t)entry->kind, entry->digest);
        }
        if (sign(broker, expected, &signed_head->ahead))
                signed_head->ahead = NULL;
}
