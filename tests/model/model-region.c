/*
 * A region in simulated time
 *
 * Agents whose clocks are off say what is true of their hospital over a network that loses, doubles
 * and delays; receipts get lost, too. The broker dies before and after it commits, and once in a
 * while it wakes up with an older disk. At all times what an agent holds a receipt for is there, or
 * something newer. And when the network heals, the picture is the truth within a few rounds, with
 * nobody's help.
 */

#include "../core-rows.h"
#include "../core-world.h"
#include "chance.h"

enum {
        N_AGENTS = 6,
        N_KINDS = 5, /* of care, that each reports */
        N_TICKS = 4000,
        N_HEALING_MAX = 40,
        TICK_MS = 1000,
        RETRY_MS = 5000,
        N_MAIL_MAX = 512,
        N_SENT_MAX = 128,
        N_TOMBSTONES = 50,
};

typedef struct Fact {
        int32_t truth;
        uint64_t sent_seq;   /* of the latest update about it */
        int64_t retry_at_ms; /* when it is sent again, unless a receipt comes */
        bool receipted;
        uint64_t receipted_seq; /* of the latest that was ever accepted */
} Fact;

typedef struct Agent {
        WorldParty *party;
        char location[16];
        int64_t offset_ms;         /* of its idea of the broker's time */
        uint64_t sent[N_SENT_MAX]; /* the latest seqs, a ring */
        size_t n_sent;
        Fact facts[N_KINDS];
} Agent;

/* On its way to the broker (an envelope), or back (a receipt). */
typedef struct Mail {
        int64_t arrives_at_ms;
        unsigned agent;
        Blob *envelope; /* NULL: a receipt */
        uint64_t seq, floor;
        uint32_t code;
} Mail;

typedef struct Scene {
        Chance chance;
        World world;
        bool healed;
        Agent agents[N_AGENTS];
        Mail mail[N_MAIL_MAX];
        size_t n_mail;
        Plan *plan;
        RowStore rows;
        size_t n_saved;
        size_t n_accepted, n_refused, n_crashes, n_rollbacks, n_lost;
} Scene;

static const AdmissionOptions options = { .skew_ms = WORLD_SKEW_MS, .n_records_max = 1000 };

/* ------------------------------------------------------------------ the network */

static void post(Scene *scene, const Mail *mail)
{
        Chance *chance = &scene->chance;
        unsigned n_copies = 1;

        if (!scene->healed)
                n_copies = chance_percent(chance, 20) ? 0 : chance_percent(chance, 10) ? 2 : 1;
        scene->n_lost += !n_copies;
        for (; n_copies && scene->n_mail < N_MAIL_MAX; n_copies--) {
                Mail *copy = &scene->mail[scene->n_mail++];

                *copy = *mail;
                blob_ref(copy->envelope);
                copy->arrives_at_ms = scene->world.now_ms;
                if (!scene->healed)
                        copy->arrives_at_ms += chance_below(chance, 8000);
        }
        blob_unref(mail->envelope);
}

/* One that has arrived, to the broker or back; the order is anybody's guess. */
static bool fetch(Scene *scene, bool to_broker, Mail *ret_mail)
{
        size_t first = scene->n_mail ? chance_below(&scene->chance, (unsigned)scene->n_mail) : 0;

        for (size_t i = 0; i < scene->n_mail; i++) {
                Mail *mail = &scene->mail[(first + i) % scene->n_mail];

                if (!mail->envelope == to_broker || mail->arrives_at_ms > scene->world.now_ms)
                        continue;
                *ret_mail = *mail;
                *mail = scene->mail[--scene->n_mail];
                return true;
        }
        return false;
}

/* ------------------------------------------------------------------ agents */

static bool agent_has_sent(const Agent *agent, uint64_t seq)
{
        for (size_t i = 0; i < N_SENT_MAX; i++)
                if (agent->sent[i] == seq)
                        return true;
        return false;
}

/* The latest state under a new seq: what got lost before does not matter any more. */
static void agent_send(Scene *scene, unsigned number, unsigned kind)
{
        Agent *agent = &scene->agents[number];
        Fact *fact = &agent->facts[kind];
        int64_t broker_now_ms = scene->world.now_ms;
        Update update;

        scene->world.now_ms += agent->offset_ms; /* as the agent sees it */
        update = world_counts(&scene->world, agent->party, agent->location, kind + 1, fact->truth);
        scene->world.now_ms = broker_now_ms;

        /* Where it had to go back with its seq, what it said ahead of time may still be accepted:
         * no seq may mean two things, or a receipt would be taken for another's. */
        while (agent_has_sent(agent, update.seq))
                update.seq = ++agent->party->seq;
        fact->sent_seq = update.seq;
        agent->sent[agent->n_sent++ % N_SENT_MAX] = update.seq;
        fact->retry_at_ms = broker_now_ms + RETRY_MS;
        post(scene,
             &(Mail){ .agent = number,
                      .envelope = world_update_envelope(&scene->world, agent->party, &update) });
}

