/* test_control_socket.c - whose the path is: stale, live, foreign and vanished files. */
#include "control_socket.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static char directory[64]; /* of the test that runs; each is a process of its own */
static char path[100];
static char lock_path[110];

static void enter(void)
{
    snprintf(directory, sizeof directory, "/tmp/test_control.XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/s.sock", directory);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
}

static void leave(void)
{
    unlink(path);
    unlink(lock_path);
    cr_expect_eq(rmdir(directory), 0, "something was left in %s", directory);
}

TestSuite(control_socket, .init = enter, .fini = leave);

static int open_at(const char *where, struct control_socket **out_socket, char **out_error)
{
    const struct control_socket_options options = { .path = where, .mode = 0600 };
    return control_socket_open(&options, out_socket, out_error);
}

static struct control_socket *open_socket(void)
{
    struct control_socket *s = NULL;
    char *error = NULL;
    cr_assert_eq(open_at(path, &s, &error), 0, "%s", error);
    return s;
}

/* It cannot be opened, for this reason. */
static void expect_refused(const char *where, int expected, const char *why)
{
    struct control_socket *s = NULL;
    char *error = NULL;
    cr_assert_eq(open_at(where, &s, &error), expected);
    cr_assert_null(s);
    cr_assert_not_null(strstr(error, why), "'%s' says nothing of '%s'", error, why);
    free(error);
}

static int client(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void expect_served(struct control_socket *s)
{
    struct control_peer peer;
    while (control_socket_accept(s, &peer) == 0) /* who only looked whether somebody is there */
        close(peer.fd);
    int fd = client();
    cr_assert_geq(fd, 0, "nobody listens at '%s'", path);
    cr_assert_eq(control_socket_accept(s, &peer), 0);
    cr_assert(peer.allowed);
    cr_assert_eq(peer.uid, getuid());
    cr_assert_eq(peer.pid, getpid());
    cr_assert_eq(control_socket_accept(s, &peer), -EAGAIN);
    close(peer.fd);
    close(fd);
}

/* Waits until the watch says that there is reason to check, and checks. */
static int check_when_told(struct control_socket *s, bool *out_changed)
{
    char *error = NULL;
    struct pollfd p = { control_socket_watch_fd(s), POLLIN, 0 };
    do
        cr_assert_eq(poll(&p, 1, PATIENCE_MS), 1, "nothing was noticed");
    while (!control_socket_stirred(s));
    int result = control_socket_check(s, out_changed, &error);
    cr_assert_eq(result != 0, error != NULL);
    free(error);
    return result;
}

Test(control_socket, is_served_with_its_mode_and_leaves_only_the_lock)
{
    struct stat st;
    umask(0);
    struct control_socket *s = open_socket();
    cr_assert_eq(lstat(path, &st), 0);
    cr_assert(S_ISSOCK(st.st_mode));
    cr_assert_eq(st.st_mode & 07777, 0600);
    expect_served(s);
    control_socket_close(s);
    cr_assert_eq(lstat(path, &st), -1);
    cr_assert_eq(lstat(lock_path, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0600);
}

Test(control_socket, the_mode_does_not_depend_on_the_umask)
{
    const struct control_socket_options options = { .path = path, .mode = 0666 };
    struct control_socket *s = NULL;
    struct stat st;
    char *error = NULL;
    umask(077);
    cr_assert_eq(control_socket_open(&options, &s, &error), 0);
    cr_assert_eq(lstat(path, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0666);
    control_socket_close(s);
}

Test(control_socket, a_second_supervisor_is_told_the_pid_of_the_first)
{
    char why[200];
    struct control_socket *s = open_socket();
    snprintf(why, sizeof why, "a supervisor with pid %d serves '%s' already", getpid(), path);
    expect_refused(path, -EADDRINUSE, why);
    expect_served(s);
    control_socket_close(s);
}

Test(control_socket, one_without_its_lock_is_still_seen_to_be_alive)
{
    char why[200];
    struct control_socket *s = open_socket();
    cr_assert_eq(unlink(lock_path), 0);
    snprintf(why, sizeof why, "pid %d", getpid());
    expect_refused(path, -EADDRINUSE, why);
    expect_served(s);
    control_socket_close(s);
}

Test(control_socket, what_a_killed_supervisor_left_is_replaced)
{
    pid_t child = fork();
    if (child == 0) {
        struct control_socket *dead = NULL;
        char *error = NULL;
        _exit(open_at(path, &dead, &error) == 0 ? 0 : 1);
    }
    int status = -1;
    struct stat st;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(lstat(path, &st), 0);
    struct control_socket *s = open_socket();
    expect_served(s);
    control_socket_close(s);
}

/* A supervisor is gone, and a child of it has its descriptors, as it would until its exec: for
 * `ms`, or until the descriptor that is returned is closed. */
static int orphan_descriptors(int ms)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t killed = fork();
    if (killed == 0) {
        struct control_socket *dead = NULL;
        char *error = NULL;
        int failed = open_at(path, &dead, &error);
        struct pollfd end = { .fd = ends[0], .events = POLLIN };
        close(ends[1]);
        if (fork() == 0)
            poll(&end, 1, ms);
        _exit(failed);
    }
    int status = -1;
    cr_assert_eq(waitpid(killed, &status, 0), killed);
    cr_assert_eq(status, 0);
    close(ends[0]);
    return ends[1];
}

Test(control_socket, a_child_of_a_killed_supervisor_is_waited_for)
{
    int fd = orphan_descriptors(100);
    struct control_socket *s = open_socket();
    expect_served(s);
    control_socket_close(s);
    close(fd);
}

Test(control_socket, a_child_of_a_killed_supervisor_that_stays_is_waited_for_no_longer)
{
    int fd = orphan_descriptors(PATIENCE_MS);
    expect_refused(path, -EADDRINUSE, "already");
    close(fd);
    struct control_socket *s = open_socket();
    control_socket_close(s);
}

Test(control_socket, a_file_that_is_no_socket_is_kept)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_eq(write(fd, "precious", 8), 8);
    close(fd);
    expect_refused(path, -EEXIST, "is not a socket; remove it or choose another path");
    cr_assert_eq(lstat(path, &st), 0);
    cr_assert_eq(st.st_size, 8);
    cr_assert_eq(lstat(lock_path, &st), -1, "a lock was put beside a file of somebody else");
}

Test(control_socket, neither_links_nor_shared_files_serve_as_the_lock)
{
    char other[120];
    struct stat st;
    snprintf(other, sizeof other, "%s/other", directory);
    int fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_eq(write(fd, "precious", 8), 8);
    close(fd);
    cr_assert_eq(symlink(other, lock_path), 0);
    expect_refused(path, -ELOOP, lock_path);
    unlink(lock_path);
    cr_assert_eq(link(other, lock_path), 0);
    expect_refused(path, -EPERM, lock_path);
    cr_assert_eq(lstat(other, &st), 0);
    cr_assert_eq(st.st_size, 8);
    unlink(other);
}

Test(control_socket, paths_that_cannot_be_are_named)
{
    char longer[300];
    char missing[120];
    memset(longer, 'x', sizeof longer);
    longer[108] = '\0';
    expect_refused(longer, -ENAMETOOLONG, "108 bytes long, at most 107");
    snprintf(missing, sizeof missing, "%s/no/s.sock", directory);
    expect_refused(missing, -ENOENT, "there is no directory '");
    expect_refused("", -EINVAL, "empty");
    expect_refused("/tmp/", -EINVAL, "a directory");
}

Test(control_socket, a_file_that_is_swept_away_comes_back)
{
    bool changed = false;
    struct control_socket *s = open_socket();
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(unlink(path), 0);
        cr_assert_eq(unlink(lock_path), 0);
        cr_assert_eq(check_when_told(s, &changed), 0);
        cr_assert(changed);
        expect_served(s);
    }
    char *error = NULL;
    cr_assert_eq(control_socket_check(s, &changed, &error), 0);
    cr_assert_not(changed);
    expect_refused(path, -EADDRINUSE, "serves"); /* the lock is back as well */
    control_socket_close(s);
}

