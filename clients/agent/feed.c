#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cells.h"
#include "feed-seen.h"
#include "feed.h"
#include "mapping-keys.h"
#include "row-field.h"
#include "row-report.h"

/* Not written to for so long, a file is taken for whole. One that does not end in a newline may be
 * what a writer that stands still has come to. */
enum { SETTLED_MS = 2 * 1000, SETTLED_OPEN_MS = 60 * 1000 };

static_assert((int)SEEN_DIGEST_BYTES == (int)ROW_DIGEST_BYTES, "digests of rows");

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
        bool is_torn; /* it has changed, and is not whole yet */
        bool reconciled;
        bool *lacks_column; /* of each report of the mapping: the file cannot say it */
        char trouble[MAPPING_TEXT_BYTES];
        Seen seen;
        Cells cells;           /* of this reading */
        int64_t look_again_ms; /* when a cell can be said that could not yet */
        FeedCounts counts;
        RowScratch scratch;
};

int feed_new(Feed **ret_feed, const Mapping *mapping, PlekPublisher *publisher,
             FeedFaultFn on_fault, void *arg)
{
        CLEANUP(feed_freep) Feed *feed = calloc(1, sizeof(*feed));

        if (!feed)
                return err_raise(-ENOMEM);
        feed->lacks_column = calloc(mapping->n_reports, sizeof(*feed->lacks_column));
        if (!feed->lacks_column)
                return err_raise(-ENOMEM);
        feed->mapping = mapping;
        feed->publisher = publisher;
        feed->on_fault = on_fault;
        feed->arg = arg;
        /* Rows that say when they were observed are as old as they say, however often the file is
         * written: a reading states those that changed, and nothing is affirmed. */
        feed->affirms = true;
        feed->look_again_ms = INT64_MAX;
        for (size_t i = 0; i < mapping->n_reports; i++)
                if (mapping->reports[i].templates[KEY_OBSERVED_AT])
                        feed->affirms = false;
        *ret_feed = STEAL(feed);
        return 0;
}

Feed *feed_free(Feed *feed)
{
        if (!feed)
                return NULL;
        seen_deinit(&feed->seen);
        cells_deinit(&feed->cells);
        free(feed->lacks_column);
        free(feed);
        return NULL;
}

static void fault(Feed *feed, const char *text)
{
        feed->counts.n_bad++;
        feed->on_fault(feed->arg, text);
}

