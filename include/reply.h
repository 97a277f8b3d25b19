/* reply.h - the way back: answers to one request, from the manager and from monitors.
 *
 * The requester makes a reply and receives from it. For each answer that a monitor will owe, the
 * manager calls reply_owe(), which makes room; so an answer is never refused and never waits.
 * Reference counted: one for the requester, one for each answer owed. A requester that loses
 * interest calls reply_leave(); answers that come later are thrown away.
 *
 * Threads: any that holds a share may owe and send; receiving and leaving are the requester's.
 * Whoever completes a request gives its share back, with reply_send(). The hook runs under a lock
 * of its own, one sender at a time: it must not call reply_leave(). */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

struct reply;

enum outcome {
    OUT_STARTED,   /* pid */
    OUT_RESTARTED, /* pid; with ms, `count` old processes were killed after a grace of ms */
    OUT_STOPPED,
    OUT_KILLED,   /* after a grace of ms; count: so many processes */
    OUT_SIGNALED, /* count: the number of the signal that was sent */
    OUT_ALREADY_RUNNING,
    OUT_NOT_RUNNING,
    OUT_FAILED,    /* text: why */
    OUT_OVERTAKEN, /* text: "start overtaken by stop" */
    OUT_SHUTTING_DOWN,
    OUT_BUSY,    /* its inbox is full */
    OUT_NOTHING, /* nothing was to be done, and nothing is to be said */
};

enum answer_kind {
    ANSWER_OUTCOME,   /* of one instance: .id, .outcome and what goes with it */
    ANSWER_NOTE,      /* .text: a line that is no outcome and no failure */
    ANSWER_NO_TARGET, /* .text: a target that names nothing */
    ANSWER_SNAPSHOTS, /* .set */
    ANSWER_PLAN,      /* .text: what the reload does, ready to print; .json: as an object */
    ANSWER_ERRORS,    /* .text: why the reload cannot be, lines ready to print */
    ANSWER_ROUTED,    /* the manager has no more to say; .count outcomes are or were owed */
};

/* An answer's pointers belong to whoever holds it: answer_release(). All zero is an empty one. */
struct answer {
    enum answer_kind kind;
    enum outcome outcome;
    int pid;
    int64_t ms;
    size_t count;
    struct identity *id;
    char *text;
    char *json;
    struct snapshot_set *set;
};
void answer_release(struct answer *answer);

/* A reply to reply_leave(), or NULL. hook(arg) is called whenever an answer has come, on the
 * sender's thread; it must not block and must work until reply_leave() has returned. NULL: none. */
struct reply *reply_new(void (*hook)(void *arg), void *arg);

/* Takes the next answer, waiting until deadline_ms (see chan.h). 0 with *out_answer to
 * answer_release(), or -ETIMEDOUT. Requester only. */
int reply_recv(struct reply *reply, struct answer *out_answer, int64_t deadline_ms);

/* The requester is not interested any more: what has not been received is thrown away. Waits for
 * a hook that is running; it is not called after this returns. NULL is fine. */
void reply_leave(struct reply *reply);

/* Makes room for `n` answers that will be sent, each with a share. The caller holds one itself.
 * 0 or -ENOMEM (nothing changed). */
int reply_owe(struct reply *reply, size_t n) __attribute__((warn_unused_result));

/* Sends an answer that is owed; *answer's pointers are taken over, and it is emptied. Never waits
 * (but for another sender's hook). The caller's share of the reply ends here. */
void reply_send(struct reply *reply, struct answer *answer);

#endif
