/* stress_chan.c - channel storms: `stress_chan [MESSAGES]`, 10,000,000 unless told. A plain
 * program, for ThreadSanitizer and valgrind too. Each scenario passes when every message that was
 * accepted came out exactly once and each receiver saw each sender's messages in their order.
 * Ends with `N passed, M failed`; exit status 1 when one failed. */
#include "chan/chan.h"
#include "chan/waitgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SENDERS = 8, RECEIVERS = 8, STUCK_MS = 20000 };

/* What a storm is like. */
struct storm {
    const char *name;
    uint64_t messages;    /* of all senders together */
    uint64_t rounds;      /* each with a channel of its own */
    uint64_t close_after; /* sender 0 closes the channel after so many of its messages; 0: no */
    size_t slots;
    size_t reserved_senders; /* the first so many send into a slot they reserve each time */
    bool hurried;            /* short deadlines, taken up again after each timeout */
};

struct msg {
    uint64_t number; /* of this sender's messages, from 0 */
    uint32_t sender;
    bool reserved;
};

struct sender {
    struct round *round;
    struct chan *received; /* reserved senders: one message comes back for each that arrived */
    uint64_t quota, sent;
    uint32_t index;
    uint32_t dice;
    const char *error;
    pthread_t thread;
};

struct receiver {
    struct round *round;
    unsigned char *seen[SENDERS]; /* one bit for each message */
    uint32_t dice;
    const char *error;
    pthread_t thread;
};

