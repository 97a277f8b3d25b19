/* pump_loop.c - see pump_state.h: the pump's thread.
 *
 * A round: epoll says which pipes have something; each is read once, so that none keeps the others
 * waiting; streams are flushed; questions are answered. Where a stream had no room, what waited
 * for it comes first in the next round: the supervisor's own log, then the pipes in turn. Deadlines
 * exist only while something waits for them: an idle pump is never woken. */
#include "pump_state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <utlist.h>

#include "chan/waitgroup.h"
#include "log.h"

#define EVENTS_AT_ONCE 64
#define LOG_LINES_AT_ONCE 256

/* ---- questions ---- */

static void open_question(struct pump *p, struct pump_question *q)
{
    for (size_t i = 0; i < 2; i++) {
        struct pump_source *s = pump_find(p, q->sources[i]);
        if (!s)
            continue;
        pump_source_ask(&p->works, s, false);
        q->read_to[i] = s->read_to;
        q->written_to[i] = UINT64_MAX;
    }
    DL_DELETE(p->asked, q);
    DL_APPEND(p->open, q);
    q->open = true;
}

static bool is_answered(const struct pump *p, struct pump_question *q)
{
    for (size_t i = 0; i < 2; i++) {
        const struct pump_source *s = pump_find(p, q->sources[i]);
        if (!s)
            continue;
        if (!s->dest || pump_source_given(s) < q->read_to[i])
            return false;
        if (s->dest->kind == PUMP_DEST_FILE)
            continue;
        if (q->written_to[i] == UINT64_MAX)
            q->written_to[i] = s->queued_to;
        if (s->dest->stream.left < q->written_to[i])
            return false;
    }
    return true;
}

/* The question is over before its hook runs: its asker may then be gone. */
static void answer(struct pump *p)
{
    struct pump_question *q = NULL, *next;
    pthread_mutex_lock(&p->lock);
    DL_FOREACH_SAFE (p->open, q, next) {
        if (!is_answered(p, q))
            continue;
        pump_hook *hook = q->hook;
        void *arg = q->arg;
        DL_DELETE(p->open, q);
        atomic_store(&q->asked, false);
        hook(arg);
    }
    pthread_mutex_unlock(&p->lock);
}

/* ---- the thread ---- */

static void begin_to_end(struct pump *p)
{
    p->told_to_end = true;
    for (uint32_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].source)
            pump_source_ask(&p->works, p->slots[i].source, true);
}

/* What there is to do. Returns whether files are to be opened anew. */
static bool collect(struct pump *p, const struct epoll_event *events, int count)
{
    struct pump_source *s = NULL, *next;
    pthread_mutex_lock(&p->lock);
    DL_FOREACH_SAFE2 (p->fresh, s, next, due_next) {
        DL_DELETE2(p->fresh, s, due_prev, due_next);
        pump_source_due(&p->works, s);
    }
    for (int i = 0; i < count; i++) {
        eventfd_t woken;
        if (events[i].data.u64 == PUMP_WAKE_EVENT && eventfd_read(p->wake_fd, &woken) == 0)
            atomic_store(&p->woken, false); /* before what it is for is looked at */
        s = pump_find(p, events[i].data.u64);
        if (s)
            pump_source_due(&p->works, s);
    }
    while (p->asked)
        open_question(p, p->asked);
    if (p->ending && !p->told_to_end)
        begin_to_end(p);
    bool reopen = p->reopen;
    p->reopen = false;
    pthread_mutex_unlock(&p->lock);
    return reopen;
}

static void reopen_all(struct pump *p)
{
    struct pump_dest *d = NULL;
    DL_FOREACH (p->works.dests, d) {
        pump_dest_reopen(&p->works, d);
    }
}

static void run_due(struct pump_works *w)
{
    struct pump_source *s = NULL, *next;
    struct pump_source *due = w->due;
    w->due = NULL;
    DL_FOREACH_SAFE2 (due, s, next, due_next) {
        DL_DELETE2(due, s, due_prev, due_next);
        s->due = false;
        pump_source_run(w, s);
    }
}

