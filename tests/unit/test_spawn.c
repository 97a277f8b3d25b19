/* test_spawn.c - starting one process, by both methods: the exec, and each step that can fail. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

static char directory[64];
static struct spawner *spawner;

static void open_box(void)
{
    snprintf(directory, sizeof directory, "/tmp/test_spawn.XXXXXX");
    cr_assert(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void close_box(void)
{
    spawner_free(spawner);
    spawner = NULL;
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

TestSuite(spawn, .init = open_box, .fini = close_box);

static void use(enum spawn_method method)
{
    struct rlimit nofile;
    getrlimit(RLIMIT_NOFILE, &nofile);
    cr_assert_eq(spawner_new(method, &nofile, &spawner), 0);
}

static struct launch shell_command(char *text)
{
    static char *argv[4];
    static char *paths[] = { "/bin/sh", NULL };
    static char *envp[] = { "PATH=/usr/bin:/bin", "COLOUR=green", NULL };
    argv[0] = "sh";
    argv[1] = "-c";
    argv[2] = text;
    return (struct launch){ .argv = argv, .paths = paths, .envp = envp, .umask = 022 };
}

static void to_file(struct launch *launch, enum launch_stream stream, char *path)
{
    launch->outputs[stream] = (struct launch_output){ .kind = LAUNCH_FILE, .path = path };
}

/* Starts it, waits for its end, and returns its exit code. */
static int run_with(const struct launch *launch, const int pipes[2])
{
    atomic_int door = SPAWN_DOOR_CLOSED;
    pid_t pid = 0;
    char *error = NULL;
    siginfo_t info;
    cr_assert_eq(spawn_run(spawner, launch, pipes, &door, &pid, &error), 0, "%s", error);
    cr_assert_geq(atomic_load(&door), 0);
    cr_assert_eq(waitid(P_PIDFD, (id_t)atomic_load(&door), &info, WEXITED), 0);
    cr_assert_eq(info.si_pid, pid);
    close(atomic_load(&door));
    return info.si_status;
}

static const int no_pipes[2] = { -1, -1 };

static int run(const struct launch *launch)
{
    return run_with(launch, no_pipes);
}

static void expect_failure(const struct launch *launch, int expected, const char *text)
{
    atomic_int door = SPAWN_DOOR_CLOSED;
    pid_t pid = 4711;
    char *error = NULL;
    cr_assert_eq(spawn_run(spawner, launch, no_pipes, &door, &pid, &error), expected);
    cr_assert_str_eq(error, text);
    cr_assert_eq(pid, 4711);
    free(error);
    if (atomic_load(&door) >= 0)
        close(atomic_load(&door));
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
    cr_assert_eq(errno, ECHILD);
}

static void read_file(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    out[fread(out, 1, room - 1, file)] = '\0';
    fclose(file);
}

