/* pump_line.c - see pump_parts.h: from the bytes of a source to what stands in its destination. */
#include "pump_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define PARTS_MAX 8
#define MILLISECONDS_AT 20 /* in "2026-01-02T03:04:05.678+01:00" */

/* What a piece of a line becomes. */
struct parts {
    struct iovec part[PARTS_MAX];
    size_t count;
    size_t bytes;
};

static void add(struct parts *parts, const char *bytes, size_t count)
{
    parts->part[parts->count++] = (struct iovec){ .iov_base = (char *)bytes, .iov_len = count };
    parts->bytes += count;
}

static void add_text(struct parts *parts, const char *text)
{
    add(parts, text, strlen(text));
}

/* Made anew once a second only. */
static void add_time(struct pump_works *w, struct parts *parts)
{
    int64_t wall_ms = clock_wall_ms();
    if (w->time_bytes == 0 || wall_ms / 1000 != w->time_ms / 1000) {
        w->time_bytes = clock_text(wall_ms, w->time_text);
        w->time_text[w->time_bytes++] = ' ';
    } else if (wall_ms != w->time_ms) {
        for (int64_t i = 3, ms = wall_ms % 1000; i-- > 0; ms /= 10)
            w->time_text[MILLISECONDS_AT + i] = (char)('0' + ms % 10);
    }
    w->time_ms = wall_ms;
    add(parts, w->time_text, w->time_bytes);
}

/* The same colour for the same name, always. */
static const char *colour_of(const char *name)
{
    static const char *const palette[] = { "\033[36m", "\033[33m", "\033[32m",
                                           "\033[35m", "\033[34m", "\033[96m" };
    unsigned hash = 2166136261U; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return palette[hash % (sizeof palette / sizeof palette[0])];
}

static void add_prefix(struct pump_works *w, const struct pump_source *s, struct parts *parts)
{
    if (s->kind == PUMP_STDOUT || s->kind == PUMP_STDERR) {
        if (s->dest->colour)
            add_text(parts, colour_of(s->name));
        add_text(parts, s->name);
        add_text(parts, s->dest->colour ? "\033[0m | " : " | ");
    }
    if (s->timestamps)
        add_time(w, parts);
}

/* Another's unfinished line gets its end first; one's own is gone on with. */
static void make_parts(struct pump_works *w, const struct pump_source *s, const char *bytes,
                       size_t count, struct parts *out)
{
    const struct pump_dest *d = s->dest;
    *out = (struct parts){ .count = 0 };
    if (d->unfinished != PUMP_NOBODY && d->unfinished != s->number)
        add(out, "\n", 1);
    if (d->unfinished != s->number)
        add_prefix(w, s, out);
    add(out, bytes, count);
}

/* ---- losses ---- */

static void drop(struct pump_works *w, struct pump_source *s, const char *bytes, size_t count,
                 int error)
{
    if (count == 0)
        return;
    pump_dest_dropped(w, s->dest, error, count);
    s->skip = bytes[count - 1] != '\n';
    s->mid_line = false;
    if (s->dest->unfinished == s->number)
        s->dest->unfinished = PUMP_GONE;
}

/* The rest of a line whose start is lost. */
static size_t skip(struct pump_works *w, struct pump_source *s, const char *bytes, size_t count)
{
    if (!s->skip)
        return 0;
    const char *end = memchr(bytes, '\n', count);
    size_t n = end ? (size_t)(end - bytes) + 1 : count;
    if (s->dest->trouble.error)
        pump_dest_dropped(w, s->dest, s->dest->trouble.error, n);
    else
        s->dest->trouble.dropped_bytes += n; /* it is over: told with the next */
    s->skip = !end;
    return n;
}

/* ---- files ---- */

static void give_block(struct pump_works *w, struct pump_source *s, const char *bytes, size_t count)
{
    int error = 0;
    if (count == 0)
        return;
    size_t written = pump_dest_write(w, s->dest, bytes, count, &error);
    s->mid_line = bytes[count - 1] != '\n';
    if (written == count)
        return;
    drop(w, s, bytes + written, count - written, error);
    s->dest->unfinished = PUMP_NOBODY; /* the file itself knows that it is torn */
}

static void give_composed(struct pump_works *w, struct pump_source *s)
{
    give_block(w, s, w->composed, w->composed_bytes);
    w->composed_bytes = 0;
}

