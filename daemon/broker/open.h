#pragma once

/*
 * Open document: the public subset, for any web server to hand out
 *
 * Rewritten at most once a minute, and only whole: what is public is taken from the picture in one
 * turn of the loop, and made into a file by a thread of its own, since a country's may take a while
 * to write. wire/open-document.h says how it is signed.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "broker/open-json.h"
#include "wire/key.h"

typedef struct Broker Broker;

enum { OPEN_EVERY_MS = 60 * 1000 };

/* What one file says; the thread's while it runs. */
typedef struct OpenJob {
        OpenRecord *records;
        size_t n_records;
        uint64_t epoch;
        NetworkId network;
        char *network_name, *path; /* a reload must not take them away */
        const SecretKey *key;
        uint64_t revision;
        int64_t now_ms;
        bool is_accepting;
        int result;
        _Atomic bool is_done;
} OpenJob;

typedef struct OpenDocument {
        Broker *broker;
        OpenJob *job; /* NULL: none is being written */
        pthread_t thread;
        int64_t begun_at_ms;
        bool has_failed; /* and it was said */
} OpenDocument;

void open_document_init(OpenDocument *document, Broker *broker);
/* Waits for what is being written. */
void open_document_deinit(OpenDocument *document);
/* Each second. Returns 0 or -ENOMEM. */
MUST_CHECK int open_document_tick(OpenDocument *document);
