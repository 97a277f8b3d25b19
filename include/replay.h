/* replay.h - runs a trace (trace.h) through the state machine again, and tells its story in words.
 *
 * The bytes of a file go in; the end is the first difference between what the trace says was
 * decided and what is decided now, the first line that is no record, or the end of the file. What a
 * kill or a full disk tore, and events that the trace says were lost, are no errors: they are said,
 * and where the state of an instance is not known it is taken from the trace. Pure; one thread. */
#ifndef REPLAY_H
#define REPLAY_H

#include <stddef.h>
#include <stdio.h>

struct replay;

struct replay_counts {
    unsigned long lines;
    unsigned long supervisors; /* that have written to the file */
    unsigned long instances;
    unsigned long events;
    unsigned long lost;
    unsigned long torn;
};

/* The story goes to `story`, one line an event; NULL: nowhere. NULL: out of memory. */
struct replay *replay_new(FILE *story);
void replay_free(struct replay *replay); /* NULL is fine */

/* Each 0, or what ends the replay: -ECANCELED: what is decided differs; -EBADMSG: this is no
 * trace; -ENOMEM. After that, replay_problem() says more. */
int replay_feed(struct replay *replay, const char *bytes, size_t count)
    __attribute__((warn_unused_result));
int replay_finish(struct replay *replay) __attribute__((warn_unused_result)); /* no more bytes */

/* What ended it, of line number .lines: one or more lines without the last one's end. */
const char *replay_problem(const struct replay *replay);

struct replay_counts replay_counts(const struct replay *replay);

#endif
