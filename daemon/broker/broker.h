#pragma once

/*
 * Broker: joins sockets, ledger and state into what plekd is
 *
 * Everything here runs on the main thread, but for what item_verify() and the commit job do on
 * theirs. Modules hold a pointer to their Broker and reach each other through it.
 */

#include "config/config.h"
#include "internal/err.h"

typedef struct Broker Broker;

enum {
        BROKER_OK,
        BROKER_E_REFUSED, /* *ret_text: a sentence for the operator */
};

enum {
        EXIT_STORE_BROKEN = 74, /* the disk or the ledger cannot be trusted any more */
};

/*
 * Opens the ledger, replays it, opens an epoch, binds the sockets. Takes @config over on success;
 * @config_path is where a reload reads it again, and outlives the broker. Returns 0,
 * BROKER_E_REFUSED or -errno. *ret_text is valid until the next call.
 */
MUST_CHECK int broker_new(Broker **ret_broker, Config *config, const char *config_path,
                          const char **ret_text);
Broker *broker_free(Broker *broker);
DEFINE_FREEP(Broker, broker_free);

/* Until SIGTERM or SIGINT. Returns the process's exit status, or -errno. */
MUST_CHECK int broker_run(Broker *broker);