static void agent_turn(Scene *scene, unsigned number)
{
        Chance *chance = &scene->chance;
        Agent *agent = &scene->agents[number];

        if (!scene->healed && chance_percent(chance, 1)) /* its clock jumps, perhaps too far */
                agent->offset_ms = (int64_t)chance_below(chance, 400000) - 200000;

        for (unsigned kind = 0; kind < N_KINDS; kind++) {
                Fact *fact = &agent->facts[kind];
                bool changed = !scene->healed && chance_percent(chance, 5);

                if (changed) {
                        fact->truth = (int32_t)chance_below(chance, 1000);
                        fact->receipted = false;
                }
                if (changed || (!fact->receipted && fact->retry_at_ms <= scene->world.now_ms))
                        agent_send(scene, number, kind);
        }
}

static void agent_receive(Scene *scene, const Mail *receipt)
{
        Agent *agent = &scene->agents[receipt->agent];

        agent->party->seq = MAX(agent->party->seq, receipt->floor);
        switch (receipt->code) {
        case 0:
                break;
        case PLEK_REFUSED_SEQ_AHEAD:
        case PLEK_REFUSED_SENT_AHEAD:
        case PLEK_REFUSED_TOO_LATE:
                agent->offset_ms = 0;
                agent->party->seq = receipt->floor;
                return;
        default:
                assert(receipt->code == PLEK_REFUSED_REPLAY);
                return;
        }

        for (unsigned kind = 0; kind < N_KINDS; kind++) {
                Fact *fact = &agent->facts[kind];

                if (fact->sent_seq != receipt->seq)
                        continue;
                fact->receipted = true;
                fact->receipted_seq = receipt->seq;
        }
}

/* ------------------------------------------------------------------ the broker */

/* With the process its sessions end, and what was on its way to agents with them. */
static void sessions_end(Scene *scene)
{
        size_t n_kept = 0;

        for (size_t i = 0; i < scene->n_mail; i++)
                if (scene->mail[i].envelope)
                        scene->mail[n_kept++] = scene->mail[i];
        scene->n_mail = n_kept;
}

static void broker_start_from(Scene *scene, size_t n_ledger)
{
        World *world = &scene->world;
        bool whole = n_ledger == world->n_ledger && scene->n_saved;

        sessions_end(scene);
        state_free(world->state);
        world->state = world_new_state(N_TOMBSTONES);
        if (whole)
                must(row_store_restore(&scene->rows, world->state));
        for (size_t i = whole ? scene->n_saved : 0; i < n_ledger; i++)
                must(state_apply(world->state, &world->ledger[i], &world->change));
}

static void broker_crash(Scene *scene)
{
        broker_start_from(scene, scene->world.n_ledger);
        world_open_epoch(&scene->world, true);
        scene->n_crashes++;
}

/* The disk is one from a while ago. What was signed since must not count, so the new epoch raises
 * every floor, and agents, who are told of it, state everything again. */
static void broker_roll_back(Scene *scene)
{
        World *world = &scene->world;
        size_t n_back = 1 + chance_below(&scene->chance, 50);
        size_t n_ledger = world->n_ledger - MIN(n_back, world->n_ledger - 2 - N_AGENTS);
        const LedgerEntry *last = &world->ledger[n_ledger - 1];

        broker_start_from(scene, n_ledger);
        while (world->n_ledger > n_ledger)
                blob_unref(world->ledger[--world->n_ledger].bytes);
        world->revision = last->revision;
        memcpy(world->head, last->head, DIGEST_BYTES);
        row_store_deinit(&scene->rows); /* the rows were on that disk, too */
        scene->n_saved = 0;

        world_open_epoch(world, false);
        for (unsigned agent = 0; agent < N_AGENTS; agent++)
                for (unsigned kind = 0; kind < N_KINDS; kind++) {
                        scene->agents[agent].facts[kind].receipted = false;
                        scene->agents[agent].facts[kind].receipted_seq = 0;
                }
        scene->n_rollbacks++;
}

static void broker_answer(Scene *scene, const unsigned *senders)
{
        for (size_t i = 0; i < scene->plan->n_outcomes; i++) {
                const PlanOutcome *outcome = &scene->plan->outcomes[i];

                scene->n_accepted += !outcome->refusal.code;
                scene->n_refused += outcome->refusal.code != 0;
                post(scene, &(Mail){ .agent = senders[outcome->candidate],
                                     .seq = outcome->seq,
                                     .floor = outcome->floor,
                                     .code = outcome->refusal.code });
        }
}

static void broker_save(Scene *scene)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;

        must(state_checkpoint(scene->world.state, &checkpoint));
        row_store_write(&scene->rows, checkpoint);
        scene->n_saved = scene->world.n_ledger;
}

