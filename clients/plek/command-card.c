/*
 * plek card: what a client is configured with, signed by the authority
 */

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
#include "peer.h"
#include "sentences.h"
#include "wire/document.h"

enum { CARD_BYTES_MAX = 64 * 1024 };

typedef struct CardOptions {
        Common common;
        const char *authority;
        PublicKey founder; /* whose key the network's id is made of */
        bool has_founder;
        const char *host;
        const char *output;
        const char *show;
        bool force;
        unsigned first_port;
        RegionCard card;
        char *endpoints[4]; /* updates, care, query, coord */
} CardOptions;

enum {
        OPTION_AUTHORITY = 0x100,
        OPTION_FOUNDER,
        OPTION_NEXT,
        OPTION_NETWORK,
        OPTION_BROKER,
        OPTION_HOST,
        OPTION_PORT,
        OPTION_UPDATES, /* these four in the order of endpoints[] */
        OPTION_CARE,
        OPTION_QUERY,
        OPTION_COORD,
        OPTION_TITLE,
        OPTION_SERIAL,
        OPTION_FORCE,
};

static const struct argp_option options[] = {
        { "authority", OPTION_AUTHORITY, "FILE", 0, "The authority's secret", 1 },
        { "founder", OPTION_FOUNDER, "KEY", 0,
          "The authority's first public key, where it has another one by now", 1 },
        { "next-authority", OPTION_NEXT, "KEY", 0,
          "The public key that will follow the authority's", 1 },
        { "network", OPTION_NETWORK, "NAME", 0, "The network's name, as plekd.conf has it", 1 },
        { "title", OPTION_TITLE, "TEXT", 0, "What people call the region", 1 },
        { "broker", OPTION_BROKER, "KEY", 0, "The broker's public key; repeat for more", 1 },
        { "host", OPTION_HOST, "HOST", 0, "The broker's host, for the usual ports", 1 },
        { "port", OPTION_PORT, "PORT", 0, "The first of the four ports (default 7301)", 1 },
        { "updates", OPTION_UPDATES, "ENDPOINT", 0, "Instead of tcp://HOST:7301", 1 },
        { "care", OPTION_CARE, "ENDPOINT", 0, "Instead of tcp://HOST:7302", 1 },
        { "query", OPTION_QUERY, "ENDPOINT", 0, "Instead of tcp://HOST:7303", 1 },
        { "coord", OPTION_COORD, "ENDPOINT", 0, "Instead of tcp://HOST:7304", 1 },
        { "serial", OPTION_SERIAL, "N", 0, "Above the last card's (default: the time in seconds)",
          1 },
        { "output", 'o', "FILE", 0, "Default: region.card", 1 },
        { "force", OPTION_FORCE, NULL, 0, "Also over the card of another authority", 1 },
        { 0 },
};

static void parse_broker(CardOptions *o, const char *text, struct argp_state *state)
{
        if (o->card.n_brokers == CARD_BROKERS_MAX)
                usage_error(state, "a card has at most %d brokers", CARD_BROKERS_MAX);
        if (read_public_key(&o->card.brokers[o->card.n_brokers], text))
                exit(EXIT_USAGE);
        o->card.n_brokers++;
}

static void parse_next(CardOptions *o, const char *text, struct argp_state *state)
{
        PublicKey key;

        if (o->card.n_authority == CARD_AUTHORITIES_MAX)
                usage_error(state, "there is one next authority");
        if (read_public_key(&key, text))
                exit(EXIT_USAGE);
        memcpy(o->card.authority[1], key.sign, KEY_BYTES);
        o->card.n_authority = 2;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        CardOptions *o = state->input;
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
        case OPTION_NEXT:
                parse_next(o, argument, state);
                return 0;
        case OPTION_NETWORK:
                if (!region_is_valid(argument))
                        usage_error(state, "a network's name is a-z 0-9 -, at most 32");
                o->card.network_name = argument;
                return 0;
        case OPTION_TITLE:
                o->card.title = argument;
                return 0;
        case OPTION_BROKER:
                parse_broker(o, argument, state);
                return 0;
        case OPTION_HOST:
                o->host = argument;
                return 0;
        case OPTION_PORT:
                errno = 0;
                o->first_port = (unsigned)strtoul(argument, &end, 10);
                if (errno || *end || !o->first_port || o->first_port > 65532)
                        usage_error(state, "--port is 1 to 65532, not '%s'", argument);
                return 0;
        case OPTION_UPDATES:
        case OPTION_CARE:
        case OPTION_QUERY:
        case OPTION_COORD:
                o->endpoints[key - OPTION_UPDATES] = strdup(argument);
                return 0;
        case OPTION_SERIAL:
                errno = 0;
                o->card.serial = strtoull(argument, &end, 10);
                if (errno || *end || !o->card.serial)
                        usage_error(state, "--serial is a number from 1, not '%s'", argument);
                return 0;
        case OPTION_FORCE:
                o->force = true;
                return 0;
        case 'o':
                o->output = argument;
                return 0;
        case ARGP_KEY_ARG:
                if (o->show)
                        argp_usage(state);
                o->show = argument;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* Where no endpoint is given, the host and its usual port. Returns an Exit. */
static int fill_endpoints(CardOptions *o)
{
        for (unsigned i = 0; i < N_ELEMENTS(o->endpoints); i++) {
                if (o->endpoints[i])
                        continue;
                if (!o->host)
                        return fail(EXIT_USAGE, "a card needs --host, or all four endpoints.");
                if (asprintf(&o->endpoints[i], "tcp://%s:%u", o->host, o->first_port + i) < 0)
                        return fail(EXIT_FILE, "out of memory.");
        }
        o->card.updates = o->endpoints[0];
        o->card.care = o->endpoints[1];
        o->card.query = o->endpoints[2];
        o->card.coord = o->endpoints[3];
        return EXIT_DONE;
}

/* What two people compare over the phone, once. */
static void print_checksum(const PlekRegionCard *card)
{
        char checksum[PLEK_CHECKSUM_BYTES];

        plek_region_card_checksum(card, checksum);
        printf("checksum   %s\n", checksum);
}

/* Whether the card that the new one replaces names our key, as present or next authority. */
static bool is_followed_by(const RegionCard *held, const RegionCard *card)
{
        if (memcmp(&held->network, &card->network, sizeof(held->network)) != 0)
                return false;
        for (size_t i = 0; i < held->n_authority; i++)
                if (!memcmp(held->authority[i], card->authority[0], KEY_BYTES))
                        return true;
        return false;
}

/*
 * A card signed with the wrong key is the first card of another network, or one that nobody takes
 * who holds the one before: handed out from the place of the old one it leads new readers astray.
 * What cannot be read as a card is no card. Returns an Exit.
 */
static int check_held(const CardOptions *o)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        const char *text;
        Envelope envelope;
        RegionCard held;
        int r;

        if (o->force || access(o->output, F_OK))
                return EXIT_DONE;
        r = load_file(&bytes, o->output, CARD_BYTES_MAX);
        if (r)
                return r;
        if (arena_new(&arena, ARENA_MESSAGE_BYTES))
                return fail(EXIT_FILE, "out of memory.");
        if (envelope_parse(&envelope, bytes->bytes, bytes->n_bytes) ||
            envelope.kind != ENVELOPE_CARD ||
            region_card_decode(&held, &text, arena, envelope.body, envelope.n_body) ||
            is_followed_by(&held, &o->card))
                return EXIT_DONE;
        return fail(EXIT_REFUSED,
                    "%s is the card of network %s under another authority than %s, which it names "
                    "neither as present nor as next; who holds it takes no card of this one. Is "
                    "this the right key? --output names another file, --force writes over it.",
                    o->output, held.network_name, o->authority);
}

