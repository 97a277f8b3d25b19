/* config_trust.c - see config_trust.h. */
#include "config_trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool everyone_can_write(const struct stat *st)
{
    return (st->st_mode & S_IWOTH) != 0;
}

static bool is_sticky(const struct stat *st)
{
    return (st->st_mode & S_ISVTX) != 0;
}

/* What cannot be looked at is not trusted. */
static bool cannot_tell(struct problems *problems, struct place at, const char *path,
                        const char *where, int error)
{
    problems_add(problems, at, "cannot tell who can replace %s: %s: %s", quote(path).text,
                 quote(where).text, strerrordesc_np(error));
    return false;
}

/* Who may make files in a directory may replace those that are there, unless it is sticky. */
static bool trusts_directory(struct problems *problems, struct place at, const char *path,
                             const char *directory)
{
    struct stat st;
    if (stat(directory, &st) != 0)
        return cannot_tell(problems, at, path, directory, errno);
    if (!everyone_can_write(&st) || is_sticky(&st))
        return true;
    problems_add(problems, at,
                 "refused as root: everyone can replace %s, for the directory above it has mode "
                 "%04o: chmod o-w %s",
                 quote(path).text, st.st_mode & 07777, quote(directory).text);
    return false;
}

/* Cuts off the last name; false: it is the root. */
static bool go_up(char *real)
{
    char *slash = strrchr(real, '/');
    if (!slash || !slash[1])
        return false;
    slash[slash == real] = '\0'; /* the root keeps its slash */
    return true;
}

/* From a directory to the root: `real` has no links in it, and is cut. */
static bool trusts_way(struct problems *problems, struct place at, const char *path, char *real)
{
    do {
        if (!trusts_directory(problems, at, path, real))
            return false;
    } while (go_up(real));
    return true;
}

/* In a sticky directory nobody can replace what is another's, but make what is not there. */
static bool trusts_owner(struct problems *problems, struct place at, const char *path,
                         const char *directory, const struct stat *st)
{
    struct stat above;
    if (stat(directory, &above) != 0)
        return cannot_tell(problems, at, path, directory, errno);
    if (!everyone_can_write(&above) || st->st_uid == 0 || st->st_uid == above.st_uid)
        return true;
    problems_add(problems, at,
                 "refused as root: %s belongs to user %u, and everyone can make files in %s: "
                 "chown root %s",
                 quote(path).text, st->st_uid, quote(directory).text, quote(path).text);
    return false;
}

/* The real name of the directory in which `path` is, the caller's; NULL with errno. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *above = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
    char *directory = above ? realpath(above, NULL) : NULL;
    free(above); /* which keeps errno: free(3) */
    return directory;
}

/* The way of the name, up to its last link, and the way of the file. */
static bool trusts_place(struct problems *problems, struct place at, const char *path,
                         const struct stat *st)
{
    char *way = directory_of(path);
    char *file = way ? realpath(path, NULL) : NULL;
    bool trusted = way && file ? go_up(file) && trusts_owner(problems, at, path, file, st) &&
                                     trusts_way(problems, at, path, way) &&
                                     trusts_way(problems, at, path, file)
                               : cannot_tell(problems, at, path, path, errno);
    free(way);
    free(file);
    return trusted;
}

/* A pipe of ours, or a file that has been removed: there is no way to it but our descriptor. */
static bool has_no_name(const char *path, const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return st->st_nlink == 0;
    char *real = realpath(path, NULL);
    free(real);
    return !real;
}

bool config_trusts(struct problems *problems, struct place at, const char *path,
                   const struct stat *st)
{
    if (geteuid() != 0 || S_ISCHR(st->st_mode))
        return true;
    if (!everyone_can_write(st))
        return has_no_name(path, st) || trusts_place(problems, at, path, st);
    problems_add(problems, at, "refused as root: everyone can write %s (mode %04o): chmod o-w %s",
                 quote(path).text, st->st_mode & 07777, quote(path).text);
    return false;
}
