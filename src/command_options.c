/* command_options.c - sorts the words of a command into options and operands. */
#include "call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"

struct option {
    const char *name;
    unsigned bit;
    bool takes_value;
};

static const struct option all_options[] = {
    { .name = "--wait", .bit = OPT_WAIT },
    { .name = "--timeout", .bit = OPT_TIMEOUT, .takes_value = true },
    { .name = "--verbose", .bit = OPT_VERBOSE },
    { .name = "-v", .bit = OPT_VERBOSE },
    { .name = "--json", .bit = OPT_JSON },
    { .name = "--follow", .bit = OPT_FOLLOW },
    { .name = "-f", .bit = OPT_FOLLOW },
    { .name = "--stderr", .bit = OPT_STDERR },
    { .name = "--dry-run", .bit = OPT_DRY_RUN },
    { .name = "--force", .bit = OPT_FORCE },
    { .name = "--rolling", .bit = OPT_ROLLING },
    { .name = "--help", .bit = OPT_HELP },
    { .name = "-h", .bit = OPT_HELP },
};

static int fail(char **out_problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char **out_problem, const char *format, ...)
{
    char *problem;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&problem, format, args);
    va_end(args);
    if (length < 0)
        return -ENOMEM;
    *out_problem = problem;
    return -EINVAL;
}

/* The option whose name is the first `length` bytes of the word, if the command takes it. */
static const struct option *find_option(const struct command *command, const char *word,
                                        size_t length)
{
    for (size_t i = 0; i < sizeof all_options / sizeof *all_options; i++) {
        const struct option *option = &all_options[i];
        if (strlen(option->name) == length && strncmp(option->name, word, length) == 0)
            return (command->options | OPT_HELP) & option->bit ? option : NULL;
    }
    return NULL;
}

static int take_timeout(struct command_options *options, const char *value, char **out_problem)
{
    if (duration_parse(value, &options->timeout_ms) < 0)
        return fail(out_problem, "'%s' is no duration, such as 30s or 2m", value);
    return 0;
}

/* Takes words[*at], moving *at on to a value that is a word of its own. */
static int take_option(const struct command *command, size_t count, char *const *words, size_t *at,
                       struct command_options *options, char **out_problem)
{
    const char *word = words[*at];
    const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const struct option *option = find_option(command, word, length);
    if (!option)
        return fail(out_problem, "unknown option '%.*s'", (int)length, word);
    options->given |= option->bit;
    if (!option->takes_value)
        return equals ? fail(out_problem, "option '%s' takes no value", option->name) : 0;
    if (equals)
        return take_timeout(options, equals + 1, out_problem);
    if (*at + 1 == count)
        return fail(out_problem, "option '%s' needs a value", option->name);
    return take_timeout(options, words[++*at], out_problem);
}

static int check_count(const struct command *command, const struct command_options *options,
                       char **out_problem)
{
    if (options->given & OPT_HELP)
        return 0;
    if (options->operand_count < command->min_operands)
        return fail(out_problem, "too few arguments");
    if (options->operand_count > command->max_operands)
        return fail(out_problem, "unexpected argument '%s'",
                    options->operands[command->max_operands]);
    return 0;
}

int command_options_parse(const struct command *command, size_t count, char *const *words,
                          struct command_options *out_options, char **out_problem)
{
    struct command_options options = { .operands = calloc(count + 1, sizeof(char *)) };
    bool only_operands = false;
    int error = 0;
    if (!options.operands)
        return -ENOMEM;
    for (size_t i = 0; i < count && !error; i++) {
        const char *word = words[i];
        if (only_operands || word[0] != '-' || word[1] == '\0')
            options.operands[options.operand_count++] = words[i];
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else
            error = take_option(command, count, words, &i, &options, out_problem);
    }
    if (!error)
        error = check_count(command, &options, out_problem);
    if (error)
        command_options_release(&options);
    else
        *out_options = options;
    return error;
}

bool command_options_ask_json(size_t count, char *const *words)
{
    for (size_t i = 0; i < count && strcmp(words[i], "--") != 0; i++) {
        if (strcmp(words[i], "--json") == 0)
            return true;
    }
    return false;
}

void command_options_release(struct command_options *options)
{
    free(options->operands);
    *options = (struct command_options){ 0 };
}
