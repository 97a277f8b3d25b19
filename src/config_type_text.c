/* config_type_text.c - the types whose values are kept as written until a start: paths and the
 * command. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_value.h"
#include "words.h"

/* -- paths --------------------------------------------------------------------------------- */

static void parse_path(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, void *field)
{
    char *text = NULL;
    if (reader->settled)
        text = config_value_text(reader, key, node);
    else if (node->kind == NODE_TEXT)
        text = config_value_copy(reader, node->text);
    else
        config_complain(reader, key, node);
    if (text && *text == '\0') {
        problems_add(reader->problems, node->at, "'%s' must be a path, not an empty text",
                     key->name);
        free(text);
        return;
    }
    *(char **)field = text;
}

static void check_path(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, const void *field)
{
    const char *path = *(char *const *)field;
    if (!path || !strchr(path, '$'))
        return;
    struct launch_id id;
    struct expand_scope scope = config_launch_scope(reader, &id);
    char *text = NULL, *error = NULL;
    int result = expand(&scope, path, &text, &error);
    if (!config_check_expanded(reader, key, node, result, text, error))
        problems_add(reader->problems, node->at, "'%s' must be a path, and %s expands to nothing",
                     key->name, quote(path).text);
}

static bool equal_path(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    return left && right ? strcmp(left, right) == 0 : left == right;
}

static void clear_path(void *field)
{
    free(*(char **)field);
    *(char **)field = NULL;
}

static void print_path(FILE *out, const void *field)
{
    const char *path = *(char *const *)field;
    config_print_line(out, path ? path : "none");
}

const struct config_type config_type_path = {
    .noun = "a path",
    .parse = parse_path,
    .check = check_path,
    .equal = equal_path,
    .clear = clear_path,
    .print = print_path,
};

/* -- the command --------------------------------------------------------------------------- */

/* The text without the line's end that a YAML block leaves behind it. */
static char *trimmed_copy(const struct config_reader *reader, const char *text)
{
    char *copy = config_value_copy(reader, text);
    if (!copy)
        return NULL;
    size_t length = strlen(copy);
    while (length > 0 && copy[length - 1] == '\n' && (length < 2 || copy[length - 2] != '\\'))
        copy[--length] = '\0';
    return copy;
}

static void parse_line(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, struct config_command *command)
{
    const char *problem = NULL;
    command->text = trimmed_copy(reader, node->text);
    if (!command->text)
        return;
    int error = words_split(command->text, &command->argv, &command->argc, &problem);
    if (error == -EINVAL) {
        problems_add(reader->problems, node->at, "'%s' %s: %s", key->name, problem,
                     quote(command->text).text);
    } else if (error == -ENOEXEC) {
        command->shell = true;
        command->argv = calloc(2, sizeof *command->argv);
        if (command->argv)
            command->argv[0] = config_value_copy(reader, command->text);
        else
            problems_set_out_of_memory(reader->problems);
        command->argc = command->argv && command->argv[0] ? 1 : 0;
    } else if (error) {
        problems_set_out_of_memory(reader->problems);
    }
}

static void parse_words(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node, struct config_command *command)
{
    if (node->count == 0) {
        problems_add(reader->problems, node->at, "'%s' is empty: name a program", key->name);
        return;
    }
    command->argv = calloc(node->count + 1, sizeof *command->argv);
    if (!command->argv) {
        problems_set_out_of_memory(reader->problems);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct node *item = node->items[i];
        if (item->kind != NODE_TEXT || node_is_null(item))
            problems_add(reader->problems, item->at,
                         "element %zu of '%s' must be a text, not %s: quote it", i + 1, key->name,
                         node_describe(item).text);
        else if (i == 0 && *item->text == '\0')
            problems_add(reader->problems, item->at,
                         "'%s' begins with an empty text: name a "
                         "program",
                         key->name);
        const char *text = item->kind == NODE_TEXT ? item->text : "";
        command->argv[i] = config_value_copy(reader, text);
        if (!command->argv[i])
            return;
        command->argc++;
    }
    command->text = words_join(command->argv);
    if (!command->text)
        problems_set_out_of_memory(reader->problems);
}

static void parse_command(const struct config_reader *reader, const struct config_key *key,
                          const struct node *node, void *field)
{
    switch (node->kind) {
    case NODE_TEXT: parse_line(reader, key, node, field); return;
    case NODE_LIST: parse_words(reader, key, node, field); return;
    case NODE_MAP: config_complain(reader, key, node); return;
    }
}

static void check_command(const struct config_reader *reader, const struct config_key *key,
                          const struct node *node, const void *field)
{
    const struct config_command *command = field;
    struct launch_id id;
    struct expand_scope scope = config_launch_scope(reader, &id);
    for (size_t i = 0; i < command->argc; i++) {
        const struct node *at = node->kind == NODE_LIST ? node->items[i] : node;
        char *text = NULL, *error = NULL;
        int result = command->shell ? expand_identity(&id, command->argv[i], &text, &error)
                                    : expand(&scope, command->argv[i], &text, &error);
        if (!config_check_expanded(reader, key, at, result, text, error) && i == 0 &&
            *command->argv[0] != '\0')
            problems_add(reader->problems, at->at, "'%s' names no program: %s expands to nothing",
                         key->name, quote(command->argv[0]).text);
    }
}

static bool equal_command(const void *a, const void *b)
{
    const struct config_command *left = a, *right = b;
    if (left->shell != right->shell || left->argc != right->argc)
        return false;
    for (size_t i = 0; i < left->argc; i++) {
        if (strcmp(left->argv[i], right->argv[i]) != 0)
            return false;
    }
    return true;
}

static void clear_command(void *field)
{
    struct config_command *command = field;
    free(command->text);
    words_free(command->argv);
    *command = (struct config_command){ .argc = 0 };
}

static void print_command(FILE *out, const void *field)
{
    const struct config_command *command = field;
    config_print_line(out, command->text ? command->text : "none");
}

const struct config_type config_type_command = {
    .noun = "a text or a list of texts",
    .parse = parse_command,
    .check = check_command,
    .equal = equal_command,
    .clear = clear_command,
    .print = print_command,
};
