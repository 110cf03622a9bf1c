#include "lib/replica-internal.h"

#include <string.h>

/*
 * Blocks and beats: what comes by itself, and what it says about what is missing
 */

enum {
        BLOCK_APPLY,
        BLOCK_IGNORE, /* it is in the picture already */
        BLOCK_WAIT,   /* something that it rests on is missing; that was asked for */
};

/* A frame whose signature was checked, decoded. */
typedef struct Frame {
        Topic topic;
        char text[TOPIC_MAX];
        Block block;
        Head head;
} Frame;

/* ------------------------------------------------------------------ reading */

static int decode_frame(Replica *replica, Frame *ret_frame, const Envelope *envelope)
{
        Envelope head;

        if (block_decode(&ret_frame->block, replica->arena, envelope->body, envelope->n_body))
                return REPLICA_E_REFUSED;
        if (envelope_parse(&head, ret_frame->block.head, ret_frame->block.n_head) ||
            head.kind != ENVELOPE_HEAD ||
            head_decode(&ret_frame->head, replica->arena, head.body, head.n_body))
                return REPLICA_E_REFUSED;
        return 0;
}

static int alarm_frame(Replica *replica, const uint8_t *bytes, size_t n_bytes, const char *what)
{
        CLEANUP(blob_unrefp) Blob *evidence = NULL;

        (void)!blob_copy(&evidence, bytes, n_bytes);
        replica_alarm(replica, PLEK_ALARM_BROKER, evidence, NULL, "a frame %s", what);
        return REPLICA_E_REFUSED;
}

static int read_frame(Replica *replica, Frame *ret_frame, const uint8_t *bytes, size_t n_bytes)
{
        Envelope envelope;

        arena_reset(replica->arena);
        if (block_frame_parse(&ret_frame->topic, &envelope, bytes, n_bytes))
                return alarm_frame(replica, bytes, n_bytes, "is not a block");
        if (!region_card_signed_by_broker(replica->card, &envelope))
                return alarm_frame(replica, bytes, n_bytes, "is not signed by a known broker");
        if (decode_frame(replica, ret_frame, &envelope))
                return alarm_frame(replica, bytes, n_bytes, "cannot be decoded");
        (void)topic_format(&ret_frame->topic, ret_frame->text);
        return 0;
}

/* Once more, of one that was held. */
static int reread_frame(Replica *replica, Frame *ret_frame, const Blob *bytes)
{
        Envelope envelope;

        arena_reset(replica->arena);
        if (block_frame_parse(&ret_frame->topic, &envelope, bytes->bytes, bytes->n_bytes))
                return REPLICA_E_REFUSED;
        return decode_frame(replica, ret_frame, &envelope);
}

/* ------------------------------------------------------------------ judging */

static int judge(Replica *replica, ReplicaTopic *topic, const Frame *frame, const ReplicaTime *time)
{
        const Block *block = &frame->block;
        ReplicaTopic *reg = replica->reg;

        if (!topic->is_known || topic->is_asking) {
                topic_want(topic, time, 0);
                return BLOCK_WAIT;
        }
        if (frame->head.epoch != topic->epoch) {
                topic_follow(replica, topic);
                if (frame->head.epoch != topic->epoch) {
                        topic_want_softly(topic, time, BEHIND_MS);
                        return BLOCK_WAIT;
                }
        }
        if (block->last <= topic->revision)
                return BLOCK_IGNORE;
        if (topic != reg && (!reg->is_known || reg->revision < block->reg_revision)) {
                topic_want_softly(reg, time, BEHIND_MS);
                return BLOCK_WAIT;
        }
        if (block->previous > topic->revision) {
                topic_want(topic, time, GAP_MS);
                return BLOCK_WAIT;
        }
        return BLOCK_APPLY;
}

static int apply_block(Replica *replica, ReplicaTopic *topic, const Frame *frame,
                       const ReplicaTime *time)
{
        const Block *block = &frame->block;
        EntryList list = {
                .entries = block->entries,
                .n_entries = block->n_entries,
                .affirms = block->affirms,
                .n_affirms = block->n_affirms,
        };
        int r;

        r = replica_apply(replica, topic, &list, topic->revision, time);
        if (r)
                return r;
        topic->revision = block->last;
        topic->suspect = 0;
        topic_came(topic);
        return 0;
}

/* ------------------------------------------------------------------ holding */

static int hold(ReplicaTopic *topic, const uint8_t *bytes, size_t n_bytes, const ReplicaTime *time)
{
        Held *held;
        int r;

        if (topic->n_held_bytes + n_bytes > HELD_MAX_BYTES) {
                topic_drop_held(topic);
                topic_want(topic, time, 0);
                return 0;
        }
        held = malloc(sizeof(*held));
        if (!held)
                return err_raise(-ENOMEM);
        r = blob_copy(&held->bytes, bytes, n_bytes);
        if (r) {
                free(held);
                return r;
        }
        list_append(&topic->held, &held->link);
        topic->n_held_bytes += n_bytes;
        return 0;
}

static void release(ReplicaTopic *topic, Held *held)
{
        topic->n_held_bytes -= held->bytes->n_bytes;
        list_unlink(&held->link);
        blob_unref(held->bytes);
        free(held);
}

/* Returns 0 or -ENOMEM; *ret_applied says whether anything was. */
static int drain_topic(Replica *replica, ReplicaTopic *topic, const ReplicaTime *time,
                       bool *ret_applied)
{
        Frame frame;
        int r;

        while (!list_is_empty(&topic->held)) {
                Held *held = list_entry(topic->held.next, Held, link);

                if (reread_frame(replica, &frame, held->bytes)) {
                        release(topic, held);
                        continue;
                }
                r = judge(replica, topic, &frame, time);
                if (r == BLOCK_WAIT)
                        return 0;
                if (r == BLOCK_APPLY) {
                        r = apply_block(replica, topic, &frame, time);
                        if (r)
                                return r;
                        *ret_applied = true;
                }
                release(topic, held);
        }
        return 0;
}

