/*
 * The core against a slow, obvious one
 *
 * Parties with clocks of their own say things; what they say is delayed, doubled and overtaken;
 * some of it is forged. Enrolments, suspensions and epochs come in between. Each batch's outcomes
 * are compared, and after each step all that the two hold. The state is checkpointed, checkpoints
 * fail, and the daemon is restarted from its rows and the ledger's tail: what comes back must be
 * what was there.
 */

#include "core-simulation.h"

enum {
        N_STEPS = 6000,
        N_BATCH_MAX = 24,
};

static const DoorPolicy policy = { .region = "oost", .state = PLEK_DOOR_CLOSED, .forbidden = true };
static const AdmissionOptions options = {
        .skew_ms = WORLD_SKEW_MS, .n_records_max = M_QUOTA, .policies = &policy, .n_policies = 1
};

/* ------------------------------------------------------------------ delivering */

/* The network: any that is on its way arrives next, and sometimes once more. */
static Message next_arrival(Simulation *simulation)
{
        Chance *chance = &simulation->chance;
        size_t at;
        Message message;

        while (!simulation->n_flying ||
               (simulation->n_flying < N_FLYING_MAX && chance_percent(chance, 70)))
                simulation->flying[simulation->n_flying++] = any_message(simulation);

        at = chance_percent(chance, 60) ? simulation->n_flying - 1
                                        : chance_below(chance, (unsigned)simulation->n_flying);
        message = simulation->flying[at];
        if (chance_percent(chance, 20))
                blob_ref(message.envelope);
        else
                simulation->flying[at] = simulation->flying[--simulation->n_flying];
        return message;
}

static Candidate candidate_of(Simulation *simulation, const Message *message, Update *ret_update)
{
        SecretKey *signer = simulation->keys[message->signer][message->signer_key];
        SecretKey *carrier = simulation->keys[message->carrier][0];
        WorldParty party = { .key = signer };
        Candidate candidate;

        candidate = world_candidate(&simulation->world, &party, message->envelope, ret_update);
        assert(!candidate.refusal.code);
        candidate.connection = key_id_of(secret_key_public(carrier)->transport);
        return candidate;
}

/* What the plan says about each is what the model says, the batch's own effects included. */
static void plan_batch(Simulation *simulation, const Message *messages, size_t n_messages,
                       Model *planned)
{
        World *world = &simulation->world;
        size_t n_entries = 0;

        arena_reset(world->arena);
        plan_reset(simulation->plan, world->revision);
        *planned = simulation->model;
        for (size_t i = 0; i < n_messages; i++) {
                const Message *message = &messages[i];
                const PlanOutcome *outcome = &simulation->plan->outcomes[i];
                Verdict verdict = model_judge(&simulation->model, planned, message, world->now_ms);
                Update update;
                Candidate candidate = candidate_of(simulation, message, &update);

                admission_plan(world->state, &options, simulation->plan, &candidate, i,
                               world->now_ms);
                assert(outcome->refusal.code == verdict.code);
                assert(outcome->seq == message->seq && outcome->instance == message->instance);
                assert(strcmp(outcome->party, m_parties[message->party]) == 0);
                simulation->n_codes[verdict.code]++;

                if (verdict.repeat) {
                        simulation->n_repeats++;
                        if (verdict.revision > world->revision)
                                assert(outcome->entry == verdict.revision - world->revision - 1);
                        else
                                assert(outcome->revision == verdict.revision);
                } else if (!verdict.code) {
                        assert(outcome->entry == n_entries);
                        planned->parties[message->party].n_planned_new +=
                                makes_record(&simulation->model, message);
                        model_apply(planned, message, world->revision + ++n_entries, world->now_ms);
                }
                assert(outcome->floor == model_floor(planned, message->party));
        }
        assert(simulation->plan->n_entries == n_entries);
}

static void suspend(Simulation *simulation);

static void do_batch(Simulation *simulation)
{
        size_t n_messages = 1 + chance_below(&simulation->chance, N_BATCH_MAX);
        Message messages[N_BATCH_MAX];
        Model planned;

        for (size_t i = 0; i < n_messages; i++)
                messages[i] = next_arrival(simulation);

        plan_batch(simulation, messages, n_messages, &planned);
        if (chance_percent(&simulation->chance, 5)) {
                /* another daemon was first: all of it is thrown away and judged again */
                simulation->n_conflicts++;
                suspend(simulation);
                plan_batch(simulation, messages, n_messages, &planned);
        }

        for (size_t i = 0; i < simulation->plan->n_entries; i++)
                world_apply(&simulation->world, ENTRY_UPDATE,
                            blob_ref(simulation->plan->entries[i].bytes));
        simulation->model = planned;
        for (unsigned party = 0; party < M_PARTIES; party++)
                simulation->model.parties[party].n_planned_new = 0;
        for (size_t i = 0; i < n_messages; i++)
                blob_unref(messages[i].envelope);
}

/* ------------------------------------------------------------------ the registry and epochs */

