/* suggest.c - see suggest.h. The distance is the number of letters inserted, left out, changed
 * or swapped with their neighbour. */
#include "suggest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 32 /* longer words get no suggestion: nothing here has such a name */
#define PREFIX_MIN 3

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int letter(const char *word, size_t i)
{
    return tolower((unsigned char)word[i]);
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1]; /* of the table: the one being filled and the two above it */
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t changed = above[j - 1] + (letter(a, i - 1) != letter(b, j - 1));
            row[j] = min_of(changed, min_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && letter(a, i - 1) == letter(b, j - 2) &&
                letter(a, i - 2) == letter(b, j - 1))
                row[j] = min_of(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

/* "env" for "environment". */
static const char *completion(const char *word, size_t length, const char *const *candidates,
                              size_t count)
{
    for (size_t i = 0; length >= PREFIX_MIN && i < count; i++) {
        if (strncasecmp(candidates[i], word, length) == 0)
            return candidates[i];
    }
    return NULL;
}

const char *suggest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strnlen(word, WORD_MAX + 1);
    if (length > WORD_MAX)
        return NULL;
    size_t best = length / 3 + 1; /* at least this far is too far: "cmd" is not "pid" */
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t candidate_length = strnlen(candidates[i], WORD_MAX + 1);
        if (candidate_length > WORD_MAX)
            continue;
        size_t d = distance(word, length, candidates[i], candidate_length);
        if (d < best) {
            best = d;
            found = candidates[i];
        }
    }
    return found ? found : completion(word, length, candidates, count);
}
