#include "wire/query.h"

#include <string.h>

#include "wire/names.h"
#include "wire/parts.h"

enum {
        REPEATED_MAX = 1024 * 1024, /* the arena bounds it sooner */
};

typedef Plek__V1__Reply PbReply;

static Bytes bytes_of(ProtobufCBinaryData pb)
{
        return (Bytes){ pb.data, pb.len };
}

/* A time that may be absent. */
static int take_time(int64_t *ret_ms, bool present, int64_t time_ms)
{
        *ret_ms = present ? time_ms : TIME_ABSENT;
        return !present || time_is_valid(time_ms) ? 0 : err_raise(-EBADMSG);
}

static int take_audience(Audience *ret_audience, bool present, uint32_t audience)
{
        if (present && audience > AUDIENCE_COORD)
                return err_raise(-EBADMSG);
        *ret_audience = (Audience)(present ? audience : 0);
        return 0;
}

static void take_refusal(Refusal *refusal, const Plek__V1__Refusal *pb)
{
        *refusal = (Refusal){ pb->code, pb->field, pb->text };
}

static int take_hello(Reply *reply, Arena *arena, const Plek__V1__HelloReply *pb)
{
        if (!party_is_valid(pb->party) ||
            take_bytes(reply->hello.network.bytes, NETWORK_BYTES, pb->network) ||
            take_roles(&reply->hello.roles, pb->roles, pb->n_roles) ||
            take_audience(&reply->hello.audience, pb->has_audience, pb->audience) ||
            take_positions(&reply->hello.topics, arena, pb->topics, pb->n_topics) ||
            take_time(&reply->hello.valid_until_ms, pb->has_valid_until_ms, pb->valid_until_ms) ||
            take_time(&reply->hello.read_until_ms, pb->has_read_until_ms, pb->read_until_ms))
                return err_raise(-EBADMSG);

        reply->hello.time_us = pb->time_us;
        reply->hello.party = pb->party;
        reply->hello.epoch = bytes_of(pb->epoch);
        reply->hello.head = bytes_of(pb->head);
        reply->hello.floor = pb->floor;
        reply->hello.enrolment_serial = pb->enrolment_serial;
        reply->hello.card_serial = pb->card_serial;
        reply->hello.n_topics = pb->n_topics;
        reply->hello.accepting = pb->accepting;
        return 0;
}

static int take_whoami(Reply *reply, Arena *arena, const Plek__V1__WhoamiReply *pb)
{
        if ((pb->party && !party_is_valid(pb->party)) ||
            take_bytes(reply->whoami.transport_key, KEY_BYTES, pb->transport_key) ||
            take_roles(&reply->whoami.roles, pb->roles, pb->n_roles) ||
            take_audience(&reply->whoami.audience, pb->has_audience, pb->audience) ||
            take_grants(&reply->whoami.locations, arena, pb->locations, pb->n_locations) ||
            take_time(&reply->whoami.valid_from_ms, pb->has_valid_from_ms, pb->valid_from_ms) ||
            take_time(&reply->whoami.valid_until_ms, pb->has_valid_until_ms, pb->valid_until_ms))
                return err_raise(-EBADMSG);

        reply->whoami.text = pb->text;
        reply->whoami.enrolled = pb->enrolled;
        reply->whoami.party = pb->party;
        reply->whoami.n_locations = pb->n_locations;
        reply->whoami.suspended = pb->suspended;
        reply->whoami.revoked = pb->revoked;
        reply->whoami.serial = pb->serial;
        return 0;
}

static int take_party(PartyInfo *party, Arena *arena, const Plek__V1__PartyInfo *pb)
{
        PublicKey *keys = take_array(arena, pb->n_keys, sizeof(*keys));

        if (!keys || !party_is_valid(pb->party) ||
            take_roles(&party->roles, pb->roles, pb->n_roles) ||
            take_audience(&party->audience, pb->has_audience, pb->audience) ||
            take_grants(&party->locations, arena, pb->locations, pb->n_locations) ||
            take_time(&party->since_ms, pb->has_since_ms, pb->since_ms) ||
            !time_is_valid(pb->valid_from_ms) || !time_is_valid(pb->valid_until_ms))
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_keys; i++)
                if (take_keys(&keys[i], pb->keys[i]))
                        return err_raise(-EBADMSG);

        party->party = pb->party;
        party->name = pb->name;
        party->serial = pb->serial;
        party->valid_from_ms = pb->valid_from_ms;
        party->valid_until_ms = pb->valid_until_ms;
        party->suspended = pb->suspended;
        party->revoked = pb->revoked;
        party->keys = keys;
        party->n_keys = pb->n_keys;
        party->n_locations = pb->n_locations;
        party->floor = pb->floor;
        party->n_records = pb->n_records;
        party->connected = pb->connected;
        party->n_accepted = pb->n_accepted;
        party->n_refused = pb->n_refused;
        party->twins = pb->twins;
        return 0;
}

