#include <stdio.h>
#include <string.h>

#include "document.h"
#include "formats/csv-table.h"
#include "formats/fhir.h"
#include "formats/have.h"
#include "words.h"

static int write_csv(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                     size_t n_records, const DocumentOptions *options, const FormatNotes *notes)
{
        return csv_table_write(ret_bytes, ret_n_bytes, records, n_records, notes);
}

static int write_have(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                      size_t n_records, const DocumentOptions *options, const FormatNotes *notes)
{
        const HaveOptions have = { options->status, options->sender, options->now_ms };

        return have_write(ret_bytes, ret_n_bytes, records, n_records, &have, notes);
}

static int write_fhir(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                      size_t n_records, const DocumentOptions *options, const FormatNotes *notes)
{
        const FhirOptions fhir = { options->status, options->now_ms };

        return fhir_write(ret_bytes, ret_n_bytes, records, n_records, &fhir, notes);
}

static const DocumentFormat formats[] = {
        { "have", write_have, have_read },
        { "fhir", write_fhir, fhir_read },
        { "csv", write_csv, csv_table_read },
};

const DocumentFormat *document_format(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(formats); i++)
                if (!strcmp(formats[i].name, name))
                        return &formats[i];
        return NULL;
}

void document_note(void *arg, const FormatRecord *record, const char *field, const char *why)
{
        DocumentNotes *notes = arg;
        char id[FORMAT_ID_BYTES] = "";
        json_t *object;

        notes->n++;
        if (record)
                format_id(record, id);
        if (!notes->json) {
                fprintf(notes->to, "%s%s%s: %s\n", id, *id && field ? " " : "",
                        field ? field
                        : *id ? ""
                              : "-",
                        why);
                return;
        }
        object = json_pack("{s:s}", "why", why);
        if (*id)
                json_object_set_new(object, "id", json_string(id));
        if (field)
                json_object_set_new(object, "field", json_string(field));
        json_dumpf(object, notes->to, JSON_COMPACT);
        fputc('\n', notes->to);
        json_decref(object);
}
