#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"

int load_key(SecretKey **ret_key, const char *path)
{
        int r;

        r = secret_key_load(ret_key, path);
        switch (r) {
        case KEY_OK:
                return EXIT_DONE;
        case KEY_E_TEXT:
                return fail(EXIT_FILE, "%s is not a secret made by plek key new.", path);
        case KEY_E_MODE:
                return fail(EXIT_FILE,
                            "%s can be read by others. chmod 600 it, and if others have "
                            "been on this machine, make a new one.",
                            path);
        case -ENOENT:
                return fail(EXIT_FILE,
                            "there is no key %s. plek key new makes one; --key or "
                            "PLEK_KEY names another.",
                            path);
        default:
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, strerror(-err_fold(r)));
        }
}

int load_file(Blob **ret_blob, const char *path, size_t max_bytes)
{
        CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        size_t n_read = 0;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, strerror(errno));
        if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max_bytes)
                return fail(EXIT_FILE, "%s is not a file of at most %zu bytes.", path, max_bytes);
        if (blob_new(&blob, (size_t)st.st_size))
                return fail(EXIT_FILE, "out of memory.");

        while (n_read < blob->n_bytes) {
                ssize_t n = read(fd, blob->bytes + n_read, blob->n_bytes - n_read);

                if (n <= 0)
                        return fail(EXIT_FILE, "%s cannot be read: %s.", path,
                                    n ? strerror(errno) : "it became shorter");
                n_read += (size_t)n;
        }
        *ret_blob = STEAL(blob);
        return EXIT_DONE;
}

static int write_all(int fd, const uint8_t *bytes, size_t n_bytes)
{
        while (n_bytes) {
                ssize_t n = write(fd, bytes, n_bytes);

                if (n < 0)
                        return -errno;
                bytes += n;
                n_bytes -= (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

int save_file(const char *path, const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(freep) char *temporary = NULL;
        CLEANUP(closep) int fd = -1;
        int r;

        if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
                return fail(EXIT_FILE, "out of memory.");

        fd = mkostemp(temporary, O_CLOEXEC);
        r = fd < 0 ? -errno : write_all(fd, bytes, n_bytes);
        if (!r && (fchmod(fd, 0644) < 0 || rename(temporary, path) < 0))
                r = -errno;
        if (!r)
                return EXIT_DONE;
        if (fd >= 0)
                unlink(temporary);
        return fail(EXIT_FILE, "%s cannot be written: %s.", path, strerror(-r));
}

int read_public_key(PublicKey *ret_key, const char *text)
{
        unsigned group = 0;
        int r;

        r = public_key_parse(ret_key, text, &group);
        if (!r)
                return EXIT_DONE;
        if (r == KEY_E_UNFIT)
                return fail(EXIT_USAGE, "this public key is not fit for use: nobody made it with "
                                        "plek key new.");
        if (group)
                return fail(EXIT_USAGE, "group %u of the public key is misread: '%s'.", group,
                            text);
        return fail(EXIT_USAGE, "'%s' is not a public key as plek key show prints it.", text);
}
