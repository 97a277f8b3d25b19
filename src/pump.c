/* pump.c - see pump.h: beginning and end, and what others tell the thread. */
#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utlist.h>

#include "chan/waitgroup.h"
#include "clock.h"
#include "log.h"
#include "pump_state.h"

#define LOG_MODE 0640
#define LEAVE_MS 250 /* for the thread to end after its deadline */

/* ---- beginning and end ---- */

static void wake(void *arg)
{
    struct pump *p = arg;
    if (!atomic_exchange(&p->woken, true))
        eventfd_write(p->wake_fd, 1);
}

static void release(struct pump *p)
{
    struct pump_works *w = &p->works;
    for (uint32_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].source)
            pump_source_free(w, p->slots[i].source);
    if (p->own)
        pump_dest_leave(w, p->own);
    for (size_t i = 0; i < 2; i++)
        if (w->standard[i])
            pump_dest_leave(w, w->standard[i]);
    if (w->syslog)
        pump_dest_leave(w, w->syslog);
    if (w->epoll_fd >= 0)
        close(w->epoll_fd);
    if (p->wake_fd >= 0)
        close(p->wake_fd);
    waitgroup_free(p->running);
    pthread_mutex_destroy(&p->lock);
    free(w->buffer);
    free(w->composed);
    free(p->line);
    free(p->slots);
    free(p);
}

static int make_parts(struct pump *p)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = PUMP_WAKE_EVENT };
    p->works.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->works.epoll_fd < 0 || p->wake_fd < 0 ||
        epoll_ctl(p->works.epoll_fd, EPOLL_CTL_ADD, p->wake_fd, &event) < 0)
        return -errno;
    p->running = waitgroup_new();
    p->works.buffer = malloc(PUMP_BUFFER_BYTES);
    p->works.composed = malloc(PUMP_COMPOSE_BYTES);
    return p->running && p->works.buffer && p->works.composed ? 0 : -ENOMEM;
}

static int open_log(struct pump *p, const struct pump_options *options)
{
    if (!options->log_path) {
        p->own = p->works.standard[1];
        p->own->users++;
        p->own->own = true;
        return 0;
    }
    int error = 0;
    struct pump_dest *fresh = pump_dest_new(options->log_path, LOG_MODE, options->log_max_bytes,
                                            options->log_backups, true);
    if (!fresh)
        return -ENOMEM;
    p->own = pump_dest_share(&p->works, fresh, &error);
    p->own->own = true;
    return error;
}

static int open_dests(struct pump *p, const struct pump_options *options)
{
    struct pump_works *w = &p->works;
    w->now_ms = clock_ms();
    w->tell_ms = INT64_MAX;
    w->syslog_path = options->syslog_path ? options->syslog_path : "/dev/log";
    w->standard[0] = pump_dest_of_fd(w, options->stdout_fd, "stdout", options->colour_stdout);
    w->standard[1] = pump_dest_of_fd(w, options->stderr_fd, "stderr", options->colour_stderr);
    w->syslog = pump_dest_of_syslog(w);
    if (!w->standard[0] || !w->standard[1] || !w->syslog)
        return -ENOMEM;
    return open_log(p, options);
}

int pump_new(const struct pump_options *options, struct pump **out_pump)
{
    struct pump *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    p->works.epoll_fd = p->wake_fd = -1;
    p->first_free = PUMP_NO_SLOT;
    pthread_mutex_init(&p->lock, NULL);
    int error = make_parts(p);
    if (!error)
        error = open_dests(p, options);
    if (!error) {
        waitgroup_add(p->running, 1);
        error = -pthread_create(&p->thread, NULL, pump_main, p);
    }
    if (error) {
        release(p);
        return error;
    }
    log_attach(wake, p);
    wake(p); /* for what was logged before */
    *out_pump = p;
    return 0;
}

int pump_end(struct pump *p, int64_t deadline_ms)
{
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    p->end_ms = deadline_ms;
    pthread_mutex_unlock(&p->lock);
    wake(p);
    int error = waitgroup_wait(p->running, deadline_ms + LEAVE_MS);
    log_attach(NULL, NULL);
    if (error) {
        pthread_detach(p->thread); /* in a write that a disk does not end; so all stays */
        return error;
    }
    pthread_join(p->thread, NULL);
    return 0;
}

int pump_free(struct pump *p, int64_t deadline_ms)
{
    int error = p ? pump_end(p, deadline_ms) : 0;
    if (p && !error)
        release(p);
    return error;
}

/* ---- what others call ---- */

int pump_open(struct pump *p, const struct pump_target *target, int *out_write_fd,
              uint64_t *out_source)
{
    int fds[2];
    struct pump_source *s;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    int error = fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
    if (!error)
        error = pump_source_new(target, fds[0], &s);
    if (error)
        goto close_pipe;
    pthread_mutex_lock(&p->lock);
    error = pump_add(p, s);
    if (!error) {
        DL_APPEND2(p->fresh, s, due_prev, due_next);
        *out_write_fd = fds[1];
        *out_source = s->number;
    }
    pthread_mutex_unlock(&p->lock);
    if (!error) {
        wake(p);
        return 0;
    }
    pump_source_discard(s);
close_pipe:
    close(fds[0]);
    close(fds[1]);
    return error;
}

void pump_ask(struct pump *p, struct pump_question *q, const uint64_t sources[2], pump_hook *hook,
              void *arg)
{
    pthread_mutex_lock(&p->lock);
    q->open = false;
    q->sources[0] = sources[0];
    q->sources[1] = sources[1];
    q->hook = hook;
    q->arg = arg;
    atomic_store(&q->asked, true);
    DL_APPEND(p->asked, q);
    pthread_mutex_unlock(&p->lock);
    wake(p);
}

void pump_cancel(struct pump *p, struct pump_question *q)
{
    pthread_mutex_lock(&p->lock);
    if (atomic_load(&q->asked) && q->open)
        DL_DELETE(p->open, q);
    else if (atomic_load(&q->asked))
        DL_DELETE(p->asked, q);
    atomic_store(&q->asked, false);
    pthread_mutex_unlock(&p->lock);
}

void pump_reopen(struct pump *p)
{
    pthread_mutex_lock(&p->lock);
    p->reopen = true;
    pthread_mutex_unlock(&p->lock);
    wake(p);
}
