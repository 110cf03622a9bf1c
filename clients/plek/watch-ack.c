#include "watch-ack.h"

#include <stdio.h>
#include <string.h>

#include "door-watch.h"
#include "door-words.h"
#include "seen.h"
#include "sentences.h"
#include "words.h"

/* The picture stands still meanwhile. */
enum { ANSWER_MS = 3000 };

typedef struct Candidate {
        DoorOf of;
        int64_t since_ms;
} Candidate;

void watch_ack_deinit(WatchAck *ack)
{
        ack->client = plek_client_free(ack->client);
}

/* ------------------------------------------------------------------ which one */

/* The newest first. */
static bool comes_before(const Candidate *a, const Candidate *b)
{
        return a->since_ms != b->since_ms ? a->since_ms > b->since_ms
                                          : strcmp(a->of.id, b->of.id) < 0;
}

/* Of @scope, whose strings are good for now. */
static int consider(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                    Candidate *ret_candidate, bool *ret_is)
{
        char location[sizeof(ret_candidate->of.location)], unit[sizeof(ret_candidate->of.unit)];
        const char *us = plek_subscriber_party(subscriber);
        PlekDoorScope copied = *scope;
        PlekLeadingDoor door;
        bool is_seen;
        int r;

        *ret_is = false;
        snprintf(location, sizeof(location), "%s", scope->location);
        snprintf(unit, sizeof(unit), "%s", scope->unit ? scope->unit : "");
        copied.location = location;
        copied.unit = scope->unit ? unit : NULL;
        r = plek_subscriber_leading_door(subscriber, &copied, &door);
        if (r || !seen_is_due(&door) || (us && !strcmp(us, door.record.party)))
                return r;
        door_of(&ret_candidate->of, &door.record);
        ret_candidate->since_ms = door.since_ms;
        r = seen_by_us(subscriber, &door, &is_seen);
        *ret_is = !r && !is_seen;
        return r;
}

/* The first that comes after @after; of all, where that is NULL. */
static int choose(PlekSubscriber *subscriber, const TableFilter *filter, const Candidate *after,
                  Candidate *ret_best, bool *ret_found)
{
        CLEANUP(freep) Candidate *one = malloc(sizeof(*one));
        PlekCursor cursor = { 0 };
        PlekDoorScope scope;
        bool is_one;
        int r;

        *ret_found = false;
        if (!one)
                return err_raise(-ENOMEM);
        while (!plek_subscriber_next_scope(subscriber, &cursor, &scope)) {
                if (!door_watch_wants(filter, subscriber, &scope))
                        continue;
                r = consider(subscriber, &scope, one, &is_one);
                if (r)
                        return r;
                if (!is_one || (after && !comes_before(after, one)) ||
                    (*ret_found && !comes_before(one, ret_best)))
                        continue;
                *ret_best = *one;
                ret_best->of.scope.location = ret_best->of.location;
                ret_best->of.scope.unit = one->of.scope.unit ? ret_best->of.unit : NULL;
                *ret_found = true;
        }
        return 0;
}

/* ------------------------------------------------------------------ telling */

/* "Ziekenhuis Duinzicht, ED: stop · since 14:02" */
static void about(const PlekLeadingDoor *door, Language language, Text *text)
{
        text_add(text, "%s, ", door->name ? door->name : door->scope.location);
        scope_words(&door->scope, language, text);
        text_add(text, ": ");
        leading_words(door, language, text);
        text_add(text, "%s", status_mark(door->scope.status, language));
}

static void refused_words(const PlekFault *fault, Language language, Text *text)
{
        const char *name = plek_code_name(PLEK_CODES_REFUSAL, fault->code);
        const char *why = refusal_sentence(fault->code);

        text_add(text, "%s (%s): %s%s", word(language, "refused"), name ? name : "?", fault->field,
                 *fault->field ? ": " : "");
        if (why)
                text_add(text, "%s (%s)", why, fault->text);
        else
                text_add(text, "%s", fault->text);
}

