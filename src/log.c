/* log.c - see log.h: the queue between all who log and the one thread that writes. */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chan/chan.h"
#include "chan/waitgroup.h"
#include "clock.h"
#include "log_parts.h"

#define QUEUE_RECORDS 1024
#define WRITE_MS 1000 /* how long one record waits for a pipe or a terminal */
#define DRAIN_MS 1000
#define OUT_OF_LEVELS (LOG_ERROR + 1)

struct log {
    struct chan *queue; /* of struct log_record *; NULL: open the file anew */
    struct waitgroup *writing;
    pthread_t thread;
    enum log_format format;
    atomic_ulong dropped;   /* by callers */
    _Atomic int64_t end_ms; /* of all waiting, once log_stop() has been called */

    /* The writer's own: */
    struct log_file file;
    unsigned long lost;
    int lost_why;
};

static struct {
    pthread_rwlock_t lock; /* held to read by whoever sends, to write by start and stop */
    struct log *log;       /* NULL: not started */
    atomic_int level;
} current = { .lock = PTHREAD_RWLOCK_INITIALIZER, .level = OUT_OF_LEVELS };

/* ---- the writer ---- */

static int write_record(struct log *log, const struct log_record *record)
{
    size_t bytes = 0;
    char *line = log_record_line(record, log->format, &bytes);
    if (line == NULL)
        return -ENOMEM;
    int64_t deadline_ms = clock_ms() + WRITE_MS;
    int64_t end_ms = atomic_load(&log->end_ms);
    int error = log_file_write(&log->file, line, bytes,
                               end_ms < deadline_ms ? end_ms : deadline_ms);
    free(line);
    return error;
}

__attribute__((format(printf, 3, 4))) static int write_own(struct log *log, enum log_level level,
                                                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct log_record *record = log_record_new(level, NULL, format, args);
    va_end(args);
    int error = record == NULL ? -ENOMEM : write_record(log, record);
    free(record);
    return error;
}

static void count_lost(struct log *log, unsigned long count, int error)
{
    log->lost += count;
    if (count > 0)
        log->lost_why = error;
}

/* Says how many records are missing, and why, as soon as that can be written. */
static int tell_lost(struct log *log)
{
    if (log->lost == 0)
        return 0;
    const char *why = log->lost_why == -ENOBUFS     ? "they came faster than they could be written"
                      : log->lost_why == -ETIMEDOUT ? "nobody read them"
                                                    : strerrordesc_np(-log->lost_why);
    int error = write_own(log, LOG_WARN, "%lu records of this log were lost: %s", log->lost, why);
    if (error == 0)
        log->lost = 0;
    return error;
}

static void reopen(struct log *log)
{
    int error = log_file_reopen(&log->file);
    if (error != 0)
        error = write_own(log, LOG_ERROR, "cannot open '%s' again: %s", log->file.path,
                          strerrordesc_np(-error));
    if (error != 0)
        count_lost(log, 1, error);
}

static void *writer_main(void *arg)
{
    struct log *log = arg;
    struct log_record *record = NULL;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    /* Without a deadline: log_stop() closes the queue. */
    while (chan_recv(log->queue, &record, CHAN_FOREVER) == 0) {
        count_lost(log, atomic_exchange(&log->dropped, 0), -ENOBUFS);
        if (record == NULL) {
            reopen(log);
            continue;
        }
        int error = tell_lost(log);
        if (error == 0)
            error = write_record(log, record);
        if (error != 0)
            count_lost(log, 1, error);
        free(record);
    }
    if (tell_lost(log) != 0)
        log->lost = 0; /* there is nowhere to say it */
    waitgroup_done(log->writing);
    return NULL;
}

/* ---- start and stop ---- */

static void release(struct log *log)
{
    chan_free(log->queue);
    waitgroup_free(log->writing);
    log_file_close(&log->file);
    free(log);
}

static int log_new(const char *path, enum log_format format, struct log **out_log)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return -ENOMEM;
    int error = log_file_open(&log->file, path);
    if (error != 0) {
        free(log);
        return error;
    }
    log->format = format;
    atomic_store(&log->end_ms, INT64_MAX);
    log->queue = chan_new(sizeof(struct log_record *), QUEUE_RECORDS);
    log->writing = waitgroup_new();
    error = log->queue == NULL || log->writing == NULL ? -ENOMEM : chan_reserve(log->queue, 1);
    if (error == 0) {
        waitgroup_add(log->writing, 1);
        error = -pthread_create(&log->thread, NULL, writer_main, log);
    }
    if (error == 0)
        *out_log = log;
    else
        release(log);
    return error;
}

int log_start(const char *path, enum log_level level, enum log_format format)
{
    pthread_rwlock_wrlock(&current.lock);
    int error = current.log != NULL ? -EALREADY : log_new(path, format, &current.log);
    if (error == 0)
        atomic_store(&current.level, (int)level);
    pthread_rwlock_unlock(&current.lock);
    return error;
}

void log_stop(void)
{
    pthread_rwlock_wrlock(&current.lock);
    struct log *log = current.log;
    current.log = NULL;
    atomic_store(&current.level, OUT_OF_LEVELS);
    pthread_rwlock_unlock(&current.lock);
    if (log == NULL)
        return;
    int64_t end_ms = clock_ms() + DRAIN_MS;
    atomic_store(&log->end_ms, end_ms);
    chan_close(log->queue);
    if (waitgroup_wait(log->writing, end_ms) == 0) {
        pthread_join(log->thread, NULL);
        release(log);
    } else {
        pthread_detach(log->thread); /* in a write that a disk does not end; so all stays */
    }
}

/* ---- records ---- */

void log_set_level(enum log_level level)
{
    pthread_rwlock_rdlock(&current.lock);
    if (current.log != NULL)
        atomic_store(&current.level, (int)level);
    pthread_rwlock_unlock(&current.lock);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load(&current.level);
}

void log_reopen(void)
{
    struct log_record *anew = NULL;
    pthread_rwlock_rdlock(&current.lock);
    if (current.log != NULL) {
        /* -ENOBUFS: it is to be opened anew already, and has not been. */
        int error = chan_send_reserved(current.log->queue, &anew);
        (void)error;
    }
    pthread_rwlock_unlock(&current.lock);
}

static void enqueue(struct log_record *record)
{
    pthread_rwlock_rdlock(&current.lock);
    struct log *log = current.log;
    if (log == NULL) {
        free(record);
    } else if (record == NULL || chan_send(log->queue, &record, CHAN_NOW) != 0) {
        atomic_fetch_add(&log->dropped, 1);
        free(record);
    }
    pthread_rwlock_unlock(&current.lock);
}

void log_write(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list args;
    va_start(args, format);
    enqueue(log_record_new(level, NULL, format, args));
    va_end(args);
}

void log_about(enum log_level level, const struct log_about *about, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list args;
    va_start(args, format);
    enqueue(log_record_new(level, about, format, args));
    va_end(args);
}
