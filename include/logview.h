/* logview.h - where an instance's logs are, and their last lines. */
#ifndef LOGVIEW_H
#define LOGVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "snapshot.h"

/* A file that an instance logs to. */
struct log_place {
    char *path;   /* to free() */
    bool rotated; /* it goes on in PATH.1, PATH.2, ... */
};

/* Where the stdout log is, or with use_stderr the stderr log (stdout's, where merged).
 * 0 with *out_place; -ENOMEM; or -EINVAL with *out_problem (to free()): why there is no such file,
 * as a sentence. Never looks at the file. */
int logview_find(const struct identity *id, char *const *environment, bool use_stderr,
                 struct log_place *out_place, char **out_problem)
    __attribute__((warn_unused_result));

#define LOGVIEW_LINE_BYTES 1000

/* How the last lines of a log are to look. */
struct logview_form {
    size_t lines;
    const char *indent; /* precedes each; outlives all use */
    bool terminal;      /* they are made safe for one */
};

/* Prints the last lines of the log at `place`, each cut at LOGVIEW_LINE_BYTES; nothing where there
 * is no file, or an empty one. Blocks on the disk. */
void logview_print_last(FILE *out, const struct log_place *place, const struct logview_form *form);

#endif
