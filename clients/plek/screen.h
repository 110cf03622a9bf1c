#pragma once

/*
 * Screen: a table in a terminal, redrawn in place
 *
 * One per program, as there is one terminal.
 */

#include "table.h"

/* Returns 0 or -ENOTTY. */
MUST_CHECK int screen_start(void);
void screen_stop(void);
bool screen_is_on(void);

/* Draws @table from where the person has scrolled to, with the last line of the file @caption (may
 * be NULL) below, @note (may be empty) above that, and how many lines there are above and below
 * that do not fit. Returns true when the person wants to go. */
bool screen_show(const Table *table, const char *caption, const char *note, Language language);

/* The key that the person has pressed which is not the screen's own; 0: none. Once. */
int screen_take_key(void);

int screen_columns(void);

/* Until @fd or the keyboard has something, at most @timeout_ms. Returns 0 or -errno. */
MUST_CHECK int screen_wait(int fd, int timeout_ms);

/* Whether the person has pressed one that screen_show() has not taken. */
bool screen_has_key(void);

/* Stays at the top until the program ends. */
void screen_alarm(const char *name, const char *text);
