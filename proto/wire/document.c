#include "wire/document.h"

#include <stdio.h>
#include <string.h>

#include "internal/endian.h"
#include "wire/grants.h"

enum {
        NAME_MAX_BYTES = 128, /* names, titles, causes, reasons */
        BY_MAX_BYTES = 64,
        REPEATED_MAX = ENROLMENT_LOCATIONS_MAX + 64,
};

/*
 * What is wrong with a document is one sentence, so the functions below return it, or NULL. This
 * is what makes a result of it.
 */
static int answer(const char **ret_text, const char *fault)
{
        if (!fault)
                return 0;
        if (ret_text)
                *ret_text = fault;
        return DOCUMENT_E_MALFORMED;
}

static const char *unpack(void *ret_pb, const ProtobufCMessageDescriptor *type, Arena *arena,
                          const uint8_t *body, size_t n_body)
{
        const size_t n_text = 2 * PB_FIELD_MAX;
        PbFault fault;
        char *text;

        if (!pb_unpack(ret_pb, &fault, type, arena, body, n_body, REPEATED_MAX))
                return NULL;
        text = fault.field[0] ? arena_alloc(arena, n_text) : NULL;
        if (!text)
                return fault.text;
        (void)snprintf(text, n_text, "%s: %s", fault.field, fault.text);
        return text;
}

/* ------------------------------------------------------------------ enrolment */

static const char *take_rights(Enrolment *enrolment, const Plek__V1__Enrolment *pb, Arena *arena)
{
        const char *fault;

        fault = take_roles(&enrolment->roles, pb->roles, pb->n_roles);
        if (fault)
                return fault;
        if (pb->has_audience && pb->audience != AUDIENCE_CARE && pb->audience != AUDIENCE_COORD)
                return "an audience that is neither CARE nor COORD";
        if (enrolment->roles && (pb->cause || pb->has_distrusted_since_ms))
                return "a cause or a time of distrust, which only a revocation has";

        enrolment->audience = (Audience)(pb->has_audience ? pb->audience : 0);
        enrolment->n_locations = pb->n_locations;
        return take_grants(&enrolment->locations, arena, pb->locations, pb->n_locations);
}

static const char *take_validity(Enrolment *enrolment, const Plek__V1__Enrolment *pb)
{
        if (!time_is_valid(pb->valid_from_ms) || !time_is_valid(pb->valid_until_ms) ||
            pb->valid_until_ms <= pb->valid_from_ms)
                return "a validity that ends before it begins, or not between 1970 and 9999";
        if (pb->has_distrusted_since_ms && !time_is_valid(pb->distrusted_since_ms))
                return "a time of distrust that is not between 1970 and 9999";

        enrolment->valid_from_ms = pb->valid_from_ms;
        enrolment->valid_until_ms = pb->valid_until_ms;
        enrolment->distrusted_since_ms =
                pb->has_distrusted_since_ms ? pb->distrusted_since_ms : TIME_ABSENT;
        return NULL;
}

static const char *take_enrolment(Enrolment *enrolment, Arena *arena, const uint8_t *body,
                                  size_t n_body)
{
        Plek__V1__Enrolment *pb;
        const char *fault;

        fault = unpack(&pb, &plek__v1__enrolment__descriptor, arena, body, n_body);
        if (fault)
                return fault;
        if (!party_is_valid(pb->party))
                return "a party that is not 1 to 64 of a-z 0-9 . -";
        if (!pb->serial)
                return "serial 0; serials start at 1";
        if (!pb_text_fits(pb->name, NAME_MAX_BYTES) || !pb_text_fits(pb->cause, NAME_MAX_BYTES))
                return "a name or cause of more than 128 bytes";
        if (!pb->n_keys || pb->n_keys > ENROLMENT_KEYS_MAX)
                return "no key, or more than two";
        for (size_t i = 0; i < pb->n_keys; i++) {
                fault = take_keys(&enrolment->keys[i], pb->keys[i]);
                if (fault)
                        return fault;
        }

        enrolment->party = pb->party;
        enrolment->serial = pb->serial;
        enrolment->name = pb->name;
        enrolment->n_keys = pb->n_keys;
        enrolment->cause = pb->cause;
        fault = take_rights(enrolment, pb, arena);
        return fault ? fault : take_validity(enrolment, pb);
}

