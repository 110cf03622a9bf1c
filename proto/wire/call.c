#include "wire/call.h"

#include <string.h>

#include "wire/grants.h"
#include "wire/update-check.h"

static int take_times(Call *call, UpdateCheck *check, const Plek__V1__Call *pb)
{
        if (check_time(check, "asked_at_ms", pb->asked_at_ms) ||
            check_time(check, "until_ms", pb->until_ms))
                return CALL_E_REFUSED;
        if (pb->until_ms <= pb->asked_at_ms || pb->until_ms - pb->asked_at_ms > CALL_LONGEST_MS)
                return check_refuse(check, PLEK_REFUSED_PERIOD, "until_ms",
                                    "the deadline is %lld ms after asked_at; it must be 1 ms to "
                                    "1 h",
                                    (long long)(pb->until_ms - pb->asked_at_ms));
        call->asked_at_ms = pb->asked_at_ms;
        call->until_ms = pb->until_ms;
        return 0;
}

static int take_cares(Call *call, UpdateCheck *check, const Plek__V1__Call *pb)
{
        if (pb->n_cares > CALL_CARES_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, "cares",
                                    "names %zu cares; 16 are allowed, none means all", pb->n_cares);
        for (size_t i = 0; i < pb->n_cares; i++) {
                if (check_open(check, "cares", pb->cares[i]))
                        return CALL_E_REFUSED;
                call->cares[i] = pb->cares[i];
        }
        call->n_cares = pb->n_cares;
        return 0;
}

/*
 * Of a region or of locations, never of both: with a region, a broker that knows no locations would
 * call on all of it. It refuses an empty one, and an agent drops it.
 */
static int take_places(Call *call, UpdateCheck *check, const Plek__V1__Call *pb)
{
        call->region = pb->region;
        if (!pb->n_locations)
                return check_name(check, "region", NAME_REGION, pb->region);
        if (*pb->region)
                return check_refuse(check, PLEK_REFUSED_FIELD, "region",
                                    "a call that names locations names no region");
        if (pb->n_locations > CALL_LOCATIONS_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, "locations",
                                    "names %zu locations; 32 are allowed", pb->n_locations);
        for (size_t i = 0; i < pb->n_locations; i++) {
                if (check_name(check, "locations", NAME_LOCATION, pb->locations[i]))
                        return CALL_E_REFUSED;
                call->locations[i] = pb->locations[i];
        }
        call->n_locations = pb->n_locations;
        return 0;
}

static int take_call(Call *call, UpdateCheck *check, const Plek__V1__Call *pb)
{
        if (check_name(check, "party", NAME_PARTY, pb->party) || take_places(call, check, pb) ||
            check_closed(check, "status", pb->status, STATUS_EXERCISE) ||
            (pb->text && check_text(check, "text", pb->text, 0, TEXT_MAX)))
                return CALL_E_REFUSED;
        if (take_bytes(call->id.bytes, CALL_ID_BYTES, pb->id))
                return check_refuse(check, PLEK_REFUSED_FIELD, "id", "id must have 16 bytes");
        call->party = pb->party;
        call->status = (Status)pb->status;
        call->text = pb->text;
        call->wants_triage = pb->triage;
        if (take_times(call, check, pb))
                return CALL_E_REFUSED;
        return take_cares(call, check, pb);
}

int call_decode(Call *ret_call, WireRefusal *ret_refusal, Arena *arena, const uint8_t *body,
                size_t n_body)
{
        UpdateCheck check = { .refusal = ret_refusal, .arena = arena };
        ProtobufCMessage *message;
        PbFault fault;

        memset(ret_call, 0, sizeof(*ret_call));
        if (pb_unpack(&message, &fault, &plek__v1__call__descriptor, arena, body, n_body,
                      2 * CALL_CARES_MAX + CALL_LOCATIONS_MAX))
                return check_refuse(&check, PLEK_REFUSED_MALFORMED, NULL, "%s%s%s", fault.field,
                                    fault.field[0] ? ": " : "", fault.text);
        return take_call(ret_call, &check, (const Plek__V1__Call *)message);
}

int call_encode(Blob **ret_body, const Call *call)
{
        Plek__V1__Call pb = PLEK__V1__CALL__INIT;
        char *locations[CALL_LOCATIONS_MAX];
        uint32_t cares[CALL_CARES_MAX];

        for (size_t i = 0; i < call->n_locations; i++)
                locations[i] = pb_text(call->locations[i]);
        memcpy(cares, call->cares, sizeof(cares));
        pb.party = pb_text(call->party);
        pb.id = pb_bytes(call->id.bytes, CALL_ID_BYTES);
        pb.asked_at_ms = call->asked_at_ms;
        pb.until_ms = call->until_ms;
        pb.status = call->status;
        pb.region = pb_text(call->region);
        pb.n_cares = call->n_cares;
        pb.cares = cares;
        pb.n_locations = call->n_locations;
        pb.locations = locations;
        pb.text = pb_text(call->text);
        pb.has_triage = pb.triage = call->wants_triage;
        return pb_pack(ret_body, &pb.base);
}

bool call_asks_for(const Call *call, uint32_t care)
{
        for (size_t i = 0; i < call->n_cares; i++)
                if (call->cares[i] == care)
                        return true;
        return !call->n_cares;
}

bool call_is_at(const Call *call, const char *region, const char *location)
{
        for (size_t i = 0; i < call->n_locations; i++)
                if (!strcmp(call->locations[i], location))
                        return true;
        return !call->n_locations && !strcmp(call->region, region);
}
