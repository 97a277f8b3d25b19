/* server.c - see server.h: the thread, its poll(), and who is let in. */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chan/waitgroup.h"
#include "clock.h"
#include "control_socket.h"
#include "log.h"
#include "protocol.h"
#include "server_connection.h"

#define ACCEPT_BATCH 16     /* before those who are there have their turn */
#define ACCEPT_ALL 10000    /* more than can wait at a socket */
#define AGAIN_MS 100        /* after a want of descriptors or memory */
#define SHORTAGE_MS 2000    /* the same, for the socket's file */
#define FAREWELL_MS 200     /* for clients to take their last answers */
#define FAREWELL_BYTES 4096 /* a line for those who are turned away */
#define EXIT_TURNED_AWAY 1

enum { FD_WAKE, FD_LISTEN, FD_WATCH, FD_CLIENTS };
#define FDS_MAX (FD_CLIENTS + SERVER_CLIENTS_MAX * CONNECTION_FDS)

struct server {
    struct connection_env env;
    struct control_socket *socket;
    int wake_fd;
    atomic_bool stopping;
    atomic_bool recheck;
    pthread_t thread;
    struct waitgroup *running; /* the thread */

    struct connection *clients[SERVER_CLIENTS_MAX];
    size_t count;
    int64_t accept_ms; /* not before: there was nothing to accept with */
    bool accept_told;
    int64_t check_ms; /* when to look after the file again; INT64_MAX: when something stirs */
};

static void wake(struct server *s)
{
    (void)eventfd_write(s->wake_fd, 1); /* EAGAIN: it is awake */
}

/* ---- who comes ---- */

