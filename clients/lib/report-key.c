/*
 * Which record a report is: as the wire has it, and as libplek's callers do
 */

#include "lib/report.h"

#include <string.h>

static bool kind_has_unit(PlekReportKind kind)
{
        return kind != PLEK_REPORT_CARD && kind != PLEK_REPORT_OFFERING &&
               kind != PLEK_REPORT_REFUSAL;
}

void report_from_ref(const RecordRef *ref, Status status, const char *location,
                     PlekReport *ret_report)
{
        *ret_report = (PlekReport){
                .status = (PlekStatus)status,
                .location = location,
                .unit = ref->unit,
                .kind = (PlekReportKind)ref->report,
        };
        if (ref->report == UPDATE_COUNTS) {
                ret_report->counts.care = ref->care;
        } else if (ref->report == UPDATE_DOOR) {
                ret_report->door = (PlekDoor)PLEK_DOOR_INIT;
                ret_report->door.care = ref->care;
                ret_report->door.patient_group = ref->patient_group;
                ret_report->door.urgency = ref->urgency;
                ret_report->door.plan = ref->plan;
        } else if (ref->report == UPDATE_PRESSURE) {
                ret_report->pressure.method = ref->method;
        } else if (ref->report == UPDATE_OFFERING) {
                ret_report->offering = (PlekOffering)PLEK_OFFERING_INIT;
                ret_report->offering.care = ref->care;
                ret_report->offering.plan = ref->plan;
        } else if (ref->report == UPDATE_FLOW) {
                ret_report->flow = (PlekFlow){
                        .from = ref->link_from,
                        .to = ref->link_to,
                        .other = ref->other,
                        .care = ref->care,
                        .from_ms = ref->from_ms,
                        .until_ms = ref->until_ms,
                };
        } else if (ref->report == UPDATE_REFUSAL) {
                ret_report->refusal = (PlekCareRefusal){ .care = ref->care };
                memcpy(ret_report->refusal.id, ref->id, sizeof(ref->id));
        }
}

RecordRef record_ref_of(const PlekRecordKey *key)
{
        RecordRef ref = {
                .report = (UpdateKind)key->kind,
                .unit = kind_has_unit(key->kind) ? key->unit : NULL,
                .care = CODE_ABSENT,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };

        switch (key->kind) {
        case PLEK_REPORT_COUNTS:
                ref.care = key->care;
                break;
        case PLEK_REPORT_DOOR:
                ref.care = key->care;
                ref.patient_group = key->patient_group;
                ref.urgency = key->urgency;
                ref.plan = key->plan;
                break;
        case PLEK_REPORT_PRESSURE:
                ref.method = key->method;
                break;
        case PLEK_REPORT_CARD:
                break;
        case PLEK_REPORT_OFFERING:
                ref.care = key->care;
                ref.plan = key->plan;
                break;
        case PLEK_REPORT_FLOW:
                ref.care = key->care;
                ref.link_from = key->link_from;
                ref.link_to = key->link_to;
                ref.other = key->other;
                ref.from_ms = key->from_ms;
                ref.until_ms = key->until_ms;
                break;
        case PLEK_REPORT_REFUSAL:
                ref.care = key->care;
                memcpy(ref.id, key->id, sizeof(ref.id));
                break;
        }
        return ref;
}

void record_key_from(const RecordRef *ref, Status status, const char *party, const char *location,
                     PlekRecordKey *ret_key)
{
        *ret_key = (PlekRecordKey){
                .status = (PlekStatus)status,
                .party = party,
                .location = location,
                .kind = (PlekReportKind)ref->report,
                .unit = ref->unit,
                .care = ref->care,
                .patient_group = ref->patient_group,
                .urgency = ref->urgency,
                .plan = ref->plan,
                .method = ref->method,
                .link_from = ref->link_from,
                .link_to = ref->link_to,
                .other = ref->other,
                .from_ms = ref->from_ms,
                .until_ms = ref->until_ms,
        };
        memcpy(ret_key->id, ref->id, sizeof(ret_key->id));
}

void plek_report_key(const PlekReport *report, PlekRecordKey *ret_key)
{
        *ret_key = (PlekRecordKey){
                .status = report->status,
                .location = report->location,
                .kind = report->kind,
                .unit = kind_has_unit(report->kind) ? report->unit : NULL,
                .care = PLEK_ANY,
                .patient_group = PLEK_ANY,
                .urgency = PLEK_ANY,
        };
        if (report->kind == PLEK_REPORT_COUNTS) {
                ret_key->care = report->counts.care;
        } else if (report->kind == PLEK_REPORT_DOOR) {
                ret_key->care = report->door.care;
                ret_key->patient_group = report->door.patient_group;
                ret_key->urgency = report->door.urgency;
                ret_key->plan = report->door.plan;
        } else if (report->kind == PLEK_REPORT_PRESSURE) {
                ret_key->method = report->pressure.method;
        } else if (report->kind == PLEK_REPORT_OFFERING) {
                ret_key->care = report->offering.care;
                ret_key->plan = report->offering.plan;
        } else if (report->kind == PLEK_REPORT_FLOW) {
                ret_key->care = report->flow.care;
                ret_key->link_from = report->flow.from;
                ret_key->link_to = report->flow.to;
                ret_key->other = report->flow.other;
                ret_key->from_ms = report->flow.from_ms;
                ret_key->until_ms = report->flow.until_ms;
        } else if (report->kind == PLEK_REPORT_REFUSAL) {
                ret_key->care = report->refusal.care;
                memcpy(ret_key->id, report->refusal.id, sizeof(ret_key->id));
        }
}
