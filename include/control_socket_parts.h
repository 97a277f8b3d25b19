/* control_socket_parts.h - the control socket from inside: its lock, its watch, its clients. */
#ifndef CONTROL_SOCKET_PARTS_H
#define CONTROL_SOCKET_PARTS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "control_socket.h"

struct control_socket {
    char *path;
    char *lock_path;
    char *directory; /* of the path */
    mode_t mode;
    gid_t group; /* that the file is given to; (gid_t)-1: nobody asked for one */

    int lock_fd;
    int fd;          /* listening; not closed before there is another */
    struct stat at;  /* the file that belongs to fd; st_ino 0: there was none yet */
    int watch_fd;    /* inotify; -1: there is none to be had */
    int watch;       /* what is watched: the directory, or the nearest one above that exists */
    bool watch_near; /* it is the directory */
    pid_t holder;    /* who served it when it was last found taken; 0: nobody knows */
    int told;        /* the error of the last check, 0: all was well */
};

/* Writes a sentence to *out_error, and returns `error`. */
int control_socket_say(char **out_error, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Is it the same file? */
bool control_socket_is(const char *path, const struct stat *file);

/* Locks the file `path`, creating it if need be, and writes our pid into it. 0 with *out_fd; or a
 * negative errno; with -EADDRINUSE *out_holder is the pid of who has it, or 0. */
int control_socket_lock(const char *path, int *out_fd, pid_t *out_holder)
    __attribute__((warn_unused_result));

/* Watches the directory, or the nearest one above it that exists. Is it another one than before? If
 * so, something may have happened there before anybody was watching. */
bool control_socket_move_watch(struct control_socket *socket);

/* May this client use us? */
bool control_socket_lets_in(const struct control_socket *socket, int fd, uid_t uid, gid_t gid);

#endif
