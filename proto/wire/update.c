#include "wire/update.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal/endian.h"
#include "wire/update-check.h"

enum {
        REFUSAL_TEXT_MAX = 160,
};

/* ------------------------------------------------------------------ refusing */

int check_refuse(UpdateCheck *check, PlekRefusal code, const char *field, const char *format, ...)
{
        char *text = arena_alloc(check->arena, REFUSAL_TEXT_MAX);
        va_list arguments;

        if (text) {
                va_start(arguments, format);
                (void)vsnprintf(text, REFUSAL_TEXT_MAX, format, arguments);
                va_end(arguments);
        }
        *check->refusal = (WireRefusal){
                .code = code,
                .field = field,
                .text = text ? text : "not allowed",
        };
        return UPDATE_E_REFUSED;
}

int check_name(UpdateCheck *check, const char *field, NameKind kind, const char *name)
{
        if (name_is_valid(kind, name))
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field, "%s must be %s", field,
                            name_rule(kind));
}

int check_text(UpdateCheck *check, const char *field, const char *text, size_t n_min, size_t n_max)
{
        size_t n_text = strlen(text);

        if (n_text >= n_min && n_text <= n_max)
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field,
                            "%s has %zu bytes; %zu to %zu are allowed", field, n_text, n_min,
                            n_max);
}

int check_time(UpdateCheck *check, const char *field, int64_t time_ms)
{
        if (time_is_valid(time_ms))
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field,
                            "%s is %lld; it must be milliseconds between 1970 and 9999", field,
                            (long long)time_ms);
}

int check_optional_time(int64_t *ret_ms, UpdateCheck *check, const char *field, bool present,
                        int64_t time_ms)
{
        *ret_ms = present ? time_ms : TIME_ABSENT;
        return present ? check_time(check, field, time_ms) : 0;
}

int check_closed(UpdateCheck *check, const char *field, uint32_t code, uint32_t n_codes)
{
        if (code >= 1 && code <= n_codes)
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field, "%s is %u; known are 1 to %u", field,
                            code, n_codes);
}

int check_open(UpdateCheck *check, const char *field, uint32_t code)
{
        if (code && code != CODE_ABSENT)
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field, "%s is %u, which is no code", field,
                            code);
}

/* ------------------------------------------------------------------ what is around the body */

static int take_head(Update *update, UpdateCheck *check, const Plek__V1__Update *pb)
{
        if (check_name(check, "party", NAME_PARTY, pb->party))
                return UPDATE_E_REFUSED;
        update->party = pb->party;
        update->instance = pb->instance;
        update->seq = pb->seq;
        if (!pb->seq)
                return check_refuse(check, PLEK_REFUSED_FIELD, "seq", "seq starts at 1");

        if (check_time(check, "sent_at_ms", pb->sent_at_ms) ||
            check_time(check, "not_after_ms", pb->not_after_ms))
                return UPDATE_E_REFUSED;
        update->sent_at_ms = pb->sent_at_ms;
        update->not_after_ms = pb->not_after_ms;
        if (pb->not_after_ms <= pb->sent_at_ms ||
            pb->not_after_ms - pb->sent_at_ms > NOT_AFTER_MAX_MS)
                return check_refuse(check, PLEK_REFUSED_PERIOD, "not_after_ms",
                                    "not_after is %lld ms after sent_at; it must be 1 ms to 24 h",
                                    (long long)(pb->not_after_ms - pb->sent_at_ms));

        if (check_closed(check, "status", pb->status, STATUS_TEST) ||
            check_closed(check, "audience", pb->audience, AUDIENCE_COORD) ||
            check_name(check, "location", NAME_LOCATION, pb->location))
                return UPDATE_E_REFUSED;
        update->status = (Status)pb->status;
        update->audience = (Audience)pb->audience;
        update->location = pb->location;
        update->observed_at_ms = pb->sent_at_ms;
        return 0;
}

