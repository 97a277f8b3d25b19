/* recorder.c - see recorder.h. */
#include "recorder.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "chan/chan.h"
#include "chan/waitgroup.h"
#include "log.h"
#include "log_open.h"
#include "recorder_file.h"
#include "trace.h"

#define QUEUE_NOTES 4096
#define BATCH_BYTES ((size_t)64 << 10)

/* A step on its way to the thread; a block to free(). */
struct note {
    const void *who;
    struct identity *id; /* a reference */
    struct fsm before;
    struct fsm_policy policy;
    struct fsm_event event;
    struct fsm_step step;
};

/* What the trace says of an instance. */
struct known {
    const void *who;
    struct identity *id; /* a reference */
    unsigned number;
    struct fsm fsm;
    struct fsm_policy policy;
    UT_hash_handle hh;
};

struct recorder {
    struct chan *queue; /* of struct note *; NULL: a call to look at `reopen` */
    atomic_ulong dropped;
    atomic_bool reopen;
    pthread_t thread;
    struct waitgroup *running;

    /* The thread's own: */
    struct recorder_file file;
    struct known *instances;
    unsigned next_number;
    char *batch; /* lines that are not written yet */
    size_t batch_bytes;
    size_t batch_room;
    unsigned long told; /* of so many lost events these lines tell */
};

/* ---- notes ---- */

static void note_free(struct note *note)
{
    if (note)
        identity_unref(note->id);
    free(note);
}

void recorder_note(struct recorder *r, const struct recorder_step *step)
{
    struct note *note = malloc(sizeof *note);
    if (note)
        *note = (struct note){
            .who = step->who,
            .id = identity_ref(step->id),
            .before = *step->before,
            .policy = *step->policy,
            .event = *step->event,
            .step = *step->step,
        };
    if (note && chan_send(r->queue, &note, CHAN_NOW) == 0)
        return;
    atomic_fetch_add(&r->dropped, 1);
    note_free(note);
}

void recorder_reopen(struct recorder *r)
{
    struct note *none = NULL;
    atomic_store(&r->reopen, true);
    /* A full queue needs no more to be looked at. */
    if (chan_send(r->queue, &none, CHAN_NOW))
        return;
}

/* ---- what the trace knows ---- */

static void forget(struct recorder *r, struct known *known)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that this unlinks */
    HASH_DEL(r->instances, known);
    identity_unref(known->id);
    free(known);
}

static void forget_all(struct recorder *r)
{
    while (r->instances)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that this unlinks */
        forget(r, r->instances);
}

/* ---- lines ---- */

/* 0 or -ENOMEM: then the line is missing. */
static int add_line(struct recorder *r, const struct trace_record *record)
{
    char *line;
    size_t bytes;
    int error = trace_line(record, &line, &bytes);
    if (error)
        return error;
    if (r->batch_bytes + bytes > r->batch_room) {
        size_t room = r->batch_bytes + bytes + BATCH_BYTES;
        char *larger = realloc(r->batch, room);
        if (!larger) {
            free(line);
            return -ENOMEM;
        }
        r->batch = larger;
        r->batch_room = room;
    }
    memcpy(r->batch + r->batch_bytes, line, bytes);
    r->batch_bytes += bytes;
    free(line);
    return 0;
}

static int add_state(struct recorder *r, struct known *known, const struct note *note)
{
    struct trace_record record = {
        .kind = TRACE_STATE,
        .number = known->number,
        .name = note->id->name,
        .fsm = note->before,
    };
    identity_unref(known->id);
    known->id = identity_ref(note->id);
    known->fsm = note->before;
    return add_line(r, &record);
}

static int add_policy(struct recorder *r, struct known *known, const struct note *note)
{
    struct trace_record record = {
        .kind = TRACE_POLICY,
        .number = known->number,
        .policy = note->policy,
    };
    known->policy = note->policy;
    return add_line(r, &record);
}

static int add_event(struct recorder *r, struct known *known, const struct note *note)
{
    const struct fsm *next = &note->step.next;
    struct trace_record record = {
        .kind = TRACE_EVENT,
        .number = known->number,
        .event = note->event,
        .outcome = { .state = next->state,
                     .actions = note->step.actions,
                     .why = next->why.why,
                     .sum = trace_sum_of(next) },
    };
    known->fsm = *next;
    return add_line(r, &record);
}

static struct known *find(struct recorder *r, const void *who, bool *out_fresh)
{
    struct known *known;
    HASH_FIND_PTR(r->instances, &who, known);
    *out_fresh = !known;
    if (known)
        return known;
    known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    known->who = who;
    known->number = r->next_number++;
    HASH_ADD_PTR(r->instances, who, known);
    if (known->hh.tbl)
        return known;
    free(known); /* no memory */
    return NULL;
}

