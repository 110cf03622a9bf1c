#include "lib/door-book.h"

#include <string.h>

#include "plek/plek.h"

enum { WITHDRAWN_MAX = 16 }; /* that a place remembers: only to say why a door is unknown */

/* ------------------------------------------------------------------ places */

static size_t place_key(char *ret_key, Status status, const char *location)
{
        size_t n_location = strlen(location);

        if (n_location > LOCATION_MAX)
                return 0;
        ret_key[0] = (char)status;
        memcpy(ret_key + 1, location, n_location);
        return n_location + 1;
}

DoorPlace *door_book_find(const DoorBook *book, Status status, const char *location)
{
        char key[LOCATION_MAX + 2];
        size_t n_key = place_key(key, status, location);
        DoorPlace *place = NULL;

        if (n_key)
                HASH_FIND(hh, book->places, key, n_key, place);
        return place;
}

DoorPlace *door_book_next(const DoorBook *book, const DoorPlace *place)
{
        return place ? place->hh.next : book->places;
}

static DoorPlace *place_need(DoorBook *book, Status status, const char *location)
{
        DoorPlace *place = door_book_find(book, status, location);

        if (place)
                return place;
        place = calloc(1, sizeof(*place));
        if (!place)
                return NULL;
        place->status = status;
        strcpy(place->location, location);
        place->n_key = (uint16_t)place_key(place->key, status, location);
        list_init(&place->scopes);
        list_init(&place->cards);
        HASH_ADD_KEYPTR(hh, book->places, place->key, place->n_key, place);
        if (!place->hh.tbl) {
                free(place);
                return NULL;
        }
        return place;
}

static void place_changed(DoorBook *book, DoorPlace *place)
{
        place->is_settled = false;
        if (!list_is_linked(&place->in_changed))
                list_append(&book->changed, &place->in_changed);
}

static void place_free(DoorBook *book, DoorPlace *place)
{
        list_for_each (link, &place->scopes)
                free(list_entry(link, DoorScopeSeen, in_place));
        list_unlink(&place->in_changed);
        HASH_DEL(book->places, place);
        free(place->words);
        free(place->entries);
        free(place);
}

/* ------------------------------------------------------------------ entries */

static DoorEntry *entry_find(const DoorBook *book, const uint8_t *key, size_t n_key)
{
        DoorEntry *entry;

        HASH_FIND(hh, book->entries, key, n_key, entry);
        return entry;
}

static bool add_word(DoorPlace *place, DoorEntry *entry)
{
        if (place->n_words == place->n_allocated) {
                size_t n = place->n_allocated ? 2 * place->n_allocated : 4;
                DoorWord *words = reallocarray(place->words, n, sizeof(*words));
                DoorEntry **entries;

                if (!words)
                        return false;
                place->words = words;
                entries = reallocarray(place->entries, n, sizeof(DoorEntry *));
                if (!entries)
                        return false;
                place->entries = entries;
                place->n_allocated = n;
        }
        entry->at = place->n_words++;
        place->entries[entry->at] = entry;
        place->words[entry->at] = (DoorWord){ .door = &entry->door, .withdrawn_ms = TIME_ABSENT };
        return true;
}

static void remove_word(DoorPlace *place, size_t at)
{
        place->n_words--;
        place->words[at] = place->words[place->n_words];
        place->entries[at] = place->entries[place->n_words];
        place->entries[at]->at = at;
}

static void entry_free(DoorBook *book, DoorEntry *entry)
{
        DoorPlace *place = entry->place;

        if (entry->kind == UPDATE_DOOR) {
                place->n_withdrawn -= !entry->record;
                remove_word(place, entry->at);
        } else {
                list_unlink(&entry->in_place);
        }
        HASH_DEL(book->entries, entry);
        place_changed(book, place);
        free(entry);
}

