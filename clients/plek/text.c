#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "text.h"

void text_add(Text *text, const char *format, ...)
{
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vsnprintf(text->at, text->n_left, format, arguments);
        va_end(arguments);
        n = MIN(MAX(n, 0), (int)text->n_left - 1);
        text->at += n;
        text->n_left -= (size_t)n;
}

void text_add_padded(Text *text, const char *from, int width)
{
        wchar_t wide[TEXT_COLUMNS_MAX];
        size_t n = mbstowcs(wide, from, N_ELEMENTS(wide) - 1);
        int used = n == (size_t)-1 ? (int)strlen(from) : wcswidth(wide, n);

        text_add(text, "%s%*s", from, MAX(width - MAX(used, 0), 2), "");
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
