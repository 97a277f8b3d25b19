/* control_socket.h - the socket that clients reach the supervisor at: a file that is ours alone.
 *
 * Beside the socket at PATH stands PATH.lock, which its owner holds locked. It is never removed:
 * two supervisors could come to hold two files of one name. A file that vanishes is noticed, and
 * made again.
 *
 * A control socket belongs to one thread at a time; control_socket_remove() excepted. */
#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

struct control_socket;

struct control_socket_options {
    const char *path;
    mode_t mode;       /* of the file: who may connect */
    const char *group; /* by name or number; NULL: ours */
};

/* Takes the path and listens there. A file that nobody listens at is replaced; everything else is
 * left alone. 0 with *out_socket to control_socket_close(); or a negative errno (-EADDRINUSE: there
 * is a supervisor already) with *out_error, a sentence without an end that names path and reason,
 * to free(), NULL when out of memory. Waits for nothing but the disk, and, for at most a second,
 * while a child of a supervisor that is dead still has what it served. */
int control_socket_open(const struct control_socket_options *options,
                        struct control_socket **out_socket, char **out_error)
    __attribute__((warn_unused_result));

/* Removes the file, if it still is ours, and gives the path free. NULL is fine. */
void control_socket_close(struct control_socket *socket);

/* Removes the file only; for a program that is about to end while a hung disk holds the thread
 * that uses the socket. Any thread. 0, or a negative errno where it may be there all the same. */
int control_socket_remove(const struct control_socket *socket);

const char *control_socket_path(const struct control_socket *socket);

/* To be polled for POLLIN: the socket, and what tells of changes around its file. -1: not now. Both
 * may change with control_socket_check(). */
int control_socket_fd(const struct control_socket *socket);
int control_socket_watch_fd(const struct control_socket *socket);

/* Looks whether the file is still ours, and makes it again where it is gone; to be called when the
 * watch is readable, or because somebody asks. Those who wait at the old one are lost: accept them
 * first. 0 or a negative errno with *out_error as above; with *out_changed, whether that is news:
 * the file is back after it was gone, or is gone for a reason that has not been told yet. The next
 * change around the file makes the watch readable. */
int control_socket_check(struct control_socket *socket, bool *out_changed, char **out_error)
    __attribute__((warn_unused_result));

/* Reads what the watch has to say. Is there reason to check? */
bool control_socket_stirred(struct control_socket *socket);

/* Who has connected. */
struct control_peer {
    int fd; /* non-blocking */
    uid_t uid;
    pid_t pid;
    bool allowed; /* ours or root; or the mode and the group let it in */
};

/* Takes the next client. 0 with *out_peer, whose descriptor is the caller's; -EAGAIN: there is
 * none; or the errno of accept(2). */
int control_socket_accept(struct control_socket *socket, struct control_peer *out_peer)
    __attribute__((warn_unused_result));

#endif
