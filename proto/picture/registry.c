#include <string.h>

#include "picture/registry-internal.h"

/*
 * Registry
 *
 * A party is a chain of enrolments, newest first by serial, and none is ever taken away: a reader
 * needs the one that was in force when a record was accepted, and a public key stays its party's
 * for ever. Both halves of every key ever listed are found by their ids, and point to the newest
 * enrolment that lists them.
 */

enum {
        /* Decoded, the largest enrolment takes several times its bytes. Pages that are not touched
         * cost nothing. */
        SCRATCH_BYTES = 8 * 1024 * 1024,
};

int registry_new(Registry **ret_registry)
{
        CLEANUP(registry_freep) Registry *registry = NULL;
        int r;

        registry = calloc(1, sizeof(*registry));
        if (!registry)
                return err_raise(-ENOMEM);
        r = arena_new(&registry->scratch, SCRATCH_BYTES);
        if (r)
                return r;

        *ret_registry = STEAL(registry);
        return 0;
}

static void key_nodes_free(KeyNode **nodes)
{
        KeyNode *node, *next;

        HASH_ITER (hh, *nodes, node, next) {
                HASH_DEL(*nodes, node);
                free(node);
        }
}

static Party *party_free(Party *party)
{
        EnrolmentVersion *version;
        SuspensionWord *word;

        if (!party)
                return NULL;
        while ((version = party->newest)) {
                party->newest = version->older;
                enrolment_version_free(version);
        }
        while ((word = party->suspensions)) {
                party->suspensions = word->next;
                blob_unref(word->bytes);
                free(word);
        }
        free(party);
        return NULL;
}

Registry *registry_free(Registry *registry)
{
        Party *party, *next;

        if (!registry)
                return NULL;
        key_nodes_free(&registry->signers);
        key_nodes_free(&registry->transports);
        HASH_ITER (hh, registry->parties, party, next) {
                HASH_DEL(registry->parties, party);
                party_free(party);
        }
        while (registry->card) {
                CardVersion *card = registry->card;

                registry->card = card->older;
                card_version_free(card);
        }
        arena_free(registry->scratch);
        free(registry);
        return NULL;
}

uint64_t registry_revision(const Registry *registry)
{
        return registry->revision;
}

int registry_refuse(WireRefusal *ret_refusal, uint32_t code, const char *field, const char *text)
{
        *ret_refusal = (WireRefusal){ .code = code, .field = field, .text = text };
        return REGISTRY_E_REFUSED;
}

int registry_body_of(Envelope *ret_envelope, EnvelopeKind kind, const Blob *blob)
{
        int r;

        r = envelope_parse(ret_envelope, blob->bytes, blob->n_bytes);
        if (r < 0)
                return r;
        if (r > 0 || ret_envelope->kind != kind)
                return err_raise(-EBADMSG);
        return 0;
}

/* ------------------------------------------------------------------ keys */

static KeyNode *key_node_find(KeyNode *nodes, KeyId id)
{
        KeyNode *node;

        HASH_FIND(hh, nodes, &id, sizeof(id), node);
        return node;
}

static bool key_node_owner(KeyNode *node, KeyOwner *ret_owner)
{
        if (!node)
                return false;
        *ret_owner = (KeyOwner){
                .party = node->party,
                .version = node->version,
                .key = node->key,
        };
        return true;
}

bool registry_find_signer(const Registry *registry, KeyId id, KeyOwner *ret_owner)
{
        return key_node_owner(key_node_find(registry->signers, id), ret_owner);
}

bool registry_find_transport(const Registry *registry, KeyId id, KeyOwner *ret_owner)
{
        return key_node_owner(key_node_find(registry->transports, id), ret_owner);
}

static int key_node_need(KeyNode **nodes, KeyId id, Party *party)
{
        KeyNode *node;

        node = key_node_find(*nodes, id);
        if (node)
                return 0;
        node = calloc(1, sizeof(*node));
        if (!node)
                return err_raise(-ENOMEM);
        node->id = id;
        node->party = party;
        HASH_ADD_KEYPTR(hh, *nodes, &node->id, sizeof(node->id), node);
        if (!node->hh.tbl) {
                free(node);
                return err_raise(-ENOMEM);
        }
        return 0;
}

