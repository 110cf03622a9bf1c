#include "lib/outbox-internal.h"

#include <string.h>

#include "picture/freshness.h"

/*
 * A report is kept as the body of an update with placeholders for who says it when. That is small,
 * was checked when it was made, and two reports say the same if their bytes are the same.
 */

#define PLACEHOLDER_PARTY "x"

/* ------------------------------------------------------------------ its life */

int outbox_new(Outbox **ret_outbox, const OutboxOptions *options)
{
        CLEANUP(outbox_freep) Outbox *outbox = NULL;
        int r;

        outbox = calloc(1, sizeof(*outbox));
        if (!outbox)
                return err_raise(-ENOMEM);
        outbox->options = *options;
        outbox->random = options->seed | 1;
        for (size_t i = 0; i < N_RANKS; i++)
                list_init(&outbox->queues[i]);

        outbox->flight_memory = calloc(options->n_flights_max, sizeof(OutboxFlight));
        if (!outbox->flight_memory)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < options->n_flights_max; i++) {
                outbox->flight_memory[i].next_free = outbox->free_flights;
                outbox->free_flights = &outbox->flight_memory[i];
        }
        r = heap_reserve(&outbox->flying, options->n_flights_max);
        if (r)
                return r;

        *ret_outbox = STEAL(outbox);
        return 0;
}

Outbox *outbox_free(Outbox *outbox)
{
        OutboxItem *item, *next_item;
        OutboxGroup *group, *next_group;
        OutboxSource *source, *next_source;

        if (!outbox)
                return NULL;

        HASH_CLEAR(hh, outbox->flights);
        HASH_ITER (hh, outbox->items, item, next_item) {
                item_free(outbox, item);
        }
        HASH_ITER (hh, outbox->groups, group, next_group) {
                HASH_DEL(outbox->groups, group);
                free(group);
        }
        HASH_ITER (hh, outbox->sources, source, next_source) {
                HASH_DEL(outbox->sources, source);
                free(source);
        }
        heap_deinit(&outbox->waiting);
        heap_deinit(&outbox->affirms);
        heap_deinit(&outbox->flying);
        free(outbox->flight_memory);
        free(outbox);
        return NULL;
}

int64_t outbox_jitter(Outbox *outbox, int64_t ms)
{
        uint32_t x = outbox->random;

        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        outbox->random = x;
        return ms - ms / 4 + (int64_t)(x % (uint64_t)(ms / 2 + 1));
}

/* ------------------------------------------------------------------ items */

void item_enter(Outbox *outbox, OutboxItem *item, ItemState state)
{
        outbox->n_in[item->state]--;
        list_unlink(&item->in_queue);
        heap_remove(&outbox->waiting, &item->due);

        item->state = state;
        outbox->n_in[state]++;
        if (state == ITEM_READY)
                list_append(&outbox->queues[item->rank], &item->in_queue);
}

void item_wait(Outbox *outbox, OutboxItem *item, int64_t due)
{
        item_enter(outbox, item, ITEM_WAITING);
        heap_set(&outbox->waiting, &item->due, due);
}

OutboxItem *item_free(Outbox *outbox, OutboxItem *item)
{
        OutboxFlight *flight, *next;

        HASH_ITER (hh, outbox->flights, flight, next) {
                if (flight->item == item)
                        flight->item = NULL;
        }
        item_enter(outbox, item, ITEM_CLEAN);
        outbox->n_in[ITEM_CLEAN]--;
        HASH_DEL(outbox->items, item);
        list_unlink(&item->in_group);
        blob_unref(item->body);
        free(item);
        return NULL;
}

void item_join(OutboxItem *item, OutboxGroup *group)
{
        list_unlink(&item->in_group);
        item->group = group;
        if (group)
                list_append(&group->items, &item->in_group);
}

static OutboxItem *item_find(const Outbox *outbox, const RecordKey *key)
{
        OutboxItem *item;

        HASH_FIND(hh, outbox->items, key->bytes, key->n_bytes, item);
        return item;
}

/* A new one is CLEAN without a body until it is filled in. */
static int item_need(Outbox *outbox, const RecordKey *key, OutboxItem **ret_item)
{
        OutboxItem *item = item_find(outbox, key);
        size_t n_items = HASH_COUNT(outbox->items);
        int r;

        if (item) {
                *ret_item = item;
                return 0;
        }
        if (n_items >= outbox->options.n_items_max)
                return OUTBOX_E_FULL;
        r = heap_reserve(&outbox->waiting, n_items + 1);
        if (r)
                return r;

        item = calloc(1, sizeof(*item) + key->n_bytes);
        if (!item)
                return err_raise(-ENOMEM);
        item->state = ITEM_CLEAN;
        item->n_key = key->n_bytes;
        memcpy(item->key, key->bytes, key->n_bytes);
        HASH_ADD_KEYPTR(hh, outbox->items, item->key, item->n_key, item);
        if (!item->hh.tbl) {
                free(item);
                return err_raise(-ENOMEM);
        }
        outbox->n_in[ITEM_CLEAN]++;
        *ret_item = item;
        return 0;
}

