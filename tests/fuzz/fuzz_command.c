/* fuzz_command.c - any line as what is typed: it is split into words, quoting which gives the same
 * words again; it is a command with its options or is refused, by all who look at it alike; and
 * the same line as the `command` of a task needs a shell or is words. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "words.h"

#define EXPECT(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check_options(size_t count, char **words)
{
    struct command_options options;
    char *problem = NULL;
    const struct command *command = command_find(words[0]);
    if (!command) {
        EXPECT(!command_is_help(count, words) && !command_follows(count, words));
        EXPECT(!command_changes(count, words) && command_ends(count, words) == ENDS_NOTHING);
        return;
    }
    EXPECT(strcmp(command->info.name, words[0]) == 0);
    int error = command_options_parse(command, count - 1, words + 1, &options, &problem);
    EXPECT(error == 0 || (error == -EINVAL && *problem));
    bool help = command_is_help(count, words);
    bool other = command_follows(count, words) || command_changes(count, words) ||
                 command_ends(count, words) != ENDS_NOTHING;
    EXPECT(!error || (!help && !other)); /* bad usage is nothing */
    EXPECT(!help || !other);
    if (!error)
        command_options_release(&options);
    free(problem);
}

/* In single quotes nothing means anything. */
static char *quoted(size_t count, char **words)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);
    EXPECT(out);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? " '" : "'", out);
        for (const char *c = words[i]; *c; c++)
            if (*c == '\'')
                fputs("'\\''", out);
            else
                fputc(*c, out);
        fputc('\'', out);
    }
    fclose(out);
    return line;
}

static void check_line(const char *line)
{
    char **words, **again;
    size_t count, count_again;
    int error = command_split(line, &words, &count);
    EXPECT(error == 0 || error == -EINVAL);
    if (error)
        return;
    EXPECT(!words[count]);
    char *same = quoted(count, words);
    EXPECT(command_split(same, &again, &count_again) == 0 && count == count_again);
    for (size_t i = 0; i < count; i++)
        EXPECT(strcmp(words[i], again[i]) == 0);
    if (count > 0)
        check_options(count, words);
    command_words_free(words);
    command_words_free(again);
    free(same);
}

/* Of the words of a task, what is shown is no less a command. */
static void check_command(const char *text)
{
    char **words = NULL;
    size_t count = 0;
    const char *problem = NULL;
    int error = words_split(text, &words, &count, &problem);
    EXPECT(error == 0 || error == -ENOEXEC || (error == -EINVAL && *problem));
    if (error)
        return;
    EXPECT(!words[count]);
    char *shown = words_join(words);
    EXPECT(shown && (count == 0 || *shown));
    free(shown);
    words_free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    EXPECT(line);
    if (size)
        memcpy(line, data, size);
    line[size] = '\0';
    check_line(line);
    check_command(line);
    free(line);
    return 0;
}
