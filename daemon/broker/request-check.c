/*
 * An update that is admitted without being committed: `plek put --check`
 */

#include <string.h>

#include "broker/parts.h"
#include "broker/request.h"

Drop request_read_update(Broker *broker, KeyId user, Blob *envelope, Item *item)
{
        KeyOwner signer;

        item->envelope = envelope;
        item->candidate.envelope = envelope;
        item->candidate.connection = user;
        item->candidate.is_request = true;
        if (envelope->n_bytes > ENVELOPE_UPDATE_MAX_BYTES ||
            envelope_parse(&item->parsed, envelope->bytes, envelope->n_bytes))
                return DROP_MALFORMED;
        if (item->parsed.kind != ENVELOPE_UPDATE)
                return DROP_KIND;
        if (memcmp(&item->parsed.network, &broker->network, sizeof(NetworkId)) != 0)
                return DROP_NETWORK;
        if (!registry_find_signer(state_registry(broker->state), item->parsed.key_id, &signer))
                return DROP_SIGNER;

        item->candidate.key_id = item->parsed.key_id;
        memcpy(item->candidate.signer, signer.key->sign, KEY_BYTES);
        item_verify(item, broker->document_arena);
        return item->drop;
}

int request_check(Broker *broker, const Caller *caller, const Request *request)
{
        const Bytes *bytes = &request->submit.envelope;
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        WireRefusal refusal = {};
        Item item = {};
        PlanWords words;
        Drop drop;
        int r;

        if (caller->is_control)
                return session_refuse(broker, caller->session, request->id,
                                      PLEK_REFUSED_NOT_ALLOWED, NULL,
                                      "an update is checked over its own party's session");
        r = blob_copy(&envelope, bytes->bytes, bytes->n_bytes);
        if (r)
                return err_fold(r);

        arena_reset(broker->document_arena);
        drop = request_read_update(broker, caller->session->user, envelope, &item);
        if (drop)
                return session_refuse(broker, caller->session, request->id, drop_refusal(drop),
                                      NULL, drop_sentence(drop));

        broker->admission.closed = health_closed(&broker->health);
        admission_check(broker->state, &broker->admission, &item.candidate,
                        broker_clock_now_ms(&broker->clock), &words, &refusal);
        if (refusal.code)
                return session_refuse(broker, caller->session, request->id, refusal.code,
                                      refusal.field, refusal.text);
        return session_reply(broker, caller->session,
                             &(Reply){ .id = request->id, .kind = REPLY_SUBMIT });
}
