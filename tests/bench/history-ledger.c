#include <lmdb.h>
#include <string.h>

#include "broker/past.h"
#include "history.h"
#include "internal/endian.h"
#include "picture/events.h"
#include "store/ledger-private.h"

/*
 * A question as the broker's thread answers it, chunks and all, and a bare scan of the same time
 */

enum { N_TIMES = 5 };

static void forget(PastJob *job)
{
        for (size_t i = 0; i < job->n_parts; i++) {
                Answer *answer = job->parts[i].answer;

                for (size_t n = 0; n < answer->n_chunks; n++)
                        blob_unref(answer->chunks[n]);
                free(answer->chunks);
                free(answer->digests);
                free(answer);
        }
        free(job->parts);
        job->parts = NULL;
        job->n_parts = 0;
}

static PastHistory history_of(const Series *series, const Question *question)
{
        const uint32_t doors = REPORT_BIT(UPDATE_DOOR) | REPORT_BIT(UPDATE_CARD);
        PastHistory history = {
                .care = CODE_ABSENT,
                .reports = doors,
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
        };

        switch (question->kind) {
        case QUESTION_HISTORY:
                history.reports = REPORT_BITS_ALL & ~REPORT_BIT(UPDATE_ACK);
                strcpy(history.location, series->locations[ASKED_LOCATION]);
                history.restated = true;
                break;
        case QUESTION_DOORS:
                history.restated = true;
                break;
        case QUESTION_FLOWS:
                history.reports = REPORT_BIT(UPDATE_FLOW) | REPORT_BIT(UPDATE_REFUSAL);
                history.to_ms += EVENTS_LATE_MAX_MS + DAY_MS;
                break;
        case QUESTION_STOPS:
        case QUESTION_PICTURE:
                break;
        }
        return history;
}

/* The median of some times. */
static void run(Series *series, PastJob *job, Asked *asked)
{
        Samples times = SAMPLES_NULL;

        job->ledger = series->ledger;
        job->level = AUDIENCE_COORD;
        job->n_bytes_max = (size_t)1 << 30;
        must(state_narrow(series->world.state, &job->narrow), "narrow");
        for (size_t i = 0; i < N_TIMES; i++) {
                int64_t started_ns = now_ns();

                past_job_run(job);
                samples_add(&times, (double)(now_ns() - started_ns) / 1e6);
                must(job->result, "the past");
                asked->n_entries = 0;
                for (size_t n = 0; n < job->n_parts; n++)
                        asked->n_entries += job->parts[n].answer->n_entries;
                forget(job);
        }
        blob_unref(job->narrow);
        asked->broker_ms = samples_quantile(&times, 0.5);
        samples_deinit(&times);
}

/* All entries received in the time, with LMDB alone, each touched from end to end. */
static double scan(Series *series, int64_t from_ms, int64_t to_ms)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        Environment *environment = series->ledger->environment;
        static volatile uint8_t touched;
        uint64_t first, last;
        MDB_val key, value;
        uint8_t bytes[8];
        int64_t started_ns;
        uint8_t sum = 0;

        must(past_revision_at(series->ledger, from_ms - 1, &first), "scan");
        must(past_revision_at(series->ledger, to_ms, &last), "scan");
        started_ns = now_ns();
        must(transaction_read(&transaction, environment), "scan");
        must(transaction_cursor(&transaction, environment->journal, &cursor), "scan");
        be64_put(bytes, first + 1);
        key = (MDB_val){ sizeof(bytes), bytes };
        for (MDB_cursor_op op = MDB_SET_RANGE; !mdb_cursor_get(cursor, &key, &value, op);
             op = MDB_NEXT) {
                if (be64_get(key.mv_data) > last)
                        break;
                for (size_t i = 0; i < value.mv_size; i++)
                        sum ^= ((const uint8_t *)value.mv_data)[i];
        }
        touched = sum;
        (void)touched;
        return (double)(now_ns() - started_ns) / 1e6;
}

void ledger_ask(Series *series, const Question *question, Asked *asked)
{
        PastJob job = { 0 };

        if (question->kind == QUESTION_PICTURE) {
                job.at_ms = question->to_ms;
        } else {
                job.is_history = true;
                job.history = history_of(series, question);
        }
        run(series, &job, asked);
        asked->scan_ms = scan(series, question->from_ms, question->to_ms);
}
