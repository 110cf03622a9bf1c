#include "picture/acks.h"

#include <string.h>

/*
 * Applying what the ledger has ordered
 *
 * Each operation first takes all the memory that it will need, and only then changes anything. What
 * readers of a level are told moves that level's last revision on the topic: so "previous" in a
 * block is a function of the ledger's order, whoever is connected.
 */

static void tell(Change *change, const ChangeItem *item)
{
        int r;

        for (unsigned level = item->from; level <= (unsigned)item->to; level++)
                item->topic->last[level] = MAX(item->topic->last[level], item->revision);
        r = change_add(change, item);
        assert(r == 0); /* reserved */
}

void picture_lose(Picture *picture, Tombstone *tombstone, const Record *record, const Loss *loss,
                  uint64_t revision, int64_t at_ms, Change *change)
{
        tombstone->revision = revision;
        tombstone->at_ms = at_ms;
        tombstone->from = loss->from;
        tombstone->to = loss->to;
        tombstone->cause = loss->cause;
        tombstone->key.n_bytes = record->n_key;
        memcpy(tombstone->key.bytes, record->key, record->n_key);
        picture_bury(picture, tombstone, record->topic);
        tell(change, &(ChangeItem){
                             .kind = CHANGE_WITHDRAWN,
                             .topic = record->topic,
                             .from = loss->from,
                             .to = loss->to,
                             .revision = revision,
                             .received_at_ms = at_ms,
                             .tombstone = tombstone,
                     });
}

/* ------------------------------------------------------------------ reports */

typedef struct Report {
        const Update *update;
        Blob *envelope;
        uint64_t revision;
        int64_t received_at_ms;
        Topic topic;
} Report;

/* What only coordination centres are told now, and others were told once. */
static bool was_said_wider(const Record *record, const Update *update)
{
        return record->event && record->topic && update->audience == AUDIENCE_COORD &&
               (record->audience < AUDIENCE_COORD || record->flags & ENTRY_SAID_WIDER);
}

static void report_put(Picture *picture, Record *record, PictureTopic *topic, const Report *report,
                       bool changed, Change *change)
{
        uint32_t flags = was_said_wider(record, report->update) ? ENTRY_SAID_WIDER : 0;

        record_fill(picture, record, report->update, report->envelope, report->revision,
                    report->received_at_ms);
        record->flags |= flags;
        if (changed)
                record->since_ms = report->received_at_ms;
        record_place(record, topic);
        tell(change, &(ChangeItem){
                             .kind = CHANGE_REPORT,
                             .topic = topic,
                             .from = record->audience,
                             .to = AUDIENCE_COORD,
                             .revision = report->revision,
                             .received_at_ms = report->received_at_ms,
                             .content_changed = changed,
                             .record = record,
                     });
}

static int report_first(Picture *picture, const RecordKey *key, const Report *report,
                        Change *change)
{
        PictureTopic *topic;
        Record *record;
        int r;

        r = change_reserve(change, 1);
        if (r)
                return r;
        r = picture_add_record(picture, key, report->update->party, report->update->location,
                               &record);
        if (r)
                return r;
        r = picture_need_topic(picture, &report->topic, &topic);
        if (r) {
                picture_drop(picture, record);
                return r;
        }

        report_put(picture, record, topic, report, true, change);
        return 0;
}

/* Whether a report on @record takes it away from somebody who could see it. */
static bool report_loses(const Record *record, const PictureTopic *topic, Audience audience,
                         Loss *ret_loss)
{
        if (record->topic != topic) {
                *ret_loss = (Loss){ record->audience, AUDIENCE_COORD, WITHDRAWN_REGION };
                return true;
        }
        if (audience > record->audience) {
                *ret_loss = (Loss){ record->audience, audience - 1, WITHDRAWN_AUDIENCE };
                return true;
        }
        return false;
}

