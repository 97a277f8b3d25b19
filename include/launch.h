/* launch.h - what one start of one instance needs, worked out in full beforehand.
 *
 * Between clone and exec nothing may be allocated or looked up, so everything is here: expanded
 * texts, the list of paths to try, the whole environment. Pure: no system call, no shared state. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch_output.h"
#include "launch_rights.h"

struct config_command;
struct region;

/* Who is started: the values of ${TASK}, ${INSTANCE} and ${NAME}. */
struct launch_id {
    const char *task;
    long instance; /* from 1 */
    const char *name;
    const char *supervisor;    /* its marker (marker.h); NULL: none */
    const char *notify_socket; /* NOTIFY_SOCKET for its process; NULL: none */
    int64_t watchdog_ms;       /* the same for WATCHDOG_USEC; 0: none */
};

/* A cgroup that the process is to be born in, or to enter. */
struct launch_cgroup {
    const char *dir;
    const char *procs; /* its cgroup.procs */
    int error; /* what became of it: 0, or the errno that kept it out, which fails nothing */
};

struct launch {
    struct region *region; /* has all of it but `directory` and what `rights` and `outputs` own */
    char *name;            /* of the instance */
    char *mark;      /* "TASK/INSTANCE": what no two have at a time, whatever they are named */
    char **argv;     /* argv[0] is the program as written */
    char **paths;    /* to be tried in this order by execve(2); NULL-terminated */
    char **envp;     /* the supervisor's variables in it are not copied */
    char *directory; /* NULL: stay */
    mode_t umask;
    struct launch_rights rights;
    struct launch_output outputs[LAUNCH_STREAMS];
    int64_t log_max_bytes; /* for outputs that are pumped, as in struct task_config */
    long log_backups;
    bool log_timestamps;
    struct launch_cgroup *cgroup; /* the starter's; NULL: it stays in ours */
};

/* Expands `task` for `id`. `environment` is the supervisor's (like environ), and outlives the
 * launch. 0 with *out_launch to launch_free(); -ENOMEM; or -EINVAL with *out_error (to free()), a
 * text saying which variable is not set. */
int launch_new(const struct task_config *task, const struct launch_id *id, char *const *environment,
               struct launch **out_launch, char **out_error) __attribute__((warn_unused_result));

/* The same for a command that finds out how the process of `task` is: as that is run, but for its
 * outputs, which go nowhere, and for what it could say about itself. */
int launch_probe_new(const struct task_config *task, const struct config_command *command,
                     const struct launch_id *id, char *const *environment,
                     struct launch **out_launch, char **out_error)
    __attribute__((warn_unused_result));

void launch_free(struct launch *launch);

/* The command as shown to people: the text with ${TASK}, ${INSTANCE} and ${NAME} filled in.
 * A string to free(), or NULL when out of memory. */
char *launch_command_text(const struct task_config *task, const struct launch_id *id);

#endif
