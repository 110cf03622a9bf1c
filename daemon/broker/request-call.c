#include "broker/parts.h"
#include "broker/request.h"

static int refuse(Broker *broker, const Caller *caller, const Request *request, PlekRefusal code,
                  const char *field, const char *text)
{
        return session_refuse(broker, caller->session, request->id, code, field, text);
}

static int begin(Broker *broker, const Caller *caller, const Request *request, size_t n_locations)
{
        const AskedBy by = { caller->session->key, request->id };
        int r;

        if (broker->calls.n_calls >= CALLS_MAX ||
            calls_of_party(&broker->calls, caller->party) >= CALLS_OF_PARTY_MAX)
                return refuse(broker, caller, request, PLEK_REFUSED_QUOTA, NULL,
                              "enough calls are under way; each holds its place for a minute at "
                              "least");
        r = calls_begin(&broker->calls, caller->party, caller->audience,
                        request->call.envelope.bytes, request->call.envelope.n_bytes, &by);
        switch (r) {
        case CALLS_E_NOBODY:
                return n_locations
                               ? refuse(broker, caller, request, PLEK_REFUSED_NOT_FOUND,
                                        "locations",
                                        "no party reports for one of these locations, or not "
                                        "of such care")
                               : refuse(broker, caller, request, PLEK_REFUSED_NOT_FOUND, "region",
                                        "no party reports for such a location in that region");
        case CALLS_E_FULL:
                return refuse(broker, caller, request, PLEK_REFUSED_QUOTA, "region",
                              "that region has more locations than one call may ask; name cares");
        default:
                return r;
        }
}

int request_call(Broker *broker, const Caller *caller, const Request *request)
{
        const Bytes *envelope = &request->call.envelope;
        WireRefusal refusal;
        LiveCall *live;
        Call call;
        int r;

        arena_reset(broker->document_arena);
        arena_limit(broker->document_arena, DOCUMENT_ARENA_BYTES);
        r = admission_call(broker->state, &broker->admission, caller->party, envelope->bytes,
                           envelope->n_bytes, broker_clock_now_ms(&broker->clock),
                           broker->document_arena, &call, &refusal);
        if (r)
                return refuse(broker, caller, request, (PlekRefusal)refusal.code, refusal.field,
                              refusal.text);

        live = calls_find(&broker->calls, caller->party, &call.id);
        if (live)
                return calls_resume(&broker->calls, live,
                                    &(AskedBy){ caller->session->key, request->id });
        return begin(broker, caller, request, call.n_locations);
}
