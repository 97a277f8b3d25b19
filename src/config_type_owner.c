/* config_type_owner.c - the types of users and groups, which must exist here. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "config_value.h"

#define ENTRY_BYTES 65536 /* of a group with its members; a larger one is taken for existing */

static bool is_number(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 10;
}

static bool group_exists(const char *name)
{
    char *buffer = malloc(ENTRY_BYTES);
    struct group entry, *found = NULL;
    int error = buffer ? getgrnam_r(name, &entry, buffer, ENTRY_BYTES, &found) : ENOMEM;
    free(buffer);
    return found != NULL || error == ERANGE;
}

static void parse_group(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node, void *field)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    if (is_number(text) || group_exists(text)) {
        *(char **)field = text;
        return;
    }
    problems_add(reader->problems, node->at, "'%s' must be %s, and there is no group %s", key->name,
                 key->type->noun, quote(text).text);
    free(text);
}

static bool equal_name(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    return left && right ? strcmp(left, right) == 0 : left == right;
}

static void clear_name(void *field)
{
    free(*(char **)field);
    *(char **)field = NULL;
}

static void print_name(FILE *out, const void *field)
{
    const char *name = *(char *const *)field;
    fputs(name ? name : "none", out);
}

const struct config_type config_type_group = {
    .noun = "a group",
    .parse = parse_group,
    .equal = equal_name,
    .clear = clear_name,
    .print = print_name,
};