/* What is said about a report. Affirm and withdraw do not use it, so there it is not looked at. */
static int take_about(Update *update, UpdateCheck *check, const Plek__V1__Update *pb)
{
        if ((pb->unit && check_name(check, "unit", NAME_LOCATION, pb->unit)) ||
            (pb->label && check_text(check, "label", pb->label, 0, LABEL_MAX)) ||
            (pb->has_source && check_closed(check, "source", pb->source, PLEK_SOURCE_RELAYED)) ||
            (pb->definition && check_name(check, "definition", NAME_DEFINITION, pb->definition)))
                return UPDATE_E_REFUSED;
        update->unit = pb->unit;
        update->label = pb->label;
        update->source = pb->has_source ? pb->source : 0;
        update->definition = pb->definition;

        if (pb->has_observed_at_ms) {
                if (check_time(check, "observed_at_ms", pb->observed_at_ms))
                        return UPDATE_E_REFUSED;
                if (pb->observed_at_ms > pb->sent_at_ms)
                        return check_refuse(check, PLEK_REFUSED_PERIOD, "observed_at_ms",
                                            "observed %lld ms after it was sent",
                                            (long long)(pb->observed_at_ms - pb->sent_at_ms));
                update->observed_at_ms = pb->observed_at_ms;
        }
        if (pb->has_valid_for_s) {
                if (!pb->valid_for_s || pb->valid_for_s > VALID_FOR_MAX_S)
                        return check_refuse(check, PLEK_REFUSED_FIELD, "valid_for_s",
                                            "valid_for is %u s; it must be 1 s to 7 days",
                                            pb->valid_for_s);
                update->valid_for_s = pb->valid_for_s;
        }
        return 0;
}

static bool is_report(UpdateKind kind)
{
        return (kind >= UPDATE_COUNTS && kind <= UPDATE_CARD) || kind == UPDATE_OFFERING ||
               kind == UPDATE_ACK || report_is_event(kind);
}

/*
 * Re-packed, because two encoders may write one content in two ways; with its unknown fields, since
 * what this version does not know may be what changed. Lengths before strings keep them apart.
 */
static int take_digest(Update *update, UpdateCheck *check, const Plek__V1__Update *pb)
{
        const ProtobufCMessage *body = update_pb_body(pb);
        size_t n_body = protobuf_c_message_get_packed_size(body);
        size_t n_label = update->label ? strlen(update->label) + 1 : 0;
        size_t n_definition = update->definition ? strlen(update->definition) + 1 : 0;
        uint8_t *bytes, *at;

        bytes = at = arena_alloc(check->arena, 2 + 3 * 4 + n_body + n_label + n_definition);
        if (!bytes)
                return check_refuse(check, PLEK_REFUSED_MALFORMED, NULL,
                                    "takes too much memory when decoded");

        *at++ = (uint8_t)update->kind;
        *at++ = (uint8_t)update->source;
        be32_put(at, (uint32_t)n_body);
        be32_put(at + 4, (uint32_t)n_label);
        be32_put(at + 8, (uint32_t)n_definition);
        at += 12;
        at += protobuf_c_message_pack(body, at);
        if (n_label)
                at = mempcpy(at, update->label, n_label);
        if (n_definition)
                at = mempcpy(at, update->definition, n_definition);

        crypto_generichash(update->content_digest, CONTENT_DIGEST_BYTES, bytes,
                           (size_t)(at - bytes), NULL, 0);
        return 0;
}

/* ------------------------------------------------------------------ decoding */

/* Who says he sent what cannot be decoded, so that he can be told. Stops where it makes no sense.
 */
static void peek_identity(Update *update, Arena *arena, const uint8_t *body, size_t n_body)
{
        const uint8_t *at = body, *end = body + n_body;
        char party[PARTY_MAX + 1];
        PbRaw raw;

        while (at < end && pb_next_raw(&raw, &at, end) == 0) {
                if (raw.tag == 1 && raw.wire_type == 2 && raw.n_bytes <= PARTY_MAX) {
                        memcpy(party, raw.bytes, raw.n_bytes);
                        party[raw.n_bytes] = '\0';
                        if (party_is_valid(party) && strlen(party) == raw.n_bytes)
                                update->party = arena_strdup(arena, party);
                } else if (raw.tag == 2 && raw.wire_type == 1) {
                        update->instance = raw.value;
                } else if (raw.tag == 3 && raw.wire_type == 0) {
                        update->seq = raw.value;
                }
        }
}

static int refuse_fault(UpdateCheck *check, const PbFault *fault)
{
        *check->refusal = (WireRefusal){
                .code = fault->is_field ? PLEK_REFUSED_FIELD : PLEK_REFUSED_MALFORMED,
                .field = fault->field[0] ? arena_strdup(check->arena, fault->field) : NULL,
                .text = fault->text,
        };
        return UPDATE_E_REFUSED;
}

