/* test_outbuf.c - printing that never waits, to a pipe that is full, slow, or closed. */
#include "outbuf.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY_BYTES ((size_t)1 << 20)

static struct outbuf *pipe_outbuf(int fds[2])
{
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
    cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
    struct outbuf *o = outbuf_new(fds[1]);
    cr_assert_not_null(o);
    return o;
}

Test(outbuf, what_is_printed_comes_out_in_order)
{
    int fds[2];
    char text[16] = "";
    struct outbuf *o = pipe_outbuf(fds);
    fputs("one ", outbuf_stream(o));
    cr_assert_eq(outbuf_pending(o), 4);
    fputs("two", outbuf_stream(o));
    outbuf_flush(o);
    cr_assert_eq(outbuf_pending(o), 0);
    cr_assert_eq(outbuf_printed(o), 7);
    cr_assert_eq(read(fds[0], text, sizeof text), 7);
    cr_assert_str_eq(text, "one two");
    outbuf_free(o);
    close(fds[0]);
    close(fds[1]);
}

Test(outbuf, a_full_pipe_is_not_waited_for_and_nothing_is_lost)
{
    int fds[2];
    struct outbuf *o = pipe_outbuf(fds);
    for (size_t i = 0; i < MANY_BYTES; i++)
        fputc((int)(i % 251), outbuf_stream(o));
    outbuf_flush(o);
    cr_assert_gt(outbuf_pending(o), 0);
    size_t got = 0;
    while (got < MANY_BYTES) {
        unsigned char bytes[5000];
        ssize_t n = read(fds[0], bytes, sizeof bytes);
        cr_assert_gt(n, 0);
        for (ssize_t i = 0; i < n; i++, got++)
            cr_assert_eq(bytes[i], got % 251);
        outbuf_flush(o);
    }
    cr_assert_eq(outbuf_pending(o), 0);
    outbuf_free(o);
    close(fds[0]);
    close(fds[1]);
}

Test(outbuf, the_descriptor_itself_stays_blocking)
{
    int fds[2];
    struct outbuf *o = pipe_outbuf(fds);
    cr_assert_eq(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
    outbuf_free(o);
    cr_assert_neq(fcntl(fds[1], F_GETFD), -1);
    close(fds[0]);
    close(fds[1]);
}

Test(outbuf, a_closed_pipe_swallows)
{
    int fds[2];
    struct outbuf *o = pipe_outbuf(fds);
    close(fds[0]);
    for (int i = 0; i < 3; i++) {
        fputs("text", outbuf_stream(o));
        outbuf_flush(o);
        cr_assert_eq(outbuf_pending(o), 0);
    }
    outbuf_free(o);
    close(fds[1]);
}
