/* outbuf.c - see outbuf.h. The stream is a cookie stream whose writer appends to the queue. */
#include "outbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sink.h"

struct outbuf {
    struct sink sink;
    FILE *stream;
    char *bytes;
    size_t start; /* of what is pending */
    size_t end;
    size_t room;
    uint64_t printed;
    bool broken;
    int error;
    bool lost;
};

/* Makes room for `count` more bytes. */
static bool grow(struct outbuf *o, size_t count)
{
    if (o->start > 0) {
        memmove(o->bytes, o->bytes + o->start, o->end - o->start);
        o->end -= o->start;
        o->start = 0;
    }
    if (o->room - o->end >= count)
        return true;
    size_t room = (o->end + count) * 2;
    char *bytes = realloc(o->bytes, room);
    if (bytes == NULL)
        return false;
    o->bytes = bytes;
    o->room = room;
    return true;
}

/* Claims to have taken everything, whatever happens: a stream with an error set would stay so. */
static ssize_t take(void *cookie, const char *bytes, size_t count)
{
    struct outbuf *o = cookie;
    o->printed += count;
    if (o->broken) {
        return (ssize_t)count;
    } else if (o->room - o->end >= count || grow(o, count)) {
        memcpy(o->bytes + o->end, bytes, count);
        o->end += count;
    } else {
        o->lost = true;
    }
    return (ssize_t)count;
}

struct outbuf *outbuf_new(int fd)
{
    struct outbuf *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->stream = fopencookie(o, "w", (cookie_io_functions_t){ .write = take });
    if (o->stream == NULL) {
        free(o);
        return NULL;
    }
    sink_init(&o->sink, fd);
    return o;
}

void outbuf_free(struct outbuf *o)
{
    if (o == NULL)
        return;
    fclose(o->stream);
    sink_release(&o->sink);
    free(o->bytes);
    free(o);
}

FILE *outbuf_stream(struct outbuf *o)
{
    return o->stream;
}

size_t outbuf_pending(struct outbuf *o)
{
    fflush(o->stream);
    return o->end - o->start;
}

uint64_t outbuf_printed(struct outbuf *o)
{
    fflush(o->stream);
    return o->printed;
}

int outbuf_fd(const struct outbuf *o)
{
    return o->sink.fd;
}

bool outbuf_is_broken(const struct outbuf *o)
{
    return o->broken;
}

int outbuf_error(const struct outbuf *o)
{
    return o->error;
}

bool outbuf_has_lost(const struct outbuf *o)
{
    return o->lost;
}

void outbuf_drop(struct outbuf *o)
{
    fflush(o->stream);
    o->start = 0;
    o->end = 0;
}

void outbuf_flush(struct outbuf *o)
{
    while (outbuf_pending(o) > 0) {
        ssize_t n = sink_write(&o->sink, o->bytes + o->start, o->end - o->start);
        if (n == -EAGAIN)
            return;
        /* A full disk may have room again; of a pipe or a terminal nothing comes back. */
        if (n < 0) {
            o->error = o->error ? o->error : (int)n;
            o->broken = n == -EPIPE || n == -EIO;
            outbuf_drop(o);
            return;
        }
        o->start += (size_t)n;
    }
}
