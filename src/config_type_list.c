/* config_type_list.c - the types that hold several values: exit codes and the environment. */
#include <stdlib.h>
#include <string.h>

#include "config_value.h"

/* -- exit codes ---------------------------------------------------------------------------- */

#define CODE_COUNT 256

static void parse_code(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, struct config_codes *codes)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    size_t length = strspn(text, "0123456789");
    long code = strtol(text, NULL, 10); /* LONG_MAX where it does not fit */
    bool zeros = text[0] == '0' && length > 1;
    if (length > 0 && text[length] == '\0' && !zeros && code < CODE_COUNT)
        codes->bits[code / 64] |= UINT64_C(1) << (code % 64);
    else
        config_complain(reader, key, node);
    free(text);
}

static void parse_codes(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node, void *field)
{
    struct config_codes *codes = field;
    if (node->kind != NODE_LIST) {
        parse_code(reader, key, node, codes);
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        parse_code(reader, key, node->items[i], codes);
}

static bool equal_codes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct config_codes)) == 0;
}

bool config_codes_has(const struct config_codes *codes, int code)
{
    if (code < 0 || code >= CODE_COUNT)
        return false;
    return codes->bits[code / 64] >> (code % 64) & 1;
}

static void print_codes(FILE *out, const void *field)
{
    const char *separator = "";
    fputc('[', out);
    for (int code = 0; code < CODE_COUNT; code++) {
        if (!config_codes_has(field, code))
            continue;
        fprintf(out, "%s%d", separator, code);
        separator = ", ";
    }
    fputc(']', out);
}

const struct config_type config_type_codes = {
    .noun = "an exit code from 0 to 255, or a list of them",
    .parse = parse_codes,
    .equal = equal_codes,
    .print = print_codes,
};

/* -- environment --------------------------------------------------------------------------- */

#define VARIABLES_MAX 1000

/* The index of a variable among the first `count`; `count` where it is not there. */
static size_t find_variable(const struct config_env *env, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(env->names[i], name) != 0)
        i++;
    return i;
}

static bool variable_is_good(const struct config_reader *reader, const struct config_key *key,
                             const struct node_pair *pair)
{
    const char *name = pair->key->text;
    if (*name == '\0' || strchr(name, '=')) {
        problems_add(reader->problems, pair->key->at,
                     "bad variable name %s: it must not be empty or hold '='", quote(name).text);
        return false;
    }
    if (pair->value->kind == NODE_TEXT)
        return true;
    problems_add(reader->problems, pair->value->at,
                 "%s in '%s' must be a text, a number or a boolean, not %s", quote(name).text,
                 key->name, node_describe(pair->value).text);
    return false;
}

static const char *variable_value(const struct node_pair *pair)
{
    return node_is_null(pair->value) ? "" : pair->value->text;
}

static void set_variable(const struct config_reader *reader, struct config_env *env, size_t known,
                         const struct node_pair *pair)
{
    size_t i = find_variable(env, known, pair->key->text);
    char *value = config_value_copy(reader, variable_value(pair));
    if (!value)
        return;
    if (i < known) {
        free(env->values[i]);
        env->values[i] = value;
        return;
    }
    char *name = config_value_copy(reader, pair->key->text);
    if (!name) {
        free(value);
        return;
    }
    env->names[env->count] = name;
    env->values[env->count++] = value;
}

/* Adds to what the field holds already: the variables of 'defaults'. */
static void parse_environment(const struct config_reader *reader, const struct config_key *key,
                              const struct node *node, void *field)
{
    struct config_env *env = field;
    size_t known = env->count;
    if (node->kind != NODE_MAP) {
        config_complain(reader, key, node);
        return;
    }
    if (known + node->count > VARIABLES_MAX) {
        problems_add(reader->problems, node->at, "'%s' holds more than %d variables", key->name,
                     VARIABLES_MAX);
        return;
    }
    char **names = reallocarray(env->names, known + node->count + 1, sizeof *names);
    env->names = names ? names : env->names;
    char **values = reallocarray(env->values, known + node->count + 1, sizeof *values);
    env->values = values ? values : env->values;
    if (!names || !values) {
        problems_set_out_of_memory(reader->problems);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (variable_is_good(reader, key, &node->pairs[i]))
            set_variable(reader, env, known, &node->pairs[i]);
    }
}

static void check_environment(const struct config_reader *reader, const struct config_key *key,
                              const struct node *node, const void *field)
{
    const struct config_env *env = field;
    struct launch_id id;
    struct expand_scope scope = config_launch_scope(reader, &id);
    for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        const struct node_pair *pair = &node->pairs[i];
        if (pair->value->kind != NODE_TEXT || !strchr(pair->value->text, '$'))
            continue;
        size_t variable = find_variable(env, env->count, pair->key->text);
        if (variable == env->count || strcmp(env->values[variable], pair->value->text) != 0)
            continue; /* replaced by the task's */
        char *text = NULL, *error = NULL;
        int result = expand_variable(&scope, variable, &text, &error);
        config_check_expanded(reader, key, pair->value, result, text, error);
    }
}

static bool equal_environment(const void *a, const void *b)
{
    const struct config_env *left = a, *right = b;
    if (left->count != right->count)
        return false;
    for (size_t i = 0; i < left->count; i++) {
        size_t j = strcmp(left->names[i], right->names[i]) == 0
                       ? i
                       : find_variable(right, right->count, left->names[i]);
        if (j == right->count || strcmp(left->values[i], right->values[j]) != 0)
            return false;
    }
    return true;
}

static void clear_environment(void *field)
{
    struct config_env *env = field;
    for (size_t i = 0; i < env->count; i++) {
        free(env->names[i]);
        free(env->values[i]);
    }
    free(env->names);
    free(env->values);
    *env = (struct config_env){ .count = 0 };
}

static void print_environment(FILE *out, const void *field)
{
    const struct config_env *env = field;
    fputc('{', out);
    for (size_t i = 0; i < env->count; i++) {
        fputs(i > 0 ? ", " : "", out);
        config_print_line(out, env->names[i]);
        fputs(": ", out);
        config_print_line(out, env->values[i]);
    }
    fputc('}', out);
}

const struct config_type config_type_environment = {
    .noun = "a map of variables",
    .is_scope = true,
    .parse = parse_environment,
    .check = check_environment,
    .equal = equal_environment,
    .clear = clear_environment,
    .print = print_environment,
};