static int take_parties(Reply *reply, Arena *arena, const Plek__V1__PartiesReply *pb)
{
        PartyInfo *parties = take_array(arena, pb->n_parties, sizeof(*parties));
        int r;

        if (!parties)
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_parties; i++) {
                r = take_party(&parties[i], arena, pb->parties[i]);
                if (r)
                        return r;
        }
        reply->parties.parties = parties;
        reply->parties.n_parties = pb->n_parties;
        return 0;
}

static int take_status(Reply *reply, Arena *arena, const Plek__V1__StatusReply *pb)
{
        const char **warnings = take_array(arena, pb->n_warnings, sizeof(*warnings));
        Metric *metrics = take_array(arena, pb->n_metrics, sizeof(*metrics));

        if (!warnings || !metrics || !time_is_valid(pb->time_ms) ||
            !time_is_valid(pb->started_at_ms))
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_warnings; i++)
                warnings[i] = pb->warnings[i];
        for (size_t i = 0; i < pb->n_metrics; i++)
                metrics[i] = (Metric){ pb->metrics[i]->name, pb->metrics[i]->label,
                                       pb->metrics[i]->value };

        reply->status.version = pb->version;
        reply->status.epoch = pb->epoch;
        reply->status.revision = pb->revision;
        reply->status.time_ms = pb->time_ms;
        reply->status.started_at_ms = pb->started_at_ms;
        reply->status.accepting = pb->accepting;
        reply->status.why_not = pb->why_not;
        reply->status.since_ms = pb->since_ms;
        reply->status.warnings = warnings;
        reply->status.n_warnings = pb->n_warnings;
        reply->status.metrics = metrics;
        reply->status.n_metrics = pb->n_metrics;
        reply->status.head = bytes_of(pb->head);
        reply->status.network_name = pb->network_name;
        reply->status.epoch_envelope = bytes_of(pb->epoch_envelope);
        return 0;
}

static int take_receipt(Reply *reply, Arena *arena, const Plek__V1__Receipt *pb)
{
        Outcome *outcomes = take_array(arena, pb->n_outcomes, sizeof(*outcomes));

        if (!outcomes)
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_outcomes; i++) {
                const Plek__V1__Outcome *outcome = pb->outcomes[i];

                /* Accepted or refused: never both, never neither. */
                if (!outcome->revision != !!outcome->refusal)
                        return err_raise(-EBADMSG);
                outcomes[i].seq = outcome->seq;
                outcomes[i].revision = outcome->revision;
                if (outcome->refusal)
                        take_refusal(&outcomes[i].refusal, outcome->refusal);
        }
        reply->receipt.head = bytes_of(pb->head);
        reply->receipt.outcomes = outcomes;
        reply->receipt.n_outcomes = pb->n_outcomes;
        reply->receipt.floor = pb->floor;
        reply->receipt.twins = pb->twins;
        return 0;
}

static int take_agreed(Reply *reply, Arena *arena, const Plek__V1__Agreed *pb)
{
        AgreedInterval *intervals = take_array(arena, pb->n_intervals, sizeof(*intervals));

        if (!intervals || pb->n_intervals > AGREED_MAX)
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_intervals; i++) {
                const Plek__V1__AgreedInterval *from = pb->intervals[i];
                AgreedInterval *to = &intervals[i];

                if ((from->kind && !name_is_valid(NAME_LOCATION_KIND, from->kind)) ||
                    !from->interval_s || from->interval_s > AGREED_INTERVAL_MAX_S)
                        return err_raise(-EBADMSG);
                *to = (AgreedInterval){
                        .report = from->report,
                        .care = from->care,
                        .interval_s = from->interval_s,
                };
                if (from->kind)
                        strcpy(to->kind, from->kind);
        }
        reply->agreed.intervals = intervals;
        reply->agreed.n_intervals = pb->n_intervals;
        return 0;
}

static int take_sum(CallTriage *triage, size_t colour, bool present, int64_t value, int64_t shut)
{
        triage->present[colour] = present;
        triage->value[colour] = value;
        triage->shut[colour] = shut;
        if (!present)
                return shut ? err_raise(-EBADMSG) : 0;
        return shut >= 0 && shut <= value ? 0 : err_raise(-EBADMSG);
}

