#include "broker/answers.h"

#include <string.h>

#include "broker/answer-build.h"
#include "broker/parts.h"

/* Changes behind a kept whole answer, before it is encoded anew: a quarter of it. */
enum { DELTA_SHARE = 4 };

int answers_init(Answers *answers, Broker *broker)
{
        *answers = (Answers){ .broker = broker, .next_transfer = 1 };
        list_init(&answers->by_use);
        return err_fold(block_builder_new(&answers->builder, CHUNK_BODY_MAX));
}

static void answer_free(Answers *answers, Answer *answer)
{
        for (size_t i = 0; i < answer->n_chunks; i++)
                blob_unref(answer->chunks[i]);
        answers->n_bytes -= answer->n_bytes;
        answer_unref(answers, answer->extension);
        blob_unref(answer->manifest);
        free(answer->chunks);
        free(answer->digests);
        free(answer);
}

Answer *answer_unref(Answers *answers, Answer *answer)
{
        if (answer && --answer->n_references == 0)
                answer_free(answers, answer);
        return NULL;
}

/* Whoever still reads it keeps it. */
static void forget(Answers *answers, Answer *answer)
{
        if (!answer->is_kept)
                return;
        answer->is_kept = false;
        HASH_DEL(answers->kept, answer);
        list_unlink(&answer->by_use);
        answer_unref(answers, answer);
}

void answers_deinit(Answers *answers)
{
        if (!answers->broker)
                return;
        list_for_each (link, &answers->by_use)
                forget(answers, list_entry(link, Answer, by_use));
        assert(!answers->n_bytes);
        block_builder_free(answers->builder);
        *answers = (Answers){};
}

static Answer *answer_new(Answers *answers, const AnswerKey *key)
{
        Answer *answer = calloc(1, sizeof(*answer));

        if (!answer)
                return NULL;
        answer->n_references = 1;
        answer->key = *key;
        answer->epoch = state_epoch(answers->broker->state);
        answer->transfer = answers->next_transfer++;
        return answer;
}

static uint64_t topic_last(const Answers *answers, const AnswerQuestion *question)
{
        if (question->is_registry)
                return registry_revision(state_registry(answers->broker->state));
        return question->picture_topic ? question->picture_topic->last[question->level] : 0;
}

/* Makes room by forgetting what nobody reads. */
bool answers_have_room(Answers *answers)
{
        size_t n_max = answers->broker->config->answer_bytes;

        list_for_each (link, &answers->by_use) {
                Answer *answer = list_entry(link, Answer, by_use);

                if (answers->n_bytes < n_max)
                        return true;
                if (answer->n_references == 1)
                        forget(answers, answer);
        }
        return answers->n_bytes < n_max;
}

static void keep(Answers *answers, Answer *answer)
{
        HASH_ADD(hh, answers->kept, key, sizeof(answer->key), answer);
        if (!answer->hh.tbl)
                return;
        answer->n_references++;
        answer->is_kept = true;
        answer->used_at_ns = loop_now_ns(answers->broker->loop);
        list_append(&answers->by_use, &answer->by_use);
}

/* A kept whole answer that the changes since can be put behind. */
static bool can_extend(const Answer *base, const AnswerQuestion *question)
{
        const PictureTopic *topic = question->picture_topic;
        size_t n_changes = 0;
        Record *record;

        if (question->is_registry || question->from || !base->n_chunks ||
            !picture_remembers(topic, base->topic_last))
                return false;
        record = picture_records_since(topic, base->topic_last);
        while (record && n_changes * DELTA_SHARE < base->n_entries) {
                ListLink *next = record->in_topic.next;

                record = next == &topic->records ? NULL : list_entry(next, Record, in_topic);
                n_changes++;
        }
        return !record;
}

static int build(Answers *answers, const AnswerKey *key, const AnswerQuestion *question,
                 const Answer *base, Answer **ret_answer)
{
        Answer *answer = answer_new(answers, key);
        AnswerBuild building = {
                .answers = answers,
                .answer = answer,
                .builder = answers->builder,
        };
        int r;

        if (!answer)
                return err_raise(-ENOMEM);

        answer->topic_last = topic_last(answers, question);
        if (base)
                build_share(&building, base);
        if (question->is_registry)
                build_registry(&building, state_registry(answers->broker->state), question->from);
        else if (question->picture_topic)
                build_topic(&building, question->picture_topic, question->level,
                            base ? base->topic_last : question->from, base || question->from);

        answers->broker->counters.n_answers++;
        r = build_finish(&building, question->topic);
        if (r) {
                answer_unref(answers, answer);
                return r;
        }
        *ret_answer = answer;
        return 0;
}

