/*
 * State
 *
 * An entry is decoded anew from its bytes: what is applied is what is in the ledger, not what some
 * earlier stage took it for, and a restart that replays the ledger walks the very same path. What
 * admission has let through always fits, so whatever does not is a ledger that this daemon did not
 * write, and no guess is made about it.
 */

#include <stdlib.h>

#include "core/state-internal.h"

int state_new(State **ret_state, const StateOptions *options)
{
        CLEANUP(state_freep) State *state = NULL;
        int r;

        state = calloc(1, sizeof(*state));
        if (!state)
                return err_raise(-ENOMEM);

        r = registry_new(&state->registry);
        if (r)
                return err_fold(r);

        r = picture_new(&state->picture, options->n_tombstones);
        if (r)
                return err_fold(r);

        r = arena_new(&state->arena, ARENA_MESSAGE_BYTES);
        if (r)
                return err_fold(r);

        dirty_init(&state->dirty, state);
        narrow_init(&state->narrow);
        *ret_state = STEAL(state);
        return 0;
}

State *state_free(State *state)
{
        PartyState *party, *next;

        if (!state)
                return NULL;

        HASH_ITER (hh, state->parties, party, next) {
                HASH_DELETE(hh, state->parties, party);
                free(party);
        }
        state_restore_deinit(state);
        picture_free(state->picture); /* before the marks that its records carry */
        dirty_deinit(&state->dirty);
        narrow_deinit(&state->narrow);
        runs_deinit(&state->runs);
        registry_free(state->registry);
        arena_free(state->arena);
        blob_unref(state->genesis_bytes);
        blob_unref(state->epoch_envelope);
        free(state->epochs);
        free(state);
        return NULL;
}

int state_need_party(State *state, const char *party, PartyState **ret_party)
{
        CLEANUP(freep) PartyState *made = NULL;
        PartyState *found = state_party(state, party);

        if (found) {
                *ret_party = found;
                return 0;
        }

        if (strlen(party) > PARTY_MAX)
                return err_raise(-EBADMSG);

        made = calloc(1, sizeof(*made));
        if (!made)
                return err_raise(-ENOMEM);

        strcpy(made->party, party);
        HASH_ADD_STR(state->parties, party, made);
        if (!made->hh.tbl)
                return err_raise(-ENOMEM);

        *ret_party = STEAL(made);
        return 0;
}

static int apply_to_picture(State *state, const LedgerEntry *entry, const Update *update,
                            const char *region, Change *change)
{
        switch (update->kind) {
        case UPDATE_COUNTS:
        case UPDATE_DOOR:
        case UPDATE_PRESSURE:
        case UPDATE_CARD:
        case UPDATE_OFFERING:
        case UPDATE_FLOW:
        case UPDATE_REFUSAL:
                return picture_report(state->picture, update, entry->bytes, entry->revision,
                                      entry->time_ms, region, change);
        case UPDATE_ACK:
                return picture_ack(state->picture, update, entry->bytes, entry->revision,
                                   entry->time_ms, change);
        case UPDATE_AFFIRM:
                return picture_affirm(state->picture, update, entry->bytes, entry->revision,
                                      entry->time_ms, region, change);
        case UPDATE_WITHDRAW:
                return picture_withdraw(state->picture, update, entry->revision, entry->time_ms,
                                        change);
        }
        return err_raise(-EBADMSG);
}

/* Of a door for now: what follows from it is known once it is in the picture, what was before only
 * until then. */
static bool is_about_door(const Update *update, RecordKey *ret_key)
{
        RecordRef ref = update_record_ref(update);

        record_key_make(ret_key, update->status, update->party, update->location, &ref);
        return ref.report == UPDATE_DOOR && !ref.plan;
}

static int apply_door(State *state, const LedgerEntry *entry, const Update *update,
                      const char *region, Change *change)
{
        const Record *held;
        RecordKey key;
        int r;

        if (!is_about_door(update, &key))
                return apply_to_picture(state, entry, update, region, change);

        held = picture_find(state->picture, &key);
        if (held && update->kind == UPDATE_DOOR && update->door.state != PLEK_DOOR_OPEN)
                runs_note_held(&state->runs, held);
        r = apply_to_picture(state, entry, update, region, change);
        if (r)
                return r;
        if (update->kind == UPDATE_DOOR)
                runs_note(&state->runs, &key, update->door.state, entry->time_ms,
                          update->door.ends_at_ms);
        else
                runs_note(&state->runs, &key, 0, entry->time_ms, TIME_ABSENT);
        return 0;
}

