#include "derived/totals.h"
#include "lib/subscriber-internal.h"
#include "plek/totals.h"

typedef struct Asked {
        const PlekSubscriber *subscriber;
        Status status;
        int64_t now_ms;
} Asked;

static bool is_shut(const void *arg, const char *location, const char *unit, uint32_t care)
{
        const Asked *asked = arg;
        const DoorPlace *place = door_book_find(&asked->subscriber->doors, asked->status, location);
        DoorQuestion question = { .scope = DOOR_SCOPE_ALL };
        DoorLead lead;

        if (!place)
                return false;
        question.scope.unit = unit;
        question.scope.care = care;
        door_lead(place->words, place->n_words, &question, asked->now_ms, &lead);
        return door_is_stopped(lead.state);
}

int plek_subscriber_totals(const PlekSubscriber *subscriber, const PlekTotalsOptions *options,
                           PlekTotals **ret_totals)
{
        static const PlekTotalsOptions defaults;
        TotalsScope scope;
        Asked asked;

        if (!options)
                options = &defaults;
        asked = (Asked){
                .subscriber = subscriber,
                .status = options->status ? (Status)options->status : STATUS_ACTUAL,
                .now_ms = subscriber_now_ms(subscriber, monotonic_us()),
        };
        scope = (TotalsScope){
                .status = asked.status,
                .scheme = options->scheme,
                .region = options->region,
                .care = options->care,
                .is_shut = is_shut,
                .arg = &asked,
        };
        return err_fold(totals_make(ret_totals, replica_picture(subscriber->replica),
                                    replica_registry(subscriber->replica), &scope, asked.now_ms));
}

PlekTotals *plek_totals_free(PlekTotals *totals)
{
        return totals_free(totals);
}

bool plek_care_overlaps(uint32_t care)
{
        return care_overlaps(care);
}
