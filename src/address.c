/* address.c - see address.h. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool parse_ip4(const char *host, uint16_t port, struct address *out)
{
    struct address address = { .length = sizeof address.to.ip4 };
    address.to.ip4.sin_family = AF_INET;
    address.to.ip4.sin_port = htons(port);
    if (inet_pton(AF_INET, host, &address.to.ip4.sin_addr) != 1)
        return false;
    *out = address;
    return true;
}

/* "fe80::1%eth0": inet_pton(3) knows no network cards. */
static bool parse_ip6(const char *host, uint16_t port, struct address *out)
{
    struct address address = { .length = sizeof address.to.ip6 };
    char number[INET6_ADDRSTRLEN];
    size_t length = strcspn(host, "%");
    if (length >= sizeof number)
        return false;
    memcpy(number, host, length);
    number[length] = '\0';
    address.to.ip6.sin6_family = AF_INET6;
    address.to.ip6.sin6_port = htons(port);
    if (inet_pton(AF_INET6, number, &address.to.ip6.sin6_addr) != 1)
        return false;
    if (host[length] == '%') {
        const char *card = host + length + 1;
        char *end;
        unsigned long index = strtoul(card, &end, 10);
        address.to.ip6.sin6_scope_id = *end ? if_nametoindex(card) : (uint32_t)index;
    }
    *out = address;
    return true;
}

int address_list_literal(const struct endpoint *endpoint, struct address_list *out_list)
{
    struct address found[2];
    size_t count = 0;
    bool local = strcasecmp(endpoint->host, "localhost") == 0;
    if (!local && !endpoint->is_address)
        return -ENOENT;
    count += parse_ip4(local ? "127.0.0.1" : endpoint->host, endpoint->port, &found[count]);
    if (local || count == 0)
        count += parse_ip6(local ? "::1" : endpoint->host, endpoint->port, &found[count]);
    if (count == 0)
        return -EINVAL;
    struct address_list list = { .items = calloc(count, sizeof *list.items), .count = count };
    if (!list.items)
        return -ENOMEM;
    memcpy(list.items, found, count * sizeof *found);
    *out_list = list;
    return 0;
}

static int copy_found(const struct addrinfo *found, struct address_list *out_list)
{
    struct address_list list = { .count = 0 };
    size_t room = 0;
    for (const struct addrinfo *at = found; at; at = at->ai_next)
        room++;
    if (room == 0)
        return EAI_NONAME;
    list.items = calloc(room, sizeof *list.items);
    if (!list.items)
        return EAI_MEMORY;
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        struct address *address = &list.items[list.count];
        if (at->ai_addrlen > sizeof address->to)
            continue;
        memcpy(&address->to, at->ai_addr, at->ai_addrlen);
        address->length = at->ai_addrlen;
        list.count++;
    }
    *out_list = list;
    return 0;
}

int address_list_look_up(const struct endpoint *endpoint, struct address_list *out_list)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICSERV,
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    char port[8];
    struct addrinfo *found = NULL;
    snprintf(port, sizeof port, "%u", (unsigned)endpoint->port);
    int error = getaddrinfo(endpoint->host, port, &hints, &found);
    if (error)
        return error;
    error = copy_found(found, out_list);
    freeaddrinfo(found);
    return error;
}

void address_list_release(struct address_list *list)
{
    free(list->items);
    *list = (struct address_list){ .count = 0 };
}
