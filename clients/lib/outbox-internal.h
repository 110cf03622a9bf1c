#pragma once

#include "lib/outbox.h"

enum {
        /* Within a location a door is worth more than a count. */
        RANK_STATUS,
        RANK_CARD,
        RANK_COUNTS,
        N_RANKS,

        SWEEP_STEP_MS = 3600 * 1000,

        RECEIPT_FIRST_MS = 2 * 1000, /* for how long a receipt is waited for */
        RETRY_FIRST_MS = 5 * 1000,
        RETRY_MAX_MS = 60 * 1000,
        BARRED_FIRST_MS = 60 * 1000,
        BARRED_MAX_MS = 5 * 60 * 1000,
        CLOCK_RETRY_MS = 1000,
        NOT_AFTER_MS = 15 * 60 * 1000,
};

typedef enum ItemState {
        ITEM_READY,   /* in the queue of its rank */
        ITEM_WAITING, /* until its time comes */
        ITEM_FLYING,  /* its newest version was sent */
        ITEM_CLEAN,   /* the broker has it */
        ITEM_REFUSED,
        ITEM_FORGOTTEN, /* nothing is said of it any more: kept, so that affirms go on excepting it
                         */
        N_ITEM_STATES,
} ItemState;

struct OutboxItem {
        UT_hash_handle hh;
        ListLink in_group;
        ListLink in_queue;
        HeapNode due;
        OutboxGroup *group; /* in which the broker has it; NULL: it has nothing of this instance */
        Blob *body;         /* an update, of which who says it when is a placeholder */
        int64_t observed_ms;
        uint64_t version;
        unsigned n_attempts;
        ItemState state;
        bool is_withdrawal;
        bool is_event; /* neither affirmed nor kept for ever */
        uint8_t rank;
        int64_t over_ms;      /* an event's: when what it says was over, by the broker's clock */
        uint32_t valid_for_s; /* 0: it does not age */
        uint16_t n_key;
        uint8_t key[];
};

/* What one affirm is about: a location, status, audience and lane. */
struct OutboxGroup {
        UT_hash_handle hh;
        ListLink items;
        HeapNode due;
        int64_t affirmed_ms;
        uint32_t valid_for_s; /* the smallest of what was accepted; 0: nothing that ages */
        bool is_flying;
        Status status;
        Audience audience;
        Lane lane;
        uint16_t n_key;
        char key[]; /* status, audience, lane, location and its NUL */
};

typedef struct OutboxFlight {
        UT_hash_handle hh;
        HeapNode due;
        uint64_t seq;
        OutboxItem *item;   /* NULL: an affirm, or the item is gone */
        OutboxGroup *group; /* that the update would put the record in; NULL: a withdrawal */
        uint64_t version;
        bool is_affirm;
        struct OutboxFlight *next_free;
} OutboxFlight;

typedef struct OutboxSource {
        UT_hash_handle hh;
        bool answers;
        char location[];
} OutboxSource;

struct Outbox {
        OutboxOptions options;
        uint32_t random;
        uint64_t last_seq;
        OutboxItem *items;
        OutboxGroup *groups;
        OutboxSource *sources;
        bool others_answer; /* locations without a word of their own */
        ListLink queues[N_RANKS];
        size_t n_in[N_ITEM_STATES];
        int64_t last_over_ms; /* of all events that were put */
        int64_t swept_ms;     /* last_over_ms when old ones were let go of last */
        size_t n_groups;
        Heap waiting, affirms, flying;
        OutboxFlight *flights; /* hash of those in use */
        OutboxFlight *free_flights;
        OutboxFlight *flight_memory;
        unsigned n_lost;
};

/* @ms, give or take a quarter. */
int64_t outbox_jitter(Outbox *outbox, int64_t ms);
bool outbox_answers(const Outbox *outbox, const char *location);

bool body_is_same(const Blob *a, const Blob *b);
/* When what it says was over; 0: it says what holds. */
int64_t event_over_ms(const Update *update);
/* Whether @body is another refusal than @item is, with its id: *ret_refusal says so. */
bool event_is_other(const OutboxItem *item, const Blob *body, UpdateKind report,
                    WireRefusal *ret_refusal);
void outbox_sweep_events(Outbox *outbox, int64_t over_ms);

void item_enter(Outbox *outbox, OutboxItem *item, ItemState state);
void item_wait(Outbox *outbox, OutboxItem *item, int64_t due);
OutboxItem *item_free(Outbox *outbox, OutboxItem *item);
/* The broker has it in @group now. */
void item_join(OutboxItem *item, OutboxGroup *group);

MUST_CHECK int group_need(Outbox *outbox, const Update *update, OutboxGroup **ret_group);
const char *group_location(const OutboxGroup *group);
/* Puts its next affirm where it belongs, or nowhere. */
void group_schedule(Outbox *outbox, OutboxGroup *group);

/* NULL: as many as there may be. There is always one where n_flights is less than the maximum. */
OutboxFlight *flight_new(Outbox *outbox, uint64_t seq, int64_t due);
void flight_end(Outbox *outbox, OutboxFlight *flight);
OutboxFlight *flight_find(Outbox *outbox, uint64_t seq);
/* Its update has not arrived, as far as we know: what it said is to be said again. */
void flight_lost(Outbox *outbox, OutboxFlight *flight, int64_t now_ms);
