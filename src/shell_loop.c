/* shell_loop.c - the shell's thread: one poll() over all it may have to react to. */
#include "shell_parts.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

/* How often a shell in the background looks whether it is in the foreground: the user's shell
 * sends SIGCONT to a job that it brings there only if the job was stopped. */
#define BACKGROUND_MS 500
#define HOLD_MS 20
#define HOLD_MAX 25
#define READ_BYTES 16384

enum { FD_WAKE, FD_INPUT, FD_OUTPUT, FD_CALL, FD_NEWS, FD_ABOVE, FD_COUNT };

void shell_clear_wake(struct shell *sh)
{
    uint64_t count;
    ssize_t n = read(sh->wake_fd, &count, sizeof count);
    (void)n; /* EAGAIN: nothing to clear */
}

/* ---- signals ---- */

static void say(struct shell *sh, const char *text)
{
    if (!sh->foreground)
        return;
    if (shell_readline_is_prompting())
        shell_readline_print_above(text);
    else
        fprintf(outbuf_stream(sh->out), "\n%s", text);
}

static void interrupt(struct shell *sh)
{
    char *line;
    while (lines_ready(sh->lines)) {
        if (lines_next(sh->lines, &line) == 0)
            free(line);
    }
    if (sh->job.call != NULL)
        shell_job_interrupt(sh);
    else if (sh->foreground && shell_readline_is_prompting())
        shell_readline_interrupt();
}

static void handle_signals(struct shell *sh)
{
    unsigned bits = atomic_exchange(&sh->signals, 0);
    if (!sh->interactive || sh->hung_up)
        return;
    bool was_foreground = sh->foreground;
    sh->foreground = shell_readline_in_foreground();
    bool retaken = !was_foreground || (bits & 1u << SIGCONT) != 0;
    if (sh->foreground && retaken && shell_readline_is_prompting())
        shell_readline_retake();
    if (sh->foreground && (bits & 1u << SIGWINCH || !was_foreground))
        shell_readline_resized();
    if (bits & 1u << SIGINT)
        interrupt(sh);
    if (bits & 1u << SIGTSTP)
        say(sh, sh->session->remote
                    ? "Ctrl-Z does nothing here: `exit` leaves, and no task ends with it.\n"
                    : "Ctrl-Z does nothing here: tasks would be left without their supervisor.\n");
    if (bits != 0)
        sh->held = 0;
}

/* ---- input ---- */

static void end_input(struct shell *sh)
{
    sh->input_ended = true;
    lines_finish(sh->lines);
}

/* The terminal is gone: nobody types, nobody reads. */
static void hang_up(struct shell *sh)
{
    sh->hung_up = true;
    end_input(sh);
    if (shell_readline_is_prompting())
        shell_readline_leave();
    if (!sh->job.ending || sh->session->remote)
        shell_job_drop(sh);
    outbuf_drop(sh->out);
}

static void read_bytes(struct shell *sh)
{
    char bytes[READ_BYTES];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0 && lines_add(sh->lines, bytes, (size_t)n) != 0)
        fputs("Out of memory.\n", outbuf_stream(sh->out));
    else if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        end_input(sh);
}

/* A Ctrl-C throws away what was typed before it, not what comes after. The kernel tells them
 * apart by making the signal before it passes the next key on; the signal takes the longer way,
 * through the main thread, so keys are left alone while one is on it. */
static bool is_interrupt_coming(struct shell *sh)
{
    sigset_t pending;
    if (sigpending(&pending) != 0 || sigismember(&pending, SIGINT) != 1)
        sh->held = 0;
    else
        sh->held++;
    return sh->held > 0 && sh->held <= HOLD_MAX;
}

static void read_input(struct shell *sh)
{
    if (!sh->interactive)
        read_bytes(sh);
    else if (is_interrupt_coming(sh))
        sh->holding = true;
    else if (atomic_load(&sh->signals) == 0)
        shell_readline_key();
}

static bool wants_input(struct shell *sh)
{
    if (sh->interactive)
        return sh->foreground && shell_readline_is_prompting() && !sh->holding &&
               !shell_is_congested(sh);
    return sh->job.call == NULL && !sh->input_ended && !shell_is_congested(sh);
}

/* ---- commands and prompt ---- */

static void run_next_line(struct shell *sh)
{
    char *line;
    int error = lines_next(sh->lines, &line);
    if (error == 0) {
        shell_job_start(sh, line);
        free(line);
    } else {
        shell_job_refuse(sh, error == -E2BIG    ? "Line too long."
                             : error == -EILSEQ ? "Line with a NUL byte in it."
                                                : "Out of memory.");
    }
}

/* What follows something would do so for ever, for nobody. */
static void drop_what_nobody_sees(struct shell *sh)
{
    if (sh->job.call != NULL && session_call_follows(sh->job.call) && outbuf_is_broken(sh->out))
        shell_job_drop(sh);
}

/* Runs what has been entered, up to a command that waits. */
static void run_lines(struct shell *sh)
{
    while (sh->job.call == NULL && !sh->finished && !atomic_load(&sh->stopping) &&
           !shell_is_congested(sh) && lines_ready(sh->lines))
        run_next_line(sh);
    if (sh->job.call == NULL && !sh->finished && sh->input_ended && !lines_ready(sh->lines)) {
        shell_job_start(sh, "exit");
        sh->finished = sh->job.call == NULL;
    }
}

