/* call.h - what a command's functions see of a call: internal to the command layer.
 *
 * A row of the table names a `begin` function. It prints and finishes, or it sets up how the call
 * goes on: the reply it waits for, and in `ops` what is done with each answer, at each wake-up
 * and at the end. Whatever a family of commands remembers between two runs hangs on `state`.
 *
 * Everything here runs on the call's own thread, but for call_wake(). */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "command.h"
#include "manager.h"
#include "render.h"
#include "reply.h"

/* Options, as bits of the rows that take them. */
enum {
    OPT_WAIT = 1 << 0,
    OPT_TIMEOUT = 1 << 1,
    OPT_VERBOSE = 1 << 2,
    OPT_JSON = 1 << 3,
    OPT_FOLLOW = 1 << 4,
    OPT_STDERR = 1 << 5,
    OPT_DRY_RUN = 1 << 6,
    OPT_FORCE = 1 << 7,
    OPT_ROLLING = 1 << 8,
    OPT_HELP = 1 << 9, /* every command takes it */
};

struct command_options {
    unsigned given;     /* OPT_ bits */
    int64_t timeout_ms; /* with OPT_TIMEOUT */
    char **operands;    /* the words that are no options; the words themselves are not owned */
    size_t operand_count;
};

#define ANY_NUMBER SIZE_MAX

struct command {
    struct command_info info;
    const char *details; /* more lines for `help COMMAND` */
    unsigned options;
    size_t min_operands;
    size_t max_operands;
    enum command_end ends;
    bool follows;              /* even without -f */
    enum request_kind request; /* for functions that serve several rows */
    void (*begin)(struct call *call, FILE *out);
};

/* How a call goes on after it has begun. Each may be NULL. */
struct call_ops {
    /* An answer has come; pointers that are taken out of it are to be set to NULL. */
    void (*answer)(struct call *call, struct answer *answer, FILE *out);
    /* At each run, after all answers. */
    void (*step)(struct call *call, FILE *out);
    char *(*waiting_for)(const struct call *call);
    void (*release)(struct call *call); /* of `state` */
};

struct call {
    struct command_env env;
    struct command_style style;
    char **words;
    size_t word_count;
    const struct command *command; /* NULL: unknown, or no words at all */
    struct command_options options;

    int epoll_fd;
    int event_fd; /* in epoll_fd */
    bool begun;
    bool done;
    int exit_status;
    int64_t deadline_ms;

    /* manager_post() and loader_post(); a test puts its own in their place. */
    int (*post)(struct manager *manager, struct request *request);
    int (*post_reload)(struct loader *loader, struct reply *reply, bool dry_run);

    struct reply *reply; /* NULL: nothing was asked */
    const struct call_ops *ops;
    void *state;
};

/* Makes call_fd() readable. Any thread while the call lives; never waits. For hooks: arg is the
 * call. */
void call_wake(void *arg);

/* The call is over, with this exit status. */
void call_finish(struct call *call, int exit_status);

/* How what it says is to look. */
struct render_style call_style(const struct call *call);

/* Prints a complaint; the call goes on. */
void call_complain(struct call *call, FILE *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what `error` (a negative errno of posting, or -ENOMEM) means here, and finishes. */
void call_refuse(struct call *call, FILE *out, int error);

/* Says that there is no such command, and finishes. */
void call_refuse_unknown(struct call *call, FILE *out, const char *name);

/* Prints "NAME: PROBLEM" and the usage line, and finishes with EXIT_USAGE. */
void call_usage_error(struct call *call, FILE *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes a reply that wakes the call. 0 with *out_reply to reply_leave(), and with one share of it
 * for whoever is to answer; or -ENOMEM. */
int call_open_reply(struct call *call, struct reply **out_reply)
    __attribute__((warn_unused_result));

/* Gives back that share, which nobody took. */
void call_return_share(struct reply *reply);

/* Posts a copy of `request` (its reply is made here) with the call's wake-up as hook.
 * 0 with *out_reply to reply_leave(); -EPIPE, -EAGAIN or -ENOMEM. */
int call_post(struct call *call, const struct request *request, struct reply **out_reply)
    __attribute__((warn_unused_result));

/* Asks for snapshots of the operands (all instances, where there are none) and has show() called
 * with them once. A target that names nothing is said and makes the exit status EXIT_FAILED.
 * show() has to finish the call, or to set other ops; it may take the items, and leave none. */
typedef void call_show(struct call *call, struct snapshot_set *set, FILE *out);
void call_ask(struct call *call, FILE *out, char **targets, size_t count, bool history,
              call_show *show);

/* Sorts words into options and operands for `command`. 0 with *out_options, which is to be
 * released with command_options_release(); -ENOMEM; or -EINVAL with *out_problem (to free()). */
int command_options_parse(const struct command *command, size_t count, char *const *words,
                          struct command_options *out_options, char **out_problem)
    __attribute__((warn_unused_result));
void command_options_release(struct command_options *options);

/* Is --json among the words? For complaints about the others too, so before they are sorted. */
bool command_options_ask_json(size_t count, char *const *words);

const struct command *command_find(const char *name); /* NULL: there is none */

/* Prints `usage: start TARGET... [--wait]`. */
void command_print_usage(const struct command *command, FILE *out);

/* Explains a command. 0 or -ENOMEM. */
int command_print_help(const struct command *command, bool json, FILE *out);

/* The begin functions of the table. */
void command_change(struct call *call, FILE *out);  /* start, stop, restart: row.request */
void command_rolling(struct call *call, FILE *out); /* restart --rolling */
void command_signal(struct call *call, FILE *out);
void command_shutdown(struct call *call, FILE *out);
void command_reload(struct call *call, FILE *out);
void command_status(struct call *call, FILE *out);
void command_pid(struct call *call, FILE *out);
void command_describe(struct call *call, FILE *out);
void command_logs(struct call *call, FILE *out);
void command_events(struct call *call, FILE *out);
void command_help(struct call *call, FILE *out);
void command_names(struct call *call, FILE *out);
void command_news(struct call *call, FILE *out);

#endif
