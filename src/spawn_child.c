/* spawn_child.c - see spawn_child.h. */
#include "spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "log_open.h"
#include "raw_call.h"

UNWATCHED static void fail(struct spawn_child *child, int error)
{
    child->report.error = error;
    if (child->report_fd >= 0)
        raw_call(SYS_write, child->report_fd, (long)&child->report, sizeof child->report, 0);
    raw_call(SYS_exit_group, 127, 0, 0, 0);
}

UNWATCHED static long open_log(const char *path)
{
    int fd = -1;
    int error = log_open(path, 0666, &fd);
    if (error) {
        errno = -error;
        return -1;
    }
    raw_call(SYS_fcntl, fd, F_SETFL, O_APPEND, 0);
    return fd;
}

/* The descriptor that an output is to become a copy of. A file that is pumped is opened all the
 * same: if it cannot be, that is a failed start. */
UNWATCHED static long open_output(const struct launch_output *output, int pipe_fd, long null_fd)
{
    long fd;
    switch (output->kind) {
    case LAUNCH_OWN_STDOUT: return raw_call(SYS_fcntl, STDOUT_FILENO, F_DUPFD_CLOEXEC, 3, 0);
    case LAUNCH_OWN_STDERR: return raw_call(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, 3, 0);
    case LAUNCH_INHERIT:
    case LAUNCH_SYSLOG: return pipe_fd;
    case LAUNCH_FILE:
        fd = open_log(output->path);
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
        fds[i] = open_output(&outputs[i], child->pipes[i], null_fd);
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

UNWATCHED int spawn_child_main(void *arg)
{
    struct spawn_child *child = arg;
    const struct launch *launch = child->launch;

    atomic_store(child->door, child->pidfd);
    child->report.step = SPAWN_UNSHARE;
    if (child->shares_descriptors &&
        raw_call(SYS_close_range, SPAWN_DESCRIPTORS_COPIED, ~0U, CLOSE_RANGE_UNSHARE, 0) < 0)
        fail(child, errno);
    child->report.step = SPAWN_SESSION;
    if (raw_call(SYS_setsid, 0, 0, 0, 0) < 0)
        fail(child, errno);
    /* Logs are opened as the supervisor, before the directory and the mask change. */
    connect_descriptors(child);
    child->report.step = SPAWN_DIRECTORY;
    if (launch->directory && raw_call(SYS_chdir, (long)launch->directory, 0, 0, 0) < 0)
        fail(child, errno);
    raw_call(SYS_umask, (long)launch->umask, 0, 0, 0);
    child->report.step = SPAWN_LIMIT;
    if (raw_call(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)&child->nofile, 0) < 0)
        fail(child, errno);
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
