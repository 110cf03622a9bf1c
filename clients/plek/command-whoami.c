/*
 * plek whoami: what the broker knows of our key; the first thing to ask when nothing works
 */

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "when.h"
#include "words.h"

typedef struct WhoamiOptions {
        Common common;
} WhoamiOptions;

static error_t parse(int key, char *argument, struct argp_state *state)
{
        WhoamiOptions *o = state->input;

        if (key == ARGP_KEY_INIT) {
                state->child_inputs[0] = &o->common;
                return 0;
        }
        if (key == ARGP_KEY_ARG)
                argp_usage(state);
        return ARGP_ERR_UNKNOWN;
}

static void print_json(const PlekWhoami *who)
{
        json_t *locations = json_array();
        json_t *object =
                json_pack("{s:s, s:s, s:b, s:s?, s:I, s:b, s:b, s:o}", "text", who->text,
                          "transport_key_id", who->transport_key_id, "enrolled", who->is_enrolled,
                          "party", who->party, "serial", (json_int_t)who->serial, "suspended",
                          who->is_suspended, "revoked", who->is_revoked, "locations", locations);

        for (size_t i = 0; i < who->n_locations; i++)
                json_array_append_new(locations, json_pack("{s:s, s:s}", "location",
                                                           who->locations[i].location, "region",
                                                           who->locations[i].region));
        if (who->is_enrolled) {
                char roles[ROLES_TEXT_BYTES];

                roles_format(who->roles, roles);
                json_object_set_new(object, "roles", json_string(roles));
                json_object_set_new(object, "valid_until_ms", json_integer(who->valid_until_ms));
        }
        print_json_line(object);
}

static void print_text(const PlekWhoami *who, Language l)
{
        char roles[ROLES_TEXT_BYTES], from[WHEN_TEXT_BYTES], until[WHEN_TEXT_BYTES];

        puts(who->text);
        if (!who->is_enrolled)
                return;

        roles_format(who->roles, roles);
        when_format(who->valid_from_ms, from);
        when_format(who->valid_until_ms, until);
        printf("%-12s %s%s%s\n", word(l, "party"), who->party,
               who->is_suspended ? "  SUSPENDED" : "", who->is_revoked ? "  REVOKED" : "");
        printf("%-12s %s\n", word(l, "roles"), roles);
        printf("%-12s %" PRIu64 ", %s %s - %s\n", word(l, "enrolment"), who->serial,
               word(l, "valid"), from, until);
        if (who->audience)
                printf("%-12s %s\n", word(l, "reads"),
                       plek_code_name(PLEK_CODES_AUDIENCE, who->audience));
        for (size_t i = 0; i < who->n_locations; i++)
                printf("%-12s %s (%s)\n", word(l, "speaks for"), who->locations[i].location,
                       who->locations[i].region);
}

int command_whoami(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .parser = parse,
                .doc = "Asks the broker what it knows of our key. Works without being enrolled: "
                       "it then says so, with the key's id.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        WhoamiOptions o = { 0 };
        PlekFault fault = { 0 };
        PlekWhoami who;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = peer_client(&peer, &client, &o.common, true);
        if (r)
                return r;
        r = plek_client_whoami(client, &who, &fault);
        if (r == PLEK_E_TIMEOUT && !o.common.control)
                return fail_unanswered(&peer, &o.common, 0, fault.text);
        if (r)
                return fail_answer(r, &fault);

        if (o.common.json)
                print_json(&who);
        else
                print_text(&who, o.common.language);
        return who.is_enrolled ? EXIT_DONE : EXIT_REFUSED;
}
