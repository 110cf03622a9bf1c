#pragma once

/*
 * Mail: a block or an answer on its way to one reader, in memory of its own
 */

#include "universe.h"

/* An entry: a report, an affirm or a withdrawal. */
typedef struct Letter {
        Entry entry;
        Blob *envelope; /* NULL: a withdrawal of what withdrawn names */
        RecordKey withdrawn;
        WithdrawnCause cause;
} Letter;

typedef struct Letters {
        Letter *all;
        size_t n, n_allocated;
} Letters;

typedef struct Mail {
        PictureTopic *topic; /* the broker's */
        uint64_t previous, last;
        bool whole;
        Letters entries;
        Letters affirms; /* that the entries rest on */
} Mail;

/* Readers of a model do not check signatures. */
static inline Blob *envelope_unsigned(const Update *update)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        WireRefusal refusal;
        Blob *envelope = NULL;

        must(update_encode(&body, &refusal, update));
        must(blob_new(&envelope, ENVELOPE_OVERHEAD_BYTES + body->n_bytes));
        memset(envelope->bytes, 0, ENVELOPE_OVERHEAD_BYTES);
        memcpy(envelope->bytes + ENVELOPE_OVERHEAD_BYTES, body->bytes, body->n_bytes);
        return envelope;
}

static inline Letter *letters_add(Letters *letters, Blob *envelope)
{
        Letter *letter;

        if (letters->n == letters->n_allocated) {
                letters->n_allocated = 2 * letters->n_allocated + 4;
                letters->all = realloc(letters->all, letters->n_allocated * sizeof(*letter));
                assert(letters->all);
        }
        letter = &letters->all[letters->n++];
        *letter = (Letter){ .envelope = blob_ref(envelope) };
        return letter;
}

static inline void letters_deinit(Letters *letters)
{
        for (size_t i = 0; i < letters->n; i++)
                blob_unref(letters->all[i].envelope);
        free(letters->all);
}

static inline Mail *mail_new(PictureTopic *topic)
{
        Mail *mail = calloc(1, sizeof(*mail));

        assert(mail);
        mail->topic = topic;
        return mail;
}

static inline Mail *mail_free(Mail *mail)
{
        if (mail) {
                letters_deinit(&mail->entries);
                letters_deinit(&mail->affirms);
                free(mail);
        }
        return NULL;
}

static inline Mail *mail_copy(const Mail *mail)
{
        Mail *copy = mail_new(mail->topic);

        copy->previous = mail->previous;
        copy->last = mail->last;
        copy->whole = mail->whole;
        for (size_t i = 0; i < mail->entries.n; i++)
                *letters_add(&copy->entries, mail->entries.all[i].envelope) = mail->entries.all[i];
        for (size_t i = 0; i < mail->affirms.n; i++)
                *letters_add(&copy->affirms, mail->affirms.all[i].envelope) = mail->affirms.all[i];
        return copy;
}

static inline bool mail_has_affirm(const Mail *mail, uint64_t revision)
{
        for (size_t i = 0; i < mail->affirms.n; i++)
                if (mail->affirms.all[i].entry.revision == revision)
                        return true;
        return false;
}

/* With the affirm that it rests on, once. */
static inline void mail_add_record(Mail *mail, const Record *record)
{
        const Affirmation *affirmation = record->affirmation;

        record_to_entry(record, &letters_add(&mail->entries, record->envelope)->entry);
        if (affirmation && !mail_has_affirm(mail, affirmation->revision))
                affirmation_to_entry(affirmation,
                                     &letters_add(&mail->affirms, affirmation->envelope)->entry);
}

static inline void mail_add_affirm(Mail *mail, const Affirmation *affirmation)
{
        affirmation_to_entry(affirmation,
                             &letters_add(&mail->entries, affirmation->envelope)->entry);
}

static inline void mail_add_tombstone(Mail *mail, const Tombstone *tombstone)
{
        Letter *letter = letters_add(&mail->entries, NULL);
        WithdrawnRecord withdrawn;

        tombstone_to_entry(tombstone, &withdrawn, &letter->entry);
        record_key_make(&letter->withdrawn, withdrawn.status, withdrawn.party, withdrawn.location,
                        &withdrawn.ref);
        letter->cause = withdrawn.cause;
}
