#include "net/outgoing.h"

#include "internal/hash.h"

struct HandedOver {
        Outgoing *outgoing;
        Blob *blob;
        size_t n_times;
        UT_hash_handle hh;
};

void outgoing_init(Outgoing *outgoing)
{
        *outgoing = (Outgoing){};
        pthread_mutex_init(&outgoing->lock, NULL);
}

void outgoing_deinit(Outgoing *outgoing)
{
        assert(!outgoing->blobs);
        pthread_mutex_destroy(&outgoing->lock);
}

size_t outgoing_bytes(const Outgoing *outgoing)
{
        return atomic_load_explicit(&outgoing->n_bytes, memory_order_relaxed);
}

static HandedOver *add(Outgoing *outgoing, Blob *blob)
{
        HandedOver *handed_over = calloc(1, sizeof(*handed_over));

        if (!handed_over)
                return NULL;

        handed_over->outgoing = outgoing;
        handed_over->blob = blob;
        HASH_ADD_PTR(outgoing->blobs, blob, handed_over);
        if (!handed_over->hh.tbl) {
                free(handed_over);
                return NULL;
        }

        blob_ref(blob);
        atomic_fetch_add_explicit(&outgoing->n_bytes, blob->n_bytes, memory_order_relaxed);
        return handed_over;
}

static HandedOver *take(Outgoing *outgoing, Blob *blob)
{
        HandedOver *handed_over = NULL;

        pthread_mutex_lock(&outgoing->lock);
        HASH_FIND_PTR(outgoing->blobs, &blob, handed_over);
        if (!handed_over)
                handed_over = add(outgoing, blob);
        if (handed_over)
                handed_over->n_times++;
        pthread_mutex_unlock(&outgoing->lock);
        return handed_over;
}

/* On ZeroMQ's thread, or on the one that sends. */
static void let_go(void *bytes, void *arg)
{
        HandedOver *handed_over = arg;
        Outgoing *outgoing = handed_over->outgoing;
        bool is_last;

        pthread_mutex_lock(&outgoing->lock);
        is_last = --handed_over->n_times == 0;
        if (is_last) {
                HASH_DEL(outgoing->blobs, handed_over);
                atomic_fetch_sub_explicit(&outgoing->n_bytes, handed_over->blob->n_bytes,
                                          memory_order_relaxed);
        }
        pthread_mutex_unlock(&outgoing->lock);

        if (is_last) {
                blob_unref(handed_over->blob);
                free(handed_over);
        }
}

int outgoing_message(Outgoing *outgoing, zmq_msg_t *message, Blob *blob)
{
        HandedOver *handed_over = take(outgoing, blob);

        if (!handed_over)
                return err_raise(-ENOMEM);
        if (zmq_msg_init_data(message, blob->bytes, blob->n_bytes, let_go, handed_over) < 0) {
                let_go(blob->bytes, handed_over);
                return err_raise(-ENOMEM);
        }
        return 0;
}
