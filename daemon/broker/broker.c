#include "broker/broker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "broker/apply.h"
#include "broker/batch.h"
#include "broker/epoch.h"
#include "broker/parts.h"
#include "internal/crashpoint.h"

int broker_refuse(const char **ret_text, const char *format, ...)
{
        static char sentence[512];
        va_list args;

        va_start(args, format);
        vsnprintf(sentence, sizeof(sentence), format, args);
        va_end(args);
        *ret_text = sentence;
        return BROKER_E_REFUSED;
}

/* ------------------------------------------------------------------ time */

static int64_t microseconds(clockid_t id)
{
        struct timespec now;

        clock_gettime(id, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void broker_update_clock(Broker *broker)
{
        broker_clock_update(&broker->clock, microseconds(CLOCK_REALTIME),
                            microseconds(CLOCK_BOOTTIME), state_time_ms(broker->state));
}

void broker_confirm_clock(Broker *broker)
{
        broker_clock_confirm(&broker->clock, microseconds(CLOCK_REALTIME),
                             microseconds(CLOCK_BOOTTIME), state_time_ms(broker->state));
}

static int on_second(void *arg)
{
        Broker *broker = arg;
        int64_t now_ms;
        int r;

        loop_timer_arm(&broker->second, broker->second.due_ns + 1000 * INT64_C(1000000));
        if (loop_now_ns(broker->loop) - broker->second.due_ns > 0)
                loop_timer_arm_in_ms(&broker->second, 1000); /* it was suspended; no catching up */

        broker_update_clock(broker);
        now_ms = broker_clock_now_ms(&broker->clock);
        health_tick(&broker->health);
        gatekeeper_tick(&broker->gatekeeper);
        answers_tick(&broker->answers);
        http_tick(&broker->http);
        log_limiter_turn(broker->log, now_ms);
        overdue_look(&broker->overdue);

        r = beats_send(&broker->beats);
        if (!r)
                r = calls_look(&broker->calls);
        if (!r)
                r = past_desk_tick(&broker->past);
        if (!r)
                r = pipeline_tick(&broker->pipeline);
        if (!r)
                r = open_document_tick(&broker->open);
        if (!r)
                r = service_tick(&broker->service);
        return r;
}

/* ------------------------------------------------------------------ publishing */

int broker_publish(Broker *broker, unsigned levels, Blob *frame)
{
        static const struct {
                Audience level;
                EndpointKind endpoint;
        } sockets[] = { { AUDIENCE_CARE, ENDPOINT_CARE }, { AUDIENCE_COORD, ENDPOINT_COORD } };
        int r;

        for (size_t i = 0; i < N_ELEMENTS(sockets); i++) {
                if (!(levels & 1u << sockets[i].level))
                        continue;
                r = endpoint_publish(broker->endpoints[sockets[i].endpoint], frame);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ starting */

static int load_key(Broker *broker, const char **ret_text)
{
        const char *path = broker->config->key;
        int r;

        r = secret_key_load(&broker->key, path);
        if (!r)
                return 0;
        return broker_refuse(ret_text, "key: %s: %s%s", path, config_key_trouble(r),
                             r == -ENOENT ? ". `plek key new` makes one; `key` names another place"
                                          : "");
}

static void warn_of_others(const Broker *broker)
{
        char text[512];

        if (config_directory_is_others(broker->config, text, sizeof(text)))
                log_warning("%s", text);
}

static int open_ledger(Broker *broker, const char **ret_text)
{
        LedgerOptions options = {
                .directory = broker->config->directory,
                .map_bytes_max = broker->config->store_bytes_max,
                .crash_point = crash_point,
        };
        const char *text = NULL;
        int r;

        r = ledger_open(&broker->ledger, &options, &text);
        if (!r)
                r = ledger_load(broker->ledger, broker->state, &text);
        if (r && text)
                return broker_refuse(ret_text, "directory: %s", text);
        if (r)
                return broker_refuse(ret_text, "directory: %s: %s", options.directory,
                                     strerror(r < 0 ? -r : EIO));
        warn_of_others(broker);
        return 0;
}

static int check_genesis(Broker *broker, const char **ret_text)
{
        const Genesis *genesis;

        if (!state_has_genesis(broker->state))
                return 0;
        genesis = state_genesis(broker->state);
        if (strcmp(genesis->network_name, broker->config->network) != 0)
                return broker_refuse(
                        ret_text, "%s is the ledger of network %s, and the configuration names %s",
                        broker->config->directory, genesis->network_name, broker->config->network);
        if (memcmp(genesis->authority, broker->config->authority.sign, KEY_BYTES) != 0)
                return broker_refuse(
                        ret_text,
                        "%s is the ledger of another authority than the configuration names",
                        broker->config->directory);
        return 0;
}

static int begin_epoch(Broker *broker, const char **ret_text)
{
        int r;

        r = epoch_open_at_start(broker);
        if (r == EPOCH_E_UNWRITABLE) {
                if (!state_epoch(broker->state))
                        return broker_refuse(ret_text, "%s: there is no room to begin a ledger",
                                             broker->config->directory);
                health_disk_full(&broker->health);
                return 0;
        }
        if (r)
                return r;

        /* A small entry may have found room on a disk that is full for any batch. */
        r = ledger_probe(broker->ledger, BATCH_BYTES);
        if (r != LEDGER_E_FULL)
                return err_fold(r);
        health_disk_full(&broker->health);
        return 0;
}

/* What was there, and an epoch of our own. */
static int take_up(Broker *broker, const char **ret_text)
{
        int r;

        broker->network = network_id_of(broker->config->network, broker->config->authority.sign);
        r = open_ledger(broker, ret_text);
        if (r)
                return r;
        broker->pipeline.batch.ledger = broker->ledger;
        r = apply_replay(broker);
        if (!r)
                r = check_genesis(broker, ret_text);
        if (r)
                return r;

        broker_update_clock(broker);
        r = begin_epoch(broker, ret_text);
        return r ? r : head_sign(broker);
}

static int make_modules(Broker *broker)
{
        int r;

        sessions_init(&broker->sessions, &broker->activities);
        open_document_init(&broker->open, broker);
        health_init(&broker->health, broker, broker->config->has_authority);
        r = log_limiter_new(&broker->log);
        r = r ? r : arena_new(&broker->arena, 2 * REQUEST_ARENA_BYTES);
        r = r ? r : arena_new(&broker->document_arena, 2 * DOCUMENT_ARENA_BYTES);
        r = r ? r : state_new(&broker->state, &(StateOptions){ broker->config->tombstones });
        r = r ? r : loop_new(&broker->loop);
        r = r ? r : loop_timer_add(&broker->second, broker->loop, on_second, broker);
        r = r ? r : publisher_init(&broker->publisher, broker);
        r = r ? r : receipts_init(&broker->receipts, broker);
        r = r ? r : beats_init(&broker->beats, broker);
        r = r ? r : overdue_init(&broker->overdue, broker);
        r = r ? r : calls_init(&broker->calls, broker);
        r = r ? r : gatekeeper_init(&broker->gatekeeper, broker);
        r = r ? r : answers_init(&broker->answers, broker);
        r = r ? r : transfers_init(&broker->transfers, broker);
        r = r ? r : past_desk_init(&broker->past, broker);
        r = r ? r : pipeline_init(&broker->pipeline, broker);
        return err_fold(r);
}

/* Of what a key may send, so much may be acknowledgements; at once never more than leaves room in
 * the queue for others'. */
enum { ACK_SHARE = 100 };

/* What a reload may change. */
static void take_limits(Broker *broker)
{
        const Config *config = broker->config;

        broker->update_rate = (BucketRate){ (uint32_t)config->updates_per_second,
                                            (uint32_t)config->updates_at_once };
        broker->ack_rate = (BucketRate){
                (uint32_t)MAX(config->updates_per_second / ACK_SHARE, 1),
                (uint32_t)MIN(MAX(config->updates_at_once / ACK_SHARE, 1), ORDERS_MAX / 2),
        };
        broker->request_rate = (BucketRate){ (uint32_t)config->requests_per_second,
                                             (uint32_t)config->requests_at_once };
        broker->guest_rate = (BucketRate){ (uint32_t)config->guests_per_second,
                                           2 * (uint32_t)config->guests_per_second };
        broker->admission.skew_ms = (int64_t)config->skew_ms;
        broker->admission.n_records_max = config->party_records_max;
        broker->admission.n_doors_max = config->location_doors_max;
        broker->admission.policies = config->policies;
        broker->admission.n_policies = config->n_policies;
        broker->clock.skew_ms = (int64_t)config->skew_ms;
        broker->gatekeeper.next_expiry_ms = INT64_MIN; /* the grace may be another */
        if (broker->peers)
                broker_limit_keys(broker);
}

int broker_reload(Broker *broker)
{
        CLEANUP(config_freep) Config *config = NULL;
        ConfigComplaints complaints = {};
        const char *fixed;
        int r;

        r = config_load(&config, broker->config_path, &complaints);
        if (r) {
                log_error("the configuration was not reloaded:\n%s", complaints.text);
                return 0;
        }
        fixed = config_needs_restart(broker->config, config);
        if (fixed) {
                log_error("the configuration was not reloaded: `%s` needs a restart", fixed);
                return 0;
        }

        config_free(broker->config);
        broker->config = STEAL(config);
        take_limits(broker);
        log_notice("the configuration was reloaded");
        return sessions_tell_agreed(broker);
}

static int broker_init(Broker *broker, const char **ret_text)
{
        const Config *config = broker->config;
        const char *text = NULL;
        int r;

        broker_clock_init(&broker->clock, (int64_t)config->skew_ms, (int64_t)config->clock_jump_ms);
        activity_table_init(&broker->activities);

        r = service_block_signals();
        r = r ? r : load_key(broker, ret_text);
        r = r ? r : make_modules(broker);
        if (r)
                return r;

        take_limits(broker);
        broker_update_clock(broker);
        if (config->has_authority) {
                r = take_up(broker, ret_text);
                if (r)
                        return r;
        }
        broker_update_clock(broker);
        broker->started_at_ms = broker_clock_now_ms(&broker->clock);

        r = broker_bind(broker, ret_text);
        if (r)
                return r;
        r = http_init(&broker->http, broker, config->http, &text);
        if (r == HTTP_E_REFUSED)
                return broker_refuse(ret_text, "http: %s", text);
        return r ? r : service_init(&broker->service, broker);
}

int broker_new(Broker **ret_broker, Config *config, const char *config_path, const char **ret_text)
{
        CLEANUP(broker_freep) Broker *broker = NULL;
        int r;

        broker = calloc(1, sizeof(*broker));
        if (!broker)
                return err_raise(-ENOMEM);
        broker->config = config;
        broker->config_path = config_path;
        r = broker_init(broker, ret_text);
        if (r) {
                broker->config = NULL; /* the caller's again */
                return r;
        }
        *ret_broker = STEAL(broker);
        return 0;
}

/* ------------------------------------------------------------------ running and ending */

/* Behind everything else, now that readers and agents are served. */
static int start_scrub(Broker *broker)
{
        unsigned percent = (unsigned)broker->config->scrub_percent;

        return broker->ledger && percent ? scrub_new(&broker->scrub, broker->ledger, percent) : 0;
}

int broker_run(Broker *broker)
{
        int r;

        loop_timer_arm_in_ms(&broker->second, 0);
        r = service_ready(&broker->service);
        r = r ? r : start_scrub(broker);
        if (!r)
                r = loop_run(broker->loop);
        if (!r)
                r = receipts_flush(&broker->receipts);
        service_stopping(&broker->service);
        if (!r && broker->ledger && pipeline_is_idle(&broker->pipeline))
                pipeline_write_last_checkpoint(&broker->pipeline);
        return r;
}

static void end_sessions(Broker *broker)
{
        if (!broker->sessions.activities)
                return;
        list_for_each (link, &broker->sessions.all) {
                Session *session = list_entry(link, Session, in_all);

                transfers_end(&broker->transfers, session);
                session_remove(&broker->sessions, session, 0);
        }
}

Broker *broker_free(Broker *broker)
{
        if (!broker)
                return NULL;

        service_deinit(&broker->service);
        http_deinit(&broker->http);
        pipeline_deinit(&broker->pipeline);
        for (size_t i = 0; i < N_ENDPOINTS; i++)
                endpoint_free(broker->endpoints[i]);
        end_sessions(broker);
        gate_free(broker->gate);
        peers_free(broker->peers);
        net_context_free(broker->context);

        past_desk_deinit(&broker->past);
        transfers_deinit(&broker->transfers);
        answers_deinit(&broker->answers);
        gatekeeper_deinit(&broker->gatekeeper);
        open_document_deinit(&broker->open);
        overdue_deinit(&broker->overdue);
        calls_deinit(&broker->calls);
        beats_deinit(&broker->beats);
        receipts_deinit(&broker->receipts);
        publisher_deinit(&broker->publisher);
        if (broker->loop)
                loop_timer_remove(&broker->second);
        loop_free(broker->loop);

        activity_table_deinit(&broker->activities);
        change_deinit(&broker->change);
        signed_head_deinit(&broker->head);
        scrub_free(broker->scrub);
        ledger_close(broker->ledger);
        state_free(broker->state);
        arena_free(broker->arena);
        arena_free(broker->document_arena);
        log_limiter_free(broker->log);
        secret_key_free(broker->key);
        config_free(broker->config);
        free(broker);
        return NULL;
}
