#include "lib/outbox-internal.h"

#include <string.h>

/*
 * What goes out, in which order
 *
 * First doors (and their withdrawals), then affirms that are due, then everything else. An affirm
 * is only about what the broker is known to have; a record with anything newer under way, or whose
 * newest report was refused, is excepted: of those the broker has an older word.
 */

/* ------------------------------------------------------------------ groups */

static size_t group_key(char *ret_key, const Update *update)
{
        size_t n_location = strlen(update->location);

        ret_key[0] = (char)update->status;
        ret_key[1] = (char)update->audience;
        ret_key[2] = (char)report_lane(update->kind);
        memcpy(ret_key + 3, update->location, n_location + 1);
        return 3 + n_location + 1;
}

const char *group_location(const OutboxGroup *group)
{
        return group->key + 3;
}

int group_need(Outbox *outbox, const Update *update, OutboxGroup **ret_group)
{
        char key[3 + LOCATION_MAX + 1];
        size_t n_key = group_key(key, update);
        OutboxGroup *group;
        int r;

        HASH_FIND(hh, outbox->groups, key, n_key, group);
        if (group) {
                *ret_group = group;
                return 0;
        }

        r = heap_reserve(&outbox->affirms, outbox->n_groups + 1);
        if (r)
                return r;
        group = calloc(1, sizeof(*group) + n_key);
        if (!group)
                return err_raise(-ENOMEM);
        group->status = update->status;
        group->audience = update->audience;
        group->lane = report_lane(update->kind);
        group->n_key = (uint16_t)n_key;
        memcpy(group->key, key, n_key);
        list_init(&group->items);
        HASH_ADD_KEYPTR(hh, outbox->groups, group->key, group->n_key, group);
        if (!group->hh.tbl) {
                free(group);
                return err_raise(-ENOMEM);
        }
        outbox->n_groups++;
        *ret_group = group;
        return 0;
}

void group_schedule(Outbox *outbox, OutboxGroup *group)
{
        /* Three eighths, give or take a quarter of that: always before the half. */
        int64_t interval_ms = (int64_t)group->valid_for_s * 1000 * 3 / 8;

        if (!group->valid_for_s || group->is_flying ||
            !outbox_answers(outbox, group_location(group))) {
                heap_remove(&outbox->affirms, &group->due);
                return;
        }
        heap_set(&outbox->affirms, &group->due,
                 group->affirmed_ms + outbox_jitter(outbox, interval_ms));
}

/* What it would renew, and what it must except. Returns the number that it must except. */
static size_t group_survey(OutboxGroup *group, size_t *ret_n_clean)
{
        uint32_t valid_for_s = 0;
        size_t n_apart = 0, n_clean = 0;

        list_for_each (link, &group->items) {
                const OutboxItem *item = list_entry(link, OutboxItem, in_group);

                if (item->state != ITEM_CLEAN) {
                        n_apart++;
                        continue;
                }
                n_clean++;
                if (item->valid_for_s && (!valid_for_s || item->valid_for_s < valid_for_s))
                        valid_for_s = item->valid_for_s;
        }
        group->valid_for_s = valid_for_s;
        *ret_n_clean = n_clean;
        return n_apart;
}

static int group_except(const OutboxGroup *group, Arena *arena, size_t n_apart, Affirm *ret_affirm)
{
        RecordRef *apart;
        RecordKey *keys;
        size_t n = 0;

        if (!n_apart)
                return 0;
        apart = arena_alloc(arena, n_apart * sizeof(*apart));
        keys = arena_alloc(arena, n_apart * sizeof(*keys));
        if (!apart || !keys)
                return err_raise(-ENOMEM);

        list_for_each (link, &group->items) {
                const OutboxItem *item = list_entry(link, OutboxItem, in_group);
                const char *party, *location;
                Status status;
                int r;

                if (item->state == ITEM_CLEAN)
                        continue;
                keys[n].n_bytes = item->n_key;
                memcpy(keys[n].bytes, item->key, item->n_key);
                r = record_key_parse(&keys[n], &status, &party, &location, &apart[n]);
                assert(r == 0); /* we made it */
                n++;
        }
        ret_affirm->apart_from = apart;
        ret_affirm->n_apart_from = n;
        return 0;
}

/* ------------------------------------------------------------------ flights */