static int card_sign(CardOptions *o)
{
        CLEANUP(secret_key_freep) SecretKey *authority = NULL;
        CLEANUP(blob_unrefp) Blob *body = NULL, *envelope = NULL;
        CLEANUP(plek_region_card_freep) PlekRegionCard *signed_card = NULL;
        int r;

        if (!o->card.network_name || !o->card.n_brokers)
                return fail(EXIT_USAGE, "a card needs --network and a --broker. plek card --help "
                                        "has an example.");
        r = fill_endpoints(o);
        if (!r)
                r = load_key(&authority, o->authority);
        if (r)
                return r;

        memcpy(o->card.authority[0], secret_key_public(authority)->sign, KEY_BYTES);
        o->card.n_authority = MAX(o->card.n_authority, 1u);
        o->card.network = network_id_of(o->card.network_name,
                                        o->has_founder ? o->founder.sign : o->card.authority[0]);
        r = check_held(o);
        if (r)
                return r;
        r = region_card_encode(&body, &o->card);
        if (r == -EINVAL)
                return fail(EXIT_USAGE, "an endpoint is tcp://HOST:PORT, and a title is at most "
                                        "128 bytes.");
        if (!r)
                r = envelope_sign(&envelope, ENVELOPE_CARD, &o->card.network, authority,
                                  body->bytes, body->n_bytes);
        if (r)
                return fail(EXIT_FILE, "cannot sign: %s.", strerror(-err_fold(r)));

        r = save_file(o->output, envelope->bytes, envelope->n_bytes);
        if (!r && !plek_region_card_parse(&signed_card, envelope->bytes, envelope->n_bytes))
                print_checksum(signed_card);
        return r;
}

static int card_show(const char *path)
{
        CLEANUP(plek_region_card_freep) PlekRegionCard *card = NULL;
        PlekRegionCardInfo info;
        int r;

        r = plek_region_card_load(&card, path);
        if (r == PLEK_E_CARD)
                return fail(EXIT_FILE, "%s is not a region card, or was altered.", path);
        if (r)
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, spoken(plek_result_text(r)));

        plek_region_card_info(card, &info);
        printf("network    %s\n", info.network_name);
        if (info.title)
                printf("title      %s\n", info.title);
        printf("serial     %llu\nupdates    %s\ncare       %s\nquery      %s\ncoord      %s\n",
               (unsigned long long)info.serial, info.updates, info.care, info.query, info.coord);
        print_checksum(card);
        return EXIT_DONE;
}

int command_card(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "[FILE]",
                .doc = "Signs the region card, what a client is configured with; or shows the one "
                       "in FILE. Its checksum is compared over the phone, once.\v"
                       "plek card --authority authority.key --network try \\\n"
                       "    --host 127.0.0.1 --broker plek1-...",
                .children = children,
        };
        CardOptions o = {
                .output = "region.card",
                .first_port = 7301,
                .card.serial = (uint64_t)time(NULL),
        };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        if (!o.show == !o.authority)
                r = fail(EXIT_USAGE, "plek card takes --authority to sign one, or a FILE to show.");
        else
                r = o.show ? card_show(o.show) : card_sign(&o);

        for (size_t i = 0; i < N_ELEMENTS(o.endpoints); i++)
                free(o.endpoints[i]);
        return r;
}
