#include "derived/stops-words.h"

#include <stdlib.h>
#include <string.h>

/* What a word points to; the door comes first. */
typedef struct StopsDoor {
        Door door;
        bool is_distrusted;
} StopsDoor;

static bool is_text_equal(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

static DoorWord *find_word(StopsWords *words, const StopsEvent *event)
{
        for (size_t i = 0; i < words->n_words; i++) {
                DoorWord *word = &words->words[i];

                if (word->door->plan == event->door->plan &&
                    word->door->care == event->door->care &&
                    word->door->patient_group == event->door->patient_group &&
                    word->door->urgency == event->door->urgency &&
                    is_text_equal(word->unit, event->unit) && !strcmp(word->party, event->party))
                        return word;
        }
        return NULL;
}

static StopsDoor *door_of(const DoorWord *word)
{
        return (StopsDoor *)word->door;
}

static void take_away(StopsWords *words, DoorWord *word)
{
        StopsDoor *door = door_of(word);

        words->n_distrusted -= door->is_distrusted;
        free(door);
        *word = words->words[--words->n_words];
}

int stops_words_put(StopsWords *words, const StopsEvent *event)
{
        DoorWord *word = find_word(words, event);
        DoorWord *grown;
        StopsDoor *door;

        if (event->is_withdrawn) {
                if (word)
                        take_away(words, word);
                return 0;
        }
        if (!word) {
                grown = reallocarray(words->words, words->n_words + 1, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                words->words = grown;
                door = calloc(1, sizeof(*door));
                if (!door)
                        return err_raise(-ENOMEM);
                word = &grown[words->n_words++];
        } else {
                door = door_of(word);
        }
        words->n_distrusted += event->is_distrusted;
        words->n_distrusted -= door->is_distrusted;
        *door = (StopsDoor){ .door = *event->door, .is_distrusted = event->is_distrusted };
        *word = (DoorWord){
                .door = &door->door,
                .unit = event->unit,
                .party = event->party,
                .since_ms = event->since_ms,
                .withdrawn_ms = TIME_ABSENT,
        };
        return 0;
}

size_t stops_words_trusted(StopsWords *words)
{
        size_t n = 0;

        for (size_t i = 0; i < words->n_words; i++) {
                DoorWord word = words->words[i];

                if (door_of(&word)->is_distrusted)
                        continue;
                words->words[i] = words->words[n];
                words->words[n++] = word;
        }
        return n;
}

void stops_words_deinit(StopsWords *words)
{
        while (words->n_words)
                take_away(words, &words->words[0]);
        free(words->words);
        *words = (StopsWords){ 0 };
}
