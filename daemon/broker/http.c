#include "broker/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "broker/parts.h"

/*
 * A client that sends its request byte by byte is never idle, so the library's timeout does not end
 * it. A connection has so long for a whole request, from its start or from the last one; and of
 * more than a few the one that has taken longest gives way, so that whoever asks in one go is
 * served, however many do not.
 */

enum {
        VISITS_AT_ONCE = HTTP_VISITS_MAX / 2, /* the others are on their way out */
        CONNECTION_BYTES_MAX = 16 * 1024,
        REQUEST_MS = 5 * 1000,
        TIMEOUT_S = 10,
        TURNS_MAX = 16, /* then others in the loop have theirs */
};

static int64_t steady_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void visit_unlink(Http *http, HttpVisit *visit)
{
        http->n_waiting -= !visit->is_leaving;
        list_unlink(&visit->in_http);
}

/* The library sees that the peer is gone, and tells us. */
static void visit_end(Http *http, HttpVisit *visit)
{
        visit_unlink(http, visit);
        visit->is_leaving = true;
        list_append(&http->leaving, &visit->in_http);
        (void)shutdown(visit->fd, SHUT_RDWR);
}

static void visit_waits(Http *http, HttpVisit *visit)
{
        visit->since_ms = steady_ms();
        visit->is_leaving = false;
        list_append(&http->waiting, &visit->in_http);
        http->n_waiting++;
}

static HttpVisit *visit_begin(Http *http, int fd)
{
        for (size_t i = 0; i < HTTP_VISITS_MAX; i++) {
                HttpVisit *visit = &http->visits[i];

                if (list_is_linked(&visit->in_http))
                        continue;
                visit->fd = fd;
                visit_waits(http, visit);
                return visit;
        }
        return NULL; /* the library lets no more in */
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
        const union MHD_ConnectionInfo *info;
        Http *http = arg;
        HttpVisit *visit = *context;

        if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
                if (visit) {
                        visit_unlink(http, visit);
                        http->n_ended++;
                }
                return;
        }
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info ? visit_begin(http, info->connect_fd) : NULL;
        if (http->n_waiting > VISITS_AT_ONCE)
                visit_end(http, list_entry(http->waiting.next, HttpVisit, in_http));
}

/* Its next request, or our answer, has its time from here. */
static void on_whole_request(Http *http, struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        HttpVisit *visit = info ? info->socket_context : NULL;

        if (!visit || visit->is_leaving)
                return;
        visit_unlink(http, visit);
        visit_waits(http, visit);
}

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
        Http *http = arg;
        Broker *broker = http->broker;

        on_whole_request(http, connection);
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

/* At its limit the library accepts nobody until it is run again after somebody has gone. */
static void turn(Http *http)
{
        size_t n_ended;

        for (unsigned i = 0; i < TURNS_MAX; i++) {
                n_ended = http->n_ended;
                MHD_run(http->daemon);
                if (http->n_ended == n_ended)
                        break;
        }
}

static int on_ready(void *arg, uint32_t events)
{
        turn(arg);
        return 0;
}

int http_init(Http *http, Broker *broker, const char *address, const char **ret_text)
{
        const union MHD_DaemonInfo *info;
        struct sockaddr_in bound;
        int r;

        *http = (Http){ .broker = broker, .watch = LOOP_WATCH_NULL };
        list_init(&http->waiting);
        list_init(&http->leaving);
        if (!address || !*address)
                return 0;
        r = parse_address(address, &bound, ret_text);
        if (r)
                return r;

        http->daemon = MHD_start_daemon(
                MHD_USE_EPOLL, ntohs(bound.sin_port), NULL, NULL, on_request, http,
                MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&bound, MHD_OPTION_CONNECTION_LIMIT,
                (unsigned)HTTP_VISITS_MAX, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX,
                MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_END);
        if (!http->daemon) {
                *ret_text = "its address is in use, or not of this host";
                return HTTP_E_REFUSED;
        }
        info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info)
                return err_raise(-EOPNOTSUPP);
        return err_fold(loop_watch_add(&http->watch, broker->loop, info->epoll_fd, EPOLLIN,
                                       on_ready, http));
}

void http_tick(Http *http)
{
        int64_t now_ms;

        if (!http->daemon)
                return;
        now_ms = steady_ms();
        list_for_each (link, &http->waiting) {
                HttpVisit *visit = list_entry(link, HttpVisit, in_http);

                if (now_ms - visit->since_ms >= REQUEST_MS)
                        visit_end(http, visit);
        }
        turn(http);
}

void http_deinit(Http *http)
{
        if (!http->daemon)
                return;
        loop_watch_remove(&http->watch);
        MHD_stop_daemon(http->daemon);
        *http = (Http){};
}
