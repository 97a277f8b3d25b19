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

/* What a command leaves behind. One that found nobody has said so: the news need not say it
 * again, and are asked for anew with the next command. */
static void note_status(struct shell *sh, int status)
{
    if (status != EXIT_DONE)
        atomic_store(&sh->exit_status, status);
    if (status == EXIT_NO_ANSWER)
        shell_news_drop(&sh->news);
}

static void run(struct shell *sh)
{
    int status = EXIT_DONE;
    struct shell_job *job = &sh->job;
    bool done = session_call_run(job->call, outbuf_stream(sh->out), &status);
    uint64_t printed = outbuf_printed(sh->out);
    if (printed != job->printed) {
        job->printed = printed;
        job->quiet_ms = clock_ms();
    }
    if (!done)
        return;
    sh->finished = job->ending && (status == EXIT_DONE || !sh->session->remote);
    shell_job_drop(sh);
    note_status(sh, status);
}

static void start(struct shell *sh, size_t count, char *const *words)
{
    struct command_style style = shell_style();
    enum command_end ends = command_ends(count, words);
    if (ends == ENDS_SHELL && sh->session->remote) {
        sh->finished = true;
        return;
    }
    sh->job = (struct shell_job){
        .call = session_start(sh->session, &style, count, words),
        .ending = ends != ENDS_NOTHING,
        .quiet_ms = clock_ms(),
        .printed = outbuf_printed(sh->out),
    };
    sh->news.wanted = sh->interactive;
    if (sh->job.call != NULL)
        run(sh);
    else
        shell_job_refuse(sh, "Out of memory.");
}

void shell_job_start(struct shell *sh, const char *line)
{
    size_t count = 0;
    char **words = NULL;
    int error = command_split(line, &words, &count);
    if (error == 0 && count > 0)
        start(sh, count, words);
    else if (error != 0)
        shell_job_refuse(sh, error == -EINVAL ? "A quote is not closed." : "Out of memory.");
    command_words_free(words);
}

void shell_job_refuse(struct shell *sh, const char *why)
{
    fprintf(outbuf_stream(sh->out), "%s\n", why);
    note_status(sh, EXIT_USAGE);
}

static int64_t quiet_end_ms(const struct shell *sh)
{
    return sh->interactive && !sh->job.silent ? sh->job.quiet_ms + QUIET_MS : INT64_MAX;
}

int64_t shell_job_deadline_ms(const struct shell *sh)
{
    if (sh->job.call == NULL)
        return INT64_MAX;
    int64_t call_ms = session_call_deadline_ms(sh->job.call);
    int64_t quiet_ms = quiet_end_ms(sh);
    return clock_first(call_ms, quiet_ms);
}

/* A shutdown of the own supervisor: there is nothing to go back to. */
static bool is_bound_to_end(const struct shell *sh)
{
    return sh->job.ending && !sh->session->remote;
}

/* Says what a command that is silent waits for, as soon as that is known. */
static void tell(struct shell *sh)
{
    char *what = session_call_waiting_for(sh->job.call);
    sh->job.silent = true;
    if (what == NULL)
        return;
    sh->job.told = true;
    fprintf(outbuf_stream(sh->out), "(%s%s)\n", what,
            is_bound_to_end(sh) ? "" : "; Ctrl-C stops waiting");
    free(what);
}

void shell_job_step(struct shell *sh, bool ready)
{
    int64_t now_ms = clock_ms();
    if (sh->job.call == NULL || shell_is_congested(sh))
        return;
    if (ready || session_call_deadline_ms(sh->job.call) <= now_ms)
        run(sh);
    if (sh->job.call == NULL)
        return;
    bool quiet = sh->job.quiet_ms + QUIET_MS <= now_ms;
    if (sh->interactive && quiet && !sh->job.told && (ready || !sh->job.silent))
        tell(sh);
}

void shell_job_interrupt(struct shell *sh)
{
    FILE *out = outbuf_stream(sh->out);
    char *what = session_call_waiting_for(sh->job.call);
    if (is_bound_to_end(sh)) {
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
    session_call_free(sh->job.call);
    sh->job.call = NULL;
}
