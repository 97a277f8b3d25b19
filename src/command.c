/* command.c - the table of commands. A command is a row here and a function in a command_*.c. */
#include "call.h"

#include <stdlib.h>
#include <string.h>

#define TARGETS \
    "A TARGET is `all`, a task (all its instances), an instance, or a glob over either.\n"
#define JSON "--json prints objects for programs, one a line.\n"
#define TIMEOUT "--timeout stops waiting after a while, such as 30s or 2m, and cancels nothing.\n"

static const struct command commands[] = {
    {
        .info = {
            .name = "status",
            .arguments = "[TARGET...] [-v] [--json]",
            .help = "show the state of processes",
            .takes_targets = true,
        },
        .details = TARGETS "-v adds the last exit, CPU and memory; --json is for programs.\n"
                           "Example: status 'worker_*'\n",
        .options = OPT_VERBOSE | OPT_JSON,
        .max_operands = ANY_NUMBER,
        .begin = command_status,
    },
    {
        .info = {
            .name = "start",
            .arguments = "TARGET... [--wait] [--timeout DURATION] [--json]",
            .help = "start processes",
            .takes_targets = true,
        },
        .details = TARGETS "What they depend on is started first. Answers once each program was "
                           "executed;\nwith --wait, once it is RUNNING or has given up.\n"
                           TIMEOUT JSON
                           "Example: start web --wait --timeout 30s\n",
        .options = OPT_WAIT | OPT_TIMEOUT | OPT_JSON,
        .min_operands = 1,
        .max_operands = ANY_NUMBER,
        .request = REQ_START,
        .begin = command_change,
    },
    {
        .info = {
            .name = "stop",
            .arguments = "TARGET... [--force] [--timeout DURATION] [--json]",
            .help = "stop processes",
            .takes_targets = true,
        },
        .details = TARGETS "Answers once nothing of a process is left. What depends on it is "
                           "stopped\nfirst; --force stops it alone.\n" TIMEOUT JSON
                           "Example: stop web_2 'worker_*'\n",
        .options = OPT_FORCE | OPT_TIMEOUT | OPT_JSON,
        .min_operands = 1,
        .max_operands = ANY_NUMBER,
        .request = REQ_STOP,
        .begin = command_change,
    },
    {
        .info = {
            .name = "restart",
            .arguments = "TARGET... [--wait] [--rolling] [--timeout DURATION] [--json]",
            .help = "stop processes, then start them",
            .takes_targets = true,
        },
        .details = TARGETS "What was stopped is started. With --wait it answers once each is "
                           "RUNNING\nor has given up. --rolling restarts one after the other, "
                           "each only once the one\nbefore is RUNNING, and stops at the first "
                           "that fails.\n" TIMEOUT JSON "Example: restart web --rolling\n",
        .options = OPT_WAIT | OPT_ROLLING | OPT_TIMEOUT | OPT_JSON,
        .min_operands = 1,
        .max_operands = ANY_NUMBER,
        .request = REQ_RESTART,
        .begin = command_change,
    },
    {
        .info = {
            .name = "reload",
            .arguments = "[--dry-run] [--json]",
            .help = "read the configuration again",
        },
        .details = "Prints what is added, removed, changed, scaled and unchanged, and does it.\n"
                   "With --dry-run it prints that key by key, and does nothing.\n"
                   JSON "Example: reload --dry-run\n",
        .options = OPT_DRY_RUN | OPT_JSON,
        .begin = command_reload,
    },
    {
        .info = {
            .name = "logs",
            .arguments = "TARGET [LINES] [-f] [--stderr] [--json]",
            .help = "show what processes have written",
            .takes_targets = true,
        },
        .details = TARGETS "Shows the last LINES (default 10) lines of stdout's log, or of "
                           "stderr's.\n-f goes on with what is written from then on.\n"
                           JSON "Example: logs web 50 -f\n",
        .options = OPT_FOLLOW | OPT_STDERR | OPT_JSON,
        .min_operands = 1,
        .max_operands = ANY_NUMBER,
        .begin = command_logs,
    },
    {
        .info = {
            .name = "signal",
            .arguments = "SIG TARGET... [--json]",
            .help = "send a signal to processes",
            .takes_targets = true,
        },
        .details = TARGETS "SIG is a name, with or without SIG, or a number. The whole process "
                           "group\ngets it.\n" JSON "Example: signal HUP nginx\n",
        .options = OPT_JSON,
        .min_operands = 2,
        .max_operands = ANY_NUMBER,
        .request = REQ_SIGNAL,
        .begin = command_signal,
    },
    {
        .info = {
            .name = "pid",
            .arguments = "[TARGET...] [--json]",
            .help = "print the supervisor's pid, or those of processes",
            .takes_targets = true,
        },
        .details = TARGETS JSON "Example: pid web_1\n",
        .options = OPT_JSON,
        .max_operands = ANY_NUMBER,
        .begin = command_pid,
    },
    {
        .info = {
            .name = "describe",
            .arguments = "TARGET... [--json]",
            .help = "show all that is known about processes",
            .takes_targets = true,
        },
        .details = TARGETS "The configuration in effect, the state and why, the last exit, and "
                           "the last\nchanges of state.\n" JSON "Example: describe web_1\n",
        .options = OPT_JSON,
        .min_operands = 1,
        .max_operands = ANY_NUMBER,
        .begin = command_describe,
    },
    {
        .info = {
            .name = "events",
            .arguments = "[-f] [--json]",
            .help = "show the latest changes of state",
        },
        .details = "-f goes on with what happens from then on; --json prints an object a line.\n"
                   "Example: events -f\n",
        .options = OPT_FOLLOW | OPT_JSON,
        .begin = command_events,
    },
    {
        .info = {
            .name = "help",
            .arguments = "[COMMAND] [--json]",
            .help = "list the commands, or explain one",
        },
        .details = JSON "Example: help start\n",
        .options = OPT_JSON,
        .max_operands = 1,
        .begin = command_help,
    },
    {
        .info = {
            .name = "shutdown",
            .arguments = "[--json]",
            .help = "stop all processes and end the supervisor",
        },
        .details = "Each process gets its stop signal, and SIGKILL after its grace.\n" JSON,
        .options = OPT_JSON,
        .ends = ENDS_SUPERVISOR,
        .request = REQ_SHUTDOWN,
        .begin = command_shutdown,
    },
    {
        .info = {
            .name = "exit",
            .arguments = "",
            .help = "in the supervisor's shell: shutdown",
        },
        .details = "In the shell of a client it leaves the client only. So does end of input.\n",
        .ends = ENDS_SHELL,
        .request = REQ_SHUTDOWN,
        .begin = command_shutdown,
    },
    {
        .info = {
            .name = "quit",
            .arguments = "",
            .help = "the same as exit",
        },
        .details = "In the shell of a client it leaves the client only. So does end of input.\n",
        .ends = ENDS_SHELL,
        .request = REQ_SHUTDOWN,
        .begin = command_shutdown,
    },
    {
        .info = {
            .name = "names",
            .arguments = "",
            .help = "print the names of all tasks and instances",
            .hidden = true,
        },
        .details = "Each task is followed by its instances.\n",
        .begin = command_names,
    },
    {
        .info = {
            .name = "news",
            .arguments = "",
            .help = "tell from now on what goes FATAL",
            .hidden = true,
        },
        .details = "This is what a shell prints above its prompt.\n",
        .follows = true,
        .begin = command_news,
    },
};

