/* reaper.c - see reaper.h. */
#include "reaper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "proctree.h"
#include "reaper_strays.h"

/* While somebody is being stopped, an orphan may be adopted of which no signal tells: its parent
 * was no child of main's. So main looks again, less and less often. */
#define LOOK_FIRST_MS 20
#define LOOK_LAST_MS 320
/* A tree that forks while it is killed is killed again at once, so many times. */
#define ROUNDS 32
/* An orphan in its exit or exec is soon through. */
#define PASSING_LOOK_MS 5

struct reaper {
    int wake_fd;
    pthread_mutex_t lock;
    struct reaper_question *requests; /* under the lock */

    /* main only */
    struct strays strays;
    struct reaper_question *checks; /* those that may be answered */
    size_t open;
    size_t signalling; /* of those: whose strays are told to end */
    int64_t look_ms;   /* when to look again without a cause; INT64_MAX: not */
    int64_t pause_ms;
};

int reaper_new(const char *marker, struct reaper **out_reaper)
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
    strays_init(&r->strays, marker);
    r->look_ms = INT64_MAX;
    *out_reaper = r;
    return 0;
}

void reaper_free(struct reaper *r)
{
    if (!r)
        return;
    close(r->wake_fd);
    pthread_mutex_destroy(&r->lock);
    strays_release(&r->strays);
    free(r);
}

/* ---- requests, from any thread ---- */

void reaper_track(struct reaper_question *q, pid_t leader, const char *mark, reaper_hook *hook,
                  void *arg)
{
    *q = (struct reaper_question){ .leader = leader, .mark = mark, .hook = hook, .arg = arg };
}

/* With the lock held. */
static void enqueue(struct reaper *r, struct reaper_question *q)
{
    if (q->queued)
        return;
    q->queued = q->used = true;
    q->next = r->requests;
    r->requests = q;
    eventfd_write(r->wake_fd, 1);
}

void reaper_signal(struct reaper *r, struct reaper_question *q, int signo)
{
    if (!q->mark)
        return;
    pthread_mutex_lock(&r->lock);
    if (!q->closed) {
        q->wants_signal = signo;
        enqueue(r, q);
    }
    pthread_mutex_unlock(&r->lock);
}

void reaper_kill(struct reaper *r, struct reaper_question *q)
{
    pthread_mutex_lock(&r->lock);
    if (!q->closed) {
        q->wants_kill = true;
        enqueue(r, q);
    }
    pthread_mutex_unlock(&r->lock);
}

void reaper_ask(struct reaper *r, struct reaper_question *q)
{
    pthread_mutex_lock(&r->lock);
    q->wants_answer = true;
    enqueue(r, q);
    pthread_mutex_unlock(&r->lock);
}

/* Children of the leader that outlive it are main's before it is a zombie (exit(2) gives them away
 * first), and an empty list of children reads as nothing (proc(5)). */
bool reaper_has_nobody(const struct reaper *r)
{
    char byte;
    return r->strays.lists && pread(r->strays.children_fd, &byte, 1, 0) == 0;
}

bool reaper_ask_nobody(struct reaper *r, struct reaper_question *q)
{
    bool nobody = reaper_has_nobody(r);
    pthread_mutex_lock(&r->lock);
    q->closed |= nobody && !q->used;
    bool closed = q->closed;
    pthread_mutex_unlock(&r->lock);
    return closed;
}

int reaper_fd(const struct reaper *r)
{
    return r->wake_fd;
}

int64_t reaper_deadline_ms(const struct reaper *r)
{
    return r->look_ms;
}

/* ---- orphans ---- */

static void check_later(struct reaper *r, struct reaper_question *q)
{
    if (q->check)
        return;
    q->check = true;
    q->next_check = r->checks;
    r->checks = q;
}

/* __WNOTHREAD: children of this thread only (waitid(2)), that is, adopted ones. Returns how many
 * were reaped; *killed grows by those of them that SIGKILL ended. */
static size_t reap_orphans(struct reaper *r, size_t *killed)
{
    size_t count = 0;
    for (;; count++) {
        siginfo_t info = { .si_pid = 0 };
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WNOTHREAD) || !info.si_pid)
            return count;
        *killed += info.si_code == CLD_KILLED && info.si_status == SIGKILL;
        struct reaper_question *q = strays_reaped(&r->strays, info.si_pid);
        if (q)
            check_later(r, q);
    }
}

/* ---- requests, on main ---- */

static void take_request(struct reaper *r, struct reaper_question *q)
{
    pthread_mutex_lock(&r->lock);
    q->queued = false;
    bool wants_answer = q->wants_answer;
    q->signal_due = q->wants_signal;
    q->kill_due = q->wants_kill;
    q->wants_signal = 0;
    q->wants_kill = q->wants_answer = false;
    pthread_mutex_unlock(&r->lock);
    if (!q->open) {
        strays_open(&r->strays, q);
        r->open++;
    }
    if (wants_answer) {
        q->asked = true;
        check_later(r, q);
    }
}

