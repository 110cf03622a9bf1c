#include "outlet.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FINISH_MS = 500 };

typedef struct Outlet {
        int fd;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        char *bytes; /* to be written, OUTLET_BYTES_MAX */
        size_t n_bytes;
        size_t n_left_out; /* lines */
        bool is_json;
        bool is_writing;
        bool is_broken;                   /* the reader has gone */
        char line[OUTLET_LINE_BYTES_MAX]; /* of the stream: lines reach us whole */
} Outlet;

/* They live as long as the process, and so do their threads: one may never come back from a write.
 */
static Outlet outlets[] = {
        { .fd = STDOUT_FILENO,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER },
        { .fd = STDERR_FILENO,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER },
};

/* ------------------------------------------------------------------ the thread */

static bool write_all(int fd, const char *bytes, size_t n_bytes)
{
        while (n_bytes) {
                ssize_t n = write(fd, bytes, n_bytes);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return false;
                bytes += n;
                n_bytes -= (size_t)n;
        }
        return true;
}

static bool tell_left_out(const Outlet *outlet, size_t n_lines)
{
        char line[128];
        int n = snprintf(line, sizeof(line),
                         outlet->is_json ? "{\"event\":\"left_out\",\"n_lines\":%zu}\n"
                                         : "*** %zu lines are missing here: nobody read them.\n",
                         n_lines);

        return !n_lines || write_all(outlet->fd, line, (size_t)n);
}

static void *run(void *arg)
{
        Outlet *outlet = arg;
        static _Thread_local char piece[4096];

        pthread_mutex_lock(&outlet->lock);
        while (!outlet->is_broken) {
                size_t n = outlet->n_bytes < sizeof(piece) ? outlet->n_bytes : sizeof(piece);
                size_t n_left_out = outlet->n_bytes > n ? 0 : outlet->n_left_out;
                bool is_written;

                if (!n && !n_left_out) {
                        pthread_cond_wait(&outlet->changed, &outlet->lock);
                        continue;
                }
                memcpy(piece, outlet->bytes, n);
                memmove(outlet->bytes, outlet->bytes + n, outlet->n_bytes - n);
                outlet->n_bytes -= n;
                outlet->n_left_out -= n_left_out;
                outlet->is_writing = true;
                pthread_mutex_unlock(&outlet->lock);
                is_written = write_all(outlet->fd, piece, n) && tell_left_out(outlet, n_left_out);
                pthread_mutex_lock(&outlet->lock);
                outlet->is_writing = false;
                outlet->is_broken = !is_written;
                pthread_cond_broadcast(&outlet->changed);
        }
        pthread_mutex_unlock(&outlet->lock);
        return NULL;
}

/* ------------------------------------------------------------------ the stream */

static size_t count_lines(const char *bytes, size_t n_bytes)
{
        size_t n = 0;

        for (size_t i = 0; i < n_bytes; i++)
                n += bytes[i] == '\n';
        return n;
}

static ssize_t put(void *cookie, const char *bytes, size_t n_bytes)
{
        Outlet *outlet = cookie;
        bool is_broken;

        pthread_mutex_lock(&outlet->lock);
        is_broken = outlet->is_broken;
        /* What came after something was left out would seem to follow what came before it. */
        if (outlet->n_left_out || outlet->n_bytes + n_bytes > OUTLET_BYTES_MAX) {
                outlet->n_left_out += count_lines(bytes, n_bytes);
        } else {
                memcpy(outlet->bytes + outlet->n_bytes, bytes, n_bytes);
                outlet->n_bytes += n_bytes;
        }
        pthread_cond_broadcast(&outlet->changed);
        pthread_mutex_unlock(&outlet->lock);
        if (is_broken) {
                errno = EPIPE;
                return 0;
        }
        return (ssize_t)n_bytes;
}

static int outlet_open(Outlet *outlet, FILE **stream)
{
        sigset_t all, before;
        FILE *file;
        int r;

        outlet->bytes = malloc(OUTLET_BYTES_MAX);
        if (!outlet->bytes)
                return err_raise(-ENOMEM);
        file = fopencookie(outlet, "w", (cookie_io_functions_t){ .write = put });
        if (!file)
                return err_raise(-errno);
        setvbuf(file, outlet->line, _IOLBF, sizeof(outlet->line));

        sigfillset(&all); /* signals are for the thread that looks */
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&outlet->thread, NULL, run, outlet);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r) {
                fclose(file);
                return err_raise(-r);
        }
        pthread_detach(outlet->thread);
        fflush(*stream);
        *stream = file;
        return 0;
}

int outlets_open(bool is_json)
{
        int r;

        outlets[0].is_json = is_json;
        r = outlet_open(&outlets[0], &stdout);
        return r ? r : outlet_open(&outlets[1], &stderr);
}

void outlets_finish(void)
{
        struct timespec until;

        fflush(stdout);
        fflush(stderr);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += FINISH_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        for (size_t i = 0; i < sizeof(outlets) / sizeof(*outlets); i++) {
                Outlet *outlet = &outlets[i];

                pthread_mutex_lock(&outlet->lock);
                while ((outlet->n_bytes || outlet->n_left_out || outlet->is_writing) &&
                       !outlet->is_broken)
                        if (pthread_cond_timedwait(&outlet->changed, &outlet->lock, &until))
                                break;
                pthread_mutex_unlock(&outlet->lock);
        }
}
