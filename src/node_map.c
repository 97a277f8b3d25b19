/* node_map.c - maps from what was written: no key twice, "<<" merged in. */
#include <errno.h>
#include <string.h>

#include "node_build.h"
#include "textmap.h"

struct merge {
    struct textmap *keys; /* taken: text of the key -> node of the key */
    struct node_pair *pairs;
    size_t count;
    struct problems *problems;
};

static bool is_merge_key(const struct node *key)
{
    return key->plain && strcmp(key->text, "<<") == 0;
}

/* Keys that are written here come before merged ones, wherever they stand. False: leave it out. */
static bool take_key(struct merge *m, const struct node *key)
{
    if (key->kind != NODE_TEXT) {
        problems_add(m->problems, key->at, "a key must be a text, not %s", node_describe(key).text);
        return false;
    }
    const struct node *first = textmap_find(m->keys, key->text);
    if (!first) {
        if (textmap_set(m->keys, key->text, (void *)key) != 0)
            problems_set_out_of_memory(m->problems);
        return true;
    }
    problems_add(m->problems, key->at, "duplicate key %s, first at line %d", quote(key->text).text,
                 first->at.line);
    return false;
}

static void merge_map(struct merge *m, const struct node *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct node *key = from->pairs[i].key;
        if (textmap_find(m->keys, key->text))
            continue;
        if (textmap_set(m->keys, key->text, (void *)key) != 0)
            problems_set_out_of_memory(m->problems);
        m->pairs[m->count++] = from->pairs[i];
    }
}

static void merge_value(struct merge *m, const struct node *value)
{
    bool list = value->kind == NODE_LIST;
    for (size_t i = 0; i < (list ? value->count : 1); i++) {
        const struct node *from = list ? value->items[i] : value;
        if (from->kind == NODE_MAP)
            merge_map(m, from);
        else
            problems_add(m->problems, from->at, "'<<' needs a map or a list of maps, not %s",
                         node_describe(from).text);
    }
}

/* How many pairs there can be, "<<" taken at its fullest. */
static size_t most_pairs(const struct node *const *written, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i += 2) {
        const struct node *value = written[i + 1];
        most += 1 + (value->kind == NODE_MAP ? value->count : 0);
        for (size_t j = 0; value->kind == NODE_LIST && j < value->count; j++)
            most += value->items[j]->kind == NODE_MAP ? value->items[j]->count : 0;
    }
    return most;
}

static size_t most_needed(const struct node *const *written, size_t count)
{
    for (size_t i = 0; i < count; i += 2) {
        if (is_merge_key(written[i]))
            return most_pairs(written, count);
    }
    return count / 2;
}

int node_fill_map(struct node_tree *tree, struct node *map, const struct node *const *written,
                  size_t count, struct problems *problems)
{
    struct merge m = { .keys = textmap_new(), .problems = problems };
    m.pairs = node_tree_allocate(tree, most_needed(written, count) * sizeof *m.pairs);
    bool *taken = node_tree_allocate(tree, count / 2);
    if (!m.keys || !m.pairs || !taken) {
        textmap_free(m.keys);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i += 2)
        taken[i / 2] = take_key(&m, written[i]);
    for (size_t i = 0; i < count; i += 2) {
        if (!taken[i / 2])
            continue;
        if (is_merge_key(written[i]))
            merge_value(&m, written[i + 1]);
        else
            m.pairs[m.count++] = (struct node_pair){ written[i], written[i + 1] };
    }
    map->pairs = m.pairs;
    map->count = m.count;
    textmap_free(m.keys);
    return 0;
}
