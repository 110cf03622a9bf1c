#include "wire/proof.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

enum {
        CHUNK = 8,
        THREAD_PROOFS_MIN = 32, /* of which a thread is worth being started */
};

typedef struct Work {
        Proof *proofs;
        size_t n_proofs;
        _Atomic size_t n_claimed;
} Work;

static void *work_on(void *arg)
{
        Work *work = arg;
        size_t first;

        while ((first = atomic_fetch_add(&work->n_claimed, CHUNK)) < work->n_proofs)
                for (size_t i = first; i < MIN(first + CHUNK, work->n_proofs); i++) {
                        Proof *proof = &work->proofs[i];

                        if (proof->key)
                                proof->result = envelope_verify(&proof->envelope, proof->key);
                }
        return NULL;
}

static size_t threads_for(size_t n_proofs)
{
        cpu_set_t ours;
        int n_processors = sched_getaffinity(0, sizeof(ours), &ours) ? 1 : CPU_COUNT(&ours);

        return MIN(MIN((size_t)n_processors, n_proofs / THREAD_PROOFS_MIN),
                   (size_t)PROOF_THREADS_MAX);
}

void proofs_check(Proof *proofs, size_t n_proofs)
{
        Work work = { .proofs = proofs, .n_proofs = n_proofs };
        size_t n_threads = threads_for(n_proofs), n_started = 0;
        pthread_t threads[PROOF_THREADS_MAX];
        sigset_t all, before;

        /* A thread inherits the mask: the program's signals stay its own threads'. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        while (n_started + 1 < n_threads &&
               !pthread_create(&threads[n_started], NULL, work_on, &work))
                n_started++;
        pthread_sigmask(SIG_SETMASK, &before, NULL);

        work_on(&work);
        for (size_t i = 0; i < n_started; i++)
                pthread_join(threads[i], NULL);
}

int proof_verify(const Proof *proof, const Envelope *envelope, const uint8_t sign_key[KEY_BYTES])
{
        if (proof && proof->key == sign_key && proof->envelope.whole == envelope->whole &&
            proof->envelope.n_whole == envelope->n_whole)
                return proof->result;
        return envelope_verify(envelope, sign_key);
}