static void compose(struct pump_works *w, struct pump_source *s, const struct parts *parts)
{
    if (parts->bytes > PUMP_COMPOSE_BYTES - w->composed_bytes)
        give_composed(w, s);
    for (size_t i = 0; i < parts->count; i++) {
        memcpy(w->composed + w->composed_bytes, parts->part[i].iov_base, parts->part[i].iov_len);
        w->composed_bytes += parts->part[i].iov_len;
    }
}

/* ---- streams ---- */

static bool refuse(struct pump_works *w, struct pump_stream *stream)
{
    if (!stream->full) {
        stream->full = true;
        stream->full_ms = w->now_ms;
    }
    return false;
}

static bool queue(struct pump_works *w, struct pump_dest *d, const struct parts *parts)
{
    if (d->stream.full || !pump_stream_has_room(&d->stream, parts->bytes))
        return refuse(w, &d->stream);
    for (size_t i = 0; i < parts->count; i++)
        pump_stream_put(&d->stream, parts->part[i].iov_base, parts->part[i].iov_len);
    return true;
}

static bool send_to_syslog(struct pump_works *w, struct pump_source *s, const char *bytes,
                           size_t count)
{
    size_t text = bytes[count - 1] == '\n' ? count - 1 : count;
    if (text == 0 && s->mid_line) /* the end of a line that was sent already */
        return true;
    if (s->dest->stream.full ||
        !pump_syslog_put(&s->dest->stream, s->error_stream, s->name, bytes, text))
        return refuse(w, &s->dest->stream);
    return true;
}

/* One line, or what there is of it. False: it must wait. */
static bool give_piece(struct pump_works *w, struct pump_source *s, const char *bytes, size_t count)
{
    struct pump_dest *d = s->dest;
    struct parts parts;
    bool taken = true;
    if (d->kind != PUMP_DEST_FILE && d->stream.dropping) {
        drop(w, s, bytes, count, -ETIMEDOUT);
        return true;
    }
    if (d->kind == PUMP_DEST_SYSLOG) {
        taken = send_to_syslog(w, s, bytes, count);
    } else {
        make_parts(w, s, bytes, count, &parts);
        if (d->kind == PUMP_DEST_FILE)
            compose(w, s, &parts);
        else
            taken = queue(w, d, &parts);
    }
    if (!taken)
        return false;
    s->mid_line = bytes[count - 1] != '\n';
    d->unfinished = s->mid_line && d->kind != PUMP_DEST_SYSLOG ? s->number : PUMP_NOBODY;
    return true;
}

/* ---- all ---- */

size_t pump_line_give(struct pump_works *w, struct pump_source *s, const char *bytes, size_t count)
{
    struct pump_dest *d = s->dest;
    if (!pump_dest_is_open(w, d)) {
        drop(w, s, bytes, count, d->open_error);
        return count;
    }
    size_t at = skip(w, s, bytes, count);
    if (d->kind == PUMP_DEST_FILE && !s->timestamps) {
        give_block(w, s, bytes + at, count - at);
        return count;
    }
    while (at < count) {
        const char *end = memchr(bytes + at, '\n', count - at);
        size_t n = end ? (size_t)(end - bytes) + 1 - at : count - at;
        if (!give_piece(w, s, bytes + at, n))
            break;
        at += n;
    }
    if (w->composed_bytes > 0)
        give_composed(w, s);
    s->queued_to = d->stream.queued;
    return at;
}

void pump_line_end(struct pump_works *w, struct pump_source *s)
{
    struct pump_dest *d = s->dest;
    if (d->unfinished != s->number)
        return;
    d->unfinished = PUMP_NOBODY;
    if (d->kind == PUMP_DEST_FILE) {
        give_block(w, s, "\n", 1);
    } else {
        pump_stream_put(&d->stream, "\n", 1);
        s->queued_to = d->stream.queued;
    }
}

int pump_line_own(struct pump_works *w, struct pump_dest *d, const char *line, size_t bytes)
{
    struct parts parts = { .count = 0 };
    int error = 0;
    if (!pump_dest_is_open(w, d))
        return d->open_error;
    if (d->kind == PUMP_DEST_FILE) {
        d->file.torn = d->file.torn || d->file.mid_line;
        d->unfinished = PUMP_NOBODY;
        return pump_dest_write(w, d, line, bytes, &error) == bytes ? 0 : error;
    }
    if (d->stream.dropping)
        return -ETIMEDOUT;
    if (d->unfinished != PUMP_NOBODY)
        add(&parts, "\n", 1);
    add(&parts, line, bytes);
    if (!queue(w, d, &parts))
        return -EAGAIN;
    d->unfinished = PUMP_NOBODY;
    return 0;
}