int replica_drain(Replica *replica, const ReplicaTime *time)
{
        ReplicaTopic *topic, *next;
        bool applied = false;
        int r;

        replica->may_drain = false;
        /* The registry first: the others may rest on it. */
        r = drain_topic(replica, replica->reg, time, &applied);
        if (r)
                return r;
        HASH_ITER (hh, replica->topics, topic, next) {
                r = drain_topic(replica, topic, time, &applied);
                if (r)
                        return r;
        }
        return 0;
}

void replica_drop_strangers(Replica *replica, ReplicaTopic *topic)
{
        Frame frame;

        list_for_each (link, &topic->held) {
                Held *held = list_entry(link, Held, link);

                if (reread_frame(replica, &frame, held->bytes) || frame.head.epoch != topic->epoch)
                        release(topic, held);
        }
}

static int take_block(Replica *replica, const Frame *frame, const uint8_t *bytes, size_t n_bytes,
                      const ReplicaTime *time)
{
        ReplicaTopic *topic = replica_find_topic(replica, frame->text);
        int r;

        if (!topic)
                return 0; /* our subscription matches more than we want */
        if (!list_is_empty(&topic->held))
                return hold(topic, bytes, n_bytes, time);

        switch (judge(replica, topic, frame, time)) {
        case BLOCK_IGNORE:
                return 0;
        case BLOCK_WAIT:
                return hold(topic, bytes, n_bytes, time);
        }
        r = apply_block(replica, topic, frame, time);
        if (r || topic != replica->reg)
                return r;
        return replica_drain(replica, time);
}

/* ------------------------------------------------------------------ beats */

/* A new epoch's opening, which names the broker; checked although the beat's signature covers it,
 * because it is what positions are moved by. */
static void take_opening(Replica *replica, const Beat *beat, const ReplicaTime *time)
{
        Envelope envelope;
        Epoch epoch;

        if (envelope_parse(&envelope, beat->epoch, beat->n_epoch) ||
            envelope.kind != ENVELOPE_EPOCH ||
            epoch_decode(&epoch, replica->arena, envelope.body, envelope.n_body))
                return;
        if (replica->has_epoch && replica->epoch.epoch == epoch.epoch)
                return;
        if (region_card_signed_by_broker(replica->card, &envelope))
                replica_epoch(replica, &epoch, time);
}

static void compare(ReplicaTopic *topic, uint64_t named, const Head *head, bool is_own_lane,
                    const ReplicaTime *time)
{
        if (!topic->is_known || topic->is_asking || topic->epoch != head->epoch ||
            !list_is_empty(&topic->held))
                return;
        if (named <= topic->revision) {
                topic->suspect = 0;
                topic->revision = MAX(topic->revision, head->revision);
                return;
        }
        if (!is_own_lane)
                return; /* what it names may still be on the other pipe */
        if (topic->suspect && topic->revision < topic->suspect)
                topic_want(topic, time, 0);
        topic->suspect = named;
}

/* The broker drops them too, and tells nobody. */
static void drop_what_is_over(Replica *replica, int64_t broker_ms)
{
        Record *record;

        while ((record = picture_next_over(replica->picture, broker_ms)))
                picture_drop(replica->picture, record);
}

static int take_beat(Replica *replica, const Frame *frame, const ReplicaTime *time)
{
        const Beat *beat = frame->block.beat;
        ReplicaTopic *topic;
        int r;

        take_opening(replica, beat, time);
        drop_what_is_over(replica, time->broker_ms);
        for (size_t i = 0; i < beat->n_topics; i++) {
                r = replica_learn_topic(replica, beat->topics[i].topic, time, &topic);
                if (r)
                        return r;
                if (topic)
                        compare(topic, beat->topics[i].revision, &frame->head,
                                frame->topic.lane == topic->topic.lane, time);
        }
        return 0;
}

/* ------------------------------------------------------------------ frames */

static int see_head(Replica *replica, const Frame *frame)
{
        CLEANUP(blob_unrefp) Blob *evidence = NULL;
        const HeadSeen *other;
        int r;

        r = heads_see(replica->heads, replica->card, frame->block.head, frame->block.n_head,
                      &other);
        if (r != HEADS_E_EQUIVOCATION)
                return r == HEADS_E_MALFORMED ? REPLICA_E_REFUSED : err_fold(r);

        (void)!blob_copy(&evidence, frame->block.head, frame->block.n_head);
        replica_alarm(replica, PLEK_ALARM_EQUIVOCATION, other->envelope, evidence,
                      "the broker signed two heads of revision %llu that differ",
                      (unsigned long long)frame->head.revision);
        return 0;
}

int replica_frame(Replica *replica, Lane lane, const uint8_t *bytes, size_t n_bytes,
                  const ReplicaTime *time, const Beat **ret_beat)
{
        Frame frame;
        int r;

        *ret_beat = NULL;
        r = read_frame(replica, &frame, bytes, n_bytes);
        if (r)
                return r;
        if (frame.topic.lane != lane)
                return alarm_frame(replica, bytes, n_bytes, "is on the wrong lane");
        r = see_head(replica, &frame);
        if (r)
                return r;
        if (frame.topic.kind != TOPIC_BEAT)
                return take_block(replica, &frame, bytes, n_bytes, time);
        if (!frame.block.beat)
                return REPLICA_E_REFUSED;

        r = take_beat(replica, &frame, time);
        if (r)
                return r;
        *ret_beat = frame.block.beat; /* in the arena */
        return 0;
}
