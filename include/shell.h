/* shell.h - the interactive shell, and the reader of commands from a pipe: a thread that waits in
 * poll() for its input, for the command under way, for news, and for what main forwards to it. The
 * supervisor has one, and so has its client: only their sessions differ. */
#ifndef SHELL_H
#define SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

struct shell;

struct shell_options {
    const struct session *session; /* carries out the commands; outlives the shell */
    /* Where output that has to share the terminal comes from, or -1: whole lines that can be read
     * there are printed above the line being typed. Stays the caller's. */
    int above_fd;
    /* on_end(arg) is called once, on the shell's thread, when its input has ended or `exit` was
     * given and the shutdown it asked for can be left to the program; it must not block. */
    void (*on_end)(void *arg);
    void *arg;
};

/* Starts the shell on stdin and stdout: with readline where stdin is a terminal, plain lines
 * otherwise. 0 or a negative errno. */
int shell_start(const struct shell_options *options, struct shell **out_shell)
    __attribute__((warn_unused_result));

/* How the last command that failed did so, or EXIT_DONE; on a terminal that is the user's to see,
 * and it is always EXIT_DONE. Any thread. */
int shell_exit_status(const struct shell *shell);

/* How output is to look now, from what stdout is. Any thread. */
struct command_style shell_style(void);

/* Passes a signal on: SIGINT, SIGWINCH, SIGCONT, SIGTSTP. Any thread; never waits. */
void shell_signal(struct shell *shell, int signo);

/* Has stdin gone away (the terminal was hung up)? Any thread. */
bool shell_input_hung_up(const struct shell *shell);

/* Tells the shell to end, and does not wait for it: for a program that ends several things at once.
 * Any thread. NULL is fine. */
void shell_tell_stop(struct shell *shell);

/* Tells the shell to end, waits until deadline_ms, and restores the terminal in either case. 0, and
 * the shell is freed; or -ETIMEDOUT: a hung disk has it, it goes on using what it was given, and
 * only the end of the process ends it. NULL is fine. */
int shell_stop(struct shell *shell, int64_t deadline_ms);

/* Restores the terminal; async-signal-safe, for the handler of a crash. */
void shell_restore_terminal(void);

#endif
