#include "broker/answer-build.h"

#include <stdlib.h>
#include <string.h>

#include "broker/entries.h"
#include "broker/parts.h"
#include "core/narrow.h"

/* ------------------------------------------------------------------ chunks */

static int append_chunk(Answer *answer, Blob *frame, const uint8_t digest[DIGEST_BYTES])
{
        uint8_t(*digests)[DIGEST_BYTES];
        Blob **chunks;

        chunks = reallocarray(answer->chunks, answer->n_chunks + 1, sizeof(*chunks));
        if (!chunks)
                return err_raise(-ENOMEM);
        answer->chunks = chunks;
        digests = reallocarray(answer->digests, answer->n_chunks + 1, sizeof(*digests));
        if (!digests)
                return err_raise(-ENOMEM);
        answer->digests = digests;

        memcpy(digests[answer->n_chunks], digest, DIGEST_BYTES);
        chunks[answer->n_chunks++] = blob_ref(frame);
        return 0;
}

int chunk_frame(Blob **ret_frame, uint64_t transfer, size_t index, const Blob *body)
{
        Reply reply = { .kind = REPLY_CHUNK };

        reply.chunk.transfer = transfer;
        reply.chunk.index = (uint32_t)index;
        reply.chunk.body = (Bytes){ body->bytes, body->n_bytes };
        return err_fold(reply_encode(ret_frame, &reply));
}

static int close_chunk(AnswerBuild *build)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        CLEANUP(blob_unrefp) Blob *frame = NULL;
        Answer *answer = build->answer;
        uint8_t digest[DIGEST_BYTES];
        int r;

        answer->n_entries += block_builder_n_entries(build->builder);
        r = block_builder_chunk(build->builder, &body);
        if (r)
                return err_fold(r);
        digest_of(digest, body->bytes, body->n_bytes);
        if (!build->answers) {
                answer->n_bytes += body->n_bytes;
                return append_chunk(answer, body, digest);
        }

        r = chunk_frame(&frame, answer->transfer, answer->n_chunks, body);
        if (r)
                return r;
        r = append_chunk(answer, frame, digest);
        if (r)
                return r;

        answer->n_bytes += frame->n_bytes;
        build->answers->n_bytes += frame->n_bytes;
        build->answers->broker->counters.n_answer_bytes += frame->n_bytes;
        return 0;
}

typedef int (*AddFn)(BlockBuilder *builder, const void *what);

/* Into the chunk at hand, or else a new one. */
static void add(AnswerBuild *build, AddFn fn, const void *what)
{
        BlockBuilder *builder = build->builder;
        int r;

        if (build->error)
                return;
        if (build->n_bytes_max && build->answer->n_bytes > build->n_bytes_max) {
                build->error = BUILD_E_TOO_LARGE;
                return;
        }
        r = fn(builder, what);
        if (r == BLOCK_E_FULL && block_builder_n_entries(builder)) {
                r = close_chunk(build);
                if (!r)
                        r = fn(builder, what);
        }
        build->error = err_fold(r);
}

static int add_record(BlockBuilder *builder, const void *what)
{
        return entries_add_record(builder, what, 0);
}

static int add_tombstone(BlockBuilder *builder, const void *what)
{
        return entries_add_tombstone(builder, what);
}

static int add_entry(BlockBuilder *builder, const void *what)
{
        return block_builder_add(builder, what);
}

/* ------------------------------------------------------------------ topics */

static Record *next_record(const PictureTopic *topic, const Record *record)
{
        ListLink *next = record->in_topic.next;

        return next == &topic->records ? NULL : list_entry(next, Record, in_topic);
}

static Tombstone *next_tombstone(const PictureTopic *topic, const Tombstone *tombstone)
{
        ListLink *next = tombstone->in_topic.next;

        return next == &topic->tombstones ? NULL : list_entry(next, Tombstone, in_topic);
}

