#include "picture/record.h"

#include <string.h>

#include "internal/endian.h"

/* ------------------------------------------------------------------ keys */

static uint8_t *put_string(uint8_t *to, const char *string, size_t n_max)
{
        size_t n = string ? strlen(string) : 0;

        assert(n <= n_max);
        if (n)
                memcpy(to, string, n);
        to[n] = '\0';
        return to + n + 1;
}

/* A card and an offering are of the location as a whole; a refusal's id is enough. */
static bool has_unit(UpdateKind report)
{
        return report != UPDATE_CARD && report != UPDATE_OFFERING && report != UPDATE_REFUSAL;
}

enum {
        FLOW_END_BYTES = 3 * 4 + 2 * 8, /* a flow's key, behind its texts */
        REFUSAL_END_BYTES = 4 + EVENT_ID_BYTES,
};

static uint8_t *put_number(uint8_t *to, uint32_t number)
{
        be32_put(to, number);
        return to + 4;
}

static uint8_t *put_time(uint8_t *to, int64_t time_ms)
{
        be64_put(to, (uint64_t)time_ms);
        return to + 8;
}

static uint8_t *put_flow(uint8_t *to, const RecordRef *ref)
{
        to = put_string(to, ref->other, LOCATION_MAX);
        to = put_number(to, ref->care);
        to = put_number(to, ref->link_from);
        to = put_number(to, ref->link_to);
        to = put_time(to, ref->from_ms);
        return put_time(to, ref->until_ms);
}

void record_key_make(RecordKey *ret_key, Status status, const char *party, const char *location,
                     const RecordRef *ref)
{
        uint8_t *to = ret_key->bytes;

        UpdateKind report = ref->report;

        static_assert(
                1 + PARTY_MAX + 1 + LOCATION_MAX + 1 + 1 + UNIT_MAX + 1 +
                                CONST_MAX(1 + PARTY_MAX + 1 + 4 * 4,
                                          CONST_MAX(METHOD_MAX + 1,
                                                    LOCATION_MAX + 1 + FLOW_END_BYTES)) <=
                        RECORD_KEY_MAX,
                "the longest key fits");

        *to++ = (uint8_t)status;
        to = put_string(to, party, PARTY_MAX);
        to = put_string(to, location, LOCATION_MAX);
        *to++ = (uint8_t)report;
        if (report == UPDATE_ACK) {
                report = ref->of_report;
                *to++ = (uint8_t)report;
                to = put_string(to, ref->of_party, PARTY_MAX);
        }
        if (has_unit(report))
                to = put_string(to, ref->unit, UNIT_MAX);

        switch (report) {
        case UPDATE_COUNTS:
                to = put_number(to, ref->care);
                break;
        case UPDATE_DOOR:
                to = put_number(to, ref->care);
                to = put_number(to, ref->patient_group);
                to = put_number(to, ref->urgency);
                to = put_number(to, ref->plan);
                break;
        case UPDATE_PRESSURE:
                to = put_string(to, ref->method, METHOD_MAX);
                break;
        case UPDATE_OFFERING:
                to = put_number(to, ref->care);
                to = put_number(to, ref->plan);
                break;
        case UPDATE_FLOW:
                to = put_flow(to, ref);
                break;
        case UPDATE_REFUSAL:
                to = put_number(to, ref->care);
                to = mempcpy(to, ref->id, EVENT_ID_BYTES);
                break;
        case UPDATE_CARD:
                break;
        default:
                assert(!"a record's report");
        }
        ret_key->n_bytes = (uint16_t)(to - ret_key->bytes);
}

/* Takes pieces from the front; once something does not fit, everything after fails. */
typedef struct KeyReader {
        const uint8_t *at, *end;
        bool failed;
} KeyReader;

static uint8_t take_byte(KeyReader *reader)
{
        if (reader->failed || reader->at == reader->end) {
                reader->failed = true;
                return 0;
        }
        return *reader->at++;
}

static const char *take_string(KeyReader *reader, size_t n_max)
{
        const char *string = (const char *)reader->at;
        const uint8_t *nul;

        nul = reader->failed ? NULL : memchr(reader->at, '\0', (size_t)(reader->end - reader->at));
        if (!nul || (size_t)(nul - reader->at) > n_max) {
                reader->failed = true;
                return "";
        }
        reader->at = nul + 1;
        return string;
}

static uint32_t take_number(KeyReader *reader)
{
        uint32_t number;

        if (reader->failed || reader->end - reader->at < 4) {
                reader->failed = true;
                return 0;
        }
        number = be32_get(reader->at);
        reader->at += 4;
        return number;
}

static int64_t take_time(KeyReader *reader)
{
        uint64_t high = take_number(reader);

        return (int64_t)(high << 32 | take_number(reader));
}

static void take_flow(KeyReader *reader, RecordRef *ref)
{
        ref->other = take_string(reader, LOCATION_MAX);
        if (!*ref->other)
                ref->other = NULL;
        ref->care = take_number(reader);
        ref->link_from = take_number(reader);
        ref->link_to = take_number(reader);
        ref->from_ms = take_time(reader);
        ref->until_ms = take_time(reader);
}

static void take_refusal(KeyReader *reader, RecordRef *ref)
{
        ref->care = take_number(reader);
        for (size_t i = 0; i < EVENT_ID_BYTES; i++)
                ref->id[i] = take_byte(reader);
}

