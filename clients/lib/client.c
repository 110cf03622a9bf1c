#include "lib/client-internal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/report.h"
#include "plek/plek.h"

/*
 * One question at a time: a session, made when it is needed, and a loop around it
 */

enum {
        TIMEOUT_DEFAULT_MS = 10 * 1000,
        ANSWER_ARENA_BYTES = 64 * 1024 * 1024, /* address space: it is used as far as needed */
};

/* ------------------------------------------------------------------ its life */

static int client_make(PlekClient **ret_client, PlekContext *context)
{
        PlekClient *client;
        int r;

        client = calloc(1, sizeof(*client));
        if (!client)
                return err_raise(-ENOMEM);
        client->context = context;
        client->timeout_ms = TIMEOUT_DEFAULT_MS;
        randombytes_buf(&client->instance, sizeof(client->instance));
        r = poller_init(&client->poller);
        if (!r)
                r = arena_new(&client->arena, ANSWER_ARENA_BYTES);
        if (r) {
                plek_client_free(client);
                return r;
        }
        *ret_client = client;
        return 0;
}

int plek_client_new(PlekClient **ret_client, PlekContext *context, const PlekPeer *peer)
{
        PlekClient *client;
        int r;

        r = client_make(&client, context);
        if (r)
                return r;
        r = peer_init(&client->peer, peer);
        if (!r && !client->peer.key) {
                client->is_guest = true;
                r = plek_key_new(&client->peer.key);
        }
        if (!r)
                r = heads_new(&client->heads, client->peer.head_path);
        if (r) {
                plek_client_free(client);
                return err_fold(r);
        }
        *ret_client = client;
        return 0;
}

int plek_client_new_control(PlekClient **ret_client, PlekContext *context, const char *endpoint)
{
        static const char scheme[] = "ipc://";
        PlekClient *client;
        int r;

        r = client_make(&client, context);
        if (r)
                return r;
        if (asprintf(&client->control, "%s%s",
                     strncmp(endpoint, scheme, strlen(scheme)) ? scheme : "", endpoint) < 0) {
                client->control = NULL;
                plek_client_free(client);
                return err_raise(-ENOMEM);
        }
        *ret_client = client;
        return 0;
}

PlekClient *plek_client_free(PlekClient *client)
{
        if (!client)
                return NULL;
        session_free(client->session);
        heads_free(client->heads);
        arena_free(client->arena);
        poller_deinit(&client->poller);
        peer_deinit(&client->peer);
        free(client->control);
        free(client);
        return NULL;
}

void plek_client_set_timeout(PlekClient *client, int timeout_ms)
{
        client->timeout_ms = timeout_ms;
}

/* ------------------------------------------------------------------ the session */

static int on_up(void *arg, const Reply *hello, const Epoch *epoch)
{
        PlekClient *client = arg;

        if (!hello)
                return 0; /* a guest's */
        client->audience = hello->hello.audience;
        client->epoch = *epoch;
        client->epoch.cause = NULL;
        return 0;
}

static int on_reply(void *arg, const Reply *reply)
{
        PlekClient *client = arg;
        int result;

        if (client_fetch_takes(client, reply, &result) ||
            client_call_takes(client, reply, &result))
                return result;

        if (!client->request || reply->id != client->request)
                return 0;
        client->request = 0;
        client->is_answered = true;
        if (reply->kind == REPLY_REFUSED) {
                fault_set(&client->fault, reply->refusal.code, reply->refusal.field,
                          reply->refusal.text);
                client->result = PLEK_E_REFUSED;
        } else if (reply->kind != client->wanted) {
                fault_set(&client->fault, 0, NULL, "the broker gave another answer");
                client->result = PLEK_E_UNTRUSTED;
        } else {
                client->result = client->take ? client->take(client, reply, client->ret) : 0;
        }
        return client->result < 0 ? client->result : 0;
}

