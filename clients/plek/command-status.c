/*
 * plek status: how the broker is
 */

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "when.h"
#include "words.h"

/* Between two looks, for rates: long enough to count, short enough to wait for. */
enum { RATE_MS = 500 };

typedef struct StatusOptions {
        Common common;
        bool whole;
} StatusOptions;

enum { OPTION_ALL = 'a' };

static error_t parse(int key, char *argument, struct argp_state *state)
{
        StatusOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_ALL:
                o->whole = true;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ for scripts */

static void status_json(const PlekBrokerStatus *status)
{
        json_t *warnings = json_array(), *metrics = json_object();
        char epoch[17];

        snprintf(epoch, sizeof(epoch), "%016" PRIx64, status->epoch);
        for (size_t i = 0; i < status->n_warnings; i++)
                json_array_append_new(warnings, json_string(status->warnings[i]));
        for (size_t i = 0; i < status->n_metrics; i++) {
                const PlekMetric *metric = &status->metrics[i];
                char name[256];

                snprintf(name, sizeof(name), metric->label ? "%s{%s}" : "%s", metric->name,
                         metric->label);
                json_object_set_new(metrics, name, json_real(metric->value));
        }
        print_json_line(json_pack("{s:s, s:s?, s:s, s:I, s:I, s:I, s:b, s:s?, s:o, s:o}", "version",
                                  status->version, "network", status->network_name, "epoch", epoch,
                                  "revision", (json_int_t)status->revision, "time_ms",
                                  (json_int_t)status->time_ms, "started_at_ms",
                                  (json_int_t)status->started_at_ms, "accepting",
                                  status->is_accepting, "why_not", status->why_not, "warnings",
                                  warnings, "metrics", metrics));
}

/* ------------------------------------------------------------------ for people */

static double metric(const PlekBrokerStatus *status, const char *name, const char *label)
{
        for (size_t i = 0; i < status->n_metrics; i++) {
                const PlekMetric *one = &status->metrics[i];

                if (!strcmp(one->name, name) && !strcmp(one->label ? one->label : "", label))
                        return one->value;
        }
        return 0;
}

/* Over all its labels. */
static double metric_sum(const PlekBrokerStatus *status, const char *name)
{
        double sum = 0;

        for (size_t i = 0; i < status->n_metrics; i++)
                if (!strcmp(status->metrics[i].name, name))
                        sum += status->metrics[i].value;
        return sum;
}

/* "1.4 GB", as disks are sold. */
static void print_bytes(double bytes)
{
        static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
        size_t unit = 0;

        while (bytes >= 1000 && unit + 1 < N_ELEMENTS(units)) {
                bytes /= 1000;
                unit++;
        }
        printf(unit && bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void name(Language language, const char *english)
{
        printf("%-12s", word(language, english));
}

static void print_broker(const PlekBrokerStatus *status, Language l)
{
        char up[DURATION_TEXT_BYTES], since[WHEN_TEXT_BYTES];

        duration_format(status->time_ms - status->started_at_ms, up);
        name(l, "broker");
        printf("plekd %s, %s %s\n", status->version, word(l, "up"), up);
        name(l, "network");
        puts(status->network_name ? status->network_name
                                  : word(l, "none: no authority is configured"));
        name(l, "epoch");
        printf("%016" PRIx64 "\n", status->epoch);
        name(l, "revision");
        printf("%" PRIu64 "\n", status->revision);
        name(l, "updates");
        if (status->is_accepting) {
                puts(word(l, "accepted"));
        } else {
                when_format(status->since_ms, since);
                printf("%s %s: %s\n", word(l, "NOT ACCEPTED since"), since,
                       status->why_not ? status->why_not : "?");
        }
        for (size_t i = 0; i < status->n_warnings; i++) {
                name(l, "warning");
                puts(status->warnings[i]);
        }
}

static void print_people(const PlekBrokerStatus *status, Language l)
{
        static const char *const sockets[] = { "updates", "care", "coord", "query" };
        char label[64];

        name(l, "parties");
        printf("%.0f, %.0f %s\n", metric(status, "plek_parties", ""),
               metric(status, "plek_agents_connected", ""), word(l, "agents connected"));
        name(l, "records");
        printf("%.0f\n", metric(status, "plek_records", ""));
        name(l, "connections");
        for (size_t i = 0; i < N_ELEMENTS(sockets); i++) {
                snprintf(label, sizeof(label), "socket=\"%s\"", sockets[i]);
                printf("%s%s %.0f", i ? ", " : "", sockets[i],
                       metric(status, "plek_connections", label));
        }
        printf("; %.0f %s, %.0f %s\n", metric(status, "plek_sessions", ""), word(l, "sessions"),
               metric(status, "plek_guests", ""), word(l, "guests"));
}

/* How much @name grew in a second. */
static double rate(const PlekBrokerStatus *status, const char *name, double before, int64_t ms)
{
        return MAX(metric_sum(status, name) - before, 0) * 1000 / (double)MAX(ms, (int64_t)1);
}

static void print_disk(const PlekBrokerStatus *status, Language l)
{
        name(l, "disk");
        print_bytes(metric(status, "plek_ledger_used_bytes", ""));
        printf(" %s, ", word(l, "used"));
        print_bytes(metric(status, "plek_ledger_free_disk_bytes", ""));
        printf(" %s; %s %.1f ms\n", word(l, "free"), word(l, "last commit"),
               1000 * metric(status, "plek_ledger_last_commit_seconds", ""));
}

/* What went wrong since the start, by cause; nothing where nothing did. */
static void print_causes(const PlekBrokerStatus *status, Language l)
{
        static const char *const names[][2] = {
                { "plek_updates_refused_total", "refused" },
                { "plek_updates_dropped_total", "dropped" },
        };

        for (size_t n = 0; n < N_ELEMENTS(names); n++)
                for (size_t i = 0; i < status->n_metrics; i++) {
                        const PlekMetric *one = &status->metrics[i];

                        if (strcmp(one->name, names[n][0]) || !one->value)
                                continue;
                        name(l, names[n][1]);
                        printf("%.0f  %s\n", one->value, one->label ? one->label : "");
                }
}

static void print_all(const PlekBrokerStatus *status)
{
        for (size_t i = 0; i < status->n_metrics; i++) {
                const PlekMetric *one = &status->metrics[i];

                printf("  %-36s %-28s %.15g\n", one->name, one->label ? one->label : "",
                       one->value);
        }
}

/* Asks once more, for rates. */
static int status_text(PlekClient *client, const StatusOptions *o, const PlekBrokerStatus *first)
{
        const double received = metric_sum(first, "plek_updates_received_total");
        const double sent = metric_sum(first, "plek_sent_bytes_total");
        const int64_t first_ms = first->time_ms;
        const Language l = o->common.language;
        PlekBrokerStatus status;
        PlekFault fault = { 0 };
        int r;

        poll(NULL, 0, RATE_MS);
        r = plek_client_status(client, &status, &fault);
        if (r)
                return fail_answer(r, &fault);

        print_broker(&status, l);
        print_people(&status, l);
        name(l, "rates");
        printf("%.1f %s, ",
               rate(&status, "plek_updates_received_total", received, status.time_ms - first_ms),
               word(l, "updates/s received"));
        print_bytes(rate(&status, "plek_sent_bytes_total", sent, status.time_ms - first_ms));
        printf("/s %s\n", word(l, "sent"));
        name(l, "since start");
        printf("%.0f %s, %.0f %s\n", metric(&status, "plek_updates_accepted_total", ""),
               word(l, "accepted"), metric_sum(&status, "plek_updates_refused_total"),
               word(l, "refused"));
        print_causes(&status, l);
        print_disk(&status, l);
        if (o->whole)
                print_all(&status);
        return EXIT_DONE;
}

int command_status(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "all", OPTION_ALL, NULL, 0, "Also every figure that the broker keeps", 1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "How the broker is: what it stands at, whether it accepts updates, who is "
                       "connected, rates and disk. For operators, or over the control socket.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        StatusOptions o = { 0 };
        PlekFault fault = { 0 };
        PlekBrokerStatus status;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_status(client, &status, &fault);
        if (r)
                return fail_answer(r, &fault);
        if (!o.common.json)
                return status_text(client, &o, &status);
        status_json(&status);
        return EXIT_DONE;
}
