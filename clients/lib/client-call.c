#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client-internal.h"
#include "lib/report.h"
#include "plek/call.h"
#include "plek/plek.h"

/*
 * A call, and how it stands
 *
 * It is signed once. Whenever there is a new session the same envelope is handed in again, and the
 * broker tells all lines anew: after the first message of an answer those are what there is.
 */

enum {
        ROWS_STEP = 64,
        NAME_BYTES = 129,
        PHONE_BYTES = 33,
        GRACE_MS = 5000, /* for the last word of a broker whose clock is a little behind */
};

static_assert((int)PLEK_CALL_CARES_MAX == (int)CALL_CARES_MAX, "cares of a call");
static_assert((int)PLEK_CALL_LOCATIONS_MAX == (int)CALL_LOCATIONS_MAX, "locations of a call");
static_assert((int)PLEK_CALL_BARRED == (int)CALL_BARRED, "states of a call");
static_assert((int)PLEK_TRIAGE_COLOURS == (int)N_TRIAGE_COLOURS, "colours of triage");

/* A line with its strings. */
typedef struct CallRow {
        char party[PARTY_MAX + 1];
        char location[LOCATION_MAX + 1];
        char name[NAME_BYTES];
        char phone[PHONE_BYTES];
        CallState state;
        uint32_t n_records, n_answered;
        int64_t since_ms;
} CallRow;

struct ClientCall {
        PlekClient *client;
        Call call;
        Blob *envelope;
        PlekCallFn fn;
        void *arg;

        CallRow *rows; /* sorted */
        size_t n_rows;
        PlekCallLine *lines; /* as many as there is room for rows */
        size_t n_allocated;
        size_t n_expected;
        CallTriage triage;
        bool is_final, is_enough;
        bool is_told_cut_off;
        int result; /* of having asked: PLEK_E_REFUSED */
        PlekFault fault;
};

/* ------------------------------------------------------------------ lines */

static int compare(const CallRow *row, const CallLine *line)
{
        int order = strcmp(row->party, line->party);

        return order ? order : strcmp(row->location, line->location);
}

static int make_room(ClientCall *call)
{
        size_t n = call->n_allocated + MAX(call->n_allocated, (size_t)ROWS_STEP);
        PlekCallLine *lines;
        CallRow *rows;

        if (call->n_rows < call->n_allocated)
                return 0;
        rows = reallocarray(call->rows, n, sizeof(*rows));
        if (!rows)
                return err_raise(-ENOMEM);
        call->rows = rows;
        lines = reallocarray(call->lines, n, sizeof(*lines));
        if (!lines)
                return err_raise(-ENOMEM);
        call->lines = lines;
        call->n_allocated = n;
        return 0;
}

