#include <inttypes.h>
#include <string.h>

#include "store/error.h"
#include "store/keyframe.h"
#include "store/verify-private.h"

/*
 * A cut: what is left of before it, against what the broker signed when it was made
 *
 * Entries of before it are looked at like any, but that the chain has gaps there. What makes up for
 * them is the broker's word: the chain's head at the cut, from which all later ones follow, and a
 * chain over what was kept.
 */

bool look_is_signed_by_broker(const Look *look, const Envelope *envelope)
{
        for (size_t i = 0; i < look->n_epochs; i++) {
                KeyId id = key_id_of(look->epochs[i].sign_key);

                if (memcmp(&id, &envelope->key_id, sizeof(id)) == 0)
                        return envelope_verify(envelope, look->epochs[i].sign_key) == 0;
        }
        return false;
}

static void look_cut_found(Look *look, VerifyDefect defect, const char *what)
{
        look_found(look, defect, look->cut.revision, "the cut at entry %" PRIu64 ": %s",
                   look->cut.revision, what);
}

static const char *read_cut(Look *look)
{
        Arena *arena = look->signatures.arena;
        Envelope envelope;

        arena_reset(arena);
        arena_limit(arena, ARENA_MESSAGE_BYTES);
        if (envelope_parse(&envelope, look->cut.envelope, look->cut.n_envelope) ||
            envelope.kind != ENVELOPE_CUT ||
            cut_decode(&look->cut_said, arena, envelope.body, envelope.n_body))
                return "what is said of it is not a document of the broker's";
        if (look->cut_said.revision != look->cut.revision ||
            look->cut_said.time_ms != look->cut.time_ms)
                return "what the broker signed is about another one";
        return NULL;
}

/* The picture there: it says which entries were kept. */
static int look_at_keyframe(Look *look)
{
        uint8_t digest[DIGEST_BYTES];
        int r;

        r = keyframe_digest(look->environment, look->cut.revision, digest);
        if (!r)
                r = keyframe_entries(look->environment, look->cut.revision, &look->cut_kept);
        if (r == -EBADMSG)
                look_cut_found(look, VERIFY_BIT_FLIPPED, "its picture is damaged, or gone");
        else if (!r && memcmp(digest, look->cut_said.keyframe, DIGEST_BYTES) != 0)
                look_cut_found(look, VERIFY_RE_SIGNED,
                               "its picture is not the one that was signed");
        return r == -EBADMSG ? 0 : r;
}

int look_begin_cut(Look *look, Transaction *transaction)
{
        const char *what;
        int r;

        r = meta_get_cut(transaction, &look->cut);
        transaction_deinit(transaction);
        if (r == STORE_E_DAMAGED) {
                look->cut = (CutRow){ 0 };
                look_found(look, VERIFY_BIT_FLIPPED, 0,
                           "the row that says where the kept past begins is damaged");
                return 0;
        }
        if (r || !look->cut.revision)
                return r;

        look->report->cut_revision = look->cut.revision;
        look->report->cut_time_ms = look->cut.time_ms;
        what = read_cut(look);
        if (what) {
                look_cut_found(look, VERIFY_RE_SIGNED, what);
                return 0;
        }
        return look_at_keyframe(look);
}

void look_at_kept(Look *look, const JournalRow *row)
{
        bool is_kept = row->kind != ENTRY_UPDATE || revisions_have(&look->cut_kept, row->revision);

        if (row->revision == look->cut.revision) {
                if (memcmp(row->head, look->cut_said.head, DIGEST_BYTES) != 0 ||
                    row->time_ms != look->cut_said.time_ms)
                        look_cut_found(look, VERIFY_RE_SIGNED,
                                       "the chain's head there is not the one that was signed");
                return;
        }
        if (is_kept) {
                head_chain(look->kept, look->kept, row->revision, row->time_ms, (uint8_t)row->kind,
                           row->digest);
                look->n_kept++;
        } else if (row->revision > look->cut.swept) {
                look->report->n_unswept++;
        } else {
                look_found(look, VERIFY_RE_SIGNED, row->revision,
                           "entry %" PRIu64 " was cut off, and is here again", row->revision);
        }
}

void look_end_cut(Look *look)
{
        Envelope envelope;

        if (!look->cut.revision || !look->cut_said.revision)
                return;

        if (look->n_kept < look->cut_said.n_kept)
                look_found(look, VERIFY_TRUNCATED, look->cut.revision,
                           "%" PRIu64 " entries that were kept at the cut at entry %" PRIu64
                           " are missing",
                           look->cut_said.n_kept - look->n_kept, look->cut.revision);
        else if (memcmp(look->kept, look->cut_said.kept, DIGEST_BYTES) != 0)
                look_cut_found(look, VERIFY_RE_SIGNED,
                               "what is left of before is not what was kept");

        if (!look->blind &&
            (envelope_parse(&envelope, look->cut.envelope, look->cut.n_envelope) ||
             memcmp(&envelope.network, &look->signatures.network, sizeof(NetworkId)) != 0 ||
             !look_is_signed_by_broker(look, &envelope)))
                look_cut_found(look, VERIFY_RE_SIGNED,
                               "it is not signed with a key that opened an epoch here");
}
