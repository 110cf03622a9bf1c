#include "broker/past.h"

#include <string.h>
#include <time.h>

#include "broker/answer-build.h"
#include "broker/parts.h"

enum { SETTLE_LOOK_MS = 10 };

static int go_on(PastDesk *desk);

/* ------------------------------------------------------------------ jobs */

static PastJob *job_free(PastJob *job)
{
        if (!job)
                return NULL;
        list_unlink(&job->link);
        for (size_t i = 0; i < job->n_parts; i++)
                answer_unref(&job->broker->answers, job->parts[i].answer);
        free(job->parts);
        free(job->waiters);
        blob_unref(job->narrow);
        free(job);
        return NULL;
}

static void job_freep(PastJob **job)
{
        job_free(*job);
}

/* One whose answers were not adopted: they were counted nowhere. */
static PastJob *job_discard(PastJob *job)
{
        for (size_t i = 0; i < job->n_parts; i++)
                answer_discard(&job->broker->answers, job->parts[i].answer);
        job->n_parts = 0;
        return job_free(job);
}

static int job_new(PastJob **ret_job, PastDesk *desk, const Caller *caller, int64_t at_ms)
{
        CLEANUP(job_freep) PastJob *job = calloc(1, sizeof(*job));
        Broker *broker = desk->broker;
        int r;

        if (!job)
                return err_raise(-ENOMEM);
        job->broker = broker;
        job->ledger = broker->ledger;
        job->level = caller->audience;
        job->by = caller->session->user;
        job->at_ms = at_ms;
        job->n_bytes_max = broker->config->answer_bytes;
        r = state_narrow(broker->state, &job->narrow);
        if (r)
                return r;
        *ret_job = STEAL(job);
        return 0;
}

static int job_add_waiter(PastJob *job, const Caller *caller, uint64_t id, const char *topic,
                          uint32_t credit)
{
        PastWaiter *grown;

        grown = reallocarray(job->waiters, job->n_waiters + 1, sizeof(*grown));
        if (!grown)
                return err_raise(-ENOMEM);
        job->waiters = grown;
        grown = &grown[job->n_waiters++];
        *grown = (PastWaiter){ .by = { caller->session->key, id }, .credit = credit };
        past_topic_copy(grown->topic, topic);
        return 0;
}

static bool is_picture_of(const PastJob *job, Audience level, int64_t at_ms, const Blob *narrow)
{
        return !job->is_history && job->level == level && job->at_ms == at_ms &&
               job->narrow == narrow;
}

/* ------------------------------------------------------------------ answering */

static int sign_head(const PastJob *job, Blob **ret_envelope)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Broker *broker = job->broker;
        int r;

        r = head_encode(&body, &job->head);
        if (r)
                return err_fold(r);
        return err_fold(envelope_sign(ret_envelope, ENVELOPE_HEAD, &broker->network, broker->key,
                                      body->bytes, body->n_bytes));
}

/* What the thread has built becomes answers like any others. */
static int adopt_parts(PastJob *job)
{
        CLEANUP(blob_unrefp) Blob *head = NULL;
        int r;

        r = sign_head(job, &head);
        for (size_t i = 0; !r && i < job->n_parts; i++)
                r = answers_adopt(&job->broker->answers, job->parts[i].answer,
                                  &(Manifest){
                                          .head = head->bytes,
                                          .n_head = head->n_bytes,
                                          .topic = job->parts[i].topic,
                                          .audience = job->level,
                                          .from = job->first,
                                          .to = job->head.revision,
                                          .whole = !job->is_history,
                                          .reg_revision = job->reg_revision,
                                          .at_ms = job->at_ms,
                                          .is_thinned = job->is_thinned,
                                          .kept_from_ms = job->kept_from_ms,
                                  });
        return r;
}

/* That of @topic; one on which nothing was ever said by then has an empty answer. */
static int find_part(PastJob *job, const char *topic, Answer **ret_answer)
{
        CLEANUP(blob_unrefp) Blob *head = NULL;
        int r;

        for (size_t i = 0; i < job->n_parts; i++)
                if (job->is_history || !strcmp(job->parts[i].topic, topic)) {
                        *ret_answer = job->parts[i].answer;
                        (*ret_answer)->n_references++;
                        return 0;
                }

        r = sign_head(job, &head);
        if (!r)
                r = answer_make(ret_answer, job->level);
        if (r)
                return r;
        r = answers_adopt(&job->broker->answers, *ret_answer,
                          &(Manifest){
                                  .head = head->bytes,
                                  .n_head = head->n_bytes,
                                  .topic = topic,
                                  .audience = job->level,
                                  .to = job->head.revision,
                                  .whole = true,
                                  .reg_revision = job->reg_revision,
                                  .at_ms = job->at_ms,
                          });
        if (r)
                answer_unref(&job->broker->answers, *ret_answer);
        return r;
}

static const char *begin_text(const PastJob *job, const char *what)
{
        static char text[80];
        time_t time_s = (time_t)(job->kept_from_ms / 1000);
        char when[32];
        struct tm tm;

        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&time_s, &tm));
        snprintf(text, sizeof(text), "%s %s", what, when);
        return text;
}

