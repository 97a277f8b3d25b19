/* reaper.h - what only the main thread can do with processes: orphans are adopted by it.
 *
 * The program is a child subreaper, and an orphan's new parent is its first thread. So main reaps
 * orphans - its own children only, and so never a monitor's - and can tell whether a process group
 * whose leader is dead has members left: those among its own.
 *
 * Threads: reaper_ask() from any; the rest from main only. Lock: one mutex guards the queue of new
 * questions; hooks run without it, on main. */
#ifndef REAPER_H
#define REAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct reaper;

/* Called on main: first at once, with whether the group is empty; if it was not, once more when it
 * is. Must not block. */
typedef void reaper_hook(void *arg, bool empty);

/* A question, embedded in whoever asks so that asking cannot fail; the fields are the reaper's. */
struct reaper_question {
    struct reaper_question *next;
    pid_t pgid;
    reaper_hook *hook;
    void *arg;
    bool told; /* that the group is not empty */
};

/* Makes the program a subreaper. 0 or a negative errno. */
int reaper_new(struct reaper **out_reaper) __attribute__((warn_unused_result));
void reaper_free(struct reaper *reaper); /* NULL is fine */

/* Asks about group `pgid`, whose leader is a zombie that the caller has not reaped (it keeps the
 * number from being used again) and will not reap before the answer "empty". "Empty" leaves out
 * members whose living parent has left the group. *question must stay until that answer. */
void reaper_ask(struct reaper *reaper, struct reaper_question *question, pid_t pgid,
                reaper_hook *hook, void *arg);

/* Readable when there are new questions: reaper_run() then, and after every SIGCHLD. */
int reaper_fd(const struct reaper *reaper);

/* Reaps orphans and answers what can be answered. */
void reaper_run(struct reaper *reaper);

/* Sends SIGKILL to every orphan and reaps, until none is left or deadline_ms (CLOCK_MONOTONIC)
 * has come. Returns how many were killed. For the very end, when no monitor is left. */
size_t reaper_kill_orphans(struct reaper *reaper, int64_t deadline_ms);

#endif
