/* node_yaml.c - libyaml's events into nodes. Depth and size are checked as events arrive, so
 * that libyaml never gets far into a hostile nest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "node_build.h"
#include "textmap.h"

#define DIRECTIVES_MAX 100 /* libyaml's time grows with their square */

struct open_node {
    struct node *node;
    size_t base; /* where its content begins on the stack */
};

struct builder {
    struct node_tree *tree;
    const struct source *source;
    struct problems *problems;
    struct textmap *anchors; /* name -> struct node */
    const struct node **stack;
    size_t count, room;
    struct open_node open[NODE_MAX_DEPTH];
    size_t depth;
    const struct node *root;
};

static struct place place_of(const struct builder *b, const yaml_mark_t *mark)
{
    return (struct place){ b->source, (int)mark->line + 1, (int)mark->column + 1 };
}

static int push(struct builder *b, const struct node *node)
{
    if (b->depth == 0) {
        b->root = node;
        return 0;
    }
    if (b->count == b->room) {
        size_t room = b->room ? b->room * 2 : 256;
        const struct node **stack = reallocarray(b->stack, room, sizeof *stack);
        if (!stack)
            return -ENOMEM;
        b->stack = stack;
        b->room = room;
    }
    b->stack[b->count++] = node;
    return 0;
}

/* "!!str" and its like say nothing new about texts; "!" and "!!str" make one that is no null. */
static bool tag_fits(enum node_kind kind, const char *tag)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    if (!tag || strcmp(tag, "!") == 0)
        return true;
    if (strncmp(tag, prefix, sizeof prefix - 1) != 0)
        return false;
    tag += sizeof prefix - 1;
    switch (kind) {
    case NODE_LIST: return strcmp(tag, "seq") == 0;
    case NODE_MAP: return strcmp(tag, "map") == 0;
    case NODE_TEXT: break;
    }
    return strcmp(tag, "str") == 0 || strcmp(tag, "int") == 0 || strcmp(tag, "float") == 0 ||
           strcmp(tag, "bool") == 0;
}

static int too_many(struct builder *b, const yaml_mark_t *mark)
{
    problems_add(b->problems, place_of(b, mark),
                 "more than %d values, each alias counted with all that it stands for",
                 NODE_MAX_COUNT);
    return -EINVAL;
}

/* A node of that kind on the stack, known by its anchor. */
static int add(struct builder *b, enum node_kind kind, const yaml_event_t *event,
               const yaml_char_t *anchor, const yaml_char_t *tag, struct node **out_node)
{
    struct node *node = node_tree_allocate(b->tree, sizeof *node);
    if (!node)
        return -ENOMEM;
    node->kind = kind;
    node->at = place_of(b, &event->start_mark);
    if (!node_tree_count(b->tree, 1))
        return too_many(b, &event->start_mark);
    if (!tag_fits(kind, (const char *)tag))
        problems_add(b->problems, node->at, "unknown tag %s, leave it out",
                     quote((const char *)tag).text);
    if (anchor) {
        char *name = node_tree_copy(b->tree, (const char *)anchor, strlen((const char *)anchor));
        if (!name || textmap_set(b->anchors, name, node) != 0)
            return -ENOMEM;
    }
    int error = push(b, node);
    if (!error)
        *out_node = node;
    return error;
}

static int on_text(struct builder *b, const yaml_event_t *event)
{
    struct node *node;
    int error = add(b, NODE_TEXT, event, event->data.scalar.anchor, event->data.scalar.tag, &node);
    if (error)
        return error;
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(text, '\0', length))
        problems_add(b->problems, node->at, "a text must not hold a NUL byte");
    node->text = node_tree_copy(b->tree, text, length);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
    node->weight = 1;
    return node->text ? 0 : -ENOMEM;
}

static int on_open(struct builder *b, enum node_kind kind, const yaml_event_t *event,
                   const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (b->depth == NODE_MAX_DEPTH) {
        problems_add(b->problems, place_of(b, &event->start_mark),
                     "lists and maps are nested more than %d deep", NODE_MAX_DEPTH);
        return -EINVAL;
    }
    struct node *node;
    int error = add(b, kind, event, anchor, tag, &node);
    if (!error)
        b->open[b->depth++] = (struct open_node){ node, b->count };
    return error;
}

static int on_close(struct builder *b)
{
    struct open_node closed = b->open[--b->depth];
    struct node *node = closed.node;
    size_t count = b->count - closed.base;
    const struct node *const *content = count > 0 ? b->stack + closed.base : NULL;
    b->count = closed.base;
    size_t weight = 1;
    for (size_t i = 0; i < count; i++)
        weight += content[i]->weight;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is open has a node */
    node->weight = weight;
    if (node->kind == NODE_MAP)
        return node_fill_map(b->tree, node, content, count, b->problems);
    const struct node **items = node_tree_allocate(b->tree, count * sizeof *items);
    if (!items)
        return -ENOMEM;
    if (count > 0)
        memcpy(items, content, count * sizeof *items);
    node->items = items;
    node->count = count;
    return 0;
}

