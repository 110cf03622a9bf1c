#pragma once

#include "lib/session.h"

enum {
        SESSION_TEXT_MAX = 256,
};

#define ANSWER_US   INT64_C(5000000)  /* for hello and clock; then the connection is made anew */
#define CLOCK_US    INT64_C(30000000) /* between round trips */
#define SOON_US     INT64_C(1000000)
#define REFUSED_US  INT64_C(15000000) /* before the next hello; doubles */
#define REFUSED_MAX 5                 /* doublings */

typedef enum State { STATE_DOWN, STATE_GREETING, STATE_REFUSED, STATE_UP } State;

struct Session {
        SessionOptions options;
        SessionEvents events;
        void *arg;
        Connection connection;
        Arena *arena;
        Clock clock;
        State state;
        uint64_t last_id;
        uint64_t hello_id, whoami_id, card_id; /* 0: none under way */
        int64_t hello_us;                      /* when it was sent */
        unsigned n_refused;
        int64_t retry_us; /* REFUSED: when to greet again */
        uint64_t nonce;   /* of the clock's request; 0: none under way */
        int64_t clock_sent_us, clock_due_us;
        uint64_t epoch; /* as greeted, or told since */
        char party[PARTY_MAX + 1];
        uint64_t floor;
        uint32_t refusal_code;
        char refusal[SESSION_TEXT_MAX];
};

/* Each returns 0 or -errno; that the broker does not read is no error: it will not answer in time.
 */
MUST_CHECK int session_send_card(Session *session);
MUST_CHECK int session_send_whoami(Session *session);
/* Drops the connection and makes another. */
MUST_CHECK int session_reconnect(Session *session);
/* One reply, as it came. */
MUST_CHECK int session_take_reply(Session *session, const uint8_t *bytes, size_t n_bytes,
                                  int64_t now_us);
