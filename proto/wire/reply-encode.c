#include "wire/query.h"

#include "wire/parts.h"

/* Room for whichever reply it is. */
typedef struct PbAnyReply {
        union {
                Plek__V1__HelloReply hello;
                Plek__V1__ClockReply clock;
                Plek__V1__SinceReply since;
                Plek__V1__Chunk chunk;
                Plek__V1__WhoamiReply whoami;
                Plek__V1__SubmitReply submit;
                Plek__V1__Done done;
                Plek__V1__PartiesReply parties;
                Plek__V1__StatusReply status;
                Plek__V1__Receipt receipt;
                Plek__V1__PresenceReply presence;
                Plek__V1__Agreed agreed;
                Plek__V1__CallAsked asked;
                struct {
                        Plek__V1__CallProgress pb;
                        Plek__V1__CallTriage triage;
                } progress;
        };
        uint32_t roles[32];
        Plek__V1__Refusal refusal;
} PbAnyReply;

static ProtobufCBinaryData pb_of(Bytes bytes)
{
        return pb_bytes(bytes.bytes, bytes.n_bytes);
}

static void put_refusal(Plek__V1__Refusal *pb, const Refusal *refusal)
{
        plek__v1__refusal__init(pb);
        pb->code = refusal->code;
        pb->field = pb_text(refusal->field);
        pb->text = pb_text(refusal->text);
}

static int put_hello(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        Plek__V1__HelloReply *pb = &any->hello;

        plek__v1__hello_reply__init(pb);
        pb->topics = put_positions(scratch, reply->hello.topics, reply->hello.n_topics);
        if (!pb->topics)
                return err_raise(-ENOMEM);

        pb->n_topics = reply->hello.n_topics;
        pb->time_us = reply->hello.time_us;
        pb->network = pb_bytes(reply->hello.network.bytes, NETWORK_BYTES);
        pb->party = pb_text(reply->hello.party);
        pb->epoch = pb_of(reply->hello.epoch);
        pb->head = pb_of(reply->hello.head);
        pb->has_audience = reply->hello.audience != 0;
        pb->audience = reply->hello.audience;
        pb->n_roles = put_roles(any->roles, reply->hello.roles);
        pb->roles = any->roles;
        pb->floor = reply->hello.floor;
        pb->enrolment_serial = reply->hello.enrolment_serial;
        pb->has_card_serial = reply->hello.card_serial != 0;
        pb->card_serial = reply->hello.card_serial;
        pb->accepting = reply->hello.accepting;
        pb->has_valid_until_ms = reply->hello.valid_until_ms > 0;
        pb->valid_until_ms = reply->hello.valid_until_ms;
        pb->has_read_until_ms = reply->hello.read_until_ms > 0;
        pb->read_until_ms = reply->hello.read_until_ms;
        return 0;
}

static int put_whoami(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        Plek__V1__WhoamiReply *pb = &any->whoami;

        plek__v1__whoami_reply__init(pb);
        pb->locations = put_grants(scratch, reply->whoami.locations, reply->whoami.n_locations);
        if (!pb->locations)
                return err_raise(-ENOMEM);

        pb->n_locations = reply->whoami.n_locations;
        pb->text = pb_text(reply->whoami.text ? reply->whoami.text : "");
        pb->transport_key = pb_bytes(reply->whoami.transport_key, KEY_BYTES);
        pb->enrolled = reply->whoami.enrolled;
        pb->party = pb_text(reply->whoami.party);
        pb->n_roles = put_roles(any->roles, reply->whoami.roles);
        pb->roles = any->roles;
        pb->has_audience = reply->whoami.audience != 0;
        pb->audience = reply->whoami.audience;
        pb->has_valid_from_ms = reply->whoami.valid_from_ms > 0;
        pb->valid_from_ms = reply->whoami.valid_from_ms;
        pb->has_valid_until_ms = reply->whoami.valid_until_ms > 0;
        pb->valid_until_ms = reply->whoami.valid_until_ms;
        pb->has_suspended = pb->suspended = reply->whoami.suspended;
        pb->has_revoked = pb->revoked = reply->whoami.revoked;
        pb->has_serial = reply->whoami.serial != 0;
        pb->serial = reply->whoami.serial;
        return 0;
}

