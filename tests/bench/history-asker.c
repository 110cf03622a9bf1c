#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "history.h"
#include "plek/plek.h"

/*
 * A question as a program asks it: a client, or a subscriber of the past, of its own each time
 */

enum {
        N_TIMES = 3,
        ANSWER_MS = 60 * 1000,
};

struct Asker {
        PlekContext *context;
        PlekPeer peer;
};

/* ------------------------------------------------------------------ one of each kind */

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const void *const evidence[2],
                     const size_t n_evidence[2])
{
        give_up("the reader is alarmed: %s", text);
}

/* A little later each time: the broker keeps a picture for the next who asks. */
static void ask_picture(const Asker *asker, const Question *question, size_t i)
{
        static const PlekSubscriberCallbacks callbacks = { .alarm = on_alarm };
        PlekSubscriberOptions options = { .at_ms = question->to_ms + (int64_t)i };
        PlekSubscriber *subscriber;

        must(plek_subscriber_new(&subscriber, asker->context, &asker->peer, &options, &callbacks,
                                 NULL),
             "a subscriber");
        must(plek_subscriber_sync(subscriber, ANSWER_MS), question->what);
        if (!plek_subscriber_n_records(subscriber))
                give_up("%s has nothing in it", question->what);
        plek_subscriber_free(subscriber);
}

static size_t ask_history(PlekClient *client, const Series *series, const Question *question,
                          PlekFault *fault)
{
        PlekHistoryQuestion history_question = {
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
                .with_restated = true,
        };
        PlekHistory history;

        if (question->kind == QUESTION_HISTORY)
                history_question.location = series->locations[ASKED_LOCATION];
        must(plek_client_history(client, &history_question, &history, fault), question->what);
        if (!history.n_moments)
                give_up("%s has nothing in it", question->what);
        return history.n_doubtful;
}

static size_t ask_stops(PlekClient *client, const Question *question, PlekFault *fault)
{
        PlekStopsQuestion stops_question = {
                .care = PLEK_CARE_ICU_ADULT,
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
        };
        PlekStops stops;

        must(plek_client_stops(client, &stops_question, &stops, fault), question->what);
        if (!stops.n_locations)
                give_up("%s has nothing in it", question->what);
        return stops.n_doubtful;
}

static size_t ask_flows(PlekClient *client, const Question *question, PlekFault *fault)
{
        PlekFlowsQuestion flows_question = {
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
        };
        PlekFlows flows;

        must(plek_client_flows(client, &flows_question, &flows, fault), question->what);
        if (!flows.n_cells)
                give_up("%s has nothing in it", question->what);
        return flows.n_doubtful;
}

static void ask_client(const Asker *asker, const Series *series, const Question *question)
{
        PlekFault fault = { 0 };
        size_t n_doubtful;
        PlekClient *client;

        must(plek_client_new(&client, asker->context, &asker->peer), "a client");
        plek_client_set_timeout(client, ANSWER_MS);
        if (question->kind == QUESTION_STOPS)
                n_doubtful = ask_stops(client, question, &fault);
        else if (question->kind == QUESTION_FLOWS)
                n_doubtful = ask_flows(client, question, &fault);
        else
                n_doubtful = ask_history(client, series, question, &fault);
        if (n_doubtful)
                give_up("%s: %zu signatures do not hold", question->what, n_doubtful);
        plek_client_free(client);
}

/* ------------------------------------------------------------------ timed */

static double processor_ms(void)
{
        struct timespec used;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

void asker_ask(Asker *asker, const Series *series, const Question *question, Asked *asked)
{
        Samples whole = SAMPLES_NULL, libplek = SAMPLES_NULL;

        for (size_t i = 0; i < N_TIMES; i++) {
                double used_ms = processor_ms();
                int64_t started_ns = now_ns();

                if (question->kind == QUESTION_PICTURE)
                        ask_picture(asker, question, i);
                else
                        ask_client(asker, series, question);
                samples_add(&whole, (double)(now_ns() - started_ns) / 1e6);
                samples_add(&libplek, processor_ms() - used_ms);
        }
        asked->whole_ms = samples_quantile(&whole, 0.5);
        asked->libplek_ms = samples_quantile(&libplek, 0.5);
        samples_deinit(&whole);
        samples_deinit(&libplek);
}

Asker *asker_new(const BenchBroker *broker, const BenchParty *party)
{
        CLEANUP(blob_unrefp) Blob *card = bench_broker_card(broker);
        char path[BENCH_PATH_MAX + 16];
        Asker *asker = calloc(1, sizeof(*asker));

        if (!asker)
                give_up("no memory");
        asker->peer.program = "bench-history";
        snprintf(path, sizeof(path), "%s/reader.key", broker->directory);
        must(secret_key_save(party->key, path), path);
        must(plek_context_new(&asker->context, NULL), "libplek");
        must(plek_key_load(&asker->peer.key, path), path);
        must(plek_region_card_parse(&asker->peer.card, card->bytes, card->n_bytes),
             "the region card");
        return asker;
}

Asker *asker_free(Asker *asker)
{
        plek_key_free(asker->peer.key);
        plek_region_card_free(asker->peer.card);
        plek_context_free(asker->context);
        free(asker);
        return NULL;
}
