#include "mail.h"

/*
 * A reader's replica against the broker's picture, under loss
 *
 * Random entries are applied to a picture, its changes become blocks for each topic and level, and
 * each block may be lost. Readers notice by the chain of previous and last, or by a beat; they ask
 * for the changes since their position, and the answer comes late, while blocks go on. Whenever a
 * reader believes that it is in sync with a topic, what it holds there must be what it may see.
 */

enum {
        N_COMMITS = 20000,
        N_TOMBSTONES = 60, /* so few that some answers must be whole */
        N_READERS = 4,
        N_TOPICS_MAX = 2 * N_REGIONS * N_LANES,
        N_HELD_MAX = 64,
        LOST_PERCENT = 20,
};

typedef struct Subscription {
        PictureTopic *topic; /* the replica's */
        uint64_t position;
        bool waits; /* for the answer, whose mail is not yet there or has still a way to go */
        Mail *answer;
        unsigned delay;
        Mail *held[N_HELD_MAX];
        size_t n_held;
} Subscription;

typedef struct Reader {
        Audience level;
        Picture *replica;
        Subscription subscriptions[N_TOPICS_MAX];
} Reader;

typedef struct World {
        Chance chance;
        uint64_t revision, seq;
        unsigned regions[N_PARTIES][N_LOCATIONS];
        Arena *arena;
        Picture *picture;
        Change change;
        PictureTopic *topics[N_TOPICS_MAX];
        size_t n_topics;
        Reader readers[N_READERS];
        Mail *blocks[N_TOPICS_MAX][AUDIENCE_COORD + 1]; /* of the commit that is being made */
        size_t n_lost, n_whole, n_answers, n_compared;
} World;

/* ------------------------------------------------------------------ the broker */

static size_t topic_number(World *world, PictureTopic *topic)
{
        for (size_t i = 0; i < world->n_topics; i++)
                if (world->topics[i] == topic)
                        return i;
        assert(world->n_topics < N_TOPICS_MAX);
        world->topics[world->n_topics] = topic;
        return world->n_topics++;
}

static Mail *block_for(World *world, PictureTopic *topic, Audience level)
{
        Mail **block = &world->blocks[topic_number(world, topic)][level];

        if (!*block)
                *block = mail_new(topic);
        return *block;
}

static void publish(World *world, const ChangeItem *item)
{
        for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++) {
                Mail *block;

                if (level < item->from || level > item->to)
                        continue;
                block = block_for(world, item->topic, level);
                block->last = item->revision;
                if (item->kind == CHANGE_AFFIRM)
                        mail_add_affirm(block, item->affirmation);
                else if (item->kind == CHANGE_WITHDRAWN)
                        mail_add_tombstone(block, item->tombstone);
                else
                        mail_add_record(block, item->record);
        }
}

/* Withdrawals and records after the position: merged by revision, or all withdrawals first. */
static Mail *answer_since(World *world, PictureTopic *topic, Audience level, uint64_t position)
{
        Mail *answer = mail_new(topic);
        bool merged = chance_percent(&world->chance, 50);
        const Tombstone *tombstone = NULL;
        const Record *record;
        ListLink *r, *t = &topic->tombstones;

        answer->whole = !position || !picture_remembers(topic, position);
        answer->last = topic->last[level];
        record = picture_records_since(topic, answer->whole ? 0 : position);
        if (!answer->whole)
                tombstone = picture_tombstones_since(topic, position);
        r = record ? (ListLink *)&record->in_topic : &topic->records;
        if (tombstone)
                t = (ListLink *)&tombstone->in_topic;

        while (r != &topic->records || t != &topic->tombstones) {
                record = r == &topic->records ? NULL : list_entry(r, Record, in_topic);
                tombstone = t == &topic->tombstones ? NULL : list_entry(t, Tombstone, in_topic);
                if (tombstone &&
                    (!merged || !record || tombstone->revision <= record->changed_revision)) {
                        if (level >= tombstone->from && level <= tombstone->to)
                                mail_add_tombstone(answer, tombstone);
                        t = t->next;
                } else {
                        if (level >= record->audience)
                                mail_add_record(answer, record);
                        r = r->next;
                }
        }
        world->n_answers++;
        world->n_whole += answer->whole;
        return answer;
}

/* ------------------------------------------------------------------ the readers */

