/* child.c - see child.h. */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"
#include "published.h"
#include "pump.h"
#include "spawn.h"

static void wait_exit(pid_t pid, int flags, siginfo_t *info)
{
    memset(info, 0, sizeof *info);
    /* By number, not pidfd: it is our child and not reaped, so the number is its own. */
    while (waitid(P_PID, (id_t)pid, info, WEXITED | flags) < 0 && errno == EINTR)
        ;
}

/* ---- starting ---- */

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

int child_start(struct child *child, const struct monitor_env *env, const struct launch *launch,
                struct published *published, watcher_hook *hook, void *arg, char **out_error)
{
    pid_t pid;
    atomic_int *door = published_open_door(published);
    int error = spawn_with_pipes(child, env, launch, door, &pid, out_error);
    int pidfd = published_close_door(published);
    if (error)
        goto fail;
    error = watcher_add(env->watcher, pidfd, EPOLLIN, hook, arg, &child->watch);
    if (error) {
        siginfo_t info;
        *out_error = strdup("cannot watch the process");
        kill(-pid, SIGKILL);
        wait_exit(pid, 0, &info);
        error = -EAGAIN;
        goto fail;
    }
    child->pid = child->last_pid = pid;
    child->pidfd = pidfd;
    child->leader_gone = child->owes_stop = false;
    return 0;
fail:
    if (pidfd >= 0)
        close(pidfd);
    return error;
}

/* ---- its life and its end ---- */

void child_signal(const struct child *child, int signo)
{
    if (child->pid > 0)
        kill(-child->pid, signo);
}

void child_stop(struct child *child)
{
    if (child->pid <= 0)
        return;
    child->owes_stop = child->stop_target == STOP_PROCESS && !child->leader_gone;
    pid_t to = child->owes_stop ? child->pid : -child->pid;
    kill(to, child->stop_signal);
    kill(to, SIGCONT);
}

void child_read_exit(struct child *child)
{
    siginfo_t info;
    wait_exit(child->pid, WNOWAIT, &info);
    bool exited = info.si_code == CLD_EXITED;
    child->exit = (struct fsm_exit){
        .known = true,
        .code = exited ? info.si_status : 0,
        .signal = exited ? 0 : info.si_status,
    };
    child->leader_gone = true;
    if (child->owes_stop)
        child_stop(child);
}

void child_bury(struct child *child, struct watcher *watcher)
{
    siginfo_t info;
    child_signal(child, SIGKILL);
    wait_exit(child->pid, 0, &info);
    watcher_remove(watcher, child->pidfd, child->watch);
    close(child->pidfd);
    child->pid = 0;
}
