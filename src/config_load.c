/* config_load.c - from files to a configuration: the top level, tasks, and the end result. */
#include "config_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "config_trust.h"
#include "launch.h"
#include "schema.h"
#include "suggest.h"

#define ATTEMPTS_KEY "restartsAttempts"

/* -- tasks --------------------------------------------------------------------------------- */

/* What `restartsAttempts` means depends on the policy. Where it means nothing it is made the
 * same, so that a change of it is no change. */
static void settle_attempts(const struct config_loader *loader, const struct node *node,
                            struct task_config *task)
{
    const struct config_key *key = config_key_find(config_keys, config_key_count, ATTEMPTS_KEY);
    bool given = config_key_node(key, node) || config_key_node(key, loader->defaults);
    switch (task->restart) {
    case RESTART_NEVER: task->attempts = 0; break;
    case RESTART_ON_FAILURE: break;
    case RESTART_ALWAYS:
        if (!given || task->attempts == 0)
            task->attempts = CONFIG_NO_LIMIT;
        break;
    }
}

/* A number that is nobody's says nothing of its group. */
static void check_group(const struct config_loader *loader, const struct node *node,
                        const struct task_config *task)
{
    if (!task->user.text || task->user.name || task->group.text)
        return;
    const struct config_key *key = config_key_find(config_keys, config_key_count, "user");
    const struct node *at = config_key_node(key, node);
    if (!at)
        at = config_key_node(key, loader->defaults);
    problems_add(loader->problems, at->at,
                 "'user': there is no user with the number %s: say its 'group' too",
                 quote(task->user.text).text);
}

static struct task_config *new_task(const struct node *key)
{
    struct task_config *task = calloc(1, sizeof *task);
    if (!task)
        return NULL;
    atomic_init(&task->refs, 1);
    task->name = strdup(key->text);
    task->file = strdup(key->at.source->name);
    task->line = key->at.line;
    if (!task->name || !task->file) {
        task_config_unref(task);
        return NULL;
    }
    return task;
}

static void read_task(struct config_loader *loader, const struct node *key, const struct node *node,
                      struct task_config *task)
{
    if (!node_is_null(node) && node->kind != NODE_MAP) {
        problems_add(loader->problems, node->at, "task %s must be a map of keys, not %s",
                     quote(key->text).text, node_describe(node).text);
        return;
    }
    char *what;
    if (asprintf(&what, "task %s", quote(key->text).text) < 0) {
        problems_set_out_of_memory(loader->problems);
        return;
    }
    const struct launch_id id = { .task = task->name };
    struct config_reader reader = {
        .problems = loader->problems,
        .scope = { .id = &id, .own = &task->environment, .environment = loader->environment },
    };
    config_read_keys(&reader, config_keys, config_key_count, node, loader->defaults, what, key,
                     task);
    settle_attempts(loader, node, task);
    check_group(loader, node, task);
    free(what);
}

/* Adds a task to the configuration, which owns it then. False: out of memory. */
static bool add_task(struct config_loader *loader, const struct loaded_task *found)
{
    struct task_config *task = found->task;
    struct config *config = loader->config;
    if (config->task_count == loader->task_room) {
        size_t room = loader->task_room ? loader->task_room * 2 : 16;
        struct task_config **tasks = reallocarray(config->tasks, room, sizeof *tasks);
        if (!tasks)
            return false;
        config->tasks = tasks;
        loader->task_room = room;
    }
    struct loaded_task *loaded = calloc(1, sizeof *loaded);
    if (!loaded)
        return false;
    *loaded = *found;
    if (textmap_set(loader->tasks, task->name, loaded) != 0) {
        free(loaded);
        return false;
    }
    config->tasks[config->task_count++] = task;
    return true;
}

