/*
 * The past against a replay from the beginning
 *
 * A region says, affirms, withdraws, narrows and widens; locations move and are lost. All goes into
 * a ledger, with checkpoints and the archive's rows at odd moments. Then it is asked at revisions
 * and over ranges of all kinds what was, and must answer what a state that applied every entry in
 * order was, and what it told readers then.
 */

#include "../core-world.h"
#include "../unit/store-kit.h"
#include "chance.h"
#include "store/archive.h"
#include "store/past.h"
#include "store/retain.h"
#include "store/verify.h"

enum {
        N_PARTIES = 6,
        N_LOCATIONS = 4, /* of a party */
        N_COMMITS = 700,
        N_BATCH_MAX = 120,
        N_LOOKS = 60,
        N_RANGES = 60,
};

/* What a reader was told once. */
typedef struct Told {
        uint64_t revision;
        ChangeKind kind;
        Audience from, to;
        bool changed, is_door;
        char location[LOCATION_MAX + 1];
        RecordKey key; /* of an affirm, none */
} Told;

typedef struct Model {
        Chance chance;
        World world;
        WorldParty *parties[N_PARTIES];
        unsigned n_left[N_PARTIES]; /* locations that it still has */
        unsigned region[N_PARTIES];
        Ledger *ledger;
        size_t n_written;
        Told *told;
        size_t n_told, n_told_room;
        size_t n_archived;
} Model;

/* ------------------------------------------------------------------ saying */

static void enrol(Model *model, unsigned i)
{
        static const char *const regions[] = { "noord", "west" };
        char names[N_LOCATIONS][LOCATION_MAX + 16];
        LocationGrant grants[N_LOCATIONS];
        Enrolment enrolment;

        for (unsigned l = 0; l < model->n_left[i]; l++) {
                snprintf(names[l], sizeof(names[l]), "%s-%u", model->parties[i]->id, l);
                grants[l] = (LocationGrant){ .location = names[l],
                                             .region = regions[model->region[i]] };
        }
        enrolment = world_enrolment(&model->world, model->parties[i], grants, model->n_left[i]);
        world_enrol(&model->world, model->parties[i], &enrolment);
}

static Update any_update(Model *model, unsigned i, char location[LOCATION_MAX + 16])
{
        static const Audience audiences[] = { AUDIENCE_OPEN, AUDIENCE_CARE, AUDIENCE_COORD };
        Chance *chance = &model->chance;
        WorldParty *party = model->parties[i];
        Update update;
        unsigned what = chance_below(chance, 100);

        snprintf(location, LOCATION_MAX + 16, "%s-%u", party->id,
                 chance_below(chance, model->n_left[i]));
        update = world_counts(&model->world, party, location, 1 + chance_below(chance, 5),
                              (int32_t)chance_below(chance, 3));
        update.audience = audiences[chance_percent(chance, 10) ? chance_below(chance, 3) : 1];
        if (what < 15) {
                update.kind = UPDATE_DOOR;
                update.door = (Door){ .state = 1 + chance_below(chance, 4),
                                      .care = CODE_ABSENT,
                                      .patient_group = CODE_ABSENT,
                                      .urgency = CODE_ABSENT,
                                      .starts_at_ms = TIME_ABSENT,
                                      .ends_at_ms = TIME_ABSENT,
                                      .review_at_ms = TIME_ABSENT,
                                      .on_expiry = PLEK_ON_EXPIRY_KEEP };
        } else if (what < 25) {
                update.kind = UPDATE_AFFIRM;
                update.affirm =
                        (Affirm){ .lane = chance_percent(chance, 70) ? LANE_COUNTS : LANE_STATUS,
                                  .up_to_seq = update.seq };
        } else if (what < 30) {
                RecordRef ref = update_record_ref(&update);

                update.kind = UPDATE_WITHDRAW;
                update.withdraw = ref;
        }
        return update;
}

