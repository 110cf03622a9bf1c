/*
 * plek parties: who takes part
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
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

/* One word, worst first. For a script it is in English always. */
static const char *party_state(const PlekPartyInfo *party, int64_t now_ms)
{
        return party->is_revoked                 ? "revoked"
               : party->is_suspended             ? "suspended"
               : now_ms > party->valid_until_ms  ? "expired"
               : party->has_twins                ? "twins"
               : party->is_connected             ? "connected"
               : party->since_ms == PLEK_NO_TIME ? "no feed"
                                                 : "away";
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
        char roles[ROLES_TEXT_BYTES], until[WHEN_TEXT_BYTES];

        roles_format(party->roles, roles);
        when_format(party->valid_until_ms, until);
        printf("%-28s %-10s %-22s %7" PRIu64 " %9" PRIu64 " %8" PRIu64 "  %s\n", party->party,
               word(language, party_state(party, now_ms)), roles, party->n_records,
               party->n_accepted, party->n_refused, until);
}

static void heading(Language language)
{
        printf("%-28s %-10s %-22s %7s %9s %8s  %s\n", word(language, "party"),
               word(language, "state"), word(language, "roles"), word(language, "records"),
               word(language, "accepted"), word(language, "refused"),
               word(language, "valid until"));
}

/* All that is known of one. */
static void party_whole(const PlekPartyInfo *party, int64_t now_ms, Language language)
{
        party_text(party, now_ms, language);
        if (party->name)
                printf("  %-14s %s\n", word(language, "name"), party->name);
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