static Update decoded(World *world, const Blob *envelope)
{
        WireRefusal refusal;
        Update update;

        must(update_decode(&update, &refusal, world->arena,
                           envelope->bytes + ENVELOPE_OVERHEAD_BYTES,
                           envelope->n_bytes - ENVELOPE_OVERHEAD_BYTES));
        return update;
}

static Affirmation *affirmation_of(World *world, const Mail *mail, uint64_t rests_on)
{
        Affirmation *affirmation = NULL;

        for (size_t i = 0; i < mail->affirms.n; i++) {
                const Letter *affirm = &mail->affirms.all[i];

                if (affirm->entry.revision == rests_on)
                        must(affirmation_new(&affirmation, rests_on, affirm->entry.received_at_ms,
                                             decoded(world, affirm->envelope).sent_at_ms,
                                             affirm->envelope));
        }
        assert(!rests_on == !affirmation);
        return affirmation;
}

static void reader_take(World *world, Reader *reader, PictureTopic *topic, const Mail *mail,
                        const Letter *letter)
{
        const Entry *entry = &letter->entry;
        Affirmation *affirmation;
        Record *record;
        Update update;

        if (!letter->envelope) {
                record = picture_find_withdrawn(reader->replica, topic, &letter->withdrawn,
                                                entry->revision);
                if (record)
                        picture_drop(reader->replica, record);
                return;
        }

        update = decoded(world, letter->envelope);
        if (update.kind == UPDATE_AFFIRM) {
                Change change = CHANGE_NULL;

                must(picture_affirm(reader->replica, &update, letter->envelope, entry->revision,
                                    entry->received_at_ms, topic->topic.region, &change));
                change_deinit(&change);
                return;
        }
        affirmation = affirmation_of(world, mail, entry->rests_on);
        must(picture_restore(reader->replica, topic, &update, letter->envelope, entry, affirmation,
                             NULL));
        affirmation_unref(affirmation);
}

static void reader_apply(World *world, Reader *reader, Subscription *subscription, const Mail *mail)
{
        PictureTopic *topic = subscription->topic;

        arena_reset(world->arena);
        if (mail->whole)
                picture_whole_begin(topic);
        for (size_t i = 0; i < mail->entries.n; i++)
                reader_take(world, reader, topic, mail, &mail->entries.all[i]);
        if (mail->whole)
                picture_whole_end(reader->replica, topic);
        subscription->position = mail->last;
}

static void reader_hold(Subscription *subscription, Mail *block)
{
        if (subscription->n_held == N_HELD_MAX) {
                mail_free(block); /* found missing when the answer is there */
                return;
        }
        subscription->held[subscription->n_held++] = block;
}

/* Takes @block. */
static void reader_on_block(World *world, Reader *reader, Subscription *subscription, Mail *block)
{
        if (subscription->waits) {
                reader_hold(subscription, block);
                return;
        }
        if (block->last > subscription->position && block->previous > subscription->position) {
                subscription->waits = true;
                reader_hold(subscription, block);
                return;
        }
        if (block->last > subscription->position)
                reader_apply(world, reader, subscription, block);
        mail_free(block);
}

static void reader_on_answer(World *world, Reader *reader, Subscription *subscription)
{
        size_t n_held = subscription->n_held;
        Mail *held[N_HELD_MAX];

        memcpy(held, subscription->held, sizeof(held));
        subscription->n_held = 0;
        subscription->waits = false;
        reader_apply(world, reader, subscription, subscription->answer);
        subscription->answer = mail_free(subscription->answer);
        for (size_t i = 0; i < n_held; i++)
                reader_on_block(world, reader, subscription, held[i]);
}

/* It is allowed to read more, or less: it starts anew. */
static void reader_change_level(Reader *reader)
{
        reader->level = reader->level == AUDIENCE_CARE ? AUDIENCE_COORD : AUDIENCE_CARE;
        for (size_t i = 0; i < N_TOPICS_MAX; i++) {
                Subscription *subscription = &reader->subscriptions[i];

                if (!subscription->topic)
                        continue;
                picture_drop_topic(reader->replica, subscription->topic);
                while (subscription->n_held)
                        mail_free(subscription->held[--subscription->n_held]);
                subscription->answer = mail_free(subscription->answer);
                subscription->position = 0;
                subscription->waits = true;
        }
}

/* ------------------------------------------------------------------ comparing */

