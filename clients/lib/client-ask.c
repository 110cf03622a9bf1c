#include "lib/client-internal.h"

#include <string.h>

#include "lib/report.h"
#include "plek/plek.h"

/*
 * The questions, and what is kept of their answers
 */

/* NULL stays NULL; *ret_failed is set when there is no room. */
static const char *copy_text(PlekClient *client, const char *text, bool *ret_failed)
{
        char *copy;

        if (!text)
                return NULL;
        copy = arena_strdup(client->arena, text);
        *ret_failed |= !copy;
        return copy;
}

static void *copy_room(PlekClient *client, size_t n, size_t size, bool *ret_failed)
{
        void *room = n ? arena_alloc(client->arena, n * size) : NULL;

        *ret_failed |= n && !room;
        return room;
}

static const PlekGrant *copy_grants(PlekClient *client, const LocationGrant *grants, size_t n,
                                    bool *ret_failed)
{
        PlekGrant *copy = copy_room(client, n, sizeof(*copy), ret_failed);

        for (size_t i = 0; copy && i < n; i++) {
                copy[i].location = copy_text(client, grants[i].location, ret_failed);
                copy[i].region = copy_text(client, grants[i].region, ret_failed);
        }
        return copy;
}

static int64_t time_or_none(int64_t time_ms)
{
        return time_ms == TIME_ABSENT ? PLEK_NO_TIME : time_ms;
}

/* ------------------------------------------------------------------ whoami */

static int take_whoami(PlekClient *client, const Reply *reply, void *ret)
{
        PlekWhoami *whoami = ret;
        bool failed = false;

        *whoami = (PlekWhoami){
                .text = copy_text(client, reply->whoami.text, &failed),
                .is_enrolled = reply->whoami.enrolled,
                .party = copy_text(client, reply->whoami.party, &failed),
                .roles = reply->whoami.roles,
                .audience = (PlekAudience)reply->whoami.audience,
                .locations = copy_grants(client, reply->whoami.locations, reply->whoami.n_locations,
                                         &failed),
                .n_locations = reply->whoami.n_locations,
                .valid_from_ms = time_or_none(reply->whoami.valid_from_ms),
                .valid_until_ms = time_or_none(reply->whoami.valid_until_ms),
                .is_suspended = reply->whoami.suspended,
                .is_revoked = reply->whoami.revoked,
                .serial = reply->whoami.serial,
        };
        key_id_format(key_id_of(reply->whoami.transport_key), whoami->transport_key_id);
        return failed ? err_raise(-ENOMEM) : 0;
}

int plek_client_whoami(PlekClient *client, PlekWhoami *ret, PlekFault *ret_fault)
{
        return client_ask(client, ASK_AS_GUEST, &(Request){ .kind = REQUEST_WHOAMI }, REPLY_WHOAMI,
                          take_whoami, ret, ret_fault);
}

/* ------------------------------------------------------------------ status */

/* The head is evidence, so that it is checked where we know whose it must be. */
static int take_head(PlekClient *client, const Reply *reply, PlekBrokerStatus *status,
                     bool *ret_failed)
{
        Bytes bytes = reply->status.head;
        Envelope envelope;
        Head head;
        void *copy;

        if (!bytes.n_bytes)
                return 0;
        if (envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) ||
            envelope.kind != ENVELOPE_HEAD ||
            head_decode(&head, client->arena, envelope.body, envelope.n_body))
                return PLEK_E_UNTRUSTED;
        if (client->peer.card && !region_card_signed_by_broker(client->peer.card, &envelope))
                return PLEK_E_UNTRUSTED;

        copy = copy_room(client, bytes.n_bytes, 1, ret_failed);
        if (copy)
                memcpy(copy, bytes.bytes, bytes.n_bytes);
        memcpy(status->head, head.head, sizeof(status->head));
        status->head_envelope = copy;
        status->n_head_envelope = bytes.n_bytes;
        return 0;
}

