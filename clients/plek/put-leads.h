#pragma once

/*
 * What leads at a door, after something was said of it
 *
 * That a door was accepted as open does not say that patients can be brought: a stop of the whole
 * house, of a unit or of another party may lead all the same, and nobody else tells whoever typed.
 */

#include <jansson.h>

#include "put.h"

enum { PUT_LEADS_MAX = 16 };

typedef struct PutLead {
        PlekDoorScope scope, said_of; /* their units are the next two */
        char unit[72], said_unit[72];
        uint32_t state, reason;
        PlekDoorWhy why;
        PlekStanding standing;
        int64_t since_ms, ends_at_ms;
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX];
        size_t n_exceptions;
        char party[72], party_name[136]; /* who says so; empty: nobody does */
} PutLead;

typedef struct PutLeads {
        bool is_known;
        bool sees_others;             /* else only what this party says itself */
        PutLead leads[PUT_LEADS_MAX]; /* first of the scope of the report, then those within it
                                       * where something stricter leads */
        size_t n_leads;
} PutLeads;

/*
 * Asks what leads now that @o was accepted as @revision: as a reader, where this party is one, else
 * of what it says itself. Waits for what is left of the timeout; that nothing is known then is no
 * failure of what was said.
 */
void put_leads_ask(PutLeads *ret_leads, Peer *peer, PlekPublisher *publisher, const PutOptions *o,
                   uint64_t revision);
void put_leads_say(const PutLeads *leads, const PutOptions *o);
void put_leads_json(const PutLeads *leads, json_t *object);
