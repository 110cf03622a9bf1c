#pragma once

/*
 * Gatekeeper: who may connect, and who may stay
 *
 * The gate asks for each handshake; an enrolment, a suspension or the passing of time ends what was
 * admitted before. Messages are judged again by what handles them.
 */

#include "core/state.h"
#include "net/endpoint.h"
#include "broker/bucket.h"

typedef struct Broker Broker;
typedef struct Guest Guest;
typedef struct AdmittedKey AdmittedKey;

enum {
        GUESTS_REMEMBERED_MAX = 1024, /* transport keys of strangers, for whoami */
};

/* What a key may do on a socket. */
typedef struct Judged {
        GateVerdict verdict;
        bool is_guest;  /* on query: whoami and nothing else */
        uint32_t why;   /* PlekRefusal, where it is not admitted or is a guest */
        KeyOwner owner; /* unless why is NOT_ENROLLED */
        bool is_known;  /* owner is said */
} Judged;

typedef struct Gatekeeper {
        Broker *broker;
        Bucket guests;
        Guest *remembered; /* by key id, oldest first */
        AdmittedKey *admitted;
        ListLink noted; /* parties of the commit in progress; NotedParty */
        int64_t next_expiry_ms;
} Gatekeeper;

/* Pure, but for what the registry holds. Guests are still to be counted by the caller. */
Judged gatekeeper_judge(const Registry *registry, EndpointKind endpoint, KeyId user, int64_t now_ms,
                        int64_t grace_ms);

MUST_CHECK int gatekeeper_init(Gatekeeper *gatekeeper, Broker *broker);
void gatekeeper_deinit(Gatekeeper *gatekeeper);
/* A GateFn; @arg is the Gatekeeper. */
GateVerdict gatekeeper_decide(void *arg, const GateRequest *request);
/* A guest's key was enrolled, and its connection goes on. False: no memory. */
bool gatekeeper_adopt(Gatekeeper *gatekeeper, KeyId user);
/* The key of somebody who was admitted as a guest; NULL: not remembered. */
const uint8_t *gatekeeper_guest_key(const Gatekeeper *gatekeeper, KeyId user);

/* @entry, just applied, changes what a party may do. */
MUST_CHECK int gatekeeper_note(Gatekeeper *gatekeeper, const LedgerEntry *entry);
/* Its commit is complete: cuts those that may not stay. */
MUST_CHECK int gatekeeper_rights_changed(Gatekeeper *gatekeeper);
/* Each second: cuts whose time has passed. */
void gatekeeper_tick(Gatekeeper *gatekeeper);