static int put_party(Plek__V1__PartyInfo *pb, PbScratch *scratch, const PartyInfo *party)
{
        pb->roles = pb_scratch_alloc(scratch, 32, sizeof(*pb->roles));
        pb->keys = pb_scratch_messages(scratch, &plek__v1__public_keys__descriptor, party->n_keys);
        pb->locations = put_grants(scratch, party->locations, party->n_locations);
        if (!pb->roles || !pb->keys || !pb->locations)
                return err_raise(-ENOMEM);

        for (size_t i = 0; i < party->n_keys; i++)
                put_keys(pb->keys[i], &party->keys[i]);
        pb->n_keys = party->n_keys;
        pb->n_locations = party->n_locations;
        pb->n_roles = put_roles(pb->roles, party->roles);
        pb->party = pb_text(party->party);
        pb->name = pb_text(party->name);
        pb->has_audience = party->audience != 0;
        pb->audience = party->audience;
        pb->serial = party->serial;
        pb->valid_from_ms = party->valid_from_ms;
        pb->valid_until_ms = party->valid_until_ms;
        pb->suspended = party->suspended;
        pb->revoked = party->revoked;
        pb->has_floor = pb->has_n_records = pb->has_connected = true;
        pb->floor = party->floor;
        pb->n_records = party->n_records;
        pb->connected = party->connected;
        pb->has_since_ms = party->since_ms > 0;
        pb->since_ms = party->since_ms;
        pb->has_n_accepted = pb->has_n_refused = true;
        pb->n_accepted = party->n_accepted;
        pb->n_refused = party->n_refused;
        pb->has_twins = pb->twins = party->twins;
        return 0;
}

static int put_parties(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        Plek__V1__PartiesReply *pb = &any->parties;
        int r;

        plek__v1__parties_reply__init(pb);
        pb->parties = pb_scratch_messages(scratch, &plek__v1__party_info__descriptor,
                                          reply->parties.n_parties);
        if (!pb->parties)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < reply->parties.n_parties; i++) {
                r = put_party(pb->parties[i], scratch, &reply->parties.parties[i]);
                if (r)
                        return r;
        }
        pb->n_parties = reply->parties.n_parties;
        return 0;
}

static int put_status(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        Plek__V1__StatusReply *pb = &any->status;

        plek__v1__status_reply__init(pb);
        pb->metrics = pb_scratch_messages(scratch, &plek__v1__metric__descriptor,
                                          reply->status.n_metrics);
        if (!pb->metrics)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < reply->status.n_metrics; i++) {
                const Metric *metric = &reply->status.metrics[i];

                pb->metrics[i]->name = pb_text(metric->name);
                pb->metrics[i]->label = pb_text(metric->label);
                pb->metrics[i]->value = metric->value;
        }
        pb->n_metrics = reply->status.n_metrics;
        pb->warnings = (char **)(uintptr_t)reply->status.warnings;
        pb->n_warnings = reply->status.n_warnings;
        pb->version = pb_text(reply->status.version);
        pb->epoch = reply->status.epoch;
        pb->revision = reply->status.revision;
        pb->time_ms = reply->status.time_ms;
        pb->started_at_ms = reply->status.started_at_ms;
        pb->accepting = reply->status.accepting;
        pb->why_not = pb_text(reply->status.why_not);
        pb->has_since_ms = reply->status.since_ms > 0;
        pb->since_ms = reply->status.since_ms;
        pb->head = pb_of(reply->status.head);
        pb->network_name = pb_text(reply->status.network_name);
        pb->epoch_envelope = pb_of(reply->status.epoch_envelope);
        return 0;
}

