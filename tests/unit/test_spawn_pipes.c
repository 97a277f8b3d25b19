/* test_spawn_pipes.c - the outputs of a started process that are not just files: pipes, and the
 * supervisor's own descriptors. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"
#include "spawn_slots.h"

#define HIGH 200 /* a child that shares our descriptors is not given those */

static struct spawner *spawner;

static void use(enum spawn_method method)
{
    struct rlimit nofile;
    getrlimit(RLIMIT_NOFILE, &nofile);
    cr_assert_eq(spawner_new(method, &nofile, &spawner), 0);
}

static void end(void)
{
    spawner_free(spawner);
    spawner = NULL;
}

TestSuite(spawn_pipes, .fini = end);

#define BOTH_METHODS(test)                   \
    static void test(void);                  \
    Test(spawn_pipes, test##_sharing_memory) \
    {                                        \
        use(SPAWN_SHARE_MEMORY);             \
        test();                              \
    }                                        \
    Test(spawn_pipes, test##_forking)        \
    {                                        \
        use(SPAWN_FORK);                     \
        test();                              \
    }                                        \
    static void test(void)

struct job {
    char *argv[4];
    struct launch launch;
    int read_ends[2], write_ends[2];
};

static char shell[] = "sh", option[] = "-c";
static char *paths[] = { (char[]){ "/bin/sh" }, NULL };
static char *envp[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };

static void job_init(struct job *job, char *text, enum launch_kind out, enum launch_kind err)
{
    *job = (struct job){
        .argv = { shell, option, text, NULL },
        .read_ends = { -1, -1 },
        .write_ends = { -1, -1 },
    };
    job->launch = (struct launch){ .argv = job->argv, .paths = paths, .envp = envp, .umask = 022 };
    job->launch.outputs[LAUNCH_STDOUT].kind = out;
    job->launch.outputs[LAUNCH_STDERR].kind = err;
}

/* A pipe for an output, whose write end has a high number. */
static void add_pipe(struct job *job, enum launch_stream stream)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    job->read_ends[stream] = fcntl(ends[0], F_DUPFD_CLOEXEC, HIGH);
    job->write_ends[stream] = fcntl(ends[1], F_DUPFD_CLOEXEC, HIGH);
    cr_assert_geq(job->write_ends[stream], HIGH);
    close(ends[0]);
    close(ends[1]);
    job->launch.outputs[stream].pumped = true;
}

/* Starts it, closes the write ends as a caller is to, and waits for its end. */
static int run(struct job *job, char **out_error)
{
    atomic_int door = SPAWN_DOOR_CLOSED;
    pid_t pid;
    int error = spawn_run(spawner, &job->launch, job->write_ends, &door, &pid, out_error);
    for (int i = 0; i < 2; i++) {
        if (job->write_ends[i] >= 0)
            close(job->write_ends[i]);
    }
    if (!error)
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
    if (atomic_load(&door) >= 0)
        close(atomic_load(&door));
    return error;
}

static void run_well(struct job *job)
{
    char *error = NULL;
    cr_assert_eq(run(job, &error), 0, "%s", error);
}

/* Everything until the end, which only comes where nobody has kept the write end. */
static void expect_bytes(int fd, const char *expected)
{
    char text[256];
    size_t length = 0;
    ssize_t got;
    alarm(20);
    while ((got = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    cr_expect_str_eq(text, expected);
    close(fd);
}

BOTH_METHODS(both_outputs_go_into_their_pipes)
{
    struct job job;
    job_init(&job, (char[]){ "echo out; echo err >&2; ls /proc/self/fd" }, LAUNCH_INHERIT,
             LAUNCH_SYSLOG);
    add_pipe(&job, LAUNCH_STDOUT);
    add_pipe(&job, LAUNCH_STDERR);
    run_well(&job);
    expect_bytes(job.read_ends[0], "out\n0\n1\n2\n3\n");
    expect_bytes(job.read_ends[1], "err\n");
}

BOTH_METHODS(stderr_goes_where_stdout_goes)
{
    struct job job;
    job_init(&job, (char[]){ "echo out; echo err >&2; echo more" }, LAUNCH_INHERIT, LAUNCH_SAME);
    add_pipe(&job, LAUNCH_STDOUT);
    run_well(&job);
    expect_bytes(job.read_ends[0], "out\nerr\nmore\n");
}

BOTH_METHODS(a_pumped_file_is_made_and_left_to_the_pump)
{
    char directory[] = "/tmp/test_spawn_pipes.XXXXXX";
    cr_assert(mkdtemp(directory));
    char path[128], above[64];
    snprintf(above, sizeof above, "%s/a", directory);
    snprintf(path, sizeof path, "%s/out.log", above);
    struct job job;
    job_init(&job, (char[]){ "echo out" }, LAUNCH_FILE, LAUNCH_NULL);
    job.launch.outputs[LAUNCH_STDOUT].path = path;
    add_pipe(&job, LAUNCH_STDOUT);
    run_well(&job);
    expect_bytes(job.read_ends[0], "out\n");
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_size, 0);
    unlink(path);
    rmdir(above);
    rmdir(directory);
}

BOTH_METHODS(a_start_that_fails_leaves_no_end_of_its_pipes)
{
    struct job job;
    char *error = NULL;
    char path[] = "/proc/nope/err.log";
    job_init(&job, (char[]){ "echo out" }, LAUNCH_INHERIT, LAUNCH_FILE);
    job.launch.outputs[LAUNCH_STDERR].path = path;
    add_pipe(&job, LAUNCH_STDOUT);
    add_pipe(&job, LAUNCH_STDERR);
    cr_expect_eq(run(&job, &error), -EINVAL);
    cr_expect_str_eq(error, "cannot open '/proc/nope/err.log': No such file or directory");
    expect_bytes(job.read_ends[0], "");
    expect_bytes(job.read_ends[1], "");
    free(error);
}

/* The supervisor's are sockets here, which no path opens; and each output wants the other's. */
BOTH_METHODS(own_descriptors_are_handed_on_as_they_are)
{
    int out[2], err[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, err), 0);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    struct job job;
    job_init(&job, (char[]){ "echo out; echo err >&2" }, LAUNCH_OWN_STDERR, LAUNCH_OWN_STDOUT);
    run_well(&job);
    job_init(&job, (char[]){ "echo more >&2" }, LAUNCH_NULL, LAUNCH_OWN_STDERR);
    run_well(&job);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    close(out[1]);
    close(err[1]);
    expect_bytes(out[0], "err\n");
    expect_bytes(err[0], "out\nmore\n");
}

Test(spawn_pipes, arrive_where_no_low_descriptor_is_to_be_had)
{
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) < 64) {}
    use(SPAWN_SHARE_MEMORY);
    both_outputs_go_into_their_pipes();
}

