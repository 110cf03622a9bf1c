#include "lib/replica-internal.h"

#include <string.h>

/*
 * Who is overdue: what the broker told is agreed, and of which kind each location is
 *
 * A location's kind is on its card, which may come before or after what else is said of it. So the
 * interval of each record is looked up when the record, its party's card of the location, or the
 * agreement is new, and kept beside the record.
 */

/* The kind on its party's own card of the location; NULL: none is held. */
static const char *kind_of(const Replica *replica, const Record *record)
{
        const RecordRef ref = { .report = UPDATE_CARD };
        const char *party, *location;
        const Record *card;
        const Shown *shown;
        RecordRef of;
        RecordKey key;

        record_describe(record, &party, &location, &of);
        record_key_make(&key, STATUS_ACTUAL, party, location, &ref);
        card = picture_find(replica->picture, &key);
        shown = card ? card->user : NULL;
        return shown && *shown->kind ? shown->kind : NULL;
}

uint32_t replica_agreed_s(const Record *record)
{
        const Shown *shown = record->user;

        return shown ? shown->agreed_s : 0;
}

static void look_up(const Replica *replica, Shown *shown)
{
        if (replica->n_agreed)
                shown->agreed_s = agreed_interval_s(replica->agreed, replica->n_agreed,
                                                    shown->record, kind_of(replica, shown->record));
        else
                shown->agreed_s = 0;
}

bool overdue_judge(Replica *replica, Shown *shown, int64_t now_ms)
{
        bool is_overdue = record_overdue_ms(shown->record, shown->agreed_s, now_ms) > 0;

        if (is_overdue == shown->is_overdue)
                return false;
        shown->is_overdue = is_overdue;
        if (replica->events.overdue)
                replica->events.overdue(replica->arg, shown->record, is_overdue);
        return true;
}

static void look_up_anew(Replica *replica, Shown *shown, int64_t now_ms)
{
        uint32_t agreed_s = shown->agreed_s;

        look_up(replica, shown);
        if (shown->agreed_s == agreed_s)
                return;
        (void)overdue_judge(replica, shown, now_ms);
        shown_schedule(replica, shown, now_ms);
}

void overdue_stated(Replica *replica, Shown *shown, const Update *update, int64_t now_ms)
{
        RecordGroup *group = shown->record->group;

        if (update->kind != UPDATE_CARD || update->status != STATUS_ACTUAL) {
                look_up(replica, shown);
                return;
        }
        if (!strcmp(shown->kind, update->card.kind))
                return;
        strcpy(shown->kind, update->card.kind);
        list_for_each (link, &group->records) {
                Record *record = list_entry(link, Record, in_group);

                if (record->user)
                        look_up_anew(replica, record->user, now_ms);
        }
}

int replica_agreed(Replica *replica, const AgreedInterval *intervals, size_t n_intervals,
                   const ReplicaTime *time)
{
        AgreedInterval *copy = calloc(MAX(n_intervals, (size_t)1), sizeof(*copy));
        Record *record = NULL;

        if (!copy)
                return err_raise(-ENOMEM);
        if (n_intervals)
                memcpy(copy, intervals, n_intervals * sizeof(*copy));
        free(replica->agreed);
        replica->agreed = copy;
        replica->n_agreed = n_intervals;
        while ((record = picture_next(replica->picture, record)))
                if (record->user)
                        look_up_anew(replica, record->user, time->broker_ms);
        return 0;
}