int enrolment_decode(Enrolment *ret, const char **ret_text, Arena *arena, const uint8_t *body,
                     size_t n_body)
{
        memset(ret, 0, sizeof(*ret));
        return answer(ret_text, take_enrolment(ret, arena, body, n_body));
}

/* ------------------------------------------------------------------ region card */

static const char *take_endpoint(const char **ret_endpoint, const char *endpoint)
{
        size_t n_endpoint = strlen(endpoint);

        if ((strncmp(endpoint, "tcp://", 6) && strncmp(endpoint, "ipc://", 6)) || n_endpoint <= 6 ||
            n_endpoint > ENDPOINT_MAX || strpbrk(endpoint, " *"))
                return "an endpoint that is not tcp://host:port, at most 256 bytes";
        *ret_endpoint = endpoint;
        return NULL;
}

static const char *take_card_keys(RegionCard *card, const Plek__V1__RegionCard *pb)
{
        const char *fault;

        if (!pb->n_authority || pb->n_authority > CARD_AUTHORITIES_MAX)
                return "no key of the authority, or more than two";
        if (!pb->n_brokers || pb->n_brokers > CARD_BROKERS_MAX)
                return "no key of a broker, or more than eight";
        for (size_t i = 0; i < pb->n_authority; i++) {
                fault = take_bytes(card->authority[i], KEY_BYTES, pb->authority[i]);
                if (fault)
                        return fault;
        }
        for (size_t i = 0; i < pb->n_brokers; i++) {
                fault = take_keys(&card->brokers[i], pb->brokers[i]);
                if (fault)
                        return fault;
        }
        card->n_authority = pb->n_authority;
        card->n_brokers = pb->n_brokers;
        return NULL;
}

static const char *take_card(RegionCard *card, Arena *arena, const uint8_t *body, size_t n_body)
{
        Plek__V1__RegionCard *pb;
        const char *fault;

        fault = unpack(&pb, &plek__v1__region_card__descriptor, arena, body, n_body);
        if (fault)
                return fault;
        if (!region_is_valid(pb->network_name))
                return "a network's name that is not 1 to 32 of a-z 0-9 -";
        if (!pb->serial)
                return "serial 0; serials start at 1";
        if (!pb_text_fits(pb->title, NAME_MAX_BYTES))
                return "a title of more than 128 bytes";

        card->network_name = pb->network_name;
        card->serial = pb->serial;
        card->title = pb->title;
        if ((fault = take_bytes(card->network.bytes, NETWORK_BYTES, pb->network)) ||
            (fault = take_card_keys(card, pb)) ||
            (fault = take_endpoint(&card->updates, pb->updates)) ||
            (fault = take_endpoint(&card->care, pb->care)) ||
            (fault = take_endpoint(&card->query, pb->query)) ||
            (fault = take_endpoint(&card->coord, pb->coord)))
                return fault;
        return NULL;
}

int region_card_decode(RegionCard *ret, const char **ret_text, Arena *arena, const uint8_t *body,
                       size_t n_body)
{
        memset(ret, 0, sizeof(*ret));
        return answer(ret_text, take_card(ret, arena, body, n_body));
}

/* ------------------------------------------------------------------ the broker's own */

int genesis_decode(Genesis *ret, Arena *arena, const uint8_t *body, size_t n_body)
{
        Plek__V1__Genesis *pb;

        memset(ret, 0, sizeof(*ret));
        if (unpack(&pb, &plek__v1__genesis__descriptor, arena, body, n_body) ||
            !region_is_valid(pb->network_name) ||
            take_bytes(ret->network.bytes, NETWORK_BYTES, pb->network) ||
            take_bytes(ret->authority, KEY_BYTES, pb->authority))
                return DOCUMENT_E_MALFORMED;

        ret->network_name = pb->network_name;
        return 0;
}

