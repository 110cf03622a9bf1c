#pragma once

/*
 * Verify: is a data directory what its broker wrote?
 *
 * Everything is looked at again: the checksum of every row, the digest and signature of every
 * entry, the chain, whether the registry of that moment allowed it, the checkpoint against the
 * journal that it was made from, and, if there is one, a file of heads that a witness kept.
 *
 * Who may write to the directory can write a history that holds together in itself. What shows such
 * a one is what it cannot sign (the parties, the authority), and what others have kept.
 */

#include <stdbool.h>
#include <stdint.h>

#include "internal/err.h"
#include "wire/document.h"

typedef enum VerifyDefect {
        VERIFY_BIT_FLIPPED, /* a row, an entry or a page is not what was written */
        VERIFY_TRUNCATED,   /* entries are missing, at the end or in between */
        VERIFY_RE_SIGNED, /* written anew: whole in itself, and not what was signed or witnessed */
        VERIFY_ROLLED_BACK, /* an older copy: later heads were witnessed */
        N_VERIFY_DEFECTS,
} VerifyDefect;

enum {
        VERIFY_FINDINGS_MAX = 32,
        VERIFY_TEXT_MAX = 320,
};

typedef struct VerifyFinding {
        VerifyDefect defect;
        uint64_t revision; /* 0: of none */
        char text[VERIFY_TEXT_MAX];
} VerifyFinding;

typedef struct VerifyReport {
        char network[REGION_MAX + 1]; /* "": none yet */
        uint64_t last_revision;
        int64_t last_time_ms;
        uint8_t head[DIGEST_BYTES];

        uint64_t n_entries, n_signatures, n_rows;
        uint64_t n_thinned;    /* of the entries: only their digests are left */
        uint64_t cut_revision; /* where the kept past begins; 0: at the first entry */
        int64_t cut_time_ms;
        uint64_t n_unswept; /* entries that were cut off and have not gone yet */
        uint64_t n_epochs;
        uint64_t n_cuts;          /* epochs that did not continue, the first apart: noticed then */
        uint64_t n_heads;         /* of the witness, held against the journal */
        bool has_card;            /* else nobody but the broker says whose key is the broker's */
        bool checkpoint_compared; /* with the journal; else only its checksums */
        uint64_t unchecked_after; /* after this entry signatures could not be judged; 0: all were */

        VerifyFinding findings[VERIFY_FINDINGS_MAX]; /* the first */
        uint64_t n_findings;                         /* all */
        uint64_t n_defects[N_VERIFY_DEFECTS];
} VerifyReport;

typedef struct VerifyOptions {
        const uint8_t *authority; /* its signing key; NULL: taken from the journal's first entry */
        /* A file of one signed head a line: its last word is the envelope in hexadecimal. NULL:
         * none. */
        const char *witness;
        /* Some times a second; NULL: nobody asks. */
        void (*progress)(void *arg, uint64_t n_done, uint64_t n_all);
        void *arg;
} VerifyOptions;

enum {
        VERIFY_OK,      /* it was looked at; the report says what was found */
        VERIFY_E_NEWER, /* written by a newer version: cannot be judged */
        VERIFY_E_FILE,  /* the directory or the witness's file cannot be read */
};

/*
 * For a live directory as well as for a copy; nothing is written to it. Not for a process that has
 * it open, nor for one with threads: a child looks, since LMDB does not survive every damage.
 * Returns 0, VERIFY_E_* with a sentence in *ret_text, or -errno.
 */
MUST_CHECK int ledger_verify(const char *directory, const VerifyOptions *options,
                             VerifyReport *ret_report, const char **ret_text);

/* "bit-flipped", "truncated", "re-signed", "rolled back" */
const char *verify_defect_name(VerifyDefect defect);
