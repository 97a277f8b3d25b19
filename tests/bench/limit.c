/* limit.c - what any supervisor has to pay: `limit N PROGRAM` keeps N children alive and does
 * nothing else. No configuration, no log, no states, no delays. It starts them one after another
 * with posix_spawn(), waits for any child, starts that one again, and on SIGTERM kills them all and
 * ends when the last one is reaped. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIDS (1 << 22) /* the kernel gives no higher one */

/* The signal handler needs these. */
static volatile sig_atomic_t ending;
static volatile pid_t *children;
static volatile int count;

extern char **environ;

static void end(int signal_number)
{
    (void)signal_number;
    ending = 1;
    for (int i = 0; i < count; i++)
        if (children[i] > 0)
            kill(children[i], SIGTERM);
}

/* Starts child i with SIGTERM blocked, so that none is missed by end(); it has an empty mask. */
static int start(int i, char **command, int *slot_of, const posix_spawnattr_t *attributes)
{
    sigset_t term;
    pid_t pid = 0;
    int err = 0;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    children[i] = 0;
    if (!ending)
        err = posix_spawn(&pid, command[0], NULL, attributes, command, environ);
    if (!ending && err == 0) {
        children[i] = pid;
        slot_of[pid] = i;
    }
    sigprocmask(SIG_UNBLOCK, &term, NULL);
    return -err;
}

static int keep_alive(char **command, int *slot_of, const posix_spawnattr_t *attributes)
{
    int err = 0;
    for (int i = 0; i < count && err == 0; i++)
        err = start(i, command, slot_of, attributes);
    while (err == 0) {
        pid_t pid = waitpid(-1, NULL, 0);
        if (pid > 0)
            err = start(slot_of[pid], command, slot_of, attributes);
        else if (errno == ECHILD && (ending || count > 0))
            break;
        else if (errno == ECHILD)
            pause(); /* nothing to keep alive */
    }
    return err;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: limit N PROGRAM [ARG...]\n");
        return 2;
    }
    int n = atoi(argv[1]);
    int *slot_of = calloc(PIDS, sizeof *slot_of);
    children = calloc((size_t)n + 1, sizeof *children);
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    if (!slot_of || !children || posix_spawnattr_init(&attributes) != 0)
        return 1;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    count = n;
    if (sigaction(SIGTERM, &(struct sigaction){ .sa_handler = end, .sa_flags = SA_RESTART }, NULL) <
        0)
        return 1;
    int err = keep_alive(argv + 2, slot_of, &attributes);
    if (err < 0)
        end(SIGTERM);
    return err == 0 ? 0 : 1;
}
