/* probe.c - see probe.h. */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "endpoint.h"
#include "expand.h"
#include "instance.h"
#include "launch.h"
#include "signame.h"
#include "spawn.h"

/* It has ended already; the reason is the probe's. */
static void end_early(struct probe *p, int error, char *reason)
{
    bool says_nothing = error == -EAGAIN || error == -ENOMEM;
    p->result = says_nothing ? VITAL_UNKNOWN : VITAL_BAD;
    p->reason = reason;
}

static struct launch_id who(const struct instance *in)
{
    return (struct launch_id){
        .task = in->id->task->name,
        .instance = in->id->number,
        .name = in->id->name,
        .supervisor = in->env->marker,
    };
}

/* ---- commands ---- */

static void reap(struct probe *p)
{
    siginfo_t info;
    while (waitid(P_PID, (id_t)p->pid, &info, WEXITED) < 0 && errno == EINTR)
        ;
    close(p->pidfd);
    p->pid = 0;
}

/* The exec can be held up like the instance's own, and there is the same door to help it. */
static int spawn(struct probe *p, struct instance *in, const struct launch *launch,
                 char **out_reason)
{
    const int no_pipes[LAUNCH_STREAMS] = { -1, -1 };
    atomic_int *door = published_open_door(&in->published);
    int error = spawn_run(in->env->spawner, launch, no_pipes, door, &p->pid, out_reason);
    p->pidfd = published_close_door(&in->published);
    if (error) {
        p->pid = 0;
        if (p->pidfd >= 0)
            close(p->pidfd);
    }
    return error;
}

static void start_command(struct probe *p, struct instance *in, const struct config_command *exec,
                          watcher_hook *hook, void *arg)
{
    const struct launch_id id = who(in);
    struct launch *launch = NULL;
    char *reason = NULL;
    int error = launch_probe_new(in->id->task, exec, &id, in->env->environment, &launch, &reason);
    struct launch_cgroup cgroup;
    if (!error && in->child.in_cgroup) { /* whatever escapes from it goes when the instance goes */
        cgroup = (struct launch_cgroup){
            .dir = cgroup_path(in->child.cgroup),
            .procs = cgroup_procs(in->child.cgroup),
        };
        launch->cgroup = &cgroup;
    }
    if (!error)
        error = spawn(p, in, launch, &reason);
    launch_free(launch);
    if (error) {
        end_early(p, error, reason);
        return;
    }
    error = watcher_add(in->env->watcher, p->pidfd, EPOLLIN, hook, arg, &p->watch);
    if (error) {
        probe_kill(p);
        reap(p);
        end_early(p, -EAGAIN, NULL);
    }
}

static char *exit_reason(const siginfo_t *info)
{
    char *text = NULL;
    int length = info->si_code == CLD_EXITED
                     ? asprintf(&text, "exit code %d", info->si_status)
                     : asprintf(&text, "killed by %s", signame(info->si_status));
    return length < 0 ? NULL : text;
}

/* A dead leader keeps the number of its group until it is reaped, so that what it left in it can
 * be killed. */
static bool command_has_ended(struct probe *p, struct instance *in, enum vital_result *out_result,
                              char **out_reason)
{
    struct pollfd ended = { .fd = p->pidfd, .events = POLLIN };
    siginfo_t info = { .si_pid = 0 };
    if (poll(&ended, 1, 0) <= 0)
        return false;
    kill(-p->pid, SIGKILL);
    while (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    watcher_remove(in->env->watcher, p->pidfd, p->watch);
    reap(p);
    bool good = info.si_code == CLD_EXITED && info.si_status == 0;
    *out_result = good ? VITAL_GOOD : VITAL_BAD;
    *out_reason = good ? NULL : exit_reason(&info);
    return true;
}

/* ---- connections ---- */

static void start_connection(struct probe *p, struct instance *in, const char *written,
                             watcher_hook *hook, void *arg)
{
    const struct launch_id id = who(in);
    const struct expand_scope scope = {
        .id = &id,
        .own = &in->id->task->environment,
        .environment = in->env->environment,
    };
    struct endpoint endpoint;
    const char *problem = NULL;
    char *reason = NULL;
    int error = expand(&scope, written, &p->endpoint, &reason);
    if (!error) {
        error = endpoint_parse(p->endpoint, &endpoint, &problem);
        if (error && asprintf(&reason, "'%s' %s", p->endpoint, problem) < 0)
            reason = NULL;
    }
    if (error)
        end_early(p, error, reason);
    else
        tcp_probe_start(&p->tcp, in->env->watcher, in->env->resolver, &endpoint, hook, arg);
}

static bool connection_has_ended(struct probe *p, enum vital_result *out_result, char **out_reason)
{
    char *reason = NULL;
    enum tcp_answer answer = tcp_probe_look(&p->tcp);
    switch (answer) {
    case TCP_NOT_YET: return false;
    case TCP_CONNECTED: *out_result = VITAL_GOOD; break;
    case TCP_REFUSED: *out_result = VITAL_BAD; break;
    case TCP_NOT_TRIED: *out_result = VITAL_UNKNOWN; break;
    }
    if (answer != TCP_CONNECTED &&
        asprintf(&reason, "connect to %s: %s", p->endpoint, tcp_probe_reason(&p->tcp)) < 0)
        reason = NULL;
    *out_reason = reason;
    return true;
}

/* ---- either ---- */

void probe_start(struct probe *p, struct instance *in, const struct config_probe *asked,
                 watcher_hook *hook, void *arg)
{
    *p = (struct probe){ .kind = asked->kind, .result = VITAL_GOOD };
    switch (asked->kind) {
    case PROBE_EXEC: start_command(p, in, &asked->exec, hook, arg); break;
    case PROBE_TCP: start_connection(p, in, asked->tcp, hook, arg); break;
    case PROBE_NONE:
    case PROBE_NOTIFY:
    case PROBE_WATCHDOG: break;
    }
}

static bool has_ended(struct probe *p, struct instance *in, enum vital_result *out_result,
                      char **out_reason)
{
    if (p->result != VITAL_GOOD) {
        *out_result = p->result;
        *out_reason = p->reason;
        return true;
    }
    switch (p->kind) {
    case PROBE_EXEC: return command_has_ended(p, in, out_result, out_reason);
    case PROBE_TCP: return connection_has_ended(p, out_result, out_reason);
    case PROBE_NONE:
    case PROBE_NOTIFY:
    case PROBE_WATCHDOG: break;
    }
    return false;
}

bool probe_look(struct probe *p, struct instance *in, enum vital_result *out_result,
                char **out_reason)
{
    if (!has_ended(p, in, out_result, out_reason))
        return false;
    free(p->endpoint);
    *p = (struct probe){ .kind = PROBE_NONE };
    return true;
}

void probe_kill(struct probe *p)
{
    if (p->pid > 0)
        kill(-p->pid, SIGKILL);
    if (p->kind == PROBE_TCP && p->result == VITAL_GOOD) {
        tcp_probe_cancel(&p->tcp);
        p->result = VITAL_UNKNOWN;
    }
}
