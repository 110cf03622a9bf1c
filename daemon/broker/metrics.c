#include "broker/metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "broker/parts.h"
#include "wire/codes.h"

PRINTF(6, 7)
static void add(MetricSet *set, bool is_counter, const char *name, const char *help, double value,
                const char *label, ...)
{
        va_list args;
        size_t n = set->n;

        assert(n < METRICS_MAX);
        set->n++;
        set->metrics[n] = (Metric){ .name = name, .value = value };
        set->help[n] = help;
        set->is_counter[n] = is_counter;
        if (!label)
                return;

        va_start(args, label);
        vsnprintf(set->labels[n], METRIC_LABEL_MAX, label, args);
        va_end(args);
        set->metrics[n].label = set->labels[n];
}

#define COUNTER(_name, _help, _value) add(set, true, "plek_" _name, _help, (double)(_value), NULL)
#define GAUGE(_name, _help, _value)   add(set, false, "plek_" _name, _help, (double)(_value), NULL)

static void add_updates(Broker *broker, MetricSet *set)
{
        const Counters *counters = &broker->counters;

        COUNTER("updates_received_total", "Frames received on the updates socket",
                counters->n_updates);
        COUNTER("updates_accepted_total", "Updates that were made durable", counters->n_accepted);
        COUNTER("updates_repeated_total", "Updates that were the party's last one again",
                counters->n_repeated);
        for (Drop drop = DROP_NONE + 1; drop < N_DROPS; drop++)
                add(set, true, "plek_updates_dropped_total",
                    "Frames dropped before admission, by cause", (double)counters->n_dropped[drop],
                    "cause=\"%s\"", drop_name(drop));
        for (uint32_t code = 1; code < N_REFUSALS; code++)
                add(set, true, "plek_updates_refused_total", "Updates refused, by code",
                    (double)counters->n_refused[code], "code=\"%s\"",
                    code_name(CODES_REFUSAL, code));
        COUNTER("rounds_total", "Times that the updates socket was drained", counters->n_rounds);
        COUNTER("rounds_inline_total", "Of those, verified without the pool",
                counters->n_rounds_inline);
        GAUGE("rounds_unverified", "Of those, with the pool now", broker->pipeline.n_unverified);
        COUNTER("commits_total", "Durable commits", counters->n_batches);
        COUNTER("commits_failed_total", "Commits for which there was no room",
                counters->n_failed_appends);
}

static void add_serving(Broker *broker, MetricSet *set)
{
        const Counters *counters = &broker->counters;

        COUNTER("blocks_total", "Blocks published", counters->n_blocks);
        COUNTER("blocks_sealed_ahead_total", "Of those, signed while the disk synced",
                counters->n_blocks_ahead);
        COUNTER("block_bytes_total", "Bytes of blocks published", counters->n_block_bytes);
        COUNTER("blocks_left_out_total", "Revisions too large for a frame",
                counters->n_blocks_left_out);
        COUNTER("beats_total", "Beats", counters->n_beats);
        COUNTER("receipts_total", "Receipts sent", counters->n_receipts);
        COUNTER("receipts_lost_total", "Outcomes that nobody was there to be told of",
                counters->n_receipts_lost);
        COUNTER("requests_total", "Requests on query and control", counters->n_requests);
        COUNTER("requests_refused_total", "Of those, refused", counters->n_requests_refused);
        COUNTER("answers_encoded_total", "Answers to since and own that were encoded",
                counters->n_answers);
        COUNTER("answers_shared_total", "Answers that had been encoded for somebody else",
                counters->n_answers_shared);
        COUNTER("thinned_entries_total", "Entries of the journal whose bytes went",
                broker->past.n_thinned);
        COUNTER("answer_bytes_total", "Bytes of chunks encoded", counters->n_answer_bytes);
        COUNTER("chunks_sent_total", "Chunks sent", counters->n_chunks_sent);
        COUNTER("calls_total", "Calls for reports that coordinators made", broker->calls.n_made);
        GAUGE("answer_bytes", "Bytes of answers in memory", broker->answers.n_bytes);
        COUNTER("connections_cut_total", "Connections ended for want of rights", counters->n_cut);
        GAUGE("cut_seconds_max",
              "The longest that a change of rights took until it cut, its commit "
              "included",
              (double)counters->longest_cut_ns / 1e9);
        COUNTER("guests_refused_total", "Strangers turned away", counters->n_guests_refused);
        COUNTER("keys_refused_total", "Handshakes of keys with as many connections as one may have",
                counters->n_keys_refused);
        GAUGE("subscription_bytes", "What subscriptions take, as it is counted",
              peers_n_topic_bytes(broker->peers) * TOPIC_BYTE_COST);
}

