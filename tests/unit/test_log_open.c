/* test_log_open.c - which links are followed to a log by root, and which are not. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_open.h"
#include "pump_file.h"
#include "spawn.h"

#define OTHERS 12345 /* a user that is not root */

/* Relative paths in these tests begin here: a directory of our own, with one in it, `open`, that
 * others can write. */
static char directory[] = "/tmp/test_log_open.XXXXXX";

static void begin(void)
{
    if (geteuid() != 0)
        cr_skip_test("what root does");
    umask(022);
    cr_assert(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
    cr_assert_eq(mkdir("open", 0777), 0);
    cr_assert_eq(chmod("open", 0777), 0);
    cr_assert_eq(mkdir("own", 0755), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st, (void)type, (void)place;
    return remove(path);
}

static void end(void)
{
    if (geteuid() == 0)
        nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(log_open, .init = begin, .fini = end);

static int try_path(const char *path)
{
    int fd = -1;
    int error = log_open(path, 0600, NULL, &fd);
    if (!error)
        close(fd);
    return error;
}

static void link_to(const char *target, const char *path)
{
    cr_assert_eq(symlink(target, path), 0);
}

static void expect_opened(const char *path, const char *file)
{
    struct stat st;
    cr_expect_eq(try_path(path), 0, "%s", path);
    cr_expect(lstat(file, &st) == 0 && S_ISREG(st.st_mode), "%s makes %s", path, file);
    unlink(file);
}

static void expect_refused(const char *path, const char *file)
{
    cr_expect_eq(try_path(path), -ELOOP, "%s", path);
    cr_expect_neq(access(file, F_OK), 0, "%s makes %s", path, file);
}

Test(log_open, a_link_where_others_can_write_is_refused)
{
    char absolute[64];
    snprintf(absolute, sizeof absolute, "%s/own/log", directory);
    link_to(absolute, "open/absolute");
    link_to("../own/log", "open/relative");
    link_to("../own", "open/directory");
    for (int round = 0; round < 5; round++) {
        const mode_t modes[] = { 0777, 01777, 0775, 0757, 0755 };
        cr_assert_eq(chmod("open", modes[round]), 0);
        cr_assert_eq(chown("open", round == 4 ? OTHERS : 0, 0), 0);
        expect_refused("open/absolute", "own/log");
        expect_refused("open/relative", "own/log");
        expect_refused("open/directory/log", "own/log");
        expect_refused("own/../open//./directory/new/log", "own/new");
    }
    cr_assert_eq(chown("open", 0, 0), 0);
    expect_opened("open/absolute", "own/log");
    expect_opened("open/directory/log", "own/log");
}

Test(log_open, a_link_of_our_own_is_followed)
{
    char absolute[64], path[96];
    snprintf(absolute, sizeof absolute, "%s/own//", directory);
    snprintf(path, sizeof path, "%s/there/../own/./log", directory);
    link_to(absolute, "there");
    link_to("own/../there", "by_way");
    link_to("by_way/log", "file");
    expect_opened("there/log", "own/log");
    expect_opened("by_way//log", "own/log");
    expect_opened("file", "own/log");
    expect_opened(path, "own/log");
    expect_opened("open/log", "open/log");
    expect_opened("open/../file", "own/log");
}

static int try_linked(uid_t directory_owner, uid_t file_owner)
{
    cr_assert_eq(chown("open", directory_owner, 0), 0);
    cr_assert_eq(chown("own/file", file_owner, 0), 0);
    return try_path("open/log");
}

Test(log_open, a_file_with_other_names_is_refused_where_others_can_write)
{
    const struct log_owner owner = { .has_user = true, .user = OTHERS };
    int fd = open("own/file", O_WRONLY | O_CREAT, 0600);
    cr_assert(fd >= 0 && close(fd) == 0 && link("own/file", "open/log") == 0);
    cr_expect_eq(try_linked(0, 0), -ENOTUNIQ);
    cr_expect_eq(try_linked(OTHERS, 0), -ENOTUNIQ);
    cr_expect_eq(try_linked(OTHERS, OTHERS + 1), -ENOTUNIQ);
    cr_expect_eq(try_linked(OTHERS, OTHERS), 0);
    cr_expect_eq(try_linked(0, OTHERS), -ENOTUNIQ);
    cr_expect_eq(log_open("open/log", 0600, &owner, &fd), 0);
    close(fd);
    cr_assert_eq(chown("own/file", 0, 0), 0);
    cr_expect_eq(try_path("own/file"), 0);
    unlink("own/file");
    cr_expect_eq(try_path("open/log"), 0);
}

/* A trusted link may lead to one that is not. */
Test(log_open, each_link_of_a_chain_is_looked_at)
{
    link_to("../own/log", "open/last");
    link_to("open/last", "first");
    expect_refused("first", "own/log");
}

Test(log_open, a_chain_ends_after_40_links)
{
    char name[16], target[16] = "own/log";
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof name, "%d", i);
        link_to(target, name);
        memcpy(target, name, sizeof target);
    }
    link_to("loop", "loop");
    expect_opened("40", "own/log");
    cr_expect_eq(try_path("41"), -EMLINK);
    cr_expect_eq(try_path("loop"), -EMLINK);
    cr_expect_eq(try_path("loop/log"), -EMLINK);
}

Test(log_open, missing_directories_are_made)
{
    struct stat st;
    link_to("own", "there");
    link_to("missing", "dangling");
    expect_opened("a//b/c/log", "a/b/c/log");
    cr_assert_eq(stat("a/b", &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0755);
    expect_opened("there/d/log", "own/d/log");
    expect_opened("open/e/../log", "open/log");
    cr_expect_eq(try_path("dangling/log"), -ENOENT);
    cr_expect_eq(try_path("/proc/nope/log"), -ENOENT);
    expect_opened("dangling", "missing");
}

Test(log_open, what_is_no_file_is_as_ever)
{
    int ends[2];
    char path[64];
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    cr_assert_eq(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    cr_expect_eq(try_path(path), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    cr_expect_eq(try_path(path), 0);
    expect_opened("/proc/self/cwd/own/log", "own/log");
    cr_expect_eq(try_path("/dev/null"), 0);
    cr_expect_eq(try_path("fifo"), -ENXIO);
    cr_expect_eq(try_path("fifo/log"), -ENOTDIR);
    cr_expect_eq(try_path("own"), -EISDIR);
    cr_expect_eq(try_path("own/log/"), -EISDIR);
    cr_expect_eq(try_path(".."), -EISDIR);
    cr_expect_eq(try_path("/"), -EISDIR);
    cr_expect_eq(try_path(""), -ENOENT);
}

Test(log_open, a_path_may_be_as_long_as_any)
{
    char path[PATH_MAX + 1];
    char target[PATH_MAX];
    link_to("own/log", "file");
    memset(target, '/', sizeof target);
    memcpy(target, "own", 3);
    memcpy(target + sizeof target - 2, ".", 2);
    link_to(target, "long");
    memset(path, '/', sizeof path);
    memcpy(path, "long", 4);
    memcpy(path + PATH_MAX - 4, "log", 4);
    expect_opened(path, "own/log");
    memcpy(path + PATH_MAX - 3, "log", 4);
    cr_expect_eq(try_path(path), -ENAMETOOLONG);
    memset(path, 'x', NAME_MAX + 1);
    path[NAME_MAX + 1] = '\0';
    cr_expect_eq(try_path(path), -ENAMETOOLONG);
}

Test(log_open, no_descriptor_is_left)
{
    int before = dup(0);
    link_to("../own", "open/link");
    link_to("own", "link");
    close(before);
    cr_expect_eq(try_path("open/link/log"), -ELOOP);
    cr_expect_eq(try_path("link/a/log"), 0);
    cr_expect_eq(dup(0), before);
}

/* Nothing is asked of links, as somebody else. */
Test(log_open, only_root_is_careful)
{
    link_to("../own/a", "open/link");
    cr_assert_eq(chmod("own", 0777), 0);
    cr_assert_eq(chmod(".", 0755), 0);
    cr_assert_eq(seteuid(OTHERS), 0);
    cr_expect_eq(try_path("open/link"), 0);
    cr_expect_eq(try_path("own/b/c/log"), 0);
    cr_expect_eq(try_path("open/../log"), -EACCES);
    cr_expect_str_eq(log_open_reason(ELOOP), strerrordesc_np(ELOOP));
    cr_assert_eq(seteuid(0), 0);
    cr_expect_eq(access("own/a", F_OK) | access("own/b/c/log", F_OK), 0);
}

static void expect_owner(const char *path, uid_t user, gid_t group)
{
    struct stat st;
    cr_assert_eq(lstat(path, &st), 0, "%s", path);
    cr_expect(st.st_uid == user && st.st_gid == group, "%s is of %u:%u", path, st.st_uid,
              st.st_gid);
}

Test(log_open, what_it_makes_and_nothing_else_is_given_away)
{
    const struct log_owner owner = { true, true, OTHERS, 4242 };
    const struct log_owner group = { .has_group = true, .group = 4242 };
    int fd = open("own/there", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    link_to("made_by_link", "own/link");
    const char *const paths[] = { "own/there", "own/a/b/log", "own/link", "open/log" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        cr_assert_eq(log_open(paths[i], 0600, &owner, &fd), 0, "%s", paths[i]);
        close(fd);
    }
    cr_assert_eq(log_open("own/group", 0600, &group, &fd), 0);
    close(fd);
    expect_owner("own", 0, 0);
    expect_owner("own/there", 0, 0);
    expect_owner("own/link", 0, 0);
    expect_owner("own/a", OTHERS, 4242);
    expect_owner("own/a/b", OTHERS, 4242);
    expect_owner("own/a/b/log", OTHERS, 4242);
    expect_owner("own/made_by_link", OTHERS, 4242);
    expect_owner("open/log", OTHERS, 4242);
    expect_owner("own/group", 0, 4242);
}

Test(log_open, the_pump_refuses_such_a_link)
{
    struct stat st;
    int fd;
    link_to("../own/log", "open/link");
    const struct pump_file file = { .path = "open/link", .mode = 0666 };
    cr_expect_eq(pump_file_open(&file, &fd, &st), -ELOOP);
    cr_expect_neq(access("own/log", F_OK), 0);
}

static void expect_failed_start(enum spawn_method method)
{
    char path[] = "open/link/a/log", echo[] = "/bin/echo";
    char *argv[] = { echo, NULL }, *envp[] = { NULL }, *error = NULL;
    struct launch launch = { .argv = argv, .paths = argv, .envp = envp, .umask = 022 };
    launch.outputs[LAUNCH_STDOUT] = (struct launch_output){ .kind = LAUNCH_FILE, .path = path };
    const int pipes[LAUNCH_STREAMS] = { -1, -1 };
    atomic_int door = SPAWN_DOOR_CLOSED;
    struct spawner *spawner;
    struct rlimit nofile;
    pid_t pid;
    getrlimit(RLIMIT_NOFILE, &nofile);
    cr_assert_eq(spawner_new(method, &nofile, &spawner), 0);
    cr_expect_eq(spawn_run(spawner, &launch, pipes, &door, &pid, &error), -EINVAL);
    cr_expect_str_eq(error, "cannot open 'open/link/a/log': "
                            "a symbolic link in a directory that others can write");
    cr_expect_neq(access("own/a", F_OK), 0);
    free(error);
    close(atomic_load(&door));
    spawner_free(spawner);
}

Test(log_open, a_start_refuses_such_a_link)
{
    link_to("../own", "open/link");
    expect_failed_start(SPAWN_SHARE_MEMORY);
    expect_failed_start(SPAWN_FORK);
}
