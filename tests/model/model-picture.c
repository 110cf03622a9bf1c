#include "universe.h"

/*
 * The picture against a slow, obvious one: an array of records and an array of tombstones that are
 * searched from end to end for everything. After each random operation all that the two say is
 * compared: records, order, what each level was told, what is remembered.
 */

enum {
        N_OPERATIONS = 8000,
        N_TOMBSTONES = 40, /* that are kept */
        N_TOPICS = 2 * N_REGIONS * N_LANES,
        N_RECORDS_MAX = 1024,
};

typedef struct ModelRecord {
        Name name;
        unsigned region;
        Audience audience;
        uint64_t instance, seq;
        unsigned content;
        uint64_t revision, changed, affirmed;
        uint64_t since; /* the revision that stated it */
        bool moved;
} ModelRecord;

typedef struct ModelTombstone {
        Name name;
        unsigned topic;
        uint64_t revision;
        Audience from, to;
        WithdrawnCause cause;
} ModelTombstone;

/* What readers are expected to be told by an operation. */
typedef struct Told {
        ChangeKind kind;
        unsigned topic;
        Audience from, to;
        Name name; /* not of an affirm */
        bool content_changed;
        size_t n_renewed;
} Told;

typedef struct World {
        Chance chance;
        uint64_t revision, seq;
        unsigned regions[N_PARTIES][N_LOCATIONS];
        Picture *picture;
        Change change;
        Blob *envelope;

        ModelRecord records[N_RECORDS_MAX];
        size_t n_records;
        size_t n_foreseen;
        ModelTombstone tombstones[N_TOMBSTONES + N_RECORDS_MAX];
        size_t n_tombstones;
        uint64_t last[N_TOPICS][AUDIENCE_COORD + 1];
        uint64_t forgotten[N_TOPICS];
        Told told[2 * N_RECORDS_MAX];
        size_t n_told;
} World;

static int64_t time_of(uint64_t revision)
{
        return NOW + (int64_t)revision * 7;
}

/* ------------------------------------------------------------------ the slow, obvious picture */

static unsigned topic_number(Status status, unsigned region, Lane lane)
{
        return ((status == STATUS_TEST) * N_REGIONS + region) * N_LANES + lane - LANE_STATUS;
}

static unsigned topic_of_record(const ModelRecord *record)
{
        return topic_number(record->name.status, record->region, report_lane(record->name.report));
}

static ModelRecord *model_find(World *world, const Name *name)
{
        for (size_t i = 0; i < world->n_records; i++)
                if (name_is(&world->records[i].name, name))
                        return &world->records[i];
        return NULL;
}

static void model_tell(World *world, Told told)
{
        for (unsigned level = told.from; level <= (unsigned)told.to; level++)
                world->last[told.topic][level] = world->revision;
        world->told[world->n_told++] = told;
}

static void model_bury(World *world, const ModelRecord *record, Audience to, WithdrawnCause cause)
{
        ModelTombstone tombstone = {
                .name = record->name,
                .topic = topic_of_record(record),
                .revision = world->revision,
                .from = record->audience,
                .to = to,
                .cause = cause,
        };

        world->tombstones[world->n_tombstones++] = tombstone;
        model_tell(world, (Told){ CHANGE_WITHDRAWN, tombstone.topic, tombstone.from, to,
                                  .name = record->name });
}

static void model_begin(World *world)
{
        size_t n_old = world->n_tombstones > N_TOMBSTONES ? world->n_tombstones - N_TOMBSTONES : 0;

        while (n_old && n_old < world->n_tombstones && /* a revision as a whole */
               world->tombstones[n_old].revision == world->tombstones[n_old - 1].revision)
                n_old++;
        for (size_t i = 0; i < n_old; i++)
                world->forgotten[world->tombstones[i].topic] = world->tombstones[i].revision;
        memmove(world->tombstones, world->tombstones + n_old,
                (world->n_tombstones - n_old) * sizeof(*world->tombstones));
        world->n_tombstones -= n_old;
        world->n_told = 0;
        world->revision += 1 + chance_below(&world->chance, 3);
}

