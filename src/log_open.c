/* log_open.c - see log_open.h: a path is walked name by name, as the kernel would, but for the
 * links, which are looked at first. */
#include "log_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "raw_call.h"

#define LINKS_MAX 40 /* the kernel's limit */
#define LOG_FLAGS (O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
#define TRIES_MAX 8 /* with others who make and remove the file meanwhile */
#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

struct walk {
    char text[2 * PATH_MAX]; /* the way that is left stands at its end: room for a link before it */
    size_t at;               /* where that begins */
    size_t given;            /* from here on it is the path's own, and no link's */
    int directory;           /* where the walk has come to; -1: nowhere yet */
    int links;
    bool trusting; /* follow every link */
    mode_t mode;
    const struct log_owner *owner; /* of what is made; NULL: nobody else */
    int fd;                        /* of the file; -1: not there yet */
};

UNWATCHED static int load(struct walk *w, const char *path)
{
    size_t length = 0;
    while (length < PATH_MAX && path[length])
        length++;
    if (length == 0)
        return -ENOENT;
    if (length == PATH_MAX)
        return -ENAMETOOLONG;
    if (path[length - 1] == '/')
        return -EISDIR;
    w->at = w->given = sizeof w->text - 1 - length;
    volatile char *to = w->text + w->at; /* or the compiler makes it a memcpy(3) */
    for (size_t i = 0; i <= length; i++)
        to[i] = path[i];
    return 0;
}

UNWATCHED static int enter(struct walk *w, int from, const char *name, long flags)
{
    long fd = raw_call(SYS_openat, from, (long)name, DIRECTORY_FLAGS | flags, 0);
    if (fd < 0)
        return -errno;
    if (w->directory >= 0)
        raw_call(SYS_close, w->directory, 0, 0, 0);
    w->directory = (int)fd;
    return 0;
}

