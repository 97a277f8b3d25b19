/* pump_file.c - see pump_file.h. */
#include "pump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_BYTES 16384
#define CHECK_MS 1000 /* between two looks at a file, and two tries of what failed */
#define TURNS_MAX 8   /* rotations without a byte written between them */

/* ---- opening ---- */

int pump_file_open(const struct pump_file *file, int *out_fd, struct stat *out_stat)
{
    int fd = -1;
    int error = log_open(file->path, file->mode, &file->owner, &fd);
    if (error)
        return error;
    if (fstat(fd, out_stat) < 0) {
        error = -errno;
        close(fd);
        return error;
    }
    *out_fd = fd;
    return 0;
}

static bool is_same(const struct pump_file *file, const struct stat *st)
{
    return file->fd >= 0 && file->device == st->st_dev && file->inode == st->st_ino;
}

/* It is open for writing only. One that cannot be read counts as ended. */
static bool ends_mid_line(const struct pump_file *file)
{
    struct stat st;
    char last = '\n';
    if (!file->regular || file->size == 0)
        return false;
    int fd = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) < 0 || !is_same(file, &st) || pread(fd, &last, 1, file->size - 1) != 1)
        last = '\n';
    close(fd);
    return last != '\n';
}

void pump_file_use(struct pump_file *file, int fd, const struct stat *st)
{
    pump_file_close(file);
    file->fd = fd;
    file->device = st->st_dev;
    file->inode = st->st_ino;
    file->regular = S_ISREG(st->st_mode);
    file->real_path = file->regular ? realpath(file->path, NULL) : NULL;
    file->size = st->st_size;
    file->mid_line = ends_mid_line(file);
    file->torn = file->whole_lines && file->mid_line;
}

int pump_file_reopen(struct pump_file *file)
{
    struct stat st;
    int fd = -1;
    int error = pump_file_open(file, &fd, &st);
    if (error)
        return error;
    if (is_same(file, &st))
        close(fd);
    else
        pump_file_use(file, fd, &st);
    return 0;
}

void pump_file_close(struct pump_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->real_path);
    file->fd = -1;
    file->real_path = NULL;
    file->size = 0;
    file->mid_line = file->torn = false;
    file->line_at = 0;
    file->gone = 0;
    file->check_ms = file->rotate_ms = 0;
}

/* ---- rotation ---- */

static size_t write_out(struct pump_file *file, const char *bytes, size_t count, int *out_error)
{
    size_t written = 0;
    while (written < count) {
        ssize_t n = write(file->fd, bytes + written, count - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            *out_error = n < 0 ? -errno : -EIO;
            break;
        }
        written += (size_t)n;
    }
    if (written == 0)
        return 0;
    const char *end = memrchr(bytes, '\n', written);
    if (end)
        file->line_at = file->size + (end - bytes) + 1;
    else if (!file->mid_line)
        file->line_at = file->size;
    file->size += (int64_t)written;
    file->mid_line = bytes[written - 1] != '\n';
    return written;
}

static const char *path_of(const struct pump_file *file)
{
    return file->real_path ? file->real_path : file->path;
}

/* "PATH.N"; PATH itself for 0. A string to free(), or NULL when out of memory. */
static char *backup_path(const struct pump_file *file, long number)
{
    char *path = NULL;
    if (number == 0)
        return strdup(path_of(file));
    return asprintf(&path, "%s.%ld", path_of(file), number) < 0 ? NULL : path;
}

/* 0, -ENOENT, or another negative errno where that cannot be said. */
static int look_for(const struct pump_file *file, long number)
{
    struct stat st;
    char *path = backup_path(file, number);
    int error = !path ? -ENOMEM : lstat(path, &st) < 0 ? -errno : 0;
    free(path);
    return error;
}

static int move_up(const struct pump_file *file, long number)
{
    char *from = backup_path(file, number);
    char *to = backup_path(file, number + 1);
    int error = !from || !to ? -ENOMEM : rename(from, to) < 0 ? -errno : 0;
    free(from);
    free(to);
    return error;
}

/* From the last one that exists down, so that each moves to where there is nothing any more; only
 * the one that is too many is replaced. */
static int move_all_up(const struct pump_file *file)
{
    long number = 1;
    int error = 0;
    while (number < file->backups && (error = look_for(file, number)) == 0)
        number++;
    if (error == -ENOENT)
        error = 0;
    while (!error && number > 0)
        error = move_up(file, --number);
    return error;
}

/* The next file belongs to whom the last one belonged. */
static void keep_owner(int fd, const struct stat *now, const struct stat *before)
{
    if (now->st_uid != before->st_uid || now->st_gid != before->st_gid)
        (void)!fchown(fd, before->st_uid, before->st_gid);
    if (now->st_mode != before->st_mode)
        (void)fchmod(fd, before->st_mode & 07777);
}

/* The same file again: a backup is a hard link to it, so that rename() did nothing, and succeeded;
 * or somebody turned a symbolic link round. Taken for the next one it would be rotated for ever. */
static int open_next(struct pump_file *file)
{
    struct stat before, st;
    int fd = -1;
    if (fstat(file->fd, &before) < 0)
        return -errno;
    int error = pump_file_open(file, &fd, &st);
    if (error)
        return error;
    if (is_same(file, &st)) {
        close(fd);
        return -EBUSY;
    }
    if (st.st_size == 0)
        keep_owner(fd, &st, &before);
    pump_file_use(file, fd, &st);
    return 0;
}

