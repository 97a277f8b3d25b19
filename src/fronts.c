/* fronts.c - see fronts.h. */
#include "fronts.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "errand.h"
#include "loader.h"
#include "server.h"
#include "session_local.h"
#include "shell.h"

/* Fronts have no work of their own to finish. */
#define PATIENCE_MS 1000
/* So many calls may have been given up on disks that hang; each has a thread. */
#define ERRANDS_LEFT_MAX 64

static int complain(const char *what, int error)
{
    fprintf(stderr, "taskmaster: cannot %s: %s\n", what, strerrordesc_np(-error));
    return error;
}

static int start_shell(const struct fronts_options *options, struct fronts *fronts)
{
    const struct shell_options shell = {
        .session = &fronts->session,
        .above_fd = options->above_fd,
        .on_end = options->on_end,
        .arg = options->arg,
    };
    session_local_init(&fronts->session, &fronts->commands);
    return shell_start(&shell, &fronts->shell);
}

int fronts_start(const struct fronts_options *options, const struct command_env *commands,
                 struct fronts *fronts)
{
    struct command_env *env = &fronts->commands;
    *env = *commands;
    env->errands = errands_new(ERRANDS_LEFT_MAX);
    if (!env->errands)
        return complain("start", -ENOMEM);
    int error = loader_new(options->config_path, env->environment, env->manager, &fronts->loader);
    if (error)
        return complain("make a thread", error);
    env->loader = fronts->loader;
    if (options->socket)
        error = server_start(env, options->socket, options->on_end, options->arg, &fronts->server);
    if (error)
        return complain("serve the control socket", error);
    if (options->shell)
        error = start_shell(options, fronts);
    return error ? complain("start the shell", error) : 0;
}

bool fronts_end(struct fronts *fronts)
{
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    shell_tell_stop(fronts->shell);
    server_tell_stop(fronts->server);
    int shell = shell_stop(fronts->shell, deadline_ms);
    int server = server_stop(fronts->server, deadline_ms);
    bool ended = shell == 0 && server == 0;
    /* The loader last: the others may be about to ask it for something. */
    if (ended)
        ended = loader_free(fronts->loader, deadline_ms) == 0;
    if (ended)
        errands_free(fronts->commands.errands); /* of those under way, nobody waits for any */
    fronts->shell = NULL;
    fronts->server = NULL;
    fronts->commands.errands = NULL;
    fronts->loader = NULL; /* all else is still used by what did not end */
    return ended;
}
