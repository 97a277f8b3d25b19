/* supervisor.c - see supervisor.h. */
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "chan/waitgroup.h"
#include "capacity.h"
#include "cgroup.h"
#include "clock.h"
#include "control_socket.h"
#include "fronts.h"
#include "journal.h"
#include "leftovers.h"
#include "loader.h"
#include "log.h"
#include "manager.h"
#include "monitor.h"
#include "notify.h"
#include "reaper.h"
#include "resolver.h"
#include "server.h"
#include "shell.h"
#include "spawn.h"
#include "watcher.h"

/* Everything obeys SIGKILL but a process in an uninterruptible wait; so long it is waited for
 * after the second request to end. */
#define KILL_PATIENCE_MS 10000
/* One request may come as two signals: timeout(1) sends its own to the program, and within
 * microseconds to the whole group. Nobody who has seen the first at work is that quick. */
#define ECHO_US 500
#define ORPHAN_PATIENCE_MS 5000

struct supervisor {
    const struct program *program;
    struct monitor_env env;
    struct manager *manager;
    struct fronts fronts;
    struct outputs *outputs;
    struct claim *claim;
    char marker[MARKER_BYTES];
    int end_fd; /* eventfd: one of the next two is true */
    atomic_bool manager_ended;
    atomic_bool told_by_front;  /* to end */
    atomic_bool told_by_task;   /* the same; by the next two */
    atomic_int verdict;         /* of the first task whose end is ours: its code; -1: none */
    char *_Atomic verdict_text; /* what happened to it, or NULL */
    int64_t told_us;            /* when a signal told it to end; the next one kills. 0: not yet */
    bool told_now;              /* by one of those that are being read */
    bool killing;               /* it came: what is left gets SIGKILL */
    bool shutting_down;
    int64_t give_up_ms; /* INT64_MAX: not yet */
    int exit_status;
};

/* ---- signals ---- */

static void shut_down(struct supervisor *s)
{
    if (s->shutting_down)
        return;
    s->shutting_down = true;
    notify_send("STOPPING=1");
    manager_shutdown(s->manager);
}

static void end_or_kill(struct supervisor *s, int signo)
{
    int64_t now_us = clock_us();
    if (s->told_us == 0) {
        log_write(LOG_INFO, "shutting down on SIG%s", sigabbrev_np(signo));
        s->told_us = now_us;
        s->told_now = true;
        shut_down(s);
    } else if (s->told_now || now_us < s->told_us + ECHO_US) {
        log_write(LOG_DEBUG, "SIG%s once more, taken for the same", sigabbrev_np(signo));
    } else if (!s->killing) {
        log_write(LOG_WARN, "SIG%s again: killing what is left", sigabbrev_np(signo));
        s->killing = true;
        s->exit_status = 1;
        s->give_up_ms = clock_ms() + KILL_PATIENCE_MS;
        manager_kill(s->manager);
    }
}

static void reload(struct supervisor *s)
{
    log_write(LOG_INFO, "reloading on SIGHUP");
    if (loader_post(s->fronts.loader, NULL, false))
        log_write(LOG_WARN, "enough reloads are waiting; this one is left out");
}

static void on_signal(struct supervisor *s, int signo)
{
    bool at_terminal = s->fronts.shell && s->program->stdin_terminal;
    switch (signo) {
    case SIGHUP:
        if (at_terminal && shell_input_hung_up(s->fronts.shell))
            shut_down(s);
        else
            reload(s);
        break;
    case SIGTERM: end_or_kill(s, signo); break;
    case SIGINT:
    case SIGQUIT:
        if (at_terminal)
            shell_signal(s->fronts.shell, signo);
        else
            end_or_kill(s, signo);
        break;
    case SIGUSR1:
        outputs_reopen(s->outputs);
        server_recheck(s->fronts.server);
        break;
    default: /* SIGCONT, SIGWINCH, SIGTSTP: for the shell */
        if (s->fronts.shell)
            shell_signal(s->fronts.shell, signo);
        break;
    }
}

