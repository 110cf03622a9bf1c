#include "lib/outbox-internal.h"

#include <string.h>

/*
 * What a receipt means for what is to be sent
 */

typedef enum Cure {
        CURE_NONE,  /* the record itself is wrong */
        CURE_NOW,   /* say it again, with a higher seq */
        CURE_CLOCK, /* the same, once the clock is learnt again */
        CURE_LATER, /* the broker cannot at the moment */
        CURE_PARTY, /* somebody must change our enrolment */
} Cure;

static Cure cure_of(uint32_t code)
{
        switch (code) {
        case PLEK_REFUSED_REPLAY:
                return CURE_NOW;
        case PLEK_REFUSED_SEQ_AHEAD:
        case PLEK_REFUSED_SENT_AHEAD:
        case PLEK_REFUSED_TOO_LATE:
                return CURE_CLOCK;
        case PLEK_REFUSED_RETRY:
        case PLEK_REFUSED_CLOCK:
        case PLEK_REFUSED_QUOTA:
        case PLEK_REFUSED_SIGNATURE:
        case PLEK_REFUSED_NO_AUTHORITY:
                return CURE_LATER;
        case PLEK_REFUSED_NETWORK:
        case PLEK_REFUSED_NOT_ENROLLED:
        case PLEK_REFUSED_EXPIRED:
        case PLEK_REFUSED_REVOKED:
        case PLEK_REFUSED_SUSPENDED:
        case PLEK_REFUSED_ROLE:
        case PLEK_REFUSED_PARTY:
                return CURE_PARTY;
        default:
                return CURE_NONE;
        }
}

static int64_t backoff(int64_t first_ms, int64_t max_ms, unsigned n_attempts)
{
        return MIN(first_ms << MIN(n_attempts ? n_attempts - 1 : 0, 10u), max_ms);
}

static void cure(Outbox *outbox, OutboxItem *item, uint32_t code, int64_t now_ms,
                 OutboxNews *ret_news)
{
        int64_t wait_ms = 0;

        ret_news->verdict = OUTBOX_AGAIN;
        switch (cure_of(code)) {
        case CURE_NONE:
                ret_news->verdict = OUTBOX_REFUSED;
                item_enter(outbox, item, ITEM_REFUSED);
                return;
        case CURE_NOW:
                /* The receipt's floor was taken; if that did not help, another says the same as
                 * we do, and a race is not won by hurrying. */
                if (item->n_attempts > 3)
                        wait_ms = RETRY_FIRST_MS;
                break;
        case CURE_CLOCK:
                ret_news->ask_clock = true;
                wait_ms = backoff(CLOCK_RETRY_MS, RETRY_MAX_MS, item->n_attempts);
                break;
        case CURE_LATER:
                wait_ms = backoff(RETRY_FIRST_MS, RETRY_MAX_MS, item->n_attempts);
                break;
        case CURE_PARTY:
                ret_news->is_barred = true;
                wait_ms = backoff(BARRED_FIRST_MS, BARRED_MAX_MS, item->n_attempts);
                break;
        }
        if (wait_ms)
                item_wait(outbox, item, now_ms + outbox_jitter(outbox, wait_ms));
        else
                item_enter(outbox, item, ITEM_READY);
}

static void describe(const OutboxItem *item, OutboxNews *ret_news)
{
        const char *party;
        int r;

        ret_news->key.n_bytes = item->n_key;
        memcpy(ret_news->key.bytes, item->key, item->n_key);
        r = record_key_parse(&ret_news->key, &ret_news->status, &party, &ret_news->location,
                             &ret_news->ref);
        assert(r == 0); /* we made it */
}

static void affirm_answered(Outbox *outbox, OutboxGroup *group, const Outcome *outcome,
                            int64_t sent_ms, int64_t now_ms, OutboxNews *ret_news)
{
        ret_news->verdict = OUTBOX_AFFIRMED;
        group->is_flying = false;
        if (outcome->revision) {
                group->affirmed_ms = sent_ms;
                group_schedule(outbox, group);
                return;
        }

        switch (cure_of(outcome->refusal.code)) {
        case CURE_NOW:
                break;
        case CURE_CLOCK:
                ret_news->ask_clock = true;
                break;
        case CURE_PARTY:
                ret_news->is_barred = true;
                break;
        default:
                break;
        }
        group_schedule(outbox, group);
        if (group->due.place)
                heap_set(&outbox->affirms, &group->due,
                         now_ms + outbox_jitter(outbox, RETRY_FIRST_MS));
}

/* The broker has what this flight said, whether or not we have something newer to say. */
static void item_accepted(Outbox *outbox, const OutboxFlight *flight, int64_t now_ms)
{
        OutboxItem *item = flight->item;
        OutboxGroup *group = flight->group;

        item_join(item, group);
        if (item->is_event && item->version == flight->version) {
                item_enter(outbox, item, ITEM_CLEAN);
                item->n_attempts = 0;
                return;
        }
        if (!group || item->version != flight->version)
                return;
        if (list_entry(group->items.next, OutboxItem, in_group) == item &&
            group->items.previous == &item->in_group)
                group->affirmed_ms = now_ms; /* the first: nothing older to renew */
        if (item->valid_for_s && (!group->valid_for_s || item->valid_for_s < group->valid_for_s))
                group->valid_for_s = item->valid_for_s;
        item_enter(outbox, item, ITEM_CLEAN);
        item->n_attempts = 0;
        group_schedule(outbox, group);
}

void outbox_outcome(Outbox *outbox, const Outcome *outcome, int64_t now_ms, OutboxNews *ret_news)
{
        OutboxFlight *flight = flight_find(outbox, outcome->seq);
        OutboxFlight answered;
        OutboxItem *item;

        *ret_news = (OutboxNews){ .verdict = OUTBOX_STRAY, .revision = outcome->revision };
        if (!flight)
                return;
        answered = *flight;
        item = answered.item;
        flight_end(outbox, flight);
        outbox->n_lost = 0;

        if (answered.is_affirm) {
                affirm_answered(outbox, answered.group, outcome, (int64_t)answered.version, now_ms,
                                ret_news);
                return;
        }
        if (!item)
                return;
        if (outcome->revision)
                item_accepted(outbox, &answered, now_ms);
        if (item->version != answered.version)
                return;

        describe(item, ret_news);
        if (!outcome->revision) {
                cure(outbox, item, outcome->refusal.code, now_ms, ret_news);
                return;
        }
        ret_news->verdict = OUTBOX_ACCEPTED;
        if (item->is_withdrawal)
                item_free(outbox, item);
}
