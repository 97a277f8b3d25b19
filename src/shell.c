/* shell.c - see shell.h: the shell's thread, how it is made, reached and ended. */
#include "shell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "shell_names.h"
#include "shell_parts.h"

#define NAMES_MS 200
#define FAREWELL_MS 200

static void wake(void *arg)
{
    struct shell *sh = arg;
    uint64_t one = 1;
    ssize_t n = write(sh->wake_fd, &one, sizeof one);
    (void)n; /* EAGAIN: it is awake */
}

/* ---- what readline calls ---- */

static void take_line(void *arg, const char *line)
{
    struct shell *sh = arg;
    if (line == NULL) {
        sh->input_ended = true;
        return;
    }
    if (history_keep(sh->history, line))
        shell_readline_add_history(line);
    if (lines_add(sh->lines, line, strlen(line)) != 0 || lines_add(sh->lines, "\n", 1) != 0)
        fputs("Out of memory.\n", outbuf_stream(sh->out));
}

static char **known_names(void *arg, size_t *out_count)
{
    struct shell *sh = arg;
    char **names = NULL;
    if (shell_names(sh->session, clock_ms() + NAMES_MS, &names, out_count) != 0)
        return NULL;
    return names;
}

static void recall(void *arg, const char *line)
{
    (void)arg;
    shell_readline_add_history(line);
}

/* ---- the thread ---- */

/* Lets what was printed get out: for as long as it takes, because tasks have ended by now and
 * only a reader can be missing; once the shell is told to end, no longer than a moment. */
static void write_rest(struct shell *sh)
{
    int64_t end_ms = INT64_MAX;
    for (;;) {
        if (atomic_load(&sh->stopping) && end_ms == INT64_MAX)
            end_ms = clock_ms() + FAREWELL_MS;
        bool interrupted = (atomic_load(&sh->signals) & 1u << SIGINT) != 0;
        if (sh->hung_up || interrupted || (sh->interactive && !shell_readline_in_foreground()))
            return;
        outbuf_flush(sh->out);
        if (outbuf_pending(sh->out) == 0 || clock_ms() >= end_ms)
            return;
        bool stopping = end_ms != INT64_MAX;
        struct pollfd fds[] = {
            { outbuf_fd(sh->out), POLLOUT, 0 },
            { stopping ? -1 : sh->wake_fd, POLLIN, 0 },
        };
        poll(fds, 2, clock_poll_timeout(end_ms));
        if (fds[1].revents != 0)
            shell_clear_wake(sh);
    }
}

/* What tasks have written up to their end. */
static void print_what_came_last(struct shell *sh)
{
    size_t length;
    char *text;
    while (!sh->hung_up && !shell_is_congested(sh) &&
           (text = shell_above_take(sh->above, sh->interactive, &length)) != NULL) {
        fwrite(text, 1, length, outbuf_stream(sh->out));
        free(text);
    }
}

static void *shell_main(void *arg)
{
    struct shell *sh = arg;
    shell_loop(sh);
    if (sh->interactive) {
        if (shell_readline_is_prompting() && shell_readline_in_foreground())
            shell_readline_leave();
        shell_readline_close();
    }
    shell_job_drop(sh);
    shell_news_drop(&sh->news);
    print_what_came_last(sh);
    write_rest(sh);
    if (sh->finished)
        sh->on_end(sh->arg);
    waitgroup_done(sh->running);
    return NULL;
}

static void release(struct shell *sh)
{
    shell_above_free(sh->above);
    history_free(sh->history);
    lines_free(sh->lines);
    outbuf_free(sh->out);
    waitgroup_free(sh->running);
    if (sh->wake_fd >= 0)
        close(sh->wake_fd);
    free(sh);
}

/* Before anything else takes its time, lest something goes by unseen. */
static void begin_news(struct shell *sh)
{
    struct command_style style = shell_style();
    sh->news.wanted = true;
    shell_news_begin(&sh->news, sh->session, &style);
    char *text = shell_news_take(&sh->news);
    if (text != NULL)
        fputs(text, outbuf_stream(sh->out));
    free(text);
}

static int start_editor(struct shell *sh)
{
    sh->editor = (struct shell_readline_user){
        .arg = sh,
        .out = outbuf_stream(sh->out),
        .line = take_line,
        .names = known_names,
        .wait = shell_wait_for_key,
    };
    begin_news(sh);
    int error = shell_readline_open(&sh->editor);
    if (error)
        return error;
    sh->foreground = shell_readline_in_foreground();
    char *path = history_path(getenv("XDG_STATE_HOME"), getenv("HOME"));
    sh->history = history_load(path, recall, NULL);
    free(path);
    return sh->history == NULL ? -ENOMEM : 0;
}

static int prepare(struct shell *sh, int above_fd)
{
    sh->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sh->wake_fd < 0)
        return -errno;
    sh->lines = lines_new();
    sh->out = outbuf_new(STDOUT_FILENO);
    sh->running = waitgroup_new();
    sh->above = shell_above_new(above_fd);
    if (sh->lines == NULL || sh->out == NULL || sh->running == NULL || sh->above == NULL)
        return -ENOMEM;
    return sh->interactive ? start_editor(sh) : 0;
}

int shell_start(const struct shell_options *options, struct shell **out_shell)
{
    struct shell *sh = calloc(1, sizeof *sh);
    if (sh == NULL)
        return -ENOMEM;
    sh->session = options->session;
    sh->on_end = options->on_end;
    sh->arg = options->arg;
    sh->wake_fd = -1;
    sh->interactive = isatty(STDIN_FILENO) == 1;
    sh->foreground = true;
    int error = prepare(sh, options->above_fd);
    if (error == 0) {
        waitgroup_add(sh->running, 1);
        error = -pthread_create(&sh->thread, NULL, shell_main, sh);
    }
    if (error == 0) {
        *out_shell = sh;
        return 0;
    }
    shell_readline_close();
    shell_news_drop(&sh->news);
    release(sh);
    return error;
}

int shell_exit_status(const struct shell *shell)
{
    return shell->interactive ? EXIT_DONE : atomic_load(&shell->exit_status);
}

void shell_signal(struct shell *shell, int signo)
{
    if (signo < 1 || signo >= 32)
        return;
    atomic_fetch_or(&shell->signals, 1u << signo);
    wake(shell);
}

bool shell_input_hung_up(const struct shell *shell)
{
    struct pollfd p = { .fd = STDIN_FILENO };
    return shell->interactive && poll(&p, 1, 0) > 0;
}

void shell_tell_stop(struct shell *shell)
{
    if (shell == NULL)
        return;
    atomic_store(&shell->stopping, true);
    wake(shell);
}

int shell_stop(struct shell *shell, int64_t deadline_ms)
{
    if (shell == NULL)
        return 0;
    shell_tell_stop(shell);
    int error = waitgroup_wait(shell->running, deadline_ms);
    if (error == 0) {
        pthread_join(shell->thread, NULL);
        release(shell);
    }
    shell_restore_terminal();
    return error;
}
