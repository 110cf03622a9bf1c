#pragma once

/*
 * Errors
 *
 *   0          done
 *   > 0        an answer, named X_E_* in the header of the function that gives it
 *   < 0        -errno: the operation cannot go on; passed up, only the top decides
 *   assert()   a bug of ours; asserts stay on in release builds
 *
 * A positive code means something only to the caller of the function that documents it. Whoever
 * does not expect one folds it, so that it becomes a fatal error instead of a wrong answer.
 */

#include <assert.h>
#include <errno.h>

#include "internal/cleanup.h"

/*
 * Marks the place where an error starts; a breakpoint or a trace goes here. Returns @error,
 * which is negative.
 */
static inline int err_raise(int error)
{
        assert(error < 0);
        return error;
}

/* What a caller passes on that was given a result it does not handle: never a positive code. */
static inline int err_fold(int result)
{
        return result > 0 ? err_raise(-ENOTRECOVERABLE) : result;
}
