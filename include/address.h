/* address.h - where a connection can be made to: the addresses that an endpoint stands for.
 *
 * Any thread; a list belongs to whoever holds it. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "endpoint.h"

struct address {
    socklen_t length;
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    } to;
};

struct address_list {
    struct address *items; /* to be tried in this order */
    size_t count;
};

/* Without asking anybody: an address as it is, and both of "localhost". 0 with *out_list to
 * address_list_release(); -ENOENT: it has to be looked up; -EINVAL; -ENOMEM. */
int address_list_literal(const struct endpoint *endpoint, struct address_list *out_list)
    __attribute__((warn_unused_result));

/* Asks the system's resolver, for as long as that takes. 0, or a code of getaddrinfo(3). */
int address_list_look_up(const struct endpoint *endpoint, struct address_list *out_list)
    __attribute__((warn_unused_result));

void address_list_release(struct address_list *list); /* leaves it empty */

#endif
