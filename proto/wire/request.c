#include "wire/query.h"

#include <string.h>

#include "wire/parts.h"

enum {
        PROGRAM_MAX = 64,
        REASON_MAX = 128,
        REPEATED_MAX = 16, /* the only list is of reports */
        REPORTS_MAX = REPORT_LAST - UPDATE_COUNTS + 1,
};

typedef Plek__V1__Request PbRequest;

/* ------------------------------------------------------------------ decoding */

static Bytes bytes_of(bool present, ProtobufCBinaryData pb)
{
        return present ? (Bytes){ pb.data, pb.len } : (Bytes){ 0 };
}

static int check_credit(uint32_t credit)
{
        return credit >= 1 && credit <= CREDIT_MAX ? 0 : err_raise(-EBADMSG);
}

static int take_hello(Request *request, const Plek__V1__Hello *pb)
{
        if (!pb_text_fits(pb->program, PROGRAM_MAX))
                return err_raise(-EBADMSG);
        request->hello.instance = pb->instance;
        request->hello.kind = pb->kind;
        request->hello.head = bytes_of(pb->has_head, pb->head);
        request->hello.card_serial = pb->card_serial;
        request->hello.program = pb->program;
        return 0;
}

static int take_since(Request *request, const Plek__V1__Since *pb)
{
        Topic topic;

        if (topic_parse(&topic, pb->topic, strlen(pb->topic)) || pb->audience < AUDIENCE_OPEN ||
            pb->audience > AUDIENCE_COORD)
                return err_raise(-EBADMSG);
        request->since.topic = pb->topic;
        request->since.epoch = pb->epoch;
        request->since.audience = (Audience)pb->audience;
        request->since.revision = pb->revision;
        request->since.credit = pb->credit;
        request->since.at_ms = pb->at_ms;
        if (pb->has_at_ms && (!pb->at_ms || !time_is_valid(pb->at_ms)))
                return err_raise(-EBADMSG);
        return check_credit(pb->credit);
}

static int take_history(Request *request, const Plek__V1__History *pb)
{
        if ((pb->location && !location_is_valid(pb->location)) ||
            (pb->unit && !unit_is_valid(pb->unit)) || !time_is_valid(pb->from_ms) ||
            !time_is_valid(pb->to_ms))
                return err_raise(-EBADMSG);
        for (size_t i = 0; i < pb->n_reports; i++) {
                if (pb->reports[i] < UPDATE_COUNTS || pb->reports[i] > REPORT_LAST)
                        return err_raise(-EBADMSG);
                request->history.reports |= REPORT_BIT(pb->reports[i]);
        }
        if (!pb->n_reports)
                request->history.reports = REPORT_BITS_ALL;
        request->history.location = pb->location;
        request->history.unit = pb->unit;
        request->history.care = pb->has_care ? pb->care : CODE_ABSENT;
        request->history.from_ms = pb->from_ms;
        request->history.to_ms = pb->to_ms;
        request->history.restated = pb->restated;
        request->history.credit = pb->credit;
        return check_credit(pb->credit);
}

static int take_suspend(Suspension *suspend, const Plek__V1__Suspend *pb)
{
        if (!party_is_valid(pb->party) || !pb_text_fits(pb->reason, REASON_MAX) ||
            (pb->has_key_id && take_bytes(suspend->key_id.bytes, KEY_ID_BYTES, pb->key_id)))
                return err_raise(-EBADMSG);
        suspend->party = pb->party;
        suspend->has_key_id = pb->has_key_id;
        suspend->suspended = pb->suspended;
        suspend->reason = pb->reason;
        return 0;
}

static int take_own(Request *request, const Plek__V1__OwnRequest *pb)
{
        if (pb->location && !location_is_valid(pb->location))
                return err_raise(-EBADMSG);
        request->own.location = pb->location;
        request->own.credit = pb->credit;
        return check_credit(pb->credit);
}

