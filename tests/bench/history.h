#pragma once

/*
 * What bench-history is made of: a series that was received over six years, and questions about it,
 * asked of the ledger as the broker's thread does it, and of a broker as programs do it
 *
 * A program of its own, bench-history.c, says what is measured.
 */

#include "../core-world.h"
#include "common/broker.h"
#include "store/ledger.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

typedef struct Series {
        World world; /* its authority and broker are those of the broker that is measured */
        Ledger *ledger;
        char directory[BENCH_PATH_MAX];
        char locations[WORLD_PARTIES_MAX][32];
        size_t n_written;
        unsigned n_days;
        int64_t first_ms;
} Series;

/* In the directory of @broker, which is not running. */
void series_begin(Series *series, const BenchBroker *broker);
/* False: there was nothing in @file. */
bool series_load(Series *series, FILE *file);
void series_open(Series *series);
void series_close(Series *series);
void series_deinit(Series *series);

/* ------------------------------------------------------------------ questions */

typedef enum QuestionKind {
        QUESTION_PICTURE, /* plek at */
        QUESTION_HISTORY, /* plek history, of one location */
        QUESTION_DOORS,   /* everything that was said of all doors, also again */
        QUESTION_STOPS,   /* plek stops */
        QUESTION_FLOWS,   /* plek flows */
} QuestionKind;

enum { ASKED_LOCATION = 8 }; /* the one that histories are about */

typedef struct Question {
        const char *what;
        QuestionKind kind;
        int64_t from_ms, to_ms; /* of a picture: to_ms */
        double budget_ms;
} Question;

typedef struct Asked {
        size_t n_entries;  /* in the answer */
        double broker_ms;  /* the thread that answers: medians */
        double whole_ms;   /* from the call of libplek to its return, with its connection */
        double libplek_ms; /* of processor time, in that */
        double scan_ms;
} Asked;

/* n_entries, broker_ms and scan_ms: the ledger is to be open. */
void ledger_ask(Series *series, const Question *question, Asked *asked);

typedef struct Asker Asker;

/* whole_ms and libplek_ms: the broker is to run. */
Asker *asker_new(const BenchBroker *broker, const BenchParty *party);
void asker_ask(Asker *asker, const Series *series, const Question *question, Asked *asked);
Asker *asker_free(Asker *asker);
