/* server_connection.c - see server_connection.h: a client's bytes, and its end.
 *
 * Bytes are read only when there is room for what they may cause: not while a command is under
 * way, nor while a line waits, nor while the client does not take its answers. So all that a client
 * can pile up here is one line and one command's output, and else waits in its own socket. */
#include "server_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "server_parts.h"

#define READ_BYTES 16384
#define CONGESTED_BYTES ((size_t)64 << 10)
#define LINE_MS 10000     /* so long the rest of a line may take */
#define GONE_REQUESTS 100 /* those that change nothing are only read over */

/* ---- its bytes ---- */

static bool is_pending(struct connection *c)
{
    return c->out && outbuf_pending(c->out) > 0;
}

static bool is_congested(struct connection *c)
{
    return c->out && outbuf_pending(c->out) >= CONGESTED_BYTES;
}

static void flush(struct connection *c)
{
    if (!c->out)
        return;
    outbuf_flush(c->out);
    if (outbuf_has_lost(c->out))
        connection_fail(c);
    if (outbuf_error(c->out)) /* an answer with a hole in it is none */
        c->gone = true;
    if (!is_pending(c)) {
        outbuf_free(c->out);
        c->out = NULL;
    }
}

/* Could the next request begin now, if it is there? */
static bool is_free(struct connection *c)
{
    return !c->call && !c->leaving && !c->over && !is_congested(c);
}

static bool wants_input(struct connection *c)
{
    return is_free(c) && !c->ended && !connection_has_line(c);
}

/* Did something come? */
static bool receive(struct connection *c)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        if (!c->lines)
            c->lines = lines_new();
        if (!c->lines || lines_add(c->lines, bytes, (size_t)n))
            connection_fail(c);
    } else if (n == 0) {
        c->ended = true;
        if (c->lines)
            lines_finish(c->lines);
    } else if (errno != EAGAIN && errno != EINTR) {
        c->ended = true;
        c->gone = true;
    }
    return n > 0;
}

/* ---- the connection ---- */

struct connection *connection_new(const struct connection_env *env, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->env = env;
    c->fd = fd;
    c->line_ms = INT64_MAX;
    return c;
}

void connection_free(struct connection *c, bool ending)
{
    if (!c)
        return;
    connection_drop_call(c);
    outbuf_free(c->out);
    lines_free(c->lines);
    if (!ending || !c->outlives)
        close(c->fd);
    free(c);
}

bool connection_is_over(const struct connection *c)
{
    return c->over;
}

nfds_t connection_wants(struct connection *c, struct pollfd fds[CONNECTION_FDS])
{
    int events = (wants_input(c) ? POLLIN : 0) | (is_pending(c) ? POLLOUT : 0);
    fds[0] = (struct pollfd){ c->fd, (short)events, 0 }; /* without events: has it gone? */
    if (!c->call || is_congested(c))
        return 1;
    fds[1] = (struct pollfd){ call_fd(c->call), POLLIN, 0 };
    return 2;
}

int64_t connection_deadline_ms(struct connection *c)
{
    if (c->over || c->gone || (is_free(c) && connection_has_line(c)))
        return 0;
    if (!c->call || is_congested(c))
        return c->line_ms;
    int64_t call_ms = call_deadline_ms(c->call);
    return call_ms < connection_tell_ms(c) ? call_ms : connection_tell_ms(c);
}

/* What it had asked to be changed is still done, for who only wants something done need not wait
 * for the answer; a few requests a turn, as others wait for theirs. */
static void finish_gone(struct connection *c)
{
    connection_drop_call(c);
    for (int i = 0; i < GONE_REQUESTS && connection_has_line(c) && !c->over && !c->leaving; i++) {
        connection_begin_next(c);
        connection_drop_call(c);
    }
    if (c->out)
        outbuf_drop(c->out);
    if (connection_has_line(c) && !c->leaving)
        return;
    bool more = !c->ended && !c->leaving && receive(c);
    c->over = c->over || (!more && !connection_has_line(c)) || c->leaving;
}

/* Starts the clock for the rest of a line, or looks at it. */
static void watch_line(struct connection *c)
{
    int64_t now_ms = clock_ms();
    if (!wants_input(c) || !c->lines)
        c->line_ms = INT64_MAX;
    else if (c->line_ms == INT64_MAX)
        c->line_ms = now_ms + LINE_MS;
    if (c->line_ms > now_ms)
        return;
    connection_say_error(c, "null", "the line was not finished in 10 s", EXIT_USAGE);
    c->leaving = true;
}

static void release_unused(struct connection *c)
{
    if (c->lines && (c->leaving || lines_is_empty(c->lines))) {
        lines_free(c->lines);
        c->lines = NULL;
    }
}

void connection_serve(struct connection *c, const struct pollfd *fds, nfds_t count)
{
    if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        c->gone = true;
    else if (fds[0].revents & POLLIN)
        (void)receive(c);
    flush(c);
    if (c->call && !c->gone && !is_congested(c))
        connection_go_on(c, count > 1 && fds[1].revents != 0);
    if (!c->gone && is_free(c) && connection_has_line(c))
        connection_begin_next(c);
    release_unused(c);
    watch_line(c);
    flush(c);
    if (c->gone && !c->over)
        finish_gone(c);
    if (!c->call && !is_pending(c) && (c->leaving || (c->ended && !connection_has_line(c))))
        c->over = true;
}

void connection_finish(struct connection *c)
{
    if (wants_input(c))
        (void)receive(c);
    while (!c->over && !c->leaving && (c->call || connection_has_line(c))) {
        if (c->call)
            connection_run(c);
        else
            connection_begin_next(c);
        if (!c->call)
            continue;
        connection_say_error(c, c->request->id, "taskmaster is shutting down", EXIT_FAILED);
        connection_drop_call(c);
    }
    c->leaving = true;
    release_unused(c);
    flush(c);
    c->over = c->over || c->gone || !is_pending(c);
}
