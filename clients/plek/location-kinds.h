#pragma once

/*
 * Kinds of location: Nictiz RoleCodeNL (zib 2020, CC0). The list grows; others are kept as they are.
 */

#include <stddef.h>

#include "wire/codes.h"

typedef struct LocationKind {
        const char *code;
        const char *label[2]; /* by Language */
} LocationKind;

/* The @n-th of those known here; NULL past the last. */
const LocationKind *location_kind_nth(size_t n);
/* NULL: not known here. */
const LocationKind *location_kind_find(const char *code);
