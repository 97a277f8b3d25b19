/* pump.h - the log pump: reads what tasks write into pipes, and writes it to where it belongs.
 *
 * One thread reads all pipes and writes all destinations: files (rotated by size, on a line's
 * end), the supervisor's own stdout and stderr (each line after "NAME | "), syslog; and the
 * supervisor's own log (log.h), of which it is the writer. Nothing that it waits for is waited for
 * by a task: a file that cannot be written costs the bytes (counted, and told), a stream that
 * nobody reads is given a second and then costs them too. A disk that hangs holds up this thread,
 * and with it what logs through the pump, and nothing else.
 *
 * Files are told apart by device and inode: two paths to one file are one destination.
 *
 * Threads: everything here may be called by any thread and never waits, but for pump_new() and
 * pump_free(). Lock: one mutex guards the table of pipes and the questions that are not answered
 * yet; the hook runs under it, on the pump's thread, and takes only the lock of an inbox. */
#ifndef PUMP_H
#define PUMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log_open.h"

struct pump;

enum pump_kind { PUMP_FILE, PUMP_STDOUT, PUMP_STDERR, PUMP_SYSLOG };

/* Where the output of a task goes, and how. */
struct pump_target {
    enum pump_kind kind;
    const char *path;       /* PUMP_FILE: copied */
    int64_t max_bytes;      /* of a file, then it is rotated; 0: never */
    long backups;           /* rotated files that are kept: PATH.1 is the latest */
    bool timestamps;        /* each line begins with the time */
    const char *name;       /* of the instance: the prefix on a stream, the tag of syslog; copied */
    bool error_stream;      /* it is a stderr: another priority in syslog */
    struct log_owner owner; /* of a new file */
};

struct pump_options {
    int stdout_fd; /* stay the caller's, and open while the pump lives */
    int stderr_fd;
    bool colour_stdout; /* names are coloured there */
    bool colour_stderr;
    /* The supervisor's own log: */
    const char *log_path;  /* NULL: to stderr_fd */
    int64_t log_max_bytes; /* 0: never rotated */
    long log_backups;
    const char *syslog_path; /* NULL: /dev/log; outlives the pump */
};

/* Opens the supervisor's log and starts the thread. 0 with *out_pump to pump_free(); or a negative
 * errno: of opening the log, or of making the thread. */
int pump_new(const struct pump_options *options, struct pump **out_pump)
    __attribute__((warn_unused_result));

/* Makes a pipe whose bytes go to *target until its last writer has closed it. 0 with the end to
 * write to (close-on-exec, to be closed by the caller) and a number for pump_ask(); or a negative
 * errno. The file is opened by the pump, later: a caller that wants to know that it can be opened
 * tries before. */
int pump_open(struct pump *pump, const struct pump_target *target, int *out_write_fd,
              uint64_t *out_source) __attribute__((warn_unused_result));

/* Called once the question is answered. */
typedef void pump_hook(void *arg);

/* A question under way; embedded where it is asked, and asked again only when `asked` is false. */
struct pump_question {
    atomic_bool asked; /* pump_ask() sets it, the answer takes it back */
    /* For the pump: */
    bool open; /* its thread knows of it */
    uint64_t sources[2];
    uint64_t read_to[2];    /* what is in the pipes ends there */
    uint64_t written_to[2]; /* and there in the stream; UINT64_MAX: not known yet */
    pump_hook *hook;
    void *arg;
    struct pump_question *prev, *next;
};

/* Has hook(arg) called, on the pump's thread, once everything that is in these pipes now has been
 * written (or dropped, where it cannot be); number 0 is no pipe. One that is closed already counts
 * as written. */
void pump_ask(struct pump *pump, struct pump_question *question, const uint64_t sources[2],
              pump_hook *hook, void *arg);

/* The answer is not wanted any more: the hook is not called after this returns. */
void pump_cancel(struct pump *pump, struct pump_question *question);

/* Opens all files anew, under the paths that they were opened with (SIGUSR1). */
void pump_reopen(struct pump *pump);

/* Writes what is in the pipes now, and in the supervisor's log, until deadline_ms (what a stream
 * has not taken by then is dropped), and ends the thread; whoever still has the pump may go on
 * calling, without effect. -ETIMEDOUT: a disk holds the thread up; it is left behind, to the end of
 * the process. Either this or pump_free(), once. */
int pump_end(struct pump *pump, int64_t deadline_ms);

/* The same, and frees the pump where the thread has ended; log_stop() comes after it. NULL is
 * fine. */
int pump_free(struct pump *pump, int64_t deadline_ms);

#endif
