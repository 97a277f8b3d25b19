/* logview.h - where an instance's logs are, and their last lines. Blocks on the disk only. */
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
 * as a sentence. */
int logview_find(const struct identity *id, char *const *environment, bool use_stderr,
                 struct log_place *out_place, char **out_problem)
    __attribute__((warn_unused_result));

#define LOGVIEW_LINE_BYTES 1000

/* Prints the last `lines` lines of the stderr log of an instance, each preceded by `indent`, cut
 * at LOGVIEW_LINE_BYTES, and safe for a terminal if style->width says that there is one. Nothing
 * where there is no stderr log or it is empty; returns whether something was printed. */
bool logview_print_stderr(FILE *out, const struct identity *id, char *const *environment,
                          const struct command_style *style, const char *indent, size_t lines);

#endif
