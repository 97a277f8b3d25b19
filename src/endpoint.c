/* endpoint.c - see endpoint.h. */
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535
#define PORT_DIGITS 5
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool parse_port(const char *text, uint16_t *out_port)
{
    size_t length = strspn(text, DIGITS);
    long port = strtol(text, NULL, 10);
    if (length == 0 || length > PORT_DIGITS || text[length] != '\0' || port < 1 || port > PORT_MAX)
        return false;
    *out_port = (uint16_t)port;
    return true;
}

/* An address of IPv6, also of a network card: "fe80::1%eth0". */
static bool is_ipv6(const char *host)
{
    char address[ENDPOINT_HOST_BYTES];
    struct in6_addr ignored;
    size_t length = strcspn(host, "%");
    memcpy(address, host, length);
    address[length] = '\0';
    return inet_pton(AF_INET6, address, &ignored) == 1 && strcmp(host + length, "%") != 0;
}

static const char *check_host(const struct endpoint *endpoint, bool brackets)
{
    const char *host = endpoint->host;
    if (brackets)
        return endpoint->is_address ? NULL : "has no IPv6 address in its brackets";
    if (*host == '\0')
        return "has no host: write HOST:PORT, as in localhost:80";
    if (strchr(host, ':'))
        return "is ambiguous: put an IPv6 address in brackets, as in [::1]:80";
    if (!endpoint->is_address && host[strspn(host, DIGITS ".")] == '\0')
        return "has no valid address before its port";
    if (host[strspn(host, LETTERS DIGITS "._-")] != '\0' || *host == '-')
        return "has no valid host name before its port";
    return NULL;
}

int endpoint_parse(const char *text, struct endpoint *out_endpoint, const char **out_problem)
{
    struct endpoint endpoint = { .port = 0 };
    struct in_addr ignored;
    const char *colon = strrchr(text, ':');
    const char *problem = NULL;
    bool brackets = colon && text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    if (!colon) {
        problem = "has no port: write HOST:PORT, as in localhost:80";
    } else if ((size_t)(colon - text) >= sizeof endpoint.host) {
        problem = "has a host name that is too long";
    } else if (!parse_port(colon + 1, &endpoint.port)) {
        problem = "has no port from 1 to 65535 at its end";
    } else {
        const char *host = text + brackets;
        memcpy(endpoint.host, host, (size_t)(colon - host) - brackets);
        endpoint.is_address = brackets ? is_ipv6(endpoint.host)
                                       : inet_pton(AF_INET, endpoint.host, &ignored) == 1;
        problem = check_host(&endpoint, brackets);
    }
    if (problem) {
        *out_problem = problem;
        return -EINVAL;
    }
    *out_endpoint = endpoint;
    return 0;
}