static int refuse(const PastJob *job, Session *session, uint64_t id)
{
        uint32_t code = PLEK_REFUSED_RETRY;
        const char *field = NULL, *text;

        switch (job->result) {
        case PAST_JOB_E_BEFORE:
                code = PLEK_REFUSED_NOT_FOUND;
                field = job->is_history ? "history.to_ms" : "since.at_ms";
                text = begin_text(job, "the journal begins at");
                break;
        case PAST_E_CUT:
                code = PLEK_REFUSED_NOT_FOUND;
                field = job->is_history ? "history.to_ms" : "since.at_ms";
                text = begin_text(job, "not kept before");
                break;
        case PAST_E_TOO_MANY:
        case PAST_JOB_E_TOO_LARGE:
                code = PLEK_REFUSED_QUOTA;
                field = job->is_history ? "history.to_ms" : "since.at_ms";
                text = job->is_history ? "this is too much for one answer; ask for less time"
                                       : "this picture is too large for one answer";
                break;
        case -EBADMSG:
                text = "this part of the journal cannot be read at the moment";
                break;
        default:
                text = "there is no memory for this at the moment; ask again";
        }
        return session_refuse(job->broker, session, id, code, field, text);
}

/* A reader whose rights have changed meanwhile is told so: what was made is for others. */
static int tell(PastJob *job, const PastWaiter *waiter)
{
        Broker *broker = job->broker;
        Session *session = asked_by_session(broker, &waiter->by);
        Answer *answer;
        int r;

        if (!session)
                return 0;
        if (request_audience(broker, session) != job->level)
                return session_refuse(broker, session, waiter->by.id, PLEK_REFUSED_NOT_ALLOWED,
                                      NULL, "what this party may read has changed");
        if (job->result)
                return refuse(job, session, waiter->by.id);
        r = find_part(job, waiter->topic, &answer);
        return r ? r : answer_send(broker, session, waiter->by.id, answer, waiter->credit);
}

/* ------------------------------------------------------------------ views */

static void keep(PastDesk *desk, PastJob *job)
{
        job->n_waiters = 0;
        job->made_at_ns = loop_now_ns(desk->broker->loop);
        list_append(&desk->views, &job->link);
        if (++desk->n_views <= PAST_VIEWS_MAX)
                return;
        desk->n_views--;
        job_free(list_entry(desk->views.next, PastJob, link));
}

static PastJob *find_picture(PastDesk *desk, Audience level, int64_t at_ms, const Blob *narrow)
{
        list_for_each (link, &desk->views)
                if (is_picture_of(list_entry(link, PastJob, link), level, at_ms, narrow))
                        return list_entry(link, PastJob, link);
        return NULL;
}

static PastJob *find_coming(PastDesk *desk, Audience level, int64_t at_ms, const Blob *narrow)
{
        if (desk->running && is_picture_of(desk->running, level, at_ms, narrow))
                return desk->running;
        list_for_each (link, &desk->queue)
                if (is_picture_of(list_entry(link, PastJob, link), level, at_ms, narrow))
                        return list_entry(link, PastJob, link);
        return NULL;
}

/* ------------------------------------------------------------------ the thread */

static int run(void *arg)
{
        past_job_run(arg);
        return 0;
}

static int on_done(void *arg, int result)
{
        PastJob *job = arg;
        PastDesk *desk = &job->broker->past;
        int r = 0;

        desk->running = NULL;
        if (!job->result)
                r = adopt_parts(job);
        for (size_t i = 0; !r && i < job->n_waiters; i++)
                r = tell(job, &job->waiters[i]);
        if (r || job->result)
                job_discard(job);
        else if (job->is_history)
                job_free(job);
        else
                keep(desk, job);
        if (!r)
                r = transfers_pump(&desk->broker->transfers);
        return r ? r : go_on(desk);
}

static bool is_of(const PastJob *job, const KeyId *key)
{
        return memcmp(&job->by, key, sizeof(*key)) == 0;
}

int64_t past_desk_now_ms(const PastDesk *desk)
{
        const Broker *broker = desk->broker;

        return MAX(broker_clock_now_ms(&broker->clock), state_time_ms(broker->state));
}

/* Whether all that is of its time is on the disk: what comes from now on has a later one. */
static bool is_settled(const PastJob *job)
{
        const Batch *batch = &job->broker->pipeline.batch;

        return job->is_history || (job->at_ms < past_desk_now_ms(&job->broker->past) &&
                                   !(batch->in_flight && batch->time_ms <= job->at_ms));
}

/* The first of somebody else than had the last turn, or else the first; NULL: nobody asks for what
 * can be told already. */
static PastJob *take_next(PastDesk *desk)
{
        PastJob *next = NULL;

        list_for_each (link, &desk->queue) {
                PastJob *job = list_entry(link, PastJob, link);

                if (!is_settled(job))
                        continue;
                if (!next || !is_of(job, &desk->last_by))
                        next = job;
                if (!is_of(next, &desk->last_by))
                        break;
        }
        if (next) {
                list_unlink(&next->link);
                desk->n_queued--;
                desk->last_by = next->by;
        }
        return next;
}

