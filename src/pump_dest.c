/* pump_dest.c - see pump_parts.h: finding, opening, writing and closing destinations. They are
 * found by their path, and by device and inode, which change when a file is rotated. */
#include "pump_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "log.h"
#include "log_open.h"

#define RETRY_MS 1000
#define PATIENCE_MS 1000 /* with a stream that does not move */
#define ROTATION_TELL_MS 60000

/* ---- the table ---- */

static void forget_inode(struct pump_works *w, struct pump_dest *d)
{
    if (d->by_inode.tbl)
        HASH_DELETE(by_inode, w->by_inode, d);
    memset(&d->by_inode, 0, sizeof d->by_inode);
}

static struct pump_dest *find_inode(const struct pump_works *w, const struct pump_inode *inode)
{
    struct pump_dest *d;
    HASH_FIND(by_inode, w->by_inode, inode, sizeof *inode, d);
    return d;
}

static void remember_inode(struct pump_works *w, struct pump_dest *d, dev_t device, ino_t number)
{
    struct pump_inode inode = { .device = device, .number = number };
    if (d->by_inode.tbl && memcmp(&d->inode, &inode, sizeof inode) == 0)
        return;
    forget_inode(w, d);
    d->inode = inode;
    if (!find_inode(w, &inode))
        HASH_ADD(by_inode, w->by_inode, inode, sizeof inode, d);
}

static struct pump_dest *find_path(const struct pump_works *w, const char *path)
{
    struct pump_dest *d;
    HASH_FIND(by_path, w->by_path, path, strlen(path), d);
    return d;
}

static void enter(struct pump_works *w, struct pump_dest *d)
{
    DL_APPEND(w->dests, d);
    if (d->path)
        HASH_ADD_KEYPTR(by_path, w->by_path, d->path, strlen(d->path), d);
}

/* ---- making and opening ---- */

static void become_stream(struct pump_works *w, struct pump_dest *d, enum pump_dest_kind kind)
{
    d->kind = kind;
    DL_APPEND2(w->streams, d, stream_prev, stream_next);
}

static struct pump_dest *new_dest(const char *what)
{
    struct pump_dest *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->what = what;
    d->unfinished = PUMP_NOBODY;
    d->file.fd = -1;
    d->stream.sink.fd = -1;
    return d;
}

struct pump_dest *pump_dest_new(const char *path, mode_t mode, int64_t max_bytes, long backups,
                                bool whole_lines)
{
    struct pump_dest *d = new_dest(NULL);
    if (!d)
        return NULL;
    d->path = strdup(path);
    if (!d->path) {
        free(d);
        return NULL;
    }
    d->what = d->path;
    d->file.path = d->path;
    d->file.mode = mode;
    d->file.max_bytes = max_bytes;
    d->file.backups = backups;
    d->file.whole_lines = whole_lines;
    return d;
}

static int open_stream(struct pump_works *w, struct pump_dest *d, int fd)
{
    int error = pump_stream_open(&d->stream);
    if (error)
        return error;
    sink_init_own(&d->stream.sink, fd);
    become_stream(w, d, PUMP_DEST_STREAM);
    return 0;
}

static int open_path(struct pump_works *w, struct pump_dest *d)
{
    struct stat st;
    int fd = -1;
    int error = pump_file_open(&d->file, &fd, &st);
    if (!error && (S_ISFIFO(st.st_mode) || isatty(fd))) {
        error = open_stream(w, d, fd);
        if (error)
            close(fd);
    } else if (!error) {
        pump_file_use(&d->file, fd, &st);
    }
    d->open_error = error;
    d->retry_ms = w->now_ms + RETRY_MS;
    if (!error)
        d->inode = (struct pump_inode){ .device = st.st_dev, .number = st.st_ino };
    return error;
}

bool pump_dest_is_open(struct pump_works *w, struct pump_dest *d)
{
    if (!d->path || d->file.fd >= 0 || d->kind != PUMP_DEST_FILE)
        return true;
    if (w->now_ms < d->retry_ms || open_path(w, d) != 0)
        return false;
    remember_inode(w, d, d->inode.device, d->inode.number);
    return true;
}