static int on_alias(struct builder *b, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct place at = place_of(b, &event->start_mark);
    const struct node *node = textmap_find(b->anchors, name);
    if (!node) {
        problems_add(b->problems, at, "unknown alias %s: no anchor of that name before it",
                     quote(name).text);
        return -EINVAL;
    }
    if (node->weight == 0) {
        problems_add(b->problems, at, "recursive alias %s: it stands inside its own anchor",
                     quote(name).text);
        return -EINVAL;
    }
    if (!node_tree_count(b->tree, node->weight))
        return too_many(b, &event->start_mark);
    return push(b, node);
}

/* 0, or 1 at the end; -EINVAL when it was complained about, -ENOMEM. */
static int on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_text(b, event);
    case YAML_ALIAS_EVENT: return on_alias(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, NODE_LIST, event, event->data.sequence_start.anchor,
                       event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, NODE_MAP, event, event->data.mapping_start.anchor,
                       event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return on_close(b);
    case YAML_DOCUMENT_START_EVENT:
        if (!b->root)
            return 0;
        problems_add(b->problems, place_of(b, &event->start_mark),
                     "a second document: one file holds one");
        return -EINVAL;
    case YAML_STREAM_END_EVENT: return 1;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return 0;
}

/* Lines from 1; columns in characters, from 1. */
static struct place place_of_byte(const struct source *source, const char *bytes, size_t offset)
{
    struct place at = { source, 1, 1 };
    for (size_t i = 0; i < offset; i++) {
        if (bytes[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)bytes[i] & 0xC0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* Whether the indentation of that line holds a tab: the one mistake that cannot be seen. */
static bool indented_with_tab(const char *bytes, size_t size, size_t line)
{
    const char *p = bytes, *end = bytes + size;
    for (; line > 0 && p < end; line--) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        p = newline ? newline + 1 : end;
    }
    while (p < end && *p == ' ')
        p++;
    return p < end && *p == '\t';
}

static void complain(const struct builder *b, const yaml_parser_t *parser, const char *bytes,
                     size_t size)
{
    if (parser->error == YAML_READER_ERROR) {
        bool control = strncmp(parser->problem, "control", 7) == 0;
        size_t offset = parser->problem_offset < size ? parser->problem_offset : size;
        problems_add(b->problems, place_of_byte(b->source, bytes, offset),
                     control ? "control character 0x%02x: not allowed in YAML"
                             : "byte 0x%02x: not valid UTF-8",
                     offset < size ? (unsigned char)bytes[offset] : 0);
        return;
    }
    const char *cure = "";
    if (indented_with_tab(bytes, size, parser->problem_mark.line))
        cure = "; indent with spaces, not tabs";
    else if (strncmp(parser->problem, "mapping values", 14) == 0)
        cure = "; quote a text that holds ': '";
    problems_add(b->problems, place_of(b, &parser->problem_mark), "bad YAML: %s%s%s%s",
                 parser->problem, parser->context ? " " : "",
                 parser->context ? parser->context : "", cure);
}

static int read_events(struct builder *b, const char *bytes, size_t size)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    int result = 0;
    while (result == 0) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event)) {
            result = on_event(b, &event);
            yaml_event_delete(&event);
        } else if (parser.error == YAML_MEMORY_ERROR) {
            result = -ENOMEM;
        } else {
            complain(b, &parser, bytes, size);
            result = -EINVAL;
        }
    }
    yaml_parser_delete(&parser);
    return result;
}

static bool too_many_directives(const struct builder *b, const char *bytes, size_t size)
{
    size_t found = 0;
    for (const char *p = bytes, *end = bytes + size; p && p < end;) {
        if (*p == '%' && ++found > DIRECTIVES_MAX) {
            problems_add(b->problems, place_of_byte(b->source, bytes, (size_t)(p - bytes)),
                         "more than %d lines that begin with '%%'", DIRECTIVES_MAX);
            return true;
        }
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    return false;
}

const struct node *node_read(struct node_tree *tree, const struct source *source, const char *bytes,
                             size_t size, struct problems *problems)
{
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        bytes += 3;
        size -= 3;
    }
    struct builder b = { .tree = tree, .source = source, .problems = problems };
    if (too_many_directives(&b, bytes, size))
        return NULL;
    b.anchors = textmap_new();
    int result = b.anchors ? read_events(&b, bytes, size) : -ENOMEM;
    if (result == -ENOMEM)
        problems_set_out_of_memory(problems);
    textmap_free(b.anchors);
    free(b.stack);
    return result == 1 ? b.root : NULL;
}