static int take_request(Request *request, const PbRequest *pb)
{
        switch (request->kind) {
        case REQUEST_HELLO:
                return take_hello(request, pb->hello);
        case REQUEST_CLOCK:
                request->clock.nonce = pb->clock->nonce;
                return 0;
        case REQUEST_SINCE:
                return take_since(request, pb->since);
        case REQUEST_CREDIT:
                request->credit.transfer = pb->credit->transfer;
                request->credit.credit = pb->credit->credit;
                return check_credit(pb->credit->credit);
        case REQUEST_SUBMIT:
                request->submit.envelope = bytes_of(true, pb->submit->envelope);
                request->submit.check = pb->submit->check;
                return pb->submit->envelope.len ? 0 : err_raise(-EBADMSG);
        case REQUEST_SUSPEND:
                return take_suspend(&request->suspend, pb->suspend);
        case REQUEST_PARTIES:
                request->parties.party = pb->parties->party;
                return !pb->parties->party || party_is_valid(pb->parties->party)
                               ? 0
                               : err_raise(-EBADMSG);
        case REQUEST_OWN:
                return take_own(request, pb->own);
        case REQUEST_CONFIRM:
                request->confirm.what = pb->confirm->what;
                return 0;
        case REQUEST_HISTORY:
                return take_history(request, pb->history);
        case REQUEST_CALL:
                request->call.envelope = bytes_of(true, pb->call->envelope);
                return pb->call->envelope.len ? 0 : err_raise(-EBADMSG);
        case REQUEST_WHOAMI:
        case REQUEST_STATUS:
        case REQUEST_PRESENCE:
        case REQUEST_CARD:
                return 0;
        }
        return 0; /* kind 0: only its id is known */
}

int request_decode(Request *ret_request, Arena *arena, const uint8_t *bytes, size_t n_bytes)
{
        ProtobufCMessage *message;
        const PbRequest *pb;
        PbFault fault;

        memset(ret_request, 0, sizeof(*ret_request));
        if (n_bytes > REQUEST_MAX_BYTES ||
            pb_unpack(&message, &fault, &plek__v1__request__descriptor, arena, bytes, n_bytes,
                      REPEATED_MAX))
                return QUERY_E_MALFORMED;

        pb = (const PbRequest *)message;
        ret_request->id = pb->id;
        ret_request->kind = (RequestKind)pb->request_case;
        return take_request(ret_request, pb) ? QUERY_E_MALFORMED : 0;
}

/* ------------------------------------------------------------------ encoding */

/* Room for whichever request it is. */
typedef union PbAnyRequest {
        Plek__V1__Hello hello;
        Plek__V1__Clock clock;
        Plek__V1__Since since;
        Plek__V1__Credit credit;
        Plek__V1__Whoami whoami;
        Plek__V1__Submit submit;
        Plek__V1__Suspend suspend;
        Plek__V1__PartiesRequest parties;
        Plek__V1__StatusRequest status;
        Plek__V1__OwnRequest own;
        Plek__V1__Confirm confirm;
        Plek__V1__PresenceRequest presence;
        Plek__V1__CardRequest card;
        struct {
                Plek__V1__History pb;
                uint32_t reports[REPORTS_MAX];
        } history;
        Plek__V1__CallRequest call;
} PbAnyRequest;

static void put_hello(Plek__V1__Hello *pb, const Request *request)
{
        plek__v1__hello__init(pb);
        pb->instance = request->hello.instance;
        pb->kind = request->hello.kind;
        pb->has_head = request->hello.head.bytes != NULL;
        pb->head = pb_bytes(request->hello.head.bytes, request->hello.head.n_bytes);
        pb->has_card_serial = request->hello.card_serial != 0;
        pb->card_serial = request->hello.card_serial;
        pb->program = pb_text(request->hello.program);
}

static void put_since(Plek__V1__Since *pb, const Request *request)
{
        plek__v1__since__init(pb);
        pb->topic = pb_text(request->since.topic);
        pb->epoch = request->since.epoch;
        pb->audience = request->since.audience;
        pb->revision = request->since.revision;
        pb->credit = request->since.credit;
        pb->has_at_ms = request->since.at_ms != 0;
        pb->at_ms = request->since.at_ms;
}

