/* log_file.c - see log_parts.h: the file, pipe or terminal behind the log. */
#include "log_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

/* O_NONBLOCK so that a FIFO without a reader is an error, not a wait. */
static int open_once(const char *path, int *out_fd)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd < 0)
        return -errno;
    *out_fd = fd;
    return 0;
}

static int make_directories_above(const char *path)
{
    char *part = strdup(path);
    if (part == NULL)
        return -ENOMEM;
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(part, 0755); /* what matters is whether the file can be opened then */
        *slash = '/';
    }
    free(part);
    return 0;
}

static int open_path(const char *path, int *out_fd)
{
    int error = open_once(path, out_fd);
    if (error != -ENOENT || make_directories_above(path) != 0)
        return error;
    return open_once(path, out_fd);
}

static void use(struct log_file *file, int fd)
{
    file->fd = fd;
    file->torn = false;
    sink_init(&file->sink, fd);
}

int log_file_open(struct log_file *file, const char *path)
{
    char *copy = NULL;
    int fd = STDERR_FILENO;
    if (path != NULL) {
        copy = strdup(path);
        if (copy == NULL)
            return -ENOMEM;
        int error = open_path(path, &fd);
        if (error != 0) {
            free(copy);
            return error;
        }
    }
    file->path = copy;
    use(file, fd);
    return 0;
}

void log_file_close(struct log_file *file)
{
    sink_release(&file->sink);
    if (file->path != NULL)
        close(file->fd);
    free(file->path);
    file->path = NULL;
}

int log_file_reopen(struct log_file *file)
{
    if (file->path == NULL)
        return 0;
    int fd = -1;
    int error = open_path(file->path, &fd);
    if (error != 0)
        return error;
    sink_release(&file->sink);
    close(file->fd);
    use(file, fd);
    return 0;
}

static int write_all(struct log_file *file, const char *bytes, size_t count, int64_t deadline_ms,
                     size_t *out_written)
{
    size_t written = 0;
    int error = 0;
    while (written < count && error == 0) {
        ssize_t n = sink_write(&file->sink, bytes + written, count - written);
        if (n >= 0) {
            written += (size_t)n;
        } else if (n != -EAGAIN) {
            error = (int)n;
        } else if (clock_ms() >= deadline_ms) {
            error = -ETIMEDOUT;
        } else {
            struct pollfd p = { .fd = file->sink.fd, .events = POLLOUT };
            poll(&p, 1, clock_poll_timeout(deadline_ms));
        }
    }
    *out_written = written;
    return error;
}

int log_file_write(struct log_file *file, const char *line, size_t bytes, int64_t deadline_ms)
{
    size_t written = 0;
    int error = 0;
    if (file->torn)
        error = write_all(file, "\n", 1, deadline_ms, &written);
    if (error != 0)
        return error;
    error = write_all(file, line, bytes, deadline_ms, &written);
    file->torn = error != 0 && written > 0;
    return error;
}
