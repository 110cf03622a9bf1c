#include "known-code.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sentences.h"

enum {
        N_NAME_MAX = 40, /* no code is longer; what is has no neighbour */
        N_SLIPS = 2,
};

static const struct {
        PlekCodeList list;
        const char *name;
} lists[] = {
        { PLEK_CODES_CARE, "care" },           { PLEK_CODES_COUNT_FIELD, "count" },
        { PLEK_CODES_MISSING, "missing" },     { PLEK_CODES_DOOR_STATE, "door" },
        { PLEK_CODES_EXCEPTION, "exception" }, { PLEK_CODES_REASON, "reason" },
        { PLEK_CODES_PATIENT_GROUP, "group" }, { PLEK_CODES_ON_EXPIRY, "on-expiry" },
        { PLEK_CODES_STATUS, "status" },       { PLEK_CODES_AUDIENCE, "audience" },
        { PLEK_CODES_CHAIN, "link" },
};

const char *known_list_name(PlekCodeList list)
{
        for (size_t i = 0; i < N_ELEMENTS(lists); i++)
                if (lists[i].list == list)
                        return lists[i].name;
        return NULL;
}

static bool is_same(char a, char b)
{
        a = a == '-' ? '_' : (char)toupper((unsigned char)a);
        b = b == '-' ? '_' : (char)toupper((unsigned char)b);
        return a == b;
}

/* Letters to put in, leave out, or change. */
static size_t distance(const char *a, const char *b)
{
        size_t n_a = strlen(a), n_b = strlen(b), row[N_NAME_MAX + 1];

        if (n_a > N_NAME_MAX || n_b > N_NAME_MAX)
                return SIZE_MAX;
        for (size_t k = 0; k <= n_b; k++)
                row[k] = k;
        for (size_t i = 1; i <= n_a; i++) {
                size_t before = row[0];

                row[0] = i;
                for (size_t k = 1; k <= n_b; k++) {
                        size_t changed = before + !is_same(a[i - 1], b[k - 1]);

                        before = row[k];
                        row[k] = MIN(changed, MIN(row[k], row[k - 1]) + 1);
                }
        }
        return row[n_b];
}

static bool is_label(PlekCodeList list, uint32_t code, const char *name)
{
        static const PlekLanguage languages[] = { PLEK_ENGLISH, PLEK_DUTCH };

        for (size_t i = 0; i < N_ELEMENTS(languages); i++) {
                const char *label = plek_code_label(list, code, languages[i]);

                if (label && !strcasecmp(label, name))
                        return true;
        }
        return false;
}

uint32_t known_code_guess(PlekCodeList list, const char *name)
{
        /* Of a short word every other one is two letters away. */
        size_t nearest = MIN((strlen(name) + 1) / 3, (size_t)N_SLIPS) + 1;
        uint32_t code, guess = 0;

        for (size_t i = 0; (code = plek_code_nth(list, i)); i++)
                if (is_label(list, code, name))
                        return code;
        for (size_t i = 0; (code = plek_code_nth(list, i)); i++) {
                size_t slips = distance(name, plek_code_name(list, code));

                if (slips < nearest) {
                        nearest = slips;
                        guess = code;
                }
        }
        return guess;
}

void known_code_sentence(PlekCodeList list, const char *what, const char *name,
                         char ret_text[KNOWN_CODE_TEXT_BYTES])
{
        uint32_t guess = known_code_guess(list, name);
        const char *of = known_list_name(list);

        snprintf(ret_text, KNOWN_CODE_TEXT_BYTES,
                 sentence("there is no %s '%.80s'%s%s%s plek codes%s%s %s"), sentence(what), name,
                 guess ? ": is " : ".", guess ? plek_code_name(list, guess) : "",
                 guess ? sentence(" meant?") : "", of ? " " : "", of ? of : "",
                 sentence("lists them"));
}

uint32_t known_code(struct argp_state *state, PlekCodeList list, const char *what, const char *name)
{
        char text[KNOWN_CODE_TEXT_BYTES];
        uint32_t code = 0;

        if (plek_code_parse(&code, list, name)) {
                known_code_sentence(list, what, name, text);
                usage_error(state, "%s", text);
        }
        return code;
}
