/* spawn.c - see spawn.h. The parent's side: a stack for the child, clone, and the report. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log_open.h"
#include "spawn_child.h"
#include "spawn_clone.h"
#include "spawn_slots.h"

#define STACK_BYTES (32 * 1024)
#define TURNS_PER_CPU 4
#define TURN_PATIENCE_MS 1000
#define DESCRIPTORS_IN_RESERVE 16
#define DESCRIPTORS_FOR_HASTE 256

/* glibc's, under the name that ThreadSanitizer does not intercept. */
extern int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);

/* A child's stack is in use only while its starter waits, so as many are needed as starts are
 * under way at once. The first bytes of a free one link to the next. */
struct stack {
    struct stack *next;
};

struct spawner {
    enum spawn_method method;
    struct rlimit nofile;
    struct spawn_slots *slots;
    sem_t turns;              /* those that are free */
    _Atomic int64_t moved_ms; /* when one was taken or ended last */
    bool share_descriptors;   /* close_range(2) can unshare them (Linux 5.9) */
    pthread_mutex_t lock;     /* guards `free_stacks`; held for a few instructions */
    struct stack *free_stacks;
};

enum spawn_method spawn_method_here(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload") ? SPAWN_FORK : SPAWN_SHARE_MEMORY;
}

int spawner_new(enum spawn_method method, const struct rlimit *nofile, struct spawner **out_spawner)
{
    struct spawner *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    /* Where we can have no more than a child gets a copy of, it may as well have all. */
    bool few = nofile->rlim_max <= SPAWN_DESCRIPTORS_COPIED;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int error = spawn_slots_new(few ? 0 : SPAWN_DESCRIPTORS_COPIED, &s->slots);
    if (error) {
        free(s);
        return error;
    }
    s->method = method;
    s->nofile = *nofile;
    /* A range upside down: EINVAL where the call is known (the flag came with it). Not an empty one
     * with the flag, which would part our descriptors from those of the threads there are. */
    s->share_descriptors = syscall(SYS_close_range, 1U, 0U, 0U) < 0 && errno == EINVAL;
    pthread_mutex_init(&s->lock, NULL);
    sem_init(&s->turns, 0, (unsigned)(cpus > 0 ? cpus : 1) * TURNS_PER_CPU);
    *out_spawner = s;
    return 0;
}

void spawner_free(struct spawner *s)
{
    if (!s)
        return;
    while (s->free_stacks) {
        struct stack *stack = s->free_stacks;
        s->free_stacks = stack->next;
        munmap(stack, STACK_BYTES);
    }
    pthread_mutex_destroy(&s->lock);
    spawn_slots_free(s->slots);
    sem_destroy(&s->turns);
    free(s);
}

bool spawner_take_turn(struct spawner *s)
{
    for (;;) {
        int64_t patience_ms = atomic_load(&s->moved_ms) + TURN_PATIENCE_MS;
        struct timespec until = { patience_ms / 1000, patience_ms % 1000 * 1000000 };
        if (sem_clockwait(&s->turns, CLOCK_MONOTONIC, &until) == 0)
            break;
        if (atomic_load(&s->moved_ms) + TURN_PATIENCE_MS <= clock_ms())
            return false;
    }
    atomic_store(&s->moved_ms, clock_ms());
    return true;
}

void spawner_end_turn(struct spawner *s)
{
    atomic_store(&s->moved_ms, clock_ms());
    sem_post(&s->turns);
}

