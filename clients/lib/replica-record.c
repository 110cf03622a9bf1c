#include "lib/replica-internal.h"

#include <string.h>

/*
 * What is shown of a record, and when that changes by time alone
 *
 * Each record that will change is in a heap by the broker's time. A renewal that changes nothing
 * only moves that later, so the heap is left as it is then, and the record put back when its old
 * time has come.
 */

static DoorStanding standing_of(const Shown *shown, int64_t now_ms)
{
        Door door = {
                .plan = shown->plan,
                .on_expiry = shown->on_expiry,
                .starts_at_ms = shown->starts_at_ms,
                .ends_at_ms = shown->ends_at_ms,
        };

        return shown->has_period ? door_standing(&door, now_ms) : DOOR_STANDS;
}

static int64_t next_change_ms(const Shown *shown, int64_t now_ms)
{
        Door door = {
                .plan = shown->plan,
                .on_expiry = shown->on_expiry,
                .starts_at_ms = shown->starts_at_ms,
                .ends_at_ms = shown->ends_at_ms,
        };
        int64_t next_ms = MIN(record_next_change_ms(shown->record, now_ms),
                              record_overdue_at_ms(shown->record, shown->agreed_s, now_ms));

        return shown->has_period ? MIN(next_ms, door_next_change_ms(&door, now_ms)) : next_ms;
}

void shown_schedule(Replica *replica, Shown *shown, int64_t now_ms)
{
        int64_t next_ms = next_change_ms(shown, now_ms);

        if (next_ms == INT64_MAX)
                heap_remove(&replica->due, &shown->due);
        else
                heap_set(&replica->due, &shown->due, next_ms);
}

/* Whether what is shown of it differs from what was told last. */
static bool has_changed(Shown *shown, int64_t now_ms)
{
        Freshness freshness = record_freshness(shown->record, now_ms);
        DoorStanding standing = standing_of(shown, now_ms);
        bool changed = freshness != shown->freshness || standing != shown->standing;

        shown->freshness = freshness;
        shown->standing = standing;
        return changed;
}

static int shown_need(Replica *replica, Record *record, Shown **ret_shown)
{
        Shown *shown = record->user;
        int r;

        if (shown) {
                *ret_shown = shown;
                return 0;
        }
        r = heap_reserve(&replica->due, picture_n_records(replica->picture) + 1);
        if (r)
                return r;
        shown = calloc(1, sizeof(*shown));
        if (!shown)
                return err_raise(-ENOMEM);
        shown->record = record;
        record->user = shown;
        *ret_shown = shown;
        return 0;
}

static void tell(Replica *replica, const Record *record, PlekChange change)
{
        if (replica->events.record)
                replica->events.record(replica->arg, record, change);
}

int record_show(Replica *replica, Record *record, const Update *update, PlekChange change,
                const ReplicaTime *time)
{
        Shown *shown;
        bool changed;
        int r;

        r = shown_need(replica, record, &shown);
        if (r)
                return r;
        if (update && update->kind == UPDATE_DOOR) {
                shown->has_period = true;
                shown->plan = update->door.plan;
                shown->on_expiry = update->door.on_expiry;
                shown->starts_at_ms = update->door.starts_at_ms;
                shown->ends_at_ms = update->door.ends_at_ms;
        } else if (update && update->kind == UPDATE_OFFERING) {
                shown->has_period = true;
                shown->plan = UINT32_MAX; /* it begins and ends as a plan does */
                shown->starts_at_ms = update->offering.holds_from_ms;
                shown->ends_at_ms = update->offering.holds_until_ms;
        }

        if (update)
                overdue_stated(replica, shown, update, time->broker_ms);
        changed = has_changed(shown, time->broker_ms);
        tell(replica, record, change == PLEK_CHANGE_RENEWED && changed ? PLEK_CHANGE_TIME : change);
        changed |= overdue_judge(replica, shown, time->broker_ms);
        if (!shown->due.place || update || changed)
                shown_schedule(replica, shown, time->broker_ms);
        return 0;
}

void record_gone(Record *record, void *arg)
{
        Replica *replica = arg;
        Shown *shown = record->user;

        if (!replica->is_leaving)
                tell(replica, record, PLEK_CHANGE_DROPPED);
        if (!shown)
                return;
        heap_remove(&replica->due, &shown->due);
        record->user = NULL;
        free(shown);
}

/* ------------------------------------------------------------------ withdrawn */

static void withdrawn_free(Replica *replica, Withdrawn *withdrawn)
{
        HASH_DEL(replica->withdrawn, withdrawn);
        list_unlink(&withdrawn->link);
        free(withdrawn);
}

void withdrawn_forget(Replica *replica, const RecordKey *key)
{
        Withdrawn *withdrawn;

        HASH_FIND(hh, replica->withdrawn, key->bytes, key->n_bytes, withdrawn);
        if (withdrawn)
                withdrawn_free(replica, withdrawn);
}

