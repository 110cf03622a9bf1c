#pragma once

/*
 * Metrics: the broker's figures, from one table, for /metrics and `plek status`
 */

#include "wire/query.h"

typedef struct Broker Broker;

enum {
        METRICS_MAX = 384,
        METRIC_LABEL_MAX = 64,
};

typedef struct MetricSet {
        Metric metrics[METRICS_MAX];
        const char *help[METRICS_MAX];
        bool is_counter[METRICS_MAX];
        char labels[METRICS_MAX][METRIC_LABEL_MAX];
        size_t n;
} MetricSet;

void metrics_collect(Broker *broker, MetricSet *ret_set);
/* In Prometheus's text form. */
MUST_CHECK int metrics_format(const MetricSet *set, char **ret_text, size_t *ret_n_text);