/* Reads what was sent meanwhile, so that the client finds our line and not an error. */
static void turn_away(int fd, const char *why)
{
    char line[FAREWELL_BYTES];
    char unread[FAREWELL_BYTES];
    FILE *out = fmemopen(line, sizeof line, "w");
    if (out) {
        bool whole = protocol_put_error(out, "null", why, EXIT_TURNED_AWAY) == 0;
        long bytes = fflush(out) == 0 ? ftell(out) : 0;
        fclose(out);
        if (whole && bytes > 0)
            (void)!send(fd, line, (size_t)bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    (void)!recv(fd, unread, sizeof unread, MSG_DONTWAIT);
    close(fd);
}

static void let_in(struct server *s, const struct control_peer *peer)
{
    char why[64];
    if (!peer->allowed) {
        log_write(LOG_WARN, "refused a client of uid %u, pid %d", peer->uid, peer->pid);
        snprintf(why, sizeof why, "not allowed: you are uid %u", peer->uid);
        turn_away(peer->fd, why);
        return;
    }
    if (s->count == SERVER_CLIENTS_MAX) {
        snprintf(why, sizeof why, "too many clients (%d)", SERVER_CLIENTS_MAX);
        turn_away(peer->fd, why);
        return;
    }
    struct connection *client = connection_new(&s->env, peer->fd);
    if (client)
        s->clients[s->count++] = client;
    else
        turn_away(peer->fd, "out of memory");
}

static void accept_some(struct server *s, int most)
{
    struct control_peer peer;
    int error = 0;
    for (int i = 0; i < most && !error; i++) {
        error = control_socket_accept(s->socket, &peer);
        if (!error)
            let_in(s, &peer);
    }
    if (!error || error == -EAGAIN) {
        s->accept_told = false;
        return;
    }
    if (!s->accept_told)
        log_write(LOG_WARN, "cannot accept clients now: %s", strerrordesc_np(-error));
    s->accept_told = true;
    s->accept_ms = clock_ms() + AGAIN_MS;
}

/* ---- the socket's file ---- */

/* What passes without the file or its directory being touched. */
static bool is_shortage(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOBUFS;
}

static void look_after_file(struct server *s)
{
    bool changed = false;
    char *text = NULL;
    accept_some(s, ACCEPT_ALL); /* who reached the old file is not to be lost with it */
    int error = control_socket_check(s->socket, &changed, &text);
    if (changed && error)
        log_write(LOG_ERROR, "the control socket is not served: %s", text ? text : "no memory");
    else if (changed)
        log_write(LOG_WARN, "the file of the control socket was gone; made '%s' again",
                  control_socket_path(s->socket));
    free(text);
    s->check_ms = is_shortage(error) ? clock_ms() + SHORTAGE_MS : INT64_MAX;
}

static void look_around(struct server *s, const struct pollfd *fds)
{
    eventfd_t count;
    if (fds[FD_WAKE].revents)
        eventfd_read(s->wake_fd, &count);
    bool asked = atomic_exchange(&s->recheck, false);
    bool stirred = fds[FD_WATCH].revents && control_socket_stirred(s->socket);
    if (asked || stirred || clock_ms() >= s->check_ms)
        look_after_file(s);
}

/* ---- the thread ---- */

/* Sets up fds[]: those of client i begin at starts[i]. Returns until when to wait. */
static int64_t prepare(struct server *s, struct pollfd *fds, nfds_t *starts)
{
    nfds_t used = FD_CLIENTS;
    int64_t until_ms = s->check_ms;
    bool accepts = clock_ms() >= s->accept_ms;
    if (!accepts && s->accept_ms < until_ms)
        until_ms = s->accept_ms;
    fds[FD_WAKE] = (struct pollfd){ s->wake_fd, POLLIN, 0 };
    fds[FD_LISTEN] = (struct pollfd){ accepts ? control_socket_fd(s->socket) : -1, POLLIN, 0 };
    fds[FD_WATCH] = (struct pollfd){ control_socket_watch_fd(s->socket), POLLIN, 0 };
    for (size_t i = 0; i < s->count; i++) {
        starts[i] = used;
        used += connection_wants(s->clients[i], &fds[used]);
        int64_t deadline_ms = connection_deadline_ms(s->clients[i]);
        until_ms = clock_first(until_ms, deadline_ms);
    }
    starts[s->count] = used;
    return until_ms;
}

static void remove_finished(struct server *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (!connection_is_over(s->clients[i])) {
            s->clients[kept++] = s->clients[i];
            continue;
        }
        connection_free(s->clients[i], false);
        s->accept_ms = 0; /* there is a descriptor again */
    }
    s->count = kept;
}

/* No deadline but the clients' own: all else that can happen makes one of these readable. */
static void wait_for_something(struct pollfd *fds, nfds_t used, int64_t until_ms)
{
    if (poll(fds, used, clock_poll_timeout(until_ms)) >= 0)
        return;
    if (errno != EINTR) /* no memory, or a limit below what is open: not at once again */
        poll(NULL, 0, AGAIN_MS);
    for (nfds_t i = 0; i < used; i++)
        fds[i].revents = 0;
}

static void serve_once(struct server *s)
{
    struct pollfd fds[FDS_MAX];
    nfds_t starts[SERVER_CLIENTS_MAX + 1];
    int64_t until_ms = prepare(s, fds, starts);
    wait_for_something(fds, starts[s->count], until_ms);
    for (size_t i = 0; i < s->count; i++)
        connection_serve(s->clients[i], &fds[starts[i]], starts[i + 1] - starts[i]);
    remove_finished(s);
    look_around(s, fds);
    if (fds[FD_LISTEN].revents)
        accept_some(s, ACCEPT_BATCH);
}

/* Everybody gets an answer, and those who take theirs in time get all of it. */
static void say_farewell(struct server *s)
{
    int64_t end_ms = clock_ms() + FAREWELL_MS;
    bool pending = true;
    while (pending) {
        struct pollfd fds[SERVER_CLIENTS_MAX * CONNECTION_FDS];
        nfds_t used = 0;
        for (size_t i = 0; i < s->count; i++) {
            connection_finish(s->clients[i]);
            if (!connection_is_over(s->clients[i]))
                used += connection_wants(s->clients[i], &fds[used]);
        }
        pending = used > 0 && clock_ms() < end_ms;
        if (pending)
            poll(fds, used, clock_poll_timeout(end_ms));
    }
    for (size_t i = 0; i < s->count; i++)
        connection_free(s->clients[i], true);
    s->count = 0;
}

static void *server_main(void *arg)
{
    struct server *s = arg;
    while (!atomic_load(&s->stopping))
        serve_once(s);
    say_farewell(s);
    waitgroup_done(s->running);
    return NULL;
}

/* ---- from outside ---- */

static void release(struct server *s)
{
    waitgroup_free(s->running);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    free(s);
}

int server_start(const struct command_env *env, struct control_socket *socket,
                 void (*on_shutdown)(void *arg), void *arg, struct server **out_server)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->env = (struct connection_env){ .commands = *env, .on_shutdown = on_shutdown, .arg = arg };
    s->socket = socket;
    s->check_ms = INT64_MAX;
    s->running = waitgroup_new();
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = s->wake_fd < 0 ? -errno : !s->running ? -ENOMEM : 0;
    if (!error) {
        waitgroup_add(s->running, 1);
        error = -pthread_create(&s->thread, NULL, server_main, s);
    }
    if (error)
        release(s);
    else
        *out_server = s;
    return error;
}

void server_recheck(struct server *server)
{
    if (!server)
        return;
    atomic_store(&server->recheck, true);
    wake(server);
}

void server_tell_stop(struct server *server)
{
    if (!server)
        return;
    atomic_store(&server->stopping, true);
    wake(server);
}

int server_stop(struct server *server, int64_t deadline_ms)
{
    if (!server)
        return 0;
    server_tell_stop(server);
    int error = waitgroup_wait(server->running, deadline_ms);
    if (error)
        return error;
    pthread_join(server->thread, NULL);
    release(server);
    return 0;
}
