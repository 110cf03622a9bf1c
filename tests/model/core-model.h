#pragma once

/*
 * What the core should do, said slowly: arrays that are searched from end to end, and the rules of
 * admission one after the other, each as PROTOCOL.md has it
 */

#include "../core-world.h"

enum {
        M_PARTIES = 4, /* the last one is a relay, too */
        M_LOCATIONS = 4,
        M_REPORTS = 4, /* counts of three cares, and the location's door */
        M_DOOR = M_REPORTS - 1,
        M_KEYS = 2, /* of a party, while it rotates */
        M_RELAY = M_PARTIES - 1,
        M_NOBODY = M_PARTIES, /* a key that is nobody's */
        M_QUOTA = 9,
};

static const char *const m_parties[] = { "alpha", "beta", "gamma", "relay", "nobody" };
static const char *const m_locations[] = { "north", "south", "east", "west" };
static const char *const m_regions[] = { "oost", "midden", "zuid" };

/* An update on its way: what it says, who signed it, what carries it. */
typedef struct Message {
        Blob *envelope;
        unsigned signer, signer_key; /* whose key signed */
        unsigned carrier;            /* whose connection brings it */
        bool strange_network;
        unsigned party; /* whom it says it is from */
        uint64_t instance, seq;
        int64_t sent_at_ms, not_after_ms;
        unsigned location, report;
        UpdateKind kind;
        Audience audience;
        unsigned content;
        uint64_t up_to_seq;
} Message;

typedef struct ModelRecord {
        bool held;
        unsigned content, region;
        Audience audience;
        uint64_t instance, seq;
        uint64_t revision, changed, affirmed;
        int64_t since_ms;
} ModelRecord;

typedef struct ModelParty {
        uint64_t serial; /* 0: never enrolled */
        uint64_t enrolled_at;
        bool revoked, suspended;
        bool key_listed[M_KEYS], key_known[M_KEYS];
        uint32_t roles;
        int64_t valid_from_ms, valid_until_ms;
        int region[M_LOCATIONS]; /* -1: not its own */

        uint64_t floor, revision;
        Blob *last; /* accepted; borrowed from the ledger */
        size_t n_planned_new;
} ModelParty;

typedef struct Model {
        ModelParty parties[M_PARTIES];
        ModelRecord records[M_PARTIES][M_LOCATIONS][M_REPORTS];
        uint64_t epoch_floor;
        bool epoch_unconfirmed;
} Model;

typedef struct Verdict {
        uint32_t code; /* 0: accepted */
        bool repeat;
        uint64_t revision; /* of a repeat */
} Verdict;

/* ------------------------------------------------------------------ judging */

static inline uint32_t model_rights(const ModelParty *party, bool key_listed, int64_t now_ms)
{
        if (party->revoked)
                return PLEK_REFUSED_REVOKED;
        if (!key_listed)
                return PLEK_REFUSED_NOT_ENROLLED;
        if (party->suspended)
                return PLEK_REFUSED_SUSPENDED;
        if (now_ms < party->valid_from_ms || now_ms >= party->valid_until_ms)
                return PLEK_REFUSED_EXPIRED;
        return party->roles & ROLE_BIT(ROLE_AGENT) ? 0 : PLEK_REFUSED_ROLE;
}

static inline uint32_t model_judge_origin(const Model *model, const Message *message,
                                          int64_t now_ms)
{
        const ModelParty *signer, *carrier;
        bool is_relay;
        uint32_t code;

        if (message->strange_network)
                return PLEK_REFUSED_NETWORK;
        if (message->signer == M_NOBODY)
                return PLEK_REFUSED_NOT_ENROLLED;
        signer = &model->parties[message->signer];
        if (!signer->key_known[message->signer_key])
                return PLEK_REFUSED_NOT_ENROLLED;
        if (message->signer != message->party)
                return PLEK_REFUSED_PARTY;
        code = model_rights(signer, signer->key_listed[message->signer_key], now_ms);
        if (code)
                return code;

        /* connections are made with the first key */
        if (message->carrier == M_NOBODY)
                return PLEK_REFUSED_NOT_ENROLLED;
        carrier = &model->parties[message->carrier];
        if (!carrier->key_known[0])
                return PLEK_REFUSED_NOT_ENROLLED;
        is_relay = carrier->roles & ROLE_BIT(ROLE_RELAY);
        if (carrier != signer && !is_relay)
                return PLEK_REFUSED_PARTY;
        code = model_rights(carrier, carrier->key_listed[0], now_ms);
        if (code && !(code == PLEK_REFUSED_ROLE && is_relay))
                return code;

        return signer->region[message->location] < 0 ? PLEK_REFUSED_LOCATION : 0;
}

static inline uint64_t model_floor(const Model *model, unsigned party)
{
        return MAX(model->parties[party].floor, model->epoch_floor);
}

static inline size_t model_n_records(const Model *model, unsigned party)
{
        size_t n = 0;

        for (unsigned location = 0; location < M_LOCATIONS; location++)
                for (unsigned report = 0; report < M_REPORTS; report++)
                        n += model->records[party][location][report].held;
        return n;
}

