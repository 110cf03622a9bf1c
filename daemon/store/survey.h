#pragma once

/*
 * Survey: can every page of a database be reached?
 *
 * A file that was cut off is mapped all the same, and touching what is missing is a SIGBUS. LMDB
 * may leave its file a little shorter than its last commit says, with pages that it wrote nothing
 * to, so the size alone is no proof. A child goes and looks.
 */

#include <stdint.h>

#include "internal/err.h"

/* How long the last commit left the file, at the most; 0: that cannot be known. */
uint64_t survey_written_bytes(const char *directory);
/* For a child that looks at what may be damaged: to die is an answer, so nobody's handler is to
 * catch it, and what LMDB or a sanitizer says meanwhile is not for the operator. */
void survey_expect_death(void);
/* Looks only if the file is shorter than it says. Returns 0, STORE_E_DAMAGED or -errno. */
MUST_CHECK int survey(const char *directory);
