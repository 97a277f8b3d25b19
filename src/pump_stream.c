/* pump_stream.c - see pump_stream.h. The queue lies in twice the room that it may take, so that it
 * is moved to the front seldom. */
#include "pump_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_BYTES 64 /* beyond what is allowed: for an end of line that must not be refused */
#define ROOM_BYTES (2 * PUMP_STREAM_BYTES + SPARE_BYTES)

int pump_stream_open(struct pump_stream *s)
{
    s->bytes = malloc(ROOM_BYTES);
    return s->bytes ? 0 : -ENOMEM;
}

void pump_stream_close(struct pump_stream *s)
{
    sink_release(&s->sink);
    free(s->bytes);
    s->bytes = NULL;
    s->start = s->end = 0;
}

bool pump_stream_is_empty(const struct pump_stream *s)
{
    return s->start == s->end;
}

bool pump_stream_has_room(const struct pump_stream *s, size_t count)
{
    return s->end - s->start + count <= PUMP_STREAM_BYTES;
}

void pump_stream_put(struct pump_stream *s, const void *bytes, size_t count)
{
    if (count > ROOM_BYTES - s->end) {
        memmove(s->bytes, s->bytes + s->start, s->end - s->start);
        s->end -= s->start;
        s->start = 0;
    }
    if (count == 0 || count > ROOM_BYTES - s->end)
        return;
    memcpy(s->bytes + s->end, bytes, count);
    s->end += count;
    s->queued += count;
}

void pump_stream_sent(struct pump_stream *s, size_t count)
{
    if (count == 0)
        return;
    s->start += count;
    s->mid_line = s->bytes[s->start - 1] != '\n';
    s->left += count;
    s->full = s->dropping = false;
    if (s->start == s->end)
        s->start = s->end = 0;
}

int pump_stream_flush(struct pump_stream *s)
{
    while (s->start < s->end) {
        ssize_t n = sink_write(&s->sink, s->bytes + s->start, s->end - s->start);
        if (n < 0)
            return (int)n;
        pump_stream_sent(s, (size_t)n);
    }
    return 0;
}

size_t pump_stream_clear(struct pump_stream *s)
{
    size_t count = s->end - s->start;
    s->left += count;
    s->start = s->end = 0;
    s->full = s->dropping = false;
    return count;
}
