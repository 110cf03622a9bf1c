/*
 * plek witness: writes the broker's signed heads to a file elsewhere
 *
 * A broker that takes back what it said, or says two things, can be shown to have done so by
 * whoever kept its heads. One line a head, as text, appended and synced:
 *
 *         TIME-MS EPOCH REVISION HEAD ENVELOPE
 *
 * time and revision in decimal, the others in hexadecimal. `plek verify --witness FILE` holds a
 * data directory against it.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "sentences.h"
#include "when.h"

typedef struct WitnessOptions {
        Common common;
        const char *path;
        int64_t every_ms;
        int64_t for_ms;
        FILE *file;
        int64_t written_at_ms;
        uint64_t epoch, revision; /* last written */
        bool has_written;
        bool alarmed;
        int error;
        char trouble[256]; /* what was last said of the link */
} WitnessOptions;

enum { OPTION_EVERY = 0x100, OPTION_FOR };

static error_t parse(int key, char *argument, struct argp_state *state)
{
        WitnessOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_EVERY:
                if (duration_parse(&o->every_ms, argument))
                        usage_error(state, "--every is a duration, as in 1min, not '%s'", argument);
                return 0;
        case OPTION_FOR:
                if (duration_parse(&o->for_ms, argument) || !o->for_ms)
                        usage_error(state, "--for is a duration, as in 1h, not '%s'", argument);
                return 0;
        case ARGP_KEY_ARG:
                if (o->path)
                        argp_usage(state);
                o->path = argument;
                return 0;
        case ARGP_KEY_END:
                if (!o->path)
                        argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static void put_hex(FILE *file, const void *bytes, size_t n_bytes)
{
        for (size_t i = 0; i < n_bytes; i++)
                fprintf(file, "%02x", ((const uint8_t *)bytes)[i]);
}

/* A remark: who holds a directory against the file passes over it. */
static void put_evidence(FILE *file, const uint8_t *bytes, size_t n_bytes)
{
        fputs("# evidence\n", file);
        for (size_t n = 0; n < n_bytes; n += 32) {
                fputs("#   ", file);
                put_hex(file, bytes + n, MIN(n_bytes - n, (size_t)32));
                fputc('\n', file);
        }
}

static void on_head(void *arg, uint64_t epoch, uint64_t revision, int64_t time_ms,
                    const uint8_t digest[32], const void *envelope, size_t n_envelope)
{
        WitnessOptions *o = arg;
        int64_t now_ms = steady_clock_ms();

        if (o->has_written && epoch == o->epoch && revision == o->revision)
                return;
        if (now_ms - o->written_at_ms < o->every_ms)
                return;
        fprintf(o->file, "%" PRId64 " %016" PRIx64 " %" PRIu64 " ", time_ms, epoch, revision);
        put_hex(o->file, digest, 32);
        fputc(' ', o->file);
        put_hex(o->file, envelope, n_envelope);
        fputc('\n', o->file);
        if (fflush(o->file) || fsync(fileno(o->file)))
                o->error = errno;
        o->epoch = epoch;
        o->revision = revision;
        o->has_written = true;
        o->written_at_ms = now_ms;
}

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const void *const evidence[2],
                     const size_t n_evidence[2])
{
        WitnessOptions *o = arg;

        o->alarmed = true;
        fail(EXIT_DAMAGED, "%s", text);
        fprintf(o->file, "# %s\n", text);
        for (size_t i = 0; evidence && i < 2; i++)
                if (evidence[i])
                        put_evidence(o->file, evidence[i], n_evidence[i]);
        fflush(o->file);
}

/* A witness that writes nothing down must not look like one that does. */
static void on_link(void *arg, const PlekLinkState *link)
{
        WitnessOptions *o = arg;
        const char *why = link->link == PLEK_LINK_NOT_FED && link->why ? link->why : "";

        if (!strcmp(o->trouble, why))
                return;
        fail(EXIT_UNREACHABLE, "%s", *why ? why : "the broker's heads are written down again");
        snprintf(o->trouble, sizeof(o->trouble), "%s", why);
}

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
        ended = 1;
}

static int witness(WitnessOptions *o)
{
        static const PlekSubscriberCallbacks callbacks = {
                .head = on_head,
                .link = on_link,
                .alarm = on_alarm,
        };
        const struct sigaction action = { .sa_handler = on_signal };
        const int64_t until_ms = o->for_ms ? steady_clock_ms() + o->for_ms : INT64_MAX;
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        int r;

        r = peer_open(&peer, &o->common);
        if (r)
                return r;
        r = plek_subscriber_new(&subscriber, peer.context, &peer.peer, NULL, &callbacks, o);

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        while (!r && !ended && !o->error && steady_clock_ms() < until_ms)
                r = plek_subscriber_run(subscriber, 1000);
        if (o->error)
                return fail(EXIT_FILE, "%s cannot be written: %s.", o->path, strerror(o->error));
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        if (!o->has_written && !ended)
                return fail(EXIT_UNREACHABLE, "no head came in that time, and nothing was written. "
                                              "Is the broker running? plek whoami asks.");
        return o->alarmed ? EXIT_DAMAGED : EXIT_DONE;
}

int command_witness(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "every", OPTION_EVERY, "DURATION", 0, "At most one line in that time (1s)", 1 },
                { "for", OPTION_FOR, "DURATION", 0, "Ends by itself", 1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "FILE",
                .doc = "Appends the broker's signed heads to FILE, on another machine than the "
                       "broker's. plek verify --witness FILE holds a data directory against them.",
                .children = children,
        };
        WitnessOptions o = { .every_ms = 1000 };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        o.file = fopen(o.path, "ae");
        if (!o.file)
                return fail(EXIT_FILE, "%s cannot be written: %s.", o.path, strerror(errno));
        r = witness(&o);
        fclose(o.file);
        return r;
}