static int take_triage(CallTriage *triage, const Plek__V1__CallTriage *pb)
{
        if (!pb)
                return 0;
        triage->is_there = true;
        triage->n_places = pb->n_places;
        if (take_sum(triage, 0, pb->has_red, pb->red, pb->red_shut) ||
            take_sum(triage, 1, pb->has_yellow, pb->yellow, pb->yellow_shut) ||
            take_sum(triage, 2, pb->has_green, pb->green, pb->green_shut) ||
            take_sum(triage, 3, pb->has_black, pb->black, pb->black_shut))
                return err_raise(-EBADMSG);
        return 0;
}

static int take_progress(Reply *reply, Arena *arena, const Plek__V1__CallProgress *pb)
{
        CallLine *lines = take_array(arena, pb->n_lines, sizeof(*lines));

        if (!lines || pb->n_lines > CALL_LINES_MAX ||
            take_bytes(reply->progress.id.bytes, CALL_ID_BYTES, pb->id))
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_lines; i++) {
                const Plek__V1__CallLine *from = pb->lines[i];

                if (!party_is_valid(from->party) || !location_is_valid(from->location) ||
                    from->state < CALL_ASKED || from->state > CALL_BARRED ||
                    from->n_answered > from->n_records ||
                    take_time(&lines[i].since_ms, from->has_since_ms, from->since_ms))
                        return err_raise(-EBADMSG);
                lines[i].party = from->party;
                lines[i].location = from->location;
                lines[i].state = (CallState)from->state;
                lines[i].n_records = from->n_records;
                lines[i].n_answered = from->n_answered;
                lines[i].name = from->name;
                lines[i].phone = from->phone;
        }
        reply->progress.lines = lines;
        reply->progress.n_lines = pb->n_lines;
        reply->progress.n_lines_of_call = pb->of;
        reply->progress.is_final = pb->final;
        return take_triage(&reply->progress.triage, pb->triage);
}

static int take_reply(Reply *reply, Arena *arena, const PbReply *pb)
{
        switch (reply->kind) {
        case REPLY_HELLO:
                return take_hello(reply, arena, pb->hello);
        case REPLY_CLOCK:
                reply->clock.nonce = pb->clock->nonce;
                reply->clock.time_us = pb->clock->time_us;
                return 0;
        case REPLY_SINCE:
                reply->since.manifest = bytes_of(pb->since->manifest);
                reply->since.transfer = pb->since->transfer;
                return 0;
        case REPLY_CHUNK:
                reply->chunk.transfer = pb->chunk->transfer;
                reply->chunk.index = pb->chunk->index;
                reply->chunk.body = bytes_of(pb->chunk->body);
                return 0;
        case REPLY_WHOAMI:
                return take_whoami(reply, arena, pb->whoami);
        case REPLY_SUBMIT:
                reply->submit.revision = pb->submit->revision;
                return 0;
        case REPLY_PARTIES:
                return take_parties(reply, arena, pb->parties);
        case REPLY_STATUS:
                return take_status(reply, arena, pb->status);
        case REPLY_RECEIPT:
                return take_receipt(reply, arena, pb->receipt);
        case REPLY_EPOCH:
                reply->envelope = bytes_of(pb->epoch);
                return 0;
        case REPLY_CARD:
                reply->envelope = bytes_of(pb->card);
                return 0;
        case REPLY_PRESENCE:
                reply->presence.n_presence = pb->presence->n_presence;
                return take_presence(&reply->presence.presence, arena, pb->presence->presence,
                                     pb->presence->n_presence);
        case REPLY_AGREED:
                return take_agreed(reply, arena, pb->agreed);
        case REPLY_ASKED:
                reply->asked.envelope = bytes_of(pb->asked->envelope);
                reply->asked.enrolment = bytes_of(pb->asked->enrolment);
                return 0;
        case REPLY_PROGRESS:
                return take_progress(reply, arena, pb->progress);
        case REPLY_DONE:
        case REPLY_REFUSED:
                return 0;
        }
        return 0; /* kind 0: a newer broker says what this version does not know */
}

int reply_decode(Reply *ret_reply, Arena *arena, const uint8_t *bytes, size_t n_bytes)
{
        ProtobufCMessage *message;
        const PbReply *pb;
        PbFault fault;

        memset(ret_reply, 0, sizeof(*ret_reply));
        if (pb_unpack(&message, &fault, &plek__v1__reply__descriptor, arena, bytes, n_bytes,
                      REPEATED_MAX))
                return QUERY_E_MALFORMED;

        pb = (const PbReply *)message;
        ret_reply->id = pb->id;
        ret_reply->kind = (ReplyKind)pb->reply_case;
        if (pb->refusal) {
                take_refusal(&ret_reply->refusal, pb->refusal);
                ret_reply->kind = REPLY_REFUSED;
                return 0;
        }
        return take_reply(ret_reply, arena, pb) ? QUERY_E_MALFORMED : 0;
}
