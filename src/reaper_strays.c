/* reaper_strays.c - see reaper_strays.h. */
#include "reaper_strays.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "clock.h"
#include "log.h"
#include "marker.h"
#include "proctree.h"

/* So long an orphan may be between two programs, or on its way out. */
#define PASSING_MS 1000

void strays_init(struct strays *s, const char *marker)
{
    *s = (struct strays){ .marker = marker, .children_fd = -1 };
    if (proc_is_ours())
        s->children_fd = proc_open_own_children(getpid());
    s->lists = s->children_fd >= 0;
}

static void forget(struct strays *s, struct stray *stray)
{
    if (stray->question)
        DL_DELETE(stray->question->strays, stray);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it does not see that this unlinks */
    HASH_DEL(s->known, stray);
    free(stray->mark);
    free(stray);
}

void strays_release(struct strays *s)
{
    struct stray *stray = NULL, *next = NULL;
    HASH_ITER (hh, s->known, stray, next) {
        forget(s, stray);
    }
    if (s->lists)
        close(s->children_fd);
}

/* ---- questions ---- */

/* In both tables, or else in the list that is walked. */
static void enter(struct strays *s, struct reaper_question *q)
{
    HASH_ADD(by_leader, s->by_leader, leader, sizeof q->leader, q);
    if (q->by_leader.tbl && q->mark) {
        HASH_ADD_KEYPTR(by_mark, s->by_mark, q->mark, strlen(q->mark), q);
        if (!q->by_mark.tbl)
            HASH_DELETE(by_leader, s->by_leader, q);
    }
    q->hashed = q->by_leader.tbl && (!q->mark || q->by_mark.tbl);
    if (!q->hashed)
        DL_APPEND2(s->unhashed, q, prev_unhashed, next_unhashed);
}

static void leave(struct strays *s, struct reaper_question *q)
{
    if (!q->hashed) {
        DL_DELETE2(s->unhashed, q, prev_unhashed, next_unhashed);
        return;
    }
    HASH_DELETE(by_leader, s->by_leader, q);
    if (q->mark)
        HASH_DELETE(by_mark, s->by_mark, q);
}

void strays_open(struct strays *s, struct reaper_question *q)
{
    q->open = true;
    enter(s, q);
    s->searches += q->mark != NULL;
}

void strays_close(struct strays *s, struct reaper_question *q)
{
    struct stray *stray = NULL, *next = NULL;
    DL_FOREACH_SAFE (q->strays, stray, next) {
        forget(s, stray); /* none that is adopted */
    }
    q->open = false;
    leave(s, q);
    s->searches -= q->mark != NULL;
}

static void link_to(struct stray *stray, struct reaper_question *q)
{
    stray->question = q;
    DL_APPEND(q->strays, stray);
}

/* Frees it where there is no memory. */
static bool know(struct strays *s, struct stray *stray)
{
    HASH_ADD_INT(s->known, pid, stray);
    if (stray->hh.tbl)
        return true;
    free(stray);
    return false;
}

struct stray *strays_note(struct strays *s, struct reaper_question *q, pid_t pid, uint64_t start)
{
    struct stray *stray;
    HASH_FIND_INT(s->known, &pid, stray);
    if (stray && (stray->adopted || stray->start == start))
        return stray;
    if (stray)
        forget(s, stray); /* another one had the number before */
    stray = calloc(1, sizeof *stray);
    if (!stray)
        return NULL;
    stray->pid = pid;
    stray->start = start;
    if (!know(s, stray))
        return NULL;
    link_to(stray, q);
    return stray;
}

/* ---- whose an orphan is ---- */

static struct reaper_question *of_session(struct strays *s, pid_t session)
{
    struct reaper_question *q;
    HASH_FIND(by_leader, s->by_leader, &session, sizeof session, q);
    if (!q && s->unhashed)
        DL_SEARCH_SCALAR2(s->unhashed, q, leader, session, next_unhashed);
    return q;
}

static struct reaper_question *of_mark(struct strays *s, const char *mark)
{
    struct reaper_question *q;
    HASH_FIND(by_mark, s->by_mark, mark, strlen(mark), q);
    for (struct reaper_question *at = s->unhashed; !q && at; at = at->next_unhashed)
        if (at->mark && strcmp(at->mark, mark) == 0)
            q = at;
    return q;
}

/* An orphan that has no environment is leaving, is between two programs, or has cleared it. */
static enum marks marks_without_environment(pid_t pid)
{
    struct proc_facts facts;
    if (proc_read_facts(pid, &facts))
        return MARKS_NONE;
    return facts.has_memory && facts.has_environment ? MARKS_NONE : MARKS_PASSING;
}

static bool is_marked(const struct strays *s, const char *bytes, size_t size)
{
    const char *marker = proc_variable(bytes, size, MARKER_VARIABLE);
    return marker && s->marker && strcmp(marker, s->marker) == 0 &&
           proc_variable(bytes, size, "TASKMASTER_NAME");
}

/* Not by its name: an instance keeps its process when it is renamed, and its old name may be
 * another's by now. */
