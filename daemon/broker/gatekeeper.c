#include "broker/gatekeeper.h"

#include <string.h>

#include "broker/parts.h"

struct Guest {
        UT_hash_handle hh;
        KeyId user;
        uint8_t transport_key[KEY_BYTES];
};

/*
 * A key that has passed the gate, and where. Ending its connections also ends those that have not
 * said yet whose they are, so it is only done where there may be one. As many as were ever
 * enrolled.
 */
struct AdmittedKey {
        UT_hash_handle hh;
        KeyId user;
        unsigned endpoints;
};

typedef struct NotedParty {
        ListLink link;
        char party[PARTY_MAX + 1];
} NotedParty;

/* ------------------------------------------------------------------ judging */

static GateVerdict verdict_of(uint32_t why)
{
        if (!why)
                return GATE_ADMIT;
        return why == PLEK_REFUSED_REVOKED ? GATE_NEVER : GATE_LATER;
}

static Judged judge_query(Judged judged, uint32_t may_read)
{
        switch (may_read) {
        case 0:
        case PLEK_REFUSED_ROLE: /* reads nothing, but has other things to ask */
                judged.why = 0;
                judged.verdict = GATE_ADMIT;
                return judged;
        case PLEK_REFUSED_EXPIRED:
        case PLEK_REFUSED_NOT_ENROLLED:
                judged.why = may_read;
                judged.is_guest = true;
                judged.verdict = GATE_ADMIT;
                return judged;
        default:
                judged.why = may_read;
                judged.verdict = verdict_of(may_read);
                return judged;
        }
}

Judged gatekeeper_judge(const Registry *registry, EndpointKind endpoint, KeyId user, int64_t now_ms,
                        int64_t grace_ms)
{
        Judged judged = {};
        Audience audience = 0;
        uint32_t may_read;

        judged.is_known = registry_find_transport(registry, user, &judged.owner);
        may_read = judged.is_known ? owner_may_read(&judged.owner, now_ms, grace_ms, &audience)
                                   : PLEK_REFUSED_NOT_ENROLLED;
        switch (endpoint) {
        case ENDPOINT_QUERY:
                return judge_query(judged, may_read);
        case ENDPOINT_UPDATES:
                judged.why = judged.is_known ? owner_may_publish(&judged.owner, now_ms)
                                             : PLEK_REFUSED_NOT_ENROLLED;
                if (judged.why == PLEK_REFUSED_ROLE &&
                    party_has_role(judged.owner.party, ROLE_RELAY))
                        judged.why = 0;
                break;
        case ENDPOINT_COORD:
                judged.why = may_read;
                if (!may_read && audience < AUDIENCE_COORD)
                        judged.why = PLEK_REFUSED_ROLE;
                break;
        case ENDPOINT_CARE:
                judged.why = may_read;
                break;
        case ENDPOINT_CONTROL:
        case N_ENDPOINTS:
                judged.why = PLEK_REFUSED_NOT_ALLOWED;
                break;
        }
        judged.verdict = verdict_of(judged.why);
        return judged;
}

/* ------------------------------------------------------------------ guests */

static void remember_guest(Gatekeeper *gatekeeper, const GateRequest *request)
{
        Guest *guest;

        HASH_FIND(hh, gatekeeper->remembered, &request->user, sizeof(request->user), guest);
        if (guest)
                return;
        if (HASH_COUNT(gatekeeper->remembered) >= GUESTS_REMEMBERED_MAX) {
                guest = gatekeeper->remembered; /* the oldest */
                HASH_DEL(gatekeeper->remembered, guest);
                free(guest);
        }

        guest = calloc(1, sizeof(*guest));
        if (!guest)
                return;
        guest->user = request->user;
        memcpy(guest->transport_key, request->transport_key, KEY_BYTES);
        HASH_ADD(hh, gatekeeper->remembered, user, sizeof(guest->user), guest);
        if (!guest->hh.tbl)
                free(guest);
}

const uint8_t *gatekeeper_guest_key(const Gatekeeper *gatekeeper, KeyId user)
{
        Guest *guest;

        HASH_FIND(hh, gatekeeper->remembered, &user, sizeof(user), guest);
        return guest ? guest->transport_key : NULL;
}

/* Connections that have not said anything yet may all be guests. */
static bool has_room_for_guest(Gatekeeper *gatekeeper)
{
        Broker *broker = gatekeeper->broker;
        size_t n_silent = peers_n_connections(broker->peers, ENDPOINT_QUERY);

        n_silent -= MIN(n_silent, broker->sessions.n_by_endpoint[ENDPOINT_QUERY]);
        return broker->sessions.n_guests < broker->config->max_guests &&
               n_silent <= broker->config->max_guests + broker->n_connections_max / 4 &&
               bucket_draw(&gatekeeper->guests, &broker->guest_rate, 1, loop_now_ns(broker->loop));
}