/* Where @line is, or is to be. */
static size_t place_of(const ClientCall *call, const CallLine *line)
{
        size_t from = 0, to = call->n_rows;

        while (from < to) {
                size_t middle = from + (to - from) / 2;

                if (compare(&call->rows[middle], line) < 0)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from;
}

static void copy(char *to, size_t n_bytes, const char *from)
{
        size_t n = from ? strnlen(from, n_bytes - 1) : 0;

        if (n)
                memcpy(to, from, n);
        to[n] = '\0';
}

static int take_line(ClientCall *call, const CallLine *line)
{
        size_t at = place_of(call, line);
        CallRow *row;
        int r;

        if (at == call->n_rows || compare(&call->rows[at], line)) {
                r = make_room(call);
                if (r)
                        return r;
                memmove(&call->rows[at + 1], &call->rows[at],
                        (call->n_rows - at) * sizeof(*call->rows));
                call->n_rows++;
        }
        row = &call->rows[at];
        strcpy(row->party, line->party);
        strcpy(row->location, line->location);
        copy(row->name, sizeof(row->name), line->name);
        copy(row->phone, sizeof(row->phone), line->phone);
        row->state = line->state;
        row->n_records = line->n_records;
        row->n_answered = line->n_answered;
        row->since_ms = line->since_ms;
        return 0;
}

/* ------------------------------------------------------------------ telling */

static void tell(ClientCall *call, bool is_cut_off)
{
        PlekCallProgress told = {
                .asked_at_ms = call->call.asked_at_ms,
                .until_ms = call->call.until_ms,
                .now_ms = clock_ms(session_clock(call->client->session), monotonic_us()),
                .lines = call->lines,
                .n_lines = call->n_rows,
                .is_final = call->is_final,
                .is_cut_off = is_cut_off,
                .has_triage = call->call.wants_triage,
                .n_places = call->triage.n_places,
        };

        for (size_t i = 0; i < call->n_rows; i++) {
                const CallRow *row = &call->rows[i];

                call->lines[i] = (PlekCallLine){
                        .party = row->party,
                        .location = row->location,
                        .name = *row->name ? row->name : NULL,
                        .phone = *row->phone ? row->phone : NULL,
                        .state = (PlekCallState)row->state,
                        .n_records = row->n_records,
                        .n_answered = row->n_answered,
                        .since_ms = row->since_ms == TIME_ABSENT ? PLEK_NO_TIME : row->since_ms,
                };
                told.n_answered += row->state == CALL_ANSWERED;
                told.n_unreachable += row->state == CALL_UNREACHABLE;
                told.n_barred += row->state == CALL_BARRED;
        }
        memcpy(told.triage_is_known, call->triage.present, sizeof(told.triage_is_known));
        memcpy(told.triage, call->triage.value, sizeof(told.triage));
        memcpy(told.triage_shut, call->triage.shut, sizeof(told.triage_shut));
        call->is_told_cut_off = is_cut_off;
        if (!call->is_enough && !call->fn(call->arg, &told))
                call->is_enough = true;
}

static int take_progress(ClientCall *call, const Reply *reply)
{
        int r;

        if (reply->id)
                call->n_rows = 0; /* all of it comes now */
        for (size_t i = 0; i < reply->progress.n_lines; i++) {
                r = take_line(call, &reply->progress.lines[i]);
                if (r)
                        return r;
        }
        call->n_expected = reply->progress.n_lines_of_call;
        call->triage = reply->progress.triage;
        call->is_final = reply->progress.is_final;
        if (call->n_rows >= call->n_expected)
                tell(call, false);
        return 0;
}

bool client_call_takes(PlekClient *client, const Reply *reply, int *ret_result)
{
        ClientCall *call = client->call;
        bool is_answer = reply->id && reply->id == client->request;

        if (!call)
                return false;
        *ret_result = 0;
        if (reply->kind == REPLY_PROGRESS) {
                if ((!reply->id || is_answer) &&
                    !memcmp(&reply->progress.id, &call->call.id, sizeof(CallId)))
                        *ret_result = take_progress(call, reply);
                return true;
        }
        if (!is_answer)
                return false;
        call->result = reply->kind == REPLY_REFUSED ? PLEK_E_REFUSED : PLEK_E_UNTRUSTED;
        fault_set(&call->fault, reply->refusal.code, reply->refusal.field,
                  reply->kind == REPLY_REFUSED ? reply->refusal.text
                                               : "the broker gave another answer");
        return true;
}

/* ------------------------------------------------------------------ making it */

/* What is signed is what decodes: a refusal names the option. */
static int check(const PlekClient *client, const Blob *body, PlekFault *ret_fault)
{
        WireRefusal refusal;
        Call call;

        arena_reset(client->arena);
        if (!call_decode(&call, &refusal, client->arena, body->bytes, body->n_bytes))
                return 0;
        fault_from(ret_fault, &refusal);
        return PLEK_E_INVALID;
}

static int sign(ClientCall *call, const PlekCallOptions *options, PlekFault *ret_fault)
{
        PlekClient *client = call->client;
        const Clock *clock = session_clock(client->session);
        CLEANUP(blob_unrefp) Blob *body = NULL;
        int r;

        /* Surely not later than by the broker's clock: else an answer that comes at once would be
         * one from before the call, to a broker that was started anew. */
        call->call = (Call){
                .party = session_party(client->session),
                .asked_at_ms = clock_ms(clock, monotonic_us() - clock->uncertainty_us),
                .status = options->status ? (Status)options->status : STATUS_ACTUAL,
                .region = options->region ? options->region : "",
                .n_cares = options->n_cares,
                .n_locations = options->n_locations,
                .text = options->text,
                .wants_triage = options->wants_triage,
        };
        if (options->n_cares > CALL_CARES_MAX || options->n_locations > CALL_LOCATIONS_MAX ||
            options->within_ms < 1 || options->within_ms > CALL_LONGEST_MS) {
                fault_set(ret_fault, PLEK_REFUSED_FIELD,
                          options->n_cares > CALL_CARES_MAX           ? "cares"
                          : options->n_locations > CALL_LOCATIONS_MAX ? "locations"
                                                                      : "within_ms",
                          "a call names at most 16 cares and 32 locations and lasts at most an "
                          "hour");
                return PLEK_E_INVALID;
        }
        call->call.until_ms = call->call.asked_at_ms + options->within_ms;
        for (size_t i = 0; i < options->n_cares; i++)
                call->call.cares[i] = options->cares[i];
        for (size_t i = 0; i < options->n_locations; i++)
                call->call.locations[i] = options->locations[i];
        randombytes_buf(&call->call.id, sizeof(call->call.id));
        r = call_encode(&body, &call->call);
        if (!r)
                r = check(client, body, ret_fault);
        if (r)
                return r < 0 ? err_fold(r) : r;
        return err_fold(envelope_sign(&call->envelope, ENVELOPE_CALL,
                                      &client->peer.card->card.network, client->peer.key->secret,
                                      body->bytes, body->n_bytes));
}

/* ------------------------------------------------------------------ waiting */

static int hand_in(ClientCall *call)
{
        Request request = {
                .kind = REQUEST_CALL,
                .call = { .envelope = { call->envelope->bytes, call->envelope->n_bytes } },
        };
        int r;

        r = session_send(call->client->session, &request, &call->client->request);
        return r == SESSION_E_DOWN ? 0 : r;
}

/* Over, for want of a broker that would say so. */
static int end_alone(ClientCall *call, PlekFault *ret_fault)
{
        if (!call->n_rows)
                return client_give_up(call->client, ret_fault);
        call->is_final = true;
        tell(call, true);
        return 0;
}

static int wait(ClientCall *call, PlekFault *ret_fault)
{
        PlekClient *client = call->client;
        int64_t until_us =
                monotonic_us() + (call->call.until_ms - call->call.asked_at_ms + GRACE_MS) * 1000;
        int64_t end_us = MIN(until_us, monotonic_us() + (int64_t)client->timeout_ms * 1000);
        int r = 0;

        while (!r && !call->result && !call->is_final && !call->is_enough) {
                bool is_up = session_is_up(client->session);

                if (is_up && !client->request)
                        r = hand_in(call);
                if (!is_up && call->n_rows && !call->is_told_cut_off)
                        tell(call, true);
                /* The first answer comes within the client's timeout; the rest has until then. */
                if (monotonic_us() >= (call->n_rows ? until_us : end_us))
                        return end_alone(call, ret_fault);
                if (!r)
                        r = client_step(client, call->n_rows ? until_us : end_us);
        }
        if (r)
                return err_fold(r);
        if (call->result == PLEK_E_REFUSED && call->fault.code == PLEK_REFUSED_TOO_LATE &&
            call->n_rows)
                return end_alone(call, ret_fault); /* it was over before the broker was back */
        if (call->result && ret_fault)
                *ret_fault = call->fault;
        return call->result;
}

int plek_client_call(PlekClient *client, const PlekCallOptions *options, PlekCallFn fn, void *arg,
                     PlekFault *ret_fault)
{
        ClientCall call = { .client = client, .fn = fn, .arg = arg };
        int r;

        if (client->control || client->is_guest)
                return err_raise(-EINVAL);
        r = client_greet(client, ret_fault);
        if (!r)
                r = sign(&call, options, ret_fault);
        if (!r) {
                client->call = &call;
                client->request = 0;
                r = wait(&call, ret_fault);
                client->call = NULL;
                client->request = 0;
        }
        blob_unref(call.envelope);
        free(call.rows);
        free(call.lines);
        return r;
}
