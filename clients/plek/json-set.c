#include "json-set.h"

void json_set_code(json_t *object, const char *key, PlekCodeList list, uint32_t code)
{
        const char *name = plek_code_name(list, code);

        json_object_set_new(object, key, name ? json_string(name) : json_integer(code));
}

void json_set_string(json_t *object, const char *key, const char *value)
{
        if (value)
                json_object_set_new(object, key, json_string(value));
}

void json_set_time(json_t *object, const char *key, int64_t ms)
{
        if (ms != PLEK_NO_TIME)
                json_object_set_new(object, key, json_integer(ms));
}

void json_set_contact(json_t *object, const char *function, const char *phone, const char *party)
{
        if (phone)
                json_object_set_new(object, "contact",
                                    json_pack("{s:s, s:s, s:s*}", "function", function, "phone",
                                              phone, "party", party));
}

json_t *regions_to_json(const PlekRegion *regions, size_t n_regions)
{
        json_t *array = json_array();

        for (size_t i = 0; i < n_regions; i++)
                json_array_append_new(array, json_pack("{s:s, s:s}", "scheme", regions[i].scheme,
                                                       "id", regions[i].id));
        return array;
}
