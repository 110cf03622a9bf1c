#include <string.h>

#include "broker/answer-build.h"
#include "broker/past.h"

/*
 * The thread's side: nothing here touches the broker but its ledger, which is for any thread
 */

#define REGISTRY_TOPIC "reg/"

/* Longer than any report may hold: one that arrived later after it was observed was never current.
 */
#define LATE_MS ((int64_t)VALID_FOR_MAX_S * 1000)

static PastPart *add_part(PastJob *job, const char *topic)
{
        PastPart *grown;

        grown = reallocarray(job->parts, job->n_parts + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        job->parts = grown;
        grown = &grown[job->n_parts];
        *grown = (PastPart){ 0 };
        past_topic_copy(grown->topic, topic);
        if (answer_make(&grown->answer, job->level))
                return NULL;
        job->n_parts++;
        return grown;
}

static int begin_part(AnswerBuild *build, PastJob *job, const char *topic)
{
        PastPart *part = add_part(job, topic);

        if (!part)
                return err_raise(-ENOMEM);
        build->answer = part->answer;
        return 0;
}

static size_t n_bytes_made(const PastJob *job)
{
        size_t n_bytes = 0;

        for (size_t i = 0; i < job->n_parts; i++)
                n_bytes += job->parts[i].answer->n_bytes;
        return n_bytes;
}

static int end_part(AnswerBuild *build, PastJob *job)
{
        int r = build_close(build);

        if (r == BUILD_E_TOO_LARGE || (!r && n_bytes_made(job) > job->n_bytes_max))
                return PAST_JOB_E_TOO_LARGE;
        return err_fold(r);
}

static void take_head(PastJob *job, State *state)
{
        job->head = (Head){
                .epoch = state_epoch(state),
                .revision = state_revision(state),
                .time_ms = state_time_ms(state),
        };
        memcpy(job->head.head, state_head(state), DIGEST_BYTES);
        job->reg_revision = registry_revision(state_registry(state));
}

/* ------------------------------------------------------------------ pictures */

static int build_picture(AnswerBuild *build, PastJob *job, State *state)
{
        const Picture *picture = state_picture(state);
        int r;

        r = begin_part(build, job, REGISTRY_TOPIC);
        if (r)
                return r;
        build_registry(build, state_registry(state), 0);
        r = end_part(build, job);

        for (const PictureTopic *topic = picture_next_topic(picture, NULL); !r && topic;
             topic = picture_next_topic(picture, topic)) {
                r = begin_part(build, job, topic->text);
                if (r)
                        return r;
                build_topic(build, topic, job->level, 0, false);
                r = end_part(build, job);
        }
        return r;
}

static int run_picture(AnswerBuild *build, PastJob *job)
{
        CLEANUP(past_freep) Past *past = NULL;
        uint64_t revision;
        int r;

        r = past_revision_at(job->ledger, job->at_ms, &revision);
        if (!r && !revision)
                return PAST_JOB_E_BEFORE;
        if (!r)
                r = past_open(&past, job->ledger, revision, revision, NULL);
        if (r)
                return r;
        take_head(job, past_state(past));
        job->is_thinned = past_is_thinned(past);
        return build_picture(build, job, past_state(past));
}

/* ------------------------------------------------------------------ histories */

typedef struct HistoryBuild {
        AnswerBuild *build;
        const PastJob *job;
} HistoryBuild;

static bool is_about(const PastHistory *history, const char *location, const RecordRef *ref)
{
        if (!(history->reports & REPORT_BIT(ref->report)))
                return false;
        if (*history->location && strcmp(history->location, location) != 0)
                return false;
        if (*history->unit && (!ref->unit || strcmp(history->unit, ref->unit) != 0))
                return false;
        return history->care == CODE_ABSENT || history->care == ref->care;
}

static bool wants_record(const PastHistory *history, const Record *record)
{
        const char *party, *location;
        RecordRef ref;

        record_describe(record, &party, &location, &ref);
        return is_about(history, location, &ref);
}

/* One location goes by when things were true; all doors, and what happened, by when it was known.
 */
static int64_t time_of(const PastHistory *history, const ChangeItem *item)
{
        bool is_observed = *history->location && item->kind == CHANGE_REPORT;

        return is_observed && !item->record->event ? item->record->observed_at_ms
                                                   : item->received_at_ms;
}

static bool wants_item(const PastHistory *history, const ChangeItem *item)
{
        const char *party, *location;
        RecordRef ref;
        Status status;

        if (time_of(history, item) < history->from_ms || time_of(history, item) >= history->to_ms)
                return false;
        switch (item->kind) {
        case CHANGE_REPORT:
                return (item->content_changed || history->restated) &&
                       wants_record(history, item->record);
        case CHANGE_MOVED:
                return wants_record(history, item->record);
        case CHANGE_WITHDRAWN:
                return !record_key_parse(&item->tombstone->key, &status, &party, &location, &ref) &&
                       is_about(history, location, &ref);
        case CHANGE_AFFIRM:
        case CHANGE_REGISTRY:
                return false;
        }
        return false;
}

/* What stood when the time began: it is where the first change comes from. */
static void build_standing(AnswerBuild *build, const PastJob *job, State *state)
{
        const Picture *picture = state_picture(state);

        for (const PictureTopic *topic = picture_next_topic(picture, NULL); topic;
             topic = picture_next_topic(picture, topic))
                list_for_each (link, &topic->records) {
                        const Record *record = list_entry(link, Record, in_topic);

                        if (wants_record(&job->history, record))
                                build_record(build, record, job->level);
                }
}

static int build_changes(AnswerBuild *build, const PastJob *job, Past *past)
{
        const LedgerEntry *entry;
        const Change *change;
        int r;

        while (!(r = past_next(past, &entry, &change)) && !build->error)
                for (size_t i = 0; i < change->n_items; i++)
                        if (wants_item(&job->history, &change->items[i]))
                                build_item(build, entry, &change->items[i], job->level);
        return r == PAST_E_END ? 0 : r;
}

/* The last entry before its time; or, of a time whose beginning was cut off, where the kept past
 * begins. */
static int find_first(PastJob *job, bool *ret_is_cut)
{
        int64_t begin_ms;
        int r;

        r = past_revision_at(job->ledger, job->history.from_ms - 1, &job->first);
        if (r != PAST_E_CUT)
                return r;
        *ret_is_cut = true;
        r = past_begin(job->ledger, &job->first, &begin_ms);
        return r ? r : job->history.to_ms <= begin_ms ? PAST_E_CUT : 0;
}

static bool is_of_events(const PastHistory *history)
{
        return !(history->reports & ~(REPORT_BIT(UPDATE_FLOW) | REPORT_BIT(UPDATE_REFUSAL)));
}

static bool asks_numbers(const PastHistory *history)
{
        return history->reports & (REPORT_BIT(UPDATE_COUNTS) | REPORT_BIT(UPDATE_PRESSURE));
}

static int run_history(AnswerBuild *build, PastJob *job)
{
        const PastHistory *history = &job->history;
        PastFilter filter = {
                .location = *history->location ? history->location : NULL,
                .doors_only = !*history->location && !is_of_events(history),
                .events_only = !*history->location && is_of_events(history),
        };
        CLEANUP(past_freep) Past *past = NULL;
        bool is_cut = false;
        uint64_t last;
        int r;

        r = find_first(job, &is_cut);
        if (!r)
                r = past_revision_at(job->ledger,
                                     history->to_ms + (*history->location ? LATE_MS : -1), &last);
        if (!r && !last)
                return PAST_JOB_E_BEFORE;
        if (!r)
                r = past_open(&past, job->ledger, job->first, last, &filter);
        if (!r)
                r = begin_part(build, job, MANIFEST_HISTORY);
        if (r)
                return r;

        build_standing(build, job, past_state(past));
        r = build_changes(build, job, past);
        take_head(job, past_state(past));
        job->is_thinned = is_cut || (asks_numbers(history) && past_is_thinned(past));
        return r ? r : end_part(build, job);
}

void past_job_run(PastJob *job)
{
        CLEANUP(block_builder_freep) BlockBuilder *builder = NULL;
        AnswerBuild build = { .narrow = job->narrow, .n_bytes_max = job->n_bytes_max };
        uint64_t begin;

        job->result = err_fold(block_builder_new(&builder, CHUNK_BODY_MAX));
        build.builder = builder;
        if (!job->result)
                job->result = job->is_history ? run_history(&build, job) : run_picture(&build, job);
        if ((job->is_history || job->result == PAST_E_CUT || job->result == PAST_JOB_E_BEFORE) &&
            past_begin(job->ledger, &begin, &job->kept_from_ms))
                job->result = -EBADMSG;
}
