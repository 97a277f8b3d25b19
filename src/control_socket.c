/* control_socket.c - see control_socket.h: how the path is taken, kept and left. */
#include "control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "control_socket_parts.h"
#include "proctree.h"

#define GROUP_BYTES 65536 /* of a group with its members */
#define ORPHAN_MS 1000    /* for which a dead supervisor may have what it served */
#define LOOK_MS 10        /* that it has not any more: nothing tells of a lock that is free */
#define TRIES 10          /* of finding the path as we left it, while somebody plays with it */

int control_socket_say(char **out_error, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vasprintf(out_error, format, args) < 0)
        *out_error = NULL;
    va_end(args);
    return error;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool control_socket_is(const char *path, const struct stat *file)
{
    struct stat st;
    return lstat(path, &st) == 0 && is_same(&st, file);
}

/* ---- taking the path ---- */

static int say_taken(struct control_socket *s, pid_t pid, char **out_error)
{
    s->holder = pid;
    return pid > 0
               ? control_socket_say(out_error, -EADDRINUSE,
                                    "a supervisor with pid %d serves '%s' already", pid, s->path)
               : control_socket_say(out_error, -EADDRINUSE,
                                    "another supervisor serves '%s' already", s->path);
}

static int say_failed(const struct control_socket *s, const char *what, int error, char **out_error)
{
    if (error == -ENOENT || error == -ENOTDIR)
        return control_socket_say(out_error, error, "cannot serve '%s': there is no directory '%s'",
                                  s->path, s->directory);
    return control_socket_say(out_error, error, "cannot %s '%s': %s", what, s->path,
                              strerrordesc_np(-error));
}

static struct sockaddr_un address_of(const struct control_socket *s)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, s->path, strlen(s->path) + 1); /* see check_path() */
    return address;
}

/* Does anybody listen there? 0: nobody does, or there is nothing. */
static int probe(struct control_socket *s, char **out_error)
{
    struct sockaddr_un address = address_of(s);
    struct ucred peer = { .pid = 0 };
    socklen_t bytes = sizeof peer;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return say_failed(s, "look at", -errno, out_error);
    int error = connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
    if (!error && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0)
        peer.pid = 0;
    close(fd);
    if (error == -ECONNREFUSED || error == -ENOENT)
        return 0;
    if (!error || error == -EAGAIN) /* more clients wait there than find room */
        return say_taken(s, peer.pid, out_error);
    return say_failed(s, "see who serves", error, out_error);
}

static int check_file(const struct control_socket *s, char **out_error)
{
    struct stat st;
    if (lstat(s->path, &st) < 0 || S_ISSOCK(st.st_mode))
        return 0;
    return control_socket_say(out_error, -EEXIST,
                              "'%s' is not a socket; remove it or choose another path", s->path);
}

/* Removes a socket that nobody listens at any more. */
static int clear_path(struct control_socket *s, char **out_error)
{
    struct stat st;
    if (lstat(s->path, &st) < 0)
        return 0; /* bind(2) says what is wrong, if anything is */
    int error = check_file(s, out_error);
    if (!error)
        error = probe(s, out_error);
    if (!error && unlink(s->path) < 0 && errno != ENOENT)
        error = say_failed(s, "replace", -errno, out_error);
    return error;
}

/* The file's permissions come before listen(2): until then nobody can connect. */
static int dress(const struct control_socket *s, int fd, struct stat *out_file, char **out_error)
{
    if (s->group != (gid_t)-1 && lchown(s->path, (uid_t)-1, s->group) < 0)
        return say_failed(s, "set the group of", -errno, out_error);
    if (fchmodat(AT_FDCWD, s->path, s->mode, AT_SYMLINK_NOFOLLOW) < 0)
        return say_failed(s, "set the permissions of", -errno, out_error);
    if (lstat(s->path, out_file) < 0)
        return say_failed(s, "find", -errno, out_error);
    return listen(fd, SOMAXCONN) < 0 ? say_failed(s, "listen at", -errno, out_error) : 0;
}

static int take_path(struct control_socket *s, char **out_error)
{
    struct sockaddr_un address = address_of(s);
    struct stat at;
    int error = clear_path(s, out_error);
    if (error)
        return error;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        error = say_failed(s, "make the socket", -errno, out_error);
        goto fail;
    }
    error = dress(s, fd, &at, out_error);
    if (error) {
        unlink(s->path);
        goto fail;
    }
    if (s->fd >= 0)
        close(s->fd);
    s->fd = fd;
    s->at = at;
    return 0;
fail:
    if (fd >= 0)
        close(fd);
    return error;
}

/* The lock's file may have been swept away as the socket's may. */
static int keep_lock(struct control_socket *s, char **out_error)
{
    struct stat st;
    int fd;
    pid_t holder = 0;
    errno = 0;
    if (s->lock_fd >= 0 && fstat(s->lock_fd, &st) == 0 && control_socket_is(s->lock_path, &st))
        return 0;
    if (s->lock_fd >= 0 && errno && errno != ENOENT && errno != ENOTDIR)
        return control_socket_say(out_error, -errno, "cannot look at '%s': %s", s->lock_path,
                                  strerrordesc_np(errno)); /* we hold it ourselves */
    int error = check_file(s, out_error); /* else we might lock what is not ours to lock */
    if (error)
        return error;
    error = control_socket_lock(s->lock_path, &fd, &holder);
    if (error == -EADDRINUSE)
        return say_taken(s, holder, out_error);
    if (error == -ENOENT || error == -ENOTDIR)
        return say_failed(s, "lock", error, out_error);
    if (error)
        return control_socket_say(out_error, error, "cannot lock '%s': %s", s->lock_path,
                                  strerrordesc_np(-error));
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    s->lock_fd = fd;
    return 0;
}