/* Who may write a directory with an ACL shows in the group's bits. */
UNWATCHED static bool trusts_links(const struct walk *w)
{
    struct stat st;
    if (w->trusting)
        return true;
    return raw_call(SYS_fstat, w->directory, (long)&st, 0, 0) == 0 && st.st_uid == 0 &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Gives away what was just made. Where that is not allowed it stays ours, and does as well. */
UNWATCHED static void give(const struct walk *w, int fd)
{
    const struct log_owner *owner = w->owner;
    raw_call5(SYS_fchownat, fd, (long)"", owner->has_user ? (long)owner->user : -1,
              owner->has_group ? (long)owner->group : -1, AT_EMPTY_PATH);
}

/* Where others can write they may have made a name for a file that is not theirs to write to, if
 * the kernel lets them (fs.protected_hardlinks). */
UNWATCHED static bool is_planted(const struct walk *w, int fd)
{
    struct stat st, directory;
    if (trusts_links(w) || raw_call(SYS_fstat, fd, (long)&st, 0, 0) < 0 || !S_ISREG(st.st_mode) ||
        st.st_nlink <= 1)
        return false;
    bool is_theirs = raw_call(SYS_fstat, w->directory, (long)&directory, 0, 0) == 0 &&
                     st.st_uid == directory.st_uid;
    if (w->owner && w->owner->has_user)
        is_theirs = is_theirs || st.st_uid == w->owner->user;
    return st.st_uid == 0 || !is_theirs;
}

UNWATCHED static int open_file(struct walk *w, const char *name, long flags)
{
    flags |= LOG_FLAGS;
    for (int i = 0; i < TRIES_MAX; i++) {
        long fd = raw_call(SYS_openat, w->directory, (long)name, flags, 0);
        bool make = fd < 0 && errno == ENOENT;
        if (make)
            fd = raw_call(SYS_openat, w->directory, (long)name, flags | O_CREAT | O_EXCL,
                          (long)w->mode);
        if (fd >= 0) {
            if (!make && is_planted(w, (int)fd)) {
                raw_call(SYS_close, fd, 0, 0, 0);
                return -ENOTUNIQ;
            }
            if (make && w->owner)
                give(w, (int)fd);
            w->fd = (int)fd;
            return 0;
        }
        if (!make || errno != EEXIST)
            break;
    }
    return -errno;
}

/* Somebody may have put another one in its place meanwhile: only one of root's is given away. */
UNWATCHED static int make_directory(struct walk *w, const char *name)
{
    struct stat st;
    bool made = raw_call(SYS_mkdirat, w->directory, (long)name, 0755, 0) == 0;
    int error = enter(w, w->directory, name, O_NOFOLLOW);
    if (made && !error && w->owner && raw_call(SYS_fstat, w->directory, (long)&st, 0, 0) == 0 &&
        st.st_uid == 0)
        give(w, w->directory);
    return error;
}

/* Its links may lead to what no path does: a pipe, a deleted file. */
UNWATCHED static bool is_in_proc(const struct walk *w)
{
    struct statfs fs;
    return raw_call(SYS_fstatfs, w->directory, (long)&fs, 0, 0) == 0 &&
           fs.f_type == PROC_SUPER_MAGIC;
}

/* The text of the link, which is at the buffer's start, goes before the way that is left. */
UNWATCHED static int put_before(struct walk *w, size_t length, bool is_last)
{
    volatile char *text = w->text; /* or the compiler makes it a memmove(3) */
    if (!is_last)
        text[--w->at] = '/';
    if (w->given < w->at)
        w->given = w->at;
    for (size_t i = length; i > 0; i--)
        text[--w->at] = text[i - 1];
    return text[w->at] == '/' ? enter(w, AT_FDCWD, "/", 0) : 0;
}

/* `name` could not be opened because it is a link, or because of `error`. */
UNWATCHED static int follow(struct walk *w, const char *name, bool is_last, int error)
{
    size_t room = (size_t)(name - w->text);
    long length = raw_call(SYS_readlinkat, w->directory, (long)name, (long)w->text, (long)room);
    if (length < 0)
        return errno == EINVAL ? error : -errno;
    if (!trusts_links(w))
        return -ELOOP;
    if (++w->links > LINKS_MAX)
        return -EMLINK;
    if (is_in_proc(w))
        return is_last ? open_file(w, name, 0) : enter(w, w->directory, name, 0);
    if ((size_t)length >= room)
        return -ENAMETOOLONG;
    return put_before(w, (size_t)length, is_last);
}

/* The next name of the way. */
UNWATCHED static int step(struct walk *w)
{
    while (w->text[w->at] == '/')
        w->at++;
    const char *name = w->text + w->at;
    bool is_given = w->at >= w->given;
    if (!*name)
        return -EISDIR; /* a link's text ended with a slash */
    while (w->text[w->at] && w->text[w->at] != '/')
        w->at++;
    bool is_last = !w->text[w->at];
    if (!is_last)
        w->text[w->at++] = '\0';
    int error = is_last ? open_file(w, name, O_NOFOLLOW) : enter(w, w->directory, name, O_NOFOLLOW);
    if (error == -ENOENT && !is_last && is_given)
        error = make_directory(w, name);
    if (error == (is_last ? -ELOOP : -ENOTDIR))
        error = follow(w, name, is_last, error);
    return error;
}

UNWATCHED static int walk(const char *path, mode_t mode, bool trusting,
                          const struct log_owner *owner, int *out_fd)
{
    struct walk w;
    w.directory = w.fd = -1;
    w.links = 0;
    w.trusting = trusting;
    w.mode = mode;
    w.owner = owner;
    int error = load(&w, path);
    if (!error)
        error = enter(&w, AT_FDCWD, path[0] == '/' ? "/" : ".", 0);
    while (!error && w.fd < 0)
        error = step(&w);
    if (w.directory >= 0)
        raw_call(SYS_close, w.directory, 0, 0, 0);
    if (!error)
        *out_fd = w.fd;
    return error;
}

UNWATCHED static bool is_root(void)
{
    return raw_call(SYS_geteuid, 0, 0, 0, 0) == 0;
}

UNWATCHED int log_open(const char *path, mode_t mode, const struct log_owner *owner, int *out_fd)
{
    if (is_root())
        return walk(path, mode, false, owner, out_fd);
    long fd = raw_call(SYS_openat, AT_FDCWD, (long)path, LOG_FLAGS | O_CREAT, (long)mode);
    if (fd < 0 && errno == ENOENT)
        return walk(path, mode, true, NULL, out_fd); /* which makes the directories */
    if (fd < 0)
        return -errno;
    *out_fd = (int)fd;
    return 0;
}

const char *log_open_reason(int error)
{
    if (error == ELOOP && is_root())
        return "a symbolic link in a directory that others can write";
    if (error == ENOTUNIQ)
        return "a hard link in a directory that others can write";
    return strerrordesc_np(error);
}
