/* options.c - see options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#define VERSION "0.1.0"

static const char help_text[] =
    "Usage: taskmaster [OPTIONS] [CONFIG]\n"
    "       taskmaster ctl [-s SOCKET | -c CONFIG] [COMMAND [ARG...]]\n"
    "       taskmaster replay [-q] FILE\n"
    "\n"
    "Starts, watches, restarts and stops the processes that CONFIG (YAML) describes.\n"
    "Without CONFIG, config-example.yaml is written to the current directory and used.\n"
    "'ctl' is a client of a supervisor that runs; see 'taskmaster ctl --help'.\n"
    "'replay' tells the story of a trace, and whether the same would be decided again.\n"
    "\n"
    "  (no option)        interactive shell on this terminal; commands are read from stdin\n"
    "  -n, --foreground   no shell; run until SIGTERM or SIGINT; log to stderr\n"
    "  -d, --daemon       detach: 0 once the supervisor is up, or 1 with the error\n"
    "  -t, --test         check CONFIG and exit: 0, or 1 with every error\n"
    "  -s, --socket PATH  serve the control socket at PATH (wins over CONFIG)\n"
    "  -h, --help         show this help\n"
    "  -V, --version      show the version\n"
    "\n"
    "Signals: HUP reloads CONFIG, TERM shuts down (twice: kills), USR1 reopens the\n"
    "logs and makes a control socket again whose file is gone.\n"
    "Exit status: 0 after an orderly end, 1 if it could not start or was told twice to end,\n"
    "2 for bad usage. In the shell, 'help' lists the commands.\n";

static const struct option long_options[] = {
    { "foreground", no_argument, NULL, 'n' },
    { "daemon", no_argument, NULL, 'd' },
    { "test", no_argument, NULL, 't' },
    { "socket", required_argument, NULL, 's' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { 0 },
};

static int bad_usage(void)
{
    fputs("Try 'taskmaster --help'.\n", stderr);
    return -EINVAL;
}

/* -n, -d and -t each say how to run, and only one of them can be meant. */
static int set_mode(struct options *options, enum options_mode mode)
{
    if (options->mode != MODE_SHELL && options->mode != mode) {
        fputs("taskmaster: only one of -n, -d and -t can be given\n", stderr);
        return bad_usage();
    }
    options->mode = mode;
    return 0;
}

static int set_socket(struct options *options, const char *path)
{
    if (path[0] == '\0') {
        fputs("taskmaster: -s needs a path\n", stderr);
        return bad_usage();
    }
    options->socket = path;
    return 0;
}

static int set_config(struct options *options, int count, char **operands)
{
    if (count > 1) {
        fprintf(stderr, "taskmaster: more than one CONFIG: '%s'\n", operands[1]);
        return bad_usage();
    }
    options->config = operands[0]; /* NULL ends argv */
    return 0;
}

int options_parse(int argc, char **argv, struct options *out)
{
    struct options options = { .mode = MODE_SHELL };
    int error = 0;
    int c;
    while (!error && (c = getopt_long(argc, argv, "ndts:hV", long_options, NULL)) != -1) {
        switch (c) {
        case 'n': error = set_mode(&options, MODE_FOREGROUND); break;
        case 'd': error = set_mode(&options, MODE_DAEMON); break;
        case 't': error = set_mode(&options, MODE_TEST); break;
        case 's': error = set_socket(&options, optarg); break;
        case 'h':
            fputs(help_text, stdout);
            *out = (struct options){ .mode = MODE_EXIT };
            return 0;
        case 'V':
            puts("taskmaster " VERSION);
            *out = (struct options){ .mode = MODE_EXIT };
            return 0;
        default: /* getopt_long has said what is wrong */ return bad_usage();
        }
    }
    if (!error)
        error = set_config(&options, argc - optind, argv + optind);
    if (!error)
        *out = options;
    return error;
}