/* Puts the changes since behind @base, whose place in the table it keeps. */
static int extend(Answers *answers, Answer *base, const AnswerQuestion *question,
                  Answer **ret_answer)
{
        Answer *answer;
        int r;

        r = build(answers, &base->key, question, base, &answer);
        if (r)
                return r;
        answer_unref(answers, base->extension);
        base->extension = answer;
        answer->n_references++;
        *ret_answer = answer;
        return 0;
}

static int build_and_keep(Answers *answers, const AnswerKey *key, const AnswerQuestion *question,
                          Answer **ret_answer)
{
        int r;

        r = build(answers, key, question, NULL, ret_answer);
        if (!r && (question->is_registry || question->picture_topic))
                keep(answers, *ret_answer);
        return r;
}

static bool is_current(const Answers *answers, const Answer *answer, uint64_t last)
{
        return answer && answer->topic_last == last &&
               answer->epoch == state_epoch(answers->broker->state);
}

int answers_get(Answers *answers, const AnswerQuestion *question, Answer **ret_answer)
{
        AnswerKey key = { question->picture_topic, question->level, question->from };
        uint64_t last = topic_last(answers, question);
        Answer *kept = NULL, *found = NULL;

        if (question->is_registry || question->picture_topic)
                HASH_FIND(hh, answers->kept, &key, sizeof(key), kept);
        if (kept) {
                kept->used_at_ns = loop_now_ns(answers->broker->loop);
                list_unlink(&kept->by_use);
                list_append(&answers->by_use, &kept->by_use);
                found = is_current(answers, kept, last)              ? kept
                        : is_current(answers, kept->extension, last) ? kept->extension
                                                                     : NULL;
        }
        if (found) {
                found->n_references++;
                answers->broker->counters.n_answers_shared++;
                *ret_answer = found;
                return 0;
        }

        if (kept && can_extend(kept, question))
                return extend(answers, kept, question, ret_answer);
        if (kept)
                forget(answers, kept);
        if (!answers_have_room(answers))
                return ANSWER_E_NO_ROOM;
        return build_and_keep(answers, &key, question, ret_answer);
}

void answers_tick(Answers *answers)
{
        int64_t now_ns = loop_now_ns(answers->broker->loop);

        list_for_each (link, &answers->by_use) {
                Answer *answer = list_entry(link, Answer, by_use);

                if (now_ns - answer->used_at_ns < ANSWER_KEPT_MS * INT64_C(1000000))
                        return;
                forget(answers, answer);
        }
}

int answers_get_own(Answers *answers, const Party *party, const char *location, Answer **ret_answer)
{
        AnswerKey key = { .level = AUDIENCE_COORD };
        AnswerBuild building = { .answers = answers, .builder = answers->builder };
        int r;

        if (!answers_have_room(answers))
                return ANSWER_E_NO_ROOM;
        building.answer = answer_new(answers, &key);
        if (!building.answer)
                return err_raise(-ENOMEM);

        build_own(&building, party, location);
        r = build_finish(&building, MANIFEST_OWN);
        if (r) {
                answer_unref(answers, building.answer);
                return r;
        }
        *ret_answer = building.answer;
        return 0;
}

int answer_make(Answer **ret_answer, Audience level)
{
        Answer *answer = calloc(1, sizeof(*answer));

        if (!answer)
                return err_raise(-ENOMEM);
        answer->n_references = 1;
        answer->key.level = level;
        *ret_answer = answer;
        return 0;
}

int answers_adopt(Answers *answers, Answer *answer, Manifest *manifest)
{
        size_t n_bytes = 0;
        int r;

        answer->transfer = answers->next_transfer++;
        answer->n_bytes = 0;
        for (size_t i = 0; i < answer->n_chunks; i++) {
                Blob *frame;

                r = chunk_frame(&frame, answer->transfer, i, answer->chunks[i]);
                if (r)
                        return r;
                blob_unref(answer->chunks[i]);
                answer->chunks[i] = frame;
                n_bytes += frame->n_bytes;
        }
        answer->n_bytes = n_bytes;
        answers->n_bytes += n_bytes;
        answers->broker->counters.n_answers++;
        answers->broker->counters.n_answer_bytes += n_bytes;
        return answer_sign(answers, answer, manifest);
}

Answer *answer_discard(Answers *answers, Answer *answer)
{
        answer->n_bytes = 0; /* it was counted nowhere */
        return answer_unref(answers, answer);
}
