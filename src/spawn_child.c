/* spawn_child.c - see spawn_child.h. */
#include "spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <time.h>

#include "log_open.h"
#include "raw_call.h"

/* With ids of 32 bits, also where there was a time before them. */
#ifdef SYS_setresuid32
#define SETGROUPS SYS_setgroups32
#define SETRESGID SYS_setresgid32
#define SETRESUID SYS_setresuid32
#else
#define SETGROUPS SYS_setgroups
#define SETRESGID SYS_setresgid
#define SETRESUID SYS_setresuid
#endif

UNWATCHED static void fail(struct spawn_child *child, int error)
{
    child->report.error = error;
    if (child->report_fd >= 0)
        raw_call(SYS_write, child->report_fd, (long)&child->report, sizeof child->report, 0);
    raw_call(SYS_exit_group, 127, 0, 0, 0);
}

UNWATCHED static long open_log(const char *path, const struct log_owner *owner)
{
    int fd = -1;
    int error = log_open(path, 0666, owner, &fd);
    if (error) {
        errno = -error;
        return -1;
    }
    raw_call(SYS_fcntl, fd, F_SETFL, O_APPEND, 0);
    return fd;
}

/* The descriptor that an output is to become a copy of. A file that is pumped is opened all the
 * same: if it cannot be, that is a failed start. */
UNWATCHED static long open_output(const struct launch_output *output, const struct log_owner *owner,
                                  int pipe_fd, long null_fd)
{
    long fd;
    switch (output->kind) {
    case LAUNCH_OWN_STDOUT: return raw_call(SYS_fcntl, STDOUT_FILENO, F_DUPFD_CLOEXEC, 3, 0);
    case LAUNCH_OWN_STDERR: return raw_call(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, 3, 0);
    case LAUNCH_INHERIT:
    case LAUNCH_SYSLOG: return pipe_fd;
    case LAUNCH_FILE:
        fd = open_log(output->path, owner);
        if (fd < 0 || !output->pumped)
            return fd;
        raw_call(SYS_close, fd, 0, 0, 0);
        return pipe_fd;
    case LAUNCH_NULL:
    case LAUNCH_SAME: break;
    }
    return null_fd;
}

/* All are opened before the first is connected: stderr may want the supervisor's stdout. None has a
 * number below 3, which are never closed. */
UNWATCHED static void connect_descriptors(struct spawn_child *child)
{
    static const enum spawn_step steps[] = { SPAWN_STDOUT, SPAWN_STDERR };
    const struct launch_output *outputs = child->launch->outputs;
    long fds[LAUNCH_STREAMS];
    child->report.step = SPAWN_NULL;
    long null_fd = raw_call(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC,
                            0);
    if (null_fd < 0 || raw_call(SYS_dup3, null_fd, STDIN_FILENO, 0, 0) < 0)
        fail(child, errno);
    for (int i = 0; i < LAUNCH_STREAMS; i++) {
        child->report.step = steps[i];
        fds[i] = open_output(&outputs[i], &child->launch->rights.ids, child->pipes[i], null_fd);
        if (fds[i] < 0)
            fail(child, errno);
    }
    for (int i = 0; i < LAUNCH_STREAMS; i++) {
        child->report.step = steps[i];
        long from = outputs[i].kind == LAUNCH_SAME ? STDOUT_FILENO : fds[i];
        if (raw_call(SYS_dup3, from, STDOUT_FILENO + i, 0, 0) < 0)
            fail(child, errno);
    }
}

UNWATCHED static void set_oom_score(struct spawn_child *child)
{
    const char *text = child->launch->rights.oom_text;
    long length = 0;
    while (text[length])
        length++;
    child->report.step = SPAWN_OOM;
    long fd = raw_call(SYS_openat, AT_FDCWD, (long)"/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC,
                       0);
    if (fd < 0 || raw_call(SYS_write, fd, (long)text, length, 0) < 0)
        fail(child, errno);
    raw_call(SYS_close, fd, 0, 0, 0);
}

UNWATCHED static void set_limits(struct spawn_child *child)
{
    child->report.step = SPAWN_LIMIT;
    for (int i = 0; i < CONFIG_LIMITS; i++) {
        const struct config_limit *given = &child->launch->rights.limits.items[i];
        int resource = config_limit_kinds[i].resource;
        struct rlimit limit = { given->soft, given->hard };
        child->report.detail = i;
        if (!given->given && resource == RLIMIT_NOFILE)
            limit = child->nofile;
        else if (!given->given)
            continue;
        if (raw_call(SYS_prlimit64, 0, resource, (long)&limit, 0) < 0)
            fail(child, errno);
    }
}

