/*
 * Updates: what decodes can be said again, and means the same
 */

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "wire/hours.h"
#include "wire/update.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void assert_same(const char *a, const char *b)
{
        assert(!a == !b);
        assert(!a || !strcmp(a, b));
}

static void assert_same_record(const Update *a, const Update *b)
{
        RecordRef left, right;

        if (a->kind == UPDATE_AFFIRM) {
                assert(a->affirm.n_apart_from == b->affirm.n_apart_from);
                return;
        }
        left = update_record_ref(a);
        right = update_record_ref(b);
        assert(left.report == right.report && left.care == right.care);
        assert(left.patient_group == right.patient_group && left.urgency == right.urgency);
        assert(left.plan == right.plan);
        assert_same(left.unit, right.unit);
        assert_same(left.method, right.method);
        assert_same(left.of_party, right.of_party);
        assert(left.of_report == right.of_report);
        assert(left.link_from == right.link_from && left.link_to == right.link_to);
        assert(left.from_ms == right.from_ms && left.until_ms == right.until_ms);
        assert_same(left.other, right.other);
        assert(!memcmp(left.id, right.id, sizeof(left.id)));
}

/* What was let through can be read, and says something of every minute. */
static void check_hours(const char *text)
{
        const char *at, *why;
        Hours hours;

        if (!text)
                return;
        assert(hours_parse(&hours, text, &at, &why) == 0);
        for (int minute = 0; minute < MINUTES_A_WEEK; minute += 997) {
                int wait = hours_until_change(&hours, minute);

                assert(wait < 0 || (wait > 0 && wait < MINUTES_A_WEEK));
                assert(wait < 0 ||
                       hours_are_open(&hours, minute + wait) != hours_are_open(&hours, minute));
        }
}

static void check_restated(const Update *update, Arena *arena)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        WireRefusal refusal;
        Update again;

        assert(update_encode(&body, &refusal, update) == 0);
        assert(update_decode(&again, &refusal, arena, body->bytes, body->n_bytes) == 0);
        assert(again.kind == update->kind && again.seq == update->seq);
        assert(again.instance == update->instance && again.status == update->status);
        assert(again.sent_at_ms == update->sent_at_ms);
        assert(again.observed_at_ms == update->observed_at_ms);
        assert(again.valid_for_s == update->valid_for_s && again.source == update->source);
        assert_same(again.party, update->party);
        assert_same(again.location, update->location);
        assert_same(again.label, update->label);
        assert_same_record(&again, update);
        if (update->kind == UPDATE_COUNTS)
                assert(!memcmp(&again.counts, &update->counts, sizeof(Counts)));
        if (update->kind == UPDATE_CARD)
                check_hours(update->card.hours);
        if (update->kind == UPDATE_OFFERING)
                check_hours(update->offering.hours);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        static Arena *arena;
        WireRefusal refusal = { 0 };
        int32_t available;
        bool computed;
        Update update;

        if (sodium_init() < 0 || (!arena && arena_new(&arena, 4 * ARENA_MESSAGE_BYTES)))
                return 0;
        arena_reset(arena);
        if (update_decode(&update, &refusal, arena, bytes, n_bytes)) {
                assert(refusal.code && refusal.text);
                assert(!update.party || party_is_valid(update.party));
                return 0;
        }

        check_restated(&update, arena);
        if (update.kind == UPDATE_COUNTS) {
                (void)counts_flags(&update.counts);
                if (counts_available(&update.counts, &available, &computed))
                        assert(available >= 0 && available <= COUNT_MAX);
        }
        return 0;
}
