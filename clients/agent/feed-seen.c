#include "feed-seen.h"

#include <string.h>

bool seen_fits(const PlekRecordKey *key)
{
        return strlen(key->location) <= SEEN_NAME_MAX &&
               (!key->unit || strlen(key->unit) <= SEEN_NAME_MAX) &&
               (!key->method || strlen(key->method) <= SEEN_NAME_MAX);
}

void seen_deinit(Seen *seen)
{
        SeenRecord *record, *next;

        HASH_ITER (hh, seen->records, record, next) {
                HASH_DEL(seen->records, record);
                free(record);
        }
}

static size_t put_text(char *to, const char *from)
{
        size_t n = from ? strlen(from) + 1 : 1;

        memcpy(to, from ? from : "", n);
        return n;
}

int seen_note(Seen *seen, const PlekRecordKey *key, SeenRecord **ret_record, bool *ret_again)
{
        const uint32_t numbers[] = { key->kind, key->care, key->patient_group, key->urgency,
                                     key->plan };
        char text[3 * (SEEN_NAME_MAX + 1) + sizeof(numbers)];
        size_t n_location, n_unit, n;
        SeenRecord *record;

        n_location = put_text(text, key->location);
        n_unit = put_text(text + n_location, key->unit);
        n = n_location + n_unit;
        n += put_text(text + n, key->method);
        memcpy(text + n, numbers, sizeof(numbers));
        n += sizeof(numbers);

        HASH_FIND(hh, seen->records, text, n, record);
        *ret_again = record && record->reading == seen->reading;
        if (!record) {
                record = malloc(sizeof(*record) + n);
                if (!record)
                        return err_raise(-ENOMEM);
                *record = (SeenRecord){ .key = *key, .n_text = n };
                memcpy(record->text, text, n);
                record->key.location = record->text;
                record->key.unit = key->unit ? record->text + n_location : NULL;
                record->key.method = key->method ? record->text + n_location + n_unit : NULL;
                HASH_ADD(hh, seen->records, text, n, record);
        }
        record->reading = seen->reading;
        *ret_record = record;
        return 0;
}

static void let_go(Seen *seen, SeenRecord *record)
{
        HASH_DEL(seen->records, record);
        free(record);
}

int seen_drop_absent(Seen *seen, PlekPublisher *publisher, SeenAbsent how)
{
        SeenRecord *record, *next;
        int r = 0;

        HASH_ITER (hh, seen->records, record, next) {
                if (record->reading == seen->reading || r)
                        continue;
                if (publisher)
                        r = how == SEEN_WITHDRAW
                                    ? plek_publisher_withdraw(publisher, &record->key, NULL)
                                    : plek_publisher_forget(publisher, &record->key);
                if (r > 0)
                        r = 0; /* it was never put: refused when it was there */
                memset(record->digest, 0, sizeof(record->digest));
                if (how != SEEN_SILENT_FOR_NOW)
                        let_go(seen, record);
        }
        return r;
}
