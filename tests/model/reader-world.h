#pragma once

/*
 * A broker that only signs, and the ways between it and its readers
 */

#include "lib/replica.h"
#include "spoken.h"

enum {
        N_COMMITS = 3000,
        N_READERS = 3,
        N_TOMBSTONES = 60,
        N_TOPICS_MAX = 2 * N_REGIONS * N_LANES,
        N_ENTRIES_MAX = N_COMMITS + 1000,
        N_SPANS_MAX = 256,
        LOST_PERMILLE = 60,
        STEP_MS = 40,
        BEAT_MS = 1000,
        SETTLE_STEPS = 4000,
};

/* What the ledger has. */
typedef struct Logged {
        Blob *envelope; /* NULL: the opening of an epoch */
        unsigned party;
        unsigned regions[N_LOCATIONS]; /* of an enrolment */
        bool is_enrolment;
} Logged;

typedef struct Span {
        uint64_t epoch, first_revision;
        bool continues;
} Span;

typedef struct Parcel {
        ListLink link;
        Blob *frame, *chunk; /* a frame; or a manifest and its chunk */
        uint64_t request;    /* of an answer */
} Parcel;

typedef struct Reader {
        Replica *replica;
        Heads *heads;
        Audience level;
        bool is_up;
        uint64_t n_requests;
        ListLink lanes[N_LANES + 1]; /* from 1 */
        ListLink answers;
} Reader;

typedef struct World {
        Chance chance;
        Speaker speaker;
        ReplicaTime time;
        Picture *picture;
        Change change;
        Arena *arena;
        Logged log[N_ENTRIES_MAX];
        uint64_t revision, seq, n_epochs;
        unsigned regions[N_PARTIES][N_LOCATIONS];
        unsigned key[N_PARTIES];
        uint64_t serial[N_PARTIES];
        Span spans[N_SPANS_MAX];
        size_t n_spans;
        Reader readers[N_READERS];
        bool is_calm; /* nothing is lost any more */
        size_t n_lost, n_compared, n_alarms, n_answers, n_whole;
} World;

/* ------------------------------------------------------------------ ways */

static inline void parcel_send(ListLink *way, Blob *frame, Blob *chunk, uint64_t request)
{
        Parcel *parcel = calloc(1, sizeof(*parcel));

        assert(parcel);
        *parcel = (Parcel){ .frame = frame, .chunk = chunk, .request = request };
        list_append(way, &parcel->link);
}

static inline void parcel_free(Parcel *parcel)
{
        list_unlink(&parcel->link);
        blob_unref(parcel->frame);
        blob_unref(parcel->chunk);
        free(parcel);
}

static inline void way_clear(ListLink *way)
{
        list_for_each (link, way)
                parcel_free(list_entry(link, Parcel, link));
}

static inline void frame_send(World *world, Reader *reader, Lane lane, Blob *frame)
{
        if (!world->is_calm && chance_below(&world->chance, 1000) < LOST_PERMILLE)
                world->n_lost++;
        else
                parcel_send(&reader->lanes[lane], blob_ref(frame), NULL, 0);
}

/* To every reader of @level. */
static inline void publish_frame(World *world, Audience level, const Topic *topic, const Mail *mail,
                                 const Beat *beat)
{
        CLEANUP(blob_unrefp)
        Blob *frame = speak_frame(&world->speaker, topic, mail, world->revision, beat);

        for (size_t i = 0; i < N_READERS; i++)
                if (world->readers[i].level == level)
                        frame_send(world, &world->readers[i], topic->lane, frame);
}

/* ------------------------------------------------------------------ the broker */

static inline void publish_change(World *world,
                                  const uint64_t before[N_TOPICS_MAX][AUDIENCE_COORD + 1])
{
        PictureTopic *topic = NULL;
        size_t number = 0;

        while ((topic = picture_next_topic(world->picture, topic))) {
                for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++) {
                        Mail *mail = mail_new(topic);

                        mail->last = world->revision;
                        mail->previous = before[number][level];
                        for (size_t i = 0; i < world->change.n_items; i++) {
                                const ChangeItem *item = &world->change.items[i];

                                if (item->topic != topic || level < item->from || level > item->to)
                                        continue;
                                if (item->kind == CHANGE_AFFIRM)
                                        mail_add_affirm(mail, item->affirmation);
                                else if (item->kind == CHANGE_WITHDRAWN)
                                        mail_add_tombstone(mail, item->tombstone);
                                else
                                        mail_add_record(mail, item->record);
                        }
                        if (mail->entries.n)
                                publish_frame(world, level, &topic->topic, mail, NULL);
                        mail_free(mail);
                }
                number++;
        }
}

