#include "broker/call-line.h"

#include "broker/parts.h"
#include "derived/card.h"

/* Of the care that is called for first; whoever names none calls because of an accident. */
static const char *phone_on(const LocationCard *card, const Call *call)
{
        const Contact *contact = card_contact(card, call->n_cares ? call->cares[0] : PLEK_CARE_ED);

        return contact ? contact->phone : NULL;
}

/* Of the party's own cards that one; NULL: the call may not be told of it, or there is none. */
static const Record *card_of(const Calls *calls, const LiveCall *live, const CallLine *line,
                             Status status)
{
        const RecordRef ref = { .report = UPDATE_CARD };
        const Record *record;
        RecordKey key;

        record_key_make(&key, status, line->party, line->location, &ref);
        record = picture_find(state_picture(calls->broker->state), &key);
        return record && record->audience <= live->audience ? record : NULL;
}

/* An exercise may have cards of its own. */
static void take_card(const Calls *calls, const LiveCall *live, CallLine *line)
{
        const Record *record = card_of(calls, live, line, live->call.status);
        WireRefusal refusal;
        Envelope envelope;
        Update update;

        if (!record)
                record = card_of(calls, live, line, STATUS_ACTUAL);
        if (!record ||
            envelope_parse(&envelope, record->envelope->bytes, record->envelope->n_bytes) ||
            update_decode(&update, &refusal, calls->arena, envelope.body, envelope.n_body))
                return;
        line->name = update.card.name;
        line->phone = phone_on(&update.card, &live->call);
}

CallLine call_line(const Calls *calls, const LiveCall *live, const CallAsk *ask)
{
        CallLine line = {
                .party = ask->party->id,
                .location = ask->location,
                .state = ask->state,
                .n_records = ask->n_records,
                .n_answered = ask->n_answered,
                .since_ms = ask->since_ms,
        };

        take_card(calls, live, &line);
        return line;
}
