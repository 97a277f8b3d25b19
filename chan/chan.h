/* chan.h - a bounded queue of equal-sized messages between threads.
 *
 * A message is copied in and copied out. What a pointer inside it refers to
 * changes owner at the moment a send returns 0, and not otherwise.
 *
 * Deadlines are absolute CLOCK_MONOTONIC instants in milliseconds; one in the
 * past means "try once", CHAN_FOREVER means without end.
 *
 * Threads: any thread may call anything here, except chan_free() (last user
 * only) and chan_on_send() (before the channel is shared). One mutex guards
 * everything inside; no function holds it while it runs foreign code.
 *
 * Reserved slots: some senders must never be refused and never wait (a child's
 * exit, for one). Each of them reserves room once with chan_reserve() and may
 * then have that many messages under way through chan_send_reserved(). Ordinary
 * senders see a channel of `slots` messages only, so they can never use that room up. */
#ifndef CHAN_CHAN_H
#define CHAN_CHAN_H

#include <stddef.h>
#include <stdint.h>

struct chan;

#define CHAN_FOREVER INT64_MAX
#define CHAN_NOW INT64_MIN /* "try once" */

/* Room for `slots` (>= 1) ordinary messages of `bytes` (>= 1) each.
 * Returns a channel to chan_free(), or NULL when out of memory. */
struct chan *chan_new(size_t bytes, size_t slots);

/* The same in memory of the caller's, which is aligned for anything and has
 * chan_bytes(bytes, slots + reserved): with room for `reserved` messages reserved already.
 * Cannot fail. chan_free() releases what else it has come to hold, and leaves that memory to
 * the caller. */
size_t chan_bytes(size_t bytes, size_t slots);
struct chan *chan_place(void *memory, size_t bytes, size_t slots, size_t reserved);

/* Releases the channel and whatever messages are still in it (their bytes, not
 * what these point to). No other thread may be using it any more; a send whose message has been
 * received does not, but for its hook. NULL is fine. */
void chan_free(struct chan *c);

/* Makes room for `n` more reserved messages. 0 or -ENOMEM (nothing changed). */
int chan_reserve(struct chan *c, size_t n) __attribute__((warn_unused_result));

/* Gives back `n` reserved slots, none of whose messages is still queued. */
void chan_unreserve(struct chan *c, size_t n);

/* Calls hook(arg) after each successful send and after chan_close(), outside
 * the channel's lock, on the sender's thread: the way to wake a poll() loop.
 * The hook must not block. To be set before a second thread knows the channel. */
void chan_on_send(struct chan *c, void (*hook)(void *arg), void *arg);

/* Queues a copy of *msg, waiting for room until deadline_ms.
 * 0, -EPIPE (closed, even while waiting) or -ETIMEDOUT; *msg stays yours then. */
int chan_send(struct chan *c, const void *msg, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/* Queues a copy of *msg in a slot reserved before; never waits.
 * 0, -EPIPE (closed), or -ENOBUFS: the caller has more under way than it reserved. */
int chan_send_reserved(struct chan *c, const void *msg) __attribute__((warn_unused_result));

/* Takes the oldest message, waiting for one until deadline_ms. A closed channel
 * still drains. 0, -EPIPE (closed and empty) or -ETIMEDOUT.
 * *out_msg is written on 0 only. */
int chan_recv(struct chan *c, void *out_msg, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/* No more sends; wakes every blocked sender and receiver. May be called twice. */
void chan_close(struct chan *c);

#endif
