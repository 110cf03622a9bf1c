#pragma once

/*
 * Ownership: who frees what, said at the declaration
 *
 * A pointer declared with CLEANUP() is owned by its scope; STEAL() hands it on. A new return in
 * the middle of a function can then not leak.
 *
 *         CLEANUP(session_freep) Session *session = NULL;
 *         ...
 *         *ret_session = STEAL(session);
 */

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(_func) __attribute__((__cleanup__(_func)))
#define MUST_CHECK     __attribute__((__warn_unused_result__))
#define PRINTF(_f, _a) __attribute__((__format__(__printf__, _f, _a)))

#define STEAL(_ptr)                                                                                \
        __extension__({                                                                            \
                __auto_type _stolen = (_ptr);                                                      \
                (_ptr) = NULL;                                                                     \
                _stolen;                                                                           \
        })

#define STEAL_FD(_fd)                                                                              \
        __extension__({                                                                            \
                int _stolen = (_fd);                                                               \
                (_fd) = -1;                                                                        \
                _stolen;                                                                           \
        })

/* Defines x_freep(X **), for CLEANUP(), from X *x_free(X *). */
#define DEFINE_FREEP(_type, _free)                                                                 \
        static inline void _free##p(_type **ptr)                                                   \
        {                                                                                          \
                if (*ptr)                                                                          \
                        _free(*ptr);                                                               \
        }

static inline void freep(void *ptr)
{
        free(*(void **)ptr);
}

static inline void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

#define N_ELEMENTS(_array) (sizeof(_array) / sizeof((_array)[0]))

/*
 * Each argument is evaluated once: one of a clock, read twice, gives what is neither of the two.
 * Not for constant expressions: those take CONST_MAX.
 */
#define MIN(_a, _b) PICK_(<, _a, _b, __COUNTER__)
#define MAX(_a, _b) PICK_(>, _a, _b, __COUNTER__)

#define CONST_MAX(_a, _b) ((_a) > (_b) ? (_a) : (_b))

#define PICK_(_is, _a, _b, _n) PICK_ONCE_(_is, _a, _b, _n)
#define PICK_ONCE_(_is, _a, _b, _n)                                                                \
        __extension__({                                                                            \
                const __typeof__(1 ? (_a) : (_b)) a_##_n = (_a);                                   \
                const __typeof__(1 ? (_a) : (_b)) b_##_n = (_b);                                   \
                a_##_n _is b_##_n ? a_##_n : b_##_n;                                               \
        })
