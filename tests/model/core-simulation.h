#pragma once

/*
 * What the parties of the core's model say, and what the authority says about them
 */

#include "../core-rows.h"
#include "chance.h"
#include "core-model.h"

enum {
        N_FLYING_MAX = 64,
        N_TOMBSTONES = 12,
        N_CODES = 32,
};

typedef struct Simulation {
        Chance chance;
        World world;
        Model model;
        SecretKey *keys[M_PARTIES + 1][M_KEYS];
        Blob *enrolments[M_PARTIES]; /* in force; borrowed from the ledger */
        uint64_t instances[M_PARTIES], seqs[M_PARTIES];

        Message flying[N_FLYING_MAX];
        size_t n_flying;

        Plan *plan;
        RowStore rows;
        size_t n_saved; /* of the ledger, in rows */

        size_t n_codes[N_CODES], n_repeats, n_conflicts, n_restarts, n_failed_checkpoints;
} Simulation;

/* ------------------------------------------------------------------ saying something */

static inline Update update_of(const Message *message)
{
        Update update = { .party = m_parties[message->party],
                          .instance = message->instance,
                          .seq = message->seq,
                          .sent_at_ms = message->sent_at_ms,
                          .not_after_ms = message->not_after_ms,
                          .status = STATUS_ACTUAL,
                          .audience = message->audience,
                          .location = m_locations[message->location],
                          .observed_at_ms = message->sent_at_ms,
                          .kind = message->kind };
        RecordRef ref = { .report = message->report == M_DOOR ? UPDATE_DOOR : UPDATE_COUNTS,
                          .care = message->report == M_DOOR ? CODE_ABSENT : message->report + 1,
                          .patient_group = CODE_ABSENT,
                          .urgency = CODE_ABSENT };

        switch (message->kind) {
        case UPDATE_COUNTS:
                update.counts.care = ref.care;
                update.counts.present[COUNT_STAFFED] = true;
                update.counts.value[COUNT_STAFFED] = (int32_t)message->content;
                break;
        case UPDATE_DOOR:
                update.door = (Door){ .state = message->content,
                                      .care = CODE_ABSENT,
                                      .patient_group = CODE_ABSENT,
                                      .urgency = CODE_ABSENT,
                                      .starts_at_ms = TIME_ABSENT,
                                      .ends_at_ms = TIME_ABSENT,
                                      .review_at_ms = TIME_ABSENT,
                                      .on_expiry = PLEK_ON_EXPIRY_KEEP };
                break;
        case UPDATE_AFFIRM:
                update.affirm.lane = message->report == M_DOOR ? LANE_STATUS : LANE_COUNTS;
                update.affirm.up_to_seq = message->up_to_seq;
                break;
        default:
                update.withdraw = ref;
        }
        return update;
}

static inline void sign(Simulation *simulation, Message *message)
{
        NetworkId network = simulation->world.network;
        Update update = update_of(message);
        WireRefusal refusal;
        Blob *body = NULL;

        network.bytes[0] ^= message->strange_network;
        must(update_encode(&body, &refusal, &update));
        must(envelope_sign(&message->envelope, ENVELOPE_UPDATE, &network,
                           simulation->keys[message->signer][message->signer_key], body->bytes,
                           body->n_bytes));
        blob_unref(body);
}

static inline unsigned other_than(Chance *chance, unsigned party)
{
        return (party + 1 + chance_below(chance, M_PARTIES)) % (M_PARTIES + 1);
}

/* Its clock is up to a minute off, and now and then far ahead. */
static inline void stamp(Simulation *simulation, Message *message)
{
        Chance *chance = &simulation->chance;
        uint64_t *seq = &simulation->seqs[message->party];
        int64_t off_ms = (int64_t)chance_below(chance, 120000) - 60000;
        int64_t clock_ms = simulation->world.now_ms + off_ms;

        if (chance_percent(chance, 3))
                message->seq = (uint64_t)(clock_ms + 300000) * 1000;
        else if (*seq && chance_percent(chance, 5))
                message->seq = *seq - MIN(*seq - 1, chance_below(chance, 5));
        else
                message->seq = *seq = MAX(*seq + 1, (uint64_t)clock_ms * 1000);
        message->sent_at_ms = clock_ms + (chance_percent(chance, 3) ? 200000 : 0);
        message->not_after_ms = message->sent_at_ms + 1 + chance_below(chance, 300000);
        message->up_to_seq = message->seq - 1 - chance_below(chance, 20) * UINT64_C(1000000);
}