size_t command_count(void)
{
    return sizeof commands / sizeof *commands;
}

const struct command_info *command_at(size_t index)
{
    return &commands[index].info;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count(); i++)
        if (strcmp(commands[i].info.name, name) == 0)
            return &commands[i];
    return NULL;
}

/* The row, where the words are good usage; and what it comes to, with --help and all. */
static const struct command *parse(size_t count, char *const *words, bool *out_help,
                                   bool *out_follows)
{
    struct command_options options;
    char *problem = NULL;
    const struct command *command = count > 0 ? command_find(words[0]) : NULL;
    if (!command || command_options_parse(command, count - 1, words + 1, &options, &problem) < 0) {
        free(problem);
        return NULL;
    }
    *out_help = (options.given & OPT_HELP) || command->begin == command_help;
    *out_follows = !*out_help && (command->follows || (options.given & OPT_FOLLOW));
    command_options_release(&options);
    return command;
}

bool command_follows(size_t count, char *const *words)
{
    bool help;
    bool follows;
    return parse(count, words, &help, &follows) && follows;
}

bool command_is_help(size_t count, char *const *words)
{
    bool help;
    bool follows;
    return parse(count, words, &help, &follows) && help;
}

bool command_changes(size_t count, char *const *words)
{
    bool help;
    bool follows;
    const struct command *command = parse(count, words, &help, &follows);
    return command && !help &&
           (command->begin == command_change || command->begin == command_signal ||
            command->begin == command_reload || command->begin == command_shutdown);
}

enum command_end command_ends(size_t count, char *const *words)
{
    bool help;
    bool follows;
    const struct command *command = parse(count, words, &help, &follows);
    return command && !help ? command->ends : ENDS_NOTHING;
}
