/*
 * What it takes to ask the past: six years of a real series
 *
 * Each kind of question is asked through libplek of a broker that holds the series, as programs
 * ask it: a connection of its own, the answer decoded, each signature and enrolment checked,
 * counted. A month may take 200 ms, all of it 2 s. Beside that stands what the broker's thread
 * needs for it, what processor time libplek does, and a bare scan of the same time with LMDB alone.
 * At last it says how long it takes to verify all of it, and what an entry takes on the disk, in
 * full, thinned, and cut.
 *
 *         bench-history [CSV]
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "history.h"
#include "store/retain.h"

#define CSV "../shared/data/divi/Intensivregister_Bundeslaender_Kapazitaeten.csv"

enum {
        MONTH_BUDGET_MS = 200,
        ALL_BUDGET_MS = 2000,
        QUESTIONS_MAX = 16,
        SIGNED_BYTES = 180, /* of an update here */
};

/* ------------------------------------------------------------------ asking */

static size_t make_questions(const Series *series, Question questions[QUESTIONS_MAX])
{
        const double month_ms = MONTH_BUDGET_MS, all_ms = ALL_BUDGET_MS;
        const int64_t first = series->first_ms, last = series->world.now_ms, month = 30 * DAY_MS;
        const int64_t middle = first + (last - first) / 2, week = first + 7 * DAY_MS;
        const Question all[] = {
                { "the picture a month back", QUESTION_PICTURE, last - 2 * month, last - month,
                  month_ms },
                { "the picture in the middle", QUESTION_PICTURE, middle - month, middle, month_ms },
                { "the picture of the first week", QUESTION_PICTURE, first, week, month_ms },
                { "one location, the last month", QUESTION_HISTORY, last - month, last, month_ms },
                { "one location, a month in the middle", QUESTION_HISTORY, middle - month, middle,
                  month_ms },
                { "one location, all of it", QUESTION_HISTORY, first, last, all_ms },
                { "all doors, a month in the middle", QUESTION_DOORS, middle - month, middle,
                  month_ms },
                { "all doors, all of it", QUESTION_DOORS, first, last, all_ms },
                { "stops, a quarter in the middle", QUESTION_STOPS, middle - 3 * month, middle,
                  month_ms },
                { "stops, all of it", QUESTION_STOPS, first, last, all_ms },
                { "flows, a month in the middle", QUESTION_FLOWS, middle - month, middle,
                  month_ms },
                { "flows, all of it", QUESTION_FLOWS, first, last, all_ms },
        };

        static_assert(N_ELEMENTS(all) <= QUESTIONS_MAX, "questions");
        memcpy(questions, all, sizeof(all));
        return N_ELEMENTS(all);
}

static void tell(const Question *question, const Asked *asked)
{
        printf("  %-36s %8.1f %8.0f %8.1f %8.1f %8.1f %8zu\n", question->what, asked->whole_ms,
               question->budget_ms, asked->broker_ms, asked->libplek_ms, asked->scan_ms,
               asked->n_entries);
}

static double ask_all(Series *series, BenchBroker *broker)
{
        Question questions[QUESTIONS_MAX];
        size_t n = make_questions(series, questions);
        Asked asked[QUESTIONS_MAX] = { 0 };
        BenchParty reader;
        double worst = 0;
        Asker *asker;

        for (size_t i = 0; i < n; i++)
                ledger_ask(series, &questions[i], &asked[i]);
        series_close(series);

        bench_broker_resume(broker);
        bench_parties_new(broker, &reader, 1, "meldkamer", "de",
                          ROLE_BIT(ROLE_SUBSCRIBER) | ROLE_BIT(ROLE_COORDINATOR), AUDIENCE_COORD);
        asker = asker_new(broker, &reader);
        printf("  %-36s %8s %8s %8s %8s %8s %8s\n", "ms", "whole", "at most", "broker", "libplek",
               "scan", "entries");
        for (size_t i = 0; i < n; i++) {
                asker_ask(asker, series, &questions[i], &asked[i]);
                tell(&questions[i], &asked[i]);
                worst = MAX(worst, asked[i].whole_ms / questions[i].budget_ms);
        }
        asker_free(asker);
        bench_parties_free(&reader, 1);
        bench_broker_halt(broker);
        printf("  a thousand signatures take %.1f ms to check on one thread\n",
               1e6 / verifications_per_second(SIGNED_BYTES));
        return worst;
}

