/*
 * Follows the picture and prints what changes
 *
 *         subscribe CARD KEY [HEAD]
 *
 * HEAD is a file in which the last head of the broker's journal is kept, so that a broker that was
 * rolled back is noticed by the next run. It ends when its standard input does.
 */

#include <plek/plek.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static const char *const freshness_names[] = {
        [PLEK_NEVER] = "never",   [PLEK_FRESH] = "fresh",         [PLEK_STALE] = "stale",
        [PLEK_SILENT] = "silent", [PLEK_WITHDRAWN] = "withdrawn",
};

static void print_number(const char *name, const PlekCounts *counts, PlekCountField field)
{
        if (counts->present[field])
                printf(" %s %d", name, counts->value[field]);
        else
                printf(" %s ?", name);
}

static void print_what(const PlekRecord *record)
{
        const PlekReport *report = &record->report;

        if (record->withdrawn) {
                printf(" because of %s", plek_code_name(PLEK_CODES_WITHDRAWN, record->withdrawn));
                return;
        }
        switch (report->kind) {
        case PLEK_REPORT_COUNTS:
                print_number("staffed", &report->counts, PLEK_COUNT_STAFFED);
                print_number("occupied", &report->counts, PLEK_COUNT_OCCUPIED);
                if (record->available_known)
                        printf(" free %d%s", record->available,
                               record->available_computed ? " (computed)" : "");
                break;
        case PLEK_REPORT_DOOR:
                printf(" %s", plek_code_name(PLEK_CODES_DOOR_STATE, report->door.state));
                break;
        case PLEK_REPORT_PRESSURE:
                printf(" %s %.1f", report->pressure.method, report->pressure.score);
                break;
        case PLEK_REPORT_CARD:
                printf(" %s", report->card.name);
                break;
        case PLEK_REPORT_OFFERING:
                printf(" %s%s%s", report->offering.not_offered ? "not offered" : "offered",
                       report->offering.level ? ", level " : "",
                       report->offering.level ? report->offering.level : "");
                break;
        case PLEK_REPORT_FLOW:
                printf(" %d", report->flow.count);
                break;
        case PLEK_REPORT_REFUSAL:
                printf(" %d", report->refusal.count);
                break;
        }
}

static void on_record(void *arg, const PlekRecord *record, PlekChange change)
{
        static const char *const names[] = {
                [PLEK_CHANGE_NEW] = "new",
                [PLEK_CHANGE_CONTENT] = "changed",
                [PLEK_CHANGE_RENEWED] = "renewed",
                [PLEK_CHANGE_TIME] = "time",
                [PLEK_CHANGE_ENROLMENT] = "enrolment",
                [PLEK_CHANGE_WITHDRAWN] = "withdrawn",
                [PLEK_CHANGE_DROPPED] = "dropped",
        };

        printf("%s %s %s", names[change], record->id, freshness_names[record->freshness]);
        if (record->enrolled != PLEK_ENROLLED)
                printf(" %s",
                       record->enrolled == PLEK_DISTRUSTED ? "distrusted" : "no-longer-enrolled");
        print_what(record);
        printf("\n");
}

static void on_link(void *arg, const PlekLinkState *link)
{
        static const char *const names[] = {
                [PLEK_LINK_NOT_FED] = "not-fed",
                [PLEK_LINK_NOT_ACCEPTING] = "not-accepting",
                [PLEK_LINK_LIVE] = "live",
                [PLEK_LINK_PAST] = "past",
        };

        printf("link %s %s%s%s\n", names[link->link], link->in_sync ? "in-sync" : "behind",
               link->why ? ": " : "", link->why ? link->why : "");
}

static void on_presence(void *arg, const char *party, bool is_connected, int64_t since_ms)
{
        printf("presence %s %s\n", party, is_connected ? "connected" : "lost");
}

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const void *const evidence[2],
                     const size_t n_evidence[2])
{
        static const char *const names[] = {
                [PLEK_ALARM_EQUIVOCATION] = "equivocation",
                [PLEK_ALARM_SIGNATURE] = "signature",
                [PLEK_ALARM_BROKER] = "broker",
                [PLEK_ALARM_ROLLED_BACK] = "rolled-back",
        };

        printf("alarm %s: %s\n", names[alarm], text);
}

static int follow(PlekSubscriber *subscriber)
{
        struct pollfd fds[] = {
                { .fd = 0, .events = POLLIN },
                { .fd = plek_subscriber_fd(subscriber), .events = POLLIN },
        };
        char byte;
        int r;

        for (;;) {
                r = plek_subscriber_process(subscriber);
                if (r)
                        return r;
                if (poll(fds, 2, -1) < 0 && errno != EINTR)
                        return -errno;
                if (fds[0].revents && read(0, &byte, 1) <= 0)
                        return 0;
        }
}

static int subscribe(PlekContext *context, const PlekPeer *peer)
{
        static const PlekSubscriberCallbacks callbacks = {
                .record = on_record,
                .link = on_link,
                .presence = on_presence,
                .alarm = on_alarm,
        };
        static const PlekSubscriberOptions options = { .tell_renewed = true };
        PlekSubscriber *subscriber;
        int r;

        r = plek_subscriber_new(&subscriber, context, peer, &options, &callbacks, NULL);
        if (r)
                return r;
        r = follow(subscriber);
        plek_subscriber_free(subscriber);
        return r;
}

int main(int argc, char **argv)
{
        PlekContext *context = NULL;
        PlekPeer peer = { 0 };
        int r;

        if (argc != 3 && argc != 4) {
                fprintf(stderr, "usage: subscribe CARD KEY [HEAD]\n");
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);

        peer.card_path = argv[1];
        peer.head_path = argv[3]; /* NULL where it was not given */
        r = plek_region_card_load(&peer.card, argv[1]);
        if (!r)
                r = plek_key_load(&peer.key, argv[2]);
        if (!r)
                r = plek_context_new(&context, NULL);
        if (!r)
                r = subscribe(context, &peer);

        plek_context_free(context);
        plek_key_free(peer.key);
        plek_region_card_free(peer.card);
        if (r)
                fprintf(stderr, "subscribe: %s\n", plek_result_text(r));
        return r ? 1 : 0;
}
