#include "broker/activity.h"

#include <string.h>

void activity_table_init(ActivityTable *table)
{
        *table = (ActivityTable){};
        list_init(&table->changed);
}

void activity_table_deinit(ActivityTable *table)
{
        Activity *activity, *next_activity;
        Sender *sender, *next_sender;

        HASH_ITER (hh, table->senders, sender, next_sender) {
                HASH_DEL(table->senders, sender);
                free(sender);
        }
        HASH_ITER (hh, table->activities, activity, next_activity) {
                HASH_DEL(table->activities, activity);
                free(activity);
        }
}

Activity *activity_find(const ActivityTable *table, const char *party)
{
        Activity *activity;

        HASH_FIND_STR(table->activities, party, activity);
        return activity;
}

static Activity *activity_find_or_add(ActivityTable *table, const char *party)
{
        Activity *activity = activity_find(table, party);

        if (activity)
                return activity;
        activity = calloc(1, sizeof(*activity));
        if (!activity)
                return NULL;

        strcpy(activity->party, party);
        activity->since_ms = TIME_ABSENT;
        HASH_ADD_STR(table->activities, party, activity);
        if (!activity->hh.tbl) {
                free(activity);
                return NULL;
        }
        return activity;
}

Sender *sender_find(const ActivityTable *table, KeyId user)
{
        Sender *sender;

        HASH_FIND(hh, table->senders, &user, sizeof(user), sender);
        return sender;
}

Sender *sender_find_or_add(ActivityTable *table, const Registry *registry, KeyId user)
{
        KeyOwner owner;
        Activity *activity;
        Sender *sender;

        sender = sender_find(table, user);
        if (sender)
                return sender;
        if (!registry_find_transport(registry, user, &owner))
                return NULL;

        activity = activity_find_or_add(table, owner.party->id);
        sender = activity ? calloc(1, sizeof(*sender)) : NULL;
        if (!sender)
                return NULL;

        sender->user = user;
        sender->activity = activity; /* a key is one party's for ever */
        sender->resolved_at = UINT64_MAX;
        list_init(&sender->sessions);
        HASH_ADD(hh, table->senders, user, sizeof(sender->user), sender);
        if (!sender->hh.tbl) {
                free(sender);
                return NULL;
        }
        return sender;
}

bool sender_resolve(Sender *sender, const Registry *registry)
{
        uint64_t revision = registry_revision(registry);

        if (sender->resolved_at != revision) {
                sender->is_enrolled =
                        registry_find_transport(registry, sender->user, &sender->owner);
                sender->is_relay =
                        sender->is_enrolled && party_has_role(sender->owner.party, ROLE_RELAY);
                sender->signer_party = NULL;
                sender->resolved_at = revision;
        }
        return sender->is_enrolled;
}

const Party *sender_find_signer(Sender *sender, const Registry *registry, KeyId id,
                                uint8_t ret_key[KEY_BYTES])
{
        KeyOwner owner;

        if (!sender->signer_party || memcmp(&sender->signer_id, &id, sizeof(id)) != 0) {
                if (!registry_find_signer(registry, id, &owner))
                        return NULL;
                sender->signer_id = id;
                sender->signer_party = owner.party;
                memcpy(sender->signer, owner.key->sign, KEY_BYTES);
        }

        memcpy(ret_key, sender->signer, KEY_BYTES);
        return sender->signer_party;
}

static void presence_changed(ActivityTable *table, Activity *activity, int64_t now_ms)
{
        activity->since_ms = now_ms;
        if (!list_is_linked(&activity->changed))
                list_append(&table->changed, &activity->changed);
}

void sender_feed_began(ActivityTable *table, Sender *sender, int64_t now_ms)
{
        sender->n_feeds++;
        if (sender->activity->n_feeds++ == 0)
                presence_changed(table, sender->activity, now_ms);
}

void sender_feed_ended(ActivityTable *table, Sender *sender, int64_t now_ms)
{
        assert(sender->n_feeds && sender->activity->n_feeds);
        sender->n_feeds--;
        if (--sender->activity->n_feeds == 0)
                presence_changed(table, sender->activity, now_ms);
}
