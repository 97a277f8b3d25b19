/* node.h - YAML as a tree of texts, lists and maps that know where they were written.
 *
 * A tree owns all nodes of all files read into it, until node_tree_free(). Nodes never change
 * once read. An alias is the same node once more, so a walk must not assume that it sees each
 * node once; how many nodes a walk can see is bounded, and so is the depth. */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "problems.h"

#define NODE_MAX_DEPTH 100
#define NODE_MAX_COUNT 1000000 /* of all files, each alias counted with all that it stands for */

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node_pair {
    const struct node *key; /* a text */
    const struct node *value;
};

struct node {
    enum node_kind kind;
    struct place at;
    bool plain;                      /* text: written without quotes, so it may be null */
    const char *text;                /* text */
    const struct node *const *items; /* list */
    const struct node_pair *pairs;   /* map: "<<" merged in, no key twice */
    size_t count;                    /* of items or pairs */
    size_t weight;                   /* how many nodes a walk sees */
};

struct node_tree;

/* To be freed by node_tree_free(), or NULL when out of memory. */
struct node_tree *node_tree_new(void);
void node_tree_free(struct node_tree *tree);

/* A source of that name that lives as long as the tree; NULL when out of memory. */
const struct source *node_tree_source(struct node_tree *tree, const char *name);

/* Reads one YAML document. What is wrong with it goes to `problems`, and it may be incomplete
 * then. NULL: empty, or nothing can be said about it. */
const struct node *node_read(struct node_tree *tree, const struct source *source, const char *bytes,
                             size_t size, struct problems *problems);

/* Whether it is YAML's null: nothing at all, "~", or "null". NULL counts as one. */
bool node_is_null(const struct node *node);

/* The value of `key` in a map; NULL when it is not there, or `map` is NULL or no map. */
const struct node *node_find(const struct node *map, const char *key);

/* What it is, for messages: "a list", "a map", "empty", or the text in quotes. */
struct quoted node_describe(const struct node *node);

#endif
