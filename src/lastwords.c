/* lastwords.c - see lastwords.h. One errand reads them all; while it hangs, there are none. */
#include "lastwords.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "errand.h"

#define PATIENCE_MS 1000

/* What the errand works on. */
struct reading {
    struct logview_form form;
    struct log_place place;
};

struct lastwords {
    struct call *call;
    struct logview_form form;
    struct errand *errand;   /* NULL: not needed yet */
    struct reading *reading; /* its state */
    bool asked;              /* and not answered yet */
    int64_t give_up_ms;
};

static int read_step(void *state, FILE *out)
{
    const struct reading *reading = state;
    logview_print_last(out, &reading->place, &reading->form);
    return 0;
}

static void free_reading(void *state)
{
    struct reading *reading = state;
    free(reading->place.path);
    free(reading);
}

struct lastwords *lastwords_new(struct call *call, const struct logview_form *form)
{
    struct lastwords *words = malloc(sizeof *words);
    if (words)
        *words = (struct lastwords){ .call = call, .form = *form };
    return words;
}

void lastwords_free(struct lastwords *words)
{
    if (!words)
        return;
    errand_leave(words->errand);
    free(words);
}

/* Makes the errand, which reads `place` at once; the place is taken over. */
static int begin_first(struct lastwords *words, struct log_place place)
{
    struct reading *reading = malloc(sizeof *reading);
    if (!reading) {
        free(place.path);
        return -ENOMEM;
    }
    *reading = (struct reading){ words->form, place };
    const struct errand_work work = { read_step, free_reading, reading };
    struct call *call = words->call;
    int error = errand_new(call->env.errands, &work, call_wake, call, &words->errand);
    if (error)
        free_reading(reading);
    else
        words->reading = reading;
    return error;
}

static void begin_next(struct lastwords *words, struct log_place place)
{
    free(words->reading->place.path);
    words->reading->place = place;
    errand_begin(words->errand);
}

/* Has them read. 0; -ENOENT: there is no such log; or another negative errno. */
static int ask(struct lastwords *words, const struct identity *id)
{
    struct log_place place;
    char *problem = NULL;
    if (words->errand && errand_is_busy(words->errand))
        return -EBUSY;
    int error = logview_find(id, words->call->env.environment, true, &place, &problem);
    if (error) {
        free(problem);
        return error == -EINVAL ? -ENOENT : error;
    }
    if (words->errand)
        begin_next(words, place);
    else
        error = begin_first(words, place);
    if (!error)
        words->give_up_ms = clock_ms() + PATIENCE_MS;
    words->asked = !error;
    return error;
}

/* What has become of it: as lastwords_get(). */
static int answer(struct lastwords *words, char **out_text)
{
    char *text = NULL;
    size_t bytes = 0;
    int status = 0;
    int error = errand_take(words->errand, &text, &bytes, &status);
    bool waits = error == -EBUSY && clock_ms() < words->give_up_ms;
    words->asked = waits;
    words->call->deadline_ms = waits ? words->give_up_ms : INT64_MAX;
    if (waits)
        return -EAGAIN;
    if (error || status < 0)
        return -ETIMEDOUT;
    if (bytes == 0) {
        free(text);
        text = NULL;
    }
    *out_text = text;
    return 0;
}

int lastwords_get(struct lastwords *words, const struct identity *id, char **out_text)
{
    int error = words->asked ? 0 : ask(words, id);
    if (error == -ENOENT) {
        *out_text = NULL;
        return 0;
    }
    return error ? -ETIMEDOUT : answer(words, out_text);
}
