/* tcp_probe.c - see tcp_probe.h. */
#include "tcp_probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"

static void on_answer(void *arg)
{
    struct tcp_probe *p = arg;
    p->hook(p->arg, clock_ms());
}

void tcp_probe_start(struct tcp_probe *p, struct watcher *watcher, struct resolver *resolver,
                     const struct endpoint *endpoint, watcher_hook *hook, void *arg)
{
    *p = (struct tcp_probe){
        .watcher = watcher,
        .resolver = resolver,
        .hook = hook,
        .arg = arg,
        .fd = -1,
    };
    int error = address_list_literal(endpoint, &p->addresses);
    if (error == -ENOENT) {
        error = resolver_ask(resolver, &p->question, endpoint, on_answer, p);
        p->asked = !error;
    }
    p->error = error;
}

static void close_socket(struct tcp_probe *p, bool watched)
{
    if (watched)
        watcher_remove(p->watcher, p->fd, p->watch);
    close(p->fd);
    p->fd = -1;
}

void tcp_probe_cancel(struct tcp_probe *p)
{
    if (p->asked)
        resolver_cancel(p->resolver, &p->question);
    if (p->fd >= 0)
        close_socket(p, true);
    p->asked = false;
    address_list_release(&p->addresses);
}

/* Both ends of a connection to a port that nobody listens to, and which is ours by chance (tcp(7)
 * calls it a simultaneous open), are this socket. */
static bool is_own(int fd)
{
    struct sockaddr_storage here, there;
    socklen_t here_bytes = sizeof here, there_bytes = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &here_bytes) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_bytes) == 0 &&
           here_bytes == there_bytes && memcmp(&here, &there, here_bytes) == 0;
}

/* 0: connected; -EINPROGRESS; or why not. */
static int connect_state(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    int error = 0;
    socklen_t bytes = sizeof error;
    if (poll(&ready, 1, 0) == 0)
        return -EINPROGRESS;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0)
        return -errno;
    if (error)
        return -error;
    return is_own(fd) ? -ECONNREFUSED : 0;
}

/* As connect_state(), of the connection that was under way. */
static int finish_connect(struct tcp_probe *p)
{
    int error = connect_state(p->fd);
    if (error != -EINPROGRESS)
        close_socket(p, true);
    return error;
}

/* As connect_state(), of the next address. What is under way is watched. */
static int connect_next(struct tcp_probe *p)
{
    const struct address *address = &p->addresses.items[p->next++];
    p->fd = socket(address->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->fd < 0)
        return -errno;
    int error = 0;
    if (connect(p->fd, &address->to.any, address->length) < 0)
        error = -errno;
    else if (is_own(p->fd))
        error = -ECONNREFUSED;
    if (error == -EINPROGRESS) {
        int failure = watcher_add(p->watcher, p->fd, EPOLLOUT, p->hook, p->arg, &p->watch);
        if (!failure)
            return error;
        error = failure;
    }
    close_socket(p, false);
    return error;
}

static bool may_pass(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOBUFS ||
           error == -EAGAIN || error == -ENOSPC;
}

/* False: not there yet. */
static bool take_addresses(struct tcp_probe *p)
{
    int error;
    if (!resolver_take(p->resolver, &p->question, &error, &p->addresses))
        return false;
    p->asked = false;
    p->lookup_failed = error != 0;
    p->error = error;
    return true;
}

enum tcp_answer tcp_probe_look(struct tcp_probe *p)
{
    if (p->asked && !take_addresses(p))
        return TCP_NOT_YET;
    bool connected = false;
    while (!connected && (p->fd >= 0 || p->next < p->addresses.count)) {
        int error = p->fd >= 0 ? finish_connect(p) : connect_next(p);
        if (error == -EINPROGRESS)
            return TCP_NOT_YET;
        connected = !error;
        if (!p->error)
            p->error = error;
    }
    address_list_release(&p->addresses);
    if (connected)
        return TCP_CONNECTED;
    return !p->lookup_failed && may_pass(p->error) ? TCP_NOT_TRIED : TCP_REFUSED;
}

const char *tcp_probe_reason(const struct tcp_probe *p)
{
    if (!p->lookup_failed)
        return strerrordesc_np(-p->error);
    return p->error == EAI_SYSTEM ? "the resolver failed" : gai_strerror(p->error);
}