/* One that cannot be looked at just now is taken to be there: to make it anew would be to find
 * ourselves as the supervisor that serves it already. */
static bool has_path(const struct control_socket *s)
{
    struct stat st;
    if (s->fd < 0)
        return false;
    if (lstat(s->path, &st) < 0)
        return errno != ENOENT && errno != ENOTDIR;
    return is_same(&st, &s->at);
}

static int settle_once(struct control_socket *s, bool *made, char **out_error)
{
    int error = keep_lock(s, out_error);
    if (error || has_path(s))
        return error;
    error = take_path(s, out_error);
    *made = *made || !error;
    return error;
}

/* Once more after the watch has moved: what happened before it was there is not told by it. */
static int settle(struct control_socket *s, bool *made, char **out_error)
{
    char *text = NULL;
    int error;
    int left = TRIES;
    do {
        free(text);
        text = NULL;
        error = settle_once(s, made, &text);
    } while (control_socket_move_watch(s) && --left > 0);
    if (error)
        *out_error = text;
    return error;
}

int control_socket_check(struct control_socket *s, bool *out_changed, char **out_error)
{
    bool made = false;
    int error = settle(s, &made, out_error);
    *out_changed = made || error != s->told;
    s->told = error;
    return error;
}

/* ---- from open to close ---- */

static int check_path(const char *path, char **out_error)
{
    const size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    size_t length = strlen(path);
    if (length == 0)
        return control_socket_say(out_error, -EINVAL, "the path of the socket is empty");
    if (path[length - 1] == '/')
        return control_socket_say(out_error, -EINVAL, "'%s' names a directory, not a socket", path);
    if (length > most)
        return control_socket_say(out_error, -ENAMETOOLONG,
                                  "the path of the socket is %zu bytes long, at most %zu: '%s'",
                                  length, most, path);
    return 0;
}

static int find_group(const char *name, gid_t *out_group, char **out_error)
{
    struct group entry, *found = NULL;
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    if (name[0] >= '0' && name[0] <= '9' && *end == '\0' && number < (gid_t)-1) {
        *out_group = (gid_t)number;
        return 0;
    }
    char *buffer = malloc(GROUP_BYTES);
    int error = buffer ? -getgrnam_r(name, &entry, buffer, GROUP_BYTES, &found) : -ENOMEM;
    if (found)
        *out_group = found->gr_gid;
    else
        error = control_socket_say(out_error, error ? error : -ENOENT,
                                   "cannot find the socket's group '%s'%s%s", name,
                                   error ? ": " : "", error ? strerrordesc_np(-error) : "");
    free(buffer);
    return found ? 0 : error;
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int prepare(struct control_socket *s, const struct control_socket_options *options,
                   char **out_error)
{
    int error = check_path(options->path, out_error);
    if (!error && options->group)
        error = find_group(options->group, &s->group, out_error);
    if (error)
        return error;
    s->mode = options->mode;
    s->path = strdup(options->path);
    s->directory = directory_of(options->path);
    if (asprintf(&s->lock_path, "%s.lock", options->path) < 0)
        s->lock_path = NULL;
    if (!s->path || !s->directory || !s->lock_path) {
        control_socket_say(out_error, -ENOMEM, "out of memory");
        return -ENOMEM; /* as it said: the static analyzer cannot see that */
    }
    s->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK); /* without one, SIGUSR1 is left */
    return 0;
}

/* A supervisor that was killed while it started something has left a child that has all of its
 * descriptors until its exec: a moment, or longer on a busy machine. */
static int settle_first(struct control_socket *s, char **out_error)
{
    int64_t deadline_ms = clock_ms() + ORPHAN_MS;
    bool made = false;
    for (;;) {
        int error = settle(s, &made, out_error);
        if (error != -EADDRINUSE || !proc_is_gone(s->holder) || clock_ms() >= deadline_ms)
            return error;
        free(*out_error);
        *out_error = NULL;
        poll(NULL, 0, LOOK_MS);
    }
}

int control_socket_open(const struct control_socket_options *options,
                        struct control_socket **out_socket, char **out_error)
{
    struct control_socket *s = malloc(sizeof *s);
    if (!s)
        return control_socket_say(out_error, -ENOMEM, "out of memory");
    *s = (struct control_socket){
        .group = (gid_t)-1, .lock_fd = -1, .fd = -1, .watch_fd = -1, .watch = -1
    };
    int error = prepare(s, options, out_error);
    if (!error)
        error = settle_first(s, out_error);
    if (error)
        control_socket_close(s);
    else
        *out_socket = s;
    return error;
}

int control_socket_remove(const struct control_socket *s)
{
    struct stat st;
    if (s->fd < 0)
        return 0;
    int error = lstat(s->path, &st) < 0 ? -errno : 0;
    if (!error && is_same(&st, &s->at) && unlink(s->path) < 0)
        error = -errno;
    return error == -ENOENT ? 0 : error;
}

/* The lock last: who waits for it finds the path free. */
void control_socket_close(struct control_socket *s)
{
    if (!s)
        return;
    (void)control_socket_remove(s);
    const int fds[] = { s->fd, s->watch_fd, s->lock_fd };
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(s->path);
    free(s->lock_path);
    free(s->directory);
    free(s);
}

const char *control_socket_path(const struct control_socket *s)
{
    return s->path;
}

int control_socket_fd(const struct control_socket *s)
{
    return s->fd;
}

int control_socket_watch_fd(const struct control_socket *s)
{
    return s->watch_fd;
}
