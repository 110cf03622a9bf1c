#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "mapping-keys.h"
#include "plek/when.h"

/* One parse: where it is, and the first thing that was wrong. */
typedef struct Parser {
        Mapping *mapping;
        const char *path;
        char *text;
        bool failed;
        bool out_of_memory;
} Parser;

static int wrong(Parser *parser, const char *format, ...) PRINTF(2, 3);

/* Returns 0, which inih takes for an error. */
static int wrong(Parser *parser, const char *format, ...)
{
        va_list arguments;
        int n;

        if (parser->failed)
                return 0;
        parser->failed = true;
        n = snprintf(parser->text, MAPPING_TEXT_BYTES, "%s: ", parser->path);
        va_start(arguments, format);
        vsnprintf(parser->text + MIN(n, MAPPING_TEXT_BYTES - 1),
                  (size_t)MAX(MAPPING_TEXT_BYTES - n, 0), format, arguments);
        va_end(arguments);
        return 0;
}

static int set_string(Parser *parser, char **to, const char *value)
{
        free(*to);
        *to = strdup(value);
        parser->out_of_memory |= !*to;
        return *to != NULL;
}

static int set_code(Parser *parser, uint32_t *to, PlekCodeList list, const char *name,
                    const char *value)
{
        if (plek_code_parse(to, list, value))
                return wrong(parser, "[feed] %s: there is no '%s'", name, value);
        return 1;
}

static int set_duration(Parser *parser, uint32_t *to, const char *name, const char *value)
{
        int64_t ms;

        if (duration_parse(&ms, value) || ms < 1000 || ms > 31LL * 86400 * 1000)
                return wrong(parser, "[feed] %s is a duration of 1s to 31d, as in 15min, not '%s'",
                             name, value);
        *to = (uint32_t)(ms / 1000);
        return 1;
}

static int set_character(Parser *parser, char *to, const char *name, const char *value)
{
        if (!strcmp(value, "tab"))
                value = "\t";
        if (!strcmp(value, "semicolon")) /* as itself it begins a comment */
                value = ";";
        if (strlen(value) != 1)
                return wrong(parser, "[feed] %s is one character, tab or semicolon, not '%s'", name,
                             value);
        *to = *value;
        return 1;
}

static int set_rounding(Parser *parser, Rounding *to, const char *value)
{
        static const char *const names[] = { "refuse", "down", "nearest" };

        for (unsigned i = 0; i < N_ELEMENTS(names); i++)
                if (!strcmp(value, names[i])) {
                        *to = (Rounding)i;
                        return 1;
                }
        return wrong(parser, "[feed] rounding is refuse, down or nearest, not '%s'", value);
}

static int set_absent(Parser *parser, bool *to, const char *value)
{
        *to = !strcmp(value, "withdraw");
        if (!*to && strcmp(value, "silence"))
                return wrong(parser, "[feed] absent-rows is silence or withdraw, not '%s'", value);
        return 1;
}

/* A zone that the C library does not know would silently be UTC. */
static int set_zone(Parser *parser, char **to, const char *value)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", value);
        if (strchr(value, '/') && !strchr(value, ',') &&
            (strstr(value, "..") || access(path, R_OK)))
                return wrong(parser,
                             "[feed] time-zone: this machine does not know '%s'; "
                             "CET-1CEST,M3.5.0,M10.5.0/3 is known everywhere",
                             value);
        return set_string(parser, to, value);
}

static int on_feed(Parser *parser, const char *name, const char *value)
{
        Mapping *m = parser->mapping;
        uint32_t code = 0;
        int r;

        if (!strcmp(name, "file"))
                return set_string(parser, &m->file, value);
        if (!strcmp(name, "time-format"))
                return set_string(parser, &m->time_format, value);
        if (!strcmp(name, "time-zone"))
                return set_zone(parser, &m->time_zone, value);
        if (!strcmp(name, "missing"))
                return set_string(parser, &m->missing, value);
        if (!strcmp(name, "suppressed"))
                return set_string(parser, &m->suppressed, value);
        if (!strcmp(name, "unknown"))
                return set_string(parser, &m->unknown, value);
        if (!strcmp(name, "definition"))
                return set_string(parser, &m->definition, value);
        if (!strcmp(name, "separator"))
                return set_character(parser, &m->separator, name, value);
        if (!strcmp(name, "decimal"))
                return set_character(parser, &m->decimal, name, value);
        if (!strcmp(name, "rounding"))
                return set_rounding(parser, &m->rounding, value);
        if (!strcmp(name, "absent-rows"))
                return set_absent(parser, &m->withdraw_absent, value);
        if (!strcmp(name, "valid-for"))
                return set_duration(parser, &m->valid_for_s, name, value);
        if (!strcmp(name, "refreshed-every"))
                return set_duration(parser, &m->refreshed_every_s, name, value);
        if (!strcmp(name, "complete-after"))
                return set_duration(parser, &m->complete_after_s, name, value);
        if (!strcmp(name, "status")) {
                r = set_code(parser, &code, PLEK_CODES_STATUS, name, value);
                m->status = (PlekStatus)code;
                return r;
        }
        if (!strcmp(name, "audience")) {
                r = set_code(parser, &code, PLEK_CODES_AUDIENCE, name, value);
                m->audience = (PlekAudience)code;
                return r;
        }
        if (!strcmp(name, "source")) {
                r = set_code(parser, &code, PLEK_CODES_SOURCE, name, value);
                m->source = (PlekSource)code;
                return r;
        }
        return wrong(parser, "[feed] has no '%s'", name);
}

