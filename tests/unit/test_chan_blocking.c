/* test_chan_blocking.c - the channel between threads: who blocks, who is woken by what, and
 * that no message is lost or doubled on the way. */
#include "chan/chan.h"

#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>

TestSuite(chan_blocking, .timeout = 120);

static void run_send(struct call *call)
{
    call->result = chan_send(call->on, &call->value, call->deadline_ms);
}

static void run_recv(struct call *call)
{
    call->result = chan_recv(call->on, &call->value, call->deadline_ms);
}

static struct call blocking_call(void (*run)(struct call *call), struct chan *c, int value)
{
    return (struct call){ .run = run, .on = c, .value = value, .deadline_ms = CHAN_FOREVER };
}

static void send_now(struct chan *c, int value)
{
    cr_assert_eq(chan_send(c, &value, CHAN_NOW), 0);
}

static int receive(struct chan *c)
{
    int got = -1;
    cr_assert_eq(chan_recv(c, &got, now_ms() + PATIENCE_MS), 0);
    return got;
}

Test(chan_blocking, send_returns_epipe_when_closed_while_full)
{
    struct chan *c = chan_new(sizeof(int), 1);
    struct call blocked[3];
    send_now(c, 0);
    for (int i = 0; i < 3; i++) {
        blocked[i] = blocking_call(run_send, c, 1 + i);
        if (i == 2)
            blocked[i].deadline_ms = now_ms() + PATIENCE_MS;
        call_start(&blocked[i]);
        call_await_blocked(&blocked[i]);
    }
    chan_close(c);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(call_join(&blocked[i]), -EPIPE);
    int got = -1;
    cr_assert(chan_recv(c, &got, CHAN_NOW) == 0 && got == 0);
    cr_assert_eq(chan_recv(c, &got, CHAN_NOW), -EPIPE);
    chan_free(c);
}

Test(chan_blocking, receive_returns_epipe_when_closed_while_empty)
{
    struct chan *c = chan_new(sizeof(int), 1);
    struct call blocked[3];
    for (int i = 0; i < 3; i++) {
        blocked[i] = blocking_call(run_recv, c, 42);
        if (i == 2)
            blocked[i].deadline_ms = now_ms() + PATIENCE_MS;
        call_start(&blocked[i]);
        call_await_blocked(&blocked[i]);
    }
    chan_close(c);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(call_join(&blocked[i]), -EPIPE);
        cr_assert_eq(blocked[i].value, 42);
    }
    chan_free(c);
}

Test(chan_blocking, each_message_wakes_a_receiver_the_longest_waiting_first)
{
    struct chan *c = chan_new(sizeof(int), 4);
    struct call blocked[4];
    for (int i = 0; i < 4; i++) {
        blocked[i] = blocking_call(run_recv, c, -1);
        call_start(&blocked[i]);
        call_await_blocked(&blocked[i]);
    }
    for (int i = 0; i < 4; i++) {
        send_now(c, i);
        cr_assert_eq(call_join(&blocked[i]), 0);
        cr_assert_eq(blocked[i].value, i);
    }
    chan_free(c);
}

Test(chan_blocking, messages_sent_at_once_wake_all_the_receivers_they_are_enough_for)
{
    struct chan *c = chan_new(sizeof(int), 4);
    struct call blocked[4];
    int sum = 0;
    for (int i = 0; i < 4; i++) {
        blocked[i] = blocking_call(run_recv, c, -1);
        call_start(&blocked[i]);
        call_await_blocked(&blocked[i]);
    }
    for (int i = 0; i < 4; i++)
        send_now(c, 1 << i);
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(call_join(&blocked[i]), 0);
        sum += blocked[i].value;
    }
    cr_assert_eq(sum, 15);
    chan_free(c);
}

Test(chan_blocking, each_freed_slot_lets_a_blocked_sender_go_on)
{
    struct chan *c = chan_new(sizeof(int), 2);
    struct call blocked[4];
    send_now(c, 0);
    send_now(c, 1);
    for (int i = 0; i < 4; i++) {
        blocked[i] = blocking_call(run_send, c, 2 + i);
        call_start(&blocked[i]);
        call_await_blocked(&blocked[i]);
    }
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(receive(c), i);
        cr_assert_eq(call_join(&blocked[i]), 0);
    }
    cr_assert_eq(receive(c), 4);
    cr_assert_eq(receive(c), 5);
    chan_free(c);
}

Test(chan_blocking, slots_freed_at_once_let_all_the_senders_go_on_that_they_are_enough_for)
{
    struct chan *c = chan_new(sizeof(int), 4);
    struct call blocked[4];
    for (int i = 0; i < 4; i++)
        send_now(c, i);
    for (int i = 0; i < 4; i++) {
        blocked[i] = blocking_call(run_send, c, 4 + i);
        call_start(&blocked[i]);
        call_await_blocked(&blocked[i]);
    }
    for (int i = 0; i < 4; i++)
        receive(c);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(call_join(&blocked[i]), 0);
    chan_free(c);
}

Test(chan_blocking, draining_reserved_messages_loses_no_wake_up_of_ordinary_senders)
{
    struct chan *c = chan_new(sizeof(int), 1);
    struct call blocked[2];
    cr_assert_eq(chan_reserve(c, 2), 0);
    send_now(c, 0);
    for (int i = 1; i <= 2; i++)
        cr_assert_eq(chan_send_reserved(c, &i), 0);
    for (int i = 0; i < 2; i++) {
        blocked[i] = blocking_call(run_send, c, 3 + i);
        call_start(&blocked[i]);
        call_await_blocked(&blocked[i]);
    }
    cr_assert_eq(receive(c), 0);
    cr_assert_eq(receive(c), 1);
    cr_assert(thread_is_blocked(atomic_load(&blocked[0].tid)), "woken with no room to use");
    cr_assert_eq(receive(c), 2);
    cr_assert_eq(call_join(&blocked[0]), 0);
    cr_assert_eq(receive(c), 3);
    cr_assert_eq(call_join(&blocked[1]), 0);
    cr_assert_eq(receive(c), 4);
    chan_free(c);
}

