/* logview.h - where an instance's logs are, and showing their ends. Blocks on the disk only. */
#ifndef LOGVIEW_H
#define LOGVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "snapshot.h"

/* The path of the stdout log, or with use_stderr of the stderr log (stdout's, where merged).
 * 0 with *out_path to free(); -ENOENT: none is configured; -ENOMEM; or -EINVAL with *out_error
 * (to free()): the path cannot be expanded. */
int logview_path(const struct identity *id, char *const *environment, bool use_stderr,
                 char **out_path, char **out_error) __attribute__((warn_unused_result));

/* Reads the last `lines` lines into *out_text (to free()), *out_bytes long, as they are in the
 * file; *out_size is the size of the file read to. 0 or a negative errno, see tail_print(). */
int logview_read(const char *path, size_t lines, char **out_text, size_t *out_bytes,
                 long long *out_size) __attribute__((warn_unused_result));

#define LOGVIEW_LINE_BYTES 1000

/* Prints the last `lines` lines of the stderr log of an instance, each preceded by `indent`, cut
 * at LOGVIEW_LINE_BYTES, and safe for a terminal if style->width says that there is one. Nothing
 * where there is no stderr log or it is empty; returns whether something was printed. */
bool logview_print_stderr(FILE *out, const struct identity *id, char *const *environment,
                          const struct command_style *style, const char *indent, size_t lines);

#endif
