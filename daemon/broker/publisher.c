#include "broker/publisher.h"

#include <string.h>

#include "broker/entries.h"
#include "broker/parts.h"
#include "internal/crashpoint.h"

enum {
        ENTRY_EXTRA_MAX = 768,  /* what an entry is more than its envelope, a withdrawal included */
        BLOCK_EXTRA_MAX = 2048, /* what a frame is more than its entries */
        SPARE_BLOCKS_MAX = 16,
        LEVEL_CARE = 1 << AUDIENCE_CARE,
        LEVEL_COORD = 1 << AUDIENCE_COORD,
        LEVELS_BOTH = LEVEL_CARE | LEVEL_COORD,
};

struct PendingBlock {
        ListLink link;
        BlockBuilder *builder;
        unsigned levels;
        uint64_t first, last;
        size_t n_bytes_max; /* what it may have come to */
        bool is_left_out;   /* one revision of it is larger than a frame */
};

int publisher_init(Publisher *publisher, Broker *broker)
{
        *publisher = (Publisher){ .broker = broker };
        list_init(&publisher->registry.blocks);
        list_init(&publisher->spare);
        for (size_t i = 0; i < N_ELEMENTS(publisher->in_commit); i++)
                list_init(&publisher->in_commit[i]);
        return err_fold(block_builder_new(&publisher->foreseer, BLOCK_FRAME_MAX));
}

static PendingBlock *block_free(PendingBlock *block)
{
        if (!block)
                return NULL;
        list_unlink(&block->link);
        block_builder_free(block->builder);
        free(block);
        return NULL;
}

static void blocks_free(ListLink *blocks)
{
        list_for_each (link, blocks)
                block_free(list_entry(link, PendingBlock, link));
}

void publisher_deinit(Publisher *publisher)
{
        PublishedTopic *topic, *next;

        if (!publisher->broker)
                return;
        HASH_ITER (hh, publisher->topics, topic, next) {
                HASH_DEL(publisher->topics, topic);
                blocks_free(&topic->blocks);
                free(topic);
        }
        blocks_free(&publisher->registry.blocks);
        blocks_free(&publisher->spare);
        block_builder_free(publisher->foreseer);
        blob_unref(publisher->ahead);
        *publisher = (Publisher){};
}

/* ------------------------------------------------------------------ topics */

static PublishedTopic *topic_find(const Publisher *publisher, const PictureTopic *topic)
{
        PublishedTopic *found;

        if (!topic)
                return (PublishedTopic *)&publisher->registry;
        HASH_FIND_PTR(publisher->topics, &topic, found);
        return found;
}

static PublishedTopic *topic_need(Publisher *publisher, const PictureTopic *topic)
{
        PublishedTopic *found = topic_find(publisher, topic);

        if (found)
                return found;
        found = calloc(1, sizeof(*found));
        if (!found)
                return NULL;

        found->topic = topic;
        list_init(&found->blocks);
        HASH_ADD_PTR(publisher->topics, topic, found);
        if (!found->hh.tbl) {
                free(found);
                return NULL;
        }
        return found;
}

static void topic_enter_commit(Publisher *publisher, PublishedTopic *topic)
{
        Lane lane = topic->topic ? topic->topic->topic.lane : LANE_STATUS;

        if (list_is_linked(&topic->in_commit))
                return;
        topic->is_split = topic->last[AUDIENCE_CARE] != topic->last[AUDIENCE_COORD];
        list_append(&publisher->in_commit[lane], &topic->in_commit);
}

/* Where readers of each level stand with all that was applied. */
static void topic_take_last(const Publisher *publisher, PublishedTopic *topic)
{
        for (Audience level = AUDIENCE_OPEN; level <= AUDIENCE_COORD; level++)
                topic->last[level] =
                        topic->topic ? topic->topic->last[level]
                                     : registry_revision(state_registry(publisher->broker->state));
}

int publisher_sync(Publisher *publisher)
{
        const Picture *picture = state_picture(publisher->broker->state);
        const PictureTopic *topic = NULL;
        PublishedTopic *published;

        topic_take_last(publisher, &publisher->registry);
        while ((topic = picture_next_topic(picture, topic))) {
                published = topic_need(publisher, topic);
                if (!published)
                        return err_raise(-ENOMEM);
                topic_take_last(publisher, published);
        }
        return 0;
}

/* ------------------------------------------------------------------ collecting */

