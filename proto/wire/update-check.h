#pragma once

/*
 * Between update.c and update-body.c: how a value that is not allowed becomes a refusal
 */

#include "wire/pb.h"
#include "wire/update.h"

enum {
        TEXT_MAX = 280,
        AUTHORISED_BY_MAX = 64,
        CARD_NAME_MAX = 128,
        FUNCTION_MAX = 64,
        URGENCY_MAX = 5,
};

typedef struct UpdateCheck {
        WireRefusal *refusal;
        Arena *arena;
} UpdateCheck;

/* Each returns 0, or UPDATE_E_REFUSED with the refusal filled in. @field is static. */
PRINTF(4, 5)
int check_refuse(UpdateCheck *check, PlekRefusal code, const char *field, const char *format, ...);
MUST_CHECK int check_name(UpdateCheck *check, const char *field, NameKind kind, const char *name);
MUST_CHECK int check_text(UpdateCheck *check, const char *field, const char *text, size_t n_min,
                          size_t n_max);
MUST_CHECK int check_time(UpdateCheck *check, const char *field, int64_t time_ms);
/* TIME_ABSENT where there is none. */
MUST_CHECK int check_optional_time(int64_t *ret_ms, UpdateCheck *check, const char *field,
                                   bool present, int64_t time_ms);
/* A code of a closed list of 1 to @n_codes. */
MUST_CHECK int check_closed(UpdateCheck *check, const char *field, uint32_t code, uint32_t n_codes);
/* A code of an open list: not 0, and not what stands for absent. */
MUST_CHECK int check_open(UpdateCheck *check, const char *field, uint32_t code);

/* Fills in the body of @update. */
MUST_CHECK int update_take_body(Update *update, UpdateCheck *check, const Plek__V1__Update *pb);

MUST_CHECK int update_take_card(Update *update, UpdateCheck *check,
                                const Plek__V1__LocationCard *pb);
MUST_CHECK int update_take_offering(Update *update, UpdateCheck *check,
                                    const Plek__V1__Offering *pb);
MUST_CHECK int update_take_flow(Update *update, UpdateCheck *check, const Plek__V1__Flow *pb);
MUST_CHECK int update_take_refusal(Update *update, UpdateCheck *check,
                                   const Plek__V1__CareRefusal *pb);
/* The parts of a key that only these have; sets all of them. */
MUST_CHECK int update_take_event_key(RecordRef *ret_ref, UpdateCheck *check,
                                     const Plek__V1__RecordKey *pb);

/* A record's key, which blocks have too. Field names are those of RecordKey. */
MUST_CHECK int update_take_key(RecordRef *ret_ref, UpdateCheck *check,
                               const Plek__V1__RecordKey *pb);
/* @pb is initialised. */
void update_put_key(Plek__V1__RecordKey *pb, const RecordRef *ref);

/* The submessage that is the body, whichever it is. */
const ProtobufCMessage *update_pb_body(const Plek__V1__Update *pb);
