#pragma once

/*
 * Crockford's base 32, most significant bit first: what keys are written in
 */

#include <stddef.h>
#include <stdint.h>

enum {
        BASE32_SPACE = -1,   /* a blank: skipped by whoever reads */
        BASE32_UNKNOWN = -2, /* no symbol */
};

/* 0 to 31: "0" to "9", then "a" to "z" less i, l, o and u. */
char base32_symbol(unsigned value);
/* 0 to 31, or one of the above. Upper case, O for 0, I and L for 1 are taken for what was meant. */
int base32_value(char symbol);

/* ceil(8 * @n_bytes / 5) values; what is left over of the last one is zero bits. */
void base32_split(uint8_t *ret_values, const uint8_t *bytes, size_t n_bytes);
/* The reverse, for floor(5 * @n_values / 8) bytes. Returns the bits left over. */
unsigned base32_join(uint8_t *ret_bytes, const uint8_t *values, size_t n_values);
