#include "derived/door.h"

#include <string.h>

/*
 * Which door leads
 *
 * Overruling is by scope, not by pairs of words: a scope is narrowed in up to four ways, and all
 * words that apply to one question agree in those in which they are narrowed, so that their scopes
 * are sixteen at the most. The latest statement of each is all that overruling needs.
 */

enum {
        NARROWED_UNIT = 1,
        NARROWED_CARE = 2,
        NARROWED_GROUP = 4,
        NARROWED_URGENCY = 8,
        N_SCOPES = 16,
        STEPS_MAX = 64, /* of time, in looking for the next change */
};

#define NOT_STATED INT64_MIN

/* What a word amounts to at a time, for a question. */
typedef struct Weight {
        unsigned scope; /* NARROWED_* */
        uint32_t state;
        int strictness;
        DoorStanding standing;
        int64_t stated_ms;    /* or NOT_STATED; of a plan, as if at its start */
        int64_t overrules_ms; /* what was stated before it: when it was said, or NOT_STATED */
        int64_t since_ms;
} Weight;

typedef struct Statements {
        int64_t latest_ms[N_SCOPES]; /* or NOT_STATED */
} Statements;

/* ------------------------------------------------------------------ scopes */

static bool unit_is_equal(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

bool door_scope_is_equal(const DoorScope *a, const DoorScope *b)
{
        return unit_is_equal(a->unit, b->unit) && a->care == b->care &&
               a->patient_group == b->patient_group && a->urgency == b->urgency;
}

bool door_scope_contains(const DoorScope *outer, const DoorScope *inner)
{
        return (!outer->unit || unit_is_equal(outer->unit, inner->unit)) &&
               (outer->care == CODE_ABSENT || outer->care == inner->care) &&
               (outer->patient_group == CODE_ABSENT ||
                outer->patient_group == inner->patient_group) &&
               (outer->urgency == CODE_ABSENT || outer->urgency == inner->urgency);
}

DoorScope door_word_scope(const DoorWord *word)
{
        return (DoorScope){
                .unit = word->unit,
                .care = word->door->care,
                .patient_group = word->door->patient_group,
                .urgency = word->door->urgency,
        };
}

static unsigned narrowed(const DoorScope *scope)
{
        return (scope->unit ? NARROWED_UNIT : 0) |
               (scope->care != CODE_ABSENT ? NARROWED_CARE : 0) |
               (scope->patient_group != CODE_ABSENT ? NARROWED_GROUP : 0) |
               (scope->urgency != CODE_ABSENT ? NARROWED_URGENCY : 0);
}

static bool applies(const DoorWord *word, const DoorQuestion *question)
{
        DoorScope scope = door_word_scope(word);

        return door_scope_contains(&scope, &question->scope);
}

/* ------------------------------------------------------------------ words */

int door_strictness(uint32_t state)
{
        static const int strictness[] = {
                [PLEK_DOOR_OPEN] = 0, [PLEK_DOOR_RESTRICTED] = 1, [DOOR_UNKNOWN] = 2,
                [PLEK_DOOR_STOP] = 3, [PLEK_DOOR_CLOSED] = 4,     [PLEK_DOOR_NOT_APPLICABLE] = 5,
        };

        return state < N_ELEMENTS(strictness) ? strictness[state] : strictness[DOOR_UNKNOWN];
}

bool door_is_stopped(uint32_t state)
{
        return door_strictness(state) >= door_strictness(PLEK_DOOR_STOP);
}

static bool excepts(const Door *door, uint32_t exception)
{
        for (size_t i = 0; i < door->n_exceptions; i++)
                if (door->exceptions[i] == exception)
                        return true;
        return false;
}

/* Who announced it knew of what had been said by then, and not of what was said since: so it is as
 * new as its start against what would overrule it, and as old as the announcement in overruling. */
static bool weigh_plan(const DoorWord *word, Weight *weight)
{
        if (weight->standing != DOOR_STANDS)
                return false;
        if (word->door->starts_at_ms != TIME_ABSENT)
                weight->since_ms = weight->stated_ms =
                        MAX(word->since_ms, word->door->starts_at_ms);
        return true;
}

/* What time made of a word was stated by nobody. */
static void weigh_ended(const DoorWord *word, Weight *weight)
{
        const Door *door = word->door;

        weight->stated_ms = weight->overrules_ms = NOT_STATED;
        if (weight->standing == DOOR_EXPIRED && door->state != PLEK_DOOR_OPEN)
                return;
        weight->state = weight->standing == DOOR_REOPENED ? PLEK_DOOR_OPEN : DOOR_UNKNOWN;
        weight->since_ms = MAX(word->since_ms, door->ends_at_ms);
}

/* Whether it counts at all. */
static bool weigh(const DoorWord *word, const DoorQuestion *question, int64_t now_ms,
                  Weight *ret_weight)
{
        DoorScope scope = door_word_scope(word);
        Weight weight = {
                .since_ms = word->since_ms,
                .stated_ms = word->since_ms,
                .overrules_ms = word->since_ms,
        };

        if (word->withdrawn_ms != TIME_ABSENT || word->is_distrusted || !applies(word, question))
                return false;

        weight.scope = narrowed(&scope);
        weight.state = word->door->state;
        weight.standing = door_standing(word->door, now_ms);
        if (word->door->plan) {
                if (!weigh_plan(word, &weight))
                        return false;
        } else if (weight.standing != DOOR_STANDS) {
                weigh_ended(word, &weight);
        }

        if (question->exception && weight.state != PLEK_DOOR_NOT_APPLICABLE &&
            weight.state != DOOR_UNKNOWN && excepts(word->door, question->exception))
                weight.state = PLEK_DOOR_OPEN;
        weight.strictness = door_strictness(weight.state);
        *ret_weight = weight;
        return true;
}

/* ------------------------------------------------------------------ leading */

static void gather(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                   int64_t now_ms, Statements *ret_statements)
{
        Weight weight;

        for (size_t i = 0; i < N_SCOPES; i++)
                ret_statements->latest_ms[i] = NOT_STATED;
        for (size_t i = 0; i < n_words; i++) {
                int64_t *latest_ms;

                if (!weigh(&words[i], question, now_ms, &weight))
                        continue;
                latest_ms = &ret_statements->latest_ms[weight.scope];
                *latest_ms = MAX(*latest_ms, weight.overrules_ms);
        }
}

/* What was not stated (any more) is older than every statement, but past its end it is shown, so
 * that only what was stated after it overrules it. */
static bool is_overruled(const Statements *statements, const DoorWord *word, const Weight *weight)
{
        int64_t said_ms = weight->stated_ms == NOT_STATED ? word->since_ms : weight->stated_ms;

        for (unsigned scope = 0; scope < N_SCOPES; scope++)
                if (scope != weight->scope && (scope & weight->scope) == weight->scope &&
                    statements->latest_ms[scope] > said_ms)
                        return true;
        return false;
}

static int order(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

/* The strictest; of those, one that stands, then the narrowest, then the latest; then whatever
 * makes every reader choose the same. Positive: @a comes before @b. */
static int compare(const DoorWord *a, const Weight *x, const DoorWord *b, const Weight *y)
{
        int by = order(x->strictness, y->strictness);

        if (!by)
                by = order(x->stated_ms != NOT_STATED, y->stated_ms != NOT_STATED);
        if (!by)
                by = order(__builtin_popcount(x->scope), __builtin_popcount(y->scope));
        if (!by)
                by = order(x->stated_ms, y->stated_ms);
        if (!by)
                by = order(x->since_ms, y->since_ms);
        if (!by)
                by = order(x->scope, y->scope);
        if (!by)
                by = strcmp(b->party, a->party);
        return by ? by : order(b->door->plan, a->door->plan);
}

/* Who is excepted by everything that would keep them out. */
static void common_exceptions(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                              int64_t now_ms, const Statements *statements, DoorLead *lead)
{
        const Door *leading = lead->word->door;
        Weight weight;

        if (lead->state == PLEK_DOOR_OPEN || lead->state == DOOR_UNKNOWN ||
            lead->state == PLEK_DOOR_NOT_APPLICABLE)
                return;
        memcpy(lead->exceptions, leading->exceptions,
               leading->n_exceptions * sizeof(leading->exceptions[0]));
        lead->n_exceptions = leading->n_exceptions;

        for (size_t i = 0; i < n_words && lead->n_exceptions; i++) {
                size_t n = 0;

                if (!weigh(&words[i], question, now_ms, &weight) ||
                    weight.strictness < door_strictness(DOOR_UNKNOWN) ||
                    is_overruled(statements, &words[i], &weight))
                        continue;
                for (size_t e = 0; e < lead->n_exceptions; e++)
                        if (weight.state != DOOR_UNKNOWN &&
                            excepts(words[i].door, lead->exceptions[e]))
                                lead->exceptions[n++] = lead->exceptions[e];
                lead->n_exceptions = n;
        }
}

/* Nobody's word counts: the last thing that happened says why. */
static void explain(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                    int64_t now_ms, DoorLead *lead)
{
        lead->why = DOOR_WHY_NEVER;
        lead->since_ms = TIME_ABSENT; /* before all times */
        for (size_t i = 0; i < n_words; i++) {
                const DoorWord *word = &words[i];
                DoorWhy why = DOOR_WHY_NEVER;
                int64_t at_ms = TIME_ABSENT;

                if (!applies(word, question))
                        continue;
                if (word->withdrawn_ms != TIME_ABSENT && !word->door->plan) {
                        why = word->is_narrowed ? DOOR_WHY_AUDIENCE : DOOR_WHY_WITHDRAWN;
                        at_ms = word->withdrawn_ms;
                } else if (word->withdrawn_ms == TIME_ABSENT && word->is_distrusted) {
                        why = DOOR_WHY_DISTRUSTED;
                        at_ms = word->since_ms;
                } else if (word->withdrawn_ms == TIME_ABSENT &&
                           door_standing(word->door, now_ms) == DOOR_OVER) {
                        why = DOOR_WHY_EXPIRED;
                        at_ms = word->door->ends_at_ms;
                }
                if (at_ms > lead->since_ms || (at_ms == lead->since_ms && why > lead->why)) {
                        lead->why = why;
                        lead->since_ms = at_ms;
                }
        }
}

static const DoorWord *next_plan(const DoorWord *words, size_t n_words,
                                 const DoorQuestion *question, int64_t now_ms)
{
        const DoorWord *next = NULL;

        for (size_t i = 0; i < n_words; i++) {
                const DoorWord *word = &words[i];
                int by;

                if (word->withdrawn_ms != TIME_ABSENT || word->is_distrusted ||
                    !applies(word, question) || door_standing(word->door, now_ms) != DOOR_ANNOUNCED)
                        continue;
                by = !next ? -1 : order(word->door->starts_at_ms, next->door->starts_at_ms);
                if (!by)
                        by = order(door_strictness(next->door->state),
                                   door_strictness(word->door->state));
                if (!by)
                        by = strcmp(word->party, next->party);
                if (by < 0 || (!by && word->door->plan < next->door->plan))
                        next = word;
        }
        return next;
}

void door_lead(const DoorWord *words, size_t n_words, const DoorQuestion *question, int64_t now_ms,
               DoorLead *ret_lead)
{
        DoorLead lead = { .ends_at_ms = TIME_ABSENT };
        Weight best = { 0 }, weight;
        Statements statements;

        gather(words, n_words, question, now_ms, &statements);
        for (size_t i = 0; i < n_words; i++) {
                if (!weigh(&words[i], question, now_ms, &weight) ||
                    is_overruled(&statements, &words[i], &weight) ||
                    (lead.word && compare(&words[i], &weight, lead.word, &best) <= 0))
                        continue;
                lead.word = &words[i];
                best = weight;
        }

        if (lead.word) {
                lead.state = best.state;
                lead.standing = best.standing;
                lead.since_ms = best.since_ms;
                lead.why = best.state == DOOR_UNKNOWN ? DOOR_WHY_EXPIRED : DOOR_WHY_KNOWN;
                if (lead.word->door->ends_at_ms != TIME_ABSENT &&
                    lead.word->door->ends_at_ms > now_ms)
                        lead.ends_at_ms = lead.word->door->ends_at_ms;
                common_exceptions(words, n_words, question, now_ms, &statements, &lead);
        } else {
                explain(words, n_words, question, now_ms, &lead);
        }
        lead.plan = next_plan(words, n_words, question, now_ms);
        *ret_lead = lead;
}

/* The question's scope for those whom @word names, if they are not all whom the question is about.
 */
static bool narrows(const DoorWord *word, const DoorQuestion *question, DoorScope *ret_scope)
{
        DoorScope scope = door_word_scope(word), narrow = question->scope;

        if (word->withdrawn_ms != TIME_ABSENT || word->is_distrusted)
                return false;
        if (narrow.patient_group == CODE_ABSENT)
                narrow.patient_group = scope.patient_group;
        if (narrow.urgency == CODE_ABSENT)
                narrow.urgency = scope.urgency;
        *ret_scope = narrow;
        return !door_scope_is_equal(&narrow, &question->scope) &&
               door_scope_contains(&scope, &narrow);
}

static int compare_narrower(const DoorNarrower *a, const DoorNarrower *b)
{
        int by = order(door_strictness(b->state), door_strictness(a->state));

        if (!by)
                by = order(a->patient_group, b->patient_group);
        return by ? by : order(a->urgency, b->urgency);
}

/* In its place; the last one makes room if there is none. */
static size_t add_narrower(DoorNarrower *narrower, size_t n, const DoorNarrower *one)
{
        size_t at = n;

        for (size_t i = 0; i < n; i++)
                if (!compare_narrower(&narrower[i], one))
                        return n; /* several words name the same patients */
        while (at && compare_narrower(one, &narrower[at - 1]) < 0)
                at--;
        if (at == DOOR_NARROWER_MAX)
                return n;
        if (n < DOOR_NARROWER_MAX)
                n++;
        memmove(&narrower[at + 1], &narrower[at], (n - 1 - at) * sizeof(*narrower));
        narrower[at] = *one;
        return n;
}

size_t door_narrower(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                     int64_t now_ms, const DoorLead *lead,
                     DoorNarrower ret_narrower[DOOR_NARROWER_MAX])
{
        DoorQuestion narrow = *question;
        DoorLead of_narrow;
        size_t n = 0;

        for (size_t i = 0; i < n_words; i++) {
                if (!narrows(&words[i], question, &narrow.scope))
                        continue;
                door_lead(words, n_words, &narrow, now_ms, &of_narrow);
                if (door_strictness(of_narrow.state) <= door_strictness(lead->state))
                        continue;
                n = add_narrower(ret_narrower, n,
                                 &(DoorNarrower){
                                         .patient_group = narrow.scope.patient_group,
                                         .urgency = narrow.scope.urgency,
                                         .state = of_narrow.state,
                                         .standing = of_narrow.standing,
                                 });
        }
        return n;
}

DoorPart door_part(const DoorWord *words, size_t n_words, size_t i, const DoorQuestion *question,
                   int64_t now_ms, const DoorLead *lead)
{
        const DoorWord *word = &words[i];
        Statements statements;
        Weight weight;

        if (!applies(word, question))
                return DOOR_ELSEWHERE;
        if (word->withdrawn_ms != TIME_ABSENT)
                return DOOR_PAST;
        if (word->is_distrusted)
                return DOOR_DISCARDED;
        if (!weigh(word, question, now_ms, &weight))
                return door_standing(word->door, now_ms) == DOOR_OVER ? DOOR_PAST : DOOR_AHEAD;
        if (word == lead->word)
                return DOOR_LEADS;
        gather(words, n_words, question, now_ms, &statements);
        return is_overruled(&statements, word, &weight) ? DOOR_OVERRULED : DOOR_HOLDS;
}

/* ------------------------------------------------------------------ time */

/* The next time at which any word that may count is another. */
static int64_t next_moment(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                           int64_t now_ms)
{
        int64_t next_ms = INT64_MAX;

        for (size_t i = 0; i < n_words; i++)
                if (words[i].withdrawn_ms == TIME_ABSENT && !words[i].is_distrusted &&
                    applies(&words[i], question))
                        next_ms = MIN(next_ms, door_next_change_ms(words[i].door, now_ms));
        return next_ms;
}

static bool is_same(const DoorLead *a, const DoorLead *b)
{
        return a->state == b->state && a->why == b->why && a->standing == b->standing &&
               a->word == b->word && a->since_ms == b->since_ms && a->ends_at_ms == b->ends_at_ms &&
               a->n_exceptions == b->n_exceptions &&
               !memcmp(a->exceptions, b->exceptions, a->n_exceptions * sizeof(a->exceptions[0]));
}

int64_t door_next_lead(const DoorWord *words, size_t n_words, const DoorQuestion *question,
                       int64_t now_ms, DoorLead *ret_next)
{
        int64_t at_ms = now_ms;
        DoorLead now, next;

        door_lead(words, n_words, question, now_ms, &now);
        next = now;
        for (unsigned step = 0; step < STEPS_MAX; step++) {
                at_ms = next_moment(words, n_words, question, at_ms);
                if (at_ms == INT64_MAX)
                        break;
                door_lead(words, n_words, question, at_ms, &next);
                if (!is_same(&now, &next))
                        break;
        }
        *ret_next = next;
        return at_ms;
}