/* ------------------------------------------------------------------ what was there */

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

                if (mapped->kind == key->kind && !report_kind_is_event(mapped->kind) &&
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

/* ------------------------------------------------------------------ rows */

/* Returns as the publisher does, but for PLEK_E_INVALID: that is said here. */
static int put_report(Feed *feed, unsigned long line, const MappedReport *mapped,
                      const PlekReport *report, bool *ret_refused)
{
        char text[ROW_FAULT_BYTES + 128];
        PlekFault why = { 0 };
        int r;

        r = feed->publisher ? plek_publisher_put(feed->publisher, report, &why) : 0;
        *ret_refused = r == PLEK_E_INVALID;
        if (*ret_refused) {
                snprintf(text, sizeof(text), "line %lu, [report %s], %s: %s", line, mapped->name,
                         why.field, why.text);
                fault(feed, text);
                return 0;
        }
        feed->counts.n_reports += !r;
        return r;
}

static int put(Feed *feed, const CsvRow *row, const MappedReport *mapped, const PlekReport *report,
               SeenRecord *seen)
{
        bool is_refused;
        int r;

        r = put_report(feed, row->line, mapped, report, &is_refused);
        if (r)
                return r;
        if (is_refused)
                seen->reading = 0; /* what was there before it is not affirmed */
        else
                seen->observed_at_ms = report->observed_at_ms;
        return 0;
}

static int put_cell(void *arg, const Cell *cell, const PlekReport *report)
{
        bool is_refused;

        return put_report(arg, cell->line, cell->mapped, report, &is_refused);
}

/* What was counted over all rows. */
static int put_cells(Feed *feed, int64_t now_ms)
{
        const int64_t theirs_ms = feed->publisher ? plek_publisher_now_ms(feed->publisher) : -1;
        CellsLeft left;
        int r;

        if (theirs_ms >= 0)
                now_ms = theirs_ms;
        r = cells_tell(&feed->cells, now_ms, (int64_t)feed->mapping->complete_after_s * 1000,
                       put_cell, feed, &left);
        cells_deinit(&feed->cells);
        if (r)
                return r;
        feed->look_again_ms = left.next_at_ms;
        feed->counts.n_to_come = left.n_to_come;
        feed->counts.n_too_old = left.n_too_old;
        return 0;
}

typedef int (*RowFn)(Feed *feed, const CsvFile *csv, const CsvRow *row, const MappedReport *mapped,
                     const PlekReport *report, const PlekRecordKey *key, void *arg);

/*
 * Of two rows about one record, the one that was observed last; of equal ones the last.
 *
 * A row that says itself when it was observed and has not changed has been said: saying it again
 * would not make it any younger.
 */
static int put_newest(Feed *feed, const CsvFile *csv, const CsvRow *row, const MappedReport *mapped,
                      const PlekReport *report, const PlekRecordKey *key, void *arg)
{
        uint8_t digest[SEEN_DIGEST_BYTES];
        SeenRecord *seen;
        bool again, same;
        int r;

        r = seen_note(&feed->seen, key, &seen, &again);
        if (r || (again && report->observed_at_ms < seen->observed_at_ms))
                return r;
        row_digest(digest, csv, row, mapped);
        same = !memcmp(seen->digest, digest, sizeof(digest));
        memcpy(seen->digest, digest, sizeof(digest));
        if (same && !again && mapped->templates[KEY_OBSERVED_AT] &&
            report->observed_at_ms == seen->observed_at_ms) {
                feed->counts.n_reports++;
                return 0;
        }
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

        if (report_kind_is_event(report.kind))
                return cells_add(&feed->cells, mapped, &report, row->line);
        plek_report_key(&report, &key);
        if (!seen_fits(&key)) {
                snprintf(text, sizeof(text), "line %lu, [report %.64s]: a name is too long",
                         row->line, mapped->name);
                fault(feed, text);
                return 0;
        }
        return on_report(feed, csv, row, mapped, &report, &key, arg);
}

static void bad_row(Feed *feed, const CsvFile *csv, int result, const CsvRow *row)
{
        char text[ROW_FAULT_BYTES];

        if (result == CSV_FILE_E_FIELDS)
                snprintf(text, sizeof(text), "line %lu has %zu fields, the header %zu", row->line,
                         row->n_fields, csv_file_n_columns(csv));
        else
                snprintf(text, sizeof(text), "line %lu %s", row->line,
                         result == CSV_FILE_E_CUT ? "is cut short: the file ends within it"
                                                  : "is no row of CSV, or too long");
        fault(feed, text);
}

/* Every report of every row goes through @on_report. */
static int read_rows(Feed *feed, CsvFile *csv, RowFn on_report, void *arg)
{
        const Mapping *mapping = feed->mapping;
        CsvRow row;
        int r;

        while ((r = csv_file_next(csv, &row)) != CSV_FILE_E_END) {
                if (r == -EIO) {
                        snprintf(feed->trouble, sizeof(feed->trouble),
                                 "%s cannot be read to its end", mapping->file);
                        return FEED_E_FILE;
                }
                if (r < 0)
                        return r;
                if (r) {
                        bad_row(feed, csv, r, &row);
                        continue;
                }
                feed->counts.n_rows++;
                for (size_t i = 0; !r && i < mapping->n_reports; i++)
                        if (!feed->lacks_column[i])
                                r = on_row(feed, csv, &row, &mapping->reports[i], on_report, arg);
                if (r)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ the file */

/* Opens it and notes when it was written. */
static int open_file(Feed *feed, FILE **ret_file)
{
        CLEANUP(closep) int fd = open(feed->mapping->file, O_RDONLY | O_CLOEXEC);
        struct stat st;
        FILE *file;

        if (fd < 0 || fstat(fd, &st) < 0) {
                snprintf(feed->trouble, sizeof(feed->trouble), "%s cannot be read: %s",
                         feed->mapping->file, strerror(errno));
                feed->size = -1; /* if it comes back as it was, it has changed */
                return FEED_E_FILE;
        }
        if (S_ISDIR(st.st_mode)) {
                snprintf(feed->trouble, sizeof(feed->trouble), "%s is a directory, not a file",
                         feed->mapping->file);
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

/* A report for which the file has no column is said once, and does not stop the others. */
static void check_columns(Feed *feed, const CsvFile *csv)
{
        for (size_t i = 0; i < feed->mapping->n_reports; i++) {
                RowColumns columns = { .mapped = &feed->mapping->reports[i] };
                char text[ROW_FAULT_BYTES];

                feed->lacks_column[i] = false;
                while (!feed->lacks_column[i] && row_columns_next(&columns))
                        feed->lacks_column[i] = csv_file_find(csv, columns.name) == SIZE_MAX;
                if (!feed->lacks_column[i])
                        continue;
                snprintf(text, sizeof(text), "[report %.64s]: there is no column '%s' in this file",
                         columns.mapped->name, columns.name);
                fault(feed, text);
        }
}

static int read_header(Feed *feed, CsvFile **ret_csv, FILE *file)
{
        int r;

        feed->counts = (FeedCounts){ .n_readings = feed->counts.n_readings + 1 };
        feed->seen.reading++;
        r = csv_file_new(ret_csv, file, feed->mapping->separator);
        if (r == CSV_FILE_E_HEADER || r == -EIO) {
                snprintf(feed->trouble, sizeof(feed->trouble),
                         "%s does not begin with a line of column names, each once",
                         feed->mapping->file);
                return FEED_E_FILE;
        }
        if (r)
                return err_fold(r);
        feed->trouble[0] = '\0';
        check_columns(feed, *ret_csv);
        return 0;
}

static int read_file(Feed *feed, RowFn on_report, void *arg, int64_t now_ms)
{
        CLEANUP(csv_file_freep) CsvFile *csv = NULL;
        FILE *file = NULL;
        int r;

        r = open_file(feed, &file);
        if (r)
                return r;
        r = read_header(feed, &csv, file);
        if (!r) {
                /* Before its rows are put: those that did not change are affirmed, not said again,
                 * also after a time in which it was not written. */
                (void)feed_answers(feed, now_ms);
                cells_deinit(&feed->cells); /* of a reading that failed */
                r = read_rows(feed, csv, on_report, arg);
                if (!r)
                        r = put_cells(feed, now_ms);
        }
        fclose(file);
        return r;
}

static bool has_changed(const Feed *feed, const struct stat *st)
{
        return st->st_ino != feed->inode || st->st_size != feed->size ||
               st->st_mtim.tv_sec != feed->written_at.tv_sec ||
               st->st_mtim.tv_nsec != feed->written_at.tv_nsec;
}

static bool ends_in_newline(const char *path, off_t size)
{
        CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        char last;

        return fd >= 0 && size > 0 && pread(fd, &last, 1, size - 1) == 1 && last == '\n';
}

/* Nobody has written to it for a while; a clock that is behind the file's does not matter. */
static bool is_settled(const Feed *feed, const struct stat *st, int64_t now_ms)
{
        int64_t age_ms = now_ms - (int64_t)st->st_mtim.tv_sec * 1000;

        if (age_ms < 0 || age_ms >= SETTLED_OPEN_MS)
                return true;
        return age_ms >= SETTLED_MS && ends_in_newline(feed->mapping->file, st->st_size);
}

static SeenAbsent what_of_absent(const Feed *feed)
{
        if (!feed->mapping->withdraw_absent)
                return SEEN_SILENT;
        return feed->counts.n_bad ? SEEN_SILENT_FOR_NOW : SEEN_WITHDRAW;
}

int feed_read(Feed *feed, FeedLook look, int64_t now_ms)
{
        struct stat st;
        int r;

        /* What is not there is looked for each time; reading says why. */
        if (look == FEED_LOOK_AGAIN && stat(feed->mapping->file, &st) == 0) {
                feed->is_torn = has_changed(feed, &st) && !is_settled(feed, &st, now_ms);
                if (feed->is_torn || (!has_changed(feed, &st) && now_ms < feed->look_again_ms))
                        return *feed->trouble ? FEED_E_FILE : 0;
        }
        feed->is_torn = false;
        r = read_file(feed, put_newest, NULL, now_ms);
        if (r)
                return r;
        r = seen_drop_absent(&feed->seen, feed->publisher, what_of_absent(feed));
        return r ? r : reconcile(feed);
}

/* ------------------------------------------------------------------ replaying */

static int put_in_order(Feed *feed, const CsvFile *csv, const CsvRow *row,
                        const MappedReport *mapped, const PlekReport *report,
                        const PlekRecordKey *key, void *arg)
{
        const int *timeout_ms = arg;
        SeenRecord *seen;
        bool again;
        int r;

        r = seen_note(&feed->seen, key, &seen, &again);
        if (!r && again && feed->publisher) {
                /* The next time step: what is there must be accepted before it is replaced. */
                r = plek_publisher_flush(feed->publisher, *timeout_ms);
                if (r == PLEK_E_REFUSED)
                        r = 0; /* said by the publisher's callback */
                feed->seen.reading++;
                seen->reading = feed->seen.reading;
        }
        return r ? r : put(feed, row, mapped, report, seen);
}

int feed_replay(Feed *feed, int64_t now_ms, int timeout_ms)
{
        int r;

        feed->affirms = false; /* a later row would be a later time */
        r = read_file(feed, put_in_order, &timeout_ms, now_ms);
        if (!r && feed->publisher)
                r = plek_publisher_flush(feed->publisher, timeout_ms);
        return r == PLEK_E_REFUSED ? 0 : r;
}

/* ------------------------------------------------------------------ whether it answers */

bool feed_answers(Feed *feed, int64_t now_ms)
{
        const int64_t written_at_ms = (int64_t)feed->written_at.tv_sec * 1000;
        const int64_t most_ms = 2LL * feed->mapping->refreshed_every_s * 1000;
        bool answers = feed->seen.reading && !*feed->trouble && !feed->is_torn &&
                       now_ms - written_at_ms <= most_ms;

        if (answers != feed->answers && feed->affirms && feed->publisher &&
            plek_publisher_source_answers(feed->publisher, NULL, answers))
                return feed->answers;
        feed->answers = answers;
        return answers;
}

bool feed_is_torn(const Feed *feed)
{
        return feed->is_torn;
}

const char *feed_trouble(const Feed *feed)
{
        return feed->trouble;
}

const FeedCounts *feed_counts(const Feed *feed)
{
        return &feed->counts;
}