/* ------------------------------------------------------------------ at the gate */

static bool remember_admitted(Gatekeeper *gatekeeper, KeyId user, EndpointKind endpoint)
{
        AdmittedKey *key;

        HASH_FIND(hh, gatekeeper->admitted, &user, sizeof(user), key);
        if (!key) {
                key = calloc(1, sizeof(*key));
                if (!key)
                        return false;
                key->user = user;
                HASH_ADD(hh, gatekeeper->admitted, user, sizeof(key->user), key);
                if (!key->hh.tbl) {
                        free(key);
                        return false;
                }
        }
        key->endpoints |= 1u << endpoint;
        return true;
}

bool gatekeeper_adopt(Gatekeeper *gatekeeper, KeyId user)
{
        return remember_admitted(gatekeeper, user, ENDPOINT_QUERY);
}

static bool has_room_for_key(Broker *broker, KeyId user)
{
        return peers_n_connections_of(broker->peers, &user) < broker->config->connections_per_key;
}

static GateVerdict decide(Gatekeeper *gatekeeper, const GateRequest *request, EndpointKind endpoint)
{
        Broker *broker = gatekeeper->broker;
        Judged judged = gatekeeper_judge(state_registry(broker->state), endpoint, request->user,
                                         broker_clock_now_ms(&broker->clock),
                                         (int64_t)broker->config->grace_ms);

        if (judged.verdict != GATE_ADMIT)
                return judged.verdict;
        if (!has_room_for_key(broker, request->user)) {
                broker->counters.n_keys_refused++;
                if (judged.is_known)
                        log_limited(broker->log, broker_clock_now_ms(&broker->clock),
                                    "has as many connections as `connections-per-key` allows",
                                    judged.owner.party->id);
                return GATE_LATER;
        }
        if (!judged.is_guest)
                return remember_admitted(gatekeeper, request->user, endpoint) ? GATE_ADMIT
                                                                              : GATE_LATER;
        if (!has_room_for_guest(gatekeeper)) {
                broker->counters.n_guests_refused++;
                return GATE_LATER;
        }
        remember_guest(gatekeeper, request);
        return GATE_ADMIT;
}

GateVerdict gatekeeper_decide(void *arg, const GateRequest *request)
{
        Gatekeeper *gatekeeper = arg;
        Peers *peers = gatekeeper->broker->peers;
        int endpoint = endpoint_of_domain(request->domain);
        GateVerdict verdict;

        if (endpoint < 0)
                return GATE_LATER;
        verdict = decide(gatekeeper, request, (EndpointKind)endpoint);
        if (!peers_at_gate(peers, (EndpointKind)endpoint, request->address,
                           verdict == GATE_ADMIT ? &request->user : NULL) &&
            verdict == GATE_ADMIT)
                return GATE_LATER;
        return verdict;
}

/* ------------------------------------------------------------------ who may stay */

/* An agent whose enrolment has expired is told so for each update until its grace has ended. */
static bool may_stay(Broker *broker, EndpointKind endpoint, KeyId user)
{
        const Registry *registry = state_registry(broker->state);
        int64_t now_ms = broker_clock_now_ms(&broker->clock);
        int64_t grace_ms = (int64_t)broker->config->grace_ms;
        Judged judged = gatekeeper_judge(registry, endpoint, user, now_ms, grace_ms);

        if (judged.verdict == GATE_ADMIT && !judged.is_guest)
                return true;
        if (endpoint != ENDPOINT_UPDATES || judged.why != PLEK_REFUSED_EXPIRED)
                return false;
        judged = gatekeeper_judge(registry, ENDPOINT_QUERY, user, now_ms, grace_ms);
        return judged.verdict == GATE_ADMIT && !judged.is_guest;
}

static void cut_key(Broker *broker, const uint8_t transport[KEY_BYTES])
{
        KeyId user = key_id_of(transport);
        unsigned mask = 0;
        AdmittedKey *key;

        HASH_FIND(hh, broker->gatekeeper.admitted, &user, sizeof(user), key);
        if (!key)
                return;
        for (EndpointKind kind = 0; kind < N_ENDPOINTS; kind++)
                if (key->endpoints & 1u << kind && !may_stay(broker, kind, user))
                        mask |= 1u << kind;
        if (!mask)
                return;
        key->endpoints &= ~mask;
        broker->counters.n_cut += peers_cut(broker->peers, &user, mask);
}

/* All keys that it ever had: one that rotated out goes, too. */
static void cut_party(Broker *broker, const Party *party)
{
        for (const EnrolmentVersion *version = party->newest; version; version = version->older)
                for (size_t i = 0; i < version->enrolment->n_keys; i++)
                        cut_key(broker, version->enrolment->keys[i].transport);
}

