#include "door-rows.h"

#include <stdio.h>
#include <string.h>

#include "door-words.h"
#include "seen.h"
#include "words.h"

void door_of(DoorOf *ret_of, const PlekRecord *record)
{
        const PlekReport *report = &record->report;

        snprintf(ret_of->location, sizeof(ret_of->location), "%s", report->location);
        snprintf(ret_of->unit, sizeof(ret_of->unit), "%s", report->unit ? report->unit : "");
        snprintf(ret_of->id, sizeof(ret_of->id), "%s", record->id);
        ret_of->scope = (PlekDoorScope){
                .status = report->status,
                .location = ret_of->location,
                .unit = report->unit ? ret_of->unit : NULL,
                .care = report->door.care,
                .patient_group = report->door.patient_group,
                .urgency = report->door.urgency,
        };
        ret_of->state = report->door.state;
        memcpy(ret_of->exceptions, report->door.exceptions,
               report->door.n_exceptions * sizeof(ret_of->exceptions[0]));
        ret_of->n_exceptions = report->door.n_exceptions;
        ret_of->ends_at_ms =
                record->standing == PLEK_STANDS ? report->door.ends_at_ms : PLEK_NO_TIME;
        ret_of->counts = record->standing != PLEK_ANNOUNCED && record->standing != PLEK_OVER;
}

bool door_asks_for_neighbours(const PlekLeadingDoor *door)
{
        return door->state == PLEK_DOOR_STOP || door->state == PLEK_DOOR_CLOSED;
}

void door_asks(PlekSubscriber *subscriber, const PlekLeadingDoor *door, uint32_t care,
               DoorAsks *ret_asks)
{
        const PlekDoorScope *scope = &door->scope;
        uint32_t cares[DOOR_ASKS_MAX];
        size_t n = 0;

        *ret_asks = (DoorAsks){ 0 };
        if (!door_asks_for_neighbours(door))
                return;
        if (scope->care == PLEK_ANY && care)
                cares[n++] = care;
        else if (scope->care == PLEK_ANY && !scope->unit)
                n = plek_subscriber_cares(subscriber, scope->status, scope->location, cares,
                                          N_ELEMENTS(cares));
        if (!n)
                cares[n++] = scope->care;
        for (size_t i = 0; i < n; i++) {
                ret_asks->scopes[i] = *scope;
                ret_asks->scopes[i].care = cares[i];
        }
        ret_asks->n_scopes = n;
}

static bool has_exception(const uint32_t *exceptions, size_t n, uint32_t exception)
{
        for (size_t i = 0; i < n; i++)
                if (exceptions[i] == exception)
                        return true;
        return false;
}

/* What leads lets in only whom everybody excepts who keeps patients out: a part of what one says.
 */
static bool excepts_the_same(const DoorOf *of, const PlekLeadingDoor *door)
{
        for (size_t i = 0; i < of->n_exceptions; i++)
                if (!has_exception(door->exceptions, door->n_exceptions, of->exceptions[i]))
                        return false;
        for (size_t i = 0; i < door->n_exceptions; i++)
                if (!has_exception(of->exceptions, of->n_exceptions, door->exceptions[i]))
                        return false;
        return true;
}

static bool says_otherwise(const DoorOf *of, const PlekLeadingDoor *door)
{
        return door->state != of->state || door->ends_at_ms != of->ends_at_ms ||
               !excepts_the_same(of, door);
}

/* It leads, but others who keep patients out except fewer. */
static void add_fewer_exceptions(Row *row, const PlekLeadingDoor *door, Language language)
{
        char said[ROW_TEXT_BYTES];
        Text text = { row->text + row->value_at, sizeof(row->text) - row->value_at };

        snprintf(said, sizeof(said), "%s", row->text + row->value_at);
        text_add(&text, "%s", word(language, "for all who speak of it"));
        if (door->n_exceptions)
                exceptions_words(door->exceptions, door->n_exceptions, language, &text);
        else
                text_add(&text, " %s", word(language, "nobody is excepted"));
        text_add(&text, "  %s: %s", word(language, "says"), said);
        if (row->text[ROW_SIGN_AT] == ' ')
                row->text[ROW_SIGN_AT] = '/';
}

