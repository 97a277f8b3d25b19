/* reaper.c - see reaper.h. */
#include "reaper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

struct reaper {
    int wake_fd;
    pthread_mutex_t lock;
    struct reaper_question *asked; /* under the lock: new ones */
    struct reaper_question *open;  /* main only */
};

int reaper_new(struct reaper **out_reaper)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return -errno;
    struct reaper *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->wake_fd < 0) {
        int error = -errno;
        free(r);
        return error;
    }
    pthread_mutex_init(&r->lock, NULL);
    *out_reaper = r;
    return 0;
}

void reaper_free(struct reaper *r)
{
    if (!r)
        return;
    close(r->wake_fd);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void reaper_ask(struct reaper *r, struct reaper_question *q, pid_t pgid, reaper_hook *hook,
                void *arg)
{
    *q = (struct reaper_question){ .pgid = pgid, .hook = hook, .arg = arg };
    pthread_mutex_lock(&r->lock);
    q->next = r->asked;
    r->asked = q;
    pthread_mutex_unlock(&r->lock);
    eventfd_write(r->wake_fd, 1);
}

int reaper_fd(const struct reaper *r)
{
    return r->wake_fd;
}

/* __WNOTHREAD: children of this thread only (waitid(2)), that is, adopted ones. */
static size_t reap_orphans(void)
{
    siginfo_t info;
    size_t killed = 0;
    do {
        info.si_pid = 0;
        info.si_status = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WNOTHREAD))
            break;
        killed += info.si_pid && info.si_code == CLD_KILLED && info.si_status == SIGKILL;
    } while (info.si_pid);
    return killed;
}

static bool group_is_empty(pid_t pgid)
{
    siginfo_t info;
    return waitid(P_PGID, (id_t)pgid, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) < 0 &&
           errno == ECHILD;
}

static void take_new_questions(struct reaper *r)
{
    eventfd_t count;
    eventfd_read(r->wake_fd, &count);
    pthread_mutex_lock(&r->lock);
    struct reaper_question *asked = r->asked;
    r->asked = NULL;
    pthread_mutex_unlock(&r->lock);
    while (asked) {
        struct reaper_question *next = asked->next;
        asked->next = r->open;
        r->open = asked;
        asked = next;
    }
}

void reaper_run(struct reaper *r)
{
    take_new_questions(r);
    (void)reap_orphans();
    for (struct reaper_question **at = &r->open; *at;) {
        struct reaper_question *q = *at;
        bool empty = group_is_empty(q->pgid);
        if (!empty && q->told) {
            at = &q->next;
            continue;
        }
        q->told = true;
        /* The question is over before the hook runs: its asker may then be gone. */
        if (empty)
            *at = q->next;
        else
            at = &q->next;
        q->hook(q->arg, empty);
    }
}

/* /proc/TID/children lists this thread's own (proc(5)); while it has not reaped them, their
 * numbers are theirs. */
static void kill_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", gettid());
    FILE *list = fopen(path, "re");
    if (!list)
        return;
    char *number = NULL;
    size_t room = 0;
    while (getdelim(&number, &room, ' ', list) > 0) {
        pid_t pid = (pid_t)strtol(number, NULL, 10);
        if (pid > 0)
            kill(pid, SIGKILL);
    }
    free(number);
    fclose(list);
}

static bool have_orphans(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) == 0;
}

/* SIGCHLD is blocked, so one that came before this call is waiting here. */
static void wait_for_sigchld(int64_t deadline_ms)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    int64_t left_ms = deadline_ms - clock_ms();
    if (left_ms < 0)
        left_ms = 0;
    struct timespec left = { .tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000 };
    sigtimedwait(&set, NULL, &left);
}

size_t reaper_kill_orphans(struct reaper *r, int64_t deadline_ms)
{
    (void)r;
    size_t killed = 0;
    /* A killed orphan's children are orphans next, so it takes as many rounds as they are deep. */
    (void)reap_orphans();
    while (have_orphans() && clock_ms() < deadline_ms) {
        kill_children();
        wait_for_sigchld(deadline_ms);
        killed += reap_orphans();
    }
    return killed;
}
