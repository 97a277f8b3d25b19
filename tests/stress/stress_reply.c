/* stress_reply.c - answers and journal entries from many threads, for readers that come and go:
 * `stress_reply [ROUNDS]`. A plain program, for ThreadSanitizer and valgrind too. Ends with
 * `N passed, M failed`; exit status 1 when one failed. What is freed too early or never is told
 * by the sanitizers. */
#include "journal.h"
#include "reply.h"

#include "chan/chan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum { SENDERS = 4, ANSWERS = 8, REPLIES = 100, ADDERS = 4, ENTRIES = 2000, VISITS = 100 };

#define PATIENCE_MS 60000

/* ---- replies ---- */

struct sending {
    struct reply *reply;
    int sender;
    pthread_t thread;
};

/* Lives on the requester's heap, and is freed as soon as it has left. */
struct requester {
    atomic_int woken;
};

static void wake(void *arg)
{
    struct requester *requester = arg;
    atomic_fetch_add(&requester->woken, 1);
}

static void *send_answers(void *arg)
{
    struct sending *sending = arg;
    for (int i = 0; i < ANSWERS; i++) {
        struct answer answer = { .pid = sending->sender, .count = (size_t)i };
        answer.text = strdup("text");
        reply_send(sending->reply, &answer);
    }
    return NULL;
}

/* Receives `wanted` answers; each sender's must come in their order. */
static bool receive(struct reply *reply, int wanted)
{
    size_t next[SENDERS] = { 0 };
    for (int i = 0; i < wanted; i++) {
        struct answer answer;
        if (reply_recv(reply, &answer, clock_ms() + PATIENCE_MS) != 0)
            return false;
        bool in_order = answer.text && answer.count == next[answer.pid]++;
        answer_release(&answer);
        if (!in_order)
            return false;
    }
    return true;
}

/* A requester that leaves after `wanted` answers, with the rest on their way. */
static bool one_reply(int wanted)
{
    struct sending senders[SENDERS];
    struct requester *requester = calloc(1, sizeof *requester);
    struct reply *reply = reply_new(wake, requester);
    bool ok = true;
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sending){ .reply = reply, .sender = i };
        if (reply_owe(reply, ANSWERS) != 0)
            abort();
        pthread_create(&senders[i].thread, NULL, send_answers, &senders[i]);
    }
    ok = receive(reply, wanted);
    reply_leave(reply);
    ok = ok && atomic_load(&requester->woken) <= SENDERS * ANSWERS;
    free(requester);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
    return ok;
}

static bool replies(void)
{
    bool ok = true;
    for (int i = 0; i < REPLIES && ok; i++)
        ok = one_reply(i % (SENDERS * ANSWERS + 1));
    return ok;
}

/* ---- the journal ---- */

struct adding {
    struct journal *journal;
    int adder;
    pthread_t thread;
};

static void *add_entries(void *arg)
{
    struct adding *adding = arg;
    for (int i = 0; i < ENTRIES; i++) {
        const struct change change = { .pid = adding->adder, .wall_ms = i, .detail = "why" };
        journal_add(adding->journal, &change);
    }
    return NULL;
}

/* Followers that come and go, each with an argument that does not outlive its visit. */
static void *visit(void *arg)
{
    struct journal *journal = arg;
    for (int i = 0; i < VISITS; i++) {
        struct requester *visitor = calloc(1, sizeof *visitor);
        struct follower *follower = journal_follow(journal, wake, visitor);
        uint64_t number = 0;
        uint64_t missed;
        struct change change;
        if (journal_read(journal, &number, &change, &missed) == 0)
            change_release(&change);
        journal_unfollow(journal, follower);
        free(visitor);
    }
    return NULL;
}

/* Reads until all entries were seen or missed; each adder's must come in their order. */
static bool read_all(struct journal *journal)
{
    int64_t last[ADDERS] = { -1, -1, -1, -1 };
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    uint64_t number = 0;
    uint64_t seen = 0;
    while (seen < ADDERS * ENTRIES && clock_ms() < deadline_ms) {
        struct change change;
        uint64_t missed;
        if (journal_read(journal, &number, &change, &missed) != 0)
            continue;
        seen += missed + 1;
        bool in_order = change.detail && change.wall_ms > last[change.pid] && number == seen;
        last[change.pid] = change.wall_ms;
        change_release(&change);
        if (!in_order)
            return false;
    }
    return seen == ADDERS * ENTRIES;
}

static bool journal(void)
{
    struct journal *journal = journal_new();
    struct adding adders[ADDERS];
    pthread_t visitor;
    pthread_create(&visitor, NULL, visit, journal);
    for (int i = 0; i < ADDERS; i++) {
        adders[i] = (struct adding){ .journal = journal, .adder = i };
        pthread_create(&adders[i].thread, NULL, add_entries, &adders[i]);
    }
    bool ok = read_all(journal);
    for (int i = 0; i < ADDERS; i++)
        pthread_join(adders[i].thread, NULL);
    pthread_join(visitor, NULL);
    ok = ok && journal_next(journal) == ADDERS * ENTRIES;
    journal_free(journal);
    return ok;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool (*run)(void);
    } scenarios[] = { { "requesters that leave in the middle", replies },
                      { "journal with followers that come and go", journal } };
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 3;
    int passed = 0;
    int failed = 0;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        bool ok = true;
        for (long round = 0; round < rounds && ok; round++)
            ok = scenarios[i].run();
        printf("%s: %s\n", ok ? "ok" : "FAILED", scenarios[i].name);
        passed += ok;
        failed += !ok;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
