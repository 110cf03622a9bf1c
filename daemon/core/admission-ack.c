/*
 * Admission of acknowledgements: "we have seen what they say"
 *
 * They are of another party's record, which the signer must be able to read today. One that is not
 * there and one that is not for the signer are refused in the same words, so that asking tells
 * nothing. They come over the query session alone: on the updates socket, where nobody waits for an
 * answer, an agent's feed would be held up by what people do.
 */

#include <inttypes.h>
#include <string.h>

#include "core/admission-internal.h"

enum {
        ACKS_MAX = 64, /* of one record */
};

bool judge_ack_way(Judgement *judgement)
{
        if (judgement->candidate->is_request)
                return false;
        return judge_refuse(judgement, PLEK_REFUSED_NOT_ALLOWED, "ack",
                            "what was seen is said in a submit request on the query session, not "
                            "on the updates socket");
}

/* The opening of the epoch that @ack was read in, or of a later one that goes on from it. */
static bool epoch_leads_here(const State *state, uint64_t epoch)
{
        const EpochSpan *spans;
        size_t n_spans;

        spans = state_epochs(state, &n_spans);
        for (size_t i = n_spans; i-- > 0;) {
                if (spans[i].epoch == epoch)
                        return true;
                if (!spans[i].continues)
                        return false;
        }
        return false;
}

static bool judge_statement(Judgement *judgement, const Ack *ack, const Record *named)
{
        if (epoch_leads_here(judgement->state, ack->epoch) && named->revision == ack->revision)
                return false;
        return judge_refuse(judgement, PLEK_REFUSED_STATEMENT, "ack.revision",
                            "%s has said something since; what holds now was accepted at revision "
                            "%" PRIu64 ": look at it first",
                            ack->party, named->revision);
}

/* Its own earlier one is replaced. */
static bool judge_n_acks(Judgement *judgement, const Record *named)
{
        const Update *update = judgement->candidate->update;
        RecordRef ref = update_record_ref(update);
        RecordKey key;

        if (picture_acks(state_picture(judgement->state), named, NULL, 0) < ACKS_MAX)
                return false;
        record_key_make(&key, update->status, update->party, update->location, &ref);
        if (picture_find(state_picture(judgement->state), &key))
                return false;
        return judge_refuse(judgement, PLEK_REFUSED_QUOTA, "ack",
                            "%d parties have said already that they have seen this, and this "
                            "broker keeps no more of one record",
                            ACKS_MAX);
}

bool judge_ack(Judgement *judgement)
{
        const Update *update = judgement->candidate->update;
        const Ack *ack = &update->ack;
        const Record *named;
        RecordKey key;

        if (strcmp(ack->party, update->party) == 0)
                return judge_refuse(judgement, PLEK_REFUSED_FIELD, "ack.party",
                                    "%s has said this itself; only others say that they have seen "
                                    "it",
                                    ack->party);

        record_key_make(&key, update->status, ack->party, update->location, &ack->record);
        named = picture_find(state_picture(judgement->state), &key);
        if (!named || named->audience > judgement->audience)
                return judge_refuse(judgement, PLEK_REFUSED_NOT_FOUND, "ack.record",
                                    "there is no such record that %s may read", update->party);
        if (update->audience != MAX(named->audience, AUDIENCE_CARE))
                return judge_refuse(judgement, PLEK_REFUSED_FIELD, "audience",
                                    "an ack is for those who may read what it names, and never "
                                    "public: that is audience %d here",
                                    MAX(named->audience, AUDIENCE_CARE));
        return judge_statement(judgement, ack, named) || judge_n_acks(judgement, named);
}
