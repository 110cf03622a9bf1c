#pragma once

/*
 * Text: a line for a person, put together piece by piece in room that is there
 */

#include "plek/plek.h"

#include "command.h"

enum { TEXT_COLUMNS_MAX = 512 };

/* It grows to the end of its room and no further. */
typedef struct Text {
        char *at;
        size_t n_left;
} Text;

PRINTF(2, 3) void text_add(Text *text, const char *format, ...);
/* On standard output, as text_add() would have it: for lines with words of others in them. */
PRINTF(1, 2) void text_print(const char *format, ...);
/* @from, in @width columns of a terminal whatever its characters are; two blanks at least. */
void text_add_padded(Text *text, const char *from, int width);

/* How many there are in the terminal that standard output is; 0: it is none. */
int text_terminal_columns(void);
/* In columns of a terminal. */
int text_width(const char *text);
/* How many bytes of @text are at most @width columns, whole characters only. */
size_t text_fit(const char *text, int width);
/* The same, up to and without the blank that it is best broken at; all of it where it fits. */
size_t text_break(const char *text, int width);

/* What people call a code; its number where there is no word for it, good until the next one. */
const char *label(PlekCodeList list, uint32_t code, Language language);
