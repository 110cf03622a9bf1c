#pragma once

/*
 * What registry.c, authority.c and enrolment-version.c share of a registry's inside
 */

#include "picture/registry.h"

/* One half of a key. */
typedef struct KeyNode {
        UT_hash_handle hh;
        KeyId id;
        Party *party;
        const EnrolmentVersion *version; /* NULL only while an enrolment is being applied */
        const PublicKey *key;            /* in that version */
} KeyNode;

struct Registry {
        Arena *scratch;
        Party *parties;      /* hash by id */
        KeyNode *signers;    /* hash by id of the signing half */
        KeyNode *transports; /* hash by id of the transport half */
        bool has_genesis;
        NetworkId network;
        uint8_t authority[KEY_BYTES]; /* the first one */
        CardVersion *card; /* the newest; NULL: none yet */
        uint64_t revision;
};

/* Decodes nothing: @enrolment is copied into one block of memory, its locations sorted by name.
 * Takes a reference of @envelope. Returns 0 or -ENOMEM. */
MUST_CHECK int enrolment_version_new(EnrolmentVersion **ret_version, const Enrolment *enrolment,
                                     uint64_t revision, int64_t received_at_ms, Blob *envelope);
EnrolmentVersion *enrolment_version_free(EnrolmentVersion *version);
DEFINE_FREEP(EnrolmentVersion, enrolment_version_free);

CardVersion *card_version_free(CardVersion *version);

/* Fills in why, and returns REGISTRY_E_REFUSED. */
int registry_refuse(WireRefusal *ret_refusal, uint32_t code, const char *field, const char *text);
/* Returns 0, or -EBADMSG if @blob is not an envelope of @kind. */
MUST_CHECK int registry_body_of(Envelope *ret_envelope, EnvelopeKind kind, const Blob *blob);
