/*
 * plek codes: the lists that options and mappings take their words from
 */

#include <stdio.h>
#include <string.h>

#include "location-kinds.h"
#include "words.h"

/* Those that somebody types, in the order in which they are looked for. */
static const struct {
        const char *name;
        CodeList list;
} lists[] = {
        { "care", CODES_CARE },           { "count", CODES_COUNT_FIELD },
        { "missing", CODES_MISSING },     { "door", CODES_DOOR_STATE },
        { "exception", CODES_EXCEPTION }, { "reason", CODES_REASON },
        { "group", CODES_PATIENT_GROUP }, { "on-expiry", CODES_ON_EXPIRY },
        { "status", CODES_STATUS },       { "audience", CODES_AUDIENCE },
        { "source", CODES_SOURCE },       { "role", CODES_ROLE },
        { "link", CODES_CHAIN },          { "refusal", CODES_REFUSAL },
};

static const char kind_list[] = "kind"; /* no list of the wire's: any code can be said */

typedef struct CodesOptions {
        Common common;
        const char *list; /* NULL: all */
} CodesOptions;

static error_t parse(int key, char *argument, struct argp_state *state)
{
        CodesOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case ARGP_KEY_ARG:
                if (o->list)
                        argp_usage(state);
                o->list = argument;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static bool is_wanted(const CodesOptions *o, const char *list)
{
        return !o->list || !strcmp(o->list, list);
}

static void heading(const CodesOptions *o, const char *list)
{
        if (!o->list && !o->common.json)
                printf("%s\n", list);
}

static void print_code(const CodesOptions *o, const char *list, const char *code, const char *label)
{
        const char *indent = o->list ? "" : "  ";

        if (o->common.json)
                print_json_line(
                        json_pack("{s:s, s:s, s:s}", "list", list, "code", code, "label", label));
        else
                printf("%s%-24s %s\n", indent, code, label);
}

static void print_list(const CodesOptions *o, const char *name, CodeList list)
{
        uint32_t code;

        heading(o, name);
        for (size_t i = 0; (code = code_nth(list, i)); i++)
                print_code(o, name, code_name(list, code),
                           code_label(list, code, o->common.language));
}

static void print_kinds(const CodesOptions *o)
{
        const LocationKind *kind;

        heading(o, kind_list);
        for (size_t i = 0; (kind = location_kind_nth(i)); i++)
                print_code(o, kind_list, kind->code, kind->label[o->common.language]);
}

int command_codes(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "[LIST]",
                .doc = "The codes that options and mappings take: care, count, missing, door, "
                       "exception, reason, group, on-expiry, status, audience, source, role, "
                       "link (of the chain: --from and --to of refuse and flow), refusal, and "
                       "kind, of locations. Without LIST all of them.",
                .children = children,
        };
        CodesOptions o = { 0 };
        bool is_known;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        is_known = is_wanted(&o, kind_list);
        for (size_t i = 0; i < N_ELEMENTS(lists); i++)
                if (is_wanted(&o, lists[i].name)) {
                        is_known = true;
                        print_list(&o, lists[i].name, lists[i].list);
                }
        if (is_wanted(&o, kind_list))
                print_kinds(&o);
        return is_known ? EXIT_DONE
                        : fail(EXIT_USAGE, "there is no list '%s'. plek codes shows all.", o.list);
}