static inline Mail *registry_mail(const World *world, uint64_t after, bool whole)
{
        Mail *mail = mail_new(NULL);

        mail->whole = whole;
        for (uint64_t revision = after + 1; revision <= world->revision; revision++) {
                const Logged *logged = &world->log[revision];

                if (!logged->is_enrolment)
                        continue;
                letters_add(&mail->entries, logged->envelope)->entry = (Entry){
                        .revision = revision,
                        .changed_revision = revision,
                        .received_at_ms = NOW,
                        .since_ms = NOW,
                        .envelope = logged->envelope->bytes,
                        .n_envelope = logged->envelope->n_bytes,
                };
        }
        return mail;
}

static inline void publish_enrolment(World *world, uint64_t before)
{
        Topic topic = { .kind = TOPIC_REGISTRY, .lane = LANE_STATUS };
        Mail *mail = registry_mail(world, world->revision - 1, false);

        mail->last = world->revision;
        mail->previous = before;
        for (Audience level = AUDIENCE_CARE; level <= AUDIENCE_COORD; level++)
                publish_frame(world, level, &topic, mail, NULL);
        mail_free(mail);
}

/* What an entry of the ledger does to the state. */
static inline void apply(World *world, uint64_t revision)
{
        const Logged *logged = &world->log[revision];
        int64_t at_ms = NOW + (int64_t)revision;
        WireRefusal refusal;
        Update update;

        change_reset(&world->change);
        if (!logged->envelope)
                return;
        if (logged->is_enrolment) {
                memcpy(world->regions[logged->party], logged->regions, sizeof(logged->regions));
                world->speaker.reg_revision = revision;
                must(picture_regrant(world->picture, parties[logged->party], region_of,
                                     world->regions[logged->party], revision, at_ms,
                                     &world->change));
                return;
        }
        arena_reset(world->arena);
        must(update_decode(&update, &refusal, world->arena,
                           logged->envelope->bytes + ENVELOPE_OVERHEAD_BYTES,
                           logged->envelope->n_bytes - ENVELOPE_OVERHEAD_BYTES));
        if (update.kind == UPDATE_WITHDRAW)
                must(picture_withdraw(world->picture, &update, revision, at_ms, &world->change));
        else
                must((update.kind == UPDATE_AFFIRM ? picture_affirm : picture_report)(
                        world->picture, &update, logged->envelope, revision, at_ms,
                        region_of(update.location, world->regions[logged->party]), &world->change));
}

/* Takes logged.envelope. @tell: readers are told. */
static inline void append(World *world, Logged logged, bool tell)
{
        uint64_t before[N_TOPICS_MAX][AUDIENCE_COORD + 1] = { 0 };
        uint64_t reg_before = world->speaker.reg_revision;
        const PictureTopic *topic = NULL;
        size_t number = 0;

        assert(world->revision + 1 < N_ENTRIES_MAX);
        while ((topic = picture_next_topic(world->picture, topic)))
                memcpy(before[number++], topic->last, sizeof(topic->last));
        world->log[++world->revision] = logged;
        apply(world, world->revision);
        if (!tell)
                return;
        if (logged.is_enrolment)
                publish_enrolment(world, reg_before);
        publish_change(world, (const uint64_t(*)[AUDIENCE_COORD + 1]) before);
}

static inline void enrol(World *world, unsigned party, bool tell)
{
        Logged logged = { .party = party, .is_enrolment = true };

        memcpy(logged.regions, world->regions[party], sizeof(logged.regions));
        for (unsigned i = 0; i < N_LOCATIONS; i++)
                if (chance_percent(&world->chance, 30))
                        logged.regions[i] = chance_below(&world->chance, N_REGIONS + 1);
        if (chance_percent(&world->chance, 30))
                world->key[party] ^= 1;
        logged.envelope = speak_enrolment(&world->speaker, party, world->key[party],
                                          ++world->serial[party], logged.regions);
        append(world, logged, tell);
}

static inline void say(World *world, bool tell)
{
        unsigned percent = chance_below(&world->chance, 100);
        Name name = name_any(&world->chance);
        Update update;

        if (world->regions[name.party][name.location] == NOWHERE)
                return;
        world->seq++;
        if (percent < 15) {
                update = update_about(&name, UPDATE_WITHDRAW, world->seq);
                update.withdraw = name_ref(&name);
        } else if (percent < 35) {
                update = update_about(&name, UPDATE_AFFIRM, world->seq);
                update.affirm.lane = LANE_STATUS + chance_below(&world->chance, N_LANES);
                update.affirm.up_to_seq = world->seq;
        } else {
                update = report_about(&name, chance_below(&world->chance, N_CONTENTS), world->seq);
        }
        update.audience = audience_any(&world->chance);
        update.instance = 1 + chance_below(&world->chance, N_INSTANCES);
        append(world,
               (Logged){
                       .party = name.party,
                       .envelope = speak_update(
                               &world->speaker,
                               world->speaker.keys[name.party][world->key[name.party]], &update),
               },
               tell);
}

