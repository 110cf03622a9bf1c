#include <math.h>
#include <string.h>

#include "formats/field-internal.h"

/* ------------------------------------------------------------------ numbers */

static int set_number(uint32_t *ret_number, const char *text)
{
        unsigned long long value;
        char *end;

        if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 10)
                return FIELD_E_VALUE;
        value = strtoull(text, &end, 10);
        if (value >= PLEK_ANY)
                return FIELD_E_VALUE;
        *ret_number = (uint32_t)value;
        return 0;
}

static int set_real(double *ret_value, const char *text)
{
        double value;
        char *end;

        if (!*text || strspn(text, "+-.0123456789eE") != strlen(text))
                return FIELD_E_VALUE;
        value = strtod(text, &end);
        if (*end || !isfinite(value))
                return FIELD_E_VALUE;
        *ret_value = value;
        return 0;
}

static int set_degrees(int32_t *ret_e7, const char *text, double most)
{
        double degrees;
        int r;

        r = set_real(&degrees, text);
        if (r || fabs(degrees) > most)
                return FIELD_E_VALUE;
        *ret_e7 = (int32_t)lround(degrees * 1e7);
        return 0;
}

static int set_count(PlekCounts *counts, size_t field, const char *text)
{
        uint32_t number;

        if (!set_number(&number, text)) {
                if (number > 100000)
                        return FIELD_E_VALUE;
                counts->present[field] = true;
                counts->value[field] = (int32_t)number;
                return 0;
        }
        if (plek_code_parse(&number, PLEK_CODES_MISSING, text))
                return FIELD_E_VALUE;
        counts->missing[field] = (uint8_t)number;
        return 0;
}

/* ------------------------------------------------------------------ lists */

/* Cuts @at at the next @separator that is not marked; in place. NULL: there is none left. */
static char *cut(char **at, char separator)
{
        char *start = *at;

        if (!start)
                return NULL;
        for (char *to = start;; to++) {
                if (*to == '\\' && to[1]) {
                        to++;
                } else if (!*to || *to == separator) {
                        *at = *to ? to + 1 : NULL;
                        *to = '\0';
                        return start;
                }
        }
}

static char *unmark(char *text)
{
        char *to = text;

        for (const char *from = text; *from; from++) {
                if (*from == '\\' && from[1])
                        from++;
                *to++ = *from;
        }
        *to = '\0';
        return text;
}

static int set_exceptions(PlekDoor *door, char *text)
{
        for (char *at = text, *name; (name = cut(&at, ';'));)
                if (door->n_exceptions == PLEK_EXCEPTIONS_MAX ||
                    plek_code_parse(&door->exceptions[door->n_exceptions++], PLEK_CODES_EXCEPTION,
                                    name))
                        return FIELD_E_VALUE;
        return 0;
}

static int set_inputs(PlekPressure *pressure, char *text)
{
        for (char *at = text, *item; (item = cut(&at, ';'));) {
                PlekPressureInput *input = &pressure->inputs[pressure->n_inputs];
                char *value = item;

                if (pressure->n_inputs++ == PLEK_PRESSURE_INPUTS_MAX)
                        return FIELD_E_VALUE;
                input->name = cut(&value, '=');
                if (!value || set_real(&input->value, value))
                        return FIELD_E_VALUE;
        }
        return 0;
}

static int set_contacts(PlekLocationCard *card, char *text)
{
        for (char *at = text, *item; (item = cut(&at, ';'));) {
                PlekContact *contact = &card->contacts[card->n_contacts];
                char *phone = item, *care;

                if (card->n_contacts++ == PLEK_CONTACTS_MAX)
                        return FIELD_E_VALUE;
                contact->function = unmark(cut(&phone, '='));
                care = phone;
                contact->phone = cut(&care, '=');
                if (!contact->phone ||
                    (care && plek_code_parse(&contact->care, PLEK_CODES_CARE, care)))
                        return FIELD_E_VALUE;
        }
        return 0;
}

static int set_identifiers(PlekLocationCard *card, char *text)
{
        for (char *at = text, *item; (item = cut(&at, ';'));) {
                PlekIdentifier *identifier = &card->identifiers[card->n_identifiers];
                char *id = item;

                if (card->n_identifiers++ == PLEK_IDENTIFIERS_MAX)
                        return FIELD_E_VALUE;
                identifier->scheme = cut(&id, '=');
                identifier->id = id;
                if (!id)
                        return FIELD_E_VALUE;
        }
        return 0;
}

static int set_list(PlekReport *report, FieldType type, char *text)
{
        if (type == TYPE_EXCEPTIONS)
                return set_exceptions(&report->door, text);
        if (type == TYPE_INPUTS)
                return set_inputs(&report->pressure, text);
        if (type == TYPE_IDENTIFIERS)
                return set_identifiers(&report->card, text);
        return set_contacts(&report->card, text);
}

/* ------------------------------------------------------------------ whichever it is */

static int set_offered(bool *ret_not_offered, const char *text)
{
        *ret_not_offered = !strcmp(text, "no");
        return *ret_not_offered || !strcmp(text, "yes") ? 0 : FIELD_E_VALUE;
}

static int set_plain(PlekReport *report, const Field *field, const char *text)
{
        void *at = (char *)report + field->at;

        switch (field->type) {
        case TYPE_CODE:
        case TYPE_SCOPE:
                return plek_code_parse(at, (PlekCodeList)field->list, text) ? FIELD_E_VALUE : 0;
        case TYPE_NUMBER:
        case TYPE_SCOPE_NUMBER:
                return set_number(at, text);
        case TYPE_TIME:
        case TYPE_TIME_OR_0:
                return format_time_parse(at, text) ? FIELD_E_VALUE : 0;
        case TYPE_COUNT:
                return set_count(&report->counts, field->at, text);
        case TYPE_DEGREES:
                report->card.has_position = true;
                return set_degrees(at, text, field->list);
        case TYPE_SCORE:
                report->pressure.has_score = true;
                return set_real(&report->pressure.score, text);
        case TYPE_OFFERED:
                return set_offered(at, text);
        default:
                return FIELD_E_VALUE;
        }
}

int field_set(PlekReport *report, const char *name, const char *text, FormatPicture *picture)
{
        const Field *field = field_find(report->kind, name);
        bool is_list, is_string;
        const char *kept;

        if (!field)
                return FIELD_E_NONE;
        is_string = field->type == TYPE_STRING;
        is_list = field->type >= TYPE_EXCEPTIONS;
        if (!is_string && !is_list)
                return set_plain(report, field, text);

        kept = format_keep(picture, text, strlen(text));
        if (!kept)
                return err_raise(-ENOMEM);
        if (is_list)
                return set_list(report, field->type, (char *)kept);
        *(const char **)((char *)report + field->at) = kept;
        return 0;
}