#define STARTERS 24
#define STARTS 20

static void *start_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < STARTS; i++) {
        struct job job;
        char text[64], expected[64];
        snprintf(expected, sizeof expected, "%lx %d\n", (unsigned long)pthread_self(), i);
        snprintf(text, sizeof text, "echo %.*s; echo e >&2", (int)strlen(expected) - 1, expected);
        job_init(&job, text, LAUNCH_INHERIT, LAUNCH_INHERIT);
        add_pipe(&job, LAUNCH_STDOUT);
        add_pipe(&job, LAUNCH_STDERR);
        run_well(&job);
        expect_bytes(job.read_ends[0], expected);
        expect_bytes(job.read_ends[1], "e\n");
    }
    return NULL;
}

/* More at once than there are low descriptors. */
BOTH_METHODS(each_of_many_starts_at_once_has_pipes_of_its_own)
{
    pthread_t threads[STARTERS];
    for (int i = 0; i < STARTERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, start_many, NULL), 0);
    for (int i = 0; i < STARTERS; i++)
        pthread_join(threads[i], NULL);
}

Test(spawn_slots, what_is_not_there_is_not_lent)
{
    struct spawn_slots *slots;
    int low[SPAWN_SLOTS][2], more[2];
    int lowest[5]; /* for /dev/null, and 4 */
    for (int i = 0; i < 5; i++)
        lowest[i] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    for (int i = 0; i < 5; i++)
        close(lowest[i]);
    cr_assert_eq(spawn_slots_new(lowest[4] + 1, &slots), 0);
    cr_assert(spawn_slots_lend(slots, (int[]){ 0, 1 }, low[0]));
    cr_assert(spawn_slots_lend(slots, (int[]){ -1, 1 }, low[1]));
    cr_expect_eq(low[1][0], -1);
    cr_expect_not(spawn_slots_lend(slots, (int[]){ 0, 1 }, more));
    cr_assert(spawn_slots_lend(slots, (int[]){ 0, -1 }, low[2]));
    for (int i = 0; i < 3; i++)
        spawn_slots_return(slots, low[i]);
    cr_expect(spawn_slots_lend(slots, (int[]){ 0, 1 }, more));
    spawn_slots_return(slots, more);
    spawn_slots_free(slots);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(fcntl(lowest[i], F_GETFD), -1);
}