/* Nothing else is to be printed now than what comes without being asked for, and the prompt. */
static bool is_idle(struct shell *sh)
{
    return sh->interactive && sh->foreground && !sh->input_ended && !sh->finished &&
           sh->job.call == NULL && !lines_ready(sh->lines);
}

/* Prints whole lines, and frees them. */
static void print_above(struct shell *sh, char *text, size_t length)
{
    if (text != NULL && shell_readline_is_prompting())
        shell_readline_print_above(text);
    else if (text != NULL)
        fwrite(text, 1, length, outbuf_stream(sh->out));
    free(text);
}

static void show_news_and_prompt(struct shell *sh)
{
    if (!is_idle(sh))
        return;
    if (sh->news.wanted) {
        struct command_style style = shell_style();
        shell_news_begin(&sh->news, sh->session, &style);
    }
    char *news = shell_is_congested(sh) ? NULL : shell_news_take(&sh->news);
    print_above(sh, news, news == NULL ? 0 : strlen(news));
    if (!shell_readline_is_prompting())
        shell_readline_prompt();
}

static void show_what_is_above(struct shell *sh)
{
    size_t length = 0;
    char *text = shell_above_take(sh->above, sh->interactive, &length);
    print_above(sh, text, length);
}

/* ---- waiting ---- */

static bool watches_news(struct shell *sh)
{
    return sh->news.call != NULL && is_idle(sh) && !shell_is_congested(sh);
}

static int timeout_of(struct shell *sh)
{
    /* A line had to wait for room for its output, and the flush has just made it. */
    if (sh->job.call == NULL && lines_ready(sh->lines) && !shell_is_congested(sh))
        return 0;
    int64_t end_ms = shell_is_congested(sh) ? INT64_MAX : shell_job_deadline_ms(sh);
    if (watches_news(sh) && session_call_deadline_ms(sh->news.call) < end_ms)
        end_ms = session_call_deadline_ms(sh->news.call);
    int timeout = clock_poll_timeout(end_ms);
    int bound = sh->holding ? HOLD_MS : sh->foreground ? -1 : BACKGROUND_MS;
    if (bound < 0)
        return timeout;
    return timeout < 0 || timeout > bound ? bound : timeout;
}

/* No deadline but the command's: all else that can happen makes one of these readable. */
static void wait_for_something(struct shell *sh, struct pollfd fds[FD_COUNT])
{
    bool watched = !sh->hung_up && (sh->interactive || wants_input(sh));
    bool writes = sh->foreground && outbuf_pending(sh->out) > 0;
    bool runs = sh->job.call != NULL && !shell_is_congested(sh);
    fds[FD_WAKE] = (struct pollfd){ sh->wake_fd, POLLIN, 0 };
    fds[FD_INPUT] = (struct pollfd){ watched ? STDIN_FILENO : -1, wants_input(sh) ? POLLIN : 0, 0 };
    fds[FD_OUTPUT] = (struct pollfd){ writes ? outbuf_fd(sh->out) : -1, POLLOUT, 0 };
    bool above = sh->foreground && !sh->hung_up && !shell_is_congested(sh);
    fds[FD_CALL] = (struct pollfd){ runs ? session_call_fd(sh->job.call) : -1, POLLIN, 0 };
    fds[FD_NEWS] = (struct pollfd){ watches_news(sh) ? session_call_fd(sh->news.call) : -1, POLLIN,
                                    0 };
    fds[FD_ABOVE] = (struct pollfd){ above ? shell_above_fd(sh->above) : -1, POLLIN, 0 };
    int timeout = timeout_of(sh);
    sh->holding = false;
    if (poll(fds, FD_COUNT, timeout) > 0)
        return;
    for (int i = 0; i < FD_COUNT; i++)
        fds[i].revents = 0;
}

static void serve(struct shell *sh, const struct pollfd fds[FD_COUNT])
{
    short input = fds[FD_INPUT].revents;
    if (fds[FD_WAKE].revents != 0)
        shell_clear_wake(sh);
    else if (sh->interactive && (input & (POLLHUP | POLLERR | POLLNVAL)))
        hang_up(sh);
    else if (input != 0)
        read_input(sh);
    if (fds[FD_ABOVE].revents != 0)
        show_what_is_above(sh);
    shell_job_step(sh, fds[FD_CALL].revents != 0);
}

bool shell_wait_for_key(void *arg)
{
    struct shell *sh = arg;
    while (!atomic_load(&sh->stopping)) {
        bool ours = shell_readline_in_foreground();
        if (ours)
            outbuf_flush(sh->out);
        struct pollfd fds[] = {
            { sh->wake_fd, POLLIN, 0 },
            { STDIN_FILENO, ours ? POLLIN : 0, 0 },
            { ours && outbuf_pending(sh->out) > 0 ? outbuf_fd(sh->out) : -1, POLLOUT, 0 },
        };
        if (poll(fds, 3, ours ? -1 : BACKGROUND_MS) <= 0)
            continue;
        if (fds[1].revents != 0)
            return fds[1].revents == POLLIN;
        if (fds[0].revents != 0)
            shell_clear_wake(sh);
    }
    return false;
}

void shell_loop(struct shell *sh)
{
    while (!atomic_load(&sh->stopping) && !sh->finished) {
        struct pollfd fds[FD_COUNT];
        handle_signals(sh);
        drop_what_nobody_sees(sh);
        run_lines(sh);
        show_news_and_prompt(sh);
        if (sh->foreground)
            outbuf_flush(sh->out);
        if (sh->finished)
            break;
        wait_for_something(sh, fds);
        serve(sh, fds);
    }
}
