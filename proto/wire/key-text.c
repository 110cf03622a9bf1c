/*
 * A public key as text
 *
 * The two halves (64 bytes) and one byte of checksum are 520 bits; five zero bits make them 105
 * symbols of base 32, in fifteen groups of seven. Each group ends in a check symbol, so that
 * whoever reads the line over the phone is told which group was misheard, not that "something" was.
 *
 * The check is taken in the field of 32 elements, GF(2)[x] / (x^5 + x^2 + 1), not modulo 31 or 32:
 * there 0 and 31 are the same, or two neighbours that differ by 16 can change places unseen. With
 * symbols v0 ... v6 and check c in group g (1 to 15):
 *
 *         v0 + x v1 + x^2 v2 + ... + x^6 v6 + x^7 c = g
 *
 * The eight weights are different and none is zero. So within a group every change of one symbol
 * and every exchange of two different ones is found, whether neighbours or not and the check symbol
 * included; and as g differs, so is a whole group in another's place. What is wrong in several
 * groups at once and still passes is left to the checksum (1 in 256) and to the key's own fitness.
 */

#include <sodium.h>
#include <string.h>

#include "wire/base32.h"
#include "wire/key.h"

enum {
        N_GROUPS = 15,
        GROUP_SYMBOLS = 7,
        GROUP_CHARS = GROUP_SYMBOLS + 1,
        PREFIX_SYMBOLS = 5,
        BODY_BYTES = 2 * KEY_BYTES + 1,
};

static const char prefix[] = "plek1";

/* Multiplies by x. */
static uint8_t field_shift(uint8_t value)
{
        return (uint8_t)((value << 1 & 31) ^ (value & 16 ? 5 : 0));
}

/* Divides by x: x * (x^4 + x) = 1. */
static uint8_t field_unshift(uint8_t value)
{
        return (uint8_t)(value & 1 ? (value ^ 5) >> 1 | 16 : value >> 1);
}

/* v0 + x v1 + ... over @n_values, by Horner's rule. */
static uint8_t weighted_sum(const uint8_t *values, size_t n_values)
{
        uint8_t sum = 0;

        while (n_values--)
                sum = field_shift(sum) ^ values[n_values];
        return sum;
}

static uint8_t group_check(const uint8_t values[GROUP_SYMBOLS], unsigned group)
{
        uint8_t check = weighted_sum(values, GROUP_SYMBOLS) ^ (uint8_t)group;

        for (size_t i = 0; i < GROUP_SYMBOLS; i++)
                check = field_unshift(check);
        return check;
}

static uint8_t key_checksum(const uint8_t key[2 * KEY_BYTES])
{
        crypto_generichash_state state;
        uint8_t hash[32];

        crypto_generichash_init(&state, NULL, 0, sizeof(hash));
        crypto_generichash_update(&state, (const uint8_t *)prefix, sizeof(prefix) - 1);
        crypto_generichash_update(&state, key, 2 * KEY_BYTES);
        crypto_generichash_final(&state, hash, sizeof(hash));
        return hash[0];
}

void public_key_format(const PublicKey *key, char ret_text[KEY_TEXT_BYTES])
{
        uint8_t values[N_GROUPS * GROUP_SYMBOLS], body[BODY_BYTES];
        char *at;

        memcpy(body, key->sign, KEY_BYTES);
        memcpy(body + KEY_BYTES, key->transport, KEY_BYTES);
        body[2 * KEY_BYTES] = key_checksum(body);
        values[N_GROUPS * GROUP_SYMBOLS - 1] = 0;
        base32_split(values, body, sizeof(body));

        at = stpcpy(ret_text, prefix);
        for (unsigned i = 0; i < N_GROUPS; i++) {
                const uint8_t *group = values + i * GROUP_SYMBOLS;

                *at++ = '-';
                for (size_t j = 0; j < GROUP_SYMBOLS; j++)
                        *at++ = base32_symbol(group[j]);
                *at++ = base32_symbol(group_check(group, i + 1));
        }
        *at = '\0';
}

