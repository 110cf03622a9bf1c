#pragma once

/*
 * Fetching: an answer in chunks, and the registry that it is judged by
 */

#include "lib/client-internal.h"

typedef struct FetchedChunk {
        ListLink link;
        Blob *body;
} FetchedChunk;

struct ClientFetch {
        PlekClient *client;
        uint64_t request;
        bool is_refused;
        PlekFault fault;
        Transfer transfer;
        ListLink chunks;   /* FetchedChunk */
        Replica *registry; /* reg/ and nothing else; NULL: not asked for yet */
        int result;
};

void client_fetch_init(ClientFetch *fetch, PlekClient *client);
void client_fetch_deinit(ClientFetch *fetch);

/*
 * Asks @request and waits for all of the answer, and then for the registry as it is by then.
 * Returns as the questions of plek/client.h.
 */
MUST_CHECK int client_fetch(ClientFetch *fetch, Request *request, PlekFault *ret_fault);