/* The lines of a note: before the event, whatever has to be known for it. */
static int add_note(struct recorder *r, const struct note *note)
{
    bool fresh;
    int error = 0;
    struct known *known = find(r, note->who, &fresh);
    if (!known)
        return -ENOMEM;
    bool renamed = fresh || (known->id != note->id && strcmp(known->id->name, note->id->name) != 0);
    if (renamed || !trace_same_state(&known->fsm, &note->before))
        error = add_state(r, known, note);
    if (!error && (fresh || !trace_same_policy(&known->policy, &note->policy)))
        error = add_policy(r, known, note);
    if (!error)
        error = add_event(r, known, note);
    if (error || note->step.actions & ACT_GONE)
        forget(r, known);
    return error;
}

/* ---- losses ---- */

/* Says how many events are missing here; those that were dropped came before what is next. */
static void add_gap(struct recorder *r)
{
    r->file.lost += atomic_exchange(&r->dropped, 0);
    struct trace_record record = { .kind = TRACE_GAP, .lost = r->file.lost };
    if (r->file.lost == 0 || add_line(r, &record))
        return;
    r->told += r->file.lost;
    r->file.lost = 0;
}

static void tell(struct recorder *r, int error)
{
    if (error && !r->file.failing)
        log_write(LOG_ERROR, "cannot write the trace '%s': %s", r->file.path,
                  log_open_reason(-error));
    else if (!error && r->file.failing)
        log_write(LOG_WARN, "the trace '%s' is written again; %lu events are missing in it",
                  r->file.path, r->told);
    r->file.failing = error != 0;
}

/* ---- the thread ---- */

/* 0, or why there is no file to write to any more. */
static int look_at_file(struct recorder *r)
{
    bool gone = recorder_file_is_gone(&r->file);
    bool fresh = false;
    if (!atomic_exchange(&r->reopen, false) && !gone)
        return 0;
    int error = recorder_file_reopen(&r->file, &fresh);
    if (fresh) {
        forget_all(r);
        log_write(LOG_WARN, "the trace '%s' goes on in a new file", r->file.path);
    } else if (error && !gone) {
        log_write(LOG_ERROR, "cannot open the trace '%s' anew: %s", r->file.path,
                  log_open_reason(-error));
    }
    return gone ? error : 0;
}

/* The lines of this note, or of none, and of what else has come. */
static void take_batch(struct recorder *r, struct note *note)
{
    r->batch_bytes = 0;
    r->told = 0;
    /* Ends what an error has torn: the reader takes what follows at once for what says so. */
    if (r->file.failing && r->batch_room > 0)
        r->batch[r->batch_bytes++] = '\n';
    do {
        add_gap(r);
        if (note && add_note(r, note))
            r->file.lost++;
        note_free(note);
    } while (r->batch_bytes < BATCH_BYTES && chan_recv(r->queue, &note, CHAN_NOW) == 0);
    add_gap(r);
}

static void write_batch(struct recorder *r, struct note *note)
{
    int error = look_at_file(r);
    take_batch(r, note);
    if (r->batch_bytes == 0)
        return;
    if (error)
        recorder_file_lose(&r->file, r->batch, r->batch_bytes);
    else
        error = recorder_file_write(&r->file, r->batch, r->batch_bytes);
    tell(r, error);
    if (error)
        forget_all(r); /* what the trace says of them is not known */
}

static void *run(void *arg)
{
    struct recorder *r = arg;
    struct note *note;
    /* Without a deadline: there is nothing else to do, and the end closes the queue. */
    while (chan_recv(r->queue, &note, CHAN_FOREVER) == 0)
        write_batch(r, note);
    write_batch(r, NULL); /* what was dropped last is said */
    waitgroup_done(r->running);
    return NULL;
}

/* ---- beginning and end ---- */

static void release(struct recorder *r)
{
    struct note *note;
    while (r->queue && chan_recv(r->queue, &note, CHAN_NOW) == 0)
        note_free(note);
    forget_all(r);
    recorder_file_close(&r->file);
    chan_free(r->queue);
    waitgroup_free(r->running);
    free(r->batch);
    free(r);
}

int recorder_new(const char *path, struct recorder **out_recorder)
{
    struct recorder *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->queue = chan_new(sizeof(struct note *), QUEUE_NOTES);
    r->running = waitgroup_new();
    int error = r->queue && r->running ? 0 : -ENOMEM;
    r->file.fd = -1;
    if (!error)
        error = recorder_file_open(&r->file, path);
    if (!error) {
        waitgroup_add(r->running, 1);
        error = -pthread_create(&r->thread, NULL, run, r);
    }
    if (error)
        release(r);
    else
        *out_recorder = r;
    return error;
}

int recorder_end(struct recorder *r, int64_t deadline_ms)
{
    chan_close(r->queue);
    int error = waitgroup_wait(r->running, deadline_ms);
    if (error) {
        pthread_detach(r->thread); /* in a write that a disk does not end; so all stays */
        return error;
    }
    pthread_join(r->thread, NULL);
    return 0;
}

void recorder_free(struct recorder *r, int64_t deadline_ms)
{
    if (r && recorder_end(r, deadline_ms) == 0)
        release(r);
}
