/* outputs.c - see outputs.h. */
#include "outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "log_open.h"
#include "outbuf.h"
#include "pump.h"
#include "recorder.h"
#include "termsafe.h"

#define DEFAULT_LOG "taskmaster.log"
#define PATIENCE_MS 1000

struct outputs {
    struct pump *pump;
    struct recorder *recorder; /* NULL: nothing is traced */
    int above_fds[2];          /* a pipe; -1: there is none */
};

/* ---- where it all goes ---- */

static bool takes_colours(int fd)
{
    const char *no_colour = getenv("NO_COLOR");
    return isatty(fd) && (!no_colour || no_colour[0] == '\0');
}

/* What is no terminal disturbs nobody's typing, and was asked for. */
static int choose_streams(struct outputs *o, bool terminal, struct pump_options *pump)
{
    bool share_stdout = terminal && isatty(STDOUT_FILENO);
    bool share_stderr = terminal && isatty(STDERR_FILENO);
    pump->colour_stdout = takes_colours(STDOUT_FILENO);
    pump->colour_stderr = takes_colours(STDERR_FILENO);
    if ((share_stdout || share_stderr) && pipe2(o->above_fds, O_CLOEXEC | O_NONBLOCK))
        return -errno;
    pump->stdout_fd = share_stdout ? o->above_fds[1] : STDOUT_FILENO;
    pump->stderr_fd = share_stderr ? o->above_fds[1] : STDERR_FILENO;
    return 0;
}

/* With -n the log goes to stderr, else to a file, unless the configuration says where. */
static const char *log_path(enum options_mode mode, const struct supervisor_config *config)
{
    if (config->log_file)
        return config->log_file;
    return mode == MODE_FOREGROUND ? NULL : DEFAULT_LOG;
}

static int start_pump(enum options_mode mode, const struct supervisor_config *config,
                      struct pump_options *options, struct pump **out_pump)
{
    int error = pump_new(options, out_pump);
    if (!error)
        return 0;
    const char *path = options->log_path;
    fprintf(stderr, "taskmaster: cannot start the log '%s': %s\n", path ? path : "stderr",
            strerrordesc_np(-error));
    if (mode != MODE_SHELL || config->log_file)
        return error; /* it would be mute, or was told to speak there */
    fputs("taskmaster: going on without a log; set supervisor.logFile to have one\n", stderr);
    options->log_path = "/dev/null";
    return pump_new(options, out_pump);
}

/* ---- from open to close ---- */

static void release(struct outputs *o)
{
    for (int i = 0; i < 2; i++)
        if (o->above_fds[i] >= 0)
            close(o->above_fds[i]);
    free(o);
}

int outputs_open(enum options_mode mode, bool terminal, const struct supervisor_config *config,
                 struct outputs **out_outputs)
{
    struct pump_options options = {
        .log_path = log_path(mode, config),
        .log_max_bytes = config->log_max_bytes,
        .log_backups = config->log_backups,
    };
    struct outputs *o = malloc(sizeof *o);
    if (!o) {
        fputs("taskmaster: out of memory\n", stderr);
        return -ENOMEM;
    }
    *o = (struct outputs){ .above_fds = { -1, -1 } };
    int error = choose_streams(o, terminal, &options);
    if (!error)
        error = log_start(config->log_level, config->log_format);
    if (error)
        fprintf(stderr, "taskmaster: cannot start the log: %s\n", strerrordesc_np(-error));
    else
        error = start_pump(mode, config, &options, &o->pump);
    if (!error) {
        *out_outputs = o;
        return 0;
    }
    log_stop();
    release(o);
    return error;
}

int outputs_trace(struct outputs *o, const struct supervisor_config *config,
                  struct recorder **out_recorder)
{
    int error = config->trace ? recorder_new(config->trace, &o->recorder) : 0;
    if (error)
        fprintf(stderr, "taskmaster: cannot open the trace '%s': %s\n", config->trace,
                error == -EWOULDBLOCK ? "another supervisor writes it" : log_open_reason(-error));
    else
        *out_recorder = o->recorder;
    return error;
}

void outputs_reopen(struct outputs *o)
{
    pump_reopen(o->pump);
    if (o->recorder)
        recorder_reopen(o->recorder);
}

struct pump *outputs_pump(const struct outputs *outputs)
{
    return outputs->pump;
}

int outputs_above_fd(const struct outputs *outputs)
{
    return outputs->above_fds[0];
}

/* What came when the shell had ended already. */
static void print_rest(int fd, int64_t deadline_ms)
{
    char bytes[4096];
    ssize_t count;
    struct termsafe filter = { 0 };
    struct outbuf *out = outbuf_new(STDOUT_FILENO);
    if (!out)
        return;
    while ((count = read(fd, bytes, sizeof bytes)) > 0)
        termsafe_write(&filter, outbuf_stream(out), bytes, (size_t)count);
    termsafe_end(&filter, outbuf_stream(out));
    outbuf_flush(out);
    while (outbuf_pending(out) > 0 && clock_ms() < deadline_ms) {
        struct pollfd p = { .fd = outbuf_fd(out), .events = POLLOUT };
        poll(&p, 1, clock_poll_timeout(deadline_ms));
        outbuf_flush(out);
    }
    outbuf_free(out);
}

void outputs_end(struct outputs *o)
{
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    if (o->recorder) /* before the log, in which it may have something to say */
        (void)recorder_end(o->recorder, deadline_ms); /* the process ends in any case */
    (void)pump_end(o->pump, deadline_ms);
    if (o->above_fds[0] >= 0)
        print_rest(o->above_fds[0], deadline_ms);
}

void outputs_close(struct outputs *o)
{
    if (!o)
        return;
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    recorder_free(o->recorder, deadline_ms); /* before the log, as above */
    int error = pump_free(o->pump, deadline_ms);
    if (o->above_fds[0] >= 0)
        print_rest(o->above_fds[0], deadline_ms);
    if (error)
        return; /* it still uses all this */
    log_stop();
    release(o);
}
