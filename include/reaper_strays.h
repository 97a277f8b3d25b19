/* reaper_strays.h - the orphans that main has adopted, and whose they are; for reaper*.c only.
 *
 * An orphan is looked at once, and what was found is kept until it is reaped: until then its number
 * is its own. What descends from a stray that was signalled is noted too, so that its adoption
 * does not earn it the same signal again; such a note is worth something only with the start
 * time. Main only. */
#ifndef REAPER_STRAYS_H
#define REAPER_STRAYS_H

#include <stdint.h>

#include "reaper.h"

enum marks { MARKS_UNREAD, MARKS_PASSING, MARKS_NONE, MARKS_OURS };

struct stray {
    pid_t pid;
    uint64_t start;   /* of one that is not adopted */
    bool adopted;     /* else it descends from one that is */
    pid_t session;    /* when it was adopted */
    enum marks marks; /* what its environment says */
    char *mark;       /* MARKS_OURS: whose */
    bool logged;
    int64_t passing_ms; /* since when it is between two states; 0: it is not */
    int sent;           /* the last signal; 0: none */
    bool counted;
    struct reaper_question *question; /* whose it is, where that is open */
    struct stray *prev, *next;        /* of the same question */
    UT_hash_handle hh;
};

struct strays {
    const char *marker; /* NULL: none */
    bool lists;         /* /proc says who our children are */
    int children_fd;    /* where; -1 */
    struct stray *known;
    struct reaper_question *unhashed;  /* for want of memory; open ones */
    struct reaper_question *by_leader; /* those that are open */
    struct reaper_question *by_mark;
    size_t searches;  /* open ones that look for more than the session */
    size_t undecided; /* orphans of which it cannot be said yet whose they are */
    bool found;       /* the last scan found strays that were not known */
};

void strays_init(struct strays *strays, const char *marker);
void strays_release(struct strays *strays);

/* A question is open from its first request to its last answer. */
void strays_open(struct strays *strays, struct reaper_question *question);
void strays_close(struct strays *strays, struct reaper_question *question);

/* Looks at all of main's children, and gives those that are found to be strays the signal of their
 * question. */
void strays_scan(struct strays *strays);

/* An orphan is ending, whoever's it is: it may have children that are not adopted yet. What takes
 * longer than a second at that is left out. */
bool strays_any_dying(struct strays *strays);

/* An orphan was reaped. Returns the question that it counted for, or NULL. */
struct reaper_question *strays_reaped(struct strays *strays, pid_t pid);

/* The note of what descends from a stray or a leader, made where there is none. NULL: no memory. */
struct stray *strays_note(struct strays *strays, struct reaper_question *question, pid_t pid,
                          uint64_t start);

/* ---- in reaper_signals.c ---- */

/* Sends a stray that was found just now the signal of its question. */
void strays_shoot(struct strays *strays, struct stray *stray);

/* Sends the question's signal to all of its strays, and what descends from them. */
void strays_signal(struct strays *strays, struct reaper_question *question);

/* SIGKILL to the group, its leader's descendants and all strays; counts those that had none yet. */
void strays_kill(struct strays *strays, struct reaper_question *question);

#endif
