#include "store/error.h"

#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal/err.h"

int store_error(int rc)
{
        switch (rc) {
        case MDB_SUCCESS:
                return STORE_OK;
        case MDB_NOTFOUND:
                return STORE_E_NONE;
        case MDB_MAP_FULL:
                return STORE_E_GROW;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
        case EROFS:
                return STORE_E_FULL;
        case EIO:
                return STORE_E_IO;
        case MDB_PANIC:
                return STORE_E_BROKEN;
        case MDB_CORRUPTED:
        case MDB_PAGE_NOTFOUND:
        case MDB_INVALID:
        case MDB_INCOMPATIBLE:
        case MDB_BAD_VALSIZE:
                return STORE_E_DAMAGED;
        case MDB_VERSION_MISMATCH:
                return STORE_E_NEWER;
        default:
                return err_raise(rc > 0 ? -rc : -ENOTRECOVERABLE);
        }
}

const char *store_text(const char *format, ...)
{
        static _Thread_local char text[1024];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return text;
}