static void say(Model *model)
{
        unsigned i = chance_below(&model->chance, N_PARTIES);
        char location[LOCATION_MAX + 16];
        Update update;

        if (chance_below(&model->chance, 2000) == 0) {
                model->region[i] ^= 1;
                enrol(model, i);
        } else if (chance_below(&model->chance, 8000) == 0) {
                model->n_left[i] = 1 + chance_below(&model->chance, N_LOCATIONS);
                enrol(model, i);
        }
        update = any_update(model, i, location);
        world_publish(&model->world, model->parties[i], &update);
}

/* ------------------------------------------------------------------ what was told */

static void tell(Model *model, const ChangeItem *item)
{
        const char *party, *location;
        RecordRef ref = { 0 };
        Status status;
        Told *told;

        if (!item->topic)
                return;
        if (model->n_told == model->n_told_room) {
                model->n_told_room = model->n_told_room ? 2 * model->n_told_room : 1024;
                model->told = reallocarray(model->told, model->n_told_room, sizeof(*model->told));
                assert(model->told);
        }
        told = &model->told[model->n_told++];
        memset(told, 0, sizeof(*told));
        told->revision = item->revision;
        told->kind = item->kind;
        told->from = item->from;
        told->to = item->to;
        told->changed = item->content_changed;
        if (item->kind == CHANGE_AFFIRM)
                return;
        if (item->record) {
                told->key.n_bytes = item->record->n_key;
                memcpy(told->key.bytes, item->record->key, item->record->n_key);
        } else {
                told->key = item->tombstone->key;
        }
        must(record_key_parse(&told->key, &status, &party, &location, &ref));
        snprintf(told->location, sizeof(told->location), "%s", location);
        told->is_door = ref.report == UPDATE_DOOR || ref.report == UPDATE_CARD;
}

static void replay_told(Model *model)
{
        Change change = CHANGE_NULL;
        State *state = world_new_state(0);

        for (size_t i = 0; i < model->world.n_ledger; i++) {
                must(state_apply(state, &model->world.ledger[i], &change));
                for (size_t n = 0; n < change.n_items; n++)
                        tell(model, &change.items[n]);
        }
        change_deinit(&change);
        state_free(state);
}

static bool is_of(const Told *told, const PastFilter *filter)
{
        if (told->kind == CHANGE_AFFIRM)
                return false;
        return filter->location ? !strcmp(told->location, filter->location) : told->is_door;
}

/* ------------------------------------------------------------------ the ledger */

static void checkpoint(Model *model)
{
        CLEANUP(checkpoint_freep) Checkpoint *rows = NULL;
        CLEANUP(plan_freep) Plan *plan = NULL;

        must(state_checkpoint(model->world.state, &rows));
        must(plan_new(&plan));
        plan_reset(plan, model->world.revision);
        must(ledger_append(model->ledger, plan, model->world.now_ms, rows));
}

static void archive(Model *model)
{
        for (;;) {
                CLEANUP(checkpoint_freep) Checkpoint *rows = NULL;
                int r = archive_make(model->ledger, &rows);

                if (r == ARCHIVE_E_NOTHING)
                        return;
                must(r);
                must(archive_put(model->ledger, rows));
                model->n_archived++;
        }
}

static void write_down(Model *model)
{
        CLEANUP(plan_freep) Plan *plan = NULL;
        int64_t time_ms = model->world.ledger[model->n_written].time_ms; /* of all of them */

        must(plan_new(&plan));
        plan_reset(plan, model->n_written);
        for (; model->n_written < model->world.n_ledger; model->n_written++) {
                const LedgerEntry *entry = &model->world.ledger[model->n_written];

                must(plan_add_digested(plan, entry->kind, entry->bytes, entry->digest));
        }
        must(ledger_append(model->ledger, plan, time_ms, NULL));
}