/* At the end of a row: there may be room for it or not. */
static Text end_of(Row *row)
{
        size_t n = strlen(row->text);

        return (Text){ row->text + n, sizeof(row->text) - n };
}

/* Something else leads where this record speaks. */
static void add_other(Row *row, const PlekLeadingDoor *door, Language language)
{
        const PlekRecord *record = &door->record;
        PlekDoorScope scope = {
                .unit = record->report.unit,
                .care = record->report.door.care,
                .patient_group = record->report.door.patient_group,
                .urgency = record->report.door.urgency,
        };
        char said[ROW_TEXT_BYTES];
        Text text = { row->text + row->value_at, sizeof(row->text) - row->value_at };

        /* At once, and not where a narrow terminal ends: it must not be taken for what leads. */
        snprintf(said, sizeof(said), "%s", row->text + row->value_at);
        text_add(&text, "%s: %s", word(language, "does not lead"), said);
        if (row->text[ROW_SIGN_AT] == ' ')
                row->text[ROW_SIGN_AT] = '/';
        row->order[row->order_at] = ROW_DOES_NOT_LEAD;

        text_add(&text, "  %s: ", word(language, "but what leads is"));
        leading_words(door, language, &text);
        text_add(&text, " (");
        scope_words(&scope, language, &text);
        text_add(&text, ", %s)", record->party_name ? record->party_name : record->party);
        row->style = TABLE_GREY;
}

int door_row_neighbours(Row *ret_row, PlekSubscriber *subscriber, const Row *row, const DoorOf *of,
                        const DoorAsks *asks, size_t n, const TableFilter *filter, bool *ret_has)
{
        const PlekDoorScope *scope = &asks->scopes[n];
        Text text = { ret_row->text, sizeof(ret_row->text) };
        PlekNeighbours neighbours;
        int r;

        *ret_has = false;
        r = plek_subscriber_neighbours(subscriber, scope, &filter->neighbours, &neighbours);
        if (r == PLEK_E_NOT_FOUND || (!r && !neighbours.n_nearest && !neighbours.has_next))
                return 0;
        if (r)
                return r;

        *ret_row = (Row){ 0 };
        memcpy(ret_row->region, row->region, sizeof(row->region));
        memcpy(ret_row->location, row->location, sizeof(row->location));
        snprintf(ret_row->order, sizeof(ret_row->order), "%.*s ~%02zu",
                 (int)sizeof(ret_row->order) - 5, row->order, n);
        ret_row->rank = row->rank;
        ret_row->style = neighbours.all_stopped ? TABLE_RED : TABLE_PLAIN;
        text_add(&text, "      ");
        if (scope->care != of->scope.care)
                text_add(&text, "%s: ", label(PLEK_CODES_CARE, scope->care, filter->language));
        neighbours_words(&neighbours, filter->language, &text);
        *ret_has = true;
        return 0;
}

int door_row_finish(Row *row, PlekSubscriber *subscriber, const DoorOf *of,
                    const TableFilter *filter, DoorAsks *ret_asks)
{
        PlekLeadingDoor door;
        Text text;
        int r;

        *ret_asks = (DoorAsks){ 0 };
        r = plek_subscriber_leading_door(subscriber, &of->scope, &door);
        if (r)
                return r;
        if (!door.has_record || strcmp(door.record.id, of->id)) {
                if (of->counts && door.has_record && says_otherwise(of, &door))
                        add_other(row, &door, filter->language);
                return 0;
        }

        if (door.state == of->state && door.standing == PLEK_STANDS && !excepts_the_same(of, &door))
                add_fewer_exceptions(row, &door, filter->language);
        text = end_of(row);
        narrower_words(door.narrower, door.n_narrower, filter->language, &text);
        if (door.plan_state != PLEK_DOOR_UNKNOWN) {
                text = end_of(row);
                text_add(&text, "  ");
                plan_words(&door, filter->language, &text);
        }
        text = end_of(row);
        door_asks(subscriber, &door, filter->care, ret_asks);
        return seen_words(subscriber, &door.record, filter->language, &text);
}