/* Takes away again what an enrolment that could not be applied has added. */
static void key_node_undo(KeyNode **nodes, KeyId id)
{
        KeyNode *node = key_node_find(*nodes, id);

        if (!node || node->version)
                return;
        HASH_DEL(*nodes, node);
        free(node);
}

static void key_node_set(KeyNode *nodes, KeyId id, const EnrolmentVersion *version,
                         const PublicKey *key)
{
        KeyNode *node = key_node_find(nodes, id);

        if (node->version && node->version->enrolment->serial > version->enrolment->serial)
                return;
        node->version = version;
        node->key = key;
}

static bool is_anothers(KeyNode *nodes, KeyId id, const char *party)
{
        const KeyNode *node = key_node_find(nodes, id);

        return node && strcmp(node->party->id, party) != 0;
}

static bool key_is_anothers(const Registry *registry, const PublicKey *key, const char *party)
{
        return is_anothers(registry->signers, key_id_of(key->sign), party) ||
               is_anothers(registry->transports, key_id_of(key->transport), party);
}

/* ------------------------------------------------------------------ enrolments */

Party *registry_find(const Registry *registry, const char *id)
{
        Party *party;

        HASH_FIND(hh, registry->parties, id, strlen(id), party);
        return party;
}

size_t registry_n_parties(const Registry *registry)
{
        return HASH_COUNT(registry->parties);
}

Party *registry_next(const Registry *registry, Party *party)
{
        return party ? party->hh.next : registry->parties;
}

static int check_serial(const Party *party, const Enrolment *enrolment,
                        const uint8_t digest[DIGEST_BYTES], WireRefusal *ret_refusal)
{
        uint64_t in_force = party->newest->enrolment->serial;

        if (enrolment->serial > in_force)
                return 0;
        if (enrolment->serial < in_force)
                return registry_refuse(ret_refusal, PLEK_REFUSED_SERIAL, "serial",
                                       "an enrolment with a higher serial is in force");
        if (memcmp(digest, party->newest->digest, DIGEST_BYTES) == 0)
                return REGISTRY_E_REPEATED;
        return registry_refuse(ret_refusal, PLEK_REFUSED_SERIAL, "serial",
                               "another enrolment with this serial is in force");
}

int registry_check_enrolment(const Registry *registry, const Enrolment *enrolment,
                             const uint8_t digest[DIGEST_BYTES], WireRefusal *ret_refusal)
{
        const Party *party = registry_find(registry, enrolment->party);
        const PublicKey *key;
        int r;

        if (party) {
                r = check_serial(party, enrolment, digest, ret_refusal);
                if (r)
                        return r;
        }
        for (size_t i = 0; i < enrolment->n_keys; i++) {
                key = &enrolment->keys[i];
                if (!public_key_is_fit(key))
                        return registry_refuse(ret_refusal, PLEK_REFUSED_KEY, "keys",
                                               "the public key is unfit for use");
                if (key_is_anothers(registry, key, enrolment->party))
                        return registry_refuse(ret_refusal, PLEK_REFUSED_KEY, "keys",
                                               "the public key is, or once was, another party's");
                if (registry_is_authority(registry, key->sign))
                        return registry_refuse(ret_refusal, PLEK_REFUSED_KEY, "keys",
                                               "the public key is the authority's own");
        }
        return 0;
}

static int party_need(Registry *registry, const char *id, Party **ret_party)
{
        Party *party;

        party = registry_find(registry, id);
        if (party) {
                *ret_party = party;
                return 0;
        }

        party = calloc(1, sizeof(*party));
        if (!party)
                return err_raise(-ENOMEM);
        assert(strlen(id) < sizeof(party->id)); /* decoded */
        memcpy(party->id, id, strlen(id) + 1);
        HASH_ADD_KEYPTR(hh, registry->parties, party->id, strlen(party->id), party);
        if (!party->hh.tbl) {
                free(party);
                return err_raise(-ENOMEM);
        }
        *ret_party = party;
        return 0;
}

/* Takes away again a party that came with an enrolment that could not be applied. */
static void party_undo(Registry *registry, Party *party)
{
        if (party->newest)
                return;
        HASH_DEL(registry->parties, party);
        party_free(party);
}

