/* sink.c - see sink.h. */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 10)
#define CHUNK_PIPE_BYTES 4096 /* POLLOUT of a pipe promises room for a page */
#define CHUNK_TTY_BYTES 256

/* Through /proc, because a terminal's name may mean nothing in this mount namespace. */
static int open_again(int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void sink_init(struct sink *sink, int fd)
{
    struct stat st;
    *sink = (struct sink){ .fd = fd, .chunk_bytes = CHUNK_BYTES };
    if (fstat(fd, &st) != 0)
        return;
    bool pipe = S_ISFIFO(st.st_mode);
    sink->socket = S_ISSOCK(st.st_mode);
    if (!pipe && isatty(fd) == 0)
        return;
    int again = open_again(fd);
    if (again >= 0) {
        sink->fd = again;
        sink->ours = true;
    } else {
        sink->chunk_bytes = pipe ? CHUNK_PIPE_BYTES : CHUNK_TTY_BYTES;
    }
}

void sink_init_own(struct sink *sink, int fd)
{
    *sink = (struct sink){ .fd = fd, .ours = true, .chunk_bytes = CHUNK_BYTES };
}

void sink_release(struct sink *sink)
{
    if (sink->ours)
        close(sink->fd);
    *sink = (struct sink){ .fd = -1 };
}

static bool has_room(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    return poll(&p, 1, 0) != 0;
}

ssize_t sink_write(const struct sink *sink, const char *bytes, size_t count)
{
    if (count > sink->chunk_bytes)
        count = sink->chunk_bytes;
    if (!sink->ours && !has_room(sink->fd))
        return -EAGAIN;
    ssize_t n = sink->socket ? send(sink->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL)
                             : write(sink->fd, bytes, count);
    if (n > 0 || count == 0)
        return n;
    if (n == 0 || errno == EINTR || errno == EWOULDBLOCK)
        return -EAGAIN;
    return -errno;
}
