#include "lib/publisher-internal.h"

#include <string.h>

#include "lib/report.h"
#include "picture/freshness.h"

/*
 * Comparing with the broker: what does it hold of us that we do not have any more?
 */

enum { CHUNK_ARENA_BYTES = 16 * 1024 * 1024 };

void reconcile_lost(PlekPublisher *publisher)
{
        publisher->reconcile.request = 0;
        transfer_end(&publisher->reconcile.transfer);
        if (publisher->reconcile.doors)
                own_doors_reset(publisher->reconcile.doors);
}

void reconcile_end(PlekPublisher *publisher)
{
        reconcile_lost(publisher);
        own_doors_free(publisher->reconcile.doors);
        free(publisher->reconcile.location);
        publisher->reconcile = (Reconcile){ 0 };
}

/* Ended before it is told: who is told may ask for more. */
static int answered(PlekPublisher *publisher)
{
        CLEANUP(own_doors_freep) OwnDoors *doors = STEAL(publisher->reconcile.doors);

        reconcile_end(publisher);
        return doors ? own_doors_tell(doors, plek_publisher_now_ms(publisher)) : 0;
}

static void not_answered(PlekPublisher *publisher)
{
        CLEANUP(own_doors_freep) OwnDoors *doors = STEAL(publisher->reconcile.doors);

        reconcile_end(publisher);
        if (doors)
                own_doors_fail(doors);
}

int reconcile_ask(PlekPublisher *publisher)
{
        Reconcile *reconcile = &publisher->reconcile;
        Request request = {
                .kind = REQUEST_OWN,
                .own = { .location = reconcile->location, .credit = TRANSFER_CREDIT },
        };
        int r;

        if (!reconcile->is_wanted || reconcile->request || !session_is_up(publisher->session))
                return 0;
        r = session_send(publisher->session, &request, &reconcile->request);
        return r == SESSION_E_DOWN ? 0 : err_fold(r);
}

static void untrusted(PlekPublisher *publisher)
{
        context_log(publisher->context, PLEK_LOG_WARNING,
                    "what the broker says that it holds of us is not signed as it should be");
        not_answered(publisher);
}

/* A plan of the door that was asked about, at its time. */
static bool is_plan_under_way(const PlekPublisher *publisher, const Update *update,
                              const RecordRef *ref)
{
        RecordRef door = *ref;
        RecordKey key;

        if (update->kind != UPDATE_DOOR || !update->door.plan ||
            door_standing(&update->door, plek_publisher_now_ms(publisher)) != DOOR_STANDS)
                return false;
        door.plan = 0;
        record_key_make(&key, update->status, "", update->location, &door);
        return key.n_bytes == publisher->reconcile.door.n_bytes &&
               !memcmp(key.bytes, publisher->reconcile.door.bytes, key.n_bytes);
}

static bool is_gone(const PlekPublisher *publisher, const Update *update, const RecordRef *ref)
{
        const Reconcile *reconcile = &publisher->reconcile;
        PlekRecordKey key;

        if (reconcile->only_plans)
                return is_plan_under_way(publisher, update, ref);
        if (outbox_holds(publisher->outbox, update->status, update->location, ref))
                return false;
        record_key_from(ref, update->status, NULL, update->location, &key);
        return !reconcile->is_gone || reconcile->is_gone(reconcile->arg, &key);
}

static int withdraw(PlekPublisher *publisher, const Update *update)
{
        RecordRef ref = update_record_ref(update);
        WireRefusal refusal;
        int r;

        if (!is_gone(publisher, update, &ref))
                return 0;
        r = outbox_withdraw(publisher->outbox, update->status, update->location, &ref,
                            monotonic_us() / 1000, &refusal);
        return r < 0 ? r : 0;
}

static int compare(PlekPublisher *publisher, const ChunkBody *chunk)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        WireRefusal refusal;
        Envelope envelope;
        Update update;
        int r;

        r = arena_new(&arena, ARENA_MESSAGE_BYTES);
        for (size_t i = 0; !r && i < chunk->n_entries; i++) {
                const Entry *entry = &chunk->entries[i];

                arena_reset(arena);
                if (!entry->envelope ||
                    envelope_parse(&envelope, entry->envelope, entry->n_envelope) ||
                    envelope.kind != ENVELOPE_UPDATE ||
                    update_decode(&update, &refusal, arena, envelope.body, envelope.n_body) ||
                    update.kind == UPDATE_AFFIRM || update.kind == UPDATE_WITHDRAW)
                        continue;
                r = publisher->reconcile.doors
                            ? own_doors_add(publisher->reconcile.doors, &update, entry->since_ms)
                            : withdraw(publisher, &update);
        }
        return r;
}

static int take_chunk(PlekPublisher *publisher, const Reply *reply)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        Reconcile *reconcile = &publisher->reconcile;
        Bytes body = reply->chunk.body;
        ChunkBody chunk;
        Request credit = { .kind = REQUEST_CREDIT };
        uint64_t id;
        int r;

        if (transfer_chunk(&reconcile->transfer, reply->chunk.index, body.bytes, body.n_bytes)) {
                untrusted(publisher);
                return 0;
        }
        r = arena_new(&arena, CHUNK_ARENA_BYTES);
        if (r)
                return r;
        if (chunk_body_decode(&chunk, arena, body.bytes, body.n_bytes) == 0) {
                r = compare(publisher, &chunk);
                if (r)
                        return r;
        } else if (reconcile->doors) {
                not_answered(publisher); /* what leads may be in it */
                return 0;
        }
        if (transfer_is_done(&reconcile->transfer))
                return answered(publisher);
        credit.credit.transfer = reconcile->transfer.id;
        credit.credit.credit = transfer_grant(&reconcile->transfer);
        if (!credit.credit.credit)
                return 0;
        r = session_send(publisher->session, &credit, &id);
        return r == SESSION_E_DOWN ? 0 : err_fold(r);
}

int reconcile_reply(PlekPublisher *publisher, const Reply *reply, bool *ret_taken)
{
        Reconcile *reconcile = &publisher->reconcile;
        int r;

        *ret_taken = true;
        if (reply->kind == REPLY_CHUNK && reconcile->transfer.id &&
            reply->chunk.transfer == reconcile->transfer.id)
                return take_chunk(publisher, reply);
        if (!reply->id || reply->id != reconcile->request) {
                *ret_taken = false;
                return 0;
        }
        if (reply->kind != REPLY_SINCE) {
                context_log(publisher->context, PLEK_LOG_WARNING,
                            "the broker does not tell what it holds of us: %s",
                            reply->refusal.text ? reply->refusal.text : "refused");
                not_answered(publisher);
                return 0;
        }

        r = transfer_begin(&reconcile->transfer, publisher->peer.card, reply->since.transfer,
                           reply->since.manifest.bytes, reply->since.manifest.n_bytes);
        if (r < 0)
                return r;
        if (r || strcmp(reconcile->transfer.manifest.topic, MANIFEST_OWN)) {
                untrusted(publisher);
                return 0;
        }
        return transfer_is_done(&reconcile->transfer) ? answered(publisher) : 0;
}
