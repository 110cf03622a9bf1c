#pragma once

/*
 * What the parts of verify share: one look at one directory, in the child
 */

#include "core/checkpoint.h"
#include "store/environment.h"
#include "store/journal.h"
#include "store/revisions.h"
#include "store/meta.h"
#include "store/signatures.h"
#include "store/verify.h"

/* What the child tells its parent, in memory that both have. */
typedef struct VerifyShared {
        VerifyReport report;
        _Atomic uint64_t n_done, n_all;
        uint64_t written_bytes; /* what the file has by its last commit's word */
        int result;
        char text[VERIFY_TEXT_MAX];
} VerifyShared;

typedef struct EpochSeen {
        uint64_t epoch;
        uint64_t first_revision;
        int64_t opened_at_ms;
        bool continues;
        bool listed; /* by a card: the one in force then, or a later one */
        uint8_t sign_key[KEY_BYTES];
} EpochSeen;

typedef struct Look {
        const char *directory;
        const VerifyOptions *options;
        VerifyShared *shared;
        VerifyReport *report;
        Environment *environment;
        Signatures signatures;

        Tail tail;                    /* when it began */
        uint64_t checkpoint_revision; /* the same */
        State *state;                 /* what the entries so far amount to */
        Change change;
        Checkpoint *checkpoint; /* that state's, at the checkpoint's revision */
        bool blind;             /* an entry on which signatures rest is missing or wrong */

        CutRow cut;         /* revision 0: there was none */
        Revisions cut_kept; /* what the picture there rests on */
        Cut cut_said;       /* what the broker signed */
        uint64_t n_kept;    /* as counted here */
        uint8_t kept[DIGEST_BYTES];

        EpochSeen *epochs;
        size_t n_epochs;
} Look;

PRINTF(4, 5)
void look_found(Look *look, VerifyDefect defect, uint64_t revision, const char *format, ...);

/* From here on it cannot be known who may sign. */
void look_blind(Look *look, uint64_t revision);

/* Each looks at its part and says what it finds; returns 0, a STORE_E_* that is the end of the
 * looking (what it is, the caller tells), or -errno. */
/* Without an environment, too: what keeps LMDB from opening it may show here. */
MUST_CHECK int look_at_pages(Look *look);
MUST_CHECK int look_at_journal(Look *look);
MUST_CHECK int look_at_rows(Look *look);
MUST_CHECK int look_at_witness(Look *look);

/* The broker's word on a cut, before the journal is looked at; a row of before it, and that of the
 * cut itself; and whether what was found is what was signed. */
MUST_CHECK int look_begin_cut(Look *look, Transaction *transaction);
void look_at_kept(Look *look, const JournalRow *row);
void look_end_cut(Look *look);

/* Whether the rows of AFFIRMS, TOMBSTONES or TOPICS are what the journal gives; @is_lossy: of it not
 * all is there. */
MUST_CHECK int look_at_followers(Look *look, Transaction *transaction, bool is_lossy,
                                 CheckpointTable table, bool *ret_same);

/* Whether an epoch of this journal was opened with a key of this id and it signed @envelope. */
bool look_is_signed_by_broker(const Look *look, const Envelope *envelope);
/* One entry whose row is whole, against all before it. Returns 0 or -errno. */
MUST_CHECK int look_at_entry(Look *look, const JournalRow *row);
/* All entries are seen: whether cards list the keys that opened epochs. */
void look_at_epochs(Look *look);
/* The epoch that @revision is of, or NULL. */
const EpochSeen *look_epoch_at(const Look *look, uint64_t revision);
