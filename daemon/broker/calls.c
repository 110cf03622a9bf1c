#include "broker/calls.h"

#include <stdlib.h>
#include <string.h>

#include "broker/call-line.h"
#include "broker/parts.h"
#include "derived/call.h"

enum {
        CALL_ARENA_BYTES = 16 * 1024, /* a call has at most 4 KiB */
        /* The cards of one message's lines, or the reports of a whole call. */
        LOOK_ARENA_BYTES = 64 * 1024 * 1024,
        ASKS_STEP = 64,
};

static LiveCall *live_free(LiveCall *live)
{
        if (!live)
                return NULL;
        blob_unref(live->envelope);
        arena_free(live->arena);
        free(live->asks);
        free(live);
        return NULL;
}
DEFINE_FREEP(LiveCall, live_free);

int calls_init(Calls *calls, Broker *broker)
{
        *calls = (Calls){ .broker = broker };
        list_init(&calls->all);
        return err_fold(arena_new(&calls->arena, LOOK_ARENA_BYTES));
}

static void end(Calls *calls, LiveCall *live)
{
        list_unlink(&live->in_calls);
        calls->n_calls--;
        live_free(live);
}

void calls_deinit(Calls *calls)
{
        while (calls->broker && !list_is_empty(&calls->all))
                end(calls, list_entry(calls->all.next, LiveCall, in_calls));
        arena_free(calls->arena);
        *calls = (Calls){};
}

LiveCall *calls_find(const Calls *calls, const Party *party, const CallId *id)
{
        list_for_each (link, &calls->all) {
                LiveCall *live = list_entry(link, LiveCall, in_calls);

                if (live->party == party && !memcmp(&live->call.id, id, sizeof(*id)))
                        return live;
        }
        return NULL;
}

size_t calls_of_party(const Calls *calls, const Party *party)
{
        size_t n = 0;

        list_for_each (link, &calls->all)
                n += list_entry(link, LiveCall, in_calls)->party == party;
        return n;
}

/* ------------------------------------------------------------------ who is asked */

static CallScope scope_of(const LiveCall *live)
{
        return (CallScope){ &live->call, live->counts_from_ms, live->audience, live->after };
}

static const RecordGroup *group_of(const Calls *calls, const CallAsk *ask)
{
        return picture_find_group(state_picture(calls->broker->state), ask->party->id,
                                  ask->location);
}

static int add_ask(LiveCall *live, const CallAsk *ask)
{
        CallAsk *asks = live->asks;

        if (live->n_asks == CALL_ASKS_MAX)
                return CALLS_E_FULL;
        if (live->n_asks % ASKS_STEP == 0) {
                asks = reallocarray(asks, live->n_asks + ASKS_STEP, sizeof(*asks));
                if (!asks)
                        return err_raise(-ENOMEM);
                live->asks = asks;
        }
        asks[live->n_asks++] = *ask;
        return 0;
}

static int by_party(const void *left, const void *right)
{
        const CallAsk *a = left, *b = right;
        int order = strcmp(a->party->id, b->party->id);

        return order ? order : strcmp(a->location, b->location);
}

static bool may_report(const Party *party, int64_t now_ms)
{
        const Enrolment *enrolment = party->newest->enrolment;

        return !party_is_suspended(party) && now_ms >= enrolment->valid_from_ms &&
               now_ms < enrolment->valid_until_ms;
}

/* What let its party call holds still, and what it may read. */
static bool may_call(const Calls *calls, const LiveCall *live, int64_t now_ms)
{
        Session *session = asked_by_session(calls->broker, &live->by);

        return live->party->newest && may_report(live->party, now_ms) &&
               party_has_role(live->party, ROLE_COORDINATOR) &&
               (!session || request_audience(calls->broker, session) >= live->audience);
}

