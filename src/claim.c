/* claim.c - see claim.h. */
#include "claim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_socket.h"
#include "log.h"
#include "pid_file.h"
#include "socket_path.h"

struct claim {
    struct control_socket *socket; /* NULL: none */
    char *pid_file;                /* NULL: none, or not written */
    int pid_fd;                    /* of it: holds its lock */
};

/* ---- the control socket ---- */

/* Says why there is no socket: on stderr where it was asked for, which is a failure, or else in the
 * log. */
static int no_socket(bool asked, int error, const char *why)
{
    if (!asked) {
        log_write(LOG_WARN, "no control socket: %s", why);
        return 0;
    }
    fprintf(stderr, "taskmaster: %s\n", why);
    return error;
}

static int take_socket_at(struct claim *claim, const char *path, bool asked,
                          const struct supervisor_config *config)
{
    struct control_socket_options options = {
        .path = path,
        .mode = config->socket_mode,
        .group = config->socket_group,
    };
    char *why = NULL;
    int error = control_socket_open(&options, &claim->socket, &why);
    if (error)
        error = no_socket(asked, error, why ? why : "out of memory");
    free(why);
    return error;
}

static int take_socket(struct claim *claim, const struct options *options,
                       const struct supervisor_config *config)
{
    const char *path = options->socket ? options->socket : config->socket;
    if (path)
        return take_socket_at(claim, path, true, config);
    if (options->mode != MODE_DAEMON && options->mode != MODE_FOREGROUND)
        return 0;
    bool asked = options->mode == MODE_DAEMON;
    char *place = NULL;
    int error = control_socket_default_path(&place);
    if (error)
        return no_socket(asked, error,
                         error == -ENOMEM ? "out of memory"
                                          : "XDG_RUNTIME_DIR does not say where to serve it; "
                                            "name a path with -s");
    error = take_socket_at(claim, place, asked, config);
    free(place);
    return error;
}

/* ---- the pid file ---- */

static int take_pid_file(struct claim *claim, const char *path)
{
    if (!path)
        return 0;
    char *copy = strdup(path);
    int error = copy ? pid_file_write(path, &claim->pid_fd) : -ENOMEM;
    if (error) {
        fprintf(stderr, "taskmaster: cannot write the pid file '%s': %s\n", path,
                error == -EEXIST  ? "something else is there"
                : error == -EBUSY ? "it is that of another supervisor, which runs"
                                  : strerrordesc_np(-error));
        free(copy);
        return error;
    }
    claim->pid_file = copy;
    return 0;
}

/* ---- all of it ---- */

/* The pid file last: where the socket is another's, so may be the pid file. */
int claim_take(const struct options *options, const struct supervisor_config *config,
               struct claim **out_claim)
{
    struct claim *claim = calloc(1, sizeof *claim);
    if (!claim) {
        fputs("taskmaster: out of memory\n", stderr);
        return -ENOMEM;
    }
    int error = take_socket(claim, options, config);
    if (!error)
        error = take_pid_file(claim, config->pid_file);
    if (error)
        claim_release(claim, false);
    else
        *out_claim = claim;
    return error;
}

struct control_socket *claim_socket(const struct claim *claim)
{
    return claim->socket;
}

void claim_release(struct claim *claim, bool in_use)
{
    if (!claim)
        return;
    int error = claim->pid_file ? pid_file_remove(claim->pid_file, claim->pid_fd) : 0;
    if (error)
        log_write(LOG_WARN, "the pid file '%s' stays: %s", claim->pid_file,
                  strerrordesc_np(-error));
    error = claim->socket ? control_socket_remove(claim->socket) : 0;
    if (error)
        log_write(LOG_WARN, "the socket '%s' stays: %s", control_socket_path(claim->socket),
                  strerrordesc_np(-error));
    if (in_use)
        return;
    control_socket_close(claim->socket);
    free(claim->pid_file);
    free(claim);
}
