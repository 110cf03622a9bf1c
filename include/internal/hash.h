#pragma once

/*
 * Hash tables: uthash, told not to end the process when memory runs out, and with a hash that a
 * peer who chooses the keys cannot aim at one bucket
 *
 * After HASH_ADD...(), element->hh.tbl is NULL if there was no memory and nothing was added. All
 * tables are walked in the order in which their elements came, never by hash: what is computed from
 * a walk is the same in every process.
 */

#if defined(UTHASH_H) && !HASH_NONFATAL_OOM
#error "internal/hash.h comes before uthash.h"
#endif

#include <sodium.h>
#include <stdint.h>
#include <sys/auxv.h>

/* The kernel's random bytes for this process (two words) are a key that nobody has to keep. */
static inline unsigned hash_of(const void *bytes, size_t n_bytes)
{
        static __thread const uint8_t *seed; /* getauxval() walks a list */
        uint8_t hash[crypto_shorthash_BYTES];

        if (!seed)
                seed = (const uint8_t *)getauxval(AT_RANDOM); /* NOLINT */
        crypto_shorthash(hash, bytes, n_bytes, seed);
        return (unsigned)hash[0] | (unsigned)hash[1] << 8 | (unsigned)hash[2] << 16 |
               (unsigned)hash[3] << 24;
}

#ifndef UTHASH_H
#define HASH_NONFATAL_OOM                   1
#define HASH_FUNCTION(_key, _n_key, _hashv) ((_hashv) = hash_of((_key), (_n_key)))
#include <uthash.h>
#endif
