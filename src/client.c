/* client.c - see client.h. The socket and what may come of it stand behind one epoll descriptor. */
#include "client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

/* A supervisor whose queue of connections is full cannot be polled for. */
#define RETRY_MS 20
#define CONNECT_MS 5000
#define READ_BYTES ((size_t)64 << 10)
#define RUN_BYTES ((size_t)256 << 10)  /* in one run, that others get their turn */
#define LINE_BYTES ((size_t)512 << 20) /* no answer is as long as that */

struct client {
    char *path;
    char *request;
    size_t sent;
    bool until_gone;
    int fd;
    int epoll_fd;
    bool connected;
    int64_t retry_ms;
    int64_t give_up_ms;

    char *bytes; /* received */
    size_t used;
    size_t searched; /* so far there is no end of a line */
    size_t room;

    char *waiting;
    char *problem;
    bool answered; /* the last reply has come */
    bool done;
    int exit_status;
};

struct client *client_new(const char *path, const struct client_request *request, bool until_gone)
{
    struct client *c = malloc(sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct client){
        .path = strdup(path),
        .request = client_request_line(request),
        .until_gone = until_gone,
        .fd = -1,
        .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
        .retry_ms = INT64_MAX,
        .give_up_ms = clock_ms() + CONNECT_MS,
        .exit_status = CLIENT_NO_ANSWER,
    };
    if (c->path == NULL || c->request == NULL || c->epoll_fd < 0) {
        int error = errno;
        client_free(c);
        errno = error;
        return NULL;
    }
    return c;
}

void client_free(struct client *c)
{
    if (c == NULL)
        return;
    if (c->fd >= 0)
        close(c->fd);
    if (c->epoll_fd >= 0)
        close(c->epoll_fd);
    free(c->path);
    free(c->request);
    free(c->bytes);
    free(c->waiting);
    free(c->problem);
    free(c);
}

int client_fd(const struct client *c)
{
    return c->epoll_fd;
}

int64_t client_deadline_ms(const struct client *c)
{
    return c->done ? INT64_MAX : c->retry_ms;
}

const char *client_problem(const struct client *c)
{
    return c->problem;
}

bool client_was_connected(const struct client *c)
{
    return c->connected;
}

const char *client_waiting_for(const struct client *c)
{
    return c->waiting;
}

/* ---- ends ---- */

static void finish(struct client *c, int exit_status)
{
    c->done = true;
    c->exit_status = exit_status;
    if (c->fd >= 0)
        close(c->fd); /* and so out of the epoll: nobody else has it */
    c->fd = -1;
}

static void fail(struct client *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct client *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vasprintf(&c->problem, format, args) < 0)
        c->problem = NULL;
    va_end(args);
    finish(c, CLIENT_NO_ANSWER);
}

/* The connection has ended; `error` is 0 where the other side has closed it. */
static void end_of_replies(struct client *c, int error)
{
    if (c->answered)
        finish(c, c->exit_status);
    else if (error && error != ECONNRESET)
        fail(c, "cannot hear the supervisor at '%s': %s", c->path, strerrordesc_np(error));
    else
        fail(c, "connection lost: the supervisor at '%s' is gone", c->path);
}

/* ---- connecting and sending ---- */

static void say_not_connected(struct client *c, int error)
{
    const char *path = c->path;
    const char *text = strerrordesc_np(error);
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        fail(c,
             "no supervisor answers at '%s': %s (is one running with that socket? "
             "-s names another)",
             path, text);
        break;
    case ECONNREFUSED:
        fail(c, "no supervisor answers at '%s': %s (nothing listens there any more)", path, text);
        break;
    case EACCES:
    case EPERM:
        fail(c,
             "no permission to talk to the supervisor at '%s': %s (be its user or root, or see "
             "supervisor.socketMode)",
             path, text);
        break;
    default: fail(c, "cannot connect to '%s': %s", path, text); break;
    }
}

/* What poll() is to look for: room to send as long as there is something to be sent. */
static int watch(struct client *c, int operation)
{
    bool sending = c->request[c->sent] != '\0';
    struct epoll_event interest = { .events = EPOLLIN | (sending ? EPOLLOUT : 0u) };
    return epoll_ctl(c->epoll_fd, operation, c->fd, &interest) < 0 ? -errno : 0;
}

