#pragma once

/*
 * Between the public structs of reports and those of the wire; pointers are borrowed both ways
 */

#include "plek/report.h"
#include "wire/update.h"

/* Everything but who says it when: party, instance, seq and times are left zero. False: more
 * elements than there is room for; *ret_refusal says of what. */
bool report_to_update(const PlekReport *report, Update *ret_update, WireRefusal *ret_refusal);
void report_from_update(const Update *update, PlekReport *ret_report);

void card_from_wire(const LocationCard *from, PlekLocationCard *to);
void offering_from_wire(const Offering *from, PlekOffering *to);
/* Only what a record's key says, as of one that was withdrawn. */
void report_from_ref(const RecordRef *ref, Status status, const char *location,
                     PlekReport *ret_report);

RecordRef record_ref_of(const PlekRecordKey *key);
void record_key_from(const RecordRef *ref, Status status, const char *party, const char *location,
                     PlekRecordKey *ret_key);

/* @ret_fault may be NULL; strings are cut to fit. */
void fault_set(PlekFault *ret_fault, uint32_t code, const char *field, const char *text);
void fault_from(PlekFault *ret_fault, const WireRefusal *refusal);