static bool is_hidden(const AnswerBuild *build, Audience level, const uint8_t *key, size_t n_key)
{
        return build->narrow && level < AUDIENCE_COORD && narrow_hides(build->narrow, key, n_key);
}

void build_record(AnswerBuild *build, const Record *record, Audience level)
{
        if (record->audience <= level && !is_hidden(build, level, record->key, record->n_key))
                add(build, add_record, record);
}

typedef struct Told {
        const LedgerEntry *entry;
        const ChangeItem *item;
} Told;

static int add_item(BlockBuilder *builder, const void *what)
{
        const Told *told = what;

        return entries_add_item(builder, told->entry, told->item);
}

void build_item(AnswerBuild *build, const LedgerEntry *entry, const ChangeItem *item,
                Audience level)
{
        const uint8_t *key = item->record ? item->record->key : item->tombstone->key.bytes;
        size_t n_key = item->record ? item->record->n_key : item->tombstone->key.n_bytes;

        if (item->from <= level && level <= item->to && !is_hidden(build, level, key, n_key))
                add(build, add_item, &(Told){ entry, item });
}

void build_topic(AnswerBuild *build, const PictureTopic *topic, Audience level, uint64_t from,
                 bool with_tombstones)
{
        Record *record = picture_records_since(topic, from);
        Tombstone *tombstone = with_tombstones ? picture_tombstones_since(topic, from) : NULL;

        /* Both are in order of revision; so is what comes out. */
        while (!build->error && (record || tombstone)) {
                if (!record || (tombstone && tombstone->revision <= record->changed_revision)) {
                        if (tombstone->from <= level && level <= tombstone->to)
                                add(build, add_tombstone, tombstone);
                        tombstone = next_tombstone(topic, tombstone);
                } else {
                        build_record(build, record, level);
                        record = next_record(topic, record);
                }
        }
}

/* ------------------------------------------------------------------ the registry */

typedef struct RegistryEntries {
        Entry *entries;
        size_t n, n_allocated;
} RegistryEntries;

static void collect(AnswerBuild *build, RegistryEntries *collected, const Entry *entry)
{
        size_t n = collected->n_allocated ? 2 * collected->n_allocated : 64;
        Entry *grown;

        if (build->error)
                return;
        if (collected->n == collected->n_allocated) {
                grown = reallocarray(collected->entries, n, sizeof(*grown));
                if (!grown) {
                        build->error = err_raise(-ENOMEM);
                        return;
                }
                collected->entries = grown;
                collected->n_allocated = n;
        }
        collected->entries[collected->n++] = *entry;
}

static Entry registry_entry(uint64_t revision, int64_t received_at_ms)
{
        return (Entry){
                .revision = revision,
                .changed_revision = revision,
                .received_at_ms = received_at_ms,
                .since_ms = received_at_ms,
        };
}

static void collect_party(AnswerBuild *build, RegistryEntries *collected, const Party *party,
                          uint64_t from)
{
        const EnrolmentVersion *version = party->newest;
        const SuspensionWord *word = party->suspensions;
        Entry entry;

        for (; version; version = version->older) {
                if (version->revision <= from)
                        continue;
                entry = registry_entry(version->revision, version->received_at_ms);
                entry.envelope = version->envelope->bytes;
                entry.n_envelope = version->envelope->n_bytes;
                collect(build, collected, &entry);
        }
        for (; word; word = word->next) {
                if (word->revision <= from)
                        continue;
                entry = registry_entry(word->revision, word->received_at_ms);
                entry.suspension = word->bytes->bytes;
                entry.n_suspension = word->bytes->n_bytes;
                collect(build, collected, &entry);
        }
}

static int by_revision(const void *a, const void *b)
{
        uint64_t x = ((const Entry *)a)->revision;
        uint64_t y = ((const Entry *)b)->revision;

        return (x > y) - (x < y);
}

