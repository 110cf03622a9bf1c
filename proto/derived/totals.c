#include "derived/totals.h"

#include <string.h>

#include "picture/freshness.h"

/*
 * First every report in the scope, then, care by care and location by location, which of them
 * count, and only those are decoded and added up.
 */

/* One party's report on one place. */
typedef struct Claim {
        const Record *record;
        const Party *party; /* NULL: not in the registry any more */
        const char *party_id, *location, *unit;
        uint32_t care;
        Freshness freshness;
        bool is_distrusted;
} Claim;

typedef struct Line {
        UT_hash_handle hh;
        struct {
                char region[REGION_MAX + 1]; /* all bytes after the end are zero */
                uint32_t care;
        } key;
        const char *location; /* the last that was counted in n_locations */
        PlekTotalsLine *line;
} Line;

typedef struct Totalling {
        const Registry *registry;
        const TotalsScope *scope;
        Claim *claims;
        size_t n_claims;
        Arena *arena;
        Line *lines;
        PlekTotals *totals;
} Totalling;

static_assert(PLEK_TOTALS_REGION_BYTES == REGION_MAX + 1, "a region's id");
static_assert(PLEK_TOTALS_DEFINITION_BYTES == DEFINITION_MAX + 1, "a definition");

bool care_overlaps(uint32_t care)
{
        return care == PLEK_CARE_ISOLATION_NEGATIVE || care == PLEK_CARE_ISOLATION_OTHER;
}

/* ------------------------------------------------------------------ regions */

/* An enrolment may name a region twice: it is one all the same. */
static bool is_named_before(const LocationGrant *grant, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!strcmp(grant->regions[i].scheme, grant->regions[n].scheme) &&
                    !strcmp(grant->regions[i].id, grant->regions[n].id))
                        return true;
        return false;
}

/* The @n-th region of @claim that has a line; NULL: no more. */
static const char *region_of(const Totalling *t, const Claim *claim, size_t n)
{
        const LocationGrant *grant;

        if (!t->scope->scheme)
                return n ? NULL : claim->record->topic->topic.region;

        grant = claim->party && claim->party->newest ? party_grant(claim->party, claim->location)
                                                     : NULL;
        for (size_t i = 0; grant && i < grant->n_regions; i++)
                if (!strcmp(grant->regions[i].scheme, t->scope->scheme) &&
                    !is_named_before(grant, i) && !n--)
                        return grant->regions[i].id;
        return NULL;
}

static bool is_in_scope(const Totalling *t, const Claim *claim)
{
        const char *region;

        if (!t->scope->region)
                return true;
        for (size_t i = 0; (region = region_of(t, claim, i)); i++)
                if (!strcmp(region, t->scope->region))
                        return true;
        return false;
}

/* ------------------------------------------------------------------ gathering */

static Claim claim_of(const Registry *registry, const Record *record, int64_t now_ms)
{
        int64_t distrusted_since_ms = TIME_ABSENT;
        Claim claim = { .record = record, .freshness = record_freshness(record, now_ms) };
        RecordRef ref;

        record_describe(record, &claim.party_id, &claim.location, &ref);
        claim.unit = ref.unit;
        claim.care = ref.care;
        claim.party = registry_find(registry, claim.party_id);
        if (claim.party)
                distrusted_since_ms = party_distrusted_since(claim.party, record->revision);
        claim.is_distrusted =
                distrusted_since_ms != TIME_ABSENT && record->received_at_ms >= distrusted_since_ms;
        return claim;
}

static int gather(Totalling *t, const Picture *picture, int64_t now_ms)
{
        const Record *record = NULL;

        t->claims = calloc(MAX(picture_n_records(picture), (size_t)1), sizeof(*t->claims));
        if (!t->claims)
                return err_raise(-ENOMEM);

        while ((record = picture_next(picture, record))) {
                Claim claim;

                if (record->report != UPDATE_COUNTS || record->status != t->scope->status)
                        continue;
                claim = claim_of(t->registry, record, now_ms);
                if ((t->scope->care && claim.care != t->scope->care) || !is_in_scope(t, &claim))
                        continue;
                if (care_overlaps(claim.care))
                        t->totals->n_isolation++;
                else
                        t->claims[t->n_claims++] = claim;
        }
        return 0;
}

