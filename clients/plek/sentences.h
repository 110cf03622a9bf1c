#pragma once

/*
 * Sentences: what is wrong and what to do, in the language of who reads it
 *
 * A sentence is written where it is said, in English, and found here by that. Formats keep their
 * conversions in order.
 */

#include "command.h"
#include "sentences.h"
#include "plek/plek.h"

typedef struct Sentence {
        const char *english, *dutch;
} Sentence;

/* End with { 0 }. */
extern const Sentence sentences_fail[], sentences_usage[], sentences_broker[];

extern const char *const refusal_sentences[]; /* in Dutch, by PlekRefusal; NULL: none */
extern const size_t n_refusal_sentences;

/* From now on what is wrong is said in this language; until then in English. */
void sentences_speak(Language language);
Language sentences_language(void);

/* A format of fail() or usage_error(), in the language spoken. */
const char *sentence(const char *english);

/* What libplek or a broker said, in that language where we know it: also a sentence with one name
 * or address in it. Good until the second call from now. */
const char *spoken(const char *text);

/* Why something was refused, for who does not read the broker's English; NULL: @code says no more
 * than its text, or that is spoken. */
const char *refusal_sentence(uint32_t code);
