/*
 * Acknowledgements, as a reader has them: never among the records, always beside the one they name
 */

#include <string.h>

#include "lib/report.h"
#include "lib/subscriber-internal.h"
#include "plek/plek.h"

static_assert((int)PLEK_ACKS_MAX >= 64, "as many as a broker keeps");

/* The key's strings are the record's own. The function's is in @arena, which is not reset. */
static int spell(const PlekSubscriber *subscriber, Arena *arena, const Record *record,
                 PlekAck *ret_ack)
{
        CLEANUP(arena_freep) Arena *scratch = NULL;
        const char *by, *location, *function = NULL;
        RecordRef ref, named;
        const Party *party;
        Update update;
        int r;

        r = arena_new(&scratch, ARENA_MESSAGE_BYTES);
        if (!r)
                r = record_decode(record, scratch, &update);
        if (r)
                return r;
        if (update.ack.function) {
                function = arena_strdup(arena, update.ack.function);
                if (!function)
                        return err_raise(-ENOMEM);
        }

        record_describe(record, &by, &location, &ref);
        named = ack_named(&ref);
        party = registry_find(replica_registry(subscriber->replica), by);
        *ret_ack = (PlekAck){
                .by = by,
                .by_name = party ? party->newest->enrolment->name : NULL,
                .function = function,
                .at_ms = record->received_at_ms,
                .enrolled =
                        (PlekEnrolled)party_trust(party, record->revision, record->received_at_ms,
                                                  subscriber_now_ms(subscriber, monotonic_us())),
        };
        record_key_from(&named, record->status, ref.of_party, location, &ret_ack->of);
        return 0;
}

int plek_subscriber_acks(PlekSubscriber *subscriber, const PlekRecordKey *key, PlekAck *ret_acks,
                         size_t n_max, size_t *ret_n)
{
        const Picture *picture = replica_picture(subscriber->replica);
        const Record *acks[PLEK_ACKS_MAX];
        RecordRef ref = record_ref_of(key);
        const Record *named;
        RecordKey wire_key;
        size_t n;
        int r;

        *ret_n = 0;
        if (!key->party || !party_is_valid(key->party) || !key->location ||
            !location_is_valid(key->location))
                return PLEK_E_NOT_FOUND;
        record_key_make(&wire_key, (Status)key->status, key->party, key->location, &ref);
        named = picture_find(picture, &wire_key);
        if (!named)
                return PLEK_E_NOT_FOUND;

        arena_reset(subscriber->looked_up.arena);
        n = MIN(picture_acks(picture, named, acks, N_ELEMENTS(acks)), N_ELEMENTS(acks));
        for (size_t i = 0; i < MIN(n, n_max); i++) {
                r = spell(subscriber, subscriber->looked_up.arena, acks[i], &ret_acks[i]);
                if (r)
                        return r;
        }
        *ret_n = MIN(n, n_max);
        return 0;
}

void subscriber_tell_ack(PlekSubscriber *subscriber, const Record *record, PlekChange change)
{
        PlekAck ack;

        /* Said again it is news: that a stop is past its end may have been seen now. */
        if (!subscriber->callbacks.ack || change == PLEK_CHANGE_TIME)
                return;
        arena_reset(subscriber->told.arena);
        if (spell(subscriber, subscriber->told.arena, record, &ack) == 0)
                subscriber->callbacks.ack(subscriber->arg, &ack, change == PLEK_CHANGE_DROPPED);
}
