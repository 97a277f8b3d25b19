/* launch_rights.h - who a process is started as, and what it may use up: `user`, `group`, `limits`,
 * `nice`, `oomScoreAdj` and `noNewPrivileges` of its task, ready for a child that can look nothing
 * up. All zero bytes: as the supervisor.
 *
 * Pure; any thread. */
#ifndef LAUNCH_RIGHTS_H
#define LAUNCH_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config.h"
#include "log_open.h"

struct launch_rights {
    struct log_owner ids; /* to be taken; what is made for it belongs to them too */
    bool has_groups;
    gid_t *groups; /* supplementary ones */
    size_t group_count;
    char *user; /* as configured, for messages; NULL: not given */
    char *group;
    struct config_limits limits;
    struct config_optional nice;
    struct config_optional oom_score_adj;
    char oom_text[16]; /* as it is written to the kernel */
    bool no_new_privileges;
};

/* 0 with *out_rights to launch_rights_release(), or -ENOMEM. */
int launch_rights_init(const struct task_config *task, struct launch_rights *out_rights)
    __attribute__((warn_unused_result));
void launch_rights_release(struct launch_rights *rights); /* of zero bytes is fine */

/* Variables that say who one is. */
#define LAUNCH_USER_VARIABLES 4

/* The i-th of them, and what it is for the task's user: NULL for a user who is not known by name.
 * False where the task has no `user`: they are the supervisor's. */
bool launch_user_variable(const struct task_config *task, size_t i, const char **out_name,
                          const char **out_value);

#endif
