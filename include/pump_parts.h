/* pump_parts.h - the pump from inside: sources (pipes) and the destinations that they share.
 *
 * Everything here belongs to the pump's thread, but for what pump_source_new() makes, until the
 * thread knows it. Nothing waits, but for a disk.
 *
 * What a source reads goes to its destination in whole lines; an unfinished rest is held in the
 * source until its end comes, or a second has passed, or the pipe has ended, or it is asked for. A
 * file takes everything at once, and drops what it cannot write. A stream (stdout, stderr, a FIFO,
 * syslog) has a bounded queue: when that is full the source is not read any more (it *waits*),
 * until there is room again, or nothing has moved for a second: then it is dropped. */
#ifndef PUMP_PARTS_H
#define PUMP_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "clock.h"
#include "pump.h"
#include "pump_file.h"
#include "pump_stream.h"
#include "pump_trouble.h"

#define HASH_NONFATAL_OOM 1 /* a destination is not found then */
#include <uthash.h>

#define PUMP_READ_BYTES ((size_t)64 << 10) /* at a time */
#define PUMP_LINE_BYTES ((size_t)64 << 10) /* longer lines are not kept whole */
#define PUMP_BUFFER_BYTES (PUMP_READ_BYTES + PUMP_LINE_BYTES)
#define PUMP_COMPOSE_BYTES (PUMP_BUFFER_BYTES + 4096)

/* What epoll says of what is no source. */
#define PUMP_WAKE_EVENT UINT64_MAX
#define PUMP_STREAM_EVENT (UINT64_MAX - 1)

/* Who left a line unfinished at the end of a destination: a source, or */
#define PUMP_NOBODY 0
#define PUMP_GONE UINT64_MAX /* one that will not finish it */

struct pump_inode {
    dev_t device;
    ino_t number;
};

enum pump_dest_kind { PUMP_DEST_FILE, PUMP_DEST_STREAM, PUMP_DEST_SYSLOG };

struct pump_dest {
    enum pump_dest_kind kind;
    unsigned users;   /* sources, and the supervisor's own log */
    char *path;       /* NULL: it has none */
    const char *what; /* for messages */
    bool colour;
    bool own;            /* the supervisor's own log goes there: it cannot tell of itself */
    int open_error;      /* it has a path, and could not be opened */
    int64_t retry_ms;    /* when to try that again; of a stream: to write */
    uint64_t unfinished; /* whose line it ends with */
    struct pump_trouble trouble;
    int64_t rotation_ms; /* when to tell again that it cannot be rotated */
    struct pump_file file;
    struct pump_stream stream;
    struct pump_inode inode; /* the key of by_inode */
    UT_hash_handle by_path;
    UT_hash_handle by_inode;
    struct pump_dest *prev, *next; /* all */
    struct pump_dest *stream_prev, *stream_next;
};

struct pump_source {
    uint64_t number;
    int fd;                 /* -1: it has ended */
    struct pump_dest *dest; /* NULL: not yet */
    enum pump_kind kind;
    struct pump_dest *fresh; /* of a file: what `dest` becomes, where there is none yet */
    bool timestamps;
    bool error_stream;
    char *name;

    char *held; /* bytes read and not taken by the destination */
    size_t held_bytes;
    size_t held_room;
    int64_t held_until_ms; /* INT64_MAX: no unfinished line waits for its end */
    bool mid_line;         /* the last line that it gave was unfinished */
    bool skip;             /* the rest of a line, the start of which is lost */

    uint64_t read_bytes;                     /* in all */
    uint64_t read_to;                        /* up to here it is asked for */
    bool asked;                              /* an unfinished line is not to be held */
    bool last;                               /* up to there and no further */
    bool waits;                              /* for its destination, in the list of those */
    bool due;                                /* has something to do, in the list of those */
    bool over;                               /* in the list of those */
    uint64_t queued_to;                      /* position in its stream */
    struct pump_source *due_prev, *due_next; /* due or over */
    struct pump_source *wait_prev, *wait_next;
    struct pump_source *held_prev, *held_next; /* by held_until_ms */
};

/* What belongs to the thread. */
struct pump_works {
    int epoll_fd;
    int64_t now_ms;
    char time_text[CLOCK_TEXT_BYTES + 1]; /* of now, and a blank */
    size_t time_bytes;
    int64_t time_ms; /* which that is */
    const char *syslog_path;
    struct pump_dest *dests;
    struct pump_dest *streams;
    struct pump_dest *by_path;
    struct pump_dest *by_inode;
    struct pump_dest *standard[2]; /* stdout, stderr; may be one */
    struct pump_dest *syslog;
    struct pump_source *waiting;
    struct pump_source *unfinished; /* hold a line that waits for its end */
    struct pump_source *due;
    struct pump_source *over; /* may be freed */
    size_t held_bytes;        /* in all sources */
    bool room;                /* what waits may go on */
    int64_t tell_ms;          /* when a destination has something to tell */
    char *buffer;             /* PUMP_BUFFER_BYTES, to read into */
    char *composed;           /* PUMP_COMPOSE_BYTES: lines with their prefixes, for a file */
    size_t composed_bytes;
};

