/*
 * Encoding an update: put together, packed, and then decoded again. What an agent signs has so
 * passed the very checks that the broker makes, and a refusal reaches whoever made the report
 * instead of coming back from far away. The round trip costs a microsecond or two.
 */

#include <string.h>

#include "wire/update-check.h"

enum {
        SCRATCH_BYTES = 128 * 1024, /* of an affirm with 256 keys; others take a few KiB */
};

/* Room for whichever body it is. */
typedef struct PbBody {
        Plek__V1__Counts counts;
        Plek__V1__Missing missing[N_COUNT_FIELDS];
        Plek__V1__Missing *missings[N_COUNT_FIELDS];
        Plek__V1__Door door;
        Plek__V1__Pressure pressure;
        Plek__V1__LocationCard card;
        Plek__V1__Offering offering;
        Plek__V1__Flow flow;
        Plek__V1__CareRefusal refusal;
        Plek__V1__Affirm affirm;
        Plek__V1__RecordKey withdraw;
        Plek__V1__Ack ack;
        Plek__V1__RecordKey ack_record;
} PbBody;

static int refuse(WireRefusal *refusal, const char *field, const char *text)
{
        *refusal = (WireRefusal){ .code = PLEK_REFUSED_FIELD, .field = field, .text = text };
        return UPDATE_E_REFUSED;
}

#define SET_OPTIONAL(_pb, _field, _present, _value)                                                \
        do {                                                                                       \
                (_pb)->has_##_field = (_present);                                                  \
                if ((_pb)->has_##_field)                                                           \
                        (_pb)->_field = (_value);                                                  \
        } while (0)

static void put_counts(PbBody *body, const Counts *counts)
{
        Plek__V1__Counts *pb = &body->counts;

        plek__v1__counts__init(pb);
        pb->care = counts->care;
#define SET_COUNT(_field, _index)                                                                  \
        SET_OPTIONAL(pb, _field, counts->present[_index], counts->value[_index])
        SET_COUNT(physical, COUNT_PHYSICAL);
        SET_COUNT(staffed, COUNT_STAFFED);
        SET_COUNT(occupied, COUNT_OCCUPIED);
        SET_COUNT(reserved, COUNT_RESERVED);
        SET_COUNT(blocked, COUNT_BLOCKED);
        SET_COUNT(available, COUNT_AVAILABLE);
        SET_COUNT(expected_in, COUNT_EXPECTED_IN);
        SET_COUNT(expected_out, COUNT_EXPECTED_OUT);
        SET_COUNT(surge_24h, COUNT_SURGE_24H);
        SET_COUNT(surge_72h, COUNT_SURGE_72H);
        SET_COUNT(surge_7d, COUNT_SURGE_7D);
        SET_COUNT(triage_red, COUNT_TRIAGE_RED);
        SET_COUNT(triage_yellow, COUNT_TRIAGE_YELLOW);
        SET_COUNT(triage_green, COUNT_TRIAGE_GREEN);
        SET_COUNT(triage_black, COUNT_TRIAGE_BLACK);
#undef SET_COUNT

        pb->missing = body->missings;
        for (CountField field = COUNT_PHYSICAL; field < N_COUNT_FIELDS; field++) {
                Plek__V1__Missing *missing = &body->missing[pb->n_missing];

                if (!counts->missing[field])
                        continue;
                plek__v1__missing__init(missing);
                missing->field = field;
                missing->why = counts->missing[field];
                body->missings[pb->n_missing++] = missing;
        }
}

static int put_door(PbBody *body, WireRefusal *refusal, const Door *door)
{
        Plek__V1__Door *pb = &body->door;

        if (door->n_exceptions > EXCEPTIONS_MAX)
                return refuse(refusal, "door.exceptions", "too many");

        plek__v1__door__init(pb);
        pb->state = door->state;
        SET_OPTIONAL(pb, care, door->care != CODE_ABSENT, door->care);
        SET_OPTIONAL(pb, patient_group, door->patient_group != CODE_ABSENT, door->patient_group);
        SET_OPTIONAL(pb, urgency, door->urgency != CODE_ABSENT, door->urgency);
        SET_OPTIONAL(pb, plan, door->plan != 0, door->plan);
        pb->n_exceptions = door->n_exceptions;
        pb->exceptions = (uint32_t *)(uintptr_t)door->exceptions;
        SET_OPTIONAL(pb, reason, door->reason != 0, door->reason);
        pb->text = pb_text(door->text);
        pb->authorised_by = pb_text(door->authorised_by);
        SET_OPTIONAL(pb, starts_at_ms, door->starts_at_ms != TIME_ABSENT, door->starts_at_ms);
        SET_OPTIONAL(pb, ends_at_ms, door->ends_at_ms != TIME_ABSENT, door->ends_at_ms);
        SET_OPTIONAL(pb, review_at_ms, door->review_at_ms != TIME_ABSENT, door->review_at_ms);
        SET_OPTIONAL(pb, on_expiry, door->on_expiry && door->on_expiry != PLEK_ON_EXPIRY_KEEP,
                     door->on_expiry);
        return 0;
}

static int put_pressure(PbBody *body, WireRefusal *refusal, PbScratch *scratch,
                        const Pressure *pressure)
{
        Plek__V1__Pressure *pb = &body->pressure;

        if (pressure->n_inputs > PRESSURE_INPUTS_MAX)
                return refuse(refusal, "pressure.inputs", "too many");

        plek__v1__pressure__init(pb);
        pb->method = pb_text(pressure->method ? pressure->method : "");
        SET_OPTIONAL(pb, score, pressure->has_score, pressure->score);
        pb->inputs = pb_scratch_messages(scratch, &plek__v1__pressure_input__descriptor,
                                         pressure->n_inputs);
        if (!pb->inputs)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < pressure->n_inputs; i++) {
                const PressureInput *input = &pressure->inputs[i];

                pb->inputs[i]->name = pb_text(input->name ? input->name : "");
                pb->inputs[i]->value = input->value;
        }
        pb->n_inputs = pressure->n_inputs;
        return 0;
}

