/*
 * What it takes to ask the past: six years of a real series
 *
 * The intensive care register of the German states, a report of each state and group of patients a
 * day and a door made of how its wards say that they operate, goes through the core into a ledger,
 * each day at its own time, with checkpoints and the archive's rows as a broker makes them. Then
 * each kind of question is asked as the broker's thread answers it, chunks and all, and timed
 * beside a bare scan of the same entries with LMDB alone. A month may take 200 ms, all of it 2 s.
 * At last it says what an entry takes on the disk, in full, thinned, and cut.
 *
 *         bench-history [CSV]
 */

#include <ftw.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../core-world.h"
#include "broker/past.h"
#include "internal/endian.h"
#include "store/archive.h"
#include "store/ledger-private.h"
#include "store/retain.h"

#define CSV    "../shared/data/divi/Intensivregister_Bundeslaender_Kapazitaeten.csv"
#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum {
        MONTH_BUDGET_MS = 200,
        ALL_BUDGET_MS = 2000,
        N_TIMES = 5, /* the median counts */
        CHECKPOINT_DAYS = 10,
        COLUMNS_MAX = 24,
        LINE_BYTES = 1024,
};

typedef struct Series {
        World world;
        Ledger *ledger;
        char directory[64];
        char locations[WORLD_PARTIES_MAX][32];
        size_t n_written;
        unsigned n_days;
        int64_t first_ms;
} Series;

static void must(int r, const char *what)
{
        if (!r)
                return;
        fprintf(stderr, "bench-history: %s: %d\n", what, r);
        exit(1);
}

static double now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
        return remove(path);
}

/* ------------------------------------------------------------------ loading */

static void write_down(Series *series)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;
        CLEANUP(plan_freep) Plan *plan = NULL;
        World *world = &series->world;

        if (series->n_written == world->n_ledger)
                return;
        if (series->n_days++ % CHECKPOINT_DAYS == 0 && series->n_written)
                must(state_checkpoint(world->state, &checkpoint), "checkpoint");
        must(plan_new(&plan), "plan");
        plan_reset(plan, series->n_written);
        for (; series->n_written < world->n_ledger; series->n_written++) {
                const LedgerEntry *entry = &world->ledger[series->n_written];

                must(plan_add_digested(plan, entry->kind, entry->bytes, entry->digest), "plan");
        }
        must(ledger_append(series->ledger, plan, world->now_ms, NULL), "append");
        if (!checkpoint)
                return;

        /* The world has applied what was just written: its rows are of after that. */
        plan_reset(plan, series->n_written);
        must(ledger_append(series->ledger, plan, world->now_ms, checkpoint), "append");
}

static void archive(Series *series)
{
        int r;

        do {
                CLEANUP(checkpoint_freep) Checkpoint *rows = NULL;

                r = archive_make(series->ledger, &rows);
                if (!r)
                        must(archive_put(series->ledger, rows), "archive");
        } while (!r);
        must(r == ARCHIVE_E_NOTHING ? 0 : r, "archive");
}

static WorldParty *state_of(Series *series, const char *number)
{
        World *world = &series->world;
        char id[16];

        snprintf(id, sizeof(id), "land-%.2s", number);
        for (size_t i = 0; i < world->n_parties; i++)
                if (!strcmp(world->parties[i].id, id))
                        return &world->parties[i];
        snprintf(series->locations[world->n_parties], sizeof(series->locations[0]), "%s-ic", id);
        return world_add_party(world, id, series->locations[world->n_parties], "de");
}

static void set_count(Update *update, CountField field, const char *text)
{
        if (!strcmp(text, "NA") || !*text)
                return;
        update->counts.present[field] = true;
        update->counts.value[field] = atoi(text);
}

static uint32_t door_of(char *columns[COLUMNS_MAX])
{
        int regular = atoi(columns[14]), partly = atoi(columns[15]), limited = atoi(columns[16]);

        return limited >= regular && limited >= partly ? PLEK_DOOR_STOP
               : partly > regular                      ? PLEK_DOOR_RESTRICTED
                                                       : PLEK_DOOR_OPEN;
}

static void say(Series *series, char *columns[COLUMNS_MAX])
{
        World *world = &series->world;
        WorldParty *party = state_of(series, columns[1]);
        const char *location = series->locations[party - world->parties];
        uint32_t care = strcmp(columns[3], "Kinder") ? PLEK_CARE_ICU_ADULT : PLEK_CARE_PICU;
        Update update = world_update(world, party, location);

        update.kind = UPDATE_COUNTS;
        update.unit = columns[4];
        update.counts.care = care;
        set_count(&update, COUNT_OCCUPIED, columns[8]);
        set_count(&update, COUNT_AVAILABLE, columns[9]);
        set_count(&update, COUNT_SURGE_7D, columns[10]);
        world_publish(world, party, &update);

        update = world_door(world, party, location, door_of(columns));
        update.unit = columns[4];
        update.door.care = care;
        world_publish(world, party, &update);
}

static int64_t day_ms(const char *text)
{
        struct tm tm = { 0 };

        return strptime(text, "%Y-%m-%d", &tm) ? (int64_t)timegm(&tm) * 1000 : -1;
}

static size_t split(char *line, char *columns[COLUMNS_MAX])
{
        size_t n = 0;

        line[strcspn(line, "\r\n")] = '\0';
        for (char *at = line; at && n < COLUMNS_MAX; n++)
                columns[n] = strsep(&at, ",");
        return n;
}