static char *read_mark(const char *bytes, size_t size)
{
    const char *task = proc_variable(bytes, size, "TASKMASTER_TASK");
    const char *number = proc_variable(bytes, size, "TASKMASTER_INSTANCE");
    char *mark;
    return asprintf(&mark, "%s/%s", task ? task : "", number ? number : "") < 0 ? NULL : mark;
}

static void read_marks(struct strays *s, struct stray *stray)
{
    char *bytes;
    size_t size;
    int error = proc_environment(stray->pid, &bytes, &size);
    stray->marks = MARKS_NONE;
    if (error && error != -EACCES && error != -EPERM)
        stray->marks = MARKS_PASSING; /* or for want of memory or descriptors, which passes too */
    if (error)
        return;
    if (size == 0) {
        stray->marks = marks_without_environment(stray->pid);
    } else if (is_marked(s, bytes, size)) {
        stray->mark = read_mark(bytes, size);
        stray->marks = stray->mark ? MARKS_OURS : MARKS_UNREAD;
    }
    free(bytes);
}

/* Is it still on its way? Not for ever: a process may hang in its exit. */
static bool is_passing(struct stray *stray)
{
    int64_t now_ms = clock_ms();
    if (!stray->passing_ms)
        stray->passing_ms = now_ms;
    return now_ms - stray->passing_ms < PASSING_MS;
}

/* The session of an instance that nobody asks about: its leader is a child of ours, and none of
 * main's. */
static bool is_of_living_instance(struct strays *s, const struct stray *stray)
{
    struct proc_facts leader;
    struct stray *adopted;
    HASH_FIND_INT(s->known, &stray->session, adopted);
    return !(adopted && adopted->adopted) && stray->session > 0 &&
           proc_read_facts(stray->session, &leader) == 0 && leader.parent == getpid();
}

static void log_unknown(struct strays *s, struct stray *stray)
{
    if (stray->logged || is_of_living_instance(s, stray))
        return;
    char *command = proc_command(stray->pid);
    log_write(LOG_WARN,
              "process %d (%s) was adopted, and nothing says which instance it belongs to: it is "
              "left alone until the shutdown",
              (int)stray->pid, command ? command : "?");
    free(command);
    stray->logged = true;
}

static struct reaper_question *owner(struct strays *s, struct stray *stray)
{
    struct reaper_question *q = of_session(s, stray->session);
    if (q || s->searches == 0)
        return q;
    if (stray->marks == MARKS_UNREAD || stray->marks == MARKS_PASSING) {
        read_marks(s, stray);
        if (stray->marks == MARKS_OURS || stray->marks == MARKS_NONE)
            stray->passing_ms = 0;
    }
    switch (stray->marks) {
    case MARKS_OURS: return of_mark(s, stray->mark);
    case MARKS_PASSING:
    case MARKS_UNREAD:
        if (is_passing(stray))
            s->undecided++;
        break;
    case MARKS_NONE: log_unknown(s, stray); break;
    }
    return NULL;
}

/* ---- scanning ---- */

static struct stray *adopt(struct strays *s, pid_t pid)
{
    struct proc_facts facts;
    struct stray *stray;
    HASH_FIND_INT(s->known, &pid, stray);
    if (stray && stray->adopted)
        return stray;
    if (stray && (proc_read_facts(pid, &facts) || facts.start != stray->start)) {
        forget(s, stray); /* another one had the number before */
        stray = NULL;
    }
    if (!stray) {
        stray = calloc(1, sizeof *stray);
        if (!stray)
            return NULL;
        stray->pid = pid;
        if (!know(s, stray))
            return NULL;
    }
    stray->adopted = true;
    stray->session = getsid(pid);
    if (stray->question)
        stray->question->left++;
    return stray;
}

static void look_at(struct strays *s, pid_t pid)
{
    struct stray *stray = adopt(s, pid);
    if (!stray) {
        s->undecided++; /* for want of memory */
        return;
    }
    if (!stray->question) {
        struct reaper_question *q = owner(s, stray);
        if (!q)
            return;
        link_to(stray, q);
        q->left++;
    }
    if (stray->question->signal && stray->sent != stray->question->signal) {
        s->found = true;
        strays_shoot(s, stray);
    }
}

void strays_scan(struct strays *s)
{
    struct pids pids = { 0 };
    s->undecided = 0;
    s->found = false;
    if (s->lists && proc_read_own_children(s->children_fd, &pids))
        s->undecided++;
    for (size_t i = 0; i < pids.count; i++)
        look_at(s, pids.items[i]);
    pids_release(&pids);
}

struct reaper_question *strays_reaped(struct strays *s, pid_t pid)
{
    struct stray *stray;
    HASH_FIND_INT(s->known, &pid, stray);
    if (!stray)
        return NULL;
    struct reaper_question *q = stray->adopted ? stray->question : NULL;
    if (q)
        q->left--;
    forget(s, stray);
    return q;
}

bool strays_any_dying(struct strays *s)
{
    struct proc_facts facts;
    struct stray *stray = NULL, *next = NULL;
    HASH_ITER (hh, s->known, stray, next) {
        if (!stray->adopted || stray->question)
            continue;
        if (proc_read_facts(stray->pid, &facts) == 0 && !proc_is_over(&facts) && facts.has_memory)
            continue; /* a program, or one in the middle of an exec */
        if (is_passing(stray))
            return true;
    }
    return false;
}
