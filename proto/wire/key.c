/*
 * A party's secret and what is derived from it
 *
 * Everything secret is in one allocation of sodium_malloc(): locked, between guard pages, wiped
 * when freed, read-only once it is complete. A secret as text exists only while its file is read or
 * written, in memory of the same kind.
 */

#include <sodium.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "wire/base32.h"
#include "wire/key.h"

struct SecretKey {
        uint8_t master[KEY_BYTES];
        uint8_t sign[crypto_sign_SECRETKEYBYTES];
        uint8_t transport[KEY_BYTES];
        PublicKey public;
};

enum {
        CHECKSUM_BYTES = 3, /* 35 bytes are 56 symbols, without a rest */
        TEXT_BYTES = KEY_BYTES + CHECKSUM_BYTES,
        TEXT_SYMBOLS = TEXT_BYTES * 8 / 5,
        FILE_MAX_BYTES = 128, /* room for blanks at the end */

        SUBKEY_SIGN = 1,
        SUBKEY_TRANSPORT = 2,
        SUBKEY_PURPOSE = 1, /* of a context that is never ours */
};

static const char kdf_context[crypto_kdf_CONTEXTBYTES + 1] = "plek-key";
static const char prefix[] = "plek-secret1";

static void sodium_freep(void *ptr)
{
        sodium_free(*(void **)ptr);
}

int secret_key_from_bytes(SecretKey **ret_key, const uint8_t bytes[KEY_BYTES])
{
        CLEANUP(secret_key_freep) SecretKey *key = NULL;

        key = sodium_malloc(sizeof(*key));
        if (!key)
                return err_raise(-ENOMEM);

        /* The seed of the signing pair needs no place of its own: it is the first half of sign. */
        memcpy(key->master, bytes, KEY_BYTES);
        crypto_kdf_derive_from_key(key->transport, KEY_BYTES, SUBKEY_SIGN, kdf_context,
                                   key->master);
        crypto_sign_seed_keypair(key->public.sign, key->sign, key->transport);
        crypto_kdf_derive_from_key(key->transport, KEY_BYTES, SUBKEY_TRANSPORT, kdf_context,
                                   key->master);
        crypto_scalarmult_base(key->public.transport, key->transport);
        sodium_mprotect_readonly(key);

        *ret_key = STEAL(key);
        return 0;
}

int secret_key_new(SecretKey **ret_key)
{
        uint8_t bytes[KEY_BYTES];
        int r;

        randombytes_buf(bytes, sizeof(bytes));
        r = secret_key_from_bytes(ret_key, bytes);
        sodium_memzero(bytes, sizeof(bytes));
        return r;
}

SecretKey *secret_key_free(SecretKey *key)
{
        sodium_free(key);
        return NULL;
}

const PublicKey *secret_key_public(const SecretKey *key)
{
        return &key->public;
}

const uint8_t *secret_key_transport(const SecretKey *key)
{
        return key->transport;
}

void secret_key_sign(const SecretKey *key, const void *bytes, size_t n_bytes,
                     uint8_t ret_signature[SIGNATURE_BYTES])
{
        crypto_sign_detached(ret_signature, NULL, bytes, n_bytes, key->sign);
}

void secret_key_derive(const SecretKey *key, const char *purpose, uint8_t ret_bytes[KEY_BYTES])
{
        char context[crypto_kdf_CONTEXTBYTES] = { 0 };
        size_t n_purpose = strlen(purpose);

        assert(n_purpose > 0 && n_purpose <= sizeof(context));
        memcpy(context, purpose, n_purpose);
        assert(memcmp(context, kdf_context, sizeof(context)));
        crypto_kdf_derive_from_key(ret_bytes, KEY_BYTES, SUBKEY_PURPOSE, context, key->master);
}

bool public_key_is_fit(const PublicKey *key)
{
        static const uint8_t scalar[KEY_BYTES] = { 8 };
        uint8_t product[KEY_BYTES];

        /* The second refuses what gives a shared secret of zero: the points of small order. */
        return crypto_core_ed25519_is_valid_point(key->sign) &&
               crypto_scalarmult(product, scalar, key->transport) == 0;
}

/* ------------------------------------------------------------------ the file */

static void secret_checksum(uint8_t ret_checksum[CHECKSUM_BYTES], const uint8_t master[KEY_BYTES])
{
        crypto_generichash_state state;
        uint8_t hash[32];

        crypto_generichash_init(&state, NULL, 0, sizeof(hash));
        crypto_generichash_update(&state, (const uint8_t *)prefix, sizeof(prefix) - 1);
        crypto_generichash_update(&state, master, KEY_BYTES);
        crypto_generichash_final(&state, hash, sizeof(hash));
        memcpy(ret_checksum, hash, CHECKSUM_BYTES);
}