static int decode(Update *update, UpdateCheck *check, const uint8_t *body, size_t n_body)
{
        ProtobufCMessage *message;
        const Plek__V1__Update *pb;
        PbFault fault;

        if (n_body > ENVELOPE_UPDATE_MAX_BYTES - ENVELOPE_OVERHEAD_BYTES)
                return check_refuse(check, PLEK_REFUSED_MALFORMED, NULL,
                                    "has %zu bytes; an update has at most 64 KiB", n_body);
        if (pb_unpack(&message, &fault, &plek__v1__update__descriptor, check->arena, body, n_body,
                      APART_FROM_MAX))
                return refuse_fault(check, &fault);

        pb = (const Plek__V1__Update *)message;
        if (take_head(update, check, pb))
                return UPDATE_E_REFUSED;
        if (pb->body_case == PLEK__V1__UPDATE__BODY__NOT_SET)
                return check_refuse(check, PLEK_REFUSED_MALFORMED, NULL,
                                    "says nothing that this version knows");
        update->kind = (UpdateKind)pb->body_case;
        if (is_report(update->kind) && take_about(update, check, pb))
                return UPDATE_E_REFUSED;
        if (update_take_body(update, check, pb))
                return UPDATE_E_REFUSED;
        return is_report(update->kind) ? take_digest(update, check, pb) : 0;
}

int update_decode(Update *ret_update, WireRefusal *ret_refusal, Arena *arena, const uint8_t *body,
                  size_t n_body)
{
        UpdateCheck check = { .refusal = ret_refusal, .arena = arena };
        int r;

        memset(ret_update, 0, sizeof(*ret_update));
        arena_limit(arena, ARENA_MESSAGE_BYTES);
        r = decode(ret_update, &check, body, n_body);
        arena_limit(arena, SIZE_MAX);
        if (r)
                peek_identity(ret_update, arena, body, n_body);
        return r;
}

/* ------------------------------------------------------------------ records */

RecordRef update_record_ref(const Update *update)
{
        RecordRef ref = {
                .report = update->kind,
                .unit = update->unit,
                .care = CODE_ABSENT,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };

        switch (update->kind) {
        case UPDATE_COUNTS:
                ref.care = update->counts.care;
                break;
        case UPDATE_DOOR:
                ref.care = update->door.care;
                ref.patient_group = update->door.patient_group;
                ref.urgency = update->door.urgency;
                ref.plan = update->door.plan;
                break;
        case UPDATE_PRESSURE:
                ref.method = update->pressure.method;
                break;
        case UPDATE_CARD:
                break;
        case UPDATE_OFFERING:
                ref.unit = NULL;
                ref.care = update->offering.care;
                ref.plan = update->offering.plan;
                break;
        case UPDATE_FLOW:
                ref.care = update->flow.care;
                ref.link_from = update->flow.from;
                ref.link_to = update->flow.to;
                ref.other = update->flow.other;
                ref.from_ms = update->flow.from_ms;
                ref.until_ms = update->flow.until_ms;
                break;
        case UPDATE_REFUSAL:
                ref.unit = NULL;
                ref.care = update->care_refusal.care;
                memcpy(ref.id, update->care_refusal.id, sizeof(ref.id));
                break;
        case UPDATE_ACK:
                ref = update->ack.record;
                ref.of_report = ref.report;
                ref.of_party = update->ack.party;
                ref.report = UPDATE_ACK;
                break;
        case UPDATE_WITHDRAW:
                return update->withdraw;
        case UPDATE_AFFIRM:
                assert(!"an affirm is about many records");
                break;
        }
        return ref;
}

Lane report_lane(UpdateKind report)
{
        return report == UPDATE_COUNTS || report == UPDATE_PRESSURE || report_is_event(report)
                       ? LANE_COUNTS
                       : LANE_STATUS;
}

bool report_is_event(UpdateKind report)
{
        return report == UPDATE_FLOW || report == UPDATE_REFUSAL;
}

bool flow_leaves(uint32_t link)
{
        return link == PLEK_CHAIN_HOME || link == PLEK_CHAIN_ELSEWHERE;
}

bool count_is_small(int64_t count)
{
        return count >= 1 && count <= SMALL_COUNT_MAX;
}

bool update_is_about_ack(const Update *update)
{
        return update->kind == UPDATE_ACK ||
               (update->kind == UPDATE_WITHDRAW && update->withdraw.report == UPDATE_ACK);
}

RecordRef ack_named(const RecordRef *ack)
{
        RecordRef named = *ack;

        assert(ack->report == UPDATE_ACK);
        named.report = ack->of_report;
        named.of_report = 0;
        named.of_party = NULL;
        return named;
}