static void on_down(void *arg)
{
        PlekClient *client = arg;

        client->request = 0; /* asked again */
}

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const Blob *evidence,
                     const Blob *other_evidence)
{
        PlekClient *client = arg;

        context_log(client->context, PLEK_LOG_WARNING, "%s", text);
}

static int need_session(PlekClient *client, bool as_guest)
{
        static const SessionEvents events = {
                .up = on_up,
                .down = on_down,
                .reply = on_reply,
                .alarm = on_alarm,
        };
        SessionOptions options = {
                .context = client->context,
                .poller = &client->poller,
                .peer = &client->peer,
                .heads = client->heads,
                .control = client->control,
                .kind = PEER_HAND,
                .instance = client->instance,
                .reply_bytes = ANSWER_ARENA_BYTES,
                .is_guest = as_guest,
        };

        if (client->session && client->session_is_guest == as_guest)
                return 0;
        client->session = session_free(client->session);
        client->session_is_guest = as_guest;
        return session_new(&client->session, &options, &events, client);
}

/* Waits only if nothing has happened that the caller would want to look at. */
int client_step(PlekClient *client, int64_t end_us)
{
        int64_t now_us = monotonic_us();
        bool progress = false;
        int r;

        r = poller_wait(&client->poller, 0);
        if (!r)
                r = session_process(client->session, now_us, &progress);
        if (r || progress)
                return r;
        poller_arm(&client->poller, MIN(session_due_us(client->session), end_us));
        return poller_wait(&client->poller, (int)MIN((end_us - now_us) / 1000 + 1, 60000));
}

int client_give_up(PlekClient *client, PlekFault *ret_fault)
{
        char text[256];

        session_trouble(client->session, text, sizeof(text));
        fault_set(ret_fault, 0, NULL, text);
        return PLEK_E_TIMEOUT;
}

static int refused(PlekClient *client, PlekFault *ret_fault)
{
        char text[256];

        session_trouble(client->session, text, sizeof(text));
        fault_set(ret_fault, session_refusal(client->session), NULL, text);
        return PLEK_E_REFUSED;
}

/* Until the session is up. Returns 0, PLEK_E_REFUSED, PLEK_E_TIMEOUT or -errno. */
static int wait_up(PlekClient *client, int64_t end_us, PlekFault *ret_fault)
{
        int r;

        while (!session_is_up(client->session)) {
                if (session_refusal(client->session))
                        return refused(client, ret_fault);
                if (monotonic_us() >= end_us)
                        return client_give_up(client, ret_fault);
                r = client_step(client, end_us);
                if (r)
                        return r;
        }
        return 0;
}

int client_greet(PlekClient *client, PlekFault *ret_fault)
{
        int64_t end_us = monotonic_us() + (int64_t)client->timeout_ms * 1000;
        int r;

        client->is_answered = false;
        r = need_session(client, false);
        return r ? r : wait_up(client, end_us, ret_fault);
}

int client_ask(PlekClient *client, int how, Request *request, ReplyKind wanted, ClientTakeFn take,
               void *ret, PlekFault *ret_fault)
{
        int64_t end_us = monotonic_us() + (int64_t)client->timeout_ms * 1000;
        int r;

        arena_reset(client->arena);
        client->request = 0;
        client->is_answered = false;
        client->result = 0;
        client->wanted = wanted;
        client->take = take;
        client->ret = ret;
        /* The operator on the host needs no hello, and a stranger has none. */
        r = need_session(client, how == ASK_AS_GUEST || client->control || client->is_guest);

        while (!r && !client->is_answered) {
                r = wait_up(client, end_us, ret_fault);
                if (r)
                        return r;
                if (!client->request) {
                        r = session_send(client->session, request, &client->request);
                        if (r < 0)
                                return r;
                }
                if (monotonic_us() >= end_us)
                        return client_give_up(client, ret_fault);
                r = client_step(client, end_us);
        }
        client->request = 0;
        if (r)
                return r;
        if (client->result && ret_fault)
                *ret_fault = client->fault;
        return client->result;
}