static int add_locations(const Calls *calls, LiveCall *live, const Party *party, bool is_barred)
{
        const Enrolment *enrolment = party->newest->enrolment;
        const CallScope scope = scope_of(live);
        int r;

        for (size_t i = 0; i < enrolment->n_locations; i++) {
                const LocationGrant *grant = &enrolment->locations[i];
                CallAsk ask = { .party = party, .since_ms = TIME_ABSENT };
                const RecordGroup *group;

                if (!call_is_at(&live->call, grant->region, grant->location))
                        continue;
                strcpy(ask.location, grant->location);
                group = group_of(calls, &ask);
                /* Who may not report is named while something of it is still shown. */
                if ((is_barred && !group) || !call_concerns(&scope, group))
                        continue;
                r = add_ask(live, &ask);
                if (r)
                        return r;
        }
        return 0;
}

/* Whoever names a location waits for it: none is left out in silence. */
static bool has_all(const LiveCall *live)
{
        for (size_t i = 0; i < live->call.n_locations; i++) {
                size_t at = 0;

                while (at < live->n_asks &&
                       strcmp(live->asks[at].location, live->call.locations[i]) != 0)
                        at++;
                if (at == live->n_asks)
                        return false;
        }
        return live->n_asks;
}

static int add_parties(const Calls *calls, LiveCall *live, int64_t now_ms)
{
        const Registry *registry = state_registry(calls->broker->state);
        Party *party = NULL;
        int r;

        while ((party = registry_next(registry, party))) {
                if (!party->newest || !party->newest->enrolment ||
                    !party_has_role(party, ROLE_AGENT))
                        continue;
                r = add_locations(calls, live, party, !may_report(party, now_ms));
                if (r)
                        return r;
        }
        if (!has_all(live))
                return CALLS_E_NOBODY;
        qsort(live->asks, live->n_asks, sizeof(*live->asks), by_party);
        return 0;
}

/* ------------------------------------------------------------------ asking */