static int compare_texts(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) : !!a - !!b; /* none before any */
}

/* Care, location, unit (the whole location first); of one place the claim that counts first. */
static int compare_claims(const void *a, const void *b)
{
        const Claim *x = a, *y = b;
        int order = (x->care > y->care) - (x->care < y->care);

        if (!order)
                order = strcmp(x->location, y->location);
        if (!order)
                order = compare_texts(x->unit, y->unit);
        if (!order)
                order = x->is_distrusted - y->is_distrusted;
        if (!order)
                order = (x->freshness > y->freshness) - (x->freshness < y->freshness);
        if (!order)
                order = (x->record->since_ms < y->record->since_ms) -
                        (x->record->since_ms > y->record->since_ms);
        return order ? order : strcmp(x->party_id, y->party_id);
}

static bool is_one_place(const Claim *a, const Claim *b)
{
        return a->care == b->care && !strcmp(a->location, b->location) &&
               !compare_texts(a->unit, b->unit);
}

/* ------------------------------------------------------------------ lines */

static int compare_lines(const void *a, const void *b)
{
        const PlekTotalsLine *x = a, *y = b;
        int order = strcmp(x->region, y->region);

        return order ? order : (x->care > y->care) - (x->care < y->care);
}

static int line_need(Totalling *t, const char *region, uint32_t care, Line **ret_line)
{
        Line *line, key = { 0 };

        strncpy(key.key.region, region, REGION_MAX);
        key.key.care = care;
        HASH_FIND(hh, t->lines, &key.key, sizeof(key.key), line);
        if (line) {
                *ret_line = line;
                return 0;
        }

        line = calloc(1, sizeof(*line));
        if (line)
                line->line = calloc(1, sizeof(*line->line));
        if (!line || !line->line) {
                free(line);
                return err_raise(-ENOMEM);
        }
        line->key = key.key;
        strcpy(line->line->region, key.key.region);
        line->line->care = care;
        HASH_ADD(hh, t->lines, key, sizeof(line->key), line);
        if (!line->hh.tbl) {
                free(line->line);
                free(line);
                return err_raise(-ENOMEM);
        }
        *ret_line = line;
        return 0;
}

/* Each line that @claim belongs to, told by @add. */
static int for_each_line(Totalling *t, const Claim *claim,
                         void (*add)(Line *line, const Claim *claim, const void *arg),
                         const void *arg)
{
        const char *region;
        Line *line;
        int r;

        r = line_need(t, "", claim->care, &line);
        if (r)
                return r;
        add(line, claim, arg);
        for (size_t i = 0; (region = region_of(t, claim, i)); i++) {
                if (t->scope->region && strcmp(region, t->scope->region) != 0)
                        continue;
                r = line_need(t, region, claim->care, &line);
                if (r)
                        return r;
                add(line, claim, arg);
        }
        return 0;
}

/* ------------------------------------------------------------------ what does not count */

enum { DOUBLED, COVERED, DISTRUSTED };

static void add_left_out(Line *line, const Claim *claim, const void *arg)
{
        const int why = *(const int *)arg;

        line->line->n_doubled += why == DOUBLED;
        line->line->n_covered += why == COVERED;
        line->line->n_distrusted += why == DISTRUSTED;
}

static int leave_out(Totalling *t, const Claim *claim, int why)
{
        return for_each_line(t, claim, add_left_out, &why);
}

/* ------------------------------------------------------------------ what counts */

static void add_number(PlekTotal *total, const Claim *claim, int64_t value)
{
        bool is_stale = claim->freshness == FRESHNESS_STALE;
        bool is_silent = claim->freshness == FRESHNESS_SILENT;

        total->sum += value;
        total->n_given++;
        total->n_stale += is_stale;
        total->n_silent += is_silent;
        total->sum_stale += is_stale ? value : 0;
        total->sum_silent += is_silent ? value : 0;
}