/* Status and lane are in the key, so only the region can make it another topic. */
static int report_topic(Picture *picture, const Record *record, const Report *report,
                        PictureTopic **ret_topic)
{
        if (strcmp(record->topic->topic.region, report->topic.region) != 0)
                return picture_need_topic(picture, &report->topic, ret_topic);
        *ret_topic = record->topic;
        return 0;
}

bool record_is_restated(const Record *record, const Update *update)
{
        return record->audience == update->audience &&
               memcmp(record->content_digest, update->content_digest,
                      sizeof(record->content_digest)) == 0;
}

static int report_again(Picture *picture, Record *record, const Report *report, Change *change)
{
        CLEANUP(tombstone_freep) Tombstone *tombstone = NULL;
        CLEANUP(acks_end_deinit) AcksEnd acks;
        const Update *update = report->update;
        PictureTopic *topic;
        bool loses, restated;
        Loss loss;
        int r;

        acks_end_init(&acks);
        r = change_reserve(change, 2);
        if (r)
                return r;
        r = report_topic(picture, record, report, &topic);
        if (r)
                return r;
        loses = report_loses(record, topic, update->audience, &loss);
        if (loses) {
                r = tombstone_new(&tombstone);
                if (r)
                        return r;
        }

        restated = record->topic == topic && record_is_restated(record, update);
        if (!restated) {
                r = acks_end_prepare(&acks, picture, record);
                if (r)
                        return r;
        }
        r = change_reserve(change, 2 + acks.n_acks);
        if (r)
                return r;

        acks_end_apply(&acks, picture, report->revision, report->received_at_ms, change);
        if (loses)
                picture_lose(picture, STEAL(tombstone), record, &loss, report->revision,
                             report->received_at_ms, change);
        report_put(picture, record, topic, report, !restated, change);
        return 0;
}

int picture_report(Picture *picture, const Update *update, Blob *envelope, uint64_t revision,
                   int64_t received_at_ms, const char *region, Change *change)
{
        RecordRef ref = update_record_ref(update);
        Report report = {
                .update = update,
                .envelope = envelope,
                .revision = revision,
                .received_at_ms = received_at_ms,
                .topic = topic_of(update->status, region, report_lane(update->kind)),
        };
        RecordKey key;
        Record *record;

        picture_trim(picture);
        record_key_make(&key, update->status, update->party, update->location, &ref);
        record = picture_find(picture, &key);
        if (!record)
                return report_first(picture, &key, &report, change);
        if (record->event && record_is_restated(record, update))
                return 0; /* it has been counted */
        return report_again(picture, record, &report, change);
}

int picture_ack(Picture *picture, const Update *update, Blob *envelope, uint64_t revision,
                int64_t received_at_ms, Change *change)
{
        RecordKey key;
        Record *named;

        record_key_make(&key, update->status, update->ack.party, update->location,
                        &update->ack.record);
        named = picture_find(picture, &key);
        if (!named || named->revision != update->ack.revision)
                return 0;
        return picture_report(picture, update, envelope, revision, received_at_ms,
                              named->topic->topic.region, change);
}

/* ------------------------------------------------------------------ affirms */

static void affirm_mark_apart(Picture *picture, const Update *update, bool apart)
{
        RecordKey key;
        Record *record;

        for (size_t i = 0; i < update->affirm.n_apart_from; i++) {
                record_key_make(&key, update->status, update->party, update->location,
                                &update->affirm.apart_from[i]);
                record = picture_find(picture, &key);
                if (record)
                        record->apart = apart;
        }
}

static bool affirm_holds(const Update *update, const PictureTopic *topic, const Record *record)
{
        return !record->apart && !record->event && record->topic == topic &&
               record->status == update->status && record->audience == update->audience &&
               record->instance == update->instance && record->seq <= update->affirm.up_to_seq;
}

