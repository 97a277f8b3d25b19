/* config_check.c - what can only be told about tasks together, and the names of tasks. */
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

#define NAME_MAX_BYTES 200 /* with a number and a suffix it must still be a file's name */

bool config_check_task_name(struct config_loader *loader, const struct node *key)
{
    const char *name = key->text;
    size_t length = strlen(name);
    const char *complaint = NULL;
    if (length == 0 || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789._-") != length)
        complaint = "use letters, digits, '.', '_' and '-'";
    else if (strcmp(name, "all") == 0)
        complaint = "it is reserved, it stands for every task";
    else if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        complaint = "it is the name of a directory";
    else if (length > NAME_MAX_BYTES)
        complaint = "it is longer than 200 characters";
    if (complaint)
        problems_add(loader->problems, key->at, "bad task name %s: %s", quote(name).text,
                     complaint);
    return !complaint;
}

const struct loaded_task *config_instance_owner(const struct config_loader *loader,
                                                const char *name)
{
    const char *underscore = strrchr(name, '_');
    if (!underscore || underscore[1] == '0' || strlen(underscore + 1) > 6 ||
        strspn(underscore + 1, "0123456789") != strlen(underscore + 1))
        return NULL;
    char *base = strndup(name, (size_t)(underscore - name));
    if (!base) {
        problems_set_out_of_memory(loader->problems);
        return NULL;
    }
    const struct loaded_task *owner = textmap_find(loader->tasks, base);
    free(base);
    long number = strtol(underscore + 1, NULL, 10);
    if (!owner || owner->task->instances < 2 || number < 1 || number > owner->task->instances)
        return NULL;
    return owner;
}

void config_check_instance_names(struct config_loader *loader)
{
    for (size_t i = 0; i < loader->config->task_count; i++) {
        const char *name = loader->config->tasks[i]->name;
        const struct loaded_task *owner = config_instance_owner(loader, name);
        if (!owner)
            continue;
        const struct loaded_task *task = textmap_find(loader->tasks, name);
        problems_add(loader->problems, task->key->at,
                     "task '%s' has the name of an instance of task '%s' at %s:%d: rename one",
                     name, owner->task->name, owner->key->at.source->name, owner->key->at.line);
    }
}
