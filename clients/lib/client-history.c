#include <string.h>

#include "lib/client-fetch.h"
#include "lib/report.h"
#include "plek/plek.h"

/* What an enrolment says of a location, copied. */
typedef struct Spelled {
        const EnrolmentVersion *version;
        const char *location;
        const char *region, *party_name;
        const PlekRegion *regions;
        size_t n_regions;
} Spelled;

typedef struct MomentList {
        PlekClient *client;
        Replica *registry;
        const Request *asked;
        uint64_t first;      /* what stood before it stood when the time began */
        PlekMoment *moments; /* in the client's arena, at last */
        size_t n, n_room;
        size_t n_doubtful;
        Spelled spelled; /* the last */
} MomentList;

static void moments_deinit(MomentList *list)
{
        free(list->moments);
}

static int add_moment(MomentList *list, const PlekMoment *moment)
{
        size_t n_room = list->n_room ? 2 * list->n_room : 64;
        PlekMoment *grown;

        if (list->n == list->n_room) {
                grown = reallocarray(list->moments, n_room, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                list->moments = grown;
                list->n_room = n_room;
        }
        list->moments[list->n++] = *moment;
        return 0;
}

static const LocationGrant *grant_of(const EnrolmentVersion *version, const char *location)
{
        for (size_t i = 0; version && i < version->enrolment->n_locations; i++)
                if (!strcmp(version->enrolment->locations[i].location, location))
                        return &version->enrolment->locations[i];
        return NULL;
}

static int copy_regions(MomentList *list, Spelled *spelled, const LocationGrant *grant)
{
        Arena *arena = list->client->arena;
        PlekRegion *regions = arena_alloc(arena, (grant->n_regions + 1) * sizeof(*regions));

        if (!regions)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < grant->n_regions; i++) {
                regions[i] = (PlekRegion){ arena_strdup(arena, grant->regions[i].scheme),
                                           arena_strdup(arena, grant->regions[i].id) };
                if (!regions[i].scheme || !regions[i].id)
                        return err_raise(-ENOMEM);
        }
        spelled->region = arena_strdup(arena, grant->region);
        spelled->regions = regions;
        spelled->n_regions = grant->n_regions;
        return spelled->region ? 0 : err_raise(-ENOMEM);
}

/* Strings of the registry go with it. One that lost its location is of the regions that it had
 * before. */
static int spell_version(MomentList *list, const EnrolmentVersion *version, const char *location)
{
        Spelled *spelled = &list->spelled;
        const LocationGrant *grant = grant_of(version, location);
        const char *name = version ? version->enrolment->name : NULL;
        int r = 0;

        *spelled = (Spelled){ .version = version };
        for (const EnrolmentVersion *at = version; at && !grant; at = at->older)
                grant = grant_of(at->older, location);
        spelled->location = arena_strdup(list->client->arena, location);
        spelled->party_name = name ? arena_strdup(list->client->arena, name) : NULL;
        if (!spelled->location || (name && !spelled->party_name))
                r = err_raise(-ENOMEM);
        else if (grant)
                r = copy_regions(list, spelled, grant);
        if (r)
                *spelled = (Spelled){ 0 };
        return r;
}

/* Much of a history is about the location of the entry before. */
static int spell_party(MomentList *list, PlekMoment *moment, const char *location)
{
        const Registry *registry = replica_registry(list->registry);
        const EnrolmentVersion *version =
                registry_version_at(registry, moment->party, moment->revision);
        const Spelled *spelled = &list->spelled;
        int r = 0;

        if (!version || spelled->version != version || strcmp(spelled->location, location) != 0)
                r = spell_version(list, version, location);
        moment->region = spelled->region;
        moment->party_name = spelled->party_name;
        moment->regions = spelled->regions;
        moment->n_regions = spelled->n_regions;
        return r;
}

/* @ref: of an acknowledgement by the moment's party, which speaks for itself alone; where the
 * location was, whose record it is knows. */
static int spell_seen(MomentList *list, PlekMoment *moment, const RecordRef *ref,
                      const char *location)
{
        RecordRef named = ack_named(ref);
        PlekMoment of = { .party = ref->of_party, .revision = moment->revision };
        int r;

        report_from_ref(&named, (Status)moment->report.status, location, &moment->report);
        r = spell_party(list, &of, location);
        if (!r)
                r = spell_party(list, moment, location);
        moment->region = of.region;
        moment->regions = of.regions;
        moment->n_regions = of.n_regions;
        moment->seen.party = of.party;
        moment->seen.party_name = of.party_name;
        return r;
}

static bool is_distrusted(const MomentList *list, const char *party, const Entry *entry)
{
        const Party *of = registry_find(replica_registry(list->registry), party);

        return party_trust(of, entry->revision, entry->received_at_ms, INT64_MIN) ==
               PARTY_DISTRUSTED;
}

