/* words.h - command lines: what needs a shell, and what is just words. Pure; any thread. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* Splits `text` as sh would, where it holds nothing but plain words, quotes, backslashes and
 * ${VAR}, ${VAR:-default} forms, which stay in their words for expand(); a "\$" becomes "$$".
 * 0 with *out_words, NULL-terminated, to words_free(); -ENOEXEC when it needs a shell: operators,
 * other uses of $, globs, an assignment or a comment, or a first word that only a shell knows;
 * -EINVAL with *out_problem, a constant text; -ENOMEM. */
int words_split(const char *text, char ***out_words, size_t *out_count, const char **out_problem)
    __attribute__((warn_unused_result));

void words_free(char **words); /* NULL is fine */

/* The words as one would type them, quoted where needed. A string to free(), or NULL when out of
 * memory. */
char *words_join(char *const *words);

#endif