/* Looking after the past waits for one question, and not for all: readers who never stop asking
 * must not keep it from being made smaller. */
static int go_on(PastDesk *desk)
{
        if (worker_is_busy(desk->worker))
                return 0;
        if (desk->look_is_due || list_is_empty(&desk->queue)) {
                desk->look_is_due = false;
                past_desk_look_after(desk);
        }
        if (worker_is_busy(desk->worker))
                return 0;
        desk->running = take_next(desk);
        if (desk->running) {
                desk->look_is_due = true;
                worker_submit(desk->worker, run, on_done, desk->running);
        } else if (!list_is_empty(&desk->queue)) {
                loop_timer_arm_in_ms(&desk->settles, SETTLE_LOOK_MS);
        }
        return 0;
}

static int on_settled(void *arg)
{
        return go_on(arg);
}

int past_desk_tick(PastDesk *desk)
{
        int64_t now_ns = loop_now_ns(desk->broker->loop);

        list_for_each (link, &desk->views) {
                PastJob *view = list_entry(link, PastJob, link);

                if (now_ns - view->made_at_ns < PAST_VIEW_KEPT_MS * INT64_C(1000000))
                        break;
                desk->n_views--;
                job_free(view);
        }
        return go_on(desk);
}

/* ------------------------------------------------------------------ asking */

static int submit(PastDesk *desk, PastJob *job)
{
        list_append(&desk->queue, &job->link);
        desk->n_queued++;
        return go_on(desk);
}

static int refuse_busy(PastDesk *desk, const Caller *caller, uint64_t id)
{
        return session_refuse(desk->broker, caller->session, id, PLEK_REFUSED_RETRY, NULL,
                              "too much is asked about the past at the moment; ask again");
}

static bool has_room(PastDesk *desk, const Caller *caller)
{
        size_t n_own = 0;

        list_for_each (link, &desk->queue)
                n_own += is_of(list_entry(link, PastJob, link), &caller->session->user);
        return n_own < PAST_JOBS_OF_ONE_MAX && desk->n_queued < PAST_JOBS_MAX &&
               answers_have_room(&desk->broker->answers);
}

int past_desk_picture(PastDesk *desk, const Caller *caller, uint64_t id, const char *topic,
                      int64_t at_ms, uint32_t credit)
{
        CLEANUP(blob_unrefp) Blob *narrow = NULL;
        CLEANUP(job_freep) PastJob *made = NULL;
        PastWaiter waiter = { .by = { caller->session->key, id }, .credit = credit };
        PastJob *job;
        int r;

        r = state_narrow(desk->broker->state, &narrow);
        if (r)
                return r;
        job = find_picture(desk, caller->audience, at_ms, narrow);
        if (job) {
                past_topic_copy(waiter.topic, topic);
                job->made_at_ns = loop_now_ns(desk->broker->loop);
                return tell(job, &waiter);
        }
        job = find_coming(desk, caller->audience, at_ms, narrow);
        if (job && job->n_waiters < PAST_WAITERS_MAX)
                return job_add_waiter(job, caller, id, topic, credit);
        if (job || !has_room(desk, caller))
                return refuse_busy(desk, caller, id);

        r = job_new(&made, desk, caller, at_ms);
        if (!r)
                r = job_add_waiter(made, caller, id, topic, credit);
        return r ? r : submit(desk, STEAL(made));
}

int past_desk_history(PastDesk *desk, const Caller *caller, uint64_t id, const PastHistory *history,
                      uint32_t credit)
{
        CLEANUP(job_freep) PastJob *job = NULL;
        int r;

        if (!has_room(desk, caller))
                return refuse_busy(desk, caller, id);
        r = job_new(&job, desk, caller, 0);
        if (r)
                return r;
        job->is_history = true;
        job->history = *history;
        r = job_add_waiter(job, caller, id, MANIFEST_HISTORY, credit);
        return r ? r : submit(desk, STEAL(job));
}

/* ------------------------------------------------------------------ its life */

int past_desk_init(PastDesk *desk, Broker *broker)
{
        int r;

        *desk = (PastDesk){ .broker = broker };
        list_init(&desk->queue);
        list_init(&desk->views);
        r = loop_timer_add(&desk->settles, broker->loop, on_settled, desk);
        return err_fold(r ? r : worker_new(&desk->worker, broker->loop, "past"));
}

void past_desk_deinit(PastDesk *desk)
{
        if (!desk->broker)
                return;

        loop_timer_remove(&desk->settles);
        desk->worker = worker_free(desk->worker);
        if (desk->running)
                job_discard(desk->running);
        list_for_each (link, &desk->queue)
                job_discard(list_entry(link, PastJob, link));
        list_for_each (link, &desk->views)
                job_free(list_entry(link, PastJob, link));
        checkpoint_free(desk->rows);
        checkpoint_free(desk->made);
        retain_free(desk->step);
        retain_free(desk->step_made);
        *desk = (PastDesk){};
}
