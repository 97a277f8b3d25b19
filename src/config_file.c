/* config_file.c - see config_file.h. */
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define SILENCE_MAX_MS 60000
#define FIRST_ROOM 65536

struct content {
    char *bytes;
    size_t size, room;
};

/* Looks before it opens: opening a device may have effects. O_NONBLOCK: a FIFO without a writer
 * must not hold us up. */
static int open_file(const char *path, bool pipes, struct stat *out_stat)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode) && !pipes)
        return -EMEDIUMTYPE;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, out_stat) == 0) /* who may write to it is asked of what is read */
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

static int wait_readable(int fd, int64_t deadline_ms)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };
    int n;
    do {
        n = poll(&pfd, 1, clock_poll_timeout(deadline_ms));
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return n == 0 ? -ETIMEDOUT : 0;
}

static int make_room(struct content *c)
{
    if (c->size < c->room)
        return 0;
    size_t room = c->room ? c->room * 2 : FIRST_ROOM;
    char *bytes = realloc(c->bytes, room);
    if (!bytes)
        return -ENOMEM;
    c->bytes = bytes;
    c->room = room;
    return 0;
}

static int read_all(int fd, struct content *c)
{
    for (;;) {
        int error = make_room(c);
        if (error)
            return error;
        ssize_t n = read(fd, c->bytes + c->size, c->room - c->size);
        if (n == 0)
            return 0;
        if (n > 0) {
            c->size += (size_t)n;
            if (c->size > CONFIG_FILE_MAX_BYTES)
                return -EFBIG;
        } else if (errno == EAGAIN) {
            error = wait_readable(fd, clock_ms() + SILENCE_MAX_MS);
            if (error)
                return error;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
}

int config_file_read(const char *path, bool pipes, char **out_bytes, size_t *out_size,
                     struct stat *out_stat)
{
    struct stat st;
    int fd = open_file(path, pipes, &st);
    if (fd < 0)
        return fd;
    struct content content = { .size = 0 };
    int error = read_all(fd, &content);
    close(fd);
    if (error) {
        free(content.bytes);
        return error;
    }
    *out_bytes = content.bytes;
    *out_size = content.size;
    *out_stat = st;
    return 0;
}

const char *config_file_error(int error)
{
    if (error == -EFBIG)
        return "larger than 8 MiB";
    if (error == -EMEDIUMTYPE)
        return "not a regular file";
    if (error == -ETIMEDOUT)
        return "nothing came for a minute";
    const char *text = strerrordesc_np(-error);
    return text ? text : "unknown error";
}
