#pragma once

/*
 * What tests of requests and replies share: each is encoded, decoded, and looked at
 */

#include <sodium.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/query.h"

static Arena *arena;
static Request asked;
static Reply answered;
static const uint8_t payload[300] = { 1, 2, 3 };

static inline int setup(void **state)
{
        arena_reset(arena);
        return 0;
}

static inline int recode_request(const Request *request)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;

        assert_int_equal(request_encode(&blob, request), 0);
        return request_decode(&asked, arena, blob->bytes, blob->n_bytes);
}

static inline int recode_reply(const Reply *reply)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;

        assert_int_equal(reply_encode(&blob, reply), 0);
        return reply_decode(&answered, arena, blob->bytes, blob->n_bytes);
}

static inline Bytes some_bytes(size_t n_bytes)
{
        return (Bytes){ payload, n_bytes };
}

#define TEST(_name) cmocka_unit_test_setup(_name, setup)

static inline int run_group(const struct CMUnitTest *tests, size_t n_tests)
{
        int r;

        if (sodium_init() < 0 || arena_new(&arena, 4 * 1024 * 1024))
                return 1;
        r = _cmocka_run_group_tests("query", tests, n_tests, NULL, NULL);
        arena_free(arena);
        return r;
}
