/* pump_file.h - a log file of the pump: appends, rotates by size on a line's end, heals.
 *
 * A file never gets larger than `max_bytes`, unless a single line is: a line that does not fit goes
 * whole into the next one (its start is moved there, where that was written before the rest came),
 * and where no line ends within twice `max_bytes` the file is rotated anyway. Where rotating fails
 * it goes on in the old file and tries again after a second.
 *
 * Nothing here waits, but for the disk. A file belongs to one thread. */
#ifndef PUMP_FILE_H
#define PUMP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "log_open.h"

struct pump_file {
    const char *path;       /* the owner's, as are these: */
    mode_t mode;            /* of a new file, before the umask */
    struct log_owner owner; /* of a new file; the next ones belong to the last one's */
    int64_t max_bytes;      /* 0: never rotated */
    long backups;           /* rotated files that are kept; 0: what is full is emptied */
    bool whole_lines;       /* a line left unfinished in what is opened gets an end */

    int fd; /* -1: not open */
    dev_t device;
    ino_t inode;
    bool regular;      /* only those are rotated and healed */
    char *real_path;   /* without symbolic links: what is renamed */
    int64_t size;      /* in bytes */
    bool mid_line;     /* its last byte does not end a line */
    int64_t line_at;   /* where that line begins; 0: not known, or the file's start */
    bool torn;         /* an end of line is due: the rest of the last line was lost */
    int gone;          /* it was removed, and could not be made anew: why */
    int64_t check_ms;  /* when to look at it again */
    int64_t rotate_ms; /* when to try to rotate again */
    int rotate_error;  /* why rotating failed, until it is taken back by whoever tells it */
};

/* Opens its path for appending, creating it and the directories above it, never waiting and never
 * for reading: it may be a FIFO or a device. 0 with a descriptor, or a negative errno. */
int pump_file_open(const struct pump_file *file, int *out_fd, struct stat *out_stat)
    __attribute__((warn_unused_result));

/* Takes over `fd`, opened as above, closing the one it had. */
void pump_file_use(struct pump_file *file, int fd, const struct stat *st);

/* Opens the path anew; what is open stays where it is the same file, and where that fails.
 * 0 or a negative errno. */
int pump_file_reopen(struct pump_file *file) __attribute__((warn_unused_result));

/* Closes it, and releases what belongs to it; it may be used again. */
void pump_file_close(struct pump_file *file);

/* Appends the bytes. How many were written; where that is not all, *out_error says why. */
size_t pump_file_write(struct pump_file *file, const char *bytes, size_t count, int64_t now_ms,
                       int *out_error) __attribute__((warn_unused_result));

#endif
