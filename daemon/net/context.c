#include "net/context.h"

#include <sys/resource.h>

#include "net/peers.h"
#include "net/socket.h"

enum {
        DESCRIPTORS_A_CONNECTION = 4,
};

struct NetContext {
        void *zmq;
        unsigned n_given;
        Outgoing outgoing[N_ENDPOINTS];
};

/* libzmq's thread spins when accept() finds no descriptor, so there must always be some. */
static int reserve_descriptors(uint32_t n_connections_max)
{
        rlim_t n_wanted = (rlim_t)n_connections_max * DESCRIPTORS_A_CONNECTION;
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return err_raise(-errno);
        if (limit.rlim_cur >= n_wanted)
                return 0;
        if (limit.rlim_max < n_wanted)
                return err_raise(-EMFILE);

        limit.rlim_cur = n_wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                return err_raise(-errno);
        return 0;
}

/* Asks a socket that is thrown away afterwards: what is not taken here would admit everybody. */
static int check_authentication(NetContext *context)
{
        Socket probe;
        int value = 0, r;
        size_t n_value = sizeof(value);

        if (!zmq_has("curve"))
                return err_raise(-EOPNOTSUPP);

        r = socket_init(&probe, context, ZMQ_SUB);
        if (!r)
                r = socket_set_bytes(&probe, ZMQ_ZAP_DOMAIN, "probe", 5);
        if (!r)
                r = socket_set_int(&probe, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
        if (!r && zmq_getsockopt(probe.zmq, ZMQ_ZAP_ENFORCE_DOMAIN, &value, &n_value) < 0)
                r = socket_error();
        socket_deinit(&probe);

        if (r == -EINVAL || (!r && value != 1))
                return err_raise(-EOPNOTSUPP);
        return r;
}

int net_context_new(NetContext **ret_context, unsigned n_io_threads, uint32_t n_connections_max)
{
        CLEANUP(net_context_freep) NetContext *context = NULL;
        int r;

        r = reserve_descriptors(n_connections_max);
        if (r)
                return r;

        context = calloc(1, sizeof(*context));
        if (!context)
                return err_raise(-ENOMEM);

        for (unsigned i = 0; i < N_ENDPOINTS; i++)
                outgoing_init(&context->outgoing[i]);
        context->zmq = zmq_ctx_new();
        if (!context->zmq || zmq_ctx_set(context->zmq, ZMQ_IO_THREADS, (int)n_io_threads) < 0)
                return socket_error();

        r = check_authentication(context);
        if (r)
                return r;

        *ret_context = STEAL(context);
        return 0;
}

NetContext *net_context_free(NetContext *context)
{
        if (!context)
                return NULL;

        /* Interrupted by a signal it must be called again, else sockets' threads are left. */
        if (context->zmq)
                while (zmq_ctx_term(context->zmq) < 0 && zmq_errno() == EINTR)
                        ;
        for (unsigned i = 0; i < N_ENDPOINTS; i++)
                outgoing_deinit(&context->outgoing[i]);
        free(context);
        return NULL;
}

void *net_context_zmq(NetContext *context)
{
        return context->zmq;
}

unsigned net_context_next(NetContext *context)
{
        return context->n_given++;
}

Outgoing *net_context_outgoing(NetContext *context, unsigned kind)
{
        assert(kind < N_ENDPOINTS);
        return &context->outgoing[kind];
}
