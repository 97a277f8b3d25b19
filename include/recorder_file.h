/* recorder_file.h - the file of the recorder: whole lines go in, or are counted as lost. For
 * recorder*.c only, on the recorder's thread. */
#ifndef RECORDER_FILE_H
#define RECORDER_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct recorder_file {
    char *path;
    int fd;
    bool begun;         /* the line that begins a trace is in it */
    bool failing;       /* which the log was told */
    unsigned long lost; /* events that the trace was not told of yet */
};

/* Opens it. 0 or a negative errno. */
int recorder_file_open(struct recorder_file *file, const char *path)
    __attribute__((warn_unused_result));
void recorder_file_close(struct recorder_file *file);

/* Opens the file at its path, if that is another one now: it gets a trace of its own. *out_fresh:
 * it is. Where that fails the old one stays. */
int recorder_file_reopen(struct recorder_file *file, bool *out_fresh)
    __attribute__((warn_unused_result));

/* Has its last name been removed? */
bool recorder_file_is_gone(const struct recorder_file *file);

/* Writes the lines. What cannot be written is counted, and a negative errno is returned: what was
 * written last may be torn then. */
int recorder_file_write(struct recorder_file *file, const char *lines, size_t bytes)
    __attribute__((warn_unused_result));

/* Counts what is in lines that are not written. */
void recorder_file_lose(struct recorder_file *file, const char *lines, size_t bytes);

#endif
