/* test_pid_file.c - whose the pid file is while a supervisor that was killed is not quite gone. */
#include "pid_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64]; /* of the test that runs; each is a process of its own */

static void enter(void)
{
    snprintf(path, sizeof path, "/tmp/test_pid_file.XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void leave(void)
{
    unlink(path);
}

TestSuite(pid_file, .init = enter, .fini = leave);

/* A child of it has its lock for `ms` longer. */
static void kill_one_that_holds_it(int ms)
{
    int status = -1;
    pid_t killed = fork();
    if (killed == 0) {
        int fd;
        int failed = pid_file_write(path, &fd);
        if (fork() == 0)
            poll(NULL, 0, ms);
        _exit(failed ? 1 : 0);
    }
    cr_assert_eq(waitpid(killed, &status, 0), killed);
    cr_assert_eq(status, 0);
}

Test(pid_file, a_child_of_a_killed_supervisor_is_waited_for)
{
    int fd;
    kill_one_that_holds_it(100);
    cr_assert_eq(pid_file_write(path, &fd), 0);
    pid_file_remove(path, fd);
    cr_assert_eq(access(path, F_OK), -1);
}

Test(pid_file, a_supervisor_that_runs_is_not_waited_for)
{
    int fd, other = -1;
    cr_assert_eq(pid_file_write(path, &fd), 0);
    cr_assert_eq(pid_file_write(path, &other), -EBUSY);
    cr_assert_eq(other, -1);
    pid_file_remove(path, fd);
}