static PendingBlock *block_new(Publisher *publisher, PublishedTopic *topic, unsigned levels)
{
        PendingBlock *block;

        if (!list_is_empty(&publisher->spare)) {
                block = list_entry(publisher->spare.next, PendingBlock, link);
                list_unlink(&block->link);
                publisher->n_spare--;
        } else {
                block = calloc(1, sizeof(*block));
                if (!block)
                        return NULL;
                if (block_builder_new(&block->builder, BLOCK_FRAME_MAX)) {
                        free(block);
                        return NULL;
                }
        }

        block->levels = levels;
        block->first = block->last = 0;
        block->n_bytes_max = BLOCK_EXTRA_MAX;
        block->is_left_out = false;
        list_append(&topic->blocks, &block->link);
        return block;
}

/* The newest block for @levels, if @n_bytes more certainly fit. */
static PendingBlock *block_with_room(PublishedTopic *topic, unsigned levels, size_t n_bytes)
{
        list_for_each_reverse(link, &topic->blocks)
        {
                PendingBlock *block = list_entry(link, PendingBlock, link);

                if (!(block->levels & levels))
                        continue;
                if (block->levels != levels || block->is_left_out ||
                    block->n_bytes_max + n_bytes > BLOCK_FRAME_MAX)
                        return NULL;
                return block;
        }
        return NULL;
}

static bool item_is_for(const ChangeItem *item, const PictureTopic *topic, unsigned levels)
{
        unsigned told = 0;

        for (Audience level = MAX(item->from, AUDIENCE_CARE); level <= item->to; level++)
                told |= 1u << level;
        return item->topic == topic && (told & levels);
}

static size_t item_size_max(const LedgerEntry *entry, const ChangeItem *item)
{
        size_t n_bytes = ENTRY_EXTRA_MAX;

        switch (item->kind) {
        case CHANGE_MOVED:
                n_bytes += item->record->envelope->n_bytes;
                if (item->record->affirmation)
                        n_bytes += ENTRY_EXTRA_MAX + item->record->affirmation->envelope->n_bytes;
                break;
        case CHANGE_WITHDRAWN:
                break;
        default:
                n_bytes += entry->bytes->n_bytes;
        }
        return n_bytes;
}

/* Everything of one revision that readers at @levels are told on @topic, into one block. */
static int add_revision(Publisher *publisher, PublishedTopic *topic, unsigned levels,
                        const LedgerEntry *entry, const Change *change)
{
        PendingBlock *block;
        size_t n_bytes = 0;
        int r;

        for (size_t i = 0; i < change->n_items; i++)
                if (item_is_for(&change->items[i], topic->topic, levels))
                        n_bytes += item_size_max(entry, &change->items[i]);
        if (!n_bytes)
                return 0;

        block = block_with_room(topic, levels, n_bytes);
        if (!block)
                block = block_new(publisher, topic, levels);
        if (!block)
                return err_raise(-ENOMEM);

        if (!block->first)
                block->first = entry->revision;
        block->last = entry->revision;
        block->n_bytes_max += n_bytes;

        for (size_t i = 0; i < change->n_items && !block->is_left_out; i++) {
                if (!item_is_for(&change->items[i], topic->topic, levels))
                        continue;
                r = entries_add_item(block->builder, entry, &change->items[i]);
                if (r == BLOCK_E_FULL)
                        block->is_left_out = true;
                else if (r)
                        return err_fold(r);
        }
        return 0;
}

static int add_to_topic(Publisher *publisher, const ChangeItem *item, const LedgerEntry *entry,
                        const Change *change)
{
        PublishedTopic *topic = topic_need(publisher, item->topic);
        int r;

        if (!topic)
                return err_raise(-ENOMEM);
        if (topic->collected == entry->revision)
                return 0; /* another item of this revision brought us here already */
        topic->collected = entry->revision;
        topic_enter_commit(publisher, topic);

        for (size_t i = 0; i < change->n_items; i++) {
                const ChangeItem *other = &change->items[i];

                if (other->topic != item->topic)
                        continue;
                /* From here on, and until the commit ends. */
                if (!item_is_for(other, item->topic, LEVEL_CARE) ||
                    !item_is_for(other, item->topic, LEVEL_COORD))
                        topic->is_split = true;
        }

        if (!topic->is_split)
                return add_revision(publisher, topic, LEVELS_BOTH, entry, change);
        r = add_revision(publisher, topic, LEVEL_CARE, entry, change);
        return r ? r : add_revision(publisher, topic, LEVEL_COORD, entry, change);
}

