#include <stdio.h>

#include "config/setting.h"

/* A hyphen of a man page is typographic unless it is escaped. */
static void put_man(FILE *file, const char *text)
{
        for (; *text; text++) {
                if (*text == '-' || *text == '\\')
                        fputc('\\', file);
                fputc(*text, file);
        }
}

static void put_row_man(FILE *file, const Setting *setting)
{
        fputs(".TP\n.B ", file);
        put_man(file, setting->name);
        fputs("\n", file);
        put_man(file, setting->sentence);
        fputs("\nA value is ", file);
        put_man(file, setting_range(setting));
        if (setting->fallback) {
                fputs("; default ", file);
                put_man(file, setting->fallback);
        }
        fputs(setting->reloads ? ".\nTaken over by a reload.\n" : ".\n", file);
}

static void put_row(FILE *file, const Setting *setting)
{
        fprintf(file, "%s = %s\n    %s\n    %s%s\n\n", setting->name,
                setting->fallback ? setting->fallback : "(none)", setting->sentence,
                setting_range(setting), setting->reloads ? "; taken over by a reload" : "");
}

void config_list_settings(FILE *file, bool as_man)
{
        for (size_t i = 0; i < n_settings; i++) {
                if (as_man)
                        put_row_man(file, &settings[i]);
                else
                        put_row(file, &settings[i]);
        }
}