#define BOTH_METHODS(test)             \
    static void test(void);            \
    Test(spawn, test##_sharing_memory) \
    {                                  \
        use(SPAWN_SHARE_MEMORY);       \
        test();                        \
    }                                  \
    Test(spawn, test##_forking)        \
    {                                  \
        use(SPAWN_FORK);               \
        test();                        \
    }                                  \
    static void test(void)

BOTH_METHODS(runs_with_its_environment_and_exit_code)
{
    struct launch launch = shell_command("test \"$COLOUR\" = green && exit 7");
    cr_assert_eq(run(&launch), 7);
}

BOTH_METHODS(leads_a_session_and_a_group_of_its_own)
{
    struct launch launch = shell_command("set -- $(ps -o pid=,pgid=,sid= -p $$);"
                                         "test $1 = $2 && test $2 = $3");
    cr_assert_eq(run(&launch), 0);
}

BOTH_METHODS(has_three_descriptors_and_an_empty_mask)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int inherited = open("/dev/null", O_RDONLY); /* not close-on-exec */
    char text[64];
    char path[] = "out.log";
    struct launch launch = shell_command("grep -q '^SigBlk:[[:space:]]*0*$' /proc/self/status &&"
                                         "exec ls /proc/self/fd");
    to_file(&launch, LAUNCH_STDOUT, path);
    cr_assert_eq(run(&launch), 0);
    read_file(path, text, sizeof text);
    cr_assert_str_eq(text, "0\n1\n2\n3\n"); /* 3 is the directory that ls reads */
    close(inherited);
}

BOTH_METHODS(makes_the_log_and_the_directories_above_it)
{
    char text[64];
    char path[] = "a/b/out.log";
    struct launch launch = shell_command("echo out; echo err >&2");
    to_file(&launch, LAUNCH_STDOUT, path);
    launch.outputs[LAUNCH_STDERR].kind = LAUNCH_SAME;
    cr_assert_eq(run(&launch), 0);
    cr_assert_eq(run(&launch), 0);
    read_file("a/b/out.log", text, sizeof text);
    cr_assert_str_eq(text, "out\nerr\nout\nerr\n");
}

BOTH_METHODS(changes_directory_and_mask_of_the_child_only)
{
    char text[64];
    mode_t ours = umask(0);
    umask(ours);
    cr_assert_eq(mkdir("sub", 0755), 0);
    struct launch launch = shell_command("umask; pwd | sed 's,.*/,,'");
    char path[] = "out.log";
    to_file(&launch, LAUNCH_STDOUT, path);
    launch.directory = "sub";
    launch.umask = 027;
    cr_assert_eq(run(&launch), 0);
    read_file("out.log", text, sizeof text);
    cr_assert_str_eq(text, "0027\nsub\n");
    cr_assert_eq(umask(ours), ours);
}

BOTH_METHODS(an_exec_that_fails_names_the_program)
{
    char *argv[] = { "/no/such", NULL };
    struct launch launch = shell_command("");
    launch.argv = launch.paths = argv;
    expect_failure(&launch, -ENOENT, "exec /no/such: No such file or directory");
}

BOTH_METHODS(a_program_that_is_there_but_not_executable_wins_over_a_missing_one)
{
    char *argv[] = { "prog", NULL };
    char *paths[] = { "prog", "/no/such/prog", NULL };
    close(open("prog", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    struct launch launch = shell_command("");
    launch.argv = argv;
    launch.paths = paths;
    expect_failure(&launch, -EINVAL, "exec prog: Permission denied");
}

BOTH_METHODS(a_directory_that_cannot_be_entered_is_named)
{
    struct launch launch = shell_command("");
    launch.directory = "/nope";
    expect_failure(&launch, -EINVAL, "cannot enter '/nope': No such file or directory");
}

BOTH_METHODS(a_log_that_cannot_be_opened_is_named)
{
    struct launch launch = shell_command("");
    char path[] = "/proc/nope/out.log";
    to_file(&launch, LAUNCH_STDOUT, path);
    expect_failure(&launch, -EINVAL, "cannot open '/proc/nope/out.log': No such file or directory");
}

BOTH_METHODS(a_log_that_is_a_fifo_without_a_reader_is_no_wait)
{
    char path[] = "fifo";
    cr_assert_eq(mkfifo(path, 0600), 0);
    struct launch launch = shell_command("");
    to_file(&launch, LAUNCH_STDERR, path);
    expect_failure(&launch, -EINVAL,
                   "cannot open 'fifo': it is a FIFO that nobody reads, a socket, or no device");
}

BOTH_METHODS(a_limit_that_cannot_be_set_is_named)
{
    struct launch launch = shell_command("");
    launch.rights.limits.items[6] = (struct config_limit){ true, 2, 1 };
    expect_failure(&launch, -EINVAL, "cannot set limit 'fsize': Invalid argument");
}

BOTH_METHODS(a_score_that_the_kernel_refuses_is_told)
{
    struct launch launch = shell_command("");
    launch.rights.oom_score_adj = (struct config_optional){ true, 1001 };
    snprintf(launch.rights.oom_text, sizeof launch.rights.oom_text, "1001");
    expect_failure(&launch, -EINVAL, "cannot set oomScoreAdj 1001: Invalid argument");
}

static void drop(int capability)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    cr_assert_eq(syscall(SYS_capget, &header, data), 0);
    data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
    cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

BOTH_METHODS(who_it_cannot_become_is_named)
{
    if (geteuid() != 0)
        cr_skip("who is not root is not told to become another");
    struct launch launch = shell_command("");
    launch.rights.user = (char[]){ "www" };
    launch.rights.ids = (struct log_owner){ true, true, 65534, 65534 };
    drop(CAP_SETUID);
    expect_failure(&launch, -EINVAL, "cannot become user 'www': Operation not permitted");
    drop(CAP_SETGID);
    expect_failure(&launch, -EINVAL, "cannot become group 'www': Operation not permitted");
    launch.rights.group = (char[]){ "green" };
    expect_failure(&launch, -EINVAL, "cannot become group 'green': Operation not permitted");
    launch.rights.has_groups = true;
    expect_failure(&launch, -EINVAL,
                   "cannot set the supplementary groups: Operation not permitted");
    drop(CAP_SYS_NICE);
    launch.rights.nice = (struct config_optional){ true, -20 };
    expect_failure(&launch, -EINVAL, "cannot set nice -20: Permission denied");
}

BOTH_METHODS(what_the_child_becomes_the_parent_does_not)
{
    if (geteuid() != 0)
        cr_skip("only root can become another");
    struct launch launch = shell_command(
        "test $(id -u) = 65534 -a $(nice) = 7 -a $(ulimit -c) = 0");
    launch.rights.ids = (struct log_owner){ true, true, 65534, 65534 };
    launch.rights.nice = (struct config_optional){ true, 7 };
    launch.rights.limits.items[1] = (struct config_limit){ true, 0, 0 };
    int nice_before = getpriority(PRIO_PROCESS, 0);
    cr_assert_eq(run(&launch), 0);
    cr_assert_eq(run(&launch), 0); /* of a parent that is not dumpable any more */
    cr_assert(geteuid() == 0 && getegid() == 0 && getuid() == 0);
    cr_assert_eq(getpriority(PRIO_PROCESS, 0), nice_before);
}

BOTH_METHODS(a_thousand_starts_leave_nothing_behind)
{
    struct launch launch = shell_command("exit 0");
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(run(&launch), 0);
    int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(after, before + 1);
    close(before);
    close(after);
}