static void compare_record(const Record *record, const Picture *replica, const PictureTopic *topic)
{
        RecordKey key = { .n_bytes = record->n_key };
        const Record *copy;

        memcpy(key.bytes, record->key, record->n_key);
        copy = picture_find(replica, &key);
        assert(copy && copy->topic == topic);
        assert(copy->revision == record->revision && copy->envelope == record->envelope);
        assert(copy->changed_revision == record->changed_revision);
        assert(copy->received_at_ms == record->received_at_ms);
        assert(copy->since_ms == record->since_ms && copy->flags == record->flags);
        assert(!copy->affirmation == !record->affirmation);
        assert(copy->audience == record->audience && copy->instance == record->instance);
        assert(copy->seq == record->seq && copy->sent_at_ms == record->sent_at_ms);
        assert(memcmp(copy->content_digest, record->content_digest, CONTENT_DIGEST_BYTES) == 0);
        if (record->affirmation) {
                assert(copy->affirmation->revision == record->affirmation->revision);
                assert(copy->affirmation->received_at_ms == record->affirmation->received_at_ms);
                assert(copy->affirmation->sent_at_ms == record->affirmation->sent_at_ms);
        }
}

static void compare(World *world, const Reader *reader, size_t number)
{
        const Subscription *subscription = &reader->subscriptions[number];
        const PictureTopic *topic = world->topics[number];
        uint64_t last = 0;
        size_t n = 0;

        if (!subscription->topic || subscription->waits ||
            subscription->position != topic->last[reader->level])
                return;
        list_for_each (link, &topic->records) {
                const Record *record = list_entry(link, Record, in_topic);

                if (record->audience > reader->level)
                        continue;
                compare_record(record, reader->replica, subscription->topic);
                n++;
        }
        assert(subscription->topic->n_records == n);
        list_for_each (link, &subscription->topic->records) {
                assert(list_entry(link, Record, in_topic)->changed_revision >= last);
                last = list_entry(link, Record, in_topic)->changed_revision;
        }
        world->n_compared++;
}

/* ------------------------------------------------------------------ what happens */

static void do_regrant(World *world)
{
        unsigned party = chance_below(&world->chance, N_PARTIES);

        for (unsigned i = 0; i < N_LOCATIONS; i++)
                if (chance_percent(&world->chance, 30))
                        world->regions[party][i] = chance_below(&world->chance, N_REGIONS + 1);
        must(picture_regrant(world->picture, parties[party], region_of, world->regions[party],
                             world->revision, NOW + (int64_t)world->revision, &world->change));
}

static void do_update(World *world, const Name *name, Update *update)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        const char *region = region_of(locations[name->location], world->regions[name->party]);
        int64_t at_ms = NOW + (int64_t)world->revision;

        if (!region)
                return;
        update->audience = audience_any(&world->chance);
        update->instance = 1 + chance_below(&world->chance, N_INSTANCES);
        envelope = envelope_unsigned(update);
        *update = decoded(world, envelope); /* with the digest of what is said */
        if (update->kind == UPDATE_AFFIRM)
                must(picture_affirm(world->picture, update, envelope, world->revision, at_ms,
                                    region, &world->change));
        else if (update->kind == UPDATE_WITHDRAW)
                must(picture_withdraw(world->picture, update, world->revision, at_ms,
                                      &world->change));
        else
                must(picture_report(world->picture, update, envelope, world->revision, at_ms,
                                    region, &world->change));
}

static void do_something(World *world)
{
        unsigned percent = chance_below(&world->chance, 1000);
        Name name = name_any(&world->chance);
        Update update;

        change_reset(&world->change);
        arena_reset(world->arena);
        world->revision++;
        world->seq++;
        if (percent < 5) {
                do_regrant(world);
        } else if (percent < 150) {
                update = update_about(&name, UPDATE_WITHDRAW, world->seq);
                update.withdraw = name_ref(&name);
                do_update(world, &name, &update);
        } else if (percent < 350) {
                update = update_about(&name, UPDATE_AFFIRM, world->seq);
                update.affirm.lane = LANE_STATUS + chance_below(&world->chance, N_LANES);
                update.affirm.up_to_seq = world->seq;
                do_update(world, &name, &update);
        } else {
                update = report_about(&name, chance_below(&world->chance, N_CONTENTS), world->seq);
                do_update(world, &name, &update);
        }
        for (size_t i = 0; i < world->change.n_items; i++)
                publish(world, &world->change.items[i]);
}

