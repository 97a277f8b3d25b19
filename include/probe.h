/* probe.h - one probe of an instance's readiness or health: a command that is run, or a connection
 * that is made.
 *
 * Belongs to the monitor's thread, which starts, kills and reaps the command's process, as it does
 * with the instance's own. Nothing here waits, but for the exec. A hook is called, on other
 * threads, each time that probe_look() may have something to say. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#include "tcp_probe.h"
#include "vital_rules.h"

struct instance;

struct probe {
    enum probe_kind kind;     /* of the one under way; PROBE_NONE: there is none */
    enum vital_result result; /* of one that is over before it could begin */
    char *reason;             /* the same: why it failed */
    pid_t pid;                /* EXEC; 0: none */
    int pidfd;
    uint64_t watch;
    struct tcp_probe tcp;
    char *endpoint; /* TCP: HOST:PORT */
};

/* Begins what `asked` says, for `in`; none may be under way. */
void probe_start(struct probe *probe, struct instance *in, const struct config_probe *asked,
                 watcher_hook *hook, void *arg);

/* True: the one under way has ended and nothing is left of it; *out_reason says why it failed: a
 * text to free(), or NULL. */
bool probe_look(struct probe *probe, struct instance *in, enum vital_result *out_result,
                char **out_reason);

/* Sees to it that the one under way ends. */
void probe_kill(struct probe *probe);

#endif
