/* example.h - the configuration that is written where none was given. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

/* Writes the example to `path` unless there is a file already.
 * 0 (*out_written tells which), or a negative errno. */
int example_write(const char *path, int *out_written) __attribute__((warn_unused_result));

#endif
