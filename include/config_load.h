/* config_load.h - what the files that make up config_load() share. For config_load.c,
 * config_include.c, config_check.c, config_needs.c and config_logs.c only. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <sys/stat.h>

#include "config.h"
#include "node.h"
#include "textmap.h"

/* A task and the key it was written under. */
struct loaded_task {
    const struct node *key;
    const struct node *node; /* what was written there */
    struct task_config *task;
    bool sound; /* nothing was complained about in it */

    struct loaded_task *above; /* these are config_check_needs()'s */
    size_t next_need;
    bool visited, open;
};

/* A file that was read, whatever its name. */
struct loaded_file {
    dev_t device;
    ino_t inode;
};

struct config_loader {
    bool supervisor_only; /* of the top level nothing else is looked at */
    struct node_tree *tree;
    struct problems *problems;
    char *const *environment;
    struct config *config;
    size_t task_room;
    struct textmap *tasks; /* name -> struct loaded_task in the tree */
    const struct node *defaults;
    struct loaded_file *files;
    size_t file_count, file_room;
};

/* Reads the map `tasks`, which may be NULL or null, into the configuration. */
void config_load_tasks(struct config_loader *loader, const struct node *tasks);

/* Complains, if so, that the name of a task cannot be one. */
bool config_check_task_name(struct config_loader *loader, const struct node *key);

/* Complains about tasks that are called as another task's instances are. */
void config_check_instance_names(struct config_loader *loader);

/* The task that has an instance of that name which is not the task's own; NULL: none. */
const struct loaded_task *config_instance_owner(const struct config_loader *loader,
                                                const char *name);

/* Complains about tasks that depend on what is no task, on what never comes, or on themselves,
 * be it through others. */
void config_check_needs(struct config_loader *loader);

/* Complains about tasks that log to one file and differ in how it is to be kept. Looks at which
 * files there are. */
void config_check_log_files(struct config_loader *loader);

/* Whether the file was read before; from now on it was. */
bool config_seen_file(struct config_loader *loader, const struct stat *st);

/* Reads the files that `include`, a text or a list, names relative to the file it is in. */
void config_load_includes(struct config_loader *loader, const struct node *include);

#endif