/* ------------------------------------------------------------------ what is put */

/* When it could be said: its time is judged when it is put, and again when it is sent. */
static int64_t placeholder_ms(const Update *update)
{
        bool begins =
                update->kind == UPDATE_OFFERING && offering_begins_later(&update->offering, 0);

        return begins ? update->offering.holds_from_ms : 0;
}

/* Placeholders: equal reports become equal bytes. */
static int encode(Blob **ret_body, const Update *update, WireRefusal *ret_refusal)
{
        Update bare = *update;
        int r;

        bare.party = PLACEHOLDER_PARTY;
        bare.instance = 1;
        bare.seq = 1;
        bare.sent_at_ms = bare.observed_at_ms = placeholder_ms(update);
        bare.not_after_ms = bare.sent_at_ms + NOT_AFTER_MS;
        r = update_encode(ret_body, ret_refusal, &bare);
        return r == UPDATE_E_REFUSED ? OUTBOX_E_INVALID : err_fold(r);
}

static uint8_t rank_of(UpdateKind report)
{
        switch (report) {
        case UPDATE_DOOR:
                return RANK_STATUS;
        case UPDATE_CARD:
        case UPDATE_OFFERING:
                return RANK_CARD;
        default:
                return RANK_COUNTS;
        }
}

static uint32_t valid_for_of(const Update *update)
{
        if (update->kind == UPDATE_DOOR && update->door.plan)
                return 0;
        return update->valid_for_s ? update->valid_for_s
                                   : freshness_default_valid_for_s(update->kind);
}

/* The newest version of @item is @body, which is taken; it is to be sent. */
static void item_change(Outbox *outbox, OutboxItem *item, Blob *body, UpdateKind report)
{
        blob_unref(item->body);
        item->body = body;
        item->version++;
        item->n_attempts = 0;
        item->rank = rank_of(report);
        item_enter(outbox, item, ITEM_READY);
}

int outbox_put(Outbox *outbox, const Update *update, int64_t observed_ms, int64_t now_ms,
               WireRefusal *ret_refusal)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        RecordRef ref;
        OutboxItem *item;
        RecordKey key;
        bool is_held;
        int r;

        r = encode(&body, update, ret_refusal);
        if (r)
                return r;
        if (report_is_event(update->kind))
                outbox_sweep_events(outbox, event_over_ms(update));
        ref = update_record_ref(update);
        record_key_make(&key, update->status, PLACEHOLDER_PARTY, update->location, &ref);
        r = item_need(outbox, &key, &item);
        if (r)
                return r;

        if (event_is_other(item, body, update->kind, ret_refusal))
                return OUTBOX_E_INVALID;

        item->is_event = report_is_event(update->kind);
        item->over_ms = event_over_ms(update);
        item->observed_ms = MIN(observed_ms, now_ms);
        is_held = !item->is_withdrawal && item->state != ITEM_FORGOTTEN &&
                  body_is_same(item->body, body);
        if (is_held && (item->state != ITEM_CLEAN || item->is_event))
                return 0;
        if (is_held && outbox_answers(outbox, update->location))
                return 0; /* the next affirm renews it */

        item->is_withdrawal = false;
        item->valid_for_s = valid_for_of(update);
        item_change(outbox, item, STEAL(body), update->kind);
        return 0;
}

int outbox_withdraw(Outbox *outbox, Status status, const char *location, const RecordRef *ref,
                    int64_t now_ms, WireRefusal *ret_refusal)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        OutboxItem *item;
        RecordKey key;
        int r;

        r = encode(&body,
                   &(Update){
                           .status = status,
                           .audience = AUDIENCE_CARE,
                           .location = location,
                           .kind = UPDATE_WITHDRAW,
                           .withdraw = *ref,
                   },
                   ret_refusal);
        if (r)
                return r;
        record_key_make(&key, status, PLACEHOLDER_PARTY, location, ref);
        r = item_need(outbox, &key, &item);
        if (r)
                return r;

        if (item->is_withdrawal && item->state != ITEM_REFUSED)
                return 0;
        item->is_withdrawal = true;
        item->valid_for_s = 0;
        item->observed_ms = now_ms;
        item_change(outbox, item, STEAL(body), ref->report);
        return 0;
}

int outbox_forget(Outbox *outbox, Status status, const char *location, const RecordRef *ref)
{
        OutboxItem *item;
        RecordKey key;

        record_key_make(&key, status, PLACEHOLDER_PARTY, location, ref);
        item = item_find(outbox, &key);
        if (!item || item->is_withdrawal)
                return OUTBOX_E_NOTHING;
        item->version++; /* what is in flight does not settle it */
        item_enter(outbox, item, ITEM_FORGOTTEN);
        return 0;
}

