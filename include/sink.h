/* sink.h - writes to a descriptor that was inherited, and never waits in write(2).
 *
 * A terminal stopped with Ctrl-S or a pipe that nobody reads would hold up its writer for ever,
 * and setting O_NONBLOCK on an inherited descriptor would change it for all who share it. So a
 * terminal or a pipe is opened a second time, for us alone; where that is not possible, little is
 * written at a time and only after POLLOUT. A sink belongs to one thread. */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sink {
    int fd; /* to poll for POLLOUT */
    bool ours;
    bool socket;
    size_t chunk_bytes; /* at most so much in one write(2) */
};

/* Makes *sink write to `fd`, which stays the caller's and must outlive it. Never fails. */
void sink_init(struct sink *sink, int fd);

/* Makes *sink write to `fd`, which does not block and becomes the sink's. */
void sink_init_own(struct sink *sink, int fd);

void sink_release(struct sink *sink);

/* Writes some of the bytes. How many, -EAGAIN (poll for POLLOUT), or a negative errno. */
ssize_t sink_write(const struct sink *sink, const char *bytes, size_t count)
    __attribute__((warn_unused_result));

#endif
