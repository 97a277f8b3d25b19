/* options.c - see options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#define VERSION "0.1.0"

static const char help_text[] =
    "Usage: taskmaster [OPTIONS] [CONFIG]\n"
    "\n"
    "Starts, watches, restarts and stops the processes that CONFIG (YAML) describes.\n"
    "Without CONFIG, config-example.yaml is written to the current directory and used.\n"
    "\n"
    "  (no option)        interactive shell on this terminal; commands are read from stdin\n"
    "  -n, --foreground   no shell; run until SIGTERM or SIGINT; log to stderr\n"
    "  -t, --test         check CONFIG and exit: 0, or 1 with every error\n"
    "  -h, --help         show this help\n"
    "  -V, --version      show the version\n"
    "\n"
    "Signals: HUP reloads CONFIG, TERM shuts down (twice: kills), USR1 reopens the log.\n"
    "Exit status: 0 after an orderly end, 1 if it could not start or was told twice to end,\n"
    "2 for bad usage. In the shell, 'help' lists the commands.\n";

static const struct option long_options[] = {
    { "foreground", no_argument, NULL, 'n' },
    { "test", no_argument, NULL, 't' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { 0 },
};

static int bad_usage(void)
{
    fputs("Try 'taskmaster --help'.\n", stderr);
    return -EINVAL;
}

int options_parse(int argc, char **argv, struct options *out)
{
    struct options options = { .mode = MODE_SHELL };
    int c;
    while ((c = getopt_long(argc, argv, "nthV", long_options, NULL)) != -1) {
        switch (c) {
        case 'n': options.mode = MODE_FOREGROUND; break;
        case 't': options.mode = MODE_TEST; break;
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
    if (argc - optind > 1) {
        fprintf(stderr, "taskmaster: more than one CONFIG: '%s'\n", argv[optind + 1]);
        return bad_usage();
    }
    if (optind < argc)
        options.config = argv[optind];
    *out = options;
    return 0;
}
