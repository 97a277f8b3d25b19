/* notify_socket.h - the socket that a task sends what it has to say to: the receiving half of
 * sd_notify(3). (What we tell the service manager above us goes out through notify.h.)
 *
 * Each instance has one of its own while its process lives, so that which socket a message came to
 * says whom it is from. It is abstract (unix(7)): no file is left behind, and its name, of 128
 * random bits, is not used twice. Anybody can send to it, so that the sender's user is checked.
 *
 * A socket belongs to one thread. Nothing here waits. */
#ifndef NOTIFY_SOCKET_H
#define NOTIFY_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>

#include "notice.h"

#define NOTIFY_SOCKET_NAME_BYTES 48

/* 0 with *out_fd, and the name as it stands in NOTIFY_SOCKET; or a negative errno. */
int notify_socket_open(int *out_fd, char out_name[static NOTIFY_SOCKET_NAME_BYTES])
    __attribute__((warn_unused_result));

/* Takes one message. Descriptors that came with it are closed: that is the answer to BARRIER=1.
 * 0; -EPERM: from a user that is neither `user`, nor the supervisor's, nor root; -EBADMSG: too
 * long; both with *out_sender. -EAGAIN: there is none, or another error of recvmsg(2). */
int notify_socket_take(int fd, uid_t user, struct notice *out_notice, struct ucred *out_sender)
    __attribute__((warn_unused_result));

#endif
