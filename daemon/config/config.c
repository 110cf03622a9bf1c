#include "config/config.h"

#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/policy.h"
#include "config/setting.h"

enum {
        LINE_MAX_BYTES = 8192,
        SETTINGS_MAX = 64,
};

typedef struct Parser {
        const char *name;
        const char *text; /* not read yet */
        size_t n_text;
        unsigned line;
        Config *config;
        ConfigComplaints *complaints;
        unsigned seen[SETTINGS_MAX]; /* at which line, 0: not yet */
        int failure;
} Parser;

/* ------------------------------------------------------------------ complaints */

PRINTF(3, 4)
static void complain(Parser *parser, unsigned line, const char *format, ...)
{
        ConfigComplaints *complaints = parser->complaints;
        size_t n_room = sizeof(complaints->text) - complaints->n_text;
        char sentence[1024];
        va_list args;
        int n;

        va_start(args, format);
        vsnprintf(sentence, sizeof(sentence), format, args);
        va_end(args);

        complaints->n_complaints++;
        if (line)
                n = snprintf(complaints->text + complaints->n_text, n_room, "%s:%u: %s\n",
                             parser->name, line, sentence);
        else
                n = snprintf(complaints->text + complaints->n_text, n_room, "%s: %s\n",
                             parser->name, sentence);

        if (n < 0 || (size_t)n >= n_room)
                complaints->text[complaints->n_text] = '\0';
        else
                complaints->n_text += (size_t)n;
}

/* ------------------------------------------------------------------ lines */

/* inih asks for lines; here they are counted, since it does not tell. */
static char *parser_read_line(char *ret_line, int n_line, void *stream)
{
        Parser *parser = stream;
        const char *end;
        size_t n;

        if (!parser->n_text)
                return NULL;

        parser->line++;
        end = memchr(parser->text, '\n', parser->n_text);
        n = end ? (size_t)(end - parser->text) : parser->n_text;
        if (n >= (size_t)n_line || memchr(parser->text, '\0', n)) {
                complain(parser, parser->line,
                         n >= (size_t)n_line ? "this line is too long"
                                             : "this line has a zero byte in it");
                *ret_line = '\0';
        } else {
                memcpy(ret_line, parser->text, n);
                ret_line[n] = '\0';
        }

        n += end ? 1 : 0;
        parser->text += n;
        parser->n_text -= n;
        return ret_line;
}

static void take_setting(Parser *parser, const char *name, const char *value)
{
        const Setting *setting = setting_find(name);
        const char *text = "";
        int r;

        if (!setting) {
                const Setting *guess = setting_guess(name);

                if (guess)
                        complain(parser, parser->line,
                                 "there is no setting \"%s\"; is \"%s\" "
                                 "meant?",
                                 name, guess->name);
                else
                        complain(parser, parser->line, "there is no setting \"%s\"", name);
                return;
        }
        if (parser->seen[setting - settings]) {
                complain(parser, parser->line, "%s is set already, in line %u", name,
                         parser->seen[setting - settings]);
                return;
        }

        parser->seen[setting - settings] = parser->line;
        r = setting_set(setting, parser->config, value, &text);
        if (r == SETTING_E_VALUE)
                complain(parser, parser->line, "%s: %s", name, text);
        else if (r)
                parser->failure = err_fold(r);
}

static void take_policy(Parser *parser, const char *region, const char *name, const char *value)
{
        const char *text = "";
        int r;

        r = policy_set(parser->config, region, name, value, &text);
        if (r == POLICY_E_REFUSED)
                complain(parser, parser->line, "%s", text);
        else if (r)
                parser->failure = err_fold(r);
}

static int parser_take(void *arg, const char *section, const char *name, const char *value)
{
        static const char policy[] = "policy ";
        Parser *parser = arg;

        if (parser->failure)
                return 1;
        if (!*section)
                take_setting(parser, name, value);
        else if (strncmp(section, policy, strlen(policy)) == 0)
                take_policy(parser, section + strlen(policy), name, value);
        else
                complain(parser, parser->line, "there is no section [%s]; only [policy REGION]",
                         section);
        return 1;
}

/* ------------------------------------------------------------------ the whole */

static void fill_in(Parser *parser, const Setting *setting)
{
        char value[SETTING_TEXT_MAX];
        const char *text = "";
        int r;

        setting_fallback(setting, value);
        if (!*value)
                return;

        r = setting_set(setting, parser->config, value, &text);
        if (r == SETTING_E_VALUE)
                complain(parser, 0, "%s, by default: %s", setting->name, text);
        else if (r)
                parser->failure = err_fold(r);
}