static int put_identifiers(Plek__V1__LocationCard *pb, WireRefusal *refusal, PbScratch *scratch,
                           const LocationCard *card)
{
        if (card->n_identifiers > IDENTIFIERS_MAX)
                return refuse(refusal, "card.identifiers", "too many");

        pb->identifiers = pb_scratch_messages(scratch, &plek__v1__identifier__descriptor,
                                              card->n_identifiers);
        if (!pb->identifiers)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < card->n_identifiers; i++) {
                const Identifier *identifier = &card->identifiers[i];

                pb->identifiers[i]->scheme = pb_text(identifier->scheme ? identifier->scheme : "");
                pb->identifiers[i]->id = pb_text(identifier->id ? identifier->id : "");
        }
        pb->n_identifiers = card->n_identifiers;
        return 0;
}

static int put_card(PbBody *body, WireRefusal *refusal, PbScratch *scratch,
                    const LocationCard *card)
{
        Plek__V1__LocationCard *pb = &body->card;

        if (card->n_contacts > CONTACTS_MAX)
                return refuse(refusal, "card.contacts", "too many");

        plek__v1__location_card__init(pb);
        pb->name = pb_text(card->name ? card->name : "");
        pb->kind = pb_text(card->kind ? card->kind : "");
        SET_OPTIONAL(pb, latitude_e7, card->has_position, card->latitude_e7);
        SET_OPTIONAL(pb, longitude_e7, card->has_position, card->longitude_e7);
        pb->contacts =
                pb_scratch_messages(scratch, &plek__v1__contact__descriptor, card->n_contacts);
        if (!pb->contacts)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < card->n_contacts; i++) {
                const Contact *contact = &card->contacts[i];

                pb->contacts[i]->function = pb_text(contact->function ? contact->function : "");
                pb->contacts[i]->phone = pb_text(contact->phone ? contact->phone : "");
                SET_OPTIONAL(pb->contacts[i], care, contact->care != 0, contact->care);
        }
        pb->n_contacts = card->n_contacts;
        pb->hours = pb_text(card->hours);
        pb->time_zone = pb_text(card->time_zone);
        return put_identifiers(pb, refusal, scratch, card);
}

static void put_offering(PbBody *body, const Offering *offering)
{
        Plek__V1__Offering *pb = &body->offering;

        plek__v1__offering__init(pb);
        pb->care = offering->care;
        SET_OPTIONAL(pb, plan, offering->plan != 0, offering->plan);
        SET_OPTIONAL(pb, offered, offering->not_offered, false);
        pb->level = pb_text(offering->level);
        pb->hours = pb_text(offering->hours);
        SET_OPTIONAL(pb, holds_from_ms, offering->holds_from_ms != TIME_ABSENT,
                     offering->holds_from_ms);
        SET_OPTIONAL(pb, holds_until_ms, offering->holds_until_ms != TIME_ABSENT,
                     offering->holds_until_ms);
}