static void destroy(struct pump_works *w, struct pump_dest *d)
{
    if (d->kind != PUMP_DEST_FILE) {
        DL_DELETE2(w->streams, d, stream_prev, stream_next);
        epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, d->stream.sink.fd, NULL); /* it may not be there */
    }
    pump_stream_close(&d->stream);
    pump_file_close(&d->file);
    free(d->path);
    free(d);
}

void pump_dest_discard(struct pump_dest *fresh)
{
    free(fresh->path);
    free(fresh);
}

/* ---- finding ---- */

struct pump_dest *pump_dest_of_fd(struct pump_works *w, int fd, const char *what, bool colour)
{
    struct stat st = { 0 };
    if (fstat(fd, &st) == 0) {
        struct pump_inode inode = { .device = st.st_dev, .number = st.st_ino };
        struct pump_dest *d = find_inode(w, &inode);
        if (d) {
            d->users++;
            return d;
        }
    }
    struct pump_dest *d = new_dest(what);
    if (!d || pump_stream_open(&d->stream) != 0) {
        free(d);
        return NULL;
    }
    sink_init(&d->stream.sink, fd);
    d->colour = colour;
    d->users = 1;
    become_stream(w, d, PUMP_DEST_STREAM);
    enter(w, d);
    remember_inode(w, d, st.st_dev, st.st_ino);
    return d;
}

struct pump_dest *pump_dest_of_syslog(struct pump_works *w)
{
    struct pump_dest *d = new_dest("syslog");
    if (!d || pump_stream_open(&d->stream) != 0) {
        free(d);
        return NULL;
    }
    d->users = 1;
    become_stream(w, d, PUMP_DEST_SYSLOG);
    enter(w, d);
    return d;
}

/* A path that is known already is looked at again: its file may have been moved away. */
static struct pump_dest *share_path(struct pump_works *w, struct pump_dest *d,
                                    const struct pump_dest *fresh)
{
    d->file.owner = fresh->file.owner;
    d->file.max_bytes = fresh->file.max_bytes;
    d->file.backups = fresh->file.backups;
    d->file.whole_lines = fresh->file.whole_lines;
    if (d->file.fd >= 0 && pump_file_reopen(&d->file) == 0)
        remember_inode(w, d, d->file.device, d->file.inode);
    return d;
}

struct pump_dest *pump_dest_share(struct pump_works *w, struct pump_dest *fresh, int *out_error)
{
    struct pump_dest *d = find_path(w, fresh->path);
    if (d)
        share_path(w, d, fresh);
    else if (open_path(w, fresh) == 0)
        d = find_inode(w, &fresh->inode);
    if (d) {
        destroy(w, fresh);
    } else {
        d = fresh;
        enter(w, d);
        if (!d->open_error)
            remember_inode(w, d, d->inode.device, d->inode.number);
    }
    d->users++;
    *out_error = d->open_error;
    return d;
}

void pump_dest_leave(struct pump_works *w, struct pump_dest *d)
{
    if (--d->users > 0)
        return;
    pump_trouble_tell(&d->trouble, d->what, w->now_ms, true);
    DL_DELETE(w->dests, d);
    forget_inode(w, d);
    if (d->by_path.tbl)
        HASH_DELETE(by_path, w->by_path, d);
    destroy(w, d);
}

/* A FIFO stays: whoever reads it has it open. */
void pump_dest_reopen(struct pump_works *w, struct pump_dest *d)
{
    d->retry_ms = w->now_ms;
    if (d->file.fd < 0)
        return;
    int error = pump_file_reopen(&d->file);
    if (error)
        log_write(LOG_ERROR, "cannot open '%s' again: %s", d->what, log_open_reason(-error));
    else
        remember_inode(w, d, d->file.device, d->file.inode);
}

/* ---- writing ---- */

void pump_dest_dropped(struct pump_works *w, struct pump_dest *d, int error, size_t bytes)
{
    if (bytes == 0)
        return;
    if (d->own) { /* told when it is over */
        d->trouble.error = error;
        d->trouble.dropped_bytes += bytes;
        return;
    }
    pump_trouble_dropped(&d->trouble, d->what, error, bytes, w->now_ms);
    if (d->trouble.untold && d->trouble.tell_ms < w->tell_ms)
        w->tell_ms = d->trouble.tell_ms;
}

