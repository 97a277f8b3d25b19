/* shell_above.h - lines that others want on the shell's terminal, above the line being typed:
 * whatever comes out of a descriptor, cut into whole lines. One thread. */
#ifndef SHELL_ABOVE_H
#define SHELL_ABOVE_H

#include <stdbool.h>
#include <stddef.h>

struct shell_above;

/* For `fd`, which stays the caller's; -1: nothing will ever come. To shell_above_free(), or NULL
 * when out of memory. */
struct shell_above *shell_above_new(int fd);
void shell_above_free(struct shell_above *above); /* NULL is fine */

/* What to poll for POLLIN, or -1: no more will come. */
int shell_above_fd(const struct shell_above *above);

/* Reads a bounded piece of what is there, without waiting. The whole lines that this makes, as a
 * string to free() of *out_length bytes, or NULL: none. With `terminal` they are made safe for
 * one. A line that is too long is cut in two. */
char *shell_above_take(struct shell_above *above, bool terminal, size_t *out_length);

#endif
