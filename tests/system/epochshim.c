/*
 * Two brokers that open the same epoch, as two copies of one virtual machine might: LD_PRELOAD
 * this, and the first random number of 8 bytes is $PLEK_TEST_EPOCH.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void randombytes_buf(void *bytes, size_t n_bytes);

void randombytes_buf(void *bytes, size_t n_bytes)
{
        static int n_drawn;
        const char *text = getenv("PLEK_TEST_EPOCH");
        uint64_t epoch = text ? strtoull(text, NULL, 10) : 0;

        if (epoch && n_bytes == sizeof(epoch) && !n_drawn++)
                memcpy(bytes, &epoch, sizeof(epoch));
        else if (getentropy(bytes, n_bytes)) /* at most 256, and nobody here wants more */
                abort();
}
