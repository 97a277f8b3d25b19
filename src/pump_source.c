/* pump_source.c - see pump_parts.h: one pipe, and what was read from it and not given on yet. */
#include "pump_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utlist.h>

#define HOLD_MS 1000                      /* an unfinished line */
#define HELD_BYTES_MAX ((size_t)32 << 20) /* in all sources, give or take one read */
#define FILE_MODE 0666

/* ---- making and freeing ---- */

void pump_source_discard(struct pump_source *s)
{
    if (s->fresh)
        pump_dest_discard(s->fresh);
    free(s->name);
    free(s);
}

int pump_source_new(const struct pump_target *target, int fd, struct pump_source **out_source)
{
    struct pump_source *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->name = strdup(target->name ? target->name : "");
    if (target->kind == PUMP_FILE)
        s->fresh = pump_dest_new(target->path, FILE_MODE, target->max_bytes, target->backups,
                                 target->timestamps);
    if (!s->name || (target->kind == PUMP_FILE && !s->fresh)) {
        pump_source_discard(s);
        return -ENOMEM;
    }
    if (s->fresh)
        s->fresh->file.owner = target->owner;
    s->fd = fd;
    s->kind = target->kind;
    s->timestamps = target->timestamps;
    s->error_stream = target->error_stream;
    s->held_until_ms = INT64_MAX;
    *out_source = s;
    return 0;
}

static void hold_no_longer(struct pump_works *w, struct pump_source *s)
{
    if (s->held_until_ms != INT64_MAX)
        DL_DELETE2(w->unfinished, s, held_prev, held_next);
    s->held_until_ms = INT64_MAX;
}

static void close_pipe(struct pump_works *w, struct pump_source *s)
{
    if (s->fd < 0)
        return;
    epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
    close(s->fd);
    s->fd = -1;
}

void pump_source_free(struct pump_works *w, struct pump_source *s)
{
    hold_no_longer(w, s);
    close_pipe(w, s);
    if (s->waits)
        DL_DELETE2(w->waiting, s, wait_prev, wait_next);
    if (s->due)
        DL_DELETE2(w->due, s, due_prev, due_next);
    else if (s->over)
        DL_DELETE2(w->over, s, due_prev, due_next);
    if (s->dest)
        pump_dest_leave(w, s->dest);
    w->held_bytes -= s->held_bytes;
    free(s->held);
    pump_source_discard(s);
}

static void attach(struct pump_works *w, struct pump_source *s)
{
    int error; /* told when bytes are lost by it */
    switch (s->kind) {
    case PUMP_FILE:
        s->dest = pump_dest_share(w, s->fresh, &error);
        s->fresh = NULL;
        return;
    case PUMP_STDOUT: s->dest = w->standard[0]; break;
    case PUMP_STDERR: s->dest = w->standard[1]; break;
    case PUMP_SYSLOG: s->dest = w->syslog; break;
    }
    s->dest->users++;
}

/* ---- waiting ---- */

void pump_source_due(struct pump_works *w, struct pump_source *s)
{
    if (s->due || s->over)
        return;
    s->due = true;
    DL_APPEND2(w->due, s, due_prev, due_next);
}

/* One-shot without an event: a pipe that has ended would report that all the time. */
static void listen_to_pipe(struct pump_works *w, struct pump_source *s, bool wanted)
{
    struct epoll_event event = { .events = wanted ? EPOLLIN : EPOLLONESHOT, .data.u64 = s->number };
    if (s->fd >= 0)
        epoll_ctl(w->epoll_fd, EPOLL_CTL_MOD, s->fd, &event);
}

static void wait_for_room(struct pump_works *w, struct pump_source *s)
{
    if (s->waits)
        return;
    s->waits = true;
    hold_no_longer(w, s);
    listen_to_pipe(w, s, false);
    DL_APPEND2(w->waiting, s, wait_prev, wait_next);
}

static bool must_wait(const struct pump_works *w, const struct pump_source *s)
{
    return pump_dest_is_full(s->dest) ||
           (s->fd >= 0 && s->held_bytes == 0 && w->held_bytes > HELD_BYTES_MAX);
}

/* In turn: one that had its turn, and must wait again, goes behind those that had none. One that
 * could give nothing has had none: else a long line would never find the room that it needs. */
void pump_source_resume(struct pump_works *w)
{
    struct pump_source *s = NULL, *next, *first = NULL;
    struct pump_source *waited = w->waiting;
    w->waiting = NULL;
    w->room = false;
    DL_FOREACH_SAFE2 (waited, s, next, wait_next) {
        uint64_t given = pump_source_given(s);
        DL_DELETE2(waited, s, wait_prev, wait_next);
        if (!must_wait(w, s)) {
            s->waits = false;
            listen_to_pipe(w, s, true);
            pump_source_run(w, s);
            if (!s->waits || pump_source_given(s) != given)
                continue;
            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it waits, so it is in there */
            DL_DELETE2(w->waiting, s, wait_prev, wait_next);
        }
        DL_APPEND2(first, s, wait_prev, wait_next);
    }
    DL_CONCAT2(first, w->waiting, wait_prev, wait_next);
    w->waiting = first;
}

/* ---- holding ---- */

static void held_less(struct pump_works *w, size_t before, size_t now)
{
    w->room = w->room ||
              (w->held_bytes > HELD_BYTES_MAX && w->held_bytes - before + now <= HELD_BYTES_MAX);
    w->held_bytes = w->held_bytes - before + now;
}

