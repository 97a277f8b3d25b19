/* test_chan.c - the channel as one thread sees it: order, copies, limits, reserved slots,
 * close and hook. What takes several threads is in test_chan_blocking.c. */
#include "chan/chan.h"

#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

TestSuite(chan, .timeout = 120);

static void send_int(struct chan *c, int value)
{
    cr_assert_eq(chan_send(c, &value, CHAN_NOW), 0);
}

static void send_reserved_int(struct chan *c, int value)
{
    cr_assert_eq(chan_send_reserved(c, &value), 0);
}

static void expect_int(struct chan *c, int expected)
{
    int got = -1;
    cr_assert_eq(chan_recv(c, &got, CHAN_NOW), 0);
    cr_assert_eq(got, expected, "got %d instead of %d", got, expected);
}

static void expect_empty(struct chan *c)
{
    int got = 0;
    cr_assert_eq(chan_recv(c, &got, CHAN_NOW), -ETIMEDOUT);
}

Test(chan, messages_come_out_in_the_order_they_went_in)
{
    struct chan *c = chan_new(sizeof(int), 3);
    for (int i = 0; i < 100; i++) {
        send_int(c, 2 * i);
        send_int(c, 2 * i + 1);
        expect_int(c, 2 * i);
        expect_int(c, 2 * i + 1);
    }
    expect_empty(c);
    chan_free(c);
}

Test(chan, a_message_is_copied_whole_whatever_its_size)
{
    for (size_t bytes = 1; bytes < 200; bytes += 33) {
        struct chan *c = chan_new(bytes, 2);
        unsigned char in[200], out[200], again[200];
        memset(in, 0xa5, sizeof(in));
        cr_assert_eq(chan_send(c, in, CHAN_NOW), 0);
        memset(in, 0x5a, sizeof(in));
        cr_assert_eq(chan_send(c, in, CHAN_NOW), 0);
        memset(out, 0, sizeof(out));
        cr_assert_eq(chan_recv(c, out, CHAN_NOW), 0);
        memset(again, 0xa5, sizeof(again));
        cr_assert_eq(memcmp(out, again, bytes), 0, "not what the first message was when sent");
        cr_assert_eq(out[bytes], 0, "written past the message");
        chan_free(c);
    }
}

Test(chan, free_accepts_null_and_a_channel_with_messages_in_it)
{
    chan_free(NULL);
    struct chan *c = chan_new(sizeof(int), 2);
    send_int(c, 1);
    chan_free(c);
}

Test(chan, receive_from_an_empty_channel_times_out_and_leaves_the_output_alone)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int out = 42;
    cr_assert_eq(chan_recv(c, &out, CHAN_NOW), -ETIMEDOUT);
    cr_assert_eq(chan_recv(c, &out, 0), -ETIMEDOUT);
    cr_assert_eq(chan_recv(c, &out, -5), -ETIMEDOUT);
    cr_assert_eq(chan_recv(c, &out, now_ms() - 1), -ETIMEDOUT);
    chan_close(c);
    cr_assert_eq(chan_recv(c, &out, CHAN_NOW), -EPIPE);
    cr_assert_eq(out, 42);
    chan_free(c);
}

Test(chan, send_to_a_full_channel_times_out_and_queues_nothing)
{
    struct chan *c = chan_new(sizeof(int), 2);
    int extra = 3;
    send_int(c, 1);
    send_int(c, 2);
    cr_assert_eq(chan_send(c, &extra, CHAN_NOW), -ETIMEDOUT);
    cr_assert_eq(chan_send(c, &extra, now_ms() - 1), -ETIMEDOUT);
    expect_int(c, 1);
    expect_int(c, 2);
    expect_empty(c);
    chan_free(c);
}

Test(chan, a_past_deadline_still_succeeds_when_there_is_nothing_to_wait_for)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int msg = 7;
    cr_assert_eq(chan_send(c, &msg, now_ms() - 1000), 0);
    cr_assert_eq(chan_recv(c, &msg, now_ms() - 1000), 0);
    chan_free(c);
}