int publisher_add(Publisher *publisher, const LedgerEntry *entry, const Change *change)
{
        int r;

        for (size_t i = 0; i < change->n_items; i++) {
                r = add_to_topic(publisher, &change->items[i], entry, change);
                if (r)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ sending */

/* As state_apply() will take it: under the grant in force, at the revision that is signed. */
static bool foresee(const Broker *broker, const Update *update, const Blob *envelope,
                    const PictureTopic **ret_topic, Entry *ret_entry)
{
        Registry *registry = state_registry(broker->state);
        const Head *head = &broker->head.expected;
        const Party *party = registry_find(registry, update->party);
        const LocationGrant *grant = party ? party_grant(party, update->location) : NULL;

        return grant &&
               picture_foresee(state_picture(broker->state), update, envelope, head->revision,
                               head->time_ms, grant->region, ret_topic, ret_entry);
}

void publisher_seal_ahead(Publisher *publisher, const Update *update, const Blob *envelope)
{
        Broker *broker = publisher->broker;
        const Blob *head = broker->head.ahead;
        const PublishedTopic *published;
        const PictureTopic *topic;
        Entry entry;
        Block said;

        publisher->ahead = blob_unref(publisher->ahead);
        if (!head || !foresee(broker, update, envelope, &topic, &entry))
                return;
        published = topic_find(publisher, topic);
        if (!published || published->last[AUDIENCE_CARE] != published->last[AUDIENCE_COORD])
                return;

        said = (Block){
                .head = head->bytes,
                .n_head = head->n_bytes,
                .first = entry.revision,
                .last = entry.revision,
                .previous = published->last[AUDIENCE_CARE],
                .reg_revision = registry_revision(state_registry(broker->state)),
        };
        if (block_builder_add(publisher->foreseer, &entry) ||
            block_builder_seal(publisher->foreseer, &publisher->ahead, &topic->topic, &said,
                               &broker->network, broker->key))
                publisher->ahead = NULL;
}

static int send_block(Publisher *publisher, const PublishedTopic *topic, const PendingBlock *block,
                      uint64_t last[N_LEVELS], Blob *head)
{
        static const Topic registry_topic = { .kind = TOPIC_REGISTRY, .lane = LANE_STATUS };
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Broker *broker = publisher->broker;
        Audience level = block->levels & LEVEL_CARE ? AUDIENCE_CARE : AUDIENCE_COORD;
        Block said = {
                .head = head->bytes,
                .n_head = head->n_bytes,
                .first = block->first,
                .last = block->last,
                .previous = last[level],
                .reg_revision = registry_revision(state_registry(broker->state)),
        };
        int r;

        assert(block->levels != LEVELS_BOTH || last[AUDIENCE_CARE] == last[AUDIENCE_COORD]);
        r = block_builder_seal_as(block->builder, &frame,
                                  topic->topic ? &topic->topic->topic : &registry_topic, &said,
                                  &broker->network, broker->key, publisher->ahead);
        if (r == BLOCK_E_FULL) {
                broker->counters.n_blocks_left_out++;
                return 0;
        }
        if (r)
                return err_fold(r);

        broker->counters.n_blocks++;
        broker->counters.n_blocks_ahead += frame == publisher->ahead;
        broker->counters.n_block_bytes += frame->n_bytes;
        r = broker_publish(broker, block->levels, frame);
        crash_point("between-blocks");
        return r;
}

static void block_retire(Publisher *publisher, PendingBlock *block)
{
        /* A builder that was not sealed still has its entries. */
        if (block->is_left_out || publisher->n_spare >= SPARE_BLOCKS_MAX) {
                block_free(block);
                return;
        }
        list_unlink(&block->link);
        list_append(&publisher->spare, &block->link);
        publisher->n_spare++;
}

static int flush_topic(Publisher *publisher, PublishedTopic *topic, Blob *head)
{
        uint64_t last[N_LEVELS];
        int r;

        memcpy(last, topic->last, sizeof(last));
        list_for_each (link, &topic->blocks) {
                PendingBlock *block = list_entry(link, PendingBlock, link);

                if (block->is_left_out) {
                        publisher->broker->counters.n_blocks_left_out++;
                } else {
                        r = send_block(publisher, topic, block, last, head);
                        if (r)
                                return r;
                }
                for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++)
                        if (block->levels & 1u << level)
                                last[level] = block->last;
                block_retire(publisher, block);
        }

        topic_take_last(publisher, topic);
        list_unlink(&topic->in_commit);
        return 0;
}

int publisher_flush(Publisher *publisher, Blob *head)
{
        int r;

        for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++) {
                list_for_each (link, &publisher->in_commit[lane]) {
                        r = flush_topic(publisher, list_entry(link, PublishedTopic, in_commit),
                                        head);
                        if (r)
                                return r;
                }
        }
        return 0;
}