static int put_receipt(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        Plek__V1__Receipt *pb = &any->receipt;
        size_t n_outcomes = reply->receipt.n_outcomes;
        Plek__V1__Refusal *refusals = pb_scratch_alloc(scratch, n_outcomes, sizeof(*refusals));

        plek__v1__receipt__init(pb);
        pb->outcomes = pb_scratch_messages(scratch, &plek__v1__outcome__descriptor, n_outcomes);
        if (!pb->outcomes || !refusals)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < n_outcomes; i++) {
                const Outcome *outcome = &reply->receipt.outcomes[i];

                pb->outcomes[i]->seq = outcome->seq;
                pb->outcomes[i]->has_revision = outcome->revision != 0;
                pb->outcomes[i]->revision = outcome->revision;
                if (!outcome->revision) {
                        put_refusal(&refusals[i], &outcome->refusal);
                        pb->outcomes[i]->refusal = &refusals[i];
                }
        }
        pb->n_outcomes = n_outcomes;
        pb->head = pb_of(reply->receipt.head);
        pb->floor = reply->receipt.floor;
        pb->has_twins = pb->twins = reply->receipt.twins;
        return 0;
}

static int put_presence_reply(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        plek__v1__presence_reply__init(&any->presence);
        any->presence.presence =
                put_presence(scratch, reply->presence.presence, reply->presence.n_presence);
        any->presence.n_presence = reply->presence.n_presence;
        return any->presence.presence ? 0 : err_raise(-ENOMEM);
}

/* Those that need no scratch. */
static int put_plain(PbAnyReply *any, const Reply *reply)
{
        switch (reply->kind) {
        case REPLY_CLOCK:
                plek__v1__clock_reply__init(&any->clock);
                any->clock.nonce = reply->clock.nonce;
                any->clock.time_us = reply->clock.time_us;
                break;
        case REPLY_SINCE:
                plek__v1__since_reply__init(&any->since);
                any->since.manifest = pb_of(reply->since.manifest);
                any->since.transfer = reply->since.transfer;
                break;
        case REPLY_CHUNK:
                plek__v1__chunk__init(&any->chunk);
                any->chunk.transfer = reply->chunk.transfer;
                any->chunk.index = reply->chunk.index;
                any->chunk.body = pb_of(reply->chunk.body);
                break;
        case REPLY_SUBMIT:
                plek__v1__submit_reply__init(&any->submit);
                any->submit.revision = reply->submit.revision;
                break;
        case REPLY_DONE:
                plek__v1__done__init(&any->done);
                break;
        case REPLY_ASKED:
                plek__v1__call_asked__init(&any->asked);
                any->asked.envelope = pb_of(reply->asked.envelope);
                any->asked.enrolment = pb_of(reply->asked.enrolment);
                break;
        default:
                assert(!"a kind that nobody answers");
        }
        return 0;
}

static int put_agreed(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        Plek__V1__Agreed *pb = &any->agreed;

        plek__v1__agreed__init(pb);
        pb->intervals = pb_scratch_messages(scratch, &plek__v1__agreed_interval__descriptor,
                                            reply->agreed.n_intervals);
        if (!pb->intervals)
                return err_raise(-ENOMEM);
        pb->n_intervals = reply->agreed.n_intervals;
        for (size_t i = 0; i < pb->n_intervals; i++) {
                const AgreedInterval *from = &reply->agreed.intervals[i];

                pb->intervals[i]->report = from->report;
                pb->intervals[i]->kind = *from->kind ? pb_text(from->kind) : NULL;
                pb->intervals[i]->has_care = from->care != 0;
                pb->intervals[i]->care = from->care;
                pb->intervals[i]->interval_s = from->interval_s;
        }
        return 0;
}

