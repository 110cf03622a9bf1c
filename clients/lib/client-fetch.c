#include "lib/client-fetch.h"

#include <string.h>

#include "lib/report.h"

/*
 * The answer first, and then the registry: so that it has every enrolment that the answer rests on.
 */

static ReplicaTime time_now(const PlekClient *client)
{
        int64_t now_us = monotonic_us();

        return (ReplicaTime){ now_us / 1000, clock_ms(session_clock(client->session), now_us) };
}

void client_fetch_init(ClientFetch *fetch, PlekClient *client)
{
        *fetch = (ClientFetch){ .client = client };
        list_init(&fetch->chunks);
        client->fetch = fetch;
}

static void drop_chunks(ClientFetch *fetch)
{
        list_for_each (link, &fetch->chunks) {
                FetchedChunk *chunk = list_entry(link, FetchedChunk, link);

                list_unlink(link);
                blob_unref(chunk->body);
                free(chunk);
        }
}

void client_fetch_deinit(ClientFetch *fetch)
{
        fetch->client->fetch = NULL;
        drop_chunks(fetch);
        transfer_end(&fetch->transfer);
        replica_free(fetch->registry);
}

/* ------------------------------------------------------------------ what comes */

static int keep_chunk(ClientFetch *fetch, const Reply *reply)
{
        FetchedChunk *chunk;
        int r;

        if (transfer_chunk(&fetch->transfer, reply->chunk.index, reply->chunk.body.bytes,
                           reply->chunk.body.n_bytes))
                return PLEK_E_UNTRUSTED;
        chunk = malloc(sizeof(*chunk));
        if (!chunk)
                return err_raise(-ENOMEM);
        r = blob_copy(&chunk->body, reply->chunk.body.bytes, reply->chunk.body.n_bytes);
        if (r) {
                free(chunk);
                return r;
        }
        list_append(&fetch->chunks, &chunk->link);
        return 0;
}

static int take_answer(ClientFetch *fetch, const Reply *reply)
{
        int r;

        fetch->request = 0;
        if (reply->kind == REPLY_REFUSED) {
                fetch->is_refused = true;
                fault_set(&fetch->fault, reply->refusal.code, reply->refusal.field,
                          reply->refusal.text);
                return 0;
        }
        if (reply->kind != REPLY_SINCE)
                return PLEK_E_UNTRUSTED;
        r = transfer_begin(&fetch->transfer, fetch->client->peer.card, reply->since.transfer,
                           reply->since.manifest.bytes, reply->since.manifest.n_bytes);
        return r == TRANSFER_E_UNTRUSTED ? PLEK_E_UNTRUSTED : r;
}

static int take_registry(ClientFetch *fetch, const Reply *reply)
{
        ReplicaTime time = time_now(fetch->client);
        int r;

        if (reply->kind == REPLY_CHUNK)
                r = replica_chunk(fetch->registry, reply->chunk.transfer, reply->chunk.index,
                                  reply->chunk.body.bytes, reply->chunk.body.n_bytes, &time);
        else if (reply->kind == REPLY_SINCE)
                r = replica_manifest(fetch->registry, reply->id, reply->since.transfer,
                                     reply->since.manifest.bytes, reply->since.manifest.n_bytes,
                                     &time);
        else
                r = REPLICA_E_REFUSED;
        return r == REPLICA_E_REFUSED ? PLEK_E_UNTRUSTED : r;
}

bool client_fetch_takes(PlekClient *client, const Reply *reply, int *ret_result)
{
        ClientFetch *fetch = client->fetch;
        int r;

        if (!fetch)
                return false;
        if (reply->kind == REPLY_CHUNK && !fetch->registry)
                r = fetch->transfer.id == reply->chunk.transfer ? keep_chunk(fetch, reply) : 0;
        else if (reply->id && reply->id == fetch->request)
                r = take_answer(fetch, reply);
        else if (fetch->registry &&
                 (reply->kind == REPLY_CHUNK || replica_is_asking(fetch->registry, reply->id)))
                r = take_registry(fetch, reply);
        else
                return false;

        if (r > 0)
                fetch->result = r;
        *ret_result = r < 0 ? r : 0;
        return true;
}