static void send_blocks(World *world, Reader *reader, size_t number)
{
        const Mail *block = world->blocks[number][reader->level];
        Subscription *subscription = &reader->subscriptions[number];

        if (!subscription->topic)
                must(picture_need_topic(reader->replica, &world->topics[number]->topic,
                                        &subscription->topic));
        if (!block)
                return;
        if (chance_percent(&world->chance, LOST_PERCENT))
                world->n_lost++;
        else
                reader_on_block(world, reader, subscription, mail_copy(block));
}

/* A beat, and the query session. */
static void reader_turn(World *world, Reader *reader, size_t number, bool beat)
{
        Subscription *subscription = &reader->subscriptions[number];
        PictureTopic *topic = world->topics[number];

        if (beat && !subscription->waits)
                subscription->waits = subscription->position < topic->last[reader->level];
        if (!subscription->waits)
                return;
        if (!subscription->answer) {
                if (!chance_percent(&world->chance, 30))
                        return;
                subscription->answer =
                        answer_since(world, topic, reader->level, subscription->position);
                subscription->delay = chance_below(&world->chance, 20);
        } else if (subscription->delay-- == 0) {
                reader_on_answer(world, reader, subscription);
        }
}

/* A level is told something on a topic exactly if its last revision there moves. */
static void block_seal(Mail *block, const PictureTopic *topic, Audience level, uint64_t previous)
{
        if (block)
                block->previous = previous;
        assert((block ? block->last : previous) == topic->last[level]);
}

static void commit(World *world)
{
        uint64_t previous[N_TOPICS_MAX][AUDIENCE_COORD + 1] = { 0 };
        unsigned n = 1 + chance_below(&world->chance, 4);

        for (size_t i = 0; i < world->n_topics; i++)
                memcpy(previous[i], world->topics[i]->last, sizeof(previous[i]));
        while (n--)
                do_something(world);

        for (size_t i = 0; i < world->n_topics; i++) {
                for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++)
                        block_seal(world->blocks[i][level], world->topics[i], level,
                                   previous[i][level]);
                for (size_t j = 0; j < N_READERS; j++)
                        send_blocks(world, &world->readers[j], i);
                for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++)
                        world->blocks[i][level] = mail_free(world->blocks[i][level]);
        }
}

static void settle(World *world, bool beat)
{
        for (size_t i = 0; i < N_READERS; i++) {
                Reader *reader = &world->readers[i];

                if (chance_below(&world->chance, 1000) == 0)
                        reader_change_level(reader);
                for (size_t j = 0; j < world->n_topics; j++) {
                        reader_turn(world, reader, j, beat);
                        if (chance_percent(&world->chance, 25))
                                compare(world, reader, j);
                }
        }
}

static void world_deinit(World *world)
{
        for (size_t i = 0; i < N_READERS; i++) {
                for (size_t j = 0; j < N_TOPICS_MAX; j++) {
                        Subscription *subscription = &world->readers[i].subscriptions[j];

                        while (subscription->n_held)
                                mail_free(subscription->held[--subscription->n_held]);
                        mail_free(subscription->answer);
                }
                picture_free(world->readers[i].replica);
        }
        picture_free(world->picture);
        change_deinit(&world->change);
        arena_free(world->arena);
}

int main(int argc, char **argv)
{
        static World world;

        world.chance = chance_new(argc, argv);
        must(arena_new(&world.arena, 4 * ARENA_MESSAGE_BYTES));
        must(picture_new(&world.picture, N_TOMBSTONES));
        for (size_t i = 0; i < N_READERS; i++) {
                world.readers[i].level = i % 2 ? AUDIENCE_CARE : AUDIENCE_COORD;
                must(picture_new(&world.readers[i].replica, 0));
        }
        for (size_t i = 0; i < N_COMMITS; i++) {
                commit(&world);
                settle(&world, chance_percent(&world.chance, 5));
        }
        printf("%zu blocks lost, %zu answers, %zu of them whole, compared %zu times\n",
               world.n_lost, world.n_answers, world.n_whole, world.n_compared);
        world_deinit(&world);
        return world.n_lost && world.n_whole && world.n_whole < world.n_answers &&
                               world.n_compared > N_COMMITS
                       ? 0
                       : 1;
}
