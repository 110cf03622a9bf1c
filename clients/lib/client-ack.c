/*
 * "We have seen it": signed by us, and handed in over the session
 */

#include "lib/client-internal.h"
#include "lib/report.h"
#include "plek/plek.h"

/* What is about @record's acknowledgement by us; strings are @record's. */
static void about(const PlekRecord *record, Update *ret_update, RecordRef *ret_named)
{
        PlekRecordKey key;

        plek_report_key(&record->report, &key);
        *ret_named = record_ref_of(&key);
        *ret_update = (Update){
                .status = (Status)record->report.status,
                .audience = MAX((Audience)record->report.audience, AUDIENCE_CARE),
                .location = record->report.location,
        };
}

static int hand_in(PlekClient *client, Update *update, uint64_t *ret_revision, PlekFault *ret_fault)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        int r;

        if (client->control || client->is_guest)
                return err_raise(-EINVAL);
        r = client_greet(client, ret_fault);
        if (!r)
                r = client_sign_update(client, update, &envelope, ret_fault);
        if (r)
                return r;
        return plek_client_submit(client, envelope->bytes, envelope->n_bytes, false, ret_revision,
                                  ret_fault);
}

int plek_client_ack(PlekClient *client, const PlekRecord *record, uint64_t epoch,
                    const char *function, uint64_t *ret_revision, PlekFault *ret_fault)
{
        RecordRef named;
        Update update;

        about(record, &update, &named);
        update.kind = UPDATE_ACK;
        update.ack = (Ack){
                .party = record->party,
                .record = named,
                .epoch = epoch,
                .revision = record->revision,
                .function = function,
        };
        return hand_in(client, &update, ret_revision, ret_fault);
}

int plek_client_unack(PlekClient *client, const PlekRecord *record, PlekFault *ret_fault)
{
        RecordRef named;
        Update update;

        about(record, &update, &named);
        update.kind = UPDATE_WITHDRAW;
        update.withdraw = named;
        update.withdraw.report = UPDATE_ACK;
        update.withdraw.of_report = named.report;
        update.withdraw.of_party = record->party;
        return hand_in(client, &update, NULL, ret_fault);
}
