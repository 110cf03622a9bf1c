#include "lib/replica-internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Topics, what they are to be asked, and the epochs that their positions are in
 */

static const Topic registry_topic = { .kind = TOPIC_REGISTRY, .lane = LANE_STATUS };

/* ------------------------------------------------------------------ telling */

void replica_alarm(Replica *replica, PlekAlarm alarm, const Blob *evidence, const Blob *other,
                   const char *format, ...)
{
        va_list arguments;
        char text[256];

        if (!replica->events.alarm)
                return;
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        replica->events.alarm(replica->arg, alarm, text, evidence, other);
}

/* ------------------------------------------------------------------ topics */

ReplicaTopic *replica_find_topic(const Replica *replica, const char *text)
{
        ReplicaTopic *topic;

        HASH_FIND_STR(replica->topics, text, topic);
        return topic;
}

static ReplicaTopic *topic_free(ReplicaTopic *topic)
{
        topic_give_up(topic);
        topic_drop_held(topic);
        free(topic);
        return NULL;
}

static int topic_new(Replica *replica, const Topic *which, ReplicaTopic **ret_topic)
{
        ReplicaTopic *topic;
        int r;

        topic = calloc(1, sizeof(*topic));
        if (!topic)
                return err_raise(-ENOMEM);
        topic->topic = *which;
        (void)topic_format(which, topic->text);
        list_init(&topic->held);
        list_init(&topic->chunks);
        if (which->kind != TOPIC_REGISTRY) {
                r = picture_need_topic(replica->picture, which, &topic->picture);
                if (r) {
                        free(topic);
                        return r;
                }
        }
        HASH_ADD_STR(replica->topics, text, topic);
        if (!topic->hh.tbl) {
                free(topic);
                return err_raise(-ENOMEM);
        }

        *ret_topic = topic;
        if (replica->events.topic)
                replica->events.topic(replica->arg, topic->text, which->lane);
        return 0;
}

static bool is_wanted(const Replica *replica, const Topic *topic)
{
        if (topic->kind == TOPIC_REGISTRY)
                return true;
        if (topic->kind == TOPIC_BEAT || (topic->kind == TOPIC_TEST && !replica->with_test))
                return false;
        if (replica->all_regions || (replica->all_doors && topic->lane == LANE_STATUS))
                return true;
        for (size_t i = 0; i < replica->n_regions; i++)
                if (!strcmp(replica->regions[i], topic->region))
                        return true;
        return false;
}

int replica_learn_topic(Replica *replica, const char *text, const ReplicaTime *time,
                        ReplicaTopic **ret_topic)
{
        Topic which;
        int r;

        *ret_topic = replica_find_topic(replica, text);
        if (*ret_topic)
                return 0;
        if (topic_parse(&which, text, strlen(text)) || !is_wanted(replica, &which))
                return 0;
        r = topic_new(replica, &which, ret_topic);
        if (r)
                return r;
        /* Its subscription has to travel first; to the past there is none. */
        topic_want(*ret_topic, time, replica->at_ms ? 0 : BEHIND_MS);
        return 0;
}

void topic_want(ReplicaTopic *topic, const ReplicaTime *time, int64_t delay_ms)
{
        if ((topic->wants && !topic->is_soft) || topic->is_asking)
                return;
        topic->wants = true;
        topic->is_soft = false;
        topic->ask_at_ms = time->now_ms + delay_ms;
}

void topic_want_softly(ReplicaTopic *topic, const ReplicaTime *time, int64_t delay_ms)
{
        if (topic->wants || topic->is_asking)
                return;
        topic_want(topic, time, delay_ms);
        topic->is_soft = true;
}

void topic_came(ReplicaTopic *topic)
{
        if (topic->is_soft)
                topic->wants = topic->is_soft = false;
}

static void list_drop(ListLink *list)
{
        list_for_each (link, list) {
                Held *held = list_entry(link, Held, link);

                list_unlink(link);
                blob_unref(held->bytes);
                free(held);
        }
}

void topic_give_up(ReplicaTopic *topic)
{
        topic->is_asking = topic->is_begun = false;
        topic->request = 0;
        transfer_end(&topic->transfer);
        list_drop(&topic->chunks);
}

void topic_failed(ReplicaTopic *topic, const ReplicaTime *time)
{
        int64_t wait_ms = MIN((int64_t)ASK_AGAIN_MS << MIN(topic->n_failures, 10u),
                              (int64_t)ASK_AGAIN_MAX_MS);

        topic_give_up(topic);
        topic->n_failures++;
        topic->wants = topic->is_soft = false;
        topic_want(topic, time, wait_ms);
}

void topic_drop_held(ReplicaTopic *topic)
{
        list_drop(&topic->held);
        topic->n_held_bytes = 0;
}

/* ------------------------------------------------------------------ its life */

