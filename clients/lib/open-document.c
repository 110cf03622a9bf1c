#include "wire/open-document.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/identity.h"
#include "plek/plek.h"

/* The network is in what was signed, at a place of its own: a broker may serve two. */
static bool is_of_network(const PlekRegionCard *card, const void *bytes, size_t n_bytes)
{
        char network[2 * NETWORK_BYTES + 1], start[128];
        int n;

        sodium_bin2hex(network, sizeof(network), card->card.network.bytes, NETWORK_BYTES);
        n = snprintf(start, sizeof(start), "{\"format\":\"plek-open-1\",\"network\":\"%s\"",
                     network);
        return n > 0 && n_bytes >= (size_t)n && !memcmp(bytes, start, (size_t)n);
}

int plek_region_card_check_open(const PlekRegionCard *card, const void *bytes, size_t n_bytes)
{
        int r;

        for (size_t i = 0; i < card->card.n_brokers; i++) {
                r = open_document_verify(bytes, n_bytes, card->card.brokers[i].sign);
                if (r == OPEN_DOCUMENT_E_MALFORMED)
                        return PLEK_E_INVALID;
                if (r < 0)
                        return r;
                if (!r)
                        return is_of_network(card, bytes, n_bytes) ? 0 : PLEK_E_UNTRUSTED;
        }
        return PLEK_E_UNTRUSTED;
}
