#include "broker/beat.h"

#include "broker/parts.h"

int beats_init(Beats *beats, Broker *broker)
{
        *beats = (Beats){ .broker = broker };
        return err_fold(block_builder_new(&beats->builder, BLOCK_FRAME_MAX));
}

void beats_deinit(Beats *beats)
{
        block_builder_free(beats->builder);
        free(beats->positions);
        *beats = (Beats){};
}

static int add_position(Beats *beats, size_t n, const char *topic, uint64_t revision)
{
        size_t n_wanted = n ? 2 * n : 16;
        TopicPosition *grown;

        if (n >= beats->n_allocated) {
                grown = reallocarray(beats->positions, n_wanted, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                beats->positions = grown;
                beats->n_allocated = n_wanted;
        }
        beats->positions[n] = (TopicPosition){ .topic = topic, .revision = revision };
        return 0;
}

int beats_positions(Beats *beats, Audience level, Lane lane, size_t *ret_n)
{
        const Picture *picture = state_picture(beats->broker->state);
        uint64_t registry = registry_revision(state_registry(beats->broker->state));
        const PictureTopic *topic = NULL;
        size_t n = 0;
        int r;

        if (lane != LANE_COUNTS) {
                r = add_position(beats, n++, "reg/", registry);
                if (r)
                        return r;
        }
        while ((topic = picture_next_topic(picture, topic))) {
                if ((lane && topic->topic.lane != lane) || !topic->last[level])
                        continue;
                r = add_position(beats, n++, topic->text, topic->last[level]);
                if (r)
                        return r;
        }
        *ret_n = n;
        return 0;
}

static size_t take_presence(Beats *beats, Presence presence[BEAT_PRESENCES_MAX])
{
        size_t n = 0;

        list_for_each (link, &beats->broker->activities.changed) {
                Activity *activity = list_entry(link, Activity, changed);

                if (n == BEAT_PRESENCES_MAX)
                        break;
                presence[n++] = (Presence){
                        .party = activity->party,
                        .connected = activity->n_feeds > 0,
                        .since_ms = activity->since_ms,
                };
                list_unlink(link);
        }
        return n;
}

static int send_one(Beats *beats, Beat *beat, Audience level, Lane lane)
{
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Broker *broker = beats->broker;
        Topic topic = { .kind = TOPIC_BEAT, .lane = lane };
        Block block = {
                .head = broker->head.current->bytes,
                .n_head = broker->head.current->n_bytes,
                .reg_revision = registry_revision(state_registry(broker->state)),
                .beat = beat,
        };
        int r;

        r = beats_positions(beats, level, lane, &beat->n_topics);
        if (r)
                return r;
        beat->topics = beats->positions;

        r = block_builder_seal(beats->builder, &frame, &topic, &block, &broker->network,
                               broker->key);
        if (r == -E2BIG) {
                /* Thousands of regions. That the broker is there matters more than where each is.
                 */
                beat->n_topics = 0;
                r = block_builder_seal(beats->builder, &frame, &topic, &block, &broker->network,
                                       broker->key);
        }
        if (r)
                return err_fold(r);
        return broker_publish(broker, 1u << level, frame);
}

int beats_send(Beats *beats)
{
        Presence presence[BEAT_PRESENCES_MAX];
        Broker *broker = beats->broker;
        Blob *epoch = state_epoch_envelope(broker->state);
        Beat beat;
        int r;

        if (!epoch)
                return 0; /* without an authority nobody is served */

        beat = (Beat){
                .time_ms = broker_clock_now_ms(&broker->clock),
                .epoch = epoch->bytes,
                .n_epoch = epoch->n_bytes,
                .presence = presence,
                .n_presence = take_presence(beats, presence),
                .accepting = !health_closed(&broker->health),
                .why_not = health_why_not(&broker->health),
                .since_ms = health_since_ms(&broker->health),
                .beat = ++beats->n,
        };
        broker->counters.n_beats++;
        for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++) {
                for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++) {
                        r = send_one(beats, &beat, level, lane);
                        if (r)
                                return r;
                }
        }
        return 0;
}
