#include <string.h>
#include <time.h>

#include "broker/parts.h"
#include "broker/request.h"

/*
 * The position to answer from: as asked, or 0 where changes since it cannot be told: it is of an
 * epoch that does not lead here, beyond where its epoch ended, of another audience, or too old.
 */
static uint64_t position(Broker *broker, const Caller *caller, const Request *request,
                         const PictureTopic *topic)
{
        uint64_t revision = request->since.revision;
        uint64_t end = state_revision(broker->state);
        const EpochSpan *spans;
        size_t n_spans;

        spans = state_epochs(broker->state, &n_spans);
        for (size_t i = n_spans; i > 0; i--) {
                const EpochSpan *span = &spans[i - 1];

                if (span->epoch == request->since.epoch) {
                        if (revision > end || request->since.audience != caller->audience)
                                return 0;
                        return !topic || picture_remembers(topic, revision) ? revision : 0;
                }
                if (!span->continues)
                        return 0;
                end = span->first_revision - 1;
        }
        return 0;
}

int answer_send(Broker *broker, Session *session, uint64_t id, Answer *answer, uint32_t credit)
{
        Reply reply = {
                .id = id,
                .kind = REPLY_SINCE,
                .since = { .manifest = { answer->manifest->bytes, answer->manifest->n_bytes },
                           .transfer = answer->transfer },
        };
        int r;

        r = session_tell(broker, session, &reply);
        if (r) {
                answer_unref(&broker->answers, answer);
                return r > 0 ? 0 : r;
        }
        r = transfer_start(&broker->transfers, session, answer, credit);
        if (r)
                answer_unref(&broker->answers, answer);
        return r == TRANSFER_E_TOO_MANY ? 0 : err_fold(r); /* those asked for meanwhile */
}

static int begin(Broker *broker, Session *session, uint64_t id, int result, Answer *answer,
                 uint32_t credit)
{
        if (result == ANSWER_E_NO_ROOM)
                return session_refuse(broker, session, id, PLEK_REFUSED_RETRY, NULL,
                                      "too many are catching up at the moment; ask again");
        if (result)
                return err_fold(result);
        return answer_send(broker, session, id, answer, credit);
}

static int refuse_too_many(Broker *broker, Session *session, uint64_t id)
{
        return session_refuse(broker, session, id, PLEK_REFUSED_QUOTA, NULL,
                              "too many transfers at once in this session");
}

/* Whoever meant the past has a clock that is ahead. */
static const char *not_yet_text(int64_t now_ms)
{
        static char text[80];
        time_t time_s = (time_t)(now_ms / 1000);
        struct tm tm;

        strftime(text, sizeof(text), "this time has not come yet: here it is %Y-%m-%d %H:%M:%S UTC",
                 gmtime_r(&time_s, &tm));
        return text;
}

/* The topic as it was held then. */
static int request_past(Broker *broker, const Caller *caller, const Request *request)
{
        int64_t now_ms = past_desk_now_ms(&broker->past);

        if (request->since.at_ms > now_ms + PAST_AHEAD_MS)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_FIELD,
                                      "since.at_ms", not_yet_text(now_ms));
        return past_desk_picture(&broker->past, caller, request->id, request->since.topic,
                                 request->since.at_ms, request->since.credit);
}

int request_since(Broker *broker, const Caller *caller, const Request *request)
{
        AnswerQuestion question = { .topic = request->since.topic, .level = caller->audience };
        Answer *answer = NULL;
        Topic topic;
        int r;

        if (topic_parse(&topic, question.topic, strlen(question.topic)) || topic.kind == TOPIC_BEAT)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_FIELD,
                                      "since.topic", "this is not a topic that can be asked for");
        if (caller->session->n_transfers >= TRANSFERS_MAX)
                return refuse_too_many(broker, caller->session, request->id);

        if (request->since.at_ms)
                return request_past(broker, caller, request);

        question.is_registry = topic.kind == TOPIC_REGISTRY;
        if (!question.is_registry)
                question.picture_topic =
                        picture_find_topic(state_picture(broker->state), question.topic);
        question.from = position(broker, caller, request, question.picture_topic);

        r = answers_get(&broker->answers, &question, &answer);
        return begin(broker, caller->session, request->id, r, answer, request->since.credit);
}

int request_own(Broker *broker, const Caller *caller, const Request *request)
{
        Answer *answer = NULL;
        int r;

        if (caller->session->n_transfers >= TRANSFERS_MAX)
                return refuse_too_many(broker, caller->session, request->id);
        r = answers_get_own(&broker->answers, caller->party, request->own.location, &answer);
        return begin(broker, caller->session, request->id, r, answer, request->own.credit);
}

int request_credit(Broker *broker, const Caller *caller, const Request *request)
{
        int r;

        /* Of a transfer that has just ended there is nothing left to send. */
        r = transfer_credit(&broker->transfers, caller->session, request->credit.transfer,
                            request->credit.credit);
        return r == TRANSFER_E_UNKNOWN ? 0 : err_fold(r);
}