/* The report of this name, made when it is first seen. NULL: out of memory. */
static MappedReport *need_report(Mapping *m, const char *name)
{
        MappedReport *reports;

        for (size_t i = 0; i < m->n_reports; i++)
                if (!strcmp(m->reports[i].name, name))
                        return &m->reports[i];

        reports = reallocarray(m->reports, m->n_reports + 1, sizeof(*reports));
        if (!reports)
                return NULL;
        m->reports = reports;
        reports[m->n_reports] = (MappedReport){ .name = strdup(name) };
        return reports[m->n_reports].name ? &reports[m->n_reports++] : NULL;
}

static int on_report(Parser *parser, const char *section, const char *name, const char *value)
{
        MappedReport *report = need_report(parser->mapping, section);
        uint32_t code;
        size_t key;

        if (!report) {
                parser->out_of_memory = true;
                return 0;
        }
        if (!strcmp(name, "kind")) {
                if (plek_code_parse(&code, PLEK_CODES_REPORT, value))
                        return wrong(parser,
                                     "[report %s] kind is counts, door, pressure, card, offering, "
                                     "flow or refusal, not '%s'",
                                     section, value);
                report->kind = (PlekReportKind)code;
                return 1;
        }
        key = mapping_key_find(name);
        if (key == N_MAPPING_KEYS)
                return wrong(parser, "[report %s] has no '%s'", section, name);
        return set_string(parser, &report->templates[key], value);
}

static MappedValues *find_values(const Mapping *m, const char *name)
{
        for (size_t i = 0; i < m->n_values; i++)
                if (!strcmp(m->values[i].name, name))
                        return &m->values[i];
        return NULL;
}

static int on_value(Parser *parser, const char *section, const char *name, const char *value)
{
        Mapping *m = parser->mapping;
        MappedValues *values = find_values(m, section);
        MappedValue *rows;

        if (!values) {
                MappedValues *all = reallocarray(m->values, m->n_values + 1, sizeof(*all));

                if (!all)
                        goto out_of_memory;
                m->values = all;
                all[m->n_values] = (MappedValues){ .name = strdup(section) };
                if (!all[m->n_values].name)
                        goto out_of_memory;
                values = &all[m->n_values++];
        }

        rows = reallocarray(values->values, values->n_values + 1, sizeof(*rows));
        if (!rows)
                goto out_of_memory;
        values->values = rows;
        rows[values->n_values] = (MappedValue){ strdup(name), strdup(value) };
        values->n_values++;
        if (rows[values->n_values - 1].from && rows[values->n_values - 1].to)
                return 1;

out_of_memory:
        parser->out_of_memory = true;
        return 0;
}

static int on_line(void *arg, const char *section, const char *name, const char *value)
{
        Parser *parser = arg;

        if (!strcmp(section, "feed"))
                return on_feed(parser, name, value);
        if (!strncmp(section, "report ", 7))
                return on_report(parser, section + 7, name, value);
        if (!strncmp(section, "values ", 7))
                return on_value(parser, section + 7, name, value);
        return wrong(parser,
                     "there is no section [%s]: it is [feed], [report NAME] or "
                     "[values NAME]",
                     section);
}

/* ------------------------------------------------------------------ as a whole */

static int check_report(Parser *parser, const MappedReport *report)
{
        char why[MAPPING_TEXT_BYTES];

        if (mapping_check_keys(report, why))
                return 1;
        return wrong(parser, "[report %s] %s", report->name, why);
}

/* {column:name} must name a [values name] that exists. */
static int check_values(Parser *parser, const MappedReport *report)
{
        for (size_t i = 0; i < N_MAPPING_KEYS; i++)
                for (const char *at = report->templates[i]; at && (at = strchr(at, '{')); at++) {
                        size_t n = strcspn(at, "}");
                        const char *colon = memchr(at, ':', n);
                        char name[64];

                        if (!at[n])
                                return wrong(parser, "[report %s]: '%s' lacks a }", report->name,
                                             at);
                        if (!colon)
                                continue;
                        snprintf(name, sizeof(name), "%.*s", (int)(at + n - colon - 1), colon + 1);
                        if (!find_values(parser->mapping, name))
                                return wrong(parser, "[report %s]: there is no [values %s]",
                                             report->name, name);
                }
        return 1;
}