/* Where the lines of a party begin; n_asks: it is not called on. */
static size_t first_of(const LiveCall *live, const Party *party)
{
        size_t from = 0, to = live->n_asks;

        while (from < to) {
                size_t middle = from + (to - from) / 2;

                if (strcmp(live->asks[middle].party->id, party->id) < 0)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from < live->n_asks && live->asks[from].party == party ? from : live->n_asks;
}

/* Who has answered is not asked again, though the broker was started anew meanwhile. */
static bool is_asked(const LiveCall *live, const Party *party)
{
        for (size_t i = first_of(live, party); i < live->n_asks && live->asks[i].party == party;
             i++)
                if (live->asks[i].state != CALL_ANSWERED)
                        return true;
        return false;
}

/* Its party's agent; others that are connected with the same key have nothing to report. */
static int ask_session(const Calls *calls, const LiveCall *live, Session *session)
{
        const Blob *enrolment = live->party->newest->envelope;
        int r;

        if (!session->is_feed || !session->sender ||
            !sender_resolve(session->sender, state_registry(calls->broker->state)) ||
            !is_asked(live, session->sender->owner.party))
                return 0;
        r = session_tell(calls->broker, session,
                         &(Reply){
                                 .kind = REPLY_ASKED,
                                 .asked = {
                                         .envelope = { live->envelope->bytes,
                                                       live->envelope->n_bytes },
                                         .enrolment = { enrolment->bytes, enrolment->n_bytes },
                                 },
                         });
        return r < 0 ? err_fold(r)
                     : 0; /* who does not read now is lost, and asked when it is back */
}

static int ask_all(const Calls *calls, const LiveCall *live)
{
        int r;

        list_for_each (link, &calls->broker->sessions.all) {
                r = ask_session(calls, live, list_entry(link, Session, in_all));
                if (r)
                        return r;
        }
        return 0;
}

int calls_greet(Calls *calls, Session *session)
{
        int64_t now_ms = broker_clock_now_ms(&calls->broker->clock);
        int r;

        list_for_each (link, &calls->all) {
                const LiveCall *live = list_entry(link, LiveCall, in_calls);

                if (live->is_final || !may_call(calls, live, now_ms))
                        continue;
                r = ask_session(calls, live, session);
                if (r)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ how it stands */

static void look_at(const Calls *calls, const LiveCall *live, CallAsk *ask, int64_t now_ms)
{
        const Activity *activity = activity_find(&calls->broker->activities, ask->party->id);
        const CallScope scope = scope_of(live);
        CallTally tally = call_tally(&scope, group_of(calls, ask));
        CallAsk now = *ask;

        now.n_records = tally.n_records;
        now.n_answered = tally.n_answered;
        if (call_is_answered(&tally)) {
                now.state = CALL_ANSWERED;
                now.since_ms = tally.last_ms;
        } else if (!may_report(ask->party, now_ms)) {
                now.state = CALL_BARRED;
                now.since_ms = TIME_ABSENT;
        } else if (activity && activity->n_feeds) {
                now.state = CALL_ASKED;
                now.since_ms = TIME_ABSENT;
        } else {
                now.state = CALL_UNREACHABLE;
                now.since_ms = activity ? activity->since_ms : TIME_ABSENT;
        }
        now.is_told = ask->is_told && now.state == ask->state && now.since_ms == ask->since_ms &&
                      now.n_records == ask->n_records && now.n_answered == ask->n_answered;
        *ask = now;
}

static CallPlace place_at(const void *arg, size_t index)
{
        const LiveCall *live = arg;

        return (CallPlace){ live->asks[index].party->id, live->asks[index].location };
}

static int add_triage(const Calls *calls, const LiveCall *live, Reply *reply)
{
        const CallScope scope = scope_of(live);

        if (!live->call.wants_triage)
                return 0;
        arena_reset(calls->arena);
        return call_triage(&reply->progress.triage, &scope, state_picture(calls->broker->state),
                           place_at, live, live->n_asks, broker_clock_now_ms(&calls->broker->clock),
                           calls->arena);
}

/* What has changed, in as many messages as it takes; the last one says whether it is over. */
static int tell(const Calls *calls, LiveCall *live)
{
        Session *session = asked_by_session(calls->broker, &live->by);
        Reply reply = { .id = live->by.id, .kind = REPLY_PROGRESS };
        CallLine lines[CALL_LINES_MAX];
        int r;

        if (!session)
                return 0; /* all is told to the one that comes */
        reply.progress.id = live->call.id;
        reply.progress.lines = lines;
        reply.progress.n_lines_of_call = (uint32_t)live->n_asks;
        r = add_triage(calls, live, &reply);
        for (size_t at = 0; !r && at < live->n_asks;) {
                arena_reset(calls->arena);
                reply.progress.n_lines = 0;
                for (; at < live->n_asks && reply.progress.n_lines < CALL_LINES_MAX; at++) {
                        CallLine *line = &lines[reply.progress.n_lines];

                        if (live->asks[at].is_told)
                                continue;
                        *line = call_line(calls, live, &live->asks[at]);
                        reply.progress.n_lines++;
                        live->asks[at].is_told = true;
                }
                reply.progress.is_final = live->is_final && at == live->n_asks;
                if (!reply.progress.n_lines && !reply.progress.is_final)
                        continue;
                r = session_reply(calls->broker, session, &reply);
                reply.id = live->by.id = 0; /* what follows is told, not asked for */
        }
        return r;
}

/* Of a party that may not call any more: nothing more is told but that it is over. */
static int break_off(const Calls *calls, LiveCall *live)
{
        Session *session = asked_by_session(calls->broker, &live->by);
        Reply reply = { .id = live->by.id, .kind = REPLY_PROGRESS };

        live->is_final = true;
        log_notice("the call of %s is broken off: it may not call any more", live->party->id);
        reply.progress.id = live->call.id;
        reply.progress.n_lines_of_call = (uint32_t)live->n_asks;
        reply.progress.is_final = true;
        return session ? session_reply(calls->broker, session, &reply) : 0;
}

/* Who has answered, come or gone. */
static void look(const Calls *calls, LiveCall *live, int64_t now_ms)
{
        size_t n_open = 0;

        for (size_t i = 0; i < live->n_asks; i++) {
                if (live->asks[i].state != CALL_ANSWERED)
                        look_at(calls, live, &live->asks[i], now_ms);
                n_open += live->asks[i].state != CALL_ANSWERED;
        }
        live->is_final = !n_open || now_ms >= live->call.until_ms;
}

int calls_look(Calls *calls)
{
        int64_t now_ms = broker_clock_now_ms(&calls->broker->clock);
        ListLink *next;
        int r;

        for (ListLink *link = calls->all.next; link != &calls->all; link = next) {
                LiveCall *live = list_entry(link, LiveCall, in_calls);

                next = link->next;
                if (!live->is_final) {
                        if (may_call(calls, live, now_ms)) {
                                look(calls, live, now_ms);
                                r = tell(calls, live);
                        } else {
                                r = break_off(calls, live);
                        }
                        if (r)
                                return r;
                } else if (now_ms - live->begun_at_ms >= CALL_STAYS_MS) {
                        end(calls, live);
                }
        }
        return 0;
}

/* ------------------------------------------------------------------ beginning */

static int live_new(LiveCall **ret_live, const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(live_freep) LiveCall *live = NULL;
        WireRefusal refusal;
        Envelope envelope;
        int r;

        live = calloc(1, sizeof(*live));
        if (!live)
                return err_raise(-ENOMEM);
        r = arena_new(&live->arena, CALL_ARENA_BYTES);
        if (!r)
                r = blob_copy(&live->envelope, bytes, n_bytes);
        if (r)
                return err_fold(r);
        if (envelope_parse(&envelope, live->envelope->bytes, live->envelope->n_bytes) ||
            call_decode(&live->call, &refusal, live->arena, envelope.body, envelope.n_body))
                return err_raise(-EBADMSG); /* it was admitted */
        *ret_live = STEAL(live);
        return 0;
}

int calls_begin(Calls *calls, const Party *party, Audience audience, const uint8_t *bytes,
                size_t n_bytes, const AskedBy *by)
{
        int64_t now_ms = broker_clock_now_ms(&calls->broker->clock);
        CLEANUP(live_freep) LiveCall *live = NULL;
        LiveCall *begun;
        int r;

        r = live_new(&live, bytes, n_bytes);
        if (r)
                return err_fold(r);
        live->party = party;
        live->audience = audience;
        live->by = *by;
        live->begun_at_ms = now_ms;
        /* A caller whose clock is ahead does not make answers too early to count. */
        live->counts_from_ms = MIN(live->call.asked_at_ms, now_ms);
        /* What stands in the journal already is stamped with a time that has not come. */
        if (calls->broker->clock.is_behind)
                live->after = state_revision(calls->broker->state);
        r = add_parties(calls, live, now_ms);
        if (r)
                return r;

        begun = STEAL(live);
        list_append(&calls->all, &begun->in_calls);
        calls->n_calls++;
        calls->n_made++;
        look(calls, begun, now_ms);
        log_notice("%s calls on %zu locations%s%s to report", party->id, begun->n_asks,
                   begun->call.n_locations ? "" : " of region ", begun->call.region);
        r = ask_all(calls, begun);
        return r ? r : tell(calls, begun);
}

int calls_resume(Calls *calls, LiveCall *live, const AskedBy *by)
{
        live->by = *by;
        for (size_t i = 0; i < live->n_asks; i++)
                live->asks[i].is_told = false;
        if (!live->is_final)
                look(calls, live, broker_clock_now_ms(&calls->broker->clock));
        return tell(calls, live);
}