static bool load(Series *series, FILE *file)
{
        char line[LINE_BYTES], *columns[COLUMNS_MAX];

        while (fgets(line, sizeof(line), file)) {
                size_t n = split(line, columns);
                int64_t at_ms = n > 16 ? day_ms(columns[0]) : -1;

                if (at_ms < 0)
                        continue;
                if (at_ms > series->world.now_ms) {
                        write_down(series);
                        series->world.now_ms = at_ms;
                }
                if (!series->first_ms)
                        series->first_ms = at_ms;
                say(series, columns);
        }
        write_down(series);
        archive(series);
        return series->n_days > 1;
}

static void begin(Series *series)
{
        LedgerOptions options = { .directory = series->directory };
        const char *text = "";

        snprintf(series->directory, sizeof(series->directory), "./bench-history-XXXXXX");
        if (!mkdtemp(series->directory))
                must(errno, series->directory);
        must(ledger_open(&series->ledger, &options, &text), text);
        world_init(&series->world, 1000);
        series->world.now_ms = 1500000000000;
        world_apply(&series->world, ENTRY_GENESIS, world_genesis(&series->world));
        world_open_epoch(&series->world, false);
        write_down(series);
}

/* ------------------------------------------------------------------ asking */

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

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* The median of some times; *ret_n: entries that it answered with. */
static double ask(Series *series, PastJob *job, size_t *ret_n)
{
        double times[N_TIMES];

        job->ledger = series->ledger;
        job->level = AUDIENCE_CARE;
        job->n_bytes_max = (size_t)1 << 30;
        must(state_narrow(series->world.state, &job->narrow), "narrow");
        for (size_t i = 0; i < N_TIMES; i++) {
                double started_ms = now_ms();

                past_job_run(job);
                times[i] = now_ms() - started_ms;
                must(job->result, "the past");
                *ret_n = 0;
                for (size_t n = 0; n < job->n_parts; n++)
                        *ret_n += job->parts[n].answer->n_entries;
                forget(job);
        }
        blob_unref(job->narrow);
        qsort(times, N_TIMES, sizeof(*times), compare);
        return times[N_TIMES / 2];
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
        double started_ms;
        uint8_t sum = 0;

        must(past_revision_at(series->ledger, from_ms - 1, &first), "scan");
        must(past_revision_at(series->ledger, to_ms, &last), "scan");
        started_ms = now_ms();
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
        return now_ms() - started_ms;
}

typedef struct Tally {
        double worst;
} Tally;

static void tell(Tally *tally, const char *what, double took_ms, size_t n, double scan_ms,
                 double budget_ms)
{
        printf("  %-42s %8.1f ms  (want <= %.0f)  %7zu entries  scan %6.1f ms\n", what, took_ms,
               budget_ms, n, scan_ms);
        tally->worst = MAX(tally->worst, took_ms / budget_ms);
}

static void ask_picture(Series *series, Tally *tally, const char *what, int64_t at_ms)
{
        PastJob job = { .at_ms = at_ms };
        size_t n;
        double took_ms = ask(series, &job, &n);

        tell(tally, what, took_ms, n, scan(series, at_ms - 30 * DAY_MS, at_ms), MONTH_BUDGET_MS);
}

static void ask_history(Series *series, Tally *tally, const char *what, bool all_locations,
                        int64_t from_ms, int64_t to_ms, double budget_ms)
{
        PastJob job = {
                .is_history = true,
                .history = { .care = CODE_ABSENT,
                             .reports = all_locations
                                                ? REPORT_BIT(UPDATE_DOOR) | REPORT_BIT(UPDATE_CARD)
                                                : REPORT_BITS_ALL,
                             .from_ms = from_ms,
                             .to_ms = to_ms,
                             .restated = true },
        };
        double took_ms;
        size_t n;

        if (!all_locations)
                strcpy(job.history.location, series->locations[8]);
        took_ms = ask(series, &job, &n);
        tell(tally, what, took_ms, n, scan(series, from_ms, to_ms), budget_ms);
}

static void ask_all(Series *series)
{
        int64_t first_ms = series->first_ms, last_ms = series->world.now_ms;
        int64_t middle_ms = first_ms + (last_ms - first_ms) / 2;
        Tally tally = { 0 };

        ask_picture(series, &tally, "the picture a month back", last_ms - 30 * DAY_MS);
        ask_picture(series, &tally, "the picture in the middle", middle_ms);
        ask_picture(series, &tally, "the picture of the first week", first_ms + 7 * DAY_MS);
        ask_history(series, &tally, "one location, the last month", false, last_ms - 30 * DAY_MS,
                    last_ms, MONTH_BUDGET_MS);
        ask_history(series, &tally, "one location, a month in the middle", false,
                    middle_ms - 30 * DAY_MS, middle_ms, MONTH_BUDGET_MS);
        ask_history(series, &tally, "one location, all of it", false, first_ms, last_ms,
                    ALL_BUDGET_MS);
        ask_history(series, &tally, "all doors, a month in the middle", true,
                    middle_ms - 30 * DAY_MS, middle_ms, MONTH_BUDGET_MS);
        ask_history(series, &tally, "all doors, all of it", true, first_ms, last_ms, ALL_BUDGET_MS);
        printf("\nbench-history ratio %.3f want <= 1\n", tally.worst);
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
        static Series series;
        bool is_loaded;

        if (!file) {
                printf("bench-history: there is no %s; skipped\n", path);
                return 0;
        }
        begin(&series);
        is_loaded = load(&series, file);
        fclose(file);
        if (!is_loaded)
                must(EINVAL, path);
        printf("bench-history: %zu entries of %u days\n", series.world.n_ledger, series.n_days);
        ask_all(&series);
        tell_sizes(&series);

        ledger_close(series.ledger);
        world_deinit(&series.world);
        nftw(series.directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        return 0;
}
