/* trace.c - see trace.h. */
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_fields.h"

#define MAGIC "taskmaster-trace"

static const char *const event_names[EV_COUNT] = {
    [EV_START] = "start",         [EV_STOP] = "stop",     [EV_RESTART] = "restart",
    [EV_RETIRE] = "retire",       [EV_KILL] = "kill",     [EV_SPAWNED] = "spawned",
    [EV_SPAWN_FAILED] = "failed", [EV_EXITED] = "exited", [EV_EMPTY] = "empty",
    [EV_DEADLINE] = "deadline",   [EV_NEEDS] = "needs",   [EV_READY] = "ready",
    [EV_UNHEALTHY] = "unhealthy",
};

/* ---- sums and comparisons ---- */

/* FNV-1a: each step is one to one, so a single changed byte cannot be lost on the way. */
uint32_t trace_sum(const char *bytes, size_t count)
{
    uint32_t sum = 2166136261U;
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * 16777619U;
    return sum;
}

uint32_t trace_sum_of(const struct fsm *fsm)
{
    int64_t numbers[TRACE_STATE_NUMBERS];
    trace_pack_state(fsm, numbers);
    return trace_sum((const char *)numbers, sizeof numbers);
}

bool trace_same_state(const struct fsm *a, const struct fsm *b)
{
    int64_t one[TRACE_STATE_NUMBERS], other[TRACE_STATE_NUMBERS];
    trace_pack_state(a, one);
    trace_pack_state(b, other);
    return memcmp(one, other, sizeof one) == 0;
}

bool trace_same_policy(const struct fsm_policy *a, const struct fsm_policy *b)
{
    int64_t one[TRACE_POLICY_NUMBERS], other[TRACE_POLICY_NUMBERS];
    trace_pack_policy(a, one);
    trace_pack_policy(b, other);
    return memcmp(one, other, sizeof one) == 0;
}

/* ---- writing ---- */

static void put_numbers(FILE *out, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%lld ", (long long)numbers[i]);
}

/* What is as in most events is left out. */
static void put_event(FILE *out, const struct fsm_event *ev)
{
    fprintf(out, "%lld %s ", (long long)ev->now_ms, event_names[ev->kind]);
    if (ev->why.why != WHY_NONE)
        fprintf(out, "w%d ", (int)ev->why.why);
    if (ev->why.arg)
        fprintf(out, "a%d ", ev->why.arg);
    if (ev->why.ms)
        fprintf(out, "m%lld ", (long long)ev->why.ms);
    if (ev->exit.code)
        fprintf(out, "c%d ", ev->exit.code);
    if (ev->exit.signal)
        fprintf(out, "s%d ", ev->exit.signal);
    if (ev->group_empty)
        fputs("g1 ", out);
    if (ev->transient)
        fputs("t1 ", out);
    if (ev->needs != NEEDS_MET)
        fprintf(out, "n%d ", (int)ev->needs);
    fprintf(out, "r%u > ", ev->chance);
}

static void put(FILE *out, const struct trace_record *record)
{
    int64_t numbers[TRACE_NUMBERS_MAX];
    const struct trace_outcome *came = &record->outcome;
    switch (record->kind) {
    case TRACE_BEGIN:
        fprintf(out, MAGIC " %d %d %lld %lld ", TRACE_VERSION, record->pid,
                (long long)record->wall_ms, (long long)record->mono_ms);
        break;
    case TRACE_STATE:
        fprintf(out, "i %u %s ", record->number, record->name);
        trace_pack_state(&record->fsm, numbers);
        put_numbers(out, numbers, TRACE_STATE_NUMBERS);
        break;
    case TRACE_POLICY:
        fprintf(out, "p %u ", record->number);
        trace_pack_policy(&record->policy, numbers);
        put_numbers(out, numbers, TRACE_POLICY_NUMBERS);
        break;
    case TRACE_EVENT:
        fprintf(out, "e %u ", record->number);
        put_event(out, &record->event);
        fprintf(out, "%s %u %d %08x ", state_name(came->state), came->actions, (int)came->why,
                (unsigned)came->sum);
        break;
    case TRACE_GAP: fprintf(out, "g %lu ", record->lost); break;
    }
}

int trace_line(const struct trace_record *record, char **out_line, size_t *out_bytes)
{
    char *line = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&line, &bytes);
    if (!out)
        return -ENOMEM;
    put(out, record);
    bool lost = fflush(out) != 0;
    if (!lost)
        fprintf(out, "%08x\n", (unsigned)trace_sum(line, bytes));
    lost = fclose(out) != 0 || lost;
    if (lost) {
        free(line);
        return -ENOMEM;
    }
    *out_line = line;
    *out_bytes = bytes;
    return 0;
}

/* ---- reading ---- */

/* The words of a line that are left. Each of these takes the next, and is false where it is none
 * or another than wanted. */
static bool take_word(char **words, const char **out)
{
    *out = strsep(words, " ");
    return *out && **out;
}

static bool read_number(const char *word, int64_t least, int64_t most, int64_t *out)
{
    char *end;
    if (*word != '-' && (*word < '0' || *word > '9'))
        return false;
    errno = 0;
    long long number = strtoll(word, &end, 10);
    if (errno || *end || number < least || number > most)
        return false;
    *out = number;
    return true;
}

static bool take_number(char **words, int64_t least, int64_t most, int64_t *out)
{
    const char *word;
    return take_word(words, &word) && read_number(word, least, most, out);
}

static bool take_numbers(char **words, int64_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!take_number(words, INT64_MIN, INT64_MAX, &out[i]))
            return false;
    return true;
}

