#include <string.h>

#include "lib/subscriber-internal.h"
#include "plek/plek.h"

static_assert(sizeof(PlekRegion) == sizeof(Region) &&
                      offsetof(PlekRegion, id) == offsetof(Region, id),
              "regions");

void record_spell_regions(const Party *party, const char *location, PlekRecord *record)
{
        const LocationGrant *grant = party && party->newest ? party_grant(party, location) : NULL;

        record->regions = grant ? (const PlekRegion *)grant->regions : NULL;
        record->n_regions = grant ? grant->n_regions : 0;
}

bool plek_regions_have(const PlekRegion *regions, size_t n_regions, const char *scheme,
                       const char *id)
{
        for (size_t i = 0; i < n_regions; i++)
                if (!strcmp(regions[i].scheme, scheme) && !strcmp(regions[i].id, id))
                        return true;
        return false;
}

static bool grant_is_in(const LocationGrant *grant, const char *scheme, const char *id)
{
        return scheme ? plek_regions_have((const PlekRegion *)grant->regions, grant->n_regions,
                                          scheme, id)
                      : !strcmp(grant->region, id);
}

bool plek_subscriber_location_is_in(const PlekSubscriber *subscriber, const char *location,
                                    const char *scheme, const char *id)
{
        const Registry *registry = replica_registry(subscriber->replica);
        const LocationGrant *grant;

        for (Party *party = registry_next(registry, NULL); party;
             party = registry_next(registry, party)) {
                if (!party->newest || !party_has_role(party, ROLE_AGENT))
                        continue;
                grant = party_grant(party, location);
                if (grant && grant_is_in(grant, scheme, id))
                        return true;
        }
        return false;
}