static int registry_renew(Replica *replica)
{
        CLEANUP(registry_freep) Registry *registry = NULL;
        const RegionCard *card = &replica->card->card;
        Genesis genesis = { .network = card->network, .network_name = card->network_name };
        int r;

        r = registry_new(&registry);
        if (r)
                return r;
        memcpy(genesis.authority, card->authority[0], KEY_BYTES);
        registry_set_genesis(registry, &genesis);
        r = registry_apply_card(registry, 0, 0, replica->card->envelope);
        if (r)
                return err_fold(r);

        registry_free(replica->registry);
        replica->registry = STEAL(registry);
        return 0;
}

static int copy_regions(Replica *replica, const ReplicaOptions *options)
{
        replica->all_regions = !options->regions;
        replica->all_doors = replica->all_regions || options->all_doors;
        if (replica->all_regions || !options->n_regions)
                return 0;

        replica->regions = calloc(options->n_regions, sizeof(*replica->regions));
        if (!replica->regions)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < options->n_regions; i++) {
                if (!options->regions[i] || !region_is_valid(options->regions[i]))
                        return err_raise(-EINVAL);
                strcpy(replica->regions[i], options->regions[i]);
        }
        replica->n_regions = options->n_regions;
        return 0;
}

int replica_new(Replica **ret_replica, const PlekRegionCard *card, Heads *heads,
                const ReplicaOptions *options, const ReplicaEvents *events, void *arg)
{
        CLEANUP(replica_freep) Replica *replica = NULL;
        int r;

        replica = calloc(1, sizeof(*replica));
        if (!replica)
                return err_raise(-ENOMEM);
        replica->card = card;
        replica->heads = heads;
        replica->events = *events;
        replica->arg = arg;
        replica->with_test = options->with_test;
        replica->at_ms = options->at_ms;
        replica->n_withdrawn_max = options->n_withdrawn_max;
        list_init(&replica->withdrawals);

        r = copy_regions(replica, options);
        if (!r)
                r = picture_new(&replica->picture, 0);
        if (!r)
                r = arena_new(&replica->arena, MESSAGE_ARENA_BYTES);
        if (!r)
                r = arena_new(&replica->scratch, ARENA_MESSAGE_BYTES);
        if (!r)
                r = registry_renew(replica);
        if (!r)
                r = topic_new(replica, &registry_topic, &replica->reg);
        if (r)
                return r;

        picture_on_record_free(replica->picture, record_gone, replica);
        *ret_replica = STEAL(replica);
        return 0;
}

Replica *replica_free(Replica *replica)
{
        ReplicaTopic *topic, *next;

        if (!replica)
                return NULL;

        replica->is_leaving = true;
        HASH_ITER (hh, replica->topics, topic, next) {
                HASH_DEL(replica->topics, topic);
                topic_free(topic);
        }
        withdrawn_forget_all(replica);
        picture_free(replica->picture);
        registry_free(replica->registry);
        heap_deinit(&replica->due);
        change_deinit(&replica->change);
        arena_free(replica->arena);
        arena_free(replica->scratch);
        free(replica->agreed);
        free(replica->regions);
        free(replica);
        return NULL;
}

bool replica_has_all_doors(const Replica *replica)
{
        return replica->all_doors;
}

void replica_set_card(Replica *replica, const PlekRegionCard *card)
{
        replica->card = card;
        /* If there is no memory for it, the next one on reg/ says the same. */
        (void)!registry_apply_card(replica->registry, registry_revision(replica->registry), 0,
                                   card->envelope);
}

static void drop_records(Replica *replica)
{
        ReplicaTopic *topic, *next;

        HASH_ITER (hh, replica->topics, topic, next) {
                if (topic->picture)
                        picture_drop_topic(replica->picture, topic->picture);
        }
        withdrawn_forget_all(replica);
}

static void forget_positions(Replica *replica, const ReplicaTopic *except, const ReplicaTime *time)
{
        ReplicaTopic *topic, *next;

        HASH_ITER (hh, replica->topics, topic, next) {
                if (topic == except)
                        continue;
                topic_give_up(topic);
                topic->is_known = false;
                topic->suspect = 0;
                topic->wants = topic->is_soft = false;
                topic_want(topic, time, 0);
        }
        withdrawn_forget_seqs(replica);
}

int replica_forget(Replica *replica, const ReplicaTopic *except, const ReplicaTime *time)
{
        ReplicaTopic *topic, *next;

        drop_records(replica);
        forget_positions(replica, except, time);
        HASH_ITER (hh, replica->topics, topic, next) {
                if (topic != except)
                        topic->epoch = topic->revision = 0;
        }
        return registry_renew(replica);
}

/* ------------------------------------------------------------------ epochs */

