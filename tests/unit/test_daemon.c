/* test_daemon.c - what the caller of a daemon is told, and gets back. */
#include "daemon.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 20

/* Shared by the test, the caller of daemon_detach(), and the daemon. */
struct scene {
    sem_t there; /* the daemon is */
    sem_t go;    /* the daemon may go on */
    sem_t done;
    int up; /* what daemon_up() returned */
};

typedef void life(struct daemon *daemon, struct scene *scene);

struct caller {
    struct scene *scene;
    pid_t pid;
    int stderr_fd; /* to read from */
};

static void pass(sem_t *semaphore)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    cr_assert_eq(sem_timedwait(semaphore, &until), 0);
}

static struct scene *scene_new(void)
{
    int rights = PROT_READ | PROT_WRITE;
    struct scene *scene = mmap(NULL, sizeof *scene, rights, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(scene, MAP_FAILED);
    sem_init(&scene->there, 1, 0);
    sem_init(&scene->go, 1, 0);
    sem_init(&scene->done, 1, 0);
    return scene;
}

static struct caller call(life *live)
{
    int fds[2];
    struct caller caller = { .scene = scene_new() };
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    sigprocmask(SIG_BLOCK, &broken_pipe, NULL); /* as in the program */
    cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
    caller.pid = fork();
    cr_assert_geq(caller.pid, 0);
    if (caller.pid == 0) {
        struct daemon daemon;
        dup2(fds[1], STDERR_FILENO);
        if (daemon_detach(&daemon))
            _exit(99);
        live(&daemon, caller.scene);
        _exit(EXIT_SUCCESS);
    }
    close(fds[1]);
    caller.stderr_fd = fds[0];
    return caller;
}

/* Checks what the caller wrote to stderr, whose end is reached when the daemon has let go of it,
 * and how it exited. */
static void expect(const struct caller *caller, const char *text, int exit_status)
{
    char got[256] = "";
    size_t size = 0;
    ssize_t count;
    while ((count = read(caller->stderr_fd, got + size, sizeof got - 1 - size)) > 0)
        size += (size_t)count;
    close(caller->stderr_fd);
    cr_assert_str_eq(got, text);
    int status;
    cr_assert_eq(waitpid(caller->pid, &status, 0), caller->pid);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), exit_status);
}

static void come_up(struct daemon *daemon, struct scene *scene)
{
    fputs("before", stderr);
    scene->up = daemon_up(daemon);
    fputs("after", stderr);
    pass(&scene->go);
    sem_post(&scene->done);
}

Test(daemon, the_caller_gets_0_and_its_stderr_back_while_the_daemon_lives)
{
    struct caller caller = call(come_up);
    expect(&caller, "before", EXIT_SUCCESS);
    sem_post(&caller.scene->go);
    pass(&caller.scene->done);
    cr_assert_eq(caller.scene->up, 0);
}

static void fail(struct daemon *daemon, struct scene *scene)
{
    (void)daemon;
    (void)scene;
    fputs("this is why\n", stderr);
    _exit(3);
}

Test(daemon, one_that_fails_says_why_itself)
{
    struct caller caller = call(fail);
    expect(&caller, "this is why\n", EXIT_FAILURE);
}

static void die(struct daemon *daemon, struct scene *scene)
{
    (void)daemon;
    (void)scene;
    raise(SIGKILL);
}

Test(daemon, one_that_is_killed_before_it_is_up_is_a_failure_that_says_so)
{
    struct caller caller = call(die);
    expect(&caller, "taskmaster: killed by SIGKILL before it was up\n", EXIT_FAILURE);
}

static void end(struct daemon *daemon, struct scene *scene)
{
    (void)daemon;
    (void)scene;
}

Test(daemon, one_that_ends_in_order_before_it_is_up_is_a_failure_too)
{
    struct caller caller = call(end);
    expect(&caller, "taskmaster: told to end before it was up\n", EXIT_FAILURE);
}

static void come_up_late(struct daemon *daemon, struct scene *scene)
{
    sem_post(&scene->there);
    pass(&scene->go);
    scene->up = daemon_up(daemon);
    sem_post(&scene->done);
}

Test(daemon, it_learns_that_its_caller_was_ended_while_waiting)
{
    struct caller caller = call(come_up_late);
    pass(&caller.scene->there);
    kill(caller.pid, SIGKILL);
    cr_assert_eq(waitpid(caller.pid, NULL, 0), caller.pid);
    sem_post(&caller.scene->go);
    pass(&caller.scene->done);
    cr_assert_eq(caller.scene->up, -EPIPE);
    close(caller.stderr_fd);
}
