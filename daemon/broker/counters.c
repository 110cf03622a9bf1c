#include "broker/counters.h"

#include "internal/cleanup.h"

static const struct {
        const char *name;
        const char *sentence;
        uint32_t refusal;
} drops[N_DROPS] = {
        [DROP_NONE] = { "none", "", 0 },
        [DROP_MALFORMED] = { "malformed", "sent a frame that is not an envelope",
                             PLEK_REFUSED_MALFORMED },
        [DROP_KIND] = { "kind", "sent an envelope that is not an update", PLEK_REFUSED_MALFORMED },
        [DROP_NETWORK] = { "network", "sent an update that was signed for another network",
                           PLEK_REFUSED_NETWORK },
        [DROP_STRANGER] = { "stranger", "sent an update over a connection of no enrolled party",
                            PLEK_REFUSED_NOT_ENROLLED },
        [DROP_SIGNER] = { "signer", "sent an update signed by a key that is not enrolled here",
                          PLEK_REFUSED_NOT_ENROLLED },
        [DROP_PARTY] = { "party", "sent an update of another party and is no relay",
                         PLEK_REFUSED_PARTY },
        [DROP_RATE] = { "rate", "sends more updates than a connection may", PLEK_REFUSED_QUOTA },
        [DROP_SIGNATURE] = { "signature", "sent an update whose signature is wrong",
                             PLEK_REFUSED_SIGNATURE },
};

const char *drop_name(Drop drop)
{
        return drops[drop].name;
}

uint32_t drop_refusal(Drop drop)
{
        return drops[drop].refusal;
}

const char *drop_sentence(Drop drop)
{
        return drops[drop].sentence;
}
