#pragma once

/*
 * Numbers as bytes, big-endian: in headers, because that is the network's order, and in keys of
 * the store, because they then sort.
 */

#include <stdint.h>

static inline void be16_put(uint8_t *to, uint16_t value)
{
        to[0] = (uint8_t)(value >> 8);
        to[1] = (uint8_t)value;
}

static inline uint16_t be16_get(const uint8_t *from)
{
        return (uint16_t)(from[0] << 8 | from[1]);
}

static inline void be32_put(uint8_t *to, uint32_t value)
{
        be16_put(to, (uint16_t)(value >> 16));
        be16_put(to + 2, (uint16_t)value);
}

static inline uint32_t be32_get(const uint8_t *from)
{
        return (uint32_t)be16_get(from) << 16 | be16_get(from + 2);
}

static inline void be64_put(uint8_t *to, uint64_t value)
{
        be32_put(to, (uint32_t)(value >> 32));
        be32_put(to + 4, (uint32_t)value);
}

static inline uint64_t be64_get(const uint8_t *from)
{
        return (uint64_t)be32_get(from) << 32 | be32_get(from + 4);
}
