#include "broker/open.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "broker/parts.h"
#include "picture/freshness.h"
#include "net/thread.h"
#include "wire/open-document.h"

/* ------------------------------------------------------------------ taking */

static OpenJob *job_free(OpenJob *job)
{
        if (!job)
                return NULL;
        for (size_t i = 0; i < job->n_records; i++)
                blob_unref(job->records[i].envelope);
        free(job->records);
        free(job->network_name);
        free(job->path);
        free(job);
        return NULL;
}

DEFINE_FREEP(OpenJob, job_free);

static void take_party(OpenRecord *to, const Party *party, const Record *record, int64_t now_ms)
{
        int64_t distrusted_since_ms;

        if (!party || !party->newest)
                return;
        if (party->newest->enrolment->name)
                (void)snprintf(to->party_name, sizeof(to->party_name), "%s",
                               party->newest->enrolment->name);
        distrusted_since_ms = party_distrusted_since(party, record->revision);
        to->is_distrusted =
                distrusted_since_ms != TIME_ABSENT && record->received_at_ms >= distrusted_since_ms;
        to->is_enrolled = !party_is_revoked(party) && !party_is_suspended(party) &&
                          now_ms < party->newest->enrolment->valid_until_ms;
}

static void take_record(Broker *broker, OpenRecord *to, const Record *record, int64_t now_ms)
{
        const char *party, *location;
        RecordRef ref;

        record_describe(record, &party, &location, &ref);
        *to = (OpenRecord){
                .envelope = blob_ref(record->envelope),
                .revision = record->revision,
                .received_at_ms = record->received_at_ms,
                .since_ms = record->since_ms,
                .age_ms = record_age_ms(record, now_ms),
                .freshness = record_freshness(record, now_ms),
                .flags = record->flags,
        };
        strcpy(to->region, record->topic->topic.region);
        take_party(to, registry_find(state_registry(broker->state), party), record, now_ms);
}

/* Exactly what everybody may know: said for OPEN, and really so. */
static bool is_public(const Record *record)
{
        return record->audience == AUDIENCE_OPEN && record->status == STATUS_ACTUAL;
}

static int take_records(Broker *broker, OpenJob *job)
{
        const Picture *picture = state_picture(broker->state);
        const Record *record = NULL;
        size_t n = 0;

        while ((record = picture_next(picture, record)))
                n += is_public(record);
        job->records = calloc(MAX(n, (size_t)1), sizeof(*job->records));
        if (!job->records)
                return err_raise(-ENOMEM);
        while ((record = picture_next(picture, record)))
                if (is_public(record))
                        take_record(broker, &job->records[job->n_records++], record, job->now_ms);
        return 0;
}

static int job_new(OpenJob **ret_job, Broker *broker)
{
        CLEANUP(job_freep) OpenJob *job = NULL;
        int r;

        job = calloc(1, sizeof(*job));
        if (!job)
                return err_raise(-ENOMEM);
        job->epoch = state_epoch(broker->state);
        job->network = broker->network;
        job->network_name = strdup(broker->config->network);
        job->path = strdup(broker->config->open_document);
        job->key = broker->key;
        job->revision = state_revision(broker->state);
        job->now_ms = broker_clock_now_ms(&broker->clock);
        job->is_accepting = !health_closed(&broker->health);
        if (!job->network_name || !job->path)
                return err_raise(-ENOMEM);
        r = take_records(broker, job);
        if (r)
                return r;
        *ret_job = STEAL(job);
        return 0;
}

/* ------------------------------------------------------------------ writing, on its thread */

static void put_head(FILE *out, const OpenJob *job)
{
        char network[2 * NETWORK_BYTES + 1], key[2 * KEY_BYTES + 1];

        sodium_bin2hex(network, sizeof(network), job->network.bytes, NETWORK_BYTES);
        sodium_bin2hex(key, sizeof(key), secret_key_public(job->key)->sign, KEY_BYTES);
        fwrite(OPEN_DOCUMENT_CONTEXT, 1, OPEN_DOCUMENT_CONTEXT_BYTES, out);
        /* A network's name needs no escapes. */
        fprintf(out,
                "{\"format\":\"plek-open-1\",\"network\":\"%s\",\"network_name\":\"%s\","
                "\"signed_by\":\"%s\",\"epoch\":\"%016" PRIx64 "\",\"revision\":%" PRIu64 ","
                "\"time_ms\":%" PRId64 ",\"next_ms\":%" PRId64 ",\"accepting\":%s,\"records\":[",
                network, job->network_name, key, job->epoch, job->revision, job->now_ms,
                job->now_ms + OPEN_EVERY_MS, job->is_accepting ? "true" : "false");
}