static void load_task(struct config_loader *loader, const struct node *key, const struct node *node)
{
    struct task_config *task = new_task(key);
    if (!task) {
        problems_set_out_of_memory(loader->problems);
        return;
    }
    bool good = config_check_task_name(loader, key);
    const struct loaded_task *first = textmap_find(loader->tasks, key->text);
    if (first)
        problems_add(loader->problems, key->at, "duplicate task '%s', first at %s:%d:%d", key->text,
                     first->key->at.source->name, first->key->at.line, first->key->at.column);
    size_t problems = problems_count(loader->problems);
    read_task(loader, key, node, task);
    bool sound = problems_count(loader->problems) == problems;
    const struct loaded_task loaded = { .key = key, .node = node, .task = task, .sound = sound };
    if (good && !first && add_task(loader, &loaded))
        return;
    if (good && !first)
        problems_set_out_of_memory(loader->problems);
    task_config_unref(task);
}

void config_load_tasks(struct config_loader *loader, const struct node *tasks)
{
    if (!tasks || node_is_null(tasks))
        return;
    if (tasks->kind != NODE_MAP) {
        problems_add(loader->problems, tasks->at, "'tasks' must be a map of tasks, not %s",
                     node_describe(tasks).text);
        return;
    }
    for (size_t i = 0; i < tasks->count; i++)
        load_task(loader, tasks->pairs[i].key, tasks->pairs[i].value);
}

/* -- the top level ------------------------------------------------------------------------- */

