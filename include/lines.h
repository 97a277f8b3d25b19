/* lines.h - cuts bytes as they come into lines. Pure; one thread. */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_MAX_BYTES ((size_t)64 << 10)

struct lines; /* holds no more than a line that is too long, and what was added after it */

struct lines *lines_new(void);        /* NULL: out of memory */
void lines_free(struct lines *lines); /* NULL is fine */

/* Appends bytes. 0 or -ENOMEM (they are lost then). */
int lines_add(struct lines *lines, const char *bytes, size_t count)
    __attribute__((warn_unused_result));

/* No more bytes will come: what is left is a line too. */
void lines_finish(struct lines *lines);

/* Takes the next line, without its "\n" or "\r\n". 0 with *out_line to free(); -EAGAIN: none
 * yet; -ENOMEM; or an error that stands for the line: -E2BIG, it was longer than LINE_MAX_BYTES;
 * -EILSEQ, it had a NUL byte. */
int lines_next(struct lines *lines, char **out_line) __attribute__((warn_unused_result));

/* Is nothing held, not even the beginning of a line? */
bool lines_is_empty(const struct lines *lines);

/* Would lines_next() give something else than -EAGAIN? */
bool lines_ready(const struct lines *lines);

#endif
