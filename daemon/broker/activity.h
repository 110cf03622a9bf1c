#pragma once

/*
 * Activity: who speaks with the broker, by party and by transport key
 *
 * A Sender is a transport key that has sent something; it remembers whose it is, so that an update
 * costs one look-up, and is charged for what its connections send. An Activity is a party that has
 * a sender: what it did, and whether its agent is connected.
 *
 * Both live until the end. There is at most one of each for every key and party that was ever
 * enrolled: the registry bounds them, guests have none.
 */

#include "internal/hash.h"

#include "broker/bucket.h"
#include "internal/list.h"
#include "picture/registry.h"

typedef struct Activity {
        UT_hash_handle hh;
        ListLink changed; /* its presence, since the last beat */
        uint64_t n_accepted, n_refused, n_dropped;
        size_t n_feeds;   /* live sessions of agents */
        int64_t since_ms; /* connected, or lost; TIME_ABSENT: never seen since the start */
        char party[PARTY_MAX + 1];
} Activity;

typedef struct Sender {
        UT_hash_handle hh;
        KeyId user;
        Activity *activity;
        ListLink sessions; /* Session.of_sender */
        Bucket updates, acks;
        size_t n_in_pipeline; /* updates received and not answered */
        size_t n_feeds;       /* live sessions of agents with this key: two are twins */

        uint64_t resolved_at; /* registry revision of what follows */
        bool is_enrolled;
        bool is_relay;
        KeyOwner owner;

        /* The key that signed its last update, which signs its next. */
        KeyId signer_id;
        uint8_t signer[KEY_BYTES];
        const Party *signer_party; /* NULL: none remembered */
} Sender;

typedef struct ActivityTable {
        Activity *activities;
        Sender *senders;
        ListLink changed; /* Activity.changed */
} ActivityTable;

void activity_table_init(ActivityTable *table);
void activity_table_deinit(ActivityTable *table);

Activity *activity_find(const ActivityTable *table, const char *party);
/* NULL: not enrolled with any key, or no memory. */
Sender *sender_find_or_add(ActivityTable *table, const Registry *registry, KeyId user);
Sender *sender_find(const ActivityTable *table, KeyId user);
/* Whose it is today. False: nobody's. */
bool sender_resolve(Sender *sender, const Registry *registry);
/*
 * The key with @id if it may have signed what @sender brings. Returns its party, NULL if the key is
 * nobody's. The signing key is in @ret_key.
 */
const Party *sender_find_signer(Sender *sender, const Registry *registry, KeyId id,
                                uint8_t ret_key[KEY_BYTES]);

/* A session of an agent began, or ended. */
void sender_feed_began(ActivityTable *table, Sender *sender, int64_t now_ms);
void sender_feed_ended(ActivityTable *table, Sender *sender, int64_t now_ms);