void withdrawn_forget_all(Replica *replica)
{
        Withdrawn *withdrawn, *next;

        HASH_ITER (hh, replica->withdrawn, withdrawn, next) {
                withdrawn_free(replica, withdrawn);
        }
}

bool record_is_current(const Replica *replica, const Record *record)
{
        const ReplicaTopic *topic = replica_find_topic(replica, record->topic->text);

        return topic && topic->is_known;
}

void withdrawn_forget_seqs(Replica *replica)
{
        list_for_each (link, &replica->withdrawals)
                list_entry(link, Withdrawn, link)->seq = 0;
}

static int withdrawn_add(Replica *replica, const Record *record, uint64_t revision, int64_t at_ms,
                         WithdrawnCause cause)
{
        Withdrawn *withdrawn;

        withdrawn = calloc(1, sizeof(*withdrawn));
        if (!withdrawn)
                return err_raise(-ENOMEM);
        withdrawn->revision = revision;
        withdrawn->seq = record_is_current(replica, record) ? record->seq : 0;
        withdrawn->at_ms = at_ms;
        withdrawn->cause = cause;
        strcpy(withdrawn->region, record->topic->topic.region);
        withdrawn->key.n_bytes = record->n_key;
        memcpy(withdrawn->key.bytes, record->key, record->n_key);

        withdrawn_forget(replica, &withdrawn->key);
        HASH_ADD_KEYPTR(hh, replica->withdrawn, withdrawn->key.bytes, withdrawn->key.n_bytes,
                        withdrawn);
        if (!withdrawn->hh.tbl) {
                free(withdrawn);
                return err_raise(-ENOMEM);
        }
        list_append(&replica->withdrawals, &withdrawn->link);
        return 0;
}

int record_withdraw(Replica *replica, Record *record, uint64_t revision, int64_t at_ms,
                    WithdrawnCause cause)
{
        Withdrawn *newest;
        int r;

        if (record->report == UPDATE_ACK) {
                picture_drop(replica->picture, record); /* nobody looks for one that has ended */
                return 0;
        }
        r = withdrawn_add(replica, record, revision, at_ms, cause);
        if (r)
                return r;
        replica->is_leaving = true;
        picture_drop(replica->picture, record);
        replica->is_leaving = false;

        newest = list_entry(replica->withdrawals.previous, Withdrawn, link);
        if (replica->events.withdrawn)
                replica->events.withdrawn(replica->arg, newest);
        if (HASH_COUNT(replica->withdrawn) > replica->n_withdrawn_max)
                withdrawn_free(replica, list_entry(replica->withdrawals.next, Withdrawn, link));
        return 0;
}

const Withdrawn *replica_find_withdrawn(const Replica *replica, const RecordKey *key)
{
        Withdrawn *withdrawn;

        HASH_FIND(hh, replica->withdrawn, key->bytes, key->n_bytes, withdrawn);
        return withdrawn;
}

const Withdrawn *replica_next_withdrawn(const Replica *replica, const Withdrawn *withdrawn)
{
        const ListLink *link = withdrawn ? withdrawn->link.next : replica->withdrawals.next;

        return link == &replica->withdrawals ? NULL : list_entry(link, Withdrawn, link);
}

/* ------------------------------------------------------------------ time */

int replica_tick(Replica *replica, const ReplicaTime *time)
{
        ReplicaTopic *topic, *next;
        Shown *shown;

        while (heap_due(&replica->due) <= time->broker_ms) {
                shown = heap_entry(heap_first(&replica->due), Shown, due);
                shown_schedule(replica, shown, time->broker_ms);
                if (has_changed(shown, time->broker_ms))
                        tell(replica, shown->record, PLEK_CHANGE_TIME);
                (void)overdue_judge(replica, shown, time->broker_ms);
        }
        HASH_ITER (hh, replica->topics, topic, next) {
                if (topic->is_asking && time->now_ms >= topic->answer_by_ms)
                        topic_failed(topic, time);
        }
        return replica->may_drain ? replica_drain(replica, time) : 0;
}

int64_t replica_due(const Replica *replica, const ReplicaTime *time)
{
        bool may_ask = replica->reg->is_known && replica_n_asking(replica) < ASKING_MAX;
        ReplicaTopic *topic, *next;
        int64_t due_ms = heap_due(&replica->due);

        if (due_ms != INT64_MAX)
                due_ms = MAX(due_ms - time->broker_ms, (int64_t)0) + time->now_ms;
        HASH_ITER (hh, replica->topics, topic, next) {
                if (topic->is_asking)
                        due_ms = MIN(due_ms, topic->answer_by_ms);
                else if (topic->wants && replica->is_up && (topic == replica->reg || may_ask))
                        due_ms = MIN(due_ms, topic->ask_at_ms);
        }
        return due_ms;
}
