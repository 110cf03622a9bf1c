/*
 * The broker's sockets, and how many connections they may have
 */

#include <sys/resource.h>

#include "broker/parts.h"

enum {
        N_SOCKETS = N_ENDPOINTS - 1, /* that share what may be queued; control has its own */
        DESCRIPTORS_A_CONNECTION = 4,
        DESCRIPTORS_OTHER = 64,
};

static int bind_one(Broker *broker, EndpointKind kind, const char *address, LoopFn readable,
                    const char **ret_text)
{
        EndpointSettings settings = endpoint_default_settings(kind);
        int r;

        settings.address = address;
        if (kind != ENDPOINT_CONTROL) {
                settings.n_connections_max = broker->n_connections_max / 2;
                settings.queued_max_bytes = broker->config->queue_bytes / N_SOCKETS;
                settings.received_max_bytes = broker->config->receive_bytes / N_SOCKETS;
                settings.heartbeat_ms = (int)broker->config->heartbeat_ms;
                settings.heartbeat_timeout_ms = (int)broker->config->heartbeat_timeout_ms;
        }
        broker->queue_limits[kind] = settings.queued_max_bytes;
        broker->frame_limits[kind] = settings.frame_max_bytes;

        r = endpoint_new(&broker->endpoints[kind], kind, &settings, broker->context, broker->gate,
                         broker->peers, broker->loop,
                         kind == ENDPOINT_CONTROL ? NULL : secret_key_transport(broker->key),
                         readable, broker);
        switch (r) {
        case 0:
                return 0;
        case ENDPOINT_E_IN_USE:
                return broker_refuse(ret_text, "%s: %s is in use, or not an address of this host",
                                     endpoint_domain(kind), address);
        case ENDPOINT_E_ADDRESS:
                return broker_refuse(ret_text, "%s: %s is not an address that can be bound",
                                     endpoint_domain(kind), address);
        default:
                return err_fold(r);
        }
}

/* At the limit on descriptors libzmq's thread spins, so fewer connections are taken then. */
static uint32_t connections_max(const Broker *broker)
{
        uint64_t wanted = broker->config->max_connections;
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit))
                return (uint32_t)wanted;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur / DESCRIPTORS_A_CONNECTION >= wanted + DESCRIPTORS_OTHER)
                return (uint32_t)wanted;

        wanted = limit.rlim_cur / DESCRIPTORS_A_CONNECTION;
        wanted -= MIN(wanted / 2, DESCRIPTORS_OTHER);
        if (broker->config->max_connections_is_said)
                log_warning("%llu descriptors are enough for %llu connections, not for "
                            "`max-connections` %llu: raise LimitNOFILE, or lower that",
                            (unsigned long long)limit.rlim_cur, (unsigned long long)wanted,
                            (unsigned long long)broker->config->max_connections);
        else
                log_info("takes %llu connections, as there are %llu descriptors",
                         (unsigned long long)wanted, (unsigned long long)limit.rlim_cur);
        return (uint32_t)wanted;
}

void broker_limit_keys(Broker *broker)
{
        const KeyLimits limits = {
                .n_topics_max = (uint32_t)broker->config->topics_per_key,
                .topic_bytes_max = broker->config->subscription_bytes / TOPIC_BYTE_COST,
        };

        peers_limit_keys(broker->peers, &limits);
}

int broker_bind(Broker *broker, const char **ret_text)
{
        const Config *config = broker->config;
        int r;

        broker->n_connections_max = connections_max(broker);
        r = net_context_new(&broker->context, 1, broker->n_connections_max);
        if (r == -EMFILE)
                return broker_refuse(ret_text, "the limit on descriptors is too low to start with");
        r = r ? r : peers_new(&broker->peers, broker->loop, requests_on_lost, broker);
        if (!r)
                broker_limit_keys(broker);
        r = r ? r
              : gate_new(&broker->gate, broker->context, broker->loop, gatekeeper_decide,
                         &broker->gatekeeper);
        if (!r && config->has_authority) {
                r = bind_one(broker, ENDPOINT_UPDATES, config->updates, ingress_on_readable,
                             ret_text);
                r = r ? r : bind_one(broker, ENDPOINT_CARE, config->care, NULL, ret_text);
                r = r ? r : bind_one(broker, ENDPOINT_COORD, config->coord, NULL, ret_text);
        }
        r = r ? r : bind_one(broker, ENDPOINT_QUERY, config->query, requests_on_query, ret_text);
        return r ? r
                 : bind_one(broker, ENDPOINT_CONTROL, config->control, requests_on_control,
                            ret_text);
}
