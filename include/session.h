/* session.h - where a shell has its commands carried out: in this process (session_local.h), or by
 * a supervisor at the other end of a socket (session_remote.h). A shell knows nothing else.
 *
 * A session is shared by the calls of one thread; calls belong to that thread. Nothing here ever
 * blocks. A call offers what command.h's does, under the same rules. */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "command.h"

/* What a kind of session does; `call` is what its start() returned. */
struct session_ops {
    void *(*start)(void *arg, const struct command_style *style, size_t count, char *const *words);
    int (*fd)(const void *call);
    int64_t (*deadline_ms)(const void *call);
    bool (*run)(void *call, FILE *out, int *out_exit);
    bool (*follows)(const void *call);
    char *(*waiting_for)(const void *call);
    void (*free)(void *call);
};

struct session {
    const struct session_ops *ops;
    void *arg;
    bool remote; /* somebody else's supervisor: the shell may end and leave it alone */
};

struct session_call;

/* Starts a command; what prevents it is said when it runs. To session_call_free(), or NULL when
 * out of memory. */
struct session_call *session_start(const struct session *session, const struct command_style *style,
                                   size_t count, char *const *words);

/* Becomes readable when session_call_run() has something to do. */
int session_call_fd(const struct session_call *call);

/* When session_call_run() is to be called at the latest, or INT64_MAX. */
int64_t session_call_deadline_ms(const struct session_call *call);

/* Prints to `out` what there is to print. True when the command is over, with its exit status in
 * *out_exit. To be called once right after session_start(). */
bool session_call_run(struct session_call *call, FILE *out, int *out_exit);

/* Does it go on for ever (-f)? */
bool session_call_follows(const struct session_call *call);

/* "waiting for web_1 to stop", a string to free(); NULL: nothing to say. */
char *session_call_waiting_for(const struct session_call *call);

/* Loses interest; nothing is cancelled. NULL is fine. */
void session_call_free(struct session_call *call);

#endif
