#pragma once

/*
 * Patient data: does a text that somebody typed look like it?
 *
 * No text of Plek is for patients, and what is sent cannot be unsaid: its journal is kept. This is
 * a guess that is asked back, not a filter: a name passes it.
 */

#include <stdbool.h>

/* A nine-digit number that passes the eleven-test of a BSN, also with dots in it. */
bool patient_data_has_bsn(const char *text);

/* A day, month and year, as in 12-3-1950 or 1950-03-12, of which the year is before @year: what a
 * door says is of now. */
bool patient_data_has_birth_date(const char *text, int year);