static bool take_sum(char **words, uint32_t *out)
{
    const char *word;
    if (!take_word(words, &word) || strspn(word, "0123456789abcdef") != 8 || word[8])
        return false;
    *out = (uint32_t)strtoul(word, NULL, 16);
    return true;
}

/* Which of these it is, or -1. */
static int find_name(const char *word, const char *(*name)(unsigned at), unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(name(i), word) == 0)
            return (int)i;
    return -1;
}

static const char *event_name(unsigned at)
{
    return event_names[at];
}

static const char *name_of_state(unsigned at)
{
    return state_name((enum state)at);
}

/* A letter and a number. */
static bool read_detail(const char *word, struct fsm_event *ev)
{
    int64_t n;
    if (!read_number(word + 1, -TRACE_MS_MAX, TRACE_MS_MAX, &n))
        return false;
    bool small = n >= 0 && n <= 1023, flag = n == 1;
    switch (word[0]) {
    case 'w': ev->why.why = (enum why)n; return n >= 0 && n <= WHY_UNHEALTHY;
    case 'a': ev->why.arg = (int)n; return n >= INT32_MIN && n <= INT32_MAX;
    case 'm': ev->why.ms = n; return true;
    case 'c': ev->exit.code = (int)n; return small && n <= 255;
    case 's': ev->exit.signal = (int)n; return small && n <= 127;
    case 'g': ev->group_empty = flag; return flag;
    case 't': ev->transient = flag; return flag;
    case 'n': ev->needs = (enum needs)n; return small && n <= NEEDS_FAILED;
    case 'r': ev->chance = (unsigned)n; return small;
    }
    return false;
}

static bool take_event(char **words, struct fsm_event *ev)
{
    const char *word;
    if (!take_number(words, -TRACE_MS_MAX, TRACE_MS_MAX, &ev->now_ms) || !take_word(words, &word))
        return false;
    int kind = find_name(word, event_name, EV_COUNT);
    if (kind < 0)
        return false;
    ev->kind = (enum fsm_event_kind)kind;
    ev->exit.known = ev->kind == EV_EXITED;
    while (take_word(words, &word)) {
        if (strcmp(word, ">") == 0)
            return true;
        if (!read_detail(word, ev))
            return false;
    }
    return false;
}

static bool take_outcome(char **words, struct trace_outcome *out)
{
    const char *word;
    int64_t actions, why;
    if (!take_word(words, &word))
        return false;
    int state = find_name(word, name_of_state, ST_COUNT);
    if (state < 0 || !take_number(words, 0, 2 * ACT_BUG - 1, &actions) ||
        !take_number(words, 0, WHY_UNHEALTHY, &why))
        return false;
    out->state = (enum state)state;
    out->actions = (unsigned)actions;
    out->why = (enum why)why;
    return take_sum(words, &out->sum);
}

static bool take_instance(char **words, unsigned *out_number)
{
    int64_t number;
    if (!take_number(words, 0, UINT32_MAX, &number))
        return false;
    *out_number = (unsigned)number;
    return true;
}

static bool take_begin(char **words, struct trace_record *r)
{
    int64_t pid;
    if (!take_number(words, 0, INT32_MAX, &pid))
        return false;
    r->kind = TRACE_BEGIN;
    r->pid = (int)pid;
    return take_number(words, -TRACE_MS_MAX, TRACE_MS_MAX, &r->wall_ms) &&
           take_number(words, -TRACE_MS_MAX, TRACE_MS_MAX, &r->mono_ms);
}

static bool take_gap(char **words, struct trace_record *r)
{
    int64_t lost;
    if (!take_number(words, 0, TRACE_MS_MAX, &lost))
        return false;
    r->kind = TRACE_GAP;
    r->lost = (unsigned long)lost;
    return true;
}

static bool take_rest(char kind, char **words, struct trace_record *r)
{
    int64_t numbers[TRACE_NUMBERS_MAX];
    if (kind == 'g')
        return take_gap(words, r);
    if (!take_instance(words, &r->number))
        return false;
    switch (kind) {
    case 'i':
        r->kind = TRACE_STATE;
        return take_word(words, &r->name) && take_numbers(words, numbers, TRACE_STATE_NUMBERS) &&
               trace_unpack_state(numbers, &r->fsm);
    case 'p':
        r->kind = TRACE_POLICY;
        return take_numbers(words, numbers, TRACE_POLICY_NUMBERS) &&
               trace_unpack_policy(numbers, &r->policy);
    case 'e':
        r->kind = TRACE_EVENT;
        return take_event(words, &r->event) && take_outcome(words, &r->outcome);
    }
    return false;
}

/* Cuts the checksum off, and is false where it is wrong. */
static bool check_sum(char *line)
{
    char *last = strrchr(line, ' ');
    uint32_t sum;
    if (!last)
        return false;
    char *word = last + 1;
    bool good = take_sum(&word, &sum) && sum == trace_sum(line, (size_t)(last + 1 - line));
    *last = '\0';
    return good;
}

int trace_parse(char *line, struct trace_record *out)
{
    struct trace_record record = { 0 };
    const char *first;
    int64_t version;
    bool good;
    if (!check_sum(line))
        return -EILSEQ;
    char *words = line;
    if (!take_word(&words, &first))
        return -EBADMSG;
    if (strcmp(first, MAGIC) == 0) {
        if (!take_number(&words, 0, INT32_MAX, &version))
            return -EBADMSG;
        if (version != TRACE_VERSION)
            return -EPROTONOSUPPORT;
        good = take_begin(&words, &record);
    } else {
        good = !first[1] && take_rest(first[0], &words, &record);
    }
    if (!good || words)
        return -EBADMSG;
    *out = record;
    return 0;
}
