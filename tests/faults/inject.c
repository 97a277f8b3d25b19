/* inject.c - see inject.h: which calls are to fail, and what is told of them. */
#include "inject.h"

#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RULES_MAX 8
#define ACTIONS_MAX 8
#define LATE_MS 20
#define FRAMES_MAX 24

struct rule {
    int call;
    uint64_t site; /* 0: any */
    int action;
    uint64_t nth, count; /* count 0: all from the nth on */
    _Atomic uint64_t seen;
};

static struct {
    _Atomic bool on;
    uintptr_t begin, end; /* of the program in memory */
    struct fault_report *report;
    struct rule rules[RULES_MAX];
    size_t rule_count;
    uint64_t seed, per_million;
    int random[FAULT_NAMES][ACTIONS_MAX]; /* 0 ends the list */
    _Atomic uint64_t rolls;
    void *real[FAULT_NAMES];
} state;

/* ---- what was asked for ---- */

static int call_of(const char *name, size_t length)
{
    for (int i = 0; fault_names[i]; i++)
        if (strlen(fault_names[i]) == length && strncmp(fault_names[i], name, length) == 0)
            return i;
    fprintf(stderr, "inject: no call '%.*s'\n", (int)length, name);
    _exit(125);
}

static void read_rules(const char *text)
{
    while (text && *text && state.rule_count < RULES_MAX) {
        struct rule *rule = &state.rules[state.rule_count++];
        size_t length = strcspn(text, "@:");
        char *at = (char *)text + length;
        rule->call = call_of(text, length);
        rule->count = 1;
        if (*at == '@')
            rule->site = strtoull(at + 1, &at, 16);
        rule->action = (int)strtol(at + (*at == ':'), &at, 10);
        rule->nth = strtoull(at + (*at == ':'), &at, 10);
        if (*at == ':')
            rule->count = strtoull(at + 1, &at, 10);
        text = *at == ',' ? at + 1 : NULL;
    }
}

static void read_random(const char *text)
{
    char *at;
    if (!text)
        return;
    state.seed = strtoull(text, &at, 10);
    uint64_t per_million = strtoull(at + (*at == ':'), &at, 10);
    while (*at == ':' || *at == ';') {
        const char *name = at + 1;
        size_t length = strcspn(name, "=");
        int *actions = state.random[call_of(name, length)];
        at = (char *)name + length;
        for (size_t i = 0; i + 1 < ACTIONS_MAX && (*at == '=' || *at == ','); i++)
            actions[i] = (int)strtol(at + 1, &at, 10);
    }
    state.per_million = per_million;
}

static void open_report(const char *path)
{
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd < 0 || ftruncate(fd, sizeof *state.report) < 0)
        return;
    void *memory = mmap(NULL, sizeof *state.report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return;
    state.report = memory;
    for (int i = 0; fault_names[i]; i++)
        snprintf(state.report->names[i], FAULT_NAME_BYTES, "%s", fault_names[i]);
}

/* Where the program is in memory: its headers say so, and the kernel where they are. */
static void find_program(void)
{
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    uintptr_t base = 0, end = 0;
    for (size_t i = 0; i < count; i++)
        if (headers[i].p_type == PT_PHDR)
            base = (uintptr_t)headers - headers[i].p_vaddr;
    for (size_t i = 0; i < count; i++)
        if (headers[i].p_type == PT_LOAD && headers[i].p_vaddr + headers[i].p_memsz > end)
            end = headers[i].p_vaddr + headers[i].p_memsz;
    state.begin = base;
    state.end = base + end;
}

__attribute__((constructor)) static void begin(void)
{
    void *frames[2];
    (void)backtrace(frames, 2); /* loads a library, once */
    for (int i = 0; fault_names[i]; i++)
        (void)fault_real(i);
    find_program();
    read_rules(getenv("FAULT"));
    read_random(getenv("FAULT_RANDOM"));
    open_report(getenv("FAULT_REPORT"));
    unsetenv("FAULT");
    unsetenv("FAULT_RANDOM");
    unsetenv("FAULT_REPORT");
    unsetenv("LD_PRELOAD");
    atomic_store(&state.on, true);
}

void *fault_real(int call)
{
    if (!state.real[call])
        state.real[call] = dlsym(RTLD_NEXT, fault_names[call]);
    return state.real[call];
}

/* ---- a call ---- */

static bool is_ours(const void *address)
{
    return (uintptr_t)address >= state.begin && (uintptr_t)address < state.end;
}

/* Of a call that a library made: where the program called the library. 0: it did not, as in a
 * thread of the library's own. */
static uint64_t site_of(const void *from)
{
    void *frames[FRAMES_MAX];
    if (is_ours(from))
        return (uintptr_t)from - state.begin;
    int count = backtrace(frames, FRAMES_MAX);
    for (int i = 0; i < count; i++)
        if (is_ours(frames[i]))
            return (uintptr_t)frames[i] - state.begin;
    return 0;
}

static void count_site(int call, uint64_t site)
{
    uint64_t key = (uint64_t)(call + 1) << 48 | site;
    uint64_t at = key * 0x9E3779B97F4A7C15u >> 52; /* 12 bits: FAULT_SITES */
    for (int tries = 0; tries < FAULT_SITES; tries++, at = (at + 1) % FAULT_SITES) {
        uint64_t there = 0;
        if (atomic_compare_exchange_strong(&state.report->sites[at].key, &there, key) ||
            there == key) {
            atomic_fetch_add(&state.report->sites[at].count, 1);
            return;
        }
    }
}

static void note(int call, uint64_t site, int action, uint64_t nth)
{
    uint64_t at = atomic_fetch_add(&state.report->fired_count, 1);
    if (at >= FAULT_FIRED)
        return;
    state.report->fired[at].call = (uint64_t)call;
    state.report->fired[at].site = site;
    state.report->fired[at].action = (uint64_t)action;
    state.report->fired[at].nth = nth;
}

static int by_rules(int call, uint64_t site, uint64_t *out_nth)
{
    for (size_t i = 0; i < state.rule_count; i++) {
        struct rule *rule = &state.rules[i];
        if (rule->call != call || (rule->site && rule->site != site))
            continue;
        uint64_t nth = atomic_fetch_add(&rule->seen, 1) + 1;
        if (nth >= rule->nth && (rule->count == 0 || nth < rule->nth + rule->count)) {
            *out_nth = nth;
            return rule->action;
        }
    }
    return 0;
}

/* splitmix64 of the seed and of how often was asked before. */
static int by_chance(int call)
{
    const int *actions = state.random[call];
    uint64_t count = 0;
    while (count < ACTIONS_MAX && actions[count])
        count++;
    if (!state.per_million || !count)
        return 0;
    uint64_t x = state.seed * 1000003 + atomic_fetch_add(&state.rolls, 1) * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    x ^= x >> 31;
    return x % 1000000 < state.per_million ? actions[(x >> 32) % count] : 0;
}

int fault_judge(int call, const void *from)
{
    if (!atomic_load_explicit(&state.on, memory_order_relaxed))
        return 0;
    uint64_t nth = 0;
    uint64_t site = site_of(from);
    int action = by_rules(call, site, &nth);
    if (!action)
        action = by_chance(call);
    if (state.report) {
        count_site(call, site);
        if (action)
            note(call, site, action, nth);
    }
    if (action != FAULT_LATE)
        return action;
    struct timespec late = { 0, LATE_MS * 1000000L };
    clock_nanosleep(CLOCK_MONOTONIC, 0, &late, NULL);
    return 0;
}
