#include "lib/own-doors.h"

#include <stdio.h>
#include <string.h>

typedef struct OwnWord {
        Door door; /* its texts are not kept */
        char unit[UNIT_MAX + 1];
        int64_t since_ms;
} OwnWord;

struct OwnDoors {
        Status status;
        DoorScope scope;
        char location[LOCATION_MAX + 1];
        char unit[UNIT_MAX + 1]; /* of the scope */
        PlekOwnDoorsFn func;
        void *arg;
        OwnWord *words;
        size_t n_words, n_allocated;
        bool is_too_much;
};

int own_doors_new(OwnDoors **ret_doors, const PlekDoorScope *scope, PlekOwnDoorsFn func, void *arg)
{
        OwnDoors *doors;

        doors = calloc(1, sizeof(*doors));
        if (!doors)
                return err_raise(-ENOMEM);
        doors->status = (Status)scope->status;
        doors->func = func;
        doors->arg = arg;
        (void)snprintf(doors->location, sizeof(doors->location), "%s", scope->location);
        (void)snprintf(doors->unit, sizeof(doors->unit), "%s", scope->unit ? scope->unit : "");
        doors->scope = (DoorScope){
                .unit = scope->unit ? doors->unit : NULL,
                .care = scope->care,
                .patient_group = scope->patient_group,
                .urgency = scope->urgency,
        };
        *ret_doors = doors;
        return 0;
}

OwnDoors *own_doors_free(OwnDoors *doors)
{
        if (doors)
                free(doors->words);
        free(doors);
        return NULL;
}

void own_doors_reset(OwnDoors *doors)
{
        doors->n_words = 0;
        doors->is_too_much = false;
}

int own_doors_add(OwnDoors *doors, const Update *update, int64_t since_ms)
{
        OwnWord *word;

        if (update->kind != UPDATE_DOOR || update->status != doors->status ||
            strcmp(update->location, doors->location) != 0)
                return 0;
        if (doors->n_words == OWN_DOORS_MAX) {
                doors->is_too_much = true;
                return 0;
        }
        if (doors->n_words == doors->n_allocated) {
                size_t n = doors->n_allocated ? 2 * doors->n_allocated : 8;
                OwnWord *grown = reallocarray(doors->words, n, sizeof(*grown));

                if (!grown)
                        return err_raise(-ENOMEM);
                doors->words = grown;
                doors->n_allocated = n;
        }
        word = &doors->words[doors->n_words++];
        *word = (OwnWord){ .door = update->door, .since_ms = since_ms };
        word->door.text = word->door.authorised_by = NULL;
        (void)snprintf(word->unit, sizeof(word->unit), "%s", update->unit ? update->unit : "");
        return 0;
}

/* ------------------------------------------------------------------ telling */

static PlekDoorScope spell_scope(const OwnDoors *doors, const DoorScope *scope)
{
        return (PlekDoorScope){
                .status = (PlekStatus)doors->status,
                .location = doors->location,
                .unit = scope->unit,
                .care = scope->care,
                .patient_group = scope->patient_group,
                .urgency = scope->urgency,
        };
}

static PlekOwnDoor look(const OwnDoors *doors, const DoorWord *words, const DoorScope *scope,
                        int64_t now_ms)
{
        const DoorQuestion question = { .scope = *scope };
        PlekOwnDoor own;
        DoorScope said;
        DoorLead lead;

        door_lead(words, doors->n_words, &question, now_ms, &lead);
        own = (PlekOwnDoor){
                .scope = spell_scope(doors, scope),
                .said_of = spell_scope(doors, scope),
                .state = lead.state,
                .why = (PlekDoorWhy)lead.why,
                .standing = (PlekStanding)lead.standing,
                .since_ms = lead.since_ms,
                .ends_at_ms = lead.ends_at_ms,
                .n_exceptions = lead.n_exceptions,
        };
        memcpy(own.exceptions, lead.exceptions, lead.n_exceptions * sizeof(own.exceptions[0]));
        if (lead.word) {
                said = door_word_scope(lead.word);
                own.said_of = spell_scope(doors, &said);
                own.reason = lead.word->door->reason;
        }
        return own;
}

/* @narrow is within what was asked, and was not looked at yet. */
static bool is_new(const OwnDoors *doors, const DoorScope *narrow, const DoorScope *seen,
                   size_t n_seen)
{
        if (!door_scope_contains(&doors->scope, narrow))
                return false;
        for (size_t i = 0; i < n_seen; i++)
                if (door_scope_is_equal(narrow, &seen[i]))
                        return false;
        return true;
}

static void make_words(const OwnDoors *doors, DoorWord *words)
{
        for (size_t i = 0; i < doors->n_words; i++) {
                const OwnWord *word = &doors->words[i];

                words[i] = (DoorWord){
                        .door = &word->door,
                        .unit = *word->unit ? word->unit : NULL,
                        .party = "", /* all are of one */
                        .since_ms = word->since_ms,
                        .withdrawn_ms = TIME_ABSENT,
                };
        }
}

static void tell(const OwnDoors *doors, DoorWord *words, DoorScope *scopes, PlekOwnDoor *told,
                 int64_t now_ms)
{
        size_t n = 0;

        make_words(doors, words);
        scopes[n++] = doors->scope;
        for (size_t i = 0; i < doors->n_words; i++) {
                DoorScope narrow = door_word_scope(&words[i]);

                if (is_new(doors, &narrow, scopes, n))
                        scopes[n++] = narrow;
        }
        for (size_t i = 0; i < n; i++)
                told[i] = look(doors, words, &scopes[i], now_ms);
        doors->func(doors->arg, told, n);
}

int own_doors_tell(const OwnDoors *doors, int64_t now_ms)
{
        DoorWord *words = calloc(doors->n_words + 1, sizeof(*words));
        DoorScope *scopes = calloc(doors->n_words + 1, sizeof(*scopes));
        PlekOwnDoor *told = calloc(doors->n_words + 1, sizeof(*told));
        int r = 0;

        if (!words || !scopes || !told)
                r = err_raise(-ENOMEM);
        else if (doors->is_too_much)
                own_doors_fail(doors);
        else
                tell(doors, words, scopes, told, now_ms);
        free(words);
        free(scopes);
        free(told);
        return r;
}

void own_doors_fail(const OwnDoors *doors)
{
        doors->func(doors->arg, NULL, 0);
}