/* Who is not root was told at load that it can be itself only. */
UNWATCHED static void become_user(struct spawn_child *child)
{
    const struct launch_rights *rights = &child->launch->rights;
    const struct log_owner *ids = &rights->ids;
    if (!child->is_root)
        return;
    child->report.step = SPAWN_GROUPS;
    if (rights->has_groups &&
        raw_call(SETGROUPS, (long)rights->group_count, (long)rights->groups, 0, 0) < 0)
        fail(child, errno);
    child->report.step = SPAWN_GROUP;
    if (ids->has_group &&
        raw_call(SETRESGID, (long)ids->group, (long)ids->group, (long)ids->group, 0) < 0)
        fail(child, errno);
    child->report.step = SPAWN_USER;
    if (ids->has_user &&
        raw_call(SETRESUID, (long)ids->user, (long)ids->user, (long)ids->user, 0) < 0)
        fail(child, errno);
}

/* The directory is entered as the task's user: root may be kept out of it, and others not. */
UNWATCHED static void isolate(struct spawn_child *child)
{
    const struct launch *launch = child->launch;
    child->report.step = SPAWN_NICE;
    if (launch->rights.nice.given &&
        raw_call(SYS_setpriority, PRIO_PROCESS, 0, launch->rights.nice.value, 0) < 0)
        fail(child, errno);
    if (launch->rights.oom_score_adj.given)
        set_oom_score(child);
    set_limits(child);
    become_user(child);
    raw_call(SYS_umask, (long)launch->umask, 0, 0, 0);
    child->report.step = SPAWN_DIRECTORY;
    if (launch->directory && raw_call(SYS_chdir, (long)launch->directory, 0, 0, 0) < 0)
        fail(child, errno);
    child->report.step = SPAWN_PRIVILEGES;
    if (launch->rights.no_new_privileges && raw_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0) < 0)
        fail(child, errno);
}

/* The errno to report when every path failed: that of a file which is there, as execvp(3) does. */
UNWATCHED static int exec_first(char *const *paths, char *const *argv, char *const *envp)
{
    int error = ENOENT;
    for (size_t i = 0; paths[i]; i++) {
        raw_call(SYS_execve, (long)paths[i], (long)argv, (long)envp, 0);
        if (errno == EACCES)
            error = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return errno;
    }
    return error;
}

/* Until its setsid(2) the child was one of the terminal's foreground group: a Ctrl-C of that moment
 * was for the shell, and must not be waiting when signals are let in. */
UNWATCHED static void forget_signals(void)
{
    uint64_t all = ~UINT64_C(0);
    struct timespec none = { 0, 0 };
    while (raw_call(SYS_rt_sigtimedwait, (long)&all, 0, (long)&none, sizeof all) > 0) {}
}

/* One that is kept out runs all the same. */
UNWATCHED static void enter_cgroup(struct spawn_child *child)
{
    const struct launch_cgroup *cgroup = child->launch->cgroup;
    if (!cgroup || child->in_cgroup)
        return;
    long fd = raw_call(SYS_openat, AT_FDCWD, (long)cgroup->procs, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0 || raw_call(SYS_write, fd, (long)"0", 1, 0) < 0) {
        child->report.cgroup_error = errno;
        if (child->report_fd >= 0)
            raw_call(SYS_write, child->report_fd, (long)&child->report, sizeof child->report, 0);
    }
    if (fd >= 0)
        raw_call(SYS_close, fd, 0, 0, 0);
}

UNWATCHED int spawn_child_main(void *arg)
{
    struct spawn_child *child = arg;
    const struct launch *launch = child->launch;

    atomic_store(&child->ran, true);
    atomic_store(child->door, child->pidfd);
    /* Those of a crash too: once it is somebody else's, no handler is to run in our memory. */
    uint64_t all = ~UINT64_C(0);
    raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, sizeof all);
    child->report.step = SPAWN_UNSHARE;
    if (child->shares_descriptors &&
        raw_call(SYS_close_range, SPAWN_DESCRIPTORS_COPIED, ~0U, CLOSE_RANGE_UNSHARE, 0) < 0)
        fail(child, errno);
    child->report.step = SPAWN_SESSION;
    if (raw_call(SYS_setsid, 0, 0, 0, 0) < 0)
        fail(child, errno);
    enter_cgroup(child);
    /* Logs are opened as the supervisor, before ids, directory and mask change. */
    connect_descriptors(child);
    isolate(child);
    /* Ours are close-on-exec; those of libraries may not be. The report's end is needed until
     * the exec, and is close-on-exec. */
    if (child->report_fd < 0) {
        raw_call(SYS_close_range, 3, ~0U, 0, 0);
    } else {
        if (child->report_fd > 3)
            raw_call(SYS_close_range, 3, child->report_fd - 1, 0, 0);
        raw_call(SYS_close_range, child->report_fd + 1, ~0U, 0, 0);
    }
    forget_signals();
    uint64_t none = 0;
    raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, sizeof none);
    child->report.step = SPAWN_EXEC;
    fail(child, exec_first(launch->paths, launch->argv, launch->envp));
    return 127;
}
