/* control_socket_lock.c - the file that only one supervisor has locked. */
#include "control_socket_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define TRIES 100 /* each is lost to somebody who makes or removes the file at the same moment */
#define PID_BYTES 24

/* Not with O_CREAT at first: the kernel may forbid that for a file of another user. */
static int open_lock(const char *path)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = open(path, flags);
    if (fd >= 0 || errno != ENOENT)
        return fd < 0 ? -errno : fd;
    fd = open(path, flags | O_CREAT | O_EXCL, 0600);
    if (fd >= 0)
        return fd;
    return errno == EEXIST ? -EAGAIN : -errno;
}

static pid_t read_pid(int fd)
{
    char text[PID_BYTES] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 ? (pid_t)pid : 0;
}

/* Never empty in between: somebody may be reading it. */
static int write_pid(int fd)
{
    char text[PID_BYTES];
    int length = snprintf(text, sizeof text, "%d\n", getpid());
    ssize_t written = pwrite(fd, text, (size_t)length, 0);
    if (written < 0 || ftruncate(fd, length) < 0)
        return -errno;
    return written == length ? 0 : -ENOSPC;
}

/* A file that also has another name could be one that matters to somebody. */
static int lock(int fd, const char *path, pid_t *out_holder)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
        return -EPERM;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int error = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
        *out_holder = read_pid(fd);
        return error;
    }
    if (!control_socket_is(path, &st))
        return -EAGAIN;
    return write_pid(fd);
}

int control_socket_lock(const char *path, int *out_fd, pid_t *out_holder)
{
    int error = -EAGAIN;
    for (int i = 0; i < TRIES && error == -EAGAIN; i++) {
        int fd = open_lock(path);
        if (fd < 0) {
            error = fd;
            continue;
        }
        error = lock(fd, path, out_holder);
        if (error)
            close(fd);
        else
            *out_fd = fd;
    }
    return error;
}
