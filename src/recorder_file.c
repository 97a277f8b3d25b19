/* recorder_file.c - see recorder_file.h. */
#include "recorder_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log_open.h"
#include "trace.h"

#define TRACE_MODE 0600

/* ---- bytes ---- */

/* Where the line begins that byte `at` is in. */
static size_t line_begin(const char *lines, size_t at)
{
    while (at > 0 && lines[at - 1] != '\n')
        at--;
    return at;
}

/* Events, and those that a gap would have told of. */
void recorder_file_lose(struct recorder_file *file, const char *lines, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (i > 0 && lines[i - 1] != '\n')
            continue;
        if (lines[i] == 'e')
            file->lost++;
        else if (lines[i] == 'g')
            file->lost += strtoul(lines + i + 1, NULL, 10);
    }
}

static int write_all(int fd, const char *bytes, size_t count, size_t *out_done)
{
    size_t done = 0;
    int error = 0;
    while (done < count && !error) {
        ssize_t n = write(fd, bytes + done, count - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            error = n == 0 ? -EIO : -errno;
    }
    *out_done = done;
    return error;
}

static int begin(struct recorder_file *file)
{
    struct trace_record record = {
        .kind = TRACE_BEGIN,
        .pid = getpid(),
        .wall_ms = clock_wall_ms(),
        .mono_ms = clock_ms(),
    };
    char *line;
    size_t bytes, done;
    int error = trace_line(&record, &line, &bytes);
    if (error)
        return error;
    error = write_all(file->fd, "\n", 1, &done); /* ends what a predecessor may have left torn */
    if (!error)
        error = write_all(file->fd, line, bytes, &done);
    free(line);
    file->begun = !error;
    return error;
}

int recorder_file_write(struct recorder_file *file, const char *lines, size_t bytes)
{
    size_t done = 0;
    int error = file->begun ? 0 : begin(file);
    if (!error)
        error = write_all(file->fd, lines, bytes, &done);
    if (error) {
        size_t whole = line_begin(lines, done);
        recorder_file_lose(file, lines + whole, bytes - whole);
    }
    return error;
}

/* ---- files ---- */

static bool is_same_file(int a, int b)
{
    struct stat one, other;
    return a >= 0 && fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* That nothing can be written to it just now is no reason not to go on. */
static void take_over(struct recorder_file *file, int fd)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = fd;
    if (begin(file))
        return; /* recorder_file_write() tries again */
}

int recorder_file_reopen(struct recorder_file *file, bool *out_fresh)
{
    int fd;
    int error = log_open(file->path, TRACE_MODE, NULL, &fd);
    if (error)
        return error;
    bool fresh = !is_same_file(file->fd, fd);
    if (fresh && flock(fd, LOCK_EX | LOCK_NB)) /* two writers would make one story of two */
        error = -errno;
    if (fresh && !error)
        take_over(file, fd);
    else
        close(fd);
    if (!error)
        *out_fresh = fresh;
    return error;
}

int recorder_file_open(struct recorder_file *file, const char *path)
{
    bool fresh;
    *file = (struct recorder_file){ .fd = -1, .path = strdup(path) };
    int error = file->path ? recorder_file_reopen(file, &fresh) : -ENOMEM;
    if (error)
        recorder_file_close(file);
    return error;
}

void recorder_file_close(struct recorder_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    *file = (struct recorder_file){ .fd = -1 };
}

bool recorder_file_is_gone(const struct recorder_file *file)
{
    struct stat st;
    return fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0;
}