static DoorEntry *entry_need(DoorBook *book, const Record *record)
{
        DoorEntry *entry = entry_find(book, record->key, record->n_key);
        const char *party, *location;
        RecordRef ref;

        if (entry)
                return entry;
        record_describe(record, &party, &location, &ref);
        entry = calloc(1, sizeof(*entry));
        if (!entry)
                return NULL;
        entry->kind = record->report;
        entry->key.n_bytes = record->n_key;
        memcpy(entry->key.bytes, record->key, record->n_key);
        entry->place = place_need(book, record->status, location);
        if (!entry->place || (entry->kind == UPDATE_DOOR && !add_word(entry->place, entry))) {
                free(entry); /* a place without anything in it goes when it is settled */
                return NULL;
        }
        if (entry->kind != UPDATE_DOOR)
                list_append(&entry->place->cards, &entry->in_place);
        HASH_ADD_KEYPTR(hh, book->entries, entry->key.bytes, entry->key.n_bytes, entry);
        if (!entry->hh.tbl) {
                if (entry->kind == UPDATE_DOOR)
                        remove_word(entry->place, entry->at);
                list_unlink(&entry->in_place);
                free(entry);
                return NULL;
        }
        return entry;
}

/* ------------------------------------------------------------------ records */

static bool decode(DoorBook *book, const Record *record, Update *ret_update)
{
        WireRefusal refusal;
        Envelope envelope;

        arena_reset(book->arena);
        return !envelope_parse(&envelope, record->envelope->bytes, record->envelope->n_bytes) &&
               !update_decode(ret_update, &refusal, book->arena, envelope.body, envelope.n_body);
}

static bool is_distrusted(const Registry *registry, const char *party, const Record *record)
{
        const Party *of = registry_find(registry, party);
        int64_t since_ms = of ? party_distrusted_since(of, record->revision) : TIME_ABSENT;

        return since_ms != TIME_ABSENT && record->received_at_ms >= since_ms;
}

static void take_door(const Registry *registry, DoorEntry *entry, const Record *record)
{
        DoorWord *word = &entry->place->words[entry->at];
        const char *party, *location;
        RecordRef ref;
        Status status;

        /* Strings are the entry's key's, which lives as long as the word. */
        if (record_key_parse(&entry->key, &status, &party, &location, &ref))
                return;
        if (word->withdrawn_ms != TIME_ABSENT)
                entry->place->n_withdrawn--;
        *word = (DoorWord){
                .door = &entry->door,
                .unit = ref.unit,
                .party = party,
                .since_ms = record->since_ms,
                .withdrawn_ms = TIME_ABSENT,
                .is_distrusted = is_distrusted(registry, party, record),
        };
}

static void take_card(DoorEntry *entry, const LocationCard *card)
{
        entry->has_position = card->has_position;
        entry->latitude = card->latitude_e7 / 1e7;
        entry->longitude = card->longitude_e7 / 1e7;
        strncpy(entry->location_kind, card->kind, sizeof(entry->location_kind) - 1);
}

static void keep(DoorBook *book, const Registry *registry, const Record *record, PlekChange change)
{
        DoorEntry *entry = entry_need(book, record);
        bool is_new = entry && entry->record != record;
        Update update;

        if (!entry) {
                book->is_short = true;
                return;
        }
        if (is_new || change == PLEK_CHANGE_NEW || change == PLEK_CHANGE_CONTENT) {
                if (!decode(book, record, &update)) {
                        book->is_short = true; /* it was decoded when it came */
                        return;
                }
                if (entry->kind == UPDATE_CARD) {
                        take_card(entry, &update.card);
                } else {
                        entry->door = update.door;
                        entry->door.text = entry->door.authorised_by = NULL;
                }
        }
        if (entry->kind == UPDATE_DOOR)
                take_door(registry, entry, record);
        entry->record = record;
        place_changed(book, entry->place);
}

void door_book_record(DoorBook *book, const Registry *registry, const Record *record,
                      PlekChange change)
{
        DoorEntry *entry;

        book->n_changes += record->report == UPDATE_OFFERING;
        if (record->report != UPDATE_DOOR && record->report != UPDATE_CARD)
                return;
        book->n_changes++;
        if (change != PLEK_CHANGE_DROPPED) {
                keep(book, registry, record, change);
                return;
        }
        entry = entry_find(book, record->key, record->n_key);
        if (entry)
                entry_free(book, entry);
}

