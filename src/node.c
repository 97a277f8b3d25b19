/* node.c - see node.h: the tree's memory, and questions to nodes. */
#include "node.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "node_build.h"

#define BLOCK_BYTES 65536

struct block {
    struct block *next;
    alignas(max_align_t) char bytes[];
};

struct node_tree {
    struct block *blocks;
    char *free;    /* in the newest block of the ordinary size */
    size_t room;   /* left there */
    size_t weight; /* of all nodes so far */
    size_t sources;
};

struct node_tree *node_tree_new(void)
{
    return calloc(1, sizeof(struct node_tree));
}

void node_tree_free(struct node_tree *tree)
{
    if (!tree)
        return;
    for (struct block *block = tree->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(tree);
}

static char *add_block(struct node_tree *tree, size_t bytes)
{
    struct block *block = calloc(1, sizeof *block + bytes);
    if (!block)
        return NULL;
    block->next = tree->blocks;
    tree->blocks = block;
    return block->bytes;
}

void *node_tree_allocate(struct node_tree *tree, size_t bytes)
{
    const size_t unit = alignof(max_align_t);
    bytes = bytes ? (bytes + unit - 1) / unit * unit : unit;
    if (bytes > BLOCK_BYTES / 4)
        return add_block(tree, bytes);
    if (bytes > tree->room) {
        char *fresh = add_block(tree, BLOCK_BYTES);
        if (!fresh)
            return NULL;
        tree->free = fresh;
        tree->room = BLOCK_BYTES;
    }
    char *memory = tree->free;
    tree->free += bytes;
    tree->room -= bytes;
    return memory;
}

char *node_tree_copy(struct node_tree *tree, const char *bytes, size_t length)
{
    char *copy = node_tree_allocate(tree, length + 1);
    if (copy)
        memcpy(copy, bytes, length);
    return copy;
}

bool node_tree_count(struct node_tree *tree, size_t nodes)
{
    if (nodes > NODE_MAX_COUNT - tree->weight)
        return false;
    tree->weight += nodes;
    return true;
}

const struct source *node_tree_source(struct node_tree *tree, const char *name)
{
    struct source *source = node_tree_allocate(tree, sizeof *source);
    char *copy = node_tree_copy(tree, name, strlen(name));
    if (!source || !copy)
        return NULL;
    source->name = copy;
    source->order = tree->sources++;
    return source;
}

bool node_is_null(const struct node *node)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
    if (!node)
        return true;
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (node->kind == NODE_TEXT && node->plain && strcmp(node->text, nulls[i]) == 0)
            return true;
    }
    return false;
}

const struct node *node_find(const struct node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->pairs[i].key->text, key) == 0)
            return map->pairs[i].value;
    }
    return NULL;
}

struct quoted node_describe(const struct node *node)
{
    if (node_is_null(node))
        return (struct quoted){ "empty" };
    switch (node->kind) {
    case NODE_LIST: return (struct quoted){ "a list" };
    case NODE_MAP: return (struct quoted){ "a map" };
    case NODE_TEXT: break;
    }
    return quote(node->text);
}
