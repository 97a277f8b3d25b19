/* errand.c - see errand.h. Owner and thread share one mutex, held for a few instructions and
 * while the hook runs, which tells the owner of a result; an errand that was left is its thread's
 * alone to free. */
#include "errand.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "thread_stack.h"

/* Reading logs touches 16 KiB of it. */
#define STACK_BYTES (128 * 1024)

struct errands {
    pthread_mutex_t lock;
    size_t refs; /* the maker's, and one of each errand */
    size_t left;
    size_t most_left;
};

struct result {
    char *text;
    size_t bytes;
    int status;
};

struct errand {
    struct errands *errands;
    struct errand_work work;
    void (*hook)(void *arg);
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t stirred; /* begun or left */
    bool begun;             /* and not over yet */
    bool left;
    bool has_result;
    struct result result;
};

/* ---- all of them ---- */

struct errands *errands_new(size_t most_left)
{
    struct errands *errands = malloc(sizeof *errands);
    if (!errands)
        return NULL;
    *errands = (struct errands){ .refs = 1, .most_left = most_left };
    pthread_mutex_init(&errands->lock, NULL);
    return errands;
}

/* Gives a share back, of an errand that was left or not. */
static void unref(struct errands *errands, bool left)
{
    pthread_mutex_lock(&errands->lock);
    errands->left -= left ? 1 : 0;
    bool unused = --errands->refs == 0;
    pthread_mutex_unlock(&errands->lock);
    if (!unused)
        return;
    pthread_mutex_destroy(&errands->lock);
    free(errands);
}

void errands_free(struct errands *errands)
{
    if (errands)
        unref(errands, false);
}

static int ref(struct errands *errands)
{
    pthread_mutex_lock(&errands->lock);
    int error = errands->left >= errands->most_left ? -EAGAIN : 0;
    errands->refs += error ? 0 : 1;
    pthread_mutex_unlock(&errands->lock);
    return error;
}

static void count_left(struct errands *errands)
{
    pthread_mutex_lock(&errands->lock);
    errands->left++;
    pthread_mutex_unlock(&errands->lock);
}

/* ---- its thread ---- */

static void drop_result(struct errand *errand)
{
    if (errand->has_result)
        free(errand->result.text);
    errand->has_result = false;
}

static struct result make_step(const struct errand_work *work)
{
    struct result result = { .status = -ENOMEM };
    FILE *out = open_memstream(&result.text, &result.bytes);
    if (!out)
        return result;
    result.status = work->step(work->state, out);
    if (fclose(out) == 0 && result.text)
        return result;
    free(result.text);
    return (struct result){ .status = -ENOMEM };
}

static void release(struct errand *errand)
{
    drop_result(errand);
    pthread_cond_destroy(&errand->stirred);
    pthread_mutex_destroy(&errand->lock);
    free(errand);
}

static void *errand_run(void *arg)
{
    struct errand *errand = arg;
    struct errands *errands = errand->errands;
    pthread_mutex_lock(&errand->lock);
    while (!errand->left) {
        if (!errand->begun) { /* no deadline: its owner leaves it in the end */
            pthread_cond_wait(&errand->stirred, &errand->lock);
            continue;
        }
        pthread_mutex_unlock(&errand->lock);
        struct result result = make_step(&errand->work);
        pthread_mutex_lock(&errand->lock);
        errand->result = result;
        errand->has_result = true;
        errand->begun = false;
        if (!errand->left)
            errand->hook(errand->arg);
    }
    pthread_mutex_unlock(&errand->lock);
    errand->work.release(errand->work.state);
    release(errand);
    unref(errands, true);
    return NULL;
}

/* ---- its owner ---- */

static int start_thread(struct errand *errand)
{
    pthread_attr_t attr;
    pthread_t thread;
    int error = pthread_attr_init(&attr);
    if (error)
        return -error;
    error = pthread_attr_setstacksize(&attr, thread_stack_size(STACK_BYTES));
    if (!error)
        error = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (!error)
        error = pthread_create(&thread, &attr, errand_run, errand);
    pthread_attr_destroy(&attr);
    return -error;
}

int errand_new(struct errands *errands, const struct errand_work *work, void (*hook)(void *arg),
               void *arg, struct errand **out_errand)
{
    struct errand *errand = malloc(sizeof *errand);
    if (!errand)
        return -ENOMEM;
    *errand = (struct errand){
        .errands = errands, .work = *work, .hook = hook, .arg = arg, .begun = true
    };
    pthread_mutex_init(&errand->lock, NULL);
    pthread_cond_init(&errand->stirred, NULL);
    int error = ref(errands);
    if (!error) {
        error = start_thread(errand);
        if (error)
            unref(errands, false);
    }
    if (error)
        release(errand);
    else
        *out_errand = errand;
    return error;
}

void errand_begin(struct errand *errand)
{
    pthread_mutex_lock(&errand->lock);
    assert(!errand->begun);
    drop_result(errand);
    errand->begun = true;
    pthread_cond_signal(&errand->stirred);
    pthread_mutex_unlock(&errand->lock);
}

int errand_take(struct errand *errand, char **out_text, size_t *out_bytes, int *out_status)
{
    pthread_mutex_lock(&errand->lock);
    int error = errand->begun ? -EBUSY : !errand->has_result ? -ENODATA : 0;
    if (!error) {
        *out_text = errand->result.text;
        *out_bytes = errand->result.bytes;
        *out_status = errand->result.status;
        errand->has_result = false;
    }
    pthread_mutex_unlock(&errand->lock);
    return error;
}

bool errand_is_busy(struct errand *errand)
{
    pthread_mutex_lock(&errand->lock);
    bool busy = errand->begun;
    pthread_mutex_unlock(&errand->lock);
    return busy;
}

void errand_leave(struct errand *errand)
{
    if (!errand)
        return;
    count_left(errand->errands);
    pthread_mutex_lock(&errand->lock);
    errand->left = true;
    pthread_cond_signal(&errand->stirred);
    pthread_mutex_unlock(&errand->lock); /* and it is gone */
}
