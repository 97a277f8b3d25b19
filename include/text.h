/* text.h - makes any bytes fit to be shown: commands and paths are bytes that a user chose, and
 * must break neither a terminal nor JSON. Pure; any thread. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdio.h>

/* The length of the UTF-8 character at `bytes`, with its number in *out_code; 0 when there is
 * none. `bytes` ends with a NUL. */
size_t text_decode(const char *bytes, unsigned *out_code);

/* Prints `bytes` for a terminal, on one line: what is not UTF-8 as U+FFFD; control characters,
 * line ends too, and those that change the direction of writing as "\n", "\x1b", "\u202e". */
void text_put(FILE *out, const char *bytes);

/* The same as a string to free(), or NULL when out of memory. */
char *text_printable(const char *bytes);

/* A copy of `bytes` in which what is not UTF-8 is U+FFFD, for JSON, where the encoder escapes
 * the rest. A string to free(), or NULL when out of memory. */
char *text_utf8(const char *bytes);

#endif
