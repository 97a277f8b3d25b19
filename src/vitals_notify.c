/* vitals_notify.c - what a task says about itself: the notify socket of one instance. */
#include "vitals_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "instance.h"

/* Messages that are taken before something else gets its turn. */
#define MESSAGES_AT_ONCE 32

static uid_t user_of(const struct instance *in)
{
    const struct config_user *user = &in->id->task->user;
    return user->text ? user->uid : geteuid();
}

static void log_stranger(struct instance *in, const struct ucred *sender)
{
    char who[64];
    if (in->vitals->stranger_logged)
        return;
    in->vitals->stranger_logged = true;
    snprintf(who, sizeof who, "%d of user %u", (int)sender->pid, (unsigned)sender->uid);
    vitals_log(in, LOG_WARN, "messages for it are ignored, from process ", who);
}

/* While it is starting it may ask for more time than was configured. */
static void extend(struct instance *in, int64_t extend_ms)
{
    int64_t ready_ms = clock_ms() + extend_ms - in->fsm.since_ms;
    if (in->vitals->state.phase == VITAL_STARTING && in->policy.ready_ms > 0 &&
        ready_ms > in->policy.ready_ms)
        in->policy.ready_ms = ready_ms;
}

static void take_notice(struct instance *in, const struct notice *notice)
{
    struct vitals *v = in->vitals;
    if (notice->has_status) {
        free(v->signs.status);
        v->signs.status = *notice->status ? strdup(notice->status) : NULL;
    }
    v->signs.stopping |= notice->stopping;
    if (notice->extend_ms >= 0)
        extend(in, notice->extend_ms);
    if (notice->main_pid && !v->main_pid_logged) {
        v->main_pid_logged = true;
        vitals_log(in, LOG_INFO,
                   "MAINPID= is ignored: its main process is the one that was started", NULL);
    }
    if (notice->watchdog == NOTICE_TRIGGER && v->state.phase == VITAL_RUNNING &&
        in->id->task->health.kind == PROBE_WATCHDOG)
        vitals_note_failure(in, strdup("it said WATCHDOG=trigger"));
}

void vitals_read_socket(struct instance *in)
{
    struct vitals *v = in->vitals;
    for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
        struct notice notice;
        struct ucred sender;
        int error = notify_socket_take(v->socket, user_of(in), &notice, &sender);
        if (error == -EPERM) {
            log_stranger(in, &sender);
        } else if (!error) {
            take_notice(in, &notice);
            vitals_act(in, vital_told(&v->state, in->id->task, &notice, clock_ms()));
        } else if (error != -EBADMSG) {
            break; /* -EAGAIN: that was all */
        }
    }
    if (watcher_rearm(in->env->watcher, v->socket, v->socket_watch, EPOLLIN))
        vitals_log(in, LOG_ERROR, "its notify socket cannot be watched any more", NULL);
}

void vitals_close_socket(struct instance *in)
{
    struct vitals *v = in->vitals;
    if (v->socket < 0)
        return;
    watcher_remove(in->env->watcher, v->socket, v->socket_watch);
    close(v->socket);
    v->socket = -1;
}

int vitals_open_socket(struct instance *in)
{
    struct vitals *v = in->vitals;
    int error = notify_socket_open(&v->socket, v->socket_name);
    if (error)
        return error;
    error = watcher_add(in->env->watcher, v->socket, EPOLLIN, vitals_on_news, in, &v->socket_watch);
    if (error) {
        close(v->socket);
        v->socket = -1;
    }
    return error;
}
