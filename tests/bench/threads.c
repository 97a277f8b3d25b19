/* threads.c - what a thread for each child has to pay: `threads N PROGRAM` starts N threads, each
 * of which starts its child with posix_spawn(); a second later it wakes each of them once, which
 * kills its child, waits for it and ends. Prints the seconds that both took. No orders, states,
 * logs, deadlines, groups, and no way to learn of an exit but to wait for it in a system call. */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (64 * 1024) /* as a monitor's */

struct keeper {
    pthread_t thread;
    sem_t stop;
    pid_t child;
};

static char **program;
static sem_t started;

static void *keep(void *arg)
{
    struct keeper *k = arg;
    siginfo_t info;
    if (posix_spawn(&k->child, program[0], NULL, NULL, program, environ) != 0)
        exit(1);
    sem_post(&started);
    sem_wait(&k->stop);
    kill(k->child, SIGKILL);
    waitid(P_PID, (id_t)k->child, &info, WEXITED);
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    struct keeper *keepers = calloc((size_t)(count > 0 ? count : 1), sizeof *keepers);
    pthread_attr_t attr;
    if (count <= 0 || !keepers || pthread_attr_init(&attr) != 0 ||
        pthread_attr_setstacksize(&attr, STACK_BYTES) != 0)
        exit(2);
    program = argv + 2;
    sem_init(&started, 0, 0);
    double begun = now();
    for (int i = 0; i < count; i++) {
        sem_init(&keepers[i].stop, 0, 0);
        if (pthread_create(&keepers[i].thread, &attr, keep, &keepers[i]) != 0)
            return 1;
    }
    for (int i = 0; i < count; i++)
        sem_wait(&started);
    double start_s = now() - begun;
    poll(NULL, 0, 1000); /* until all children wait, too */
    begun = now();
    for (int i = 0; i < count; i++)
        sem_post(&keepers[i].stop);
    for (int i = 0; i < count; i++)
        pthread_join(keepers[i].thread, NULL);
    printf("%d children: start %.3f s, stop %.3f s\n", count, start_s, now() - begun);
    free(keepers);
    return 0;
}