struct round {
    const struct storm *storm;
    struct chan *c;
    struct waitgroup *sending, *receiving;
    atomic_uint_fast64_t progress;
    struct sender senders[SENDERS];
    struct receiver receivers[RECEIVERS];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *must(void *p)
{
    if (p)
        return p;
    fputs("stress_chan: out of memory\n", stderr);
    exit(2);
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    int err = pthread_create(thread, NULL, run, arg);
    if (!err)
        return;
    fprintf(stderr, "stress_chan: cannot create a thread: error %d\n", err);
    exit(2);
}

/* Forever; when hurried, once in four times "try once" and else up to two milliseconds. */
static int64_t next_deadline(const struct storm *storm, uint32_t *dice)
{
    if (!storm->hurried)
        return CHAN_FOREVER;
    *dice = *dice * 1664525u + 1013904223u;
    uint32_t roll = *dice >> 30;
    return roll == 0 ? CHAN_NOW : now_ms() + (int64_t)roll - 1;
}

static int send_ordinary(struct sender *s, const struct msg *m)
{
    int err;
    do {
        err = chan_send(s->round->c, m, next_deadline(s->round->storm, &s->dice));
    } while (err == -ETIMEDOUT && s->round->storm->hurried);
    return err;
}

/* One under way at a time, in a slot reserved for it: must never be refused. */
static int send_reserved(struct sender *s, const struct msg *m)
{
    bool token;
    int err = chan_reserve(s->round->c, 1);
    if (err)
        return err;
    err = chan_send_reserved(s->round->c, m);
    if (!err)
        err = chan_recv(s->received, &token, CHAN_FOREVER);
    chan_unreserve(s->round->c, 1);
    return err;
}

static void *sender_main(void *arg)
{
    struct sender *s = arg;
    const struct storm *storm = s->round->storm;
    struct msg m = { .sender = s->index, .reserved = s->index < storm->reserved_senders };
    int err = 0;
    while (s->sent < s->quota && !err) {
        m.number = s->sent;
        err = m.reserved ? send_reserved(s, &m) : send_ordinary(s, &m);
        if (!err)
            s->sent++;
        if (s->index == 0 && s->sent == storm->close_after && s->sent > 0)
            chan_close(s->round->c);
    }
    if (err && !(err == -EPIPE && storm->close_after > 0))
        s->error = "a send failed";
    waitgroup_done(s->round->sending);
    return NULL;
}

static const char *note(struct receiver *r, const struct msg *m, uint64_t *next)
{
    struct round *round = r->round;
    if (m->sender >= SENDERS || m->number >= round->senders[m->sender].quota)
        return "a message that nobody sent";
    if (m->number < next[m->sender])
        return "a message out of order, or twice";
    next[m->sender] = m->number + 1;
    r->seen[m->sender][m->number / 8] |= (unsigned char)(1u << (m->number % 8));
    if (m->reserved && chan_send(round->senders[m->sender].received, &(bool){ true }, CHAN_NOW))
        return "a reserved message more than was under way";
    return NULL;
}

static void *receiver_main(void *arg)
{
    struct receiver *r = arg;
    uint64_t next[SENDERS] = { 0 };
    struct msg m;
    int err;
    do {
        err = chan_recv(r->round->c, &m, next_deadline(r->round->storm, &r->dice));
        if (!err) {
            const char *error = note(r, &m, next);
            r->error = r->error ? r->error : error;
            atomic_fetch_add_explicit(&r->round->progress, 1, memory_order_relaxed);
        }
    } while (!err || (err == -ETIMEDOUT && r->round->storm->hurried));
    if (err != -EPIPE)
        r->error = "a receive failed";
    waitgroup_done(r->round->receiving);
    return NULL;
}

static uint64_t bitmap_bytes(uint64_t quota)
{
    return quota / 8 + 1;
}

static struct round *round_new(const struct storm *storm)
{
    struct round *round = must(calloc(1, sizeof(*round)));
    round->storm = storm;
    round->c = must(chan_new(sizeof(struct msg), storm->slots));
    round->sending = must(waitgroup_new());
    round->receiving = must(waitgroup_new());
    atomic_init(&round->progress, 0);
    for (uint32_t i = 0; i < SENDERS; i++) {
        struct sender *s = &round->senders[i];
        s->round = round;
        s->received = must(chan_new(sizeof(bool), 1));
        s->quota = storm->messages / SENDERS + (i < storm->messages % SENDERS);
        s->index = s->dice = i;
    }
    for (uint32_t i = 0; i < RECEIVERS; i++) {
        struct receiver *r = &round->receivers[i];
        r->round = round;
        r->dice = SENDERS + i;
        for (size_t from = 0; from < SENDERS; from++)
            r->seen[from] = must(calloc(1, bitmap_bytes(round->senders[from].quota)));
    }
    return round;
}

static void round_free(struct round *round)
{
    for (size_t i = 0; i < RECEIVERS; i++)
        for (size_t from = 0; from < SENDERS; from++)
            free(round->receivers[i].seen[from]);
    for (size_t i = 0; i < SENDERS; i++)
        chan_free(round->senders[i].received);
    waitgroup_free(round->sending);
    waitgroup_free(round->receiving);
    chan_free(round->c);
    free(round);
}

/* A lost wake-up would hang the storm: no message in STUCK_MS ends the program instead. */
static void await(struct round *round, struct waitgroup *wg, const char *who)
{
    uint64_t before = atomic_load(&round->progress);
    while (waitgroup_wait(wg, now_ms() + STUCK_MS)) {
        uint64_t now = atomic_load(&round->progress);
        if (now == before) {
            printf("%s: %zu %s stuck after %" PRIu64 " messages\n0 passed, 1 failed\n",
                   round->storm->name, waitgroup_left(wg), who, now);
            fflush(stdout);
            _exit(1);
        }
        before = now;
    }
}

/* Exactly the messages [0, sent) of this sender were seen, and each by one receiver only. */
static const char *check_sender(const struct round *round, size_t from)
{
    const struct sender *s = &round->senders[from];
    for (uint64_t byte = 0; byte < bitmap_bytes(s->quota); byte++) {
        unsigned int seen = 0, expected = 0;
        for (size_t i = 0; i < RECEIVERS; i++) {
            unsigned int by_this_one = round->receivers[i].seen[from][byte];
            if (seen & by_this_one)
                return "a message was received twice";
            seen |= by_this_one;
        }
        for (unsigned int bit = 0; bit < 8; bit++)
            expected |= byte * 8 + bit < s->sent ? 1u << bit : 0;
        if (seen != expected)
            return seen & ~expected ? "a refused message was received" : "a message was lost";
    }
    return s->error;
}

static const char *check_round(const struct round *round)
{
    const char *error = NULL;
    for (size_t i = 0; i < SENDERS && !error; i++)
        error = check_sender(round, i);
    for (size_t i = 0; i < RECEIVERS && !error; i++)
        error = round->receivers[i].error;
    return error;
}

/* Adds the number of messages sent to *messages. NULL, or what went wrong. */
static const char *run_round(const struct storm *storm, uint64_t *messages)
{
    struct round *round = round_new(storm);
    waitgroup_add(round->sending, SENDERS);
    waitgroup_add(round->receiving, RECEIVERS);
    for (size_t i = 0; i < RECEIVERS; i++)
        start(&round->receivers[i].thread, receiver_main, &round->receivers[i]);
    for (size_t i = 0; i < SENDERS; i++)
        start(&round->senders[i].thread, sender_main, &round->senders[i]);
    await(round, round->sending, "senders");
    chan_close(round->c);
    await(round, round->receiving, "receivers");
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_join(round->senders[i].thread, NULL);
        *messages += round->senders[i].sent;
    }
    for (size_t i = 0; i < RECEIVERS; i++)
        pthread_join(round->receivers[i].thread, NULL);
    const char *error = check_round(round);
    round_free(round);
    return error;
}

static bool run_storm(const struct storm *storm)
{
    int64_t begin_ms = now_ms();
    const char *error = NULL;
    uint64_t messages = 0;
    for (uint64_t i = 0; i < storm->rounds && !error; i++)
        error = run_round(storm, &messages);
    printf("%s: %" PRIu64 " messages in %" PRId64 " ms: %s\n", storm->name, messages,
           now_ms() - begin_ms, error ? error : "ok");
    return !error;
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    const struct storm storms[] = {
        { .name = "flow", .messages = n, .rounds = 1, .slots = 64 },
        { .name = "deadlines", .messages = n / 20, .rounds = 1, .slots = 2, .hurried = true },
        { .name = "reserved",
          .messages = n / 20,
          .rounds = 1,
          .slots = 2,
          .reserved_senders = SENDERS / 2 },
        { .name = "open and close",
          .messages = 800,
          .rounds = 1 + n / 20000,
          .slots = 4,
          .close_after = 20 },
        { .name = "open and close, with deadlines",
          .messages = 800,
          .rounds = 1 + n / 20000,
          .slots = 1,
          .close_after = 20,
          .hurried = true },
    };
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof(storms) / sizeof(storms[0]); i++)
        *(run_storm(&storms[i]) ? &passed : &failed) += 1;
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