static void put_flow(PbBody *body, const Flow *flow)
{
        Plek__V1__Flow *pb = &body->flow;

        plek__v1__flow__init(pb);
        pb->from = flow->from;
        pb->to = flow->to;
        pb->other = pb_text(flow->other);
        pb->care = flow->care;
        SET_OPTIONAL(pb, count, flow->has_count, flow->count);
        pb->from_ms = flow->from_ms;
        pb->until_ms = flow->until_ms;
}

static ProtobufCBinaryData id_of(const uint8_t id[EVENT_ID_BYTES])
{
        return (ProtobufCBinaryData){ EVENT_ID_BYTES, (uint8_t *)(uintptr_t)id };
}

static void put_refusal(PbBody *body, const CareRefusal *refusal)
{
        Plek__V1__CareRefusal *pb = &body->refusal;

        plek__v1__care_refusal__init(pb);
        pb->id = id_of(refusal->id);
        pb->care = refusal->care;
        SET_OPTIONAL(pb, reason, refusal->reason != 0, refusal->reason);
        SET_OPTIONAL(pb, from, refusal->from != 0, refusal->from);
        pb->at_ms = refusal->at_ms;
        SET_OPTIONAL(pb, count, refusal->count != 1, refusal->count);
}

void update_put_key(Plek__V1__RecordKey *pb, const RecordRef *ref)
{
        bool is_ack = ref->report == UPDATE_ACK;
        UpdateKind report = is_ack ? ref->of_report : ref->report;
        bool is_door = report == UPDATE_DOOR, is_offering = report == UPDATE_OFFERING;
        bool is_flow = report == UPDATE_FLOW, is_refusal = report == UPDATE_REFUSAL;

        pb->report = ref->report;
        pb->unit = pb_text(ref->unit);
        SET_OPTIONAL(pb, care,
                     ref->care != CODE_ABSENT && (is_door || is_offering || is_flow || is_refusal ||
                                                  report == UPDATE_COUNTS),
                     ref->care);
        SET_OPTIONAL(pb, patient_group, is_door && ref->patient_group != CODE_ABSENT,
                     ref->patient_group);
        SET_OPTIONAL(pb, urgency, is_door && ref->urgency != CODE_ABSENT, ref->urgency);
        SET_OPTIONAL(pb, plan, (is_door || is_offering) && ref->plan, ref->plan);
        pb->method = pb_text(ref->method);
        SET_OPTIONAL(pb, link_from, is_flow, ref->link_from);
        SET_OPTIONAL(pb, link_to, is_flow, ref->link_to);
        SET_OPTIONAL(pb, from_ms, is_flow, ref->from_ms);
        SET_OPTIONAL(pb, until_ms, is_flow, ref->until_ms);
        pb->other = pb_text(ref->other);
        SET_OPTIONAL(pb, id, is_refusal, id_of(ref->id));
        pb->of_party = is_ack ? pb_text(ref->of_party ? ref->of_party : "") : NULL;
        SET_OPTIONAL(pb, of_report, is_ack, ref->of_report);
}

static void put_ack(PbBody *body, const Ack *ack)
{
        Plek__V1__Ack *pb = &body->ack;

        plek__v1__ack__init(pb);
        plek__v1__record_key__init(&body->ack_record);
        update_put_key(&body->ack_record, &ack->record);
        pb->party = pb_text(ack->party ? ack->party : "");
        pb->record = &body->ack_record;
        pb->epoch = ack->epoch;
        pb->revision = ack->revision;
        pb->function = pb_text(ack->function);
}

static int put_affirm(PbBody *body, WireRefusal *refusal, PbScratch *scratch, const Affirm *affirm)
{
        Plek__V1__Affirm *pb = &body->affirm;

        if (affirm->n_apart_from > APART_FROM_MAX)
                return refuse(refusal, "affirm.apart_from", "too many");

        plek__v1__affirm__init(pb);
        pb->lane = affirm->lane;
        pb->up_to_seq = affirm->up_to_seq;
        pb->apart_from = pb_scratch_messages(scratch, &plek__v1__record_key__descriptor,
                                             affirm->n_apart_from);
        if (!pb->apart_from)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < affirm->n_apart_from; i++)
                update_put_key(pb->apart_from[i], &affirm->apart_from[i]);
        pb->n_apart_from = affirm->n_apart_from;
        return 0;
}

