/* recorder.h - writes the trace (trace.h) of what enters the state machines and what they decide.
 *
 * Monitors put notes into a bounded queue; one thread makes lines of them and writes these. So a
 * disk that is full or hangs, or a file that is gone, holds up nobody: what does not fit into the
 * queue, or cannot be written, is counted and said in the trace (a gap) and, once, in the log. The
 * thread knows what it wrote last of each instance; where a note does not go on from there, it
 * writes the full state first. That takes memory here, and none where nothing is traced.
 *
 * Threads: recorder_note() and recorder_reopen() by any thread, and they never wait; the others by
 * main. Lock: that of the queue. */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdint.h>

#include "fsm.h"
#include "snapshot.h"

struct recorder;

/* Opens the file, to which is appended (mode 0600; log_open.h), and starts the thread. 0 with
 * *out_recorder to recorder_free(); or a negative errno, -EWOULDBLOCK where another supervisor
 * writes the file. */
int recorder_new(const char *path, struct recorder **out_recorder)
    __attribute__((warn_unused_result));

/* A step of an instance. What it points to is copied. */
struct recorder_step {
    const void *who; /* an address that is the instance's alone, until ACT_GONE */
    struct identity *id;
    const struct fsm *before;
    const struct fsm_policy *policy;
    const struct fsm_event *event;
    const struct fsm_step *step;
};

void recorder_note(struct recorder *recorder, const struct recorder_step *step);

/* Goes on in a new file, where the old one has been moved (SIGUSR1). */
void recorder_reopen(struct recorder *recorder);

/* Writes what there is, until deadline_ms, and ends the thread; who still has the recorder may go
 * on calling, without effect. -ETIMEDOUT: a disk holds it up; it is left behind, to the end of the
 * process. Either this or recorder_free(), once. */
int recorder_end(struct recorder *recorder, int64_t deadline_ms);

/* The same, and frees it where the thread has ended. NULL is fine. */
void recorder_free(struct recorder *recorder, int64_t deadline_ms);

#endif
