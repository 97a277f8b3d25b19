/* config_type_needs.c - the type of `dependsOn`. Whether there are such tasks is looked at when all
 * of them are known, by config_needs.c. */
#include <stdlib.h>
#include <string.h>

#include "config_value.h"

#define NEEDS_MAX 1000

static const struct config_key condition_key = {
    .name = "condition",
    .type = &config_type_condition,
    .offset = offsetof(struct config_need, condition),
    .fallback = "running",
};

static void parse_condition(const struct config_reader *reader, const struct node *node,
                            struct config_need *need)
{
    if (node_is_null(node))
        return;
    if (node->kind == NODE_MAP)
        config_read_keys(reader, &condition_key, 1, node, NULL,
                         reader->templates ? NULL : "dependency", node, need);
    else
        config_type_condition.parse(reader, &condition_key, node, &need->condition);
}

/* Adds a need even where its name is bad (NULL): their order is that of what was written. */
static void add_need(const struct config_reader *reader, const struct config_key *key,
                     const struct node *name, const struct node *condition,
                     struct config_needs *needs)
{
    struct config_need *need = &needs->items[needs->count];
    need->task = config_value_text(reader, key, name);
    for (size_t i = 0; need->task && i < needs->count; i++) {
        if (!needs->items[i].task || strcmp(needs->items[i].task, need->task) != 0)
            continue;
        problems_add(reader->problems, name->at, "%s stands in '%s' twice", quote(need->task).text,
                     key->name);
        break;
    }
    if (condition)
        parse_condition(reader, condition, need);
    needs->count++;
}

static void parse_needs(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node, void *field)
{
    struct config_needs *needs = field;
    size_t count = node->kind == NODE_TEXT ? 1 : node->count;
    if (count > NEEDS_MAX) {
        problems_add(reader->problems, node->at, "'%s' holds more than %d tasks", key->name,
                     NEEDS_MAX);
        return;
    }
    if (count == 0)
        return;
    needs->items = calloc(count, sizeof *needs->items);
    if (!needs->items) {
        problems_set_out_of_memory(reader->problems);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        switch (node->kind) {
        case NODE_TEXT: add_need(reader, key, node, NULL, needs); break;
        case NODE_LIST: add_need(reader, key, node->items[i], NULL, needs); break;
        case NODE_MAP:
            add_need(reader, key, node->pairs[i].key, node->pairs[i].value, needs);
            break;
        }
    }
}

static bool has_need(const struct config_needs *needs, const struct config_need *wanted)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (strcmp(needs->items[i].task, wanted->task) == 0)
            return needs->items[i].condition == wanted->condition;
    }
    return false;
}

static bool equal_needs(const void *a, const void *b)
{
    const struct config_needs *left = a, *right = b;
    bool equal = left->count == right->count;
    for (size_t i = 0; equal && i < left->count; i++)
        equal = has_need(right, &left->items[i]);
    return equal;
}

static void clear_needs(void *field)
{
    struct config_needs *needs = field;
    for (size_t i = 0; i < needs->count; i++)
        free(needs->items[i].task);
    free(needs->items);
    *needs = (struct config_needs){ .count = 0 };
}

static void print_needs(FILE *out, const void *field)
{
    const struct config_needs *needs = field;
    bool plain = true;
    for (size_t i = 0; i < needs->count; i++)
        plain = plain && needs->items[i].condition == NEED_RUNNING;
    fputc(plain ? '[' : '{', out);
    for (size_t i = 0; i < needs->count; i++) {
        fputs(i > 0 ? ", " : "", out);
        config_print_line(out, needs->items[i].task);
        if (plain)
            continue;
        fputs(": ", out);
        config_type_condition.print(out, &needs->items[i].condition);
    }
    fputc(plain ? ']' : '}', out);
}

const struct config_type config_type_needs = {
    .noun = "a task, a list of tasks, or a map of tasks to conditions",
    .parse = parse_needs,
    .equal = equal_needs,
    .clear = clear_needs,
    .print = print_needs,
};
