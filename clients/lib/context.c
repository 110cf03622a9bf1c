#include "lib/context.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "plek/plek.h"

enum {
        LOG_LINE_MAX = 512,
        SOCKETS_MAX = 16 * 1024, /* of one process: a subscriber has seven, with their monitors */
};

int plek_context_new(PlekContext **ret_context, const PlekContextOptions *options)
{
        static const PlekContextOptions defaults;
        PlekContext *context;
        unsigned n_io_threads;

        if (!options)
                options = &defaults;
        n_io_threads = options->n_io_threads ? options->n_io_threads : 1;
        if (n_io_threads > 64)
                return err_raise(-EINVAL);
        if (!zmq_has("curve"))
                return err_raise(-EOPNOTSUPP);
        if (sodium_init() < 0)
                return err_raise(-EOPNOTSUPP);

        context = calloc(1, sizeof(*context));
        if (!context)
                return err_raise(-ENOMEM);
        context->log = options->log;
        context->log_arg = options->log_arg;
        context->zmq = zmq_ctx_new();
        if (!context->zmq) {
                free(context);
                return err_raise(-ENOMEM);
        }

        (void)zmq_ctx_set(context->zmq, ZMQ_IO_THREADS, (int)n_io_threads);
        (void)zmq_ctx_set(context->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
        (void)zmq_ctx_set(context->zmq, ZMQ_BLOCKY, 0);
        *ret_context = context;
        return 0;
}

PlekContext *plek_context_free(PlekContext *context)
{
        if (!context)
                return NULL;

        while (zmq_ctx_term(context->zmq) < 0 && errno == EINTR)
                ;
        free(context);
        return NULL;
}

const char *plek_version(void)
{
        return PLEK_VERSION;
}

void context_log(PlekContext *context, PlekLogLevel level, const char *format, ...)
{
        char line[LOG_LINE_MAX];
        va_list arguments;

        if (!context->log)
                return;
        va_start(arguments, format);
        (void)vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);
        context->log(context->log_arg, level, line);
}

const char *plek_result_text(int result)
{
        static const char *const texts[] = {
                [PLEK_OK] = "done",
                [PLEK_E_INVALID] = "not allowed",
                [PLEK_E_REFUSED] = "refused by the broker",
                [PLEK_E_TIMEOUT] = "no answer in time",
                [PLEK_E_END] = "there is no next one",
                [PLEK_E_NOT_FOUND] = "not found",
                [PLEK_E_KEY_TEXT] = "not a key, or there is a slip in it",
                [PLEK_E_KEY_MODE] = "others may read this secret key: chmod 600 it",
                [PLEK_E_CARD] = "not a region card, or not signed by its authority",
                [PLEK_E_CARD_OTHER] = "the region card of another network or authority",
                [PLEK_E_UNTRUSTED] = "the answer is not signed as it should be",
        };
        const char *text;

        if (result < 0) {
                text = strerrordesc_np(-result);
                return text ? text : "unknown error";
        }
        return (size_t)result < N_ELEMENTS(texts) ? texts[result] : "unknown result";
}
