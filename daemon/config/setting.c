#include "config/setting.h"

#include <stdlib.h>
#include <string.h>

#include "config/agreed.h"
#include "wire/document.h"
#include "wire/names.h"

static _Thread_local char said[512];

const Setting *setting_find(const char *name)
{
        for (size_t i = 0; i < n_settings; i++)
                if (strcmp(settings[i].name, name) == 0)
                        return &settings[i];
        return NULL;
}

/* Levenshtein's, of names of at most 32 characters. */
static size_t name_distance(const char *a, const char *b)
{
        size_t row[33];
        size_t n_b = strlen(b);

        for (size_t j = 0; j <= n_b; j++)
                row[j] = j;
        for (size_t i = 0; a[i]; i++) {
                size_t diagonal = row[0];

                row[0] = i + 1;
                for (size_t j = 0; j < n_b; j++) {
                        size_t replaced = diagonal + (a[i] != b[j]);

                        diagonal = row[j + 1];
                        row[j + 1] = MIN(replaced, MIN(row[j], diagonal) + 1);
                }
        }
        return row[n_b];
}

const Setting *setting_guess(const char *name)
{
        const Setting *best = NULL;
        size_t nearest = 4;

        if (strlen(name) > 32)
                return NULL;

        for (size_t i = 0; i < n_settings; i++) {
                size_t distance = name_distance(name, settings[i].name);

                if (distance < nearest) {
                        nearest = distance;
                        best = &settings[i];
                }
        }
        return best;
}

static void *setting_at(const Setting *setting, const Config *config)
{
        return (char *)config + setting->offset;
}

static ValueUnit setting_unit(const Setting *setting)
{
        switch (setting->kind) {
        case SETTING_BYTES:
                return VALUE_BYTES;
        case SETTING_MS:
                return VALUE_MS;
        default:
                return VALUE_COUNT;
        }
}

static bool setting_is_number(const Setting *setting)
{
        return setting->kind >= SETTING_COUNT;
}

const char *setting_range(const Setting *setting)
{
        char from[VALUE_TEXT_MAX], to[VALUE_TEXT_MAX];

        switch (setting->kind) {
        case SETTING_NETWORK:
                return "1 to 32 of a-z 0-9 -";
        case SETTING_AUTHORITY:
                return "a public key, plek1-...";
        case SETTING_KEY:
                return "a path, or credential:NAME";
        case SETTING_PATH:
                return "a path";
        case SETTING_FILE:
                return "a path, or off";
        case SETTING_TCP:
                return "tcp://host:port, * for any host";
        case SETTING_IPC:
                return "ipc:// and a path of at most 100 bytes";
        case SETTING_HTTP:
                return "host:port, or off";
        case SETTING_AGREED:
                return "counts, door or pressure, a kind of location or a care, and a duration; "
                       "several separated by commas; or none";
        default:
                value_format(setting->min, setting_unit(setting), from);
                value_format(setting->max, setting_unit(setting), to);
                snprintf(said, sizeof(said), "%s to %s", from, to);
                return said;
        }
}

static int setting_set_text(char **text, const char *value)
{
        char *copy;

        copy = strdup(value);
        if (!copy)
                return err_raise(-ENOMEM);
        free(*text);
        *text = copy;
        return 0;
}

/* host:port, of which the port is a number; an IPv6 address stands in brackets. */
static bool is_host_and_port(const char *text)
{
        const char *colon = strrchr(text, ':');
        uint64_t port;

        if (!colon || colon == text || strlen(text) >= ENDPOINT_MAX)
                return false;
        if (memchr(text, ':', (size_t)(colon - text)) && (*text != '[' || colon[-1] != ']'))
                return false;
        if (text[strcspn(text, " \t/,;@")])
                return false;
        return !value_parse(&port, VALUE_COUNT, colon + 1) && port <= 65535;
}

static bool has_scheme(const char *value, const char *scheme, const char **ret_rest)
{
        *ret_rest = value + strlen(scheme);
        return strncmp(value, scheme, strlen(scheme)) == 0;
}

static bool text_is_allowed(const Setting *setting, const char *value)
{
        const char *rest;

        switch (setting->kind) {
        case SETTING_NETWORK:
                return name_is_valid(NAME_REGION, value);
        case SETTING_TCP:
                return has_scheme(value, "tcp://", &rest) && is_host_and_port(rest);
        case SETTING_IPC:
                /* A name without a file (ipc://@name) has no mode: anybody on the host could
                 * connect, and be the operator. sun_path has 108. */
                return has_scheme(value, "ipc://", &rest) && *rest && *rest != '@' &&
                       strlen(rest) <= 100;
        case SETTING_HTTP:
                return is_host_and_port(value);
        default:
                return *value != '\0';
        }
}

