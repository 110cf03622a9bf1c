#include "wire/names.h"

#include <string.h>

#include "wire/document.h"

typedef enum CharClass {
        DIGIT = 1 << 0,
        LOWER = 1 << 1,
        UPPER = 1 << 2,
        DASH = 1 << 3,
        DOT = 1 << 4,
        LOW_LINE = 1 << 5,
        PHONE = 1 << 6, /* what stands between the digits of a number */
        SLASH = 1 << 7,
} CharClass;

static const uint8_t char_classes[256] = {
        ['0' ... '9'] = DIGIT, ['a' ... 'z'] = LOWER, ['A' ... 'Z'] = UPPER, ['-'] = DASH | PHONE,
        ['.'] = DOT,           ['_'] = LOW_LINE,      [' '] = PHONE,         ['+'] = PHONE,
        ['('] = PHONE,         [')'] = PHONE,         ['/'] = SLASH,
};

static const struct {
        unsigned classes;
        size_t max;
        const char *rule;
} kinds[] = {
        [NAME_PARTY] = { LOWER | DIGIT | DOT | DASH, PARTY_MAX, "1 to 64 of a-z 0-9 . -" },
        [NAME_LOCATION] = { LOWER | UPPER | DIGIT | DOT | DASH | LOW_LINE, LOCATION_MAX,
                            "1 to 64 of A-Z a-z 0-9 . _ -" },
        [NAME_DEFINITION] = { LOWER | UPPER | DIGIT | DOT | DASH | LOW_LINE, DEFINITION_MAX,
                              "1 to 32 of A-Z a-z 0-9 . _ -" },
        [NAME_METHOD] = { LOWER | DIGIT | DASH, METHOD_MAX, "1 to 32 of a-z 0-9 -" },
        [NAME_INPUT] = { LOWER | DIGIT | DASH | LOW_LINE, METHOD_MAX, "1 to 32 of a-z 0-9 _ -" },
        [NAME_REGION] = { LOWER | DIGIT | DASH, REGION_MAX, "1 to 32 of a-z 0-9 -" },
        [NAME_LOCATION_KIND] = { UPPER | DIGIT, 8, "1 to 8 of A-Z 0-9" },
        [NAME_PHONE] = { DIGIT | PHONE, 32, "1 to 32 of digits, spaces and + ( ) -" },
        [NAME_TIME_ZONE] = { LOWER | UPPER | DIGIT | DASH | LOW_LINE | SLASH, 64,
                             "an IANA name, as in Europe/Amsterdam" },
};

bool name_is_valid(NameKind kind, const char *name)
{
        size_t i;

        for (i = 0; name[i]; i++)
                if (i == kinds[kind].max || !(char_classes[(uint8_t)name[i]] & kinds[kind].classes))
                        return false;
        return i > 0;
}

const char *name_rule(NameKind kind)
{
        return kinds[kind].rule;
}

bool time_is_valid(int64_t time_ms)
{
        return time_ms >= 0 && time_ms <= INT64_C(253402300799999);
}

bool party_is_valid(const char *party)
{
        return name_is_valid(NAME_PARTY, party);
}

bool location_is_valid(const char *location)
{
        return name_is_valid(NAME_LOCATION, location);
}

bool unit_is_valid(const char *unit)
{
        return name_is_valid(NAME_LOCATION, unit);
}

bool region_is_valid(const char *region)
{
        return name_is_valid(NAME_REGION, region);
}
