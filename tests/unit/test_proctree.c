/* What /proc says of processes and their kin. */
#include "proctree.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(proctree, tells_what_a_process_is)
{
    struct proc_facts facts;
    cr_assert_eq(proc_read_facts(getpid(), &facts), 0);
    cr_assert(facts.parent == getppid() && facts.group == getpgrp() && facts.session == getsid(0));
    cr_assert(facts.start > 0 && facts.has_memory && facts.has_environment);
    cr_assert_not(proc_is_over(&facts));
}

Test(proctree, tells_a_zombie_from_nobody)
{
    struct proc_facts facts;
    siginfo_t info;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    cr_assert_eq(proc_read_facts(pid, &facts), 0);
    cr_assert(proc_is_over(&facts) && !facts.has_memory);
    waitpid(pid, NULL, 0);
    cr_assert_eq(proc_read_facts(pid, &facts), -ESRCH);
}

static void *stay(void *arg)
{
    pause();
    return arg;
}

Test(proctree, takes_one_whose_main_thread_has_ended_for_alive)
{
    struct proc_facts facts = { 0 };
    char *bytes;
    size_t size;
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, stay, NULL);
        pthread_exit(NULL);
    }
    for (int tries = 0; facts.state != 'Z' && tries < 100000; tries++)
        cr_assert_eq(proc_read_facts(pid, &facts), 0);
    cr_assert(facts.state == 'Z' && !proc_is_over(&facts));
    cr_assert_eq(proc_environment(pid, &bytes, &size), 0);
    cr_assert_gt(size, 0);
    free(bytes);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

Test(proctree, finds_a_whole_variable)
{
    static const char bytes[] = "AB=1\0B=two\0=odd\0C\0E=\0";
    cr_assert_str_eq(proc_variable(bytes, sizeof bytes - 1, "B"), "two");
    cr_assert_str_eq(proc_variable(bytes, sizeof bytes - 1, "E"), "");
    cr_assert_null(proc_variable(bytes, sizeof bytes - 1, "A"));
    cr_assert_null(proc_variable(bytes, sizeof bytes - 1, "C"));
    cr_assert_null(proc_variable("", 0, "B"));
}

/* Each waits until the pipe is closed. */
static pid_t make_line(int depth, const int ends[2])
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char byte;
    if (depth > 1)
        make_line(depth - 1, ends);
    close(ends[1]);
    (void)!read(ends[0], &byte, 1);
    while (wait(NULL) > 0) {}
    _exit(0);
}

static void count(void *arg, pid_t pid, int pidfd, const struct proc_facts *facts)
{
    (void)pidfd, (void)facts;
    cr_assert_neq(pid, getpid());
    ++*(size_t *)arg;
}

Test(proctree, walks_all_descendants_of_the_process_meant)
{
    int ends[2];
    struct proc_facts facts;
    cr_assert_eq(pipe(ends), 0);
    pid_t first = make_line(4, ends);
    size_t found = 0;
    for (int tries = 0; found != 3 && tries < 10000; tries++) {
        found = 0;
        cr_assert_eq(proc_read_facts(first, &facts), 0);
        proc_walk(first, facts.start, count, &found);
    }
    cr_assert_eq(found, 3);
    found = 0;
    proc_walk(first, facts.start + 1, count, &found); /* its predecessor, or successor */
    cr_assert_eq(found, 0);
    close(ends[1]);
    waitpid(first, NULL, 0);
}