/*
 * Reads the symbols of @text into fifteen groups of eight. Returns 0 or KEY_E_TEXT with the group
 * that is at fault, 0 for the prefix.
 */
static int read_groups(uint8_t ret_values[N_GROUPS][GROUP_CHARS], const char *text,
                       unsigned *ret_group)
{
        size_t n_symbols = 0, n_prefix = 0;

        for (; *text; text++) {
                int value = base32_value(*text);

                *ret_group = (unsigned)(n_symbols / GROUP_CHARS) + (n_prefix == PREFIX_SYMBOLS);
                if (value == BASE32_SPACE)
                        continue;
                if (*text == '-') {
                        if (n_prefix != PREFIX_SYMBOLS)
                                return KEY_E_TEXT;
                        /* A dash ends a group: with it a lost or doubled symbol stays in its own.
                         */
                        if (n_symbols % GROUP_CHARS)
                                return KEY_E_TEXT;
                        continue;
                }
                if (value == BASE32_UNKNOWN)
                        return KEY_E_TEXT;
                if (n_prefix < PREFIX_SYMBOLS) {
                        if (value != base32_value(prefix[n_prefix++]))
                                return KEY_E_TEXT;
                        continue;
                }
                if (n_symbols == N_GROUPS * GROUP_CHARS) {
                        *ret_group = N_GROUPS;
                        return KEY_E_TEXT;
                }
                ret_values[n_symbols / GROUP_CHARS][n_symbols % GROUP_CHARS] = (uint8_t)value;
                n_symbols++;
        }

        *ret_group = (unsigned)(n_symbols / GROUP_CHARS) + (n_prefix == PREFIX_SYMBOLS);
        return n_symbols == N_GROUPS * GROUP_CHARS ? 0 : KEY_E_TEXT;
}

int public_key_parse(PublicKey *ret_key, const char *text, unsigned *ret_group)
{
        uint8_t groups[N_GROUPS][GROUP_CHARS], values[N_GROUPS * GROUP_SYMBOLS], body[BODY_BYTES];
        unsigned ignored, *group = ret_group ? ret_group : &ignored;
        PublicKey key;
        int r;

        *group = 0;
        r = read_groups(groups, text, group);
        if (r)
                return r;

        for (unsigned i = 0; i < N_GROUPS; i++) {
                *group = i + 1;
                if (weighted_sum(groups[i], GROUP_CHARS) != *group)
                        return KEY_E_TEXT;
                memcpy(values + i * GROUP_SYMBOLS, groups[i], GROUP_SYMBOLS);
        }

        *group = 0;
        if (base32_join(body, values, sizeof(values)) || body[2 * KEY_BYTES] != key_checksum(body))
                return KEY_E_TEXT;

        memcpy(key.sign, body, KEY_BYTES);
        memcpy(key.transport, body + KEY_BYTES, KEY_BYTES);
        if (!public_key_is_fit(&key))
                return KEY_E_UNFIT;

        *ret_key = key;
        return 0;
}

KeyId key_id_of(const uint8_t public_key[KEY_BYTES])
{
        uint8_t hash[32];
        KeyId id;

        crypto_generichash(hash, sizeof(hash), public_key, KEY_BYTES, NULL, 0);
        memcpy(id.bytes, hash, sizeof(id.bytes));
        return id;
}

void key_id_format(KeyId id, char ret_text[KEY_ID_TEXT_BYTES])
{
        sodium_bin2hex(ret_text, KEY_ID_TEXT_BYTES, id.bytes, sizeof(id.bytes));
}

int key_id_parse(KeyId *ret_id, const char *text)
{
        size_t n_text = strlen(text), n_bytes;
        KeyId id;

        if (n_text != 2 * KEY_ID_BYTES ||
            sodium_hex2bin(id.bytes, sizeof(id.bytes), text, n_text, NULL, &n_bytes, NULL) ||
            n_bytes != KEY_ID_BYTES)
                return KEY_E_TEXT;

        *ret_id = id;
        return 0;
}