static void why_not(int result, const PlekFault *fault, Language language, Text *text)
{
        text_add(text, "%s: ", word(language, "not acknowledged"));
        if (result == PLEK_E_REFUSED || result == PLEK_E_INVALID)
                refused_words(fault, language, text);
        else if (result == PLEK_E_TIMEOUT)
                text_add(text, "%s",
                         spoken(*fault->text ? fault->text : "the broker does not answer."));
        else
                text_add(text, "%s", spoken(plek_result_text(result)));
}

/* ------------------------------------------------------------------ asking */

/* What is asked about, as it leads now; false: it does not, or says something else. */
static int look_again(const WatchAck *ack, PlekSubscriber *subscriber, PlekLeadingDoor *ret_door,
                      bool *ret_is_same)
{
        int r;

        r = plek_subscriber_leading_door(subscriber, &ack->asked.scope, ret_door);
        *ret_is_same = !r && ret_door->has_record && !strcmp(ret_door->record.id, ack->asked.id) &&
                       ret_door->since_ms == ack->asked_since_ms;
        return r;
}

static int ask(WatchAck *ack, PlekSubscriber *subscriber, const TableFilter *filter)
{
        Candidate before = { .of = ack->asked, .since_ms = ack->asked_since_ms }, best;
        Language language = filter->language;
        Text text = { ack->text, sizeof(ack->text) };
        PlekLeadingDoor door;
        bool found = false, is_same;
        int r = 0;

        if (ack->is_asking)
                r = choose(subscriber, filter, &before, &best, &found);
        if (!r && !found) /* after the last comes the first */
                r = choose(subscriber, filter, NULL, &best, &found);
        ack->is_asking = !r && found;
        if (r)
                return r;
        if (!found) {
                text_add(&text, "%s",
                         word(language, "of others there is nothing that leads and "
                                        "that we have not seen"));
                return 0;
        }
        ack->asked = best.of;
        ack->asked.scope.location = ack->asked.location;
        ack->asked.scope.unit = best.of.scope.unit ? ack->asked.unit : NULL;
        ack->asked_since_ms = best.since_ms;
        r = look_again(ack, subscriber, &door, &is_same);
        if (r)
                return r;
        text_add(&text, "%s  ", word(language, "a: seen, n: next, other keys: no"));
        about(&door, language, &text);
        return 0;
}

static int open_client(WatchAck *ack)
{
        int r;

        if (ack->client)
                return 0;
        r = plek_client_new(&ack->client, ack->peer->context, &ack->peer->peer);
        if (!r)
                plek_client_set_timeout(ack->client, MIN(ack->common->timeout_ms, ANSWER_MS));
        return r;
}

static int acknowledge(WatchAck *ack, PlekSubscriber *subscriber, Language language)
{
        Text text = { ack->text, sizeof(ack->text) };
        uint64_t epoch, revision;
        PlekFault fault = { 0 };
        PlekLeadingDoor door;
        bool is_same;
        int r;

        ack->is_asking = false;
        r = look_again(ack, subscriber, &door, &is_same);
        if (r)
                return r;
        if (!is_same) {
                text_add(&text, "%s: %s", word(language, "not acknowledged"),
                         word(language, "something else is said there by now"));
                return 0;
        }
        plek_subscriber_position(subscriber, &epoch, &revision);
        r = open_client(ack);
        if (!r)
                r = plek_client_ack(ack->client, &door.record, epoch, ack->function, &revision,
                                    &fault);
        if (r) {
                why_not(r, &fault, language, &text);
                return 0;
        }
        text_add(&text, "%s: ", word(language, "seen"));
        about(&door, language, &text);
        return 0;
}

int watch_ack_key(WatchAck *ack, PlekSubscriber *subscriber, const TableFilter *filter, int key)
{
        *ack->text = '\0';
        if (ack->is_asking && (key == 'a' || key == 'A'))
                return acknowledge(ack, subscriber, filter->language);
        if (key == 'a' || key == 'A' || (ack->is_asking && (key == 'n' || key == 'N')))
                return ask(ack, subscriber, filter);
        ack->is_asking = false;
        return 0;
}
