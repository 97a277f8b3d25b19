/* test_pump_syslog.c - the queue of syslog, and a socket that does not take every datagram. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pump_stream.h"

#define LONG_BYTES ((size_t)8000)

static void expect_datagram(int fd, const char *text)
{
    char bytes[256] = "";
    ssize_t n = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);
    cr_assert_gt(n, 0);
    size_t length = strlen(text);
    cr_assert_geq((size_t)n, length);
    cr_expect_str_eq(bytes + n - length, text);
}

Test(pump_syslog, a_datagram_that_is_too_long_is_dropped_alone)
{
    static char text[LONG_BYTES];
    struct pump_stream stream = { .sink.fd = -1 };
    size_t too_long = 1;
    int fds[2], smallest = 1; /* the system makes it some 4 KiB */
    memset(text, 'x', sizeof text);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
    cr_assert_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest), 0);
    cr_assert_eq(pump_stream_open(&stream), 0);
    sink_init_own(&stream.sink, fds[0]);
    cr_assert(pump_syslog_put(&stream, false, "web", "one", 3));
    cr_assert_eq(pump_syslog_flush(&stream, "/nowhere", &too_long), 0);
    cr_expect_eq(too_long, 0);
    cr_assert(pump_syslog_put(&stream, false, "web", text, sizeof text));
    cr_assert(pump_syslog_put(&stream, false, "web", "two", 3));
    cr_assert_eq(pump_syslog_flush(&stream, "/nowhere", &too_long), 0);
    cr_expect(too_long >= LONG_BYTES && too_long < LONG_BYTES + 64);
    cr_expect(pump_stream_is_empty(&stream));
    cr_expect_eq(stream.left, stream.queued);
    expect_datagram(fds[1], "web: one");
    expect_datagram(fds[1], "web: two");
    pump_stream_close(&stream);
    close(fds[1]);
}