/* Empties @collected. */
static void add_in_order(AnswerBuild *build, RegistryEntries *collected)
{
        if (collected->n)
                qsort(collected->entries, collected->n, sizeof(Entry), by_revision);
        for (size_t i = 0; i < collected->n; i++)
                add(build, add_entry, &collected->entries[i]);
        free(collected->entries);
        *collected = (RegistryEntries){};
}

void build_registry(AnswerBuild *build, const Registry *registry, uint64_t from)
{
        RegistryEntries cards = {}, collected = {};
        Party *party = NULL;

        for (const CardVersion *card = registry_cards(registry); card; card = card->older) {
                Entry entry = registry_entry(card->revision, card->received_at_ms);

                if (card->revision <= from)
                        continue;
                entry.envelope = card->envelope->bytes;
                entry.n_envelope = card->envelope->n_bytes;
                collect(build, &cards, &entry);
        }
        while ((party = registry_next(registry, party)))
                collect_party(build, &collected, party, from);

        /* Cards first: they vouch for the keys that signed the rest. */
        add_in_order(build, &cards);
        add_in_order(build, &collected);
}

/* ------------------------------------------------------------------ a party's own */

void build_own(AnswerBuild *build, const Party *party, const char *location)
{
        const Picture *picture = state_picture(build->answers->broker->state);
        const Enrolment *enrolment = party->newest->enrolment;

        /* What it no longer lists was withdrawn. */
        for (size_t i = 0; i < enrolment->n_locations; i++) {
                const char *listed = enrolment->locations[i].location;
                RecordGroup *group;

                if (location && strcmp(location, listed) != 0)
                        continue;
                group = picture_find_group(picture, party->id, listed);
                if (!group)
                        continue;
                list_for_each (link, &group->records) {
                        const Record *record = list_entry(link, Record, in_group);

                        if (record->report != UPDATE_ACK) /* no agent's to state again */
                                add(build, add_record, record);
                }
        }
}

/* ------------------------------------------------------------------ the whole */

void build_share(AnswerBuild *build, const Answer *base)
{
        build->answer->transfer = base->transfer;
        build->answer->n_entries = base->n_entries;
        for (size_t i = 0; i < base->n_chunks && !build->error; i++)
                build->error = append_chunk(build->answer, base->chunks[i], base->digests[i]);
}

int build_close(AnswerBuild *build)
{
        int r = build->error;

        if (block_builder_n_entries(build->builder) || r) {
                int s = close_chunk(build); /* also empties the builder */

                r = r ? r : s;
        }
        return r;
}

int answer_sign(Answers *answers, Answer *answer, Manifest *manifest)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Broker *broker = answers->broker;
        int r;

        manifest->digests = (const uint8_t(*)[DIGEST_BYTES])answer->digests;
        manifest->n_digests = answer->n_chunks;
        manifest->n_entries = answer->n_entries;
        r = manifest_encode(&body, manifest);
        if (r)
                return err_fold(r);
        r = envelope_sign(&answer->manifest, ENVELOPE_MANIFEST, &broker->network, broker->key,
                          body->bytes, body->n_bytes);
        if (r)
                return err_fold(r);
        /* An empty one takes room, too. */
        answer->n_bytes += sizeof(*answer) + answer->manifest->n_bytes;
        answers->n_bytes += sizeof(*answer) + answer->manifest->n_bytes;
        return 0;
}

int build_finish(AnswerBuild *build, const char *topic)
{
        Broker *broker = build->answers->broker;
        int r = build_close(build);

        if (r)
                return err_fold(r);
        return answer_sign(build->answers, build->answer,
                           &(Manifest){
                                   .head = broker->head.current->bytes,
                                   .n_head = broker->head.current->n_bytes,
                                   .topic = topic,
                                   .audience = (Audience)build->answer->key.level,
                                   .from = build->answer->key.from,
                                   .to = state_revision(broker->state),
                                   .whole = !build->answer->key.from,
                                   .reg_revision = registry_revision(state_registry(broker->state)),
                           });
}