static void model_report(World *world, const Name *name, const Update *update, unsigned content)
{
        unsigned region = world->regions[name->party][name->location];
        ModelRecord *record = model_find(world, name), old;
        bool changed = true;

        if (record) {
                old = *record;
                changed = old.region != region || old.audience != update->audience ||
                          old.content != content;
                if (old.region != region)
                        model_bury(world, &old, AUDIENCE_COORD, WITHDRAWN_REGION);
                else if (old.audience < update->audience)
                        model_bury(world, &old, update->audience - 1, WITHDRAWN_AUDIENCE);
        } else {
                record = &world->records[world->n_records++];
        }
        *record = (ModelRecord){
                .name = *name,
                .region = region,
                .audience = update->audience,
                .instance = update->instance,
                .seq = update->seq,
                .content = content,
                .revision = world->revision,
                .changed = world->revision,
                .since = changed ? world->revision : old.since,
        };
        model_tell(world, (Told){ CHANGE_REPORT, topic_of_record(record), update->audience,
                                  AUDIENCE_COORD, *name, changed });
}

static void model_affirm(World *world, const Name *about, const Update *update, const Name *apart,
                         size_t n_apart)
{
        unsigned region = world->regions[about->party][about->location];
        size_t n = 0;

        for (size_t i = 0; i < world->n_records; i++) {
                ModelRecord *record = &world->records[i];
                bool is_apart = false;

                for (size_t j = 0; j < n_apart; j++)
                        is_apart = is_apart || name_is(&apart[j], &record->name);
                if (is_apart || record->name.status != about->status ||
                    record->name.party != about->party ||
                    record->name.location != about->location ||
                    report_lane(record->name.report) != update->affirm.lane ||
                    record->audience != update->audience || record->instance != update->instance ||
                    record->seq > update->affirm.up_to_seq)
                        continue;
                record->affirmed = record->changed = world->revision;
                n++;
        }
        if (n)
                model_tell(world, (Told){ CHANGE_AFFIRM,
                                          topic_number(about->status, region, update->affirm.lane),
                                          update->audience, AUDIENCE_COORD, .n_renewed = n });
}

static void model_remove(World *world, ModelRecord *record)
{
        *record = world->records[--world->n_records];
}

static void model_regrant(World *world, unsigned party)
{
        for (size_t i = 0; i < world->n_records;) {
                ModelRecord *record = &world->records[i];
                unsigned region = world->regions[party][record->name.location];

                if (record->name.party != party || record->region == region) {
                        i++;
                        continue;
                }
                if (region == NOWHERE) {
                        model_bury(world, record, AUDIENCE_COORD, WITHDRAWN_ENROLMENT);
                        model_remove(world, record); /* another is here now */
                        continue;
                }
                model_bury(world, record, AUDIENCE_COORD, WITHDRAWN_REGION);
                record->region = region;
                record->changed = world->revision;
                record->moved = true;
                model_tell(world, (Told){ CHANGE_MOVED, topic_of_record(record), record->audience,
                                          AUDIENCE_COORD, record->name });
                i++;
        }
}

/* ------------------------------------------------------------------ comparing */

static void compare_record(World *world, const ModelRecord *model)
{
        RecordKey key = name_key(&model->name);
        const Record *record = picture_find(world->picture, &key);
        uint32_t flags = model->moved ? ENTRY_MOVED : 0;

        assert(record);
        if (model->name.report == UPDATE_COUNTS && model->content > 1)
                flags |= ENTRY_OVERCROWDED;
        assert(record->revision == model->revision && record->changed_revision == model->changed);
        assert(record->received_at_ms == time_of(model->revision));
        assert(record->since_ms == time_of(model->since));
        assert(record->instance == model->instance && record->seq == model->seq);
        assert(record->audience == model->audience && record->status == model->name.status);
        assert(record->report == model->name.report);
        assert(record->content_digest[0] == model->content + 1);
        assert(record->flags == flags && !record->apart);
        assert((record->affirmation ? record->affirmation->revision : 0) == model->affirmed);
        assert(strcmp(record->topic->topic.region, regions[model->region]) == 0);
}

static void compare_topic(World *world, const PictureTopic *topic)
{
        uint64_t since = world->revision - chance_below(&world->chance, 200), last = since;
        size_t n = 0, n_expected = 0, n_since = 0, n_since_expected = 0;
        unsigned region, number;

        for (region = 0; strcmp(topic->topic.region, regions[region]) != 0;)
                region++;
        number = topic_number(topic->topic.kind == TOPIC_TEST ? STATUS_TEST : STATUS_ACTUAL, region,
                              topic->topic.lane);

        for (size_t i = 0; i < world->n_records; i++)
                if (topic_of_record(&world->records[i]) == number) {
                        n_expected++;
                        n_since_expected += world->records[i].changed > since;
                }
        list_for_each (link, &topic->records) {
                const Record *record = list_entry(link, Record, in_topic);

                assert(record->topic == topic);
                n++;
        }
        for (const Record *at = picture_records_since(topic, since); at;) {
                assert(at->changed_revision >= last && at->changed_revision > since);
                last = at->changed_revision;
                n_since++;
                at = at->in_topic.next == &topic->records
                             ? NULL
                             : list_entry(at->in_topic.next, Record, in_topic);
        }
        assert(n == n_expected && topic->n_records == n_expected && n_since == n_since_expected);
        assert(memcmp(topic->last, world->last[number], sizeof(topic->last)) == 0);
        assert(topic->forgotten == world->forgotten[number]);
        assert(picture_remembers(topic, since) == (since >= world->forgotten[number]));
}

