/*
 * Words on what happened, from the picture that a reader has
 */

#include <string.h>

#include "derived/flows.h"

int flow_words_add(FlowWords *words, const FlowWord *word)
{
        size_t n_room = words->n_room ? 2 * words->n_room : 64;
        FlowWord *grown;

        if (words->n_words == words->n_room) {
                grown = reallocarray(words->words, n_room, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                words->words = grown;
                words->n_room = n_room;
        }
        words->words[words->n_words++] = *word;
        return 0;
}

void flow_words_deinit(FlowWords *words)
{
        free(words->words);
        *words = FLOW_WORDS_NULL;
}

/* Nothing needs to be decoded: it is all in the record. */
static void word_of(const Record *record, const char *party, const char *location,
                    const RecordRef *ref, FlowWord *ret_word)
{
        const RecordEvent *event = record->event;

        *ret_word = (FlowWord){
                .revision = record->revision,
                .audience = record->audience,
                .party = party,
                .region = record->topic->topic.region,
                .location = location,
                .unit = ref->unit,
                .other = ref->other,
                .care = ref->care,
                .from = ref->link_from,
                .to = ref->link_to,
                .has_count = event->has_count,
                .count = event->count,
                .from_ms = event->from_ms,
                .until_ms = event->until_ms,
        };
}

int flow_words_gather(FlowWords *words, const Picture *picture, const Registry *registry,
                      Status status, const char *location, int64_t now_ms)
{
        const Events *events = picture_events(picture);
        const char *party, *place;
        FlowWord word;
        RecordRef ref;
        int r = 0;

        for (size_t i = 0; !r && i < EVENT_BUCKETS; i++)
                list_for_each (link, &events->buckets[i]) {
                        const Record *record = list_entry(link, RecordEvent, in_bucket)->record;

                        if (record->status != status || record->report != UPDATE_FLOW)
                                continue;
                        record_describe(record, &party, &place, &ref);
                        if ((location && strcmp(location, place) != 0) ||
                            party_trust(registry_find(registry, party), record->revision,
                                        record->received_at_ms, now_ms) == PARTY_DISTRUSTED)
                                continue;
                        word_of(record, party, place, &ref, &word);
                        r = flow_words_add(words, &word);
                        if (r)
                                break;
                }
        return r;
}

int flows_load(FlowsLoad *ret_load, const Picture *picture, const Registry *registry,
               Status status, const char *location, uint32_t care, int64_t now_ms)
{
        CLEANUP(flow_words_deinit) FlowWords words = FLOW_WORDS_NULL;
        CLEANUP(flows_deinit) Flows flows = FLOWS_NULL;
        const FlowsQuestion question = {
                .location = location,
                .care = care,
                .from_ms = now_ms - (int64_t)FLOWS_LOAD_DAYS * 24 * 3600 * 1000,
                .to_ms = now_ms,
                .audience = AUDIENCE_COORD, /* what is not for the reader is not there */
        };
        int r;

        r = flow_words_gather(&words, picture, registry, status, location, now_ms);
        if (!r)
                r = flows_make(&flows, words.words, words.n_words, &question);
        if (!r)
                *ret_load = flows_load_of(&flows);
        return r;
}
