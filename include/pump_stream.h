/* pump_stream.h - the bounded queue in front of what may not take what is written: a terminal, a
 * pipe, a FIFO, the socket of syslog. Nothing here waits. A stream belongs to one thread. */
#ifndef PUMP_STREAM_H
#define PUMP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink.h"

#define PUMP_STREAM_BYTES ((size_t)256 << 10)

struct pump_stream {
    struct sink sink;
    char *bytes; /* NULL: it is not open */
    size_t start;
    size_t end;
    uint64_t queued; /* bytes, in all */
    uint64_t left;   /* of those, the ones that were sent or dropped */
    bool mid_line;   /* the last byte sent does not end a line */
    bool full;       /* something did not fit, and nothing was sent since */
    int64_t full_ms; /* since when */
    bool dropping;   /* it was so for too long */
};

/* Makes the queue. 0 or -ENOMEM. The sink is set by the caller. */
int pump_stream_open(struct pump_stream *stream) __attribute__((warn_unused_result));

/* Releases the sink too. */
void pump_stream_close(struct pump_stream *stream);

bool pump_stream_is_empty(const struct pump_stream *stream);
bool pump_stream_has_room(const struct pump_stream *stream, size_t count);

/* For `count` more, of a few that are always allowed, or for which there is room. */
void pump_stream_put(struct pump_stream *stream, const void *bytes, size_t count);

/* The first `count` bytes have left. */
void pump_stream_sent(struct pump_stream *stream, size_t count);

/* Sends what it can. 0: it is empty now; -EAGAIN; or why it cannot be sent. */
int pump_stream_flush(struct pump_stream *stream) __attribute__((warn_unused_result));

/* Forgets what is queued. How much that was. */
size_t pump_stream_clear(struct pump_stream *stream);

/* ---- syslog (pump_syslog.c): the queue holds datagrams, each after its length ---- */

/* Queues the text as datagrams as syslog(3) sends them. False: there is no room. */
bool pump_syslog_put(struct pump_stream *stream, bool error_stream, const char *tag,
                     const char *text, size_t count) __attribute__((warn_unused_result));

/* Connects to `path` where that is not done, and sends what it can: as pump_stream_flush(). A
 * datagram that is too long for the socket is dropped alone: *out_too_long bytes of the queue. */
int pump_syslog_flush(struct pump_stream *stream, const char *path, size_t *out_too_long)
    __attribute__((warn_unused_result));

#endif