static int take_status(PlekClient *client, const Reply *reply, void *ret)
{
        size_t n_warnings = reply->status.n_warnings, n_metrics = reply->status.n_metrics;
        PlekBrokerStatus *status = ret;
        const char **warnings;
        PlekMetric *metrics;
        bool failed = false;
        int r;

        warnings = copy_room(client, n_warnings, sizeof(*warnings), &failed);
        metrics = copy_room(client, n_metrics, sizeof(*metrics), &failed);
        for (size_t i = 0; warnings && i < n_warnings; i++)
                warnings[i] = copy_text(client, reply->status.warnings[i], &failed);
        for (size_t i = 0; metrics && i < n_metrics; i++) {
                metrics[i].name = copy_text(client, reply->status.metrics[i].name, &failed);
                metrics[i].label = copy_text(client, reply->status.metrics[i].label, &failed);
                metrics[i].value = reply->status.metrics[i].value;
        }
        *status = (PlekBrokerStatus){
                .version = copy_text(client, reply->status.version, &failed),
                .network_name = copy_text(client, reply->status.network_name, &failed),
                .epoch = reply->status.epoch,
                .revision = reply->status.revision,
                .time_ms = reply->status.time_ms,
                .started_at_ms = reply->status.started_at_ms,
                .is_accepting = reply->status.accepting,
                .why_not = copy_text(client, reply->status.why_not, &failed),
                .since_ms = time_or_none(reply->status.since_ms),
                .warnings = warnings,
                .n_warnings = n_warnings,
                .metrics = metrics,
                .n_metrics = n_metrics,
        };
        r = take_head(client, reply, status, &failed);
        return failed ? err_raise(-ENOMEM) : r;
}

int plek_client_status(PlekClient *client, PlekBrokerStatus *ret, PlekFault *ret_fault)
{
        return client_ask(client, ASK_GREETED, &(Request){ .kind = REQUEST_STATUS }, REPLY_STATUS,
                          take_status, ret, ret_fault);
}

/* ------------------------------------------------------------------ parties, presence */

typedef struct List {
        const void *items;
        size_t n_items;
} List;

static void take_party(PlekClient *client, const PartyInfo *from, PlekPartyInfo *to,
                       bool *ret_failed)
{
        char(*keys)[PLEK_KEY_TEXT_BYTES] =
                copy_room(client, from->n_keys, sizeof(*keys), ret_failed);

        for (size_t i = 0; keys && i < from->n_keys; i++)
                public_key_format(&from->keys[i], keys[i]);
        *to = (PlekPartyInfo){
                .party = copy_text(client, from->party, ret_failed),
                .name = copy_text(client, from->name, ret_failed),
                .roles = from->roles,
                .audience = (PlekAudience)from->audience,
                .serial = from->serial,
                .valid_from_ms = from->valid_from_ms,
                .valid_until_ms = from->valid_until_ms,
                .is_suspended = from->suspended,
                .is_revoked = from->revoked,
                .has_twins = from->twins,
                .is_connected = from->connected,
                .since_ms = time_or_none(from->since_ms),
                .keys = (const char(*)[PLEK_KEY_TEXT_BYTES])keys,
                .n_keys = from->n_keys,
                .locations = copy_grants(client, from->locations, from->n_locations, ret_failed),
                .n_locations = from->n_locations,
                .floor = from->floor,
                .n_records = from->n_records,
                .n_accepted = from->n_accepted,
                .n_refused = from->n_refused,
        };
}

static int take_parties(PlekClient *client, const Reply *reply, void *ret)
{
        size_t n = reply->parties.n_parties;
        PlekPartyInfo *parties;
        bool failed = false;

        parties = copy_room(client, n, sizeof(*parties), &failed);
        for (size_t i = 0; parties && i < n; i++)
                take_party(client, &reply->parties.parties[i], &parties[i], &failed);
        *(List *)ret = (List){ parties, n };
        return failed ? err_raise(-ENOMEM) : 0;
}

int plek_client_parties(PlekClient *client, const char *party, const PlekPartyInfo **ret_parties,
                        size_t *ret_n, PlekFault *ret_fault)
{
        Request request = { .kind = REQUEST_PARTIES, .parties.party = party };
        List list;
        int r;

        r = client_ask(client, ASK_GREETED, &request, REPLY_PARTIES, take_parties, &list,
                       ret_fault);
        if (r)
                return r;
        *ret_parties = list.items;
        *ret_n = list.n_items;
        return 0;
}

static int take_presence(PlekClient *client, const Reply *reply, void *ret)
{
        size_t n = reply->presence.n_presence;
        PlekPresence *presence;
        bool failed = false;

        presence = copy_room(client, n, sizeof(*presence), &failed);
        for (size_t i = 0; presence && i < n; i++) {
                const Presence *from = &reply->presence.presence[i];

                presence[i].party = copy_text(client, from->party, &failed);
                presence[i].is_connected = from->connected;
                presence[i].since_ms = from->since_ms;
        }
        *(List *)ret = (List){ presence, n };
        return failed ? err_raise(-ENOMEM) : 0;
}

int plek_client_presence(PlekClient *client, const PlekPresence **ret_presence, size_t *ret_n,
                         PlekFault *ret_fault)
{
        List list;
        int r;

        r = client_ask(client, ASK_GREETED, &(Request){ .kind = REQUEST_PRESENCE }, REPLY_PRESENCE,
                       take_presence, &list, ret_fault);
        if (r)
                return r;
        *ret_presence = list.items;
        *ret_n = list.n_items;
        return 0;
}

