#pragma once

/*
 * Chance that can be had again: a seed, printed, from which all that happens follows
 */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static inline void must(int r)
{
        assert(r == 0);
}

typedef struct Chance {
        uint64_t seed; /* splitmix64 */
} Chance;

static inline uint64_t chance_draw(Chance *chance)
{
        uint64_t z = chance->seed += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
}

static inline unsigned chance_below(Chance *chance, unsigned n)
{
        return (unsigned)(chance_draw(chance) % n);
}

static inline bool chance_percent(Chance *chance, unsigned percent)
{
        return chance_below(chance, 100) < percent;
}

/* The seed is the first argument, or random; printed, so that a failure can be had again. */
static inline Chance chance_new(int argc, char **argv)
{
        Chance chance = { 0 };

        if (argc > 1)
                chance.seed = strtoull(argv[1], NULL, 0);
        else if (getrandom(&chance.seed, sizeof(chance.seed), 0) != sizeof(chance.seed))
                abort();
        printf("seed %#llx\n", (unsigned long long)chance.seed);
        fflush(stdout);
        return chance;
}
