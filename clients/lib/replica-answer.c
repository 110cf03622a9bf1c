#include "lib/replica-internal.h"

#include <string.h>

/*
 * Answers to "what changed since": what is asked, and how an answer becomes part of the picture
 *
 * An answer that rests on a later registry waits for it: its chunks are kept, and as no credit is
 * given meanwhile there are few. Entries are applied chunk by chunk, since each is checked by
 * itself and applying one twice does nothing; the position moves, and what a whole answer did not
 * list is dropped, only when all are there.
 */

/* ------------------------------------------------------------------ asking */

size_t replica_n_asking(const Replica *replica)
{
        ReplicaTopic *topic, *next;
        size_t n = 0;

        HASH_ITER (hh, replica->topics, topic, next) {
                n += topic->is_asking;
        }
        return n;
}

bool replica_next_ask(Replica *replica, const ReplicaTime *time, ReplicaAsk *ret_ask)
{
        ReplicaTopic *topic, *next;

        /* The registry may be waited for by all the others: it is never kept back. */
        HASH_ITER (hh, replica->topics, topic, next) {
                if (!replica->is_up || !topic->wants || topic->is_asking ||
                    topic->ask_at_ms > time->now_ms)
                        continue;
                if (topic != replica->reg &&
                    (!replica->reg->is_known || replica_n_asking(replica) >= ASKING_MAX))
                        continue;
                *ret_ask = (ReplicaAsk){
                        .topic = topic->text,
                        .epoch = topic->is_known ? topic->epoch : 0,
                        .revision = topic->is_known ? topic->revision : 0,
                        .audience = replica->audience,
                        .at_ms = replica->at_ms,
                };
                return true;
        }
        return false;
}

void replica_asked(Replica *replica, const char *text, uint64_t request, const ReplicaTime *time)
{
        ReplicaTopic *topic = replica_find_topic(replica, text);

        assert(topic);
        topic_give_up(topic);
        topic->wants = topic->is_soft = false;
        topic->is_asking = true;
        topic->request = request;
        topic->asked_revision = topic->is_known ? topic->revision : 0;
        topic->answer_by_ms = time->now_ms + ANSWER_MAX_MS;
}

bool replica_next_grant(Replica *replica, uint64_t *ret_transfer, uint32_t *ret_credit)
{
        ReplicaTopic *topic, *next;

        HASH_ITER (hh, replica->topics, topic, next) {
                if (!topic->is_begun || !list_is_empty(&topic->chunks))
                        continue;
                *ret_credit = transfer_grant(&topic->transfer);
                *ret_transfer = topic->transfer.id;
                if (*ret_credit)
                        return true;
        }
        return false;
}

static ReplicaTopic *find_request(const Replica *replica, uint64_t request)
{
        ReplicaTopic *topic, *next;

        HASH_ITER (hh, replica->topics, topic, next) {
                if (topic->is_asking && topic->request == request)
                        return topic;
        }
        return NULL;
}

bool replica_is_asking(const Replica *replica, uint64_t request)
{
        return find_request(replica, request);
}

void replica_ask_refused(Replica *replica, uint64_t request, const ReplicaTime *time)
{
        ReplicaTopic *topic = find_request(replica, request);

        if (topic)
                topic_failed(topic, time);
}

/* ------------------------------------------------------------------ applying */

/* What is held is of a history that @topic's answer does not continue. */
static bool is_other_history(const Replica *replica, const ReplicaTopic *topic)
{
        const Transfer *transfer = &topic->transfer;
        const Epoch *epoch = &replica->epoch;

        if (!topic->epoch || transfer->head.epoch == topic->epoch)
                return false;
        return !(replica->has_epoch && epoch->epoch == transfer->head.epoch && epoch->continues &&
                 epoch->previous_epoch == topic->epoch);
}

/* Its revisions may be lower than ours and still be the truth. */
static int leave_history(Replica *replica, ReplicaTopic *topic, const ReplicaTime *time)
{
        topic->is_known = false;
        if (topic == replica->reg)
                return replica_forget(replica, topic, time);
        picture_drop_topic(replica->picture, topic->picture);
        return 0;
}

/* The registry, and whatever else the manifest says, allow entries to be applied from now. */
static int begin(Replica *replica, ReplicaTopic *topic, const ReplicaTime *time)
{
        const Manifest *manifest = &topic->transfer.manifest;
        int r;

        if (topic->is_begun)
                return 0;
        topic->is_begun = true;
        if (!manifest->whole)
                return 0;
        if (is_other_history(replica, topic)) {
                r = leave_history(replica, topic, time);
                if (r)
                        return r;
        }
        if (!topic->is_known) {
                /* Should it break off halfway, it is known of what history that half is. */
                topic->epoch = topic->transfer.head.epoch;
                topic->revision = manifest->to;
        }
        if (topic->picture)
                picture_whole_begin(topic->picture);
        return 0;
}

static void finish(Replica *replica, ReplicaTopic *topic)
{
        const Manifest *manifest = &topic->transfer.manifest;

        if (manifest->whole && topic->picture)
                picture_whole_end(replica->picture, topic->picture);
        if (replica->at_ms) {
                replica->is_thinned |= manifest->is_thinned;
                replica->has_past_head = true;
                replica->past_head = topic->transfer.head;
        }
        topic->is_known = true;
        topic->epoch = topic->transfer.head.epoch;
        topic->revision = manifest->to;
        topic->suspect = 0;
        topic->n_failures = 0;
        topic_give_up(topic);
        replica_drop_strangers(replica, topic);
        topic_follow(replica, topic);
}