static void add_sockets(Broker *broker, MetricSet *set)
{
        for (EndpointKind kind = 0; kind < N_ENDPOINTS; kind++) {
                const char *name = kind == ENDPOINT_CONTROL ? "control" : endpoint_domain(kind);
                const PeerCounters *peers = peers_counters(broker->peers, kind);
                const EndpointCounters *counters;

                if (!broker->endpoints[kind])
                        continue;
                counters = endpoint_counters(broker->endpoints[kind]);
                add(set, false, "plek_connections", "Connections by socket",
                    peers_n_connections(broker->peers, kind), "socket=\"%s\"", name);
                add(set, false, "plek_queued_bytes", "Handed to a socket and not yet sent",
                    (double)endpoint_queued_bytes(broker->endpoints[kind]), "socket=\"%s\"", name);
                add(set, true, "plek_sent_bytes_total", "Bytes handed to a socket",
                    (double)counters->n_sent_bytes, "socket=\"%s\"", name);
                add(set, true, "plek_received_bytes_total", "Bytes received from a socket",
                    (double)counters->n_received_bytes, "socket=\"%s\"", name);
                add(set, true, "plek_send_failed_total", "Frames for which a queue had no room",
                    (double)(counters->n_full + counters->n_unroutable), "socket=\"%s\"", name);
                add(set, true, "plek_frames_dropped_total",
                    "Frames of several parts, without a user, or with a routing id of their own",
                    (double)(counters->n_dropped_parts + counters->n_dropped_user +
                             counters->n_dropped_routing),
                    "socket=\"%s\"", name);
                add(set, true, "plek_peers_cut_total",
                    "Connections ended for what they did: subscriptions, a full queue",
                    (double)(peers->n_cut_subscriptions + peers->n_cut_behind +
                             peers->n_cut_unread + peers->n_cut_unseen + peers->n_refused),
                    "socket=\"%s\"", name);
                add(set, true, "plek_handshakes_failed_total", "Handshakes that failed",
                    (double)(peers->n_failed_later + peers->n_failed_never +
                             peers->n_failed_protocol + peers->n_failed_silent +
                             peers->n_failed_gate),
                    "socket=\"%s\"", name);
        }
}

static double kept_from_ms(Broker *broker)
{
        uint64_t revision;
        int64_t time_ms;

        if (past_begin(broker->ledger, &revision, &time_ms))
                return 0;
        return revision ? (double)time_ms : 0;
}

static void add_store(Broker *broker, MetricSet *set)
{
        ScrubProgress scrub;
        LedgerStats stats;

        if (!broker->ledger)
                return;
        ledger_stats(broker->ledger, &stats);
        COUNTER("ledger_entries_total", "Entries appended since the start", stats.n_entries);
        GAUGE("ledger_file_bytes", "Size of the ledger's file", stats.file_bytes);
        GAUGE("ledger_used_bytes", "Of that, in use", stats.used_bytes);
        GAUGE("ledger_free_disk_bytes", "Room left on its file system", stats.free_disk_bytes);
        COUNTER("deleted_entries_total", "Entries of the journal that were deleted, being old",
                broker->past.n_deleted);
        GAUGE("kept_from_time_seconds", "Where the kept past begins; 0: with the journal",
              kept_from_ms(broker) / 1000.0);
        GAUGE("keep_bytes_exceeded", "1: more is used than may be, and nothing can go",
              broker->past.is_over);
        GAUGE("ledger_last_commit_seconds", "What the last commit took",
              (double)stats.last_commit_us / 1e6);
        if (broker->scrub) {
                scrub_progress(broker->scrub, &scrub);
                GAUGE("scrub_done_entries", "Entries of the journal looked at again", scrub.n_done);
                GAUGE("scrub_all_entries", "Of as many as there were at the start", scrub.n_all);
                GAUGE("scrub_damaged_revision", "The first that is not what was written; 0: none",
                      scrub.damaged_revision);
        }
        GAUGE("checkpoint_dirty_rows", "Rows behind the ledger", state_n_dirty(broker->state));
}

