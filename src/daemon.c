/* daemon.c - see daemon.h. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signame.h"

#define FIRST_OWN (STDERR_FILENO + 1)

/* ---- the parent ---- */

static void say_why(int status)
{
    if (WIFSIGNALED(status))
        fprintf(stderr, "taskmaster: killed by %s before it was up\n", signame(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == EXIT_SUCCESS)
        fputs("taskmaster: told to end before it was up\n", stderr);
    /* else: it has said so itself */
}

/* Without exit(): what is to be done at the end of the program is the child's. */
_Noreturn static void wait_until_up(int up_fd, pid_t child)
{
    char byte;
    ssize_t count;
    do { /* without a deadline: the child's end is one */
        count = read(up_fd, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count == 1)
        _exit(EXIT_SUCCESS);
    if (count < 0) { /* one that may be up, and that nobody knows to be, must not be left behind */
        fprintf(stderr, "taskmaster: cannot hear whether it is up: %s\n", strerrordesc_np(errno));
        kill(child, SIGTERM);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    say_why(status);
    _exit(EXIT_FAILURE);
}

/* ---- the child ---- */

static int null_standard_descriptors(void)
{
    int null = open("/dev/null", O_RDWR); /* may be one of them, where the caller had closed it */
    if (null < 0)
        return -errno;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
    return 0;
}

static int take_stderr(int caller_fd, FILE **out_own)
{
    FILE *caller = fdopen(caller_fd, "w");
    if (!caller)
        return -errno;
    setvbuf(caller, NULL, _IONBF, 0);
    *out_own = stderr;
    stderr = caller;
    return 0;
}

static int begin(int pipe_fd, int caller_fd, struct daemon *out_daemon)
{
    struct daemon daemon = { .up_fd = fcntl(pipe_fd, F_DUPFD_CLOEXEC, FIRST_OWN) };
    close(pipe_fd); /* it may have been one of the standard ones */
    if (daemon.up_fd < 0)
        return -errno;
    setsid(); /* cannot fail: a child that was just made leads no group */
    int error = caller_fd < 0 ? 0 : take_stderr(caller_fd, &daemon.own_stderr);
    if (!error)
        error = null_standard_descriptors();
    if (!error)
        *out_daemon = daemon;
    return error;
}

/* ---- both ---- */

int daemon_detach(struct daemon *out_daemon)
{
    /* Whoever reads from a pipe until its end would wait for ours. */
    close_range(FIRST_OWN, ~0U, 0);
    /* Ignored, it would lose the child's exit status. */
    sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
    int caller_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FIRST_OWN); /* -1: closed */
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC))
        return -errno;
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child > 0) {
        close(pipe_fds[1]);
        wait_until_up(pipe_fds[0], child);
    }
    close(pipe_fds[0]);
    return begin(pipe_fds[1], caller_fd, out_daemon);
}

int daemon_up(struct daemon *daemon)
{
    if (daemon->up_fd < 0)
        return 0;
    int error = write(daemon->up_fd, "", 1) == 1 ? 0 : -errno;
    close(daemon->up_fd);
    daemon->up_fd = -1;
    if (error)
        fprintf(stderr, "taskmaster: cannot say that it is up: %s\n", strerrordesc_np(-error));
    if (daemon->own_stderr) {
        fclose(stderr);
        stderr = daemon->own_stderr;
    }
    return error;
}