static void live(Model *model)
{
        Chance *chance = &model->chance;

        for (unsigned i = 0; i < N_COMMITS; i++) {
                unsigned n = 1 + chance_below(chance, N_BATCH_MAX);

                while (n--)
                        say(model);
                write_down(model);
                model->world.now_ms += 1 + chance_below(chance, 1000);
                if (chance_percent(chance, 10))
                        checkpoint(model);
                if (chance_percent(chance, 5))
                        archive(model);
        }
}

/* ------------------------------------------------------------------ looking back */

/* Told of doors only, it is not told of affirms: a door does not open because nobody affirmed it.
 */
static void compare_affirmed(const Record *was, const Record *is)
{
        assert(is->changed_revision == was->changed_revision);
        assert(!is->affirmation == !was->affirmation);
        assert(!was->affirmation || is->affirmation->revision == was->affirmation->revision);
}

static void compare_record(const Record *was, const Record *is)
{
        assert(is && is->revision == was->revision && is->since_ms == was->since_ms);
        assert(is->flags == was->flags);
        assert(is->received_at_ms == was->received_at_ms && is->audience == was->audience);
        assert(!strcmp(is->topic->text, was->topic->text));
        assert(is->envelope->n_bytes == was->envelope->n_bytes &&
               !memcmp(is->envelope->bytes, was->envelope->bytes, was->envelope->n_bytes));
}

static bool is_record_of(const Record *record, const PastFilter *filter)
{
        const char *party, *location;
        RecordRef ref;

        record_describe(record, &party, &location, &ref);
        if (filter->doors_only)
                return ref.report == UPDATE_DOOR || ref.report == UPDATE_CARD;
        return !filter->location || !strcmp(location, filter->location);
}

static void compare_pictures(State *was, State *is, const PastFilter *filter)
{
        const Picture *old = state_picture(was), *picture = state_picture(is);
        size_t n = 0;

        for (const Record *record = picture_next(old, NULL); record;
             record = picture_next(old, record)) {
                RecordKey key = { .n_bytes = record->n_key };

                if (!is_record_of(record, filter))
                        continue;
                memcpy(key.bytes, record->key, record->n_key);
                compare_record(record, picture_find(picture, &key));
                if (!filter->doors_only)
                        compare_affirmed(record, picture_find(picture, &key));
                n++;
        }
        for (const Record *record = picture_next(picture, NULL); record;
             record = picture_next(picture, record))
                n -= is_record_of(record, filter);
        assert(!n);
}

