/* Where cgroups are, what they are called, and, where the machine has them, what they do. */
#include "cgroup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_dir.h"
#include "marker.h"
#include "spawn.h"

#define UNIFIED "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
#define HYBRID                                                \
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw\n" \
    "38 31 0:31 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 none rw\n"

static void expect_dir(const char *mounts, const char *own, const char *expected)
{
    char *dir = NULL;
    int error = cgroup_dir(mounts, own, &dir);
    cr_expect_eq(error, expected ? 0 : -ENOENT, "%d for %s", error, own);
    if (expected)
        cr_expect_str_eq(dir, expected);
    free(dir);
}

Test(cgroup_dir, is_found_wherever_version_2_is_mounted)
{
    expect_dir(UNIFIED, "0::/user.slice/a.scope\n", "/sys/fs/cgroup/user.slice/a.scope");
    expect_dir(UNIFIED, "0::/\n", "/sys/fs/cgroup");
    expect_dir(HYBRID, "4:memory:/x\n1:cpu:/\n0::/y\n", "/sys/fs/cgroup/unified/y");
}

Test(cgroup_dir, is_told_from_the_part_that_is_mounted)
{
    static const char part[] = "30 23 0:26 /a/b /mnt rw - cgroup2 cgroup2 rw\n";
    expect_dir(part, "0::/a/b/c\n", "/mnt/c");
    expect_dir(part, "0::/a/b\n", "/mnt");
    expect_dir(part, "0::/a/bc\n", NULL);
    expect_dir("30 23 0:26 /a /one rw - cgroup2 c rw\n"
               "31 23 0:26 /b /two rw - cgroup2 c rw\n",
               "0::/b/x\n", "/two/x");
}

Test(cgroup_dir, may_have_any_name)
{
    expect_dir("30 23 0:26 / /a\\040b rw - cgroup2 cgroup2 rw\n", "0::/c d\n", "/a b/c d");
}

Test(cgroup_dir, is_not_there)
{
    expect_dir("", "0::/\n", NULL);
    expect_dir(UNIFIED, "1:cpu:/\n", NULL);
    expect_dir(UNIFIED, "0::/../elsewhere\n", NULL);
    expect_dir("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup2 rw\n", "0::/\n", NULL);
}

Test(cgroup_name, is_a_file_name_whatever_the_instance_is_called)
{
    static const struct {
        const char *name, *expected;
    } rows[] = { { "web_1", "web_1-7" },
                 { "..", "..-7" },
                 { "cgroup.procs", "cgroup.procs-7" },
                 { "a/b %\n", "a%2fb%20%25%0a-7" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *name = cgroup_name(rows[i].name, 7);
        cr_expect_str_eq(name, rows[i].expected);
        free(name);
    }
    char all[400] = { 0 };
    memset(all, '/', sizeof all - 1);
    char *name = cgroup_name(all, 123456789);
    cr_expect_leq(strlen(name), 255);
    free(name);
}

/* ---- on this machine ---- */

static struct cgroup_tree *tree;

static void make_tree(void)
{
    char marker[MARKER_BYTES];
    struct marker m = { .pid_namespace = 1, .pid = getpid(), .start = 1, .config = 1 };
    marker_print(&m, marker);
    if (cgroups_new(marker, &tree))
        cr_skip_test("no cgroup v2 that may be written to");
}

static pid_t start_in(struct cgroup *cgroup, int expected_error)
{
    char *argv[] = { "sleep", "600", NULL }, *paths[] = { "/bin/sleep", NULL }, *envp[] = { NULL };
    struct launch_cgroup in = { .dir = cgroup_path(cgroup), .procs = cgroup_procs(cgroup) };
    struct launch launch = {
        .argv = argv,
        .paths = paths,
        .envp = envp,
        .outputs = { { .kind = LAUNCH_NULL }, { .kind = LAUNCH_NULL } },
        .cgroup = &in,
    };
    static const int no_pipes[LAUNCH_STREAMS] = { -1, -1 };
    atomic_int door = SPAWN_DOOR_CLOSED;
    struct spawner *spawner;
    char *error = NULL;
    pid_t pid = 0;
    cr_assert_eq(spawner_new(spawn_method_here(), &(struct rlimit){ 1024, 4096 }, &spawner), 0);
    cr_assert_eq(spawn_run(spawner, &launch, no_pipes, &door, &pid, &error), 0, "%s", error);
    cr_assert_eq(in.error, expected_error);
    close(door);
    spawner_free(spawner);
    return pid;
}

static bool is_in(const struct cgroup *cgroup, pid_t pid)
{
    struct pids pids = { 0 };
    bool found = false;
    cr_assert_eq(cgroup_members(cgroup_path(cgroup), &pids), 0);
    for (size_t i = 0; i < pids.count; i++)
        found = found || pids.items[i] == pid;
    pids_release(&pids);
    return found;
}

static int reap(pid_t pid)
{
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WTERMSIG(status);
}

Test(cgroup, holds_signals_and_kills_what_was_started_in_it)
{
    struct cgroup *cgroup;
    int events;
    make_tree();
    cr_assert_eq(cgroup_new(tree, "web", &cgroup), 0);
    cr_assert_eq(cgroup_open_events(cgroup, &events), 0);
    cr_assert_not(cgroup_is_populated(events));
    pid_t one = start_in(cgroup, 0), two = start_in(cgroup, 0);
    cr_assert(is_in(cgroup, one) && is_in(cgroup, two) && cgroup_is_populated(events));
    cgroup_signal(cgroup, SIGTERM, getpgid(two), CGROUP_ALL);
    cr_assert_eq(reap(one), SIGTERM);
    cr_assert_eq(cgroup_kill(cgroup), 1);
    cr_assert_eq(reap(two), SIGKILL);
    cr_assert_not(cgroup_is_populated(events));
    close(events);
    cgroup_free(cgroup);
    cgroups_free(tree);
}

Test(cgroup, that_was_killed_takes_the_living_in_all_the_same)
{
    struct cgroup *cgroup;
    make_tree();
    cr_assert_eq(cgroup_new(tree, "web", &cgroup), 0);
    cr_assert_eq(cgroup_kill(cgroup), 0);
    pid_t pid = start_in(cgroup, 0);
    cr_assert(is_in(cgroup, pid) && kill(pid, 0) == 0);
    cgroup_kill(cgroup);
    cr_assert_eq(reap(pid), SIGKILL);
    cgroup_free(cgroup);
    cgroups_free(tree);
}

Test(cgroup, that_cannot_be_entered_fails_no_start)
{
    struct cgroup *cgroup;
    make_tree();
    cr_assert_eq(cgroup_new(tree, "web", &cgroup), 0);
    cgroup_remove(cgroup_path(cgroup));
    pid_t pid = start_in(cgroup, ENOENT);
    kill(pid, SIGKILL);
    reap(pid);
    cgroup_free(cgroup);
    cgroups_free(tree);
}
