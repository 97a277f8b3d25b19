/* endpoint.h - HOST:PORT as people write it. Pure; any thread. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#define ENDPOINT_HOST_BYTES 256

struct endpoint {
    char host[ENDPOINT_HOST_BYTES]; /* without the brackets of an IPv6 address */
    bool is_address;                /* nothing needs to be looked up */
    uint16_t port;                  /* from 1 */
};

/* Reads "127.0.0.1:80", "[::1]:80", "localhost:80" or "NAME:80". 0 or -EINVAL with *out_problem,
 * a constant text that follows "'TEXT' ". */
int endpoint_parse(const char *text, struct endpoint *out_endpoint, const char **out_problem)
    __attribute__((warn_unused_result));

#endif
