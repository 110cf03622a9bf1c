#include "derived/totals.h"
#include "lib/subscriber-internal.h"
#include "plek/totals.h"

int plek_subscriber_totals(const PlekSubscriber *subscriber, const PlekTotalsOptions *options,
                           PlekTotals **ret_totals)
{
        static const PlekTotalsOptions defaults;
        TotalsScope scope;

        if (!options)
                options = &defaults;
        scope = (TotalsScope){
                .status = options->status ? (Status)options->status : STATUS_ACTUAL,
                .scheme = options->scheme,
                .region = options->region,
                .care = options->care,
        };
        return err_fold(totals_make(ret_totals, replica_picture(subscriber->replica),
                                    replica_registry(subscriber->replica), &scope,
                                    subscriber_now_ms(subscriber, monotonic_us())));
}

PlekTotals *plek_totals_free(PlekTotals *totals)
{
        return totals_free(totals);
}

bool plek_care_overlaps(uint32_t care)
{
        return care_overlaps(care);
}
