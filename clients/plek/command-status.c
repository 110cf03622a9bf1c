/*
 * plek status and plek parties: how the broker is, and who takes part
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "when.h"
#include "words.h"

typedef struct StatusOptions {
        Common common;
        const char *party;
        bool takes_party;
} StatusOptions;

static error_t parse(int key, char *argument, struct argp_state *state)
{
        StatusOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case ARGP_KEY_ARG:
                if (!o->takes_party || o->party)
                        argp_usage(state);
                o->party = argument;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };

/* ------------------------------------------------------------------ status */

static void status_json(const PlekBrokerStatus *status)
{
        json_t *warnings = json_array(), *metrics = json_object();
        char epoch[17];

        snprintf(epoch, sizeof(epoch), "%016" PRIx64, status->epoch);
        for (size_t i = 0; i < status->n_warnings; i++)
                json_array_append_new(warnings, json_string(status->warnings[i]));
        for (size_t i = 0; i < status->n_metrics; i++) {
                const PlekMetric *metric = &status->metrics[i];
                char name[256];

                snprintf(name, sizeof(name), metric->label ? "%s{%s}" : "%s", metric->name,
                         metric->label);
                json_object_set_new(metrics, name, json_real(metric->value));
        }
        print_json_line(json_pack("{s:s, s:s?, s:s, s:I, s:I, s:I, s:b, s:s?, s:o, s:o}", "version",
                                  status->version, "network", status->network_name, "epoch", epoch,
                                  "revision", (json_int_t)status->revision, "time_ms",
                                  (json_int_t)status->time_ms, "started_at_ms",
                                  (json_int_t)status->started_at_ms, "accepting",
                                  status->is_accepting, "why_not", status->why_not, "warnings",
                                  warnings, "metrics", metrics));
}

static void status_text(const PlekBrokerStatus *status)
{
        char up[DURATION_TEXT_BYTES], since[WHEN_TEXT_BYTES];

        duration_format(status->time_ms - status->started_at_ms, up);
        printf("broker     plekd %s, up %s\nnetwork    %s\n", status->version, up,
               status->network_name ? status->network_name : "none: no authority is configured");
        printf("epoch      %016" PRIx64 "\nrevision   %" PRIu64 "\n", status->epoch,
               status->revision);
        if (status->is_accepting) {
                puts("updates    accepted");
        } else {
                when_format(status->since_ms, since);
                printf("updates    NOT ACCEPTED since %s: %s\n", since,
                       status->why_not ? status->why_not : "?");
        }
        for (size_t i = 0; i < status->n_warnings; i++)
                printf("warning    %s\n", status->warnings[i]);
        for (size_t i = 0; i < status->n_metrics; i++) {
                const PlekMetric *metric = &status->metrics[i];

                printf("  %-44s %-28s %.15g\n", metric->name, metric->label ? metric->label : "",
                       metric->value);
        }
}

int command_status(int argc, char **argv)
{
        static const struct argp argp = {
                .parser = parse,
                .doc = "How the broker is: what it stands at, whether it accepts updates, who is "
                       "connected, rates and disk. For operators, or over the control socket.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        StatusOptions o = { 0 };
        PlekFault fault = { 0 };
        PlekBrokerStatus status;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_status(client, &status, &fault);
        if (r)
                return fail_answer(r, &fault);

        if (o.common.json)
                status_json(&status);
        else
                status_text(&status);
        return EXIT_DONE;
}

/* ------------------------------------------------------------------ parties */

static const char *party_state(const PlekPartyInfo *party, int64_t now_ms)
{
        return party->is_revoked                  ? "revoked"
               : party->is_suspended              ? "suspended"
               : now_ms > party->valid_until_ms   ? "expired"
               : party->has_twins                 ? "twins"
               : party->is_connected              ? "connected"
               : party->since_ms == PLEK_NO_TIME  ? "not seen"
                                                  : "away";
}

static void party_json(const PlekPartyInfo *party, int64_t now_ms)
{
        json_t *locations = json_array(), *keys = json_array();
        char roles[ROLES_TEXT_BYTES];

        roles_format(party->roles, roles);
        for (size_t i = 0; i < party->n_locations; i++)
                json_array_append_new(locations, json_string(party->locations[i].location));
        for (size_t i = 0; i < party->n_keys; i++)
                json_array_append_new(keys, json_string(party->keys[i]));
        print_json_line(json_pack("{s:s, s:s?, s:s, s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I}",
                                  "party", party->party, "name", party->name, "state",
                                  party_state(party, now_ms), "roles", roles, "serial",
                                  (json_int_t)party->serial, "valid_until_ms",
                                  (json_int_t)party->valid_until_ms, "locations", locations, "keys",
                                  keys, "floor", (json_int_t)party->floor, "records",
                                  (json_int_t)party->n_records, "accepted",
                                  (json_int_t)party->n_accepted, "refused",
                                  (json_int_t)party->n_refused));
}

static void party_text(const PlekPartyInfo *party, int64_t now_ms)
{
        char roles[ROLES_TEXT_BYTES], until[WHEN_TEXT_BYTES];

        roles_format(party->roles, roles);
        when_format(party->valid_until_ms, until);
        printf("%-28s %-10s %-22s %7" PRIu64 " %9" PRIu64 " %8" PRIu64 "  %s\n", party->party,
               party_state(party, now_ms), roles, party->n_records, party->n_accepted,
               party->n_refused, until);
}

/* All that is known of one. */
static void party_whole(const PlekPartyInfo *party, int64_t now_ms)
{
        party_text(party, now_ms);
        if (party->name)
                printf("  name       %s\n", party->name);
        printf("  serial     %" PRIu64 "\n  last seq   %" PRIu64 "\n", party->serial, party->floor);
        for (size_t i = 0; i < party->n_locations; i++)
                printf("  speaks for %s in %s\n", party->locations[i].location,
                       party->locations[i].region);
        for (size_t i = 0; i < party->n_keys; i++)
                printf("  key        %s\n", party->keys[i]);
}

int command_parties(int argc, char **argv)
{
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "[PARTY]",
                .doc = "Who is enrolled, connected, suspended or expired, and how many of its "
                       "updates were accepted and refused since the broker's start.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        StatusOptions o = { .takes_party = true };
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
                printf("%-28s %-10s %-22s %7s %9s %8s  %s\n", "party", "state", "roles", "records",
                       "accepted", "refused", "valid until");
        for (size_t i = 0; i < n_parties; i++)
                if (o.common.json)
                        party_json(&parties[i], now_ms);
                else if (o.party)
                        party_whole(&parties[i], now_ms);
                else
                        party_text(&parties[i], now_ms);
        return EXIT_DONE;
}
