/* reaper.h - what only the main thread can do with processes: orphans are adopted by it.
 *
 * The program is a child subreaper, and an orphan's new parent is its first thread. So main reaps
 * orphans - its own children only, and so never a monitor's - and can tell what is left of an
 * instance whose leader is dead: an orphan that is in the leader's session (its group is part of
 * that); or, where the instance has no cgroup, one that left the session and has the marks of the
 * instance in its environment; and what descends from these. An orphan's children are main's before
 * main can reap it, so when main has reaped what it can, its list of children leaves out nobody.
 *
 * An orphan that has no marks is logged once, when somebody asks and no instance has a cgroup, and
 * left alone until the end.
 *
 * Threads: reaper_track(), _signal(), _kill(), _ask(), _has_nobody() and _ask_nobody() from any;
 * the rest from main only. Lock: one mutex guards the queue of new requests; hooks run without it,
 * on main. */
#ifndef REAPER_H
#define REAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HASH_NONFATAL_OOM 1 /* a question stands in a list then, and is searched for */
#include <uthash.h>

struct reaper;
struct stray;

/* Called on main: first at once, with whether nothing is left; if something was, once more when
 * nothing is. Must not block. */
typedef void reaper_hook(void *arg, bool empty);

/* A question, embedded in whoever asks so that asking cannot fail; the fields are the reaper's. */
struct reaper_question {
    pid_t leader;
    const char *mark; /* NULL: it has a cgroup; only the session counts */
    reaper_hook *hook;
    void *arg;

    /* under the lock */
    struct reaper_question *next;
    bool queued;
    bool used;   /* it was queued before */
    bool closed; /* the last answer was given */
    int wants_signal;
    bool wants_kill;
    bool wants_answer;

    /* main's */
    bool open;
    bool asked;
    bool told;  /* that something is left */
    bool check; /* it is among those to be answered, if that can be done */
    int signal; /* what strays get: 0, the stop signal, or SIGKILL */
    size_t left;
    size_t killed; /* may be read by the asker after the last answer */
    struct stray *strays;
    struct reaper_question *next_check;
    struct reaper_question *next_due;
    int signal_due;
    bool kill_due;
    bool hashed; /* else it is in a list */
    struct reaper_question *prev_unhashed, *next_unhashed;
    UT_hash_handle by_leader;
    UT_hash_handle by_mark;
};

/* Makes the program a subreaper. `marker` (marker.h) is what its children have in their
 * environment; NULL: nothing. 0 or a negative errno. */
int reaper_new(const char *marker, struct reaper **out_reaper) __attribute__((warn_unused_result));
void reaper_free(struct reaper *reaper); /* NULL is fine */

/* Prepares a question about a process that was started as the leader of a session. `mark` says
 * whose (launch.h); NULL: a cgroup holds all of it. The leader is not to be reaped between
 * the first of the calls below and the answer "empty"; both it and `mark` stay until then. */
void reaper_track(struct reaper_question *question, pid_t leader, const char *mark,
                  reaper_hook *hook, void *arg);

/* Sends `signo` and SIGCONT to all strays - what has left the leader's group - and to those that
 * are found later. Nothing where the instance has a cgroup. */
void reaper_signal(struct reaper *reaper, struct reaper_question *question, int signo);

/* SIGKILL to the group and to all strays, now and later; counts them. */
void reaper_kill(struct reaper *reaper, struct reaper_question *question);

/* Asks what is left; the leader is a zombie. "Empty" leaves out members of the group whose living
 * parent is no member of the session. */
void reaper_ask(struct reaper *reaper, struct reaper_question *question);

/* Whether it is plain that nothing has left any group: main has adopted nobody at all. */
bool reaper_has_nobody(const struct reaper *reaper);

/* Whether it is plain, without asking main, that nothing is left; the leader is a zombie. True is
 * the answer "empty", and the last one: what is requested later is not done. False: ask. */
bool reaper_ask_nobody(struct reaper *reaper, struct reaper_question *question)
    __attribute__((warn_unused_result));

/* Readable when there are new requests: reaper_run() then, after every SIGCHLD, and when
 * reaper_deadline_ms() (INT64_MAX: never) has come. */
int reaper_fd(const struct reaper *reaper);
int64_t reaper_deadline_ms(const struct reaper *reaper);

/* Reaps orphans, does what was requested and answers what can be answered. */
void reaper_run(struct reaper *reaper);

/* Sends SIGKILL to every orphan and reaps, until none is left or deadline_ms (CLOCK_MONOTONIC)
 * has come. Returns how many were killed. For the very end, when no monitor is left. */
size_t reaper_kill_orphans(struct reaper *reaper, int64_t deadline_ms);

#endif
