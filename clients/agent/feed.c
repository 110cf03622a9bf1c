#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <uthash.h>

#include "feed.h"
#include "row-report.h"

/* Not written to for so long, a file is taken for whole. */
enum { SETTLED_MS = 2000 };

/* A record that the file spoke of, so that one which is gone is noticed. */
typedef struct SeenRecord {
        UT_hash_handle hh;
        unsigned long reading;  /* in which it was there last; 0: in none that counts */
        int64_t observed_at_ms; /* what it said of itself then */
        PlekRecordKey key;      /* strings are in text */
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
        bool affirms; /* a file that is written again renews what did not change */
        bool answers;
        bool reconciled;
        unsigned long reading;
        char trouble[MAPPING_TEXT_BYTES];
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
        /* Rows that say when they were observed are as old as they say, however often the file is
         * written: then each reading states all of them, and nothing is affirmed. */
        feed->affirms = true;
        for (size_t i = 0; i < mapping->n_reports; i++)
                if (mapping->reports[i].templates[KEY_OBSERVED_AT])
                        feed->affirms = false;
        *ret_feed = feed;
        return 0;
}

static void forget_all(Feed *feed)
{
        SeenRecord *seen, *next;

        HASH_ITER (hh, feed->seen, seen, next) {
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
static int remember(Feed *feed, const PlekRecordKey *key, SeenRecord **ret_seen, bool *ret_again)
{
        const uint32_t numbers[] = { key->kind, key->care, key->patient_group, key->urgency,
                                     key->plan };
        SeenRecord *seen;
        char text[1024];
        size_t n_location, n_unit, n;

        n_location = put_text(text, key->location);
        n_unit = put_text(text + n_location, key->unit);
        n = n_location + n_unit;
        n += put_text(text + n, key->method);
        memcpy(text + n, numbers, sizeof(numbers));
        n += sizeof(numbers);

        HASH_FIND(hh, feed->seen, text, n, seen);
        *ret_again = seen && seen->reading == feed->reading;
        if (!seen) {
                seen = malloc(sizeof(*seen) + n);
                if (!seen)
                        return err_raise(-ENOMEM);
                *seen = (SeenRecord){ .key = *key, .n_text = n };
                memcpy(seen->text, text, n);
                seen->key.location = seen->text;
                seen->key.unit = key->unit ? seen->text + n_location : NULL;
                seen->key.method = key->method ? seen->text + n_location + n_unit : NULL;
                HASH_ADD(hh, feed->seen, text, n, seen);
        }
        seen->reading = feed->reading;
        *ret_seen = seen;
        return 0;
}

/* What is no longer in the file falls silent; or is withdrawn, where the mapping says so and no row
 * was wrong: one that cannot be read may be the one that is missed. */
static int drop_absent(Feed *feed)
{
        bool withdraws = feed->mapping->withdraw_absent && !feed->counts.n_bad;
        SeenRecord *seen, *next;
        int r = 0;

        HASH_ITER (hh, feed->seen, seen, next) {
                if (seen->reading == feed->reading || r)
                        continue;
                if (feed->publisher)
                        r = withdraws ? plek_publisher_withdraw(feed->publisher, &seen->key, NULL)
                                      : plek_publisher_forget(feed->publisher, &seen->key);
                if (r > 0)
                        r = 0; /* it was never put: refused when it was there */
                HASH_DEL(feed->seen, seen);
                free(seen);
        }
        return r;
}

/* Whether @text is what @template is, or might be: with a column in it that is not known. */
static bool may_be(const char *template, const char *text)
{
        if (!template)
                return !text;
        return strchr(template, '{') || (text && !strcmp(template, text));
}

/* A record that an earlier run stated and that is not in the file now. The same party may say other
 * things by other means: those are not ours to withdraw. */
static bool is_gone(void *arg, const PlekRecordKey *key)
{
        const Feed *feed = arg;

        if (key->status != feed->mapping->status)
                return false;
        for (size_t i = 0; i < feed->mapping->n_reports; i++) {
                const MappedReport *mapped = &feed->mapping->reports[i];

                if (mapped->kind == key->kind &&
                    may_be(mapped->templates[KEY_LOCATION], key->location) &&
                    may_be(mapped->templates[KEY_UNIT], key->unit))
                        return true;
        }
        return false;
}

/* What vanished while no agent ran. */
static int reconcile(Feed *feed)
{
        if (feed->reconciled || !feed->publisher || !feed->mapping->withdraw_absent ||
            feed->counts.n_bad)
                return 0;
        feed->reconciled = true;
        return plek_publisher_reconcile(feed->publisher, NULL, is_gone, feed);
}

/* ------------------------------------------------------------------ reading */

/* Room for this file's longest names; a location, unit and method are 64, 64 and 32 at most, and
 * what is longer is refused by the publisher. */
static bool key_fits(const PlekRecordKey *key)
{
        return strlen(key->location) <= 256 && (!key->unit || strlen(key->unit) <= 256) &&
               (!key->method || strlen(key->method) <= 256);
}

static int put(Feed *feed, const CsvRow *row, const MappedReport *mapped, const PlekReport *report,
               SeenRecord *seen)
{
        char text[ROW_FAULT_BYTES + 128];
        PlekFault why = { 0 };
        int r;

        r = feed->publisher ? plek_publisher_put(feed->publisher, report, &why) : 0;
        if (r == PLEK_E_INVALID) {
                snprintf(text, sizeof(text), "line %lu, [report %s], %s: %s", row->line,
                         mapped->name, why.field, why.text);
                fault(feed, text);
                seen->reading = 0; /* what was there before it is not affirmed */
                return 0;
        }
        if (r)
                return r;
        seen->observed_at_ms = report->observed_at_ms;
        feed->counts.n_reports++;
        return 0;
}

typedef int (*RowFn)(Feed *feed, const CsvRow *row, const MappedReport *mapped,
                     const PlekReport *report, const PlekRecordKey *key, void *arg);

/* Of two rows about one record, the one that was observed last; of equal ones the last. */
static int put_newest(Feed *feed, const CsvRow *row, const MappedReport *mapped,
                      const PlekReport *report, const PlekRecordKey *key, void *arg)
{
        SeenRecord *seen;
        bool again;
        int r;

        r = remember(feed, key, &seen, &again);
        if (r || (again && report->observed_at_ms < seen->observed_at_ms))
                return r;
        return put(feed, row, mapped, report, seen);
}

static int on_row(Feed *feed, CsvFile *csv, const CsvRow *row, const MappedReport *mapped,
                  RowFn on_report, void *arg)
{
        const int64_t file_time_ms =
                (int64_t)feed->written_at.tv_sec * 1000 + feed->written_at.tv_nsec / 1000000;
        char text[ROW_FAULT_BYTES];
        PlekReport report;
        PlekRecordKey key;

        switch (row_report(&report, feed->mapping, mapped, csv, row, file_time_ms, &feed->scratch,
                           text)) {
        case ROW_REPORT_OK:
                break;
        case ROW_REPORT_E_NOTHING:
                return 0;
        default:
                fault(feed, text);
                return 0;
        }

        plek_report_key(&report, &key);
        if (!key_fits(&key)) {
                snprintf(text, sizeof(text), "line %lu, [report %.64s]: a name is too long",
                         row->line, mapped->name);
                fault(feed, text);
                return 0;
        }
        return on_report(feed, row, mapped, &report, &key, arg);
}

/* Every report of every row goes through @on_report. */
static int read_rows(Feed *feed, CsvFile *csv, RowFn on_report, void *arg)
{
        char text[ROW_FAULT_BYTES];
        CsvRow row;
        int r;

        while ((r = csv_file_next(csv, &row)) != CSV_FILE_E_END) {
                if (r < 0)
                        return r;
                if (r == CSV_FILE_E_ROW) {
                        snprintf(text, sizeof(text),
                                 "line %lu is no row of this file: more fields "
                                 "than the header, or too long",
                                 row.line);
                        fault(feed, text);
                        continue;
                }
                feed->counts.n_rows++;
                for (size_t i = 0; i < feed->mapping->n_reports; i++) {
                        r = on_row(feed, csv, &row, &feed->mapping->reports[i], on_report, arg);
                        if (r)
                                return r;
                }
        }
        return 0;
}

/* Opens the file and notes when it was written. */
static int open_file(Feed *feed, FILE **ret_file)
{
        CLEANUP(closep) int fd = open(feed->mapping->file, O_RDONLY | O_CLOEXEC);
        struct stat st;
        FILE *file;

        if (fd < 0 || fstat(fd, &st) < 0) {
                snprintf(feed->trouble, sizeof(feed->trouble), "%s cannot be read: %s",
                         feed->mapping->file, strerror(errno));
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

static int read_file(Feed *feed, RowFn on_report, void *arg)
{
        CLEANUP(csv_file_freep) CsvFile *csv = NULL;
        FILE *file = NULL;
        int r;

        r = open_file(feed, &file);
        if (r)
                return r;

        feed->counts = (FeedCounts){ .n_readings = feed->counts.n_readings + 1 };
        feed->reading++;
        r = csv_file_new(&csv, file, feed->mapping->separator);
        if (r == CSV_FILE_E_HEADER) {
                snprintf(feed->trouble, sizeof(feed->trouble),
                         "%s does not begin with a line of "
                         "column names, each once",
                         feed->mapping->file);
                r = FEED_E_FILE;
        }
        if (!r)
                r = read_rows(feed, csv, on_report, arg);
        fclose(file);
        if (!r)
                feed->trouble[0] = '\0';
        return r;
}

static bool has_changed(const Feed *feed, struct stat *ret_st)
{
        if (stat(feed->mapping->file, ret_st) < 0)
                return true;
        return ret_st->st_ino != feed->inode || ret_st->st_size != feed->size ||
               ret_st->st_mtim.tv_sec != feed->written_at.tv_sec ||
               ret_st->st_mtim.tv_nsec != feed->written_at.tv_nsec;
}

/* Nobody has written to it for a while; a clock that is behind the file's does not matter. */
static bool is_settled(const struct stat *st, int64_t now_ms)
{
        int64_t age_ms = now_ms - (int64_t)st->st_mtim.tv_sec * 1000;

        return age_ms < 0 || age_ms >= SETTLED_MS;
}

int feed_read(Feed *feed, FeedLook look, int64_t now_ms)
{
        struct stat st = { 0 };
        bool is_whole;
        int r;

        if (look == FEED_LOOK_AGAIN && !has_changed(feed, &st))
                return *feed->trouble ? FEED_E_FILE : 0;
        is_whole = look != FEED_LOOK_AGAIN || is_settled(&st, now_ms);
        if (!is_whole && feed->reading)
                return 0; /* it is being written; that it ends is waited for */

        r = read_file(feed, put_newest, NULL);
        if (r)
                return r;
        if (!is_whole) {
                feed->size = -1; /* once more, when it is whole: nothing is missed before */
                return 0;
        }
        r = drop_absent(feed);
        return r ? r : reconcile(feed);
}

/* ------------------------------------------------------------------ replaying */

static int put_in_order(Feed *feed, const CsvRow *row, const MappedReport *mapped,
                        const PlekReport *report, const PlekRecordKey *key, void *arg)
{
        const int *timeout_ms = arg;
        SeenRecord *seen;
        bool again;
        int r;

        r = remember(feed, key, &seen, &again);
        if (!r && again && feed->publisher) {
                /* The next time step: what is there must be accepted before it is replaced. */
                r = plek_publisher_flush(feed->publisher, *timeout_ms);
                if (r == PLEK_E_REFUSED)
                        r = 0; /* said by the publisher's callback */
                feed->reading++;
                seen->reading = feed->reading;
        }
        return r ? r : put(feed, row, mapped, report, seen);
}

int feed_replay(Feed *feed, int timeout_ms)
{
        int r;

        r = read_file(feed, put_in_order, &timeout_ms);
        if (!r && feed->publisher)
                r = plek_publisher_flush(feed->publisher, timeout_ms);
        return r == PLEK_E_REFUSED ? 0 : r;
}

/* ------------------------------------------------------------------ whether it answers */

bool feed_answers(Feed *feed, int64_t now_ms)
{
        const int64_t written_at_ms = (int64_t)feed->written_at.tv_sec * 1000;
        const int64_t most_ms = 2LL * feed->mapping->refreshed_every_s * 1000;
        bool answers = feed->reading && !*feed->trouble && now_ms - written_at_ms <= most_ms;

        if (answers != feed->answers && feed->affirms && feed->publisher &&
            plek_publisher_source_answers(feed->publisher, NULL, answers))
                return feed->answers;
        feed->answers = answers;
        return answers;
}

const char *feed_trouble(const Feed *feed)
{
        return feed->trouble;
}

const FeedCounts *feed_counts(const Feed *feed)
{
        return &feed->counts;
}
