/* shell_job.c - the command that the shell is running: from a line of input to its last output. */
#include "shell_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"

#define CONGESTED_BYTES ((size_t)64 << 10)
#define QUIET_MS 1000
#define USAGE_ERROR 2 /* the exit status of a command that was not carried out */

struct command_style shell_style(void)
{
    struct command_style style = { 0 };
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 0)
        return style;
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    style.colour = (no_colour == NULL || no_colour[0] == '\0') && term != NULL && term[0] != '\0' &&
                   strcmp(term, "dumb") != 0;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    style.width = known ? size.ws_col : 80;
    return style;
}

bool shell_is_congested(struct shell *sh)
{
    return outbuf_pending(sh->out) >= CONGESTED_BYTES;
}

static bool ends_shell(const char *word)
{
    return strcmp(word, "exit") == 0 || strcmp(word, "quit") == 0 || strcmp(word, "shutdown") == 0;
}

static void run(struct shell *sh)
{
    int status = 0;
    struct shell_job *job = &sh->job;
    bool done = call_run(job->call, outbuf_stream(sh->out), &status);
    uint64_t printed = outbuf_printed(sh->out);
    if (printed != job->printed) {
        job->printed = printed;
        job->quiet_ms = clock_ms();
    }
    if (!done)
        return;
    sh->finished = job->ending && (status != USAGE_ERROR || sh->input_ended);
    shell_job_drop(sh);
}

void shell_job_start(struct shell *sh, const char *line)
{
    size_t count = 0;
    char **words = NULL;
    FILE *out = outbuf_stream(sh->out);
    struct command_style style = shell_style();
    int error = command_split(line, &words, &count);
    if (error == 0 && count > 0) {
        struct call *call = call_new(&sh->env, &style, count, words);
        sh->job = (struct shell_job){
            .call = call,
            .ending = ends_shell(words[0]),
            .quiet_ms = clock_ms(),
            .printed = outbuf_printed(sh->out),
        };
        if (call == NULL)
            fputs("Out of memory.\n", out);
        else
            run(sh);
    } else if (error != 0) {
        fputs(error == -EINVAL ? "A quote is not closed.\n" : "Out of memory.\n", out);
    }
    command_words_free(words);
}

static int64_t quiet_end_ms(const struct shell *sh)
{
    return sh->interactive && !sh->job.told ? sh->job.quiet_ms + QUIET_MS : INT64_MAX;
}

int64_t shell_job_deadline_ms(const struct shell *sh)
{
    if (sh->job.call == NULL)
        return INT64_MAX;
    int64_t call_ms = call_deadline_ms(sh->job.call);
    int64_t quiet_ms = quiet_end_ms(sh);
    return call_ms < quiet_ms ? call_ms : quiet_ms;
}

/* Says what a command that is silent waits for. */
static void tell(struct shell *sh)
{
    sh->job.told = true;
    char *what = call_waiting_for(sh->job.call);
    if (what == NULL)
        return;
    fprintf(outbuf_stream(sh->out), "(%s%s)\n", what,
            sh->job.ending ? "" : "; Ctrl-C stops waiting");
    free(what);
}

void shell_job_step(struct shell *sh, bool ready)
{
    int64_t now_ms = clock_ms();
    if (sh->job.call == NULL || shell_is_congested(sh))
        return;
    if (ready || call_deadline_ms(sh->job.call) <= now_ms)
        run(sh);
    if (sh->job.call != NULL && quiet_end_ms(sh) <= now_ms)
        tell(sh);
}

void shell_job_interrupt(struct shell *sh)
{
    FILE *out = outbuf_stream(sh->out);
    char *what = call_waiting_for(sh->job.call);
    if (sh->job.ending) {
        fprintf(out, "\n(shutting down already%s%s)\n", what == NULL ? "" : ": ",
                what == NULL ? "" : what);
    } else {
        outbuf_drop(sh->out); /* what is on its way to the screen is not wanted any more */
        fputs(what == NULL ? "\n" : "\n(no longer waiting; nothing was cancelled)\n", out);
        shell_job_drop(sh);
    }
    free(what);
}

void shell_job_drop(struct shell *sh)
{
    call_free(sh->job.call);
    sh->job.call = NULL;
}