static int by_number(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

/* The whole picture, and parts of it, at random revisions. */
static void look_at_moments(Model *model)
{
        State *state = world_new_state(0);
        Change change = CHANGE_NULL;
        uint64_t looks[N_LOOKS];
        size_t at = 0;

        for (size_t i = 0; i < N_LOOKS; i++)
                looks[i] = 1 + chance_below(&model->chance, (unsigned)model->world.n_ledger);
        qsort(looks, N_LOOKS, sizeof(*looks), by_number);
        for (size_t i = 0; i < N_LOOKS; i++) {
                char location[LOCATION_MAX + 16];
                const PastFilter filters[] = { { 0 },
                                               { .doors_only = true },
                                               { .location = location } };

                snprintf(location, sizeof(location), "%s-%u", model->parties[i % N_PARTIES]->id,
                         chance_below(&model->chance, N_LOCATIONS));
                while (at < looks[i])
                        must(state_apply(state, &model->world.ledger[at++], &change));
                for (size_t f = 0; f < N_ELEMENTS(filters); f++) {
                        CLEANUP(past_freep) Past *past = NULL;

                        must(past_open(&past, model->ledger, looks[i], looks[i], &filters[f]));
                        compare_pictures(state, past_state(past), &filters[f]);
                        if (!f)
                                assert(!memcmp(state_head(past_state(past)), state_head(state),
                                               DIGEST_BYTES) &&
                                       state_epoch(past_state(past)) == state_epoch(state));
                        assert(!past_is_thinned(past));
                }
        }
        change_deinit(&change);
        state_free(state);
}

static bool is_same(const Told *was, const Told *is)
{
        return was->kind == is->kind && was->from == is->from && was->to == is->to &&
               was->changed == is->changed && was->key.n_bytes == is->key.n_bytes &&
               !memcmp(was->key.bytes, is->key.bytes, is->key.n_bytes);
}

/* An enrolment that takes several records away does so in no order. */
static void find_told(const Model *model, size_t at, const Told *is)
{
        for (; at < model->n_told && model->told[at].revision <= is->revision; at++)
                if (model->told[at].revision == is->revision && is_same(&model->told[at], is))
                        return;
        assert(!"it was not told then");
}

static size_t n_told_of(const Model *model, size_t at, uint64_t last, const PastFilter *filter)
{
        size_t n = 0;

        for (; at < model->n_told && model->told[at].revision <= last; at++)
                n += is_of(&model->told[at], filter);
        return n;
}

/* What was told of a location, or of doors, between two revisions. */
static void look_at_range(Model *model, const PastFilter *filter, uint64_t first, uint64_t last)
{
        CLEANUP(past_freep) Past *past = NULL;
        Model now = { 0 };
        const LedgerEntry *entry;
        const Change *change;
        size_t at = 0, n = 0;
        int r;

        while (at < model->n_told && model->told[at].revision <= first)
                at++;
        must(past_open(&past, model->ledger, first, last, filter));
        while (!(r = past_next(past, &entry, &change))) {
                now.n_told = 0;
                for (size_t i = 0; i < change->n_items; i++)
                        tell(&now, &change->items[i]);
                for (size_t i = 0; i < now.n_told; i++) {
                        if (!is_of(&now.told[i], filter))
                                continue;
                        assert(now.told[i].revision == entry->revision);
                        find_told(model, at, &now.told[i]);
                        n++;
                }
        }
        if (r != PAST_E_END || n != n_told_of(model, at, last, filter))
                fprintf(stderr, "%d, %zu and %zu from %llu to %llu of %s\n", r, n,
                        n_told_of(model, at, last, filter), (unsigned long long)first,
                        (unsigned long long)last, filter->location ? filter->location : "doors");
        assert(r == PAST_E_END && n == n_told_of(model, at, last, filter));
        free(now.told);
}

static void look_at_ranges(Model *model)
{
        Chance *chance = &model->chance;

        for (size_t i = 0; i < N_RANGES; i++) {
                uint64_t first = chance_below(chance, (unsigned)model->world.n_ledger);
                uint64_t last = first + chance_below(chance, 20000);
                char location[LOCATION_MAX + 16];
                PastFilter filter = { .doors_only = true };

                snprintf(location, sizeof(location), "%s-%u", model->parties[i % N_PARTIES]->id,
                         chance_below(chance, N_LOCATIONS));
                look_at_range(model, &filter, first, MIN(last, model->world.n_ledger));
                filter = (PastFilter){ .location = location };
                look_at_range(model, &filter, first, MIN(last, model->world.n_ledger));
        }
}

/* Times never go back, and each is found by the last entry that has it. */
static void look_at_times(Model *model)
{
        const World *world = &model->world;

        for (size_t i = 0; i < 1000; i++) {
                size_t n = chance_below(&model->chance, (unsigned)world->n_ledger);
                int64_t time_ms = world->ledger[n].time_ms + (int64_t)(i % 3) - 1;
                uint64_t revision = 0, expected = 0;

                must(past_revision_at(model->ledger, time_ms, &revision));
                for (size_t k = MIN(n + 2 * N_BATCH_MAX, world->n_ledger); k > 0 && !expected; k--)
                        if (world->ledger[k - 1].time_ms <= time_ms)
                                expected = k;
                assert(revision == expected);
        }
}

/* ------------------------------------------------------------------ thinning */

/* At the end of each step of the resolution the picture is what it was; of doors, always. */
static void look_at_thinned(Model *model, int64_t resolution_ms, uint64_t thinned_to)
{
        State *state = world_new_state(0);
        Change change = CHANGE_NULL;
        const PastFilter all = { 0 }, doors = { .doors_only = true };
        const LedgerEntry *ledger = model->world.ledger;
        size_t n_steps = 0, n_between = 0;

        for (size_t at = 0; at < model->world.n_ledger; at++) {
                bool ends_step = at + 1 == model->world.n_ledger ||
                                 ledger[at].time_ms / resolution_ms !=
                                         ledger[at + 1].time_ms / resolution_ms;

                must(state_apply(state, &ledger[at], &change));
                if (!ends_step && chance_below(&model->chance, 1000))
                        continue;
                for (size_t f = 0; f < 2; f++) {
                        CLEANUP(past_freep) Past *past = NULL;

                        if (!f && !ends_step && at < thinned_to)
                                continue; /* numbers are not kept at this moment */
                        must(past_open(&past, model->ledger, at + 1, at + 1, f ? &doors : &all));
                        compare_pictures(state, past_state(past), f ? &doors : &all);
                }
                n_steps += ends_step;
                n_between += !ends_step;
        }
        assert(n_steps > 10 && n_between > 10);
        change_deinit(&change);
        state_free(state);
}

/* Until nothing is to go any more; returns why. */
static int retain(Model *model, const RetainPolicy *policy, int64_t now_ms,
                  size_t n_entries[RETAIN_SWEEP + 1])
{
        for (;;) {
                CLEANUP(retain_freep) RetainStep *step = NULL;
                bool more = true;
                int r = retain_make(&step, model->ledger, policy, now_ms);

                if (r == RETAIN_E_NOTHING || r == RETAIN_E_OVER)
                        return r;
                must(r);
                while (more && !chance_percent(&model->chance, 10)) /* or it is killed, halfway */
                        must(retain_put(step, model->ledger, &more));
                n_entries[retain_kind(step)] += more ? 0 : retain_n_entries(step);
        }
}

static void verify(Model *model, size_t n_thinned, uint64_t cut)
{
        static const VerifyOptions options;
        static VerifyReport report;
        LedgerOptions reopen = { .directory = kit_directory };
        const char *text = "";

        ledger_close(model->ledger);
        must(ledger_verify(kit_directory, &options, &report, &text));
        for (size_t i = 0; i < report.n_findings && i < VERIFY_FINDINGS_MAX; i++)
                fprintf(stderr, "%s\n", report.findings[i].text);
        assert(!report.n_findings && report.checkpoint_compared);
        assert(report.n_thinned >= n_thinned && report.cut_revision == cut && !report.n_unswept);
        assert(cut ? report.n_entries < model->world.n_ledger
                   : report.n_entries == model->world.n_ledger);
        must(ledger_open(&model->ledger, &reopen, &text));
}

/* The world's whole life takes some six minutes: its age is told to the one who thins. */
static int64_t grow_old(Model *model)
{
        const RetainPolicy policy = { .full_ms = RETAIN_YOUNGEST_MS, .resolution_ms = 7000 };
        int64_t end_ms = model->world.now_ms - 60 * 1000;
        size_t n_entries[RETAIN_SWEEP + 1] = { 0 };
        uint64_t thinned_to;

        checkpoint(model);
        assert(retain(model, &policy, end_ms + RETAIN_YOUNGEST_MS, n_entries) == RETAIN_E_NOTHING);
        must(past_revision_at(model->ledger, end_ms, &thinned_to));
        printf("%zu thinned\n", n_entries[RETAIN_THIN]);
        assert(n_entries[RETAIN_THIN] > model->world.n_ledger / 4);
        look_at_thinned(model, policy.resolution_ms, thinned_to);
        verify(model, n_entries[RETAIN_THIN], 0);
        return end_ms;
}

/* ------------------------------------------------------------------ cutting */

/* From the cut on the picture is what it was; what was before is not kept, and said not to be. */
static void look_at_cut(Model *model, uint64_t cut, uint64_t thinned_to)
{
        State *state = world_new_state(0);
        Change change = CHANGE_NULL;
        const LedgerEntry *ledger = model->world.ledger;
        size_t n_kept = 0, n_gone = 0;

        for (size_t at = 0; at < model->world.n_ledger; at++) {
                CLEANUP(past_freep) Past *past = NULL;
                uint64_t revision;
                int r;

                must(state_apply(state, &ledger[at], &change));
                if (at + 1 != cut && chance_below(&model->chance, 500))
                        continue;
                r = past_open(&past, model->ledger, at + 1, at + 1, NULL);
                assert((r == PAST_E_CUT) == (at + 1 < cut));
                r = past_revision_at(model->ledger, ledger[at].time_ms, &revision);
                assert((r == PAST_E_CUT) == (ledger[at].time_ms < ledger[cut - 1].time_ms));
                n_gone += at + 1 < cut;
                if (at + 1 < cut || (at + 1 > cut && at + 1 <= thinned_to))
                        continue;
                compare_pictures(state, past_state(past), &(PastFilter){ 0 });
                n_kept++;
        }
        assert(n_gone && n_kept);
        change_deinit(&change);
        state_free(state);
}

static uint64_t cut_revision(Model *model)
{
        uint64_t revision;
        int64_t time_ms;

        must(past_begin(model->ledger, &revision, &time_ms));
        return revision;
}

/* By age, into what is thinned and past it; then by size, as far as it goes. */
static void grow_older(Model *model, int64_t end_ms)
{
        RetainPolicy policy = { .resolution_ms = 7000,
                                .past_ms = 90 * 1000,
                                .key = model->world.broker,
                                .network = model->world.network };
        size_t n_entries[RETAIN_SWEEP + 1] = { 0 };
        uint64_t thinned_to, before = 0;

        must(past_revision_at(model->ledger, end_ms, &thinned_to));
        for (unsigned i = 1; i <= 3; i++) {
                int64_t start_ms = model->world.ledger[0].time_ms;
                int64_t to_ms = start_ms + (end_ms + 30 * 1000 - start_ms) * i / 3;

                assert(retain(model, &policy, to_ms + policy.past_ms, n_entries) ==
                       RETAIN_E_NOTHING);
                assert(cut_revision(model) > before);
                before = cut_revision(model);
                look_at_cut(model, before, thinned_to);
                verify(model, 0, before);
        }
        assert(before > thinned_to);

        policy.past_ms = 0;
        policy.n_bytes_max = 4096;
        assert(retain(model, &policy, model->world.now_ms, n_entries) == RETAIN_E_OVER);
        assert(cut_revision(model) == model->world.n_ledger);
        verify(model, 0, model->world.n_ledger);
        printf("%zu cut off\n", n_entries[RETAIN_SWEEP]);
        assert(n_entries[RETAIN_SWEEP] > 0);
        ledger_close(model->ledger);
}

/* ------------------------------------------------------------------ all of it */

static void begin(Model *model)
{
        LedgerOptions options;
        const char *text = "";

        must(kit_make_directory(NULL));
        options = (LedgerOptions){ .directory = kit_directory };
        must(ledger_open(&model->ledger, &options, &text));
        world_start(&model->world, 0);
        write_down(model);
        for (unsigned i = 0; i < N_PARTIES; i++) {
                char id[] = { 'p', (char)('a' + i), '\0' };

                model->parties[i] = world_new_party(&model->world, id);
                model->n_left[i] = N_LOCATIONS;
                enrol(model, i);
        }
}

int main(int argc, char **argv)
{
        Model model = { .chance = chance_new(argc, argv) };

        begin(&model);
        live(&model);
        replay_told(&model);
        look_at_moments(&model);
        look_at_ranges(&model);
        look_at_times(&model);
        printf("%zu entries, %zu archive rows written, %zu told\n", model.world.n_ledger,
               model.n_archived, model.n_told);
        assert(model.n_archived >= 3);
        grow_older(&model, grow_old(&model));

        world_deinit(&model.world);
        free(model.told);
        must(kit_remove_directory(NULL));
        return 0;
}