/* ------------------------------------------------------------------ changes of rights */

static int party_of_entry(Broker *broker, const LedgerEntry *entry, const char **ret_party)
{
        Enrolment enrolment;
        Suspension suspension;
        Envelope envelope;
        int r;

        arena_reset(broker->arena);
        arena_limit(broker->arena, ARENA_MESSAGE_BYTES * 4);
        if (entry->kind == ENTRY_SUSPENSION) {
                r = suspension_decode(&suspension, broker->arena, entry->bytes->bytes,
                                      entry->bytes->n_bytes);
                *ret_party = suspension.party;
                return err_fold(r);
        }
        r = envelope_parse(&envelope, entry->bytes->bytes, entry->bytes->n_bytes);
        if (!r)
                r = enrolment_decode(&enrolment, NULL, broker->arena, envelope.body,
                                     envelope.n_body);
        *ret_party = enrolment.party;
        return err_fold(r);
}

int gatekeeper_note(Gatekeeper *gatekeeper, const LedgerEntry *entry)
{
        NotedParty *noted;
        const char *party;
        int r;

        r = party_of_entry(gatekeeper->broker, entry, &party);
        if (r)
                return r;
        noted = calloc(1, sizeof(*noted));
        if (!noted)
                return err_raise(-ENOMEM);
        strncpy(noted->party, party, PARTY_MAX);
        list_append(&gatekeeper->noted, &noted->link);
        return 0;
}

/* When some right ends next, by time alone. */
static int64_t next_expiry(const Broker *broker)
{
        int64_t now_ms = broker_clock_now_ms(&broker->clock);
        int64_t next_ms = INT64_MAX;
        Party *party = NULL;

        while ((party = registry_next(state_registry(broker->state), party))) {
                int64_t until_ms = party->newest->enrolment->valid_until_ms;
                int64_t end_ms;

                if (until_ms > now_ms)
                        next_ms = MIN(next_ms, until_ms);
                else if (!__builtin_add_overflow(until_ms, (int64_t)broker->config->grace_ms,
                                                 &end_ms) &&
                         end_ms > now_ms)
                        next_ms = MIN(next_ms, end_ms);
        }
        return next_ms;
}

/* How long it took from when the commit was handed to the disk until they were cut. */
static void measure_cut(Broker *broker)
{
        int64_t took_ns = loop_clock_ns() - broker->pipeline.batch.submitted_ns;

        broker->counters.longest_cut_ns = MAX(broker->counters.longest_cut_ns, took_ns);
}

int gatekeeper_rights_changed(Gatekeeper *gatekeeper)
{
        Broker *broker = gatekeeper->broker;

        list_for_each (link, &gatekeeper->noted) {
                NotedParty *noted = list_entry(link, NotedParty, link);
                Party *party = registry_find(state_registry(broker->state), noted->party);

                if (party) {
                        cut_party(broker, party);
                        gatekeeper->next_expiry_ms = MIN(gatekeeper->next_expiry_ms,
                                                         party->newest->enrolment->valid_until_ms);
                }
                list_unlink(link);
                free(noted);
        }
        measure_cut(broker);
        return 0;
}

void gatekeeper_tick(Gatekeeper *gatekeeper)
{
        Broker *broker = gatekeeper->broker;
        Party *party = NULL;

        /* A clock that is not believed ends nobody's rights. */
        if (!broker_clock_is_sane(&broker->clock) ||
            broker_clock_now_ms(&broker->clock) < gatekeeper->next_expiry_ms)
                return;

        while ((party = registry_next(state_registry(broker->state), party)))
                if (party->newest->enrolment->valid_until_ms <= broker_clock_now_ms(&broker->clock))
                        cut_party(broker, party);
        gatekeeper->next_expiry_ms = next_expiry(broker);
}

int gatekeeper_init(Gatekeeper *gatekeeper, Broker *broker)
{
        *gatekeeper = (Gatekeeper){ .broker = broker, .next_expiry_ms = INT64_MIN };
        list_init(&gatekeeper->noted);
        return 0;
}

void gatekeeper_deinit(Gatekeeper *gatekeeper)
{
        AdmittedKey *key, *next_key;
        Guest *guest, *next;

        if (!gatekeeper->broker)
                return;
        HASH_ITER (hh, gatekeeper->remembered, guest, next) {
                HASH_DEL(gatekeeper->remembered, guest);
                free(guest);
        }
        HASH_ITER (hh, gatekeeper->admitted, key, next_key) {
                HASH_DEL(gatekeeper->admitted, key);
                free(key);
        }
        list_for_each (link, &gatekeeper->noted)
                free(list_entry(link, NotedParty, link));
        *gatekeeper = (Gatekeeper){};
}
