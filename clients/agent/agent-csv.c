/*
 * plek-agent csv: a file of rows and a mapping become reports
 *
 * Runs until it is ended, as a service. The file is looked at whenever its directory says that it
 * was written or replaced. What is wrong with the file is said once and again when it changes: an
 * agent that logs the same line every minute is one that nobody reads.
 */

#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "agent.h"
#include "feed.h"
#include "link-voice.h"
#include "plek/peer.h"
#include "plek/when.h"

enum {
        FAULTS_SHOWN_MAX = 20,
        FAULTS_BYTES = (FAULTS_SHOWN_MAX + 1) * 400,
        LOOK_AGAIN_MS = 1000, /* also where nobody tells of changes, as on a network's disk */
};

typedef struct AgentCsv {
        Common common;
        const char *mapping_path;
        bool check, once, replay;

        Feed *feed;
        PlekPublisher *publisher;
        unsigned long n_faults;    /* of this reading */
        char faults[FAULTS_BYTES]; /* the first of them, a line each */
        char faults_said[FAULTS_BYTES];
        unsigned long n_accepted, n_refused;
        char said[MAPPING_TEXT_BYTES]; /* the last thing about the file as a whole */
        LinkVoice voice;

        bool is_called; /* and has not answered yet: the file was being written */
        PlekStatus called_status;
        uint32_t called_cares[PLEK_CALL_CARES_MAX];
        size_t n_called_cares;
} AgentCsv;

enum { OPTION_CHECK = 0x100, OPTION_ONCE, OPTION_REPLAY };