/* A batch of what has come; the broker may die before it is durable, or before it has answered. */
static void broker_turn(Scene *scene)
{
        World *world = &scene->world;
        unsigned senders[N_MAIL_MAX],
                death = scene->healed ? 100 : chance_below(&scene->chance, 100);
        size_t n = 0;
        Mail mail;

        plan_reset(scene->plan, world->revision);
        arena_reset(world->arena);
        while (n < N_MAIL_MAX && fetch(scene, true, &mail)) {
                Update update;
                Candidate candidate = world_candidate(world, scene->agents[mail.agent].party,
                                                      mail.envelope, &update);

                admission_plan(world->state, &options, scene->plan, &candidate, n, world->now_ms);
                senders[n++] = mail.agent;
                blob_unref(mail.envelope);
                arena_reset(world->arena);
        }
        if (death == 0) {
                broker_crash(scene);
                return;
        }
        for (size_t i = 0; i < scene->plan->n_entries; i++)
                world_apply(world, ENTRY_UPDATE, blob_ref(scene->plan->entries[i].bytes));
        if (death == 1) {
                broker_crash(scene);
                return;
        }
        broker_answer(scene, senders);
        if (chance_percent(&scene->chance, 10))
                broker_save(scene);
        if (!scene->healed && chance_below(&scene->chance, 300) == 0)
                broker_roll_back(scene);
}

/* ------------------------------------------------------------------ what must hold */

static const Record *record_of(const Scene *scene, const Agent *agent, unsigned kind)
{
        RecordRef ref = { .report = UPDATE_COUNTS,
                          .care = kind + 1,
                          .patient_group = CODE_ABSENT,
                          .urgency = CODE_ABSENT };
        RecordKey key;

        record_key_make(&key, STATUS_ACTUAL, agent->party->id, agent->location, &ref);
        return picture_find(state_picture(scene->world.state), &key);
}

static void nothing_receipted_is_lost(const Scene *scene)
{
        for (unsigned number = 0; number < N_AGENTS; number++) {
                for (unsigned kind = 0; kind < N_KINDS; kind++) {
                        const Fact *fact = &scene->agents[number].facts[kind];
                        const Record *record = record_of(scene, &scene->agents[number], kind);

                        if (fact->receipted_seq)
                                assert(record && record->seq >= fact->receipted_seq);
                }
        }
}

static bool picture_is_the_truth(Scene *scene)
{
        for (unsigned number = 0; number < N_AGENTS; number++) {
                for (unsigned kind = 0; kind < N_KINDS; kind++) {
                        const Record *record = record_of(scene, &scene->agents[number], kind);
                        WireRefusal refusal;
                        Envelope envelope;
                        Update update;

                        if (!scene->agents[number].facts[kind].receipted || !record)
                                return false;
                        arena_reset(scene->world.arena);
                        arena_limit(scene->world.arena, ARENA_MESSAGE_BYTES);
                        must(envelope_parse(&envelope, record->envelope->bytes,
                                            record->envelope->n_bytes));
                        must(update_decode(&update, &refusal, scene->world.arena, envelope.body,
                                           envelope.n_body));
                        if (update.counts.value[COUNT_STAFFED] !=
                            scene->agents[number].facts[kind].truth)
                                return false;
                }
        }
        return picture_n_records(state_picture(scene->world.state)) == N_AGENTS * N_KINDS;
}

/* ------------------------------------------------------------------ all of it */

static void begin(Scene *scene)
{
        char id[16];

        world_start(&scene->world, N_TOMBSTONES);
        must(plan_new(&scene->plan));
        for (unsigned number = 0; number < N_AGENTS; number++) {
                Agent *agent = &scene->agents[number];

                snprintf(id, sizeof(id), "hospital-%u", number);
                snprintf(agent->location, sizeof(agent->location), "loc-%u", number);
                agent->party = world_add_party(&scene->world, id, agent->location,
                                               number % 2 ? "noord" : "zuid");
        }
}

static void tick(Scene *scene)
{
        Mail mail;

        scene->world.now_ms += TICK_MS;
        for (unsigned agent = 0; agent < N_AGENTS; agent++)
                agent_turn(scene, agent);
        broker_turn(scene);
        while (fetch(scene, false, &mail))
                agent_receive(scene, &mail);
        nothing_receipted_is_lost(scene);
}

static void end(Scene *scene)
{
        for (size_t i = 0; i < scene->n_mail; i++)
                blob_unref(scene->mail[i].envelope);
        row_store_deinit(&scene->rows);
        plan_free(scene->plan);
        world_deinit(&scene->world);
}

int main(int argc, char **argv)
{
        static Scene scene;
        size_t n_healing = 0;
        bool healed;

        scene.chance = chance_new(argc, argv);
        begin(&scene);
        for (size_t i = 0; i < N_TICKS; i++)
                tick(&scene);

        scene.healed = true;
        while (!(healed = picture_is_the_truth(&scene)) && n_healing < N_HEALING_MAX) {
                tick(&scene);
                n_healing++;
        }

        printf("%zu accepted, %zu refused, %zu lost, %zu crashes, %zu roll-backs; healed in %zu "
               "s\n",
               scene.n_accepted, scene.n_refused, scene.n_lost, scene.n_crashes, scene.n_rollbacks,
               n_healing);
        healed &= scene.n_accepted && scene.n_refused && scene.n_crashes && scene.n_rollbacks;
        end(&scene);
        return healed ? 0 : 1;
}
