/* config_include.c - `include`: which files are meant, and their tasks. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "config_load.h"
#include "config_trust.h"
#include "expand.h"

bool config_seen_file(struct config_loader *loader, const struct stat *st)
{
    for (size_t i = 0; i < loader->file_count; i++) {
        if (loader->files[i].device == st->st_dev && loader->files[i].inode == st->st_ino)
            return true;
    }
    if (loader->file_count == loader->file_room) {
        size_t room = loader->file_room ? loader->file_room * 2 : 8;
        struct loaded_file *files = reallocarray(loader->files, room, sizeof *files);
        if (!files) {
            problems_set_out_of_memory(loader->problems);
            return true;
        }
        loader->files = files;
        loader->file_room = room;
    }
    loader->files[loader->file_count++] = (struct loaded_file){ st->st_dev, st->st_ino };
    return false;
}

static void load_root(struct config_loader *loader, const struct node *root)
{
    if (node_is_null(root))
        return;
    if (root->kind != NODE_MAP) {
        problems_add(loader->problems, root->at,
                     "an included file must be a map with 'tasks', "
                     "not %s",
                     node_describe(root).text);
        return;
    }
    for (size_t i = 0; i < root->count; i++) {
        const struct node *key = root->pairs[i].key;
        if (strcmp(key->text, "tasks") != 0 && strncmp(key->text, "x-", 2) != 0)
            problems_add(loader->problems, key->at,
                         "unknown key %s: an included file holds only 'tasks'",
                         quote(key->text).text);
    }
    config_load_tasks(loader, node_find(root, "tasks"));
}

static void load_file(struct config_loader *loader, const struct node *by, const char *path)
{
    char *bytes;
    size_t size;
    struct stat st;
    int error = config_file_read(path, false, &bytes, &size, &st);
    if (error) {
        problems_add(loader->problems, by->at, "cannot read %s: %s", quote(path).text,
                     config_file_error(error));
        return;
    }
    const struct source *source = node_tree_source(loader->tree, path);
    if (!source)
        problems_set_out_of_memory(loader->problems);
    else if (!config_seen_file(loader, &st) && config_trusts(loader->problems, by->at, path, &st))
        load_root(loader, node_read(loader->tree, source, bytes, size, loader->problems));
    free(bytes);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Files come in the order of their bytes, not of the locale. */
static void load_pattern(struct config_loader *loader, const struct node *by, const char *pattern)
{
    if (!strpbrk(pattern, "*?[")) {
        load_file(loader, by, pattern);
        return;
    }
    glob_t found;
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (result == GLOB_NOMATCH)
        return;
    if (result != 0) {
        problems_set_out_of_memory(loader->problems);
        return;
    }
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_paths);
    for (size_t i = 0; i < found.gl_pathc; i++)
        load_file(loader, by, found.gl_pathv[i]);
    globfree(&found);
}

/* The pattern as seen from where we are: relative to the directory of the file it is in. */
static char *resolve(const struct node *node, const char *pattern)
{
    const char *name = node->at.source->name;
    const char *slash = strrchr(name, '/');
    int length = slash && *pattern != '/' ? (int)(slash + 1 - name) : 0;
    char *path;
    return asprintf(&path, "%.*s%s", length, name, pattern) < 0 ? NULL : path;
}

static void load_include(struct config_loader *loader, const struct node *node)
{
    if (node->kind != NODE_TEXT || node_is_null(node) || *node->text == '\0') {
        problems_add(loader->problems, node->at,
                     "'include' must be a path, a pattern, or a list "
                     "of them, not %s",
                     node_describe(node).text);
        return;
    }
    const struct expand_scope scope = { .environment = loader->environment };
    char *pattern = NULL, *complaint = NULL;
    int error = expand(&scope, node->text, &pattern, &complaint);
    if (error == -EINVAL)
        problems_add(loader->problems, node->at, "'include': %s", complaint);
    else if (error)
        problems_set_out_of_memory(loader->problems);
    char *path = pattern ? resolve(node, pattern) : NULL;
    if (path)
        load_pattern(loader, node, path);
    else if (pattern)
        problems_set_out_of_memory(loader->problems);
    free(path);
    free(complaint);
    free(pattern);
}

void config_load_includes(struct config_loader *loader, const struct node *include)
{
    if (node_is_null(include))
        return;
    if (include->kind != NODE_LIST) {
        load_include(loader, include);
        return;
    }
    for (size_t i = 0; i < include->count; i++)
        load_include(loader, include->items[i]);
}
