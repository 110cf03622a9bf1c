#pragma once

/*
 * Parts that several documents and replies share: public keys, roles, locations
 *
 * Each take_ function returns NULL, or a static sentence that says what is wrong.
 */

#include "wire/document.h"
#include "wire/pb.h"

#define TOO_LARGE "takes too much memory when decoded"

const char *take_bytes(uint8_t *ret_bytes, size_t n_bytes, ProtobufCBinaryData pb);
const char *take_keys(PublicKey *ret_key, const Plek__V1__PublicKeys *pb);
const char *take_roles(uint32_t *ret_roles, const uint32_t *roles, size_t n_roles);
const char *take_grants(const LocationGrant **ret_grants, Arena *arena,
                        Plek__V1__LocationGrant **pb, size_t n_grants);

/* Borrow from what they are given. */
void put_keys(Plek__V1__PublicKeys *pb, const PublicKey *key);
/* Returns how many; @ret_roles has room for 32. */
size_t put_roles(uint32_t ret_roles[32], uint32_t roles);
/* NULL: out of memory. */
Plek__V1__LocationGrant **put_grants(PbScratch *scratch, const LocationGrant *grants,
                                     size_t n_grants);