static int check(Parser *parser)
{
        const Mapping *m = parser->mapping;

        if (!m->file)
                return wrong(parser, "[feed] does not say its file");
        if (!m->n_reports)
                return wrong(parser, "there is no [report NAME]");
        for (size_t i = 0; i < m->n_reports; i++)
                if (!check_report(parser, &m->reports[i]) || !check_values(parser, &m->reports[i]))
                        return 0;
        return 1;
}

/* A relative file is where the mapping is. */
static int resolve_file(Mapping *m, const char *path)
{
        const char *slash = strrchr(path, '/');
        char *file;

        if (*m->file == '/' || !slash)
                return 0;
        if (asprintf(&file, "%.*s%s", (int)(slash - path + 1), path, m->file) < 0)
                return err_raise(-ENOMEM);
        free(m->file);
        m->file = file;
        return 0;
}

int mapping_parse(Mapping **ret_mapping, const char *text, const char *path,
                  char ret_text[MAPPING_TEXT_BYTES])
{
        CLEANUP(mapping_freep) Mapping *m = calloc(1, sizeof(*m));
        Parser parser = { .mapping = m, .path = path, .text = ret_text };
        int r;

        if (!m)
                return err_raise(-ENOMEM);
        *m = (Mapping){
                .separator = ',',
                .decimal = '.',
                .status = PLEK_STATUS_ACTUAL,
                .audience = PLEK_AUDIENCE_CARE,
                .source = PLEK_SOURCE_AUTOMATIC,
                .refreshed_every_s = 15 * 60,
        };

        r = ini_parse_string(text, on_line, &parser);
        if (r > 0 && !parser.failed && !parser.out_of_memory)
                wrong(&parser, "line %d is not NAME = VALUE", r);
        if (!parser.failed && !parser.out_of_memory && r == 0)
                check(&parser);
        if (parser.out_of_memory || r < 0)
                return err_raise(-ENOMEM);
        if (parser.failed) {
                size_t n = strlen(ret_text);

                if (r > 0)
                        snprintf(ret_text + n, MAPPING_TEXT_BYTES - n, " (line %d)", r);
                return MAPPING_E_WRONG;
        }

        r = resolve_file(m, path);
        if (r)
                return r;
        *ret_mapping = STEAL(m);
        return 0;
}

int mapping_load(Mapping **ret_mapping, const char *path, char ret_text[MAPPING_TEXT_BYTES])
{
        CLEANUP(freep) char *text = calloc(1, MAPPING_MAX_BYTES + 1);
        FILE *file = fopen(path, "re");
        size_t n_read;
        int r;

        if (!text || !file) {
                r = text ? -errno : -ENOMEM;
                if (file)
                        fclose(file);
                return err_raise(r);
        }
        errno = EIO;
        n_read = fread(text, 1, MAPPING_MAX_BYTES + 1, file);
        r = ferror(file) ? -errno : n_read > MAPPING_MAX_BYTES ? -EFBIG : 0;
        fclose(file);
        return r ? err_raise(r) : mapping_parse(ret_mapping, text, path, ret_text);
}

Mapping *mapping_free(Mapping *m)
{
        if (!m)
                return NULL;
        for (size_t i = 0; i < m->n_reports; i++) {
                for (size_t k = 0; k < N_MAPPING_KEYS; k++)
                        free(m->reports[i].templates[k]);
                free(m->reports[i].name);
        }
        for (size_t i = 0; i < m->n_values; i++) {
                for (size_t k = 0; k < m->values[i].n_values; k++) {
                        free(m->values[i].values[k].from);
                        free(m->values[i].values[k].to);
                }
                free(m->values[i].values);
                free(m->values[i].name);
        }
        free(m->reports);
        free(m->values);
        free(m->file);
        free(m->time_format);
        free(m->time_zone);
        free(m->missing);
        free(m->suppressed);
        free(m->unknown);
        free(m->definition);
        free(m);
        return NULL;
}

const char *mapping_value(const Mapping *mapping, const char *name, const char *from)
{
        const MappedValues *values = find_values(mapping, name);
        const char *others = NULL;

        for (size_t i = 0; values && i < values->n_values; i++) {
                if (!strcmp(values->values[i].from, from))
                        return values->values[i].to;
                if (!strcmp(values->values[i].from, "*"))
                        others = values->values[i].to;
        }
        return others;
}
