#include "broker/epoch.h"
#include "broker/parts.h"
#include "broker/request.h"

enum { WARNINGS_MAX = 8 };

static size_t warnings(const Broker *broker, const char *ret[WARNINGS_MAX])
{
        const char *sentence = health_sentence(&broker->health);
        ScrubProgress scrub;
        const Sender *sender;
        size_t n = 0;

        if (sentence)
                ret[n++] = sentence;
        if (broker_clock_warning(&broker->clock))
                ret[n++] = broker_clock_warning(&broker->clock);
        if (state_epoch_is_unconfirmed(broker->state))
                ret[n++] = epoch_sentence();
        if (broker->past.is_over)
                ret[n++] = past_over_sentence();
        if (broker->scrub) {
                scrub_progress(broker->scrub, &scrub);
                if (scrub.damaged_revision)
                        ret[n++] = "the journal is damaged: `plek verify` says where and how; "
                                   "restore a backup";
        }
        for (sender = broker->activities.senders; sender; sender = sender->hh.next)
                if (sender->n_feeds > 1) {
                        ret[n++] = "two agents use one key at the same time; `plek parties` says "
                                   "whose";
                        break;
                }
        return n;
}

int request_status(Broker *broker, const Caller *caller, const Request *request)
{
        static MetricSet set;
        Blob *epoch = state_epoch_envelope(broker->state);
        const char *texts[WARNINGS_MAX];
        Reply reply = { .id = request->id, .kind = REPLY_STATUS };

        metrics_collect(broker, &set);
        reply.status.version = PLEK_VERSION;
        reply.status.epoch = state_epoch(broker->state);
        reply.status.revision = state_revision(broker->state);
        reply.status.time_ms = broker_clock_now_ms(&broker->clock);
        reply.status.started_at_ms = broker->started_at_ms;
        reply.status.accepting = !health_closed(&broker->health);
        reply.status.why_not = health_why_not(&broker->health);
        reply.status.since_ms = health_since_ms(&broker->health);
        reply.status.warnings = texts;
        reply.status.n_warnings = warnings(broker, texts);
        reply.status.metrics = set.metrics;
        reply.status.n_metrics = set.n;
        reply.status.network_name = broker->config->network;
        /* Required on the wire, and empty as long as there is no network. */
        reply.status.head = (Bytes){ (const uint8_t *)"", 0 };
        reply.status.epoch_envelope = (Bytes){ (const uint8_t *)"", 0 };
        if (broker->head.current)
                reply.status.head =
                        (Bytes){ broker->head.current->bytes, broker->head.current->n_bytes };
        if (epoch)
                reply.status.epoch_envelope = (Bytes){ epoch->bytes, epoch->n_bytes };
        return session_reply(broker, caller->session, &reply);
}
