/* claim.c - see claim.h. */
#include "claim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pid_file.h"

struct claim {
    char *pid_file; /* NULL: none, or not written */
};

static int take_pid_file(struct claim *claim, const char *path)
{
    if (!path)
        return 0;
    char *copy = strdup(path);
    int error = copy ? pid_file_write(path) : -ENOMEM;
    if (error) {
        fprintf(stderr, "taskmaster: cannot write the pid file '%s': %s\n", path,
                error == -EEXIST ? "something else is there" : strerrordesc_np(-error));
        free(copy);
        return error;
    }
    claim->pid_file = copy;
    return 0;
}

int claim_take(const struct options *options, const struct supervisor_config *config,
               struct claim **out_claim)
{
    struct claim *claim = calloc(1, sizeof *claim);
    if (!claim) {
        fputs("taskmaster: out of memory\n", stderr);
        return -ENOMEM;
    }
    (void)options;
    int error = take_pid_file(claim, config->pid_file);
    if (error)
        claim_release(claim);
    else
        *out_claim = claim;
    return error;
}

void claim_release(struct claim *claim)
{
    if (!claim)
        return;
    if (claim->pid_file)
        pid_file_remove(claim->pid_file);
    free(claim->pid_file);
    free(claim);
}