/* Each of the model's tombstones is on its topic, in order, and there are no others. */
static void compare_tombstones(World *world)
{
        const PictureTopic *topic = NULL;
        const Tombstone *tombstone;
        size_t n_matched = 0, n = 0;

        while ((topic = picture_next_topic(world->picture, topic))) {
                uint64_t last = 0;

                list_for_each (link, &topic->tombstones) {
                        tombstone = list_entry(link, Tombstone, in_topic);
                        assert(tombstone->revision >= last);
                        last = tombstone->revision;
                        n++;
                        for (size_t i = 0; i < world->n_tombstones; i++) {
                                const ModelTombstone *model = &world->tombstones[i];
                                RecordKey key = name_key(&model->name);

                                if (model->revision == tombstone->revision &&
                                    model->from == tombstone->from && model->to == tombstone->to &&
                                    model->cause == tombstone->cause &&
                                    key.n_bytes == tombstone->key.n_bytes &&
                                    memcmp(key.bytes, tombstone->key.bytes, key.n_bytes) == 0)
                                        n_matched++;
                        }
                }
        }
        assert(n == world->n_tombstones && n_matched == n);
}

static bool key_is(const RecordKey *key, const uint8_t *bytes, size_t n_bytes)
{
        return key->n_bytes == n_bytes && memcmp(key->bytes, bytes, n_bytes) == 0;
}

static bool item_is(const ChangeItem *item, const Told *told, uint64_t revision)
{
        RecordKey key;

        if (item->kind != told->kind || item->from != told->from || item->to != told->to ||
            item->revision != revision || item->received_at_ms != time_of(revision) ||
            item->content_changed != told->content_changed || item->n_renewed != told->n_renewed)
                return false;
        if (item->kind == CHANGE_AFFIRM)
                return item->affirmation->revision == revision;
        key = name_key(&told->name);
        if (item->kind == CHANGE_WITHDRAWN)
                return key_is(&key, item->tombstone->key.bytes, item->tombstone->key.n_bytes);
        return key_is(&key, item->record->key, item->record->n_key);
}

static void compare_told(const World *world)
{
        assert(world->change.n_items == world->n_told);
        for (size_t i = 0; i < world->n_told; i++) {
                size_t n = 0;

                for (size_t j = 0; j < world->n_told; j++)
                        n += item_is(&world->change.items[j], &world->told[i], world->revision);
                assert(n == 1);
        }
}

static void compare(World *world)
{
        const PictureTopic *topic = NULL;

        compare_told(world);
        assert(picture_n_records(world->picture) == world->n_records);
        for (size_t i = 0; i < world->n_records; i++)
                compare_record(world, &world->records[i]);
        while ((topic = picture_next_topic(world->picture, topic)))
                compare_topic(world, topic);
        compare_tombstones(world);
}

/* ------------------------------------------------------------------ operations */

/* What was foreseen is all that both levels are told, to the byte. */
static void compare_foreseen(const World *world, const PictureTopic *topic, const Entry *foreseen)
{
        const ChangeItem *item = world->change.items;
        Entry entry;

        assert(world->change.n_items == 1 && item->kind == CHANGE_REPORT && item->topic == topic);
        assert(item->from <= AUDIENCE_CARE && item->to == AUDIENCE_COORD);
        record_to_entry(item->record, &entry);
        assert(entry.revision == foreseen->revision);
        assert(entry.changed_revision == foreseen->changed_revision);
        assert(entry.received_at_ms == foreseen->received_at_ms);
        assert(entry.since_ms == foreseen->since_ms && entry.flags == foreseen->flags);
        assert(entry.rests_on == foreseen->rests_on);
        assert(entry.envelope == foreseen->envelope && entry.n_envelope == foreseen->n_envelope);
}

