/* suggest.h - "did you mean". Pure; any thread. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stddef.h>

/* The candidate that `word` is most likely a misspelling of, the first of equals; NULL when none
 * is near. Case counts for nothing; two neighbours swapped count as one mistake. */
const char *suggest(const char *word, const char *const *candidates, size_t count);

#endif