Test(chan, waiting_never_ends_before_the_deadline)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int msg = 0;
    for (int round = 0; round < 10; round++) {
        int64_t deadline_ms = now_ms() + (round % 2 ? 1 : 20);
        cr_assert_eq(chan_recv(c, &msg, deadline_ms), -ETIMEDOUT);
        cr_assert_geq(now_ms(), deadline_ms);
    }
    send_int(c, 1);
    for (int round = 0; round < 10; round++) {
        int64_t deadline_ms = now_ms() + (round % 2 ? 1 : 20);
        cr_assert_eq(chan_send(c, &msg, deadline_ms), -ETIMEDOUT);
        cr_assert_geq(now_ms(), deadline_ms);
    }
    chan_free(c);
}

Test(chan, a_closed_channel_drains_and_then_says_epipe)
{
    struct chan *c = chan_new(sizeof(int), 4);
    int msg = 9;
    cr_assert_eq(chan_reserve(c, 1), 0);
    send_int(c, 1);
    send_reserved_int(c, 2);
    chan_close(c);
    chan_close(c);
    cr_assert_eq(chan_send(c, &msg, CHAN_FOREVER), -EPIPE);
    cr_assert_eq(chan_send_reserved(c, &msg), -EPIPE);
    expect_int(c, 1);
    expect_int(c, 2);
    cr_assert_eq(chan_recv(c, &msg, CHAN_FOREVER), -EPIPE);
    cr_assert_eq(chan_recv(c, &msg, CHAN_NOW), -EPIPE);
    chan_free(c);
}

Test(chan, a_full_closed_channel_says_epipe_rather_than_timed_out)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int msg = 9;
    send_int(c, 1);
    chan_close(c);
    cr_assert_eq(chan_send(c, &msg, CHAN_NOW), -EPIPE);
    cr_assert_eq(chan_send_reserved(c, &msg), -EPIPE);
    chan_free(c);
}

Test(chan, one_in_memory_of_the_callers_grows_out_of_it_and_leaves_it)
{
    _Alignas(max_align_t) unsigned char memory[1024];
    int expected = 1;
    cr_assert_leq(chan_bytes(sizeof(int), 3), sizeof memory);
    struct chan *c = chan_place(memory, sizeof(int), 2, 1);
    cr_assert_eq((void *)c, (void *)memory);
    send_int(c, 0);
    expect_int(c, 0); /* the ring begins in its middle now */
    send_int(c, 1);
    send_int(c, 2);
    send_reserved_int(c, 3);
    cr_assert_eq(chan_reserve(c, 2), 0);
    send_reserved_int(c, 4);
    send_reserved_int(c, 5);
    cr_assert_eq(chan_send_reserved(c, &expected), -ENOBUFS);
    for (; expected <= 5; expected++)
        expect_int(c, expected);
    chan_free(c);
    memset(memory, 0, sizeof memory); /* it is the caller's again */
}

Test(chan, a_reserved_send_succeeds_while_the_ordinary_room_is_full)
{
    struct chan *c = chan_new(sizeof(int), 2);
    int msg = 9;
    cr_assert_eq(chan_reserve(c, 2), 0);
    send_int(c, 1);
    send_int(c, 2);
    cr_assert_eq(chan_send(c, &msg, CHAN_NOW), -ETIMEDOUT, "took reserved room");
    send_reserved_int(c, 3);
    send_reserved_int(c, 4);
    cr_assert_eq(chan_send_reserved(c, &msg), -ENOBUFS);
    for (int i = 1; i <= 4; i++)
        expect_int(c, i);
    chan_free(c);
}

Test(chan, reserved_messages_sent_first_leave_the_reservation_whole)
{
    struct chan *c = chan_new(sizeof(int), 2);
    int msg = 9;
    cr_assert_eq(chan_reserve(c, 2), 0);
    send_reserved_int(c, 1);
    send_int(c, 2);
    cr_assert_eq(chan_send(c, &msg, CHAN_NOW), -ETIMEDOUT);
    send_reserved_int(c, 3);
    expect_int(c, 1);
    send_reserved_int(c, 4);
    for (int i = 2; i <= 4; i++)
        expect_int(c, i);
    chan_free(c);
}