/* Both ways share a buffer of this shape, in memory that is wiped. */
typedef struct SecretText {
        char text[FILE_MAX_BYTES + 1];
        uint8_t values[TEXT_SYMBOLS];
        uint8_t bytes[TEXT_BYTES];
        uint8_t checksum[CHECKSUM_BYTES];
} SecretText;

static int secret_text_parse(SecretText *secret)
{
        const char *at = secret->text;

        if (strncmp(at, prefix, sizeof(prefix) - 1) || at[sizeof(prefix) - 1] != '-')
                return KEY_E_TEXT;

        at += sizeof(prefix);
        for (size_t i = 0; i < TEXT_SYMBOLS; i++, at++) {
                int value = base32_value(*at);

                if (value < 0)
                        return KEY_E_TEXT;
                secret->values[i] = (uint8_t)value;
        }
        if (at[strspn(at, " \t\r\n")])
                return KEY_E_TEXT;

        base32_join(secret->bytes, secret->values, TEXT_SYMBOLS);
        secret_checksum(secret->checksum, secret->bytes);
        if (sodium_memcmp(secret->checksum, secret->bytes + KEY_BYTES, CHECKSUM_BYTES))
                return KEY_E_TEXT;
        return 0;
}

static size_t secret_text_format(SecretText *secret, const SecretKey *key)
{
        char *at;

        memcpy(secret->bytes, key->master, KEY_BYTES);
        secret_checksum(secret->bytes + KEY_BYTES, key->master);
        base32_split(secret->values, secret->bytes, TEXT_BYTES);

        at = stpcpy(secret->text, prefix);
        *at++ = '-';
        for (size_t i = 0; i < TEXT_SYMBOLS; i++)
                *at++ = base32_symbol(secret->values[i]);
        *at++ = '\n';
        return (size_t)(at - secret->text);
}

/*
 * systemd gives the service's user a credential by an access list; the mask of that list shows as
 * the group's bit. Its directory lets nobody else in.
 */
static bool is_credential(const char *path)
{
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        size_t n_directory = directory ? strlen(directory) : 0;

        return n_directory > 1 && !strncmp(path, directory, n_directory) &&
               path[n_directory] == '/' && !strchr(path + n_directory + 1, '/');
}

static int read_all(int fd, char *ret_text, size_t n_max)
{
        size_t n_read = 0;

        while (n_read < n_max) {
                ssize_t n = read(fd, ret_text + n_read, n_max - n_read);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_raise(-errno);
                if (n == 0)
                        break;
                n_read += (size_t)n;
        }

        if (n_read == n_max)
                return KEY_E_TEXT;
        ret_text[n_read] = '\0';
        return strlen(ret_text) == n_read ? 0 : KEY_E_TEXT;
}

int secret_key_load(SecretKey **ret_key, const char *path)
{
        CLEANUP(sodium_freep) SecretText *secret = NULL;
        CLEANUP(closep) int fd = -1;
        struct stat st;
        int r;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return err_raise(-errno);
        if (fstat(fd, &st) < 0)
                return err_raise(-errno);
        if (!S_ISREG(st.st_mode))
                return KEY_E_TEXT;
        if (st.st_mode & (is_credential(path) ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO))
                return KEY_E_MODE;

        secret = sodium_malloc(sizeof(*secret));
        if (!secret)
                return err_raise(-ENOMEM);

        r = read_all(fd, secret->text, FILE_MAX_BYTES);
        if (r)
                return r;
        r = secret_text_parse(secret);
        if (r)
                return r;
        return secret_key_from_bytes(ret_key, secret->bytes);
}

static int write_all(int fd, const char *text, size_t n_text)
{
        while (n_text) {
                ssize_t n = write(fd, text, n_text);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_raise(-errno);
                text += n;
                n_text -= (size_t)n;
        }
        return fsync(fd) < 0 ? err_raise(-errno) : 0;
}

/* Opens the directory that @path is in, for fsync(). */
static int open_directory_of(const char *path)
{
        CLEANUP(freep) char *directory = NULL;
        const char *slash = strrchr(path, '/');
        int fd;

        directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
        if (!directory)
                return err_raise(-ENOMEM);

        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? err_raise(-errno) : fd;
}

int secret_key_save(const SecretKey *key, const char *path)
{
        CLEANUP(sodium_freep) SecretText *secret = NULL;
        CLEANUP(closep) int fd = -1, directory_fd = -1;
        int r;

        secret = sodium_malloc(sizeof(*secret));
        if (!secret)
                return err_raise(-ENOMEM);

        directory_fd = open_directory_of(path);
        if (directory_fd < 0)
                return directory_fd;

        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return err_raise(-errno);

        r = write_all(fd, secret->text, secret_text_format(secret, key));
        if (!r && fsync(directory_fd) < 0)
                r = err_raise(-errno);
        if (r)
                (void)unlink(path);
        return r;
}