static inline Message any_message(Simulation *simulation)
{
        Chance *chance = &simulation->chance;
        unsigned party = chance_below(chance, M_PARTIES);
        Message message = {
                .signer = party,
                .signer_key = chance_percent(chance, 15),
                .carrier = party,
                .party = party,
                .strange_network = chance_percent(chance, 2),
                .location = chance_below(chance, M_LOCATIONS),
                .report = chance_below(chance, M_REPORTS),
                .audience = chance_percent(chance, 80) ? AUDIENCE_CARE : AUDIENCE_COORD,
        };

        if (chance_percent(chance, 2))
                simulation->instances[party] = chance_draw(chance);
        message.instance = simulation->instances[party];
        if (chance_percent(chance, 3))
                message.signer = other_than(chance, party);
        if (chance_percent(chance, 10))
                message.carrier = chance_percent(chance, 60) ? M_RELAY : other_than(chance, party);

        message.kind = message.report == M_DOOR ? UPDATE_DOOR : UPDATE_COUNTS;
        message.content = 1 + chance_below(chance, message.report == M_DOOR ? 4 : 3);
        if (chance_percent(chance, 25))
                message.kind = UPDATE_AFFIRM;
        else if (chance_percent(chance, 15))
                message.kind = UPDATE_WITHDRAW;

        stamp(simulation, &message);
        sign(simulation, &message);
        return message;
}

/* ------------------------------------------------------------------ enrolments */

static inline ModelParty any_enrolment(Simulation *simulation, unsigned party)
{
        Chance *chance = &simulation->chance;
        int64_t now_ms = simulation->world.now_ms;
        ModelParty enrolment = {
                .serial = simulation->model.parties[party].serial + 1 + chance_below(chance, 2),
                .roles = chance_percent(chance, 95) ? ROLE_BIT(ROLE_AGENT) : 0,
                .valid_from_ms = now_ms - 1000,
                .valid_until_ms = now_ms + 1 + chance_below(chance, 7200000),
        };

        if (chance_percent(chance, 5))
                enrolment.valid_from_ms = now_ms + 20000;
        enrolment.valid_until_ms = MAX(enrolment.valid_until_ms, enrolment.valid_from_ms + 1);
        if (chance_percent(chance, 5))
                enrolment.roles = ROLE_BIT(ROLE_SUBSCRIBER);
        if (party == M_RELAY && enrolment.roles)
                enrolment.roles |= ROLE_BIT(ROLE_RELAY);
        enrolment.key_listed[0] = chance_percent(chance, 96);
        enrolment.key_listed[1] = !enrolment.key_listed[0] || chance_percent(chance, 50);
        for (unsigned location = 0; location < M_LOCATIONS; location++)
                enrolment.region[location] =
                        enrolment.roles && chance_percent(chance, 85)
                                ? (int)chance_below(chance, N_ELEMENTS(m_regions))
                                : -1;
        return enrolment;
}

static inline Blob *enrolment_envelope(Simulation *simulation, unsigned party,
                                       const ModelParty *model)
{
        LocationGrant grants[M_LOCATIONS];
        Enrolment enrolment = { .party = m_parties[party],
                                .serial = model->serial,
                                .roles = model->roles,
                                .locations = grants,
                                .audience = model->roles ? AUDIENCE_CARE : 0,
                                .valid_from_ms = model->valid_from_ms,
                                .valid_until_ms = model->valid_until_ms,
                                .cause = model->roles ? NULL : "left",
                                .distrusted_since_ms = TIME_ABSENT };

        for (unsigned key = 0; key < M_KEYS; key++)
                if (model->key_listed[key])
                        enrolment.keys[enrolment.n_keys++] =
                                *secret_key_public(simulation->keys[party][key]);
        for (unsigned location = 0; location < M_LOCATIONS; location++)
                if (model->region[location] >= 0)
                        grants[enrolment.n_locations++] =
                                (LocationGrant){ .location = m_locations[location],
                                                 .region = m_regions[model->region[location]] };
        return world_enrolment_envelope(&simulation->world, &enrolment);
}