static void add_missing(PlekTotal *total, uint8_t why)
{
        total->n_withheld += why == PLEK_MISSING_SUPPRESSED;
        total->n_unknown += why == PLEK_MISSING_UNKNOWN;
}

/* Why free places are not known, where that follows from what they would be worked out from. */
static uint8_t free_missing(const Counts *counts)
{
        static const CountField parts[] = { COUNT_AVAILABLE, COUNT_STAFFED, COUNT_OCCUPIED,
                                            COUNT_RESERVED, COUNT_BLOCKED };
        uint8_t why = 0;

        for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
                if (counts->missing[parts[i]] == PLEK_MISSING_SUPPRESSED)
                        return PLEK_MISSING_SUPPRESSED;
                if (counts->missing[parts[i]] == PLEK_MISSING_UNKNOWN)
                        why = PLEK_MISSING_UNKNOWN;
        }
        return why;
}

static void add_free(PlekTotalsLine *line, const Claim *claim, const Counts *counts, bool is_shut)
{
        int32_t available;
        bool is_computed;

        if (!counts_available(counts, &available, &is_computed)) {
                add_missing(&line->free, free_missing(counts));
                return;
        }
        add_number(&line->free, claim, available);
        line->n_computed += is_computed;
        line->sum_computed += is_computed ? available : 0;
        line->n_shut += is_shut && available > 0;
        line->sum_shut += is_shut ? available : 0;
}

/* What counts, as it was said. */
typedef struct Taken {
        const Update *update;
        bool is_shut;
} Taken;

/* The first few by name, so that the order in which reports came does not show. */
static void add_definition(PlekTotalsLine *line, const char *definition)
{
        size_t n_named = MIN(line->n_definitions, (size_t)PLEK_TOTALS_DEFINITIONS);
        size_t at = 0;

        while (at < n_named && strcmp(line->definitions[at], definition) < 0)
                at++;
        if (at < n_named && !strcmp(line->definitions[at], definition))
                return;
        line->n_definitions++;
        if (at == PLEK_TOTALS_DEFINITIONS)
                return;
        n_named = MIN(line->n_definitions, (size_t)PLEK_TOTALS_DEFINITIONS);
        memmove(line->definitions[at + 1], line->definitions[at],
                (n_named - 1 - at) * sizeof(line->definitions[0]));
        strcpy(line->definitions[at], definition);
}

static void add_counts(Line *line, const Claim *claim, const void *arg)
{
        PlekTotalsLine *to = line->line;
        const Taken *taken = arg;
        const Update *update = taken->update;

        to->n_places++;
        to->n_locations += !line->location || strcmp(line->location, claim->location) != 0;
        line->location = claim->location;
        to->n_stale += claim->freshness == FRESHNESS_STALE;
        to->n_silent += claim->freshness == FRESHNESS_SILENT;
        to->n_overcrowded += !!(claim->record->flags & ENTRY_OVERCROWDED);
        to->n_inconsistent += !!(claim->record->flags & ENTRY_INCONSISTENT);
        add_definition(to, update->definition ? update->definition : "");

        for (CountField field = COUNT_PHYSICAL; field < N_COUNT_FIELDS; field++) {
                if (update->counts.present[field])
                        add_number(&to->fields[field], claim, update->counts.value[field]);
                else
                        add_missing(&to->fields[field], update->counts.missing[field]);
        }
        add_free(to, claim, &update->counts, taken->is_shut);
}

static int take(Totalling *t, const Claim *claim)
{
        const Blob *bytes = claim->record->envelope;
        WireRefusal refusal;
        Envelope envelope;
        Update update;
        Taken taken = { &update, false };

        arena_reset(t->arena);
        if (envelope_parse(&envelope, bytes->bytes, bytes->n_bytes) ||
            update_decode(&update, &refusal, t->arena, envelope.body, envelope.n_body))
                return err_raise(-ENOMEM); /* it was decoded when it came */
        if (t->scope->is_shut)
                taken.is_shut =
                        t->scope->is_shut(t->scope->arg, claim->location, claim->unit, claim->care);
        return for_each_line(t, claim, add_counts, &taken);
}