/* Makes room for one more that was withdrawn. */
static void forget_oldest(DoorBook *book, DoorPlace *place)
{
        DoorEntry *oldest = NULL;

        if (place->n_withdrawn < WITHDRAWN_MAX)
                return;
        for (size_t i = 0; i < place->n_words; i++)
                if (!place->entries[i]->record &&
                    (!oldest ||
                     place->words[i].withdrawn_ms < place->words[oldest->at].withdrawn_ms))
                        oldest = place->entries[i];
        if (oldest)
                entry_free(book, oldest);
}

void door_book_withdrawn(DoorBook *book, const Withdrawn *withdrawn)
{
        DoorEntry *entry = entry_find(book, withdrawn->key.bytes, withdrawn->key.n_bytes);

        book->n_changes++;
        if (!entry)
                return;
        if (entry->kind == UPDATE_CARD) {
                entry_free(book, entry);
                return;
        }
        if (entry->record) {
                forget_oldest(book, entry->place);
                entry->place->n_withdrawn++;
        }
        entry->record = NULL;
        entry->place->words[entry->at].withdrawn_ms = withdrawn->at_ms;
        entry->place->words[entry->at].is_narrowed = withdrawn->cause == WITHDRAWN_AUDIENCE;
        place_changed(book, entry->place);
}

/* ------------------------------------------------------------------ what leads */

static DoorScopeSeen *scope_need(DoorPlace *place, const DoorScope *scope)
{
        DoorScopeSeen *found;

        list_for_each (link, &place->scopes) {
                found = list_entry(link, DoorScopeSeen, in_place);
                if (door_scope_is_equal(&found->seen.scope, scope))
                        return found;
        }
        found = calloc(1, sizeof(*found));
        if (!found)
                return NULL;
        found->seen.scope = *scope;
        if (scope->unit) {
                strncpy(found->unit, scope->unit, UNIT_MAX);
                found->seen.scope.unit = found->unit;
        }
        found->seen.since_ms = found->seen.ends_at_ms = TIME_ABSENT;
        found->seen.why = DOOR_WHY_NEVER;
        found->seen.plan_starts_at_ms = found->seen.plan_ends_at_ms = TIME_ABSENT;
        list_append(&place->scopes, &found->in_place);
        return found;
}

static void scope_free(DoorScopeSeen *scope)
{
        list_unlink(&scope->in_place);
        free(scope);
}

void door_place_see(const DoorPlace *place, const DoorScope *scope, int64_t now_ms,
                    DoorSeen *ret_seen)
{
        DoorQuestion question = { .scope = *scope };
        DoorLead lead;

        door_lead(place->words, place->n_words, &question, now_ms, &lead);
        *ret_seen = (DoorSeen){
                .scope = *scope,
                .state = lead.state,
                .why = lead.why,
                .standing = lead.standing,
                .since_ms = lead.since_ms,
                .ends_at_ms = lead.ends_at_ms,
                .n_exceptions = lead.n_exceptions,
                .plan_state = lead.plan ? lead.plan->door->state : DOOR_UNKNOWN,
                .plan_starts_at_ms = lead.plan ? lead.plan->door->starts_at_ms : TIME_ABSENT,
                .plan_ends_at_ms = lead.plan ? lead.plan->door->ends_at_ms : TIME_ABSENT,
                .record = lead.word ? place->entries[lead.word - place->words]->record : NULL,
        };
        memcpy(ret_seen->exceptions, lead.exceptions,
               lead.n_exceptions * sizeof(lead.exceptions[0]));
        ret_seen->n_narrower = door_narrower(place->words, place->n_words, &question, now_ms, &lead,
                                             ret_seen->narrower);
}