static struct stack *take_stack(struct spawner *s)
{
    pthread_mutex_lock(&s->lock);
    struct stack *stack = s->free_stacks;
    if (stack)
        s->free_stacks = stack->next;
    pthread_mutex_unlock(&s->lock);
    if (stack)
        return stack;
    void *memory = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void give_stack(struct spawner *s, struct stack *stack)
{
    pthread_mutex_lock(&s->lock);
    stack->next = s->free_stacks;
    s->free_stacks = stack;
    pthread_mutex_unlock(&s->lock);
}

static void reap(pid_t pid)
{
    siginfo_t info;
    while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
        ;
}

/* The pid, or -1: then the child has to enter by itself, or has no cgroup. */
static pid_t clone_into_cgroup(const struct spawner *s, struct spawn_child *child,
                               struct stack *stack, int flags)
{
    const struct launch_cgroup *cgroup = child->launch->cgroup;
    int fd = SPAWN_CLONE_KNOWN && cgroup ? open(cgroup->dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return -1;
    /* Where descriptors are few, they are for starts. */
    if ((rlim_t)fd + DESCRIPTORS_FOR_HASTE >= s->nofile.rlim_max) {
        close(fd);
        return -1;
    }
    child->in_cgroup = true;
    pid_t pid = spawn_clone_into(fd, (uint64_t)flags, stack, STACK_BYTES, spawn_child_main, child,
                                 &child->pidfd);
    close(fd);
    if (pid > 0 && atomic_load(&child->ran))
        return pid;
    if (pid > 0) { /* Linux 6.14 kills at birth where cgroup.kill was used on one of both cgroups */
        reap(pid);
        close(child->pidfd);
    }
    child->in_cgroup = false;
    return -1;
}

/* Both return the pid or a negative errno; the pidfd is then in *door. */

static pid_t start_sharing_memory(struct spawner *s, struct spawn_child *child,
                                  const int pipes[LAUNCH_STREAMS])
{
    struct stack *stack = take_stack(s);
    if (!stack)
        return -ENOMEM;
    /* Without slots for its pipes the child gets a copy of all our descriptors: it takes longer,
     * and waits for nothing. */
    bool lent = s->share_descriptors && spawn_slots_lend(s->slots, pipes, child->pipes);
    child->shares_descriptors = lent;
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
    if (child->shares_descriptors)
        flags |= CLONE_FILES;
    /* The kernel writes the pidfd before the child's first instruction (clone(2)), and a number
     * that means nothing where it fails late: so the child opens the door, not the kernel. */
    int pid = clone_into_cgroup(s, child, stack, flags);
    if (pid < 0)
        pid = __clone(spawn_child_main, (char *)stack + STACK_BYTES, flags | SIGCHLD, child,
                      &child->pidfd);
    int error = errno;
    if (lent)
        spawn_slots_return(s->slots, child->pipes);
    give_stack(s, stack);
    if (pid < 0)
        return -error;
    atomic_store(child->door, child->pidfd); /* it may have been killed before it could */
    return pid;
}

static pid_t start_forking(struct spawn_child *child)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    child->report_fd = ends[1];
    /* fork(2) with a pidfd, as a raw call: valgrind 3.19 knows no pidfd_open(2), and this it passes
     * on. The kernel writes the pidfd before the child's first instruction. */
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &child->pidfd, NULL, 0);
    if (pid == 0)
        _exit(spawn_child_main(child));
    int error = errno;
    close(ends[1]);
    if (pid > 0) {
        atomic_store(child->door, child->pidfd); /* the child's own is in its own memory */
        struct spawn_report report;              /* one without an error is not the last */
        while (!child->report.error &&
               read(ends[0], &report, sizeof report) == (ssize_t)sizeof report)
            child->report = report; /* the exec closes the pipe */
    }
    close(ends[0]);
    return pid < 0 ? -error : pid;
}

