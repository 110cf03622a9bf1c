#include "past-world.h"

#include "../unit/store-kit.h"
#include "store/archive.h"

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

/* ------------------------------------------------------------------ the ledger */

void model_checkpoint(Model *model)
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

/* ------------------------------------------------------------------ what it was, and is */

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

void pictures_compare(State *was, State *is, const PastFilter *filter)
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

/* ------------------------------------------------------------------ its life */

void model_begin(Model *model)
{
        LedgerOptions options;
        const char *text = "";

        must(kit_make_directory(NULL));
        model->directory = kit_directory;
        options = (LedgerOptions){ .directory = model->directory };
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

void model_live(Model *model)
{
        Chance *chance = &model->chance;

        for (unsigned i = 0; i < N_COMMITS; i++) {
                unsigned n = 1 + chance_below(chance, N_BATCH_MAX);

                while (n--)
                        say(model);
                write_down(model);
                model->world.now_ms += 1 + chance_below(chance, 1000);
                if (chance_percent(chance, 10))
                        model_checkpoint(model);
                if (chance_percent(chance, 5))
                        archive(model);
        }
}

void model_end(Model *model)
{
        world_deinit(&model->world);
        free(model->told);
        must(kit_remove_directory(NULL));
}