/* Some lines of the supervisor's own log. */
static void write_log(struct pump *p)
{
    p->more_lines = false;
    for (int i = 0; i < LOG_LINES_AT_ONCE; i++) {
        if (!p->line && log_take(&p->line, &p->line_bytes) != 0)
            return;
        int error = pump_line_own(&p->works, p->own, p->line, p->line_bytes);
        if (error == -EAGAIN && p->own->kind != PUMP_DEST_FILE)
            return;
        log_settle(error);
        free(p->line);
        p->line = NULL;
    }
    p->more_lines = true;
}

static void flush_streams(struct pump_works *w)
{
    struct pump_dest *d = NULL;
    DL_FOREACH2 (w->streams, d, stream_next) {
        pump_dest_flush(w, d);
    }
}

static void free_ended(struct pump *p)
{
    struct pump_source *s = NULL, *next;
    if (!p->works.over)
        return;
    pthread_mutex_lock(&p->lock);
    DL_FOREACH2 (p->works.over, s, due_next) {
        pump_remove(p, s);
    }
    pthread_mutex_unlock(&p->lock);
    DL_FOREACH_SAFE2 (p->works.over, s, next, due_next) {
        pump_source_free(&p->works, s);
    }
}

static int64_t deadline_ms(const struct pump *p)
{
    const struct pump_works *w = &p->works;
    const struct pump_dest *d = NULL;
    int64_t at_ms = w->tell_ms;
    if (w->due || w->room || p->more_lines)
        return w->now_ms;
    if (w->unfinished && w->unfinished->held_until_ms < at_ms)
        at_ms = w->unfinished->held_until_ms;
    DL_FOREACH2 (w->streams, d, stream_next) {
        if (pump_dest_deadline_ms(d) < at_ms)
            at_ms = pump_dest_deadline_ms(d);
    }
    return p->told_to_end && p->end_ms < at_ms ? p->end_ms : at_ms;
}

static bool is_done(struct pump *p)
{
    const struct pump_dest *d = NULL;
    if (!p->told_to_end)
        return false;
    if (p->works.now_ms >= p->end_ms)
        return true;
    pthread_mutex_lock(&p->lock);
    bool done = p->source_count == 0 && !p->line && !p->more_lines;
    pthread_mutex_unlock(&p->lock);
    DL_FOREACH2 (p->works.streams, d, stream_next) {
        done = done && pump_stream_is_empty(&d->stream);
    }
    return done;
}

static void give_up_sources(struct pump *p)
{
    pthread_mutex_lock(&p->lock);
    for (uint32_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].source)
            pump_source_give_up(&p->works, p->slots[i].source);
    pthread_mutex_unlock(&p->lock);
}

/* What nobody took is dropped, and all that is to be told is told, without waiting any more. */
static void end_log(struct pump *p)
{
    struct pump_works *w = &p->works;
    struct pump_dest *d = NULL;
    give_up_sources(p);
    DL_FOREACH (w->dests, d) {
        if (d != p->own)
            pump_dest_dropped(w, d, -ETIMEDOUT, pump_stream_clear(&d->stream));
        else if (d->trouble.error && d->kind != PUMP_DEST_FILE)
            d->trouble.untold = true; /* there is no later time */
        pump_trouble_tell(&d->trouble, d->what, w->now_ms, true);
    }
    do {
        write_log(p);
        flush_streams(w);
    } while (p->more_lines && !p->line);
}

void *pump_main(void *arg)
{
    struct pump *p = arg;
    struct pump_works *w = &p->works;
    struct epoll_event events[EVENTS_AT_ONCE];
    sigset_t raised; /* by writing; the errno says it, too */
    sigemptyset(&raised);
    sigaddset(&raised, SIGPIPE);
    sigaddset(&raised, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &raised, NULL);
    while (!is_done(p)) {
        int timeout_ms = clock_poll_timeout(deadline_ms(p));
        int count = epoll_wait(w->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);
        w->now_ms = clock_ms();
        if (collect(p, events, count))
            reopen_all(p);
        write_log(p);
        if (w->room)
            pump_source_resume(w);
        run_due(w);
        pump_source_expire(w);
        pump_dest_tell(w);
        flush_streams(w);
        answer(p);
        free_ended(p);
    }
    end_log(p);
    waitgroup_done(p->running);
    return NULL;
}
