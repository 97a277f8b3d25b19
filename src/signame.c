/* signame.c - see signame.h. The real-time names are those that bash prints. */
#include "signame.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIGNAL_MAX 64

static const char *const names[SIGNAL_MAX + 1] = {
    [1] = "SIGHUP",       [2] = "SIGINT",       [3] = "SIGQUIT",      [4] = "SIGILL",
    [5] = "SIGTRAP",      [6] = "SIGABRT",      [7] = "SIGBUS",       [8] = "SIGFPE",
    [9] = "SIGKILL",      [10] = "SIGUSR1",     [11] = "SIGSEGV",     [12] = "SIGUSR2",
    [13] = "SIGPIPE",     [14] = "SIGALRM",     [15] = "SIGTERM",     [16] = "SIGSTKFLT",
    [17] = "SIGCHLD",     [18] = "SIGCONT",     [19] = "SIGSTOP",     [20] = "SIGTSTP",
    [21] = "SIGTTIN",     [22] = "SIGTTOU",     [23] = "SIGURG",      [24] = "SIGXCPU",
    [25] = "SIGXFSZ",     [26] = "SIGVTALRM",   [27] = "SIGPROF",     [28] = "SIGWINCH",
    [29] = "SIGIO",       [30] = "SIGPWR",      [31] = "SIGSYS",      [32] = "SIG32",
    [33] = "SIG33",       [34] = "SIGRTMIN",    [35] = "SIGRTMIN+1",  [36] = "SIGRTMIN+2",
    [37] = "SIGRTMIN+3",  [38] = "SIGRTMIN+4",  [39] = "SIGRTMIN+5",  [40] = "SIGRTMIN+6",
    [41] = "SIGRTMIN+7",  [42] = "SIGRTMIN+8",  [43] = "SIGRTMIN+9",  [44] = "SIGRTMIN+10",
    [45] = "SIGRTMIN+11", [46] = "SIGRTMIN+12", [47] = "SIGRTMIN+13", [48] = "SIGRTMIN+14",
    [49] = "SIGRTMIN+15", [50] = "SIGRTMAX-14", [51] = "SIGRTMAX-13", [52] = "SIGRTMAX-12",
    [53] = "SIGRTMAX-11", [54] = "SIGRTMAX-10", [55] = "SIGRTMAX-9",  [56] = "SIGRTMAX-8",
    [57] = "SIGRTMAX-7",  [58] = "SIGRTMAX-6",  [59] = "SIGRTMAX-5",  [60] = "SIGRTMAX-4",
    [61] = "SIGRTMAX-3",  [62] = "SIGRTMAX-2",  [63] = "SIGRTMAX-1",  [64] = "SIGRTMAX",
};

static const struct {
    const char *name;
    int number;
} other_names[] = { { "IOT", 6 }, { "CLD", 17 }, { "POLL", 29 } };

#define FIRST_REALTIME 34

/* At most two digits and nothing else; -EINVAL otherwise. */
static int parse_number(const char *text)
{
    size_t length = strlen(text);
    if (length < 1 || length > 2 || strspn(text, "0123456789") != length)
        return -EINVAL;
    return (int)strtol(text, NULL, 10);
}

/* "RTMIN+2" and "RTMAX-20", which need not be written the way signame() does. */
static int parse_realtime(const char *text)
{
    if (strncasecmp(text, "RTMIN", 5) != 0 && strncasecmp(text, "RTMAX", 5) != 0)
        return -EINVAL;
    bool from_min = strncasecmp(text, "RTMIN", 5) == 0;
    int base = from_min ? FIRST_REALTIME : SIGNAL_MAX;
    if (text[5] == '\0')
        return base;
    int distance = parse_number(text + 6);
    if (text[5] != (from_min ? '+' : '-') || distance < 0 || distance > SIGNAL_MAX - FIRST_REALTIME)
        return -EINVAL;
    return from_min ? base + distance : base - distance;
}

int signame_parse(const char *text)
{
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    int number = parse_number(text);
    if (number >= 0)
        return number >= 1 && number <= SIGNAL_MAX ? number : -EINVAL;
    for (int i = 1; i < FIRST_REALTIME; i++) {
        if (strcasecmp(text, names[i] + 3) == 0)
            return i;
    }
    for (size_t i = 0; i < sizeof other_names / sizeof other_names[0]; i++) {
        if (strcasecmp(text, other_names[i].name) == 0)
            return other_names[i].number;
    }
    return parse_realtime(text);
}

const char *signame(int number)
{
    return number >= 1 && number <= SIGNAL_MAX ? names[number] : "SIG?";
}
