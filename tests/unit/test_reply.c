/* test_reply.c - answers on their way back, as one thread sees them. Threads: stress_reply.c. */
#include "reply.h"

#include "identities.h"

#include "chan/chan.h"

#include <errno.h>

TestSuite(reply, .timeout = 60);

static void count(void *arg)
{
    ++*(int *)arg;
}

static void send_pid(struct reply *reply, int pid)
{
    struct answer answer = { .kind = ANSWER_OUTCOME, .outcome = OUT_STARTED, .pid = pid };
    reply_send(reply, &answer);
}

static int recv_pid(struct reply *reply)
{
    struct answer answer;
    cr_assert_eq(reply_recv(reply, &answer, CHAN_NOW), 0);
    int pid = answer.pid;
    answer_release(&answer);
    return pid;
}

static struct answer full_answer(void)
{
    struct answer answer = { .kind = ANSWER_SNAPSHOTS, .text = strdup("text") };
    answer.id = instance_of("web", "command: x", 1);
    answer.set = calloc(1, sizeof *answer.set);
    return answer;
}

Test(reply, answers_come_in_the_order_they_were_sent)
{
    struct reply *reply = reply_new(NULL, NULL);
    cr_assert_eq(reply_owe(reply, 3), 0);
    for (int i = 1; i <= 3; i++)
        send_pid(reply, i);
    for (int i = 1; i <= 3; i++)
        cr_expect_eq(recv_pid(reply), i);
    reply_leave(reply);
}

Test(reply, receiving_ends_at_the_deadline_when_nothing_comes)
{
    struct reply *reply = reply_new(NULL, NULL);
    struct answer answer;
    cr_expect_eq(reply_recv(reply, &answer, CHAN_NOW), -ETIMEDOUT);
    reply_leave(reply);
    reply_leave(NULL);
}

Test(reply, there_is_room_for_every_answer_owed)
{
    struct reply *reply = reply_new(NULL, NULL);
    cr_assert_eq(reply_owe(reply, 1), 0);
    cr_assert_eq(reply_owe(reply, 10000), 0);
    for (int i = 0; i < 10001; i++)
        send_pid(reply, i);
    for (int i = 0; i < 10001; i++)
        cr_assert_eq(recv_pid(reply), i);
    reply_leave(reply);
}

Test(reply, room_that_cannot_be_had_changes_nothing)
{
    struct reply *reply = reply_new(NULL, NULL);
    cr_assert_eq(reply_owe(reply, 1), 0);
    cr_expect_eq(reply_owe(reply, SIZE_MAX), -ENOMEM);
    send_pid(reply, 1);
    cr_expect_eq(recv_pid(reply), 1);
    reply_leave(reply);
}

Test(reply, the_hook_is_called_once_for_each_answer)
{
    int calls = 0;
    struct reply *reply = reply_new(count, &calls);
    cr_assert_eq(reply_owe(reply, 2), 0);
    cr_expect_eq(calls, 0);
    send_pid(reply, 1);
    send_pid(reply, 2);
    cr_expect_eq(calls, 2);
    reply_leave(reply);
    cr_expect_eq(calls, 2);
}

Test(reply, answers_after_the_requester_left_are_thrown_away_without_a_hook)
{
    int calls = 0;
    struct reply *reply = reply_new(count, &calls);
    cr_assert_eq(reply_owe(reply, 2), 0);
    reply_leave(reply);
    struct answer late = full_answer();
    reply_send(reply, &late);
    cr_expect_null(late.text, "it was taken over");
    send_pid(reply, 1); /* the last share: the reply is freed here */
    cr_expect_eq(calls, 0);
}

Test(reply, leaving_frees_answers_that_were_not_received)
{
    struct reply *reply = reply_new(NULL, NULL);
    cr_assert_eq(reply_owe(reply, 1), 0);
    struct answer answer = full_answer();
    reply_send(reply, &answer);
    reply_leave(reply);
}

Test(reply, an_answer_belongs_to_whoever_received_it)
{
    struct reply *reply = reply_new(NULL, NULL);
    cr_assert_eq(reply_owe(reply, 1), 0);
    struct answer sent = full_answer();
    struct answer got;
    reply_send(reply, &sent);
    cr_assert_eq(reply_recv(reply, &got, CHAN_NOW), 0);
    reply_leave(reply);
    cr_expect_str_eq(got.text, "text");
    cr_expect_str_eq(got.id->name, "web");
    answer_release(&got);
    cr_expect_null(got.text);
    answer_release(&got);
}