bool outbox_holds(const Outbox *outbox, Status status, const char *location, const RecordRef *ref)
{
        const OutboxItem *item;
        RecordKey key;

        record_key_make(&key, status, PLACEHOLDER_PARTY, location, ref);
        item = item_find(outbox, &key);
        return item && !item->is_withdrawal;
}

/* ------------------------------------------------------------------ sources */

bool outbox_answers(const Outbox *outbox, const char *location)
{
        OutboxSource *source;

        if (outbox->options.is_hand)
                return false;
        HASH_FIND_STR(outbox->sources, location, source);
        return source ? source->answers : outbox->others_answer;
}

static int source_set(Outbox *outbox, const char *location, bool answers)
{
        OutboxSource *source;

        HASH_FIND_STR(outbox->sources, location, source);
        if (!source) {
                source = malloc(sizeof(*source) + strlen(location) + 1);
                if (!source)
                        return err_raise(-ENOMEM);
                strcpy(source->location, location);
                HASH_ADD_STR(outbox->sources, location, source);
                if (!source->hh.tbl) {
                        free(source);
                        return err_raise(-ENOMEM);
                }
        }
        source->answers = answers;
        return 0;
}

int outbox_source_answers(Outbox *outbox, const char *location, bool answers, int64_t now_ms)
{
        OutboxSource *source, *next_source;
        OutboxGroup *group, *next_group;
        int r;

        if (location) {
                r = source_set(outbox, location, answers);
                if (r)
                        return r;
        } else {
                outbox->others_answer = answers;
                HASH_ITER (hh, outbox->sources, source, next_source) {
                        HASH_DEL(outbox->sources, source);
                        free(source);
                }
        }

        HASH_ITER (hh, outbox->groups, group, next_group) {
                if (!location || !strcmp(group_location(group), location))
                        group_schedule(outbox, group);
        }
        return 0;
}

/* ------------------------------------------------------------------ all at once */

static void state_from(Outbox *outbox, ItemState from)
{
        OutboxItem *item, *next;

        HASH_ITER (hh, outbox->items, item, next) {
                if (item->state != from)
                        continue;
                item->n_attempts = 0;
                item_enter(outbox, item, ITEM_READY);
        }
}

void outbox_state_all(Outbox *outbox, int64_t now_ms)
{
        OutboxItem *item, *next;

        outbox_disconnected(outbox, now_ms);
        HASH_ITER (hh, outbox->items, item, next) {
                item_join(item, NULL);
        }
        state_from(outbox, ITEM_CLEAN);
}

static bool is_called_on(const Outbox *outbox, const OutboxItem *item, const Call *call)
{
        const char *party, *location;
        RecordRef ref;
        RecordKey key;
        Status of;

        if (item->state != ITEM_CLEAN || item->is_withdrawal || item->is_event || !item->body)
                return false;
        key.n_bytes = item->n_key;
        memcpy(key.bytes, item->key, item->n_key);
        if (record_key_parse(&key, &of, &party, &location, &ref) || of != call->status ||
            (ref.report != UPDATE_COUNTS && ref.report != UPDATE_DOOR) || ref.plan ||
            (call->n_locations && !call_is_at(call, "", location)) ||
            !outbox_answers(outbox, location))
                return false;
        return ref.care == CODE_ABSENT || call_asks_for(call, ref.care);
}

size_t outbox_state_again(Outbox *outbox, const Call *call)
{
        OutboxItem *item, *next;
        size_t n = 0;

        HASH_ITER (hh, outbox->items, item, next) {
                if (!is_called_on(outbox, item, call))
                        continue;
                item->version++; /* an answer to what was sent before does not settle it */
                item->n_attempts = 0;
                item_enter(outbox, item, ITEM_READY);
                n++;
        }
        return n;
}

void outbox_retry(Outbox *outbox, bool refused_too)
{
        if (refused_too)
                state_from(outbox, ITEM_REFUSED);
        state_from(outbox, ITEM_WAITING);
}

void outbox_raise(Outbox *outbox, uint64_t floor)
{
        outbox->last_seq = MAX(outbox->last_seq, floor);
}

size_t outbox_n_waiting(const Outbox *outbox)
{
        return outbox->n_in[ITEM_READY] + outbox->n_in[ITEM_WAITING] + outbox->n_in[ITEM_FLYING];
}

size_t outbox_n_refused(const Outbox *outbox)
{
        return outbox->n_in[ITEM_REFUSED];
}

size_t outbox_n_flights(const Outbox *outbox)
{
        return HASH_COUNT(outbox->flights);
}

unsigned outbox_n_lost(const Outbox *outbox)
{
        return outbox->n_lost;
}
