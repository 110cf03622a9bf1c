#pragma once

/*
 * Setting: one row of the table that everything about settings comes from
 */

#include "config/config.h"
#include "config/value.h"

typedef enum SettingKind {
        SETTING_NETWORK,
        SETTING_AUTHORITY,
        SETTING_KEY, /* a path, or credential:NAME */
        SETTING_PATH,
        SETTING_FILE, /* a path, or off */
        SETTING_TCP,
        SETTING_IPC,
        SETTING_HTTP,
        SETTING_AGREED,
        SETTING_COUNT,
        SETTING_BYTES,
        SETTING_MS,
} SettingKind;

typedef struct Setting {
        const char *name;
        SettingKind kind;
        bool reloads;
        size_t offset; /* in Config */
        uint64_t min, max;
        const char *fallback; /* as the operator would write it; NULL: none */
        const char *sentence;
} Setting;

extern const Setting settings[];
extern const size_t n_settings;

/* NULL: no such setting. */
const Setting *setting_find(const char *name);
/* The one whose name is most like @name, or NULL if none is. */
const Setting *setting_guess(const char *name);

enum {
        SETTING_TEXT_MAX = 4096,
};

enum {
        SETTING_OK,
        SETTING_E_VALUE, /* *ret_text says what is wanted, in memory of this function's */
};

/* Sets what the row says. Returns 0, SETTING_E_VALUE or -ENOMEM. */
MUST_CHECK int setting_set(const Setting *setting, Config *config, const char *value,
                           const char **ret_text);
/* What it is if nobody says, "" for nothing. Looks at systemd's variables. */
void setting_fallback(const Setting *setting, char ret_text[SETTING_TEXT_MAX]);
bool setting_is_equal(const Setting *setting, const Config *a, const Config *b);
/* "2 to 64", "1 s to 1 d", "tcp://host:port" */
const char *setting_range(const Setting *setting);
