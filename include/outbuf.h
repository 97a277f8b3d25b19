/* outbuf.h - what a front wants to print: a stream that takes everything at once, and a queue
 * behind it that is written as far as the other side takes it.
 *
 * An other side that has gone away (EPIPE, a terminal that was hung up) makes it swallow all that
 * is printed from then on. An outbuf belongs to one thread. */
#ifndef OUTBUF_H
#define OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct outbuf;

/* For `fd`, which stays the caller's. To outbuf_free(); NULL: out of memory. */
struct outbuf *outbuf_new(int fd);
void outbuf_free(struct outbuf *o); /* unwritten bytes are lost; NULL is fine */

FILE *outbuf_stream(struct outbuf *o);     /* to print to; it belongs to the outbuf */
size_t outbuf_pending(struct outbuf *o);   /* bytes that wait to be written */
uint64_t outbuf_printed(struct outbuf *o); /* all bytes that were ever printed */

/* What to poll for POLLOUT while bytes are pending. */
int outbuf_fd(const struct outbuf *o);

/* Writes what can be written now; never waits. */
void outbuf_flush(struct outbuf *o);

/* Has the other side gone away for good? */
bool outbuf_is_broken(const struct outbuf *o);

/* The first error of writing that bytes were lost by, a negative errno; 0: none were. */
int outbuf_error(const struct outbuf *o);

/* Has something that was printed been lost, for want of memory? */
bool outbuf_has_lost(const struct outbuf *o);

/* Throws away what is pending. */
void outbuf_drop(struct outbuf *o);

#endif
