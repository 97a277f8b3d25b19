/* vitals_parts.h - what vitals.c and vitals_notify.c share; for these two only. */
#ifndef VITALS_PARTS_H
#define VITALS_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "notify_socket.h"
#include "probe.h"
#include "vital_rules.h"
#include "vital_signs.h"

struct vitals {
    struct vital_state state;
    struct vital_signs signs;
    struct probe probe;
    int socket; /* -1: none */
    uint64_t socket_watch;
    bool stranger_logged; /* once for each life of the process */
    bool main_pid_logged;
    atomic_bool noted; /* a note is on its way */
    char socket_name[NOTIFY_SOCKET_NAME_BYTES];
};

/* Does what the rules say, and has the state machine take a step if they say so. */
void vitals_act(struct instance *in, unsigned actions);

/* Why the last probe failed: the text is the instance's then; NULL: nobody knows. */
void vitals_note_failure(struct instance *in, char *reason);

void vitals_log(const struct instance *in, enum log_level level, const char *what,
                const char *more);

/* The hook of everything that is watched for `in`, the `arg`. */
void vitals_on_news(void *arg, int64_t now_ms);

/* A socket for the next process. 0 or a negative errno. */
int vitals_open_socket(struct instance *in) __attribute__((warn_unused_result));
void vitals_close_socket(struct instance *in); /* none is fine */

/* Takes what was sent. */
void vitals_read_socket(struct instance *in);

#endif
