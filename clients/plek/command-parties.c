/*
 * plek parties: who takes part
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "text.h"
#include "json-set.h"
#include "when.h"
#include "words.h"

typedef struct PartiesOptions {
        Common common;
        const char *party;
} PartiesOptions;

static error_t parse(int key, char *argument, struct argp_state *state)
{
        PartiesOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case ARGP_KEY_ARG:
                if (o->party)
                        argp_usage(state);
                o->party = argument;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static bool has_role(const PlekPartyInfo *party, unsigned role)
{
        return party->roles & PLEK_ROLE_BIT(role);
}

/* What somebody is who feeds nothing: they need no connection to be well. */
static const char *reader_kind(const PlekPartyInfo *party)
{
        return has_role(party, PLEK_ROLE_OPERATOR)      ? "operator"
               : has_role(party, PLEK_ROLE_COORDINATOR) ? "coordinator"
                                                        : "reader";
}

/* One word, worst first. For a script it is in English always. */
static const char *party_state(const PlekPartyInfo *party, int64_t now_ms)
{
        return party->is_revoked                 ? "revoked"
               : party->is_suspended             ? "suspended"
               : now_ms > party->valid_until_ms  ? "expired"
               : party->has_twins                ? "twins"
               : party->is_connected             ? "connected"
               : party->since_ms != PLEK_NO_TIME ? "away"
               : has_role(party, PLEK_ROLE_AGENT) || has_role(party, PLEK_ROLE_RELAY)
                       ? "never"
                       : reader_kind(party);
}

/* "connected since 14:02", "lost since 14:02", "never connected". */
static void state_words(const PlekPartyInfo *party, int64_t now_ms, Language language, Text *text)
{
        const char *state = party_state(party, now_ms);
        char since[WHEN_TEXT_BYTES];

        if (!strcmp(state, "never"))
                state = "never connected";
        else if (!strcmp(state, "away"))
                state = "lost";
        text_add(text, "%s", word(language, state));
        if (party->since_ms == PLEK_NO_TIME ||
            (strcmp(state, "connected") != 0 && strcmp(state, "lost") != 0))
                return;
        when_format_near(party->since_ms, since);
        text_add(text, " %s %s", word(language, "since"), since);
}

static void party_json(const PlekPartyInfo *party, int64_t now_ms)
{
        json_t *object, *keys = json_array(), *locations = json_array();
        char roles[ROLES_TEXT_BYTES];

        roles_format(party->roles, roles);
        object = json_pack("{s:s, s:s?, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "party",
                           party->party, "name", party->name, "state", party_state(party, now_ms),
                           "roles", roles, "serial", (json_int_t)party->serial, "valid_until_ms",
                           (json_int_t)party->valid_until_ms, "floor", (json_int_t)party->floor,
                           "records", (json_int_t)party->n_records, "accepted",
                           (json_int_t)party->n_accepted, "refused", (json_int_t)party->n_refused);

        json_set_time(object, "since_ms", party->since_ms);
        for (size_t i = 0; i < party->n_keys; i++)
                json_array_append_new(keys, json_string(party->keys[i]));
        json_object_set_new(object, "keys", keys);
        /* Told where one party is asked for; absent is not none. */
        for (size_t i = 0; i < party->n_locations; i++)
                json_array_append_new(locations, json_string(party->locations[i].location));
        if (party->n_locations)
                json_object_set(object, "locations", locations);
        json_decref(locations);
        print_json_line(object);
}

static void party_text(const PlekPartyInfo *party, int64_t now_ms, Language language)
{
        char roles[ROLES_TEXT_BYTES], until[WHEN_TEXT_BYTES], line[TEXT_COLUMNS_MAX], part[96];
        Text text = { line, sizeof(line) }, piece = { part, sizeof(part) };

        *line = *part = '\0';
        roles_format(party->roles, roles);
        when_format(party->valid_until_ms, until);
        state_words(party, now_ms, language, &piece);
        text_add_padded(&text, party->party, 29);
        text_add_padded(&text, part, 27);
        text_add_padded(&text, roles, 23);
        text_add(&text, "%7" PRIu64 " %9" PRIu64 " %8" PRIu64 "  %s", party->n_records,
                 party->n_accepted, party->n_refused, until);
        puts(line);
}

static void heading(Language language)
{
        printf("%-28s %-26s %-22s %7s %9s %8s  %s\n", word(language, "party"),
               word(language, "state"), word(language, "roles"), word(language, "records"),
               word(language, "accepted"), word(language, "refused"),
               word(language, "valid until"));
}

/* All that is known of one. */
static void party_whole(const PlekPartyInfo *party, int64_t now_ms, Language language)
{
        party_text(party, now_ms, language);
        if (party->name)
                text_print("  %-14s %s\n", word(language, "name"), party->name);
        printf("  %-14s %" PRIu64 "\n", word(language, "serial"), party->serial);
        printf("  %-14s %" PRIu64 "\n", word(language, "last seq"), party->floor);
        for (size_t i = 0; i < party->n_locations; i++)
                printf("  %-14s %s (%s)\n", word(language, "speaks for"),
                       party->locations[i].location, party->locations[i].region);
        for (size_t i = 0; i < party->n_keys; i++)
                printf("  %-14s %s\n", word(language, "key"), party->keys[i]);
}

int command_parties(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "[PARTY]",
                .doc = "Who is enrolled, connected, suspended or expired, and how many of its "
                       "updates were accepted and refused since the broker's start.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        PartiesOptions o = { 0 };
        PlekFault fault = { 0 };
        const PlekPartyInfo *parties;
        int64_t now_ms = wall_clock_ms();
        size_t n_parties;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_parties(client, o.party, &parties, &n_parties, &fault);
        if (r)
                return fail_answer(r, &fault);

        if (!o.common.json)
                heading(o.common.language);
        for (size_t i = 0; i < n_parties; i++)
                if (o.common.json)
                        party_json(&parties[i], now_ms);
                else if (o.party)
                        party_whole(&parties[i], now_ms, o.common.language);
                else
                        party_text(&parties[i], now_ms, o.common.language);
        return EXIT_DONE;
}
