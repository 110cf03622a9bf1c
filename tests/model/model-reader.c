#include "reader-world.h"

/*
 * libplek's replica against the broker's picture, under loss, restarts and roll backs
 *
 * Random updates and enrolments are applied to a picture and a registry, and what readers of each
 * level are told is signed into frames. Frames travel on two lanes that are not in step and lose
 * some; answers travel on a third way, late, and die with their session. The broker restarts, and
 * sometimes with an older state. Whenever a reader believes that it is in sync, what it holds is
 * what it may see; and once nothing is lost any more, each of them soon is.
 */

/* ------------------------------------------------------------------ readers */

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const Blob *evidence,
                     const Blob *other_evidence)
{
        World *world = arg;

        /* An honest broker is never found to be anything worse than rolled back. */
        if (alarm != PLEK_ALARM_ROLLED_BACK) {
                fprintf(stderr, "alarm: %s\n", text);
                abort();
        }
        world->n_alarms++;
}

static size_t positions(const World *world, Audience level, unsigned lane,
                        TopicPosition ret_topics[N_TOPICS_MAX + 1])
{
        const PictureTopic *topic = NULL;
        size_t n = 0;

        if (lane != LANE_COUNTS)
                ret_topics[n++] = (TopicPosition){ "reg/", world->speaker.reg_revision };
        while ((topic = picture_next_topic(world->picture, topic)))
                if ((!lane || topic->topic.lane == lane) && topic->last[level])
                        ret_topics[n++] = (TopicPosition){ topic->text, topic->last[level] };
        return n;
}

static void hello(World *world, Reader *reader)
{
        TopicPosition topics[N_TOPICS_MAX + 1];
        Audience level = reader->level;

        if (chance_percent(&world->chance, 10)) {
                reader->level = AUDIENCE_CARE + AUDIENCE_COORD - level;
                for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++)
                        way_clear(&reader->lanes[lane]);
        }
        must(replica_hello(reader->replica, reader->level, &world->speaker.epoch, topics,
                           positions(world, reader->level, 0, topics), &world->time));
        reader->is_up = true;
}

static void beat(World *world)
{
        CLEANUP(blob_unrefp) Blob *epoch = NULL;
        TopicPosition topics[N_TOPICS_MAX + 1];
        Blob *body;

        must(epoch_encode(&body, &world->speaker.epoch));
        epoch = speak(&world->speaker, ENVELOPE_EPOCH, world->speaker.broker, body);
        for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++) {
                for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++) {
                        Topic topic = { .kind = TOPIC_BEAT, .lane = lane };
                        Beat said = {
                                .time_ms = NOW,
                                .epoch = epoch->bytes,
                                .n_epoch = epoch->n_bytes,
                                .topics = topics,
                                .n_topics = positions(world, level, lane, topics),
                                .accepting = true,
                        };

                        publish_frame(world, level, &topic, NULL, &said);
                }
        }
}

static void receive(World *world, Reader *reader)
{
        const Beat *said;
        Parcel *parcel;

        /* The lanes are not in step. */
        for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++) {
                while (!list_is_empty(&reader->lanes[lane]) && chance_percent(&world->chance, 80)) {
                        parcel = list_entry(reader->lanes[lane].next, Parcel, link);
                        must(replica_frame(reader->replica, lane, parcel->frame->bytes,
                                           parcel->frame->n_bytes, &world->time, &said));
                        parcel_free(parcel);
                }
        }
        while (!list_is_empty(&reader->answers) && chance_percent(&world->chance, 40)) {
                parcel = list_entry(reader->answers.next, Parcel, link);
                must(replica_manifest(reader->replica, parcel->request, parcel->request,
                                      parcel->frame->bytes, parcel->frame->n_bytes, &world->time));
                if (parcel->chunk)
                        must(replica_chunk(reader->replica, parcel->request, 0,
                                           parcel->chunk->bytes, parcel->chunk->n_bytes,
                                           &world->time));
                parcel_free(parcel);
        }
}

/* ------------------------------------------------------------------ comparing */

static bool is_there(const World *world, const Reader *reader)
{
        const PictureTopic *topic = NULL;
        uint64_t epoch, revision;

        if (!reader->is_up || !replica_is_in_sync(reader->replica))
                return false;
        replica_position(reader->replica, "reg/", &epoch, &revision);
        if (epoch != world->speaker.epoch.epoch || revision < world->speaker.reg_revision)
                return false;
        while ((topic = picture_next_topic(world->picture, topic))) {
                if (!topic->last[reader->level] || topic->topic.kind != TOPIC_PICTURE)
                        continue;
                replica_position(reader->replica, topic->text, &epoch, &revision);
                if (epoch != world->speaker.epoch.epoch || revision < topic->last[reader->level])
                        return false;
        }
        return true;
}

