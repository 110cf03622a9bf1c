#include "net/thread.h"

#include <signal.h>

int thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *), void *arg)
{
        pthread_t thread;
        sigset_t all, before;
        int r;

        /* A thread inherits the mask: it never runs with a signal let through. */
        sigfillset(&all);
        r = pthread_sigmask(SIG_SETMASK, &all, &before);
        assert(r == 0);
        r = pthread_create(&thread, NULL, fn, arg);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r)
                return err_raise(-r);

        /* A thread that has ended already has no name to set; a name too long is our bug. */
        r = pthread_setname_np(thread, name);
        assert(r != ERANGE);
        *ret_thread = thread;
        return 0;
}
