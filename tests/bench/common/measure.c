#include "common/measure.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <sodium.h>

void give_up(const char *format, ...)
{
        va_list args;

        fflush(stdout);
        fputs("bench: ", stderr);
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
        exit(1);
}

void must(int result, const char *what)
{
        if (result < 0)
                give_up("%s: %s", what, strerror(-result));
        if (result > 0)
                give_up("%s: unexpected answer %d", what, result);
}

static int64_t read_clock(clockid_t id)
{
        struct timespec at;

        clock_gettime(id, &at);
        return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

int64_t now_ns(void)
{
        return read_clock(CLOCK_MONOTONIC);
}

int64_t cpu_ns(void)
{
        return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void wait_until(int64_t at_ns)
{
        struct timespec at = { at_ns / 1000000000, at_ns % 1000000000 };

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
                ;
}

pid_t child_start(void (*fn)(void *arg), void *arg)
{
        pid_t pid;

        fflush(NULL);
        pid = fork();
        if (pid < 0)
                give_up("no process: %s", strerror(errno));
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                fn(arg);
                _exit(0);
        }
        return pid;
}

void child_stop(pid_t pid)
{
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

/* ------------------------------------------------------------------ samples */

void samples_deinit(Samples *samples)
{
        free(samples->values);
        *samples = SAMPLES_NULL;
}

void samples_add(Samples *samples, double value)
{
        if (samples->n == samples->n_allocated) {
                samples->n_allocated = MAX(2 * samples->n_allocated, 256);
                samples->values = reallocarray(samples->values, samples->n_allocated,
                                               sizeof(*samples->values));
                if (!samples->values)
                        give_up("no memory for samples");
        }
        samples->values[samples->n++] = value;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

double samples_quantile(Samples *samples, double part)
{
        if (!samples->n)
                give_up("nothing was measured");
        qsort(samples->values, samples->n, sizeof(*samples->values), compare);
        return samples->values[(size_t)(part * (double)(samples->n - 1) + 0.5)];
}

/* ------------------------------------------------------------------ processor time */

static bool read_file(char *text, size_t n_text, const char *format, ...)
{
        char path[128];
        va_list args;
        size_t n = 0;
        FILE *file;

        va_start(args, format);
        vsnprintf(path, sizeof(path), format, args);
        va_end(args);

        file = fopen(path, "re");
        if (file) {
                n = fread(text, 1, n_text - 1, file);
                fclose(file);
        }
        text[n] = '\0';
        return n > 0;
}

/* Nanoseconds, where the kernel keeps them; else ticks, of the process as a whole. */
void cpu_use_of(pid_t pid, CpuUse *ret_use)
{
        char path[64], text[512];
        unsigned long user, system;
        struct dirent *found;
        DIR *directory;

        *ret_use = (CpuUse){ 0 };
        snprintf(path, sizeof(path), "/proc/%d/task", pid);
        directory = opendir(path);
        while (directory && ret_use->n_threads < THREADS_MAX && (found = readdir(directory))) {
                __auto_type thread = &ret_use->threads[ret_use->n_threads];
                int id = atoi(found->d_name);
                unsigned long long ran_ns;

                if (!id || !read_file(text, sizeof(text), "/proc/%d/task/%d/schedstat", pid, id) ||
                    sscanf(text, "%llu", &ran_ns) != 1)
                        continue;
                read_file(thread->name, sizeof(thread->name), "/proc/%d/task/%d/comm", pid, id);
                thread->name[strcspn(thread->name, "\n")] = '\0';
                thread->id = id;
                thread->seconds = (double)ran_ns / 1e9;
                ret_use->seconds += thread->seconds;
                ret_use->n_threads++;
        }
        if (directory)
                closedir(directory);
        if (ret_use->n_threads)
                return;

        if (!read_file(text, sizeof(text), "/proc/%d/stat", pid) || !strrchr(text, ')') ||
            sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                   &user, &system) != 2)
                give_up("process %d is not there any more", pid);
        ret_use->seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

void cpu_use_since(CpuUse *after, const CpuUse *before)
{
        after->seconds -= before->seconds;
        for (size_t i = 0; i < after->n_threads; i++)
                for (size_t j = 0; j < before->n_threads; j++)
                        if (after->threads[i].id == before->threads[j].id)
                                after->threads[i].seconds -= before->threads[j].seconds;
}

double memory_of(pid_t pid, const char *what)
{
        unsigned long kib;
        char text[4096];
        const char *line;

        if (!read_file(text, sizeof(text), "/proc/%d/status", pid) ||
            !(line = strstr(text, what)) || sscanf(line, "%*[^:]: %lu", &kib) != 1)
                give_up("process %d does not say its %s", pid, what);
        return (double)kib / 1024;
}

double page_faults_of(pid_t pid)
{
        unsigned long minor, major;
        char text[512];

        if (!read_file(text, sizeof(text), "/proc/%d/stat", pid) || !strrchr(text, ')') ||
            sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &minor,
                   &major) != 2)
                give_up("process %d is not there any more", pid);
        return (double)(minor + major);
}

/* ------------------------------------------------------------------ the yardstick */

enum {
        YARD_KEYS = 64,
        YARD_BYTES_MAX = 1024,
        YARD_SLICES = 5,
};

static const int64_t WARM_UP_NS = 500 * 1000 * 1000;
static const int64_t SLICE_NS = 200 * 1000 * 1000;
static const int64_t YARD_PAUSE_NS = 40 * 1000 * 1000;

typedef struct Yard {
        uint8_t public[crypto_sign_PUBLICKEYBYTES];
        uint8_t signature[crypto_sign_BYTES];
        uint8_t bytes[YARD_BYTES_MAX];
} Yard;

static double verify_for(const Yard *yards, size_t n_bytes, int64_t for_ns)
{
        int64_t started_ns = cpu_ns(), took_ns;
        size_t n = 0;

        do {
                for (size_t i = 0; i < YARD_KEYS; i++, n++)
                        if (crypto_sign_verify_detached(yards[i].signature, yards[i].bytes, n_bytes,
                                                        yards[i].public))
                                give_up("libsodium does not verify what it signed");
                took_ns = cpu_ns() - started_ns;
        } while (took_ns < for_ns);
        return (double)n * 1e9 / (double)took_ns;
}

static void make_yards(Yard *yards, size_t n_bytes)
{
        for (size_t i = 0; i < YARD_KEYS; i++) {
                uint8_t secret[crypto_sign_SECRETKEYBYTES];

                crypto_sign_keypair(yards[i].public, secret);
                randombytes_buf(yards[i].bytes, n_bytes);
                crypto_sign_detached(yards[i].signature, NULL, yards[i].bytes, n_bytes, secret);
        }
}

double verifications_per_second(size_t n_bytes)
{
        static Yard yards[YARD_KEYS];
        double best = 0;

        n_bytes = MIN(n_bytes, YARD_BYTES_MAX);
        make_yards(yards, n_bytes);
        verify_for(yards, n_bytes, WARM_UP_NS);
        for (size_t i = 0; i < YARD_SLICES; i++)
                best = MAX(best, verify_for(yards, n_bytes, SLICE_NS));
        return best;
}

struct Yardstick {
        pthread_t thread;
        atomic_bool is_stopping;
        size_t n_bytes;
        size_t n;
        int64_t took_ns;
        Yard yards[YARD_KEYS];
};

static void *use_yardstick(void *arg)
{
        Yardstick *yardstick = arg;

        while (!atomic_load(&yardstick->is_stopping)) {
                int64_t started_ns = cpu_ns();

                verify_for(yardstick->yards, yardstick->n_bytes, 0);
                yardstick->took_ns += cpu_ns() - started_ns;
                yardstick->n += YARD_KEYS;
                wait_until(now_ns() + YARD_PAUSE_NS);
        }
        return NULL;
}

Yardstick *yardstick_start(size_t n_bytes)
{
        Yardstick *yardstick = calloc(1, sizeof(*yardstick));

        if (!yardstick)
                give_up("no memory");
        yardstick->n_bytes = MIN(n_bytes, YARD_BYTES_MAX);
        make_yards(yardstick->yards, yardstick->n_bytes);
        if (pthread_create(&yardstick->thread, NULL, use_yardstick, yardstick))
                give_up("no thread");
        return yardstick;
}

double yardstick_stop(Yardstick *yardstick)
{
        double rate;

        atomic_store(&yardstick->is_stopping, true);
        pthread_join(yardstick->thread, NULL);
        rate = (double)yardstick->n * 1e9 / (double)yardstick->took_ns;
        free(yardstick);
        return rate;
}

void print_result(const char *name, double ratio, const char *bound, double limit)
{
        printf("%s ratio %.3f want %s %.2f\n", name, ratio, bound, limit);
}