/* Regions are bounded where they are counted. */
static void add_overdue(Broker *broker, MetricSet *set)
{
        const OverdueCount *counted = &broker->overdue.counted;

        for (size_t i = 0; i < counted->n_regions; i++) {
                add(set, false, "plek_overdue_records",
                    "Records that are older than agreed, by home region",
                    (double)counted->regions[i].n_overdue, "region=\"%s\"",
                    counted->regions[i].region);
                add(set, false, "plek_never_reported_locations",
                    "Locations of which nothing is held, by home region",
                    (double)counted->regions[i].n_never, "region=\"%s\"",
                    counted->regions[i].region);
        }
}

static size_t n_agents(const Broker *broker)
{
        Activity *activity, *next;
        size_t n = 0;

        HASH_ITER (hh, broker->activities.activities, activity, next)
                n += activity->n_feeds > 0;
        return n;
}

static void add_state(Broker *broker, MetricSet *set)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        GAUGE("accepting", "1: updates are taken", !health_closed(&broker->health));
        GAUGE("epoch_unconfirmed", "1: rolled back, and the operator has not confirmed it",
              state_epoch_is_unconfirmed(broker->state));
        GAUGE("revision", "The last revision", state_revision(broker->state));
        GAUGE("parties", "Parties enrolled", registry_n_parties(state_registry(broker->state)));
        GAUGE("records", "Records held", picture_n_records(state_picture(broker->state)));
        GAUGE("agents_connected", "Parties whose agent is connected", n_agents(broker));
        GAUGE("sessions", "Sessions on the query socket",
              broker->sessions.n_by_endpoint[ENDPOINT_QUERY]);
        GAUGE("guests", "Of those, of strangers", broker->sessions.n_guests);
        GAUGE("start_time_seconds", "When this broker started",
              (double)broker->started_at_ms / 1000);
        COUNTER("cpu_seconds_total", "User and system time of this process",
                (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
        GAUGE("memory_peak_bytes", "Largest resident size so far", usage.ru_maxrss * 1024.0);
}

void metrics_collect(Broker *broker, MetricSet *ret_set)
{
        ret_set->n = 0;
        add_state(broker, ret_set);
        add_updates(broker, ret_set);
        add_serving(broker, ret_set);
        add_sockets(broker, ret_set);
        add_store(broker, ret_set);
        add_overdue(broker, ret_set);
}

/* Prometheus wants all of one name together, and its type once. */
int metrics_format(const MetricSet *set, char **ret_text, size_t *ret_n_text)
{
        bool done[METRICS_MAX] = {};
        FILE *out = open_memstream(ret_text, ret_n_text);

        if (!out)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < set->n; i++) {
                if (done[i])
                        continue;
                fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", set->metrics[i].name, set->help[i],
                        set->metrics[i].name, set->is_counter[i] ? "counter" : "gauge");
                for (size_t j = i; j < set->n; j++) {
                        const Metric *metric = &set->metrics[j];

                        if (strcmp(metric->name, set->metrics[i].name) != 0)
                                continue;
                        done[j] = true;
                        fprintf(out, metric->label ? "%s{%s} %.17g\n" : "%s%s %.17g\n",
                                metric->name, metric->label ? metric->label : "", metric->value);
                }
        }
        return fclose(out) ? err_raise(-ENOMEM) : 0;
}
