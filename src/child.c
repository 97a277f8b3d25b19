/* child.c - starting a process; see child.h. What follows is in child_end.c. */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cgroup.h"
#include "child_end.h"
#include "log.h"
#include "monitor.h"
#include "published.h"
#include "pump.h"
#include "spawn.h"

/* ---- its outputs ---- */

static enum pump_kind pump_kind_of(enum launch_kind kind, int stream)
{
    switch (kind) {
    case LAUNCH_INHERIT: return stream == LAUNCH_STDERR ? PUMP_STDERR : PUMP_STDOUT;
    case LAUNCH_SYSLOG: return PUMP_SYSLOG;
    case LAUNCH_FILE:
    case LAUNCH_NULL:
    case LAUNCH_OWN_STDOUT:
    case LAUNCH_OWN_STDERR:
    case LAUNCH_SAME: break;
    }
    return PUMP_FILE;
}

static void close_pipes(const int pipes[LAUNCH_STREAMS])
{
    for (int i = 0; i < LAUNCH_STREAMS; i++) {
        if (pipes[i] >= 0)
            close(pipes[i]);
    }
}

/* Makes a pipe to the pump for each output that goes through it; -1 for others. */
static int open_pipes(struct child *child, struct pump *pump, const struct launch *launch,
                      int pipes[LAUNCH_STREAMS])
{
    for (int i = 0; i < LAUNCH_STREAMS; i++) {
        const struct launch_output *output = &launch->outputs[i];
        pipes[i] = -1;
        child->sources[i] = 0;
        if (!output->pumped)
            continue;
        const struct pump_target target = {
            .kind = pump_kind_of(output->kind, i),
            .path = output->path,
            .max_bytes = launch->log_max_bytes,
            .backups = launch->log_backups,
            .timestamps = launch->log_timestamps,
            .name = launch->name,
            .error_stream = i == LAUNCH_STDERR,
            .owner = launch->rights.ids,
        };
        int error = pump_open(pump, &target, &pipes[i], &child->sources[i]);
        if (error)
            return error;
    }
    return 0;
}

static int spawn_with_pipes(struct child *child, const struct monitor_env *env,
                            const struct launch *launch, atomic_int *door, pid_t *out_pid,
                            char **out_error)
{
    int pipes[LAUNCH_STREAMS] = { -1, -1 };
    int error = open_pipes(child, env->pump, launch, pipes);
    if (error) { /* for want of memory or descriptors: nothing is wrong with the task */
        if (asprintf(out_error, "cannot make a pipe: %s", strerrordesc_np(-error)) < 0)
            *out_error = NULL;
        error = -EAGAIN;
    } else {
        error = spawn_run(env->spawner, launch, pipes, door, out_pid, out_error);
    }
    close_pipes(pipes); /* the child's are its own, and the pump is to see their end */
    return error;
}

/* ---- its cgroup ---- */

/* Made when it is needed first. Where it cannot be, the start goes on without. */
static bool choose_cgroup(struct child *child, const struct launch *launch,
                          struct launch_cgroup *out)
{
    if (!child->env->cgroups)
        return false;
    if (child->cgroup_spent) { /* some kernels kill all that is born in it from then on */
        cgroup_free(child->cgroup);
        child->cgroup = NULL;
        child->cgroup_spent = false;
    }
    if (!child->cgroup) {
        int error = cgroup_new(child->env->cgroups, launch->name, &child->cgroup);
        if (error && !child->kept_out)
            log_write(LOG_WARN, "'%s' has no cgroup: %s", launch->name, strerrordesc_np(-error));
        child->kept_out = error != 0;
        if (error)
            return false;
    }
    *out = (struct launch_cgroup){
        .dir = cgroup_path(child->cgroup),
        .procs = cgroup_procs(child->cgroup),
    };
    return true;
}

static void note_cgroup(struct child *child, const struct launch *launch)
{
    int error = launch->cgroup ? launch->cgroup->error : 0;
    child->in_cgroup = launch->cgroup && !error;
    if (error && !child->kept_out)
        log_write(LOG_WARN, "'%s' runs outside of its cgroup: %s", launch->name,
                  strerrordesc_np(error));
    if (launch->cgroup)
        child->kept_out = error != 0;
}

/* ---- both ---- */

/* From now on it is watched, and others can be asked what is left of it. */
static int adopt(struct child *child, pid_t pid, int pidfd, const struct launch *launch)
{
    uint64_t watch; /* it ends with the exit, before which nothing here does */
    char *mark = strdup(launch->mark);
    int error = mark ? watcher_add_once(child->env->watcher, pidfd, EPOLLIN, child->hooks.on_exit,
                                        child->hooks.arg, &watch)
                     : -ENOMEM;
    if (error) {
        free(mark);
        return error;
    }
    free(child->mark);
    child->mark = mark;
    child->pid = child->last_pid = pid;
    child->pidfd = pidfd;
    child->killed = 0;
    child->look_ms = INT64_MAX;
    child->leader_gone = child->owes_stop = child->owes_below = false;
    note_cgroup(child, launch);
    reaper_track(&child->question, pid, child->in_cgroup ? NULL : child->mark,
                 child->hooks.on_group, child->hooks.arg);
    return 0;
}

int child_start(struct child *child, const struct monitor_env *env, struct launch *launch,
                struct published *published, const struct child_hooks *hooks, char **out_error)
{
    pid_t pid;
    struct launch_cgroup cgroup;
    child->env = env;
    child->hooks = *hooks;
    launch->cgroup = choose_cgroup(child, launch, &cgroup) ? &cgroup : NULL;
    atomic_int *door = published_open_door(published);
    int error = spawn_with_pipes(child, env, launch, door, &pid, out_error);
    int pidfd = published_close_door(published);
    if (error)
        goto fail;
    error = adopt(child, pid, pidfd, launch);
    if (error) {
        siginfo_t info;
        *out_error = strdup("cannot watch the process");
        kill(-pid, SIGKILL);
        child_wait_exit(pid, 0, &info);
        error = -EAGAIN;
        goto fail;
    }
    launch->cgroup = NULL;
    return 0;
fail:
    launch->cgroup = NULL;
    if (pidfd >= 0)
        close(pidfd);
    return error;
}
