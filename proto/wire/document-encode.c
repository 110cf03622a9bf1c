/*
 * Encoding documents. Each is decoded again before it is handed out: what is signed or written to
 * the journal is for ever, so whatever decoding would refuse is refused here, with -EINVAL.
 */

#include "wire/grants.h"

typedef int (*DocumentCheck)(Arena *arena, const uint8_t *body, size_t n_body);

static int finish(Blob **ret_body, const ProtobufCMessage *pb, DocumentCheck check)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        CLEANUP(arena_freep) Arena *arena = NULL;
        int r;

        if (!protobuf_c_message_check(pb))
                return err_raise(-EINVAL);
        r = pb_pack(&blob, pb);
        if (r)
                return r;
        r = arena_new(&arena, 8 * 1024 + 24 * (size_t)blob->n_bytes);
        if (r)
                return r;
        if (check(arena, blob->bytes, blob->n_bytes))
                return err_raise(-EINVAL);

        *ret_body = STEAL(blob);
        return 0;
}

/* ------------------------------------------------------------------ enrolment */

static int check_enrolment(Arena *arena, const uint8_t *body, size_t n_body)
{
        Enrolment enrolment;

        return enrolment_decode(&enrolment, NULL, arena, body, n_body);
}

int enrolment_encode(Blob **ret_body, const Enrolment *enrolment)
{
        CLEANUP(pb_scratch_deinit) PbScratch scratch = PB_SCRATCH_NULL;
        Plek__V1__Enrolment pb = PLEK__V1__ENROLMENT__INIT;
        uint32_t roles[32];

        pb.keys = pb_scratch_messages(&scratch, &plek__v1__public_keys__descriptor,
                                      enrolment->n_keys);
        pb.locations = put_grants(&scratch, enrolment->locations, enrolment->n_locations);
        if (!pb.keys || !pb.locations)
                return err_raise(-ENOMEM);
        if (enrolment->n_keys > ENROLMENT_KEYS_MAX)
                return err_raise(-EINVAL);
        for (size_t i = 0; i < enrolment->n_keys; i++)
                put_keys(pb.keys[i], &enrolment->keys[i]);

        pb.party = pb_text(enrolment->party);
        pb.serial = enrolment->serial;
        pb.name = pb_text(enrolment->name);
        pb.n_keys = enrolment->n_keys;
        pb.n_roles = put_roles(roles, enrolment->roles);
        pb.roles = roles;
        pb.n_locations = enrolment->n_locations;
        pb.has_audience = enrolment->audience != 0;
        pb.audience = enrolment->audience;
        pb.valid_from_ms = enrolment->valid_from_ms;
        pb.valid_until_ms = enrolment->valid_until_ms;
        pb.cause = pb_text(enrolment->cause);
        pb.has_distrusted_since_ms = enrolment->distrusted_since_ms != TIME_ABSENT;
        pb.distrusted_since_ms = enrolment->distrusted_since_ms;
        return finish(ret_body, &pb.base, check_enrolment);
}

/* ------------------------------------------------------------------ region card */

static int check_card(Arena *arena, const uint8_t *body, size_t n_body)
{
        RegionCard card;

        return region_card_decode(&card, NULL, arena, body, n_body);
}

int region_card_encode(Blob **ret_body, const RegionCard *card)
{
        CLEANUP(pb_scratch_deinit) PbScratch scratch = PB_SCRATCH_NULL;
        Plek__V1__RegionCard pb = PLEK__V1__REGION_CARD__INIT;
        ProtobufCBinaryData authority[CARD_AUTHORITIES_MAX];

        if (card->n_authority > CARD_AUTHORITIES_MAX || card->n_brokers > CARD_BROKERS_MAX)
                return err_raise(-EINVAL);
        for (size_t i = 0; i < card->n_authority; i++)
                authority[i] = pb_bytes(card->authority[i], KEY_BYTES);
        pb.brokers =
                pb_scratch_messages(&scratch, &plek__v1__public_keys__descriptor, card->n_brokers);
        if (!pb.brokers)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < card->n_brokers; i++)
                put_keys(pb.brokers[i], &card->brokers[i]);

        pb.network = pb_bytes(card->network.bytes, NETWORK_BYTES);
        pb.network_name = pb_text(card->network_name);
        pb.serial = card->serial;
        pb.n_authority = card->n_authority;
        pb.authority = authority;
        pb.n_brokers = card->n_brokers;
        pb.updates = pb_text(card->updates);
        pb.care = pb_text(card->care);
        pb.query = pb_text(card->query);
        pb.coord = pb_text(card->coord);
        pb.title = pb_text(card->title);
        return finish(ret_body, &pb.base, check_card);
}

