/* command_words.c - splits a line into words, as sh does with quotes. */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c != '\0' && strchr(" \t\r\n\v\f", c) != NULL;
}

/* Copies what is between the quote at *at and its partner to *to; *at ends behind that. */
static int copy_quoted(const char **at, char **to)
{
    char quote = *(*at)++;
    while (**at != quote) {
        if (quote == '"' && **at == '\\' && (*at)[1] != '\0' && strchr("\"\\$`", (*at)[1]))
            (*at)++;
        if (**at == '\0')
            return -EINVAL;
        *(*to)++ = *(*at)++;
    }
    (*at)++;
    return 0;
}

/* Copies the word at *at to *to and ends it. A backslash at the very end stands for itself. */
static int copy_word(const char **at, char **to)
{
    while (**at != '\0' && !is_blank(**at)) {
        if (**at == '\'' || **at == '"') {
            int error = copy_quoted(at, to);
            if (error)
                return error;
            continue;
        }
        if (**at == '\\' && (*at)[1] != '\0')
            (*at)++;
        *(*to)++ = *(*at)++;
    }
    *(*to)++ = '\0';
    return 0;
}

/* One block holds it all: the pointers, then the words. */
int command_split(const char *line, char ***out_words, size_t *out_count)
{
    size_t length = strlen(line);
    size_t most = length / 2 + 1;
    char **words = malloc((most + 1) * sizeof *words + length + 1);
    if (!words)
        return -ENOMEM;
    char *to = (char *)(words + most + 1);
    size_t count = 0;
    for (const char *at = line;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0')
            break;
        words[count++] = to;
        int error = copy_word(&at, &to);
        if (error) {
            free(words);
            return error;
        }
    }
    words[count] = NULL;
    *out_words = words;
    *out_count = count;
    return 0;
}

void command_words_free(char **words)
{
    free(words);
}
