#pragma once

/*
 * Known code: a code that somebody typed, or the one that was meant
 */

#include <argp.h>

#include "plek/plek.h"

#include "internal/err.h"

enum { KNOWN_CODE_TEXT_BYTES = 256 };

/* What plek codes calls @list; NULL: it is in none of its lists. */
const char *known_list_name(PlekCodeList list);

/* The code of @list that @name is the label of, in either language, or a slip of the finger away
 * from. 0: none. It is for asking back: a word that people use is not taken for a code. */
uint32_t known_code_guess(PlekCodeList list, const char *name);

/* "there is no care 'SEH': is ED meant? plek codes care lists them" */
void known_code_sentence(PlekCodeList list, const char *what, const char *name,
                         char ret_text[KNOWN_CODE_TEXT_BYTES]);

/* Says that, and exits, where @list has no such code. */
uint32_t known_code(struct argp_state *state, PlekCodeList list, const char *what,
                    const char *name);
