/* log.c - see log.h: the queue between all who log and the one who writes. */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "chan/chan.h"
#include "log_open.h"
#include "log_parts.h"

#define QUEUE_RECORDS 1024
#define OUT_OF_LEVELS (LOG_ERROR + 1)

struct log {
    struct chan *queue; /* of struct log_record * */
    enum log_format format;
    atomic_ulong dropped; /* by callers */

    /* The writer's own: */
    struct log_record *next; /* taken from the queue, and not settled */
    unsigned long lost;
    int lost_why;
    unsigned long telling; /* how many lost ones the line that was taken tells of; 0: a record */
    bool told_in_vain;     /* since the last record came */
};

static struct {
    pthread_rwlock_t lock; /* held to read by whoever uses the log, to write by who changes this */
    struct log *log;       /* NULL: not started */
    void (*hook)(void *arg);
    void *hook_arg;
    atomic_int level;
} current = { .lock = PTHREAD_RWLOCK_INITIALIZER, .level = OUT_OF_LEVELS };

/* ---- start and stop ---- */

static void release(struct log *log)
{
    struct log_record *record;
    while (log->queue && chan_recv(log->queue, &record, CHAN_NOW) == 0)
        free(record);
    chan_free(log->queue);
    free(log->next);
    free(log);
}

static int log_new(enum log_format format, struct log **out_log)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return -ENOMEM;
    log->format = format;
    log->queue = chan_new(sizeof(struct log_record *), QUEUE_RECORDS);
    if (!log->queue) {
        release(log);
        return -ENOMEM;
    }
    *out_log = log;
    return 0;
}

int log_start(enum log_level level, enum log_format format)
{
    pthread_rwlock_wrlock(&current.lock);
    int error = current.log ? -EALREADY : log_new(format, &current.log);
    if (!error)
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
    if (log)
        release(log);
}

/* ---- records ---- */

void log_set_level(enum log_level level)
{
    pthread_rwlock_rdlock(&current.lock);
    if (current.log)
        atomic_store(&current.level, (int)level);
    pthread_rwlock_unlock(&current.lock);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load(&current.level);
}

static void enqueue(struct log_record *record)
{
    pthread_rwlock_rdlock(&current.lock);
    struct log *log = current.log;
    if (!log) {
        free(record);
    } else if (!record || chan_send(log->queue, &record, CHAN_NOW) != 0) {
        atomic_fetch_add(&log->dropped, 1);
        free(record);
    } else if (current.hook) {
        current.hook(current.hook_arg);
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

/* ---- the writer ---- */

void log_attach(void (*hook)(void *arg), void *arg)
{
    pthread_rwlock_wrlock(&current.lock);
    current.hook = hook;
    current.hook_arg = arg;
    pthread_rwlock_unlock(&current.lock);
}

static void count_lost(struct log *log, unsigned long count, int error)
{
    log->lost += count;
    if (count > 0)
        log->lost_why = error;
}

__attribute__((format(printf, 3, 4))) static char *own_line(struct log *log, size_t *out_bytes,
                                                            const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct log_record *record = log_record_new(LOG_WARN, NULL, format, args);
    va_end(args);
    char *line = record ? log_record_line(record, log->format, out_bytes) : NULL;
    free(record);
    return line;
}

/* How many records are missing, and why. */
static char *lost_line(struct log *log, size_t *out_bytes)
{
    const char *why = log->lost_why == -ENOBUFS     ? "they came faster than they could be written"
                      : log->lost_why == -ETIMEDOUT ? "nobody read them"
                                                    : log_open_reason(-log->lost_why);
    return own_line(log, out_bytes, "%lu records of this log were lost: %s", log->lost, why);
}

/* The loss before the record that follows it, but only once for each record: where the one cannot
 * be written the other is not tried. */
static int take(struct log *log, char **out_line, size_t *out_bytes)
{
    char *line = NULL;
    size_t bytes = 0;
    if (!log->next && chan_recv(log->queue, &log->next, CHAN_NOW) == 0)
        log->told_in_vain = false;
    count_lost(log, atomic_exchange(&log->dropped, 0), -ENOBUFS);
    if (log->lost > 0 && !log->told_in_vain) {
        log->telling = log->lost;
        line = lost_line(log, &bytes);
    } else if (log->next) {
        line = log_record_line(log->next, log->format, &bytes);
    } else {
        return -EAGAIN;
    }
    if (!line)
        return -ENOMEM;
    *out_line = line;
    *out_bytes = bytes;
    return 0;
}

static void settle(struct log *log, int error)
{
    bool loss = log->telling > 0;
    if (loss && !error)
        log->lost -= log->telling;
    log->telling = 0;
    if (loss && error)
        log->told_in_vain = true;
    if (loss && !error)
        return; /* the record is next */
    if (error && log->next)
        count_lost(log, 1, error);
    free(log->next);
    log->next = NULL;
}

int log_take(char **out_line, size_t *out_bytes)
{
    pthread_rwlock_rdlock(&current.lock);
    struct log *log = current.log;
    int error = log ? take(log, out_line, out_bytes) : -EAGAIN;
    while (error == -ENOMEM) { /* each round gives up a record */
        settle(log, error);
        error = take(log, out_line, out_bytes);
    }
    pthread_rwlock_unlock(&current.lock);
    return error;
}

void log_settle(int error)
{
    pthread_rwlock_rdlock(&current.lock);
    if (current.log)
        settle(current.log, error);
    pthread_rwlock_unlock(&current.lock);
}
