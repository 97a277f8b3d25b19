/* log_open.h - opens log files, for whoever appends to one.
 *
 * Root may be told to log where others can write, and what they put there must not decide which
 * file it appends to. So root follows a symbolic link, anywhere on the path, only out of a
 * directory that belongs to root and that neither group nor others can write, sticky or not. In any
 * other directory a file that has other names too has to belong to the directory's owner or the
 * log's, and not to root.
 *
 * Any thread; also between clone and exec, in a child that shares its parent's memory: makes only
 * raw system calls (raw_call.h), and takes about 8 KiB of stack. */
#ifndef LOG_OPEN_H
#define LOG_OPEN_H

#include <stdbool.h>
#include <sys/types.h>

/* Whom what root makes is given to. All zero: to nobody. */
struct log_owner {
    bool has_user, has_group;
    uid_t user;
    gid_t group;
};

/* Opens `path` for appending, never waiting and never for reading: it may be a FIFO, a device or a
 * terminal, which is not taken over. The descriptor is close-on-exec and O_NONBLOCK. Creates it
 * (with `mode`, before the umask) and the directories above it (0755) where they are not there;
 * root gives what it made to `owner` (NULL: to nobody), as far as that can be done.
 * 0, or a negative errno: -ELOOP where root would have to follow a link that it does not trust,
 * -EMLINK where it would have to follow more than 40, -ENOTUNIQ where it does not trust the file's
 * other names. */
int log_open(const char *path, mode_t mode, const struct log_owner *owner, int *out_fd)
    __attribute__((warn_unused_result));

/* What a positive errno of the above says to people. Static text. */
const char *log_open_reason(int error);

#endif
