/* test_watcher.c - watches of pipes: what is seen, how often, and what is not seen any more. */
#include "watcher.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "threads.h"

static void count_one(void *arg, int64_t now_ms)
{
    cr_assert_gt(now_ms, 0);
    eventfd_write(*(int *)arg, 1); /* a lock-free thing that a test can wait for */
}

struct scene {
    struct watcher *watcher;
    int pipe[2];
    int calls; /* an eventfd: how often the hook was called since it was last read */
    uint64_t id;
};

static void begin(struct scene *s, int fd_of, uint32_t events)
{
    cr_assert_eq(watcher_new(&s->watcher), 0);
    cr_assert_eq(pipe(s->pipe), 0);
    s->calls = eventfd(0, 0);
    cr_assert_eq(watcher_add(s->watcher, s->pipe[fd_of], events, count_one, &s->calls, &s->id), 0);
}

static void end(struct scene *s)
{
    watcher_free(s->watcher);
    close(s->pipe[0]);
    close(s->pipe[1]);
    close(s->calls);
}

static void await_call(struct scene *s)
{
    eventfd_t count;
    eventfd_read(s->calls, &count);
    cr_assert_eq(count, 1);
}

/* After another watch has been called, one whose event came first would have been, too. */
static bool was_called(struct scene *s)
{
    int other = eventfd(0, 0);
    int ready = eventfd(1, 0);
    uint64_t id;
    eventfd_t count;
    cr_assert_eq(watcher_add(s->watcher, ready, EPOLLIN, count_one, &other, &id), 0);
    eventfd_read(other, &count);
    watcher_remove(s->watcher, ready, id);
    close(ready);
    close(other);
    struct pollfd p = { .fd = s->calls, .events = POLLIN };
    return poll(&p, 1, 0) == 1;
}

Test(watcher, calls_once_until_it_is_armed_again)
{
    struct scene s;
    begin(&s, 0, EPOLLIN);
    cr_assert_eq(write(s.pipe[1], "x", 1), 1);
    await_call(&s);
    cr_assert_not(was_called(&s));
    cr_assert_eq(watcher_rearm(s.watcher, s.pipe[0], s.id, EPOLLIN), 0);
    await_call(&s); /* the byte is still there */
    watcher_remove(s.watcher, s.pipe[0], s.id);
    end(&s);
}

Test(watcher, sees_that_a_descriptor_can_be_written_to)
{
    struct scene s;
    begin(&s, 1, EPOLLOUT);
    await_call(&s);
    watcher_remove(s.watcher, s.pipe[1], s.id);
    end(&s);
}

Test(watcher, sees_a_hang_up_whatever_it_watches_for)
{
    struct scene s;
    begin(&s, 0, EPOLLPRI);
    close(s.pipe[1]);
    await_call(&s);
    watcher_remove(s.watcher, s.pipe[0], s.id);
    s.pipe[1] = dup(0);
    end(&s);
}

Test(watcher, forgets_what_comes_but_once)
{
    struct scene s;
    uint64_t second;
    begin(&s, 0, EPOLLIN);
    watcher_remove(s.watcher, s.pipe[0], s.id);
    cr_assert_eq(watcher_add_once(s.watcher, s.pipe[0], EPOLLIN, count_one, &s.calls, &s.id), 0);
    cr_assert_eq(write(s.pipe[1], "x", 1), 1);
    await_call(&s);
    cr_assert_not(was_called(&s));
    close(s.pipe[0]); /* all that its owner has to do; the number may serve again at once */
    close(s.pipe[1]);
    cr_assert_eq(pipe(s.pipe), 0);
    cr_assert_eq(watcher_add(s.watcher, s.pipe[0], EPOLLIN, count_one, &s.calls, &second), 0);
    cr_expect_eq((uint32_t)second, (uint32_t)s.id, "its place in the table is free");
    cr_expect_neq(second, s.id);
    cr_assert_eq(write(s.pipe[1], "x", 1), 1);
    await_call(&s);
    watcher_remove(s.watcher, s.pipe[0], second);
    end(&s);
}

Test(watcher, is_silent_about_what_was_removed)
{
    struct scene s;
    begin(&s, 0, EPOLLIN);
    watcher_remove(s.watcher, s.pipe[0], s.id);
    cr_assert_eq(write(s.pipe[1], "x", 1), 1);
    cr_assert_not(was_called(&s));
    cr_assert_eq(watcher_rearm(s.watcher, s.pipe[0], s.id, EPOLLIN), -ENOENT);
    end(&s);
}