static void put_history(Plek__V1__History *pb, uint32_t *reports, const Request *request)
{
        plek__v1__history__init(pb);
        pb->location = pb_text(request->history.location);
        pb->unit = pb_text(request->history.unit);
        pb->has_care = request->history.care != CODE_ABSENT;
        pb->care = request->history.care;
        pb->reports = reports;
        for (uint32_t report = UPDATE_COUNTS; report <= REPORT_LAST; report++)
                if (request->history.reports != REPORT_BITS_ALL &&
                    request->history.reports & REPORT_BIT(report))
                        reports[pb->n_reports++] = report;
        pb->from_ms = request->history.from_ms;
        pb->to_ms = request->history.to_ms;
        pb->has_restated = pb->restated = request->history.restated;
        pb->credit = request->history.credit;
}

static void put_submit(Plek__V1__Submit *pb, const Request *request)
{
        plek__v1__submit__init(pb);
        pb->envelope = pb_bytes(request->submit.envelope.bytes, request->submit.envelope.n_bytes);
        pb->has_check = request->submit.check;
        pb->check = request->submit.check;
}

static void put_suspend(Plek__V1__Suspend *pb, const Suspension *suspend)
{
        plek__v1__suspend__init(pb);
        pb->party = pb_text(suspend->party);
        pb->has_key_id = suspend->has_key_id;
        pb->key_id = pb_bytes(suspend->key_id.bytes, KEY_ID_BYTES);
        pb->suspended = suspend->suspended;
        pb->reason = pb_text(suspend->reason);
}

static void put_request(PbAnyRequest *any, const Request *request)
{
        switch (request->kind) {
        case REQUEST_HELLO:
                put_hello(&any->hello, request);
                break;
        case REQUEST_CLOCK:
                plek__v1__clock__init(&any->clock);
                any->clock.nonce = request->clock.nonce;
                break;
        case REQUEST_SINCE:
                put_since(&any->since, request);
                break;
        case REQUEST_CREDIT:
                plek__v1__credit__init(&any->credit);
                any->credit.transfer = request->credit.transfer;
                any->credit.credit = request->credit.credit;
                break;
        case REQUEST_WHOAMI:
                plek__v1__whoami__init(&any->whoami);
                break;
        case REQUEST_SUBMIT:
                put_submit(&any->submit, request);
                break;
        case REQUEST_SUSPEND:
                put_suspend(&any->suspend, &request->suspend);
                break;
        case REQUEST_PARTIES:
                plek__v1__parties_request__init(&any->parties);
                any->parties.party = pb_text(request->parties.party);
                break;
        case REQUEST_STATUS:
                plek__v1__status_request__init(&any->status);
                break;
        case REQUEST_OWN:
                plek__v1__own_request__init(&any->own);
                any->own.location = pb_text(request->own.location);
                any->own.credit = request->own.credit;
                break;
        case REQUEST_CONFIRM:
                plek__v1__confirm__init(&any->confirm);
                any->confirm.what = request->confirm.what;
                break;
        case REQUEST_PRESENCE:
                plek__v1__presence_request__init(&any->presence);
                break;
        case REQUEST_CARD:
                plek__v1__card_request__init(&any->card);
                break;
        case REQUEST_HISTORY:
                put_history(&any->history.pb, any->history.reports, request);
                break;
        case REQUEST_CALL:
                plek__v1__call_request__init(&any->call);
                any->call.envelope =
                        pb_bytes(request->call.envelope.bytes, request->call.envelope.n_bytes);
                break;
        default:
                assert(!"a kind that nobody asks");
        }
}

int request_encode(Blob **ret_blob, const Request *request)
{
        PbRequest pb = PLEK__V1__REQUEST__INIT;
        PbAnyRequest any;

        put_request(&any, request);
        pb.id = request->id;
        pb.request_case = (Plek__V1__Request__RequestCase)request->kind;
        pb.hello = &any.hello; /* a union of pointers, all to the same place */
        return pb_pack(ret_blob, &pb.base);
}
