/* published.c - see published.h. */
#include "published.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "spawn.h"

void published_init(struct published *p, struct identity *id, const struct fsm *fsm)
{
    *p = (struct published){
        .now = { .id = identity_ref(id),
                 .state = fsm->state,
                 .since_ms = fsm->since_ms,
                 .next_ms = INT64_MAX },
        .door = SPAWN_DOOR_CLOSED,
    };
    pthread_mutex_init(&p->lock, NULL);
}

void published_release(struct published *p)
{
    snapshot_release(&p->now);
    for (size_t i = 0; i < p->history_room; i++)
        free(p->history[i].detail);
    free(p->history);
    pthread_mutex_destroy(&p->lock);
}

/* ---- the history; with the lock held ---- */

static void grow_history(struct published *p)
{
    size_t room = p->history_room ? p->history_room * 2 : 2;
    struct change *history = realloc(p->history, room * sizeof *history);
    if (!history)
        return;
    memset(history + p->history_room, 0, (room - p->history_room) * sizeof *history);
    p->history = history;
    p->history_room = room;
}

/* Before the ring has its full size it never wraps, so growing it is appending to it. */
static void add_history(struct published *p, const struct change *change)
{
    if (p->history_count == p->history_room && p->history_room < HISTORY_MAX)
        grow_history(p);
    if (!p->history_room)
        return;
    if (p->history_count == p->history_room) {
        p->history_first = (p->history_first + 1) % p->history_room;
        p->history_count--;
    }
    size_t at = (p->history_first + p->history_count) % p->history_room;
    free(p->history[at].detail);
    p->history[at] = *change;
    p->history[at].id = NULL;
    p->history[at].detail = change->detail ? strdup(change->detail) : NULL;
    p->history_count++;
}

static void copy_history(const struct published *p, struct snapshot *out)
{
    out->history = calloc(p->history_count ? p->history_count : 1, sizeof *out->history);
    if (!out->history)
        return;
    for (size_t i = 0; i < p->history_count; i++) {
        out->history[i] = p->history[(p->history_first + i) % p->history_room];
        if (out->history[i].detail)
            out->history[i].detail = strdup(out->history[i].detail);
    }
    out->history_count = p->history_count;
}

/* ---- what is seen ---- */

void published_set(struct published *p, struct identity *id, const struct fsm *fsm, int64_t next_ms,
                   const struct change *change)
{
    char *detail = change->detail ? strdup(change->detail) : NULL;
    struct identity *old_id = NULL;
    pthread_mutex_lock(&p->lock);
    struct snapshot *now = &p->now;
    if (now->id != id) {
        old_id = now->id;
        now->id = identity_ref(id);
    }
    char *old_detail = now->detail;
    now->detail = detail;
    now->state = fsm->state;
    now->wanted = fsm_is_wanted(fsm);
    p->launched = fsm->launched;
    now->pid = change->pid;
    now->why = fsm->why;
    now->since_ms = fsm->since_ms;
    now->up_ms = fsm->up_ms;
    now->next_ms = next_ms;
    now->restarts = fsm->restarts;
    now->failures = fsm->failures;
    if (fsm->exits != p->exits_seen)
        now->exit_wall_ms = change->wall_ms;
    p->exits_seen = fsm->exits;
    now->exit = fsm->exit;
    if (change->from != change->to)
        add_history(p, change);
    pthread_mutex_unlock(&p->lock);
    free(old_detail);
    identity_unref(old_id);
}

void published_set_kill(struct published *p, bool cgroup)
{
    pthread_mutex_lock(&p->lock);
    p->now.cgroup = cgroup;
    pthread_mutex_unlock(&p->lock);
}

void published_set_vitals(struct published *p, struct vital_signs *vitals)
{
    pthread_mutex_lock(&p->lock);
    struct vital_signs *old = p->now.vitals;
    p->now.vitals = vitals;
    pthread_mutex_unlock(&p->lock);
    vital_signs_free(old);
}

enum state published_state(struct published *p)
{
    pthread_mutex_lock(&p->lock);
    enum state state = p->now.state;
    pthread_mutex_unlock(&p->lock);
    return state;
}

void published_count_order(struct published *p)
{
    pthread_mutex_lock(&p->lock);
    p->orders++;
    pthread_mutex_unlock(&p->lock);
}

void published_standing(struct published *p, struct standing *out, unsigned long *out_orders)
{
    pthread_mutex_lock(&p->lock);
    *out = (struct standing){ .state = p->now.state,
                              .why = p->now.why.why,
                              .launched = p->launched,
                              .wanted = p->now.wanted };
    *out_orders = p->orders;
    pthread_mutex_unlock(&p->lock);
}

void published_get(struct published *p, bool history, struct snapshot *out)
{
    pthread_mutex_lock(&p->lock);
    *out = p->now;
    identity_ref(out->id);
    if (out->detail)
        out->detail = strdup(out->detail);
    out->vitals = vital_signs_copy(out->vitals);
    if (history)
        copy_history(p, out);
    pthread_mutex_unlock(&p->lock);
}

/* ---- the door ---- */

atomic_int *published_open_door(struct published *p)
{
    pthread_mutex_lock(&p->lock);
    p->spawning_since_ms = clock_ms();
    pthread_mutex_unlock(&p->lock);
    return &p->door;
}

int published_close_door(struct published *p)
{
    pthread_mutex_lock(&p->lock);
    p->spawning_since_ms = 0;
    int pidfd = atomic_exchange(&p->door, SPAWN_DOOR_CLOSED);
    pthread_mutex_unlock(&p->lock);
    return pidfd;
}

void published_unstick(struct published *p, int64_t since_ms)
{
    pthread_mutex_lock(&p->lock);
    int pidfd = atomic_load(&p->door);
    if (p->spawning_since_ms && p->spawning_since_ms <= since_ms && pidfd >= 0)
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    pthread_mutex_unlock(&p->lock);
}
