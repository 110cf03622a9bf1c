#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <uthash.h>

#include "feed.h"
#include "row-report.h"

/* A record that the file spoke of, so that one which is gone is noticed. */
typedef struct SeenRecord {
        UT_hash_handle hh;
        unsigned long reading; /* in which it was there last */
        PlekRecordKey key;     /* strings are in text */
        size_t n_text;
        char text[]; /* location, unit, method, each with its NUL, then the rest of the key */
} SeenRecord;

struct Feed {
        const Mapping *mapping;
        PlekPublisher *publisher;
        FeedFaultFn on_fault;
        void *arg;

        struct timespec written_at; /* the file's, at the last reading */
        ino_t inode;
        off_t size;
        bool answers;
        unsigned long reading;
        SeenRecord *seen;
        FeedCounts counts;
        RowScratch scratch;
};

int feed_new(Feed **ret_feed, const Mapping *mapping, PlekPublisher *publisher,
             FeedFaultFn on_fault, void *arg)
{
        Feed *feed = calloc(1, sizeof(*feed));

        if (!feed)
                return err_raise(-ENOMEM);
        feed->mapping = mapping;
        feed->publisher = publisher;
        feed->on_fault = on_fault;
        feed->arg = arg;
        *ret_feed = feed;
        return 0;
}

static void forget_all(Feed *feed)
{
        SeenRecord *seen, *next;

        HASH_ITER(hh, feed->seen, seen, next) {
                HASH_DEL(feed->seen, seen);
                free(seen);
        }
}

Feed *feed_free(Feed *feed)
{
        if (feed)
                forget_all(feed);
        free(feed);
        return NULL;
}

static void fault(Feed *feed, const char *text)
{
        feed->counts.n_bad++;
        feed->on_fault(feed->arg, text);
}

/* ------------------------------------------------------------------ what was there */

static size_t put_text(char *to, const char *from)
{
        size_t n = from ? strlen(from) + 1 : 1;

        memcpy(to, from ? from : "", n);
        return n;
}

/* Remembers that the record of @key is in this reading. *ret_again: it was in it already. */
static int remember(Feed *feed, const PlekRecordKey *key, bool *ret_again)
{
        const uint32_t numbers[] = { key->kind, key->care, key->patient_group, key->urgency,
                                     key->plan };
        SeenRecord *seen, *old;
        char text[1024];
        size_t n_location, n_unit, n;

        n_location = put_text(text, key->location);
        n_unit = put_text(text + n_location, key->unit);
        n = n_location + n_unit;
        n += put_text(text + n, key->method);
        memcpy(text + n, numbers, sizeof(numbers));
        n += sizeof(numbers);

        HASH_FIND(hh, feed->seen, text, n, old);
        *ret_again = old && old->reading == feed->reading;
        if (old) {
                old->reading = feed->reading;
                return 0;
        }

        seen = malloc(sizeof(*seen) + n);
        if (!seen)
                return err_raise(-ENOMEM);
        *seen = (SeenRecord){ .reading = feed->reading, .key = *key, .n_text = n };
        memcpy(seen->text, text, n);
        seen->key.location = seen->text;
        seen->key.unit = key->unit ? seen->text + n_location : NULL;
        seen->key.method = key->method ? seen->text + n_location + n_unit : NULL;
        HASH_ADD(hh, feed->seen, text, n, seen);
        return 0;
}

/* What is no longer in the file falls silent, or is withdrawn where the mapping says so. */
static int drop_absent(Feed *feed)
{
        SeenRecord *seen, *next;
        int r = 0;

        HASH_ITER(hh, feed->seen, seen, next) {
                if (seen->reading == feed->reading || r)
                        continue;
                if (feed->publisher)
                        r = feed->mapping->withdraw_absent
                                    ? plek_publisher_withdraw(feed->publisher, &seen->key, NULL)
                                    : plek_publisher_forget(feed->publisher, &seen->key);
                if (r > 0)
                        r = 0; /* it was never put: refused when it was there */
                HASH_DEL(feed->seen, seen);
                free(seen);
        }
        return r;
}

/* ------------------------------------------------------------------ reading */

/* Room for this file's longest names; a location, unit and method are 64, 64 and 32 at most, and
 * what is longer is refused by the publisher. */
static bool key_fits(const PlekRecordKey *key)
{
        return strlen(key->location) <= 256 && (!key->unit || strlen(key->unit) <= 256) &&
               (!key->method || strlen(key->method) <= 256);
}

static int put(Feed *feed, const CsvRow *row, const MappedReport *mapped, const PlekReport *report)
{
        char text[ROW_FAULT_BYTES + 128];
        PlekFault why = { 0 };
        PlekRecordKey key;
        bool again;
        int r;

        plek_report_key(report, &key);
        if (!key_fits(&key)) {
                snprintf(text, sizeof(text), "line %lu, [report %s]: a name is too long", row->line,
                         mapped->name);
                fault(feed, text);
                return 0;
        }
        r = feed->publisher ? plek_publisher_put(feed->publisher, report, &why) : 0;
        if (r == PLEK_E_INVALID) {
                snprintf(text, sizeof(text), "line %lu, [report %s], %s: %s", row->line,
                         mapped->name, why.field, why.text);
                fault(feed, text);
                return 0;
        }
        if (r)
                return r;
        feed->counts.n_reports++;
        return remember(feed, &key, &again);
}

typedef int (*RowFn)(Feed *feed, const CsvRow *row, const MappedReport *mapped,
                     const PlekReport *report, void *arg);

