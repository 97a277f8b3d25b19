/* launch_rights.c - see launch_rights.h. */
#include "launch_rights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int copy_text(const char *text, char **out_copy)
{
    if (!text)
        return 0;
    *out_copy = strdup(text);
    return *out_copy ? 0 : -ENOMEM;
}

/* A group alone leaves the supervisor's supplementary ones behind as well. */
static int copy_ids(const struct task_config *task, struct launch_rights *rights)
{
    const struct config_user *user = &task->user;
    bool by_group = task->group.text != NULL;
    rights->ids = (struct log_owner){
        .has_user = user->text != NULL,
        .has_group = by_group || user->name,
        .user = user->uid,
        .group = by_group ? task->group.gid : user->gid,
    };
    rights->has_groups = user->text || by_group;
    rights->group_count = user->group_count;
    if (user->group_count == 0)
        return 0;
    rights->groups = calloc(user->group_count, sizeof *rights->groups);
    if (!rights->groups)
        return -ENOMEM;
    memcpy(rights->groups, user->groups, user->group_count * sizeof *rights->groups);
    return 0;
}

int launch_rights_init(const struct task_config *task, struct launch_rights *out_rights)
{
    struct launch_rights rights = {
        .limits = task->limits,
        .nice = task->nice,
        .oom_score_adj = task->oom_score_adj,
        .no_new_privileges = task->no_new_privileges,
    };
    snprintf(rights.oom_text, sizeof rights.oom_text, "%d", (int)task->oom_score_adj.value);
    int error = copy_ids(task, &rights);
    if (!error)
        error = copy_text(task->user.text, &rights.user);
    if (!error)
        error = copy_text(task->group.text, &rights.group);
    if (error)
        launch_rights_release(&rights);
    else
        *out_rights = rights;
    return error;
}

void launch_rights_release(struct launch_rights *rights)
{
    free(rights->groups);
    free(rights->user);
    free(rights->group);
    *rights = (struct launch_rights){ .group_count = 0 };
}

bool launch_user_variable(const struct task_config *task, size_t i, const char **out_name,
                          const char **out_value)
{
    const struct config_user *user = &task->user;
    const struct {
        const char *name, *value;
    } variables[LAUNCH_USER_VARIABLES] = {
        { "HOME", user->home },
        { "USER", user->name },
        { "LOGNAME", user->name },
        { "SHELL", user->shell },
    };
    if (!user->text)
        return false;
    *out_name = variables[i].name;
    *out_value = variables[i].value;
    return true;
}