/* ------------------------------------------------------------------ the broker's own */

static int check_genesis(Arena *arena, const uint8_t *body, size_t n_body)
{
        Genesis genesis;

        return genesis_decode(&genesis, arena, body, n_body);
}

int genesis_encode(Blob **ret_body, const Genesis *genesis)
{
        Plek__V1__Genesis pb = PLEK__V1__GENESIS__INIT;

        pb.network = pb_bytes(genesis->network.bytes, NETWORK_BYTES);
        pb.network_name = pb_text(genesis->network_name);
        pb.authority = pb_bytes(genesis->authority, KEY_BYTES);
        return finish(ret_body, &pb.base, check_genesis);
}

static int check_suspension(Arena *arena, const uint8_t *body, size_t n_body)
{
        Suspension suspension;

        return suspension_decode(&suspension, arena, body, n_body);
}

int suspension_encode(Blob **ret_body, const Suspension *suspension)
{
        Plek__V1__Suspension pb = PLEK__V1__SUSPENSION__INIT;

        pb.party = pb_text(suspension->party);
        pb.has_key_id = suspension->has_key_id;
        pb.key_id = pb_bytes(suspension->key_id.bytes, KEY_ID_BYTES);
        pb.suspended = suspension->suspended;
        pb.reason = pb_text(suspension->reason);
        pb.by = pb_text(suspension->by);
        return finish(ret_body, &pb.base, check_suspension);
}

static int check_epoch(Arena *arena, const uint8_t *body, size_t n_body)
{
        Epoch epoch;

        return epoch_decode(&epoch, arena, body, n_body);
}

int epoch_encode(Blob **ret_body, const Epoch *epoch)
{
        Plek__V1__PublicKeys keys = PLEK__V1__PUBLIC_KEYS__INIT;
        Plek__V1__Epoch pb = PLEK__V1__EPOCH__INIT;

        put_keys(&keys, &epoch->broker);
        pb.epoch = epoch->epoch;
        pb.opened_at_ms = epoch->opened_at_ms;
        pb.continues = epoch->continues;
        if (epoch->continues) {
                pb.has_previous_epoch = pb.has_previous_revision = pb.has_previous_head = true;
                pb.previous_epoch = epoch->previous_epoch;
                pb.previous_revision = epoch->previous_revision;
                pb.previous_head = pb_bytes(epoch->previous_head, DIGEST_BYTES);
        }
        pb.cause = pb_text(epoch->cause);
        pb.broker = &keys;
        return finish(ret_body, &pb.base, check_epoch);
}

static int check_head(Arena *arena, const uint8_t *body, size_t n_body)
{
        Head head;

        return head_decode(&head, arena, body, n_body);
}

int head_encode(Blob **ret_body, const Head *head)
{
        Plek__V1__Head pb = PLEK__V1__HEAD__INIT;

        pb.epoch = head->epoch;
        pb.revision = head->revision;
        pb.time_ms = head->time_ms;
        pb.head = pb_bytes(head->head, DIGEST_BYTES);
        return finish(ret_body, &pb.base, check_head);
}

static int check_cut(Arena *arena, const uint8_t *body, size_t n_body)
{
        Cut cut;

        return cut_decode(&cut, arena, body, n_body);
}

int cut_encode(Blob **ret_body, const Cut *cut)
{
        Plek__V1__Cut pb = PLEK__V1__CUT__INIT;

        pb.epoch = cut->epoch;
        pb.revision = cut->revision;
        pb.time_ms = cut->time_ms;
        pb.head = pb_bytes(cut->head, DIGEST_BYTES);
        pb.cut_at_ms = cut->cut_at_ms;
        pb.n_kept = cut->n_kept;
        pb.kept = pb_bytes(cut->kept, DIGEST_BYTES);
        pb.keyframe = pb_bytes(cut->keyframe, DIGEST_BYTES);
        return finish(ret_body, &pb.base, check_cut);
}
