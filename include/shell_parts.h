/* shell_parts.h - the shell from inside: what its files share. Everything runs on the shell's
 * thread; other threads touch `signals`, `stopping`, `exit_status` and `wake_fd` only. */
#ifndef SHELL_PARTS_H
#define SHELL_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "chan/waitgroup.h"
#include "history.h"
#include "lines.h"
#include "outbuf.h"
#include "shell.h"
#include "shell_above.h"
#include "shell_news.h"
#include "shell_readline.h"

/* The command under way. */
struct shell_job {
    struct session_call *call; /* NULL: none */
    bool ending;               /* the shell ends with it */
    bool silent;               /* for so long that it is time to say what it waits for */
    bool told;                 /* that has been said */
    int64_t quiet_ms;          /* since when it has printed nothing */
    uint64_t printed;          /* how much it had printed then */
};

struct shell {
    const struct session *session;
    void (*on_end)(void *arg);
    void *arg;

    int wake_fd;         /* an eventfd: look at everything again */
    atomic_uint signals; /* bit n: signal n came */
    atomic_bool stopping;
    atomic_int exit_status; /* of the last command that failed */
    pthread_t thread;
    struct waitgroup *running; /* the thread */

    bool interactive; /* stdin is a terminal */
    bool foreground;  /* and ours; always true for other input */
    bool hung_up;     /* it was one */
    bool input_ended;
    bool finished; /* the last command has run */
    bool holding;  /* keys are left alone, because of a signal that is on its way */
    int held;      /* for so many rounds */
    struct lines *lines;
    struct outbuf *out;
    struct shell_job job;
    struct shell_above *above;

    /* With a terminal only: */
    struct shell_readline_user editor;
    struct history *history;
    struct shell_news news;
};

/* Waits and serves until the shell is to end. */
void shell_loop(struct shell *sh);

/* Makes wake_fd unreadable; what it was written for is to be looked at after that. */
void shell_clear_wake(struct shell *sh);

/* Waits until a key can be read; see shell_readline.h. */
bool shell_wait_for_key(void *arg);

/* So much output waits for the terminal that no more should be made. */
bool shell_is_congested(struct shell *sh);

/* Starts a line of input as a command; one that does not wait is over when this returns. */
void shell_job_start(struct shell *sh, const char *line);

/* Says why a line is no command at all. */
void shell_job_refuse(struct shell *sh, const char *why);

/* Lets the command go on: `ready` when its descriptor is readable. */
void shell_job_step(struct shell *sh, bool ready);

int64_t shell_job_deadline_ms(const struct shell *sh);

/* Ctrl-C: stops waiting, unless the supervisor of this process is ending with this command. */
void shell_job_interrupt(struct shell *sh);

/* Stops waiting without a word. */
void shell_job_drop(struct shell *sh);

#endif