static bool are_same(int fd, int other)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Copies the last `bytes` of what is PATH.1 now to the file's start: of `old_fd`, that is, which
 * cannot be read, and not of what somebody else has put there. */
static int copy_line(struct pump_file *file, int old_fd, int64_t from, int64_t bytes)
{
    char block[COPY_BYTES];
    int error = 0;
    char *path = backup_path(file, 1);
    int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (fd < 0)
        error = path ? -errno : -ENOMEM;
    else if (!are_same(fd, old_fd))
        error = -ESTALE;
    while (!error && bytes > 0) {
        ssize_t n = pread(fd, block, bytes < COPY_BYTES ? (size_t)bytes : COPY_BYTES, from);
        if (n <= 0 || write_out(file, block, (size_t)n, &error) < (size_t)n) {
            error = -EIO;
            break;
        }
        from += n;
        bytes -= n;
    }
    if (fd >= 0)
        close(fd);
    free(path);
    return error;
}

/* The start of a line that does not fit goes on in the next file too. It is taken away from the
 * old one last, so that nothing is lost; where that is not possible the line is cut. */
static int open_next_with_line(struct pump_file *file)
{
    int64_t line_at = file->line_at;
    int64_t bytes = file->size - line_at;
    int old_fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    int error = old_fd < 0 ? -errno : open_next(file);
    if (error)
        goto out;
    if (file->size > 0)
        goto out; /* there is something already */
    if (copy_line(file, old_fd, line_at, bytes) != 0 || ftruncate(old_fd, line_at) < 0) {
        error = ftruncate(file->fd, 0) < 0 ? -errno : 0;
        file->size = 0;
        file->mid_line = false;
    }
out:
    if (old_fd >= 0)
        close(old_fd);
    return error;
}

/* What stands at the path may not be this file any more, because somebody moved it, or because the
 * last rotation ended half way: then that one is used, whatever it is. */
static int rotate(struct pump_file *file)
{
    struct stat st;
    bool here = stat(path_of(file), &st) == 0 && is_same(file, &st);
    if (here && file->backups == 0) {
        if (ftruncate(file->fd, 0) < 0)
            return -errno;
        file->size = 0;
        file->mid_line = false;
        return 0;
    }
    int error = here ? move_all_up(file) : 0;
    if (error)
        return error;
    if (!here || !file->mid_line || file->line_at == 0)
        return open_next(file);
    return open_next_with_line(file);
}

/* `turns` of these came to nothing: what stands at the path is full each time. */
static bool make_room(struct pump_file *file, int64_t now_ms, int turns)
{
    if (now_ms < file->rotate_ms)
        return false;
    int error = turns < TURNS_MAX ? rotate(file) : -EBUSY;
    if (error) {
        file->rotate_ms = now_ms + CHECK_MS;
        file->rotate_error = error;
    }
    return error == 0;
}

/* How many of the bytes go into the file as it is. 0: it is to be rotated first. */
static size_t share(const struct pump_file *file, const char *bytes, size_t count)
{
    int64_t room = file->max_bytes - file->size;
    if (file->max_bytes == 0 || !file->regular || room >= (int64_t)count)
        return count;
    const char *end = room > 0 ? memrchr(bytes, '\n', (size_t)room) : NULL;
    if (end)
        return (size_t)(end - bytes) + 1;
    if (file->size > 0 && (!file->mid_line || (file->line_at > 0 && file->backups > 0)))
        return 0;
    /* A line which is larger than a whole file, or whose start was there before. */
    int64_t most = 2 * file->max_bytes - file->size;
    if (most <= 0)
        return 0;
    if (most > (int64_t)count)
        most = (int64_t)count;
    end = memchr(bytes, '\n', (size_t)most);
    return end ? (size_t)(end - bytes) + 1 : (size_t)most;
}

/* ---- writing ---- */

/* Somebody may have removed or emptied it. */
static int look_after(struct pump_file *file, int64_t now_ms)
{
    struct stat st;
    if (file->fd < 0)
        return -EBADF;
    if (!file->regular || now_ms < file->check_ms)
        return file->gone;
    file->gone = 0;
    if (fstat(file->fd, &st) < 0 || st.st_nlink == 0)
        file->gone = pump_file_reopen(file);
    else
        file->size = st.st_size;
    if (file->size == 0)
        file->mid_line = file->torn = false;
    if (file->size < file->line_at)
        file->line_at = 0;
    file->check_ms = now_ms + CHECK_MS;
    return file->gone;
}

size_t pump_file_write(struct pump_file *file, const char *bytes, size_t count, int64_t now_ms,
                       int *out_error)
{
    size_t written = 0;
    int turns = 0;
    int error = look_after(file, now_ms);
    if (!error && file->torn && write_out(file, "\n", 1, &error) == 1)
        file->torn = false;
    while (!error && written < count) {
        size_t n = share(file, bytes + written, count - written);
        if (n == 0 && make_room(file, now_ms, turns++))
            continue;
        turns = 0;
        written += write_out(file, bytes + written, n > 0 ? n : count - written, &error);
    }
    if (error) {
        file->torn = file->mid_line;
        *out_error = error;
    }
    return written;
}
