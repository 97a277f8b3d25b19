/* logread.h - the lines of several logs in the form that a call wants: the last ones of each, then,
 * where they are followed, what is appended to any of them. Several get a header each,
 * `==> NAME <==`, as in tail(1).
 *
 * Blocks on the disk: what is to be done on an errand's thread (errand.h). Belongs to one thread at
 * a time. */
#ifndef LOGREAD_H
#define LOGREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "logview.h"

struct logread;

struct logread_form {
    struct command_style style;
    bool stderr_log; /* it is stderr's; else stdout's */
    bool follow;
    size_t lines; /* the last ones of each log */
};

/* For at most `most` logs. To logread_free(), or NULL: out of memory. */
struct logread *logread_new(const struct logread_form *form, size_t most);
void logread_free(void *logread); /* NULL is fine */

/* Adds the log of the instance `name`, unless another one's is the same file: then it is counted
 * there. Before the first step. 0 or -ENOMEM; the place is taken over in any case. */
int logread_add(struct logread *r, const char *name, struct log_place place)
    __attribute__((warn_unused_result));

/* What is to be done after a step. */
enum logread_next {
    LOGREAD_MORE,  /* the next step */
    LOGREAD_WAITS, /* the next step once logread_fd() is readable */
    LOGREAD_OVER,  /* nothing */
};

/* Prints a block at most, and looks through a MiB at most: an `enum logread_next`. */
int logread_step(void *logread, FILE *out);

/* Readable when there may be more of what is followed; -1: nothing is followed yet. */
int logread_fd(const struct logread *r);

/* Has anything been complained about? */
bool logread_has_failed(const struct logread *r);

/* Where the next step reads first; NULL: it looks at all. It lives as long as the logread does. */
const char *logread_path(const struct logread *r);

#endif