Test(control_socket, a_directory_that_comes_back_is_served_again)
{
    bool changed = false;
    struct control_socket *s = open_socket();
    unlink(path);
    unlink(lock_path);
    cr_assert_eq(rmdir(directory), 0);
    cr_assert_eq(check_when_told(s, &changed), -ENOENT);
    cr_assert(changed);
    char *error = NULL;
    cr_assert_eq(control_socket_check(s, &changed, &error), -ENOENT);
    cr_assert_not(changed, "it is told twice");
    free(error);
    cr_assert_eq(mkdir(directory, 0700), 0);
    while (check_when_told(s, &changed) != 0)
        cr_assert_not(changed); /* others make directories there too */
    cr_assert(changed);
    expect_served(s);
    control_socket_close(s);
}

Test(control_socket, what_somebody_else_put_there_is_not_removed)
{
    char aside[120];
    struct stat st;
    bool changed = false;
    struct control_socket *s = open_socket();
    snprintf(aside, sizeof aside, "%s/aside", directory);
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    close(fd);
    cr_assert_eq(rename(aside, path), 0);
    cr_assert_eq(check_when_told(s, &changed), -EEXIST);
    cr_assert(changed);
    control_socket_close(s);
    cr_assert_eq(lstat(path, &st), 0);
}

Test(control_socket, clients_that_waited_at_the_old_file_are_still_there)
{
    struct control_socket *s = open_socket();
    struct control_peer peer;
    bool changed;
    char *error = NULL;
    int early = client();
    cr_assert_geq(early, 0);
    unlink(path);
    cr_assert_eq(control_socket_accept(s, &peer), 0);
    cr_assert_eq(control_socket_check(s, &changed, &error), 0);
    cr_assert_eq(write(peer.fd, "x", 1), 1);
    char byte;
    cr_assert_eq(read(early, &byte, 1), 1);
    close(early);
    close(peer.fd);
    expect_served(s);
    control_socket_close(s);
}
