/*
 * What a broker's directory holds, for a test to compare with what was seen of it
 *
 *         crash-journal verify DIRECTORY    looks at everything again; says what is wrong
 *         crash-journal list DIRECTORY      every entry, the chain checked from the first: revision
 *                                           and time (8 bytes each, native), kind (1), digest, head
 *
 * Exits with 1 when something is wrong.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "store/ledger.h"
#include "store/verify.h"

static int verify(const char *directory)
{
        VerifyOptions options = {};
        VerifyReport report;
        const char *text = "";

        if (ledger_verify(directory, &options, &report, &text)) {
                fprintf(stderr, "crash-journal: %s\n", text);
                return 1;
        }
        for (size_t i = 0; i < MIN(report.n_findings, VERIFY_FINDINGS_MAX); i++)
                fprintf(stderr, "crash-journal: %s, revision %" PRIu64 ": %s\n",
                        verify_defect_name(report.findings[i].defect), report.findings[i].revision,
                        report.findings[i].text);
        if (report.unchecked_after)
                fprintf(stderr, "crash-journal: not judged after %" PRIu64 "\n",
                        report.unchecked_after);
        printf("%" PRIu64 " entries, %" PRIu64 " signatures, %" PRIu64 " epochs\n",
               report.n_entries, report.n_signatures, report.n_epochs);
        return report.n_findings || report.unchecked_after || !report.n_entries;
}

static int write_entry(const LedgerEntry *entry)
{
        uint8_t kind = (uint8_t)entry->kind;

        return fwrite(&entry->revision, sizeof(entry->revision), 1, stdout) == 1 &&
                               fwrite(&entry->time_ms, sizeof(entry->time_ms), 1, stdout) == 1 &&
                               fwrite(&kind, sizeof(kind), 1, stdout) == 1 &&
                               fwrite(entry->digest, DIGEST_BYTES, 1, stdout) == 1 &&
                               fwrite(entry->head, DIGEST_BYTES, 1, stdout) == 1
                       ? 0
                       : -EIO;
}

static int list(const char *directory)
{
        CLEANUP(ledger_closep) Ledger *ledger = NULL;
        LedgerOptions options = { .directory = directory };
        uint8_t head[DIGEST_BYTES] = {};
        const char *text = "";
        LedgerEntry entry;
        uint64_t n = 0;
        int r;

        if (ledger_open(&ledger, &options, &text)) {
                fprintf(stderr, "crash-journal: %s\n", text);
                return 1;
        }
        while (!(r = ledger_next(ledger, &entry))) {
                head_chain(head, head, entry.revision, entry.time_ms, (uint8_t)entry.kind,
                           entry.digest);
                blob_unref(entry.bytes);
                if (entry.revision != ++n || memcmp(head, entry.head, DIGEST_BYTES) != 0) {
                        fprintf(stderr, "crash-journal: the chain is broken at %" PRIu64 "\n",
                                entry.revision);
                        return 1;
                }
                if (write_entry(&entry))
                        return 1;
        }
        return r != LEDGER_E_END || fflush(stdout);
}

int main(int argc, char **argv)
{
        if (sodium_init() < 0 || argc != 3)
                return 2;
        if (strcmp(argv[1], "verify") == 0)
                return verify(argv[2]);
        if (strcmp(argv[1], "list") == 0)
                return list(argv[2]);
        return 2;
}