static int put_records(FILE *out, const OpenJob *job)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        bool is_first = true;
        int r;

        r = arena_new(&arena, ARENA_MESSAGE_BYTES);
        if (r)
                return r;
        for (size_t i = 0; i < job->n_records; i++) {
                json_t *object = open_record_to_json(&job->records[i], arena, job->now_ms);

                if (!object)
                        continue;
                fputs(is_first ? "\n" : ",\n", out);
                r = json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
                json_decref(object);
                if (r)
                        return err_raise(-ENOMEM);
                is_first = false;
        }
        return 0;
}

/* All of it or nothing, for whoever reads meanwhile. What a power cut loses is made anew. */
static int write_file(const char *path, const void *bytes, size_t n_bytes)
{
        CLEANUP(freep) char *aside = NULL;
        CLEANUP(closep) int fd = -1;
        size_t n_written = 0;

        if (asprintf(&aside, "%s.new", path) < 0)
                return err_raise(-ENOMEM);
        fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return err_raise(-errno);
        while (n_written < n_bytes) {
                ssize_t n = write(fd, (const char *)bytes + n_written, n_bytes - n_written);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_raise(-errno);
                n_written += (size_t)n;
        }
        /* It is for everybody, whatever the service's umask says of its own files. */
        if (fchmod(fd, 0644) < 0 || rename(aside, path) < 0)
                return err_raise(-errno);
        return 0;
}

static int write_document(const OpenJob *job)
{
        char tail[OPEN_DOCUMENT_TAIL_BYTES];
        CLEANUP(freep) char *bytes = NULL;
        size_t n_bytes = 0;
        FILE *out;
        int r;

        out = open_memstream(&bytes, &n_bytes);
        if (!out)
                return err_raise(-ENOMEM);
        put_head(out, job);
        r = put_records(out, job);
        fputs("]", out);
        if (!r && fflush(out))
                r = err_raise(-ENOMEM);
        if (!r) {
                open_document_sign(tail, job->key, bytes, n_bytes);
                fwrite(tail, 1, sizeof(tail), out);
        }
        if (fclose(out) && !r)
                r = err_raise(-ENOMEM);
        return r ? r
                 : write_file(job->path, bytes + OPEN_DOCUMENT_CONTEXT_BYTES,
                              n_bytes - OPEN_DOCUMENT_CONTEXT_BYTES);
}

static void *run(void *arg)
{
        OpenJob *job = arg;

        job->result = write_document(job);
        atomic_store_explicit(&job->is_done, true, memory_order_release);
        return NULL;
}

/* ------------------------------------------------------------------ each second */

void open_document_init(OpenDocument *document, Broker *broker)
{
        *document = (OpenDocument){ .broker = broker, .begun_at_ms = INT64_MIN };
}

static void collect(OpenDocument *document)
{
        int r;

        r = pthread_join(document->thread, NULL);
        assert(r == 0);
        r = document->job->result;
        document->job = job_free(document->job);
        if (r && !document->has_failed)
                log_warning("the open document %s was not written: %s; it is tried each minute",
                            document->broker->config->open_document, strerror(-r));
        if (!r && document->has_failed)
                log_notice("the open document %s is written again",
                           document->broker->config->open_document);
        document->has_failed = r != 0;
}

void open_document_deinit(OpenDocument *document)
{
        if (document->job)
                collect(document);
        *document = (OpenDocument){};
}

static bool is_due(const OpenDocument *document, int64_t now_ms)
{
        const Broker *broker = document->broker;

        return broker->config->open_document && state_epoch(broker->state) &&
               (document->begun_at_ms == INT64_MIN || now_ms < document->begun_at_ms ||
                now_ms >= document->begun_at_ms + OPEN_EVERY_MS);
}

int open_document_tick(OpenDocument *document)
{
        int64_t now_ms = broker_clock_now_ms(&document->broker->clock);
        int r;

        if (document->job) {
                if (!atomic_load_explicit(&document->job->is_done, memory_order_acquire))
                        return 0;
                collect(document);
        }
        if (!is_due(document, now_ms))
                return 0;

        document->begun_at_ms = now_ms;
        r = job_new(&document->job, document->broker);
        if (r)
                return r;
        r = thread_start(&document->thread, "plekd-open", run, document->job);
        if (r) {
                document->job = job_free(document->job);
                log_limited(document->broker->log, now_ms, "the open document finds no thread",
                            strerror(-r));
        }
        return 0;
}