/* Keeps a copy. 0 or -ENOMEM. */
static int hold(struct pump_works *w, struct pump_source *s, const char *bytes, size_t count)
{
    if (count == 0) {
        free(s->held);
        s->held = NULL;
        s->held_room = 0;
    } else if (count > s->held_room) {
        size_t room = count < 256 ? 256 : count;
        char *held = realloc(s->held, room);
        if (!held)
            return -ENOMEM;
        s->held = held;
        s->held_room = room;
    }
    if (count > 0)
        memcpy(s->held, bytes, count);
    held_less(w, s->held_bytes, count);
    s->held_bytes = count;
    return 0;
}

static void hold_unfinished(struct pump_works *w, struct pump_source *s, bool same_line)
{
    if (same_line && s->held_until_ms != INT64_MAX)
        return;
    hold_no_longer(w, s);
    s->held_until_ms = w->now_ms + HOLD_MS;
    DL_APPEND2(w->unfinished, s, held_prev, held_next);
}

/* Gives on what is in the buffer: whole lines; all, if that is wanted, if the last line is too long
 * to be kept, or if it is the rest of one that was given on in parts. */
static void give(struct pump_works *w, struct pump_source *s, size_t count, bool all)
{
    const char *end = count > 0 ? memrchr(w->buffer, '\n', count) : NULL;
    size_t whole = end ? (size_t)(end - w->buffer) + 1 : 0;
    if (all || count - whole > PUMP_LINE_BYTES || (!end && (s->mid_line || s->skip)))
        whole = count;
    size_t given = whole > 0 ? pump_line_give(w, s, w->buffer, whole) : 0;
    if (hold(w, s, w->buffer + given, count - given) != 0) {
        (void)hold(w, s, NULL, 0); /* keeps nothing, which cannot fail */
        hold_no_longer(w, s);
        pump_dest_dropped(w, s->dest, -ENOMEM, count - given);
        s->skip = true;
        return;
    }
    if (given < whole)
        wait_for_room(w, s);
    else if (given < count)
        hold_unfinished(w, s, given == 0);
    else
        hold_no_longer(w, s);
}

static size_t take_held(struct pump_works *w, const struct pump_source *s)
{
    if (s->held_bytes > 0)
        memcpy(w->buffer, s->held, s->held_bytes);
    return s->held_bytes;
}

void pump_source_expire(struct pump_works *w)
{
    while (w->unfinished && w->unfinished->held_until_ms <= w->now_ms) {
        struct pump_source *s = w->unfinished;
        give(w, s, take_held(w, s), true);
    }
}

/* ---- reading ---- */

/* How many bytes came, behind the first `have` of the buffer. */
static size_t read_pipe(struct pump_works *w, struct pump_source *s, size_t have)
{
    size_t room = PUMP_BUFFER_BYTES - have;
    if (room > PUMP_READ_BYTES)
        room = PUMP_READ_BYTES;
    if (s->last && room > s->read_to - s->read_bytes)
        room = (size_t)(s->read_to - s->read_bytes);
    if (s->fd < 0 || (room == 0 && !s->last))
        return 0;
    ssize_t n = room > 0 ? read(s->fd, w->buffer + have, room) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        close_pipe(w, s);
        return 0;
    }
    s->read_bytes += (size_t)n;
    if (s->last && s->read_bytes == s->read_to)
        close_pipe(w, s);
    return (size_t)n;
}

static void finish(struct pump_works *w, struct pump_source *s)
{
    if (s->fd >= 0 || s->held_bytes > 0 || s->over)
        return;
    pump_line_end(w, s);
    if (s->dest->kind != PUMP_DEST_FILE && s->dest->stream.left < s->queued_to) {
        wait_for_room(w, s); /* for its last bytes to leave */
    } else if (!s->due) {
        s->over = true;
        DL_APPEND2(w->over, s, due_prev, due_next);
    }
}

void pump_source_run(struct pump_works *w, struct pump_source *s)
{
    if (s->waits || s->over)
        return;
    if (!s->dest)
        attach(w, s);
    if (must_wait(w, s)) {
        wait_for_room(w, s);
        return;
    }
    size_t have = take_held(w, s);
    have += read_pipe(w, s, have);
    bool reached = s->read_bytes >= s->read_to;
    give(w, s, have, s->fd < 0 || (s->asked && reached));
    if (s->asked && pump_source_given(s) >= s->read_to)
        s->asked = false;
    if ((s->asked || s->last) && !s->waits && s->fd >= 0)
        pump_source_due(w, s);
    finish(w, s);
}

static size_t bytes_in_pipe(const struct pump_source *s)
{
    int bytes = 0;
    return s->fd >= 0 && ioctl(s->fd, FIONREAD, &bytes) == 0 ? (size_t)bytes : 0;
}

void pump_source_give_up(struct pump_works *w, struct pump_source *s)
{
    size_t bytes = s->held_bytes + bytes_in_pipe(s);
    if (!s->dest)
        attach(w, s);
    hold_no_longer(w, s);
    (void)hold(w, s, NULL, 0); /* keeps nothing, which cannot fail */
    close_pipe(w, s);
    pump_dest_dropped(w, s->dest, s->dest->kind == PUMP_DEST_FILE ? -ETIME : -ETIMEDOUT, bytes);
}

void pump_source_ask(struct pump_works *w, struct pump_source *s, bool last)
{
    if (s->fd >= 0)
        s->read_to = s->read_bytes + bytes_in_pipe(s);
    s->asked = true;
    s->last = s->last || last;
    pump_source_due(w, s);
}

uint64_t pump_source_given(const struct pump_source *s)
{
    return s->read_bytes - s->held_bytes;
}
