/* complete.h - what the word under the cursor could become. Pure; any thread.
 *
 * What a command takes is read off its row in the command table: where its arguments say TARGET,
 * names are offered, where they say SIG, signals, and so on; so a new command needs nothing
 * here. */
#ifndef COMPLETE_H
#define COMPLETE_H

#include <stddef.h>

/* The words that could stand in `line` from byte `start` to byte `end` (the cursor), given the
 * words before; each begins with what is there already. Names are those of tasks and instances,
 * in the order in which they are to be offered; one that comes twice is offered once.
 * 0 with *out_words, NULL-terminated, to complete_free(); or -ENOMEM. */
int complete(const char *line, size_t start, size_t end, char *const *names, size_t name_count,
             char ***out_words, size_t *out_count) __attribute__((warn_unused_result));

void complete_free(char **words); /* NULL is fine */

#endif
