#pragma once

/*
 * PlekClient: one question at a time, answered before the function returns
 *
 * For tools: who am I, hand in this enrolment, what is the broker's state. Over the query port with
 * a key (or as a guest with a random one), or over the control socket on the broker's host, where
 * the operating system says who we are.
 *
 * Each call connects if need be, waits at most the client's timeout, and returns 0,
 * PLEK_E_TIMEOUT (*ret_fault has a sentence: nobody listens, the handshake failed, ...),
 * PLEK_E_REFUSED (*ret_fault has the broker's code and sentence), PLEK_E_UNTRUSTED (not signed as
 * it should be), -ENOMEM or -errno. @ret_fault may be NULL. What an answer points to stays valid
 * until the next call on the client.
 */

#include "plek/identity.h"
#include "plek/report.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlekClient PlekClient;

/* ------------------------------------------------------------------ life */

/* Over the card's query endpoint, as @peer's key; its key may be NULL: a guest, who may only ask
 * whoami. Returns 0, -EINVAL or -ENOMEM. */
PLEK_PUBLIC int plek_client_new(PlekClient **ret_client, PlekContext *context,
                                const PlekPeer *peer);

/* Over the control socket; @endpoint is "ipc:///run/plek/control" or its path. Returns 0, -EINVAL
 * or -ENOMEM. */
PLEK_PUBLIC int plek_client_new_control(PlekClient **ret_client, PlekContext *context,
                                        const char *endpoint);

/* Closes its session, and frees what its answers pointed to. NULL is allowed. Returns NULL. */
PLEK_PUBLIC PlekClient *plek_client_free(PlekClient *client);

/* Of each later call; at first 10,000. */
PLEK_PUBLIC void plek_client_set_timeout(PlekClient *client, int timeout_ms);

/* ------------------------------------------------------------------ answers */

typedef struct PlekGrant {
        const char *location;
        const char *region; /* home: names its topic */
} PlekGrant;

typedef struct PlekWhoami {
        const char *text; /* the broker's sentence */
        char transport_key_id[PLEK_KEY_ID_BYTES];
        bool is_enrolled;
        const char *party; /* NULL: not enrolled */
        uint32_t roles;    /* PLEK_ROLE_BIT()s */
        PlekAudience audience;
        const PlekGrant *locations;
        size_t n_locations;
        int64_t valid_from_ms, valid_until_ms; /* or PLEK_NO_TIME */
        bool is_suspended, is_revoked;
        uint64_t serial;
} PlekWhoami;

typedef struct PlekPartyInfo {
        const char *party;
        const char *name; /* or NULL */
        uint32_t roles;
        PlekAudience audience;
        uint64_t serial;
        int64_t valid_from_ms, valid_until_ms;
        bool is_suspended, is_revoked, has_twins, is_connected;
        int64_t since_ms; /* connected or lost; PLEK_NO_TIME: not seen since the broker's start */
        const char (*keys)[PLEK_KEY_TEXT_BYTES];
        size_t n_keys;
        const PlekGrant *locations;
        size_t n_locations;
        uint64_t floor; /* its last accepted seq */
        uint64_t n_records, n_accepted, n_refused;
} PlekPartyInfo;

typedef struct PlekMetric {
        const char *name;
        const char *label; /* key="value", or NULL */
        double value;
} PlekMetric;

typedef struct PlekBrokerStatus {
        const char *version;
        const char *network_name; /* NULL: no authority yet */
        uint64_t epoch, revision;
        int64_t time_ms, started_at_ms;
        bool is_accepting;
        const char *why_not; /* NULL while accepting */
        int64_t since_ms;    /* not accepting; or PLEK_NO_TIME */
        const char *const *warnings;
        size_t n_warnings;
        const PlekMetric *metrics;
        size_t n_metrics;
        uint8_t head[32];          /* of the journal's chain; zero: none yet */
        const void *head_envelope; /* signed: evidence; NULL: none yet */
        size_t n_head_envelope;
} PlekBrokerStatus;

typedef struct PlekPresence {
        const char *party;
        bool is_connected;
        int64_t since_ms;
} PlekPresence;

/* ------------------------------------------------------------------ questions */

/* What the broker knows of our key. Also answered to a key that is not enrolled. */
PLEK_PUBLIC int plek_client_whoami(PlekClient *client, PlekWhoami *ret, PlekFault *ret_fault);

/* How the broker is. For operators, and on the control socket. */
PLEK_PUBLIC int plek_client_status(PlekClient *client, PlekBrokerStatus *ret, PlekFault *ret_fault);

/* @party NULL: all. */
PLEK_PUBLIC int plek_client_parties(PlekClient *client, const char *party,
                                    const PlekPartyInfo **ret_parties, size_t *ret_n,
                                    PlekFault *ret_fault);

/* Whose agents are connected, or were lost since the broker started, and when that was. For readers
 * and operators. */
PLEK_PUBLIC int plek_client_presence(PlekClient *client, const PlekPresence **ret_presence,
                                     size_t *ret_n, PlekFault *ret_fault);

/* The newest region card that the broker has; the caller's to free. Checked against the client's
 * own card where it has one. PLEK_E_CARD: what came is not a card. */
PLEK_PUBLIC int plek_client_card(PlekClient *client, PlekRegionCard **ret_card,
                                 PlekFault *ret_fault);

/* Hands in a signed enrolment or region card. *ret_revision (may be NULL) is where it stands in the
 * journal. With @check it is judged and nothing is written. */
PLEK_PUBLIC int plek_client_submit(PlekClient *client, const void *envelope, size_t n_envelope,
                                   bool check, uint64_t *ret_revision, PlekFault *ret_fault);

/* Whether the broker would accept @report from us now; nothing is written. Also PLEK_E_INVALID. */
PLEK_PUBLIC int plek_client_check(PlekClient *client, const PlekReport *report,
                                  PlekFault *ret_fault);

/* Cuts a party, or one key of it, off at once, or lets it back. @key_id: sixteen hexadecimal
 * digits, or NULL: all its keys. @reason may be NULL. Also PLEK_E_INVALID. */
PLEK_PUBLIC int plek_client_suspend(PlekClient *client, const char *party, const char *key_id,
                                    bool is_suspended, const char *reason, PlekFault *ret_fault);

typedef enum PlekConfirm {
        PLEK_CONFIRM_EPOCH = 1, /* the registry is complete again after a roll back */
        PLEK_CONFIRM_CLOCK = 2, /* the broker's clock is right */
} PlekConfirm;

/* Has the broker go on where it stopped and asked for a person. For operators, and on the control
 * socket. */
PLEK_PUBLIC int plek_client_confirm(PlekClient *client, PlekConfirm what, PlekFault *ret_fault);

#ifdef __cplusplus
}
#endif
