/* pid_file.c - see pid_file.h. */
#include "pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "proctree.h"

/* Non-blocking: it might be a FIFO. No terminal may become ours. */
#define FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

enum { TEXT_BYTES = 32, ORPHAN_MS = 1000, LOOK_MS = 10 };

static void own_text(char *out_text)
{
    snprintf(out_text, TEXT_BYTES, "%d\n", getpid());
}

/* Is there nothing in the file but a number, or nothing at all? */
static int check(int fd)
{
    char text[TEXT_BYTES];
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size >= TEXT_BYTES)
        return -EEXIST;
    ssize_t count = read(fd, text, sizeof text - 1);
    if (count < 0)
        return -errno;
    text[count] = '\0';
    size_t digits = strspn(text, "0123456789");
    return digits + strspn(text + digits, " \n") == (size_t)count ? 0 : -EEXIST;
}

static int overwrite(int fd)
{
    char text[TEXT_BYTES];
    own_text(text);
    ssize_t size = (ssize_t)strlen(text);
    if (ftruncate(fd, 0))
        return -errno;
    ssize_t count = pwrite(fd, text, (size_t)size, 0);
    return count == size ? 0 : count < 0 ? -errno : -ENOSPC;
}

static bool holder_is_gone(int fd)
{
    char text[TEXT_BYTES] = { 0 };
    return pread(fd, text, sizeof text - 1, 0) > 0 && proc_is_gone((pid_t)strtol(text, NULL, 10));
}

/* A supervisor that was killed while it started something has left a child that has its lock until
 * its exec: a moment, or longer on a busy machine. Nothing tells of a lock that is free. */
static int lock(int fd)
{
    int64_t deadline_ms = clock_ms() + ORPHAN_MS;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return -errno;
        if (!holder_is_gone(fd) || clock_ms() >= deadline_ms)
            return -EBUSY;
        poll(NULL, 0, LOOK_MS);
    }
    return 0;
}

int pid_file_write(const char *path, int *out_fd)
{
    int fd = open(path, O_RDWR | O_CREAT | FLAGS, 0644);
    if (fd < 0)
        return -errno;
    int error = check(fd);
    if (!error)
        error = lock(fd);
    if (!error) {
        error = overwrite(fd);
        if (error)
            unlink(path); /* half a number would be that of somebody else */
    }
    if (error)
        close(fd);
    else
        *out_fd = fd;
    return error;
}

/* Is it there, and ours? */
static int is_own(const char *path, bool *out_own)
{
    char own[TEXT_BYTES];
    char text[TEXT_BYTES] = { 0 };
    own_text(own);
    int fd = open(path, O_RDONLY | FLAGS);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    ssize_t count = read(fd, text, sizeof text - 1);
    int error = count < 0 ? -errno : 0;
    close(fd);
    *out_own = count > 0 && strcmp(text, own) == 0;
    return error;
}

int pid_file_remove(const char *path, int fd)
{
    bool own = false;
    int error = is_own(path, &own);
    if (!error && own && unlink(path) < 0)
        error = -errno;
    close(fd);
    return error;
}