/* ------------------------------------------------------------------ one location */

/* Whether the location as a whole, which @claims begin with, stands for the units after it. */
static bool whole_counts(const Claim *const *claims, size_t n)
{
        for (size_t i = 1; i < n; i++)
                if (claims[i]->freshness >= claims[0]->freshness)
                        return true;
        return n == 1;
}

/* One care at one location: @claims in order, at most one a place, none distrusted. */
static int take_location(Totalling *t, const Claim *const *claims, size_t n)
{
        bool has_whole = n && !claims[0]->unit;
        bool whole = has_whole && whole_counts(claims, n);
        int r = 0;

        for (size_t i = 0; !r && i < n; i++)
                r = has_whole && whole != !claims[i]->unit ? leave_out(t, claims[i], COVERED)
                                                           : take(t, claims[i]);
        return r;
}

/* Claims of one care at one location, from @begin to before @end. */
static int sift_location(Totalling *t, const Claim **places, size_t begin, size_t end)
{
        const Claim *previous = NULL;
        size_t n = 0;
        int r;

        for (size_t i = begin; i < end; i++) {
                const Claim *claim = &t->claims[i];

                if (!claim->is_distrusted && (!previous || !is_one_place(previous, claim))) {
                        places[n++] = previous = claim;
                        continue;
                }
                r = leave_out(t, claim, claim->is_distrusted ? DISTRUSTED : DOUBLED);
                if (r)
                        return r;
        }
        return take_location(t, places, n);
}

static int sift(Totalling *t)
{
        CLEANUP(freep) const Claim **places = NULL;
        int r = 0;

        places = calloc(MAX(t->n_claims, (size_t)1), sizeof(*places));
        if (!places)
                return err_raise(-ENOMEM);
        if (t->n_claims)
                qsort(t->claims, t->n_claims, sizeof(*t->claims), compare_claims);

        for (size_t begin = 0, end; !r && begin < t->n_claims; begin = end) {
                end = begin + 1;
                while (end < t->n_claims && t->claims[end].care == t->claims[begin].care &&
                       !strcmp(t->claims[end].location, t->claims[begin].location))
                        end++;
                r = sift_location(t, places, begin, end);
        }
        return r;
}

/* ------------------------------------------------------------------ the whole */

static int finish(Totalling *t)
{
        PlekTotals *totals = t->totals;
        Line *line, *next;

        totals->lines = calloc(MAX(HASH_COUNT(t->lines), 1u), sizeof(*totals->lines));
        if (!totals->lines)
                return err_raise(-ENOMEM);
        HASH_ITER (hh, t->lines, line, next)
                totals->lines[totals->n_lines++] = *line->line;
        if (totals->n_lines)
                qsort(totals->lines, totals->n_lines, sizeof(*totals->lines), compare_lines);
        return 0;
}

static void totalling_deinit(Totalling *t)
{
        Line *line, *next;

        HASH_ITER (hh, t->lines, line, next) {
                HASH_DEL(t->lines, line);
                free(line->line);
                free(line);
        }
        free(t->claims);
        arena_free(t->arena);
        totals_free(t->totals);
}

int totals_make(PlekTotals **ret_totals, const Picture *picture, const Registry *registry,
                const TotalsScope *scope, int64_t now_ms)
{
        CLEANUP(totalling_deinit) Totalling t = { .registry = registry, .scope = scope };
        int r;

        t.totals = calloc(1, sizeof(*t.totals));
        if (!t.totals)
                return err_raise(-ENOMEM);
        r = arena_new(&t.arena, ARENA_MESSAGE_BYTES);
        if (!r)
                r = gather(&t, picture, now_ms);
        if (!r)
                r = sift(&t);
        if (!r)
                r = finish(&t);
        if (r)
                return r;
        *ret_totals = STEAL(t.totals);
        return 0;
}

PlekTotals *totals_free(PlekTotals *totals)
{
        if (totals)
                free(totals->lines);
        free(totals);
        return NULL;
}