static void take_ref(KeyReader *reader, RecordRef *ret_ref)
{
        RecordRef ref = {
                .report = take_byte(reader),
                .care = CODE_ABSENT,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };

        UpdateKind report = ref.report;

        if (report == UPDATE_ACK) {
                report = ref.of_report = take_byte(reader);
                ref.of_party = take_string(reader, PARTY_MAX);
                reader->failed |= !*ref.of_party;
        }
        if (has_unit(report)) {
                ref.unit = take_string(reader, UNIT_MAX);
                if (!*ref.unit)
                        ref.unit = NULL;
        }
        switch (report) {
        case UPDATE_COUNTS:
                ref.care = take_number(reader);
                break;
        case UPDATE_DOOR:
                ref.care = take_number(reader);
                ref.patient_group = take_number(reader);
                ref.urgency = take_number(reader);
                ref.plan = take_number(reader);
                break;
        case UPDATE_PRESSURE:
                ref.method = take_string(reader, METHOD_MAX);
                break;
        case UPDATE_OFFERING:
                ref.care = take_number(reader);
                ref.plan = take_number(reader);
                break;
        case UPDATE_FLOW:
                take_flow(reader, &ref);
                break;
        case UPDATE_REFUSAL:
                take_refusal(reader, &ref);
                break;
        case UPDATE_CARD:
                break;
        default:
                reader->failed = true;
        }
        *ret_ref = ref;
}

static int key_parse(const uint8_t *key, size_t n_key, Status *ret_status, const char **ret_party,
                     const char **ret_location, RecordRef *ret_ref)
{
        KeyReader reader = { .at = key, .end = key + n_key };
        const char *party, *location;
        uint8_t status;
        RecordRef ref;

        status = take_byte(&reader);
        party = take_string(&reader, PARTY_MAX);
        location = take_string(&reader, LOCATION_MAX);
        take_ref(&reader, &ref);
        if (reader.failed || reader.at != reader.end)
                return err_raise(-EBADMSG);
        if (status < STATUS_ACTUAL || status > STATUS_TEST || !*party || !*location)
                return err_raise(-EBADMSG);

        *ret_status = status;
        *ret_party = party;
        *ret_location = location;
        *ret_ref = ref;
        return 0;
}

int record_key_parse(const RecordKey *key, Status *ret_status, const char **ret_party,
                     const char **ret_location, RecordRef *ret_ref)
{
        if (key->n_bytes > RECORD_KEY_MAX)
                return err_raise(-EBADMSG);
        return key_parse(key->bytes, key->n_bytes, ret_status, ret_party, ret_location, ret_ref);
}

bool record_key_is_ack(const uint8_t *key, size_t n_key)
{
        const uint8_t *party_end, *location_end, *end = key + n_key;

        party_end = memchr(key + 1, '\0', n_key - 1);
        assert(party_end); /* made by record_key_make() */
        location_end = memchr(party_end + 1, '\0', (size_t)(end - party_end - 1));
        assert(location_end && location_end + 1 < end);
        return location_end[1] == UPDATE_ACK;
}

void record_ack_named(const uint8_t *ack, size_t n_ack, RecordKey *ret_named)
{
        const char *party, *location;
        RecordRef ref, named;
        Status status;
        int r;

        r = key_parse(ack, n_ack, &status, &party, &location, &ref);
        assert(r == 0 && ref.report == UPDATE_ACK);
        named = ack_named(&ref);
        record_key_make(ret_named, status, ref.of_party, location, &named);
}

/* ------------------------------------------------------------------ affirmations */

int affirmation_new(Affirmation **ret, uint64_t revision, int64_t received_at_ms,
                    int64_t sent_at_ms, Blob *envelope)
{
        Affirmation *affirmation;

        affirmation = malloc(sizeof(*affirmation));
        if (!affirmation)
                return err_raise(-ENOMEM);

        *affirmation = (Affirmation){
                .n_references = 1,
                .revision = revision,
                .received_at_ms = received_at_ms,
                .sent_at_ms = sent_at_ms,
                .envelope = blob_ref(envelope),
        };
        *ret = affirmation;
        return 0;
}

Affirmation *affirmation_ref(Affirmation *affirmation)
{
        if (affirmation)
                affirmation->n_references++;
        return affirmation;
}

Affirmation *affirmation_unref(Affirmation *affirmation)
{
        if (affirmation && --affirmation->n_references == 0) {
                blob_unref(affirmation->envelope);
                free(affirmation);
        }
        return NULL;
}

/* ------------------------------------------------------------------ records */

uint32_t record_plan(const Record *record)
{
        bool has_plan = record->report == UPDATE_DOOR || record->report == UPDATE_OFFERING;

        return has_plan ? be32_get(record->key + record->n_key - 4) : 0;
}

uint32_t record_care(const Record *record)
{
        const uint8_t *end = record->key + record->n_key;

        switch (record->report) {
        case UPDATE_COUNTS:
                return be32_get(end - 4);
        case UPDATE_OFFERING:
                return be32_get(end - 8);
        case UPDATE_DOOR:
                return be32_get(end - 16);
        case UPDATE_FLOW:
                return be32_get(end - FLOW_END_BYTES);
        case UPDATE_REFUSAL:
                return be32_get(end - REFUSAL_END_BYTES);
        default:
                return CODE_ABSENT;
        }
}

int record_decode(const Record *record, Arena *arena, Update *ret_update)
{
        WireRefusal refusal;
        Envelope envelope;

        arena_reset(arena);
        if (envelope_parse(&envelope, record->envelope->bytes, record->envelope->n_bytes) ||
            update_decode(ret_update, &refusal, arena, envelope.body, envelope.n_body))
                return err_raise(-ENOMEM); /* it was decoded when it came */
        return 0;
}

void record_describe(const Record *record, const char **ret_party, const char **ret_location,
                     RecordRef *ret_ref)
{
        Status status;
        int r;

        r = key_parse(record->key, record->n_key, &status, ret_party, ret_location, ret_ref);
        assert(r == 0); /* made by record_key_make() */
}
