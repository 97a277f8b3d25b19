/* test_endpoint.c - HOST:PORT. */
#include "endpoint.h"

#include <criterion/criterion.h>
#include <errno.h>

static void expect_good(const char *text, const char *host, uint16_t port, bool is_address)
{
    struct endpoint endpoint;
    const char *problem = NULL;
    cr_assert_eq(endpoint_parse(text, &endpoint, &problem), 0, "%s %s", text, problem);
    cr_expect_str_eq(endpoint.host, host);
    cr_expect_eq(endpoint.port, port, "%s", text);
    cr_expect_eq(endpoint.is_address, is_address, "%s", text);
}

Test(endpoint, addresses_and_names)
{
    expect_good("127.0.0.1:80", "127.0.0.1", 80, true);
    expect_good("[::1]:65535", "::1", 65535, true);
    expect_good("[fe80::1%eth0]:1", "fe80::1%eth0", 1, true);
    expect_good("localhost:5432", "localhost", 5432, false);
    expect_good("db-1.my_net.example:00080", "db-1.my_net.example", 80, false);
    expect_good("1and1.example:80", "1and1.example", 80, false);
}

static void expect_bad(const char *text, const char *expected)
{
    struct endpoint endpoint = { .port = 7 };
    const char *problem = "";
    cr_expect_eq(endpoint_parse(text, &endpoint, &problem), -EINVAL, "%s", text);
    cr_expect(strstr(problem, expected), "%s: %s", text, problem);
    cr_expect_eq(endpoint.port, 7);
}

Test(endpoint, what_is_wrong_is_told)
{
    static const char *const ports[] = {
        "h:", "h:0", "h:65536", "h:-1", "h:1x", "h:000080", "h: 80"
    };
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        expect_bad(ports[i], "no port from 1 to 65535");
    expect_bad("", "has no port");
    expect_bad("localhost", "has no port");
    expect_bad(":80", "has no host");
    expect_bad("::1:80", "in brackets");
    expect_bad("[::1:80", "in brackets");
    expect_bad("[]:80", "no IPv6 address");
    expect_bad("[127.0.0.1]:80", "no IPv6 address");
    expect_bad("[::1%]:80", "no IPv6 address");
    expect_bad("1.2.3:80", "no valid address");
    expect_bad("256.0.0.1:80", "no valid address");
    expect_bad("-h:80", "no valid host name");
    expect_bad("a b:80", "no valid host name");
    expect_bad("http://h:80", "in brackets");
    char name[400];
    memset(name, 'a', sizeof name);
    memcpy(name + sizeof name - 4, ":80", 4);
    expect_bad(name, "too long");
}
