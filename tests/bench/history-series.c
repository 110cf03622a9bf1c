#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "history.h"
#include "store/archive.h"

/*
 * The intensive care register of the German states, a report of each state a day, a door made of
 * how its wards say that they operate, and of those who came to them a flow. It goes through the
 * core, each day at its own time, with checkpoints and the archive's rows as a broker makes them.
 */

enum {
        CHECKPOINT_DAYS = 10,
        COLUMNS_MAX = 24,
        LINE_BYTES = 1024,
        SMALL_COUNT = 4, /* so few came that it is for coordination centres */
};

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
        archive(series);
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

/* Those of the day before. */
static void say_admitted(Series *series, WorldParty *party, char *columns[COLUMNS_MAX],
                         uint32_t care)
{
        World *world = &series->world;
        Update update = world_update(world, party, series->locations[party - world->parties]);
        int count = atoi(columns[7]);

        if (!strcmp(columns[7], "NA") || count < 0)
                return;
        update.kind = UPDATE_FLOW;
        update.unit = columns[4];
        update.audience = count && count <= SMALL_COUNT ? AUDIENCE_COORD : AUDIENCE_CARE;
        update.flow = (Flow){
                .from = PLEK_CHAIN_ED,
                .to = PLEK_CHAIN_WARD,
                .care = care,
                .has_count = true,
                .count = count,
                .from_ms = world->now_ms - DAY_MS,
                .until_ms = world->now_ms,
        };
        world_publish(world, party, &update);
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
        say_admitted(series, party, columns, care);
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

bool series_load(Series *series, FILE *file)
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

static Blob *genesis(const BenchBroker *broker)
{
        Genesis genesis = { .network = broker->network, .network_name = broker->network_name };
        Blob *body;

        memcpy(genesis.authority, secret_key_public(broker->authority)->sign, KEY_BYTES);
        must(genesis_encode(&body, &genesis), "the first entry");
        return body;
}

void series_open(Series *series)
{
        LedgerOptions options = { .directory = series->directory };
        const char *text = "";

        must(ledger_open(&series->ledger, &options, &text), text);
}

void series_close(Series *series)
{
        series->ledger = ledger_close(series->ledger);
}

void series_begin(Series *series, const BenchBroker *broker)
{
        World *world = &series->world;

        snprintf(series->directory, sizeof(series->directory), "%.240s/data", broker->directory);
        series_open(series);
        world_init(world, 1000);
        secret_key_free(world->authority);
        secret_key_free(world->broker);
        world->authority = broker->authority;
        world->broker = broker->key;
        world->network = broker->network;
        world->now_ms = INT64_C(1500000000000);
        world_apply(world, ENTRY_GENESIS, genesis(broker));
        world_open_epoch(world, false);
        write_down(series);
}

void series_deinit(Series *series)
{
        series_close(series);
        series->world.authority = NULL; /* the broker's */
        series->world.broker = NULL;
        world_deinit(&series->world);
}
