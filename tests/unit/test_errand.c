/* test_errand.c - work that may hang, on a thread of its own. Here it hangs on a pipe. */
#include "errand.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PATIENCE_MS 30000

/* What the errand works on; outlives it here, unlike any other. */
struct job {
    int pipe[2];     /* a step is to get a byte out of it */
    int reading_fd;  /* is written to before that, */
    int hook_fd;     /* by the hook */
    int released_fd; /* and by release() */
    pthread_t thread;
    atomic_int hooked;
    struct errand *errand;
};

static int read_a_byte(void *state, FILE *out)
{
    struct job *job = state;
    char byte = 0;
    job->thread = pthread_self();
    eventfd_write(job->reading_fd, 1);
    cr_assert_eq(read(job->pipe[0], &byte, 1), 1);
    fprintf(out, "got %c", byte);
    return byte - '0';
}

static void release_job(void *state)
{
    struct job *job = state;
    job->thread = pthread_self();
    eventfd_write(job->released_fd, 1);
}

static void hook(void *arg)
{
    struct job *job = arg;
    atomic_fetch_add(&job->hooked, 1);
    eventfd_write(job->hook_fd, 1);
}

static int begin(struct errands *errands, struct job *job)
{
    const struct errand_work work = { read_a_byte, release_job, job };
    return errand_new(errands, &work, hook, job, &job->errand);
}

static void job_init(struct job *job)
{
    *job = (struct job){ .reading_fd = eventfd(0, EFD_CLOEXEC),
                         .hook_fd = eventfd(0, EFD_CLOEXEC),
                         .released_fd = eventfd(0, EFD_CLOEXEC) };
    cr_assert_eq(pipe2(job->pipe, O_CLOEXEC), 0);
}

static void let_go_on(struct job *job, char byte)
{
    cr_assert_eq(write(job->pipe[1], &byte, 1), 1);
}

static void wait_for(int fd)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    eventfd_t count;
    cr_assert_eq(poll(&wait, 1, PATIENCE_MS), 1);
    eventfd_read(fd, &count);
}

static void job_close(struct job *job)
{
    close(job->pipe[0]);
    close(job->pipe[1]);
    close(job->reading_fd);
    close(job->hook_fd);
    close(job->released_fd);
}

static void expect_result(struct job *job, const char *expected, int expected_status)
{
    char *text = NULL;
    size_t bytes = 0;
    int status = -1;
    cr_assert_eq(errand_take(job->errand, &text, &bytes, &status), 0);
    cr_assert_str_eq(text, expected);
    cr_assert_eq(bytes, strlen(expected));
    cr_assert_eq(status, expected_status);
    free(text);
    cr_assert_eq(errand_take(job->errand, &text, &bytes, &status), -ENODATA);
}

Test(errand, makes_step_after_step_and_wakes_its_owner_after_each)
{
    struct errands *errands = errands_new(1);
    struct job job;
    char *text = NULL;
    size_t bytes = 0;
    int status = 0;
    job_init(&job);
    cr_assert_eq(begin(errands, &job), 0);
    for (char byte = '1'; byte <= '3'; byte++) {
        char expected[] = "got ?";
        expected[4] = byte;
        cr_assert(errand_is_busy(job.errand));
        cr_assert_eq(errand_take(job.errand, &text, &bytes, &status), -EBUSY);
        cr_assert_eq(atomic_load(&job.hooked), byte - '1');
        let_go_on(&job, byte);
        wait_for(job.hook_fd);
        cr_assert_not(errand_is_busy(job.errand));
        expect_result(&job, expected, byte - '0');
        cr_assert_not(pthread_equal(job.thread, pthread_self()));
        errand_begin(job.errand);
    }
    let_go_on(&job, '4');
    wait_for(job.hook_fd);
    errand_leave(job.errand); /* with a result that nobody took */
    wait_for(job.released_fd);
    cr_assert_not(pthread_equal(job.thread, pthread_self()));
    errands_free(errands);
    job_close(&job);
}

Test(errand, left_while_it_hangs_it_frees_its_state_when_it_comes_back_and_wakes_nobody)
{
    struct errands *errands = errands_new(1);
    struct job job;
    job_init(&job);
    cr_assert_eq(begin(errands, &job), 0);
    wait_for(job.reading_fd);
    errand_leave(job.errand);
    errands_free(errands);
    struct pollfd released = { .fd = job.released_fd, .events = POLLIN };
    cr_assert_eq(poll(&released, 1, 0), 0);
    let_go_on(&job, '1');
    wait_for(job.released_fd);
    cr_assert_eq(atomic_load(&job.hooked), 0);
    job_close(&job);
}

/* Tries until there is room again. */
static int begin_at_last(struct errands *errands, struct job *job)
{
    int error = -EAGAIN;
    for (int ms = 0; ms < PATIENCE_MS && error == -EAGAIN; ms++) {
        error = begin(errands, job);
        if (error)
            poll(NULL, 0, 1);
    }
    return error;
}

Test(errand, there_are_only_so_many_that_were_left)
{
    struct errands *errands = errands_new(2);
    struct job jobs[4], one_more;
    job_init(&one_more);
    for (int i = 0; i < 4; i++)
        job_init(&jobs[i]);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(begin(errands, &jobs[i]), 0);
        wait_for(jobs[i].reading_fd);
    }
    errand_leave(jobs[0].errand);
    cr_assert_eq(begin(errands, &jobs[3]), 0);
    wait_for(jobs[3].reading_fd);
    errand_leave(jobs[1].errand);
    cr_assert_eq(begin(errands, &one_more), -EAGAIN);
    for (int i = 0; i < 4; i++)
        let_go_on(&jobs[i], '2');
    cr_assert_eq(begin_at_last(errands, &one_more), 0);
    let_go_on(&one_more, '2');
    errand_leave(jobs[2].errand);
    errand_leave(jobs[3].errand);
    errand_leave(one_more.errand);
    errands_free(errands);
    for (int i = 0; i < 4; i++) {
        wait_for(jobs[i].released_fd);
        job_close(&jobs[i]);
    }
    wait_for(one_more.released_fd);
    job_close(&one_more);
}
