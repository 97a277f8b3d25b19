/* tcp_probe.h - finds out whether a connection can be made: HOST:PORT is asked for, its addresses
 * are tried one after another, and the connection that is made is closed at once.
 *
 * Nothing here waits: the watcher or the resolver calls the hook when there may be news, and
 * tcp_probe_look() says what has become of it. Belongs to one thread. */
#ifndef TCP_PROBE_H
#define TCP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "resolver.h"
#include "watcher.h"

struct tcp_probe {
    struct watcher *watcher;
    struct resolver *resolver;
    watcher_hook *hook;
    void *arg;
    bool asked; /* the resolver, and it has not answered */
    struct resolver_question question;
    struct address_list addresses;
    size_t next; /* the first address that was not tried yet */
    int fd;      /* being connected; -1: none */
    uint64_t watch;
    int error;          /* the first failure: a negative errno, or a code of getaddrinfo(3) */
    bool lookup_failed; /* the latter */
};

enum tcp_answer {
    TCP_NOT_YET,
    TCP_CONNECTED,
    TCP_REFUSED,   /* error says why */
    TCP_NOT_TRIED, /* for want of descriptors or memory */
};

/* Begins. hook(arg) is called, on other threads, each time that tcp_probe_look() may have
 * something to say; it is worth calling right away, too. */
void tcp_probe_start(struct tcp_probe *probe, struct watcher *watcher, struct resolver *resolver,
                     const struct endpoint *endpoint, watcher_hook *hook, void *arg);

/* What has become of it; if that is not TCP_NOT_YET, the probe is over. */
enum tcp_answer tcp_probe_look(struct tcp_probe *probe);

/* Ends it, if it is under way. */
void tcp_probe_cancel(struct tcp_probe *probe);

/* Why it was refused: a text that needs not be freed. */
const char *tcp_probe_reason(const struct tcp_probe *probe);

#endif
