/* config_value.c - see config_value.h. */
#include "config_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void config_complain(const struct config_reader *reader, const struct config_key *key,
                     const struct node *node)
{
    problems_add(reader->problems, node->at, "'%s' must be %s, not %s", key->name, key->type->noun,
                 node_describe(node).text);
}

void config_complain_range(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, const char *unit)
{
    problems_add(reader->problems, node->at, "'%s' must be from %ld to %ld%s, not %s", key->name,
                 key->min, key->max, unit, node_describe(node).text);
}

char *config_value_text(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node)
{
    if (node->kind != NODE_TEXT || node_is_null(node)) {
        config_complain(reader, key, node);
        return NULL;
    }
    if (reader->templates && strstr(node->text, "${"))
        return NULL;
    if (!strchr(node->text, '$'))
        return config_value_copy(reader, node->text);
    char *text = NULL, *error = NULL;
    int result = expand(&reader->scope, node->text, &text, &error);
    if (result == 0)
        return text;
    config_check_expanded(reader, key, node, result, NULL, error);
    return NULL;
}

char *config_value_copy(const struct config_reader *reader, const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        problems_set_out_of_memory(reader->problems);
    return copy;
}

struct expand_scope config_launch_scope(const struct config_reader *reader,
                                        struct launch_id *storage)
{
    struct expand_scope scope = reader->scope;
    *storage = (struct launch_id){ .task = scope.id->task, .instance = 1, .name = scope.id->task };
    scope.id = storage;
    return scope;
}

bool config_check_expanded(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, int result, char *text, char *error)
{
    if (result == 0) {
        bool filled = *text != '\0';
        free(text);
        return filled;
    }
    if (result == -EINVAL) {
        problems_add(reader->problems, node->at, "'%s': %s", key->name, error);
        free(error);
    } else {
        problems_set_out_of_memory(reader->problems);
    }
    return true;
}

void config_print_line(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '\n')
            fputs("\\n", out);
        else if (c == '\t')
            fputs("\\t", out);
        else if (c < ' ' || c == 127)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
}

/* A colon within a word is a part of it. */
static bool is_plain(const char *text)
{
    if (!isalnum((unsigned char)*text) && !strchr("/._", *text))
        return false;
    for (; *text; text++) {
        bool inside = *text == ':' && isalnum((unsigned char)text[1]);
        if (!isalnum((unsigned char)*text) && !strchr(" /._-+=@%$()", *text) && !inside)
            return false;
    }
    return true;
}

void config_print_value(FILE *out, const char *text)
{
    if (*text && is_plain(text)) {
        config_print_line(out, text);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        const char letter[] = { *text, '\0' };
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        config_print_line(out, letter);
    }
    fputc('"', out);
}
