#include "derived/card.h"

#include <string.h>

CardWord card_word(const Registry *registry, const Record *record)
{
        const char *party, *location;
        int64_t since_ms;
        const Party *of;
        RecordRef ref;

        record_describe(record, &party, &location, &ref);
        of = registry_find(registry, party);
        since_ms = of ? party_distrusted_since(of, record->revision) : TIME_ABSENT;
        return (CardWord){
                .party = party,
                .is_distrusted = since_ms != TIME_ABSENT && record->received_at_ms >= since_ms,
                .n_locations = of && party_grant(of, location) ? of->newest->enrolment->n_locations
                                                               : SIZE_MAX,
                .since_ms = record->since_ms,
        };
}

bool card_leads(const CardWord *word, const CardWord *other)
{
        if (word->is_distrusted != other->is_distrusted)
                return !word->is_distrusted;
        if (word->n_locations != other->n_locations)
                return word->n_locations < other->n_locations;
        if (word->since_ms != other->since_ms)
                return word->since_ms > other->since_ms;
        return strcmp(word->party, other->party) < 0;
}

const Contact *card_contact(const LocationCard *card, uint32_t care)
{
        const Contact *about_all = NULL;

        for (size_t i = 0; i < card->n_contacts; i++) {
                const Contact *contact = &card->contacts[i];

                if (contact->care && contact->care == care)
                        return contact;
                if (!contact->care && !about_all)
                        about_all = contact;
        }
        return about_all ? about_all : card->n_contacts ? &card->contacts[0] : NULL;
}
