#include "lib/replica-internal.h"

#include <string.h>

/*
 * Entries: what the broker relays, believed only as far as its author signed it
 *
 * The broker's own signature was checked before; here it is the party's, against the enrolment that
 * was in force when the record was accepted, or the authority's. What fails is left out and told:
 * the broker, and nobody else, is at fault.
 */

int entry_doubt(Replica *replica, const ReplicaTopic *topic, const Entry *entry, const char *what)
{
        CLEANUP(blob_unrefp) Blob *evidence = NULL;

        (void)!blob_copy(&evidence, entry->envelope, entry->n_envelope);
        replica_alarm(replica, PLEK_ALARM_SIGNATURE, evidence, NULL, "revision %llu on %s: %s",
                      (unsigned long long)entry->revision, topic->text, what);
        return ENTRY_E_DOUBTFUL;
}

enum { PROOFS_MIN = 64 }; /* from how many on they are checked together */

/* ------------------------------------------------------------------ parties */

static bool is_granted(const EnrolmentVersion *version, const char *location)
{
        const Enrolment *enrolment = version->enrolment;
        size_t low = 0, high = enrolment->n_locations, middle;
        int order;

        if (!(enrolment->roles & ROLE_BIT(ROLE_AGENT)))
                return false;
        while (low < high) {
                middle = low + (high - low) / 2;
                order = strcmp(location, enrolment->locations[middle].location);
                if (order == 0)
                        return true;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return false;
}

/* Who has seen something is no provider of that place. */
static bool could_read(const EnrolmentVersion *version)
{
        const uint32_t readers =
                ROLE_BIT(ROLE_SUBSCRIBER) | ROLE_BIT(ROLE_COORDINATOR) | ROLE_BIT(ROLE_OPERATOR);

        return version->enrolment->roles & readers;
}

/* NULL, and *ret_claim with the key that has to have signed it; or what is wrong. */
static const char *find_claim(const Replica *replica, const Entry *entry, Proof *ret_claim,
                              KeyOwner *ret_owner)
{
        Envelope *envelope = &ret_claim->envelope;

        *ret_claim = (Proof){ 0 };
        if (envelope_parse(envelope, entry->envelope, entry->n_envelope) ||
            envelope->kind != ENVELOPE_UPDATE ||
            memcmp(&envelope->network, &replica->card->card.network, sizeof(NetworkId)))
                return "is not an update of this network";
        if (!registry_find_signer(replica->registry, envelope->key_id, ret_owner))
                return "is signed with a key that nobody has";
        ret_claim->key = registry_signer_at(replica->registry, ret_owner->party->id,
                                            envelope->key_id, entry->revision);
        return ret_claim->key ? NULL : "is signed with a key not in force then";
}

void replica_claim(const Replica *replica, const Entry *entry, Proof *ret_proof)
{
        KeyOwner owner;

        if (!entry->envelope || find_claim(replica, entry, ret_proof, &owner))
                *ret_proof = (Proof){ 0 };
}

const char *replica_judge(const Replica *replica, const Entry *entry, const Proof *proof,
                          Arena *arena, Update *ret_update)
{
        const EnrolmentVersion *version;
        WireRefusal refusal;
        const char *what;
        KeyOwner owner;
        Proof claim;

        what = find_claim(replica, entry, &claim, &owner);
        if (what)
                return what;
        if (proof_verify(proof, &claim.envelope, claim.key))
                return "does not have its party's signature";
        if (update_decode(ret_update, &refusal, arena, claim.envelope.body, claim.envelope.n_body))
                return "cannot be decoded";
        if (strcmp(ret_update->party, owner.party->id))
                return "is signed by another party";
        version = registry_version_at(replica->registry, owner.party->id, entry->revision);
        if (ret_update->kind == UPDATE_ACK)
                return version && could_read(version) ? NULL : "is of a party that could not read";
        if (!version || !is_granted(version, ret_update->location))
                return "is about a location not its party's then";
        return NULL;
}

int entry_believe(Replica *replica, const ReplicaTopic *topic, const Entry *entry,
                  const Proof *proof, Update *ret_update)
{
        const char *what;

        arena_reset(replica->scratch);
        what = replica_judge(replica, entry, proof, replica->scratch, ret_update);
        return what ? entry_doubt(replica, topic, entry, what) : ENTRY_BELIEVED;
}

int64_t entry_received_at(const Entry *entry, const Update *update)
{
        return MIN(entry->received_at_ms, update->not_after_ms);
}

static bool belongs_on(const ReplicaTopic *topic, Status status, Lane lane)
{
        Topic own = topic_of(status, topic->topic.region, lane);

        return own.kind == topic->topic.kind && own.lane == topic->topic.lane;
}

/* ------------------------------------------------------------------ affirms */

static int apply_affirm(Replica *replica, ReplicaTopic *topic, const Entry *entry,
                        const Update *update, Blob *envelope, const ReplicaTime *time)
{
        RecordGroup *group;
        int r;

        if (!belongs_on(topic, update->status, update->affirm.lane))
                return entry_doubt(replica, topic, entry, "is an affirm of another topic");
        change_reset(&replica->change);
        r = picture_affirm(replica->picture, update, envelope, entry->revision,
                           entry_received_at(entry, update), topic->topic.region, &replica->change);
        if (r)
                return r;
        group = picture_find_group(replica->picture, update->party, update->location);
        if (!group)
                return 0;

        list_for_each (link, &group->records) {
                Record *record = list_entry(link, Record, in_group);

                if (!record->affirmation || record->affirmation->revision != entry->revision)
                        continue;
                r = record_show(replica, record, NULL, PLEK_CHANGE_RENEWED, time);
                if (r)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ reports */

static PlekChange change_of(const Record *before, const uint8_t *digest_before,
                            const Update *update)
{
        if (!before)
                return PLEK_CHANGE_NEW;
        return memcmp(digest_before, update->content_digest, CONTENT_DIGEST_BYTES)
                       ? PLEK_CHANGE_CONTENT
                       : PLEK_CHANGE_RENEWED;
}

/*
 * A party's numbers only grow, so the broker can not put what was said before in the place of what
 * was said since. What moved comes again with its number; what its party withdrew does not.
 */
static bool is_of_before(const Replica *replica, const Record *before, const RecordKey *key,
                         const Entry *entry, const Update *update)
{
        const Withdrawn *withdrawn;

        if (before)
                return entry->changed_revision > before->changed_revision &&
                       update->seq < before->seq && record_is_current(replica, before);
        withdrawn = replica_find_withdrawn(replica, key);
        if (!withdrawn || entry->changed_revision <= withdrawn->revision)
                return false;
        return withdrawn->cause == WITHDRAWN_BY_PARTY ? update->seq <= withdrawn->seq
                                                      : update->seq < withdrawn->seq;
}

static int apply_report(Replica *replica, ReplicaTopic *topic, const Entry *entry,
                        const Update *update, Blob *envelope, const Affirms *affirms,
                        const ReplicaTime *time)
{
        uint8_t digest[CONTENT_DIGEST_BYTES] = { 0 };
        RecordRef ref = update_record_ref(update);
        Affirmation *affirmation = NULL;
        Record *before, *record;
        Entry dated = *entry;
        PlekChange change;
        RecordKey key;
        int r;

        if (!belongs_on(topic, update->status, report_lane(update->kind)))
                return entry_doubt(replica, topic, entry, "is a report of another topic");
        record_key_make(&key, update->status, update->party, update->location, &ref);
        before = picture_find(replica->picture, &key);
        if (is_of_before(replica, before, &key, entry, update))
                return entry_doubt(replica, topic, entry, "was said before what it would replace");
        if (before)
                memcpy(digest, before->content_digest, sizeof(digest));
        change = change_of(before, digest, update);

        if (entry->rests_on && affirms_find(affirms, entry->rests_on, update, &key, &affirmation))
                (void)entry_doubt(replica, topic, entry, "does not rest on that affirm");
        dated.received_at_ms = entry_received_at(entry, update);
        dated.since_ms = MIN(entry->since_ms, dated.received_at_ms);
        r = picture_restore(replica->picture, topic->picture, update, envelope, &dated, affirmation,
                            &record);
        if (r)
                return r;
        if (record->changed_revision != entry->changed_revision || record->topic != topic->picture)
                return 0; /* ours is newer */
        withdrawn_forget(replica, &key);
        return record_show(replica, record, update, change, time);
}

static int apply_update(Replica *replica, ReplicaTopic *topic, const Entry *entry,
                        const Proof *proof, const Affirms *affirms, const ReplicaTime *time)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        Update update;
        int r;

        r = entry_believe(replica, topic, entry, proof, &update);
        if (r)
                return r;
        r = blob_copy(&envelope, entry->envelope, entry->n_envelope);
        if (r)
                return r;

        switch (update.kind) {
        case UPDATE_AFFIRM:
                return apply_affirm(replica, topic, entry, &update, envelope, time);
        case UPDATE_WITHDRAW:
                return 0; /* what it withdrew is said by an entry of its own */
        default:
                return apply_report(replica, topic, entry, &update, envelope, affirms, time);
        }
}

static int apply_withdrawn(Replica *replica, ReplicaTopic *topic, const Entry *entry)
{
        const WithdrawnRecord *withdrawn = entry->withdrawn;
        uint64_t revision = MAX(entry->revision, entry->changed_revision);
        Record *record;
        RecordKey key;

        record_key_make(&key, withdrawn->status, withdrawn->party, withdrawn->location,
                        &withdrawn->ref);
        record = picture_find_withdrawn(replica->picture, topic->picture, &key, revision);
        if (!record)
                return 0;
        return record_withdraw(replica, record, revision, entry->received_at_ms, withdrawn->cause);
}

/* ------------------------------------------------------------------ the registry */

static void tell_enrolment(Replica *replica, const char *party)
{
        const char *of, *location;
        RecordRef ref;

        if (!replica->events.record)
                return;
        for (Record *record = picture_next(replica->picture, NULL); record;
             record = picture_next(replica->picture, record)) {
                record_describe(record, &of, &location, &ref);
                if (!strcmp(of, party))
                        replica->events.record(replica->arg, record, PLEK_CHANGE_ENROLMENT);
        }
}

/* The topics on which its records will appear: subscribed to before the first one does. */
static int learn_regions(Replica *replica, const Party *party, const ReplicaTime *time)
{
        const Enrolment *enrolment = party->newest->enrolment;
        ReplicaTopic *topic;
        char text[TOPIC_MAX];
        int r;

        for (size_t i = 0; i < enrolment->n_locations; i++) {
                for (Status status = STATUS_ACTUAL; status <= STATUS_TEST; status++) {
                        for (Lane lane = LANE_STATUS; lane <= N_LANES; lane++) {
                                Topic which =
                                        topic_of(status, enrolment->locations[i].region, lane);

                                (void)topic_format(&which, text);
                                r = replica_learn_topic(replica, text, time, &topic);
                                if (r)
                                        return r;
                        }
                }
        }
        return 0;
}

static int apply_suspension(Replica *replica, const Entry *entry)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        Party *party;
        int r;

        r = blob_copy(&bytes, entry->suspension, entry->n_suspension);
        if (r)
                return r;
        r = registry_apply_suspension(replica->registry, entry->revision, entry->received_at_ms,
                                      bytes, &party);
        if (r == REGISTRY_E_UNKNOWN || r == -EBADMSG)
                return 0; /* the operator's word, and the broker's alone */
        if (r)
                return err_fold(r);
        tell_enrolment(replica, party->id);
        return 0;
}

/*
 * Whether the authority signed it, the present one or one of before: a key that a card names which
 * is vouched for itself, or the key that the network's id is made of.
 */
static bool is_vouched(Replica *replica, const Envelope *envelope)
{
        const uint8_t *key = registry_past_authority_key(replica->registry, envelope->key_id);
        RegionCard card;

        if (key)
                return !envelope_verify(envelope, key);
        if (envelope->kind != ENVELOPE_CARD)
                return false;
        arena_reset(replica->scratch);
        return !region_card_decode(&card, NULL, replica->scratch, envelope->body,
                                   envelope->n_body) &&
               !memcmp(&card.network, &envelope->network, sizeof(card.network)) &&
               region_card_is_founding(&card) && !envelope_verify(envelope, card.authority[0]);
}

static int apply_document(Replica *replica, ReplicaTopic *topic, const Entry *entry,
                          const ReplicaTime *time)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        Envelope envelope;
        Party *party;
        int r;

        if (envelope_parse(&envelope, entry->envelope, entry->n_envelope) ||
            memcmp(&envelope.network, &replica->card->card.network, sizeof(NetworkId)))
                return entry_doubt(replica, topic, entry, "is not of this network");
        if (envelope.kind != ENVELOPE_ENROLMENT && envelope.kind != ENVELOPE_CARD)
                return 0; /* from a newer broker */
        if (!is_vouched(replica, &envelope))
                return entry_doubt(replica, topic, entry,
                                   "does not have the authority's signature");

        r = blob_copy(&blob, entry->envelope, entry->n_envelope);
        if (r)
                return r;
        if (envelope.kind == ENVELOPE_CARD)
                r = registry_apply_card(replica->registry, entry->revision, entry->received_at_ms,
                                        blob);
        else
                r = registry_apply_enrolment(replica->registry, entry->revision,
                                             entry->received_at_ms, blob, &party);
        if (r == -EBADMSG)
                return entry_doubt(replica, topic, entry, "cannot be decoded");
        if (r || envelope.kind == ENVELOPE_CARD)
                return err_fold(r);
        tell_enrolment(replica, party->id);
        return learn_regions(replica, party, time);
}

