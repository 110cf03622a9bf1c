#include "lib/paper.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"

enum {
        LINE_CHARS = 76,
        FILE_MAX_BYTES = 2 * ENVELOPE_MAX_BYTES,
};

/* ------------------------------------------------------------------ signing */

static int sign(Blob **ret_envelope, EnvelopeKind kind, const NetworkId *network,
                const SecretKey *key, const Blob *body)
{
        return err_fold(
                envelope_sign(ret_envelope, kind, network, key, body->bytes, body->n_bytes));
}

int paper_sign_enrolment(Blob **ret_envelope, const NetworkId *network, const SecretKey *key,
                         const Enrolment *enrolment)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        int r;

        r = enrolment_encode(&body, enrolment);
        return r ? err_fold(r) : sign(ret_envelope, ENVELOPE_ENROLMENT, network, key, body);
}

int paper_sign_card(Blob **ret_envelope, const SecretKey *key, const RegionCard *card)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        int r;

        r = region_card_encode(&body, card);
        return r ? err_fold(r) : sign(ret_envelope, ENVELOPE_CARD, &card->network, key, body);
}

/* ------------------------------------------------------------------ writing */

static const char *title_of(const Blob *blob)
{
        Envelope envelope;

        if (envelope_parse(&envelope, blob->bytes, blob->n_bytes))
                return "document";
        switch (envelope.kind) {
        case ENVELOPE_ENROLMENT:
                return "enrolment";
        case ENVELOPE_CARD:
                return "card";
        default:
                return "document";
        }
}

static void write_comment(FILE *file, const char *comment)
{
        while (comment && *comment) {
                size_t n_line = strcspn(comment, "\r\n");

                fprintf(file, "# %.*s\n", (int)n_line, comment);
                comment += n_line;
                comment += *comment != '\0';
        }
}

int paper_format(char **ret_text, const Blob *envelope, const char *comment)
{
        CLEANUP(freep) char *base64 = NULL;
        size_t n_base64 =
                sodium_base64_encoded_len(envelope->n_bytes, sodium_base64_VARIANT_ORIGINAL);
        size_t n_text;
        FILE *file;
        bool failed;

        base64 = malloc(n_base64);
        if (!base64)
                return err_raise(-ENOMEM);
        (void)sodium_bin2base64(base64, n_base64, envelope->bytes, envelope->n_bytes,
                                sodium_base64_VARIANT_ORIGINAL);

        file = open_memstream(ret_text, &n_text);
        if (!file)
                return err_raise(-ENOMEM);
        fprintf(file, "plek %s 1\n", title_of(envelope));
        write_comment(file, comment);
        for (const char *at = base64; *at; at += strnlen(at, LINE_CHARS))
                fprintf(file, "%.*s\n", LINE_CHARS, at);
        failed = ferror(file);
        if (fclose(file) || failed) {
                free(*ret_text);
                *ret_text = NULL;
                return err_raise(-ENOMEM);
        }
        return 0;
}

int paper_save(const Blob *envelope, const char *comment, const char *path)
{
        CLEANUP(freep) char *text = NULL;
        int r;

        r = paper_format(&text, envelope, comment);
        return r ? r : file_replace(path, text, strlen(text));
}

/* ------------------------------------------------------------------ reading */

/* Moves the base 64 to the front, without comments and blanks. Returns its length. */
static size_t squeeze(char *text)
{
        bool at_start = true, in_comment = false;
        char *to = text;

        for (const char *from = text; *from; from++) {
                if (*from == '\n') {
                        at_start = true;
                        in_comment = false;
                        continue;
                }
                if (at_start && *from == '#')
                        in_comment = true;
                at_start = false;
                if (!in_comment && !strchr(" \t\r", *from))
                        *to++ = *from;
        }
        *to = '\0';
        return (size_t)(to - text);
}

static int parse_text(Blob **ret_envelope, const char *bytes, size_t n_bytes)
{
        CLEANUP(freep) char *text = NULL;
        CLEANUP(freep) uint8_t *envelope = NULL;
        size_t n_base64, n_envelope;
        char *start;

        text = strndup(bytes, n_bytes);
        if (!text)
                return err_raise(-ENOMEM);
        start = strchr(text, '\n');
        if (strncmp(text, "plek ", 5) || !start)
                return PAPER_E_FORMAT;

        n_base64 = squeeze(++start);
        envelope = malloc(n_base64 + 1);
        if (!envelope)
                return err_raise(-ENOMEM);
        if (sodium_base642bin(envelope, n_base64 + 1, start, n_base64, NULL, &n_envelope, NULL,
                              sodium_base64_VARIANT_ORIGINAL))
                return PAPER_E_FORMAT;
        return blob_copy(ret_envelope, envelope, n_envelope);
}

int paper_parse(Blob **ret_envelope, const void *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        Envelope envelope;
        int r;

        if (n_bytes > FILE_MAX_BYTES)
                return PAPER_E_FORMAT;
        if (envelope_parse(&envelope, bytes, n_bytes) == 0)
                return blob_copy(ret_envelope, bytes, n_bytes);

        r = parse_text(&blob, bytes, n_bytes);
        if (r)
                return r;
        if (envelope_parse(&envelope, blob->bytes, blob->n_bytes))
                return PAPER_E_FORMAT;
        *ret_envelope = STEAL(blob);
        return 0;
}

int paper_load(Blob **ret_envelope, const char *path)
{
        CLEANUP(blob_unrefp) Blob *file = NULL;
        int r;

        r = file_load(&file, path, FILE_MAX_BYTES);
        return r ? r : paper_parse(ret_envelope, file->bytes, file->n_bytes);
}