/* Acknowledgements by others than @party that @change has ended: each is one record less. */
static size_t count_ended_acks(State *state, const PartyState *party, const Change *change)
{
        const Tombstone *tombstone;
        PartyState *other;
        const char *by;
        size_t n = 0;

        for (size_t i = 0; i < change->n_items; i++) {
                tombstone = change->items[i].tombstone;
                if (change->items[i].kind != CHANGE_WITHDRAWN ||
                    tombstone->cause != WITHDRAWN_ENDED)
                        continue;
                by = (const char *)tombstone->key.bytes + 1;
                other = state_party(state, by);
                if (!other || other == party)
                        continue;
                other->n_records--;
                n++;
        }
        return n;
}

/* What an entry adds is of the party that it is about, and so is what it takes, but for others'
 * acknowledgements of that. */
static void party_count_records(State *state, PartyState *party, size_t n_before,
                                const Change *change)
{
        size_t n_after = picture_n_records(state->picture);

        party->n_records += n_after + count_ended_acks(state, party, change) - n_before;
}

static int apply_update(State *state, const LedgerEntry *entry, Change *change)
{
        const LocationGrant *grant;
        const char *region;
        PartyState *party;
        WireRefusal refusal;
        Envelope envelope;
        Update update;
        Party *enrolled;
        size_t n_before;
        int r;

        r = envelope_parse(&envelope, entry->bytes->bytes, entry->bytes->n_bytes);
        if (r || envelope.kind != ENVELOPE_UPDATE ||
            update_decode(&update, &refusal, state->arena, envelope.body, envelope.n_body))
                return err_raise(-EBADMSG);

        enrolled = registry_find(state->registry, update.party);
        grant = enrolled ? party_grant(enrolled, update.location) : NULL;
        if (!enrolled || (!grant && !update_is_about_ack(&update)))
                return err_raise(-EBADMSG);

        r = state_need_party(state, update.party, &party);
        if (r)
                return r;
        if (update.seq <= MAX(party->floor, state->epoch_floor))
                return err_raise(-EBADMSG);

        region = grant ? grant->region : NULL;
        n_before = picture_n_records(state->picture);
        r = update.kind == UPDATE_DOOR || update.kind == UPDATE_WITHDRAW
                    ? apply_door(state, entry, &update, region, change)
                    : apply_to_picture(state, entry, &update, region, change);
        if (r)
                return err_fold(r);

        party_count_records(state, party, n_before, change);
        party->floor = update.seq;
        party->revision = entry->revision;
        memcpy(party->digest, entry->digest, DIGEST_BYTES);
        return dirty_add_party(&state->dirty, party);
}

/* Readers of every level are told, on reg/. */
static int change_add_registry(Change *change, const LedgerEntry *entry)
{
        return change_add(change, &(ChangeItem){
                                          .kind = CHANGE_REGISTRY,
                                          .from = AUDIENCE_OPEN,
                                          .to = AUDIENCE_COORD,
                                          .revision = entry->revision,
                                          .received_at_ms = entry->time_ms,
                                  });
}

static const char *region_of(const char *location, void *arg)
{
        const LocationGrant *grant = party_grant(arg, location);

        return grant ? grant->region : NULL;
}

/*
 * An enrolment with rights moves or withdraws what its party said about places that it no longer
 * lists. One without is a revocation, and that removes nothing: what was said stays, and is marked.
 */
static int apply_enrolment(State *state, const LedgerEntry *entry, Change *change)
{
        PartyState *publisher;
        size_t n_before;
        Party *party;
        int r;

        r = registry_apply_enrolment(state->registry, entry->revision, entry->time_ms, entry->bytes,
                                     &party);
        if (r)
                return err_fold(r);

        publisher = state_party(state, party->id);
        if (publisher && party->newest->enrolment->roles) {
                n_before = picture_n_records(state->picture);
                r = picture_regrant(state->picture, party->id, region_of, party, entry->revision,
                                    entry->time_ms, change);
                if (r)
                        return err_fold(r);
                party_count_records(state, publisher, n_before, change);
        }

        return err_fold(change_add_registry(change, entry));
}