static void do_report(World *world)
{
        const PictureTopic *topic;
        bool is_foreseen;
        Entry foreseen;
        Name name = name_any(&world->chance);
        unsigned content = chance_below(&world->chance, N_CONTENTS);
        unsigned region = world->regions[name.party][name.location];
        Update update = report_about(&name, content, ++world->seq);

        if (region == NOWHERE)
                return; /* admission refuses it */
        update.audience = audience_any(&world->chance);
        update.instance = chance_below(&world->chance, N_INSTANCES);
        model_begin(world);
        is_foreseen = picture_foresee(world->picture, &update, world->envelope, world->revision,
                                      time_of(world->revision), regions[region], &topic, &foreseen);
        must(picture_report(world->picture, &update, world->envelope, world->revision,
                            time_of(world->revision), regions[region], &world->change));
        if (is_foreseen)
                compare_foreseen(world, topic, &foreseen);
        world->n_foreseen += is_foreseen;
        model_report(world, &name, &update, content);
}

static void do_affirm(World *world)
{
        Name about = name_any(&world->chance), apart[3];
        unsigned region = world->regions[about.party][about.location];
        size_t n_apart = chance_below(&world->chance, N_ELEMENTS(apart) + 1);
        Update update = update_about(&about, UPDATE_AFFIRM, ++world->seq);
        RecordRef refs[N_ELEMENTS(apart)];

        if (region == NOWHERE)
                return;
        for (size_t i = 0; i < n_apart; i++) {
                apart[i] = name_any(&world->chance);
                apart[i].status = about.status;
                apart[i].party = about.party;
                apart[i].location = about.location;
                refs[i] = name_ref(&apart[i]);
        }
        update.audience = audience_any(&world->chance);
        update.instance = chance_below(&world->chance, N_INSTANCES);
        update.affirm = (Affirm){
                .lane = LANE_STATUS + chance_below(&world->chance, N_LANES),
                .up_to_seq = world->seq - MIN(world->seq, chance_below(&world->chance, 500)),
                .apart_from = refs,
                .n_apart_from = n_apart,
        };
        model_begin(world);
        must(picture_affirm(world->picture, &update, world->envelope, world->revision,
                            time_of(world->revision), regions[region], &world->change));
        model_affirm(world, &about, &update, apart, n_apart);
}

static void do_withdraw(World *world)
{
        Name name = name_any(&world->chance);
        Update update = update_about(&name, UPDATE_WITHDRAW, ++world->seq);
        ModelRecord *record;

        update.withdraw = name_ref(&name);
        model_begin(world);
        must(picture_withdraw(world->picture, &update, world->revision, time_of(world->revision),
                              &world->change));
        record = model_find(world, &name);
        if (record) {
                model_bury(world, record, AUDIENCE_COORD, WITHDRAWN_BY_PARTY);
                model_remove(world, record);
        }
}

static void do_regrant(World *world)
{
        unsigned party = chance_below(&world->chance, N_PARTIES);

        for (unsigned i = 0; i < N_LOCATIONS; i++)
                if (chance_percent(&world->chance, 40))
                        world->regions[party][i] = chance_below(&world->chance, N_REGIONS + 1);
        model_begin(world);
        must(picture_regrant(world->picture, parties[party], region_of, world->regions[party],
                             world->revision, time_of(world->revision), &world->change));
        model_regrant(world, party);
}

static void do_something(World *world)
{
        unsigned percent = chance_below(&world->chance, 100);

        change_reset(&world->change);
        world->n_told = 0;
        if (percent < 60)
                do_report(world);
        else if (percent < 80)
                do_affirm(world);
        else if (percent < 98)
                do_withdraw(world);
        else
                do_regrant(world);
}

int main(int argc, char **argv)
{
        static World world;
        size_t n_most = 0;

        world.chance = chance_new(argc, argv);
        must(picture_new(&world.picture, N_TOMBSTONES));
        must(blob_copy(&world.envelope, "envelope", 8));
        for (size_t i = 0; i < N_OPERATIONS; i++) {
                do_something(&world);
                compare(&world);
                n_most = MAX(n_most, world.n_records);
        }
        printf("%d operations, at most %zu records, %zu reports foreseen\n", N_OPERATIONS, n_most,
               world.n_foreseen);
        picture_free(world.picture);
        change_deinit(&world.change);
        assert(world.envelope->n_references == 1);
        blob_unref(world.envelope);
        return n_most > 50 && world.n_foreseen > 1000
                       ? 0
                       : 1; /* a world in which nothing happens proves nothing */
}