static void read_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;
    s->told_now = false;
    while (read(s->program->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        on_signal(s, (int)info.ssi_signo);
}

/* ---- the loop ---- */

static void on_manager_end(void *arg)
{
    struct supervisor *s = arg;
    atomic_store(&s->manager_ended, true);
    eventfd_write(s->end_fd, 1);
}

/* On the monitor's thread. Only the first task that ends us counts. */
static void on_verdict(void *arg, int code, char *text)
{
    struct supervisor *s = arg;
    int none = -1;
    if (!atomic_compare_exchange_strong(&s->verdict, &none, code)) {
        free(text);
        return;
    }
    atomic_store(&s->verdict_text, text);
    atomic_store(&s->told_by_task, true);
    eventfd_write(s->end_fd, 1);
}

/* What comes during a shutdown is no reason for one, nor for its exit status. */
static void obey_verdict(struct supervisor *s)
{
    if (s->shutting_down)
        return;
    const char *text = atomic_load(&s->verdict_text);
    int code = atomic_load(&s->verdict);
    log_write(LOG_INFO, "shutting down: %s; exit status %d", text ? text : "a task has ended",
              code);
    s->exit_status = code;
    shut_down(s);
}

static void on_front_end(void *arg)
{
    struct supervisor *s = arg;
    atomic_store(&s->told_by_front, true);
    eventfd_write(s->end_fd, 1);
}

/* Returns when the manager has ended, or what is left cannot even be killed. */
static void loop(struct supervisor *s)
{
    struct pollfd fds[] = {
        { .fd = s->program->signal_fd, .events = POLLIN },
        { .fd = reaper_fd(s->env.reaper), .events = POLLIN },
        { .fd = s->end_fd, .events = POLLIN },
    };
    while (!atomic_load(&s->manager_ended)) {
        int64_t look_ms = reaper_deadline_ms(s->env.reaper);
        int error = program_wait(fds, sizeof fds / sizeof fds[0],
                                 clock_first(look_ms, s->give_up_ms));
        if (error || fds[1].revents || clock_ms() >= reaper_deadline_ms(s->env.reaper))
            reaper_run(s->env.reaper);
        if (fds[0].revents)
            read_signals(s);
        if (fds[2].revents) {
            eventfd_t count;
            eventfd_read(s->end_fd, &count);
        }
        if (atomic_load(&s->told_by_front))
            shut_down(s);
        if (atomic_load(&s->told_by_task))
            obey_verdict(s);
        if (clock_ms() >= s->give_up_ms)
            return;
    }
}

/* ---- parts ---- */

static int complain(const char *what, int error)
{
    fprintf(stderr, "taskmaster: cannot %s: %s\n", what, strerrordesc_np(-error));
    return error;
}

static int make_parts(struct supervisor *s)
{
    int error = reaper_new(s->env.marker, &s->env.reaper);
    if (error)
        return complain("become a subreaper", error);
    error = spawner_new(spawn_method_here(), &s->program->nofile, &s->env.spawner);
    if (!error)
        error = watcher_new(&s->env.watcher);
    if (error)
        return complain("watch processes", error);
    s->env.resolver = resolver_new(address_list_look_up);
    s->env.journal = journal_new();
    s->env.monitors = waitgroup_new();
    s->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); /* last: errno is its */
    if (s->end_fd < 0)
        return complain("start", -errno);
    if (!s->env.resolver || !s->env.journal || !s->env.monitors)
        return complain("start", -ENOMEM);
    return 0;
}

static int start_fronts(struct supervisor *s, const struct supervisor_options *options)
{
    struct fronts_options fronts = {
        .config_path = options->config_path,
        .shell = options->shell,
        .above_fd = outputs_above_fd(s->outputs),
        .socket = claim_socket(s->claim),
        .on_end = on_front_end,
        .arg = s,
    };
    struct command_env commands = {
        .manager = s->manager,
        .journal = s->env.journal,
        .environment = environ,
    };
    return fronts_start(&fronts, &commands, &s->fronts);
}

static void kill_orphans(struct supervisor *s)
{
    if (!s->env.reaper)
        return;
    size_t killed = reaper_kill_orphans(s->env.reaper, clock_ms() + ORPHAN_PATIENCE_MS);
    if (killed)
        log_write(LOG_WARN, "killed %zu process%s that had left %s", killed, killed > 1 ? "es" : "",
                  killed > 1 ? "their groups" : "its group");
}

