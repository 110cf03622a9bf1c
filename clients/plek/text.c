#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "text.h"

/* The length of a mark that turns a line round, breaks it or hides in it; 0 if @at is none: U+00AD,
 * U+061C, U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F, U+FEFF, U+E0000 to U+E007F. */
static size_t trick(const char *at)
{
        const uint8_t *bytes = (const uint8_t *)at;

        if ((bytes[0] == 0xc2 && bytes[1] == 0xad) || (bytes[0] == 0xd8 && bytes[1] == 0x9c))
                return 2;
        if (bytes[0] == 0xe2 && bytes[1] == 0x80 &&
            ((bytes[2] >= 0x8b && bytes[2] <= 0x8f) || (bytes[2] >= 0xa8 && bytes[2] <= 0xae)))
                return 3;
        if (bytes[0] == 0xe2 && bytes[1] == 0x81 && bytes[2] >= 0xa0 && bytes[2] <= 0xaf)
                return 3;
        if (bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf)
                return 3;
        return bytes[0] == 0xf3 && bytes[1] == 0xa0 && (bytes[2] & 0xfe) == 0x80 ? 4 : 0;
}

/* A label of one hospital must not change how the row of another looks. Returns the length. */
static size_t make_plain(char *text)
{
        char *to = text;

        for (const char *from = text; *from; to++) {
                size_t n_trick = trick(from);

                *to = n_trick ? '?' : *from;
                from += n_trick ? n_trick : 1;
        }
        *to = '\0';
        return (size_t)(to - text);
}

/* What did not fit may have cut its last character in two. */
static void cut_whole(char *text, size_t n)
{
        size_t first = n, n_needed;
        uint8_t lead;

        while (first && (text[first - 1] & 0xc0) == 0x80)
                first--;
        if (!first)
                return;
        lead = (uint8_t)text[--first];
        n_needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
        if (n - first < n_needed)
                text[first] = '\0';
}

void text_add(Text *text, const char *format, ...)
{
        va_list arguments;
        size_t n;
        int r;

        va_start(arguments, format);
        r = vsnprintf(text->at, text->n_left, format, arguments);
        va_end(arguments);
        if (r < 0)
                *text->at = '\0';
        if (r >= (int)text->n_left)
                cut_whole(text->at, text->n_left - 1);
        n = make_plain(text->at);
        text->at += n;
        text->n_left -= n;
}

void text_print(const char *format, ...)
{
        va_list arguments;
        char *line;
        int r;

        va_start(arguments, format);
        r = vasprintf(&line, format, arguments);
        va_end(arguments);
        if (r < 0)
                return;
        (void)make_plain(line);
        fputs(line, stdout);
        free(line);
}

/* Goes through @text until @most columns are full; *ret_n_bytes is how far that is. */
static int text_columns(const char *text, int most, size_t *ret_n_bytes)
{
        size_t n_text = strlen(text), at = 0;
        mbstate_t state = { 0 };
        int columns = 0;

        while (at < n_text) {
                wchar_t character;
                size_t n = mbrtowc(&character, text + at, n_text - at, &state);
                int width = 1;

                if (n == (size_t)-1 || n == (size_t)-2) {
                        state = (mbstate_t){ 0 };
                        n = 1; /* what is no character takes a place all the same */
                } else {
                        width = MAX(wcwidth(character), 0);
                }
                if (columns + width > most)
                        break;
                columns += width;
                at += n;
        }
        *ret_n_bytes = at;
        return columns;
}

void text_add_padded(Text *text, const char *from, int width)
{
        text_add(text, "%s%*s", from, MAX(width - text_width(from), 2), "");
}

int text_width(const char *text)
{
        return (int)text_columns(text, INT_MAX, &(size_t){ 0 });
}

size_t text_fit(const char *text, int width)
{
        size_t n_bytes;

        text_columns(text, width, &n_bytes);
        return n_bytes;
}

size_t text_break(const char *text, int width)
{
        size_t n = text_fit(text, width), at = n;

        if (!text[n])
                return n;
        while (at && text[at] != ' ')
                at--;
        /* Between two things rather than within one, where that does not waste much. */
        for (size_t i = at; i > 2 * n / 3; i--)
                if (text[i] == ' ' && text[i - 1] == ' ') {
                        at = i;
                        break;
                }
        while (at && text[at - 1] == ' ')
                at--;
        return at ? at : n;
}

const char *label(PlekCodeList list, uint32_t code, Language language)
{
        static char number[16];
        const char *text = plek_code_label(list, code, (PlekLanguage)language);

        if (text)
                return text;
        snprintf(number, sizeof(number), "%u", code);
        return number;
}

int text_terminal_columns(void)
{
        struct winsize size;

        return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? size.ws_col : 0;
}
