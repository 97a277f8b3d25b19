/* command.h - the commands of the shell, each one row and one function, as calls that never block.
 *
 * A front starts a call, waits in its own poll() for call_fd() to become readable (or for
 * call_deadline_ms()), lets it run, and writes what it printed. So a front can at any time drop a
 * call that waits: call_free() loses interest and cancels nothing.
 *
 * A call belongs to one thread. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct manager;
struct loader;
struct journal;
struct errands;
struct call;

/* Exit statuses of a command; the last one is a client's own. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_RUNNING = 3, EXIT_NO_ANSWER = 4 };

/* What commands work on; outlives all calls. */
struct command_env {
    struct manager *manager;
    struct loader *loader;
    struct journal *journal;
    struct errands *errands;  /* of calls that read files */
    char *const *environment; /* the supervisor's, for paths of logs */
};

/* How a call's output is to look. */
struct command_style {
    bool colour;
    bool json; /* structured: one JSON object a line, and nothing else */
    int width; /* of the terminal in columns; 0: no terminal, nothing is cut */
};

/* One row of the command table, for help, completion and the README. */
struct command_info {
    const char *name;
    const char *arguments; /* "TARGET... [--wait] [--timeout DURATION]" */
    const char *help;      /* one line */
    bool takes_targets;
    bool hidden; /* for programs: left out of help, completion and the README */
};
size_t command_count(void);
const struct command_info *command_at(size_t index);

/* Splits a line into words, quotes as in sh. 0 with *out_words (NULL-terminated) to
 * command_words_free(); -EINVAL for an open quote, -ENOMEM. */
int command_split(const char *line, char ***out_words, size_t *out_count)
    __attribute__((warn_unused_result));
void command_words_free(char **words);

/* What a front that sends the words elsewhere has to know of them itself. Words that are bad usage
 * are none of it. */
bool command_follows(size_t count, char *const *words); /* goes on for ever, as -f does */

bool command_changes(size_t count, char *const *words); /* more than what is known of something */

bool command_is_help(size_t count, char *const *words); /* needs no supervisor */

/* Whether it ends something: the shell (`exit`), or the supervisor too (`shutdown`). */
enum command_end { ENDS_NOTHING, ENDS_SHELL, ENDS_SUPERVISOR };
enum command_end command_ends(size_t count, char *const *words);

/* Starts a command; an unknown one or wrong arguments make a call that says so when it runs.
 * A call to call_free(), or NULL when out of memory. */
struct call *call_new(const struct command_env *env, const struct command_style *style,
                      size_t count, char *const *words);

/* Becomes readable when call_run() has something to do. */
int call_fd(const struct call *call);

/* When call_run() is to be called at the latest, or INT64_MAX. */
int64_t call_deadline_ms(const struct call *call);

/* Prints to `out` what there is to print; never blocks. True when the call has finished, with its
 * exit status (section 1 of --help) in *out_exit. To be called once right after call_new(). */
bool call_run(struct call *call, FILE *out, int *out_exit);

/* Does it go on for ever (-f)? */
bool call_follows(const struct call *call);

/* A sentence for a user who waits: "waiting for web_1, web_2 to stop"; NULL: nothing to say.
 * A string to free(). */
char *call_waiting_for(const struct call *call);

void call_free(struct call *call); /* NULL is fine */

#endif