/* ------------------------------------------------------------------ all of them */

static int apply_entry(Replica *replica, ReplicaTopic *topic, const Entry *entry,
                       const Proof *proof, const Affirms *affirms, const ReplicaTime *time)
{
        bool is_registry = topic->topic.kind == TOPIC_REGISTRY;

        if (entry->envelope)
                return is_registry ? apply_document(replica, topic, entry, time)
                                   : apply_update(replica, topic, entry, proof, affirms, time);
        if (entry->withdrawn && !is_registry)
                return apply_withdrawn(replica, topic, entry);
        if (entry->suspension && is_registry)
                return apply_suspension(replica, entry);
        return 0; /* from a newer broker */
}

/* Signatures of many are checked together. NULL: each when its turn comes. */
static const Proof *prove_all(Replica *replica, const ReplicaTopic *topic, const EntryList *list)
{
        Proof *proofs;

        if (topic->topic.kind == TOPIC_REGISTRY || list->n_entries < PROOFS_MIN)
                return NULL;
        proofs = arena_alloc(replica->arena, list->n_entries * sizeof(*proofs));
        if (!proofs)
                return NULL;
        for (size_t i = 0; i < list->n_entries; i++)
                replica_claim(replica, &list->entries[i], &proofs[i]);
        proofs_check(proofs, list->n_entries);
        return proofs;
}

int replica_apply(Replica *replica, ReplicaTopic *topic, const EntryList *list, uint64_t after,
                  const ReplicaTime *time)
{
        CLEANUP(affirms_deinit) Affirms affirms = { 0 };
        const Proof *proofs;
        int r;

        r = affirms_take(&affirms, replica, topic, list);
        if (r)
                return r;
        proofs = prove_all(replica, topic, list);
        for (size_t i = 0; i < list->n_entries; i++) {
                const Entry *entry = &list->entries[i];

                if (MAX(entry->revision, entry->changed_revision) <= after)
                        continue;
                r = apply_entry(replica, topic, entry, proofs ? &proofs[i] : NULL, &affirms, time);
                if (r < 0)
                        return r;
        }
        return 0;
}
