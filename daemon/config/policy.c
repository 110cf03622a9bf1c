#include "config/policy.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "wire/codes.h"
#include "wire/names.h"

static const char longest[] = "longest-", shortest_break[] = "pause-";

PRINTF(2, 3) static int refuse(const char **ret_text, const char *format, ...)
{
        static _Thread_local char said[512];
        va_list args;

        va_start(args, format);
        vsnprintf(said, sizeof(said), format, args);
        va_end(args);
        *ret_text = said;
        return POLICY_E_REFUSED;
}

/* The row of (region, state), made if there is none. */
static int policy_need(Config *config, const char *region, uint32_t state, DoorPolicy **ret_policy)
{
        DoorPolicy *policies;

        for (size_t i = 0; i < config->n_policies; i++) {
                DoorPolicy *policy = &config->policies[i];

                if (policy->state == state && strcmp(policy->region, region) == 0) {
                        *ret_policy = policy;
                        return 0;
                }
        }

        if (config->n_policies == CONFIG_POLICIES_MAX)
                return POLICY_E_REFUSED;
        policies = realloc(config->policies, (config->n_policies + 1) * sizeof(*policies));
        if (!policies)
                return err_raise(-ENOMEM);

        config->policies = policies;
        *ret_policy = &policies[config->n_policies++];
        **ret_policy = (DoorPolicy){ .state = state, .pause_ms = CONFIG_PAUSE_DEFAULT_MS };
        strcpy((*ret_policy)->region, region);
        return 0;
}

static int policy_forbid(Config *config, const char *region, const char *name,
                         const char **ret_text)
{
        DoorPolicy *policy;
        uint32_t state;
        int r;

        if (code_parse(&state, CODES_DOOR_STATE, name))
                return refuse(ret_text, "\"%.64s\" is not a state of a door", name);
        if (state == PLEK_DOOR_OPEN)
                return refuse(ret_text, "OPEN cannot be forbidden");

        r = policy_need(config, region, state, &policy);
        if (r == POLICY_E_REFUSED)
                return refuse(ret_text, "more than %d policies", CONFIG_POLICIES_MAX);
        if (r)
                return err_fold(r);
        if (policy->forbidden)
                return refuse(ret_text, "%s is forbidden already", name);

        policy->forbidden = true;
        return 0;
}

static int policy_forbid_all(Config *config, const char *region, const char *value,
                             const char **ret_text)
{
        CLEANUP(freep) char *copy = NULL;
        char *rest = NULL;
        int r = 0;

        copy = strdup(value);
        if (!copy)
                return err_raise(-ENOMEM);
        if (!value[strspn(value, ", \t")])
                return refuse(ret_text, "forbid: which states of a door?");

        for (char *name = strtok_r(copy, ", \t", &rest); name && !r;
             name = strtok_r(NULL, ", \t", &rest))
                r = policy_forbid(config, region, name, ret_text);
        return r;
}

static int policy_limit(Config *config, const char *region, const char *limit, const char *name,
                        const char *value, const char **ret_text)
{
        DoorPolicy *policy;
        uint64_t limit_ms;
        uint32_t state;
        int r;

        if (code_parse(&state, CODES_DOOR_STATE, name))
                return refuse(ret_text, "\"%.64s\" is not a state of a door", name);
        if (value_parse(&limit_ms, VALUE_MS, value) || (!limit_ms && limit == longest) ||
            limit_ms > INT64_MAX)
                return refuse(ret_text, "%s%s: \"%.64s\" is not %s", limit, name, value,
                              value_rule(VALUE_MS));

        r = policy_need(config, region, state, &policy);
        if (r == POLICY_E_REFUSED)
                return refuse(ret_text, "more than %d policies", CONFIG_POLICIES_MAX);
        if (r)
                return err_fold(r);
        if (limit == shortest_break) {
                policy->pause_ms = (int64_t)limit_ms;
                return 0;
        }
        if (policy->longest_ms)
                return refuse(ret_text, "%s%s is set already", longest, name);

        policy->longest_ms = (int64_t)limit_ms;
        return 0;
}

int policy_set(Config *config, const char *region, const char *name, const char *value,
               const char **ret_text)
{
        if (!name_is_valid(NAME_REGION, region))
                return refuse(ret_text, "[policy %.64s]: not a region's id, which is %s", region,
                              name_rule(NAME_REGION));
        if (strcmp(name, "forbid") == 0)
                return policy_forbid_all(config, region, value, ret_text);
        if (strncmp(name, longest, strlen(longest)) == 0)
                return policy_limit(config, region, longest, name + strlen(longest), value,
                                    ret_text);
        if (strncmp(name, shortest_break, strlen(shortest_break)) == 0)
                return policy_limit(config, region, shortest_break, name + strlen(shortest_break),
                                    value, ret_text);
        return refuse(ret_text,
                      "a policy has no \"%s\"; it has forbid, longest-STATE and pause-STATE", name);
}
