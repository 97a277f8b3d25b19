/* config_keys.c - the loops over the rows of schema.h. */
#include <string.h>
#include <strings.h>

#include "node.h"
#include "schema.h"
#include "suggest.h"

#define CANDIDATES_MAX 128 /* names and aliases of one table */

static void *field_of(const struct config_key *key, void *object)
{
    return (char *)object + key->offset;
}

static const void *const_field_of(const struct config_key *key, const void *object)
{
    return (const char *)object + key->offset;
}

const char *config_key_default(const struct config_key *key)
{
    if (key->shown)
        return key->shown;
    return key->fallback ? key->fallback : "none";
}

static bool key_is(const struct config_key *key, const char *name)
{
    return strcmp(key->name, name) == 0 || (key->alias && strcmp(key->alias, name) == 0);
}

const struct config_key *config_key_find(const struct config_key *keys, size_t count,
                                         const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (key_is(&keys[i], name))
            return &keys[i];
    }
    return NULL;
}

const struct node *config_key_node(const struct config_key *key, const struct node *node)
{
    const struct node *value = node_find(node, key->name);
    if (node_is_null(value) && key->alias)
        value = node_find(node, key->alias);
    return node_is_null(value) ? NULL : value;
}

/* A row that goes by the name the user wrote, for messages. */
static struct config_key as_written(const struct config_key *key, const struct node *map,
                                    const struct node *value)
{
    struct config_key written = *key;
    if (key->alias && node_find(map, key->alias) == value)
        written.name = key->alias;
    return written;
}

static void parse_from(const struct config_reader *reader, const struct config_key *key,
                       const struct node *map, const struct node *value, void *object)
{
    const struct config_key written = as_written(key, map, value);
    key->type->parse(reader, &written, value, field_of(key, object));
}

static void read_key(const struct config_reader *reader, const struct config_key *key,
                     const struct node *node, const struct node *defaults, bool fill, void *object)
{
    const struct node *own = config_key_node(key, node);
    const struct node *inherited = config_key_node(key, defaults);
    if (inherited && (!own || key->type->is_scope))
        parse_from(reader, key, defaults, inherited, object);
    if (own)
        parse_from(reader, key, node, own, object);
    if (!own && !inherited && fill && key->fallback) {
        const struct node fallback = { .kind = NODE_TEXT, .text = key->fallback };
        key->type->parse(reader, key, &fallback, field_of(key, object));
    }
}

static void check_from(const struct config_reader *reader, const struct config_key *key,
                       const struct node *map, const struct node *value, const void *object)
{
    const struct config_key written = as_written(key, map, value);
    key->type->check(reader, &written, value, const_field_of(key, object));
}

static void check_key(const struct config_reader *reader, const struct config_key *key,
                      const struct node *node, const struct node *defaults, const void *object)
{
    const struct node *own = config_key_node(key, node);
    const struct node *inherited = config_key_node(key, defaults);
    if (inherited && (!own || key->type->is_scope))
        check_from(reader, key, defaults, inherited, object);
    if (own)
        check_from(reader, key, node, own, object);
}

/* The key that goes by that name in another tool, or NULL. */
static const char *known_elsewhere(const struct config_key *keys, size_t count, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < count; i++) {
        const char *at = keys[i].elsewhere;
        while (at && *at) {
            size_t word = strcspn(at, " ");
            if (word == length && strncasecmp(at, name, length) == 0)
                return keys[i].name;
            at += word + strspn(at + word, " ");
        }
    }
    return NULL;
}

static void complain_unknown(const struct config_reader *reader, const struct config_key *keys,
                             size_t count, const struct node *key)
{
    const char *candidates[CANDIDATES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count && n + 2 <= CANDIDATES_MAX; i++) {
        candidates[n++] = keys[i].name;
        if (keys[i].alias)
            candidates[n++] = keys[i].alias;
    }
    const char *near = known_elsewhere(keys, count, key->text);
    if (!near)
        near = suggest(key->text, candidates, n);
    problems_add(reader->problems, key->at, "unknown key %s%s%s%s", quote(key->text).text,
                 near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void check_names(const struct config_reader *reader, const struct config_key *keys,
                        size_t count, const struct node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct node *name = node->pairs[i].key;
        const struct config_key *key = config_key_find(keys, count, name->text);
        if (!key) {
            complain_unknown(reader, keys, count, name);
            continue;
        }
        for (size_t j = 0; key->alias && j < i; j++) {
            const struct node *before = node->pairs[j].key;
            if (key_is(key, before->text))
                problems_add(reader->problems, name->at,
                             "'%s' is the same key as '%s', given at line %d", name->text,
                             before->text, before->at.line);
        }
    }
}

void config_read_keys(const struct config_reader *reader, const struct config_key *keys,
                      size_t count, const struct node *node, const struct node *defaults,
                      const char *what, const struct node *at, void *object)
{
    if (node && node->kind == NODE_MAP)
        check_names(reader, keys, count, node);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type->is_scope)
            read_key(reader, &keys[i], node, defaults, what != NULL, object);
    }
    for (size_t i = 0; i < count; i++) {
        if (!keys[i].type->is_scope)
            read_key(reader, &keys[i], node, defaults, what != NULL, object);
    }
    if (!what || problems_out_of_memory(reader->problems))
        return;
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type->check && !reader->settled)
            check_key(reader, &keys[i], node, defaults, object);
        if (keys[i].required && !config_key_node(&keys[i], node) &&
            !config_key_node(&keys[i], defaults))
            problems_add(reader->problems, at->at, "%s has no '%s'", what, keys[i].name);
    }
}

void config_clear_keys(const struct config_key *keys, size_t count, void *object)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type->clear)
            keys[i].type->clear(field_of(&keys[i], object));
    }
}

bool config_key_equal(const struct config_key *key, const void *a, const void *b)
{
    return key->type->equal(const_field_of(key, a), const_field_of(key, b));
}

void config_key_print_change(FILE *out, const struct config_key *key, const void *was,
                             const void *now)
{
    fprintf(out, "%s: ", key->name);
    key->type->print(out, const_field_of(key, was));
    fputs(" -> ", out);
    key->type->print(out, const_field_of(key, now));
}
