/* reaper_signals.c - signals to strays; see reaper_strays.h.
 *
 * Main has not reaped them, so their numbers are their own, and so are those of groups that they
 * lead; the leader of a question is not reaped either. All others are reached by pidfd. */
#include "reaper_strays.h"

#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <utlist.h>

#include "proctree.h"

struct shot {
    struct strays *strays;
    struct reaper_question *question;
};

static void count(struct reaper_question *q, struct stray *stray)
{
    if (!stray->counted)
        q->killed++;
    stray->counted = true;
}

/* ---- what descends from a stray ---- */

static void shoot_descendant(void *arg, pid_t pid, int pidfd, const struct proc_facts *facts)
{
    struct shot *shot = arg;
    struct reaper_question *q = shot->question;
    bool killing = q->signal == SIGKILL;
    if (!killing && facts->group == q->leader)
        return; /* it got that with its group */
    struct stray *stray = strays_note(shot->strays, q, pid, facts->start);
    if (stray && (stray->question != q || (!killing && stray->sent == q->signal)))
        return;
    pidfd_send_signal(pidfd, q->signal, NULL, 0);
    if (!killing)
        pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
    if (!stray)
        return;
    stray->sent = q->signal;
    if (killing)
        count(q, stray);
}

static void walk(struct strays *s, struct reaper_question *q, pid_t pid, proc_visit *visit)
{
    struct shot shot = { s, q };
    struct proc_facts facts;
    if (proc_read_facts(pid, &facts) == 0)
        proc_walk(pid, facts.start, visit, &shot);
}

/* ---- strays ---- */

/* A group gets SIGKILL all at once, whatever it forks meanwhile. */
static void kill_stray(struct strays *s, struct stray *stray)
{
    count(stray->question, stray);
    walk(s, stray->question, stray->pid, shoot_descendant);
    bool leads = getpgid(stray->pid) == stray->pid;
    kill(leads ? -stray->pid : stray->pid, SIGKILL);
}

void strays_shoot(struct strays *s, struct stray *stray)
{
    struct reaper_question *q = stray->question;
    /* Those in the group got the stop signal with it. */
    bool is_due = stray->sent != q->signal && getpgid(stray->pid) != q->leader;
    stray->sent = q->signal;
    if (q->signal == SIGKILL) {
        kill_stray(s, stray);
        return;
    }
    if (is_due) {
        kill(stray->pid, q->signal);
        kill(stray->pid, SIGCONT);
    }
    walk(s, q, stray->pid, shoot_descendant);
}

void strays_signal(struct strays *s, struct reaper_question *q)
{
    struct stray *stray;
    DL_FOREACH (q->strays, stray) /* what is noted meanwhile comes at the end, and is not adopted */
        if (stray->adopted)
            strays_shoot(s, stray);
}

/* ---- SIGKILL ---- */

static void count_member(void *arg, pid_t pid, int pidfd, const struct proc_facts *facts)
{
    struct shot *shot = arg;
    (void)pidfd;
    struct stray *stray = strays_note(shot->strays, shot->question, pid, facts->start);
    if (stray && stray->question == shot->question)
        count(shot->question, stray);
}

/* Before the first of them dies: then they are scattered. */
static void count_all(struct strays *s, struct reaper_question *q)
{
    struct proc_facts leader;
    struct stray *stray;
    if (proc_read_facts(q->leader, &leader) == 0 && !proc_is_over(&leader))
        q->killed++;
    walk(s, q, q->leader, count_member);
    DL_FOREACH (q->strays, stray)
        if (stray->adopted) {
            count(q, stray);
            walk(s, q, stray->pid, count_member);
        }
}

void strays_kill(struct strays *s, struct reaper_question *q)
{
    bool first = q->signal != SIGKILL;
    q->signal = SIGKILL;
    if (first && s->lists)
        count_all(s, q);
    kill(-q->leader, SIGKILL);
    strays_signal(s, q);
}