static void check_whole(Parser *parser)
{
        Config *config = parser->config;

        if (!config->network != !config->has_authority)
                complain(parser, 0, "%s is missing: a network and its authority go together",
                         config->network ? "authority" : "network");
        if (config->heartbeat_timeout_ms <= config->heartbeat_ms)
                complain(parser, 0, "heartbeat-timeout must be longer than heartbeat");
}

static void parse_lines(Parser *parser)
{
        int line;

        /* inih's own switches, which its shared library reads as it runs. */
        ini_use_stack = false;
        ini_initial_alloc = LINE_MAX_BYTES;
        ini_max_line = LINE_MAX_BYTES;
        ini_allow_multiline = false;
        ini_allow_no_value = false;

        line = ini_parse_stream(parser_read_line, parser, parser_take, parser);
        if (line > 0)
                complain(parser, (unsigned)line, "this is not a setting: name = value");
        else if (line < 0)
                parser->failure = err_raise(-ENOMEM);
}

int config_parse(Config **ret_config, const char *name, const char *text, size_t n_text,
                 ConfigComplaints *complaints)
{
        CLEANUP(config_freep) Config *config = NULL;
        Parser parser = { .name = name, .text = text, .n_text = n_text };

        assert(n_settings <= SETTINGS_MAX);
        config = calloc(1, sizeof(*config));
        if (!config)
                return err_raise(-ENOMEM);

        *complaints = (ConfigComplaints){ 0 };
        parser.config = config;
        parser.complaints = complaints;

        parse_lines(&parser);
        for (size_t i = 0; i < n_settings && !parser.failure; i++)
                if (!parser.seen[i])
                        fill_in(&parser, &settings[i]);
                else if (settings[i].offset == offsetof(Config, max_connections))
                        config->max_connections_is_said = true;
        if (parser.failure)
                return parser.failure;
        if (!complaints->n_complaints)
                check_whole(&parser);
        if (complaints->n_complaints)
                return CONFIG_E_REFUSED;

        *ret_config = STEAL(config);
        return 0;
}

/* Returns how many bytes, or -errno. */
static ssize_t read_all(const char *path, char **ret_text)
{
        CLEANUP(closep) int fd = -1;
        CLEANUP(freep) char *text = NULL;
        struct stat status;
        ssize_t n;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status) < 0)
                return err_raise(-errno);
        if (status.st_size > CONFIG_BYTES_MAX)
                return err_raise(-EFBIG);

        text = malloc(CONFIG_BYTES_MAX + 1);
        if (!text)
                return err_raise(-ENOMEM);

        /* A pipe's size is not known: what passes the limit shows in the reading. */
        for (size_t n_text = 0;;) {
                n = read(fd, text + n_text, CONFIG_BYTES_MAX + 1 - n_text);
                if (n < 0)
                        return err_raise(-errno);
                n_text += (size_t)n;
                if (n_text > CONFIG_BYTES_MAX)
                        return err_raise(-EFBIG);
                if (!n) {
                        *ret_text = STEAL(text);
                        return (ssize_t)n_text;
                }
        }
}

int config_load(Config **ret_config, const char *path, ConfigComplaints *complaints)
{
        CLEANUP(freep) char *text = NULL;
        ssize_t n_text;

        n_text = read_all(path, &text);
        if (n_text < 0) {
                Parser parser = { .name = path, .complaints = complaints };

                *complaints = (ConfigComplaints){ 0 };
                complain(&parser, 0, "cannot be read: %s", strerror((int)-n_text));
                return (int)n_text;
        }
        return config_parse(ret_config, path, text, (size_t)n_text, complaints);
}

Config *config_free(Config *config)
{
        if (!config)
                return NULL;

        free(config->network);
        free(config->key);
        free(config->directory);
        free(config->updates);
        free(config->care);
        free(config->query);
        free(config->coord);
        free(config->control);
        free(config->http);
        free(config->open_document);
        free(config->agreed);
        free(config->agreed_intervals);
        free(config->policies);
        free(config);
        return NULL;
}

const char *config_needs_restart(const Config *running, const Config *reloaded)
{
        for (size_t i = 0; i < n_settings; i++)
                if (!settings[i].reloads && !setting_is_equal(&settings[i], running, reloaded))
                        return settings[i].name;
        return NULL;
}
