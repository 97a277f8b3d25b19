/* child.c - see child.h. */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "published.h"
#include "spawn.h"

static void wait_exit(pid_t pid, int flags, siginfo_t *info)
{
    memset(info, 0, sizeof *info);
    /* By number, not pidfd: it is our child and not reaped, so the number is its own. */
    while (waitid(P_PID, (id_t)pid, info, WEXITED | flags) < 0 && errno == EINTR)
        ;
}

int child_start(struct child *child, struct spawner *spawner, struct watcher *watcher,
                const struct launch *launch, struct published *published, watcher_hook *hook,
                void *arg, char **out_error)
{
    pid_t pid;
    atomic_int *door = published_open_door(published);
    int error = spawn_run(spawner, launch, door, &pid, out_error);
    int pidfd = published_close_door(published);
    if (error)
        goto fail;
    error = watcher_add(watcher, pidfd, hook, arg, &child->watch);
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
    return 0;
fail:
    if (pidfd >= 0)
        close(pidfd);
    return error;
}

void child_signal(const struct child *child, int signo)
{
    if (child->pid > 0)
        kill(-child->pid, signo);
}

void child_stop(const struct child *child)
{
    child_signal(child, child->stop_signal);
    child_signal(child, SIGCONT);
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
