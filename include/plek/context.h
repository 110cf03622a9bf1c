#pragma once

/*
 * PlekContext: what the other objects are made from
 *
 * A program makes one, keeps it until everything made from it is freed, and gives it to each
 * constructor. libplek has no other state of its own: nothing is kept in global variables.
 *
 * Threads. A context may be used by several threads at once. Every other object belongs to one
 * thread at a time: it may be handed to another, with the usual synchronisation, but two threads
 * must not be inside functions of the same object. Different objects are independent. Callbacks
 * are called only from within a function of their object, in the thread that called it.
 * Where many signatures have to be checked at once, a few threads more do that, which take no
 * signals and have ended when the function returns.
 *
 * Results. Functions that can fail return 0 when done, a PLEK_E_* (> 0) for an outcome that their
 * description names, or a negative errno (-ENOMEM, -EIO, ...) when the operation could not go on.
 * Outputs (ret_*) are written only on 0, unless said otherwise. Functions that free take NULL and
 * return NULL.
 *
 * Strings are UTF-8 and end with a NUL. Times (*_ms) are milliseconds since 1970-01-01T00:00Z.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the shared library exports; everything else is hidden. */
#if defined(__GNUC__)
#        define PLEK_PUBLIC __attribute__((visibility("default")))
#else
#        define PLEK_PUBLIC
#endif

typedef struct PlekContext PlekContext;

/* Outcomes that are not failures of the machine. Each function names those that it can have. */
typedef enum PlekResult {
        PLEK_OK = 0,
        PLEK_E_INVALID = 1, /* what was given is not allowed; the fault says which field and why */
        PLEK_E_REFUSED,     /* the broker said no; the fault has its code and sentence */
        PLEK_E_TIMEOUT,     /* no answer in time */
        PLEK_E_END,         /* there is no next one */
        PLEK_E_NOT_FOUND,
        PLEK_E_KEY_TEXT,   /* not a key, or with a slip in it */
        PLEK_E_KEY_MODE,   /* a secret key's file that others may read */
        PLEK_E_CARD,       /* not a region card, or not signed by its authority */
        PLEK_E_CARD_OTHER, /* a region card of another network or authority */
        PLEK_E_UNTRUSTED,  /* an answer was not signed as it should be */
} PlekResult;

/* One sentence in English for a result of any function here; static, never NULL. For a negative
 * result it is the C library's description of the error. Any thread. */
PLEK_PUBLIC const char *plek_result_text(int result);

/* Why something was not allowed. Filled in only where a function says so. */
typedef struct PlekFault {
        uint32_t code;  /* PlekRefusal */
        char field[64]; /* "door.ends_at_ms"; empty: it is not about one field */
        char text[256]; /* a sentence; may be empty */
} PlekFault;

typedef enum PlekLogLevel {
        PLEK_LOG_WARNING, /* somebody should look at it */
        PLEK_LOG_INFO,    /* connected, lost, in sync */
        PLEK_LOG_DEBUG,
} PlekLogLevel;

/* @text is one line without its end, borrowed for the call. Called in the thread that is inside a
 * function of the object which logs; must not call back into libplek. */
typedef void (*PlekLogFn)(void *arg, PlekLogLevel level, const char *text);

/* All zero is a sensible default. */
typedef struct PlekContextOptions {
        PlekLogFn log; /* NULL: nothing is logged */
        void *log_arg;
        unsigned n_io_threads; /* of ZeroMQ; 0: one, enough for all but a large relay */
} PlekContextOptions;

/*
 * Makes a context. @options may be NULL and is not kept. Starts threads at the first connection.
 *
 * Returns 0, -EOPNOTSUPP (this libzmq has no CURVE), -EINVAL or -ENOMEM.
 */
PLEK_PUBLIC int plek_context_new(PlekContext **ret_context, const PlekContextOptions *options);

/* Frees it after everything made from it has been freed; never waits for peers. Returns NULL. */
PLEK_PUBLIC PlekContext *plek_context_free(PlekContext *context);

/* The library's version, "0.1.0"; static. */
PLEK_PUBLIC const char *plek_version(void);

#ifdef __cplusplus
}
#endif
