/* leftovers.c - see leftovers.h. */
#include "leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "leftovers_find.h"
#include "log.h"
#include "proctree.h"

#define GRACE_MS 10000
/* Everything obeys SIGKILL but what hangs in the kernel. */
#define KILL_MS 5000

struct work {
    const struct marker *ours;
    struct leftover_list list;
    int signal_fd;
};

/* ---- telling ---- */

static char *describe(const struct leftover *l)
{
    char *command = proc_command(l->pid);
    char *text;
    int length = asprintf(&text, "%d (%s)%s%s%s", (int)l->pid, command ? command : "?",
                          l->name ? " of '" : "", l->name ? l->name : "", l->name ? "'" : "");
    free(command);
    return length < 0 ? NULL : text;
}

static void log_all(const struct leftover_list *list, const char *what_follows)
{
    for (size_t i = 0; i < list->count; i++) {
        char *text = describe(&list->items[i]);
        log_write(LOG_WARN, "a supervisor that was killed has left process %s behind: %s",
                  text ? text : "?", what_follows);
        free(text);
    }
}

static int refuse(const struct leftover_list *list)
{
    fputs("taskmaster: a supervisor that was killed has left processes behind:\n", stderr);
    for (size_t i = 0; i < list->count; i++) {
        char *text = describe(&list->items[i]);
        fprintf(stderr, "  %s\n", text ? text : "?");
        free(text);
    }
    return -EEXIST;
}

/* ---- signals ---- */

/* The pidfd is of the process that was found: it was open when that was looked at. */
static void send_all(struct leftover_list *list, int signo)
{
    for (size_t i = 0; i < list->count; i++) {
        struct leftover *l = &list->items[i];
        if (pidfd_send_signal(l->pidfd, signo, NULL, 0) < 0 && errno != ESRCH && !l->given_up) {
            char *text = describe(l);
            log_write(LOG_ERROR, "cannot signal process %s: %s", text ? text : "?",
                      strerrordesc_np(errno));
            free(text);
            l->given_up = true;
        }
        if (signo != SIGKILL)
            pidfd_send_signal(l->pidfd, SIGCONT, NULL, 0);
    }
}

static bool tells_to_end(int signal_fd)
{
    struct signalfd_siginfo info;
    bool ends = false;
    while (read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        ends = ends || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT ||
               info.ssi_signo == SIGQUIT;
    return ends;
}

/* ---- waiting ---- */

static void drop_ended(struct leftover_list *list, const struct pollfd *fds)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (fds[i].revents || list->items[i].given_up)
            leftover_release(&list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* Until all have ended, or deadline_ms. 0, -ECANCELED or -ENOMEM. */
static int wait_ended(struct work *w, int64_t deadline_ms)
{
    int error = 0;
    while (!error && w->list.count && clock_ms() < deadline_ms) {
        size_t count = w->list.count;
        struct pollfd *fds = calloc(count + 1, sizeof *fds);
        if (!fds)
            return -ENOMEM;
        for (size_t i = 0; i < count; i++)
            fds[i] = (struct pollfd){ .fd = w->list.items[i].pidfd, .events = POLLIN };
        fds[count] = (struct pollfd){ .fd = w->signal_fd, .events = POLLIN };
        poll(fds, count + 1, clock_poll_timeout(deadline_ms));
        if (fds[count].revents && tells_to_end(w->signal_fd))
            error = -ECANCELED;
        drop_ended(&w->list, fds);
        free(fds);
    }
    return error;
}

/* Who was being made while the others were looked for is found the next time. */
static int stop_all(struct work *w)
{
    int64_t kill_ms = clock_ms() + GRACE_MS;
    int64_t end_ms = kill_ms + KILL_MS;
    bool killing = false;
    int error = 0;
    while (!error && w->list.count && clock_ms() < end_ms) {
        log_all(&w->list, killing ? "killing it" : "stopping it");
        send_all(&w->list, killing ? SIGKILL : SIGTERM);
        error = wait_ended(w, killing ? end_ms : kill_ms);
        killing = killing || clock_ms() >= kill_ms;
        if (!error && !w->list.count)
            error = leftovers_find(w->ours, &w->list);
    }
    if (!error && w->list.count)
        log_write(LOG_ERROR, "%zu of those processes could not be ended", w->list.count);
    return error;
}

static int deal(struct work *w, enum leftovers what)
{
    switch (what) {
    case LEFTOVERS_STOP: return stop_all(w);
    case LEFTOVERS_REFUSE: return refuse(&w->list);
    case LEFTOVERS_IGNORE: log_all(&w->list, "it is left alone"); break;
    }
    return 0;
}

int leftovers_deal(const struct marker *ours, enum leftovers what, int signal_fd)
{
    struct work w = { .ours = ours, .signal_fd = signal_fd };
    int error = leftovers_find(ours, &w.list);
    if (!error && w.list.count)
        error = deal(&w, what);
    leftovers_release(&w.list);
    leftovers_remove_cgroups(ours);
    if (error != -ECANCELED && error != -EEXIST && error) {
        log_write(LOG_ERROR, "cannot look for what a killed supervisor left behind: %s",
                  strerrordesc_np(-error));
        error = 0;
    }
    return error;
}
