#include <string.h>

#include "picture/registry-internal.h"

/*
 * Enrolments are held for ever, and there may be a hundred thousand parties. Each version is
 * therefore copied out of the arena in which it was decoded into one block that is as large as it
 * needs to be: the struct, its arrays, then the strings.
 */

static size_t string_bytes(const char *string)
{
        return string ? strlen(string) + 1 : 0;
}

static size_t grant_string_bytes(const LocationGrant *grant)
{
        size_t n = string_bytes(grant->location) + string_bytes(grant->region);

        for (size_t i = 0; i < grant->n_regions; i++)
                n += string_bytes(grant->regions[i].scheme) + string_bytes(grant->regions[i].id);
        return n;
}

typedef struct Copier {
        Region *regions;
        char *strings;
} Copier;

static const char *copy_string(Copier *copier, const char *string)
{
        size_t n = string_bytes(string);
        char *copy = copier->strings;

        if (!string)
                return NULL;
        memcpy(copy, string, n);
        copier->strings += n;
        return copy;
}

static LocationGrant copy_grant(Copier *copier, const LocationGrant *from)
{
        LocationGrant grant = {
                .location = copy_string(copier, from->location),
                .region = copy_string(copier, from->region),
                .regions = copier->regions,
                .n_regions = from->n_regions,
        };

        for (size_t i = 0; i < from->n_regions; i++)
                *copier->regions++ = (Region){
                        .scheme = copy_string(copier, from->regions[i].scheme),
                        .id = copy_string(copier, from->regions[i].id),
                };
        return grant;
}

static int compare_grants(const void *a, const void *b)
{
        return strcmp(((const LocationGrant *)a)->location, ((const LocationGrant *)b)->location);
}

static Enrolment *enrolment_copy(const Enrolment *from)
{
        size_t n_regions = 0, n_strings = 0;
        LocationGrant *grants;
        Enrolment *copy;
        Copier copier;

        for (size_t i = 0; i < from->n_locations; i++) {
                n_regions += from->locations[i].n_regions;
                n_strings += grant_string_bytes(&from->locations[i]);
        }
        n_strings +=
                string_bytes(from->party) + string_bytes(from->name) + string_bytes(from->cause);

        copy = malloc(sizeof(*copy) + from->n_locations * sizeof(LocationGrant) +
                      n_regions * sizeof(Region) + n_strings);
        if (!copy)
                return NULL;
        *copy = *from;
        grants = (LocationGrant *)(copy + 1);
        copier.regions = (Region *)(grants + from->n_locations);
        copier.strings = (char *)(copier.regions + n_regions);

        for (size_t i = 0; i < from->n_locations; i++)
                grants[i] = copy_grant(&copier, &from->locations[i]);
        if (from->n_locations)
                qsort(grants, from->n_locations, sizeof(*grants), compare_grants);
        copy->locations = grants;
        copy->party = copy_string(&copier, from->party);
        copy->name = copy_string(&copier, from->name);
        copy->cause = copy_string(&copier, from->cause);
        return copy;
}

int enrolment_version_new(EnrolmentVersion **ret_version, const Enrolment *enrolment,
                          uint64_t revision, int64_t received_at_ms, Blob *envelope)
{
        CLEANUP(enrolment_version_freep) EnrolmentVersion *version = NULL;

        version = calloc(1, sizeof(*version));
        if (!version)
                return err_raise(-ENOMEM);
        version->enrolment = enrolment_copy(enrolment);
        if (!version->enrolment)
                return err_raise(-ENOMEM);

        version->revision = revision;
        version->received_at_ms = received_at_ms;
        version->envelope = blob_ref(envelope);
        digest_of(version->digest, envelope->bytes, envelope->n_bytes);
        *ret_version = STEAL(version);
        return 0;
}

EnrolmentVersion *enrolment_version_free(EnrolmentVersion *version)
{
        if (version) {
                blob_unref(version->envelope);
                free((Enrolment *)version->enrolment);
                free(version);
        }
        return NULL;
}

const LocationGrant *party_grant(const Party *party, const char *location)
{
        const Enrolment *enrolment = party->newest->enrolment;
        LocationGrant wanted = { .location = location };

        if (!enrolment->n_locations)
                return NULL;
        return bsearch(&wanted, enrolment->locations, enrolment->n_locations, sizeof(wanted),
                       compare_grants);
}
