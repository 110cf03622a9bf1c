#include <stdio.h>
#include <string.h>

#include "sentences.h"

static Language language_spoken = LANGUAGE_EN;

void sentences_speak(Language language)
{
        language_spoken = language;
}

Language sentences_language(void)
{
        return language_spoken;
}

static const Sentence *find(const Sentence *sentences, const char *english)
{
        for (; sentences->english; sentences++)
                if (!strcmp(sentences->english, english))
                        return sentences;
        return NULL;
}

const char *sentence(const char *english)
{
        const Sentence *found = NULL;

        if (language_spoken == LANGUAGE_EN)
                return english;
        found = find(sentences_fail, english);
        if (!found)
                found = find(sentences_usage, english);
        return found ? found->dutch : english;
}

/* The part of @text that stands for the %s of @format; false: it is another sentence. */
static bool match(const char *format, const char *text, const char **ret_part, size_t *ret_n)
{
        const char *hole = strstr(format, "%s");
        size_t n_text = strlen(text), n_before, n_after;

        if (!hole)
                return false;
        n_before = (size_t)(hole - format);
        n_after = strlen(hole + 2);
        if (n_text <= n_before + n_after || strncmp(text, format, n_before) != 0 ||
            strcmp(text + n_text - n_after, hole + 2) != 0)
                return false;
        *ret_part = text + n_before;
        *ret_n = n_text - n_before - n_after;
        return true;
}

static const char *say_with(const char *dutch, const char *part, size_t n)
{
        static char texts[2][512];
        static unsigned turn;
        const char *hole = strstr(dutch, "%s");
        char inner[256];
        char *text;

        /* What stands in the hole may be a sentence, too: why a picture is not whole. */
        (void)snprintf(inner, sizeof(inner), "%.*s", (int)n, part);
        part = spoken(inner);
        text = texts[turn++ % N_ELEMENTS(texts)];
        (void)snprintf(text, sizeof(texts[0]), "%.*s%s%s", (int)(hole - dutch), dutch, part,
                       hole + 2);
        return text;
}

const char *spoken(const char *text)
{
        const Sentence *found;
        const char *part;
        size_t n;

        if (language_spoken == LANGUAGE_EN)
                return text;
        found = find(sentences_broker, text);
        if (found)
                return found->dutch;
        for (found = sentences_broker; found->english; found++)
                if (match(found->english, text, &part, &n))
                        return say_with(found->dutch, part, n);
        return text;
}

const char *refusal_sentence(uint32_t code)
{
        return language_spoken == LANGUAGE_EN || code >= n_refusal_sentences
                       ? NULL
                       : refusal_sentences[code];
}
