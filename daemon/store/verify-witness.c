#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "store/error.h"
#include "store/verify-private.h"

/*
 * What others kept, against what is here
 *
 * A witnessed head that is later than the last entry: this is an older copy. One that differs at a
 * revision of the same epoch: the history was written anew. One that differs, of an epoch that is
 * not here: the directory was rolled back, and went on from there. If an epoch that did not
 * continue was opened in between, that was noticed then, and is in the open.
 */

enum {
        LINE_MAX_BYTES = 4096,
};

static void fclosep(FILE **file)
{
        if (*file)
                fclose(*file);
}

static int unreadable(Look *look, unsigned line, const char *what)
{
        if (line)
                snprintf(look->shared->text, sizeof(look->shared->text), "%s:%u: %s",
                         look->options->witness, line, what);
        else
                snprintf(look->shared->text, sizeof(look->shared->text), "%s: %s",
                         look->options->witness, what);
        return err_raise(-EINVAL);
}

/* The last word of @line as bytes; 0: there is none. */
static size_t line_envelope(char *line, uint8_t *ret_bytes, size_t n_max)
{
        size_t n_line = strlen(line);
        size_t n_bytes = 0;
        const char *word, *end;

        while (n_line && strchr(" \t\r\n", line[n_line - 1]))
                line[--n_line] = '\0';
        word = strrchr(line, ' ');
        word = word ? word + 1 : line;
        if (sodium_hex2bin(ret_bytes, n_max, word, strlen(word), NULL, &n_bytes, &end) || *end)
                return 0;
        return n_bytes;
}

static bool epoch_is_here(const Look *look, uint64_t epoch)
{
        for (size_t i = 0; i < look->n_epochs; i++)
                if (look->epochs[i].epoch == epoch)
                        return true;
        return false;
}

/* An epoch that did not continue was opened after @head: that it came to nothing is in the open. */
static bool cut_was_noticed(const Look *look, const Head *head)
{
        for (size_t i = 1; i < look->n_epochs; i++)
                if (!look->epochs[i].continues && look->epochs[i].opened_at_ms >= head->time_ms)
                        return true;
        return false;
}

static void look_at_difference(Look *look, const Head *head)
{
        const EpochSeen *epoch = look_epoch_at(look, head->revision);

        if (epoch && epoch->epoch == head->epoch)
                look_found(look, VERIFY_RE_SIGNED, head->revision,
                           "revision %" PRIu64 " was witnessed to be another than it is here",
                           head->revision);
        else if (!cut_was_noticed(look, head))
                look_found(look,
                           epoch_is_here(look, head->epoch) ? VERIFY_RE_SIGNED : VERIFY_ROLLED_BACK,
                           head->revision,
                           "revision %" PRIu64 " was witnessed in epoch %016" PRIx64 ", and is "
                           "another here: this was an older copy that went on",
                           head->revision, head->epoch);
}

/* On a live directory the witness may be ahead of what was looked at: the journal is asked again.
 */
static int look_at_head(Look *look, const Head *head)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        JournalRow row;
        int r;

        r = transaction_read(&transaction, look->environment);
        if (!r)
                r = journal_get(&transaction, head->revision, &row);
        if (r == STORE_E_NONE && head->revision > look->report->last_revision &&
            !look->report->n_defects[VERIFY_TRUNCATED] && !cut_was_noticed(look, head))
                look_found(look, VERIFY_ROLLED_BACK, head->revision,
                           "revision %" PRIu64 " was witnessed, and this ends at %" PRIu64,
                           head->revision, look->report->last_revision);
        if (r == STORE_E_NONE || r == STORE_E_DAMAGED)
                return 0; /* in between: that has been said */

        if (!r && memcmp(row.head, head->head, DIGEST_BYTES) != 0)
                look_at_difference(look, head);
        return r;
}

static int look_at_line(Look *look, char *text, unsigned line)
{
        uint8_t bytes[LINE_MAX_BYTES / 2];
        Arena *arena = look->signatures.arena;
        Envelope envelope;
        size_t n_bytes;
        Head head;

        n_bytes = line_envelope(text, bytes, sizeof(bytes));
        if (!n_bytes || envelope_parse(&envelope, bytes, n_bytes) || envelope.kind != ENVELOPE_HEAD)
                return unreadable(look, line, "this line does not end in a signed head");
        if (look->signatures.has_network &&
            memcmp(&look->signatures.network, &envelope.network, sizeof(NetworkId)) != 0)
                return unreadable(look, line, "this head is of another network");

        arena_reset(arena);
        arena_limit(arena, ARENA_MESSAGE_BYTES);
        if (head_decode(&head, arena, envelope.body, envelope.n_body))
                return unreadable(look, line, "this line does not end in a signed head");

        look->report->n_heads++;
        if (!look->blind && !look_is_signed_by_broker(look, &envelope)) {
                look_found(look, VERIFY_RE_SIGNED, head.revision,
                           "the head of revision %" PRIu64 " that was witnessed is signed with a "
                           "key that opened no epoch here",
                           head.revision);
                return 0;
        }
        return look_at_head(look, &head);
}

int look_at_witness(Look *look)
{
        CLEANUP(fclosep) FILE *file = NULL;
        char text[LINE_MAX_BYTES];
        int r;

        file = fopen(look->options->witness, "re");
        if (!file)
                return unreadable(look, 0, strerror(errno));

        for (unsigned line = 1; fgets(text, sizeof(text), file); line++) {
                if (text[strspn(text, " \t\r\n")] == '\0' || *text == '#')
                        continue;
                if (!strchr(text, '\n') && !feof(file))
                        return unreadable(look, line, "this line is too long");
                r = look_at_line(look, text, line);
                if (r)
                        return r;
        }
        return ferror(file) ? unreadable(look, 0, "cannot be read") : 0;
}