/* ------------------------------------------------------------------ cards, documents */

static int take_card(PlekClient *client, const Reply *reply, void *ret)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        int r;

        r = blob_copy(&envelope, reply->envelope.bytes, reply->envelope.n_bytes);
        return r ? r : region_card_new(ret, envelope);
}

int plek_client_card(PlekClient *client, PlekRegionCard **ret_card, PlekFault *ret_fault)
{
        CLEANUP(plek_region_card_freep) PlekRegionCard *card = NULL;
        int r;

        r = client_ask(client, ASK_GREETED, &(Request){ .kind = REQUEST_CARD }, REPLY_CARD,
                       take_card, &card, ret_fault);
        if (r)
                return r;
        if (client->peer.card &&
            region_card_may_follow(client->peer.card, card) == PLEK_E_CARD_OTHER) {
                fault_set(ret_fault, 0, NULL, plek_result_text(PLEK_E_CARD_OTHER));
                return PLEK_E_UNTRUSTED;
        }
        *ret_card = STEAL(card);
        return 0;
}

static int take_submit(PlekClient *client, const Reply *reply, void *ret)
{
        if (ret)
                *(uint64_t *)ret = reply->submit.revision;
        return 0;
}

int plek_client_submit(PlekClient *client, const void *envelope, size_t n_envelope, bool check,
                       uint64_t *ret_revision, PlekFault *ret_fault)
{
        Request request = {
                .kind = REQUEST_SUBMIT,
                .submit = { .envelope = { envelope, n_envelope }, .check = check },
        };

        return client_ask(client, ASK_GREETED, &request, REPLY_SUBMIT, take_submit, ret_revision,
                          ret_fault);
}

/* ------------------------------------------------------------------ checking a report */

int client_sign_update(PlekClient *client, Update *update, Blob **ret_envelope,
                       PlekFault *ret_fault)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        int64_t now_us = clock_us(session_clock(client->session), monotonic_us());
        WireRefusal refusal;
        int r;

        update->party = session_party(client->session);
        update->instance = client->instance;
        update->seq = MAX(session_floor(client->session) + 1, (uint64_t)now_us);
        update->sent_at_ms = update->observed_at_ms = now_us / 1000;
        update->not_after_ms = update->sent_at_ms + 60 * 1000;
        r = update_encode(&body, &refusal, update);
        if (r == UPDATE_E_REFUSED) {
                fault_from(ret_fault, &refusal);
                return PLEK_E_INVALID;
        }
        if (r)
                return err_fold(r);
        return err_fold(envelope_sign(ret_envelope, ENVELOPE_UPDATE,
                                      &client->peer.card->card.network, client->peer.key->secret,
                                      body->bytes, body->n_bytes));
}

int plek_client_check(PlekClient *client, const PlekReport *report, PlekFault *ret_fault)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        WireRefusal refusal;
        Update update;
        int r;

        if (client->control || client->is_guest)
                return err_raise(-EINVAL);
        if (!report_to_update(report, &update, &refusal)) {
                fault_from(ret_fault, &refusal);
                return PLEK_E_INVALID;
        }
        r = client_greet(client, ret_fault);
        if (!r)
                r = client_sign_update(client, &update, &envelope, ret_fault);
        if (r)
                return r;
        return plek_client_submit(client, envelope->bytes, envelope->n_bytes, true, NULL,
                                  ret_fault);
}

/* ------------------------------------------------------------------ the operator's word */

int plek_client_suspend(PlekClient *client, const char *party, const char *key_id,
                        bool is_suspended, const char *reason, PlekFault *ret_fault)
{
        Request request = {
                .kind = REQUEST_SUSPEND,
                .suspend = {
                        .party = party,
                        .has_key_id = key_id,
                        .suspended = is_suspended,
                        .reason = reason,
                },
        };

        if (!party_is_valid(party)) {
                fault_set(ret_fault, PLEK_REFUSED_FIELD, "party", "not the id of a party");
                return PLEK_E_INVALID;
        }
        if (key_id && key_id_parse(&request.suspend.key_id, key_id)) {
                fault_set(ret_fault, PLEK_REFUSED_FIELD, "key_id",
                          "a key's id has sixteen hexadecimal digits");
                return PLEK_E_INVALID;
        }
        return client_ask(client, ASK_GREETED, &request, REPLY_DONE, NULL, NULL, ret_fault);
}

int plek_client_confirm(PlekClient *client, PlekConfirm what, PlekFault *ret_fault)
{
        Request request = { .kind = REQUEST_CONFIRM, .confirm.what = (uint32_t)what };

        return client_ask(client, ASK_GREETED, &request, REPLY_DONE, NULL, NULL, ret_fault);
}
