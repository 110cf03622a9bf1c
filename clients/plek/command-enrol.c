/*
 * plek enrol: the authority says who a party is and what it may do
 *
 * Runs wherever the authority's secret is kept, which is not the broker's host. What it writes is a
 * file that anybody may carry to the broker (plek admit): it proves itself.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "files.h"
#include "wire/document.h"
#include "when.h"

enum {
        DEFAULT_VALID_DAYS = 366,
        LOCATIONS_MAX = ENROLMENT_LOCATIONS_MAX,
};

typedef struct EnrolOptions {
        Common common;
        const char *authority;
        PublicKey founder; /* whose key the network's id is made of */
        bool has_founder;
        const char *network;
        const char *output;
        Enrolment enrolment;
        LocationGrant *locations;
        int64_t now_ms;
        bool revoke;
} EnrolOptions;

enum {
        OPTION_AUTHORITY = 0x100,
        OPTION_FOUNDER,
        OPTION_NETWORK,
        OPTION_PARTY,
        OPTION_PUBLIC,
        OPTION_ROLE,
        OPTION_LOCATION,
        OPTION_READS,
        OPTION_NAME,
        OPTION_VALID,
        OPTION_SERIAL,
        OPTION_REVOKE,
        OPTION_DISTRUSTED,
};

static const struct argp_option options[] = {
        { "authority", OPTION_AUTHORITY, "FILE", 0, "The authority's secret", 1 },
        { "founder", OPTION_FOUNDER, "KEY", 0,
          "The authority's first public key, where it has another one by now", 1 },
        { "network", OPTION_NETWORK, "NAME", 0, "The network's name, as plekd.conf has it", 1 },
        { "party", OPTION_PARTY, "ID", 0, "a-z 0-9 . -, at most 64", 1 },
        { "public-key", OPTION_PUBLIC, "KEY", 0, "The party's public key; twice while it rotates",
          1 },
        { "role", OPTION_ROLE, "ROLE[,ROLE]", 0, "agent, subscriber, coordinator, operator, relay",
          1 },
        { "location", OPTION_LOCATION, "ID=REGION[,SCHEME:REGION]", 0,
          "A location that it speaks for and its home region, then its other regions; repeat for "
          "more",
          1 },
        { "reads", OPTION_READS, "care|coord", 0, "What it may read (default: nothing)", 1 },
        { "name", OPTION_NAME, "TEXT", 0, "What people call the party", 1 },
        { "valid", OPTION_VALID, "DURATION|TIME", 0, "Until when (default 1y)", 1 },
        { "serial", OPTION_SERIAL, "N", 0,
          "Above the party's last one (default: the time in seconds)", 1 },
        { "revoke", OPTION_REVOKE, "CAUSE", 0, "Takes all rights away", 1 },
        { "distrusted-since", OPTION_DISTRUSTED, "TIME", 0,
          "With --revoke, where a key was in other hands", 1 },
        { "output", 'o', "FILE", 0, "Default: PARTY.enrolment", 1 },
        { 0 },
};

/* "id=home,scheme:region,..." in place. */
static void parse_location(EnrolOptions *o, char *text, struct argp_state *state)
{
        char *at = text, *id = strsep(&at, "="), *home = strsep(&at, ","), *other;
        LocationGrant *grant;
        Region *regions;

        if (o->enrolment.n_locations == LOCATIONS_MAX)
                usage_error(state, "one enrolment has at most %d locations", LOCATIONS_MAX);
        if (!home || !location_is_valid(id) || !region_is_valid(home))
                usage_error(state, "--location is LOCATION=REGION, as in duinzicht=waterkant");

        regions = calloc(LOCATION_REGIONS_MAX, sizeof(*regions));
        o->locations =
                reallocarray(o->locations, o->enrolment.n_locations + 1, sizeof(*o->locations));
        if (!regions || !o->locations)
                argp_failure(state, EXIT_FILE, ENOMEM, "enrol");
        grant = &o->locations[o->enrolment.n_locations++];
        *grant = (LocationGrant){ .location = id, .region = home, .regions = regions };

        while ((other = strsep(&at, ","))) {
                char *region = other, *scheme = strsep(&region, ":");

                if (!region || !region_is_valid(region) || !region_is_valid(scheme))
                        usage_error(state, "another region is SCHEME:REGION, as in rav:waterkant");
                if (grant->n_regions == LOCATION_REGIONS_MAX)
                        usage_error(state, "a location has at most %d other regions",
                                    LOCATION_REGIONS_MAX);
                regions[grant->n_regions++] = (Region){ .scheme = scheme, .id = region };
        }
        o->enrolment.locations = o->locations;
}

