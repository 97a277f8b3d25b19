/* threads.h - what the unit tests of the chan library need around threads: the time, a call
 * made on a thread of its own, and waiting until that call really is blocked. */
#ifndef TESTS_UNIT_THREADS_H
#define TESTS_UNIT_THREADS_H

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000 /* far more than anything here takes */

static inline int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One call on a thread of its own. `run` makes it on `on` and leaves the answer in `result`. */
struct call {
    void (*run)(struct call *call);
    void *on;
    int value; /* what to send, or what was received */
    int64_t deadline_ms;
    int result;
    atomic_int tid;
    pthread_t thread;
};

static inline void *call_thread(void *arg)
{
    struct call *call = arg;
    atomic_store(&call->tid, gettid());
    call->run(call);
    return NULL;
}

static inline void call_start(struct call *call)
{
    atomic_init(&call->tid, 0);
    cr_assert_eq(pthread_create(&call->thread, NULL, call_thread, call), 0);
}

static inline int call_join(struct call *call)
{
    cr_assert_eq(pthread_join(call->thread, NULL), 0);
    return call->result;
}

/* True when the thread sleeps in futex(2), as in a condition variable. */
static inline int thread_is_blocked(int tid)
{
    char path[64];
    long number = -1;
    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    if (fscanf(f, "%ld", &number) != 1) /* it says "running" */
        number = -1;
    fclose(f);
    return number == SYS_futex;
}

/* Only for a call whose lock nobody holds: then the futex is the one it waits on. */
static inline void call_await_blocked(struct call *call)
{
    int64_t deadline_ms = now_ms() + PATIENCE_MS;
    while (atomic_load(&call->tid) == 0 || !thread_is_blocked(atomic_load(&call->tid))) {
        cr_assert_lt(now_ms(), deadline_ms, "the call did not block");
        sched_yield();
    }
}

#endif
