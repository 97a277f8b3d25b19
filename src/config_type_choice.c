/* config_type_choice.c - the types whose values are words: one enumerator for each. */
#include <stdlib.h>
#include <string.h>

#include "config_value.h"
#include "suggest.h"

_Static_assert(sizeof(enum restart_policy) == sizeof(unsigned) &&
                   sizeof(enum log_level) == sizeof(unsigned) &&
                   sizeof(enum log_format) == sizeof(unsigned) &&
                   sizeof(enum stop_target) == sizeof(unsigned) &&
                   sizeof(enum on_end) == sizeof(unsigned) &&
                   sizeof(enum need_condition) == sizeof(unsigned) &&
                   sizeof(enum cgroups) == sizeof(unsigned) &&
                   sizeof(enum leftovers) == sizeof(unsigned),
               "choices are stored as unsigned");

static size_t word_count(const char *const *words)
{
    size_t count = 0;
    while (words[count])
        count++;
    return count;
}

static void complain_choice(const struct config_reader *reader, const struct config_key *key,
                            const struct node *node, const char *text)
{
    const char *const *words = key->type->words;
    const char *near = suggest(text, words, word_count(words));
    problems_add(reader->problems, node->at, "'%s' must be %s, not %s%s%s%s", key->name,
                 key->type->noun, quote(text).text, near ? ", did you mean '" : "",
                 near ? near : "", near ? "'?" : "");
}

static void parse_choice(const struct config_reader *reader, const struct config_key *key,
                         const struct node *node, void *field)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    const char *const *words = key->type->words;
    unsigned value = 0;
    while (words[value] && strcmp(words[value], text) != 0)
        value++;
    if (words[value])
        *(unsigned *)field = value;
    else
        complain_choice(reader, key, node, text);
    free(text);
}

static bool equal_choice(const void *a, const void *b)
{
    return *(const unsigned *)a == *(const unsigned *)b;
}

static const char *const policies[] = {
    [RESTART_NEVER] = "never",
    [RESTART_ON_FAILURE] = "on-failure",
    [RESTART_ALWAYS] = "always",
    NULL,
};

static void print_policy(FILE *out, const void *field)
{
    fputs(policies[*(const unsigned *)field], out);
}

const struct config_type config_type_policy = {
    .noun = "always, never or on-failure",
    .words = policies,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_policy,
};

static const char *const levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL,
};

static void print_level(FILE *out, const void *field)
{
    fputs(levels[*(const unsigned *)field], out);
}

const struct config_type config_type_level = {
    .noun = "debug, info, warn or error",
    .words = levels,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_level,
};

static const char *const formats[] = { [LOG_TEXT] = "text", [LOG_JSON] = "json", NULL };

static void print_format(FILE *out, const void *field)
{
    fputs(formats[*(const unsigned *)field], out);
}

const struct config_type config_type_format = {
    .noun = "text or json",
    .words = formats,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_format,
};

static const char *const stop_targets[] = {
    [STOP_GROUP] = "group", [STOP_PROCESS] = "process", NULL
};

static void print_stop_target(FILE *out, const void *field)
{
    fputs(stop_targets[*(const unsigned *)field], out);
}

const struct config_type config_type_stop_target = {
    .noun = "group or process",
    .words = stop_targets,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_stop_target,
};

static const char *const ends[] = {
    [ON_END_IGNORE] = "ignore", [ON_END_SHUTDOWN] = "shutdown", NULL
};

static void print_on_end(FILE *out, const void *field)
{
    fputs(ends[*(const unsigned *)field], out);
}

const struct config_type config_type_on_end = {
    .noun = "ignore or shutdown",
    .words = ends,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_on_end,
};

static const char *const conditions[] = {
    [NEED_RUNNING] = "running", [NEED_STARTED] = "started", [NEED_COMPLETED] = "completed", NULL
};

static void print_condition(FILE *out, const void *field)
{
    fputs(conditions[*(const unsigned *)field], out);
}

const struct config_type config_type_condition = {
    .noun = "running, started or completed",
    .words = conditions,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_condition,
};

static const char *const cgroup_uses[] = { [CGROUPS_AUTO] = "auto", [CGROUPS_OFF] = "off", NULL };

static void print_cgroups(FILE *out, const void *field)
{
    fputs(cgroup_uses[*(const unsigned *)field], out);
}

const struct config_type config_type_cgroups = {
    .noun = "auto or off",
    .words = cgroup_uses,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_cgroups,
};

static const char *const leftover_uses[] = {
    [LEFTOVERS_STOP] = "stop", [LEFTOVERS_REFUSE] = "refuse", [LEFTOVERS_IGNORE] = "ignore", NULL
};

static void print_leftovers(FILE *out, const void *field)
{
    fputs(leftover_uses[*(const unsigned *)field], out);
}

const struct config_type config_type_leftovers = {
    .noun = "stop, refuse or ignore",
    .words = leftover_uses,
    .parse = parse_choice,
    .equal = equal_choice,
    .print = print_leftovers,
};