/* ------------------------------------------------------------------ epochs */

static inline void open_epoch(World *world, bool continues)
{
        world->speaker.epoch = (Epoch){
                .epoch = 1000 + ++world->n_epochs,
                .opened_at_ms = NOW,
                .continues = continues,
                .previous_epoch = world->speaker.epoch.epoch,
                .previous_revision = world->revision,
                .cause = continues ? "start" : "rolled-back",
                .broker = *secret_key_public(world->speaker.broker),
        };
        append(world, (Logged){ 0 }, false);
        assert(world->n_spans < N_SPANS_MAX);
        world->spans[world->n_spans++] =
                (Span){ world->speaker.epoch.epoch, world->revision, continues };
}

static inline void lose_sessions(World *world)
{
        for (size_t i = 0; i < N_READERS; i++) {
                Reader *reader = &world->readers[i];

                way_clear(&reader->answers);
                if (reader->is_up)
                        replica_session_lost(reader->replica, &world->time);
                reader->is_up = false;
        }
}

/* As it was at @revision; what came later never was. */
static inline void roll_back(World *world, uint64_t revision)
{
        for (uint64_t i = revision + 1; i <= world->revision; i++) {
                if (world->log[i].is_enrolment)
                        world->serial[world->log[i].party]++; /* the authority forgets nothing */
                blob_unref(world->log[i].envelope);
                world->log[i] = (Logged){ 0 };
        }
        while (world->n_spans && world->spans[world->n_spans - 1].first_revision > revision)
                world->n_spans--;
        picture_free(world->picture);
        must(picture_new(&world->picture, N_TOMBSTONES));
        world->speaker.reg_revision = 0;
        world->revision = revision;
        for (uint64_t i = 1; i <= revision; i++)
                apply(world, i);
}

static inline void restart(World *world, bool rolls_back)
{
        lose_sessions(world);
        /* Committed, and not published before it was killed. */
        for (unsigned i = chance_below(&world->chance, 4); i; i--)
                say(world, false);
        if (rolls_back)
                roll_back(world, world->revision - chance_below(&world->chance,
                                                                (unsigned)world->revision / 2));
        open_epoch(world, !rolls_back);
        for (unsigned party = 0; rolls_back && party < N_PARTIES; party++)
                enrol(world, party, true);
}

/* ------------------------------------------------------------------ answers */

/* As the daemon judges a position: 0, or as asked. */
static inline uint64_t position(const World *world, const Reader *reader, const ReplicaAsk *ask)
{
        const PictureTopic *topic = picture_find_topic(world->picture, ask->topic);
        uint64_t end = world->revision;

        for (size_t i = world->n_spans; i; i--) {
                const Span *span = &world->spans[i - 1];

                if (span->epoch == ask->epoch) {
                        if (ask->revision > end || ask->audience != reader->level)
                                return 0;
                        return !topic || picture_remembers(topic, ask->revision) ? ask->revision
                                                                                 : 0;
                }
                if (!span->continues)
                        return 0;
                end = span->first_revision - 1;
        }
        return 0;
}

static inline Mail *topic_mail(const PictureTopic *topic, Audience level, uint64_t from)
{
        Mail *mail = mail_new(NULL);
        const Tombstone *tombstone = NULL;

        mail->whole = !from;
        if (!topic)
                return mail;
        if (from)
                tombstone = picture_tombstones_since(topic, from);
        while (tombstone) {
                if (level >= tombstone->from && level <= tombstone->to)
                        mail_add_tombstone(mail, tombstone);
                tombstone = tombstone->in_topic.next == &topic->tombstones
                                    ? NULL
                                    : list_entry(tombstone->in_topic.next, Tombstone, in_topic);
        }
        list_for_each (link, &topic->records) {
                const Record *record = list_entry(link, Record, in_topic);

                if (record->changed_revision > from && record->audience <= level)
                        mail_add_record(mail, record);
        }
        return mail;
}

static inline void answer(World *world, Reader *reader, const ReplicaAsk *ask)
{
        uint64_t from = position(world, reader, ask), request = ++reader->n_requests;
        const PictureTopic *topic = picture_find_topic(world->picture, ask->topic);
        Blob *manifest, *chunk;
        Mail *mail;

        mail = strcmp(ask->topic, "reg/") ? topic_mail(topic, reader->level, from)
                                          : registry_mail(world, from, !from);
        manifest = speak_answer(&world->speaker, ask->topic, reader->level, mail, from,
                                world->revision, &chunk);
        world->n_answers++;
        world->n_whole += mail->whole;
        mail_free(mail);
        parcel_send(&reader->answers, manifest, chunk, request);
        replica_asked(reader->replica, ask->topic, request, &world->time);
}