/* ------------------------------------------------------------------ what is asked */

static int grant(ClientFetch *fetch, uint64_t transfer, uint32_t credit)
{
        Request request = { .kind = REQUEST_CREDIT };
        uint64_t id;
        int r;

        request.credit.transfer = transfer;
        request.credit.credit = credit;
        r = session_send(fetch->client->session, &request, &id);
        return r == SESSION_E_DOWN ? 0 : r;
}

/* Its connection was lost, the time is over, or what came was not to be trusted: 0 is none. */
static int trouble(ClientFetch *fetch, int64_t end_us, PlekFault *ret_fault)
{
        PlekClient *client = fetch->client;

        if (fetch->result) {
                fault_set(ret_fault, 0, NULL, "an answer was not signed as it should be");
                return fetch->result;
        }
        if (!session_is_up(client->session) || monotonic_us() >= end_us)
                return client_give_up(client, ret_fault);
        return 0;
}

static int fetch_answer(ClientFetch *fetch, Request *request, int64_t end_us, PlekFault *ret_fault)
{
        uint32_t credit;
        int r;

        r = session_send(fetch->client->session, request, &fetch->request);
        if (r)
                return r == SESSION_E_DOWN ? client_give_up(fetch->client, ret_fault) : r;
        while (!r && (fetch->request || !transfer_is_done(&fetch->transfer))) {
                credit = fetch->request ? 0 : transfer_grant(&fetch->transfer);
                r = credit ? grant(fetch, fetch->transfer.id, credit) : 0;
                if (!r)
                        r = client_step(fetch->client, end_us);
                if (!r && fetch->is_refused) {
                        if (ret_fault)
                                *ret_fault = fetch->fault;
                        return PLEK_E_REFUSED;
                }
                if (!r)
                        r = trouble(fetch, end_us, ret_fault);
        }
        return r;
}

static int make_registry(ClientFetch *fetch)
{
        static const ReplicaEvents events;
        ReplicaOptions options = { .regions = (const char *const[]){ NULL } };
        PlekClient *client = fetch->client;
        ReplicaTime time = time_now(client);
        int r;

        r = replica_new(&fetch->registry, client->peer.card, client->heads, &options, &events,
                        fetch);
        return r ? r
                 : err_fold(replica_hello(fetch->registry, client->audience, &client->epoch, NULL,
                                          0, &time));
}

static int ask_registry(ClientFetch *fetch)
{
        ReplicaTime time = time_now(fetch->client);
        Request request = { .kind = REQUEST_SINCE };
        ReplicaAsk ask;
        uint64_t id;
        int r;

        while (replica_next_ask(fetch->registry, &time, &ask)) {
                request.since.topic = ask.topic;
                request.since.epoch = ask.epoch;
                request.since.audience = ask.audience;
                request.since.revision = ask.revision;
                request.since.credit = TRANSFER_CREDIT;
                request.since.at_ms = ask.at_ms;
                r = session_send(fetch->client->session, &request, &id);
                if (r)
                        return r == SESSION_E_DOWN ? 0 : r;
                replica_asked(fetch->registry, ask.topic, id, &time);
        }
        return 0;
}

static int fetch_registry(ClientFetch *fetch, int64_t end_us, PlekFault *ret_fault)
{
        uint64_t transfer;
        uint32_t credit;
        int r;

        r = make_registry(fetch);
        while (!r && !replica_is_in_sync(fetch->registry)) {
                r = ask_registry(fetch);
                if (!r && replica_next_grant(fetch->registry, &transfer, &credit))
                        r = grant(fetch, transfer, credit);
                if (!r)
                        r = client_step(fetch->client, end_us);
                if (!r)
                        r = trouble(fetch, end_us, ret_fault);
        }
        return r;
}

int client_fetch(ClientFetch *fetch, Request *request, PlekFault *ret_fault)
{
        PlekClient *client = fetch->client;
        int64_t end_us = monotonic_us() + (int64_t)client->timeout_ms * 1000;
        int r;

        r = client_greet(client, ret_fault);
        if (!r)
                r = fetch_answer(fetch, request, end_us, ret_fault);
        return r ? r : fetch_registry(fetch, end_us, ret_fault);
}