static bool is_same_narrower(const DoorSeen *a, const DoorSeen *b)
{
        for (size_t i = 0; a->n_narrower == b->n_narrower && i < a->n_narrower; i++)
                if (a->narrower[i].patient_group != b->narrower[i].patient_group ||
                    a->narrower[i].urgency != b->narrower[i].urgency ||
                    a->narrower[i].state != b->narrower[i].state ||
                    a->narrower[i].standing != b->narrower[i].standing)
                        return false;
        return a->n_narrower == b->n_narrower;
}

static bool is_same(const DoorSeen *a, const DoorSeen *b)
{
        return a->state == b->state && a->why == b->why && a->standing == b->standing &&
               a->since_ms == b->since_ms && a->ends_at_ms == b->ends_at_ms &&
               a->n_exceptions == b->n_exceptions &&
               !memcmp(a->exceptions, b->exceptions, a->n_exceptions * sizeof(a->exceptions[0])) &&
               a->plan_state == b->plan_state && a->plan_starts_at_ms == b->plan_starts_at_ms &&
               a->plan_ends_at_ms == b->plan_ends_at_ms && is_same_narrower(a, b);
}

/* Which scopes there are. */
static void list_scopes(DoorBook *book, DoorPlace *place)
{
        list_for_each (link, &place->scopes)
                list_entry(link, DoorScopeSeen, in_place)->is_held = false;
        for (size_t i = 0; i < place->n_words; i++) {
                DoorScope scope = door_word_scope(&place->words[i]);
                DoorScopeSeen *found;

                if (!place->entries[i]->record)
                        continue;
                found = scope_need(place, &scope);
                if (found)
                        found->is_held = true;
                else
                        book->is_short = true;
        }
}

static void place_settle(DoorBook *book, DoorPlace *place, int64_t now_ms)
{
        list_scopes(book, place);
        list_for_each (link, &place->scopes) {
                DoorScopeSeen *scope = list_entry(link, DoorScopeSeen, in_place);
                DoorSeen seen;

                door_place_see(place, &scope->seen.scope, now_ms, &seen);
                scope->is_untold |= !is_same(&seen, &scope->seen);
                scope->seen = seen;
        }
        place->is_settled = true;
}

void door_book_settle(DoorBook *book, int64_t now_ms)
{
        list_for_each (link, &book->changed) {
                DoorPlace *place = list_entry(link, DoorPlace, in_changed);

                if (!place->is_settled)
                        place_settle(book, place, now_ms);
        }
}

/* Everything was told: scopes that no door is held of are of no more use, nor is an empty place. */
static void place_told(DoorBook *book, DoorPlace *place)
{
        list_for_each (link, &place->scopes)
                if (!list_entry(link, DoorScopeSeen, in_place)->is_held)
                        scope_free(list_entry(link, DoorScopeSeen, in_place));
        list_unlink(&place->in_changed);
        if (!place->n_words && list_is_empty(&place->cards))
                place_free(book, place);
}

bool door_book_next_untold(DoorBook *book, DoorPlace **ret_place, DoorSeen *ret_seen)
{
        while (!list_is_empty(&book->changed)) {
                DoorPlace *place = list_entry(book->changed.next, DoorPlace, in_changed);

                assert(place->is_settled);
                list_for_each (link, &place->scopes) {
                        DoorScopeSeen *scope = list_entry(link, DoorScopeSeen, in_place);

                        if (!scope->is_untold)
                                continue;
                        scope->is_untold = false;
                        *ret_place = place;
                        *ret_seen = scope->seen;
                        return true;
                }
                place_told(book, place);
        }
        return false;
}

/* ------------------------------------------------------------------ its life */

int door_book_init(DoorBook *book)
{
        *book = (DoorBook){ 0 };
        list_init(&book->changed);
        return arena_new(&book->arena, ARENA_MESSAGE_BYTES);
}

void door_book_deinit(DoorBook *book)
{
        DoorEntry *entry, *next_entry;
        DoorPlace *place, *next_place;

        if (!book->arena)
                return;
        HASH_ITER (hh, book->entries, entry, next_entry) {
                entry_free(book, entry);
        }
        HASH_ITER (hh, book->places, place, next_place) {
                place_free(book, place);
        }
        book->arena = arena_free(book->arena);
}
