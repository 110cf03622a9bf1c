#pragma once

/*
 * Between test-vectors.c and what makes the vectors: the world they are about
 */

#include <stdio.h>

#include "cmocka-all.h"
#include "wire/query.h"

#define TIME_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

/* Envelopes are kept as they are made, for those that have others in them. */
typedef struct World {
        SecretKey *authority, *broker, *agent;
        NetworkId network;
        Arena *arena;
        Blob *head;
        Blob *epoch;
        Blob *update; /* counts */
        Blob *affirm;
} World;

extern World world;

void put_hex(FILE *out, const char *name, const void *bytes, size_t n_bytes);
void put_text(FILE *out, const char *name, const char *text);
/* Signs @body, writes what is signed and the whole, and hands the envelope over. */
Blob *put_envelope(FILE *out, const char *name, EnvelopeKind kind, const SecretKey *key,
                   const Blob *body);

void write_keys(FILE *out);
void write_updates(FILE *out);
void write_refused(FILE *out);
void write_documents(FILE *out);
void write_calls(FILE *out);
void write_heads(FILE *out);
void write_blocks(FILE *out);
void write_queries(FILE *out);