static int submit(Simulation *simulation, Blob *envelope, uint64_t *ret_revision,
                  uint32_t *ret_code)
{
        World *world = &simulation->world;
        WireRefusal refusal = { 0 };
        int r;

        arena_reset(world->arena);
        arena_limit(world->arena, ARENA_MESSAGE_BYTES);
        plan_reset(simulation->plan, world->revision);
        r = admission_document(world->state, secret_key_public(world->broker), simulation->plan,
                               envelope, world->arena, ret_revision, &refusal);
        *ret_code = refusal.code;
        assert(simulation->plan->n_entries == (r == 0));
        return r;
}

static void enrol(Simulation *simulation, unsigned party)
{
        ModelParty enrolment = any_enrolment(simulation, party);
        Blob *envelope = enrolment_envelope(simulation, party, &enrolment);
        uint64_t revision = 0;
        uint32_t code;

        assert(submit(simulation, envelope, &revision, &code) == 0);
        world_apply(&simulation->world, ENTRY_ENROLMENT, envelope);
        simulation->enrolments[party] = envelope;
        model_enrol(&simulation->model, party, &enrolment, simulation->world.revision);
}

/* The one in force again, or another that is not newer. */
static void enrol_in_vain(Simulation *simulation, unsigned party)
{
        ModelParty older = any_enrolment(simulation, party);
        uint64_t revision = 0;
        Blob *envelope;
        uint32_t code;

        assert(submit(simulation, simulation->enrolments[party], &revision, &code) ==
               ADMISSION_E_REPEATED);
        assert(revision == simulation->model.parties[party].enrolled_at);

        older.serial = simulation->model.parties[party].serial;
        older.valid_until_ms += 7200001; /* surely other bytes */
        envelope = enrolment_envelope(simulation, party, &older);
        assert(submit(simulation, envelope, &revision, &code) == ADMISSION_E_REFUSED);
        assert(code == PLEK_REFUSED_SERIAL);
        blob_unref(envelope);
}

static void suspend(Simulation *simulation)
{
        unsigned number = chance_below(&simulation->chance, M_PARTIES);
        ModelParty *party = &simulation->model.parties[number];
        Suspension suspension = { .party = m_parties[number] };

        party->suspended = !party->suspended && chance_percent(&simulation->chance, 25);
        suspension.suspended = party->suspended;
        world_suspend(&simulation->world, &suspension);
}

static void open_epoch(Simulation *simulation)
{
        bool continues = chance_percent(&simulation->chance, 70);
        Blob *word = NULL;

        world_open_epoch(&simulation->world, continues);
        if (!continues) {
                simulation->model.epoch_floor = (uint64_t)simulation->world.now_ms * 1000;
                simulation->model.epoch_unconfirmed = true;
        } else if (chance_percent(&simulation->chance, 50)) {
                must(blob_copy(&word, &(uint8_t){ CONFIRM_EPOCH }, 1));
                world_apply(&simulation->world, ENTRY_CONFIRM, word);
                simulation->model.epoch_unconfirmed = false;
        }
}

/* ------------------------------------------------------------------ the store */

static void save(Simulation *simulation)
{
        Checkpoint *checkpoint = NULL;

        must(state_checkpoint(simulation->world.state, &checkpoint));
        assert(!checkpoint_has_twins(checkpoint));
        if (chance_percent(&simulation->chance, 30)) {
                simulation->n_failed_checkpoints++;
                state_checkpoint_failed(simulation->world.state, checkpoint);
                return;
        }
        row_store_write(&simulation->rows, checkpoint);
        simulation->n_saved = simulation->world.n_ledger;
        checkpoint_free(checkpoint);
}

static void restart(Simulation *simulation)
{
        World *world = &simulation->world;
        State *restored = world_new_state(N_TOMBSTONES);
        Change change = CHANGE_NULL;
        const char *difference;

        must(row_store_restore(&simulation->rows, restored));
        for (size_t i = simulation->n_saved; i < world->n_ledger; i++)
                must(state_apply(restored, &world->ledger[i], &change));
        difference = states_differ(world->state, restored);
        if (difference)
                fprintf(stderr, "restored: %s\n", difference);
        assert(!difference);

        change_deinit(&change);
        state_free(world->state);
        world->state = restored;
        simulation->n_restarts++;
}

/* ------------------------------------------------------------------ comparing */

static void compare_record(const Simulation *simulation, unsigned party, unsigned location,
                           unsigned report)
{
        const ModelRecord *model = &simulation->model.records[party][location][report];
        RecordRef ref = { .report = report == M_DOOR ? UPDATE_DOOR : UPDATE_COUNTS,
                          .care = report == M_DOOR ? CODE_ABSENT : report + 1,
                          .patient_group = CODE_ABSENT,
                          .urgency = CODE_ABSENT };
        const Record *record;
        RecordKey key;

        record_key_make(&key, STATUS_ACTUAL, m_parties[party], m_locations[location], &ref);
        record = picture_find(state_picture(simulation->world.state), &key);
        assert(!record == !model->held);
        if (!record)
                return;
        assert(record->revision == model->revision && record->changed_revision == model->changed);
        assert(record->since_ms == model->since_ms);
        assert(record->seq == model->seq && record->instance == model->instance);
        assert(record->audience == model->audience);
        assert((record->affirmation ? record->affirmation->revision : 0) == model->affirmed);
        assert(strcmp(record->topic->topic.region, m_regions[model->region]) == 0);
}