#define PUT_SUM(_pb, _colour, _triage, _index)                                                     \
        do {                                                                                       \
                (_pb)->has_##_colour = (_triage)->present[_index];                                 \
                (_pb)->_colour = (_triage)->value[_index];                                         \
                (_pb)->has_##_colour##_shut = (_triage)->shut[_index] != 0;                        \
                (_pb)->_colour##_shut = (_triage)->shut[_index];                                   \
        } while (0)

static void put_triage(Plek__V1__CallTriage *pb, const CallTriage *triage)
{
        plek__v1__call_triage__init(pb);
        PUT_SUM(pb, red, triage, 0);
        PUT_SUM(pb, yellow, triage, 1);
        PUT_SUM(pb, green, triage, 2);
        PUT_SUM(pb, black, triage, 3);
        pb->n_places = triage->n_places;
}

static int put_progress(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        Plek__V1__CallProgress *pb = &any->progress.pb;

        plek__v1__call_progress__init(pb);
        pb->lines = pb_scratch_messages(scratch, &plek__v1__call_line__descriptor,
                                        reply->progress.n_lines);
        if (!pb->lines)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < reply->progress.n_lines; i++) {
                const CallLine *line = &reply->progress.lines[i];

                pb->lines[i]->party = pb_text(line->party);
                pb->lines[i]->location = pb_text(line->location);
                pb->lines[i]->state = line->state;
                pb->lines[i]->n_records = line->n_records;
                pb->lines[i]->n_answered = line->n_answered;
                pb->lines[i]->has_since_ms = line->since_ms != TIME_ABSENT;
                pb->lines[i]->since_ms = line->since_ms;
                pb->lines[i]->name = pb_text(line->name);
                pb->lines[i]->phone = pb_text(line->phone);
        }
        pb->n_lines = reply->progress.n_lines;
        pb->of = reply->progress.n_lines_of_call;
        pb->id = pb_bytes(reply->progress.id.bytes, CALL_ID_BYTES);
        pb->final = reply->progress.is_final;
        if (reply->progress.triage.is_there) {
                put_triage(&any->progress.triage, &reply->progress.triage);
                pb->triage = &any->progress.triage;
        }
        return 0;
}

static int put_reply(PbAnyReply *any, PbScratch *scratch, const Reply *reply)
{
        switch (reply->kind) {
        case REPLY_HELLO:
                return put_hello(any, scratch, reply);
        case REPLY_WHOAMI:
                return put_whoami(any, scratch, reply);
        case REPLY_PARTIES:
                return put_parties(any, scratch, reply);
        case REPLY_STATUS:
                return put_status(any, scratch, reply);
        case REPLY_RECEIPT:
                return put_receipt(any, scratch, reply);
        case REPLY_PRESENCE:
                return put_presence_reply(any, scratch, reply);
        case REPLY_AGREED:
                return put_agreed(any, scratch, reply);
        case REPLY_PROGRESS:
                return put_progress(any, scratch, reply);
        default:
                return put_plain(any, reply);
        }
}

int reply_encode(Blob **ret_blob, const Reply *reply)
{
        CLEANUP(pb_scratch_deinit) PbScratch scratch = PB_SCRATCH_NULL;
        Plek__V1__Reply pb = PLEK__V1__REPLY__INIT;
        PbAnyReply any;
        int r;

        pb.id = reply->id;
        if (reply->kind == REPLY_REFUSED) {
                put_refusal(&any.refusal, &reply->refusal);
                pb.refusal = &any.refusal;
                return pb_pack(ret_blob, &pb.base);
        }

        pb.reply_case = (Plek__V1__Reply__ReplyCase)reply->kind;
        if (reply->kind == REPLY_EPOCH || reply->kind == REPLY_CARD) {
                pb.epoch = pb_of(reply->envelope); /* one place in the union for both */
                return pb_pack(ret_blob, &pb.base);
        }
        r = put_reply(&any, &scratch, reply);
        if (r)
                return r;
        pb.hello = &any.hello; /* a union of pointers, all to the same place */
        return pb_pack(ret_blob, &pb.base);
}