static void parse_roles(EnrolOptions *o, char *text, struct argp_state *state)
{
        for (char *name; (name = strsep(&text, ","));) {
                uint32_t role;

                if (code_parse(&role, CODES_ROLE, name))
                        usage_error(state, "there is no role '%s'", name);
                o->enrolment.roles |= ROLE_BIT(role);
        }
}

static void parse_key(EnrolOptions *o, const char *text, struct argp_state *state)
{
        if (o->enrolment.n_keys == ENROLMENT_KEYS_MAX)
                usage_error(state, "a party has at most %d keys", ENROLMENT_KEYS_MAX);
        if (read_public_key(&o->enrolment.keys[o->enrolment.n_keys], text))
                exit(EXIT_USAGE);
        o->enrolment.n_keys++;
}

static void parse_valid(EnrolOptions *o, const char *text, struct argp_state *state)
{
        int64_t ms;

        if (!duration_parse(&ms, text))
                o->enrolment.valid_until_ms = o->now_ms + ms;
        else if (when_parse(&ms, text, o->now_ms))
                usage_error(state, "--valid is a duration (1y) or a date (2027-12-31), not '%s'",
                            text);
        else
                o->enrolment.valid_until_ms = ms;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        EnrolOptions *o = state->input;
        char *end;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_AUTHORITY:
                o->authority = argument;
                return 0;
        case OPTION_FOUNDER:
                if (read_public_key(&o->founder, argument))
                        exit(EXIT_USAGE);
                o->has_founder = true;
                return 0;
        case OPTION_NETWORK:
                o->network = argument;
                return 0;
        case OPTION_PARTY:
                if (!party_is_valid(argument))
                        usage_error(state, "a party is a-z 0-9 . -, at most 64, not '%s'",
                                    argument);
                o->enrolment.party = argument;
                return 0;
        case OPTION_PUBLIC:
                parse_key(o, argument, state);
                return 0;
        case OPTION_ROLE:
                parse_roles(o, argument, state);
                return 0;
        case OPTION_LOCATION:
                parse_location(o, argument, state);
                return 0;
        case OPTION_READS: {
                uint32_t audience;

                if (code_parse(&audience, CODES_AUDIENCE, argument) || audience == AUDIENCE_OPEN)
                        usage_error(state, "--reads is care or coord, not '%s'", argument);
                o->enrolment.audience = audience;
                return 0;
        }
        case OPTION_NAME:
                o->enrolment.name = argument;
                return 0;
        case OPTION_VALID:
                parse_valid(o, argument, state);
                return 0;
        case OPTION_SERIAL:
                errno = 0;
                o->enrolment.serial = strtoull(argument, &end, 10);
                if (errno || *end || !o->enrolment.serial)
                        usage_error(state, "--serial is a number from 1, not '%s'", argument);
                return 0;
        case OPTION_REVOKE:
                o->revoke = true;
                o->enrolment.cause = argument;
                return 0;
        case OPTION_DISTRUSTED:
                if (when_parse(&o->enrolment.distrusted_since_ms, argument, o->now_ms))
                        usage_error(state, "'%s' is not a time", argument);
                return 0;
        case 'o':
                o->output = argument;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* What the command line as a whole must have. Returns an Exit. */
static int check(const EnrolOptions *o)
{
        const Enrolment *e = &o->enrolment;

        if (!o->authority || !o->network || !e->party || !e->n_keys)
                return fail(EXIT_USAGE, "enrol needs --authority, --network, --party and "
                                        "--public-key. plek enrol --help has an example.");
        if (!region_is_valid(o->network))
                return fail(EXIT_USAGE, "a network's name is a-z 0-9 -, at most 32.");
        if (o->revoke && (e->roles || e->n_locations || e->audience))
                return fail(EXIT_USAGE, "--revoke takes all rights away: leave --role, --location "
                                        "and --reads out.");
        if (!o->revoke && !e->roles)
                return fail(EXIT_USAGE, "a party needs a --role; --revoke takes all away.");
        if (!o->revoke && e->distrusted_since_ms != TIME_ABSENT)
                return fail(EXIT_USAGE, "--distrusted-since goes with --revoke.");
        if ((e->roles & ROLE_BIT(ROLE_AGENT)) && !e->n_locations)
                return fail(EXIT_USAGE, "an agent needs a --location that it speaks for.");
        if ((e->roles & (ROLE_BIT(ROLE_SUBSCRIBER) | ROLE_BIT(ROLE_COORDINATOR))) && !e->audience)
                return fail(EXIT_USAGE, "a reader needs --reads care, or --reads coord.");
        if (e->valid_until_ms <= e->valid_from_ms)
                return fail(EXIT_USAGE, "--valid has passed already.");
        return EXIT_DONE;
}

static int sign_and_save(const EnrolOptions *o)
{
        CLEANUP(secret_key_freep) SecretKey *authority = NULL;
        CLEANUP(blob_unrefp) Blob *body = NULL, *envelope = NULL;
        CLEANUP(freep) char *path = NULL;
        NetworkId network;
        int r;

        r = load_key(&authority, o->authority);
        if (r)
                return r;

        network = network_id_of(o->network, o->has_founder ? o->founder.sign
                                                           : secret_key_public(authority)->sign);
        r = enrolment_encode(&body, &o->enrolment);
        if (r == -EINVAL)
                return fail(EXIT_USAGE, "this enrolment is over a bound: names are at most 128 "
                                        "bytes.");
        if (!r)
                r = envelope_sign(&envelope, ENVELOPE_ENROLMENT, &network, authority, body->bytes,
                                  body->n_bytes);
        if (!r && asprintf(&path, "%s.enrolment", o->enrolment.party) < 0)
                r = -ENOMEM;
        if (r)
                return fail(EXIT_FILE, "cannot sign: %s.", strerror(-err_fold(r)));

        return save_file(o->output ? o->output : path, envelope->bytes, envelope->n_bytes);
}

int command_enrol(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "Signs an enrolment: who a party is, what it may say and read.\v"
                       "plek enrol --authority authority.key --network try --party duinzicht \\\n"
                       "    --public-key plek1-... --role agent --location duinzicht=waterkant",
                .children = children,
        };
        EnrolOptions o = { .enrolment.distrusted_since_ms = TIME_ABSENT };
        struct timespec now;
        int r;

        clock_gettime(CLOCK_REALTIME, &now);
        o.now_ms = (int64_t)now.tv_sec * 1000;
        o.enrolment.valid_from_ms = o.now_ms - 60 * 1000; /* the broker's clock may be behind */
        o.enrolment.valid_until_ms = o.now_ms + DEFAULT_VALID_DAYS * 24LL * 3600 * 1000;
        o.enrolment.serial = (uint64_t)now.tv_sec;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = check(&o);
        if (!r)
                r = sign_and_save(&o);

        for (size_t i = 0; i < o.enrolment.n_locations; i++)
                free((void *)o.locations[i].regions);
        free(o.locations);
        return r;
}