static int apply_card(State *state, const LedgerEntry *entry, Change *change)
{
        int r;

        r = registry_apply_card(state->registry, entry->revision, entry->time_ms, entry->bytes);
        return r ? err_fold(r) : err_fold(change_add_registry(change, entry));
}

static int apply_suspension(State *state, const LedgerEntry *entry, Change *change)
{
        Party *party;
        int r;

        r = registry_apply_suspension(state->registry, entry->revision, entry->time_ms,
                                      entry->bytes, &party);
        if (r == REGISTRY_E_UNKNOWN)
                return err_raise(-EBADMSG);
        return r ? err_fold(r) : err_fold(change_add_registry(change, entry));
}

/* Of whichever party. Nobody is told: readers know as well when a record's time has come. */
static int drop_what_is_over(State *state, int64_t now_ms)
{
        const char *party, *location;
        PartyState *publisher;
        RecordRef ref;
        Record *record;
        int r;

        while ((record = picture_next_over(state->picture, now_ms))) {
                record_describe(record, &party, &location, &ref);
                publisher = state_party(state, party);
                if (publisher)
                        publisher->n_records--;
                r = dirty_add_gone(&state->dirty, record->key, record->n_key);
                if (r)
                        return r;
                picture_drop(state->picture, record);
        }
        return 0;
}

static int apply_kind(State *state, const LedgerEntry *entry, Change *change)
{
        switch (entry->kind) {
        case ENTRY_GENESIS:
                return state_apply_genesis(state, entry);
        case ENTRY_EPOCH:
                return state_apply_epoch(state, entry);
        case ENTRY_ENROLMENT:
                return apply_enrolment(state, entry, change);
        case ENTRY_CARD:
                return apply_card(state, entry, change);
        case ENTRY_SUSPENSION:
                return apply_suspension(state, entry, change);
        case ENTRY_UPDATE:
                return apply_update(state, entry, change);
        case ENTRY_CONFIRM:
                return state_apply_confirm(state, entry);
        }
        return err_raise(-EBADMSG);
}

int state_apply(State *state, const LedgerEntry *entry, Change *change)
{
        int r;

        change_reset(change);
        arena_reset(state->arena);
        arena_limit(state->arena, ARENA_MESSAGE_BYTES);

        if (entry->revision <= state->revision || entry->time_ms < state->time_ms ||
            state_has_genesis(state) == (entry->kind == ENTRY_GENESIS))
                return err_raise(-EBADMSG);

        r = drop_what_is_over(state, entry->time_ms);
        if (r)
                return r;
        r = apply_kind(state, entry, change);
        if (r)
                return r;
        r = dirty_note(state, entry, change);
        if (r)
                return r;

        state->revision = entry->revision;
        state->time_ms = entry->time_ms;
        memcpy(state->head, entry->head, DIGEST_BYTES);
        return 0;
}

int state_pass(State *state, uint64_t revision, int64_t time_ms, const uint8_t head[DIGEST_BYTES])
{
        if (revision <= state->revision || time_ms < state->time_ms || !state_has_genesis(state))
                return err_raise(-EBADMSG);

        state->revision = revision;
        state->time_ms = time_ms;
        memcpy(state->head, head, DIGEST_BYTES);
        return 0;
}

int state_narrow(State *state, Blob **ret_digests)
{
        return narrow_digests(&state->narrow, ret_digests);
}

uint64_t state_revision(const State *state)
{
        return state->revision;
}

int64_t state_time_ms(const State *state)
{
        return state->time_ms;
}

const uint8_t *state_head(const State *state)
{
        return state->head;
}

Registry *state_registry(const State *state)
{
        return state->registry;
}

const DoorRuns *state_runs(const State *state)
{
        return &state->runs;
}

Picture *state_picture(const State *state)
{
        return state->picture;
}

PartyState *state_party(const State *state, const char *party)
{
        PartyState *found;

        HASH_FIND_STR(state->parties, party, found);
        return found;
}

uint64_t state_floor(const State *state, const char *party)
{
        const PartyState *found = state_party(state, party);

        return found ? MAX(found->floor, state->epoch_floor) : state->epoch_floor;
}