static int put_body(Plek__V1__Update *pb, PbBody *body, WireRefusal *refusal, PbScratch *scratch,
                    const Update *update)
{
        pb->body_case = (Plek__V1__Update__BodyCase)update->kind;
        switch (update->kind) {
        case UPDATE_COUNTS:
                pb->counts = &body->counts;
                put_counts(body, &update->counts);
                return 0;
        case UPDATE_DOOR:
                pb->door = &body->door;
                return put_door(body, refusal, &update->door);
        case UPDATE_PRESSURE:
                pb->pressure = &body->pressure;
                return put_pressure(body, refusal, scratch, &update->pressure);
        case UPDATE_CARD:
                pb->card = &body->card;
                return put_card(body, refusal, scratch, &update->card);
        case UPDATE_OFFERING:
                pb->offering = &body->offering;
                put_offering(body, &update->offering);
                return 0;
        case UPDATE_FLOW:
                pb->flow = &body->flow;
                put_flow(body, &update->flow);
                return 0;
        case UPDATE_REFUSAL:
                pb->refusal = &body->refusal;
                put_refusal(body, &update->care_refusal);
                return 0;
        case UPDATE_ACK:
                pb->ack = &body->ack;
                put_ack(body, &update->ack);
                return 0;
        case UPDATE_AFFIRM:
                pb->affirm = &body->affirm;
                return put_affirm(body, refusal, scratch, &update->affirm);
        case UPDATE_WITHDRAW:
                pb->withdraw = &body->withdraw;
                plek__v1__record_key__init(pb->withdraw);
                update_put_key(pb->withdraw, &update->withdraw);
                return 0;
        }
        return refuse(refusal, NULL, "an update has one of the bodies that there are");
}

static void put_head(Plek__V1__Update *pb, const Update *update)
{
        pb->party = pb_text(update->party ? update->party : "");
        pb->instance = update->instance;
        pb->seq = update->seq;
        pb->sent_at_ms = update->sent_at_ms;
        pb->not_after_ms = update->not_after_ms;
        pb->status = update->status;
        SET_OPTIONAL(pb, audience, update->audience != AUDIENCE_CARE, update->audience);
        pb->location = pb_text(update->location ? update->location : "");
        if (update->kind == UPDATE_AFFIRM || update->kind == UPDATE_WITHDRAW)
                return;

        pb->unit = pb_text(update->unit);
        pb->label = pb_text(update->label);
        SET_OPTIONAL(pb, source, update->source != 0, update->source);
        pb->definition = pb_text(update->definition);
        SET_OPTIONAL(pb, observed_at_ms, update->observed_at_ms != update->sent_at_ms,
                     update->observed_at_ms);
        SET_OPTIONAL(pb, valid_for_s, update->valid_for_s != 0, update->valid_for_s);
}

/* Decodes what is to be signed. The refusal outlives the arena: its words are copied. */
static int check_encoded(WireRefusal *refusal, const Blob *blob)
{
        static _Thread_local char field[PB_FIELD_MAX], text[256];
        CLEANUP(arena_freep) Arena *arena = NULL;
        Update update;
        int r;

        r = arena_new(&arena, SCRATCH_BYTES + 4 * blob->n_bytes);
        if (r)
                return r;

        r = update_decode(&update, refusal, arena, blob->bytes, blob->n_bytes);
        if (r == UPDATE_E_REFUSED) {
                if (refusal->field)
                        refusal->field = strncpy(field, refusal->field, sizeof(field) - 1);
                refusal->text = strncpy(text, refusal->text, sizeof(text) - 1);
        }
        return r;
}

int update_encode(Blob **ret_body, WireRefusal *ret_refusal, const Update *update)
{
        CLEANUP(pb_scratch_deinit) PbScratch scratch = PB_SCRATCH_NULL;
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        Plek__V1__Update pb = PLEK__V1__UPDATE__INIT;
        PbBody body;
        int r;

        put_head(&pb, update);
        r = put_body(&pb, &body, ret_refusal, &scratch, update);
        if (r)
                return r;
        r = pb_pack(&blob, &pb.base);
        if (r)
                return r;
        r = check_encoded(ret_refusal, blob);
        if (r)
                return r;

        *ret_body = STEAL(blob);
        return 0;
}