Test(chan, without_a_reservation_a_reserved_send_beyond_the_slots_is_enobufs)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int msg = 9;
    send_int(c, 1);
    cr_assert_eq(chan_send_reserved(c, &msg), -ENOBUFS);
    chan_free(c);
}

Test(chan, unreserve_gives_the_room_back_and_reserve_takes_it_again)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int msg = 9;
    for (int round = 0; round < 10; round++) {
        cr_assert_eq(chan_reserve(c, 3), 0);
        send_int(c, 0);
        for (int i = 1; i <= 3; i++)
            send_reserved_int(c, i);
        for (int i = 0; i <= 3; i++)
            expect_int(c, i);
        chan_unreserve(c, 2);
        send_int(c, 0);
        send_reserved_int(c, 1);
        cr_assert_eq(chan_send_reserved(c, &msg), -ENOBUFS);
        expect_int(c, 0);
        expect_int(c, 1);
        chan_unreserve(c, 1);
    }
    chan_free(c);
}

/* The ring as it is with its oldest message at index `head` and `used` messages in it. */
static void reserve_and_check(size_t slots, size_t head, size_t used, size_t n)
{
    struct chan *c = chan_new(sizeof(int), slots);
    for (size_t i = 0; i < head; i++) {
        send_int(c, -1);
        expect_int(c, -1);
    }
    for (size_t i = 0; i < used; i++)
        send_int(c, (int)i);
    cr_assert_eq(chan_reserve(c, n), 0);
    size_t all = slots + n;
    for (size_t i = used; i < all; i++)
        send_reserved_int(c, (int)i);
    for (size_t i = 0; i < all; i++)
        expect_int(c, (int)i);
    expect_empty(c);
    chan_free(c);
}

Test(chan, reserve_keeps_the_messages_of_a_ring_that_wraps)
{
    for (size_t head = 0; head < 5; head++)
        for (size_t used = 0; used <= 5; used++)
            for (size_t n = 1; n < 12; n += 2)
                reserve_and_check(5, head, used, n);
}

Test(chan, a_reservation_that_cannot_be_had_changes_nothing)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int msg = 9;
    cr_assert_eq(chan_reserve(c, SIZE_MAX), -ENOMEM);
    send_int(c, 1);
    cr_assert_eq(chan_send_reserved(c, &msg), -ENOBUFS);
    expect_int(c, 1);
    chan_free(c);
}

struct hooked {
    struct chan *c;
    int calls;
    int received;
    int last_result;
};

/* Deadlocks at once if the channel called it with its lock held. */
static void receive_in_hook(void *arg)
{
    struct hooked *h = arg;
    h->calls++;
    h->last_result = chan_recv(h->c, &h->received, CHAN_NOW);
}

Test(chan, the_hook_runs_outside_the_lock_after_each_send_and_close)
{
    struct hooked h = { .c = chan_new(sizeof(int), 1) };
    cr_assert_eq(chan_reserve(h.c, 1), 0);
    chan_on_send(h.c, receive_in_hook, &h);
    send_int(h.c, 5);
    cr_assert(h.calls == 1 && h.last_result == 0 && h.received == 5);
    send_reserved_int(h.c, 6);
    cr_assert(h.calls == 2 && h.last_result == 0 && h.received == 6);
    chan_close(h.c);
    cr_assert(h.calls == 3 && h.last_result == -EPIPE);
    chan_free(h.c);
}

static void count_in_hook(void *arg)
{
    (*(int *)arg)++;
}

Test(chan, a_send_that_failed_does_not_call_the_hook)
{
    struct chan *c = chan_new(sizeof(int), 1);
    int calls = 0, msg = 1;
    chan_on_send(c, count_in_hook, &calls);
    send_int(c, 1);
    cr_assert_eq(chan_send(c, &msg, CHAN_NOW), -ETIMEDOUT);
    cr_assert_eq(chan_send_reserved(c, &msg), -ENOBUFS);
    cr_assert_eq(calls, 1);
    chan_close(c);
    cr_assert_eq(chan_send(c, &msg, CHAN_NOW), -EPIPE);
    cr_assert_eq(chan_send_reserved(c, &msg), -EPIPE);
    cr_assert_eq(calls, 2);
    chan_free(c);
}