static int put_plainly(Feed *feed, const CsvRow *row, const MappedReport *mapped,
                       const PlekReport *report, void *arg)
{
        return put(feed, row, mapped, report);
}

/* Every report of every row goes through @on_report. */
static int read_rows(Feed *feed, CsvFile *csv, RowFn on_report, void *arg)
{
        const int64_t file_time_ms =
                (int64_t)feed->written_at.tv_sec * 1000 + feed->written_at.tv_nsec / 1000000;
        char text[ROW_FAULT_BYTES];
        CsvRow row;
        int r;

        while ((r = csv_file_next(csv, &row)) != CSV_FILE_E_END) {
                if (r < 0)
                        return r;
                if (r == CSV_FILE_E_ROW) {
                        snprintf(text, sizeof(text), "line %lu is no row of this file: more fields "
                                 "than the header, or too long", row.line);
                        fault(feed, text);
                        continue;
                }
                feed->counts.n_rows++;
                for (size_t i = 0; i < feed->mapping->n_reports; i++) {
                        const MappedReport *mapped = &feed->mapping->reports[i];
                        PlekReport report;

                        r = row_report(&report, feed->mapping, mapped, csv, &row, file_time_ms,
                                       &feed->scratch, text);
                        if (r == ROW_REPORT_E_WRONG)
                                fault(feed, text);
                        if (!r)
                                r = on_report(feed, &row, mapped, &report, arg);
                        else
                                r = 0;
                        if (r)
                                return r;
                }
        }
        return 0;
}

/* Opens the file and notes when it was written. */
static int open_file(Feed *feed, FILE **ret_file, char *text)
{
        CLEANUP(closep) int fd = open(feed->mapping->file, O_RDONLY | O_CLOEXEC);
        struct stat st;
        FILE *file;

        if (fd < 0 || fstat(fd, &st) < 0) {
                snprintf(text, MAPPING_TEXT_BYTES, "%s cannot be read: %s", feed->mapping->file,
                         strerror(errno));
                return FEED_E_FILE;
        }
        file = fdopen(fd, "r");
        if (!file)
                return err_raise(-ENOMEM);
        (void)STEAL_FD(fd);
        feed->written_at = st.st_mtim;
        feed->inode = st.st_ino;
        feed->size = st.st_size;
        *ret_file = file;
        return 0;
}

static int read_file(Feed *feed, RowFn on_report, void *arg, char *text)
{
        CLEANUP(csv_file_freep) CsvFile *csv = NULL;
        FILE *file = NULL;
        int r;

        r = open_file(feed, &file, text);
        if (r)
                return r;

        feed->counts = (FeedCounts){ 0 };
        feed->reading++;
        r = csv_file_new(&csv, file, feed->mapping->separator);
        if (r == CSV_FILE_E_HEADER)
                snprintf(text, MAPPING_TEXT_BYTES, "%s does not begin with a line of column names, "
                         "each once", feed->mapping->file);
        r = r == CSV_FILE_E_HEADER ? FEED_E_FILE : r ? r : read_rows(feed, csv, on_report, arg);
        fclose(file);
        return r;
}

static bool has_changed(const Feed *feed)
{
        struct stat st;

        return stat(feed->mapping->file, &st) < 0 || st.st_ino != feed->inode ||
               st.st_size != feed->size || st.st_mtim.tv_sec != feed->written_at.tv_sec ||
               st.st_mtim.tv_nsec != feed->written_at.tv_nsec;
}

int feed_read(Feed *feed, bool force, char ret_text[MAPPING_TEXT_BYTES])
{
        int r;

        if (!force && !has_changed(feed))
                return 0;
        r = read_file(feed, put_plainly, NULL, ret_text);
        return r ? r : drop_absent(feed);
}

/* ------------------------------------------------------------------ replaying */

static int put_in_order(Feed *feed, const CsvRow *row, const MappedReport *mapped,
                        const PlekReport *report, void *arg)
{
        const int *timeout_ms = arg;
        PlekRecordKey key;
        bool again;
        int r;

        plek_report_key(report, &key);
        if (!key_fits(&key))
                return put(feed, row, mapped, report);
        r = remember(feed, &key, &again);
        if (!r && again && feed->publisher) {
                /* The next time step begins: what is there must be accepted before it is replaced. */
                r = plek_publisher_flush(feed->publisher, *timeout_ms);
                if (r == PLEK_E_REFUSED)
                        r = 0; /* said by the publisher's callback */
                feed->reading++;
        }
        return r ? r : put(feed, row, mapped, report);
}

int feed_replay(Feed *feed, int timeout_ms, char ret_text[MAPPING_TEXT_BYTES])
{
        int r;

        r = read_file(feed, put_in_order, &timeout_ms, ret_text);
        if (!r && feed->publisher)
                r = plek_publisher_flush(feed->publisher, timeout_ms);
        return r == PLEK_E_REFUSED ? 0 : r;
}

/* ------------------------------------------------------------------ whether it answers */

bool feed_answers(Feed *feed, int64_t now_ms)
{
        const int64_t written_at_ms = (int64_t)feed->written_at.tv_sec * 1000;
        const int64_t most_ms = 2LL * feed->mapping->refreshed_every_s * 1000;
        bool answers = feed->reading && !access(feed->mapping->file, R_OK) &&
                       now_ms - written_at_ms <= most_ms;

        if (answers != feed->answers && feed->publisher &&
            plek_publisher_source_answers(feed->publisher, NULL, answers))
                return feed->answers;
        feed->answers = answers;
        return answers;
}

const FeedCounts *feed_counts(const Feed *feed)
{
        return &feed->counts;
}