static void release(struct supervisor *s)
{
    bool all_ended = fronts_end(&s->fronts);
    claim_release(s->claim, !all_ended);
    kill_orphans(s);
    if (!all_ended) { /* a hung disk has one, which still uses what would be freed here */
        outputs_end(s->outputs);
        _exit(s->exit_status);
    }
    if (s->manager)
        manager_join(s->manager);
    resolver_free(s->env.resolver);
    cgroups_free(s->env.cgroups);
    watcher_free(s->env.watcher);
    reaper_free(s->env.reaper);
    spawner_free(s->env.spawner);
    journal_free(s->env.journal);
    waitgroup_free(s->env.monitors);
    if (s->end_fd >= 0)
        close(s->end_fd);
    outputs_close(s->outputs);
}

/* Some process is beyond SIGKILL (a disk or network that hangs has it): names it and leaves. */
_Noreturn static void give_up(struct supervisor *s)
{
    bool all_ended = fronts_end(&s->fronts);
    claim_release(s->claim, !all_ended);
    log_write(LOG_ERROR, "%zu instances could not be ended, see 'ps -eo pid,stat,wchan,args'",
              waitgroup_left(s->env.monitors));
    outputs_end(s->outputs);
    _exit(1);
}

/* ---- its life ---- */

/* What a predecessor left behind is ended before anything is started; that may be told to wait no
 * longer, which is an orderly end. */
static int meet_leftovers(struct supervisor *s, const char *config_path,
                          const struct supervisor_config *config)
{
    struct marker marker;
    const struct control_socket *socket = claim_socket(s->claim);
    const char *path = socket ? control_socket_path(socket) : NULL;
    int error = leftovers_marker(config_path, path, &marker);
    if (error) {
        log_write(LOG_WARN, "/proc does not say who we are: processes that leave their group, or "
                            "that a killed supervisor left behind, cannot be told");
        return 0;
    }
    marker_print(&marker, s->marker);
    s->env.marker = s->marker;
    error = leftovers_deal(&marker, config->leftovers, s->program->signal_fd);
    if (error == -ECANCELED)
        s->exit_status = 0;
    if (error || config->cgroups == CGROUPS_OFF)
        return error;
    error = cgroups_new(s->marker, &s->env.cgroups);
    if (error)
        log_write(LOG_DEBUG, "no cgroups: %s", strerrordesc_np(-error));
    return 0;
}

static int start(struct supervisor *s, const char *config_path, struct config *config)
{
    char *error_text = NULL;
    struct capacity capacity;
    capacity_read(&capacity);
    int error = capacity_check(&capacity, config, &error_text);
    if (error)
        fprintf(stderr, "taskmaster: %s\n", error_text ? error_text : "out of memory");
    else
        error = meet_leftovers(s, config_path, &config->supervisor);
    if (!error)
        error = make_parts(s);
    if (!error)
        error = outputs_trace(s->outputs, &config->supervisor, &s->env.recorder);
    if (error) {
        free(error_text);
        config_free(config);
        return error;
    }
    error = manager_new(&s->env, config, on_manager_end, s, &s->manager, &error_text);
    if (error)
        fprintf(stderr, "taskmaster: %s\n", error_text ? error_text : "out of memory");
    free(error_text);
    return error;
}

static int tell_that_it_is_up(const struct supervisor_options *options)
{
    int error = daemon_up(options->daemon);
    if (error) {
        log_write(LOG_ERROR, "cannot tell whoever started it that it is up (%s): it ends",
                  strerrordesc_np(-error));
        return error;
    }
    log_write(LOG_INFO, "started with '%s', pid %d", options->config_path, getpid());
    notify_send("READY=1");
    return 0;
}

int supervisor_run(const struct program *program, const struct supervisor_options *options,
                   struct config *config)
{
    struct supervisor s = {
        .program = program,
        .outputs = options->outputs,
        .claim = options->claim,
        .end_fd = -1,
        .verdict = -1,
        .give_up_ms = INT64_MAX,
        .exit_status = 1,
    };
    s.env.environment = environ;
    s.env.on_verdict = on_verdict;
    s.env.on_verdict_arg = &s;
    s.env.pump = outputs_pump(options->outputs);
    if (start(&s, options->config_path, config) == 0) {
        if (start_fronts(&s, options) == 0 && tell_that_it_is_up(options) == 0)
            s.exit_status = 0;
        else
            shut_down(&s);
        loop(&s);
        if (!atomic_load(&s.manager_ended) || waitgroup_wait(s.env.monitors, clock_ms()))
            give_up(&s);
        log_write(LOG_INFO, "all has ended");
    }
    release(&s);
    free(atomic_load(&s.verdict_text));
    return s.exit_status;
}