Test(chan_blocking, a_blocked_sender_outlives_the_growth_of_the_ring)
{
    struct chan *c = chan_new(sizeof(int), 1);
    send_now(c, 0);
    struct call blocked = blocking_call(run_send, c, 2);
    call_start(&blocked);
    call_await_blocked(&blocked);
    cr_assert_eq(chan_reserve(c, 100), 0);
    int reserved = 1;
    cr_assert_eq(chan_send_reserved(c, &reserved), 0);
    cr_assert_eq(receive(c), 0);
    cr_assert_eq(receive(c), 1);
    cr_assert_eq(call_join(&blocked), 0);
    cr_assert_eq(receive(c), 2);
    chan_free(c);
}

Test(chan_blocking, a_waiter_that_timed_out_takes_no_later_wake_up_with_it)
{
    struct chan *c = chan_new(sizeof(int), 2);
    struct call patient = blocking_call(run_recv, c, -1);
    struct call hasty = blocking_call(run_recv, c, -1);
    hasty.deadline_ms = now_ms() + 50;
    call_start(&hasty);
    call_start(&patient);
    cr_assert_eq(call_join(&hasty), -ETIMEDOUT);
    call_await_blocked(&patient);
    send_now(c, 7);
    cr_assert_eq(call_join(&patient), 0);
    cr_assert_eq(patient.value, 7);
    chan_free(c);
}

Test(chan_blocking, a_receive_whose_deadline_races_a_send_neither_loses_nor_doubles_the_message)
{
    struct chan *c = chan_new(sizeof(int), 1);
    for (int round = 0; round < 400; round++) {
        struct call call = blocking_call(run_recv, c, -1);
        call.deadline_ms = now_ms() + 2;
        call_start(&call);
        while (now_ms() < call.deadline_ms)
            sched_yield();
        send_now(c, round);
        int err = call_join(&call);
        cr_assert(err == 0 || err == -ETIMEDOUT);
        if (err == -ETIMEDOUT)
            cr_assert_eq(chan_recv(c, &call.value, CHAN_NOW), 0, "lost in round %d", round);
        cr_assert_eq(call.value, round);
        cr_assert_eq(chan_recv(c, &call.value, CHAN_NOW), -ETIMEDOUT, "doubled");
    }
    chan_free(c);
}

Test(chan_blocking, a_send_whose_deadline_races_a_receive_neither_loses_nor_doubles_the_message)
{
    struct chan *c = chan_new(sizeof(int), 1);
    for (int round = 0; round < 400; round++) {
        send_now(c, -1);
        struct call call = blocking_call(run_send, c, round);
        call.deadline_ms = now_ms() + 2;
        call_start(&call);
        while (now_ms() < call.deadline_ms)
            sched_yield();
        cr_assert_eq(receive(c), -1);
        int sent = call_join(&call);
        int got = -1, err = chan_recv(c, &got, CHAN_NOW);
        cr_assert_eq(sent, err, "sent: %d, received: %d", sent, err);
        cr_assert(err == 0 ? got == round : err == -ETIMEDOUT);
    }
    chan_free(c);
}

Test(chan_blocking, whoever_received_the_last_message_may_free_the_channel)
{
    for (int round = 0; round < 500; round++) {
        struct chan *c = chan_new(sizeof(int), 1);
        struct call call = blocking_call(run_send, c, round);
        call_start(&call);
        cr_assert_eq(receive(c), round);
        chan_free(c);
        cr_assert_eq(call_join(&call), 0);
    }
}

enum { SENDERS = 4, RECEIVERS = 4, EACH = 3000 };

static void run_send_all(struct call *call)
{
    for (int i = 0; i < EACH && call->result == 0; i++) {
        int msg = call->value * EACH + i;
        call->result = chan_send(call->on, &msg, CHAN_FOREVER);
    }
}

/* Adds what it received up in `value`; -EBADMSG when a sender's messages come out of order. */
static void run_recv_all(struct call *call)
{
    int msg, next[SENDERS] = { 0 };
    while ((call->result = chan_recv(call->on, &msg, CHAN_FOREVER)) == 0) {
        int sender = msg / EACH, number = msg % EACH;
        if (number < next[sender]) {
            call->result = -EBADMSG;
            return;
        }
        next[sender] = number + 1;
        call->value++;
    }
}

Test(chan_blocking, many_senders_and_receivers_lose_nothing_and_keep_each_senders_order)
{
    struct chan *c = chan_new(sizeof(int), 2);
    struct call senders[SENDERS], receivers[RECEIVERS];
    int received = 0;
    for (int i = 0; i < RECEIVERS; i++) {
        receivers[i] = blocking_call(run_recv_all, c, 0);
        call_start(&receivers[i]);
    }
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = blocking_call(run_send_all, c, i);
        call_start(&senders[i]);
    }
    for (int i = 0; i < SENDERS; i++)
        cr_assert_eq(call_join(&senders[i]), 0);
    chan_close(c);
    for (int i = 0; i < RECEIVERS; i++) {
        cr_assert_eq(call_join(&receivers[i]), -EPIPE);
        received += receivers[i].value;
    }
    cr_assert_eq(received, SENDERS * EACH);
    chan_free(c);
}