static PlekMomentKind kind_of(const MomentList *list, const Entry *entry)
{
        if (MAX(entry->revision, entry->changed_revision) <= list->first)
                return PLEK_MOMENT_STOOD;
        if (entry->flags & ENTRY_MOVED)
                return PLEK_MOMENT_MOVED;
        return entry->since_ms == entry->received_at_ms ? PLEK_MOMENT_SAID : PLEK_MOMENT_RESTATED;
}

/* An answer to another question is signed as well as one to ours. */
static bool is_asked(const MomentList *list, const char *location, const RecordRef *ref)
{
        const char *asked_location = list->asked->history.location;
        const char *asked_unit = list->asked->history.unit;
        uint32_t asked_care = list->asked->history.care;

        return (list->asked->history.reports & REPORT_BIT(ref->report)) &&
               (!asked_location || !strcmp(asked_location, location)) &&
               (!asked_unit || (ref->unit && !strcmp(asked_unit, ref->unit))) &&
               (asked_care == CODE_ABSENT || asked_care == ref->care);
}

static int leave_out(MomentList *list, const Entry *entry, const char *what)
{
        context_log(list->client->context, PLEK_LOG_WARNING, "revision %llu %s",
                    (unsigned long long)entry->revision, what);
        list->n_doubtful++;
        return 0;
}

static int add_withdrawn(MomentList *list, const Entry *entry)
{
        const WithdrawnRecord *withdrawn = entry->withdrawn;
        PlekMoment moment = {
                .kind = PLEK_MOMENT_WITHDRAWN,
                .party = withdrawn->party,
                .revision = entry->revision,
                .observed_at_ms = entry->received_at_ms,
                .received_at_ms = entry->received_at_ms,
                .since_ms = entry->received_at_ms,
                .withdrawn = (PlekWithdrawn)withdrawn->cause,
        };
        int r;

        if (!is_asked(list, withdrawn->location, &withdrawn->ref))
                return leave_out(list, entry, "is about something else than was asked");
        report_from_ref(&withdrawn->ref, withdrawn->status, withdrawn->location, &moment.report);
        r = withdrawn->ref.report == UPDATE_ACK
                    ? spell_seen(list, &moment, &withdrawn->ref, withdrawn->location)
                    : spell_party(list, &moment, withdrawn->location);
        return r ? r : add_moment(list, &moment);
}

static int spell_update(MomentList *list, PlekMoment *moment, const Update *update,
                        const RecordRef *ref)
{
        PlekReport *report = &moment->report;
        int r;

        report_from_update(update, report);
        if (update->kind == UPDATE_COUNTS)
                moment->available_known = counts_available(&update->counts, &moment->available,
                                                           &moment->available_computed);
        if (update->kind != UPDATE_ACK)
                return spell_party(list, moment, update->location);

        moment->seen.revision = update->ack.revision;
        moment->seen.function = update->ack.function;
        r = spell_seen(list, moment, ref, update->location);
        report->audience = (PlekAudience)update->audience;
        moment->observed_at_ms = moment->received_at_ms;
        return r;
}

static int add_entry(MomentList *list, const Entry *entry, const Proof *proof)
{
        PlekMoment moment = {
                .kind = kind_of(list, entry),
                .revision = entry->revision,
                .received_at_ms = entry->received_at_ms,
                .since_ms = entry->since_ms,
                .flags = entry->flags & (PLEK_FLAG_OVERCROWDED | PLEK_FLAG_INCONSISTENT),
        };
        const char *what;
        RecordRef ref;
        Update update;
        int r;

        if (entry->withdrawn)
                return add_withdrawn(list, entry);
        what = entry->envelope
                       ? replica_judge(list->registry, entry, proof, list->client->arena, &update)
                       : "is not an update";
        if (what)
                return leave_out(list, entry, what);
        if (update.kind == UPDATE_AFFIRM || update.kind == UPDATE_WITHDRAW)
                return 0;
        ref = update_record_ref(&update);
        if (!is_asked(list, update.location, &ref))
                return leave_out(list, entry, "is about something else than was asked");

        moment.party = update.party;
        moment.observed_at_ms = update.observed_at_ms;
        moment.is_distrusted = is_distrusted(list, update.party, entry);
        r = spell_update(list, &moment, &update, &ref);
        return r ? r : add_moment(list, &moment);
}

