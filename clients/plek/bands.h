#pragma once

/*
 * Bands: what a crowding score means to this reader
 *
 * Cut-offs differ from country to country and from region to region, so none are built in but those
 * of a method's authors. A file has a line a band, above which bound it holds and what it is called
 * ("-": from the bottom); what it says of any method replaces all that is built in:
 *
 *         # method  above  name
 *         nedocs    -      rustig
 *         nedocs    60     druk
 *         nedocs    100    overvol
 */

#include "plek/plek.h"

#include "command.h"

/* From here on the bands are those in @path, or in the file that $PLEK_BANDS names if @path is
 * NULL; if there is none either, those that are built in. Returns an Exit; what is wrong has been
 * said, with its line. */
MUST_CHECK int bands_use(const char *path);
/* What @score is called; built-in names in @language. NULL: no band reaches down to it. */
const char *bands_name(const char *method, double score, Language language);