static int apply_chunk(Replica *replica, ReplicaTopic *topic, const Blob *body,
                       const ReplicaTime *time)
{
        EntryList list;
        ChunkBody chunk;

        arena_reset(replica->arena);
        if (chunk_body_decode(&chunk, replica->arena, body->bytes, body->n_bytes)) {
                replica_alarm(replica, PLEK_ALARM_BROKER, topic->transfer.envelope, NULL,
                              "an answer on %s cannot be decoded", topic->text);
                return REPLICA_E_REFUSED;
        }
        list = (EntryList){
                .entries = chunk.entries,
                .n_entries = chunk.n_entries,
                .affirms = chunk.affirms,
                .n_affirms = chunk.n_affirms,
        };
        return replica_apply(replica, topic, &list, 0, time);
}

static bool may_apply(const Replica *replica, const ReplicaTopic *topic)
{
        return topic == replica->reg ||
               (replica->reg->is_known &&
                replica->reg->revision >= topic->transfer.manifest.reg_revision);
}

/* As far as an answer has come. Returns 0, REPLICA_E_REFUSED or -ENOMEM. */
static int advance(Replica *replica, ReplicaTopic *topic, const ReplicaTime *time)
{
        int r;

        if (!topic->transfer.id)
                return 0;
        if (!may_apply(replica, topic)) {
                topic_want_softly(replica->reg, time, BEHIND_MS);
                return 0;
        }
        r = begin(replica, topic, time);
        if (r)
                return r;

        list_for_each (link, &topic->chunks) {
                Held *chunk = list_entry(link, Held, link);

                r = apply_chunk(replica, topic, chunk->bytes, time);
                if (r)
                        return r;
                list_unlink(link);
                blob_unref(chunk->bytes);
                free(chunk);
        }
        if (transfer_is_done(&topic->transfer))
                finish(replica, topic);
        return 0;
}

/* @topic has come further: so may all that waited for it. */
static int advance_all(Replica *replica, ReplicaTopic *topic, const ReplicaTime *time)
{
        ReplicaTopic *other, *next;
        int r;

        r = advance(replica, topic, time);
        if (r) {
                topic_failed(topic, time);
                return r;
        }
        if (topic->is_asking)
                return 0;
        if (topic == replica->reg) {
                HASH_ITER (hh, replica->topics, other, next) {
                        r = advance(replica, other, time);
                        if (r < 0)
                                return r;
                        if (r)
                                topic_failed(other, time);
                }
        }
        return replica_drain(replica, time);
}

/* ------------------------------------------------------------------ answers */

static bool is_answer(const Replica *replica, const ReplicaTopic *topic)
{
        const Manifest *manifest = &topic->transfer.manifest;

        return !strcmp(manifest->topic, topic->text) && manifest->audience == replica->audience &&
               manifest->at_ms == replica->at_ms &&
               (manifest->whole || (!replica->at_ms && manifest->from == topic->asked_revision));
}

int replica_manifest(Replica *replica, uint64_t request, uint64_t transfer, const uint8_t *envelope,
                     size_t n_envelope, const ReplicaTime *time)
{
        ReplicaTopic *topic = find_request(replica, request);
        int r;

        if (!topic)
                return 0;
        r = transfer_begin(&topic->transfer, replica->card, transfer, envelope, n_envelope);
        if (r < 0)
                return r;
        if (r || !is_answer(replica, topic)) {
                replica_alarm(replica, PLEK_ALARM_BROKER, topic->transfer.envelope, NULL,
                              "the answer on %s is not signed, or is another's", topic->text);
                topic_failed(topic, time);
                return REPLICA_E_REFUSED;
        }
        topic->answer_by_ms = time->now_ms + ANSWER_MAX_MS;
        return advance_all(replica, topic, time);
}

static ReplicaTopic *find_transfer(const Replica *replica, uint64_t transfer)
{
        ReplicaTopic *topic, *next;

        HASH_ITER (hh, replica->topics, topic, next) {
                if (topic->is_asking && topic->transfer.id && topic->transfer.id == transfer)
                        return topic;
        }
        return NULL;
}

int replica_chunk(Replica *replica, uint64_t transfer, uint32_t index, const uint8_t *body,
                  size_t n_body, const ReplicaTime *time)
{
        ReplicaTopic *topic = find_transfer(replica, transfer);
        Held *chunk;
        int r;

        if (!topic)
                return 0;
        if (transfer_chunk(&topic->transfer, index, body, n_body)) {
                replica_alarm(replica, PLEK_ALARM_BROKER, topic->transfer.envelope, NULL,
                              "part %u of the answer on %s is not what was signed", index,
                              topic->text);
                topic_failed(topic, time);
                return REPLICA_E_REFUSED;
        }

        chunk = malloc(sizeof(*chunk));
        if (!chunk)
                return err_raise(-ENOMEM);
        r = blob_copy(&chunk->bytes, body, n_body);
        if (r) {
                free(chunk);
                return r;
        }
        list_append(&topic->chunks, &chunk->link);
        topic->answer_by_ms = time->now_ms + ANSWER_MAX_MS;
        return advance_all(replica, topic, time);
}