/* Signatures first, by several threads: they are most of the work. */
static int add_chunk(MomentList *list, const Blob *body)
{
        CLEANUP(freep) Proof *proofs = NULL;
        ChunkBody chunk;
        int r = 0;

        if (chunk_body_decode(&chunk, list->client->arena, body->bytes, body->n_bytes))
                return PLEK_E_UNTRUSTED;
        proofs = calloc(chunk.n_entries + 1, sizeof(*proofs));
        if (!proofs)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < chunk.n_entries; i++)
                replica_claim(list->registry, &chunk.entries[i], &proofs[i]);
        proofs_check(proofs, chunk.n_entries);
        for (size_t i = 0; !r && i < chunk.n_entries; i++)
                r = add_entry(list, &chunk.entries[i], &proofs[i]);
        return r;
}

/* Whether anybody ever spoke for @location. */
static bool is_known(const Registry *registry, const char *location)
{
        for (Party *party = registry_next(registry, NULL); party && location;
             party = registry_next(registry, party))
                for (const EnrolmentVersion *version = party->newest; version;
                     version = version->older)
                        if (grant_of(version, location))
                                return true;
        return !location;
}

/* What is the client's own lives as long as its answer. */
static int finish(MomentList *list, const ClientFetch *fetch, const char *location,
                  PlekHistory *ret_history)
{
        PlekMoment *moments = NULL;

        if (list->n) {
                moments = arena_alloc(list->client->arena, list->n * sizeof(*moments));
                if (!moments)
                        return err_raise(-ENOMEM);
                memcpy(moments, list->moments, list->n * sizeof(*moments));
        }
        *ret_history = (PlekHistory){
                .moments = moments,
                .n_moments = list->n,
                .n_doubtful = list->n_doubtful,
                .is_thinned = fetch->transfer.manifest.is_thinned,
                .kept_from_ms = fetch->transfer.manifest.kept_from_ms,
                .is_known = list->n || is_known(replica_registry(list->registry), location),
        };
        return 0;
}

static int judge_answer(ClientFetch *fetch, const Request *asked, PlekHistory *ret_history)
{
        CLEANUP(moments_deinit)
        MomentList list = {
                .client = fetch->client,
                .registry = fetch->registry,
                .asked = asked,
                .first = fetch->transfer.manifest.from,
        };
        int r = 0;

        if (strcmp(fetch->transfer.manifest.topic, MANIFEST_HISTORY) != 0 ||
            fetch->transfer.manifest.audience != fetch->client->audience)
                return PLEK_E_UNTRUSTED;
        list_for_each (link, &fetch->chunks) {
                r = add_chunk(&list, list_entry(link, FetchedChunk, link)->body);
                if (r)
                        return r;
        }
        return finish(&list, fetch, asked->history.location, ret_history);
}

/* A program that knows none is not shown one: it would take it for a door. */
static uint32_t reports_of(const PlekHistoryQuestion *question)
{
        uint32_t reports = question->reports    ? question->reports
                           : question->location ? REPORT_BITS_ALL
                                                : REPORT_BIT(UPDATE_DOOR) | REPORT_BIT(UPDATE_CARD);

        reports &= ~REPORT_BIT(UPDATE_ACK);
        return question->with_seen && question->location ? reports | REPORT_BIT(UPDATE_ACK)
                                                         : reports;
}

static bool to_request(const PlekHistoryQuestion *question, Request *ret_request,
                       WireRefusal *ret_refusal)
{
        *ret_refusal = (WireRefusal){ .code = PLEK_REFUSED_FIELD };
        if (question->location && !location_is_valid(question->location)) {
                ret_refusal->field = "location";
                ret_refusal->text = "not the id of a location";
                return false;
        }
        if (question->unit && !unit_is_valid(question->unit)) {
                ret_refusal->field = "unit";
                ret_refusal->text = "not the id of a unit";
                return false;
        }
        *ret_request = (Request){
                .kind = REQUEST_HISTORY,
                .history = {
                        .location = question->location,
                        .unit = question->unit,
                        .care = question->care ? question->care : CODE_ABSENT,
                        .reports = reports_of(question),
                        .from_ms = question->from_ms,
                        .to_ms = question->to_ms,
                        .restated = question->with_restated,
                        .credit = TRANSFER_CREDIT,
                },
        };
        return true;
}

int plek_client_history(PlekClient *client, const PlekHistoryQuestion *question,
                        PlekHistory *ret_history, PlekFault *ret_fault)
{
        WireRefusal refusal;
        ClientFetch fetch;
        Request request;
        int r;

        if (client->control || client->is_guest)
                return err_raise(-EINVAL);
        if (!to_request(question, &request, &refusal)) {
                fault_from(ret_fault, &refusal);
                return PLEK_E_INVALID;
        }
        arena_reset(client->arena);
        client_fetch_init(&fetch, client);
        r = client_fetch(&fetch, &request, ret_fault);
        if (!r)
                r = judge_answer(&fetch, &request, ret_history);
        client_fetch_deinit(&fetch);
        return r;
}
