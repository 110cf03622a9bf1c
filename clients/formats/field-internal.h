#pragma once

/*
 * Between field.c, which has the table and writes, and field-set.c, which reads
 */

#include "formats/field.h"

typedef enum FieldType {
        TYPE_STRING,
        TYPE_CODE,  /* 0: not said */
        TYPE_SCOPE, /* PLEK_ANY: not narrowed */
        TYPE_SCOPE_NUMBER,
        TYPE_NUMBER,    /* 0: not said */
        TYPE_TIME,      /* PLEK_NO_TIME: not said */
        TYPE_TIME_OR_0, /* 0: not said */
        TYPE_COUNT,
        TYPE_DEGREES,
        TYPE_SCORE,
        TYPE_OFFERED,
        TYPE_EXCEPTIONS,
        TYPE_INPUTS,
        TYPE_CONTACTS,
        TYPE_IDENTIFIERS,
} FieldType;

struct Field {
        const char *name;
        unsigned kinds; /* of reports that have it */
        FieldType type;
        size_t at;     /* in a PlekReport; of a count its PlekCountField */
        unsigned list; /* PlekCodeList */
};

/* NULL: reports of @kind have none of that name. */
const Field *field_find(PlekReportKind kind, const char *name);
