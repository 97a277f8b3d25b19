/* termsafe.h - makes foreign bytes safe for a terminal: a line of a log must not be able to
 * reprogram it. Printable text, tabs, ends of lines and colours pass; other control characters
 * are shown as ^X, and what is not UTF-8 as U+FFFD. Pure; a filter belongs to one thread. */
#ifndef TERMSAFE_H
#define TERMSAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* All zero is a filter that has seen nothing. */
struct termsafe {
    char held[48]; /* the start of a sequence whose rest has not come yet */
    size_t held_bytes;
    bool coloured; /* a colour is on */
};

/* Prints the bytes; a sequence may be split between two calls. Colours end with the call. */
void termsafe_write(struct termsafe *filter, FILE *out, const char *bytes, size_t count);

/* Prints what was held back: there is no more to come. */
void termsafe_end(struct termsafe *filter, FILE *out);

#endif