static inline bool is_report(const Message *message)
{
        return message->kind == UPDATE_COUNTS || message->kind == UPDATE_DOOR;
}

/* @committed has what is held for certain, @model what the batch has planned beside. */
static inline bool makes_record(const Model *committed, const Message *message)
{
        return is_report(message) &&
               !committed->records[message->party][message->location][message->report].held;
}

static inline Verdict model_judge(const Model *committed, const Model *model,
                                  const Message *message, int64_t now_ms)
{
        const ModelParty *party = &model->parties[message->party];
        int64_t ahead_ms = now_ms + WORLD_SKEW_MS;
        Verdict verdict = { 0 };

        verdict.code = model_judge_origin(committed, message, now_ms);
        if (verdict.code)
                return verdict;

        if (party->last && party->last->n_bytes == message->envelope->n_bytes &&
            memcmp(party->last->bytes, message->envelope->bytes, party->last->n_bytes) == 0) {
                verdict.repeat = true;
                verdict.revision = party->revision;
        } else if (message->seq <= model_floor(model, message->party))
                verdict.code = PLEK_REFUSED_REPLAY;
        else if ((int64_t)(message->seq / 1000) > ahead_ms &&
                 ((int64_t)(model_floor(model, message->party) / 1000) <= ahead_ms ||
                  message->seq > model_floor(model, message->party) + 1000 * 1000))
                verdict.code = PLEK_REFUSED_SEQ_AHEAD;
        else if (message->sent_at_ms > ahead_ms)
                verdict.code = PLEK_REFUSED_SENT_AHEAD;
        else if (message->not_after_ms < now_ms)
                verdict.code = PLEK_REFUSED_TOO_LATE;
        else if (message->kind == UPDATE_DOOR && message->content == PLEK_DOOR_CLOSED &&
                 party->region[message->location] == 0)
                verdict.code = PLEK_REFUSED_POLICY; /* the first region forbids it */
        else if (makes_record(committed, message) &&
                 model_n_records(committed, message->party) + party->n_planned_new >= M_QUOTA)
                verdict.code = PLEK_REFUSED_QUOTA;
        return verdict;
}

/* ------------------------------------------------------------------ applying */

static inline void model_report(Model *model, const Message *message, uint64_t revision,
                                int64_t now_ms)
{
        ModelRecord *record = &model->records[message->party][message->location][message->report];
        bool restated = record->held && record->content == message->content &&
                        record->audience == message->audience;

        *record = (ModelRecord){
                .held = true,
                .content = message->content,
                .region = (unsigned)model->parties[message->party].region[message->location],
                .audience = message->audience,
                .instance = message->instance,
                .seq = message->seq,
                .revision = revision,
                .changed = revision,
                .since_ms = restated ? record->since_ms : now_ms,
        };
}

static inline void model_affirm(Model *model, const Message *message, uint64_t revision)
{
        for (unsigned report = 0; report < M_REPORTS; report++) {
                ModelRecord *record = &model->records[message->party][message->location][report];

                if (!record->held || (report == M_DOOR) != (message->report == M_DOOR) ||
                    record->audience != message->audience ||
                    record->instance != message->instance || record->seq > message->up_to_seq)
                        continue;
                record->affirmed = record->changed = revision;
        }
}

static inline void model_apply(Model *model, const Message *message, uint64_t revision,
                               int64_t now_ms)
{
        ModelParty *party = &model->parties[message->party];

        if (is_report(message))
                model_report(model, message, revision, now_ms);
        else if (message->kind == UPDATE_AFFIRM)
                model_affirm(model, message, revision);
        else
                model->records[message->party][message->location][message->report].held = false;
        party->floor = message->seq;
        party->revision = revision;
        party->last = message->envelope;
}

/* What is no longer listed goes, what is listed elsewhere moves; a revocation does neither. */
static inline void model_enrol(Model *model, unsigned number, const ModelParty *enrolment,
                               uint64_t revision)
{
        ModelParty *party = &model->parties[number];

        party->serial = enrolment->serial;
        party->enrolled_at = revision;
        party->roles = enrolment->roles;
        party->revoked = !enrolment->roles;
        party->valid_from_ms = enrolment->valid_from_ms;
        party->valid_until_ms = enrolment->valid_until_ms;
        for (unsigned key = 0; key < M_KEYS; key++) {
                party->key_listed[key] = enrolment->key_listed[key];
                party->key_known[key] |= enrolment->key_listed[key];
        }
        memcpy(party->region, enrolment->region, sizeof(party->region));
        if (party->revoked)
                return;

        for (unsigned location = 0; location < M_LOCATIONS; location++) {
                for (unsigned report = 0; report < M_REPORTS; report++) {
                        ModelRecord *record = &model->records[number][location][report];

                        if (!record->held || (int)record->region == party->region[location])
                                continue;
                        record->held = party->region[location] >= 0;
                        record->region = (unsigned)party->region[location];
                        record->changed = revision;
                }
        }
}