/* Those that @update renews: counted, and if there is an @affirmation, renewed. */
static size_t affirm_renew(RecordGroup *group, const Update *update, PictureTopic *topic,
                           Affirmation *affirmation)
{
        Record *record;
        size_t n = 0;

        list_for_each (link, &group->records) {
                record = list_entry(link, Record, in_group);
                if (!affirm_holds(update, topic, record))
                        continue;
                n++;
                if (!affirmation)
                        continue;
                affirmation_unref(record->affirmation);
                record->affirmation = affirmation_ref(affirmation);
                record->changed_revision = affirmation->revision;
                record_place(record, topic);
        }
        return n;
}

static int affirm_group(RecordGroup *group, PictureTopic *topic, const Update *update,
                        Blob *envelope, uint64_t revision, int64_t received_at_ms, Change *change)
{
        Affirmation *affirmation;
        size_t n_renewed;
        int r;

        n_renewed = affirm_renew(group, update, topic, NULL);
        if (!n_renewed)
                return 0;
        r = change_reserve(change, 1);
        if (r)
                return r;
        r = affirmation_new(&affirmation, revision, received_at_ms, update->sent_at_ms, envelope);
        if (r)
                return r;

        affirm_renew(group, update, topic, affirmation);
        tell(change, &(ChangeItem){
                             .kind = CHANGE_AFFIRM,
                             .topic = topic,
                             .from = update->audience,
                             .to = AUDIENCE_COORD,
                             .revision = revision,
                             .received_at_ms = received_at_ms,
                             .affirmation = affirmation,
                             .n_renewed = n_renewed,
                     });
        affirmation_unref(affirmation); /* the renewed records hold it */
        return 0;
}

int picture_affirm(Picture *picture, const Update *update, Blob *envelope, uint64_t revision,
                   int64_t received_at_ms, const char *region, Change *change)
{
        Topic name = topic_of(update->status, region, update->affirm.lane);
        char text[TOPIC_MAX];
        PictureTopic *topic;
        RecordGroup *group;
        int r;

        picture_trim(picture);
        topic_format(&name, text);
        topic = picture_find_topic(picture, text);
        group = picture_find_group(picture, update->party, update->location);
        if (!topic || !group)
                return 0;

        affirm_mark_apart(picture, update, true);
        r = affirm_group(group, topic, update, envelope, revision, received_at_ms, change);
        affirm_mark_apart(picture, update, false);
        return r;
}

/* ------------------------------------------------------------------ withdrawals */

int picture_withdraw(Picture *picture, const Update *update, uint64_t revision,
                     int64_t received_at_ms, Change *change)
{
        CLEANUP(tombstone_freep) Tombstone *tombstone = NULL;
        CLEANUP(acks_end_deinit) AcksEnd acks;
        RecordKey key;
        Record *record;
        Loss loss;
        int r;

        acks_end_init(&acks);
        picture_trim(picture);
        record_key_make(&key, update->status, update->party, update->location, &update->withdraw);
        record = picture_find(picture, &key);
        if (!record)
                return 0;

        r = acks_end_prepare(&acks, picture, record);
        if (r)
                return r;
        r = change_reserve(change, 1 + acks.n_acks);
        if (r)
                return r;
        r = tombstone_new(&tombstone);
        if (r)
                return r;

        acks_end_apply(&acks, picture, revision, received_at_ms, change);
        loss = (Loss){ record->audience, AUDIENCE_COORD, WITHDRAWN_BY_PARTY };
        picture_lose(picture, STEAL(tombstone), record, &loss, revision, received_at_ms, change);
        picture_drop(picture, record);
        return 0;
}

/* ------------------------------------------------------------------ enrolments */

/* What one of a party's records must become; @topic NULL: it is withdrawn. */
typedef struct Regrant {
        Record *record;
        PictureTopic *topic;
        Tombstone *tombstone;
        AcksEnd acks;
} Regrant;

typedef struct Regrants {
        Regrant *all;
        size_t n;
        size_t n_acks;
} Regrants;