/* Returns the questions that came up, a list by next_due. */
static struct reaper_question *take_requests(struct reaper *r)
{
    eventfd_t count;
    struct reaper_question *due = NULL;
    eventfd_read(r->wake_fd, &count);
    pthread_mutex_lock(&r->lock);
    struct reaper_question *requests = r->requests;
    r->requests = NULL;
    for (struct reaper_question *q = requests; q; q = q->next) {
        q->next_due = due;
        due = q;
    }
    pthread_mutex_unlock(&r->lock);
    for (struct reaper_question *q = due; q; q = q->next_due)
        take_request(r, q);
    return due;
}

/* All strays that there are have been found; those to come get the same signal. */
static void carry_out(struct reaper *r, struct reaper_question *due)
{
    for (; due; due = due->next_due) {
        struct reaper_question *q = due;
        if (!q->kill_due && (!q->signal_due || q->signal == SIGKILL))
            continue;
        if (!q->signal)
            r->signalling++;
        r->pause_ms = LOOK_FIRST_MS;
        if (q->kill_due) {
            strays_kill(&r->strays, q);
        } else {
            q->signal = q->signal_due;
            strays_signal(&r->strays, q);
        }
    }
}

/* ---- answers ---- */

/* For a machine where /proc does not say who our children are: the group is all that is known. */
static bool group_is_empty(pid_t group)
{
    siginfo_t info;
    return waitid(P_PGID, (id_t)group, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) < 0 &&
           errno == ECHILD;
}

/* The question is over before the hook runs: its asker may then be gone. */
static void close_question(struct reaper *r, struct reaper_question *q)
{
    pthread_mutex_lock(&r->lock);
    q->closed = true;
    struct reaper_question **at = &r->requests;
    while (q->queued && *at != q)
        at = &(*at)->next;
    if (q->queued)
        *at = q->next;
    q->queued = false;
    pthread_mutex_unlock(&r->lock);
    strays_close(&r->strays, q);
    r->open--;
    if (q->signal)
        r->signalling--;
    q->hook(q->arg, true);
}

static bool is_empty(const struct reaper *r, const struct reaper_question *q)
{
    return r->strays.lists ? q->left == 0 : group_is_empty(q->leader);
}

/* Returns whether an answer has to wait for an orphan that is neither here nor there. */
static bool answer(struct reaper *r)
{
    struct reaper_question *checks = r->checks;
    bool waits = checks && (r->strays.undecided || strays_any_dying(&r->strays));
    r->checks = NULL;
    while (checks) {
        struct reaper_question *q = checks;
        checks = q->next_check;
        q->check = false;
        if (!q->asked)
            continue;
        bool empty = is_empty(r, q);
        if (empty && !waits) {
            close_question(r, q);
            continue;
        }
        if (!empty && !q->told) {
            q->told = true;
            q->hook(q->arg, false);
        }
        if (empty || !r->strays.lists)
            check_later(r, q);
    }
    return waits && r->checks;
}

static void plan_next_look(struct reaper *r, bool waits)
{
    r->look_ms = INT64_MAX;
    if (waits) {
        r->look_ms = clock_ms() + PASSING_LOOK_MS;
    } else if (r->signalling && r->strays.lists) {
        r->look_ms = clock_ms() + r->pause_ms;
        r->pause_ms = r->pause_ms * 2 < LOOK_LAST_MS ? r->pause_ms * 2 : LOOK_LAST_MS;
    }
}

void reaper_run(struct reaper *r)
{
    size_t killed = 0;
    struct reaper_question *due = take_requests(r);
    (void)reap_orphans(r, &killed);
    if (!r->open)
        return;
    for (int rounds = 1;; rounds++) {
        strays_scan(&r->strays);
        carry_out(r, due);
        due = NULL;
        if (!r->strays.found || rounds == ROUNDS)
            break;
        r->pause_ms = LOOK_FIRST_MS;
        (void)reap_orphans(r, &killed);
    }
    plan_next_look(r, answer(r));
}

/* ---- the end ---- */

/* While main has not reaped them, their numbers are theirs. */
static void kill_children(const struct reaper *r)
{
    struct pids pids = { 0 };
    if (r->strays.lists)
        (void)!proc_read_own_children(r->strays.children_fd, &pids);
    for (size_t i = 0; i < pids.count; i++)
        kill(pids.items[i], SIGKILL);
    pids_release(&pids);
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
    size_t killed = 0;
    /* A killed orphan's children are orphans next, so it takes as many rounds as they are deep. */
    (void)reap_orphans(r, &killed);
    killed = 0; /* not by us */
    while (have_orphans() && clock_ms() < deadline_ms) {
        kill_children(r);
        wait_for_sigchld(deadline_ms);
        (void)reap_orphans(r, &killed);
    }
    return killed;
}