OutboxFlight *flight_new(Outbox *outbox, uint64_t seq, int64_t due)
{
        OutboxFlight *flight = outbox->free_flights;

        if (!flight)
                return NULL;
        outbox->free_flights = flight->next_free;
        *flight = (OutboxFlight){ .seq = seq };
        HASH_ADD(hh, outbox->flights, seq, sizeof(flight->seq), flight);
        if (!flight->hh.tbl) {
                flight->next_free = outbox->free_flights;
                outbox->free_flights = flight;
                return NULL;
        }
        heap_set(&outbox->flying, &flight->due, due);
        return flight;
}

void flight_end(Outbox *outbox, OutboxFlight *flight)
{
        HASH_DEL(outbox->flights, flight);
        heap_remove(&outbox->flying, &flight->due);
        flight->next_free = outbox->free_flights;
        outbox->free_flights = flight;
}

OutboxFlight *flight_find(Outbox *outbox, uint64_t seq)
{
        OutboxFlight *flight;

        HASH_FIND(hh, outbox->flights, &seq, sizeof(seq), flight);
        return flight;
}

void flight_lost(Outbox *outbox, OutboxFlight *flight, int64_t now_ms)
{
        OutboxItem *item = flight->item;

        if (flight->is_affirm) {
                flight->group->is_flying = false;
                group_schedule(outbox, flight->group);
                if (flight->group->due.place)
                        heap_set(&outbox->affirms, &flight->group->due, now_ms);
        } else if (item && item->version == flight->version && item->state == ITEM_FLYING) {
                item_enter(outbox, item, ITEM_READY);
        }
        flight_end(outbox, flight);
}

void outbox_unsent(Outbox *outbox, uint64_t seq, int64_t now_ms)
{
        OutboxFlight *flight = flight_find(outbox, seq);
        OutboxItem *item = flight ? flight->item : NULL;

        if (!flight)
                return;
        if (item && item->n_attempts && item->version == flight->version)
                item->n_attempts--;
        flight_lost(outbox, flight, now_ms);
}

void outbox_disconnected(Outbox *outbox, int64_t now_ms)
{
        OutboxFlight *flight, *next;

        HASH_ITER (hh, outbox->flights, flight, next) {
                flight_lost(outbox, flight, now_ms);
        }
        outbox->n_lost = 0;
}

/* ------------------------------------------------------------------ the next update */

static void sign_time(Outbox *outbox, const OutboxTime *time, Update *update)
{
        uint64_t seq = MAX(outbox->last_seq + 1, (uint64_t)MAX(time->broker_us, (int64_t)1));

        outbox->last_seq = seq;
        update->party = NULL;
        update->instance = outbox->options.instance;
        update->seq = seq;
        update->sent_at_ms = update->observed_at_ms = time->broker_us / 1000;
        update->not_after_ms = update->sent_at_ms + NOT_AFTER_MS;
}

/* For how long the receipt of a record's n-th try is waited for. */
static int64_t receipt_ms(unsigned n_attempts)
{
        return MIN((int64_t)RECEIPT_FIRST_MS << MIN(n_attempts, 10u), (int64_t)RETRY_MAX_MS);
}

static int send_item(Outbox *outbox, OutboxItem *item, const OutboxTime *time, Arena *arena,
                     Update *ret_update)
{
        OutboxGroup *group = NULL;
        OutboxFlight *flight;
        WireRefusal refusal;
        int64_t age_ms;
        int r;

        r = update_decode(ret_update, &refusal, arena, item->body->bytes, item->body->n_bytes);
        if (r)
                return err_raise(-ENOMEM); /* it was checked when it was made */
        if (!item->is_withdrawal && !item->is_event) {
                r = group_need(outbox, ret_update, &group);
                if (r)
                        return r;
        }
        sign_time(outbox, time, ret_update);
        flight = flight_new(outbox, ret_update->seq,
                            time->now_ms + outbox_jitter(outbox, receipt_ms(item->n_attempts)));
        if (!flight)
                return err_raise(-ENOMEM);

        age_ms = MAX(time->now_ms - item->observed_ms, (int64_t)0);
        ret_update->observed_at_ms = MAX(ret_update->sent_at_ms - age_ms, (int64_t)0);
        flight->item = item;
        flight->group = group;
        flight->version = item->version;
        item->n_attempts++;
        item_enter(outbox, item, ITEM_FLYING);
        return 0;
}