static error_t parse(int key, char *argument, struct argp_state *state)
{
        AgentCsv *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_CHECK:
                o->check = true;
                return 0;
        case OPTION_ONCE:
                o->once = true;
                return 0;
        case OPTION_REPLAY:
                o->replay = true;
                return 0;
        case ARGP_KEY_ARG:
                if (o->mapping_path)
                        argp_usage(state);
                o->mapping_path = argument;
                return 0;
        case ARGP_KEY_END:
                if (!o->mapping_path || o->check + o->once + o->replay > 1)
                        argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ what is said */

static void on_fault(void *arg, const char *text)
{
        AgentCsv *o = arg;
        size_t n = strlen(o->faults);

        if (++o->n_faults <= FAULTS_SHOWN_MAX)
                snprintf(o->faults + n, sizeof(o->faults) - n, "%s: %s\n",
                         program_invocation_short_name, text);
}

/* After each reading; a fault that is there each time is said once. */
static void say_faults(AgentCsv *o)
{
        size_t n = strlen(o->faults);

        if (o->n_faults > FAULTS_SHOWN_MAX)
                snprintf(o->faults + n, sizeof(o->faults) - n, "%s: ... and %lu more\n",
                         program_invocation_short_name, o->n_faults - FAULTS_SHOWN_MAX);
        if (strcmp(o->faults, o->faults_said))
                fputs(*o->faults ? o->faults : "", stderr);
        if (!*o->faults && *o->faults_said)
                fail(EXIT_DONE, "every row is right again");
        memcpy(o->faults_said, o->faults, sizeof(o->faults_said));
        o->faults[0] = '\0';
        o->n_faults = 0;
}

/* Once, until it is something else. */
static void say_once(AgentCsv *o, const char *text)
{
        if (strcmp(o->said, text))
                fail(EXIT_DONE, "%s", *text ? text : "the file is written again");
        snprintf(o->said, sizeof(o->said), "%s", text);
}

static void on_accepted(void *arg, const PlekRecordKey *key, uint64_t revision)
{
        ((AgentCsv *)arg)->n_accepted++;
}

static void on_refused(void *arg, const PlekRecordKey *key, const PlekFault *fault, bool is_final)
{
        AgentCsv *o = arg;
        const char *code = plek_code_name(PLEK_CODES_REFUSAL, fault->code);
        const char *report = plek_code_name(PLEK_CODES_REPORT, key->kind);

        if (!is_final)
                return;
        o->n_refused++;
        fail(EXIT_REFUSED, "%s of %s%s%s refused (%s)%s%s: %s", report, key->location,
             key->unit ? " " : "", key->unit ? key->unit : "", code ? code : "?",
             *fault->field ? ", because of " : "", fault->field, fault->text);
}

static void on_twins(void *arg)
{
        fail(EXIT_REFUSED,
             "another feed publishes with our key at the same time. Stop one of them, "
             "or give each a key of its own.");
}

static void on_link(void *arg, PlekPublisherLink link, const char *text)
{
        link_voice_hear(&((AgentCsv *)arg)->voice, link, text, steady_clock_ms());
}

static void say_link(AgentCsv *o)
{
        const LinkWork work = {
                .party = plek_publisher_party(o->publisher),
                .has_begun = feed_counts(o->feed)->n_readings || *feed_trouble(o->feed),
                .n_waiting = plek_publisher_n_waiting(o->publisher),
                .n_accepted = o->n_accepted,
                .n_refused = o->n_refused,
        };
        char text[LINK_VOICE_TEXT_BYTES];

        if (link_voice_speak(&o->voice, &work, steady_clock_ms(), text))
                fail(EXIT_DONE, "%s", text);
}

static void on_alarm(void *arg, const char *text)
{
        fail(EXIT_REFUSED, "%s", text);
}

/* Reads what there is to read; the file may be there, or not yet, or not any more. */
static int look(AgentCsv *o, FeedLook how);

/* What the file says at this moment is the answer: it is read again first. One that is being
 * written is waited for. */
static bool on_called(void *arg, const PlekCall *call)
{
        AgentCsv *o = arg;

        fail(EXIT_DONE, "%s calls for reports%s%s%s", call->name ? call->name : call->party,
             call->text ? ": \"" : "", call->text ? call->text : "", call->text ? "\"" : "");
        o->is_called = false;
        if (look(o, FEED_LOOK_AGAIN) == 0 && !feed_is_torn(o->feed))
                return true;
        o->is_called = true;
        o->called_status = call->status;
        o->n_called_cares = call->n_cares;
        memcpy(o->called_cares, call->cares, call->n_cares * sizeof(*call->cares));
        return false;
}

static const PlekPublisherCallbacks callbacks = {
        .called = on_called,
        .accepted = on_accepted,
        .refused = on_refused,
        .twins = on_twins,
        .link = on_link,
        .alarm = on_alarm,
};

/* ------------------------------------------------------------------ once */

static int read_all(AgentCsv *o)
{
        const FeedCounts *counts = feed_counts(o->feed);
        int r;

        r = o->replay ? feed_replay(o->feed, wall_clock_ms(), o->common.timeout_ms)
                      : feed_read(o->feed, FEED_LOOK_WRITTEN, wall_clock_ms());
        say_faults(o);
        if (*feed_trouble(o->feed))
                return fail(EXIT_FILE, "%s.", feed_trouble(o->feed));
        if (!r && o->once)
                r = plek_publisher_flush(o->publisher, o->common.timeout_ms);
        if (r == PLEK_E_TIMEOUT)
                return fail(EXIT_UNREACHABLE, "%zu reports have no receipt in time. %s",
                            plek_publisher_n_waiting(o->publisher),
                            *o->voice.trouble ? o->voice.trouble
                                              : "Is the broker running? plek whoami asks.");
        if (r < 0)
                return fail(EXIT_FILE, "%s.", plek_result_text(r));

        printf("%lu rows, %lu reports, %lu wrong\n", counts->n_rows, counts->n_reports,
               counts->n_bad);
        if (counts->n_to_come)
                printf("%lu flows not yet: their period is not over\n", counts->n_to_come);
        if (counts->n_too_old)
                printf("%lu flows and refusals of more than 35 days ago: not taken any more\n",
                       counts->n_too_old);
        if (!o->check)
                printf("%lu accepted, %lu refused\n", o->n_accepted, o->n_refused);
        return counts->n_bad || o->n_refused ? EXIT_REFUSED : EXIT_DONE;
}

/* ------------------------------------------------------------------ as a service */

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
        ended = 1;
}

static int look(AgentCsv *o, FeedLook how)
{
        const unsigned long n_readings = feed_counts(o->feed)->n_readings;
        const int64_t now_ms = wall_clock_ms();
        const char *text;
        int r;

        r = feed_read(o->feed, how, now_ms);
        if (r < 0)
                return r;
        text = feed_trouble(o->feed);
        if (!feed_answers(o->feed, now_ms) && !*text && !feed_is_torn(o->feed))
                text = "the file has not been written for twice the time that refreshed-every "
                       "says; what it said is left to age";
        if (*text || *o->said)
                say_once(o, text);
        if (n_readings == feed_counts(o->feed)->n_readings)
                return 0;
        say_faults(o);
        if (o->is_called && !feed_is_torn(o->feed)) {
                o->is_called = false;
                plek_publisher_state_again(o->publisher, o->called_status, o->called_cares,
                                           o->n_called_cares);
        }
        return 0;
}

