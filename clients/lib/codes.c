#include "plek/plek.h"
#include "wire/codes.h"

/* -1: not one of ours, so that a wrong number from a caller reads nothing that it should not. */
static int list_of(PlekCodeList list)
{
        static const CodeList lists[] = {
                [PLEK_CODES_STATUS] = CODES_STATUS,
                [PLEK_CODES_AUDIENCE] = CODES_AUDIENCE,
                [PLEK_CODES_SOURCE] = CODES_SOURCE,
                [PLEK_CODES_DOOR_STATE] = CODES_DOOR_STATE,
                [PLEK_CODES_EXCEPTION] = CODES_EXCEPTION,
                [PLEK_CODES_REASON] = CODES_REASON,
                [PLEK_CODES_ON_EXPIRY] = CODES_ON_EXPIRY,
                [PLEK_CODES_MISSING] = CODES_MISSING,
                [PLEK_CODES_PATIENT_GROUP] = CODES_PATIENT_GROUP,
                [PLEK_CODES_CARE] = CODES_CARE,
                [PLEK_CODES_ROLE] = CODES_ROLE,
                [PLEK_CODES_REFUSAL] = CODES_REFUSAL,
                [PLEK_CODES_WITHDRAWN] = CODES_WITHDRAWN,
                [PLEK_CODES_COUNT_FIELD] = CODES_COUNT_FIELD,
                [PLEK_CODES_REPORT] = CODES_REPORT,
                [PLEK_CODES_CHAIN] = CODES_CHAIN,
        };

        return (size_t)list < N_ELEMENTS(lists) ? (int)lists[list] : -1;
}

const char *plek_code_name(PlekCodeList list, uint32_t code)
{
        int which = list_of(list);

        return which < 0 ? NULL : code_name((CodeList)which, code);
}

const char *plek_code_label(PlekCodeList list, uint32_t code, PlekLanguage language)
{
        int which = list_of(list);

        return which < 0 ? NULL
                         : code_label((CodeList)which, code,
                                      language == PLEK_DUTCH ? LANGUAGE_NL : LANGUAGE_EN);
}

int plek_code_parse(uint32_t *ret_code, PlekCodeList list, const char *name)
{
        int which = list_of(list);

        if (which < 0 || code_parse(ret_code, (CodeList)which, name))
                return PLEK_E_NOT_FOUND;
        return 0;
}

uint32_t plek_code_nth(PlekCodeList list, size_t n)
{
        int which = list_of(list);

        return which < 0 ? 0 : code_nth((CodeList)which, n);
}
