/*
 * The past against a replay from the beginning
 *
 * It is asked at revisions and over ranges of all kinds what was, and must answer what a state that
 * applied every entry in order was, and what it told readers then.
 */

#include "past-world.h"

enum {
        N_LOOKS = 60,
        N_RANGES = 60,
};

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

/* ------------------------------------------------------------------ looking back */

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
                        pictures_compare(state, past_state(past), &filters[f]);
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

/* ------------------------------------------------------------------ all of it */

int main(int argc, char **argv)
{
        Model model = { .chance = chance_new(argc, argv) };

        model_begin(&model);
        model_live(&model);
        replay_told(&model);
        look_at_moments(&model);
        look_at_ranges(&model);
        look_at_times(&model);
        printf("%zu entries, %zu archive rows written, %zu told\n", model.world.n_ledger,
               model.n_archived, model.n_told);
        assert(model.n_archived >= 3);
        model_grow_older(&model, model_grow_old(&model));
        model_end(&model);
        return 0;
}
