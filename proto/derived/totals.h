#pragma once

/*
 * Totals: places of a care over a region, from the picture that a reader has
 *
 * Which records are in them, and what becomes of what is withheld, is in plek/totals.h.
 */

#include "picture/picture.h"
#include "picture/registry.h"
#include "plek/totals.h"

/* Whether what leads at a place, for its care, keeps patients out. */
typedef bool (*TotalsShutFn)(const void *arg, const char *location, const char *unit,
                             uint32_t care);

typedef struct TotalsScope {
        Status status;
        const char *scheme;   /* NULL: home regions */
        const char *region;   /* NULL: all */
        uint32_t care;        /* 0: all */
        TotalsShutFn is_shut; /* NULL: doors are not known */
        const void *arg;
} TotalsScope;

/* @registry says which other regions a location is in, and whom to distrust. Returns 0 or
 * -ENOMEM. */
MUST_CHECK int totals_make(PlekTotals **ret_totals, const Picture *picture,
                           const Registry *registry, const TotalsScope *scope, int64_t now_ms);
PlekTotals *totals_free(PlekTotals *totals);
DEFINE_FREEP(PlekTotals, totals_free);

/* Whether places of @care are also places of another kind. */
bool care_overlaps(uint32_t care);