static int open_connection(struct client *c)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t length = strlen(c->path);
    if (length >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, c->path, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    c->fd = fd;
    return watch(c, EPOLL_CTL_ADD);
}

static void try_to_connect(struct client *c)
{
    int64_t now_ms = clock_ms();
    int error = open_connection(c);
    c->connected = c->fd >= 0;
    c->retry_ms = INT64_MAX;
    if (error == -EAGAIN && now_ms < c->give_up_ms)
        c->retry_ms = now_ms + RETRY_MS;
    else if (error)
        say_not_connected(c, -error);
}

/* Once the other side does not listen any more, it may still have said why: it is read first. */
static int send_request(struct client *c)
{
    size_t left = strlen(c->request + c->sent);
    ssize_t n = left == 0 ? 0 : send(c->fd, c->request + c->sent, left, MSG_NOSIGNAL);
    if (left == 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return 0;
    if (n < 0)
        return -errno;
    c->sent += (size_t)n;
    return c->request[c->sent] == '\0' ? watch(c, EPOLL_CTL_MOD) : 0;
}

/* ---- receiving ---- */

static void take_last(struct client *c, int exit_status)
{
    c->answered = true;
    c->exit_status = exit_status;
    if (!c->until_gone || exit_status != 0)
        finish(c, exit_status);
}

static void take_line(struct client *c, const char *line, size_t length, FILE *out)
{
    struct client_reply reply;
    int error = c->answered ? 0 : client_reply_parse(line, length, &reply);
    if (c->answered)
        return;
    if (error == -ENOMEM)
        fail(c, "out of memory");
    else if (error)
        fail(c, "what answers at '%s' is no supervisor, or one of another version", c->path);
    if (error)
        return;
    if (reply.text != NULL)
        fputs(reply.text, out);
    if (reply.waiting != NULL) {
        free(c->waiting);
        c->waiting = reply.waiting;
        reply.waiting = NULL;
    }
    if (reply.problem != NULL) {
        c->problem = reply.problem;
        reply.problem = NULL;
    }
    if (reply.last)
        take_last(c, reply.exit_status);
    else if (c->problem != NULL)
        finish(c, CLIENT_NO_ANSWER);
    client_reply_release(&reply);
}

/* Takes what is complete, and keeps the rest. */
static void take_lines(struct client *c, FILE *out)
{
    size_t start = 0;
    const char *end;
    while (!c->done && (end = memchr(c->bytes + c->searched, '\n', c->used - c->searched))) {
        size_t length = (size_t)(end - c->bytes) - start;
        take_line(c, c->bytes + start, length, out);
        start += length + 1;
        c->searched = start;
    }
    memmove(c->bytes, c->bytes + start, c->used - start);
    c->used -= start;
    c->searched = c->used;
    if (!c->done && c->used > LINE_BYTES)
        fail(c, "the answer from '%s' is too long", c->path);
}

static bool make_room(struct client *c)
{
    if (c->room - c->used >= READ_BYTES)
        return true;
    size_t room = c->room * 2 + READ_BYTES;
    char *bytes = realloc(c->bytes, room);
    if (bytes == NULL)
        return false;
    c->bytes = bytes;
    c->room = room;
    return true;
}

static void receive(struct client *c, FILE *out)
{
    for (size_t taken = 0; taken < RUN_BYTES && !c->done;) {
        if (!make_room(c)) {
            fail(c, "out of memory");
            return;
        }
        ssize_t n = recv(c->fd, c->bytes + c->used, READ_BYTES, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            end_of_replies(c, n < 0 ? errno : 0);
            return;
        }
        taken += (size_t)n;
        c->used += (size_t)n;
        take_lines(c, out);
    }
}

bool client_run(struct client *c, FILE *out, int *out_exit)
{
    if (!c->done && !c->connected)
        try_to_connect(c);
    if (!c->done && c->connected) {
        int error = send_request(c);
        receive(c, out);
        if (error && !c->done)
            fail(c, "cannot ask the supervisor at '%s': %s", c->path, strerrordesc_np(-error));
    }
    if (c->done)
        *out_exit = c->exit_status;
    return c->done;
}
