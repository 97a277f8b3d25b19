/* fronts.h - what users reach a running supervisor through: the shell, the control server, and the
 * loader that these ask for a reload. Belongs to the main thread. */
#ifndef FRONTS_H
#define FRONTS_H

#include <stdbool.h>

#include "command.h"
#include "session.h"

struct control_socket;
struct server;
struct shell;

struct fronts {
    struct command_env commands;
    struct session session; /* the shell's */
    struct loader *loader;
    struct server *server; /* NULL: none */
    struct shell *shell;   /* NULL: none */
};

struct fronts_options {
    const char *config_path; /* stays the caller's, to the end of the process */
    bool shell;
    int above_fd;                  /* see shell.h; -1: none */
    struct control_socket *socket; /* NULL: nothing is served */
    /* Somebody wants the program to end: the input of the shell has ended, or a command said so.
     * Called on the thread of either, and possibly of both; must not block. */
    void (*on_end)(void *arg);
    void *arg;
};

/* Starts them; of *commands, the loader and the errands are set here. *fronts, all zero before,
 * must not move. 0 or a negative errno that has been said on stderr; what was started until then is
 * to be ended with fronts_end() all the same. */
int fronts_start(const struct fronts_options *options, const struct command_env *commands,
                 struct fronts *fronts) __attribute__((warn_unused_result));

/* Tells all of them to end, and waits for a second at most. True if they have ended; else a hung
 * disk has one of them, which goes on using what it was given, to the end of the process. */
bool fronts_end(struct fronts *fronts);

#endif
