#pragma once

/*
 * Doors in words: what leads, until when, what is announced, and what the neighbours do
 */

#include "plek/plek.h"

#include "text.h"

/* "stop", "unknown"; of what became open by itself, "open". */
const char *door_state_words(uint32_t state, Language language);
/* "ED seh, walk-in, U3", or "whole location". */
void scope_words(const PlekDoorScope *scope, Language language, Text *text);
/* " except multitrauma, stroke"; nothing if there are none. */
void exceptions_words(const uint32_t *exceptions, size_t n_exceptions, Language language,
                      Text *text);
/* " · but stop for: by ambulance"; nothing if nobody fares worse. */
void narrower_words(const PlekNarrowerDoor *narrower, size_t n_narrower, Language language,
                    Text *text);
/* "withdrawn", of an unknown door; NULL: it is known. */
const char *door_why_words(PlekDoorWhy why, Language language);
/* "expired", "reopened, unconfirmed", or why it is unknown; NULL: it stands. */
const char *door_standing_words(uint32_t state, PlekDoorWhy why, PlekStanding standing,
                                Language language);
/* "door: withdrawn since 14:02", "door: not said" */
void unknown_door_words(PlekDoorWhy why, int64_t since_ms, Language language, Text *text);
/* "places: withdrawn since 14:02", or nothing where @at_ms is PLEK_NO_TIME. */
void withdrawn_places_words(int64_t at_ms, Language language, Text *text);
/* "stop (expired) since 14:02, except multitrauma, until 18:00" */
void leading_words(const PlekLeadingDoor *door, Language language, Text *text);
/* "closes Fri 18:00, until Mon 08:00" of the next plan ahead; nothing if there is none. */
void plan_words(const PlekLeadingDoor *door, Language language, Text *text);
void plan_at_words(uint32_t state, int64_t starts_at_ms, int64_t ends_at_ms, Language language,
                   Text *text);
/* "Ziekenhuis Duinzicht, 8.6 km, open (stale, 3 h), SEH 088 000 0301" */
void neighbour_words(const PlekNeighbour *neighbour, Language language, Text *text);
/* "all neighbours have stopped too (2, past their end 1) · next: ..." */
void neighbours_words(const PlekNeighbours *neighbours, Language language, Text *text);
