/*
 * Publishes what it reads from standard input, and says what became of it
 *
 *         publish CARD KEY LOCATION
 *
 *         counts UNIT CARE STAFFED OCCUPIED     counts ic ICU_ADULT 12 11
 *         door STATE                            door STOP
 *         withdraw UNIT CARE                    withdraw ic ICU_ADULT
 *         answers | silent                      whether the source of all this answers
 *         reconcile                             withdraw what the broker has and we do not
 *
 * At the end of its input it waits until everything is acknowledged. A program with an event loop
 * of its own does the same: it watches plek_publisher_fd() and calls plek_publisher_process().
 */

#include <plek/plek.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

typedef struct Example {
        const char *location;
        PlekPublisher *publisher;
} Example;

static void on_accepted(void *arg, const PlekRecordKey *key, uint64_t revision)
{
        printf("accepted %s %s %llu\n", plek_code_name(PLEK_CODES_REPORT, key->kind),
               key->unit ? key->unit : "-", (unsigned long long)revision);
}

static void on_refused(void *arg, const PlekRecordKey *key, const PlekFault *fault, bool is_final)
{
        printf("%s %s %s %s: %s\n", is_final ? "refused" : "later",
               plek_code_name(PLEK_CODES_REPORT, key->kind), key->unit ? key->unit : "-",
               plek_code_name(PLEK_CODES_REFUSAL, fault->code), fault->text);
}

static void on_link(void *arg, PlekPublisherLink link, const char *text)
{
        static const char *const names[] = {
                [PLEK_PUBLISHER_OFFLINE] = "offline",
                [PLEK_PUBLISHER_CONNECTED] = "connected",
                [PLEK_PUBLISHER_NOT_ACCEPTING] = "not-accepting",
                [PLEK_PUBLISHER_BARRED] = "barred",
        };

        printf("link %s: %s\n", names[link], text);
}

static void on_twins(void *arg)
{
        printf("twins\n");
}

static void on_alarm(void *arg, const char *text)
{
        printf("alarm %s\n", text);
}

/* ------------------------------------------------------------------ commands */

static void put(Example *example, const PlekReport *report)
{
        PlekFault fault;
        int r;

        r = plek_publisher_put(example->publisher, report, &fault);
        if (r == PLEK_E_INVALID)
                printf("invalid %s: %s\n", fault.field, fault.text);
        else if (r)
                printf("failed: %s\n", plek_result_text(r));
}

static void put_counts(Example *example, const char *unit, uint32_t care, int staffed, int occupied)
{
        PlekReport report = {
                .status = PLEK_STATUS_EXERCISE,
                .location = example->location,
                .unit = unit,
                .source = PLEK_SOURCE_MANUAL,
                .kind = PLEK_REPORT_COUNTS,
                .counts.care = care,
        };

        report.counts.present[PLEK_COUNT_STAFFED] = true;
        report.counts.value[PLEK_COUNT_STAFFED] = staffed;
        report.counts.present[PLEK_COUNT_OCCUPIED] = true;
        report.counts.value[PLEK_COUNT_OCCUPIED] = occupied;
        put(example, &report);
}

static void put_door(Example *example, uint32_t state)
{
        PlekReport report = {
                .status = PLEK_STATUS_EXERCISE,
                .location = example->location,
                .source = PLEK_SOURCE_MANUAL,
                .kind = PLEK_REPORT_DOOR,
                .door = PLEK_DOOR_INIT,
        };

        report.door.state = state;
        put(example, &report);
}

static void withdraw(Example *example, const char *unit, uint32_t care)
{
        PlekRecordKey key = PLEK_RECORD_KEY_INIT;
        PlekFault fault;

        key.status = PLEK_STATUS_EXERCISE;
        key.location = example->location;
        key.kind = PLEK_REPORT_COUNTS;
        key.unit = unit;
        key.care = care;
        if (plek_publisher_withdraw(example->publisher, &key, &fault))
                printf("invalid %s: %s\n", fault.field, fault.text);
}

static void command(Example *example, const char *line)
{
        char word[16] = "", unit[65], name[33];
        int staffed, occupied;
        uint32_t code;

        (void)sscanf(line, "%15s", word);
        if (sscanf(line, "counts %64s %32s %d %d", unit, name, &staffed, &occupied) == 4 &&
            plek_code_parse(&code, PLEK_CODES_CARE, name) == 0)
                put_counts(example, unit, code, staffed, occupied);
        else if (sscanf(line, "door %32s", name) == 1 &&
                 plek_code_parse(&code, PLEK_CODES_DOOR_STATE, name) == 0)
                put_door(example, code);
        else if (sscanf(line, "withdraw %64s %32s", unit, name) == 2 &&
                 plek_code_parse(&code, PLEK_CODES_CARE, name) == 0)
                withdraw(example, unit, code);
        else if (!strcmp(word, "answers") || !strcmp(word, "silent"))
                (void)plek_publisher_source_answers(example->publisher, NULL, word[0] == 'a');
        else if (!strcmp(word, "reconcile"))
                (void)plek_publisher_reconcile(example->publisher, example->location, NULL, NULL);
        else
                printf("not understood: %s", line);
}

/* ------------------------------------------------------------------ the loop */

static int follow(Example *example)
{
        struct pollfd fds[] = {
                { .fd = 0, .events = POLLIN },
                { .fd = plek_publisher_fd(example->publisher), .events = POLLIN },
        };
        char line[256];
        int r;

        for (;;) {
                if (poll(fds, 2, -1) < 0 && errno != EINTR)
                        return -errno;
                if (fds[0].revents) {
                        if (!fgets(line, sizeof(line), stdin))
                                return plek_publisher_flush(example->publisher, 10000);
                        command(example, line);
                }
                r = plek_publisher_process(example->publisher);
                if (r)
                        return r;
        }
}

static int publish(PlekContext *context, const PlekPeer *peer, Example *example)
{
        static const PlekPublisherCallbacks callbacks = {
                .accepted = on_accepted,
                .refused = on_refused,
                .link = on_link,
                .twins = on_twins,
                .alarm = on_alarm,
        };
        int r;

        r = plek_publisher_new(&example->publisher, context, peer, NULL, &callbacks, example);
        if (r)
                return r;
        r = follow(example);
        plek_publisher_free(example->publisher);
        return r;
}

int main(int argc, char **argv)
{
        PlekContext *context = NULL;
        Example example = { 0 };
        PlekPeer peer = { 0 };
        int r;

        if (argc != 4) {
                fprintf(stderr, "usage: publish CARD KEY LOCATION\n");
                return 2;
        }
        setvbuf(stdin, NULL, _IONBF, 0); /* poll() does not see what stdio has read ahead */
        setvbuf(stdout, NULL, _IOLBF, 0);

        example.location = argv[3];
        peer.card_path = argv[1];
        r = plek_region_card_load(&peer.card, argv[1]);
        if (!r)
                r = plek_key_load(&peer.key, argv[2]);
        if (!r)
                r = plek_context_new(&context, NULL);
        if (!r)
                r = publish(context, &peer, &example);

        plek_context_free(context);
        plek_key_free(peer.key);
        plek_region_card_free(peer.card);
        if (r)
                fprintf(stderr, "publish: %s\n", plek_result_text(r));
        return r ? 1 : 0;
}
