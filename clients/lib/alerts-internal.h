#pragma once

#include "derived/alert.h"
#include "internal/hash.h"
#include "internal/list.h"
#include "lib/heap.h"
#include "plek/plek.h"

/* A scope, or a plan for one. */
typedef struct AlertOf {
        UT_hash_handle hh;
        ListLink marked; /* linked: to be looked at */
        HeapNode due;
        AlertScope scope;
        PlekDoorScope door; /* its strings are below */
        char location[72], unit[72], region[40];
        /* What raised it: of a plan its own record's, else what led then. */
        PlekRecordKey said; /* its strings are this one's; no party: nothing has */
        char party[72];
        bool is_plan;
        bool is_old;        /* it was there before we came */
        PlekAlertPlan plan; /* as last told */
        int64_t called_off_ms;
        char id[];
} AlertOf;

struct PlekAlerts {
        PlekSubscriber *subscriber;
        PlekAlertFn func;
        void *arg;
        AlertRules rules;
        bool with_test;
        char *acknowledged_by;
        char **locations;
        size_t n_locations;
        PlekRegion *regions;
        size_t n_regions;
        uint32_t *cares;
        size_t n_cares;

        AlertOf *scopes; /* hash by id */
        ListLink marked;
        Heap due;
        size_t n_active;
        bool is_underway; /* what was there when we came is known */
        bool out_of_memory;
};

/* Whose acknowledgements count. */
bool alerts_count(const PlekAlerts *alerts, const char *by);
void alerts_mark(PlekAlerts *alerts, AlertOf *of);
/* What raised it. */
void alert_of_said(AlertOf *of, const PlekRecordKey *key);
AlertOf *alert_of_free(PlekAlerts *alerts, AlertOf *of);

/* Looks at it and tells. It may be gone then. Returns 0 or -ENOMEM. */
MUST_CHECK int alerts_look(PlekAlerts *alerts, AlertOf *of, int64_t now_ms);
