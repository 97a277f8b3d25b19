/* node_build.h - how node_read() makes nodes: memory of the tree, and maps from written pairs.
 * For the files node*.c only. */
#ifndef NODE_BUILD_H
#define NODE_BUILD_H

#include "node.h"

/* Zeroed memory that lives as long as the tree; NULL when out of memory. */
void *node_tree_allocate(struct node_tree *tree, size_t bytes);

/* A copy of `length` bytes with a NUL behind; NULL when out of memory. */
char *node_tree_copy(struct node_tree *tree, const char *bytes, size_t length);

/* Counts nodes that a walk will see. False once there are more than NODE_MAX_COUNT. */
bool node_tree_count(struct node_tree *tree, size_t nodes);

/* Fills in `map` from `count` nodes, keys and values in turn: the first of equal keys stays, the
 * others are complained about; the maps under "<<" are merged in where it stands. 0 or -ENOMEM. */
int node_fill_map(struct node_tree *tree, struct node *map, const struct node *const *written,
                  size_t count, struct problems *problems) __attribute__((warn_unused_result));

#endif