/* ------------------------------------------------------------------ plek verify */

/* With as many processors as it may have: so many threads look at signatures. */
static double verify_s(const Series *series, const BenchBroker *broker, bool with_all)
{
        int64_t started_ns = now_ns();
        int status = -1;
        pid_t pid;

        fflush(NULL);
        pid = fork();
        if (!pid) {
                cpu_set_t one;

                CPU_ZERO(&one);
                CPU_SET(sched_getcpu(), &one);
                if (!with_all && sched_setaffinity(0, sizeof(one), &one))
                        _exit(127);
                if (!freopen("/dev/null", "w", stdout))
                        _exit(127);
                execl(broker->program, "plekd", "--verify", series->directory, NULL);
                _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
                give_up("plekd --verify ended with status %d", status);
        return (double)(now_ns() - started_ns) / 1e9;
}

static void tell_verify(const Series *series, const BenchBroker *broker)
{
        double alone_s = verify_s(series, broker, false), all_s = verify_s(series, broker, true);

        printf("  plek verify: %.1f s on one processor, %.1f s on all %d: %.2f of that\n", alone_s,
               all_s, get_nprocs(), all_s / alone_s);
}

/* ------------------------------------------------------------------ what it takes on the disk */

static void retain(Series *series, const RetainPolicy *policy)
{
        int r;

        do {
                CLEANUP(retain_freep) RetainStep *step = NULL;
                bool more = true;

                r = retain_make(&step, series->ledger, policy, series->world.now_ms);
                while (!r && more)
                        must(retain_put(step, series->ledger, &more), "retain");
        } while (!r);
        must(r == RETAIN_E_NOTHING ? 0 : r, "retain");
}

static void tell_size(Series *series, const char *what)
{
        LedgerStats stats;

        ledger_stats(series->ledger, &stats);
        printf("  %-42s %8.1f MiB in use, %.0f bytes an entry\n", what,
               (double)stats.used_bytes / (1 << 20),
               (double)stats.used_bytes / (double)series->world.n_ledger);
}

static void tell_sizes(Series *series)
{
        RetainPolicy policy = {
                .full_ms = DAY_MS,
                .resolution_ms = 28 * DAY_MS,
                .key = series->world.broker,
                .network = series->world.network,
        };

        tell_size(series, "kept in full");
        retain(series, &policy);
        tell_size(series, "numbers thinned to one in four weeks");
        policy.past_ms = (series->world.now_ms - series->first_ms) / 2;
        retain(series, &policy);
        tell_size(series, "the first half cut off");
}

int main(int argc, char **argv)
{
        const char *path = argc > 1 ? argv[1] : CSV;
        FILE *file = fopen(path, "re");
        static BenchBroker broker;
        static Series series;
        bool is_loaded;
        double worst;

        if (!file) {
                printf("bench-history: there is no %s; skipped\n", path);
                return 0;
        }
        bench_broker_prepare(&broker, argv[0], NULL);
        series_begin(&series, &broker);
        is_loaded = series_load(&series, file);
        fclose(file);
        if (!is_loaded)
                give_up("%s: nothing of the register is in it", path);
        printf("bench-history: %zu entries of %u days\n", series.world.n_ledger, series.n_days);
        worst = ask_all(&series, &broker);
        tell_verify(&series, &broker);
        series_open(&series);
        tell_sizes(&series);
        series_deinit(&series);
        bench_broker_stop(&broker);
        printf("\nbench-history ratio %.3f want <= 1\n", worst);
        return 0;
}