static void compare_record(const Record *record, const Picture *picture)
{
        RecordKey key = { .n_bytes = record->n_key };
        const Record *copy;

        memcpy(key.bytes, record->key, record->n_key);
        copy = picture_find(picture, &key);
        assert(copy && !strcmp(copy->topic->text, record->topic->text));
        assert(copy->revision == record->revision && copy->since_ms == record->since_ms);
        assert(copy->changed_revision == record->changed_revision);
        assert(copy->received_at_ms == record->received_at_ms && copy->seq == record->seq);
        assert(copy->envelope->n_bytes == record->envelope->n_bytes);
        assert(!memcmp(copy->envelope->bytes, record->envelope->bytes, record->envelope->n_bytes));
        assert(!copy->affirmation == !record->affirmation);
        if (record->affirmation)
                assert(copy->affirmation->revision == record->affirmation->revision);
}

static bool compare(World *world, const Reader *reader)
{
        const Record *record = NULL;
        size_t n = 0;

        if (!is_there(world, reader))
                return false;
        while ((record = picture_next(world->picture, record))) {
                if (record->audience > reader->level || record->status == STATUS_TEST)
                        continue;
                compare_record(record, replica_picture(reader->replica));
                n++;
        }
        assert(picture_n_records(replica_picture(reader->replica)) == n);
        world->n_compared++;
        return true;
}

/* ------------------------------------------------------------------ all of it */

static void reader_turn(World *world, Reader *reader)
{
        ReplicaAsk ask;

        if (!reader->is_up && chance_percent(&world->chance, 20))
                hello(world, reader);
        receive(world, reader);
        must(replica_tick(reader->replica, &world->time));
        while (reader->is_up && replica_next_ask(reader->replica, &world->time, &ask))
                answer(world, reader, &ask);
}

static void step(World *world)
{
        world->time.now_ms += STEP_MS;
        world->time.broker_ms += STEP_MS;
        if (world->time.now_ms % BEAT_MS == 0)
                beat(world);
        for (size_t i = 0; i < N_READERS; i++)
                reader_turn(world, &world->readers[i]);
}

static void something(World *world)
{
        unsigned permille = chance_below(&world->chance, 1000);

        if (permille < 8)
                restart(world, chance_percent(&world->chance, 20));
        else if (permille < 20)
                enrol(world, chance_below(&world->chance, N_PARTIES), true);
        else if (permille < 25)
                lose_sessions(world);
        else
                say(world, true);
}

static void world_init(World *world)
{
        static const ReplicaEvents events = { .alarm = on_alarm };
        static const ReplicaOptions options = { .n_withdrawn_max = 20 };

        speaker_init(&world->speaker);
        world->time = (ReplicaTime){ 0, NOW };
        must(picture_new(&world->picture, N_TOMBSTONES));
        must(arena_new(&world->arena, ARENA_MESSAGE_BYTES));
        for (size_t i = 0; i < N_READERS; i++) {
                Reader *reader = &world->readers[i];

                reader->level = i ? AUDIENCE_CARE : AUDIENCE_COORD;
                for (Lane lane = 0; lane <= N_LANES; lane++)
                        list_init(&reader->lanes[lane]);
                list_init(&reader->answers);
                must(heads_new(&reader->heads, NULL));
                must(replica_new(&reader->replica, world->speaker.card, reader->heads, &options,
                                 &events, world));
        }
        open_epoch(world, false);
        for (unsigned party = 0; party < N_PARTIES; party++)
                enrol(world, party, false);
}

static void world_deinit(World *world)
{
        for (size_t i = 0; i < N_READERS; i++) {
                Reader *reader = &world->readers[i];

                for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++)
                        way_clear(&reader->lanes[lane]);
                way_clear(&reader->answers);
                replica_free(reader->replica);
                heads_free(reader->heads);
        }
        for (size_t i = 0; i < N_ENTRIES_MAX; i++)
                blob_unref(world->log[i].envelope);
        picture_free(world->picture);
        change_deinit(&world->change);
        arena_free(world->arena);
        speaker_deinit(&world->speaker);
        free(world);
}

int main(int argc, char **argv)
{
        World *world = calloc(1, sizeof(*world));
        size_t n_there = 0, n_steps;

        assert(world);
        must(sodium_init() < 0);
        world->chance = chance_new(argc, argv);
        world_init(world);
        for (size_t i = 0; i < N_COMMITS; i++) {
                /* Once at least it is rolled back, whatever the seed. */
                if (i == N_COMMITS / 2)
                        restart(world, true);
                else
                        something(world);
                step(world);
                for (size_t j = 0; j < N_READERS; j++)
                        (void)compare(world, &world->readers[j]);
        }

        world->is_calm = true;
        for (n_steps = 0; n_there < N_READERS && n_steps < SETTLE_STEPS; n_steps++) {
                step(world);
                n_there = 0;
                for (size_t j = 0; j < N_READERS; j++)
                        n_there += compare(world, &world->readers[j]);
        }
        assert(n_there == N_READERS);
        printf("%zu comparisons, %zu frames lost, %zu answers (%zu whole), %zu roll backs seen, "
               "in sync after %zu steps\n",
               world->n_compared, world->n_lost, world->n_answers, world->n_whole, world->n_alarms,
               n_steps);
        assert(world->n_compared > 100 && world->n_lost > 100 && world->n_alarms > 0);
        world_deinit(world);
        return 0;
}