static void compare(const Simulation *simulation)
{
        const State *state = simulation->world.state;
        size_t n_records = 0, n_of_party;

        assert(state_revision(state) == simulation->world.revision);
        assert(state_epoch_is_unconfirmed(state) == simulation->model.epoch_unconfirmed);
        for (unsigned party = 0; party < M_PARTIES; party++) {
                n_of_party = model_n_records(&simulation->model, party);
                n_records += n_of_party;
                assert(n_of_party <= M_QUOTA);
                assert(state_floor(state, m_parties[party]) ==
                       model_floor(&simulation->model, party));
                if (state_party(state, m_parties[party]))
                        assert(state_party(state, m_parties[party])->n_records == n_of_party);
                for (unsigned location = 0; location < M_LOCATIONS; location++)
                        for (unsigned report = 0; report < M_REPORTS; report++)
                                compare_record(simulation, party, location, report);
        }
        assert(picture_n_records(state_picture(state)) == n_records);
}

/* ------------------------------------------------------------------ all of it */

static void begin(Simulation *simulation)
{
        World *world = &simulation->world;

        world_start(world, N_TOMBSTONES);
        simulation->model.epoch_floor = (uint64_t)WORLD_START_MS * 1000;
        must(plan_new(&simulation->plan));
        for (unsigned party = 0; party <= M_PARTIES; party++)
                for (unsigned key = 0; key < M_KEYS; key++)
                        simulation->keys[party][key] =
                                world_key((uint8_t)(5 + key), (uint8_t)party);
        for (unsigned party = 0; party < M_PARTIES; party++) {
                simulation->instances[party] = party + 1;
                enrol(simulation, party);
        }
}

static void do_something(Simulation *simulation)
{
        Chance *chance = &simulation->chance;
        unsigned party = chance_below(chance, M_PARTIES), what = chance_below(chance, 100);

        simulation->world.now_ms += chance_below(chance, chance_percent(chance, 5) ? 300000 : 3000);
        if (what < 70)
                do_batch(simulation);
        else if (what < 76)
                enrol(simulation, party);
        else if (what < 78)
                enrol_in_vain(simulation, party);
        else if (what < 81)
                suspend(simulation);
        else if (what < 83)
                open_epoch(simulation);
        else if (what < 96)
                save(simulation);
        else if (simulation->n_saved)
                restart(simulation);
}

static void end(Simulation *simulation)
{
        for (size_t i = 0; i < simulation->n_flying; i++)
                blob_unref(simulation->flying[i].envelope);
        for (unsigned party = 0; party <= M_PARTIES; party++)
                for (unsigned key = 0; key < M_KEYS; key++)
                        secret_key_free(simulation->keys[party][key]);
        row_store_deinit(&simulation->rows);
        plan_free(simulation->plan);
        world_deinit(&simulation->world);
}

/* A world in which something never happens proves nothing about it. */
static bool all_happened(const Simulation *simulation)
{
        static const uint32_t codes[] = {
                0,
                PLEK_REFUSED_NETWORK,
                PLEK_REFUSED_NOT_ENROLLED,
                PLEK_REFUSED_EXPIRED,
                PLEK_REFUSED_REVOKED,
                PLEK_REFUSED_SUSPENDED,
                PLEK_REFUSED_ROLE,
                PLEK_REFUSED_LOCATION,
                PLEK_REFUSED_PARTY,
                PLEK_REFUSED_REPLAY,
                PLEK_REFUSED_SEQ_AHEAD,
                PLEK_REFUSED_SENT_AHEAD,
                PLEK_REFUSED_TOO_LATE,
                PLEK_REFUSED_POLICY,
                PLEK_REFUSED_QUOTA,
        };
        bool all = simulation->n_repeats && simulation->n_conflicts && simulation->n_restarts &&
                   simulation->n_failed_checkpoints;

        for (size_t i = 0; i < N_ELEMENTS(codes); i++) {
                printf("code %2u: %zu\n", codes[i], simulation->n_codes[codes[i]]);
                all &= simulation->n_codes[codes[i]] > 0;
        }
        printf("%zu repeats, %zu conflicts, %zu restarts, %zu failed checkpoints\n",
               simulation->n_repeats, simulation->n_conflicts, simulation->n_restarts,
               simulation->n_failed_checkpoints);
        return all;
}

int main(int argc, char **argv)
{
        static Simulation simulation;
        bool all;

        simulation.chance = chance_new(argc, argv);
        begin(&simulation);
        for (size_t i = 0; i < N_STEPS; i++) {
                do_something(&simulation);
                compare(&simulation);
        }
        all = all_happened(&simulation);
        end(&simulation);
        return all ? 0 : 1;
}
