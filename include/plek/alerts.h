#pragma once

/*
 * Alerts: what somebody should look at now, and that somebody has
 *
 * An acknowledgement says that a party has seen what a record of another party says. It is signed,
 * handed to the broker, and shown to everybody who may read that record; it ends by itself when the
 * record says something else.
 */

#include "plek/client.h"
#include "plek/doors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ who has seen it */

enum { PLEK_ACKS_MAX = 64 }; /* of one record */

/* Strings are borrowed until the next call on the subscriber. */
typedef struct PlekAck {
        const char *by;       /* the party that has seen it */
        const char *by_name;  /* what people call it, from its enrolment; or NULL */
        const char *function; /* of whoever saw it, "regievoerder"; NULL: not said */
        int64_t at_ms;        /* when the broker accepted it */
        PlekEnrolled enrolled;
        PlekRecordKey of; /* the record that was seen */
} PlekAck;

/* Who has seen what @key names now, its party included. At most @n_max of PLEK_ACKS_MAX are
 * written; *ret_n says how many. Returns 0, PLEK_E_NOT_FOUND (there is no such record) or -ENOMEM.
 */
PLEK_PUBLIC int plek_subscriber_acks(PlekSubscriber *subscriber, const PlekRecordKey *key,
                                     PlekAck *ret_acks, size_t n_max, size_t *ret_n);

/*
 * Says that we have seen @record, as a subscriber at @epoch (plek_subscriber_position()) shows it.
 * @function is who saw it, at most 64 bytes, and no name of a person; NULL: not said.
 *
 * Returns as other questions. Refusals: STATEMENT (it says something else by now: look again),
 * NOT_FOUND (there is no such record, or it is not for us), FIELD (our own record, or not a door,
 * card or offering), QUOTA. Also PLEK_E_INVALID.
 */
PLEK_PUBLIC int plek_client_ack(PlekClient *client, const PlekRecord *record, uint64_t epoch,
                                const char *function, uint64_t *ret_revision, PlekFault *ret_fault);

/* Takes that back. */
PLEK_PUBLIC int plek_client_unack(PlekClient *client, const PlekRecord *record,
                                  PlekFault *ret_fault);

#ifdef __cplusplus
}
#endif
