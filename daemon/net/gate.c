/*
 * Gate
 *
 * The handler of ZAP (RFC 27): a request has the parts version, request id, domain, address,
 * routing id, mechanism, and for CURVE the key; the reply version, request id, status code, status
 * text, user id, metadata. The REP socket holds the asking session's place between the two.
 * Whatever is not such a request for CURVE is answered 500: nobody is admitted by mistake.
 */

#include "net/gate.h"

#include <stdio.h>
#include <string.h>

#include "net/socket.h"

enum {
        PART_VERSION,
        PART_REQUEST,
        PART_DOMAIN,
        PART_ADDRESS,
        PART_ROUTING,
        PART_MECHANISM,
        PART_KEY,
        N_PARTS,

        TEXT_MAX = 256,
        REQUESTS_A_TURN = 256, /* a flood of handshakes shares the loop with everything else */
};

struct Gate {
        Socket socket;
        GateFn decide;
        void *arg;
        GateCounters counters;
};

typedef struct Parts {
        zmq_msg_t messages[N_PARTS];
        size_t n_parts;
        bool is_complete; /* seven, not more or less */
} Parts;

static void parts_deinit(Parts *parts)
{
        for (size_t i = 0; i < parts->n_parts; i++)
                zmq_msg_close(&parts->messages[i]);
}

static int parts_receive(Socket *socket, Parts *parts)
{
        zmq_msg_t *message;
        int r;

        do {
                message = &parts->messages[parts->n_parts];
                zmq_msg_init(message);
                parts->n_parts++;
                r = socket_receive(socket, message);
                if (r)
                        return r;
        } while (zmq_msg_more(message) && parts->n_parts < N_PARTS);

        parts->is_complete = !socket_skip_parts(socket, message) && parts->n_parts == N_PARTS;
        return 0;
}

static bool part_is(Parts *parts, size_t number, const char *text)
{
        zmq_msg_t *part = &parts->messages[number];

        return zmq_msg_size(part) == strlen(text) &&
               memcmp(zmq_msg_data(part), text, strlen(text)) == 0;
}

static bool part_text(Parts *parts, size_t number, char ret_text[TEXT_MAX])
{
        zmq_msg_t *part = &parts->messages[number];
        size_t n_text = zmq_msg_size(part);

        if (n_text >= TEXT_MAX)
                return false;
        memcpy(ret_text, zmq_msg_data(part), n_text);
        ret_text[n_text] = '\0';
        return true;
}

static int send_part(Socket *socket, const void *bytes, size_t n_bytes, int flags)
{
        CLEANUP(zmq_msg_closep) zmq_msg_t part;

        if (zmq_msg_init_size(&part, n_bytes) < 0) {
                zmq_msg_init(&part);
                return err_raise(-ENOMEM);
        }
        if (n_bytes)
                memcpy(zmq_msg_data(&part), bytes, n_bytes);
        return socket_send(socket, &part, flags);
}

static int reply(Gate *gate, Parts *parts, const char *status, const char *user)
{
        zmq_msg_t *request = &parts->messages[PART_REQUEST];
        bool has_request = parts->n_parts > PART_REQUEST;
        int r;

        r = send_part(&gate->socket, "1.0", 3, ZMQ_SNDMORE);
        if (!r)
                r = send_part(&gate->socket, has_request ? zmq_msg_data(request) : "",
                              has_request ? zmq_msg_size(request) : 0, ZMQ_SNDMORE);
        if (!r)
                r = send_part(&gate->socket, status, strlen(status), ZMQ_SNDMORE);
        if (!r)
                r = send_part(&gate->socket, "", 0, ZMQ_SNDMORE);
        if (!r)
                r = send_part(&gate->socket, user, strlen(user), ZMQ_SNDMORE);
        if (!r)
                r = send_part(&gate->socket, "", 0, 0);
        return r;
}

static bool parse(Parts *parts, GateRequest *request, char domain[TEXT_MAX], char address[TEXT_MAX])
{
        if (!parts->is_complete || !part_is(parts, PART_VERSION, "1.0") ||
            !part_is(parts, PART_MECHANISM, "CURVE") ||
            zmq_msg_size(&parts->messages[PART_KEY]) != KEY_BYTES ||
            !part_text(parts, PART_DOMAIN, domain) || !part_text(parts, PART_ADDRESS, address))
                return false;

        request->domain = domain;
        request->address = address;
        memcpy(request->transport_key, zmq_msg_data(&parts->messages[PART_KEY]), KEY_BYTES);
        request->user = key_id_of(request->transport_key);
        return true;
}

static int answer(Gate *gate, Parts *parts)
{
        char domain[TEXT_MAX], address[TEXT_MAX], user[KEY_ID_TEXT_BYTES];
        GateRequest request = {};

        if (!parse(parts, &request, domain, address)) {
                gate->counters.n_malformed++;
                return reply(gate, parts, "500", "");
        }

        switch (gate->decide(gate->arg, &request)) {
        case GATE_ADMIT:
                gate->counters.n_admitted++;
                key_id_format(request.user, user);
                return reply(gate, parts, "200", user);
        case GATE_NEVER:
                gate->counters.n_never++;
                return reply(gate, parts, "400", "");
        case GATE_LATER:
                break;
        }
        gate->counters.n_later++;
        return reply(gate, parts, "300", "");
}

static int on_requests(void *arg)
{
        Gate *gate = arg;
        int r;

        for (size_t i = 0; i < REQUESTS_A_TURN; i++) {
                CLEANUP(parts_deinit) Parts parts = {};

                r = parts_receive(&gate->socket, &parts);
                if (r)
                        return r == -EAGAIN ? 0 : r;
                r = answer(gate, &parts);
                if (r)
                        return r;
        }
        return 0;
}

int gate_new(Gate **ret_gate, NetContext *context, Loop *loop, GateFn decide, void *arg)
{
        CLEANUP(gate_freep) Gate *gate = NULL;
        int r;

        gate = calloc(1, sizeof(*gate));
        if (!gate)
                return err_raise(-ENOMEM);

        gate->decide = decide;
        gate->arg = arg;
        r = socket_init(&gate->socket, context, ZMQ_REP);
        if (r)
                return r;
        if (zmq_bind(gate->socket.zmq, "inproc://zeromq.zap.01") < 0)
                return socket_error();
        r = socket_attach(&gate->socket, loop, on_requests, gate);
        if (r)
                return r;

        *ret_gate = STEAL(gate);
        return 0;
}

Gate *gate_free(Gate *gate)
{
        if (!gate)
                return NULL;

        socket_deinit(&gate->socket);
        free(gate);
        return NULL;
}

const GateCounters *gate_counters(const Gate *gate)
{
        return &gate->counters;
}
