#pragma once

/*
 * What tests of updates share: bodies put together by hand, and updates that are as they should be
 */

#include <sodium.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/update.h"

/*
 * Bodies that no encoder of ours would make are put together by hand: a field is its key, then its
 * value. Those below 16 have a key of one byte.
 */
typedef struct Body {
        uint8_t bytes[128 * 1024];
        size_t n_bytes;
} Body;

/* What the helpers below work on, and what came of it. */
typedef struct UpdateFixture {
        Arena *arena;
        Body body;
        WireRefusal refusal;
        Update decoded;
} UpdateFixture;

extern UpdateFixture fixture;

int fixture_setup(void **state);
/* Runs @tests with sodium ready, and frees the fixture's arena after them. */
int fixture_run(int (*run)(void));

void put(Body *to, const void *bytes, size_t n_bytes);
void put_number(Body *to, uint32_t tag, uint64_t value);
void put_bytes(Body *to, uint32_t tag, const void *bytes, size_t n_bytes);
/* What stands before every body: a party's statement about a location, made at t = 1,000,000. */
void put_head(Body *to);

/* Each returns what update_decode() says. */
int decode(void);
/* A head and a body of @tag with @n_bytes of content. */
int decode_with(uint32_t tag, const void *bytes, size_t n_bytes);
/* Encodes and decodes; the body is freed, the strings are in the arena. */
int round_trip(const Update *update);
void assert_refused(const Update *update, PlekRefusal code, const char *field);

Update counts_update(void);
Update door_update(void);

#define TEST(_name) cmocka_unit_test_setup(_name, fixture_setup)