static void regrant_deinit(Regrant *regrant)
{
        tombstone_free(regrant->tombstone);
        acks_end_deinit(&regrant->acks);
}

static void regrants_deinit(Regrants *regrants)
{
        for (size_t i = 0; i < regrants->n; i++)
                regrant_deinit(&regrants->all[i]);
        free(regrants->all);
}

static int regrants_add(Regrants *regrants, Picture *picture, Record *record, const char *region)
{
        Regrant *regrant = &regrants->all[regrants->n];
        Topic name;
        int r;

        /* What a party has seen is of others' locations, and stays. */
        if (record->report == UPDATE_ACK ||
            (region && strcmp(region, record->topic->topic.region) == 0))
                return 0;

        *regrant = (Regrant){ .record = record };
        acks_end_init(&regrant->acks);
        regrants->n++;
        if (region) {
                name = topic_of(record->status, region, report_lane(record->report));
                r = picture_need_topic(picture, &name, &regrant->topic);
                if (r)
                        return r;
        }
        r = acks_end_prepare(&regrant->acks, picture, record);
        if (r)
                return r;
        regrants->n_acks += regrant->acks.n_acks;
        return tombstone_new(&regrant->tombstone);
}

static int regrants_collect(Regrants *regrants, Picture *picture, const RecordParty *party,
                            const char *(*region_of)(const char *location, void *arg), void *arg)
{
        const char *region;
        RecordGroup *group;
        size_t n_records = 0;
        int r;

        list_for_each (link, &party->groups)
                n_records += list_entry(link, RecordGroup, in_party)->n_records;
        regrants->all = calloc(n_records, sizeof(*regrants->all));
        if (!regrants->all)
                return err_raise(-ENOMEM);

        list_for_each (link, &party->groups) {
                group = list_entry(link, RecordGroup, in_party);
                region = region_of(group->key + strlen(group->key) + 1, arg);
                list_for_each (in_group, &group->records) {
                        r = regrants_add(regrants, picture, list_entry(in_group, Record, in_group),
                                         region);
                        if (r)
                                return r;
                }
        }
        return 0;
}

static void regrant_apply(Picture *picture, Regrant *regrant, uint64_t revision, int64_t at_ms,
                          Change *change)
{
        Record *record = regrant->record;
        Loss loss = {
                .from = record->audience,
                .to = AUDIENCE_COORD,
                .cause = regrant->topic ? WITHDRAWN_REGION : WITHDRAWN_ENROLMENT,
        };

        acks_end_apply(&regrant->acks, picture, revision, at_ms, change);
        picture_lose(picture, STEAL(regrant->tombstone), record, &loss, revision, at_ms, change);
        if (!regrant->topic) {
                picture_drop(picture, record);
                return;
        }

        record->changed_revision = revision;
        record->flags |= ENTRY_MOVED;
        record_place(record, regrant->topic);
        tell(change, &(ChangeItem){
                             .kind = CHANGE_MOVED,
                             .topic = regrant->topic,
                             .from = record->audience,
                             .to = AUDIENCE_COORD,
                             .revision = revision,
                             .received_at_ms = at_ms,
                             .record = record,
                     });
}

int picture_regrant(Picture *picture, const char *party_id,
                    const char *(*region_of)(const char *location, void *arg), void *arg,
                    uint64_t revision, int64_t at_ms, Change *change)
{
        CLEANUP(regrants_deinit) Regrants regrants = { 0 };
        RecordParty *party;
        int r;

        picture_trim(picture);
        HASH_FIND(hh, picture->parties, party_id, strlen(party_id), party);
        if (!party)
                return 0;
        r = regrants_collect(&regrants, picture, party, region_of, arg);
        if (r)
                return r;
        r = change_reserve(change, 2 * regrants.n + regrants.n_acks);
        if (r)
                return r;

        for (size_t i = 0; i < regrants.n; i++)
                regrant_apply(picture, &regrants.all[i], revision, at_ms, change);
        return 0;
}
