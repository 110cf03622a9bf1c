#include "wire/base32.h"

#include <string.h>

static const char symbols[] = "0123456789abcdefghjkmnpqrstvwxyz";

char base32_symbol(unsigned value)
{
        return symbols[value & 31];
}

int base32_value(char symbol)
{
        const char *at;

        if (symbol >= 'A' && symbol <= 'Z')
                symbol = (char)(symbol - 'A' + 'a');

        switch (symbol) {
        case ' ':
        case '\t':
                return BASE32_SPACE;
        case 'o':
                return 0;
        case 'i':
        case 'l':
                return 1;
        case '\0':
                return BASE32_UNKNOWN;
        default:
                at = strchr(symbols, symbol);
                return at ? (int)(at - symbols) : BASE32_UNKNOWN;
        }
}

void base32_split(uint8_t *ret_values, const uint8_t *bytes, size_t n_bytes)
{
        uint32_t bits = 0;
        unsigned n_bits = 0;

        for (size_t i = 0; i < n_bytes; i++) {
                bits = bits << 8 | bytes[i];
                for (n_bits += 8; n_bits >= 5; n_bits -= 5)
                        *ret_values++ = bits >> (n_bits - 5) & 31;
        }
        if (n_bits)
                *ret_values = (uint8_t)(bits << (5 - n_bits) & 31);
}

unsigned base32_join(uint8_t *ret_bytes, const uint8_t *values, size_t n_values)
{
        uint32_t bits = 0;
        unsigned n_bits = 0;

        for (size_t i = 0; i < n_values; i++) {
                bits = bits << 5 | values[i];
                n_bits += 5;
                if (n_bits >= 8) {
                        n_bits -= 8;
                        *ret_bytes++ = (uint8_t)(bits >> n_bits);
                }
        }
        return bits & ((1u << n_bits) - 1);
}
