/* ctl.c - see ctl.h. One command is written as it is answered, with the signals of any plain
 * program; the shell is the supervisor's, with another session. */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "config.h"
#include "outbuf.h"
#include "program.h"
#include "session_remote.h"
#include "shell.h"
#include "socket_path.h"

#define NAME "taskmaster ctl"
#define CONGESTED_BYTES ((size_t)64 << 10)
#define SHELL_PATIENCE_MS 1000
#define SIGNALLED 128 /* and the signal's number: the exit status of who ended by one */

static const char help_text[] =
    "Usage: " NAME " [-s SOCKET | -c CONFIG] [COMMAND [ARG...]]\n"
    "\n"
    "Gives COMMAND to a running supervisor, or is a shell for many; '" NAME " help' lists them.\n"
    "\n"
    "  -s, --socket SOCKET  where the supervisor's control socket is\n"
    "  -c, --config CONFIG  it is where CONFIG says (supervisor.socket)\n"
    "  -h, --help           show this help\n"
    "\n"
    "Without either: /run/taskmaster.sock as root, else $XDG_RUNTIME_DIR/taskmaster.sock.\n"
    "Exit status: 0 done, 1 something failed or there is no such target, 2 bad usage, 3 'status\n"
    "NAME' names something that is not up, 4 no supervisor answers.\n";