static void over(struct pump_works *w, struct pump_dest *d)
{
    pump_trouble_over(&d->trouble, d->what, w->now_ms);
    if (d->trouble.untold && d->trouble.tell_ms < w->tell_ms)
        w->tell_ms = d->trouble.tell_ms;
}

void pump_dest_tell(struct pump_works *w)
{
    struct pump_dest *d = NULL;
    if (w->now_ms < w->tell_ms)
        return;
    w->tell_ms = INT64_MAX;
    DL_FOREACH (w->dests, d) {
        pump_trouble_tell(&d->trouble, d->what, w->now_ms, false);
        if (d->trouble.untold && d->trouble.tell_ms < w->tell_ms)
            w->tell_ms = d->trouble.tell_ms;
    }
}

size_t pump_dest_write(struct pump_works *w, struct pump_dest *d, const char *bytes, size_t count,
                       int *out_error)
{
    size_t written = pump_file_write(&d->file, bytes, count, w->now_ms, out_error);
    remember_inode(w, d, d->file.device, d->file.inode);
    if (d->file.rotate_error && w->now_ms >= d->rotation_ms) {
        log_write(LOG_ERROR, "cannot rotate '%s', going on in it: %s", d->what,
                  log_open_reason(-d->file.rotate_error));
        d->rotation_ms = w->now_ms + ROTATION_TELL_MS;
    }
    d->file.rotate_error = 0;
    if (written == count)
        over(w, d);
    return written;
}

bool pump_dest_is_full(const struct pump_dest *d)
{
    return d->kind != PUMP_DEST_FILE && d->stream.full && !d->stream.dropping;
}

/* Asks epoll for the moment when there is room again. What epoll does not take (it takes all that
 * can be waited for) is tried again soon. */
static void await_room(struct pump_works *w, struct pump_dest *d)
{
    struct epoll_event event = { .events = EPOLLOUT | EPOLLONESHOT, .data.u64 = PUMP_STREAM_EVENT };
    int fd = d->stream.sink.fd;
    if (epoll_ctl(w->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 &&
        epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        d->retry_ms = w->now_ms + RETRY_MS / 10;
}

/* Sends what it can; tells what was too long, and that it is over where other bytes left. */
static int flush(struct pump_works *w, struct pump_dest *d)
{
    size_t too_long = 0;
    uint64_t left = d->stream.left;
    int error = d->kind == PUMP_DEST_SYSLOG
                    ? pump_syslog_flush(&d->stream, w->syslog_path, &too_long)
                    : pump_stream_flush(&d->stream);
    pump_dest_dropped(w, d, -EMSGSIZE, too_long);
    if (d->stream.left != left)
        w->room = true;
    if (d->stream.left - left > too_long)
        over(w, d);
    return error;
}

void pump_dest_flush(struct pump_works *w, struct pump_dest *d)
{
    struct pump_stream *s = &d->stream;
    if (pump_stream_is_empty(s))
        return;
    d->retry_ms = INT64_MAX;
    int error = flush(w, d);
    if (error == -EAGAIN) {
        await_room(w, d);
        if (s->full && !s->dropping && w->now_ms >= s->full_ms + PATIENCE_MS)
            s->dropping = w->room = true;
    } else if (error) {
        pump_dest_dropped(w, d, error, pump_stream_clear(s));
        d->unfinished = s->mid_line ? PUMP_GONE : PUMP_NOBODY;
        w->room = true;
    }
}

int64_t pump_dest_deadline_ms(const struct pump_dest *d)
{
    const struct pump_stream *s = &d->stream;
    if (pump_stream_is_empty(s))
        return INT64_MAX;
    int64_t stalled_ms = s->full && !s->dropping ? s->full_ms + PATIENCE_MS : INT64_MAX;
    return d->retry_ms < stalled_ms ? d->retry_ms : stalled_ms;
}