static void check_top_keys(struct config_loader *loader, const struct node *root)
{
    static const char *const known[] = { "tasks", "supervisor", "defaults", "include" };
    const size_t count = sizeof known / sizeof known[0];
    for (size_t i = 0; i < root->count; i++) {
        const struct node *key = root->pairs[i].key;
        size_t j = 0;
        while (j < count && strcmp(known[j], key->text) != 0)
            j++;
        if (j < count || strncmp(key->text, "x-", 2) == 0)
            continue;
        const char *near = suggest(key->text, known, count);
        problems_add(loader->problems, key->at, "unknown key %s%s%s%s", quote(key->text).text,
                     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
}

/* A part of the top level that must be a map; NULL where it is not given, or no map. */
static const struct node *find_map(struct config_loader *loader, const struct node *root,
                                   const char *name)
{
    const struct node *node = node_find(root, name);
    if (node_is_null(node))
        return NULL;
    if (node->kind == NODE_MAP)
        return node;
    problems_add(loader->problems, node->at, "'%s' must be a map of keys, not %s", name,
                 node_describe(node).text);
    return NULL;
}

static void load_supervisor(struct config_loader *loader, const struct node *node)
{
    struct config_reader reader = {
        .problems = loader->problems,
        .scope = { .environment = loader->environment },
        .settled = true,
    };
    config_read_keys(&reader, supervisor_keys, supervisor_key_count, node, NULL, "supervisor", node,
                     &loader->config->supervisor);
}

/* 'defaults' are read anew for each task; here they are checked for themselves, as far as that
 * can be done without one. */
static void check_defaults(struct config_loader *loader)
{
    struct task_config *scratch = calloc(1, sizeof *scratch);
    if (!scratch) {
        problems_set_out_of_memory(loader->problems);
        return;
    }
    atomic_init(&scratch->refs, 1);
    struct config_reader reader = { .problems = loader->problems, .templates = true };
    config_read_keys(&reader, config_keys, config_key_count, loader->defaults, NULL, NULL, NULL,
                     scratch);
    task_config_unref(scratch);
}

static void load_root(struct config_loader *loader, const struct source *source,
                      const struct node *root)
{
    const struct place start = { source, 1, 1 };
    if (node_is_null(root)) {
        if (problems_count(loader->problems) == 0)
            problems_add(loader->problems, start, "it is empty: write at least 'tasks: {}'");
        return;
    }
    if (root->kind != NODE_MAP) {
        problems_add(loader->problems, root->at,
                     "the top level must be a map with 'tasks', "
                     "not %s",
                     node_describe(root).text);
        return;
    }
    if (loader->supervisor_only) {
        load_supervisor(loader, find_map(loader, root, "supervisor"));
        return;
    }
    check_top_keys(loader, root);
    load_supervisor(loader, find_map(loader, root, "supervisor"));
    loader->defaults = find_map(loader, root, "defaults");
    if (loader->defaults)
        check_defaults(loader);
    const struct node *tasks = node_find(root, "tasks");
    if (!tasks)
        problems_add(loader->problems, root->at, "no 'tasks': write at least 'tasks: {}'");
    config_load_tasks(loader, tasks);
    config_load_includes(loader, node_find(root, "include"));
    config_check_instance_names(loader);
    config_check_needs(loader);
    config_check_log_files(loader);
}

/* -- from beginning to end ----------------------------------------------------------------- */

static int loader_init(struct config_loader *loader, const char *path, char *const *environment)
{
    *loader = (struct config_loader){
        .tree = node_tree_new(),
        .problems = problems_new(),
        .environment = environment,
        .config = calloc(1, sizeof(struct config)),
        .tasks = textmap_new(),
    };
    if (loader->config)
        loader->config->path = strdup(path);
    if (!loader->tree || !loader->problems || !loader->tasks || !loader->config ||
        !loader->config->path)
        return -ENOMEM;
    return 0;
}

static void loader_release(struct config_loader *loader, bool keep_config)
{
    for (size_t i = 0; loader->config && i < loader->config->task_count; i++)
        free(textmap_find(loader->tasks, loader->config->tasks[i]->name));
    textmap_free(loader->tasks);
    problems_free(loader->problems);
    node_tree_free(loader->tree);
    free(loader->files);
    if (!keep_config)
        config_free(loader->config);
}

/* Hands out the result of a loading that ended with `error`, or 0 where it went as far as it
 * could, and releases the rest. */
static int loader_finish(struct config_loader *loader, int error, struct config **out_config,
                         char **out_errors)
{
    char *text = NULL;
    if (!error && problems_out_of_memory(loader->problems))
        error = -ENOMEM;
    if (!error && problems_count(loader->problems) > 0)
        error = -EINVAL;
    if (error && error != -ENOMEM)
        text = problems_text(loader->problems);
    if (error && !text) {
        error = -ENOMEM;
        text = strdup("out of memory\n");
    }
    if (error)
        *out_errors = text;
    else
        *out_config = loader->config;
    loader_release(loader, error == 0);
    return error;
}

static int load_bytes(struct config_loader *loader, const char *name, const char *bytes,
                      size_t size)
{
    const struct source *source = node_tree_source(loader->tree, name);
    if (!source)
        return -ENOMEM;
    load_root(loader, source, node_read(loader->tree, source, bytes, size, loader->problems));
    return 0;
}

int config_parse(const char *name, const char *bytes, size_t size, char *const *environment,
                 struct config **out_config, char **out_errors)
{
    struct config_loader loader;
    int error = loader_init(&loader, name, environment);
    if (!error)
        error = load_bytes(&loader, name, bytes, size);
    return loader_finish(&loader, error, out_config, out_errors);
}

static int load_path(struct config_loader *loader, const char *path)
{
    char *bytes;
    size_t size;
    struct stat st;
    const struct source *source = node_tree_source(loader->tree, path);
    if (!source)
        return -ENOMEM;
    const struct place start = { source, 1, 1 };
    int error = config_file_read(path, true, &bytes, &size, &st);
    if (error) {
        problems_add(loader->problems, start, "cannot read %s: %s", quote(path).text,
                     config_file_error(error));
        return error;
    }
    if (!config_trusts(loader->problems, start, path, &st))
        error = -EPERM;
    else if (S_ISREG(st.st_mode))
        config_seen_file(loader, &st);
    if (!error)
        error = load_bytes(loader, path, bytes, size);
    free(bytes);
    return error;
}

static int load_file(const char *path, bool supervisor_only, char *const *environment,
                     struct config **out_config, char **out_errors)
{
    struct config_loader loader;
    int error = loader_init(&loader, path, environment);
    loader.supervisor_only = supervisor_only;
    if (!error)
        error = load_path(&loader, path);
    return loader_finish(&loader, error, out_config, out_errors);
}

int config_load(const char *path, char *const *environment, struct config **out_config,
                char **out_errors)
{
    return load_file(path, false, environment, out_config, out_errors);
}

int config_load_supervisor(const char *path, char *const *environment, struct config **out_config,
                           char **out_errors)
{
    return load_file(path, true, environment, out_config, out_errors);
}