static int setting_set_authority(Config *config, const char *value, const char **ret_text)
{
        unsigned group = 0;
        int r;

        r = public_key_parse(&config->authority, value, &group);
        if (r == KEY_E_UNFIT) {
                *ret_text = "this key is not fit for use";
                return SETTING_E_VALUE;
        }
        if (r) {
                if (group)
                        snprintf(said, sizeof(said),
                                 "group %u of the key has a slip in it; compare it with what plek "
                                 "key show prints",
                                 group);
                else
                        snprintf(said, sizeof(said),
                                 "not a public key, which plek key show "
                                 "prints");
                *ret_text = said;
                return SETTING_E_VALUE;
        }

        config->has_authority = true;
        return 0;
}

/* Handed over by systemd: a file in a directory that it names. */
static int setting_set_key(Config *config, const char *value, const char **ret_text)
{
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        const char *name;
        char path[4096];

        if (!has_scheme(value, "credential:", &name))
                return setting_set_text(&config->key, value);
        if (!directory || !*name || strchr(name, '/')) {
                *ret_text = "there is no such credential: systemd hands over what LoadCredential= "
                            "of the unit names";
                return SETTING_E_VALUE;
        }
        if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path)) {
                *ret_text = "its path is too long";
                return SETTING_E_VALUE;
        }
        return setting_set_text(&config->key, path);
}

static int setting_set_agreed(Config *config, const char *value, const char **ret_text)
{
        AgreedInterval *intervals;
        size_t n_intervals;
        int r;

        r = agreed_parse(&intervals, &n_intervals, value, ret_text);
        if (r)
                return r == AGREED_E_REFUSED ? SETTING_E_VALUE : r;
        free(config->agreed_intervals);
        config->agreed_intervals = intervals;
        config->n_agreed_intervals = n_intervals;
        return setting_set_text(&config->agreed, value);
}

static int setting_set_number(const Setting *setting, Config *config, const char *value,
                              const char **ret_text)
{
        uint64_t number;

        if (value_parse(&number, setting_unit(setting), value)) {
                snprintf(said, sizeof(said), "\"%.64s\" is not %s", value,
                         value_rule(setting_unit(setting)));
                *ret_text = said;
                return SETTING_E_VALUE;
        }
        if (number < setting->min || number > setting->max) {
                char range[128];

                snprintf(range, sizeof(range), "%s", setting_range(setting));
                snprintf(said, sizeof(said), "%.64s is out of range, which is %s", value, range);
                *ret_text = said;
                return SETTING_E_VALUE;
        }

        *(uint64_t *)setting_at(setting, config) = number;
        return 0;
}

int setting_set(const Setting *setting, Config *config, const char *value, const char **ret_text)
{
        char **text = setting_at(setting, config);

        if (setting_is_number(setting))
                return setting_set_number(setting, config, value, ret_text);
        if (setting->kind == SETTING_AUTHORITY)
                return setting_set_authority(config, value, ret_text);
        if (setting->kind == SETTING_AGREED)
                return setting_set_agreed(config, value, ret_text);
        if ((setting->kind == SETTING_HTTP || setting->kind == SETTING_FILE) &&
            strcmp(value, "off") == 0) {
                free(*text);
                *text = NULL;
                return 0;
        }
        if (!text_is_allowed(setting, value)) {
                snprintf(said, sizeof(said), "\"%.64s\" is not %s", value, setting_range(setting));
                *ret_text = said;
                return SETTING_E_VALUE;
        }
        if (setting->kind == SETTING_KEY)
                return setting_set_key(config, value, ret_text);
        return setting_set_text(text, value);
}

/* systemd's variables may list several directories; the first is ours. */
static bool fallback_under(const char *variable, const char *prefix, const char *suffix,
                           char ret_text[SETTING_TEXT_MAX])
{
        const char *directory = getenv(variable);

        return directory && *directory &&
               snprintf(ret_text, SETTING_TEXT_MAX, "%s%.*s%s", prefix,
                        (int)strcspn(directory, ":"), directory, suffix) < SETTING_TEXT_MAX;
}

void setting_fallback(const Setting *setting, char ret_text[SETTING_TEXT_MAX])
{
        if (setting->kind == SETTING_PATH && fallback_under("STATE_DIRECTORY", "", "", ret_text))
                return;
        if (setting->kind == SETTING_IPC &&
            fallback_under("RUNTIME_DIRECTORY", "ipc://", "/control", ret_text))
                return;

        /* Started by hand it finds what the unit would have handed over. */
        if (setting->kind == SETTING_KEY && !getenv("CREDENTIALS_DIRECTORY")) {
                snprintf(ret_text, SETTING_TEXT_MAX, "/etc/plek/plekd.key");
                return;
        }
        snprintf(ret_text, SETTING_TEXT_MAX, "%s", setting->fallback ? setting->fallback : "");
}

bool setting_is_equal(const Setting *setting, const Config *a, const Config *b)
{
        if (setting_is_number(setting))
                return *(uint64_t *)setting_at(setting, a) == *(uint64_t *)setting_at(setting, b);
        if (setting->kind == SETTING_AUTHORITY)
                return a->has_authority == b->has_authority &&
                       memcmp(&a->authority, &b->authority, sizeof(a->authority)) == 0;

        const char *x = *(char **)setting_at(setting, a);
        const char *y = *(char **)setting_at(setting, b);

        return x && y ? strcmp(x, y) == 0 : x == y;
}
