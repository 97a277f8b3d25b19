/* resolver.h - looks host names up, which may take as long as it likes, on one thread of its own.
 *
 * The thread is made with the first question. A lookup that hangs holds up other lookups and
 * nothing else: who asked may cancel at any time, and the end of the program does not wait for it.
 *
 * Threads: any may ask, cancel and take. Lock: one mutex guards the queue and the answers; hooks
 * run with it held, on the resolver's thread, so that after resolver_cancel() the hook is never
 * called. A hook may lock a channel and nothing else, and must not call the resolver. */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdbool.h>

#include "address.h"

struct resolver;

/* How a name is looked up: address_list_look_up(), but for tests. */
typedef int resolver_lookup(const struct endpoint *endpoint, struct address_list *out_list);

/* Called once: there is an answer to take. */
typedef void resolver_hook(void *arg);

/* A question, embedded in whoever asks; the fields are the resolver's. */
struct resolver_question {
    struct resolver_question *next;
    struct endpoint endpoint;
    resolver_hook *hook;
    void *arg;
    bool answered;
    int error; /* of getaddrinfo(3) */
    struct address_list list;
};

/* A resolver, or NULL when out of memory. */
struct resolver *resolver_new(resolver_lookup *lookup);

/* No question may be open. NULL is fine. */
void resolver_free(struct resolver *resolver);

/* *question must stay until its answer was taken or it was cancelled. 0; or a negative errno, when
 * there can be no thread. */
int resolver_ask(struct resolver *resolver, struct resolver_question *question,
                 const struct endpoint *endpoint, resolver_hook *hook, void *arg)
    __attribute__((warn_unused_result));

/* Answered already is fine, too. */
void resolver_cancel(struct resolver *resolver, struct resolver_question *question);

/* The answer: 0 with *out_list to address_list_release(), or a code of getaddrinfo(3) in
 * *out_error. False: it is not there yet. */
bool resolver_take(struct resolver *resolver, struct resolver_question *question, int *out_error,
                   struct address_list *out_list);

#endif