void topic_follow(Replica *replica, ReplicaTopic *topic)
{
        const Epoch *epoch = &replica->epoch;

        if (topic->epoch && replica->has_epoch && topic->epoch == epoch->previous_epoch &&
            epoch->continues && topic->revision <= epoch->previous_revision) {
                topic->epoch = epoch->epoch;
                topic_came(topic);
        }
}

/* Whether @opening denies what we hold. */
static bool is_broken_by(const ReplicaTopic *topic, const Epoch *opening)
{
        if (!topic->epoch || topic->epoch == opening->epoch)
                return false;
        if (!opening->continues)
                return true;
        return topic->epoch == opening->previous_epoch &&
               topic->revision > opening->previous_revision;
}

void replica_epoch(Replica *replica, const Epoch *epoch, const ReplicaTime *time)
{
        ReplicaTopic *topic, *next;
        bool is_broken = false;

        if (replica->has_epoch && replica->epoch.epoch == epoch->epoch)
                return;
        if (replica->at_ms)
                return; /* what was held then is of the epoch of then */
        replica->epoch = *epoch;
        replica->epoch.cause = NULL;
        replica->has_epoch = true;
        replica->may_drain = true;

        HASH_ITER (hh, replica->topics, topic, next) {
                is_broken |= is_broken_by(topic, epoch);
                topic_follow(replica, topic);
                if (topic->is_known && topic->epoch != epoch->epoch)
                        topic_want(topic, time, 0);
        }
        if (!is_broken)
                return;

        replica_alarm(replica, PLEK_ALARM_ROLLED_BACK, NULL, NULL,
                      epoch->continues
                              ? "the broker does not have what it published before its restart"
                              : "the broker began a new history%s%s",
                      epoch->cause ? ": " : "", epoch->cause ? epoch->cause : "");
        if (replica_forget(replica, NULL, time))
                replica_alarm(replica, PLEK_ALARM_ROLLED_BACK, NULL, NULL,
                              "no memory for a new registry: the old one stays");
}

/* ------------------------------------------------------------------ sessions */

int replica_hello(Replica *replica, Audience audience, const Epoch *epoch,
                  const TopicPosition *topics, size_t n_topics, const ReplicaTime *time)
{
        bool is_narrower = replica->audience && audience < replica->audience;
        ReplicaTopic *topic, *next;
        int r;

        replica->is_up = true;
        replica_epoch(replica, epoch, time);
        if (audience != replica->audience) {
                /* A position is one of an audience. Who may read less keeps nothing. */
                replica->audience = audience;
                if (is_narrower)
                        drop_records(replica);
                forget_positions(replica, NULL, time);
        }

        for (size_t i = 0; i < n_topics; i++) {
                r = replica_learn_topic(replica, topics[i].topic, time, &topic);
                if (r)
                        return r;
                if (topic && topic->is_known && topics[i].revision > topic->revision &&
                    !replica->at_ms)
                        topic_want_softly(topic, time, GAP_MS);
        }
        HASH_ITER (hh, replica->topics, topic, next) {
                if (!topic->is_known)
                        topic_want(topic, time, 0);
        }
        return 0;
}

void replica_session_lost(Replica *replica, const ReplicaTime *time)
{
        ReplicaTopic *topic, *next;

        replica->is_up = false;
        HASH_ITER (hh, replica->topics, topic, next) {
                if (!topic->is_asking)
                        continue;
                topic_give_up(topic);
                topic_want(topic, time, 0);
        }
}

/* ------------------------------------------------------------------ looking */

const Picture *replica_picture(const Replica *replica)
{
        return replica->picture;
}

const Registry *replica_registry(const Replica *replica)
{
        return replica->registry;
}

bool replica_is_thinned(const Replica *replica)
{
        return replica->is_thinned;
}

const Head *replica_past_head(const Replica *replica)
{
        return replica->has_past_head ? &replica->past_head : NULL;
}

bool replica_is_in_sync(const Replica *replica)
{
        ReplicaTopic *topic, *next;

        HASH_ITER (hh, replica->topics, topic, next) {
                if (!topic->is_known || topic->wants || topic->is_asking ||
                    !list_is_empty(&topic->held))
                        return false;
        }
        return true;
}

const char *replica_next_topic(const Replica *replica, const char *text, Lane *ret_lane)
{
        ReplicaTopic *topic = replica->topics;

        if (text) {
                topic = replica_find_topic(replica, text);
                topic = topic ? topic->hh.next : NULL;
        }
        if (!topic)
                return NULL;
        *ret_lane = topic->topic.lane;
        return topic->text;
}

void replica_position(const Replica *replica, const char *text, uint64_t *ret_epoch,
                      uint64_t *ret_revision)
{
        const ReplicaTopic *topic = replica_find_topic(replica, text);

        *ret_epoch = topic && topic->is_known ? topic->epoch : 0;
        *ret_revision = topic && topic->is_known ? topic->revision : 0;
}