/* Makes room for all keys, or for none. */
static int party_need_keys(Registry *registry, Party *party, const Enrolment *enrolment)
{
        const PublicKey *keys = enrolment->keys;
        int r = 0;

        for (size_t i = 0; i < enrolment->n_keys && !r; i++) {
                r = key_node_need(&registry->signers, key_id_of(keys[i].sign), party);
                if (!r)
                        r = key_node_need(&registry->transports, key_id_of(keys[i].transport),
                                          party);
        }
        if (!r)
                return 0;

        for (size_t i = 0; i < enrolment->n_keys; i++) {
                key_node_undo(&registry->signers, key_id_of(keys[i].sign));
                key_node_undo(&registry->transports, key_id_of(keys[i].transport));
        }
        return r;
}

/* Cannot fail any more. */
static void party_put(Registry *registry, Party *party, EnrolmentVersion *version)
{
        const Enrolment *enrolment = version->enrolment;
        EnrolmentVersion **at = &party->newest;

        while (*at && (*at)->enrolment->serial > enrolment->serial)
                at = &(*at)->older;
        version->older = *at;
        *at = version;

        for (size_t i = 0; i < enrolment->n_keys; i++) {
                key_node_set(registry->signers, key_id_of(enrolment->keys[i].sign), version,
                             &enrolment->keys[i]);
                key_node_set(registry->transports, key_id_of(enrolment->keys[i].transport), version,
                             &enrolment->keys[i]);
        }
        registry->revision = MAX(registry->revision, version->revision);
}

static const EnrolmentVersion *party_version(const Party *party, uint64_t serial)
{
        const EnrolmentVersion *version = party->newest;

        while (version && version->enrolment->serial != serial)
                version = version->older;
        return version;
}

static int apply_version(Registry *registry, EnrolmentVersion **version, Party **ret_party)
{
        const Enrolment *enrolment = (*version)->enrolment;
        const EnrolmentVersion *held;
        Party *party;
        int r;

        for (size_t i = 0; i < enrolment->n_keys; i++)
                if (key_is_anothers(registry, &enrolment->keys[i], enrolment->party))
                        return err_raise(-EBADMSG);

        r = party_need(registry, enrolment->party, &party);
        if (r)
                return r;
        held = party_version(party, enrolment->serial);
        if (held && memcmp(held->digest, (*version)->digest, DIGEST_BYTES) != 0)
                return err_raise(-EBADMSG);
        if (!held) {
                r = party_need_keys(registry, party, enrolment);
                if (r) {
                        party_undo(registry, party);
                        return r;
                }
                party_put(registry, party, STEAL(*version));
        }
        *ret_party = party;
        return 0;
}

int registry_apply_enrolment(Registry *registry, uint64_t revision, int64_t received_at_ms,
                             Blob *envelope, Party **ret_party)
{
        CLEANUP(enrolment_version_freep) EnrolmentVersion *version = NULL;
        Enrolment enrolment;
        Envelope parsed;
        int r;

        r = registry_body_of(&parsed, ENVELOPE_ENROLMENT, envelope);
        if (r)
                return r;
        arena_reset(registry->scratch);
        r = enrolment_decode(&enrolment, NULL, registry->scratch, parsed.body, parsed.n_body);
        if (r)
                return r < 0 ? r : err_raise(-EBADMSG);
        r = enrolment_version_new(&version, &enrolment, revision, received_at_ms, envelope);
        if (r)
                return r;
        return apply_version(registry, &version, ret_party);
}

const EnrolmentVersion *registry_version_at(const Registry *registry, const char *id,
                                            uint64_t revision)
{
        const Party *party = registry_find(registry, id);
        const EnrolmentVersion *version = party ? party->newest : NULL;

        while (version && version->revision > revision)
                version = version->older;
        return version;
}

const uint8_t *registry_signer_at(const Registry *registry, const char *party, KeyId id,
                                  uint64_t revision)
{
        const EnrolmentVersion *version = registry_version_at(registry, party, revision);
        const Enrolment *enrolment;
        KeyId own;

        if (!version || !version->enrolment->roles)
                return NULL;
        enrolment = version->enrolment;
        for (size_t i = 0; i < enrolment->n_keys; i++) {
                own = key_id_of(enrolment->keys[i].sign);
                if (memcmp(&own, &id, sizeof(id)) == 0)
                        return enrolment->keys[i].sign;
        }
        return NULL;
}
