/* child_end.c - signals to a process and what it has started, and the end of both; see child.h. */
#include "child_end.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "clock.h"
#include "log.h"
#include "monitor.h"
#include "signame.h"

#define LOOK_AFTER_MS 20

void child_wait_exit(pid_t pid, int flags, siginfo_t *out_info)
{
    memset(out_info, 0, sizeof *out_info);
    /* By number, not pidfd: it is our child and not reaped, so the number is its own. */
    while (waitid(P_PID, (id_t)pid, out_info, WEXITED | flags) < 0 && errno == EINTR)
        ;
}

/* ---- signals ---- */

/* A program that has become somebody else's, by way of sudo(8), say, may not be ours to signal. */
static void send_signal(pid_t target, int signo)
{
    if (kill(target, signo) < 0 && errno != ESRCH)
        log_write(LOG_ERROR, "cannot send %s to %s %d: %s", signame(signo),
                  target < 0 ? "process group" : "PID", abs(target), strerrordesc_np(errno));
}

void child_signal(const struct child *child, int signo)
{
    if (child->pid > 0)
        send_signal(-child->pid, signo);
}

/* main is asked to find and signal what has left the group only if there may be something: now, or
 * after a moment in which most processes have ended. Who leaves later is an orphan of main's. */
static void signal_strays(struct child *child)
{
    bool nobody = reaper_has_nobody(child->env->reaper);
    child->look_ms = nobody ? clock_ms() + LOOK_AFTER_MS : INT64_MAX;
    if (!nobody)
        reaper_signal(child->env->reaper, &child->question, child->stop_signal);
}

int64_t child_look_ms(const struct child *child)
{
    return child->pid ? child->look_ms : INT64_MAX;
}

void child_look(struct child *child)
{
    if (child_look_ms(child) > clock_ms())
        return;
    child->look_ms = INT64_MAX;
    reaper_signal(child->env->reaper, &child->question, child->stop_signal);
}

/* A cgroup below its own is of somebody who manages others, and may want to stop them in an order:
 * it is left to him as long as he lives. */
static void stop_all(struct child *child)
{
    child_signal(child, child->stop_signal);
    child_signal(child, SIGCONT);
    if (child->in_cgroup) {
        child->owes_below = !child->leader_gone;
        cgroup_signal(child->cgroup, child->stop_signal, child->pid,
                      child->leader_gone ? CGROUP_ALL : CGROUP_ITSELF);
    } else {
        signal_strays(child);
    }
}

void child_stop(struct child *child)
{
    if (child->pid <= 0)
        return;
    child->owes_stop = child->stop_target == STOP_PROCESS && !child->leader_gone;
    if (child->owes_stop) {
        send_signal(child->pid, child->stop_signal);
        send_signal(child->pid, SIGCONT);
    } else {
        stop_all(child);
    }
}

void child_kill(struct child *child)
{
    if (child->pid <= 0)
        return;
    child->look_ms = INT64_MAX;
    if (child->in_cgroup) {
        size_t count = cgroup_kill(child->cgroup);
        child->cgroup_spent = true;
        if (!child->killed)
            child->killed = count;
    }
    reaper_kill(child->env->reaper, &child->question);
}

/* ---- the end ---- */

void child_read_exit(struct child *child)
{
    siginfo_t info;
    child_wait_exit(child->pid, WNOWAIT, &info);
    bool exited = info.si_code == CLD_EXITED;
    child->exit = (struct fsm_exit){
        .known = true,
        .code = exited ? info.si_status : 0,
        .signal = exited ? 0 : info.si_status,
    };
    child->leader_gone = true;
    if (child->owes_stop)
        child_stop(child);
    else if (child->owes_below)
        cgroup_signal(child->cgroup, child->stop_signal, child->pid, CGROUP_BELOW);
}

static void unwatch_cgroup(struct child *child)
{
    if (!child->watches_cgroup)
        return;
    watcher_remove(child->env->watcher, child->cgroup_events, child->cgroup_watch);
    close(child->cgroup_events);
    child->watches_cgroup = false;
}

/* Looks first, and has a change after that reported. */
static int watch_cgroup(struct child *child, bool *out_populated)
{
    struct watcher *watcher = child->env->watcher;
    if (child->watches_cgroup) {
        *out_populated = cgroup_is_populated(child->cgroup_events);
        return *out_populated
                   ? watcher_rearm(watcher, child->cgroup_events, child->cgroup_watch, EPOLLPRI)
                   : 0;
    }
    int fd;
    int error = cgroup_open_events(child->cgroup, &fd);
    if (error)
        return error;
    *out_populated = cgroup_is_populated(fd);
    if (*out_populated)
        error = watcher_add(watcher, fd, EPOLLPRI, child->hooks.on_cgroup, child->hooks.arg,
                            &child->cgroup_watch);
    if (error || !*out_populated) {
        close(fd);
        return error;
    }
    child->cgroup_events = fd;
    child->watches_cgroup = true;
    return 0;
}

enum child_rest child_ask_what_is_left(struct child *child)
{
    bool populated = false;
    /* What cannot be waited for is not left behind either. */
    if (child->in_cgroup && watch_cgroup(child, &populated)) {
        (void)cgroup_kill(child->cgroup);
        child->cgroup_spent = true;
        populated = false;
    }
    if (populated)
        return CHILD_REST_SOME;
    unwatch_cgroup(child);
    bool owes_look = child->look_ms != INT64_MAX;
    child->look_ms = INT64_MAX;
    if (reaper_ask_nobody(child->env->reaper, &child->question))
        return CHILD_REST_NONE;
    if (owes_look)
        reaper_signal(child->env->reaper, &child->question, child->stop_signal);
    reaper_ask(child->env->reaper, &child->question);
    return CHILD_REST_ASKED;
}

void child_bury(struct child *child)
{
    siginfo_t info;
    if (!child->in_cgroup) /* the question is closed: the count is ours to read */
        child->killed = child->question.killed;
    kill(-child->pid, SIGKILL);
    child_wait_exit(child->pid, 0, &info);
    close(child->pidfd);
    child->pid = 0;
}

void child_release(struct child *child)
{
    cgroup_free(child->cgroup);
    free(child->mark);
}
