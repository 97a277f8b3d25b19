/* problems.h - what is wrong with a configuration, collected so that all of it is told at once.
 *
 * Not for several threads at once. Running out of memory is remembered, so that those who add
 * need not check: ask problems_out_of_memory() at the end. */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

struct problems;

/* A file that was read: its name as the user knows it, and the how manyth it was. */
struct source {
    const char *name;
    size_t order;
};

/* Where something was written; line and column count from 1. */
struct place {
    const struct source *source;
    int line, column;
};

/* To be freed by problems_free(), or NULL when out of memory. The sources that places refer to
 * must outlive it. */
struct problems *problems_new(void);
void problems_free(struct problems *problems);

void problems_add(struct problems *problems, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problems_set_out_of_memory(struct problems *problems);
bool problems_out_of_memory(const struct problems *problems);
size_t problems_count(const struct problems *problems);

/* All of them, one "FILE:LINE:COLUMN: message" a line, by place and none twice. Control
 * characters are shown as '?'. A string to free(), or NULL when out of memory. */
char *problems_text(struct problems *problems);

/* A text in single quotes for a message, cut where it is long. */
struct quoted {
    char text[96];
};
struct quoted quote(const char *text);

#endif