/* ---- sources (pump_source.c) ---- */

/* 0 with a source that will read from `fd`, and close it; or -ENOMEM. Any thread. */
int pump_source_new(const struct pump_target *target, int fd, struct pump_source **out_source)
    __attribute__((warn_unused_result));

/* Frees one that the pump never knew; its pipe stays open. */
void pump_source_discard(struct pump_source *source);

/* Closes what is open, and leaves its destination and all lists. */
void pump_source_free(struct pump_works *works, struct pump_source *source);

/* Reads once, and gives on what there is. One whose pipe has ended, and all of which has left its
 * destination, is put into `over`. */
void pump_source_run(struct pump_works *works, struct pump_source *source);

/* What is in the pipe now is to be read, and not held; and, where it is the last, nothing else. */
void pump_source_ask(struct pump_works *works, struct pump_source *source, bool last);

/* It will be run in the next round, whatever epoll says. */
void pump_source_due(struct pump_works *works, struct pump_source *source);

/* Up to where its destination has taken what it read. */
uint64_t pump_source_given(const struct pump_source *source);

/* Gives the lines on that waited for their end long enough. */
void pump_source_expire(struct pump_works *works);

/* Runs what waited, now that there is room. */
void pump_source_resume(struct pump_works *works);

/* What it holds, and what is still in its pipe, is lost: counts it. */
void pump_source_give_up(struct pump_works *works, struct pump_source *source);

/* ---- destinations (pump_dest.c) ---- */

/* A destination for a path, not opened. NULL: out of memory. Any thread. */
struct pump_dest *pump_dest_new(const char *path, mode_t mode, int64_t max_bytes, long backups,
                                bool whole_lines);

/* Frees one that was never shared. */
void pump_dest_discard(struct pump_dest *fresh);

/* One for a descriptor, which stays the caller's; the one that exists for the same file. */
struct pump_dest *pump_dest_of_fd(struct pump_works *works, int fd, const char *what, bool colour);

struct pump_dest *pump_dest_of_syslog(struct pump_works *works);

/* Takes `fresh`, and opens it, unless its file has a destination already. Where it cannot be opened
 * that is tried again later, and *out_error says why. */
struct pump_dest *pump_dest_share(struct pump_works *works, struct pump_dest *fresh,
                                  int *out_error);

/* One user less; without any it is closed. */
void pump_dest_leave(struct pump_works *works, struct pump_dest *dest);

/* Opens its path anew. */
void pump_dest_reopen(struct pump_works *works, struct pump_dest *dest);

/* It was opened, if it could be: whether there is a descriptor now, tried once a second. */
bool pump_dest_is_open(struct pump_works *works, struct pump_dest *dest);

/* Whether a source must wait. */
bool pump_dest_is_full(const struct pump_dest *dest);

/* Bytes are lost. */
void pump_dest_dropped(struct pump_works *works, struct pump_dest *dest, int error, size_t bytes);

/* Appends to a file. How many; the rest was not written because of *out_error. */
size_t pump_dest_write(struct pump_works *works, struct pump_dest *dest, const char *bytes,
                       size_t count, int *out_error);

/* Writes what is queued for a stream, and sees to one that does not move. */
void pump_dest_flush(struct pump_works *works, struct pump_dest *dest);

/* Tells of troubles whose time has come. */
void pump_dest_tell(struct pump_works *works);

/* When pump_dest_flush() is to be called at the latest. */
int64_t pump_dest_deadline_ms(const struct pump_dest *dest);

/* ---- lines (pump_line.c) ---- */

/* Gives the bytes to the source's destination: whole lines, and what the last one has so far. How
 * many were taken (or dropped); not all where the destination is full. */
size_t pump_line_give(struct pump_works *works, struct pump_source *source, const char *bytes,
                      size_t count);

/* The source has ended: ends its last line, where lines must have ends. */
void pump_line_end(struct pump_works *works, struct pump_source *source);

/* Gives a line of the supervisor's own log. 0, -EAGAIN (full), or why it was dropped. */
int pump_line_own(struct pump_works *works, struct pump_dest *dest, const char *line, size_t bytes);

#endif