static const struct option long_options[] = {
    { "socket", required_argument, NULL, 's' },
    { "config", required_argument, NULL, 'c' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

struct ctl {
    const char *socket; /* as given; or NULL */
    const char *config;
    char **words; /* the command */
    size_t count;
};

/* ---- command line ---- */

static int bad_usage(const char *what)
{
    if (what)
        fprintf(stderr, NAME ": %s\n", what);
    fputs("Try '" NAME " --help'.\n", stderr);
    return -EINVAL;
}

static int parse_options(int argc, char **argv, struct ctl *ctl)
{
    int c;
    while ((c = getopt_long(argc, argv, "+s:c:h", long_options, NULL)) != -1) {
        switch (c) {
        case 's': ctl->socket = optarg; break;
        case 'c': ctl->config = optarg; break;
        case 'h': fputs(help_text, stdout); return -ECANCELED;
        default: return bad_usage(NULL);
        }
    }
    if (ctl->socket && ctl->config)
        return bad_usage("-s and -c both say where the socket is");
    if (ctl->socket && ctl->socket[0] == '\0')
        return bad_usage("the socket's path is empty");
    ctl->words = argv + optind;
    ctl->count = (size_t)(argc - optind);
    return 0;
}

/* 0; -EINVAL after saying why; -ECANCELED: only help was asked for. */
static int parse(int argc, char **argv, struct ctl *out)
{
    struct ctl ctl = { 0 };
    char name[] = NAME;
    char *given = argv[0];
    argv[0] = name; /* for what getopt says */
    int error = parse_options(argc, argv, &ctl);
    argv[0] = given;
    if (!error)
        *out = ctl;
    return error;
}

/* What the configuration says, or NULL where it says nothing. */
static int socket_of_config(const char *path, char **out_socket)
{
    struct config *config;
    char *errors = NULL;
    int error = config_load_supervisor(path, environ, &config, &errors);
    if (error) {
        fputs(errors ? errors : NAME ": out of memory\n", stderr);
        free(errors);
        return error;
    }
    const char *socket = config->supervisor.socket;
    *out_socket = socket ? strdup(socket) : NULL;
    error = socket && !*out_socket ? -ENOMEM : 0;
    config_free(config);
    return error;
}

static int complain(int error)
{
    fprintf(stderr, NAME ": cannot start: %s\n", strerrordesc_np(-error));
    return error;
}

static int find_default_socket(char **out_path)
{
    int error = control_socket_default_path(out_path);
    if (error == -ENOENT)
        fputs(NAME ": where is the supervisor's socket? Say so with -s: XDG_RUNTIME_DIR is not "
                   "set\n",
              stderr);
    else if (error)
        complain(error);
    return error;
}

static int find_socket(const struct ctl *ctl, char **out_path)
{
    char *path = NULL;
    if (ctl->socket) {
        path = strdup(ctl->socket);
        if (!path)
            return complain(-ENOMEM);
    }
    int error = !path && ctl->config ? socket_of_config(ctl->config, &path) : 0;
    if (!error && !path)
        error = find_default_socket(&path);
    if (!error)
        *out_path = path;
    return error;
}

/* ---- one command ---- */

/* Waits for the supervisor, and for stdout: for room, or for its reader to go away. Returns whether
 * the reader has gone. */
static bool wait_for_more(const struct client *client, struct outbuf *out, bool reader_gone)
{
    size_t pending = outbuf_pending(out);
    struct pollfd fds[] = {
        { pending < CONGESTED_BYTES ? client_fd(client) : -1, POLLIN, 0 },
        { reader_gone ? -1 : outbuf_fd(out), pending > 0 ? POLLOUT : 0, 0 },
    };
    poll(fds, 2, clock_poll_timeout(client_deadline_ms(client)));
    return reader_gone || (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

static void write_rest(struct outbuf *out)
{
    outbuf_flush(out);
    while (outbuf_pending(out) > 0) {
        struct pollfd p = { .fd = outbuf_fd(out), .events = POLLOUT };
        poll(&p, 1, -1);
        outbuf_flush(out);
    }
}

/* Prints what comes until the command is over. A reader that has had enough ends what would go on
 * for ever; anything else is seen to its end, for its exit status. */
static int run_client(struct client *client, struct outbuf *out, bool follows)
{
    int status = EXIT_DONE;
    bool reader_gone = false;
    while (!client_run(client, outbuf_stream(out), &status)) {
        outbuf_flush(out);
        if (follows && (reader_gone || outbuf_is_broken(out)))
            return EXIT_DONE;
        reader_gone = wait_for_more(client, out, reader_gone);
    }
    write_rest(out);
    return status;
}

/* `help` needs no supervisor. */
static int help_alone(const struct ctl *ctl, const struct command_style *style, struct outbuf *out)
{
    const struct command_env nothing = { 0 };
    int status = EXIT_FAILED;
    struct call *call = call_new(&nothing, style, ctl->count, ctl->words);
    if (call)
        (void)call_run(call, outbuf_stream(out), &status); /* it never waits */
    call_free(call);
    write_rest(out);
    return status;
}

static int carry_out(const struct ctl *ctl, const char *path, struct outbuf *out)
{
    const struct command_style style = shell_style();
    const struct client_request request = {
        .words = ctl->words, .count = ctl->count, .colour = style.colour, .width = style.width
    };
    bool until_gone = command_ends(ctl->count, ctl->words) == ENDS_SUPERVISOR;
    struct client *client = client_new(path, &request, until_gone);
    if (!client) {
        complain(-errno);
        return EXIT_FAILED;
    }
    int status = run_client(client, out, command_follows(ctl->count, ctl->words));
    if (!client_was_connected(client) && command_is_help(ctl->count, ctl->words))
        status = help_alone(ctl, &style, out);
    else if (client_problem(client))
        fprintf(stderr, NAME ": %s\n", client_problem(client));
    client_free(client);
    return status;
}

static int run_command(const struct ctl *ctl, const char *path)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL); /* the write says it as well */
    struct outbuf *out = outbuf_new(STDOUT_FILENO);
    int status = out ? carry_out(ctl, path, out) : EXIT_FAILED;
    int error = !out || outbuf_has_lost(out) ? -ENOMEM : outbuf_error(out);
    if (error && error != -EPIPE) {
        fprintf(stderr, NAME ": cannot write: %s\n", strerrordesc_np(-error));
        status = status == EXIT_DONE ? EXIT_FAILED : status;
    }
    outbuf_free(out);
    return status;
}

/* ---- the shell ---- */

struct shell_end {
    int fd; /* eventfd */
    atomic_bool ended;
};

static void on_shell_end(void *arg)
{
    struct shell_end *end = arg;
    atomic_store(&end->ended, true);
    eventfd_write(end->fd, 1);
}

/* Passes on what the shell is to react to. The number of a signal that ends us, or 0. */
static int take_signals(const struct program *program, struct shell *shell)
{
    struct signalfd_siginfo info;
    while (read(program->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        int signo = (int)info.ssi_signo;
        bool typed = signo == SIGINT || signo == SIGQUIT;
        if (signo == SIGTERM || signo == SIGHUP || (typed && !program->stdin_terminal))
            return signo;
        shell_signal(shell, signo);
    }
    return 0;
}

/* Until the shell has ended or a signal ends it. The exit status. */
static int wait_for_shell(const struct program *program, struct shell *shell,
                          const struct shell_end *end)
{
    struct pollfd fds[] = {
        { program->signal_fd, POLLIN, 0 },
        { end->fd, POLLIN, 0 },
    };
    while (!atomic_load(&end->ended)) {
        poll(fds, 2, -1);
        int signo = take_signals(program, shell);
        if (signo)
            return SIGNALLED + signo;
    }
    return shell_exit_status(shell);
}

/* Better now than after the first command was typed. */
static bool is_there(const char *path)
{
    char help[] = "help";
    char *words[] = { help, NULL };
    const struct client_request request = { .words = words, .count = 1 };
    int status;
    struct client *client = client_new(path, &request, false);
    FILE *nowhere = client ? fopen("/dev/null", "we") : NULL;
    if (nowhere) {
        (void)client_run(client, nowhere, &status);
        fclose(nowhere);
    }
    const char *problem = client ? client_problem(client) : strerrordesc_np(errno);
    if (problem)
        fprintf(stderr, NAME ": %s\n", problem);
    client_free(client);
    return problem == NULL;
}

static int run_shell(const char *path)
{
    struct program program;
    struct session session;
    struct session_remote where = { .path = path };
    struct shell_end end = { 0 };
    struct shell *shell;
    if (!is_there(path))
        return EXIT_NO_ANSWER;
    int error = program_init(&program);
    end.fd = eventfd(0, EFD_CLOEXEC);
    if (!error && end.fd < 0)
        error = -errno;
    if (!error) {
        where.progress = program.stdin_terminal;
        session_remote_init(&session, &where);
        const struct shell_options options = {
            .session = &session, .above_fd = -1, .on_end = on_shell_end, .arg = &end
        };
        error = shell_start(&options, &shell);
    }
    if (error) {
        complain(error);
        return EXIT_FAILED;
    }
    int status = wait_for_shell(&program, shell, &end);
    if (shell_stop(shell, clock_ms() + SHELL_PATIENCE_MS))
        _exit(status); /* a hung disk has it, which still uses what is ours */
    close(program.signal_fd);
    close(end.fd);
    return status;
}

int ctl_main(int argc, char **argv)
{
    struct ctl ctl = { 0 };
    char *path = NULL;
    int error = program_open_descriptors();
    if (error) {
        complain(error);
        return EXIT_FAILED;
    }
    error = parse(argc, argv, &ctl);
    if (error)
        return error == -ECANCELED ? EXIT_DONE : EXIT_USAGE;
    if (find_socket(&ctl, &path))
        return EXIT_USAGE;
    int status = ctl.count > 0 ? run_command(&ctl, path) : run_shell(path);
    free(path);
    return status;
}
