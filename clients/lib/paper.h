#pragma once

/*
 * Paper: a document signed by the authority, as a file
 *
 *         plek enrolment 1
 *         # sint-anna, serial 3
 *         UExFSwEDAAA...
 *
 * The first line says what it is, lines that begin with # are for people, the rest is the envelope
 * in base 64. A file that is the envelope's bytes themselves is read as well.
 */

#include "wire/document.h"

enum {
        PAPER_OK,
        PAPER_E_FORMAT, /* neither an envelope nor such a file */
};

/* Sign with the authority's @key. Return 0, -EINVAL (something in it is not allowed), or -ENOMEM.
 */
MUST_CHECK int paper_sign_enrolment(Blob **ret_envelope, const NetworkId *network,
                                    const SecretKey *key, const Enrolment *enrolment);
MUST_CHECK int paper_sign_card(Blob **ret_envelope, const SecretKey *key, const RegionCard *card);

/* The text of such a file. @comment may have several lines, or be NULL. Returns 0 or -ENOMEM. */
MUST_CHECK int paper_format(char **ret_text, const Blob *envelope, const char *comment);
/* Replaces @path in one step, synced. Returns 0 or -errno. */
MUST_CHECK int paper_save(const Blob *envelope, const char *comment, const char *path);

/* The envelope in such a file, parsed but not verified. Return 0, PAPER_E_FORMAT, or -errno. */
MUST_CHECK int paper_parse(Blob **ret_envelope, const void *bytes, size_t n_bytes);
MUST_CHECK int paper_load(Blob **ret_envelope, const char *path);
