#include "broker/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "broker/parts.h"

enum {
        CONNECTIONS_MAX = 16,
        CONNECTION_BYTES_MAX = 16 * 1024,
        TIMEOUT_S = 10,
};

static int parse_address(const char *address, struct sockaddr_in *ret_address,
                         const char **ret_text)
{
        const char *colon = strrchr(address, ':');
        char host[INET_ADDRSTRLEN];
        unsigned port;

        *ret_text = "the address is not of the form 127.0.0.1:9301";
        if (!colon || (size_t)(colon - address) >= sizeof(host) ||
            sscanf(colon + 1, "%u", &port) != 1 || port > UINT16_MAX)
                return HTTP_E_REFUSED;
        memcpy(host, address, (size_t)(colon - address));
        host[colon - address] = '\0';

        *ret_address = (struct sockaddr_in){
                .sin_family = AF_INET,
                .sin_port = htons((uint16_t)port),
        };
        if (inet_pton(AF_INET, host, &ret_address->sin_addr) != 1)
                return HTTP_E_REFUSED;
        if (ntohl(ret_address->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
                *ret_text = "metrics are served on loopback only: it has no access control";
                return HTTP_E_REFUSED;
        }
        return 0;
}

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
                               char *text, size_t n_text, enum MHD_ResponseMemoryMode mode)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(n_text, text, mode);
        enum MHD_Result result;

        if (!response)
                return MHD_NO;
        MHD_add_response_header(response, "Content-Type", type);
        result = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result respond_line(struct MHD_Connection *connection, unsigned status,
                                    const char *line)
{
        return respond(connection, status, "text/plain; charset=utf-8", (char *)line, strlen(line),
                       MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result respond_metrics(Broker *broker, struct MHD_Connection *connection)
{
        static MetricSet set;
        char *text = NULL;
        size_t n_text = 0;

        metrics_collect(broker, &set);
        if (metrics_format(&set, &text, &n_text))
                return MHD_NO;
        return respond(connection, MHD_HTTP_OK, "text/plain; version=0.0.4", text, n_text,
                       MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result respond_ready(Broker *broker, struct MHD_Connection *connection)
{
        const char *sentence = health_sentence(&broker->health);
        char line[512];

        snprintf(line, sizeof(line), "%s\n", sentence ? sentence : "ready");
        return respond_line(connection, sentence ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
                            line);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *n_body, void **context)
{
        Broker *broker = arg;

        if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
                return respond_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
        if (strcmp(url, "/metrics") == 0)
                return respond_metrics(broker, connection);
        if (strcmp(url, "/healthz") == 0)
                return respond_line(connection, MHD_HTTP_OK, "alive\n");
        if (strcmp(url, "/readyz") == 0)
                return respond_ready(broker, connection);
        return respond_line(connection, MHD_HTTP_NOT_FOUND,
                            "there are /metrics, /healthz and /readyz\n");
}

static int on_ready(void *arg, uint32_t events)
{
        Http *http = arg;

        MHD_run(http->daemon);
        return 0;
}

int http_init(Http *http, Broker *broker, const char *address, const char **ret_text)
{
        const union MHD_DaemonInfo *info;
        struct sockaddr_in bound;
        int r;

        *http = (Http){ .watch = LOOP_WATCH_NULL };
        if (!address || !*address)
                return 0;
        r = parse_address(address, &bound, ret_text);
        if (r)
                return r;

        http->daemon = MHD_start_daemon(
                MHD_USE_EPOLL, ntohs(bound.sin_port), NULL, NULL, on_request, broker,
                MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&bound, MHD_OPTION_CONNECTION_LIMIT,
                (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                (size_t)CONNECTION_BYTES_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                MHD_OPTION_END);
        if (!http->daemon) {
                *ret_text = "its address is in use, or not of this host";
                return HTTP_E_REFUSED;
        }
        info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info)
                return err_raise(-EOPNOTSUPP);
        http->broker = broker;
        return err_fold(loop_watch_add(&http->watch, broker->loop, info->epoll_fd, EPOLLIN,
                                       on_ready, http));
}

/* At the limit nothing is accepted, so that only this ends connections that say nothing. */
void http_tick(Http *http)
{
        if (http->daemon)
                MHD_run(http->daemon);
}

void http_deinit(Http *http)
{
        if (!http->daemon)
                return;
        loop_watch_remove(&http->watch);
        MHD_stop_daemon(http->daemon);
        *http = (Http){};
}