/* What could not be done, to free(); NULL when out of memory. */
static char *describe_step(const struct spawn_child *child)
{
    const struct launch *launch = child->launch;
    const struct launch_rights *rights = &launch->rights;
    char *text = NULL;
    int length = -1;
    switch (child->report.step) {
    case SPAWN_UNSHARE: return strdup("copy the descriptors");
    case SPAWN_SESSION: return strdup("make a session");
    case SPAWN_GROUPS: return strdup("set the supplementary groups");
    case SPAWN_PRIVILEGES: return strdup("give up new privileges");
    case SPAWN_NULL: return strdup("open '/dev/null'");
    case SPAWN_NICE: length = asprintf(&text, "set nice %ld", rights->nice.value); break;
    case SPAWN_OOM: length = asprintf(&text, "set oomScoreAdj %s", rights->oom_text); break;
    case SPAWN_LIMIT:
        length = asprintf(&text, "set limit '%s'", config_limit_kinds[child->report.detail].name);
        break;
    case SPAWN_GROUP:
        length = asprintf(&text, "become group '%s'", rights->group ? rights->group : rights->user);
        break;
    case SPAWN_USER: length = asprintf(&text, "become user '%s'", rights->user); break;
    case SPAWN_DIRECTORY: length = asprintf(&text, "enter '%s'", launch->directory); break;
    case SPAWN_STDOUT:
    case SPAWN_STDERR:
        length = asprintf(&text, "open '%s'",
                          launch_output_text(&launch->outputs[child->report.step == SPAWN_STDERR]));
        break;
    case SPAWN_EXEC: break;
    }
    return length < 0 ? NULL : text;
}

static char *describe(const struct spawn_child *child)
{
    const enum spawn_step step = child->report.step;
    const char *reason = strerrordesc_np(child->report.error);
    char *text = NULL;
    if (step == SPAWN_EXEC) {
        const char *program = child->launch->argv[0];
        return asprintf(&text, "exec %s: %s", program, reason) < 0 ? NULL : text;
    }
    if (step == SPAWN_STDOUT || step == SPAWN_STDERR) {
        reason = log_open_reason(child->report.error);
        if (child->report.error == ENXIO)
            reason = "it is a FIFO that nobody reads, a socket, or no device";
    }
    char *what = describe_step(child);
    if (!what || asprintf(&text, "cannot %s: %s", what, reason) < 0)
        text = NULL;
    free(what);
    return text;
}

static int failure_kind(int error)
{
    bool may_pass = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
    return may_pass ? -EAGAIN : -EINVAL;
}

/* Fronts need descriptors too, to show what is wrong and to stop things: the last are theirs. */
static bool descriptors_are_short(void)
{
    struct rlimit now; /* it may have been lowered since we started: prlimit(2) */
    if (getrlimit(RLIMIT_NOFILE, &now) < 0)
        return true;
    int lowest_free = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest_free >= 0)
        close(lowest_free);
    return lowest_free < 0 || (rlim_t)lowest_free + DESCRIPTORS_IN_RESERVE >= now.rlim_cur;
}

int spawn_run(struct spawner *s, const struct launch *launch, const int pipes[LAUNCH_STREAMS],
              atomic_int *door, pid_t *out_pid, char **out_error)
{
    struct spawn_child child = {
        .launch = launch,
        .pipes = { pipes[LAUNCH_STDOUT], pipes[LAUNCH_STDERR] },
        .nofile = s->nofile,
        .is_root = geteuid() == 0,
        .report_fd = -1,
        .door = door,
    };
    pid_t pid = -EMFILE;
    if (!descriptors_are_short())
        pid = s->method == SPAWN_FORK ? start_forking(&child)
                                      : start_sharing_memory(s, &child, pipes);

    if (pid < 0) {
        char *text = NULL;
        if (asprintf(&text, "cannot make a process: %s", strerrordesc_np(-pid)) < 0)
            text = NULL;
        *out_error = text;
        return failure_kind(-pid);
    }
    if (launch->cgroup)
        launch->cgroup->error = child.report.cgroup_error;
    if (child.report.error) {
        *out_error = describe(&child);
        reap(pid);
        if (child.report.step == SPAWN_EXEC && child.report.error == ENOENT)
            return -ENOENT;
        return failure_kind(child.report.error);
    }
    *out_pid = pid;
    return 0;
}