static int send_affirm(Outbox *outbox, OutboxGroup *group, size_t n_apart, const OutboxTime *time,
                       Arena *arena, Update *ret_update)
{
        OutboxFlight *flight;
        int r;

        *ret_update = (Update){
                .status = group->status,
                .audience = group->audience,
                .location = group_location(group),
                .kind = UPDATE_AFFIRM,
                .affirm = { .lane = group->lane, .up_to_seq = outbox->last_seq },
        };
        r = group_except(group, arena, n_apart, &ret_update->affirm);
        if (r)
                return r;
        sign_time(outbox, time, ret_update);
        flight = flight_new(outbox, ret_update->seq,
                            time->now_ms + outbox_jitter(outbox, RECEIPT_FIRST_MS));
        if (!flight)
                return err_raise(-ENOMEM);

        flight->is_affirm = true;
        flight->group = group;
        flight->version = (uint64_t)time->now_ms;
        group->is_flying = true;
        heap_remove(&outbox->affirms, &group->due);
        list_for_each (link, &group->items) {
                OutboxItem *item = list_entry(link, OutboxItem, in_group);

                if (item->state == ITEM_CLEAN)
                        item->observed_ms = time->now_ms;
        }
        return 0;
}

/* An affirm that had to except more than fits says less than stating each again. */
static void restate_group(Outbox *outbox, OutboxGroup *group, int64_t now_ms)
{
        list_for_each (link, &group->items) {
                OutboxItem *item = list_entry(link, OutboxItem, in_group);

                if (item->state != ITEM_CLEAN)
                        continue;
                item->observed_ms = now_ms;
                item_enter(outbox, item, ITEM_READY);
        }
}

static int next_affirm(Outbox *outbox, const OutboxTime *time, Arena *arena, Update *ret_update)
{
        OutboxGroup *group;
        size_t n_apart, n_clean;

        while (heap_due(&outbox->affirms) <= time->now_ms) {
                group = heap_entry(heap_first(&outbox->affirms), OutboxGroup, due);
                n_apart = group_survey(group, &n_clean);
                if (!group->valid_for_s || !n_clean) {
                        heap_remove(&outbox->affirms, &group->due);
                        continue;
                }
                if (n_apart <= APART_FROM_MAX)
                        return send_affirm(outbox, group, n_apart, time, arena, ret_update);

                restate_group(outbox, group, time->now_ms);
                group->affirmed_ms = time->now_ms;
                group_schedule(outbox, group);
        }
        return OUTBOX_E_NOTHING;
}

static OutboxItem *first_of(const Outbox *outbox, unsigned rank)
{
        const ListLink *queue = &outbox->queues[rank];

        return list_is_empty(queue) ? NULL : list_entry(queue->next, OutboxItem, in_queue);
}

static void catch_up(Outbox *outbox, int64_t now_ms)
{
        while (heap_due(&outbox->flying) <= now_ms) {
                outbox->n_lost++;
                flight_lost(outbox, heap_entry(heap_first(&outbox->flying), OutboxFlight, due),
                            now_ms);
        }
        while (heap_due(&outbox->waiting) <= now_ms)
                item_enter(outbox, heap_entry(heap_first(&outbox->waiting), OutboxItem, due),
                           ITEM_READY);
}

int outbox_next(Outbox *outbox, const OutboxTime *time, Arena *arena, Update *ret_update)
{
        OutboxItem *item;
        int r;

        catch_up(outbox, time->now_ms);
        if (!outbox->free_flights)
                return OUTBOX_E_NOTHING;

        item = first_of(outbox, RANK_STATUS);
        if (item)
                return send_item(outbox, item, time, arena, ret_update);
        r = next_affirm(outbox, time, arena, ret_update);
        if (r != OUTBOX_E_NOTHING)
                return r;
        for (unsigned rank = RANK_CARD; rank < N_RANKS; rank++) {
                item = first_of(outbox, rank);
                if (item)
                        return send_item(outbox, item, time, arena, ret_update);
        }
        return OUTBOX_E_NOTHING;
}

int64_t outbox_due(const Outbox *outbox)
{
        int64_t due = MIN(heap_due(&outbox->flying), heap_due(&outbox->waiting));

        if (!outbox->free_flights)
                return heap_due(&outbox->flying);
        if (outbox->n_in[ITEM_READY])
                return INT64_MIN;
        return MIN(due, heap_due(&outbox->affirms));
}
