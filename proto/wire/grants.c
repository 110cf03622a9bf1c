#include "wire/grants.h"

#include <string.h>

const char *take_bytes(uint8_t *ret_bytes, size_t n_bytes, ProtobufCBinaryData pb)
{
        if (pb.len != n_bytes)
                return "a key, id or digest of another length than it must have";
        memcpy(ret_bytes, pb.data, n_bytes);
        return NULL;
}

const char *take_keys(PublicKey *ret_key, const Plek__V1__PublicKeys *pb)
{
        const char *fault = take_bytes(ret_key->sign, KEY_BYTES, pb->sign);

        return fault ? fault : take_bytes(ret_key->transport, KEY_BYTES, pb->transport);
}

const char *take_roles(uint32_t *ret_roles, const uint32_t *roles, size_t n_roles)
{
        *ret_roles = 0;
        for (size_t i = 0; i < n_roles; i++) {
                if (roles[i] < ROLE_AGENT || roles[i] > ROLE_RELAY)
                        return "a role that this version does not know";
                *ret_roles |= ROLE_BIT(roles[i]);
        }
        return NULL;
}

static int compare_locations(const void *a, const void *b)
{
        const LocationGrant *const *left = a, *const *right = b;

        return strcmp((*left)->location, (*right)->location);
}

/* A location that is listed twice could have two homes. */
static const char *check_listed_once(const LocationGrant *grants, size_t n_grants, Arena *arena)
{
        const LocationGrant **sorted = arena_alloc(arena, n_grants * sizeof(*sorted));

        if (!sorted)
                return TOO_LARGE;
        for (size_t i = 0; i < n_grants; i++)
                sorted[i] = &grants[i];
        qsort(sorted, n_grants, sizeof(*sorted), compare_locations);
        for (size_t i = 1; i < n_grants; i++)
                if (!strcmp(sorted[i - 1]->location, sorted[i]->location))
                        return "a location that is listed twice";
        return NULL;
}

static const char *take_grant(LocationGrant *grant, Arena *arena, const Plek__V1__LocationGrant *pb)
{
        Region *regions = NULL;

        if (!location_is_valid(pb->location))
                return "a location that is not 1 to 64 of A-Z a-z 0-9 . _ -";
        if (!region_is_valid(pb->region))
                return "a region that is not 1 to 32 of a-z 0-9 -";
        if (pb->n_regions > LOCATION_REGIONS_MAX)
                return "a location with more than 16 regions";
        if (pb->n_regions) {
                regions = arena_alloc(arena, pb->n_regions * sizeof(*regions));
                if (!regions)
                        return TOO_LARGE;
        }
        for (size_t i = 0; i < pb->n_regions; i++) {
                if (!region_is_valid(pb->regions[i]->scheme) ||
                    !region_is_valid(pb->regions[i]->id))
                        return "a region that is not 1 to 32 of a-z 0-9 -";
                regions[i] = (Region){ pb->regions[i]->scheme, pb->regions[i]->id };
        }

        *grant = (LocationGrant){ pb->location, pb->region, regions, pb->n_regions };
        return NULL;
}

const char *take_grants(const LocationGrant **ret_grants, Arena *arena,
                        Plek__V1__LocationGrant **pb, size_t n_grants)
{
        LocationGrant *grants = NULL;
        const char *fault;

        if (n_grants > ENROLMENT_LOCATIONS_MAX)
                return "more than 4,096 locations";
        if (n_grants) {
                grants = arena_alloc(arena, n_grants * sizeof(*grants));
                if (!grants)
                        return TOO_LARGE;
        }
        for (size_t i = 0; i < n_grants; i++) {
                fault = take_grant(&grants[i], arena, pb[i]);
                if (fault)
                        return fault;
        }

        *ret_grants = grants;
        return n_grants ? check_listed_once(grants, n_grants, arena) : NULL;
}

void put_keys(Plek__V1__PublicKeys *pb, const PublicKey *key)
{
        pb->sign = pb_bytes(key->sign, KEY_BYTES);
        pb->transport = pb_bytes(key->transport, KEY_BYTES);
}

size_t put_roles(uint32_t ret_roles[32], uint32_t roles)
{
        size_t n_roles = 0;

        for (uint32_t role = 0; role < 32; role++)
                if (roles & ROLE_BIT(role))
                        ret_roles[n_roles++] = role;
        return n_roles;
}

Plek__V1__LocationGrant **put_grants(PbScratch *scratch, const LocationGrant *grants,
                                     size_t n_grants)
{
        Plek__V1__LocationGrant **pb;

        pb = pb_scratch_messages(scratch, &plek__v1__location_grant__descriptor, n_grants);
        if (!pb)
                return NULL;

        for (size_t i = 0; i < n_grants; i++) {
                const LocationGrant *grant = &grants[i];

                pb[i]->location = pb_text(grant->location);
                pb[i]->region = pb_text(grant->region);
                pb[i]->regions = pb_scratch_messages(scratch, &plek__v1__region__descriptor,
                                                     grant->n_regions);
                if (!pb[i]->regions)
                        return NULL;
                pb[i]->n_regions = grant->n_regions;
                for (size_t j = 0; j < grant->n_regions; j++) {
                        pb[i]->regions[j]->scheme = pb_text(grant->regions[j].scheme);
                        pb[i]->regions[j]->id = pb_text(grant->regions[j].id);
                }
        }
        return pb;
}
