#include "config/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct Unit {
        const char *name;
        uint64_t factor;
} Unit;

/* Largest first. */
static const Unit count_units[] = {
        { "", 1 },
};
static const Unit byte_units[] = {
        { "GiB", UINT64_C(1) << 30 },
        { "MiB", UINT64_C(1) << 20 },
        { "KiB", UINT64_C(1) << 10 },
        { "", 1 },
};
static const Unit ms_units[] = {
        { "d", UINT64_C(24) * 3600 * 1000 },
        { "h", UINT64_C(3600) * 1000 },
        { "min", UINT64_C(60) * 1000 },
        { "s", 1000 },
        { "ms", 1 },
};

static const struct {
        const Unit *units;
        size_t n_units;
        const char *rule;
} kinds[] = {
        [VALUE_COUNT] = { count_units, N_ELEMENTS(count_units), "a number" },
        [VALUE_BYTES] = { byte_units, N_ELEMENTS(byte_units),
                          "a size such as 64 KiB, 1 MiB or 2 GiB" },
        [VALUE_MS] = { ms_units, N_ELEMENTS(ms_units),
                       "a duration such as 500 ms, 90 s, 5 min, 2 h or 14 d" },
};

int value_parse(uint64_t *ret_value, ValueUnit unit, const char *text)
{
        uint64_t value = 0;

        if (!isdigit((unsigned char)*text))
                return VALUE_E_NUMBER;
        for (; isdigit((unsigned char)*text); text++) {
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
                        return VALUE_E_NUMBER;
        }
        while (*text == ' ' || *text == '\t')
                text++;

        for (size_t i = 0; i < kinds[unit].n_units; i++) {
                if (strcmp(text, kinds[unit].units[i].name) != 0)
                        continue;
                if (__builtin_mul_overflow(value, kinds[unit].units[i].factor, ret_value))
                        return VALUE_E_NUMBER;
                return 0;
        }

        return VALUE_E_UNIT;
}

void value_format(uint64_t value, ValueUnit unit, char ret_text[VALUE_TEXT_MAX])
{
        const Unit *best = &kinds[unit].units[kinds[unit].n_units - 1];

        for (size_t i = 0; value && i < kinds[unit].n_units; i++) {
                best = &kinds[unit].units[i];
                if (value % best->factor == 0)
                        break;
        }

        snprintf(ret_text, VALUE_TEXT_MAX, "%" PRIu64 "%s%s", value / best->factor,
                 *best->name ? " " : "", best->name);
}

const char *value_rule(ValueUnit unit)
{
        return kinds[unit].rule;
}