/* The directory is watched, not the file: exports are often written aside and renamed. */
static int watch_directory(const char *file)
{
        CLEANUP(freep) char *copy = strdup(file);
        CLEANUP(closep) int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

        if (!copy || fd < 0)
                return err_raise(copy ? -errno : -ENOMEM);
        if (inotify_add_watch(fd, dirname(copy), IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0)
                return err_raise(-errno);
        return STEAL_FD(fd);
}

/* Whether somebody has finished writing the file named @name. */
static bool was_written(int fd, const char *name)
{
        _Alignas(struct inotify_event) char events[4096];
        bool written = false;
        ssize_t n_read;

        while ((n_read = read(fd, events, sizeof(events))) > 0)
                for (const char *at = events; at < events + n_read;) {
                        const struct inotify_event *event = (const void *)at;

                        /* An overflow may have hidden it. */
                        if (event->mask & IN_Q_OVERFLOW ||
                            (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO) && event->len &&
                             !strcmp(event->name, name)))
                                written = true;
                        at += sizeof(*event) + event->len;
                }
        return written;
}

static int serve(AgentCsv *o, const char *file)
{
        const struct sigaction action = { .sa_handler = on_signal };
        CLEANUP(closep) int directory = watch_directory(file);
        const char *slash = strrchr(file, '/');
        int r;

        if (directory < 0)
                return fail(EXIT_FILE, "the directory of %s cannot be watched: %s.", file,
                            plek_result_text(directory));
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);

        r = look(o, FEED_LOOK_AGAIN);
        while (!r && !ended) {
                struct pollfd fds[] = {
                        { .fd = plek_publisher_fd(o->publisher), .events = POLLIN },
                        { .fd = directory, .events = POLLIN },
                };

                if (poll(fds, N_ELEMENTS(fds), LOOK_AGAIN_MS) < 0 && errno != EINTR)
                        return fail(EXIT_FILE, "%s.", strerror(errno));
                r = look(o, was_written(directory, slash ? slash + 1 : file) ? FEED_LOOK_WRITTEN
                                                                             : FEED_LOOK_AGAIN);
                if (!r)
                        r = plek_publisher_process(o->publisher);
                if (!r)
                        say_link(o);
        }
        return r ? fail(EXIT_FILE, "%s.", plek_result_text(r)) : EXIT_DONE;
}

static int run(AgentCsv *o, const Mapping *mapping)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_publisher_freep) PlekPublisher *publisher = NULL;
        CLEANUP(feed_freep) Feed *feed = NULL;
        int r;

        if (!o->check) {
                r = peer_open(&peer, &o->common);
                if (r)
                        return r;
                peer.peer.program = "plek-agent " PLEK_VERSION;
                r = plek_publisher_new(&publisher, peer.context, &peer.peer, NULL, &callbacks, o);
                if (r)
                        return fail(EXIT_FILE, "cannot start: %s.", plek_result_text(r));
        }
        if (feed_new(&feed, mapping, publisher, on_fault, o))
                return fail(EXIT_FILE, "out of memory.");
        o->publisher = publisher;
        o->feed = feed;
        link_voice_init(&o->voice, steady_clock_ms());
        return o->check || o->once || o->replay ? read_all(o) : serve(o, mapping->file);
}

int agent_csv(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "check", OPTION_CHECK, NULL, 0, "Only says what is wrong with mapping and file",
                  1 },
                { "once", OPTION_ONCE, NULL, 0, "Ends when every report has its receipt", 1 },
                { "replay", OPTION_REPLAY, NULL, 0,
                  "Sends a series in its order, each row before the next of its record", 1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &peer_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "MAPPING",
                .doc = "Publishes the rows of a CSV file as its mapping says, whenever it is "
                       "written; affirms what did not change while it keeps being written.",
                .children = children,
        };
        CLEANUP(mapping_freep) Mapping *mapping = NULL;
        char text[MAPPING_TEXT_BYTES];
        AgentCsv o = { 0 };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = mapping_load(&mapping, o.mapping_path, text);
        if (r == MAPPING_E_WRONG)
                return fail(EXIT_FILE, "%s.", text);
        if (r)
                return fail(EXIT_FILE, "%s cannot be read: %s.", o.mapping_path, strerror(-r));
        return run(&o, mapping);
}