int suspension_decode(Suspension *ret, Arena *arena, const uint8_t *body, size_t n_body)
{
        Plek__V1__Suspension *pb;

        memset(ret, 0, sizeof(*ret));
        if (unpack(&pb, &plek__v1__suspension__descriptor, arena, body, n_body) ||
            !party_is_valid(pb->party) || !pb_text_fits(pb->reason, NAME_MAX_BYTES) ||
            !pb_text_fits(pb->by, BY_MAX_BYTES) ||
            (pb->has_key_id && take_bytes(ret->key_id.bytes, KEY_ID_BYTES, pb->key_id)))
                return DOCUMENT_E_MALFORMED;

        ret->party = pb->party;
        ret->has_key_id = pb->has_key_id;
        ret->suspended = pb->suspended;
        ret->reason = pb->reason;
        ret->by = pb->by;
        return 0;
}

int epoch_decode(Epoch *ret, Arena *arena, const uint8_t *body, size_t n_body)
{
        Plek__V1__Epoch *pb;

        memset(ret, 0, sizeof(*ret));
        if (unpack(&pb, &plek__v1__epoch__descriptor, arena, body, n_body) ||
            !time_is_valid(pb->opened_at_ms) || take_keys(&ret->broker, pb->broker) ||
            !pb_text_fits(pb->cause, BY_MAX_BYTES) ||
            (pb->has_previous_head &&
             take_bytes(ret->previous_head, DIGEST_BYTES, pb->previous_head)))
                return DOCUMENT_E_MALFORMED;
        if (pb->continues &&
            !(pb->has_previous_epoch && pb->has_previous_revision && pb->has_previous_head))
                return DOCUMENT_E_MALFORMED;

        ret->epoch = pb->epoch;
        ret->opened_at_ms = pb->opened_at_ms;
        ret->continues = pb->continues;
        ret->previous_epoch = pb->previous_epoch;
        ret->previous_revision = pb->previous_revision;
        ret->cause = pb->cause;
        return 0;
}

int head_decode(Head *ret, Arena *arena, const uint8_t *body, size_t n_body)
{
        Plek__V1__Head *pb;

        memset(ret, 0, sizeof(*ret));
        if (unpack(&pb, &plek__v1__head__descriptor, arena, body, n_body) ||
            !time_is_valid(pb->time_ms) || take_bytes(ret->head, DIGEST_BYTES, pb->head))
                return DOCUMENT_E_MALFORMED;

        ret->epoch = pb->epoch;
        ret->revision = pb->revision;
        ret->time_ms = pb->time_ms;
        return 0;
}

int cut_decode(Cut *ret, Arena *arena, const uint8_t *body, size_t n_body)
{
        Plek__V1__Cut *pb;

        memset(ret, 0, sizeof(*ret));
        if (unpack(&pb, &plek__v1__cut__descriptor, arena, body, n_body) ||
            !time_is_valid(pb->time_ms) || !time_is_valid(pb->cut_at_ms) || !pb->revision ||
            pb->n_kept >= pb->revision || take_bytes(ret->head, DIGEST_BYTES, pb->head) ||
            take_bytes(ret->kept, DIGEST_BYTES, pb->kept) ||
            take_bytes(ret->keyframe, DIGEST_BYTES, pb->keyframe))
                return DOCUMENT_E_MALFORMED;

        ret->epoch = pb->epoch;
        ret->revision = pb->revision;
        ret->time_ms = pb->time_ms;
        ret->cut_at_ms = pb->cut_at_ms;
        ret->n_kept = pb->n_kept;
        return 0;
}

void head_chain(uint8_t ret_head[DIGEST_BYTES], const uint8_t previous[DIGEST_BYTES],
                uint64_t revision, int64_t time_ms, uint8_t kind,
                const uint8_t digest[DIGEST_BYTES])
{
        uint8_t bytes[DIGEST_BYTES + 8 + 8 + 1 + DIGEST_BYTES];

        memcpy(bytes, previous, DIGEST_BYTES);
        be64_put(bytes + DIGEST_BYTES, revision);
        be64_put(bytes + DIGEST_BYTES + 8, (uint64_t)time_ms);
        bytes[DIGEST_BYTES + 16] = kind;
        memcpy(bytes + DIGEST_BYTES + 17, digest, DIGEST_BYTES);
        digest_of(ret_head, bytes, sizeof(bytes));
}
