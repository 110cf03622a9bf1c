#pragma once

/*
 * Agreed intervals: how often senders of each kind have agreed to report
 *
 * The broker's operator writes them down once, and every reader is told, so that all judge alike
 * who is overdue. They say nothing about freshness, which is between a report and its sender.
 */

#include "wire/update.h"

enum {
        AGREED_MAX = 128,
        AGREED_INTERVAL_MAX_S = 30 * 24 * 3600,
};

typedef struct AgreedInterval {
        uint32_t report;                  /* UpdateKind; unknown ones concern nobody */
        char kind[LOCATION_KIND_MAX + 1]; /* of the location, by its card; "": any */
        uint32_t care;                    /* 0: any */
        uint32_t interval_s;              /* at least 1 */
} AgreedInterval;
