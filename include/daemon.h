/* daemon.h - leaving the caller's session and descriptors behind (-d), with a parent that stays
 * until the supervisor is up, to say so by its exit status.
 *
 * For main() only; daemon_detach() before there is any thread. */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdio.h>

struct daemon {
    int up_fd;        /* to the parent that waits; -1: nobody waits */
    FILE *own_stderr; /* while `stderr` is the caller's; NULL: the caller had none */
};

/* What somebody who does not detach has instead. */
#define DAEMON_NONE ((struct daemon){ .up_fd = -1 })

/* Goes on in a child with a session of its own, without a terminal, whose standard descriptors
 * are /dev/null and which has no other of the caller's. Only `stderr` writes to the caller's, until
 * daemon_up(). The parent does not return: it exits with 0 after daemon_up(), or with 1 once the
 * child has ended without it. 0, in the child; or a negative errno, to be said on `stderr`. */
int daemon_detach(struct daemon *out_daemon) __attribute__((warn_unused_result));

/* Tells the parent that all is well and lets go of the caller's stderr. To be called once. 0;
 * -EPIPE: nobody waits any more, the parent was ended; or another negative errno. An error has been
 * said on the caller's stderr. */
int daemon_up(struct daemon *daemon) __attribute__((warn_unused_result));

#endif
